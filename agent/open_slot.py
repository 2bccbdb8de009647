"""A slot that is being sealed stream by stream, so that only a few frames are in memory at once."""

from __future__ import annotations

from agent.recovery_intent import Carried
from evidence.block import block_root, sub_leaf
from model.batch import Batch
from storage.frame_record import RecordWriter
from storage.frames import FrameWriter, SlotTotals

_ROWS_AT: slice = slice(16, 20)
"""Number of rows in a frame (format-core §2)."""


class OpenSlot:
    """Takes the rows of all streams in index order; afterwards `totals` is what the block entry says."""

    def __init__(
        self, slot: int, writer: FrameWriter, salts: tuple[bytes, ...], record: RecordWriter
    ) -> None:
        """Begin with the first stream. record: the record of the archive, just begun."""
        self._slot = slot
        self._writer = writer
        self._salts = salts
        self._leaves: list[bytes] = []
        self._state: list[str] = []
        self._rows = 0
        self._late = 0
        self.record = record
        self.carried: dict[int, Carried] = {}
        """Rows by stream that its frame could not take."""

    def add(self, batch: Batch, streams: range) -> list[int]:
        """Seal the next streams; `batch` has their rows in commit order. Return the rows that each frame took.

        The first ones of a stream are taken; the rest must go first into the frame of the next slot.
        """
        part = self._writer.render(batch, self._slot, streams)
        for stream, frame in zip(streams, part.frames, strict=True):
            salt = self._salts[stream]
            self._leaves.append(sub_leaf(salt, frame))
            self.record.add(salt, frame)
        self._state.append(part.state)
        self._rows += part.rows
        self._late += part.late
        return [int.from_bytes(frame[_ROWS_AT], "little") for frame in part.frames]

    def totals(self) -> SlotTotals:
        """Return root, rows and state of the block."""
        return SlotTotals(
            self._slot, block_root(self._leaves), self._rows, self._late, "".join(self._state)
        )
