"""One test for each finding on the dates and days of the periods: its name, its severity, its numbers."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from kpi.comparison.daily import DayStatus, Exclusion, ExclusionReason, PeriodDay
from kpi.comparison.interval import Day
from kpi.comparison.periods import Baseline, Reporting, WorkCalendar
from kpi.comparison.sufficiency import (
    day_findings,
    exclusion_findings,
    holiday_findings,
    missing_findings,
)
from kpi.comparison.sufficiency_periods import period_findings
from kpi.findings import Finding, Severity
from tests.support.comparison_days import (
    AS_OF,
    BASELINE,
    BUILD,
    FIVE_DAYS,
    REPORTING,
    dates,
    names,
)


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, names(findings)
    return findings[0]


def numbers(finding: Finding) -> dict[str, object]:
    return dict(finding.numbers)


def test_periods_that_are_right_raise_nothing() -> None:
    assert period_findings(BASELINE, REPORTING, BUILD, AS_OF) == []


@pytest.mark.parametrize(("as_of", "raised"), [(REPORTING.last, True), (date(2026, 11, 9), False)])
def test_period_future_is_disqualified_until_the_last_day_is_over(
    as_of: date, raised: bool
) -> None:
    found = period_findings(BASELINE, REPORTING, BUILD, as_of)
    assert names(found) == (["period.future"] if raised else [])
    if raised:
        assert only(found).severity is Severity.DISQUALIFY
        assert numbers(only(found)) == {"last": REPORTING.last, "as_of": as_of}


def test_period_order_reporting_before_baseline_is_disqualified() -> None:
    swapped = period_findings(
        Baseline(REPORTING.first, REPORTING.last),
        Reporting(BASELINE.first, BASELINE.last),
        None,
        AS_OF,
    )
    assert "period.order" in names(swapped)
    assert next(f for f in swapped if f.name == "period.order").severity is Severity.DISQUALIFY


@pytest.mark.parametrize(("days", "raised"), [(27, True), (28, False)])
def test_period_too_short_below_four_weeks_is_disqualified(days: int, raised: bool) -> None:
    short = Reporting(REPORTING.first, REPORTING.first + timedelta(days=days - 1))
    found = {f.name: f for f in period_findings(BASELINE, short, BUILD, AS_OF)}
    assert ("period.too-short" in found) is raised
    if raised:
        assert found["period.too-short"].severity is Severity.DISQUALIFY
        assert numbers(found["period.too-short"]) == {"baseline_days": 91, "reporting_days": 27}


def test_period_not_whole_weeks_lowers_the_word() -> None:
    odd = Reporting(REPORTING.first, REPORTING.last - timedelta(days=1))
    found = {f.name: f for f in period_findings(BASELINE, odd, BUILD, AS_OF)}
    assert found.keys() == {"period.not-whole-weeks", "period.unequal-weeks"}
    assert all(f.severity is Severity.WARN and f.lowers_word for f in found.values())


def test_period_unequal_weeks_lowers_the_word() -> None:
    longer = Baseline(BASELINE.first - timedelta(days=7), BASELINE.last)
    found = only(period_findings(longer, REPORTING, BUILD, AS_OF))
    assert (found.name, found.lowers_word) == ("period.unequal-weeks", True)
    assert numbers(found) == {"baseline_days": 98, "reporting_days": 91}


def test_period_weekday_mismatch_lowers_the_word_and_names_the_days() -> None:
    moved = Reporting(REPORTING.first + timedelta(days=1), REPORTING.last + timedelta(days=1))
    found = only(period_findings(BASELINE, moved, BUILD, AS_OF))
    assert (found.name, found.lowers_word) == ("period.weekday-mismatch", True)
    assert "Monday 2026-03-02" in found.text.en
    assert "Tuesday 2026-08-11" in found.text.en
    assert "星期二" in found.text.zh


@pytest.mark.parametrize("side", ["before", "after"])
def test_period_inside_the_cut_out_is_disqualified(side: str) -> None:
    # the cut-out is 1 June to 7 August
    b, a = BASELINE, REPORTING
    if side == "before":
        b = Baseline(b.first + timedelta(days=7), b.last + timedelta(days=7))
    else:
        a = Reporting(a.first - timedelta(days=7), a.last - timedelta(days=7))
    found = only(period_findings(b, a, BUILD, AS_OF))
    assert (found.name, found.severity) == ("period.in-build", Severity.DISQUALIFY)


@pytest.mark.parametrize(("weeks", "raised"), [(0, False), (1, True)])
def test_period_not_adjoining_lowers_the_grade(weeks: int, raised: bool) -> None:
    shift = timedelta(days=7 * weeks)
    later = Reporting(REPORTING.first + shift, REPORTING.last + shift)
    found = period_findings(BASELINE, later, BUILD, AS_OF)
    assert names(found) == (["period.not-adjoining"] if raised else [])
    if raised:
        # 7 August is the last day cut out: 8 and 9 August lie between, and a week
        assert numbers(only(found)) == {"days_before": 0, "days_after": 9}
        assert only(found).lowers_grade


def test_period_without_build_dates_lowers_the_grade() -> None:
    found = only(period_findings(BASELINE, REPORTING, None, AS_OF))
    assert (found.name, found.lowers_grade) == ("period.no-build-dates", True)


def days(count: int, *, unknown: int = 0, planned: int = 100, vary: bool = True) -> list[PeriodDay]:
    return [
        PeriodDay(
            date=when,
            status=DayStatus.VALID,
            measured=Day(50 + (i % 3 if vary else 0), 100),
            low=Day(50, 100),
            high=Day(50, 100),
            planned=planned,
            unknown=unknown,
        )
        for i, when in enumerate(dates(BASELINE.first, BASELINE.first + timedelta(days=count - 1)))
    ]


@pytest.mark.parametrize(
    ("valid", "name", "severity"),
    [
        ((19, 91), "days.too-few", Severity.DISQUALIFY),
        ((20, 91), "days.provisional", Severity.WARN),
        ((91, 59), "days.provisional", Severity.WARN),
        ((60, 60), None, None),
    ],
)
def test_days_valid_count_e16(
    valid: tuple[int, int], name: str | None, severity: Severity | None
) -> None:
    found = day_findings(days(91), days(91), valid)
    assert names(found) == ([] if name is None else [name])
    if found:
        assert only(found).severity is severity
        assert numbers(only(found)) == {"before": valid[0], "after": valid[1]}


@pytest.mark.parametrize(("unknown", "raised"), [(10, False), (11, True)])
def test_days_unknown_share_above_a_tenth_lowers_word_and_grade(unknown: int, raised: bool) -> None:
    found = day_findings(days(91), days(91, unknown=unknown), (91, 91))
    assert names(found) == (["days.unknown-share-after"] if raised else [])
    if raised:
        assert numbers(only(found)) == {"share": Fraction(11, 100)}
        assert (only(found).lowers_word, only(found).lowers_grade) == (True, True)


def test_days_without_any_variation_are_suspicious() -> None:
    found = only(day_findings(days(91, vary=False), days(91), (91, 91)))
    assert (found.name, found.lowers_grade) == ("days.no-variation-before", True)
    assert numbers(found) == {"days": 91}


def statuses(found: list[DayStatus]) -> list[PeriodDay]:
    return [
        PeriodDay(
            date=BASELINE.first + timedelta(days=i),
            status=status,
            measured=Day(1, 2),
            low=Day(1, 2),
            high=Day(1, 2),
            planned=2,
            unknown=0,
        )
        for i, status in enumerate(found)
    ]


def test_days_missing_counts_planned_dates_only() -> None:
    # two weeks of a five-day plant: ten planned days, the weekends do not count
    week = [DayStatus.VALID] * 5 + [DayStatus.NOT_PLANNED] * 2
    assert missing_findings(statuses(week * 2), FIVE_DAYS, "before") == []
    one_unknown = [DayStatus.UNKNOWN, *week[1:], *week]
    found = only(missing_findings(statuses(one_unknown), FIVE_DAYS, "before"))
    assert (found.name, found.severity) == ("days.missing-before", Severity.NOTE)  # 1 of 10
    assert numbers(found) == {"planned": 10, "unusable": 1}
    two = [DayStatus.UNKNOWN, *week[1:], DayStatus.UNKNOWN, *week[1:]]
    found = only(missing_findings(statuses(two), FIVE_DAYS, "after"))
    assert (found.severity, found.lowers_word) == (Severity.WARN, True)


def test_days_missing_a_date_without_any_value_lowers_the_grade() -> None:
    week = [DayStatus.VALID] * 5 + [DayStatus.NOT_PLANNED] * 2
    found = only(
        missing_findings(statuses([DayStatus.ABSENT, *week[1:], *week]), FIVE_DAYS, "before")
    )
    assert (found.severity, found.lowers_word, found.lowers_grade) == (Severity.WARN, False, True)
    assert numbers(found)["absent"] == 1


def test_days_holidays_unequal_counts_those_on_working_weekdays() -> None:
    # 1 May 2026 is a Friday, 2 May a Saturday that nobody works; National Day 1 October is a Thursday
    before = WorkCalendar(frozenset(range(1, 6)), frozenset({date(2026, 5, 1), date(2026, 5, 2)}))
    after = WorkCalendar(frozenset(range(1, 6)), frozenset({date(2026, 10, 1)}))
    assert holiday_findings(BASELINE, REPORTING, (before, after)) == []
    found = only(holiday_findings(BASELINE, REPORTING, (before, FIVE_DAYS)))
    assert (found.name, numbers(found)) == ("days.holidays-unequal", {"before": 1, "after": 0})


def exclusion(first: date, *, registered: bool) -> Exclusion:
    return Exclusion(
        first=first,
        last=first,
        reason=ExclusionReason.HOLIDAY,
        registered_before=registered,
    )


def test_exclusions_registered_late_lower_the_grade() -> None:
    late = exclusion(BASELINE.first, registered=False)
    found = only(exclusion_findings(days(7), days(7), [late]))
    assert (found.name, found.lowers_grade) == ("exclusions.registered-late", True)
    assert numbers(found) == {"late": 1, "first": BASELINE.first}


def test_exclusions_unequal_number_of_days_is_said() -> None:
    kept = exclusion(BASELINE.first, registered=True)
    after = [
        PeriodDay(
            date=d.date,
            status=d.status,
            measured=d.measured,
            low=d.low,
            high=d.high,
            planned=d.planned,
            unknown=d.unknown,
            exclusion=kept if i < 2 else None,
        )
        for i, d in enumerate(days(7))
    ]
    found = only(exclusion_findings(days(7), after, [kept]))
    assert (found.name, numbers(found)) == ("exclusions.unequal", {"before": 0, "after": 2})
