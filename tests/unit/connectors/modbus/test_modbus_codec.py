"""Registers to columns, against bytes made by hand and against plain-Python decoding with `struct`."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.modbus.codec import (
    Field,
    Readings,
    bit_decoder,
    from_bcd,
    read_text,
    register_decoder,
)
from connectors.modbus.words import Encoding, parse_encoding, sentinel_bits
from model.flags import RowFlag
from model.signal import SignalType
from model.status import BAD_DATA_ENCODING_INVALID, BAD_NO_DATA, BAD_TYPE_MISMATCH

INT, UINT, FLOAT, BOOL, TEXT = (
    SignalType.INT,
    SignalType.UINT,
    SignalType.FLOAT,
    SignalType.BOOL,
    SignalType.TEXT,
)
E, N = int(RowFlag.NO_VALUE), int(RowFlag.NOT_FINITE)


def one(
    encoding: str,
    kind: SignalType,
    data: str,
    order: str = "ABCD",
    sentinels: tuple[int | str, ...] = (),
) -> Readings:
    parsed = parse_encoding(encoding)
    bits = tuple(sentinel_bits(s, parsed) for s in sentinels)
    return register_decoder([Field(0, 0, parsed, order, kind, bits)])(bytes.fromhex(data))


def row(readings: Readings) -> tuple[int, int, int]:
    return int(readings.value[0]), int(readings.status[0]), int(readings.flags[0])


def number(readings: Readings) -> float:
    return float(readings.value.view(np.float64)[0])


# 230.5 = 0x43668000 and 1234567 = 0x0012D687, in the four orders (device-profile table of Modbus word orders).
@pytest.mark.parametrize(
    ("order", "float_regs", "uint_regs"),
    [
        ("ABCD", "4366 8000", "0012 D687"),
        ("CDAB", "8000 4366", "D687 0012"),
        ("BADC", "6643 0080", "1200 87D6"),
        ("DCBA", "0080 6643", "87D6 1200"),
    ],
)
def test_decode_32_bit_in_every_order(order: str, float_regs: str, uint_regs: str) -> None:
    assert number(one("float32", FLOAT, float_regs, order)) == 230.5
    assert row(one("uint32", INT, uint_regs, order)) == (1234567, 0, 0)
    assert row(one("uint32", UINT, uint_regs, order)) == (1234567, 0, 0)
    assert row(one("int32", INT, uint_regs, order)) == (1234567, 0, 0)
    assert number(one("uint32", FLOAT, uint_regs, order)) == 1234567.0


# 0x0102030405060708 = 72623859790382856 and 1.5 = 0x3FF8000000000000.
@pytest.mark.parametrize(
    ("order", "integer", "real"),
    [
        ("ABCD", "0102 0304 0506 0708", "3FF8 0000 0000 0000"),
        ("CDAB", "0708 0506 0304 0102", "0000 0000 0000 3FF8"),
        ("BADC", "0201 0403 0605 0807", "F83F 0000 0000 0000"),
        ("DCBA", "0807 0605 0403 0201", "0000 0000 0000 F83F"),
        ("CDABGHEF", "0304 0102 0708 0506", "0000 3FF8 0000 0000"),
    ],
)
def test_decode_64_bit_in_every_order(order: str, integer: str, real: str) -> None:
    assert row(one("int64", INT, integer, order)) == (72623859790382856, 0, 0)
    assert row(one("uint64", UINT, integer, order)) == (72623859790382856, 0, 0)
    assert number(one("float64", FLOAT, real, order)) == 1.5


@pytest.mark.parametrize(
    ("encoding", "kind", "data", "value"),
    [
        ("int16", INT, "FFFE", -2),
        ("uint16", INT, "FFFE", 65534),
        ("int32", INT, "FFFFFFFE", -2),
        ("int64", INT, "8000000000000000", -(2**63)),
        ("uint64", UINT, "FFFFFFFFFFFFFFFF", -1),  # the bit pattern of 2^64 - 1
        ("uint64", INT, "7FFFFFFFFFFFFFFF", 2**63 - 1),
        ("bcd16", INT, "1234", 1234),
        ("bcd32", UINT, "98765432", 98765432),
        ("bool", BOOL, "0000", 0),
        ("bool", BOOL, "0200", 1),
        ("bit 0", BOOL, "0001", 1),
        ("bit 9", BOOL, "0200", 1),
        ("bit 8", INT, "0200", 0),
        ("int16", BOOL, "0001", 1),
        ("float32", INT, "43660000", 230),
    ],
)
def test_decode_whole_numbers(encoding: str, kind: SignalType, data: str, value: int) -> None:
    assert row(one(encoding, kind, data)) == (value, 0, 0)


@pytest.mark.parametrize(
    ("encoding", "kind", "data"),
    [
        ("int16", UINT, "FFFE"),  # negative
        ("int16", BOOL, "0002"),
        ("uint64", INT, "8000000000000000"),  # 2^63
        ("float32", INT, "43668000"),  # 230.5
        ("float32", INT, "7FC00000"),  # NaN: a whole number has no NaN
        ("float32", INT, "5F000000"),  # 2^63
        ("float32", UINT, "BF800000"),  # -1
        ("float32", BOOL, "40000000"),  # 2
        ("int64", FLOAT, "0020000000000001"),  # 2^53 + 1
        ("uint64", FLOAT, "FFFFFFFFFFFFFFFF"),
        ("int64", FLOAT, "7FFFFFFFFFFFFFFF"),
    ],
)
def test_value_its_type_cannot_hold_exactly_is_no_value(
    encoding: str, kind: SignalType, data: str
) -> None:
    assert row(one(encoding, kind, data)) == (0, BAD_TYPE_MISMATCH, E)


@pytest.mark.parametrize("data", ["0020000000000000", "8000000000000000", "7FFFFFFFFFFFFC00"])
def test_int64_that_a_float_holds_exactly_is_kept(data: str) -> None:
    assert number(one("int64", FLOAT, data)) == float(
        int.from_bytes(bytes.fromhex(data), signed=True)
    )


@pytest.mark.parametrize(
    "data", ["7FC00000", "FFC00000", "7F800000", "FF800000", "7F800001", "7F8F0000"]
)
def test_not_finite_float_is_flagged_and_has_no_value(data: str) -> None:
    assert row(one("float32", FLOAT, data)) == (0, BAD_NO_DATA, E | N)


@pytest.mark.parametrize(
    ("encoding", "kind", "data", "sentinel"),
    [
        ("int16", INT, "8000", -32768),
        ("uint16", INT, "FFFF", "0xFFFF"),
        ("float32", FLOAT, "7FC00000", "0x7FC00000"),
        ("uint32", INT, "FFFFFFFF", 4294967295),
        ("bcd16", INT, "FFFF", "0xFFFF"),  # the invalid digits are the sentinel, not a fault
        ("uint64", INT, "FFFFFFFFFFFFFFFF", "0xFFFFFFFFFFFFFFFF"),
    ],
)
def test_sentinel_is_no_value(
    encoding: str, kind: SignalType, data: str, sentinel: int | str
) -> None:
    assert row(one(encoding, kind, data, sentinels=(sentinel,))) == (0, BAD_NO_DATA, E)


def test_sentinel_in_another_order_is_compared_after_ordering() -> None:
    assert row(one("int32", INT, "0000 8000", "CDAB", (-(2**31),))) == (0, BAD_NO_DATA, E)
    assert row(one("int32", INT, "8000 0000", "CDAB", (-(2**31),))) == (0x8000, 0, 0)


def test_bcd_with_a_digit_above_nine_is_an_encoding_fault() -> None:
    assert row(one("bcd16", INT, "12A4")) == (0, BAD_DATA_ENCODING_INVALID, E)
    values, valid = from_bcd(np.array([0x9999, 0x000A], np.int64), 4)
    assert values[0] == 9999
    assert valid.tolist() == [True, False]


@pytest.mark.parametrize(
    ("data", "order", "text"),
    [
        ("4F313030302E4D50", "ABCD", b"O1000.MP"),
        ("314F3030", "BADC", b"O100"),
        ("41422020", "ABCD", b"AB"),
        ("41004200", "ABCD", b"A"),
        ("00000000", "ABCD", b""),
        ("E58AA0", "ABCD", "加".encode()),
        ("41FF", "ABCD", "A�".encode()),
    ],
)
def test_texts(data: str, order: str, text: bytes) -> None:
    size = len(bytes.fromhex(data))
    readings = one(f"text {size}", TEXT, data + "00" * (size % 2), order)
    assert readings.texts[int(readings.value[0])] == text
    assert row(readings)[1:] == (0, 0)


def test_text_encoding_fits_text_signals_only() -> None:
    with pytest.raises(ValueError, match="cannot fill"):
        one("text 2", INT, "4142")
    with pytest.raises(ValueError, match="cannot fill"):
        one("int16", TEXT, "4142")


def test_block_of_mixed_fields_keeps_each_at_its_point() -> None:
    fields = [
        Field(4, 6, parse_encoding("text 4"), "ABCD", TEXT),
        Field(2, 0, parse_encoding("float32"), "ABCD", FLOAT),
        Field(0, 4, parse_encoding("uint16"), "ABCD", INT),
        Field(3, 2, parse_encoding("uint32"), "CDAB", INT),
        Field(1, 5, parse_encoding("bit 1"), "ABCD", BOOL),
        Field(5, 8, parse_encoding("text 2"), "ABCD", TEXT),
    ]
    data = bytes.fromhex("43668000 D6870012 FFFF 0002 41424344 5A20".replace(" ", ""))
    readings = register_decoder(fields)(data)
    by_point = {int(p): int(v) for p, v in zip(readings.point, readings.value, strict=True)}
    assert struct.unpack("<d", struct.pack("<q", by_point[2])) == (230.5,)
    assert (by_point[3], by_point[0], by_point[1]) == (1234567, 65535, 1)
    assert (readings.texts[by_point[4]], readings.texts[by_point[5]]) == (b"ABCD", b"Z")


def test_coils_are_counted_from_the_lowest_bit_of_the_first_byte() -> None:
    # MODBUS Application Protocol V1.1b3, 6.1: coils 20-38 answer CD 6B 05; coil 20 is bit 0 of CD.
    fields = [
        Field(i, offset, Encoding(parse_encoding("bool").kind, 2), "ABCD", BOOL)
        for i, offset in enumerate([0, 1, 7, 8, 18])
    ]
    readings = bit_decoder(fields)(bytes.fromhex("CD6B05"))
    assert readings.value.tolist() == [1, 0, 1, 1, 1]
    as_float = bit_decoder([Field(0, 0, parse_encoding("bool"), "ABCD", FLOAT)])(b"\x01")
    assert number(as_float) == 1.0


def test_read_text_stops_at_nul() -> None:
    assert read_text(b"AB\0CD") == b"AB"


FORMATS = {
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}


@given(
    data=st.binary(min_size=8, max_size=8),
    encoding=st.sampled_from(sorted(FORMATS)),
    order=st.sampled_from(["ABCD", "CDAB", "BADC", "DCBA"]),
)
def test_decode_agrees_with_struct(data: bytes, encoding: str, order: str) -> None:
    """Second implementation: swap bytes and words in plain Python, then `struct`."""
    size = struct.calcsize(FORMATS[encoding])
    wire = data[:size]
    words = [wire[i : i + 2] for i in range(0, size, 2)]
    if order in {"CDAB", "DCBA"}:
        words.reverse()
    if order in {"BADC", "DCBA"}:
        words = [word[::-1] for word in words]
    (expected,) = struct.unpack(">" + FORMATS[encoding], b"".join(words))
    kind = FLOAT if encoding.startswith("float") else UINT if encoding.startswith("uint") else INT
    readings = one(encoding, kind, wire.hex(), order)
    value, status, flags = row(readings)
    if isinstance(expected, float) and expected - expected != 0:
        assert (value, status, flags) == (0, BAD_NO_DATA, E | N)
    elif isinstance(expected, float):
        assert (struct.pack("<q", value), status, flags) == (struct.pack("<d", expected), 0, 0)
    else:
        assert (value % 2**64, status, flags) == (expected % 2**64, 0, 0)
