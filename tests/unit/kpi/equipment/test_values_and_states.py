"""Values over time, merged states, debounce and stops by hand (statistics.md §1, §2; cases 10, 11, 23, 35, 38)."""

from __future__ import annotations

from typing import Any

from kpi.equipment.space import equipment_space
from kpi.equipment.states import asset_states
from kpi.timeline import STATES
from kpi.window import Span
from kpi.workspace import Workspace
from model.flags import RowFlag
from tests.support.equipment_plant import (
    CODE,
    LONG,
    machine,
    minutes,
    play,
    state_signal,
    sums,
    window,
)
from tests.support.kpi_plant import MIN, SLOT0, T0, PlantLog, asset, calendar, shift, signal


def log_of(doc: dict[str, Any], length: int) -> PlantLog:
    log = PlantLog()
    log.config(doc)
    log.blocks(SLOT0, SLOT0 + length + 1)
    return log


def pieces(log: PlantLog, span: Span, name: str = "a1") -> list[tuple[str, int]]:
    """(state, ms after T0 at which it begins) of an asset."""
    work = Workspace(log.rows(), span)
    line = asset_states(name, equipment_space(work).record(name).lines, work.visible_parts)
    codes = [STATES[c].value for c in line.codes.tolist()]
    return list(zip(codes, (line.edges[:-1] - T0).tolist(), strict=True))


def one(**more: Any) -> dict[str, Any]:
    return machine([asset("a1", **more)], {"a1": [state_signal(hold_ms=150_000)]})


def test_value_expires_after_its_hold_and_a_proof_revives_nothing() -> None:
    log = log_of(one(), 11)
    log.row("a1/state", T0, CODE["run"])
    log.alive("a1/state", T0 + 150_000)  # just in time
    log.alive("a1/state", T0 + 300_001)  # 1 ms too late
    log.row("a1/state", T0 + 600_000, CODE["idle"])
    assert pieces(log, window(11)) == [("run", 0), ("unknown", 300_000), ("idle", 600_000)]


def test_value_break_is_unknown_until_the_next_set_even_with_proofs() -> None:
    log = log_of(one(), 5)
    log.row("a1/state", T0, CODE["run"])
    log.bad("a1/state", T0 + MIN)
    log.alive("a1/state", T0 + 90_000)
    log.row("a1/state", T0 + 2 * MIN, CODE["run"])
    log.missed("a1/state", T0 + 3 * MIN, 2)
    assert pieces(log, window(5)) == [
        ("run", 0),
        ("unknown", MIN),
        ("run", 2 * MIN),
        ("unknown", 3 * MIN),
    ]


def test_value_two_at_one_instant_the_later_in_order_is_the_state() -> None:
    log = log_of(one(), 2)
    log.row("a1/state", T0 + MIN, CODE["run"], delay=100)
    log.row("a1/state", T0 + MIN, CODE["fault"], delay=200)
    assert pieces(log, window(2)) == [("unknown", 0), ("fault", MIN)]


def test_value_imported_rows_are_never_used() -> None:
    log = log_of(one(), 2)
    log.row("a1/state", T0, CODE["run"], flags=RowFlag.IMPORTED)
    assert pieces(log, window(2)) == [("unknown", 0)]


def test_value_counts_only_while_the_sealing_configuration_gives_the_role() -> None:
    doc = one()
    other = machine(
        [asset("a1")],
        {"a1": [signal("state", "mode", hold_ms=LONG), state_signal("state2", hold_ms=LONG)]},
    )
    log = PlantLog()
    log.config(doc)
    log.block(SLOT0)
    log.config(other)
    log.blocks(SLOT0 + 1, SLOT0 + 4)
    log.row("a1/state", T0, CODE["run"])
    log.row("a1/state", T0 + 90_000, CODE["fault"])  # a mode by now
    # run holds 150 s, but from minute 1 on state2 is the state signal, and it says nothing
    assert pieces(log, window(3)) == [("run", 0), ("unknown", MIN)]


def test_state_the_first_source_that_knows_wins_and_is_refined_only_where_it_does_not() -> None:
    # C11: safety before PLC; 0 at the safety source maps to unknown, so the PLC speaks then
    safety = {
        "id": "safety/1",
        "inputs": ["state"],
        "map": [{"state": "fault", "values": ["1"]}],
        "other": "unknown",
    }
    signals = [state_signal("safety", table="safety/1"), state_signal("plc")]
    doc = machine([asset("a1")], {"a1": signals}, state_tables=[safety])
    log = log_of(doc, 10)
    log.row("a1/safety", T0, 0)
    log.row("a1/plc", T0 + MIN, CODE["run"])
    log.row("a1/safety", T0 + 4 * MIN, 1)  # overlaps the run of the PLC: time is conserved
    log.row("a1/safety", T0 + 6 * MIN, 0)
    log.row("a1/plc", T0 + 8 * MIN, CODE["wait"])
    assert pieces(log, window(10)) == [
        ("unknown", 0),
        ("run", MIN),
        ("fault", 4 * MIN),
        ("run", 6 * MIN),
        ("wait", 8 * MIN),
    ]
    assert sum(minutes(sums(log, window(10))).values()) == 10


def test_state_of_three_inputs_takes_the_first_row_that_fits() -> None:
    table = {
        "id": "m/1",
        "inputs": ["state", "mode", "order"],
        "map": [
            {"state": "setup", "values": ["3", "2", "*"]},
            {"state": "run", "values": ["3", "*", "*"]},
            {"state": "wait", "values": ["2", "*", "A7"]},
        ],
        "other": "idle",
    }
    signals = [
        state_signal(),
        signal("mode", "mode", hold_ms=120_000),
        signal("order", "order", "text", hold_ms=LONG),
    ]
    doc = machine([asset("a1", state_table="m/1")], {"a1": signals}, state_tables=[table])
    log = log_of(doc, 10)
    log.row("a1/mode", T0, 2)  # holds two minutes
    log.row("a1/state", T0, 3)
    log.row("a1/state", T0 + 4 * MIN, 2)
    log.row("a1/order", T0 + 6 * MIN, "A7")
    log.row("a1/order", T0 + 8 * MIN, "A8")
    # an unknown mode fits only *, so 3 is run from minute 2 on; 2 without the order A7 is `other`
    assert pieces(log, window(10)) == [
        ("setup", 0),
        ("run", 2 * MIN),
        ("idle", 4 * MIN),
        ("wait", 6 * MIN),
        ("idle", 8 * MIN),
    ]


def test_state_table_without_its_mode_signal_and_float_states_fit_only_the_wildcard() -> None:
    table = {
        "id": "m/1",
        "inputs": ["state", "mode"],
        "map": [{"state": "run", "values": ["1", "1"]}, {"state": "off", "values": ["*", "*"]}],
        "other": "idle",
    }
    for kind in ("int", "float"):
        signals = [state_signal(kind=kind)]
        doc = machine([asset("a1", state_table="m/1")], {"a1": signals}, state_tables=[table])
        log = log_of(doc, 2)
        log.row("a1/state", T0 + MIN, 1)
        assert pieces(log, window(2)) == [("unknown", 0), ("off", MIN)]


def test_state_without_table_or_asset_is_unknown() -> None:
    log = log_of(machine([asset("a1", state_table="")], {"a1": [state_signal()]}), 2)
    log.row("a1/state", T0, CODE["run"])
    assert pieces(log, window(2)) == [("unknown", 0)]
    absent = log_of(machine([asset("b1")], {"a1": [state_signal()]}), 2)
    absent.row("a1/state", T0, CODE["run"])
    assert pieces(absent, window(2)) == [("unknown", 0)]


def test_state_table_of_the_configuration_in_force_at_the_instant_counts() -> None:
    first = one()
    other = machine([asset("a1")], {"a1": [state_signal(hold_ms=150_000)]})
    other["state_tables"][0]["map"] = [{"state": "setup", "values": ["1"]}]
    log = PlantLog()
    log.config(first)
    log.block(SLOT0)
    log.config(other)
    log.blocks(SLOT0 + 1, SLOT0 + 4)
    log.row("a1/state", T0 + 30_000, 1)
    # the value holds over the change, its meaning follows the configuration in force
    assert pieces(log, window(4)) == [
        ("unknown", 0),
        ("run", 30_000),
        ("setup", MIN),
        ("unknown", 180_000),
    ]


def test_debounce_case_38_five_changes_give_one() -> None:
    # changes at 0, 200, 400, 600, 800 ms: A, B, A, B, A after X; shorter than 500 ms joins the preceding one
    log = log_of(one(debounce_ms=500), 3)
    log.row("a1/state", T0, CODE["idle"])
    at = T0 + MIN
    for k, state in enumerate(("run", "fault", "run", "fault", "run")):
        log.row("a1/state", at + 200 * k, CODE[state])
    assert pieces(log, window(3)) == [("idle", 0), ("run", MIN + 800)]
    assert sum(minutes(sums(log, window(3))).values()) == 3


def test_debounce_never_joins_unknown_and_keeps_the_last_piece() -> None:
    log = log_of(one(debounce_ms=2_000), 3)
    log.row("a1/state", T0, CODE["run"])
    log.bad("a1/state", T0 + 10_000)  # unknown for one second: kept
    log.row("a1/state", T0 + 11_000, CODE["fault"])  # short, but what stands before it is unknown
    log.row("a1/state", T0 + 12_000, CODE["wait"])  # short: joins the fault
    log.row("a1/state", T0 + 13_000, CODE["run"])
    log.row("a1/state", T0 + 179_000, CODE["idle"])  # the last piece: one second, kept
    assert pieces(log, Span(SLOT0, SLOT0 + 3, 0, 0)) == [
        ("run", 0),
        ("unknown", 10_000),
        ("fault", 11_000),
        ("run", 13_000),
        ("unknown", 163_000),
        ("idle", 179_000),
    ]


def test_debounce_is_that_of_the_configuration_at_the_first_ms_of_a_piece() -> None:
    log = PlantLog()
    log.config(one(debounce_ms=0))
    log.block(SLOT0)
    log.config(one(debounce_ms=5_000))
    log.blocks(SLOT0 + 1, SLOT0 + 3)
    log.row("a1/state", T0, CODE["run"])
    log.row("a1/state", T0 + 58_000, CODE["wait"])  # begins under debounce 0: kept
    log.row("a1/state", T0 + 61_000, CODE["run"])  # 3 s under debounce 5 s: joins the wait
    log.row("a1/state", T0 + 64_000, CODE["idle"])
    assert pieces(log, window(2)) == [("run", 0), ("wait", 58_000), ("idle", 64_000)]


def test_minor_stop_e10_is_judged_uncut_and_at_the_threshold_it_is_minor() -> None:
    # T0 is 08:00; the stops lie round 10:00 local = 02:00 UTC, an hour edge
    def stops(length: float) -> dict[str, Any]:
        log = log_of(machine([asset("a1")], {"a1": [state_signal()]}), 180)
        plan = [("run", 117), ("fault", 3), ("wait", length - 3), ("run", 60)]
        play(log, "a1/state", plan)
        return {k: v for k, v in minutes(sums(log, window(180))).items() if k != "run"}

    # 6 minutes, 09:57 to 10:03: down as a whole although each hour holds 3 minutes of it
    assert stops(6) == {"fault": 3, "wait": 3}
    assert stops(5) == {"minor": 5}


def test_case_35_a_stop_over_the_end_of_the_plan_becomes_not_scheduled() -> None:
    # Friday 2026-03-06, shift to 22:00; fault from 21:00 on, proven for 48 hours
    friday = T0 + 5 * 24 * 60 * MIN  # Friday 08:00 local
    cal = calendar(shifts=[shift(360, 1320, (1, 2, 3, 4, 5))])
    doc = machine([asset("a1")], {"a1": [state_signal()]}, cal)
    log = PlantLog()
    log.config(doc)
    log.blocks(friday // MIN, friday // MIN + 2)
    log.row("a1/state", friday, CODE["run"])
    log.row("a1/state", friday + 13 * 60 * MIN, CODE["fault"])
    log.blocks(friday // MIN + 13 * 60, friday // MIN + 13 * 60 + 1)
    span = Span(friday // MIN, friday // MIN + 62 * 60, 0, 0)
    # 08:00–21:00 run, 21:00–22:00 fault, then off to Sunday 22:00
    assert minutes(sums(log, span)) == {"run": 780, "fault": 60, "off": 2880}
