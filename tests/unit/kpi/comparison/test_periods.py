"""Proposals of periods (kpi.md D.2, kpi-audit E16), dates counted by hand on the calendar of 2026."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from kpi.comparison.periods import Baseline, BuildPeriod, Reporting, WorkCalendar, propose_periods
from tests.support.comparison_days import BUILD, EVERY_DAY, FIVE_DAYS

MONDAY = 1


def test_periods_are_whole_weeks_next_to_the_build_period_with_seven_days_cut_out() -> None:
    # build 8 June to 31 July 2026; cut out 1 June (a Monday) to 7 August (a Friday)
    assert (BUILD.cut_first, BUILD.cut_last) == (date(2026, 6, 1), date(2026, 8, 7))
    found = propose_periods(BUILD, EVERY_DAY)
    assert found.baseline == Baseline(date(2026, 3, 2), date(2026, 5, 31))
    assert found.reporting == Reporting(date(2026, 8, 10), date(2026, 11, 8))
    assert found.baseline.weeks == found.reporting.weeks == 13
    assert found.baseline.first.isoweekday() == found.reporting.first.isoweekday() == MONDAY
    assert (found.valid_before, found.valid_after, found.firm) == (91, 91, True)
    assert found.complete_on == date(2026, 11, 9)
    assert len(found.reasons) == 3
    assert all(r.zh and r.en for r in found.reasons)


@pytest.mark.parametrize("shift", range(7))
def test_periods_never_touch_the_cut_out_whatever_its_weekdays(shift: int) -> None:
    build = BuildPeriod(BUILD.first + timedelta(days=shift), BUILD.last + timedelta(days=2 * shift))
    found = propose_periods(build, EVERY_DAY)
    assert found.baseline is not None
    assert 1 <= (build.cut_first - found.baseline.last).days <= 7
    assert 1 <= (found.reporting.first - build.cut_last).days <= 7
    assert found.baseline.last.isoweekday() == 7
    assert found.reporting.first.isoweekday() == MONDAY


def test_periods_five_day_plant_of_kpi_audit_e16_is_extended_until_sixty_valid_days() -> None:
    # 13 weeks to 5 April 2026 hold 65 weekdays; a Spring Festival of nine days (weekdays 16–20, 23 and 24 February: 7)
    # leaves 58 valid days; one week more gives 70 − 7 = 63
    holidays = frozenset(date(2026, 2, 16) + timedelta(days=i) for i in range(9))
    calendar = WorkCalendar(frozenset(range(1, 6)), holidays)
    build = BuildPeriod(date(2026, 4, 13), date(2026, 5, 29))
    found = propose_periods(build, calendar)
    assert found.baseline is not None
    assert found.baseline == Baseline(date(2025, 12, 29), date(2026, 4, 5))
    assert found.baseline.weeks == found.reporting.weeks == 14
    assert (found.valid_before, found.valid_after) == (63, 70)
    assert any("14" in r.en and "extended" in r.en for r in found.reasons)


def test_periods_days_known_to_be_invalid_do_not_count() -> None:
    # 13 weeks of five days are 65; six invalid ones leave 59, so a fourteenth week is added: 64
    invalid = frozenset(date(2026, 5, 25) - timedelta(days=7 * i) for i in range(6))
    found = propose_periods(BUILD, FIVE_DAYS, invalid=invalid)
    assert found.baseline is not None
    assert (found.baseline.weeks, found.valid_before) == (14, 64)


def test_periods_day_worked_in_exchange_counts_and_a_holiday_does_not() -> None:
    calendar = WorkCalendar(
        frozenset(range(1, 6)),
        holidays=frozenset({date(2026, 5, 1), date(2026, 5, 2)}),
        extra=frozenset({date(2026, 5, 9)}),
    )
    assert not calendar.planned(date(2026, 5, 1))  # a Friday
    assert calendar.planned(date(2026, 5, 9))  # a Saturday
    assert not calendar.planned(date(2026, 5, 16))
    assert calendar.week_days == 5


def test_periods_agent_that_came_late_shortens_both_and_is_provisional() -> None:
    found = propose_periods(BUILD, EVERY_DAY, data_from=date(2026, 4, 13))
    assert found.baseline is not None
    # 13 April to 31 May are 49 days: seven weeks
    assert found.baseline == Baseline(date(2026, 4, 13), date(2026, 5, 31))
    assert found.reporting.weeks == 7
    assert not found.firm
    assert any("both take 7" in r.en for r in found.reasons)


def test_periods_less_than_four_weeks_of_data_are_no_baseline() -> None:
    found = propose_periods(BUILD, EVERY_DAY, data_from=date(2026, 5, 5))  # 27 days
    assert found.baseline is None
    assert not found.firm
    assert any("declared" in r.en for r in found.reasons)
    assert propose_periods(BUILD, EVERY_DAY, data_from=date(2026, 5, 4)).baseline is not None


def test_periods_season_takes_fifty_two_weeks() -> None:
    found = propose_periods(BUILD, EVERY_DAY, season=True)
    assert found.baseline is not None
    assert found.baseline.days == found.reporting.days == 364


def test_periods_plant_of_one_day_a_week_needs_sixty_weeks() -> None:
    found = propose_periods(BUILD, WorkCalendar(frozenset({3})))
    assert found.baseline is not None
    assert (found.baseline.weeks, found.valid_before) == (60, 60)


def test_periods_plant_without_working_days_ends_at_two_years_and_is_not_firm() -> None:
    found = propose_periods(BUILD, WorkCalendar(frozenset()))
    assert found.baseline is not None
    assert (found.baseline.weeks, found.firm) == (104, False)


@pytest.mark.parametrize("weeks", [3, 105])
def test_periods_wish_outside_four_to_a_hundred_and_four_weeks_is_refused(weeks: int) -> None:
    with pytest.raises(ValueError, match="4 to 104"):
        propose_periods(BUILD, EVERY_DAY, weeks=weeks)


def test_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="on or after"):
        Baseline(date(2026, 3, 2), date(2026, 3, 1))


def test_period_types_are_not_interchangeable() -> None:
    span = (date(2026, 3, 2), date(2026, 5, 31))
    assert Baseline(*span) != Reporting(*span)
    assert not isinstance(Baseline(*span), Reporting)
