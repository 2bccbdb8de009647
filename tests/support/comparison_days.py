"""Daily values and comparisons for the tests: a plant that works every weekday of a calendar."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from kpi.comparison.compared_metrics import OEE, ComparedMetric
from kpi.comparison.daily import DailySeries, DailyValue
from kpi.comparison.data import BaselineData, Options, PeriodFacts, ReportingData
from kpi.comparison.periods import Baseline, BuildPeriod, Reporting, WorkCalendar

EVERY_DAY = WorkCalendar(frozenset(range(1, 8)))
SIX_DAYS = WorkCalendar(frozenset(range(1, 7)))
FIVE_DAYS = WorkCalendar(frozenset(range(1, 6)))

BUILD = BuildPeriod(date(2026, 6, 8), date(2026, 7, 31))
"""Cut out from Monday 1 June to Friday 7 August: 13 weeks end on Sunday 31 May, or start on Monday 10 August."""
BASELINE = Baseline(date(2026, 3, 2), date(2026, 5, 31))
REPORTING = Reporting(date(2026, 8, 10), date(2026, 11, 8))
AS_OF = date(2027, 1, 15)
FULL = PeriodFacts(coverage=(("a1", Fraction(99, 100)),))


def dates(first: date, last: date) -> list[date]:
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def series(
    values: Callable[[int], tuple[int, int]],
    first: date,
    last: date,
    *,
    asset: str = "a1",
    calendar: WorkCalendar = EVERY_DAY,
    **more: Any,
) -> DailySeries:
    """Return (N, D) of the i-th planned day by `values`; planned time is D unless said."""
    days = [d for d in dates(first, last) if calendar.planned(d)]
    found = []
    for i, when in enumerate(days):
        n, d = values(i)
        found.append(DailyValue(date=when, n=n, d=d, **{"planned": d, **more}))
    return DailySeries(asset, tuple(found))


def noisy(
    base: int, seed: int, spread: int = 60, d: int = 1000
) -> Callable[[int], tuple[int, int]]:
    """Return independent days around base/d."""
    rng = random.Random(seed)
    return lambda _i: (base + rng.randrange(-spread, spread + 1), d)


def baseline(*found: DailySeries, period: Baseline = BASELINE, **more: Any) -> BaselineData:
    facts = more.pop("facts", _facts(found))
    return BaselineData(period=period, series=found, facts=facts, **more)


def reporting(*found: DailySeries, period: Reporting = REPORTING, **more: Any) -> ReportingData:
    facts = more.pop("facts", _facts(found))
    return ReportingData(period=period, series=found, facts=facts, **more)


def _facts(found: Iterable[DailySeries]) -> PeriodFacts:
    return PeriodFacts(coverage=tuple((s.asset, Fraction(99, 100)) for s in found))


def options(metric: ComparedMetric = OEE, threshold: str = "1/10", **more: Any) -> Options:
    base = Options(
        metric=metric,
        threshold=Fraction(threshold),
        calendar=EVERY_DAY,
        as_of=AS_OF,
        build=BUILD,
        sealed_before=True,
    )
    return replace(base, **more)


def names(findings: Iterable[Any]) -> list[str]:
    return [f.name for f in findings]
