"""Registers to columns: one byte permutation and one numpy view per kind for a whole block. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.modbus.words import Encoding, Kind, byte_positions
from model.batch import Int64, UInt16, UInt32
from model.flags import RowFlag
from model.signal import SignalType
from model.status import BAD_DATA_ENCODING_INVALID, BAD_NO_DATA, BAD_TYPE_MISMATCH

Bits = NDArray[np.bool_]
_NO_VALUE: Final = np.uint16(RowFlag.NO_VALUE)
_NOT_FINITE: Final = np.uint16(RowFlag.NOT_FINITE)
_TWO_63: Final = 2.0**63
_TWO_64: Final = 2.0**64
_DTYPES: Final = {
    (Kind.INT, 2): ">i2",
    (Kind.INT, 4): ">i4",
    (Kind.INT, 8): ">i8",
    (Kind.UINT, 2): ">u2",
    (Kind.UINT, 4): ">u4",
    (Kind.UINT, 8): ">u8",
    (Kind.FLOAT, 4): ">f4",
    (Kind.FLOAT, 8): ">f8",
    (Kind.BCD, 2): ">u2",
    (Kind.BCD, 4): ">u4",
    (Kind.BOOL, 2): ">u2",
    (Kind.BIT, 2): ">u2",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One value in a block.

    point: its position among the points of the source; offset: registers (or bits, in a table of bits) from the start
    of the block; sentinels: bit patterns that mean "no value".
    """

    point: int
    offset: int
    encoding: Encoding
    order: str
    type: SignalType
    sentinels: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Decoded values as equally long columns, coded like a `Batch`; `point` is the position of the point."""

    point: NDArray[np.intp]
    value: Int64
    status: UInt32
    flags: UInt16
    texts: tuple[bytes, ...] = ()


Decoder = Callable[[bytes], Readings]
"""From the data bytes of one answer (after the byte count) to its readings."""


def failed_readings(points: NDArray[np.intp], status: int) -> Readings:
    """Return one reading without value and with `status` for every point."""
    n = len(points)
    return Readings(
        points,
        np.zeros(n, np.int64),
        np.full(n, status, np.uint32),
        np.full(n, _NO_VALUE, np.uint16),
    )


def register_decoder(fields: Sequence[Field]) -> Decoder:
    """Return the decoder of a block of registers; `fields` must not be empty.

    A number that its signal type cannot hold exactly becomes "no value" with status Bad_TypeMismatch, a NaN or an
    infinity "no value" flagged NOT_FINITE (float signals only), a sentinel "no value" with status Bad_NoData, a wrong
    BCD digit Bad_DataEncodingInvalid. Raises ValueError for a text encoding on a number signal and the reverse.
    """
    ordered = sorted(fields, key=_group_key)
    groups: list[_Group] = []
    positions: list[int] = []
    row = 0
    for _, members in groupby(ordered, key=_group_key):
        group = _Group(list(members), row, len(positions))
        for field in group.fields:
            places = byte_positions(field.order, field.encoding)
            positions.extend(2 * field.offset + place for place in places)
        row += len(group.fields)
        groups.append(group)
    permutation = np.array(positions, np.intp)
    points = np.array([field.point for field in ordered], np.intp)
    total = len(ordered)

    def decode(data: bytes) -> Readings:
        ordered_bytes = np.frombuffer(data, np.uint8)[permutation]
        value = np.zeros(total, np.int64)
        status = np.zeros(total, np.uint32)
        flags = np.zeros(total, np.uint16)
        texts: list[bytes] = []
        for group in groups:
            group.decode(ordered_bytes, value, status, flags, texts)
        return Readings(points, value, status, flags, tuple(texts))

    return decode


def bit_decoder(fields: Sequence[Field]) -> Decoder:
    """Return the decoder of a block of coils or discrete inputs; `fields` must not be empty."""
    points = np.array([field.point for field in fields], np.intp)
    offsets = np.array([field.offset for field in fields], np.intp)
    is_float = np.array([field.type is SignalType.FLOAT for field in fields], np.bool_)
    for field in fields:
        _check_type(field)

    def decode(data: bytes) -> Readings:
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[offsets]
        value = np.where(is_float, bits.astype(np.float64).view(np.int64), bits.astype(np.int64))
        n = len(points)
        return Readings(points, value, np.zeros(n, np.uint32), np.zeros(n, np.uint16))

    return decode


def _group_key(field: Field) -> tuple[str, int, str]:
    return field.encoding.kind.value, field.encoding.size, field.type.value


def _check_type(field: Field) -> None:
    if (field.encoding.kind is Kind.TEXT) != (field.type is SignalType.TEXT):
        raise ValueError(
            f"encoding {field.encoding.kind.value} cannot fill a signal of type {field.type.value}"
        )


class _Group:
    """All fields of a block with one encoding and one signal type: decoded by a few array operations."""

    def __init__(self, fields: list[Field], row: int, start: int) -> None:
        for field in fields:
            _check_type(field)
        encoding = fields[0].encoding
        self.fields = fields
        self._kind = encoding.kind
        self._size = encoding.size
        self._type = fields[0].type
        self._rows = slice(row, row + len(fields))
        self._bytes = slice(start, start + len(fields) * encoding.size)
        self._shifts = np.array([field.encoding.bit for field in fields], np.uint16)
        marks = [(i, bits) for i, field in enumerate(fields) for bits in field.sentinels]
        self._sentinel_rows = np.array([i for i, _ in marks], np.intp)
        self._sentinel_bits = np.array([bits for _, bits in marks], np.uint64)

    def decode(
        self,
        data: NDArray[np.uint8],
        value: Int64,
        status: UInt32,
        flags: UInt16,
        texts: list[bytes],
    ) -> None:
        """Fill the rows of this group; `data` are the bytes of the block, most significant byte first."""
        raw = data[self._bytes]
        if self._kind is Kind.TEXT:
            self._decode_texts(raw.tobytes(), value, texts)
            return
        words = raw.view(_DTYPES[self._kind, self._size])
        numbers, valid = self._numbers(words)
        column, fits = to_column(numbers, self._type)
        value[self._rows] = column
        group_status, group_flags = status[self._rows], flags[self._rows]
        if not fits.all():
            _void(value[self._rows], group_status, group_flags, ~fits, BAD_TYPE_MISMATCH)
            if self._kind is Kind.FLOAT and self._type is SignalType.FLOAT:
                group_status[~fits] = BAD_NO_DATA
                group_flags[~fits] |= _NOT_FINITE
        if valid is not None and not valid.all():
            _void(value[self._rows], group_status, group_flags, ~valid, BAD_DATA_ENCODING_INVALID)
        if len(self._sentinel_rows):
            bits = raw.view(f">u{self._size}").astype(np.uint64)
            hit = np.zeros(len(self.fields), np.bool_)
            hit[self._sentinel_rows[bits[self._sentinel_rows] == self._sentinel_bits]] = True
            _void(value[self._rows], group_status, group_flags, hit, BAD_NO_DATA)
            group_flags[hit] = _NO_VALUE

    def _numbers(self, words: NDArray[np.generic]) -> tuple[NDArray[np.generic], Bits | None]:
        if self._kind is Kind.BIT:
            return ((words >> self._shifts) & 1).astype(np.int64), None  # type: ignore[operator]
        if self._kind is Kind.BOOL:
            return (words != 0).astype(np.int64), None
        if self._kind is Kind.BCD:
            return from_bcd(words.astype(np.int64), 2 * self._size)
        return words, None

    def _decode_texts(self, raw: bytes, value: Int64, texts: list[bytes]) -> None:
        rows = value[self._rows]
        for i in range(len(self.fields)):
            cell = raw[i * self._size : (i + 1) * self._size]
            rows[i] = len(texts)
            texts.append(read_text(cell))


def _void(value: Int64, status: UInt32, flags: UInt16, rows: Bits, code: int) -> None:
    """Take the value from `rows` and say why."""
    value[rows] = 0
    status[rows] = code
    flags[rows] |= _NO_VALUE


def read_text(cell: bytes) -> bytes:
    """Return the text up to the first NUL without trailing spaces, ill-formed UTF-8 replaced by U+FFFD."""
    return cell.split(b"\0", 1)[0].rstrip(b" ").decode("utf-8", "replace").encode()


def from_bcd(words: Int64, digits: int) -> tuple[Int64, Bits]:
    """Return the decimal numbers of packed BCD words, and which have only digits 0…9."""
    value = np.zeros_like(words)
    valid = np.ones(len(words), np.bool_)
    for k in range(digits):
        digit = (words >> (4 * k)) & 15
        valid &= digit <= 9
        value += digit * 10**k
    return value, valid


def to_column(numbers: NDArray[np.generic], kind: SignalType) -> tuple[Int64, Bits]:
    """Return the 8-byte column of `numbers` for a signal of type `kind`, and which are held exactly.

    Rows that do not fit have value 0. A float column never holds NaN or an infinity.
    """
    match kind:
        case SignalType.FLOAT:
            return _to_float(numbers)
        case SignalType.INT | SignalType.UINT | SignalType.BOOL:
            low, high = {
                SignalType.INT: (-_TWO_63, _TWO_63),
                SignalType.UINT: (0.0, _TWO_64),
                SignalType.BOOL: (0.0, 2.0),
            }[kind]
            return _to_whole(numbers, low, high)
        case SignalType.TEXT:
            raise ValueError("numbers cannot fill a text signal")


def _widen(numbers: NDArray[np.generic]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):  # a signalling NaN is a reading like any other
        return numbers.astype(np.float64)


def _to_float(numbers: NDArray[np.generic]) -> tuple[Int64, Bits]:
    floats = _widen(numbers)
    if numbers.dtype.kind == "f":
        fits = np.isfinite(floats)
    elif numbers.dtype.itemsize <= 4:
        fits = np.ones(len(floats), np.bool_)
    else:
        # The rounded float may be 2^63 or 2^64, which cannot be cast back: such a number did not fit anyway.
        inside = floats < (_TWO_63 if numbers.dtype.kind == "i" else _TWO_64)
        back = np.where(inside, floats, 0.0).astype(numbers.dtype)
        fits = inside & (back == numbers)
    if not fits.all():
        floats[~fits] = 0.0
    return floats.view(np.int64), fits


def _to_whole(numbers: NDArray[np.generic], low: float, high: float) -> tuple[Int64, Bits]:
    """Whole numbers within [low, high); the limits are exact in binary64."""
    if numbers.dtype.kind == "f":
        floats = _widen(numbers)
        fits = np.isfinite(floats)
        floats = np.where(fits, floats, 0.0)
        fits &= (np.trunc(floats) == floats) & (floats >= low) & (floats < high)
        floats = np.where(fits, floats, 0.0)
        if high == _TWO_64:
            return floats.astype(np.uint64).view(np.int64), fits
        return floats.astype(np.int64), fits
    if numbers.dtype.kind == "u":
        wide = numbers.astype(np.uint64)
        fits = wide <= np.uint64(int(high) - 1)
        return np.where(fits, wide, np.uint64(0)).view(np.int64), fits
    signed = numbers.astype(np.int64)
    fits = np.ones(len(signed), np.bool_)
    if low == 0:
        fits &= signed >= 0
    if high < _TWO_63:
        fits &= signed < int(high)
    return np.where(fits, signed, 0), fits
