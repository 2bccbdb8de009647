"""The slot ledger with its snapshot on disk: a restart continues it and counts the time the agent was down."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from model.batch import Batch
from model.errors import PermanentError
from model.signal import SignalTable
from storage.slot_ledger import SlotLedger
from storage.slot_snapshot import restore, snapshot


class SlotMemory:
    """Owns the slot ledger of one run."""

    def __init__(
        self,
        path: Path,
        table: SignalTable,
        expected: Callable[[str, int, int], bool],
        *,
        day_offset_ms: int,
        now_ns: int,
        since: Callable[[int], Iterable[Batch]],
    ) -> None:
        """Restore the ledger from `path`, or begin a new one if there is none or it does not fit.

        since: the batches in the journal after a sequence, of the configuration of `table`; what was committed after
        the snapshot is counted before the time the agent was down.
        """
        self._path = path
        self.ledger = SlotLedger(
            table, now_ns=now_ns, expected=expected, day_offset_ms=day_offset_ms
        )
        if not path.exists():
            return
        try:
            restored = restore(
                path.read_bytes(),
                table,
                expected=expected,
                now_ns=now_ns,
                day_offset_ms=day_offset_ms,
            )
        except (PermanentError, OSError) as exc:
            logging.getLogger("plantproof.slots").warning("slot ledger begins anew: %s", exc)
            return
        self.ledger = restored.ledger
        last_ns = restored.saved_ns
        for batch in since(restored.mark):
            self.ledger.observe(batch)
            last_ns = max(last_ns, int(batch.received_ns.max()))
        self.ledger.skip_down(last_ns, now_ns)

    def save(self, now_ns: int, mark: int) -> None:
        """Write the snapshot in one step; a disk that refuses costs only the live counts of the board.

        mark: last journal sequence that the ledger has observed.
        """
        partial = self._path.with_name(self._path.name + ".part")
        try:
            partial.write_bytes(snapshot(self.ledger, mark=mark, now_ns=now_ns))
            os.replace(partial, self._path)  # noqa: PTH105 - atomic on every system
        except OSError as exc:
            logging.getLogger("plantproof.slots").warning("slot ledger was not saved: %s", exc)
