"""Ranks of values at one instant, and lines, against plain readings of the documents over random rows."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from model.batch import NO_TIME, make_batch
from model.flags import RowFlag
from model.signal import Role, Signal, SignalTable, SignalType
from storage.instants import SameInstant, instants, kinds
from storage.line_names import PlantTags, mark_field
from storage.line_protocol import LineEncoder
from storage.points import points_by_device
from storage.signal_tables import decode_table, encode_table, text_mask
from storage.store import StoreBlock

TABLE = SignalTable.of(
    [
        Signal(device=device, name=f"s{i}", role=role, type=kind)
        for device in ("a", "b")
        for i, (role, kind) in enumerate(
            [
                (Role.PROCESS_VALUE, SignalType.FLOAT),
                (Role.PROCESS_VALUE, SignalType.INT),
                (Role.PROGRAM, SignalType.TEXT),
                (Role.STATE, SignalType.INT),
            ]
        )
    ]
)
MASK = text_mask(TABLE)
TEXTS = (b"x", b"y", b"x")
FLAGS = [0, 0, 0, int(RowFlag.NO_VALUE), int(RowFlag.NO_VALUE | RowFlag.ALIVE), int(RowFlag.MISSED)]

row = st.tuples(
    st.integers(0, len(TABLE.signals) - 1),
    st.sampled_from([NO_TIME, 10, 10, 20, 20, 30]),
    st.sampled_from([10, 20, 40]),
    st.integers(0, 2),
    st.sampled_from([0, 0, 0x80050000]),
    st.sampled_from(FLAGS),
)
blocks = st.lists(st.lists(row, max_size=12), max_size=4)


def batch_of(rows):
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), (), (), ()]
    return make_batch(
        signal=columns[0], source_ns=columns[1], received_ns=columns[2] if rows else 0,
        value=[0 if f & RowFlag.NO_VALUE else v for v, f in zip(columns[3], columns[5], strict=True)],
        status=columns[4] if rows else 0, flags=columns[5] if rows else 0, texts=TEXTS,
    )  # fmt: skip


def plain_ranks(batch, memory):
    """Docs: rank 0 = first value at the newest instant or a repetition of it, r = the r-th further (value, status)."""
    out = []
    for i in range(len(batch)):
        kind = int(kinds(batch)[i])
        key = (int(batch.signal[i]), kind)
        tau = int(instants(batch)[i])
        value: object = int(batch.value[i])
        if MASK[batch.signal[i]] and kind == 0:
            value = TEXTS[int(batch.value[i])]
        newest, seen = memory.get(key, (None, []))
        if newest is None or tau > newest:
            memory[key] = (tau, [(value, int(batch.status[i]))])
            out.append(0)
        elif tau == newest:
            if (value, int(batch.status[i])) not in seen:
                seen.append((value, int(batch.status[i])))
            out.append(seen.index((value, int(batch.status[i]))))
        else:
            out.append(0)
    return out


@settings(max_examples=300)
@given(blocks)
def test_ranks_equal_the_plain_reading_across_blocks(many):
    same = SameInstant(MASK)
    memory: dict[object, object] = {}
    for rows in many:
        batch = batch_of(rows)
        ranks = same.ranks(batch)
        expected = plain_ranks(batch, memory)
        assert ([0] * len(batch) if ranks is None else ranks.tolist()) == expected


@settings(max_examples=300)
@given(blocks)
def test_points_in_the_lines_are_the_points_that_are_counted(many):
    """The set of (series, time, mark field) in the text = distinct (signal, kind, instant, rank) of the rows."""
    same = SameInstant(MASK)
    encoder = LineEncoder(TABLE, PlantTags("", simulated=False), unsigned=True)
    stored = set()
    expected = set()
    out = []
    for seq, rows in enumerate(many):
        batch = batch_of(rows)
        ranks = same.ranks(batch)
        out.append(StoreBlock(seq, TABLE, batch, ranks))
        text = encoder.encode(batch, ranks).decode()
        keys = [line.split(" ")[0] + " " + line.split(" ")[2] for line in text.splitlines()]
        assert len(set(keys)) == len(keys), "one line per stream, instant and rank"
        for line in text.splitlines():
            key, fields, time = line.split(" ")
            names = [f.partition("=")[0] for f in fields.split(",")]
            assert len(set(names)) == len(names)
            stored |= {(key, int(time), name) for name in names if not name.endswith("_status")}
        for i in range(len(batch)):
            signal = TABLE.signals[int(batch.signal[i])]
            rank = 0 if ranks is None else int(ranks[i])
            series = f"{signal.signal_class.value},device={signal.device}" + (
                f",dup={rank}" if rank else ""
            )
            expected.add(
                (series, int(instants(batch)[i]), mark_field(signal, int(kinds(batch)[i])))
            )
    assert stored == expected
    counts = points_by_device(out, 0, 10**18)
    for device in ("a", "b"):
        assert counts.get(device, 0) == sum(
            re.search(rf"device={device}\b", key) is not None for key, _, _ in stored
        )


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_floats_in_lines_read_back_to_the_same_bits(values):
    table = SignalTable.of(
        [Signal(device="a", name="x", role=Role.PROCESS_VALUE, type=SignalType.FLOAT)]
    )
    bits = np.array(values, dtype=np.float64).view(np.int64)
    batch = make_batch(
        signal=[0] * len(values), source_ns=range(len(values)), received_ns=0, value=bits
    )
    text = LineEncoder(table, PlantTags("", simulated=False), unsigned=True).encode(batch).decode()
    back = [float(line.split(" ")[1].partition("=")[2]) for line in text.splitlines()]
    assert np.array(back).view(np.int64).tolist() == bits.tolist()


def test_signal_table_survives_its_bytes():
    assert decode_table(encode_table(TABLE)) == TABLE
