"""PublishResponse and ReadResponse bytes → columns, without an object per value (OPC 10000-6, 5.2).

Three steps: find where each DataValue starts (a numpy comparison over a run of one layout, a table look-up a value
otherwise), then take every field of all values at once, then the few that have no fixed length one by one.
A message with anything else in it raises `UnsupportedError`: the caller then lets the library decode the whole of it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from connectors.opcua.readings import (
    Kind,
    PublishMessage,
    Readings,
    joined,
    nanoseconds_of,
)
from model.batch import NO_TIME

PUBLISH_RESPONSE: Final = 829
READ_RESPONSE: Final = 634
REPUBLISH_RESPONSE: Final = 835
DATA_CHANGE: Final = 811
STATUS_CHANGE: Final = 820

_VALUE, _STATUS, _SOURCE, _SERVER, _SOURCE_PICO, _SERVER_PICO = 1, 2, 4, 8, 16, 32
"""Bits of the DataValue encoding mask (OPC 10000-6, table 26)."""
_KNOWN_MASK: Final = 0x3F
_ARRAY, _DIMENSIONS = 0x80, 0x40
"""Bits of the Variant encoding byte."""
_STRING, _BYTE_STRING, _XML, _LOCALIZED_TEXT = 12, 15, 16, 21

_SIZE: Final[dict[int, int]] = {
    0: 0,
    1: 1,
    2: 1,
    3: 1,
    4: 2,
    5: 2,
    6: 4,
    7: 4,
    8: 8,
    9: 8,
    10: 4,
    11: 8,
    13: 8,
    14: 16,
    19: 4,
}
"""Built-in type → bytes of its value, for those of fixed length (OPC 10000-6, table 1)."""
_FORMAT: Final[dict[int, tuple[str, Kind]]] = {
    1: ("u1", Kind.BOOL),
    2: ("i1", Kind.SIGNED),
    3: ("u1", Kind.UNSIGNED),
    4: ("<i2", Kind.SIGNED),
    5: ("<u2", Kind.UNSIGNED),
    6: ("<i4", Kind.SIGNED),
    7: ("<u4", Kind.UNSIGNED),
    8: ("<i8", Kind.SIGNED),
    9: ("<u8", Kind.UNSIGNED),
    10: ("<f4", Kind.FLOAT),
    11: ("<f8", Kind.FLOAT),
}
_T = TypeVar("_T")
_I32: Final = struct.Struct("<i")
_U32: Final = struct.Struct("<I")


class UnsupportedError(Exception):
    """The message holds something that this decoder leaves to the library."""


def _tail_size(mask: int) -> int:
    return (
        4 * bool(mask & _STATUS)
        + 8 * bool(mask & _SOURCE)
        + 2 * bool(mask & _SOURCE_PICO)
        + 8 * bool(mask & _SERVER)
        + 2 * bool(mask & _SERVER_PICO)
    )


_TAIL_SIZE: Final = [_tail_size(mask) for mask in range(_KNOWN_MASK + 1)]
"""Bytes after the Variant, by mask."""


def _sizes() -> list[int]:
    """Return bytes of a DataValue by (mask << 8 | next byte); 0 = not fixed. The next byte is the Variant's if any."""
    sizes = [0] * 65536
    for mask in range(_KNOWN_MASK + 1):
        tail = 1 + _TAIL_SIZE[mask]
        if mask & _VALUE:
            for code, size in _SIZE.items():
                sizes[mask << 8 | code] = tail + 1 + size
        else:
            sizes[mask << 8 : (mask + 1) << 8] = [tail] * 256
    return sizes


_DATA_VALUE_SIZE: Final = _sizes()
_KIND_OF: Final = np.full(256, Kind.OTHER, dtype=np.uint8)
_HEAD_OF: Final = np.zeros(256, dtype=np.int64)
"""Variant encoding byte → bytes of the Variant, for fixed lengths."""
for _code, _bytes in _SIZE.items():
    _HEAD_OF[_code] = 1 + _bytes
    _KIND_OF[_code] = _FORMAT[_code][1] if _code in _FORMAT else Kind.OTHER
_KIND_OF[0] = Kind.NULL


def decode_publish(data: bytes, elements: NDArray[np.int32]) -> PublishMessage:
    """Return the content of a PublishResponse.

    data: the message from its type id on. elements: wanted array element by client handle, -1 = the value itself.
    Raises UnsupportedError for anything that is not a plain data change, status change or keep-alive.
    """
    return _guarded(_publish, data, elements)


def decode_republish(data: bytes, elements: NDArray[np.int32], subscription: int) -> PublishMessage:
    """Return the content of a RepublishResponse, as `decode_publish` does."""

    def parse(data: bytes, elements: NDArray[np.int32]) -> PublishMessage:
        pos = _header(data, REPUBLISH_RESPONSE)
        return _notification(data, pos, elements, subscription, ())

    return _guarded(parse, data, elements)


def decode_read(data: bytes, elements: NDArray[np.int32]) -> Readings:
    """Return the values of a ReadResponse; `item` is the position in the request, `elements` likewise."""
    return _guarded(_read, data, elements)


def _guarded(
    parse: Callable[[bytes, NDArray[np.int32]], _T], data: bytes, elements: NDArray[np.int32]
) -> _T:
    try:
        return parse(data, elements)
    except (IndexError, ValueError, struct.error) as exc:
        raise UnsupportedError("the message ends too early or is malformed") from exc


def _header(data: bytes, type_id: int) -> int:
    """Return where the ResponseHeader ends; UnsupportedError for a fault, another type, diagnostics or strings."""
    if data[0:4] != b"\x01\x00" + type_id.to_bytes(2, "little"):
        raise UnsupportedError("not the expected response")
    if data[16:20] != b"\0\0\0\0" or data[20]:
        raise UnsupportedError("a bad service result or diagnostics")
    if _I32.unpack_from(data, 21)[0] > 0:
        raise UnsupportedError("a string table")
    pos = 25
    size = {0: 2, 1: 4}.get(data[pos])
    if size is None or data[pos + size]:
        raise UnsupportedError("an additional header")
    return pos + size + 1


def _publish(data: bytes, elements: NDArray[np.int32]) -> PublishMessage:
    pos = _header(data, PUBLISH_RESPONSE)
    subscription, count = struct.unpack_from("<Ii", data, pos)
    pos += 8
    count = max(count, 0)
    available = struct.unpack_from(f"<{count}I", data, pos)
    return _notification(data, pos + 4 * count + 1, elements, subscription, available)


def _notification(
    data: bytes,
    pos: int,
    elements: NDArray[np.int32],
    subscription: int,
    available: tuple[int, ...],
) -> PublishMessage:
    """Return the NotificationMessage that starts at `pos`."""
    sequence, _, count = struct.unpack_from("<Iqi", data, pos)
    pos += 16
    parts: list[Readings] = []
    status = None
    for _ in range(count):
        node, type_id, encoding, length = struct.unpack_from("<HHBi", data, pos)
        if node != 1 or encoding != 1 or length < 0:
            raise UnsupportedError("an extension object in another encoding")
        pos += 9
        if type_id == DATA_CHANGE:
            (items,) = _I32.unpack_from(data, pos)
            body = data if pos + length == len(data) else data[: pos + length]
            if items > 0:
                parts.append(_data_values(body, pos + 4, items, elements, numbered=True))
        elif type_id == STATUS_CHANGE:
            (status,) = _U32.unpack_from(data, pos)
        else:
            raise UnsupportedError("a notification that nobody asked for")
        pos += length
        if pos > len(data):
            raise UnsupportedError("the message ends too early")
    return PublishMessage(
        subscription=subscription,
        sequence=sequence,
        available=available,
        readings=joined(parts) if parts else None,
        status_change=status,
        keep_alive=count <= 0,
    )


def _read(data: bytes, elements: NDArray[np.int32]) -> Readings:
    pos = _header(data, READ_RESPONSE)
    (count,) = _I32.unpack_from(data, pos)
    return _data_values(data, pos + 4, max(count, 0), elements, numbered=False)


@dataclass(slots=True)
class _Starts:
    """Where the DataValues of a message start, and where the Variants of no fixed length end."""

    positions: list[NDArray[np.int64]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    """Rows of Variants of no fixed length, strings first in no order."""
    ends: list[int] = field(default_factory=list)
    """Their ends, position of the next field."""
    string_rows: list[int] = field(default_factory=list)
    """Rows of strings that are not null; not in `rows`."""
    string_ends: list[int] = field(default_factory=list)


def _find(data: bytes, pos: int, count: int, prefix: int) -> _Starts:
    """Return the start of each of `count` DataValues that follow `prefix` bytes each."""
    starts = _Starts()
    done, stretch = 0, 32
    while done < count:
        run, size = _run(data, pos, count - done, prefix)
        if run >= 16:
            starts.positions.append(np.arange(pos, pos + run * size, size, dtype=np.int64))
            pos += run * size
            done += run
            stretch = 32
            continue
        step = min(stretch, count - done)
        pos = _walk(data, pos, step, prefix, done, starts)
        done += step
        stretch *= 2
    if pos > len(data):
        raise UnsupportedError("the message ends too early")
    return starts


def _run(data: bytes, pos: int, count: int, prefix: int) -> tuple[int, int]:
    """Return how many values from `pos` on have the layout of the first, and the bytes of one; 0 = no fixed layout."""
    at = pos + prefix
    size = _DATA_VALUE_SIZE[data[at] << 8 | data[at + 1]]
    if not size:
        return 0, 0
    size += prefix
    room = min(count, (len(data) - at - 2) // size + 1)
    keys: NDArray[np.uint16] = np.ndarray((room,), "<u2", data, at, (size,))
    differ = keys != keys[0]
    first = int(differ.argmax())
    if first or differ[0]:
        return first, size
    return room, size


def _walk(data: bytes, pos: int, count: int, prefix: int, row: int, starts: _Starts) -> int:
    """Append the starts of `count` values from `pos` on, found one after the other; return the end."""
    sizes = _DATA_VALUE_SIZE
    found: list[int] = []
    append = found.append
    string_rows, string_ends = starts.string_rows, starts.string_ends
    unpack, tails = _I32.unpack_from, _TAIL_SIZE
    for i in range(count):
        append(pos)
        at = pos + prefix
        size = sizes[data[at] << 8 | data[at + 1]]
        if size:
            pos = at + size
        else:
            mask = data[at]
            if mask > _KNOWN_MASK:
                raise UnsupportedError("an unknown encoding mask")
            length = unpack(data, at + 2)[0] if data[at + 1] == _STRING else -1
            if length >= 0:
                end = at + 6 + length
                string_rows.append(row + i)
                string_ends.append(end)
            else:
                end = _variant_end(data, at + 1)
                starts.rows.append(row + i)
                starts.ends.append(end)
            pos = end + tails[mask]
    starts.positions.append(np.array(found, dtype=np.int64))
    return pos


def _variant_end(data: bytes, pos: int) -> int:
    """Return the end of the Variant at `pos`: a text, a byte string, or an array of a type of fixed length."""
    encoding = data[pos]
    code = encoding & 0x3F
    if encoding & _ARRAY:
        size = _SIZE.get(code)
        if not size:
            raise UnsupportedError("an array of a type of no fixed length")
        (length,) = _I32.unpack_from(data, pos + 1)
        end = pos + 5 + max(length, 0) * size
        if encoding & _DIMENSIONS:
            end += 4 + 4 * max(_I32.unpack_from(data, end)[0], 0)
        return end
    if code in {_STRING, _BYTE_STRING, _XML}:
        return pos + 5 + max(_I32.unpack_from(data, pos + 1)[0], 0)
    if code == _LOCALIZED_TEXT:
        end = pos + 2
        for bit in (1, 2):
            if data[pos + 1] & bit:
                end += 4 + max(_I32.unpack_from(data, end)[0], 0)
        return end
    raise UnsupportedError(f"a value of built-in type {code}")


def _data_values(
    data: bytes, pos: int, count: int, elements: NDArray[np.int32], *, numbered: bool
) -> Readings:
    """Return `count` DataValues from `pos` on; `numbered`: each follows its client handle."""
    prefix = 4 if numbered else 0
    if count:
        run, size = _run(data, pos, count, prefix)
        if run == count and pos + run * size <= len(data):
            return _uniform(data, pos, count, size, elements, numbered=numbered)
    starts = _find(data, pos, count, prefix)
    start = starts.positions[0] if len(starts.positions) == 1 else np.concatenate(starts.positions)
    source = _Bytes(data)
    item = source.take("<u4", start).astype(np.int64) if numbered else np.arange(len(start))
    mask = source.take("u1", start + prefix)
    has_value = mask & _VALUE != 0
    encoding = np.where(has_value, source.take("u1", start + (prefix + 1), clip=True), 0)
    at_value = start + (prefix + 2)
    tail = start + (prefix + 1) + np.where(has_value, _HEAD_OF[encoding], 0)
    kind = _KIND_OF[encoding]
    bits = _scalars(source, encoding, at_value)
    _refuse_unwanted(kind, item, elements)
    texts: list[bytes] = []
    if starts.string_rows:
        rows, ends = starts.string_rows, starts.string_ends
        tail[rows] = ends
        texts = [data[a:b] for a, b in zip((at_value[rows] + 4).tolist(), ends, strict=True)]
        kind[rows] = np.where(_wanted(item[rows], elements), Kind.OTHER, Kind.TEXT)
        bits[rows] = np.arange(len(texts))
    if starts.rows:
        tail[starts.rows] = starts.ends
        others = zip(
            starts.rows, at_value[starts.rows].tolist(), item[starts.rows].tolist(), strict=True
        )
        for row, at, number in others:
            element = int(elements[number]) if number < len(elements) else -1
            kind[row], bits[row] = _other(data, at, element, texts)
    has_status = mask & _STATUS != 0
    status = np.where(has_status, source.take("<u4", tail, clip=True), np.uint32(0))
    has_source = mask & _SOURCE != 0
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
    if mask & _VALUE:
        kind = Kind(int(_KIND_OF[code]))
        if code in _FORMAT:
            bits = _bits_column(column(_FORMAT[code][0], prefix + 2), kind)
        tail += int(_HEAD_OF[code])
    kinds = np.full(count, kind, dtype=np.uint8)
    _refuse_unwanted(kinds, item, elements)
    status = column("<u4", tail).copy() if mask & _STATUS else np.zeros(count, dtype=np.uint32)
    if mask & _SOURCE:
        source = nanoseconds_of(column("<i8", tail + 4 * bool(mask & _STATUS)))
    else:
        source = np.full(count, NO_TIME, dtype=np.int64)
    return Readings(item, kinds, bits, status, source)


def _refuse_unwanted(
    kind: NDArray[np.uint8], item: NDArray[np.int64], elements: NDArray[np.int32]
) -> None:
    """Mark scalars as OTHER where an array element is wanted; arrays are marked by hand afterwards."""
    if len(elements) and elements.max() >= 0:
        kind[_wanted(item, elements) & (kind != Kind.NULL)] = Kind.OTHER


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

    def take(self, dtype: str, at: NDArray[np.int64], *, clip: bool = False) -> NDArray[np.generic]:
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
        if code not in _FORMAT:
            continue
        fmt, kind = _FORMAT[code]
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
    if encoding & _ARRAY:
        return _element(data, at, encoding & 0x3F, element)
    if encoding == _STRING:
        return Kind.NULL, 0
    if encoding != _LOCALIZED_TEXT:
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
        at += 4 + max(_I32.unpack_from(data, at)[0], 0)
    if not mask & 2:
        return None
    (length,) = _I32.unpack_from(data, at)
    return None if length < 0 else data[at + 4 : at + 4 + length]


def _element(data: bytes, at: int, code: int, element: int) -> tuple[Kind, int]:
    """Return kind and bits of one array element; OTHER if none was wanted, it does not exist or is no number."""
    (length,) = _I32.unpack_from(data, at)
    if length < 0:
        return Kind.NULL, 0
    if not 0 <= element < length or code not in _FORMAT:
        return Kind.OTHER, 0
    kind = _FORMAT[code][1]
    value: NDArray[Any] = np.ndarray((1,), _FORMAT[code][0], data, at + 4 + element * _SIZE[code])
    return kind, int(_bits_column(value, kind)[0])
