"""Both engines agree on the claims of equipment statistics, on random plants with everything of document 2.

PLANTPROOF_PLANTS in the environment: so many random plants instead of the usual number, for instance
`PLANTPROOF_PLANTS=1000 python -m pytest tests/property/test_two_engines_equipment.py`.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi.claims import (
    REGISTRY_RATIOS,
    AutomaticControlClaim,
    ClaimRequest,
    DefectRateClaim,
    EnergyPerPieceClaim,
    EquipmentOeeClaim,
    NcRatioClaim,
    NetworkedClaim,
    OeeClaim,
    RegistryRatioClaim,
    UnitEnergyClaim,
    UploadRateClaim,
    UtilisationClaim,
    claim_object,
)
from kpi.equipment.cells import COUNT_ROLES, GapKind
from kpi.evaluate import evaluate
from kpi.window import Span
from kpi.workspace import Workspace
from model.state import Atom
from tests.support.equipment_random import DEVICES, MACHINES, METERS, random_plant
from tests.support.equipment_reach import reached
from tests.support.kpi_plant import PlantLog
from tests.support.two_engines import assert_same, examples


def present(log: PlantLog, span: Span, names: tuple[str, ...]) -> tuple[str, ...]:
    parts = log.history().segments(span.start_ms, span.end_ms)
    return tuple(n for n in names if any(n in p.document.asset for p in parts))


def claims_of(log: PlantLog, span: Span) -> list[ClaimRequest]:
    machines, meters = present(log, span, MACHINES), present(log, span, METERS)
    found: list[ClaimRequest] = [RegistryRatioClaim(span, ratio) for ratio in REGISTRY_RATIOS]
    for some in dict.fromkeys((machines, *((m,) for m in machines), machines[:2])):
        if some:
            found += [
                EquipmentOeeClaim(span, some),
                DefectRateClaim(span, some),
                AutomaticControlClaim(span, some),
            ]
    for own in dict.fromkeys((meters, meters[:1], meters[1:])):
        if own:
            found += [UnitEnergyClaim(span, own, some) for some in {machines[:1], machines} if some]
    return found


def claims_of_version_1(log: PlantLog, span: Span) -> list[ClaimRequest]:
    machines, meters = present(log, span, MACHINES), present(log, span, METERS)
    found: list[ClaimRequest] = [
        NcRatioClaim(span),
        UploadRateClaim(span),
        NetworkedClaim(span, min_days=0),
        UtilisationClaim(span, present(log, span, DEVICES)),
    ]
    if machines:
        found += [OeeClaim(span, machines), OeeClaim(span, machines[:1])]
        if meters:
            found.append(EnergyPerPieceClaim(span, meters, machines))
    return found


plants = st.integers(0, 2**32 - 1)


@pytest.mark.slow
@settings(max_examples=examples(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(plants)
def test_two_engines_agree_on_every_claim_of_equipment_statistics(seed: int) -> None:
    log, span = random_plant(seed)
    assert_same(log, claims_of(log, span))


@pytest.mark.slow
@settings(max_examples=examples(30), deadline=None, suppress_health_check=list(HealthCheck))
@given(plants)
def test_two_engines_agree_on_claims_of_version_1_over_document_2(seed: int) -> None:
    log, span = random_plant(seed)
    assert_same(log, claims_of_version_1(log, span))


REASONS = {
    "oee/2": ("value", "no_reject_signal", "no_ideal_cycle", "no_planned_time"),
    "defect-rate/1": ("value", "no_reject_signal", "no_pieces"),
    "registry-ratio/1": ("value", "no_registered_asset"),
    "unit-energy/1": ("value", "no_coefficient", "no_energy", "no_reject_signal", "no_pieces"),
    "automatic-control/1": ("value", "no_running_time"),
}
MARKS = ("segment", "turns", "restart", "correction", "lost", "ambiguous", "reset", "quarantined")
KNOWN = ("known", "unknown")
REACHED = {
    *(f"{algorithm} {word}" for algorithm, words in REASONS.items() for word in words),
    *(f"{algorithm} mark {mark}" for algorithm in ("oee/2", "unit-energy/1") for mark in MARKS),
    *(f"oee/2 atom {atom.value}" for atom in Atom),
    *(f"oee/2 gap of {role.value}" for role in COUNT_ROLES),
    *(f"oee/2 gap most {most}" for most in ("0", "some", "not limited")),
    *(f"gap {kind.name}" for kind in GapKind),
    *(f"oee/2 row with {n} {w}" for n in ("good", "made", "scrap", "rework") for w in KNOWN),
    *(
        f"defect-rate/1 asset with {n} {w}"
        for n in ("good", "made", "scrap", "rework")
        for w in KNOWN
    ),
    *(
        f"oee/2 {name} {word}"
        for name in ("effectiveness", "quality_ideal", "pieces_quality", "nee", "teep")
        for word in ("known", "0/0")
    ),
    *(f"oee/2 table {table}" for table in ("t/1", "m/1", "o/1", "p/1")),
    *(
        f"oee/2 {name}"
        for name in (
            "asset not measured",
            "asset with made unknown",
            "availability with bounds",
            "base gain with bounds",
            "base_gain",
            "base_gain_least",
            "failure without repair",
            "failures",
            "gap partly planned",
            "high above value",
            "high unbounded",
            "left out",
            "low below value",
            "mismatch",
            "outside_service",
            "outside_unbounded",
            "repairs",
            "row of a product",
            "row unassigned",
            "row with a range of ideals",
            "row with ideals",
            "row with negative pieces",
            "row without ideals",
            "several state tables",
            "test_pieces",
        )
    ),
    *(
        f"defect-rate/1 {name}"
        for name in (
            "high above value",
            "high not limited",
            "low below value",
            "scrap_only 0/0",
            "scrap_only known",
        )
    ),
    *(f"registry-ratio/1 {ratio} {word}" for ratio in REGISTRY_RATIOS for word in ("some", "none")),
    "registry-ratio/1 above 1",
    "registry-ratio/1 numerator outside the denominator",
    *(f"unit-energy/1 carrier {carrier}" for carrier in ("electricity", "gas", "steam")),
    *(f"unit-energy/1 {name} {word}" for name in ("quantity",) for word in KNOWN),
    "unit-energy/1 kgce 0/0",
    "unit-energy/1 weighted good",
    *(
        f"automatic-control/1 {name}"
        for name in ("automatic_ms", "changes", "limit_ms", "unknown_ms", "running by hand")
    ),
    "alternate",
    "asset appears",
    "asset disappears",
    "calendar changes",
    "coefficients change",
    "configuration without a block",
    "coverage absent and off",
    "debounce",
    "gap without the role",
    "late stop",
    "stop in time",
    "offset changes in the window",
    "several configurations",
    "several products",
    "several shifts",
    "several state signals",
    "signal disappears",
    *(
        f"{name} changes"
        for name in (
            "alternate_of",
            "carrier",
            "counter",
            "counts_as",
            "hold_ms",
            "in_service",
            "loops",
            "process_step",
            "products",
            "role",
            "scale",
            "smart",
            "type",
        )
    ),
}


@pytest.mark.slow
def test_random_plants_reach_every_interesting_thing() -> None:
    """So that agreement is not agreement on nothing: each of these happens in one of the first plants."""
    missing = set(REACHED)
    for seed in range(150):
        log, span = random_plant(seed)
        work = Workspace(log.rows(), span)
        claims = [claim_object("c", r, evaluate(r, work)) for r in claims_of(log, span)]
        missing -= reached(work, claims)
        if not missing:
            return
    assert not missing
