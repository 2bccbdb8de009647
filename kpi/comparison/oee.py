"""OEE before and after with the product mix held fixed (kpi.md D.3); TEEP is its twin (B.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kpi.bilingual import Bilingual
from kpi.comparison.compare import compare
from kpi.comparison.data import BaselineData, Options, ReportingData
from kpi.comparison.mix import ProductTotals, Standardised, standardised_efficiency
from kpi.comparison.mix_findings import mix_findings
from kpi.comparison.result import Comparison
from kpi.findings import warn

_NAME: Final = Bilingual("OEE 提高", "Gain of OEE")


@dataclass(frozen=True, slots=True, kw_only=True)
class OeeComparison:
    """A comparison of OEE with its standardisation."""

    comparison: Comparison
    standardised: Standardised | None
    """Change of OEE crude and at fixed mixes of ideal time; None = planned time by product is not known."""


def compare_oee(
    before: BaselineData,
    after: ReportingData,
    options: Options,
    products: tuple[Sequence[ProductTotals], Sequence[ProductTotals]] = ((), ()),
) -> OeeComparison:
    """Return the comparison of OEE.

    products: by product, before and after, `n` = ideal time of good pieces and `d` = planned busy time of the cells in
    which the product ran (kpi-audit U2). Without TEEP as a twin the comparison says that it is missing.
    """
    found = compare(before, after, options)
    if found.main is None:
        return OeeComparison(comparison=found, standardised=None)
    standardised = standardised_efficiency(*products)
    more = [] if standardised is None else mix_findings(_NAME, standardised, options)
    if options.twin is None:
        more.append(
            warn(
                "twin.missing",
                "未给出 TEEP：缩短计划时间会抬高 OEE 而不影响 TEEP，应并列给出。",
                "TEEP is not given: shrinking the schedule raises OEE but not TEEP; print both.",
            )
        )
    return OeeComparison(comparison=found.with_findings(more), standardised=standardised)
