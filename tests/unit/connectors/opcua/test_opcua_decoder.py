"""Messages written by hand from OPC 10000-6, byte by byte."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from connectors.opcua.decoder import decode_publish, decode_read
from connectors.opcua.layout import UnsupportedError
from connectors.opcua.readings import Kind
from model.batch import NO_TIME

NONE = np.array([-1, -1, -1], dtype=np.int32)
# 2026-01-02T03:04:05.678901200Z: 1767323045 s after 1970, and 11644473600 s before that.
TICKS = (11_644_473_600 + 1_767_323_045) * 10_000_000 + 6_789_012
NANOSECONDS = 1_767_323_045_678_901_200
NULL_HEADER = struct.pack("<qII", 0, 1, 0) + b"\0" + struct.pack("<i", -1) + b"\0\0\0"


def publish(items: list[bytes], *, extra: bytes = b"") -> bytes:
    body = struct.pack("<i", len(items)) + b"".join(items) + struct.pack("<i", -1)
    data = b"\x01\x00\x2b\x03\x01" + struct.pack("<i", len(body)) + body
    return (
        b"\x01\x00\x3d\x03"
        + NULL_HEADER
        + struct.pack("<I", 7)
        + struct.pack("<iI", 1, 41)
        + b"\0"
        + struct.pack("<Iq", 42, 0)
        + struct.pack("<i", 1 + bool(extra))
        + data
        + extra
        + struct.pack("<ii", -1, -1)
    )


def test_data_change_of_two_types_every_field() -> None:
    double = struct.pack("<IBBdIq", 2, 0x07, 11, 21.5, 0x40900000, TICKS)
    word = struct.pack("<IBBHq", 0, 0x05, 5, 65535, 0)
    message = decode_publish(publish([double, word]), NONE)
    assert (message.subscription, message.sequence, message.available) == (7, 42, (41,))
    rows = message.readings
    assert rows is not None
    assert rows.item.tolist() == [2, 0]
    assert rows.kind.tolist() == [Kind.FLOAT, Kind.UNSIGNED]
    assert rows.bits[:1].view(np.float64).tolist() == [21.5]
    assert rows.bits[1] == 65535
    assert rows.status.tolist() == [0x40900000, 0]
    assert rows.source_ns.tolist() == [NANOSECONDS, NO_TIME]  # ticks 0 = 1601 = no time


def test_picoseconds_and_server_time_are_skipped_in_the_order_of_the_standard() -> None:
    # value, status, source time, source picoseconds, server time, server picoseconds: OPC 10000-6 table 26.
    one = struct.pack("<IBBi", 0, 0x3F, 6, -5) + struct.pack("<IqHqH", 0, TICKS, 9, TICKS, 9)
    two = struct.pack("<IBB?", 1, 0x01, 1, True)
    rows = decode_publish(publish([one, two]), NONE).readings
    assert rows is not None
    assert rows.bits.tolist() == [-5, 1]
    assert rows.source_ns.tolist() == [NANOSECONDS, NO_TIME]


def test_bad_status_without_value_keeps_its_status() -> None:
    rows = decode_publish(publish([struct.pack("<IBI", 1, 0x02, 0x80350000)]), NONE).readings
    assert rows is not None
    assert rows.kind.tolist() == [Kind.NULL]
    assert rows.status.tolist() == [0x80350000]


def test_array_with_a_wanted_element_gives_that_element() -> None:
    axes = struct.pack("<IBBi3d", 1, 0x01, 0x80 | 11, 3, 1.0, 2.5, -3.0)
    wanted = np.array([-1, 2], dtype=np.int32)
    rows = decode_publish(publish([axes]), wanted).readings
    assert rows is not None
    assert rows.bits.view(np.float64).tolist() == [-3.0]
    beyond = decode_publish(publish([axes]), np.array([-1, 3], dtype=np.int32)).readings
    assert beyond is not None
    assert beyond.kind.tolist() == [Kind.OTHER]


def test_run_of_one_type_interrupted_by_a_string_keeps_order_and_values() -> None:
    doubles = [struct.pack("<IBBd", 0, 0x01, 11, float(i)) for i in range(100)]
    text = struct.pack("<IBBi", 1, 0x01, 12, 6) + "主轴".encode()
    rows = decode_publish(publish([*doubles[:50], text, *doubles[50:]]), NONE).readings
    assert rows is not None
    assert rows.texts == ("主轴".encode(),)
    assert rows.item.tolist() == [0] * 50 + [1] + [0] * 50
    floats = np.delete(rows.bits, 50).view(np.float64)
    assert floats.tolist() == [float(i) for i in range(100)]


def test_keep_alive_has_no_rows() -> None:
    data = b"\x01\x00\x3d\x03" + NULL_HEADER + struct.pack("<IiBIqiii", 7, 0, 0, 43, 0, 0, -1, -1)
    message = decode_publish(data, NONE)
    assert message.keep_alive
    assert message.sequence == 43
    assert message.readings is None


def test_status_change_is_reported() -> None:
    body = struct.pack("<I", 0x800A0000) + b"\0"
    extra = b"\x01\x00\x34\x03\x01" + struct.pack("<i", len(body)) + body
    assert decode_publish(publish([], extra=extra), NONE).status_change == 0x800A0000


def test_read_response_numbers_rows_by_position() -> None:
    values = struct.pack("<BBd", 0x01, 11, 1.0) + struct.pack("<BBq", 0x01, 8, -(2**63))
    data = b"\x01\x00\x7a\x02" + NULL_HEADER + struct.pack("<i", 2) + values + struct.pack("<i", -1)
    rows = decode_read(data, NONE)
    assert rows.item.tolist() == [0, 1]
    assert rows.bits[1] == -(2**63)


@pytest.mark.parametrize(
    "item",
    [
        struct.pack("<IBBBB", 0, 0x01, 17, 0, 85),  # NodeId
        struct.pack("<IBBi", 0, 0x01, 0x80 | 12, 0),  # array of strings
        struct.pack("<IBB", 0, 0x41, 1),  # unknown mask bit
    ],
)
def test_what_it_does_not_know_is_left_to_the_library(item: bytes) -> None:
    with pytest.raises(UnsupportedError):
        decode_publish(publish([item]), NONE)


@pytest.mark.parametrize(
    ("at", "byte"),
    [(2, 0x00), (18, 0x80), (20, 0x01), (21, 0x01)],
    ids=["another type", "bad service result", "diagnostics", "string table"],
)
def test_unusual_header_is_left_to_the_library(at: int, byte: int) -> None:
    data = bytearray(publish([struct.pack("<IBBd", 0, 0x01, 11, 1.0)]))
    data[at] = byte
    if at == 21:
        data[22:25] = b"\0\0\0"
    with pytest.raises(UnsupportedError):
        decode_publish(bytes(data), NONE)


def with_picoseconds(item: int, value: float, picoseconds: int) -> bytes:
    """Return a Double with source time; picoseconds 0 are left out, as node servers do."""
    head = struct.pack("<IBBdq", item, 0x15 if picoseconds else 0x05, 11, value, TICKS + item)
    return head + (struct.pack("<H", picoseconds) if picoseconds else b"")


@pytest.mark.parametrize("left_out", [(), (0,), (199,), (30, 31, 32), (8, 90, 150, 199)])
def test_values_with_and_without_picoseconds_are_read_alike(left_out: tuple[int, ...]) -> None:
    items = [with_picoseconds(i, i * 0.5, 0 if i in left_out else 7) for i in range(200)]
    rows = decode_publish(publish(items), np.full(200, -1, dtype=np.int32)).readings
    assert rows is not None
    assert rows.item.tolist() == list(range(200))
    assert rows.bits.view(np.float64).tolist() == [i * 0.5 for i in range(200)]
    assert rows.source_ns.tolist() == [NANOSECONDS + 100 * i for i in range(200)]
    assert set(rows.kind.tolist()) == {Kind.FLOAT}
    assert not rows.status.any()


def test_a_value_of_another_type_among_those_without_picoseconds_is_read_as_what_it_is() -> None:
    items = [with_picoseconds(i, i * 0.5, 0 if i % 20 == 19 else 7) for i in range(100)]
    items[50] = struct.pack("<IBBiq", 50, 0x05, 6, -50, TICKS)
    items[70] = struct.pack("<IBBdIq", 70, 0x07, 11, 1.25, 0x80000000, TICKS)
    rows = decode_publish(publish(items), np.full(100, -1, dtype=np.int32)).readings
    assert rows is not None
    assert rows.item.tolist() == list(range(100))
    assert rows.bits[50] == -50
    assert rows.kind[50] == Kind.SIGNED
    assert rows.bits[70:71].view(np.float64).tolist() == [1.25]
    assert rows.status[70] == 0x80000000
    assert rows.bits[71:].view(np.float64).tolist() == [i * 0.5 for i in range(71, 100)]


def test_a_message_cut_short_among_values_without_picoseconds_is_left_to_the_library() -> None:
    items = [with_picoseconds(i, i * 0.5, 0 if i == 40 else 7) for i in range(100)]
    data = publish(items)
    for cut in range(len(data) - 60, len(data) - 8, 7):
        with pytest.raises(UnsupportedError):
            decode_publish(data[:cut], np.full(100, -1, dtype=np.int32))
