"""Figures of the KPI engine → what board and report show of them: values, reasons, operands, members."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from agent.reporting.figure_detail import details, ratio_text
from agent.reporting.figure_members import members_of
from agent.reporting.figure_operands import operands_of
from agent.reporting.figures import Figure, Figures
from agent.reporting.formulas import FORMULAS
from agent.web.state import Explanation
from kpi.window import Span
from reports.words import Grade, KpiKey, Text, Unit

FIGURE_OF: Final[dict[KpiKey, str]] = {
    KpiKey.UPLOAD_RATE: "upload-rate",
    KpiKey.NETWORKED: "networked",
    KpiKey.NC_RATIO: "nc-ratio",
    KpiKey.OEE: "oee",
    KpiKey.OEE_BY_PRODUCT: "oee-by-product",
    KpiKey.DEFECT_RATE: "defect-rate",
    KpiKey.UTILISATION: "utilisation",
    KpiKey.ENERGY_PER_PIECE: "energy-per-piece",
    KpiKey.UNIT_ENERGY: "unit-energy",
    KpiKey.AUTOMATIC_CONTROL: "automatic-control-rate",
}
"""Figure (claim id) behind each KPI of the catalogue."""

UNIT_OF: Final[dict[KpiKey, Unit]] = {
    KpiKey.ENERGY_PER_PIECE: Unit.WH_PER_PIECE,
    KpiKey.UNIT_ENERGY: Unit.KGCE_PER_PIECE,
}


def reason_of(figure: Figure | None) -> Text | None:
    """Return why a figure has no value."""
    if figure is None or figure.result.reason is None:
        return None
    why = figure.result.reason.text
    return Text(why.zh, why.en)


def value_of(figures: Figures, name: str) -> Fraction | None:
    """Return the exact value of a figure, None if absent or undefined."""
    figure = figures.get(name)
    return figure.result.value if figure is not None else None


def coverage_of(figures: Figures, suffix: str = "") -> Fraction | None:
    """Return the share of expected slots with a value over all points (pooled), which figures rest on."""
    figure = figures.get(f"upload-rate{suffix}")
    return ratio_text(figure.result.detail.get("pooled")) if figure is not None else None


def decimals_of(figure: Figure, usual: int) -> int:
    """Return the usual places, or as many as show four digits of a small number of kgce."""
    value = figure.result.value
    if figure.request.unit != "kgce" or value is None or not 0 < value < 1:
        return usual
    places = 1
    while value * 10**places < 1:
        places += 1
    return places + 3


def window_ms(span: Span) -> tuple[int, int]:
    """Return the window of a span in Unix ms."""
    return span.start_ms, span.end_ms


def explain(
    figure_id: str,
    figure: Figure,
    names: Mapping[str, str],
    grade: Grade | None,
    *,
    unit: Unit = Unit.PERCENT,
) -> Explanation:
    """Return how a figure was computed."""
    request, result = figure.request, figure.result
    title, formula, source = FORMULAS[request.algorithm]
    return Explanation(
        id=figure_id,
        title=title,
        formula=formula,
        algorithm=request.algorithm,
        value=result.value,
        reason=reason_of(figure),
        unit=unit,
        decimals=decimals_of(figure, 2),
        window_ms=window_ms(request.span),
        operands=operands_of(figure),
        members=members_of(figure, names),
        excluded=tuple(
            Text(f"{names.get(str(n), n)}：没有理想节拍", f"{n}: no ideal cycle")
            for n in details(figure, "left_out")
        ),
        grade=grade,
        source=source,
    )
