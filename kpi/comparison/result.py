"""The result of a comparison: an object that holds all that is printed, judged and checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from kpi.comparison.cherry_pick import CherryPick
from kpi.comparison.compared_metrics import ComparedMetric
from kpi.comparison.confounders import ConfounderNote, confounders
from kpi.comparison.daily import PeriodDay
from kpi.comparison.drift import Drift
from kpi.comparison.estimate import Estimate, Unfavourable
from kpi.comparison.interval import Word, lowered
from kpi.comparison.nonroutine import ChangePoint
from kpi.comparison.result_findings import lowering
from kpi.comparison.twins import TwinChange
from kpi.findings import Finding, disqualified
from kpi.grades import Grade, PeriodEvidence, grade


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
    with_unknown_days: Estimate | None = None
    """The unknown days of the reporting period counted as measured; None = none, or a reduction."""
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
        missing = list(self.evidence.unchecked)
        if self.cherry is None:
            missing.append("regression-to-the-mean")
        if self.drift_after is None:
            missing.append("ramp-up")
        return confounders(self.findings, unchecked=missing)

    @property
    def grade(self) -> Grade:
        """Return the evidence grade (D.7)."""
        return grade(
            self.evidence.after,
            self.evidence.before,
            sealed_before=self.evidence.sealed_before,
            flaws=[
                (f.text.zh.rstrip("。"), f.text.en.rstrip("."))
                for f in self.findings
                if f.lowers_grade
            ],
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
