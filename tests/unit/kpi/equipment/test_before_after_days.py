"""Whole days, valid days and unknown days of `before-after/2`, by both engines; every figure is counted by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from kpi.claims import ComparisonClaim
from kpi.window import Span
from tests.support.compared_days import Diary, plan, plant
from tests.support.equipment_plant import LONG, counted, state_signal
from tests.support.kpi_plant import DAY, HOUR, MIN, shift
from tests.support.one_claim import Engine, both

H = 240 * MIN


def steady(
    days: tuple[int, int] = (28, 28), cal: Any = None, *, run: tuple[int, int] = (H, H)
) -> Diary:
    """A machine that runs so many ms of the planned time of each day, before and after."""
    found = Diary(days)
    found.config(plant(cal=cal or plan()))
    found.running("a1", lambda day: run[day >= days[0]])
    return found


def moved(claim: ComparisonClaim, first: int = 0, last: int = 0) -> ComparisonClaim:
    """The same claim with the edges of the after window moved by so many minutes."""
    span = claim.span
    return ComparisonClaim(
        Span(span.first + first, span.last + last, span.lead, span.grace),
        claim.before,
        claim.metric,
        claim.sense,
        claim.threshold,
        claim.assets,
    )


@both
def test_period_of_four_weeks_has_28_whole_days(engine: Engine) -> None:
    log = steady()
    found = engine(log.sealed(), log.claim("availability/2")).detail
    assert found["before"]["days"] == found["after"]["days"] == 28
    # 240 of 480 planned minutes a day
    assert found["before"]["n"] == str(28 * 240 * MIN)
    assert found["before"]["d"] == str(28 * 480 * MIN)


@both
@pytest.mark.parametrize(
    ("first", "last", "days"), [(1, 0, 27), (0, -1, 27), (-1, 0, 28), (1, -1, 26)]
)
def test_day_that_a_window_cuts_is_not_whole(
    engine: Engine, first: int, last: int, days: int
) -> None:
    log = steady()
    claim = log.claim("availability/2")
    # before ends where the after window would begin one minute early: it is moved as well
    if first < 0:
        claim = ComparisonClaim(
            claim.span,
            Span(claim.before.first, claim.before.last - 1, 1500, 10),
            claim.metric,
            claim.sense,
            claim.threshold,
            claim.assets,
        )
    assert engine(log.sealed(), moved(claim, first, last)).detail["after"]["days"] == days


@both
def test_night_shift_that_crosses_the_edge_takes_its_whole_day_away(engine: Engine) -> None:
    # The shift from 20:00 ends at 08:30 of the next date: half an hour of each production day lies after the day
    # start, so the last day of each window reaches beyond it and the first begins at 08:30.
    log = steady(cal=plan(shifts=[shift(1200, 1440 + 510)]))
    found = engine(log.sealed(), log.claim("availability/2")).detail
    assert found["before"]["days"] == found["after"]["days"] == 27
    assert "period.not-whole-weeks-after" in found["findings"]


@both
def test_days_of_23_and_25_hours_are_whole_and_counted_to_their_ends(engine: Engine) -> None:
    # Planned round the clock. Day 10 of the before period is one hour short (an hour forward at 09:00 local of it),
    # day 10 of the after period one hour long; the period between the two changes lies one hour earlier in UTC.
    log = Diary()
    change, back = log.begin(10) + HOUR, log.begin(38) + HOUR
    log.config(plant(cal=plan(1440, offsets=[[0, 480], [change, 540], [back, 480]])))
    for day in log.every():
        log.log.row("a1/state", log.begin(day) - HOUR, 1)
    sealed = log.sealed()
    slots = [s.first for s in log.spans] + [log.spans[1].last]
    before, after = Span(slots[0], slots[1] - 60, 60, 10), Span(slots[1] - 60, slots[2], 60, 10)
    claim = ComparisonClaim(after, before, "utilisation/2", "increase", Fraction(0), ("a1",))
    found = engine(sealed, claim).detail
    assert found["before"]["days"] == found["after"]["days"] == 28
    assert found["before"]["d"] == str(28 * DAY - HOUR)
    assert found["after"]["d"] == str(28 * DAY + HOUR)


@both
def test_window_that_forgets_the_change_of_the_clock_cuts_a_day(engine: Engine) -> None:
    # As above, but both windows end at 08:00 of the old offset: the day that begins at 08:00 of the new one an hour
    # before the end of the first window is cut by it.
    log = Diary()
    log.config(plant(cal=plan(1440, offsets=[[0, 480], [log.begin(10) + HOUR, 540]])))
    log.log.row("a1/state", log.begin(0) - HOUR, 1)
    found = engine(log.sealed(), log.claim("utilisation/2", 0)).detail
    assert (found["before"]["days"], found["after"]["days"]) == (28, 27)


@both
def test_day_that_a_changed_day_start_tears_is_none(engine: Engine) -> None:
    # Unshifted plant; from day 5 12:00 UTC on the production day begins at 08:00 two dates later (day_start 1920 min):
    # before, dates 0..5; after the change x lies in the date that began 32 h or more before: 12:00 UTC of day 5
    # = 20:00 local of date 5, minus 32 h = 12:00 of date 4. So date 4 comes back after date 5: torn; date 5 comes
    # back on the next day: torn too. Dates 6 … 27 are whole, the last one of the window (27) begins at 08:00 of
    # date 28 and is cut: 26 is the last whole one.
    log = Diary()
    log.config(plant(cal=plan(shifts=[])))
    log.config(plant(cal=plan(shifts=[], day_start_min=1920)), day=5, ms=12 * HOUR)
    log.log.row("a1/state", log.begin(0) - HOUR, 1)
    found = engine(log.sealed(), log.claim("utilisation/2", 0)).detail
    # whole: 0 1 2 3 and 6 … 26
    assert found["before"]["days"] == 4 + 21
    assert "rules.calendar" in found["findings"]


@both
def test_weekend_without_planned_time_is_no_valid_day(engine: Engine) -> None:
    log = steady(cal=plan(weekdays=(1, 2, 3, 4, 5)), run=(H, H))
    found = engine(log.sealed(), log.claim("availability/2")).detail
    # The machine runs on weekends too: run_x is planned busy time, so these days have a base.
    assert found["before"]["valid"] == 28
    assert found["before"]["d"] == str((20 * 480 + 8 * 240) * MIN)
    idle = Diary()
    idle.config(plant(cal=plan(weekdays=(1, 2, 3, 4, 5))))
    idle.running("a1", lambda day: 0 if day % 7 > 4 else H)
    found = engine(idle.sealed(), idle.claim("availability/2")).detail
    assert (found["before"]["valid"], found["before"]["unknown"]) == (20, 8)
    assert found["before"]["d"] == str(20 * 480 * MIN)


@both
def test_standstill_is_a_valid_day(engine: Engine) -> None:
    log = Diary()
    log.config(plant())
    log.running("a1", lambda day: 0 if day in (3, 30, 31) else H)
    found = engine(log.sealed(), log.claim("availability/2")).detail
    assert (found["before"]["valid"], found["after"]["valid"]) == (28, 28)
    # 26 · 240 against 27 · 240 minutes
    assert Fraction(found["main"]["change"]) == Fraction(26, 27) - 1


@both
@pytest.mark.parametrize(("unknown", "valid"), [(48 * MIN, 28), (48 * MIN + 1, 27)])
def test_day_is_valid_up_to_a_tenth_unknown(engine: Engine, unknown: int, valid: int) -> None:
    # 480 planned minutes: at most 48 may be unknown. On day 2 quality turns bad that long before the plan ends.
    log = steady()
    log.log.bad("a1/state", log.begin(2) + 480 * MIN - unknown)
    log.log.row("a1/state", log.begin(2) + 480 * MIN, 2)
    found = engine(log.sealed(), log.claim("availability/2")).detail
    assert found["before"]["valid"] == valid
    assert found["before"]["unknown"] == 28 - valid


def blind(*dark: int) -> Diary:
    """Half of the planned time every day, before as after; nothing at all is known of some days."""
    log = Diary()
    log.config(plant())
    for day in log.every():
        if day in dark:
            log.log.bad("a1/state", log.begin(day))
            continue
        log.log.row("a1/state", log.begin(day), 1)
        log.log.row("a1/state", log.begin(day) + H, 2)
    return log


@both
def test_blind_day_of_an_increase_is_counted_at_its_worst(engine: Engine) -> None:
    # Every known day 240/480. The blind day may have been 0 (after) or 480 (before) minutes.
    after = blind(40)
    found = engine(after.sealed(), after.claim("availability/2", 0)).detail
    assert Fraction(found["main"]["change"]) == 0
    assert Fraction(found["blind"]["change"]) == Fraction(27 * 240, 28 * 240) - 1
    assert found["after"]["unknown"] == 1
    before = blind(4)
    found = engine(before.sealed(), before.claim("availability/2", 0)).detail
    assert Fraction(found["blind"]["change"]) == Fraction(28 * 240, 27 * 240 + 480) - 1
    # A reduction is judged the other way round.
    found = engine(before.log, before.claim("availability/2", 0, sense="reduction")).detail
    assert Fraction(found["blind"]["change"]) == 1 - Fraction(28, 27)


@both
def test_unknown_time_of_valid_days_is_in_the_worst_case_only(engine: Engine) -> None:
    # 28 days of 240/480 in each period; 30 unknown minutes on day 2 and on day 40.
    log = steady()
    for day in (2, 40):
        log.log.bad("a1/state", log.begin(day) + 450 * MIN)
        log.log.row("a1/state", log.begin(day) + 480 * MIN, 2)
    found = engine(log.sealed(), log.claim("availability/2", 0)).detail
    assert Fraction(found["main"]["change"]) == 0
    assert Fraction(found["worst"]["change"]) == Fraction(28 * 240, 28 * 240 + 30) - 1
    assert Fraction(found["without"]["change"]) == Fraction(found["with"]["change"]) == 0


@both
def test_utilisation_counts_unknown_time_outside_the_plan(engine: Engine) -> None:
    # Calendar time 1440 min: 150 unknown minutes after the plan are more than a tenth.
    log = steady()
    log.log.bad("a1/state", log.begin(2) + 600 * MIN)
    log.log.row("a1/state", log.begin(2) + 750 * MIN, 2)
    found = engine(log.sealed(), log.claim("utilisation/2", 0)).detail
    assert (found["before"]["valid"], found["before"]["unknown"]) == (27, 1)
    found = engine(log.log, log.claim("availability/2", 0)).detail
    assert found["before"]["valid"] == 28


@both
def test_asset_in_service_from_the_tenth_day_on_is_not_matched(engine: Engine) -> None:
    log = Diary()
    document = plant(("a1", "a2"))
    document["assets"][1]["in_service"] = [log.begin(10), 0]
    log.config(document)
    for name, run in (("a1", 240), ("a2", 480)):
        log.running(name, lambda day, run=run: run * MIN)  # type: ignore[misc]
    found = engine(log.sealed(), log.claim("availability/2", 0, assets=("a1", "a2"))).detail
    assert found["assets"] == ["a1", "a2"]
    assert found["matched"] == ["a1"]
    assert "set.changed" in found["findings"]
    assert Fraction(found["main"]["change"]) == 0
    # Full set: before 28·240 + 18·480 of 46·480, after 28·720 of 56·480 minutes.
    assert (
        Fraction(found["full"]["change"])
        == Fraction(28 * 720, 56) / Fraction(28 * 240 + 18 * 480, 46) - 1
    )


@both
def test_asset_unknown_for_more_than_a_tenth_of_a_period_is_not_matched(engine: Engine) -> None:
    # 3 of 28 days without a state are 10.7 %, 2 are 7.1 %.
    for dark, matched in ((2, ["a1", "a2"]), (3, ["a1"])):
        log = Diary()
        log.config(plant(("a1", "a2")))
        log.running("a1", lambda _: H)
        for day in log.every():
            if day in range(30, 30 + dark):
                log.log.bad("a2/state", log.begin(day))
            else:
                log.log.row("a2/state", log.begin(day), 1)
                log.log.row("a2/state", log.begin(day) + H, 2)
        found = engine(log.sealed(), log.claim("availability/2", 0, assets=("a1", "a2"))).detail
        assert found["matched"] == matched
        # Of both machines half the planned time of each dark day is unknown: it is left out of the full set.
        assert found["after"]["unknown"] == (dark if matched == ["a1", "a2"] else 0)


@both
def test_share_of_unknown_time_is_that_of_all_machines(engine: Engine) -> None:
    # 2 of 28 days are 7.1 % of the planned time, 3 are 10.7 %.
    log = blind(30, 31)
    found = engine(log.sealed(), log.claim("availability/2", 0)).detail
    assert "unknown.share-after" not in found["findings"]
    log = blind(30, 31, 32)
    found = engine(log.sealed(), log.claim("availability/2", 0)).detail
    assert "unknown.share-after" in found["findings"]
    assert "unknown.share-before" not in found["findings"]
    assert found["matched"] == []
    assert found["main"] == {"word": "undetermined"}
    assert found["undefined"] == "no_baseline"


@both
def test_coverage_is_that_of_the_streams_over_the_after_window(engine: Engine) -> None:
    document = plant(meters={"m1": [counted("energy", "energy")]})
    log = Diary()
    log.config(document)
    log.running("a1", lambda _: H)
    log.counting("a1/good", lambda _: 10)
    log.counting("m1/energy", lambda _: 1000)
    found = engine(log.sealed(), log.claim("energy-per-piece/2", sense="reduction", meters=("m1",)))
    minutes = 28 * 1440
    assert [c["stream"] for c in found.coverage] == ["a1.state", "a1.count", "m1.energy"]
    assert all(
        sum(c[k] for k in ("absent", "data", "gap", "off")) == minutes for c in found.coverage
    )
    # Two rows of the state a day, in different minutes; both rows of a counter lie in two minutes too.
    assert [c["data"] for c in found.coverage] == [56, 56, 56]
    assert engine(log.log, log.claim("availability/2")).coverage == [
        c for c in found.coverage if c["stream"].startswith("a1")
    ]


def test_state_and_counter_of_the_diary_hold_longer_than_any_test() -> None:
    assert state_signal()["hold_ms"] == LONG > 2 * DAY
