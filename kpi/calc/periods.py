"""Two lists of daily numerators and denominators → the comparison before/after (kpi.md D, kpi-audit U8 to U12)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from kpi.calc.figure import Figure
from kpi.comparison.compare import compare
from kpi.comparison.compared_metrics import DEFECT_RATE, ENERGY, ComparedMetric
from kpi.comparison.daily import DailySeries, DailyValue, Exclusion
from kpi.comparison.data import BaselineData, Options, PeriodFacts, ReportingData
from kpi.comparison.defect_rate import compare_defects
from kpi.comparison.energy import compare_energy
from kpi.comparison.periods import Baseline, BuildPeriod, Reporting, WorkCalendar
from kpi.comparison.result import Comparison
from kpi.equipment.indicator import Operand
from kpi.grades import Origin
from model.ratio import Undefined

SERIES = "case"
"""Name of the one series of a case."""


@dataclass(frozen=True, slots=True)
class PeriodDays:
    """The days of one period."""

    first: date
    last: date
    days: tuple[DailyValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodsInput:
    """What is compared with what."""

    metric: ComparedMetric
    threshold: Fraction
    before: PeriodDays
    after: PeriodDays
    calendar: WorkCalendar
    as_of: date
    build: BuildPeriod | None = None
    exclusions: tuple[Exclusion, ...] = ()
    strict: bool | None = None
    season: bool | None = None


@dataclass(frozen=True, slots=True)
class PeriodsResult:
    """The comparison, and its three numbers as figures."""

    comparison: Comparison
    figures: tuple[Figure, ...]


def periods_result(case: PeriodsInput) -> PeriodsResult:
    """Return the comparison of two written-down periods; their origin is `declared`, as nothing stands behind them."""
    facts = PeriodFacts(origin=Origin.DECLARED)
    before = BaselineData(
        series=(DailySeries(SERIES, case.before.days),),
        period=Baseline(case.before.first, case.before.last),
        exclusions=_within(case.exclusions, case.before),
        facts=facts,
    )
    after = ReportingData(
        series=(DailySeries(SERIES, case.after.days),),
        period=Reporting(case.after.first, case.after.last),
        exclusions=_within(case.exclusions, case.after),
        facts=facts,
    )
    options = Options(
        metric=case.metric,
        threshold=case.threshold,
        calendar=case.calendar,
        as_of=case.as_of,
        build=case.build,
        strict=case.strict,
        season=case.season,
    )
    if case.metric is DEFECT_RATE:
        found = compare_defects(before, after, options).comparison
    elif case.metric is ENERGY:
        found = compare_energy(before, after, options).comparison
    else:
        found = compare(before, after, options)
    return PeriodsResult(found, _figures(found))


def _within(exclusions: tuple[Exclusion, ...], period: PeriodDays) -> tuple[Exclusion, ...]:
    return tuple(e for e in exclusions if e.first <= period.last and e.last >= period.first)


def _figures(found: Comparison) -> tuple[Figure, ...]:
    """Return the change and both ends of its interval."""
    metric, main = found.metric, found.main
    if main is None:
        why = Undefined("the comparison is disqualified: see its findings", "不可比较：见下列发现")
        return (_figure(metric, "", ("", ""), why),)
    change = _figure(metric, "", ("", ""), main.change, _sums(found))
    ends = [
        replace(
            _figure(metric, name, words, Fraction(bound), exact=False),
            formula_zh=f"90 % 区间，方法 {main.method}",
            formula_en=f"90 % interval, method {main.method}",
        )
        for name, words, bound in (
            ("low", ("90 % 区间下限", "lower end of the 90 % interval"), main.low),
            ("high", ("90 % 区间上限", "upper end of the 90 % interval"), main.high),
        )
        if bound is not None
    ]
    return (change, *ends)


def _sums(found: Comparison) -> tuple[Operand, ...]:
    """Return the sums over the valid days of both periods that the change is formed from."""
    operands = []
    for days, sign in ((found.before, "B"), (found.after, "A")):
        valid = [d for d in days if d.valid and not (found.leaves_out and d.left_out)]
        operands += [
            Operand(f"N_{sign}", Fraction(sum(d.measured.n for d in valid)), ""),
            Operand(f"D_{sign}", Fraction(sum(d.measured.d for d in valid)), ""),
        ]
    return tuple(operands)


def _figure(
    metric: ComparedMetric,
    reading: str,
    words: tuple[str, str],
    value: Fraction | Undefined,
    operands: tuple[Operand, ...] = (),
    *,
    exact: bool = True,
) -> Figure:
    rising = metric.sense == "increase"
    quotient = "(N_A·D_B) / (N_B·D_A)"
    return Figure(
        id=f"{metric.id}@{reading}" if reading else metric.id,
        zh=metric.zh + ("提高" if rising else "降低") + (f"（{words[0]}）" if reading else ""),
        en=f"{'increase' if rising else 'reduction'} of {metric.en}"
        + (f" ({words[1]})" if reading else ""),
        formula_zh=f"{quotient} − 1" if rising else f"1 − {quotient}",
        formula_en=f"{quotient} − 1" if rising else f"1 − {quotient}",
        source="kpi-audit U8, U10 (ours; no official text has an interval)",
        value=value,
        operands=operands,
        exact=exact,
    )
