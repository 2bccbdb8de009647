"""Before against after, whole: estimates, interval, word, findings, drift, exclusions, sets, cherry-pick index, grade.

One entry point for the claim engine, the calculator and imports. A disqualified comparison holds no estimate at all.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Final

from kpi.bilingual import Bilingual
from kpi.comparison.cherry_pick import CherryPick, cherry_pick, cherry_pick_findings
from kpi.comparison.daily import period_days, select
from kpi.comparison.data import BaselineData, DeclaredBaseline, Options, ReportingData, Twin
from kpi.comparison.drift import drift_of
from kpi.comparison.estimate import (
    Estimate,
    Estimator,
    Judging,
    ci1_estimate,
    measured,
    unfavourable,
    with_unknown_days,
)
from kpi.comparison.interval import Day, Word, lowered, point_change, weaker
from kpi.comparison.nonroutine import change_point, register_findings, step_findings
from kpi.comparison.periods import Baseline, Reporting
from kpi.comparison.result import Comparison, Evidence
from kpi.comparison.result_findings import (
    declared_finding,
    drift_findings,
    lowering,
    no_ratio,
    unknown_day_findings,
    unknown_piece_findings,
    word_findings,
)
from kpi.comparison.sides import Sides, chosen, sides_of
from kpi.comparison.sufficiency import (
    day_findings,
    exclusion_findings,
    holiday_findings,
    missing_findings,
    valid_after_findings,
)
from kpi.comparison.sufficiency_changes import change_findings, coverage_findings, unchecked
from kpi.comparison.sufficiency_periods import period_findings, reporting_findings
from kpi.comparison.twins import TwinChange, twin_findings
from kpi.comparison.weekly import WeeklyInfluences, weekly_influences
from kpi.findings import Finding, disqualified
from kpi.grades import PeriodEvidence

_CALENDAR_WEEK: Final = 7


def compare(
    before: BaselineData | DeclaredBaseline,
    after: ReportingData,
    options: Options,
    estimator: Estimator = ci1_estimate,
) -> Comparison:
    """Return the comparison of the reporting period with the baseline.

    estimator: makes point, interval and word of one choice of days; CI-1 unless the metric counts rare events.
    Source: kpi.md D.2 to D.7 as corrected by kpi-audit E13 to E18, E21 and U8 to U12.
    """
    if isinstance(before, DeclaredBaseline):
        return _with_declared(before, after, options)
    if before.facts.origin is not after.facts.origin:
        return _with_declared(_declared(before), after, options)
    calendars = (options.calendar, options.calendar_after or options.calendar)
    sides = sides_of(before, after, calendars)
    findings = _sufficiency(sides, options)
    empty = Comparison(
        metric=options.metric,
        threshold=options.threshold,
        word=Word.UNDETERMINED,
        main=None,
        evidence=_evidence(sides, options),
        matched=sides.matched,
        assets=sides.assets,
        findings=tuple(findings),
    )
    if disqualified(findings):
        return empty
    judging = _judging(options)
    main = measured(sides.days, judging, estimator, with_exclusions=sides.leaves_out)
    if main is None:
        return empty.with_findings([no_ratio()])
    return _measured(sides, options, (judging, estimator), replace(empty, main=main), main)


def _judging(options: Options) -> Judging:
    return Judging(
        sense=options.metric.sense,
        threshold=options.threshold,
        week_days=_CALENDAR_WEEK if options.metric.calendar_time else options.calendar.week_days,
        strict=options.strict,
    )


def _sufficiency(sides: Sides, options: Options) -> list[Finding]:
    before, after = sides.before, sides.after
    return [
        *period_findings(before.period, after.period, options.build, options.as_of),
        *day_findings(*sides.days, sides.valid),
        *missing_findings(sides.days[0], sides.calendars[0], "before"),
        *missing_findings(sides.days[1], sides.calendars[1], "after"),
        *holiday_findings(before.period, after.period, sides.calendars),
        *exclusion_findings(*sides.days, (*before.exclusions, *after.exclusions)),
        *change_findings(before, after, sides.matched, options),
    ]


def _measured(
    sides: Sides,
    options: Options,
    how: tuple[Judging, Estimator],
    bare: Comparison,
    main: Estimate,
) -> Comparison:
    """Fill in everything that stands beside the main figure."""
    both = [measured(sides.days, *how, with_exclusions=x) for x in (True, False)]
    full_differs = sides.matched != sides.assets
    full = None
    if full_differs:
        full = measured(sides.days_of(sides.assets), *how, with_exclusions=sides.leaves_out)
    blind = with_unknown_days(sides.days, *how, with_exclusions=sides.leaves_out)
    worst = unfavourable(sides.days, *how, with_exclusions=sides.leaves_out)
    weekly = _weekly(sides)
    drifts = [drift_of(w) for w in weekly]
    steps = [change_point(w) for w in weekly]
    cherry = _cherry(sides, options)
    found = [
        *word_findings(main, both[1 if sides.leaves_out else 0], full, full_differs=full_differs),
        *unknown_day_findings(main, blind),
        *unknown_piece_findings(main, worst),
        *(f for side, d in zip(_NAMES, drifts, strict=True) for f in drift_findings(side, d)),
        *(
            f
            for side, step in zip(_NAMES, steps, strict=True)
            for f in step_findings(side, step, options.events, options.metric.id)
        ),
        *register_findings(options.events, options.metric.id),
        *cherry_pick_findings(cherry),
    ]
    twin = None if options.twin is None else _twin(options.twin, sides)
    if twin is not None:
        found += twin_findings(main.change, twin)
    reached = main.word
    if worst is not None:
        reached = weaker(
            reached, Word.UNDETERMINED if worst.estimate is None else worst.estimate.word
        )
    whole = replace(
        bare,
        word=lowered(reached) if lowering(bare.findings) else reached,
        leaves_out=sides.leaves_out,
        with_exclusions=both[0],
        without_exclusions=both[1],
        full_set=full,
        with_unknown_days=blind,
        unfavourable=worst,
        before=sides.days[0],
        after=sides.days[1],
        drift_before=drifts[0],
        drift_after=drifts[1],
        step_before=steps[0],
        step_after=steps[1],
        cherry=cherry,
        twin=twin,
    )
    return whole.with_findings(found)


_NAMES: Final = ("before", "after")


def _weekly(sides: Sides) -> list[WeeklyInfluences]:
    periods: tuple[Baseline | Reporting, ...] = (sides.before.period, sides.after.period)
    return [
        weekly_influences(
            [(d.date, d.measured) for d in select(days, with_exclusions=sides.leaves_out)],
            period.first,
            period.last,
        )
        for days, period in zip(sides.days, periods, strict=True)
    ]


def _cherry(sides: Sides, options: Options) -> CherryPick | None:
    after = [d.measured for d in select(sides.days[1], with_exclusions=sides.leaves_out)]
    period = sides.before.period
    last = period.last if options.build is None else options.build.cut_first - timedelta(days=1)
    return cherry_pick(
        chosen(sides.before.series, sides.matched),
        sides.before.exclusions,
        period,
        max(last, period.last),
        Day(sum(d.n for d in after), sum(d.d for d in after)),
        sense=options.metric.sense,
        with_exclusions=sides.leaves_out,
    )


def _twin(twin: Twin, sides: Sides) -> TwinChange:
    """Return the point change of the twin over its own valid days in the same periods."""
    names = {s.asset for s in twin.before} & {s.asset for s in twin.after}
    if names & set(sides.matched):
        names &= set(sides.matched)
    days = [
        [d.measured for d in period_days(chosen(series, sorted(names)), period) if d.valid]
        for series, period in (
            (twin.before, sides.before.period),
            (twin.after, sides.after.period),
        )
    ]
    change = point_change(days[0], days[1], twin.metric.sense)
    return TwinChange(Bilingual(twin.metric.zh, twin.metric.en), change)


def _evidence(sides: Sides, options: Options) -> Evidence:
    return Evidence(
        before=_period_evidence(sides.before),
        after=_period_evidence(sides.after),
        sealed_before=options.sealed_before,
        unchecked=unchecked(sides.before.facts, sides.after.facts, options),
    )


def _period_evidence(data: BaselineData | ReportingData) -> PeriodEvidence:
    """Return what the letter needs; coverage and drift lower it through their findings, with the numbers."""
    return PeriodEvidence(origin=data.facts.origin, coverage=None, simulated=data.facts.simulated)


def _declared(before: BaselineData) -> DeclaredBaseline:
    """Return a baseline of another origin than the reporting period as one figure: its days were not counted alike."""
    days = [d.measured for d in period_days(before.series, before.period) if d.valid]
    n, d = sum(x.n for x in days), sum(x.d for x in days)
    return DeclaredBaseline(
        value=Fraction(n, d) if d else Fraction(0),
        origin=before.facts.origin,
        simulated=before.facts.simulated,
    )


def _with_declared(before: DeclaredBaseline, after: ReportingData, options: Options) -> Comparison:
    """Return the arithmetic against a declared figure: no interval, `undetermined`, grade C or D."""
    names = tuple(sorted(after.by_asset))
    calendar = options.calendar_after or options.calendar
    days = period_days(after.series, after.period, after.exclusions, calendar)
    valid = [d.measured for d in days if d.valid]
    findings = [
        declared_finding(),
        *reporting_findings(after.period, options.build, options.as_of),
        *valid_after_findings(len(valid)),
        *missing_findings(days, calendar, "after"),
        *coverage_findings(after.facts, after.facts, names),
    ]
    empty = Comparison(
        metric=options.metric,
        threshold=options.threshold,
        word=Word.UNDETERMINED,
        main=None,
        evidence=Evidence(
            before=PeriodEvidence(origin=before.origin, simulated=before.simulated),
            after=_period_evidence(after),
            sealed_before=options.sealed_before,
            unchecked=unchecked(after.facts, after.facts, options),
        ),
        matched=names,
        assets=names,
        findings=tuple(findings),
    )
    n, d = sum(x.n for x in valid), sum(x.d for x in valid)
    if disqualified(findings):
        return empty
    if n <= 0 or d <= 0 or before.value <= 0:
        return empty.with_findings([no_ratio()])
    gain = Fraction(n, d) / before.value - 1
    main = Estimate(
        method="arithmetic",
        days_before=0,
        days_after=len(valid),
        change=gain if options.metric.sense == "increase" else -gain,
        low=None,
        high=None,
        word=Word.UNDETERMINED,
    )
    return replace(empty, main=main, after=days)
