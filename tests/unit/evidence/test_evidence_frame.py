"""Frames: the vectors byte for byte, and one refusal for each demand of format-core §2."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from evidence.block import block_root, sub_leaf
from evidence.frame import (
    COLUMN_OFFSETS,
    NO_ROWS,
    FrameColumns,
    FrameRow,
    StreamLayout,
    frame_prefix,
    header_bytes,
    parse_frame,
    write_frame,
)
from evidence.grammar import NO_SOURCE_TIME
from evidence.refusal import Refusal
from evidence.salt import salt_of
from evidence.texts import clean_text
from model.flags import MissedCause
from model.signal import SignalType
from tests.unit.evidence.vectors import VECTORS

LETTERS = "EBHIMNOST"
SLOT = 29_538_720
T0 = SLOT * 60_000
S = 0x80
ORIGIN = "sim/91500000TEST000017/ws1/1"


def vector_layout(stream: str) -> tuple[StreamLayout, list[str]]:
    """Return the layout of a stream of the vectors from its configuration document."""
    signals: dict[str, list[tuple[str, str]]] = {
        "cnc-01.state": [("state", "int")],
        "robot-01.state": [("state", "int")],
        "cnc-01.count": [("good", "int"), ("scrap", "int")],
        "meter-01.energy": [
            ("energy_kwh", "float"),
            ("ok", "bool"),
            ("total_wh", "uint"),
            ("power_kw", "float"),
            ("phase_deg", "int"),
        ],
        "cnc-01.process": [("program", "text")],
    }
    pairs = signals[stream]
    return StreamLayout.of(stream, [SignalType(kind) for _, kind in pairs]), [
        name for name, _ in pairs
    ]


def vector_row(item: list[object], names: list[str]) -> FrameRow:
    """Return a row of vectors.json: received, source, signal, type, value text, status, flag letters."""
    received, source, name, kind, text, status, letters = item
    flags = sum(1 << LETTERS.index(letter) for letter in str(letters))
    value: object = None
    if text is not None:
        if "M" in str(letters):
            value = MissedCause[str(text).upper()].value
        elif kind == "float":
            value = struct.unpack(">d", bytes.fromhex(str(text)))[0]
        elif kind == "text":
            value = str(text).encode()
        else:
            value = int(str(text))
    return FrameRow(received, source, names.index(str(name)), value, status, flags)  # type: ignore[arg-type]


STREAMS = [(m["slot"], s) for m in VECTORS["minutes"] for s in m["streams"]]


@pytest.mark.parametrize(
    ("slot", "item"), STREAMS, ids=lambda v: v["stream"] if isinstance(v, dict) else str(v)
)
def test_vectors_frame_salt_and_sub_leaf_byte_for_byte(slot: int, item: dict):
    layout, names = vector_layout(item["stream"])
    frame = bytes.fromhex(item["frame"])
    assert write_frame(layout, slot, [vector_row(row, names) for row in item["rows"]]) == frame
    salt = salt_of(bytes.fromhex(VECTORS["site_secret"]), ORIGIN, item["stream"], slot)
    assert salt.hex() == item["salt"]
    assert sub_leaf(salt, frame).hex() == item["sub_leaf"]
    columns = parse_frame(frame, layout, frame_prefix(slot), slot, simulated=True)
    assert columns.rows == len(item["rows"])
    assert list(columns.received_ms) == [row[0] for row in item["rows"]]
    assert [None if ms == NO_SOURCE_TIME else ms for ms in columns.source_ms] == [
        row[1] for row in item["rows"]
    ]
    assert columns.missed == sum("M" in row[6] for row in item["rows"])


@pytest.mark.parametrize("minute", VECTORS["minutes"], ids=lambda m: str(m["slot"]))
def test_vectors_block_root(minute: dict):
    assert (
        block_root([bytes.fromhex(s["sub_leaf"]) for s in minute["streams"]]).hex()
        == minute["root"]
    )


@pytest.mark.parametrize("item", VECTORS["texts"], ids=lambda item: item["input"][:16] or "empty")
def test_vectors_texts(item: dict):
    assert clean_text(bytes.fromhex(item["input"])) == (bytes.fromhex(item["heap"]), item["cut"])


def parse(
    frame: bytes, layout: StreamLayout, *, slot: int = SLOT, simulated: bool = True
) -> FrameColumns:
    return parse_frame(frame, layout, frame_prefix(slot), slot, simulated=simulated)


def layout_of(*kinds: str) -> StreamLayout:
    return StreamLayout.of("cnc-01.count", [SignalType(kind) for kind in kinds])


def raw_frame(
    layout: StreamLayout,
    rows: list[tuple[int, int, int, int, int, int]],
    heap: bytes = b"",
) -> bytes:
    """Write rows (received, source, value bits, status, signal, flags) without any check."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * 6
    n = len(rows)
    body = b"".join(
        struct.pack(f"<{n}{code}", *column) for code, column in zip("qqqIHH", columns, strict=True)
    )
    return frame_prefix(SLOT) + struct.pack("<II", n, len(heap)) + layout.tail + body + heap


def refusal(frame: bytes, layout: StreamLayout, **more: object) -> str:
    with pytest.raises(Refusal) as caught:
        parse(frame, layout, **more)  # type: ignore[arg-type]
    return caught.value.kind


GOOD = (T0, T0, 5, 0, 0, S)
N1 = NO_SOURCE_TIME
INF = struct.unpack("<q", struct.pack("<d", float("inf")))[0]


@pytest.mark.parametrize("copies", [1, 40])
@pytest.mark.parametrize(
    ("kinds", "row", "kind"),
    [
        ("int", (-1, T0, 5, 0, 0, S), "time"),
        ("int", (9_214_646_400_000, T0, 5, 0, 0, S), "time"),
        ("int", (T0, -1, 5, 0, 0, S), "time"),
        ("int", (T0, 9_214_646_400_000, 5, 0, 0, S), "time"),
        ("int", (T0, N1 + 1, 5, 0, 0, S), "time"),
        ("int", (T0, T0, 5, 0, 1, S), "signal"),
        ("int", (T0, T0, 5, 0, 0, S | 0x200), "flags"),
        ("int", (T0, T0, 5, 0, 0, S | 0x8000), "flags"),
        ("int", (T0, T0, 0, 0, 0, S | 4), "flags"),
        ("int", (T0, T0, 0, 0, 0, S | 1 | 4 | 32), "flags"),
        ("int", (T0, T0, 1, 0, 0, S | 16 | 1), "flags"),
        ("text", (T0, T0, 1, 0, 0, S | 16 | 256), "flags"),
        ("float", (T0, T0, 0, 0, 0, S | 32), "flags"),
        ("int", (T0, T0, 0, 0, 0, S | 32 | 1), "flags"),
        ("int", (T0, T0, 5, 0, 0, S | 256), "flags"),
        ("text", (T0, T0, 0, 0, 0, S | 256 | 1), "flags"),
        ("int", (T0, N1, 1, 0, 0, S | 16), "time"),
        ("int", (T0, T0, 0, 0, 0, S | 16), "value"),
        ("int", (T0, T0, 9, 0, 0, S | 16), "value"),
        ("int", (T0, T0, 5, 0, 0, S | 1), "value"),
        ("bool", (T0, T0, 2, 0, 0, S), "value"),
        ("bool", (T0, T0, -1, 0, 0, S), "value"),
        ("float", (T0, T0, INF, 0, 0, S), "value"),
        ("float", (T0, T0, INF | 1, 0, 0, S), "value"),
        ("float", (T0, T0, -1, 0, 0, S), "value"),
        ("text", (T0, T0, 1, 0, 0, S), "text"),
        ("text", (T0, T0, 1 << 32, 0, 0, S), "text"),
        ("text", (T0, T0, -1, 0, 0, S), "text"),
        ("int", (T0, T0, 5, 0, 0, 0), "simulated"),
    ],
)
def test_row_that_breaks_a_demand_is_refused(kinds: str, row: tuple, kind: str, copies: int):
    layout = layout_of(kinds)
    good = (T0, T0, 0, 0, 0, S)
    frame = raw_frame(layout, [good] * (copies - 1) + [row])
    assert refusal(frame, layout) == kind


def test_simulated_row_in_a_real_log_is_refused():
    layout = layout_of("int")
    frame = raw_frame(layout, [GOOD])
    assert parse(frame, layout).rows == 1
    assert refusal(frame, layout, simulated=False) == "simulated"
    real = raw_frame(layout, [(T0, T0, 5, 0, 0, 0)])
    assert parse(real, layout, simulated=False).rows == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f[:-1],
        lambda f: f + b"\0",
        lambda f: b"x" + f[1:],
        lambda f: f[:8] + b"\x01" + f[9:],
        lambda f: f[:16] + b"\x02" + f[17:],
        lambda f: f[:20] + b"\x01" + f[21:],
        lambda f: f[:24] + b"\x0b" + f[25:],
        lambda f: f[:30] + b"x" + f[31:],
        lambda f: f[:39] + b"x" + f[40:],
        lambda f: f[:20],
        lambda f: b"",
    ],
    ids=[
        "short",
        "long",
        "magic",
        "slot",
        "rows",
        "heap",
        "id length",
        "id",
        "padding",
        "header cut",
        "empty",
    ],
)
def test_header_or_length_changed_is_refused_as_frame(change: Callable[[bytes], bytes]):
    layout = layout_of("int")
    assert header_bytes(layout.stream) == 40
    frame = raw_frame(layout, [GOOD])
    assert refusal(change(frame), layout) == "frame"


def text_rows(*lengths: int, flags: int = S) -> list[tuple[int, int, int, int, int, int]]:
    rows, at = [], 0
    for length in lengths:
        rows.append((T0, T0, length << 32 | at, 0, 0, flags))
        at += length
    return rows


def test_texts_must_tile_the_heap():
    layout = layout_of("text")
    assert [
        parse(raw_frame(layout, text_rows(3, 0, 2), b"abcde"), layout).text(i) for i in range(3)
    ] == [
        b"abc",
        b"",
        b"de",
    ]
    assert refusal(raw_frame(layout, text_rows(3), b"abcd"), layout) == "text"
    assert refusal(raw_frame(layout, text_rows(3)[::-1] + text_rows(2), b"abc"), layout) == "text"
    assert refusal(raw_frame(layout, text_rows(1), b"\xff"), layout) == "text"
    assert refusal(raw_frame(layout, text_rows(1025), b"a" * 1025), layout) == "text"
    assert refusal(raw_frame(layout, [], b"abc"), layout) == "text"
    assert refusal(raw_frame(layout_of("int"), [GOOD], b"abc"), layout_of("int")) == "text"
    # half a code point in one text, the other half in the next: the heap as a whole is well formed, the texts are not
    assert refusal(raw_frame(layout, text_rows(1, 2), "轴".encode()), layout) == "text"


@pytest.mark.parametrize(("length", "good"), [(1020, False), (1021, True), (1024, True)])
def test_cut_text_has_1021_to_1024_bytes(length: int, good: bool):
    layout = layout_of("text")
    frame = raw_frame(layout, text_rows(length, flags=S | 256), b"a" * length)
    if good:
        assert parse(frame, layout).rows == 1
    else:
        assert refusal(frame, layout) == "text"


def test_empty_frame_has_no_rows_and_any_leftover_is_refused():
    layout = layout_of("int")
    frame = write_frame(layout, SLOT, [])
    assert len(frame) == header_bytes(layout.stream)
    assert parse(frame, layout) is NO_ROWS
    assert refusal(frame + b"\0", layout) == "frame"


def test_large_finite_floats_whose_sum_overflows_are_accepted():
    layout = layout_of("float")
    rows = [FrameRow(T0, T0, 0, 1.7e308, 0, S)] * 40
    assert parse(write_frame(layout, SLOT, rows), layout).rows == 40


def test_late_counts_rows_more_than_a_minute_before_the_slot_but_no_missed_slots():
    layout = layout_of("int")
    bound = T0 - 60_000
    rows = [
        FrameRow(T0, bound - 1, 0, 1, 0, S),
        FrameRow(T0, bound, 0, 1, 0, S),
        FrameRow(T0, None, 0, 1, 0, S),
        FrameRow(T0, bound - 1, 0, 5, 0, S | 16),
    ]
    columns = parse(write_frame(layout, SLOT, rows), layout)
    assert (columns.late, columns.missed) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "value", "flags", "status"),
    [
        ("int", 2**63, 1, 0x8074_0000),
        ("uint", -1, 1, 0x8074_0000),
        ("bool", 2, 1, 0x8074_0000),
        ("int", 1.5, 1, 0x8074_0000),
        ("float", float("nan"), 1 | 32, 0),
        ("float", float("-inf"), 1 | 32, 0),
    ],
)
def test_writer_value_its_type_cannot_hold_becomes_no_value(
    kind: str, value: float, flags: int, status: int
):
    layout = layout_of(kind)
    columns = parse(write_frame(layout, SLOT, [FrameRow(T0, T0, 0, value, 0, S)]), layout)
    assert (columns.flags[0], columns.status[0], columns.value[0]) == (S | flags, status, 0)


def test_writer_source_time_out_of_range_is_written_as_none():
    layout = layout_of("int")
    for source in (-1, 9_214_646_400_000):
        columns = parse(write_frame(layout, SLOT, [FrameRow(T0, source, 0, 1, 0, S)]), layout)
        assert columns.source_ms[0] == NO_SOURCE_TIME
    with pytest.raises(ValueError, match="received"):
        write_frame(layout, SLOT, [FrameRow(-1, None, 0, 1)])


def test_writer_frame_over_the_limit_raises():
    layout = layout_of("int")
    row = FrameRow(T0, T0, 0, 1, 0, S)
    with pytest.raises(ValueError, match="exceed"):
        write_frame(layout, SLOT, [row] * 524_288)


def test_column_offsets_name_the_layout():
    layout = layout_of("int")
    frame = write_frame(layout, SLOT, [FrameRow(T0 + 1, T0 + 2, 0, 7, 9, S)])
    h = header_bytes(layout.stream)
    at = {name: h + offset for name, offset in COLUMN_OFFSETS.items()}
    assert struct.unpack_from("<q", frame, at["received_ms"]) == (T0 + 1,)
    assert struct.unpack_from("<q", frame, at["source_ms"]) == (T0 + 2,)
    assert struct.unpack_from("<q", frame, at["value"]) == (7,)
    assert struct.unpack_from("<I", frame, at["status"]) == (9,)
    assert struct.unpack_from("<H", frame, at["signal"]) == (0,)
    assert struct.unpack_from("<H", frame, at["flags"]) == (S,)
    assert at["heap"] == len(frame)


def test_salt_and_sub_leaf_refuse_other_lengths():
    with pytest.raises(ValueError, match="32"):
        salt_of(b"short", ORIGIN, "cnc-01.count", SLOT)
    with pytest.raises(ValueError, match="16"):
        sub_leaf(bytes(56), b"frame")
