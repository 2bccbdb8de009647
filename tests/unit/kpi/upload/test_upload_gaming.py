"""Each way of gaming the upload rate (kpi.md B.6, B.5) by hand, and next to it the honest case that looks alike."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from kpi.document import Stop
from kpi.findings import Severity
from kpi.registry.content import RegistryAsset, RequiredPoint
from kpi.slots import OUTCOMES, Outcome, PointSlots
from kpi.upload.clock import Arrivals, ClockFaults, clock_faults
from kpi.upload.contradictions import Machine, contradictions, void_held
from kpi.upload.registry_checks import point_list_findings, stop_findings
from kpi.upload.summary import AssetPoints, summary
from kpi.upload.trace_checks import AssetTraces, clock_findings, trace_findings
from kpi.upload.traces import (
    Frozen,
    Trace,
    Twins,
    coarse_step,
    frozen_while_moving,
    still_while_running,
    twin_counters,
    twin_traces,
)
from kpi.window import NO_TIME_MS
from model.flags import RowFlag
from model.signal import Role, SignalClass
from tests.support.kpi_plant import DAY, HOUR, MIN, T0


def trace(asset: str, role: Role, tau: Any, value: Any) -> Trace:
    return Trace(
        asset, role.value, role, np.array(tau, dtype=np.int64), np.array(value, dtype=np.int64)
    )


# --- copies ---------------------------------------------------------------------------------------------------------

MINUTES = [T0 + k * MIN for k in range(60)]
STATES = [1 + (k * k) % 7 for k in range(60)]


def test_two_assets_with_byte_identical_traces() -> None:
    a = trace("a", Role.STATE, MINUTES, STATES)
    b = trace("b", Role.STATE, MINUTES, STATES)
    assert twin_traces([a, b]) == (Twins("a/state", "b/state", Role.STATE, 1, 60, 0),)


def test_copy_with_a_constant_lag_is_a_copy() -> None:
    a = trace("a", Role.STATE, MINUTES, STATES)
    b = trace("b", Role.STATE, [t + 2500 for t in MINUTES], STATES)
    (found,) = twin_traces([b, a])
    assert (found.first, found.shift_ms) == ("a/state", 2500)


def test_copy_is_found_on_the_days_on_which_it_is_one() -> None:
    # day 1 equal, day 2 one value differs, day 3 equal
    tau = [T0 + d * DAY + k * MIN for d in range(3) for k in range(30)]
    value = [(k * k) % 7 for _ in range(3) for k in range(30)]
    other = list(value)
    other[45] += 1
    (found,) = twin_traces([trace("a", Role.STATE, tau, value), trace("b", Role.STATE, tau, other)])
    assert (found.days, found.rows) == (2, 60)


@pytest.mark.parametrize(
    ("tau", "value", "other_tau"),
    [
        (MINUTES, [1] * 60, MINUTES),  # two machines that stand still look alike
        (MINUTES, [1, 2] * 30, MINUTES),  # too few different values
        (MINUTES[:19], STATES[:19], MINUTES[:19]),  # too few rows
        (MINUTES, STATES, [t + (k == 30) for k, t in enumerate(MINUTES)]),  # one ms differs
    ],
)
def test_what_is_no_copy(tau: list[int], value: list[int], other_tau: list[int]) -> None:
    a, b = trace("a", Role.STATE, tau, value), trace("b", Role.STATE, other_tau, value)
    assert twin_traces([a, b]) == ()


def test_two_points_of_one_asset_are_no_twins() -> None:
    a = trace("a", Role.STATE, MINUTES, STATES)
    assert twin_traces([a, Trace("a", "again", Role.STATE, a.tau, a.value)]) == ()


def test_two_counters_that_rise_alike_minute_by_minute() -> None:
    steps = [(k * k) % 5 for k in range(60)]
    total = np.cumsum(steps)
    a = trace("a", Role.COUNT_GOOD, MINUTES, total)
    # another start value, read 7 s later in each minute: not byte-identical, but the same machine
    b = trace("b", Role.COUNT_GOOD, [t + 7000 for t in MINUTES], total + 1000)
    assert twin_traces([a, b]) == ()
    (found,) = twin_counters([a, b])
    # k² mod 5 repeats 0 1 4 4 1: of 59 steps from minute 1 on, those with k divisible by 5 (11) are 0
    assert (found.first, found.second, found.days, found.rows) == (
        "a/count_good",
        "b/count_good",
        1,
        48,
    )
    assert found.shift_ms is None


def test_two_machines_of_one_steady_pace_are_no_twins() -> None:
    steady = [
        trace(n, Role.COUNT_GOOD, [t + s for t in MINUTES], np.arange(60) * 2)
        for n, s in (("a", 0), ("b", 7000))
    ]
    assert twin_counters(steady) == ()


# --- frozen, still, coarse ------------------------------------------------------------------------------------------


def test_value_frozen_while_a_correlated_point_moves() -> None:
    # energy rises each minute, but stands from minute 10 to 70; a piece every minute
    minutes = [T0 + k * MIN for k in range(100)]
    energy = [min(k, 10) + max(0, k - 70) for k in range(100)]
    found = frozen_while_moving(
        trace("m", Role.ENERGY, minutes, energy), trace("m", Role.COUNT_GOOD, minutes, range(100))
    )
    assert found == Frozen("m/energy", "m/count_good", T0 + 10 * MIN, T0 + 70 * MIN, 60)


def test_frozen_for_less_than_an_hour_or_with_a_silent_partner_is_nothing() -> None:
    minutes = [T0 + k * MIN for k in range(60)]
    still = trace("m", Role.ENERGY, minutes, [5] * 60)  # 59 minutes
    assert frozen_while_moving(still, trace("m", Role.COUNT_GOOD, minutes, range(60))) is None
    longer = trace("m", Role.ENERGY, [*minutes, T0 + HOUR], [5] * 61)
    quiet = trace("m", Role.COUNT_GOOD, minutes, [k // 4 for k in range(60)])  # 14 moves
    assert frozen_while_moving(longer, quiet) is None


def test_analogue_point_that_never_moves_in_four_running_hours() -> None:
    looks = [T0 + k * 10 * MIN for k in range(31)]  # 5 h
    power = trace("m", Role.POWER, looks, [7] * 31)
    assert still_while_running(power, ((T0, T0 + 4 * HOUR),)) == 4 * HOUR
    assert still_while_running(power, ((T0, T0 + 4 * HOUR - 1),)) is None
    assert (
        still_while_running(trace("m", Role.POWER, looks, [7] * 30 + [8]), ((T0, T0 + 5 * HOUR),))
        is None
    )
    assert (
        still_while_running(trace("m", Role.STATE, looks, [7] * 31), ((T0, T0 + 5 * HOUR),)) is None
    )


def test_counter_that_jumps_by_more_than_slots_can_bring() -> None:
    hours = [T0 + k * HOUR for k in range(25)]
    # 60 pieces at once every hour; ideal 60 s, slot 60 s: one piece a slot
    jumps = trace("m", Role.COUNT_GOOD, hours, [60 * k for k in range(25)])
    assert coarse_step(jumps, MIN, 60_000) == 60
    # a fast press: 6 s a piece and slots of 10 min bring up to 100 pieces: 60 is not coarse
    assert coarse_step(jumps, 10 * MIN, 6_000) is None
    fine = trace("m", Role.COUNT_GOOD, hours, range(25))
    assert coarse_step(fine, MIN, 60_000) is None


# --- clocks, back-fill ----------------------------------------------------------------------------------------------


def arrivals(rows: list[tuple[int | None, int, int, int]]) -> Arrivals:
    """(source s, received s, value, flags)"""
    return Arrivals(
        np.array([NO_TIME_MS if s is None else s * 1000 for s, *_ in rows], dtype=np.int64),
        np.array([r * 1000 for _, r, *_ in rows], dtype=np.int64),
        np.array([v for _, _, v, _ in rows], dtype=np.int64),
        np.array([f for *_, f in rows], dtype=np.uint16),
    )


def test_time_stamps_backward_future_duplicated() -> None:
    found = clock_faults(
        arrivals(
            [
                (10, 10, 1, 0),
                (20, 20, 2, 0),
                (15, 21, 3, 0),  # backward
                (20, 22, 4, 0),  # duplicated with another value; not backward
                (19, 23, 2, 0),  # backward
                (30, 28, 5, 0),  # 2 s early is within the margin
                (35, 32, 6, 0),  # from the future
                (12, 40, 7, RowFlag.BACK_FILLED),  # old, and allowed to be
                (None, 41, 8, 0),
            ]
        )
    )
    assert found == ClockFaults(
        rows=9, backward=2, future=1, duplicated=1, back_filled=1, no_time=1
    )


def test_clock_of_an_orderly_point_is_without_fault() -> None:
    found = clock_faults(arrivals([(k, k, k % 3, 0) for k in range(30)]))
    assert found == ClockFaults(30, 0, 0, 0, 0, 0)
    assert clock_findings({"a/state": found}) == ()
    assert clock_faults(arrivals([])) == ClockFaults(0, 0, 0, 0, 0, 0)


def test_back_fill_share_is_printed_and_warned_of_from_a_tenth() -> None:
    low = ClockFaults(100, 0, 0, 0, 9, 0)
    (finding,) = clock_findings({"a/p": low})
    assert (finding.severity, finding.numbers["share"]) == (Severity.NOTE, Fraction(9, 100))
    (finding,) = clock_findings({"a/p": low, "b/p": ClockFaults(10, 0, 0, 0, 2, 0)})
    assert (finding.severity, finding.numbers["share"]) == (Severity.WARN, Fraction(1, 10))
    assert "10.0 %" in finding.text.zh


# --- run without production -----------------------------------------------------------------------------------------


def machine(**more: Any) -> Machine:
    """Runs 0…120 min; ideal 60 s; a count every minute to minute 30 and again from 90; energy stands 40…80."""
    minutes = range(121)
    counts = tuple((k * MIN, min(k, 30) + max(0, k - 90)) for k in minutes)
    energy = tuple((k * MIN, min(k, 40) + max(0, k - 80)) for k in minutes)
    given: dict[str, Any] = {
        "running": ((0, 120 * MIN),),
        "counts": (counts,),
        "ideal_cycle_ms": Fraction(60_000),
        "energy": (energy,),
        "energy_slot_ms": 15 * MIN,
    }
    return Machine(**{**given, **more})


def test_contradiction_run_without_count_and_without_energy() -> None:
    assert contradictions(machine()) == ((40 * MIN, 80 * MIN),)


def test_contradiction_needs_more_than_ten_ideal_cycles() -> None:
    # no count for 60 min: more than ten cycles of 359,999 ms, not more than ten of 360,000 ms
    assert contradictions(machine(ideal_cycle_ms=Fraction(359_999)))
    assert contradictions(machine(ideal_cycle_ms=Fraction(360_000))) == ()


def test_contradiction_needs_a_whole_energy_slot() -> None:
    assert contradictions(machine(energy_slot_ms=40 * MIN)) == ((40 * MIN, 80 * MIN),)
    assert contradictions(machine(energy_slot_ms=40 * MIN + 1)) == ()


def test_no_contradiction_while_energy_advances_or_counts_come() -> None:
    rising = tuple((k * MIN, k) for k in range(121))
    assert contradictions(machine(energy=(rising,))) == ()
    assert contradictions(machine(counts=(rising,))) == ()
    # scrap counts are counts
    assert contradictions(machine(counts=(machine().counts[0], rising))) == ()


def test_what_was_not_read_is_not_known_to_stand_still() -> None:
    silent = tuple(r for r in machine().counts[0] if not 31 * MIN <= r[0] < 79 * MIN)
    # readings at 30 and 79 are equal, so the count did stand still
    assert contradictions(machine(counts=(silent,))) == ((40 * MIN, 80 * MIN),)
    gone = tuple(r for r in machine().counts[0] if not 31 * MIN <= r[0] < 90 * MIN)
    after = tuple((t, v + 5 if t >= 90 * MIN else v) for t, v in gone)
    assert contradictions(machine(counts=(after,))) == ()


def test_contradiction_only_inside_one_run() -> None:
    stopped = ((0, 45 * MIN), (50 * MIN, 120 * MIN))
    assert contradictions(machine(running=stopped)) == ((50 * MIN, 80 * MIN),)


@pytest.mark.parametrize(
    "absent", [{"counts": ()}, {"energy": ()}, {"ideal_cycle_ms": Fraction(0)}]
)
def test_contradiction_rule_cannot_be_applied_without(absent: dict[str, Any]) -> None:
    assert not machine(**absent).testable
    assert contradictions(machine(**absent)) == ()


def test_contradiction_voids_held_slots_of_that_asset_only() -> None:
    def points(name: str) -> AssetPoints:
        codes = [
            OUTCOMES.index(o) for o in (Outcome.HELD_ALIVE, Outcome.HELD_ALIVE, Outcome.ON_TIME)
        ]
        starts = np.array([0, MIN, 2 * MIN], dtype=np.int64)
        slots = PointSlots(
            "state", starts, np.full(3, MIN, dtype=np.int64), np.array(codes, dtype=np.int8)
        )
        return AssetPoints(name, (slots,))

    voided = void_held([points("a"), points("b")], {"a": ((MIN, 3 * MIN),)})
    found = summary(voided)
    # a: slot 0 stays held, slot 1 is void, slot 2 has a value of its own
    assert [(r.asset, r.low) for r in found.assets] == [("a", Fraction(2, 3)), ("b", 1)]
    assert found.causes[Outcome.MISSED_ITEM] == 1


# --- the lists ------------------------------------------------------------------------------------------------------


def required(asset: str, cls: SignalClass, slot_ms: int = MIN) -> RequiredPoint:
    return RequiredPoint(
        asset=asset, signal=cls.value, signal_class=cls, slot_ms=slot_ms, deadline_ms=MIN
    )


def listed(assets: list[RegistryAsset], points: list[RequiredPoint]) -> dict[str, tuple[str, ...]]:
    found = point_list_findings(assets, points)
    return {f.name: tuple(s for g in found if g.name == f.name for s in g.subjects) for f in found}


def test_few_easy_points() -> None:
    def cnc(name: str) -> RegistryAsset:
        return RegistryAsset(id=name, asset_class="cnc", production=True)

    points = [
        required("full", SignalClass.STATE),
        required("full", SignalClass.COUNT),
        required("poor", SignalClass.STATE),
    ]
    found = listed([cnc("full"), cnc("poor"), cnc("none")], points)
    assert found == {"upload.few-points": ("poor", "none")}


def test_long_slots_above_the_ceiling_of_their_class() -> None:
    points = [
        required("a", SignalClass.STATE, 60_000),
        required("a", SignalClass.COUNT, 60_001),
        required("a", SignalClass.ENERGY, 900_000),
        required("b", SignalClass.ENERGY, DAY),
    ]
    assert listed([], points) == {"upload.long-slot": ("a/count", "b/energy")}


def test_one_gateway_standing_for_many_machines() -> None:
    def behind(name: str, gateway: str) -> RegistryAsset:
        return RegistryAsset(id=name, production=True, gateway=gateway)

    points = [required(f"m{i}", SignalClass.STATE) for i in range(12)]
    ten = [behind(f"m{i}", "10.0.0.9") for i in range(10)]
    two = [behind("m10", "10.0.0.8"), behind("m11", "10.0.0.8")]
    found = [
        f for f in point_list_findings([*ten, *two], points) if f.name == "upload.shared-gateway"
    ]
    assert [(f.severity, f.numbers["machines"]) for f in found] == [
        (Severity.NOTE, 2),
        (Severity.WARN, 10),
    ]


def test_exclusions_registered_late_are_listed_and_stay_expected() -> None:
    early = Stop("a", T0, "pm", T0 + HOUR)
    late = Stop("*", T0 + 2 * HOUR, "off", T0 + 4 * HOUR)
    outside = Stop("a", T0 + 9 * HOUR, "pm", T0 + 10 * HOUR)
    found = stop_findings([early, outside], [late], (T0, T0 + 3 * HOUR))
    assert [(f.name, f.severity, f.numbers["minutes"]) for f in found] == [
        ("upload.exclusions", Severity.NOTE, 60),
        ("upload.late-exclusions", Severity.WARN, 60),  # cut at the end of the window
    ]


def test_findings_of_traces_carry_their_numbers_in_both_languages() -> None:
    minutes = [T0 + k * MIN for k in range(100)]
    counts = trace("m", Role.COUNT_GOOD, minutes, range(100))
    energy = trace("e", Role.ENERGY, minutes, [5] * 100)
    own = AssetTraces(
        "m", (counts,), ((T0, T0 + HOUR),), Fraction(60_000), {"count_good": MIN}, (energy,)
    )
    (finding,) = trace_findings([own])
    assert finding.name == "upload.frozen-value"
    assert finding.subjects == ("e/energy", "m/count_good")
    assert finding.numbers == {"minutes": 99, "moves": 98, "start_ms": T0}
    assert "99" in finding.text.zh
    assert "98 times" in finding.text.en


def test_moves_are_counted_between_looks_by_a_plain_loop() -> None:
    values = [3, 3, 4, 4, 5, 3, 3]
    found = trace("m", Role.POWER, range(7), values).moves.tolist()
    assert found == [i + 1 for i, (a, b) in enumerate(pairwise(values)) if a != b]
