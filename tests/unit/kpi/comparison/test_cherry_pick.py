"""Cherry-pick index (kpi-audit U12) on a history whose ratios are steps of whole weeks."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from kpi.comparison.cherry_pick import CherryPick, cherry_pick, cherry_pick_findings
from kpi.comparison.daily import DailySeries, DailyValue, Exclusion, ExclusionReason
from kpi.comparison.interval import Day
from kpi.comparison.periods import Baseline
from kpi.findings import Severity

MONDAY = date(2026, 1, 5)


def history(*by_week: int, days: int = 7, asset: str = "a1", start: date = MONDAY) -> DailySeries:
    return DailySeries(
        asset,
        tuple(
            DailyValue(date=start + timedelta(days=7 * w + i), n=n, d=100)
            for w, n in enumerate(by_week)
            for i in range(days)
        ),
    )


def weeks(first: int, count: int) -> Baseline:
    start = MONDAY + timedelta(days=7 * first)
    return Baseline(start, start + timedelta(days=7 * count - 1))


def test_cherry_pick_index_is_the_share_of_starts_with_a_smaller_gain() -> None:
    # four-week baselines over weeks 60 60 60 60 50 50 50 50: means 60, 57.5, 55, 52.5, 50; A = 60
    # gains 0, 2.5/57.5, 5/55, 7.5/52.5, 10/50: the chosen last one is the largest of five
    found = cherry_pick(
        [history(*[60] * 4, *[50] * 4)],
        (),
        weeks(4, 4),
        weeks(4, 4).last,
        Day(60, 100),
        sense="increase",
        with_exclusions=False,
    )
    assert found is not None
    assert (found.starts, found.smaller, found.index) == (5, 4, Fraction(4, 5))
    assert (found.smallest, found.largest, found.chosen) == (0, Fraction(1, 5), Fraction(1, 5))


def test_cherry_pick_reduction_prefers_a_high_baseline() -> None:
    found = cherry_pick(
        [history(*[60] * 4, *[50] * 4)],
        (),
        weeks(0, 4),
        weeks(4, 4).last,
        Day(45, 100),
        sense="reduction",
        with_exclusions=False,
    )
    assert found is not None
    assert found.chosen == 1 - Fraction(45, 60)
    assert (found.smaller, found.starts) == (4, 5)


def test_cherry_pick_starts_after_the_chosen_one_are_allowed_up_to_the_build_period() -> None:
    last = weeks(0, 8).last
    found = cherry_pick(
        [history(*[60] * 8)],
        (),
        weeks(0, 4),
        last,
        Day(60, 100),
        sense="increase",
        with_exclusions=False,
    )
    assert found is not None
    assert (found.starts, found.smaller) == (5, 0)


def test_cherry_pick_periods_with_fewer_than_twenty_valid_days_are_not_allowed() -> None:
    # three days a week: four weeks hold 12 days, seven weeks 21; eight weeks of history allow two starts of seven
    sparse = history(*[60] * 8, days=3)
    assert (
        cherry_pick(
            [sparse],
            (),
            weeks(4, 4),
            weeks(4, 4).last,
            Day(1, 2),
            sense="increase",
            with_exclusions=False,
        )
        is None
    )
    found = cherry_pick(
        [sparse],
        (),
        weeks(1, 7),
        weeks(1, 7).last,
        Day(1, 2),
        sense="increase",
        with_exclusions=False,
    )
    assert found is not None
    assert found.starts == 2


def test_cherry_pick_days_before_a_machine_came_do_not_count() -> None:
    # the second machine has values from week 4 on: four-week periods before that hold no day with both
    late = history(*[50] * 4, asset="a2", start=MONDAY + timedelta(days=28))
    found = cherry_pick(
        [history(*[60] * 8), late],
        (),
        weeks(4, 4),
        weeks(4, 4).last,
        Day(60, 100),
        sense="increase",
        with_exclusions=False,
    )
    # starts in week 3 (21 days with both) and week 4
    assert found is not None
    assert found.starts == 2


def test_cherry_pick_one_possible_start_is_said() -> None:
    found = cherry_pick(
        [history(*[60] * 4)],
        (),
        weeks(0, 4),
        weeks(0, 4).last,
        Day(1, 2),
        sense="increase",
        with_exclusions=False,
    )
    assert found is None
    assert cherry_pick_findings(None)[0].name == "cherry.not-possible"


def test_cherry_pick_excluded_days_are_left_out_when_the_main_figure_does() -> None:
    bad_week = Exclusion(
        first=MONDAY + timedelta(days=49),
        last=MONDAY + timedelta(days=55),
        reason=ExclusionReason.FORCE_MAJEURE,
        registered_before=True,
    )
    values = [history(*[60] * 7, 10)]

    def chosen(*, with_exclusions: bool) -> Fraction:
        found = cherry_pick(
            values,
            [bad_week],
            weeks(4, 4),
            weeks(4, 4).last,
            Day(60, 100),
            sense="increase",
            with_exclusions=with_exclusions,
        )
        assert found is not None
        return found.chosen

    assert chosen(with_exclusions=True) == 0
    # (60·3 + 10)/4 = 47.5
    assert chosen(with_exclusions=False) == Fraction(60) / Fraction(95, 2) - 1


def favourable(smaller: int, starts: int) -> CherryPick:
    return CherryPick(
        starts=starts,
        smaller=smaller,
        smallest=Fraction(0),
        largest=Fraction(1, 5),
        chosen=Fraction(1, 5),
    )


def test_cherry_pick_warning_from_nine_tenths_of_at_least_five_starts() -> None:
    warned = cherry_pick_findings(favourable(9, 10))[0]
    assert (warned.name, warned.severity, warned.lowers_grade) == (
        "cherry.favourable",
        Severity.WARN,
        True,
    )
    assert cherry_pick_findings(favourable(8, 10))[0].severity is Severity.NOTE
    assert cherry_pick_findings(favourable(4, 4))[0].severity is Severity.NOTE
