"""A comparison of two years of daily values, in both engines, and what stands beside it.

Run: `python benchmarks/bench_comparison.py`. Limit: two periods of a year each ≤ 0.1 s of CPU in either engine.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction

from evidence.recompute.interval import interval as plain_interval
from kpi.comparison.compare import compare
from kpi.comparison.compared_metrics import ENERGY, OEE
from kpi.comparison.daily import DailySeries, DailyValue, DayBounds
from kpi.comparison.data import BaselineData, Options, PeriodFacts, ReportingData
from kpi.comparison.energy import compare_energy
from kpi.comparison.few_events import rate_ratio
from kpi.comparison.interval import Day, interval
from kpi.comparison.periods import Baseline, BuildPeriod, Reporting, WorkCalendar
from kpi.comparison.planning import Noise, advise

DAY_MS = 57_600_000
BUILD = BuildPeriod(date(2026, 1, 5), date(2026, 2, 27))
BASELINE = Baseline(date(2024, 12, 30), date(2025, 12, 28))
REPORTING = Reporting(date(2026, 3, 9), date(2027, 3, 7))
HISTORY = date(2024, 1, 1)
OPTIONS = Options(
    metric=OEE,
    threshold=Fraction(1, 10),
    calendar=WorkCalendar(frozenset(range(1, 8))),
    as_of=date(2027, 4, 1),
    build=BUILD,
    sealed_before=True,
)
LIMIT_S = 0.1


def series(first: date, last: date, base: float, asset: str, seed: int) -> DailySeries:
    """Return AR(1) days of 16 planned hours; every tenth day has pieces that a counter may have lost."""
    rng = random.Random(seed)
    days, x = [], 0.0
    for i in range((last - first).days + 1):
        x = 0.3 * x + rng.gauss(0, 0.076)
        n = int((base + x) * DAY_MS)
        bounds = DayBounds(Day(n, DAY_MS), Day(n + 600_000, DAY_MS)) if i % 10 == 0 else None
        days.append(
            DailyValue(date=first + timedelta(days=i), n=n, d=DAY_MS, planned=DAY_MS, bounds=bounds)
        )
    return DailySeries(asset, tuple(days))


def data(machines: int) -> tuple[BaselineData, ReportingData]:
    """Return a year before, with another year of history, and a year after."""
    names = [f"m{i:02d}" for i in range(machines)]
    facts = PeriodFacts(coverage=tuple((n, Fraction(99, 100)) for n in names))
    before = tuple(series(HISTORY, BASELINE.last, 0.60, n, i) for i, n in enumerate(names))
    after = tuple(
        series(REPORTING.first, REPORTING.last, 0.72, n, 100 + i) for i, n in enumerate(names)
    )
    return (
        BaselineData(period=BASELINE, series=before, facts=facts),
        ReportingData(period=REPORTING, series=after, facts=facts),
    )


def timed(name: str, work: Callable[[], object], repeats: int = 7) -> float:
    """Print and return the median CPU time."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    median = statistics.median(times)
    print(f"{name:72s} {1000 * median:8.1f} ms")
    return median


def main() -> None:
    """Print the times; exit with 1 if a limit is missed."""
    before, after = data(1)
    days_b = [d.measured for d in before.series[0].days if d.date >= BASELINE.first]
    days_a = [d.measured for d in after.series[0].days]
    pairs_b, pairs_a = ([(d.n, d.d) for d in days] for days in (days_b, days_a))
    limited = [
        timed(
            "CI-1, 364 + 364 days, engine of the agent",
            lambda: interval(days_b, days_a, "increase", 7),
        ),
        timed(
            "CI-1, 364 + 364 days, engine of the verifier",
            lambda: plain_interval(pairs_b, pairs_a, 7, gain=True),
        ),
        timed(
            "whole comparison, 1 machine, another year of history",
            lambda: compare(before, after, OPTIONS),
        ),
    ]
    ten = data(10)
    timed("whole comparison, 10 machines", lambda: compare(*ten, OPTIONS))
    drivers = {
        d.date: (Fraction(d.n // 60_000), Fraction(i % 20), Fraction(i % 2))
        for side in (before.series[0], after.series[0])
        for i, d in enumerate(side.days)
    }
    energy = Options(
        metric=ENERGY,
        threshold=Fraction(8, 100),
        calendar=OPTIONS.calendar,
        as_of=OPTIONS.as_of,
        build=BUILD,
    )
    timed(
        "energy with regression on three drivers",
        lambda: compare_energy(
            before, after, energy, drivers, ["pieces", "degree days", "weekend"]
        ),
        repeats=3,
    )
    timed(
        "exact conditional interval, 5,000 and 9 events", lambda: rate_ratio(5000, 9, 10**6, 10**6)
    )
    timed(
        "planning: weeks for a gain",
        lambda: advise(
            Noise(Fraction(13, 100), Fraction(3, 10), 6),
            Fraction(1, 10),
            "increase",
            Fraction(16, 100),
        ),
    )
    late = [x for x in limited if x > LIMIT_S]
    print(f"limit {LIMIT_S} s: {'missed' if late else 'met'}")
    raise SystemExit(bool(late))


if __name__ == "__main__":
    main()
