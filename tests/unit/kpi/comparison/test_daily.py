"""U11: valid days, exclusions, the matched set, and the ends of a day whose pieces are unknown."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from kpi.comparison.daily import (
    DailySeries,
    DailyValue,
    DayBounds,
    DayStatus,
    Exclusion,
    ExclusionReason,
    matched_assets,
    period_days,
    select,
    worst_case,
)
from kpi.comparison.interval import Day
from kpi.comparison.periods import Baseline, Reporting
from tests.support.comparison_days import SIX_DAYS

FIRST = date(2026, 3, 2)
WEEK = Baseline(FIRST, FIRST + timedelta(days=6))
LATER = Reporting(FIRST + timedelta(days=70), FIRST + timedelta(days=76))


def one(offset: int, n: int = 6, d: int = 10, **more: object) -> DailyValue:
    return DailyValue(date=FIRST + timedelta(days=offset), n=n, d=d, **more)  # type: ignore[arg-type]


def test_valid_day_at_most_a_tenth_unknown_u11() -> None:
    days = period_days(
        [
            DailySeries(
                "a",
                (
                    one(0, planned=100, unknown=10),
                    one(1, planned=100, unknown=11),
                    one(2, planned=0),
                    one(3, n=0, planned=100),
                ),
            )
        ],
        WEEK,
    )
    assert [d.status for d in days] == [
        DayStatus.VALID,  # exactly a tenth
        DayStatus.UNKNOWN,
        DayStatus.NOT_PLANNED,
        DayStatus.VALID,  # a standstill is a day
        DayStatus.ABSENT,
        DayStatus.ABSENT,
        DayStatus.ABSENT,
    ]
    assert len(days) == 7


def test_valid_day_date_without_value_is_absent_only_if_the_calendar_plans_it() -> None:
    days = period_days([DailySeries("a", (one(0),))], WEEK, calendar=SIX_DAYS)
    assert [d.status for d in days][-2:] == [
        DayStatus.ABSENT,
        DayStatus.NOT_PLANNED,
    ]  # Saturday, Sunday


def test_valid_day_sums_several_machines_and_judges_the_sum() -> None:
    # 100 + 300 planned, 40 unknown of the first machine: 40 ≤ 40, the group's day is valid
    a = DailySeries("a", (one(0, 3, 10, planned=100, unknown=40),))
    b = DailySeries("b", (one(0, 20, 30, planned=300),))
    day = period_days([a, b], WEEK)[0]
    assert (day.status, day.measured, day.planned, day.unknown) == (
        DayStatus.VALID,
        Day(23, 40),
        400,
        40,
    )


def exclusion(offset: int, *, registered: bool = True) -> Exclusion:
    when = FIRST + timedelta(days=offset)
    return Exclusion(
        first=when, last=when, reason=ExclusionReason.FORCE_MAJEURE, registered_before=registered
    )


def test_exclusion_stays_listed_and_leaves_out_only_valid_days() -> None:
    series = DailySeries("a", (one(0), one(1, planned=0), one(2)))
    days = period_days([series], WEEK, [exclusion(0), exclusion(1)])
    assert [d.exclusion is not None for d in days[:3]] == [True, True, False]
    assert [d.date for d in select(days, with_exclusions=True)] == [FIRST + timedelta(days=2)]
    assert (
        len(select(days, with_exclusions=False)) == 2
    )  # the day without planned time is never valid


def test_matched_set_needs_service_and_knowledge_in_both_periods() -> None:
    def week(asset: str, at: date, days: range, unknown: int = 0) -> DailySeries:
        return DailySeries(
            asset,
            tuple(
                DailyValue(date=at + timedelta(days=i), n=1, d=10, planned=100, unknown=unknown)
                for i in days
            ),
        )

    whole, late = range(7), range(3, 7)
    before = {
        "always": week("always", FIRST, whole),
        "installed-later": week("installed-later", FIRST, late),
        "blind": week("blind", FIRST, whole, unknown=11),
        "gone": week("gone", FIRST, whole),
    }
    after = {
        name: week(name, LATER.first, whole)
        for name in ("always", "installed-later", "blind", "new")
    }
    assert matched_assets(before, after, (WEEK, LATER)) == ("always",)


def test_worst_case_increase_takes_the_baseline_high_and_the_reporting_period_low() -> None:
    bounds = DayBounds(Day(5, 10), Day(8, 10))
    days = period_days([DailySeries("a", (one(0, bounds=bounds), one(1)))], WEEK)[:2]
    assert worst_case(days, "increase", baseline=True) == [Day(8, 10), Day(6, 10)]
    assert worst_case(days, "increase", baseline=False) == [Day(5, 10), Day(6, 10)]
    assert worst_case(days, "reduction", baseline=True) == [Day(5, 10), Day(6, 10)]
    assert worst_case(days, "reduction", baseline=False) == [Day(8, 10), Day(6, 10)]


def test_worst_case_without_bound_is_none_on_the_side_that_needs_it() -> None:
    open_end = DayBounds(Day(5, 10), None)
    days = period_days([DailySeries("a", (one(0, bounds=open_end),))], WEEK)[:1]
    assert worst_case(days, "increase", baseline=True) is None
    assert worst_case(days, "increase", baseline=False) == [Day(5, 10)]


@pytest.mark.parametrize(
    "numbers", [{"n": -1, "d": 1}, {"n": 1, "d": -1}, {"n": 1, "d": 1, "planned": 1, "unknown": 2}]
)
def test_daily_value_impossible_numbers_are_refused(numbers: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="impossible"):
        DailyValue(date=FIRST, **numbers)


def test_daily_series_dates_must_rise() -> None:
    with pytest.raises(ValueError, match="must rise"):
        DailySeries("a", (one(1), one(1)))
