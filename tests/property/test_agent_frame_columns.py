"""Cutting many frames at once gives what the strict parser gives frame by frame."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agent.frame_columns import FrameLayout, Rows, TextNumbers, cut
from evidence.container import frame_record
from evidence.frame import FrameRow, StreamLayout, frame_prefix, parse_frame, write_frame
from model.signal import SignalType

SLOT = 29_538_720
SIMULATED, NO_VALUE = 0x80, 0x01
LAYOUTS = {
    "cnc-01.quality": StreamLayout.of("cnc-01.quality", [SignalType.INT, SignalType.TEXT]),
    "m-1.energy": StreamLayout.of("m-1.energy", [SignalType.FLOAT]),
    "skipped.env": StreamLayout.of("skipped.env", [SignalType.INT]),
}
STREAMS = list(LAYOUTS)
WANTED = [
    FrameLayout(24 + len(LAYOUTS[s].tail), np.array(points, np.int32), text)
    for s, points, text in ((STREAMS[0], [4, 7], (1,)), (STREAMS[1], [5], ()))
]

TIME = st.integers(0, 2**40)


def row(signal: int, value: st.SearchStrategy[object]) -> st.SearchStrategy[FrameRow]:
    return st.builds(
        FrameRow,
        received_ms=TIME,
        source_ms=TIME,
        value=value,
        status=st.sampled_from([0, 0x40000000]),
        signal=st.just(signal),
        flags=st.just(SIMULATED),
    )


ROWS = {
    STREAMS[0]: st.one_of(
        row(0, st.integers(-(2**63), 2**63 - 1)),
        row(1, st.text(alphabet="aé程", max_size=4).map(str.encode)),
    ),
    STREAMS[1]: row(0, st.floats()),
    STREAMS[2]: row(0, st.integers(0, 9)),
}
MINUTE = st.tuples(*(st.lists(ROWS[s], max_size=4) for s in STREAMS))
LONG_MINUTE = st.tuples(*(st.lists(ROWS[s], min_size=11, max_size=16) for s in STREAMS))
"""Frames of so many rows that their columns are copied, not gathered."""


@given(st.lists(MINUTE, min_size=1, max_size=5) | st.lists(LONG_MINUTE, min_size=1, max_size=3))
def test_columns_are_those_of_the_strict_parser(
    minutes: list[tuple[list[FrameRow], list[FrameRow], list[FrameRow]]],
) -> None:
    records, expected = [], []
    for number, minute in enumerate(minutes):
        slot = SLOT + number
        data = b""
        for stream, rows in zip(STREAMS, minute, strict=True):
            frame = write_frame(LAYOUTS[stream], slot, rows)
            data += frame_record(bytes(16), frame)
            if stream == "skipped.env":
                continue
            parsed = parse_frame(frame, LAYOUTS[stream], frame_prefix(slot), slot, simulated=True)
            points = WANTED[STREAMS.index(stream)].points
            for i, signal in enumerate(parsed.signal):
                text = stream == STREAMS[0] and signal == 1 and not parsed.flags[i] & NO_VALUE
                expected.append(
                    (
                        stream,
                        slot,
                        int(points[signal]),
                        parsed.source_ms[i],
                        parsed.received_ms[i],
                        parsed.text(i).decode() if text else parsed.value[i],
                        parsed.status[i],
                        parsed.flags[i],
                    )
                )
        records.append(data)
    texts = TextNumbers()
    slots = [SLOT + i for i in range(len(minutes))]
    rows = Rows.joined(cut(records, slots, [*WANTED, None], texts))
    columns = (
        rows.slot,
        rows.point,
        rows.source,
        rows.received,
        rows.value,
        rows.status,
        rows.flags,
    )
    found = [
        (STREAMS[0] if r[1] in {4, 7} else STREAMS[1], *r)
        for r in zip(*(c.tolist() for c in columns), strict=True)
    ]
    found = [
        (*r[:5], texts.texts[r[5]] if r[2] == 7 and not r[7] & NO_VALUE else r[5], *r[6:])
        for r in found
    ]
    # Streams may be interleaved in any way; inside one the order of slot and row counts.
    for stream in STREAMS[:2]:
        assert [r for r in found if r[0] == stream] == [r for r in expected if r[0] == stream]
