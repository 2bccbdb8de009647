"""The columnar frame writer against the reference writer and the strict parser of the evidence core."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.frame import FrameRow, StreamLayout, frame_prefix, parse_frame, write_frame
from model.batch import NO_TIME, make_batch
from model.flags import RowFlag
from model.signal import Role, Signal, SignalTable, SignalType
from storage.frames import FrameWriter

SLOT = 29_538_720
T0 = SLOT * 60_000
E, H, M, S = RowFlag.NO_VALUE, RowFlag.ALIVE, RowFlag.MISSED, RowFlag.SIMULATED

TABLE = SignalTable.of(
    [
        Signal(device=device, name=f"s{i}", role=role, type=kind)
        for device in ("cnc-01", "robot-01")
        for i, (role, kind) in enumerate(
            [
                (Role.STATE, SignalType.INT),
                (Role.COUNT_GOOD, SignalType.UINT),
                (Role.ALARM, SignalType.BOOL),
                (Role.PROCESS_VALUE, SignalType.FLOAT),
                (Role.PROGRAM, SignalType.TEXT),
                (Role.ENERGY, SignalType.FLOAT),
            ]
        )
    ]
)


@st.composite
def slot_rows(draw):
    rows = []
    for _ in range(draw(st.integers(0, 30))):
        signal = draw(st.integers(0, len(TABLE.signals) - 1))
        kind = TABLE.signals[signal].type
        received = draw(st.integers(0, 9_214_646_399_999)) * 1_000_000 + draw(
            st.integers(0, 999_999)
        )
        source = draw(
            st.one_of(
                st.just(NO_TIME),
                st.integers(-(2**62), 2**63 - 1),
                st.integers(T0 * 10**6 - 10**11, T0 * 10**6 + 6 * 10**10),
            )
        )
        status = draw(st.sampled_from([0, 0x80050000, 0x00000480]))
        extra = S | draw(
            st.sampled_from([0, RowFlag.BACK_FILLED, RowFlag.OVERFLOW, RowFlag.IMPORTED])
        )
        form = draw(st.sampled_from(["value", "value", "value", "none", "alive", "missed"]))
        value: int | float | bytes | None
        if form == "none":
            value, flags = None, E | extra
        elif form == "alive":
            value, flags = None, E | H | extra
        elif form == "missed":
            value, flags = draw(st.integers(1, 8)), M | extra
            source = draw(st.integers(0, 9_214_646_399_999)) * 1_000_000
        else:
            flags = extra
            value = draw(
                {
                    SignalType.INT: st.integers(-(2**63), 2**63 - 1),
                    SignalType.UINT: st.integers(0, 2**64 - 1),
                    SignalType.BOOL: st.integers(0, 3),
                    SignalType.FLOAT: st.floats(),
                    SignalType.TEXT: st.one_of(st.binary(max_size=30), st.text(max_size=30).map(str.encode),
                                               st.binary(min_size=1000, max_size=1100)),
                }[kind]
            )  # fmt: skip
        rows.append((signal, received, source, value, status, int(flags), form))
    return rows


def to_batch(rows):
    texts: list[bytes] = [b"never used"]
    values = []
    for _, _, _, value, *_ in rows:
        if value is None:
            values.append(0)
        elif isinstance(value, bytes):
            texts.append(value)
            values.append(len(texts) - 1)
        elif isinstance(value, float):
            values.append(struct.unpack("<q", struct.pack("<d", value))[0])
        else:
            values.append(value - 2**64 if value >= 2**63 else value)
    return make_batch(
        signal=[r[0] for r in rows],
        source_ns=[r[2] for r in rows],
        received_ns=[r[1] for r in rows],
        value=values,
        status=[r[4] for r in rows],
        flags=[r[5] for r in rows],
        texts=texts,
    )


def layouts():
    return [
        StreamLayout.of(stream, [s.type for s in TABLE.signals if s.stream == stream])
        for stream in TABLE.streams
    ]


@settings(max_examples=300, deadline=None)
@given(slot_rows())
def test_columnar_frames_equal_the_reference_writer_and_pass_the_strict_parser(rows):
    result = FrameWriter(TABLE).render(to_batch(rows), SLOT)
    late = 0
    for i, layout in enumerate(layouts()):
        mine = [r for r in rows if TABLE.stream_of[r[0]] == i]
        reference = write_frame(
            layout,
            SLOT,
            [
                FrameRow(
                    received_ms=r[1] // 1_000_000,
                    source_ms=None if r[2] == NO_TIME else r[2] // 1_000_000,
                    signal=TABLE.index_in_stream[r[0]],
                    value=r[3],
                    status=r[4],
                    flags=r[5],
                )
                for r in mine
            ],
        )
        assert result.frames[i] == reference
        parsed = parse_frame(result.frames[i], layout, frame_prefix(SLOT), SLOT, simulated=True)
        assert parsed.rows == len(mine)
        late += parsed.late
        assert result.state[i] == ("D" if parsed.missed < parsed.rows else "G")
    assert result.rows == len(rows)
    assert result.late == late
    assert result.carry is None


def one(**changes):
    row = {
        "signal": [0],
        "source_ns": [T0 * 10**6],
        "received_ns": T0 * 10**6,
        "value": [1],
        "flags": int(S),
    }
    return make_batch(**{**row, **changes})


@pytest.mark.parametrize(
    "batch",
    [
        one(received_ns=-1),
        one(received_ns=9_214_646_400_000 * 10**6),
        one(signal=[12]),
        one(signal=[-1]),
        one(flags=int(M), value=[0]),
        one(flags=int(M), value=[9]),
        one(flags=int(M), source_ns=[NO_TIME]),
        one(flags=int(M | E)),
        one(flags=int(H | E | RowFlag.NOT_FINITE)),
        one(flags=int(RowFlag.NOT_FINITE)),
    ],
)
def test_rows_that_no_connector_may_make_are_refused(batch):
    with pytest.raises(ValueError, match=r"received|signal|flags|missed|float"):
        FrameWriter(TABLE).render(batch, SLOT)


def test_rows_beyond_sixteen_mebibytes_are_carried_into_the_next_slot():
    n = 2**24 // 32 + 10
    stream_header = 40  # 26 + len("robot-01.state") = 40
    index = TABLE.by_name["robot-01", "s0"]
    batch = make_batch(
        signal=np.full(n, index),
        source_ns=np.full(n, T0 * 10**6),
        received_ns=T0 * 10**6,
        value=np.arange(n),
    )
    result = FrameWriter(TABLE).render(batch, SLOT)
    fits = (2**24 - stream_header) // 32
    assert result.rows == fits
    assert max(map(len, result.frames)) <= 2**24
    assert result.carry is not None
    assert result.carry.value.tolist() == list(range(fits, n))
    following = FrameWriter(TABLE).render(result.carry, SLOT + 1)
    assert following.rows == n - fits


def test_rows_with_texts_beyond_sixteen_mebibytes_are_carried_in_order():
    n = 17_000
    index = TABLE.by_name["robot-01", "s4"]
    other = TABLE.by_name["cnc-01", "s0"]
    batch = make_batch(
        signal=[other, *[index] * n, other],
        source_ns=np.full(n + 2, T0 * 10**6),
        received_ns=T0 * 10**6,
        value=[5, *[0] * n, 6],
        texts=[b"x" * 1000],
    )
    result = FrameWriter(TABLE).render(batch, SLOT)
    fits = (
        2**24 - 40
    ) // 1032  # 26 + len("robot-01.process") = 42 -> 48 bytes of header; 1032 a row
    assert result.rows == fits + 2
    assert result.carry is not None
    assert len(result.carry) == n - fits
    layout = layouts()[TABLE.stream_of[index]]
    frame = result.frames[TABLE.stream_of[index]]
    assert parse_frame(frame, layout, frame_prefix(SLOT), SLOT, simulated=False).rows == fits
