"""Read-only view of a sealed log on disk, up to a signed head; safe beside the running agent."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from agent.folders import DataFolder
from agent.frame_columns import CHUNK_BYTES
from agent.log_window import IndexBuilder, LogIndex, WindowReader, index_log, read_window
from evidence.entries import Config, parse_entry
from evidence.grammar import SLOT_MS
from evidence.note import Checkpoint
from kpi.document import ConfigDocument
from kpi.window import WindowRows
from storage.frame_archive import FrameArchive
from storage.ledger_reader import LedgerReader, LedgerTail


@dataclass(frozen=True)
class SealedLog:
    """One epoch of a log as it stood at one signed head."""

    ledger: LedgerReader
    archive: FrameArchive

    @staticmethod
    def open(folder: DataFolder, epoch: int | None = None) -> SealedLog:
        """Open the newest (or a given) epoch; raises PermanentError if nothing is signed yet."""
        number = folder.last_epoch() if epoch is None else epoch
        ledger = LedgerReader(folder.ledger(max(number, 1)))
        return SealedLog(ledger, FrameArchive(folder.frames(max(number, 1)), read_only=True))

    @property
    def note(self) -> bytes:
        """Return the bytes of the signed head."""
        return self.ledger.note

    @property
    def head(self) -> Checkpoint:
        """Return the signed head."""
        return self.ledger.head.checkpoint

    @cached_property
    def documents(self) -> dict[bytes, bytes]:
        """Return every configuration document by digest."""
        found = {}
        for data in self.ledger.entries():
            if b'"kind":"config"' in data:
                entry = parse_entry(data)
                if isinstance(entry, Config):
                    found[entry.sha256] = self.ledger.document(entry.sha256)
        return found

    @cached_property
    def index(self) -> LogIndex:
        """Return what the entries say."""
        return index_log(map(parse_entry, self.ledger.entries()), self.ledger.document)

    def window(self, from_slot: int, to_slot: int) -> WindowRows:
        """Return the rows sealed in [from_slot, to_slot) for the KPI engine."""
        return window_of(self.index, self.archive, from_slot, to_slot)

    def block_slots(self, from_slot: int, to_slot: int) -> list[int]:
        """Return the slots in [from_slot, to_slot) that have a block, ascending."""
        return block_slots(self.index, from_slot, to_slot)

    @property
    def first_ms(self) -> int:
        """Return the start of the first sealed minute."""
        return self.index.slots[0] * SLOT_MS


def block_slots(index: LogIndex, from_slot: int, to_slot: int) -> list[int]:
    """Return the slots in [from_slot, to_slot) that have a block, ascending."""
    return index.slots[bisect_left(index.slots, from_slot) : bisect_left(index.slots, to_slot)]


def window_of(index: LogIndex, archive: FrameArchive, from_slot: int, to_slot: int) -> WindowRows:
    """Return the rows sealed in [from_slot, to_slot)."""
    return read_window(
        index,
        archive.payloads(block_slots(index, from_slot, to_slot)),
        from_slot=from_slot,
        to_slot=to_slot,
    )


class LogFollower:
    """Follows the log that this machine writes, also beyond the last signed head; for the board only."""

    def __init__(
        self, folder: Path, frames: Path, known: Mapping[str, ConfigDocument] | None = None
    ) -> None:
        """Take the folders of one epoch; reads nothing. known: documents that are parsed already, by digest."""
        self._ledger = LedgerTail(folder)
        self._archive = FrameArchive(frames, read_only=True)
        self._builder = IndexBuilder(self._ledger.document, known)
        self._reader: WindowReader | None = None
        self._reader_key: tuple[int, int] = (-1, -1)
        self._next_slot = -1

    def update(self) -> LogIndex:
        """Read the entries that were added since the last call and return the index."""
        for data in self._ledger.new_entries():
            self._builder.add(parse_entry(data))
        return self._builder.index

    def window(self, from_slot: int, to_slot: int) -> WindowRows:
        """Return the rows of state, count and energy streams sealed in [from_slot, to_slot) that `update` has read.

        A window with the start of the one before reads only what was sealed since.
        """
        index = self._builder.index
        # A new configuration may need streams that were skipped before.
        key = (from_slot, len(index.documents))
        if self._reader is None or key != self._reader_key or to_slot < self._next_slot:
            self._reader, self._reader_key = WindowReader(index, required=False), key
            self._next_slot = from_slot
        reader, self._reader = self._reader, None
        reader.add(self._archive.payloads(block_slots(index, self._next_slot, to_slot)))
        # A reader that failed half-way is not used again.
        self._reader, self._next_slot = reader, to_slot
        return reader.rows(from_slot, to_slot)

    def required_rows(self, from_slot: int, to_slot: int) -> Iterator[WindowRows]:
        """Yield the rows of every stream with a required point sealed in [from_slot, to_slot), some minutes at a time.

        Keeps none of them: memory is that of a few megabytes of frames, or of one minute if that is larger.
        """
        blocks: list[tuple[int, bytes]] = []
        size, first = 0, from_slot
        for slot, data in self._archive.payloads(
            block_slots(self._builder.index, from_slot, to_slot)
        ):
            blocks.append((slot, data))
            size += len(data)
            if size >= CHUNK_BYTES:
                yield self._required(blocks, first, slot + 1)
                blocks, size, first = [], 0, slot + 1
        if first < to_slot:
            yield self._required(blocks, first, to_slot)

    def _required(
        self, blocks: list[tuple[int, bytes]], from_slot: int, to_slot: int
    ) -> WindowRows:
        reader = WindowReader(self._builder.index, classes=())
        reader.add(blocks)
        return reader.rows(from_slot, to_slot)
