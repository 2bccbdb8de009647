"""One evaluation of a change over one choice of days: point, interval and word, as measured and with unknown pieces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from kpi.comparison.daily import DayStatus, PeriodDay, select, worst_case
from kpi.comparison.interval import (
    FEWEST_DAYS,
    FIRM_DAYS,
    Day,
    Interval,
    Sense,
    Word,
    interval,
    lowered,
    point_change,
    word_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """How a change is judged. week_days: w of U8; strict: None = only a threshold of 0 must be exceeded."""

    sense: Sense
    threshold: Fraction
    week_days: int
    strict: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The change over valid days of both periods."""

    method: str
    """`ci-1`, `exact-conditional` (few events), `arithmetic` (a declared baseline: no interval)."""
    days_before: int
    days_after: int
    change: Fraction
    low: Decimal | None
    """Lower end of the 90 % interval; None = none, or not bounded on this side."""
    high: Decimal | None
    word: Word
    """By U10 with the rule on valid days; findings are not in it yet."""
    interval: Interval | None = None
    """The steps of CI-1."""


Estimator = Callable[[Sequence[Day], Sequence[Day], Judging], Estimate | None]
"""Makes an estimate; None below 20 days in either period, or where a ratio cannot be formed."""


@dataclass(frozen=True, slots=True)
class Unfavourable:
    """Unknown pieces at the end that speaks against the claim (U10)."""

    estimate: Estimate | None
    """None = one of the days has no bound, or no ratio is left."""


def ci1_estimate(before: Sequence[Day], after: Sequence[Day], judging: Judging) -> Estimate | None:
    """Return the estimate with the interval CI-1. Source: U8, U10."""
    if min(len(before), len(after)) < FEWEST_DAYS:
        return None
    change = point_change(before, after, judging.sense)
    if change is None:
        return None
    found = interval(before, after, judging.sense, judging.week_days)
    reached = word_of(found.low, change, found.high, judging.threshold, strict=judging.strict)
    return Estimate(
        method="ci-1",
        days_before=len(before),
        days_after=len(after),
        change=change,
        low=found.low,
        high=found.high,
        word=by_days(reached, len(before), len(after)),
        interval=found,
    )


def by_days(reached: Word, days_before: int, days_after: int) -> Word:
    """Return the word lowered if a period has fewer than 60 valid days (U10)."""
    return lowered(reached) if min(days_before, days_after) < FIRM_DAYS else reached


def measured(
    sides: tuple[Sequence[PeriodDay], Sequence[PeriodDay]],
    judging: Judging,
    estimator: Estimator,
    *,
    with_exclusions: bool,
) -> Estimate | None:
    """Return the estimate as measured, with or without the excluded days left out."""
    before, after = (select(days, with_exclusions=with_exclusions) for days in sides)
    return estimator([d.measured for d in before], [d.measured for d in after], judging)


def with_unknown_days(
    sides: tuple[Sequence[PeriodDay], Sequence[PeriodDay]],
    judging: Judging,
    estimator: Estimator,
    *,
    with_exclusions: bool,
) -> Estimate | None:
    """Return the estimate with the unknown days of the reporting period as measured; None if it has none.

    Leaving a day out because the agent was blind favours an increase when the day was a bad one. What was counted on
    such a day is a lower limit of N, so counting it speaks against an increase; for a reduction it proves nothing.
    """
    if judging.sense != "increase":
        return None
    before, after = (select(days, with_exclusions=with_exclusions) for days in sides)
    dates = {d.date for d in after}
    blind = [d for d in sides[1] if d.status is DayStatus.UNKNOWN]
    if not blind:
        return None
    dates |= {d.date for d in blind}
    counted = [d.measured for d in sides[1] if d.date in dates]
    return estimator([d.measured for d in before], counted, judging)


def unfavourable(
    sides: tuple[Sequence[PeriodDay], Sequence[PeriodDay]],
    judging: Judging,
    estimator: Estimator,
    *,
    with_exclusions: bool,
) -> Unfavourable | None:
    """Return the estimate with B and A at their ends against the claim; None if no piece is unknown. Source: U10."""
    before, after = (select(days, with_exclusions=with_exclusions) for days in sides)
    worst_before = worst_case(before, judging.sense, baseline=True)
    worst_after = worst_case(after, judging.sense, baseline=False)
    if worst_before is None or worst_after is None:
        return Unfavourable(None)
    if worst_before == [d.measured for d in before] and worst_after == [d.measured for d in after]:
        return None
    return Unfavourable(estimator(worst_before, worst_after, judging))
