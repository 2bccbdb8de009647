"""Frames of a slot from columns: the fast writer, byte-equal with `evidence.frame.write_frame` (format-core §2, §3)."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evidence.block import block_root, sub_leaf
from evidence.frame import MAGIC, ROW_BYTES, StreamLayout
from evidence.grammar import MAX_FRAME_BYTES, NO_SOURCE_TIME, SLOT_MS, TIME_LIMIT_MS
from evidence.salt import Salts
from evidence.texts import clean_text
from model.batch import Batch, Int64, UInt16, UInt32
from model.flags import MissedCause, RowFlag
from model.signal import SignalTable, SignalType
from model.slots import NS_PER_MS
from model.status import BAD_TYPE_MISMATCH

_HEAD: Final = Struct("<8sQII")
_ALL_FLAGS: Final = np.uint16(0x1FF)
_EXPONENT: Final = np.int64(0x7FF0_0000_0000_0000)
_E: Final = np.uint16(RowFlag.NO_VALUE)
_H: Final = np.uint16(RowFlag.ALIVE)
_M: Final = np.uint16(RowFlag.MISSED)
_N: Final = np.uint16(RowFlag.NOT_FINITE)
_T: Final = np.uint16(RowFlag.TEXT_CUT)
_SPECIAL: Final = int(_E | _H | _M | _N | _T)


@dataclass(frozen=True, slots=True)
class SlotFrames:
    """The frames of one slot, one per stream in index order, before salting.

    rows: all rows. late: rows without M whose source time is before the slot before. state: `D` or `G` per stream.
    carry: rows that no longer fit into 2^24 bytes; they go *first* into the next slot.
    """

    slot: int
    frames: tuple[bytes, ...]
    rows: int
    late: int
    state: str
    carry: Batch | None


@dataclass(frozen=True, slots=True)
class SealedSlot:
    """What a block entry commits to, and what goes into the archive; see `SlotFrames` for the shared fields."""

    slot: int
    frames: tuple[bytes, ...]
    salts: tuple[bytes, ...]
    sub_leaves: tuple[bytes, ...]
    root: bytes
    rows: int
    late: int
    state: str
    carry: Batch | None

    @property
    def totals(self) -> SlotTotals:
        """Return what the block entry says."""
        return SlotTotals(self.slot, self.root, self.rows, self.late, self.state)


@dataclass(frozen=True, slots=True)
class SlotTotals:
    """What a block entry says of its slot; see `SlotFrames`."""

    slot: int
    root: bytes
    rows: int
    late: int
    state: str


@dataclass(slots=True)
class _Columns:
    """Rows of a slot in frame form, in commit order until `take` sorts them by stream."""

    received: Int64
    source: Int64
    value: Int64
    status: UInt32
    flags: UInt16
    union: int = 0
    """All flags that occur."""


@dataclass(frozen=True, slots=True)
class _Grouped:
    """Rows by stream. order: commit index of each row, sorted by stream. texts: heap bytes by commit index."""

    order: NDArray[np.intp]
    bounds: list[int]
    texts: dict[int, bytes]


class FrameWriter:
    """Renders the frames of one configuration; keeps what does not change from slot to slot."""

    def __init__(self, table: SignalTable) -> None:
        """Prepare the headers of all streams of `table`."""
        types: list[list[SignalType]] = [[] for _ in table.streams]
        for signal, stream in zip(table.signals, table.stream_of, strict=True):
            types[stream].append(signal.type)
        self._layouts = [
            StreamLayout.of(stream, kinds)
            for stream, kinds in zip(table.streams, types, strict=True)
        ]
        self.streams = table.streams
        self._stream_of = np.array(table.stream_of, dtype=np.uint16)
        self._index = np.array(table.index_in_stream, dtype=np.uint16)
        kind = [s.type for s in table.signals]
        self._is_float = np.array([k is SignalType.FLOAT for k in kind], dtype=np.bool_)
        self._is_bool = np.array([k is SignalType.BOOL for k in kind], dtype=np.bool_)
        self._is_text = np.array([k is SignalType.TEXT for k in kind], dtype=np.bool_)
        self._has_float = bool(self._is_float.any())
        self._has_bool = bool(self._is_bool.any())
        self._has_text = bool(self._is_text.any())
        self._bounds = np.arange(len(table.streams) + 1)
        self._salts: Salts | None = None
        self._salts_of = ("", b"")

    def salts(self, origin: str, secret: bytes) -> Salts:
        """Return the salts of all streams for a log and the 32 bytes of the site."""
        if self._salts is None or self._salts_of != (origin, secret):
            self._salts, self._salts_of = Salts(secret, origin, self.streams), (origin, secret)
        return self._salts

    def render(self, batch: Batch, slot: int, streams: range | None = None) -> SlotFrames:
        """Return the frames of `batch`, the rows of `slot` in commit order.

        streams: only the frames of these streams (indexes without a gap); `batch` may then hold no rows of others.

        Value rules: E, H and N rows hold 0 and flag E; a float that is not finite gets E and N, a bool above 1 gets E
        and 80740000; texts are made well-formed and cut; unknown flag bits are dropped; a source time outside
        [1970, 2262) becomes none. Raises ValueError for rows that no connector may make: a received time outside that
        range, a signal that is not in the table, flags that contradict each other, a missed row without time or cause.
        """
        streams = range(len(self._layouts)) if streams is None else streams
        if len(batch) == 0:
            layouts = self._layouts[streams.start : streams.stop]
            empty = tuple(_HEAD.pack(MAGIC, slot, 0, 0) + layout.tail for layout in layouts)
            return SlotFrames(slot, empty, 0, 0, "G" * len(empty), None)
        columns = self._columns(batch)
        texts = self._texts(batch, columns)
        stream = self._stream_of.take(batch.signal)
        order = np.argsort(stream, kind="stable")
        bounds = np.searchsorted(stream.take(order), self._bounds).tolist()
        return self._join(batch, slot, columns, _Grouped(order, bounds, texts), streams)

    def _columns(self, batch: Batch) -> _Columns:
        # One reduction of the unsigned view finds negative numbers and too large ones at once.
        received = batch.received_ns // NS_PER_MS
        if int(received.view(np.uint64).max()) >= TIME_LIMIT_MS:
            raise ValueError("a received time lies outside 1970 to 2261")
        if int(batch.signal.view(np.uint32).max()) >= len(self._stream_of):
            raise ValueError("a row names a signal that is not in the table")
        source = batch.source_ns // NS_PER_MS
        if int(source.view(np.uint64).max()) >= TIME_LIMIT_MS:
            source[(source < 0) | (source >= TIME_LIMIT_MS)] = NO_SOURCE_TIME
        columns = _Columns(received, source, batch.value, batch.status, batch.flags & _ALL_FLAGS)
        self._check_values(batch, columns)
        columns.union = int(np.bitwise_or.reduce(columns.flags))
        if columns.union & _SPECIAL:
            self._check_flags(batch, columns)
        return columns

    def _check_values(self, batch: Batch, columns: _Columns) -> None:
        """Turn values that the format cannot hold into rows without value."""
        if self._has_float:
            not_finite = columns.value & _EXPONENT == _EXPONENT
            if bool(not_finite.any()):
                not_finite &= self._is_float[batch.signal] & (columns.flags & (_E | _M) == 0)
                columns.flags[not_finite] |= _E | _N
        if self._has_bool:
            wide = self._is_bool[batch.signal] & (columns.value & -2 != 0)
            wide &= columns.flags & (_E | _M) == 0
            if bool(wide.any()):
                columns.flags[wide] |= _E
                columns.status = columns.status.copy()
                columns.status[wide] = BAD_TYPE_MISMATCH

    def _check_flags(self, batch: Batch, columns: _Columns) -> None:
        # Nearly all minutes have none or one of these flags: what does not occur costs nothing.
        flags, union = columns.flags, columns.union
        if union & (_H | _N):
            flags[flags & (_H | _N) != 0] |= _E
        empty = flags & _E != 0
        if union & _T:
            flags[empty] &= ~_T
        if union & (_E | _H | _N):
            columns.value = np.where(empty, 0, columns.value)
        missed = flags & _M != 0 if union & _M else None
        twice = missed is not None and bool((missed & empty).any())
        if twice or (union & _H and union & _N and bool((flags & (_H | _N) == _H | _N).any())):
            raise ValueError(
                "a row has flags that contradict each other (at most one of H, M, N; M without E)"
            )
        if missed is not None:
            self._check_missed(columns.value[missed], columns.source[missed])
        if union & _N and bool(((flags & _N != 0) & ~self._is_float[batch.signal]).any()):
            raise ValueError("only a float can be flagged as not finite")
        if union & _T:
            # Whether a text is cut is decided here, from its bytes; a connector's own mark is taken only for texts.
            flags[~self._is_text[batch.signal]] &= ~_T

    @staticmethod
    def _check_missed(cause: Int64, source: Int64) -> None:
        if bool(((cause < 1) | (cause > max(MissedCause)) | (source == NO_SOURCE_TIME)).any()):
            raise ValueError("a missed row needs the scheduled time and a cause from 1 to 8")

    def _texts(self, batch: Batch, columns: _Columns) -> dict[int, bytes]:
        """Return the heap bytes per row (in commit order) and set flag T where a text was cut."""
        if not self._has_text or not batch.texts:
            return {}
        rows = np.flatnonzero(self._is_text[batch.signal] & (columns.flags & (_E | _M) == 0))
        known: dict[int, tuple[bytes, bool]] = {}
        found: dict[int, bytes] = {}
        for row, index in zip(rows.tolist(), columns.value[rows].tolist(), strict=True):
            if index not in known:
                known[index] = clean_text(batch.texts[index])
            found[row], cut = known[index]
            if cut:
                columns.flags[row] |= _T
        return found

    def _join(
        self, batch: Batch, slot: int, columns: _Columns, grouped: _Grouped, streams: range
    ) -> SlotFrames:
        order, bounds = grouped.order, grouped.bounds
        source = columns.source.take(order)
        value = columns.value.take(order)
        flags = columns.flags.take(order)
        is_real = None if not columns.union & _M else flags & _M == 0
        is_late = self._late(source, is_real, slot)
        # One byte a row, 0 or 1: a look at a few bytes costs a tenth of a reduction.
        real = None if is_real is None else is_real.tobytes()
        late = None if is_late is None else is_late.tobytes()
        heaps = self._heaps(value, grouped) if grouped.texts else {}
        # Slices of bytes cost a quarter of slices of arrays, and most frames have one to six rows.
        eight = (columns.received.take(order).tobytes(), source.tobytes(), value.tobytes())
        four = columns.status.take(order).tobytes()
        two = (self._index.take(batch.signal.take(order)).tobytes(), flags.tobytes())
        frames = []
        state = []
        left: list[NDArray[np.intp]] = []
        rows = late_rows = 0
        for i in streams:
            layout = self._layouts[i]
            a, b = bounds[i], bounds[i + 1]
            heap = heaps.get(i, b"")
            if 24 + len(layout.tail) + (b - a) * ROW_BYTES + len(heap) > MAX_FRAME_BYTES:
                b, heap = _fit(grouped, (a, b), 24 + len(layout.tail))
                left.append(order[b : bounds[i + 1]])
            head = _HEAD.pack(MAGIC, slot, b - a, len(heap))
            if a == b:
                frames.append(head + layout.tail)
                state.append("G")
                continue
            frames.append(
                b"".join(
                    (
                        head,
                        layout.tail,
                        eight[0][8 * a : 8 * b],
                        eight[1][8 * a : 8 * b],
                        eight[2][8 * a : 8 * b],
                        four[4 * a : 4 * b],
                        two[0][2 * a : 2 * b],
                        two[1][2 * a : 2 * b],
                        heap,
                    )
                )
            )
            state.append("D" if real is None or real.find(1, a, b) >= 0 else "G")
            rows += b - a
            if late is not None:
                late_rows += late.count(1, a, b)
        carry = batch.select(np.sort(np.concatenate(left))) if left else None
        return SlotFrames(slot, tuple(frames), rows, late_rows, "".join(state), carry)

    @staticmethod
    def _late(source: Int64, real: NDArray[np.bool_] | None, slot: int) -> NDArray[np.bool_] | None:
        """Return which rows are late, None if none is."""
        bound = slot * SLOT_MS - SLOT_MS
        if int(source.min()) >= bound:
            return None
        late: NDArray[np.bool_] = (source < bound) & (source != NO_SOURCE_TIME)
        if real is not None:
            late &= real
        return late

    @staticmethod
    def _heaps(value: Int64, grouped: _Grouped) -> dict[int, bytes]:
        """Return the heap of every stream that has texts and write offset and length into `value`."""
        position = np.empty(len(value), dtype=np.intp)
        position[grouped.order] = np.arange(len(value))
        parts: dict[int, list[bytes]] = {}
        ends: dict[int, int] = {}
        places = position[list(grouped.texts)]
        streams = (np.searchsorted(grouped.bounds, places, side="right") - 1).tolist()
        for text, place, stream in zip(
            grouped.texts.values(), places.tolist(), streams, strict=True
        ):
            start = ends.get(stream, 0)
            value[place] = len(text) << 32 | start
            ends[stream] = start + len(text)
            parts.setdefault(stream, []).append(text)
        return {stream: b"".join(pieces) for stream, pieces in parts.items()}


def _fit(grouped: _Grouped, span: tuple[int, int], header: int) -> tuple[int, bytes]:
    """Return (end, heap) of the longest run of rows from span[0] on that fits into one frame."""
    size = header
    heap: list[bytes] = []
    for place in range(*span):
        text = grouped.texts.get(int(grouped.order[place]), b"")
        size += ROW_BYTES + len(text)
        if size > MAX_FRAME_BYTES:
            return place, b"".join(heap)
        heap.append(text)
    return span[1], b"".join(heap)


def seal(slot: SlotFrames, salts: tuple[bytes, ...]) -> SealedSlot:
    """Return sub-leaves and block root of rendered frames with their salts, one a stream in index order."""
    leaves = tuple(sub_leaf(salt, frame) for salt, frame in zip(salts, slot.frames, strict=True))
    return SealedSlot(
        slot.slot,
        slot.frames,
        salts,
        leaves,
        block_root(leaves),
        slot.rows,
        slot.late,
        slot.state,
        slot.carry,
    )


def seal_slot(
    writer: FrameWriter, batch: Batch, *, slot: int, origin: str, secret: bytes
) -> SealedSlot:
    """Return the sealed form of the rows that were committed in `slot`, in commit order."""
    return seal(writer.render(batch, slot), writer.salts(origin, secret).of(slot))
