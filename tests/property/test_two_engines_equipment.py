"""Both engines agree on the claims of equipment statistics, on random plants with everything of document 2.

The suite goes through some plants; `PLANTPROOF_PLANTS=1000 python -m pytest tests/property/test_two_engines_equipment.py`
goes through a thousand.
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
)
from kpi.window import Span
from tests.support.equipment_random import DEVICES, MACHINES, METERS, random_plant
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
@settings(max_examples=examples(120), deadline=None, suppress_health_check=list(HealthCheck))
@given(plants)
def test_two_engines_agree_on_every_claim_of_equipment_statistics(seed: int) -> None:
    log, span = random_plant(seed)
    assert_same(log, claims_of(log, span))


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(plants)
def test_two_engines_agree_on_claims_of_version_1_over_document_2(seed: int) -> None:
    log, span = random_plant(seed)
    assert_same(log, claims_of_version_1(log, span))
