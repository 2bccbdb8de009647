"""Figures from every source under their metric ids, each with its grade: measured, imported, declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final, Protocol

from agent.reporting.evidence_grades import evidence_grade
from agent.reporting.figure_detail import ratio_text
from agent.reporting.figures import Figure
from kpi.bilingual import Bilingual
from kpi.claims import ComparisonClaim
from kpi.display import number_text
from kpi.grades import Grade, Letter, Origin, PeriodEvidence, grade
from kpi.metrics import BEFORE, metric_of
from kpi.reasons import Reason
from kpi.schemes.figures import Figure as KnownFigure
from kpi.schemes.figures import bounded, figure_of, find
from kpi.window import Span
from model.ratio import Undefined


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


_IN_METRIC_UNIT: Final = {"unit-energy/1": Fraction(1, 1000)}
"""What a claim's unit is of the unit of its metric: kgce of tce."""
BETTER: Final = {"oee": "oee-by-product"}
"""Metric that two claims state → the one that answers for it: by product, with bounds on both sides."""


def measured_figures(figures: Mapping[str, Figure], *, simulated: bool) -> dict[str, KnownFigure]:
    """Return the figures of a log or of a bundle as the judge knows them, by metric, each with its grade.

    OEE is the one by product with its bounds, also where only the older claim has a value. Availability stands in the
    detail of the same claim.
    """
    found = {}
    for name, figure in figures.items():
        request = figure.request
        threshold = request.threshold if isinstance(request, ComparisonClaim) else None
        graded = evidence_grade(name, figures, simulated=simulated)
        origin = Origin.DECLARED if graded.letter is Letter.D else Origin.MEASURED
        known = figure_of(figure.result, threshold)
        if (factor := _IN_METRIC_UNIT.get(request.algorithm)) is not None:
            known = scaled(known, factor)
        found[name] = replace(known, origin=origin, grade=graded, claim=name)
    for suffix in ("", BEFORE):
        for metric, better in BETTER.items():
            if f"{better}{suffix}" in found:
                found[f"{metric}{suffix}"] = found[f"{better}{suffix}"]
        if (by_product := figures.get(f"oee-by-product{suffix}")) is not None:
            known = availability_of(by_product)
            beside = found[by_product.id]
            found[f"availability{suffix}"] = replace(
                known, origin=beside.origin, grade=beside.grade, claim=by_product.id
            )
    return found


def availability_of(figure: Figure) -> KnownFigure:
    """Return the availability that stands in the detail of an `oee/2`, with its bounds."""
    detail = figure.result.detail
    value = ratio_text(detail.get("availability"))
    if value is None:
        reason = Reason.NO_PLANNED_TIME.text
        return KnownFigure(Undefined(reason.en, reason.zh))
    return bounded(value, detail.get("availability_low"), detail.get("availability_high"))


def scaled(figure: KnownFigure, factor: Fraction) -> KnownFigure:
    """Return a figure without word and interval in another unit; an undefined one as it is."""
    if isinstance(figure.value, Undefined):
        return figure
    low = None if figure.low is None else figure.low * factor
    high = None if figure.high is None else figure.high * factor
    return replace(figure, value=figure.value * factor, low=low, high=high)


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
