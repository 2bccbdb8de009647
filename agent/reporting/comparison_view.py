"""Before/after rows and the clause list, as the board shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Final

from agent.assessment.outcome import Assessment, grade_of
from agent.reporting.figure_views import UNIT_OF, decimals_of, explain, value_of
from agent.reporting.figures import Figure
from agent.web.state import ClauseRow, CompareRow, Explanation
from kpi.window import Span
from reports.words import KpiKey, Text, Unit, VerdictWord

COMPARED: Final = (
    (KpiKey.OEE_BY_PRODUCT, "oee-by-product", "oee-change"),
    (KpiKey.OEE, "oee", ""),
    (KpiKey.DEFECT_RATE, "defect-rate", "defect-change"),
    (KpiKey.UPLOAD_RATE, "upload-rate", ""),
    (KpiKey.NETWORKED, "networked", ""),
    (KpiKey.NC_RATIO, "nc-ratio", ""),
    (KpiKey.UTILISATION, "utilisation", ""),
    (KpiKey.ENERGY_PER_PIECE, "energy-per-piece", "energy-change"),
    (KpiKey.UNIT_ENERGY, "unit-energy", ""),
    (KpiKey.AUTOMATIC_CONTROL, "automatic-control-rate", ""),
)
"""KPI, its figure, the figure of its change (empty: only the two values)."""


ON_BOARD: Final = frozenset(
    {
        KpiKey.OEE_BY_PRODUCT,
        KpiKey.DEFECT_RATE,
        KpiKey.UPLOAD_RATE,
        KpiKey.NETWORKED,
        KpiKey.NC_RATIO,
        KpiKey.UTILISATION,
        KpiKey.ENERGY_PER_PIECE,
    }
)
"""The pairs that the wall shows; the report has all of them."""
LESS_IS_BETTER: Final = frozenset({KpiKey.DEFECT_RATE, KpiKey.ENERGY_PER_PIECE, KpiKey.UNIT_ENERGY})
"""Their change is a reduction, so that positive is better."""


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """What the last evaluation of both periods gave; empty before the first one."""

    scheme: Text | None = None
    clauses: tuple[ClauseRow, ...] = ()
    rows: tuple[CompareRow, ...] = ()
    note: Text | None = None
    explanations: Mapping[str, Explanation] = field(default_factory=dict)


def comparison_view(
    assessment: Assessment,
    figures: Mapping[str, Figure],
    names: Mapping[str, str],
    *,
    simulated: bool,
    utc_offset_min: int,
) -> ComparisonView:
    """Return what the board shows of an assessment and its figures. names: asset id → name."""
    clauses = tuple(
        ClauseRow(
            id=item.row.id,
            number=item.row.clause,
            wording=Text(item.row.zh, item.row.en),
            evaluated=item.evaluated,
            verdict=item.word,
            required=item.required,
            value=item.value,
            threshold=item.row.target.threshold if item.row.target is not None else None,
            grade=item.grade,
            explain=item.figure or None,
        )
        for item in assessment.rows
    )
    rows = tuple(
        _row(key, name, change, figures) for key, name, change in COMPARED if key in ON_BOARD
    )
    explanations = {
        name: explain(
            name,
            figure,
            names,
            grade_of(name.removesuffix("-before"), figures, simulated=simulated),
            unit=_unit_of(name),
        )
        for name, figure in figures.items()
    }
    scheme = assessment.scheme
    return ComparisonView(
        scheme=Text(f"{scheme.zh} {scheme.document} {scheme.clause}", scheme.en),
        clauses=clauses,
        rows=tuple(row for row in rows if row.before is not None or row.after is not None),
        note=_note(figures, utc_offset_min),
        explanations=explanations,
    )


def _unit_of(name: str) -> Unit:
    keys = {figure: key for key, figure, _ in COMPARED}
    return UNIT_OF.get(keys.get(name.removesuffix("-before"), KpiKey.OEE), Unit.PERCENT)


def _row(key: KpiKey, name: str, change: str, figures: Mapping[str, Figure]) -> CompareRow:
    compared = figures.get(change)
    before, after = value_of(figures, f"{name}-before"), value_of(figures, name)
    word, gain, threshold = VerdictWord.NOT_EVALUATED, None, None
    if compared is not None:
        word = VerdictWord(str(compared.result.detail.get("word", "undetermined")))
        gain = compared.result.value
        threshold = getattr(compared.request, "threshold", None)
    elif before and after is not None:
        gain = 1 - after / before if key in LESS_IS_BETTER else after / before - 1
    return CompareRow(
        key=key,
        before=before,
        after=after,
        change=gain,
        word=word,
        unit=UNIT_OF.get(key, Unit.PERCENT),
        decimals=1 if (shown := figures.get(name)) is None else decimals_of(shown, 1),
        threshold=threshold if isinstance(threshold, Fraction) else None,
        explain=change or name,
    )


def _note(figures: Mapping[str, Figure], utc_offset_min: int) -> Text | None:
    spans = [figures[n].request.span for n in ("upload-rate-before", "upload-rate") if n in figures]
    if len(spans) != 2:
        return None
    before, after = (_days(span, utc_offset_min) for span in spans)
    return Text(f"改造前 {before} · 改造后 {after}", f"before {before} · after {after}")


def _days(span: Span, utc_offset_min: int) -> str:
    def day(ms: int) -> str:
        return (
            f"{datetime.fromtimestamp(ms / 1000, UTC) + timedelta(minutes=utc_offset_min):%Y-%m-%d}"
        )

    return f"{day(span.start_ms)} … {day(span.end_ms - 1)}"
