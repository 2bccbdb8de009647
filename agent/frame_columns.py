"""Frames of many minutes → columns, a stream at a time: fields are gathered from all its frames at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model.flags import RowFlag

CHUNK_BYTES: Final = 4 << 20
"""Bytes of frames that are cut at once."""
SLICED_ROWS: Final = 12
"""From so many rows a frame on, copying its columns is quicker than fetching their numbers (measured)."""
_SALT: Final = 16
_COUNT_AT: Final = 16
"""Place of the number of rows in a frame (format-core §2)."""
_NO_TEXT: Final = np.uint16(RowFlag.NO_VALUE | RowFlag.MISSED)

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """How to cut the frames of one stream of one configuration."""

    header: int
    """Bytes before the first column."""
    points: NDArray[np.int32]
    """Number of the point of each of its signals."""
    text: tuple[int, ...]
    """Signals of type text."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as equally long columns; a text is the index into the texts of the `TextNumbers` it was read with."""

    point: NDArray[np.int32]
    slot: Int64
    source: Int64
    received: Int64
    value: Int64
    status: NDArray[np.uint32]
    flags: NDArray[np.uint16]

    @staticmethod
    def joined(parts: Iterable[Rows]) -> Rows:
        """Return the rows of all parts in order."""
        found = list(parts)
        if len(found) == 1:
            return found[0]
        names = ("point", "slot", "source", "received", "value", "status", "flags")
        kinds = (np.int32, np.int64, np.int64, np.int64, np.int64, np.uint32, np.uint16)
        columns: list[Any] = [
            np.concatenate([np.zeros(0, kind), *(getattr(p, name) for p in found)])
            for name, kind in zip(names, kinds, strict=True)
        ]
        return Rows(*columns)


@dataclass(slots=True)
class TextNumbers:
    """Every distinct text once."""

    texts: list[str] = field(default_factory=list)
    numbers: dict[bytes, int] = field(default_factory=dict)

    def number(self, text: bytes) -> int:
        """Return the index of `text` in `texts`."""
        found = self.numbers.get(text)
        if found is None:
            found = self.numbers[text] = len(self.texts)
            self.texts.append(text.decode("utf-8"))
        return found


def cut(
    records: list[bytes],
    slots: list[int],
    layouts: list[FrameLayout | None],
    texts: TextNumbers,
) -> Iterator[Rows]:
    """Yield the rows of every wanted stream over blocks of one configuration, in order of slot and row.

    records: per block the bytes of a `.frames` file, one record a stream. layouts: None = the stream is skipped.
    """
    data = b"".join(records)
    ends = np.cumsum([len(r) for r in records], dtype=np.int64)
    position = ends - np.array([len(r) for r in records], np.int64)
    slot = np.array(slots, np.int64)
    number = _Numbers(data)
    for layout in layouts:
        frame = position + 4 + _SALT
        position = frame + number.take(">u4", position).astype(np.int64)
        if layout is None:
            continue
        counts = number.take("<u4", frame + _COUNT_AT).astype(np.int64)
        filled = np.flatnonzero(counts)
        if len(filled):
            frames = _Frames(frame[filled], counts[filled], slot[filled])
            yield _stream(number, frames, layout, texts)


@dataclass(frozen=True, slots=True)
class _Frames:
    """Frames of one stream with at least one row each: where they begin, their rows, their slots."""

    start: Int64
    counts: Int64
    slot: Int64


def _stream(number: _Numbers, frames: _Frames, layout: FrameLayout, texts: TextNumbers) -> Rows:
    """Return the rows of frames in order."""
    counts = frames.counts
    received, source, value, status, signal, flags = (
        _sliced(number.data, frames, layout.header)
        if int(counts.sum()) >= SLICED_ROWS * len(counts)
        else _gathered(number, frames, layout.header)
    )
    if layout.text:
        carries = np.flatnonzero(np.isin(signal, layout.text) & (flags & _NO_TEXT == 0))
        place = value[carries]
        heap = np.repeat(frames.start + layout.header + 32 * counts, counts)
        start = heap[carries] + (place & 0xFFFF_FFFF)
        spans = zip(start.tolist(), (start + (place >> 32)).tolist(), strict=True)
        value = value.copy()
        value[carries] = [texts.number(number.data[a:b]) for a, b in spans]
    points = layout.points[signal]
    return Rows(points, np.repeat(frames.slot, counts), source, received, value, status, flags)


_Columns = tuple[Int64, Int64, Int64, NDArray[np.uint32], NDArray[np.uint16], NDArray[np.uint16]]
"""received, source, value, status, signal, flags."""
_PLACES: Final = (
    (0, 8, "<i8"),
    (8, 16, "<i8"),
    (16, 24, "<i8"),
    (24, 28, "<u4"),
    (28, 30, "<u2"),
    (30, 32, "<u2"),
)
"""First byte and the one after the last of each column, as multiples of the number of rows; and its numbers."""


def _sliced(data: bytes, frames: _Frames, header: int) -> _Columns:
    """Return the columns of frames of many rows: each column of a frame is copied as one piece."""
    spans = list(zip((frames.start + header).tolist(), frames.counts.tolist(), strict=True))
    columns: list[Any] = [
        np.frombuffer(b"".join([data[at + a * n : at + b * n] for at, n in spans]), kind)
        for a, b, kind in _PLACES
    ]
    received, source, value, status, signal, flags = columns
    return received, source, value, status, signal, flags


def _gathered(number: _Numbers, frames: _Frames, header: int) -> _Columns:
    """Return the columns of frames of few rows: each number is fetched from its place."""
    counts = frames.counts
    n = np.repeat(counts, counts)
    row = np.arange(len(n)) - np.repeat(np.cumsum(counts) - counts, counts)
    first = np.repeat(frames.start + header, counts)
    columns = [number.take(kind, first + a * n + (b - a) * row) for a, b, kind in _PLACES]
    received, source, value, status, signal, flags = columns
    return received, source, value, status, signal, flags


class _Numbers:
    """Bytes seen as numbers that may start anywhere."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._views: dict[str, NDArray[Any]] = {}

    def take(self, dtype: str, at: Int64) -> NDArray[Any]:
        """Return the numbers at the given places. Raises IndexError for one beyond the end."""
        view = self._views.get(dtype)
        if view is None:
            size = np.dtype(dtype).itemsize
            view = np.ndarray((max(len(self.data) - size + 1, 0),), dtype, self.data, 0, (1,))
            self._views[dtype] = view
        return view[at]
