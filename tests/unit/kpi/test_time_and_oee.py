"""Atoms, OEE and its bounds on hand-calculated plants: E1, E3, E4, U1, U3, U4 of kpi-audit."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from kpi.atoms import apt, pbt
from kpi.claims import ClaimResult, EnergyPerPieceClaim, OeeClaim, UtilisationClaim
from kpi.days import asset_days, complete
from kpi.evaluate import evaluate
from kpi.reasons import Reason
from kpi.window import Span
from kpi.workspace import Workspace
from model.errors import PermanentError
from model.state import Atom
from tests.support.kpi_plant import (
    HOUR,
    MIN,
    SLOT0,
    STATES,
    T0,
    PlantLog,
    asset,
    calendar,
    counter,
    document,
    shift,
    signal,
)

CODE = {state: int(value) for value, state in STATES.items()}
FREE = counter(rate=(0, 1))  # no limit, no rollover
LONG = 48 * HOUR


def log_of(
    states: dict[str, list[tuple[str, int]]],
    counts: dict[str, tuple[int, int]],
    assets: list[dict[str, Any]] | None = None,
    cal: dict[str, Any] | None = None,
    roles: tuple[str, str] = ("count_good", "count_scrap"),
) -> tuple[PlantLog, Span]:
    """Plant whose assets go through (state, minutes) from T0; counters 0 at T0 and the counts at the last minute."""
    signals = {
        name: [
            signal("state", "state", hold_ms=LONG),
            signal("first", roles[0], counter=FREE),
            signal("second", roles[1], counter=FREE),
        ]
        for name in states
    }
    log = PlantLog()
    log.config(document(assets or [asset(n) for n in states], signals, cal))
    length = max(sum(m for _, m in s) for s in states.values())
    for name, plan in states.items():
        at = T0
        for state, minutes in plan:
            log.row(f"{name}/state", at, CODE[state])
            at += minutes * MIN
        for point, n in zip(("first", "second"), counts.get(name, ()), strict=False):
            log.row(f"{name}/{point}", T0, 0)
            log.row(f"{name}/{point}", T0 + length * MIN - 1000, n)
    log.blocks(SLOT0, SLOT0 + length + 1)
    return log, Span(SLOT0, SLOT0 + length, 0, 0)


def oee(log: PlantLog, span: Span, *names: str) -> ClaimResult:
    return evaluate(OeeClaim(span, names), log.rows())


E3 = [("run", 300), ("setup", 30), ("fault", 60), ("idle", 70)]


def test_atoms_e3_480_minutes_identity_of_planned_busy_time() -> None:
    plan = [
        ("run", 150),
        ("wait", 5),
        ("run", 150),
        ("wait", 15),
        ("setup", 30),
        ("fault", 60),
        ("idle", 70),
    ]
    log, span = log_of({"a1": plan}, {}, [asset("a1", minor_stop_ms=5 * MIN)])
    atoms = asset_days(Workspace(log.rows(), span), "a1").atoms
    expected = {
        Atom.RUN: 300,
        Atom.SETUP: 30,
        Atom.MINOR: 5,
        Atom.WAIT: 15,
        Atom.FAULT: 60,
        Atom.IDLE: 70,
    }
    assert {a: m // MIN for a, m in atoms.items() if m} == expected
    assert (pbt(atoms), apt(atoms)) == (480 * MIN, 300 * MIN)
    assert sum(atoms.values()) == span.end_ms - span.start_ms


def test_oee_e4_setup_is_a_loss_of_availability() -> None:
    plan = [("run", 300), ("setup", 60), ("fault", 60), ("idle", 60)]
    found = oee(*log_of({"a1": plan}, {"a1": (260, 10)}), "a1")
    assert found.value == Fraction(260, 480)  # 54.1667 %
    assert found.detail["availability"] == "5/8"
    assert found.detail["effectiveness"] == "9/10"
    assert found.detail["quality_ideal"] == "26/27"


def test_oee_e1_quality_is_weighted_by_ideal_time() -> None:
    assets = [asset("a1"), asset("a2", ideal_cycle_ms=[240_000, 1])]
    plan = [("run", 200), ("idle", 40)]
    found = oee(
        *log_of({"a1": plan, "a2": plan}, {"a1": (100, 0), "a2": (25, 25)}, assets), "a1", "a2"
    )
    assert found.value == Fraction(200, 480)
    assert [found.detail[k] for k in ("availability", "effectiveness", "quality_ideal")] == [
        "5/6",
        "3/4",
        "2/3",
    ]
    product = Fraction(5, 6) * Fraction(3, 4) * Fraction(2, 3)
    assert found.value == product  # A · E · Q


def test_oee_nothing_is_clamped_effectiveness_above_one() -> None:
    found = oee(*log_of({"a1": [("run", 60)]}, {"a1": (90, 0)}), "a1")
    assert found.value == Fraction(3, 2)
    assert found.detail["effectiveness"] == "3/2"
    assert found.detail["high"] == found.detail["low"] == "3/2"


def test_oee_two_known_counts_give_the_third() -> None:
    assert complete(10, 2, None).total == 12
    assert complete(None, 2, 12).good == 10
    assert complete(10, None, 12).scrap == 2
    assert complete(10, None, None) == complete(10, None, None)
    assert (complete(10, None, None).scrap, complete(None, None, 12).good) == (None, None)


@pytest.mark.parametrize(
    ("roles", "counts"),
    [
        (("count_good", "count_good"), (100, 0)),
        (("count_total", "count_total"), (100, 0)),
    ],
)
def test_oee_without_reject_signal_is_undefined_never_a_number(
    roles: tuple[str, str], counts: tuple[int, int]
) -> None:
    found = oee(*log_of({"a1": [("run", 60)]}, {"a1": counts}, roles=roles), "a1")
    assert found.value is None
    assert found.reason is Reason.NO_REJECT_SIGNAL
    assert (found.num, found.den, found.detail["undefined"]) == (0, 0, "no_reject_signal")
    assert "scrap" not in found.detail["assets"][0]  # type: ignore[index,operator]


def test_oee_reject_signal_that_never_answers_is_none() -> None:
    found = oee(
        *log_of({"a1": [("run", 60)]}, {"a1": (100,)}, roles=("count_total", "count_scrap")), "a1"
    )  # type: ignore[dict-item]
    assert found.reason is Reason.NO_REJECT_SIGNAL


def test_oee_reject_signal_proven_alive_without_change_is_zero_scrap() -> None:
    log, span = log_of({"a1": [("run", 60)]}, {"a1": (50,)}, roles=("count_total", "count_scrap"))  # type: ignore[dict-item]
    log.alive("a1/second", T0 + 5 * MIN)
    assert oee(log, span, "a1").value == Fraction(50, 60)


def test_oee_dead_asset_counts_zero_against_the_claimant() -> None:
    log, span = log_of({"a1": [("run", 60)], "a2": [("run", 60)]}, {"a1": (60, 0)})
    found = oee(log, span, "a1", "a2")
    assert found.value == Fraction(1, 2)


def test_oee_no_planned_time_is_undefined() -> None:
    log, span = log_of(
        {"a1": [("idle", 60)]}, {"a1": (0, 0)}, cal=calendar(shifts=[shift(1200, 1260)])
    )
    found = oee(log, span, "a1")
    assert found.reason is Reason.NO_PLANNED_TIME
    assert found.detail["availability"] == "0/0"


def test_oee_run_outside_the_plan_is_added_to_the_base() -> None:
    # planned 08:00-09:00; runs 90 minutes: 30 of them outside the plan
    log, span = log_of(
        {"a1": [("run", 90), ("idle", 30)]}, {"a1": (45, 0)}, cal=calendar(shifts=[shift(480, 540)])
    )
    found = oee(log, span, "a1")
    atoms = found.detail["assets"][0]["atoms"]  # type: ignore[index,call-overload]
    assert (atoms["run"], atoms["run_x"], atoms["off"]) == (60 * MIN, 30 * MIN, 30 * MIN)
    assert found.value == Fraction(45, 90)


def test_oee_asset_without_ideal_cycle_is_left_out_and_listed() -> None:
    log, span = log_of(
        {"a1": [("run", 60)], "a2": [("run", 60)]},
        {"a1": (30, 0), "a2": (9, 9)},
        [asset("a1"), asset("a2", ideal_cycle_ms=[0, 1])],
    )
    found = oee(log, span, "a1", "a2")
    assert (found.value, found.detail["left_out"]) == (Fraction(1, 2), ["a2"])


def test_oee_unknown_asset_is_refused() -> None:
    log, span = log_of({"a1": [("run", 5)]}, {"a1": (1, 0)})
    with pytest.raises(PermanentError, match="zz"):
        oee(log, span, "zz")


def test_unknown_time_is_its_own_atom_and_bounds_availability() -> None:
    log, span = log_of({"a1": [("run", 40)]}, {"a1": (20, 0)})
    log.bad("a1/state", T0 + 30 * MIN)
    found = oee(log, span, "a1")
    assert found.detail["unknown_ms"] == 10 * MIN
    assert (found.detail["availability_low"], found.detail["availability_high"]) == ("3/4", "1/1")
    assert found.value == Fraction(20, 40)  # a state gap does not touch OEE


def test_state_expires_after_its_hold_and_a_proof_revives_nothing() -> None:
    doc = document([asset("a1")], {"a1": [signal("state", "state", hold_ms=150_000)]})
    log = PlantLog()
    log.config(doc)
    log.row("a1/state", T0, CODE["run"])
    log.alive("a1/state", T0 + 150_000)  # just in time: x > previous + hold would be too late
    log.alive("a1/state", T0 + 300_001)  # 1 ms too late
    log.row("a1/state", T0 + 600_000, CODE["idle"])
    log.blocks(SLOT0, SLOT0 + 11)
    atoms = asset_days(Workspace(log.rows(), Span(SLOT0, SLOT0 + 11, 0, 0)), "a1").atoms
    assert (atoms[Atom.RUN], atoms[Atom.UNK], atoms[Atom.IDLE]) == (300_000, 300_000, 60_000)


def test_minor_stop_is_judged_uncut_over_alternating_fault_and_wait() -> None:
    plan = [
        ("run", 10),
        ("fault", 2),
        ("wait", 3),
        ("run", 10),
        ("fault", 3),
        ("wait", 3),
        ("run", 9),
    ]
    log, span = log_of({"a1": plan}, {})
    atoms = asset_days(Workspace(log.rows(), span), "a1").atoms
    got = {a: m // MIN for a, m in atoms.items() if m}
    assert got == {Atom.RUN: 29, Atom.MINOR: 5, Atom.FAULT: 3, Atom.WAIT: 3}


def test_minor_stop_crossing_the_window_start_is_seen_through_the_lead() -> None:
    log, span = log_of({"a1": [("run", 10), ("fault", 6), ("run", 10)]}, {})
    later = Span(span.first + 14, span.last, 14, 0)
    atoms = asset_days(Workspace(log.rows(), later), "a1").atoms
    assert {a: m // MIN for a, m in atoms.items() if m} == {Atom.FAULT: 2, Atom.RUN: 10}


def test_utilisation_is_production_time_over_calendar_time() -> None:
    log, span = log_of(
        {"a1": [("run", 45), ("off", 15)]}, {}, cal=calendar(shifts=[shift(480, 500)])
    )
    found = evaluate(UtilisationClaim(span, ("a1",)), log.rows())
    assert found.value == Fraction(3, 4)


def test_counts_u4_ten_pieces_split_three_and_seven_at_the_hour() -> None:
    # 09:50 to 10:20 all run; the production day starts at 10:00 so that the hour is a cut
    doc = document(
        [asset("a1")],
        {
            "a1": [
                signal("state", "state", hold_ms=LONG),
                signal("good", "count_good", counter=FREE),
                signal("scrap", "count_scrap", counter=FREE),
            ]
        },
        calendar(day_start_min=600),
    )
    log = PlantLog()
    log.config(doc)
    at = T0 + 110 * MIN
    log.row("a1/state", T0, CODE["run"])
    log.row("a1/good", at, 100)
    log.row("a1/good", at + 30 * MIN, 110)
    log.blocks(SLOT0, SLOT0 + 200)
    work = Workspace(log.rows(), Span(SLOT0, SLOT0 + 200, 0, 0))
    assert [d.pieces.good for d in asset_days(work, "a1").days] == [3, 7]
    # seen from a window that begins at 10:00 with a lead, the part before it is not counted
    later = Workspace(log.rows(), Span(SLOT0 + 120, SLOT0 + 200, 120, 0))
    assert asset_days(later, "a1").pieces.good == 7


def test_oee_bounds_u3_counter_lost_for_110_minutes() -> None:
    # P 500 min, N 320 known, u 110 min without counter, ideal 60 s, at most 72 pieces/h: 16/25 to 113/125
    rate = counter(rate=(72, HOUR))
    doc = document(
        [asset("a1")],
        {
            "a1": [
                signal("state", "state", hold_ms=LONG),
                signal("good", "count_good", counter=rate),
                signal("scrap", "count_scrap", counter=rate),
            ]
        },
    )
    log = PlantLog()
    log.config(doc)
    log.row("a1/state", T0, CODE["run"])
    log.row("a1/scrap", T0, 0)
    log.row("a1/good", T0, 0)
    for minute in range(1, 281):
        log.row("a1/good", T0 + minute * MIN, minute)  # 280 pieces
    # the counter is replaced by one that starts anywhere: three readings agree, then 40 more pieces
    begin = 280 + 108
    for k, value in enumerate((5000, 5001, 5002)):
        log.row("a1/good", T0 + (begin + k) * MIN, value)
    for k in range(1, 41):
        log.row("a1/good", T0 + (begin + 2 + k) * MIN, 5002 + k)
    log.blocks(SLOT0, SLOT0 + 500)
    found = oee(log, Span(SLOT0, SLOT0 + 500, 0, 0), "a1")
    assert found.value == Fraction(16, 25)
    assert (found.detail["low"], found.detail["high"]) == ("16/25", "113/125")


def test_oee_bounds_without_limit_are_unbounded_and_gap_outside_plan_is_not() -> None:
    log, span = log_of({"a1": [("run", 60)]}, {"a1": (30, 0)})
    log.row("a1/first", T0 + 60 * MIN - 500, 5)  # reset of an unlimited counter
    assert oee(log, span, "a1").detail["high"] == "unbounded"
    log, span = log_of(
        {"a1": [("run", 60)]}, {"a1": (30, 0)}, cal=calendar(shifts=[shift(480, 500)])
    )
    log.row("a1/first", T0 + 60 * MIN - 500, 5)
    found = oee(log, span, "a1")
    # the gap of half a second lies after the plan
    assert found.detail["high"] == found.detail["low"]


def test_energy_per_piece_booked_wh_over_good_pieces() -> None:
    doc = document(
        [asset("a1"), asset("m1", production=False, state_table="")],
        {
            "a1": [signal("good", "count_good", counter=FREE)],
            "m1": [signal("energy", "energy", "float", scale=[1000, 1], counter=FREE, unit="W.h")],
        },
    )
    log = PlantLog()
    log.config(doc)
    log.row("a1/good", T0, 7)
    log.row("a1/good", T0 + 30 * MIN, 11)
    log.row("m1/energy", T0, 1234.5)
    log.row("m1/energy", T0 + 40 * MIN, 1234.5625)  # tie: 1234562.5 rounds to the even 1234562
    log.blocks(SLOT0, SLOT0 + 60)
    span = Span(SLOT0, SLOT0 + 60, 0, 0)
    found = evaluate(EnergyPerPieceClaim(span, ("m1",), ("a1",)), log.rows())
    assert found.value == Fraction(62, 4)
    silent = evaluate(
        EnergyPerPieceClaim(Span(SLOT0 + 45, SLOT0 + 60, 0, 0), ("m1",), ("a1",)), log.rows()
    )
    assert silent.reason is Reason.NO_ENERGY
    idle = evaluate(
        EnergyPerPieceClaim(Span(SLOT0 + 35, SLOT0 + 60, 0, 0), ("m1",), ("a1",)), log.rows()
    )
    assert idle.reason is Reason.NO_PIECES
