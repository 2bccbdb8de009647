"""`plantproof` with a wall clock that runs faster, so that a test meets many minute boundaries in little time.

`python -m tests.support.fast_agent ANCHOR_NS FACTOR run site.yaml …`: the clock shows ANCHOR + (now - ANCHOR) * FACTOR,
so that it goes on without a step over restarts (FACTOR 0: it stands still). A file `clock-offset` in the working folder
holds seconds by which the wall clock alone is set wrong. Nothing else differs from the installed command.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from agent.clock import SystemClock


def main() -> None:
    anchor, factor = int(sys.argv[1]), int(sys.argv[2])
    del sys.argv[1:3]
    offset = Path("clock-offset")

    def offset_ns() -> int:
        return int(offset.read_text()) * 1_000_000_000 if offset.exists() else 0

    def unix_ns(_clock: SystemClock) -> int:
        return anchor + (time.time_ns() - anchor) * factor + offset_ns()

    def monotonic_ns(_clock: SystemClock) -> int:
        return time.monotonic_ns() * factor

    SystemClock.unix_ns = unix_ns  # type: ignore[method-assign]
    SystemClock.monotonic_ns = monotonic_ns  # type: ignore[method-assign]
    from agent.cli import main as command  # noqa: PLC0415 - imports bind the clock, patched just above

    command()


if __name__ == "__main__":
    main()
