"""Values over time, merged states, debounce, minor stops, products (statistics.md §1 to §3); values by hand."""

from __future__ import annotations

from typing import Any

import pytest

from evidence.frame import FrameRow
from evidence.recompute.equipment.products import product_pieces
from evidence.recompute.equipment.states import debounced
from model.signal import Role
from model.state import MachineState as M
from tests.unit.evidence.equipment_builder import (
    MIN,
    T0,
    add_blocks,
    log_of,
    machine,
    product,
    signal,
    signals,
    table,
)
from tests.unit.evidence.evidence_builder import FIRST_SLOT, E, I, missed, proof, row

BAD = 0x8000_0000


def values(
    rows: list[FrameRow], kind: str = "text", minutes: int = 10, **changes: Any
) -> list[tuple[int, int, str | None]]:
    """Known values of a signal of role mode, in seconds after T0; it holds for 150 s."""
    document = machine(state=[signal("mode", "mode", kind, **changes)])
    log = log_of(document, {"m.state": rows}, minutes)
    found = signals(log, minutes).texts("m.state")("mode", Role.MODE)
    return [((s.start - T0) // 1000, (s.end - T0) // 1000, s.value) for s in found.stretches]


def at(seconds: int, value: object, **changes: Any) -> FrameRow:
    return row(T0 + seconds * 1000, 0, value, **changes)


def test_value_holds_until_the_next_event_or_until_it_expires():
    # A from 0 s, B from 100 s, nothing after it: B expires at 250 s
    assert values([at(0, b"A"), at(100, b"B")]) == [(0, 100, "A"), (100, 250, "B")]


def test_value_before_the_first_visible_event_is_unknown():
    assert values([at(130, b"A")], minutes=4) == [(130, 240, "A")]


def test_value_is_continued_by_a_proof_that_comes_in_time():
    # proof at 150 s, exactly when A expires, is in time; the next at 300 s too; 451 s is too late
    rows = [
        at(0, b"A"),
        proof(T0 + 150_000, 0),
        proof(T0 + 300_000, 0),
        proof(T0 + 451_000, 0),
        proof(T0 + 500_000, 0),
    ]
    assert values(rows) == [(0, 450, "A")]


def test_value_is_unknown_after_a_break_until_the_next_set():
    for broken in (
        at(60, b"B", status=BAD),  # a value that is not good
        at(60, None, flags=E),  # no value, not alive
        FrameRow(T0 + 60_000, T0 + 60_000, 0, 2, BAD, 16),  # M
    ):
        rows = [at(0, b"A"), broken, proof(T0 + 90_000, 0), at(120, b"C")]
        assert values(rows) == [(0, 60, "A"), (120, 270, "C")]


def test_value_imported_does_not_exist():
    assert values([at(0, b"A"), at(60, b"B", flags=I)]) == [(0, 150, "A")]


def test_value_of_two_events_at_one_instant_is_that_of_the_later_in_order():
    assert values([at(0, b"A"), at(60, b"B"), at(60, b"C")]) == [(0, 60, "A"), (60, 210, "C")]


def test_value_equal_to_the_one_before_goes_on():
    assert values([at(0, b"A"), at(100, b"A"), at(400, b"A")]) == [(0, 250, "A"), (400, 550, "A")]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("int", -7, "-7"),
        ("uint", 2**64 - 1, "18446744073709551615"),
        ("bool", 1, "1"),
        ("text", "工单7".encode(), "工单7"),
        ("float", 2.0, None),  # known to be a value, but without spelling
        ("text", b"A\x00", None),  # no document can hold this text
    ],
)
def test_value_is_spelled_by_its_type_before_scale(kind: str, value: object, text: str | None):
    assert values([at(0, value)], kind, scale=[7, 1]) == [(0, 150, text)]


def test_value_sealed_while_the_signal_has_another_role_does_not_exist():
    # from minute 2 on the same signal is an order: B is no mode, and A expires at 150 s
    first = machine(state=[signal("mode", "mode", "text")])
    log = log_of(first, {"m.state": [at(0, b"A")]}, 2)
    log.config(machine(state=[signal("mode", "order", "text")]))
    add_blocks(log, {"m.state": [at(120, b"B")]}, 4)
    found = signals(log, 6).texts("m.state")
    spans = [
        [
            ((s.start - T0) // 1000, (s.end - T0) // 1000, s.value)
            for s in found("mode", role).stretches
        ]
        for role in (Role.MODE, Role.ORDER)
    ]
    assert spans == [[(0, 150, "A")], [(120, 270, "B")]]


HOLD = {"hold_ms": 3_600_000}
SOURCES = (
    signal("plc", "state", table="plc/1", **HOLD),
    signal("robot", "state", table="robot/1", **HOLD),
)
TABLES = (
    {**table({"1": "run", "2": "unknown", "3": "idle"}), "id": "plc/1"},
    {**table({"1": "fault", "2": "wait"}, other="unknown"), "id": "robot/1"},
)


def pieces(
    state: Any, rows: list[FrameRow], minutes: int = 10, **changes: Any
) -> list[tuple[float, float, str]]:
    """States in minutes after T0, `*` behind those of minor stops."""
    log = log_of(machine(state=state, **changes), {"m.state": rows}, minutes)
    return shown(signals(log, minutes).states("m"))


def shown(found: Any) -> list[tuple[float, float, str]]:
    return [
        ((p.start - T0) / MIN, (p.end - T0) / MIN, p.state.value + ("*" if p.minor else ""))
        for p in found
    ]


def on(index: int, minute: float, value: object, **changes: Any) -> FrameRow:
    return row(T0 + int(minute * MIN), index, value, **changes)


def test_state_is_the_first_source_that_knows_one():
    # plc: run 0–2, unknown by its table 2–5, idle from 5; robot: fault all the time, refines only 2–5
    rows = [on(0, 0, 1), on(1, 0, 1), on(0, 2, 2), on(0, 5, 3)]
    found = pieces(SOURCES, rows, minor_stop_ms=0, state_tables=list(TABLES))
    assert found == [(0, 2, "run"), (2, 5, "fault"), (5, 10, "idle")]


def test_state_of_a_source_that_expired_or_broke_is_that_of_the_next():
    # plc holds for 150 s: run 0–2.5, then nothing; robot waits from minute 1 on
    sources = (signal("plc", "state", table="plc/1"), SOURCES[1])
    found = pieces(sources, [on(0, 0, 1), on(1, 1, 2)], minor_stop_ms=0, state_tables=list(TABLES))
    assert found == [(0, 2.5, "run"), (2.5, 10, "wait")]


def test_state_of_no_source_is_unknown():
    assert pieces([signal("state", "state")], [on(0, 1, 3)], 5) == [
        (0, 1, "unknown"),
        (1, 3.5, "run"),
        (3.5, 5, "unknown"),
    ]


def test_state_without_a_table_says_nothing():
    sources = (signal("plc", "state", **HOLD), SOURCES[1])
    rows = [on(0, 0, 1), on(1, 0, 2)]
    found = pieces(sources, rows, 3, state_table="", minor_stop_ms=0, state_tables=list(TABLES))
    assert found == [(0, 3, "wait")]


INPUTS = {
    "id": "t/1",
    "inputs": ["state", "mode", "order"],
    "map": [
        {"state": "test", "values": ["3", "service", "*"]},
        {"state": "run", "values": ["3", "auto", "*"]},
        {"state": "idle", "values": ["1", "*", "none"]},
        {"state": "wait", "values": ["1", "*", "*"]},
        {"state": "off", "values": ["*", "off", "*"]},
    ],
    "other": "setup",
}
WITH_INPUTS = (
    signal("state", "state", **HOLD),
    signal("mode", "mode", "text", **HOLD),
    signal("other_mode", "mode", "text", **HOLD),
    signal("order", "order", "text", **HOLD),
)


def test_state_by_mode_and_order():
    rows = [
        on(0, 0, 3),
        on(1, 0, b"auto"),
        on(2, 0, b"service"),  # only the first signal of role mode counts
        on(3, 0, b"none"),
        on(1, 1, b"service"),  # 1: test
        on(0, 2, 1),  # 2: idle, no order
        on(3, 3, b"4711"),  # 3: wait, an order
        on(0, 4, 7),  # 4: other
        on(1, 5, b"off"),  # 5: `*` fits the 7
    ]
    found = pieces(WITH_INPUTS, rows, 7, minor_stop_ms=0, state_tables=[INPUTS])
    assert found == [
        (0, 1, "run"),
        (1, 2, "test"),
        (2, 3, "idle"),
        (3, 4, "wait"),
        (4, 5, "setup"),
        (5, 7, "off"),
    ]


def test_state_whose_mode_is_unknown_or_absent_fits_only_a_star():
    # mode never seen: run needs auto, so 3 → other; 1 with order none → idle; order unknown → wait
    rows = [on(0, 0, 3), on(0, 1, 1), on(3, 2, b"none")]
    found = pieces(WITH_INPUTS, rows, 4, minor_stop_ms=0, state_tables=[INPUTS])
    assert found == [(0, 1, "setup"), (1, 2, "wait"), (2, 4, "idle")]
    alone = pieces(WITH_INPUTS[:1], rows[:2], 4, minor_stop_ms=0, state_tables=[INPUTS])
    assert alone == [(0, 1, "setup"), (1, 4, "wait")]


def test_state_that_is_a_float_fits_only_a_star():
    float_state = (signal("state", "state", "float", **HOLD),)
    assert pieces(float_state, [on(0, 0, 3.0)], 2) == [(0, 2, "unknown")]
    star = table({"*": "run"})
    assert pieces(float_state, [on(0, 0, 3.0)], 2, state_tables=[star]) == [(0, 2, "run")]


def test_state_follows_the_configuration_in_force():
    # the same value 3 is run in the first configuration and idle in the second, from its first ms on
    log = log_of(machine(state=[signal("state", "state", **HOLD)]), {"m.state": [on(0, 0, 3)]}, 2)
    log.config(
        machine(state=[signal("state", "state", **HOLD)], state_tables=[table({"3": "idle"})])
    )
    add_blocks(log, {}, 2)
    assert shown(signals(log, 4).states("m")) == [(0, 2, "run"), (2, 4, "idle")]


def test_state_while_the_configuration_lacks_the_asset_is_unknown():
    log = log_of(machine(state=[signal("state", "state", **HOLD)]), {"m.state": [on(0, 0, 3)]}, 2)
    log.config({**machine(state=[signal("state", "state", **HOLD)]), "assets": []})
    add_blocks(log, {}, 2)
    log.config(machine(state=[signal("state", "state", **HOLD)]))
    add_blocks(log, {}, 2)
    assert shown(signals(log, 6).states("m")) == [(0, 2, "run"), (2, 4, "unknown"), (4, 6, "run")]


A, B, X, U = M.RUN, M.IDLE, M.SETUP, M.UNKNOWN


def joined(threshold: int, *spans: tuple[int, M]) -> list[tuple[int, M]]:
    """Spans as (end, state), the first from 0."""
    starts = [0, *(end for end, _ in spans)]
    found = debounced(
        [(start, end, state) for start, (end, state) in zip(starts, spans, strict=False)],
        lambda _: threshold,
    )
    assert [start for start, _, _ in found] == [0, *(end for _, end, _ in found[:-1])]
    return [(end, state) for _, end, state in found]


def test_debounce_case_38_joins_short_states_to_the_one_before():
    # kpi-audit §4, case 38: A, B, A, B, A at 0, 200, 400, 600, 800 ms after another state; debounce 500 ms:
    # one change, at 800 ms
    spans = [(1000, X), (1200, A), (1400, B), (1600, A), (1800, B), (9000, A)]
    assert joined(500, *spans) == [(1800, X), (9000, A)]


def test_debounce_compares_the_piece_itself_and_exactly():
    assert joined(500, (1000, X), (1500, A), (3000, X)) == [(1000, X), (1500, A), (3000, X)]
    assert joined(501, (1000, X), (1500, A), (3000, X)) == [(3000, X)]
    # B is long enough although the A before it joined X
    assert joined(500, (1000, X), (1200, A), (1700, B), (3000, X)) == [
        (1200, X),
        (1700, B),
        (3000, X),
    ]


def test_debounce_never_joins_unknown_nor_to_unknown():
    assert joined(500, (1000, A), (1200, U), (3000, A)) == [(1000, A), (1200, U), (3000, A)]
    assert joined(500, (1000, U), (1200, A), (3000, U)) == [(1000, U), (1200, A), (3000, U)]
    # a short A after unknown is kept, and a short B joins it
    assert joined(500, (1000, U), (1200, A), (1400, B), (3000, U)) == [
        (1000, U),
        (1400, A),
        (3000, U),
    ]


def test_debounce_keeps_the_first_and_the_last_piece():
    assert joined(500, (200, A), (3000, B)) == [(200, A), (3000, B)]
    assert joined(500, (1000, A), (1200, B)) == [(1000, A), (1200, B)]


def test_debounce_takes_the_threshold_in_force_at_the_first_ms_of_the_piece():
    spans = [(0, 1000, A), (1000, 1200, B), (1200, 2000, A), (2000, 2200, B), (2200, 3000, A)]
    found = debounced(spans, lambda instant: 500 if instant < 1500 else 0)
    assert found == [(0, 2000, A), (2000, 2200, B), (2200, 3000, A)]


def test_debounce_works_on_the_merged_state_of_the_asset():
    # fault for 30 s joins run; a fault of 31 s at the end is the last piece and stays
    rows = [on(0, 0, 3), on(0, 1, 4), on(0, 1.5, 3), on(0, 3, 4)]
    state = [signal("state", "state", **HOLD)]
    found = pieces(state, rows, 4, debounce_ms=30_001, minor_stop_ms=0)
    assert found == [(0, 3, "run"), (3, 4, "fault")]
    assert pieces(state, rows, 4, debounce_ms=30_000, minor_stop_ms=0)[1] == (1, 1.5, "fault")


def test_minor_stop_is_decided_on_the_debounced_state():
    # fault 1–2, idle for 6 s, fault 2.1–3.1, run: two stops of a minute each are minor; with the idle debounced away it
    # is one stop of 2.1 min, longer than 2 min
    rows = [on(0, 0, 3), on(0, 1, 4), on(0, 2, 1), on(0, 2.1, 4), on(0, 3.1, 3)]
    state = [signal("state", "state", **HOLD)]
    found = pieces(state, rows, 4, minor_stop_ms=120_000)
    assert [kind for _, _, kind in found] == ["run", "fault*", "idle", "fault*", "run"]
    found = pieces(state, rows, 4, minor_stop_ms=120_000, debounce_ms=6_001)
    assert found == [(0, 1, "run"), (1, 3.1, "fault"), (3.1, 4, "run")]


def test_minor_stop_threshold_is_that_in_force_at_its_first_ms():
    # fault 1–3 begins under a threshold of 2 min and ends under one of 0
    state = [signal("state", "state", **HOLD)]
    rows = {"m.state": [on(0, 0, 3), on(0, 1, 4), on(0, 3, 3)]}
    log = log_of(machine(state=state, minor_stop_ms=120_000), rows, 2)
    log.config(machine(state=state, minor_stop_ms=0))
    add_blocks(log, rows, 3)
    assert shown(signals(log, 5).states("m"))[1] == (1, 3, "fault*")


def products(
    rows: list[FrameRow], state: Any = None, minutes: int = 6, **changes: Any
) -> list[tuple[float, float, str | None]]:
    document = machine(
        state=[signal("part", "product", "text")] if state is None else state, **changes
    )
    log = log_of(document, {"m.state": rows}, minutes)
    found = signals(log, minutes)
    return [
        ((p.start - T0) / MIN, (p.end - T0) / MIN, p.product)
        for p in product_pieces(found.window, "m", found.texts("m.state"))
    ]


AB = [product("A", [30_000, 1]), product("B", [60_000, 1])]


def test_product_is_the_value_of_the_first_product_signal_or_unassigned():
    # A 0–2.5 (expires), then unassigned; a listed B; an id that no product has is an id all the same
    rows = [on(0, 0, b"A"), on(0, 3, b"B"), on(0, 4, b"Z")]
    assert products(rows, products=AB) == [
        (0, 2.5, "A"),
        (2.5, 3, None),
        (3, 4, "B"),
        (4, 6, "Z"),
    ]
    two = [signal("part", "product", "text"), signal("part_2", "product", "text")]
    assert products([on(1, 0, b"B")], two, 1, products=AB) == [(0, 1, None)]


def test_product_without_spelling_is_unassigned():
    number = [signal("part", "product", "float")]
    assert products([on(0, 0, 1.5)], number, 1, products=AB) == [(0, 1, None)]


def test_product_without_signal_is_that_of_the_asset_or_its_only_one():
    no_signal = [signal("state", "state")]
    assert products([], no_signal, 1, product="B", products=AB) == [(0, 1, "B")]
    assert products([], no_signal, 1, products=AB[:1]) == [(0, 1, "A")]
    assert products([], no_signal, 1, products=AB) == [(0, 1, None)]
    assert products([], no_signal, 1, products=[]) == [(0, 1, None)]


def test_product_of_a_version_1_asset_is_always_assigned():
    unnamed = [product("", [30_000, 1])]
    assert products([on(0, 3, b"B")], products=unnamed) == [
        (0, 3, ""),
        (3, 5.5, "B"),
        (5.5, 6, ""),
    ]


def test_missed_rows_have_the_scheduled_instant():
    # the slot of minute 1 was missed, reported two minutes later: the value is unknown from minute 1 on
    document = machine(state=[signal("mode", "mode", "text")])
    rows = {"m.state": [at(0, b"A"), missed(T0 + MIN, 0, 2)]}
    log = log_of(document, rows, 5)
    found = signals(log, 5).texts("m.state")("mode", Role.MODE)
    assert [(s.start - T0, s.end - T0) for s in found.stretches] == [(0, MIN)]
    assert log.slot == FIRST_SLOT + 5
