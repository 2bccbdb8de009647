"""Line protocol: exact lines by hand, escapes, kinds of rows, duplicates."""

from __future__ import annotations

import math

import numpy as np
import pytest

from model.batch import NO_TIME, Batch, make_batch
from model.flags import RowFlag
from model.signal import Role, Signal, SignalClass, SignalTable, SignalType
from storage.line_names import PlantTags, field_name, status_field
from storage.line_protocol import LineEncoder

T0 = 1_772_323_200_000_000_000


def signal(
    name: str,
    kind: SignalType = SignalType.FLOAT,
    role: Role = Role.PROCESS_VALUE,
    device: str = "cnc-01",
):
    return Signal(device=device, name=name, role=role, type=kind)


def floats(*values: float) -> list[int]:
    return np.array(values, dtype=np.float64).view(np.int64).tolist()


def lines(signals, batch: Batch, *, ranks=None, unsigned=False, tags=None) -> list[str]:
    encoder = LineEncoder(
        SignalTable.of(signals), tags or PlantTags("", simulated=False), unsigned=unsigned
    )
    data = encoder.encode(
        batch, None if ranks is None else np.array(ranks, dtype=np.uint8)
    ).decode()
    assert data == "" or data.endswith("\n")
    return data.splitlines()


def rows(sig, tau, value, **columns) -> Batch:
    return make_batch(
        signal=sig, source_ns=[T0 + t for t in tau], received_ns=T0 + 99, value=value, **columns
    )


def test_one_wide_line_for_a_stream_and_instant():
    signals = [signal("spindle"), signal("load"), signal("state", SignalType.INT, Role.STATE)]
    # stream order: state (0), spindle (1), load (2)
    batch = rows([1, 0, 2, 1], [0, 0, 0, 5], [*floats(1.5), 3, *floats(-2.0), *floats(0.1)])
    assert lines(signals, batch) == [
        f"state,device=cnc-01 state=3i {T0}",
        f"process,device=cnc-01 spindle=1.5,load=-2.0 {T0}",
        f"process,device=cnc-01 spindle=0.1 {T0 + 5}",
    ]


def test_tags_are_in_key_order_escaped_and_empty_ones_left_out():
    tags = PlantTags("东厂 1,A=B\\", simulated=True, area={"cnc-01": "机 加"}, line={"cnc-01": ""})
    assert lines([signal("x")], rows([0], [0], floats(1.0)), tags=tags) == [
        f"process,area=机\\ 加,device=cnc-01,realm=sim,site=东厂\\ 1\\,A\\=B/ x=1.0 {T0}"
    ]


def test_every_type_has_its_form():
    signals = [
        signal("a", SignalType.INT), signal("b", SignalType.UINT), signal("c", SignalType.BOOL),
        signal("d", SignalType.TEXT), signal("e", SignalType.FLOAT),
    ]  # fmt: skip
    batch = rows(
        [0, 1, 2, 3, 4], [0] * 5, [-5, -1, 1, 0, *floats(1e300)], texts=[b'O "1"\\x, =\xff']
    )
    assert lines(signals, batch, unsigned=True) == [
        f'process,device=cnc-01 a_int=-5i,b_uint={2**64 - 1}u,c_bool=true,d_text="O \\"1\\"\\\\x, =\ufffd",e=1e300 {T0}'
    ]
    (signed,) = lines(signals, batch)
    assert "b_uint=-1i" in signed, "without u: the same 64 bits as a signed integer"


def test_rows_without_value_alive_rows_and_missed_rows_have_a_mark_field_each():
    signals = [signal("good", SignalType.INT, Role.COUNT_GOOD)]
    e, h, m = RowFlag.NO_VALUE, RowFlag.ALIVE, RowFlag.MISSED
    batch = make_batch(
        signal=[0, 0, 0, 0],
        source_ns=[T0 + 1, NO_TIME, T0 + 3, T0 + 4],
        received_ns=T0 + 2,
        value=[0, 0, 5, 7],
        status=[0x80050000, 0, 0x809B0000, 0x40000000],
        flags=[int(e), int(e | h), int(m), 0],
    )
    assert lines(signals, batch) == [
        f"count,device=cnc-01 good_none=2147811328i {T0 + 1}",
        f"count,device=cnc-01 good_alive=true {T0 + 2}",
        f"count,device=cnc-01 good_missed=5i {T0 + 3}",
        f"count,device=cnc-01 good=7i,good_status=1073741824i {T0 + 4}",
    ]


def test_a_float_that_is_not_finite_is_a_row_without_value():
    assert lines([signal("x")], rows([0, 0], [0, 1], floats(math.nan, -math.inf))) == [
        f"process,device=cnc-01 x_none=0i {T0}",
        f"process,device=cnc-01 x_none=0i {T0 + 1}",
    ]


def test_two_values_at_one_instant_are_two_series_and_a_repetition_is_written_once():
    batch = rows([0, 0, 0], [0, 0, 0], floats(1.0, 2.0, 1.0))
    assert lines([signal("x")], batch, ranks=[0, 1, 0]) == [
        f"process,device=cnc-01 x=1.0 {T0}",
        f"process,device=cnc-01,dup=1 x=2.0 {T0}",
    ]
    assert lines([signal("x")], rows([0, 0], [0, 0], floats(1.0, 1.0))) == [
        f"process,device=cnc-01 x=1.0 {T0}"
    ]


def test_a_value_and_a_proof_at_one_instant_share_a_line():
    batch = rows([0, 0], [0, 0], floats(1.0, 0.0), flags=[0, int(RowFlag.NO_VALUE | RowFlag.ALIVE)])
    assert lines([signal("x")], batch) == [f"process,device=cnc-01 x=1.0,x_alive=true {T0}"]


def test_row_without_source_time_has_its_received_time():
    batch = make_batch(
        signal=[0, 0], source_ns=[NO_TIME, -5], received_ns=[T0, T0 + 1], value=floats(1.0, 2.0)
    )
    assert [line.rsplit(" ", 1)[1] for line in lines([signal("x")], batch)] == [
        str(T0),
        str(T0 + 1),
    ]


@pytest.mark.parametrize("kind", list(SignalType))
@pytest.mark.parametrize("name", ["x", "x_int", "x_status", "x_none", "x_text_float", "int"])
def test_field_names_never_collide(kind, name):
    """In one measurement a field name belongs to one (name, type), and never equals a status or mark of another."""
    names = [
        "x",
        "x_int",
        "x_status",
        "x_none",
        "x_alive",
        "x_missed",
        "x_text_float",
        "x_float",
        "int",
        "x_int_int",
    ]
    mine = signal(name, kind)
    others = [signal(n, k) for n in names for k in SignalType if (n, k) != (name, kind)]
    taken = {
        field_name(s) + ending
        for s in others
        for ending in ("", "_none", "_alive", "_missed", "_status")
    }
    assert field_name(mine) not in taken
    assert status_field(mine) not in taken


def test_natural_types_have_the_plain_name():
    assert field_name(signal("good", SignalType.INT, Role.COUNT_GOOD)) == "good"
    assert field_name(signal("energy", SignalType.FLOAT, Role.ENERGY)) == "energy"
    assert field_name(signal("energy", SignalType.UINT, Role.ENERGY)) == "energy_uint"
    assert {c.value for c in SignalClass} == {
        "state",
        "count",
        "energy",
        "quality",
        "env",
        "process",
    }


def test_lines_of_one_type_join_fields_only_at_one_instant_of_one_stream():
    signals = [signal("a"), signal("b"), signal("a", device="cnc-02")]
    batch = rows([0, 1, 2, 0, 1], [0, 0, 0, 1, 2], floats(1.0, 2.0, 3.0, 4.0, 5.0))
    assert lines(signals, batch) == [
        f"process,device=cnc-01 a=1.0,b=2.0 {T0}",
        f"process,device=cnc-02 a=3.0 {T0}",
        f"process,device=cnc-01 a=4.0 {T0 + 1}",
        f"process,device=cnc-01 b=5.0 {T0 + 2}",
    ]


def test_of_two_values_for_one_older_instant_the_last_counts_as_in_the_server():
    # Rank 0 for both: they differ only in blocks that look no further back than the newest instant.
    batch = rows([0, 0, 0], [5, 0, 0], floats(9.0, 1.0, 2.0))
    assert lines([signal("a")], batch) == [
        f"process,device=cnc-01 a=2.0 {T0}",
        f"process,device=cnc-01 a=9.0 {T0 + 5}",
    ]


def test_blocks_without_ranks_are_encoded_together_and_others_one_by_one():
    table = SignalTable.of([signal("a"), signal("t", SignalType.TEXT)])
    encoder = LineEncoder(table, PlantTags("", simulated=False), unsigned=True)
    one = rows([0, 1], [0, 0], [*floats(1.0), 0], texts=[b"x"])
    two = rows([0, 1], [0, 1], [*floats(2.0), 1], texts=[b"x", b"y"])
    together = encoder.encode_all([(one, None), (two, None)]).decode().splitlines()
    # The value of the second block at the same instant is the one that a server would keep.
    assert together == [
        f'process,device=cnc-01 a=2.0,t_text="x" {T0}',
        f'process,device=cnc-01 t_text="y" {T0 + 1}',
    ]
    ranks = np.array([1, 0], dtype=np.uint8)
    apart = encoder.encode_all([(one, None), (two, ranks)])
    assert apart == encoder.encode(one) + encoder.encode(two, ranks)
    assert b"dup=1" in apart
