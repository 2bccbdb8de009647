"""The rows of one minute of the slot counter: where they lie in the journal, how much room their frames need.

The newest minutes are also held in memory, as far as the bound of the plant file allows; the journal has all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from evidence.frame import ROW_BYTES
from evidence.grammar import MAX_FRAME_BYTES, MAX_TEXT_BYTES
from model.batch import Batch, Int64
from model.flags import RowFlag
from model.signal import SignalTable
from storage.journal import Journal
from storage.journal_types import BlockInfo
from storage.signal_tables import text_mask

HEADER_ROOM: Final = 256
"""More than the header of any frame: 24 + 2 bytes, the id of the stream and the padding (format-core §2)."""
FRAME_ROOM: Final = MAX_FRAME_BYTES - HEADER_ROOM
"""Bytes of rows and texts that certainly fit into one frame."""
_Number = TypeVar("_Number", bound=np.generic)
_NO_TEXT: Final = np.uint16(RowFlag.NO_VALUE | RowFlag.MISSED)


class FrameSizes:
    """Bytes that rows take in the frame of their stream: 32 a row, and the texts."""

    def __init__(self, table: SignalTable) -> None:
        """Prepare for the signals of `table`."""
        self.stream_of: NDArray[np.int32] = np.array(table.stream_of, dtype=np.int32)
        self.streams = len(table.streams)
        self.is_text = text_mask(table)

    def none(self) -> Int64:
        """Return 0 bytes for every stream."""
        return np.zeros(self.streams, dtype=np.int64)

    def of(self, batch: Batch) -> Int64:
        """Return bytes per stream; texts are counted as they came, so never too low."""
        stream = self.stream_of.take(batch.signal)
        sizes: Int64 = np.bincount(stream, minlength=self.streams) * ROW_BYTES
        if batch.texts:
            rows = text_rows(batch, self.is_text)
            lengths = np.array([min(len(t), MAX_TEXT_BYTES) for t in batch.texts], dtype=np.int64)
            np.add.at(sizes, stream[rows], lengths[batch.value[rows]])
        return sizes


def text_rows(batch: Batch, is_text: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the rows of `batch` that carry a text."""
    return np.flatnonzero(is_text[batch.signal] & (batch.flags & _NO_TEXT == 0))


@dataclass(slots=True)
class Minute:
    """One slot, running or over, of which no block was sealed yet.

    first_seq, last_seq: the journal blocks with its rows, none if last_seq < first_seq. sizes: bytes per stream
    (`FrameSizes`). held: (sequence, rows) of every block; None: they are read back from the journal.
    """

    slot: int
    first_seq: int
    sizes: Int64
    gap: str = ""
    """Why slots before it were skipped, if any were."""
    dur_ms: int = 0
    """How long it was collected; 0 while it runs, or if it was recovered after a crash."""
    last_seq: int = -1
    rows: int = 0
    bytes: int = 0
    """Sum of `sizes`."""
    held: list[tuple[int, Batch]] | None = field(default_factory=list)

    def add(self, seq: int, batch: Batch, sizes: Int64) -> None:
        """Take the rows of the block `seq`, just committed."""
        self.last_seq = seq
        self.rows += len(batch)
        self.sizes += sizes
        self.bytes += int(sizes.sum())
        if self.held is not None:
            self.held.append((seq, _compact(batch)))

    def release(self) -> None:
        """Hold no rows in memory any more."""
        self.held = None

    def blocks(self, journal: Journal) -> Iterator[tuple[int, Batch]]:
        """Yield (sequence, rows) of its blocks in commit order."""
        return (
            journal.batches(self.first_seq, self.last_seq) if self.held is None else iter(self.held)
        )


def _compact(batch: Batch) -> Batch:
    """Return the rows with one value in place of each column that has only one: flags, and mostly the status."""
    return replace(
        batch,
        status=_constant(batch.status),
        flags=_constant(batch.flags),
        received_ns=_constant(batch.received_ns),
    )


def _constant(column: NDArray[_Number]) -> NDArray[_Number]:
    if bool((column == column[0]).all()):
        return np.broadcast_to(column[:1].copy(), (len(column),))
    return column


def recovered(
    slot: int, found: Sequence[BlockInfo], journal: Journal, sizes: FrameSizes, most_bytes: int
) -> Minute:
    """Return the rows of blocks (one at least) that an earlier run left unsealed, as those of `slot`."""
    minute = Minute(slot, found[0].seq, sizes.none())
    if sum(info.rows for info in found) * ROW_BYTES > most_bytes:
        minute.release()
    for info in found:
        block = journal.block(info.seq)
        if block is not None:
            minute.add(info.seq, block.batch, sizes.of(block.batch))
    if minute.bytes > most_bytes:
        minute.release()
    return minute
