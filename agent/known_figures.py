"""Figures from every source under their metric ids, each with its grade: measured, imported, declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from agent.evidence_grades import evidence_grade
from agent.figures import Figure
from kpi.bilingual import Bilingual
from kpi.claims import BeforeAfterClaim
from kpi.display import number_text
from kpi.grades import Grade, Letter, Origin, PeriodEvidence, grade
from kpi.metrics import metric_of
from kpi.scheme_figures import Figure as KnownFigure
from kpi.scheme_figures import figure_of, find
from kpi.window import Span


@dataclass(frozen=True, slots=True)
class Periods:
    """The periods that are compared; a part that is not asked for is None."""

    after: Span | None
    before: Span | None


class RecordFigures(Protocol):
    """The seam for imported records: metric id → figure with its origin `imported` and its grade."""

    def __call__(self, folder: Path, periods: Periods) -> Mapping[str, KnownFigure]:
        """Return what the records in `folder` say over the periods; a metric without record is absent."""
        ...


def no_records(folder: Path, periods: Periods) -> Mapping[str, KnownFigure]:  # noqa: ARG001
    """Return nothing: no records are imported."""
    return {}


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One metric with two values from two sources; the better proven one counts, both are printed."""

    metric: str
    counts: KnownFigure
    other: KnownFigure

    @property
    def text(self) -> Bilingual:
        """Return what to print."""
        metric = metric_of(self.metric)
        name = Bilingual(metric.zh, metric.en) if metric is not None else Bilingual("", "")
        first, second = _shown(self.metric, self.counts), _shown(self.metric, self.other)
        one, two = origin_name(self.counts.origin), origin_name(self.other.origin)
        return Bilingual(
            f"{name.zh}（{self.metric}）：{one.zh} {first}，{two.zh} {second}；以前者为准",
            f"{name.en} ({self.metric}): {one.en} {first}, {two.en} {second}; the former counts",
        )


_ORIGINS = {
    Origin.MEASURED: Bilingual("实测值", "measured"),
    Origin.IMPORTED: Bilingual("导入记录", "imported record"),
    Origin.DECLARED: Bilingual("申报值", "declared"),
}


def origin_name(origin: Origin) -> Bilingual:
    """Return what a source of figures is called."""
    return _ORIGINS[origin]


def measured_figures(figures: Mapping[str, Figure], *, simulated: bool) -> dict[str, KnownFigure]:
    """Return the figures of a log or of a bundle as the judge knows them, each with its grade."""
    found = {}
    for name, figure in figures.items():
        request = figure.request
        threshold = request.threshold if isinstance(request, BeforeAfterClaim) else None
        graded = evidence_grade(name, figures, simulated=simulated)
        origin = Origin.DECLARED if graded.letter is Letter.D else Origin.MEASURED
        known = figure_of(figure.result, threshold)
        found[name] = replace(known, origin=origin, grade=graded)
    return found


def declared_figure(value: Fraction) -> KnownFigure:
    """Return a figure that the enterprise declares."""
    return KnownFigure(value, origin=Origin.DECLARED, grade=declared_grade())


def declared_grade() -> Grade:
    """Return the grade of what is only declared."""
    return grade(PeriodEvidence(origin=Origin.DECLARED), None, sealed_before=False)


def merged(
    measured: Mapping[str, KnownFigure],
    imported: Mapping[str, KnownFigure],
    declared: Mapping[str, KnownFigure],
) -> tuple[dict[str, KnownFigure], tuple[Contradiction, ...]]:
    """Return one figure for each metric, measured before imported before declared, and where they contradict.

    A declared figure does not replace a measured one that stands in for its metric, or from which it follows, either.
    """
    found: dict[str, KnownFigure] = {}
    against: list[Contradiction] = []
    for source in (measured, imported, declared):
        better = dict(found)
        for name, figure in source.items():
            known = find(better, name)
            if known is None:
                found[name] = figure
            elif known[1].value != figure.value:
                against.append(Contradiction(name, known[1], figure))
    return found, tuple(against)


def _shown(metric: str, figure: KnownFigure) -> str:
    value = figure.value
    if not isinstance(value, Fraction):
        return "—"
    known = metric_of(metric)
    if known is not None and known.unit == "%":
        return f"{number_text(100 * value, None, 2)} %"
    return number_text(value, None, 2 if value.denominator > 1 else 0)
