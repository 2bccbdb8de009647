"""Ratios of the registry that no claim states: formed from the sealed configurations and the equipment observed alive.

They are no claims: the verifier does not recompute them, and their grade says so. What a claim states goes before them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from agent.assessment.known_figures import declared_grade
from agent.reporting.evidence_grades import worst_coverage
from agent.reporting.figure_detail import details
from agent.reporting.figures import Figure
from kpi.claims import NetworkedClaim
from kpi.grades import Grade, Origin, PeriodEvidence, grade
from kpi.history import ConfigSegment
from kpi.registry.equipment_ratios import smart_share
from kpi.registry.networked_ratios import (
    key_equipment_networked,
    production_networked_of_smart,
    smart_networked_share,
)
from kpi.registry.period import period_of
from kpi.registry.ratio_readings import EquipmentRatio
from kpi.schemes.figures import Figure as KnownFigure

DAY_SLOTS: Final = 1440
_NO_CLAIM: Final = (
    "不是声明：由已封存的台账与声明 networked/1 的联网清单推得",
    "no claim: follows from the sealed registry and the list of the claim networked/1",
)


def registry_figures(
    parts: Sequence[ConfigSegment],
    figures: Mapping[str, Figure],
    suffix: str,
    *,
    simulated: bool,
) -> dict[str, KnownFigure]:
    """Return smart share and the observed networked shares of one period by metric; ids end in `suffix`.

    parts: the configurations in force in the period. figures: the claims, of which `networked` names the equipment
    observed alive. A share of which nothing is stated or observed is undefined with its reason.
    """
    period = period_of(parts)
    seen = _seen(figures.get(f"networked{suffix}"))
    declared = replace(declared_grade(), simulated=simulated)
    observed = _grade_of(figures, suffix, simulated=simulated)
    found = {
        f"smart-share{suffix}": KnownFigure(
            smart_share(period).value, origin=Origin.DECLARED, grade=declared
        )
    }
    ratios: tuple[EquipmentRatio, ...] = (
        smart_networked_share(period, seen),
        production_networked_of_smart(period, seen),
        key_equipment_networked(period, seen),
    )
    for ratio in ratios:
        found[f"{ratio.definition.metric}{suffix}"] = KnownFigure(
            ratio.value, origin=Origin.MEASURED, grade=observed
        )
    return found


def _seen(networked: Figure | None) -> frozenset[str] | None:
    """Return the equipment observed alive; None if the window is too short to observe any (claims.md, networked/1)."""
    if networked is None or not isinstance(networked.request, NetworkedClaim):
        return None
    span, days = networked.request.span, networked.request.min_days
    if span.last - span.first < days * DAY_SLOTS:
        return None
    return frozenset(map(str, details(networked, "observed")))


def _grade_of(figures: Mapping[str, Figure], suffix: str, *, simulated: bool) -> Grade:
    """Return the grade of what was observed: at best B, because no claim states it."""
    evidence = PeriodEvidence(
        origin=Origin.MEASURED,
        coverage=worst_coverage(figures, suffix, None),
        simulated=simulated,
    )
    return grade(evidence, None, sealed_before=False, flaws=[_NO_CLAIM])
