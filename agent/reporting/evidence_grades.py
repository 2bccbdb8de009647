"""How well a figure of the log is proven (kpi.md D.7): from the slot coverage of what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from agent.reporting.figure_detail import details, ratio_text
from agent.reporting.figures import Figure
from kpi.grades import Grade, Origin, PeriodEvidence, grade

DECLARED: Final = frozenset({"nc-ratio/1", "registry-ratio/1"})
"""Algorithms that count the registry, which the enterprise declares; machines only corroborate it."""


def evidence_grade(name: str, figures: Mapping[str, Figure], *, simulated: bool) -> Grade:
    """Return the grade of a figure; no baseline is sealed in this version, so a comparison is at best B.

    A figure of one period is not compared, so sealing does not matter to it.
    """
    plain = name.removesuffix("-before")
    if figures[name].request.algorithm in DECLARED:
        evidence = PeriodEvidence(origin=Origin.DECLARED, simulated=simulated)
        return grade(evidence, None, sealed_before=False)
    suffix = "" if plain == name else "-before"
    after = _evidence(figures, suffix, name, simulated=simulated)
    comparison = name.endswith("-change")
    before = _evidence(figures, "-before", name, simulated=simulated) if comparison else None
    return grade(after, before, sealed_before=False)


def _evidence(
    figures: Mapping[str, Figure], suffix: str, name: str, *, simulated: bool
) -> PeriodEvidence:
    return PeriodEvidence(
        origin=Origin.MEASURED,
        coverage=worst_coverage(figures, suffix, _assets_of(figures[name])),
        simulated=simulated,
    )


def _assets_of(figure: Figure) -> frozenset[str] | None:
    """Return the assets that a figure rests on; None = all with required points."""
    request = figure.request
    names = (*getattr(request, "assets", ()), *getattr(request, "meters", ()))
    return frozenset(names) or None


def worst_coverage(
    figures: Mapping[str, Figure], suffix: str, assets: frozenset[str] | None
) -> Fraction:
    """Return the lowest slot coverage of the assets in a period (0 if it is not known)."""
    upload = figures.get(f"upload-rate{suffix}")
    if upload is None:
        return Fraction(0)
    if assets is None:
        assets = frozenset(str(point["asset"]) for point in details(upload, "points"))
    rates = [
        ratio_text(row["rate"]) or Fraction(0)
        for row in details(upload, "assets")
        if row["asset"] in assets
    ]
    return min(rates, default=Fraction(0))
