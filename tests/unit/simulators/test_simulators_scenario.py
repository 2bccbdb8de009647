import itertools
from datetime import date

import numpy as np
import pytest

from model.state import MachineState
from simulators.demo_plant import MACHINES, Regime
from simulators.events import period_events
from simulators.plan import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    Plan,
    Stop,
    breaks_of_day,
    day_start_ms,
    plan_ending_before,
)
from simulators.scenario import DayKey, machine_day, state_spells

DAY = day_start_ms(date(2026, 8, 3))
KEY = DayKey(7, 0)
EVERY = [(m, r) for m in MACHINES for r in Regime]
IDS = [f"{m.id}-{r.value}" for m, r in EVERY]


def spells(day):
    ends = [*day.state_ms[1:], day.start_ms + DAY_MS]
    return list(zip(day.state_ms, ends, day.states, strict=True))


def test_day_start_is_eight_in_the_morning_at_utc_plus_eight():
    # 2026-08-03T08:00+08:00 = 2026-08-03T00:00Z = 20 668 days after 1970
    assert DAY == 20_668 * 86_400_000


def test_breaks_of_a_day_are_noon_and_midnight_local():
    # 12:00-12:30 and 24:00-24:30 local are 4 h and 16 h after 08:00
    assert breaks_of_day(DAY) == (
        (DAY + 4 * HOUR_MS, DAY + 4 * HOUR_MS + 30 * MINUTE_MS),
        (DAY + 16 * HOUR_MS, DAY + 16 * HOUR_MS + 30 * MINUTE_MS),
    )


@pytest.mark.parametrize(("spec", "regime"), EVERY, ids=IDS)
def test_day_spells_fill_it_and_neighbours_differ(spec, regime):
    day = machine_day(KEY, spec, regime, DAY)
    assert day.state_ms[0] == DAY
    found = spells(day)
    assert sum(b - a for a, b, _ in found) == DAY_MS
    assert all(b > a for a, b, _ in found)
    assert all(x != y for x, y in zip(day.states, day.states[1:], strict=False))


@pytest.mark.parametrize(("spec", "regime"), EVERY, ids=IDS)
def test_parts_complete_only_while_running_and_never_faster_than_ideal(spec, regime):
    day = machine_day(KEY, spec, regime, DAY)
    runs = [(a, b) for a, b, s in spells(day) if s is MachineState.RUN]
    for part in day.part_ms.tolist():
        assert any(a <= part < b for a, b in runs)
    assert (np.diff(day.part_ms) >= spec.ideal_cycle_ms).all()
    assert len(day.part_ms) * spec.ideal_cycle_ms <= sum(b - a for a, b in runs)
    assert len(day.part_good) == len(day.part_ms)
    assert 0 < day.part_good.sum() < len(day.part_ms)


@pytest.mark.parametrize(("spec", "regime"), EVERY, ids=IDS)
def test_every_state_has_a_raw_code(spec, regime):
    shown = set(machine_day(KEY, spec, regime, DAY).states)
    assert shown <= set(spec.codes)
    assert set(spec.watts[regime]) >= shown
    assert len(set(spec.codes.values())) == len(spec.codes)


def test_same_key_gives_same_day_and_another_seed_another():
    spec = MACHINES[0]
    one, two = (
        machine_day(KEY, spec, Regime.BEFORE, DAY),
        machine_day(KEY, spec, Regime.BEFORE, DAY),
    )
    other = machine_day(DayKey(8, 0), spec, Regime.BEFORE, DAY)
    assert one.state_ms == two.state_ms
    assert one.part_ms.tolist() == two.part_ms.tolist()
    assert one.state_ms != other.state_ms


def test_attended_machine_stands_idle_in_breaks():
    day = machine_day(KEY, MACHINES[1], Regime.AFTER, DAY)
    for a, b in breaks_of_day(DAY):
        assert {s for x, y, s in spells(day) if x < b and y > a} == {MachineState.IDLE}


def test_planned_stop_of_the_machine_is_idle_and_of_another_is_not():
    at = DAY + 9 * HOUR_MS
    stop = Stop("cnc-01", "pm", at, at + HOUR_MS)
    stopped = machine_day(KEY, MACHINES[0], Regime.BEFORE, DAY, (stop,))
    assert {s for x, y, s in spells(stopped) if x < at + HOUR_MS and y > at} == {MachineState.IDLE}
    free = machine_day(KEY, MACHINES[1], Regime.BEFORE, DAY, (stop,))
    assert free.state_ms == machine_day(KEY, MACHINES[1], Regime.BEFORE, DAY).state_ms


def test_state_spells_joins_equal_states_over_midnight_of_production():
    days = [
        machine_day(DayKey(7, k), MACHINES[0], Regime.BEFORE, DAY + k * DAY_MS) for k in range(3)
    ]
    joined = state_spells(days)
    assert all(x[1] is not y[1] for x, y in itertools.pairwise(joined))
    assert joined[0][0] == DAY


def test_plan_refuses_a_tuesday():
    with pytest.raises(ValueError, match="Monday"):
        Plan(7, date(2026, 8, 4))


def test_plan_periods_are_four_weeks_with_one_between():
    plan = Plan(7, date(2026, 8, 3))
    assert plan.before.end_ms - plan.before.start_ms == 28 * DAY_MS
    assert plan.after.start_ms - plan.before.end_ms == 7 * DAY_MS
    assert plan.after.slots == (plan.after.start_ms // 60_000, plan.after.end_ms // 60_000)


def test_plan_of_another_date_has_the_same_days_at_another_time():
    one, two = Plan(7, date(2026, 8, 3)), Plan(7, date(2026, 10, 5))
    shift = two.before.start_ms - one.before.start_ms
    for p, q in zip(one.periods, two.periods, strict=True):
        first, second = period_events(one, p), period_events(two, q)
        for m, n in zip(first.machines, second.machines, strict=True):
            assert (n.good_ms - m.good_ms == shift).all()
            assert (n.state_ms - m.state_ms == shift).all()
            assert n.states == m.states


def test_plan_ending_before_is_the_latest_that_is_over():
    # Saturday 2026-11-21 06:44 UTC: the after period ends on Monday 2026-11-16 08:00 local
    now = 1_795_243_440_000
    plan = plan_ending_before(now, 7)
    assert plan.first_day == date(2026, 9, 14)
    assert plan.after.end_ms == day_start_ms(date(2026, 11, 16))
    # an hour of grace belongs to the trace: at 08:59 local of that Monday it was not complete yet
    monday = day_start_ms(date(2026, 11, 16))
    assert plan_ending_before(monday + HOUR_MS, 7) == plan
    assert plan_ending_before(monday + HOUR_MS - 1, 7).first_day == date(2026, 9, 7)
