"""Child of the kill test: appends blocks for ever and prints every acknowledged (sequence, first value, rows)."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from model.batch import make_batch
from model.signal import Role, Signal, SignalTable, SignalType
from storage.journal import Journal


class SystemClock:
    def unix_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


def main() -> None:
    table = SignalTable.of(
        [Signal(device="cnc-01", name="good", role=Role.COUNT_GOOD, type=SignalType.INT)]
    )
    journal = Journal.open(Path(sys.argv[1]), clock=SystemClock())
    config = journal.register(table, "kill-test")
    number = int(sys.argv[2])
    while True:
        rows = 1 + number % 700
        batch = make_batch(
            signal=[0] * rows,
            source_ns=range(number, number + rows),
            received_ns=number,
            value=range(number, number + rows),
        )
        seq = journal.append(
            [batch], slot=journal.last_slot if journal.last_slot > 0 else 1, config=config
        )
        sys.stdout.write(f"{seq} {number} {rows}\n")
        sys.stdout.flush()
        number += rows


if __name__ == "__main__":
    main()
