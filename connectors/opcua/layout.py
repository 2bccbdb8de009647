"""Where the DataValues of a message start, found without decoding them (OPC 10000-6, 5.2.2.16 and 5.2.2.17)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.opcua.readings import Kind

VALUE, STATUS, SOURCE, SERVER, SOURCE_PICO, SERVER_PICO = 1, 2, 4, 8, 16, 32
"""Bits of the DataValue encoding mask (OPC 10000-6, table 26)."""
_KNOWN_MASK: Final = 0x3F
ARRAY, _DIMENSIONS = 0x80, 0x40
"""Bits of the Variant encoding byte."""
STRING, _BYTE_STRING, _XML, LOCALIZED_TEXT = 12, 15, 16, 21

SIZE: Final[dict[int, int]] = {
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
FORMAT: Final[dict[int, tuple[str, Kind]]] = {
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
I32: Final = struct.Struct("<i")
_SHORT_WALK: Final = 2
"""Values taken one by one after a run: many servers leave out a field of one value in a hundred."""


class UnsupportedError(Exception):
    """The message holds something that this decoder leaves to the library."""


def _tail_size(mask: int) -> int:
    return (
        4 * bool(mask & STATUS)
        + 8 * bool(mask & SOURCE)
        + 2 * bool(mask & SOURCE_PICO)
        + 8 * bool(mask & SERVER)
        + 2 * bool(mask & SERVER_PICO)
    )


_TAIL_SIZE: Final = [_tail_size(mask) for mask in range(_KNOWN_MASK + 1)]
"""Bytes after the Variant, by mask."""


def _sizes() -> list[int]:
    """Return bytes of a DataValue by (mask << 8 | next byte); 0 = not fixed. The next byte is the Variant's if any."""
    sizes = [0] * 65536
    for mask in range(_KNOWN_MASK + 1):
        tail = 1 + _TAIL_SIZE[mask]
        if mask & VALUE:
            for code, size in SIZE.items():
                sizes[mask << 8 | code] = tail + 1 + size
        else:
            sizes[mask << 8 : (mask + 1) << 8] = [tail] * 256
    return sizes


_DATA_VALUE_SIZE: Final = _sizes()
KIND_OF: Final = np.full(256, Kind.OTHER, dtype=np.uint8)
HEAD_OF: Final = np.zeros(256, dtype=np.int64)
"""Variant encoding byte → bytes of the Variant, for fixed lengths."""
for _code, _bytes in SIZE.items():
    HEAD_OF[_code] = 1 + _bytes
    KIND_OF[_code] = FORMAT[_code][1] if _code in FORMAT else Kind.OTHER
KIND_OF[0] = Kind.NULL


@dataclass(slots=True)
class Starts:
    """Where the DataValues of a message start, and where the Variants of no fixed length end."""

    positions: list[NDArray[np.int64]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    """Rows of Variants of no fixed length other than `string_rows`."""
    ends: list[int] = field(default_factory=list)
    """Their ends, position of the next field."""
    string_rows: list[int] = field(default_factory=list)
    """Rows of strings that are not null."""
    string_ends: list[int] = field(default_factory=list)


def find_starts(data: bytes, pos: int, count: int, prefix: int) -> Starts:
    """Return the start of each of `count` DataValues that follow `prefix` bytes each."""
    starts = Starts()
    done, stretch = 0, _SHORT_WALK
    while done < count:
        run, size = uniform_run(data, pos, count - done, prefix)
        if run >= 16:
            starts.positions.append(np.arange(pos, pos + run * size, size, dtype=np.int64))
            pos += run * size
            done += run
            stretch = _SHORT_WALK
            continue
        step = min(stretch, count - done)
        pos = _walk(data, pos, step, prefix, starts)
        done += step
        stretch *= 2
    if pos > len(data):
        raise UnsupportedError("the message ends too early")
    return starts


def one_layout(data: bytes, pos: int, count: int, prefix: int) -> NDArray[np.int64] | None:
    """Return the start of each of `count` DataValues that have the same fields but, here and there, no picoseconds.

    None: their layouts differ more than that. Servers leave picoseconds out where they are 0; they come after all that
    is read, so that every field of interest lies at one distance from the start (OPC 10000-6, 5.2.2.17).
    """
    at = pos + prefix
    first = data[at] | data[at + 1] << 8
    usual = _DATA_VALUE_SIZE[(first & 0xFF) << 8 | first >> 8]
    if not usual:
        return None
    usual += prefix
    sizes = np.full(count, usual, dtype=np.int64)
    row, odd, limit = 0, 0, count >> 4
    while True:
        at = pos + prefix
        room = min(count - row, (len(data) - at - 2) // usual + 1)
        if room <= 0:
            return None
        keys: NDArray[np.uint16] = np.ndarray((room,), "<u2", data, at, (usual,))
        differ = keys != first
        run = int(differ.argmax())
        if not run and not differ[0]:
            run = room
        row += run
        pos += run * usual
        if row == count:
            break
        # One value of another layout; the usual one goes on behind it.
        at = pos + prefix
        if at + 2 > len(data):
            return None
        other = data[at] | data[at + 1] << 8
        if odd > limit or (other ^ first) & ~(SOURCE_PICO | SERVER_PICO):
            return None
        odd += 1
        size = _DATA_VALUE_SIZE[(other & 0xFF) << 8 | other >> 8] + prefix
        sizes[row] = size
        row += 1
        pos += size
        if row == count:
            break
    if pos > len(data):
        raise UnsupportedError("the message ends too early")
    starts = sizes.cumsum()
    starts += pos - int(starts[-1])
    starts -= sizes
    return starts


def uniform_run(data: bytes, pos: int, count: int, prefix: int) -> tuple[int, int]:
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


def _walk(data: bytes, pos: int, count: int, prefix: int, starts: Starts) -> int:
    """Append the starts of `count` values from `pos` on, found one after the other; return the end."""
    row = sum(map(len, starts.positions))
    sizes = _DATA_VALUE_SIZE
    found: list[int] = []
    append = found.append
    string_rows, string_ends = starts.string_rows, starts.string_ends
    unpack, tails = I32.unpack_from, _TAIL_SIZE
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
            length = unpack(data, at + 2)[0] if data[at + 1] == STRING else -1
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
    if encoding & ARRAY:
        size = SIZE.get(code)
        if not size:
            raise UnsupportedError("an array of a type of no fixed length")
        end = pos + 5 + _length(data, pos + 1) * size
        if encoding & _DIMENSIONS:
            end += 4 + 4 * _length(data, end)
        return end
    if code in {STRING, _BYTE_STRING, _XML}:
        return pos + 5 + _length(data, pos + 1)
    if code == LOCALIZED_TEXT:
        end = pos + 2
        for bit in (1, 2):
            if data[pos + 1] & bit:
                end += 4 + _length(data, end)
        return end
    raise UnsupportedError(f"a value of built-in type {code}")


def _length(data: bytes, pos: int) -> int:
    """Return the Int32 length at `pos`; -1 (null) counts as 0."""
    (length,) = I32.unpack_from(data, pos)
    return max(int(length), 0)
