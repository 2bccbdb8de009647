"""Read-only view of a sealed log on disk, up to a signed head; safe beside the running agent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from agent.folders import DataFolder
from agent.log_window import LogIndex, index_log, read_window
from evidence.entries import Config, parse_entry
from evidence.grammar import SLOT_MS
from evidence.note import Checkpoint, Note, parse_note
from kpi.window import WindowRows
from model.errors import PermanentError
from storage.frame_archive import FrameArchiveReader
from storage.ledger_files import LedgerReader


@dataclass(frozen=True)
class SealedLog:
    """One epoch of a log as it stood at one signed head."""

    ledger: LedgerReader
    archive: FrameArchiveReader
    note: bytes

    @staticmethod
    def open(folder: DataFolder, epoch: int | None = None) -> SealedLog:
        """Open the newest (or a given) epoch; raises PermanentError if nothing is signed yet."""
        number = folder.last_epoch() if epoch is None else epoch
        ledger = LedgerReader(folder.ledger(number))
        note = ledger.checkpoint
        if number == 0 or note is None:
            raise PermanentError(
                f"{folder.root} holds no signed log yet: start the agent and wait for the first minute",
                f"{folder.root} 中还没有已签名的账本：请先启动采集程序并等待第一个分钟块",
            )
        return SealedLog(ledger, FrameArchiveReader(folder.frames(number)), note)

    @cached_property
    def parsed_note(self) -> Note:
        """Return the signed note."""
        return parse_note(self.note)

    @property
    def head(self) -> Checkpoint:
        """Return the signed head."""
        return self.parsed_note.checkpoint

    def entries(self) -> Iterator[bytes]:
        """Yield the bytes of every entry up to the head, in order."""
        return self.ledger.entry_bytes(0, self.head.size)

    @cached_property
    def documents(self) -> dict[bytes, bytes]:
        """Return every configuration document by digest."""
        found = {}
        for data in self.entries():
            if b'"kind":"config"' in data:
                entry = parse_entry(data)
                if isinstance(entry, Config):
                    found[entry.sha256] = self.ledger.document(entry.sha256)
        return found

    @cached_property
    def index(self) -> LogIndex:
        """Return what the entries say."""
        return index_log((parse_entry(data) for data in self.entries()), self.documents)

    def window(self, from_slot: int, to_slot: int) -> WindowRows:
        """Return the rows sealed in [from_slot, to_slot) for the KPI engine."""
        low = max(from_slot, self.index.slots[0]) if self.index.slots else from_slot
        high = min(to_slot, self.index.slots[-1] + 1) if self.index.slots else from_slot
        return read_window(
            self.index, self.archive.records(low, high - 1), from_slot=from_slot, to_slot=to_slot
        )

    @property
    def first_ms(self) -> int:
        """Return the start of the first sealed minute."""
        return self.index.slots[0] * SLOT_MS

    def path(self) -> Path:
        """Return the folder of the ledger."""
        return self.ledger.folder
