"""Seals a large minute in pieces: some streams at a time, their rows read again for each piece, memory bounded.

What a stream has beyond one frame is carried (format-core §2): it stays in the journal, and a position says from where.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.minute import FrameSizes, Minute, text_rows
from agent.open_slot import OpenSlot
from agent.recovery_intent import Carried
from evidence.frame import ROW_BYTES
from evidence.grammar import MAX_FRAME_BYTES
from model.batch import Batch, Int64, concat
from storage.journal import Journal

PIECE_BYTES: Final = 32 << 20
"""Bytes of frames whose rows are gathered at once: each piece reads all blocks of the minute."""
HELD_PIECE_BYTES: Final = 4 << 20
"""The same where the rows are in memory: a further piece then costs a look at them, not their reading."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Everything that the frames of one slot may take: what was carried into it, then the minute."""

    minute: Minute
    carried: Mapping[int, Carried]
    sizes: FrameSizes
    journal: Journal

    def bytes(self) -> Int64:
        """Return the bytes of all rows per stream."""
        total = self.minute.sizes.copy()
        for stream, carried in self.carried.items():
            total[stream] += carried.bytes
        return total

    def starts(self) -> tuple[Int64, dict[int, tuple[int, int]]]:
        """Return (first block of every stream, stream → (block, rows of it to leave out) where some are)."""
        first = np.full(self.sizes.streams, self.minute.first_seq, dtype=np.int64)
        skips = {}
        for stream, carried in self.carried.items():
            first[stream] = carried.seq
            if carried.skip:
                skips[stream] = (carried.seq, carried.skip)
        return first, skips

    def blocks(self, first_seq: int) -> Iterator[tuple[int, Batch]]:
        """Yield (sequence, rows) of the blocks from `first_seq` on."""
        yield from self.journal.batches(first_seq, self.minute.first_seq - 1)
        yield from self.minute.blocks(self.journal)


def pieces(total: Int64, most: int) -> Iterator[range]:
    """Yield ranges of streams whose frames together stay within `most` bytes, or single streams."""
    first, size = 0, 0
    for stream, wanted in enumerate(np.minimum(total, MAX_FRAME_BYTES).tolist()):
        if stream > first and size + wanted > most:
            yield range(first, stream)
            first, size = stream, 0
        size += wanted
    yield range(first, len(total))


def seal_rows(opened: OpenSlot, rows: Rows) -> Iterator[int]:
    """Seal all streams of `opened`; yields the rows read since the last time. What is carried on is in `opened`.

    The caller may do other work between two steps.
    """
    total = rows.bytes()
    for streams in pieces(total, PIECE_BYTES if rows.minute.held is None else HELD_PIECE_BYTES):
        piece = _Piece(rows, streams)
        size = int(total[streams.start : streams.stop].sum())
        if size:
            yield from piece.read()
        # Small frames are made together, large ones one by one: making frames takes six times their rows.
        some = [streams] if size <= HELD_PIECE_BYTES else [range(s, s + 1) for s in streams]
        for part in some:
            taken = opened.add(piece.batch(part), part)
            opened.carried |= piece.left(part, taken, total)
            yield len(part)


class _Piece:
    """The rows of some streams, and where each block of the journal stands in them."""

    def __init__(self, rows: Rows, streams: range) -> None:
        self._rows = rows
        self._streams = streams
        self._first, self._skips = rows.starts()
        self._parts: list[Batch] = []
        self._counts: list[tuple[int, Int64]] = []
        """(block, rows of it by stream of the piece), without those that were left out."""
        self._next: Int64 = np.zeros(len(streams), dtype=np.int64)
        """First block of every stream that was not read, 0 = all were."""

    def read(self) -> Iterator[int]:
        """Gather the rows, of every stream only as far as one frame can take them."""
        begin = int(self._first[self._streams.start : self._streams.stop].min())
        size = np.zeros(len(self._streams), dtype=np.int64)
        for seq, batch in self._rows.blocks(begin):
            full = size >= MAX_FRAME_BYTES
            self._next[full & (self._next == 0)] = seq
            if bool(full.all()):
                return
            part, counts = self._select(seq, batch, full)
            if len(part):
                self._parts.append(part)
                self._counts.append((seq, counts))
                size += self._rows.sizes.of(part)[self._streams.start : self._streams.stop]
            yield len(batch)

    def _select(
        self, seq: int, batch: Batch, full: NDArray[np.bool_]
    ) -> tuple[Batch, NDArray[np.int64]]:
        streams = self._streams
        stream = self._rows.sizes.stream_of.take(batch.signal)
        wanted = (stream >= streams.start) & (stream < streams.stop)
        if seq < self._rows.minute.first_seq:
            wanted &= self._first.take(stream) <= seq
        for number, (block, skip) in self._skips.items():
            if block == seq and number in streams:
                wanted[np.flatnonzero(stream == number)[:skip]] = False
        chosen = np.flatnonzero(wanted)
        if bool(full.any()):
            chosen = chosen[~full[stream[chosen] - streams.start]]
        counts = np.bincount(stream[chosen] - streams.start, minlength=len(streams))
        return _own_texts(batch.select(chosen), self._rows.sizes.is_text), counts

    def batch(self, streams: range) -> Batch:
        """Return the gathered rows of some streams in commit order."""
        if streams == self._streams:
            parts, self._parts = self._parts, []
            return concat(parts, self._rows.sizes.is_text)
        stream_of = self._rows.sizes.stream_of
        found = []
        for part in self._parts:
            mine = np.flatnonzero(stream_of.take(part.signal) == streams.start)
            if len(mine):
                found.append(_own_texts(part.select(mine), self._rows.sizes.is_text))
        return concat(found, self._rows.sizes.is_text)

    def left(self, streams: range, taken: list[int], total: Int64) -> dict[int, Carried]:
        """Return what is carried on after the frames of `streams` took `taken` rows each."""
        found = {}
        for stream, rest in zip(streams, taken, strict=True):
            place = stream - self._streams.start
            following = int(self._next[place])
            position = (following, 0) if following else None
            left = rest
            for seq, counts in self._counts:
                here = int(counts[place])
                if left < here:
                    position = (seq, left + self._left_out(seq, stream))
                    break
                left -= here
            if position is not None:
                size = max(int(total[stream]) - rest * ROW_BYTES, ROW_BYTES)
                found[stream] = Carried(*position, size)
        return found

    def _left_out(self, seq: int, stream: int) -> int:
        block, skip = self._skips.get(stream, (0, 0))
        return skip if block == seq else 0


def _own_texts(batch: Batch, is_text: NDArray[np.bool_]) -> Batch:
    """Return the rows with the texts that they use, so that the texts of other streams are not kept."""
    if not batch.texts:
        return batch
    rows = text_rows(batch, is_text)
    used, number = np.unique(batch.value[rows], return_inverse=True)
    value = batch.value.copy()
    value[rows] = number
    return replace(batch, value=value, texts=tuple(batch.texts[i] for i in used.tolist()))
