"""Before against after, whole: estimates, interval, word, findings, drift, exclusions, sets, cherry-pick index, grade.

One entry point for the claim engine, the calculator and imports. A disqualified comparison holds no estimate at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import Final

from kpi.cherry_pick import CherryPick, cherry_pick, cherry_pick_findings
from kpi.compared_metrics import ComparedMetric
from kpi.comparison import Day, Word, lowered, point_change, weaker
from kpi.comparison_findings import (
    declared_finding,
    drift_findings,
    lowering,
    no_ratio,
    unknown_piece_findings,
    word_findings,
)
from kpi.comparison_input import BaselineData, DeclaredBaseline, Options, ReportingData, Twin
from kpi.confounders import ConfounderNote, confounders
from kpi.daily import DailySeries, PeriodDay, matched_assets, period_days, select
from kpi.drift import Drift, drift_of
from kpi.estimate import (
    Estimate,
    Estimator,
    Judging,
    Unfavourable,
    ci1_estimate,
    measured,
    unfavourable,
)
from kpi.findings import Finding, Sentence, disqualified
from kpi.grades import Grade, PeriodEvidence, grade
from kpi.nonroutine import ChangePoint, change_point, register_findings, step_findings
from kpi.periods import Baseline, Reporting
from kpi.sufficiency import (
    day_findings,
    exclusion_findings,
    holiday_findings,
    missing_findings,
    period_findings,
)
from kpi.sufficiency_changes import change_findings, coverage_findings, unchecked
from kpi.twins import TwinChange, twin_findings
from kpi.weekly import WeeklyInfluences, weekly_influences

_CALENDAR_WEEK: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the grade and the list of confounders follow from."""

    before: PeriodEvidence
    after: PeriodEvidence
    sealed_before: bool
    unchecked: tuple[str, ...]
    """Confounders for which the data of a check are missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that is needed to print, judge and check a comparison."""

    metric: ComparedMetric
    threshold: Fraction
    word: Word
    main: Estimate | None
    """None = disqualified: there is no number."""
    evidence: Evidence
    leaves_out: bool = False
    """Whether the main figure leaves the excluded days out."""
    with_exclusions: Estimate | None = None
    without_exclusions: Estimate | None = None
    full_set: Estimate | None = None
    """All machines; None if the main figure holds all, or if they give none."""
    unfavourable: Unfavourable | None = None
    """None = no piece is unknown."""
    matched: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    before: tuple[PeriodDay, ...] = ()
    """Every date of the baseline over the matched machines; empty if disqualified."""
    after: tuple[PeriodDay, ...] = ()
    drift_before: Drift | None = None
    drift_after: Drift | None = None
    step_before: ChangePoint | None = None
    """Likeliest step within the baseline, whether found or not."""
    step_after: ChangePoint | None = None
    cherry: CherryPick | None = None
    twin: TwinChange | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def disqualified(self) -> bool:
        """Return whether a finding leaves no result."""
        return disqualified(self.findings)

    @property
    def confounders(self) -> tuple[ConfounderNote, ...]:
        """Return every confounder with what was seen of it (D.5)."""
        return confounders(self.findings, unchecked=self.evidence.unchecked)

    @property
    def grade(self) -> Grade:
        """Return the evidence grade (D.7)."""
        return grade(
            self.evidence.after,
            self.evidence.before,
            sealed_before=self.evidence.sealed_before,
            flaws=[(f.text.zh, f.text.en) for f in self.findings if f.lowers_grade],
        )

    def with_findings(self, more: Iterable[Finding]) -> Comparison:
        """Return the comparison with further findings and what they do to the word.

        A disqualifying one takes the numbers away.
        """
        new = tuple(more)
        again = replace(
            self,
            findings=(*self.findings, *new),
            word=lowered(self.word) if lowering(new) else self.word,
        )
        return _without_numbers(again) if disqualified(new) else again


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
    sides = _sides(before, after)
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


@dataclass(frozen=True, slots=True)
class _Sides:
    """Both periods with their days over the matched machines."""

    before: BaselineData
    after: ReportingData
    matched: tuple[str, ...]
    assets: tuple[str, ...]
    days: tuple[tuple[PeriodDay, ...], tuple[PeriodDay, ...]]
    leaves_out: bool

    def days_of(self, names: Sequence[str]) -> tuple[tuple[PeriodDay, ...], tuple[PeriodDay, ...]]:
        """Return the dates of both periods over some machines."""
        return (
            period_days(
                _chosen(self.before.series, names), self.before.period, self.before.exclusions
            ),
            period_days(
                _chosen(self.after.series, names), self.after.period, self.after.exclusions
            ),
        )

    @property
    def valid(self) -> tuple[int, int]:
        """Return the numbers of valid days of the main figure."""
        b, a = (len(select(d, with_exclusions=self.leaves_out)) for d in self.days)
        return b, a


def _sides(before: BaselineData, after: ReportingData) -> _Sides:
    matched = matched_assets(before.by_asset, after.by_asset, (before.period, after.period))
    assets = tuple(sorted(before.by_asset.keys() | after.by_asset.keys()))
    exclusions = (*before.exclusions, *after.exclusions)
    leaves_out = bool(exclusions) and all(e.registered_before for e in exclusions)
    bare = _Sides(before, after, matched, assets, ((), ()), leaves_out)
    return replace(bare, days=bare.days_of(matched))


def _chosen(series: Iterable[DailySeries], names: Sequence[str]) -> list[DailySeries]:
    return [s for s in series if s.asset in names]


def _judging(options: Options) -> Judging:
    return Judging(
        sense=options.metric.sense,
        threshold=options.threshold,
        week_days=_CALENDAR_WEEK if options.metric.calendar_time else options.calendar.week_days,
        strict=options.strict,
    )


def _sufficiency(sides: _Sides, options: Options) -> list[Finding]:
    before, after = sides.before, sides.after
    calendars = (options.calendar, options.calendar_after or options.calendar)
    return [
        *period_findings(before.period, after.period, options.build, options.as_of),
        *day_findings(*sides.days, sides.valid),
        *missing_findings(sides.days[0], calendars[0], "before"),
        *missing_findings(sides.days[1], calendars[1], "after"),
        *holiday_findings(before.period, after.period, calendars),
        *exclusion_findings(*sides.days, (*before.exclusions, *after.exclusions)),
        *change_findings(before, after, sides.matched, options),
    ]


def _measured(
    sides: _Sides,
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
    worst = unfavourable(sides.days, *how, with_exclusions=sides.leaves_out)
    weekly = _weekly(sides)
    drifts = [drift_of(w) for w in weekly]
    steps = [change_point(w) for w in weekly]
    cherry = _cherry(sides, options)
    found = [
        *word_findings(main, both[1 if sides.leaves_out else 0], full, full_differs=full_differs),
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


def _weekly(sides: _Sides) -> list[WeeklyInfluences]:
    periods: tuple[Baseline | Reporting, ...] = (sides.before.period, sides.after.period)
    return [
        weekly_influences(
            [(d.date, d.measured) for d in select(days, with_exclusions=sides.leaves_out)],
            period.first,
            period.last,
        )
        for days, period in zip(sides.days, periods, strict=True)
    ]


def _cherry(sides: _Sides, options: Options) -> CherryPick | None:
    after = [d.measured for d in select(sides.days[1], with_exclusions=sides.leaves_out)]
    chosen = sides.before.period
    last = chosen.last if options.build is None else options.build.cut_first - timedelta(days=1)
    return cherry_pick(
        _chosen(sides.before.series, sides.matched),
        sides.before.exclusions,
        chosen,
        max(last, chosen.last),
        Day(sum(d.n for d in after), sum(d.d for d in after)),
        sense=options.metric.sense,
        with_exclusions=sides.leaves_out,
    )


def _twin(twin: Twin, sides: _Sides) -> TwinChange:
    """Return the point change of the twin over its own valid days in the same periods."""
    names = {s.asset for s in twin.before} & {s.asset for s in twin.after}
    if names & set(sides.matched):
        names &= set(sides.matched)
    days = [
        [d.measured for d in period_days(_chosen(series, sorted(names)), period) if d.valid]
        for series, period in (
            (twin.before, sides.before.period),
            (twin.after, sides.after.period),
        )
    ]
    change = point_change(days[0], days[1], twin.metric.sense)
    return TwinChange(Sentence(twin.metric.zh, twin.metric.en), change)


def _evidence(sides: _Sides, options: Options) -> Evidence:
    return Evidence(
        before=_period_evidence(sides.before),
        after=_period_evidence(sides.after),
        sealed_before=options.sealed_before,
        unchecked=unchecked(sides.before.facts, sides.after.facts, options),
    )


def _period_evidence(data: BaselineData | ReportingData) -> PeriodEvidence:
    """Return what the letter needs; coverage and drift lower it through their findings, with the numbers."""
    return PeriodEvidence(origin=data.facts.origin, coverage=None, simulated=data.facts.simulated)


def _without_numbers(one: Comparison) -> Comparison:
    return Comparison(
        metric=one.metric,
        threshold=one.threshold,
        word=Word.UNDETERMINED,
        main=None,
        evidence=one.evidence,
        matched=one.matched,
        assets=one.assets,
        findings=one.findings,
    )


def _with_declared(before: DeclaredBaseline, after: ReportingData, options: Options) -> Comparison:
    """Return the arithmetic against a declared figure: no interval, `undetermined`, grade C or D."""
    names = tuple(sorted(after.by_asset))
    days = period_days(after.series, after.period, after.exclusions)
    valid = [d.measured for d in days if d.valid]
    n, d = sum(x.n for x in valid), sum(x.d for x in valid)
    findings = [
        declared_finding(),
        *coverage_findings(after.facts, after.facts, names),
    ]
    main = None
    if n > 0 and d > 0 and before.value > 0:
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
    else:
        findings.append(no_ratio())
    return Comparison(
        metric=options.metric,
        threshold=options.threshold,
        word=Word.UNDETERMINED,
        main=main,
        evidence=Evidence(
            before=PeriodEvidence(origin=before.origin),
            after=_period_evidence(after),
            sealed_before=options.sealed_before,
            unchecked=unchecked(after.facts, after.facts, options),
        ),
        matched=names,
        assets=names,
        after=days,
        findings=tuple(findings),
    )
