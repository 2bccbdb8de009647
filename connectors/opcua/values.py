"""DataValues of a message → columns (OPC 10000-6, 5.2).

Fields of fixed place are taken for all values at once, by views that start at any byte; the few values of no fixed
length one by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from connectors.opcua.layout import (
    ARRAY,
    FORMAT,
    HEAD_OF,
    I32,
    KIND_OF,
    LOCALIZED_TEXT,
    SIZE,
    SOURCE,
    STATUS,
    STRING,
    VALUE,
    find_starts,
    one_layout,
    uniform_run,
)
from connectors.opcua.readings import Kind, Readings, nanoseconds_of
from model.batch import NO_TIME

_LONG_RUN = 8
"""Values of one layout at the beginning from which on the others are expected to be alike."""


def data_values(
    data: bytes, pos: int, count: int, elements: NDArray[np.int32], *, numbered: bool
) -> Readings:
    """Return `count` DataValues from `pos` on; `numbered`: each follows its client handle."""
    prefix = 4 if numbered else 0
    if count <= 0:
        none = np.zeros(0, dtype=np.int64)
        return Readings(none, none.astype(np.uint8), none, none.astype(np.uint32), none)
    run, size = uniform_run(data, pos, count, prefix)
    if run == count and pos + run * size <= len(data):
        return _uniform(data, pos, count, size, elements, numbered=numbered)
    alike = one_layout(data, pos, count, prefix) if run >= _LONG_RUN else None
    if alike is not None:
        return _alike(data, alike, elements, numbered=numbered)
    starts = find_starts(data, pos, count, prefix)
    start = starts.positions[0] if len(starts.positions) == 1 else np.concatenate(starts.positions)
    source = _Bytes(data)
    item = source.take("<u4", start).astype(np.int64) if numbered else np.arange(len(start))
    mask = source.take("u1", start + prefix)
    has_value = mask & VALUE != 0
    encoding = np.where(has_value, source.take("u1", start + (prefix + 1), clip=True), 0)
    at_value = start + (prefix + 2)
    tail = start + (prefix + 1) + np.where(has_value, HEAD_OF[encoding], 0)
    kind = KIND_OF[encoding]
    bits = _scalars(source, encoding, at_value)
    _refuse_unwanted(kind, bits, item, elements)
    texts: list[bytes] = []
    if starts.string_rows:
        rows, ends = starts.string_rows, starts.string_ends
        tail[rows] = ends
        texts = [data[a:b] for a, b in zip((at_value[rows] + 4).tolist(), ends, strict=True)]
        unwanted = _wanted(item[rows], elements)
        kind[rows] = np.where(unwanted, Kind.OTHER, Kind.TEXT)
        bits[rows] = np.where(unwanted, 0, np.arange(len(texts)))
    if starts.rows:
        tail[starts.rows] = starts.ends
        others = zip(
            starts.rows, at_value[starts.rows].tolist(), item[starts.rows].tolist(), strict=True
        )
        for row, at, number in others:
            element = int(elements[number]) if number < len(elements) else -1
            kind[row], bits[row] = _other(data, at, element, texts)
    has_status = mask & STATUS != 0
    status = np.where(has_status, source.take("<u4", tail, clip=True), np.uint32(0))
    has_source = mask & SOURCE != 0
    ticks = source.take("<i8", tail + 4 * has_status, clip=True)
    return Readings(
        item,
        kind,
        bits,
        status,
        np.where(has_source, nanoseconds_of(ticks), NO_TIME),
        tuple(texts),
    )


def _uniform(
    data: bytes, pos: int, count: int, size: int, elements: NDArray[np.int32], *, numbered: bool
) -> Readings:
    """Return `count` DataValues of one layout, `size` bytes apart: every field is a view into the message."""

    def column(dtype: str, at: int) -> NDArray[Any]:
        return np.ndarray((count,), dtype, data, pos + at, (size,))

    prefix = 4 if numbered else 0
    mask, code = data[pos + prefix], data[pos + prefix + 1]
    item = column("<u4", 0).astype(np.int64) if numbered else np.arange(count)
    kind, bits, tail = Kind.NULL, np.zeros(count, dtype=np.int64), prefix + 1
    if mask & VALUE:
        kind = Kind(int(KIND_OF[code]))
        if code in FORMAT:
            bits = _bits_column(column(FORMAT[code][0], prefix + 2), kind)
        tail += int(HEAD_OF[code])
    kinds = np.full(count, kind, dtype=np.uint8)
    _refuse_unwanted(kinds, bits, item, elements)
    status = column("<u4", tail).copy() if mask & STATUS else np.zeros(count, dtype=np.uint32)
    if mask & SOURCE:
        source = nanoseconds_of(column("<i8", tail + 4 * bool(mask & STATUS)))
    else:
        source = np.full(count, NO_TIME, dtype=np.int64)
    return Readings(item, kinds, bits, status, source)


def _alike(
    data: bytes, start: NDArray[np.int64], elements: NDArray[np.int32], *, numbered: bool
) -> Readings:
    """Return DataValues whose fields lie at the same distance from each start."""
    source = _Bytes(data)
    prefix = 4 if numbered else 0
    count, first = len(start), int(start[0])
    mask, code = data[first + prefix], data[first + prefix + 1]
    item = source.take("<u4", start).astype(np.int64) if numbered else np.arange(count)
    kind, bits, tail = Kind.NULL, np.zeros(count, dtype=np.int64), prefix + 1
    if mask & VALUE:
        kind = Kind(int(KIND_OF[code]))
        if code in FORMAT:
            bits = _bits_column(source.take(FORMAT[code][0], start + (prefix + 2)), kind)
        tail += int(HEAD_OF[code])
    kinds = np.full(count, kind, dtype=np.uint8)
    _refuse_unwanted(kinds, bits, item, elements)
    status = np.zeros(count, dtype=np.uint32)
    if mask & STATUS:
        status = source.take("<u4", start + tail)
        tail += 4
    if mask & SOURCE:
        times = nanoseconds_of(source.take("<i8", start + tail))
    else:
        times = np.full(count, NO_TIME, dtype=np.int64)
    return Readings(item, kinds, bits, status, times)


def _refuse_unwanted(
    kind: NDArray[np.uint8],
    bits: NDArray[np.int64],
    item: NDArray[np.int64],
    elements: NDArray[np.int32],
) -> None:
    """Mark scalars as OTHER where an array element is wanted; arrays are marked by hand afterwards."""
    if len(elements) and elements.max() >= 0:
        refused = _wanted(item, elements) & (kind != Kind.NULL)
        kind[refused] = Kind.OTHER
        bits[refused] = 0


def _wanted(item: NDArray[np.int64], elements: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return whether an array element is wanted of each item; false for unknown items."""
    if not len(elements):
        return np.zeros(len(item), dtype=np.bool_)
    return (elements[np.minimum(item, len(elements) - 1)] >= 0) & (item < len(elements))


def _bits_column(raw: NDArray[Any], kind: Kind) -> NDArray[np.int64]:
    """Return numbers of one kind as the bits column."""
    if kind is Kind.FLOAT:
        return raw.astype(np.float64).view(np.int64)
    if kind is Kind.UNSIGNED:
        return raw.astype(np.uint64).view(np.int64)
    return (raw != 0 if kind is Kind.BOOL else raw).astype(np.int64)


class _Bytes:
    """A message seen as numbers that may start at any byte."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data if len(data) >= 8 else data.ljust(8, b"\0")

    def take(self, dtype: str, at: NDArray[np.int64], *, clip: bool = False) -> NDArray[Any]:
        """Return the little-endian numbers at the given positions; `clip`: those beyond the end are of no interest."""
        last = len(self._data) - np.dtype(dtype).itemsize
        view: NDArray[Any] = np.ndarray((last + 1,), dtype, self._data, 0, (1,))
        return view[np.minimum(at, last)] if clip else view[at]


def _scalars(
    source: _Bytes, encoding: NDArray[np.uint8], at: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the bits column of all scalar numbers; 0 in the other rows."""
    bits = np.zeros(len(encoding), dtype=np.int64)
    codes = np.flatnonzero(np.bincount(encoding, minlength=12)[:12])
    for code in codes.tolist():
        if code not in FORMAT:
            continue
        fmt, kind = FORMAT[code]
        whole = len(codes) == 1 and len(encoding) and encoding.max() == code
        rows = slice(None) if whole else np.flatnonzero(encoding == code)
        raw = source.take(
            "u1" if fmt == "?" else fmt.replace("b", "i1").replace("B", "u1"), at[rows]
        )
        if kind is Kind.FLOAT:
            bits[rows] = raw.astype(np.float64).view(np.int64)
        elif kind is Kind.UNSIGNED:
            bits[rows] = raw.astype(np.uint64).view(np.int64)
        elif kind is Kind.BOOL:
            bits[rows] = raw != 0
        else:
            bits[rows] = raw
    return bits


def _other(data: bytes, at: int, element: int, texts: list[bytes]) -> tuple[Kind, int]:
    """Return kind and bits of a Variant of no fixed length whose value starts at `at`; a text goes to `texts`."""
    encoding = data[at - 1]
    if encoding & ARRAY:
        return _element(data, at, encoding & 0x3F, element)
    if encoding == STRING:
        return Kind.NULL, 0
    if encoding != LOCALIZED_TEXT:
        # A byte string or XML; -1 is the length of null.
        return (Kind.NULL if data[at : at + 4] == b"\xff\xff\xff\xff" else Kind.OTHER), 0
    if element >= 0:
        return Kind.OTHER, 0
    text = _localized(data, at)
    if text is None:
        return Kind.NULL, 0
    texts.append(text)
    return Kind.TEXT, len(texts) - 1


def _localized(data: bytes, at: int) -> bytes | None:
    """Return the text of a LocalizedText, None if it has none."""
    mask = data[at]
    at += 1
    if mask & 1:
        at += 4 + max(I32.unpack_from(data, at)[0], 0)
    if not mask & 2:
        return None
    (length,) = I32.unpack_from(data, at)
    return None if length < 0 else data[at + 4 : at + 4 + length]


def _element(data: bytes, at: int, code: int, element: int) -> tuple[Kind, int]:
    """Return kind and bits of one array element; OTHER if none was wanted, it does not exist or is no number."""
    (length,) = I32.unpack_from(data, at)
    if length < 0:
        return Kind.NULL, 0
    if not 0 <= element < length or code not in FORMAT:
        return Kind.OTHER, 0
    kind = FORMAT[code][1]
    value: NDArray[Any] = np.ndarray((1,), FORMAT[code][0], data, at + 4 + element * SIZE[code])
    return kind, int(_bits_column(value, kind)[0])
