"""Defect rate before and after (kpi.md D.3): pooled, with the product mix held fixed, exact when events are few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kpi.bilingual import Bilingual
from kpi.comparison.compare import compare
from kpi.comparison.daily import PeriodDay, select
from kpi.comparison.data import BaselineData, Options, ReportingData
from kpi.comparison.few_events import FEW_EVENTS, Dispersion, dispersion, rate_estimate
from kpi.comparison.mix import ProductTotals, Standardised, standardised_rate
from kpi.comparison.mix_findings import mix_findings
from kpi.comparison.result import Comparison
from kpi.findings import Finding, warn

_SIDES: Final = {"before": ("基期", "baseline"), "after": ("报告期", "reporting period")}
_NAME: Final = Bilingual("不良品率降低", "Reduction of the defect rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class DefectComparison:
    """A comparison of defect rates with what belongs beside it."""

    comparison: Comparison
    standardised: Standardised | None
    """Change of the rate (A/B − 1, negative = fewer defects) crude and at fixed mixes; None = no products given."""
    dispersion_before: Dispersion | None
    dispersion_after: Dispersion | None


def compare_defects(
    before: BaselineData,
    after: ReportingData,
    options: Options,
    products: tuple[Sequence[ProductTotals], Sequence[ProductTotals]] = ((), ()),
) -> DefectComparison:
    """Return the comparison of defect rates. products: defective pieces `n` of `d` made by product, before and after.

    Daily values: n = defective pieces, d = pieces made. Source: kpi.md D.3, kpi-audit U12.
    """
    found = compare(before, after, options, rate_estimate)
    if found.main is None:
        return DefectComparison(
            comparison=found, standardised=None, dispersion_before=None, dispersion_after=None
        )
    spread = [_dispersion(days, found) for days in (found.before, found.after)]
    standardised = standardised_rate(*products)
    more = [
        *_event_findings(found),
        *(f for side, d in zip(_SIDES, spread, strict=True) for f in _cluster_findings(side, d)),
        *(mix_findings(_NAME, standardised, options) if standardised is not None else ()),
    ]
    return DefectComparison(
        comparison=found.with_findings(more),
        standardised=standardised,
        dispersion_before=spread[0],
        dispersion_after=spread[1],
    )


def _dispersion(days: Sequence[PeriodDay], found: Comparison) -> Dispersion | None:
    return dispersion([d.measured for d in select(days, with_exclusions=found.leaves_out)])


def _event_findings(found: Comparison) -> list[Finding]:
    if found.main is None or found.main.method != "exact-conditional":
        return []
    counts = [
        sum(d.measured.n for d in select(days, with_exclusions=found.leaves_out))
        for days in (found.before, found.after)
    ]
    return [
        warn(
            "events.few",
            f"不良品很少（基期 {counts[0]} 件，报告期 {counts[1]} 件，不足 {FEW_EVENTS} 件）：采用精确条件区间，"
            "前提是各件独立出现不良；若成批不良则不成立。",
            f"Few events ({counts[0]} defects before, {counts[1]} after; fewer than {FEW_EVENTS}): the exact "
            "conditional interval is used; it holds if pieces fail independently, not if whole lots fail.",
            before=counts[0],
            after=counts[1],
        )
    ]


def _cluster_findings(side: str, found: Dispersion | None) -> list[Finding]:
    if found is None or not found.clustered:
        return []
    zh, en = _SIDES[side]
    return [
        warn(
            f"events.clustered-{side}",
            f"{zh}不良品成批出现（离散系数 φ = {found.phi.__round__(2)}，独立时约为 1）：不能按二项分布判断。",
            f"Defects of the {en} come in clusters (dispersion {found.phi.__round__(2)}, about 1 if independent): a "
            "binomial argument does not hold.",
            lowers_word=True,
            phi=found.phi,
            days=found.days,
        )
    ]
