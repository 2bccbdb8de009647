"""The claim algorithms this verifier knows, by name and version."""

from __future__ import annotations

from typing import Final

from evidence.recompute import comparison, counter_delta, energy, oee, registry_ratios, upload
from evidence.recompute.equipment import (
    automatic_control,
    comparison_claim,
    defect_rate,
    energy_per_piece,
    oee_claim,
    registry_ratio,
    unit_energy,
)
from evidence.recompute.interface import Plan, Registry
from evidence.refusal import Refusal
from evidence.statement import Claim

ALGORITHMS: Final[Registry] = {
    automatic_control.NAME: automatic_control.plan_automatic_control,
    comparison.NAME: comparison.plan_before_after,
    comparison_claim.NAME: comparison_claim.plan_before_after,
    counter_delta.NAME: counter_delta.plan_counter_delta,
    defect_rate.NAME: defect_rate.plan_defect_rate,
    energy.NAME: energy.plan_energy_per_piece,
    energy_per_piece.NAME: energy_per_piece.plan_energy_per_piece,
    oee.OEE: oee.plan_oee,
    oee.UTILISATION: oee.plan_utilisation,
    oee_claim.NAME: oee_claim.plan_oee,
    registry_ratio.NAME: registry_ratio.plan_registry_ratio,
    registry_ratios.NC_RATIO: registry_ratios.plan_nc_ratio,
    registry_ratios.NETWORKED: registry_ratios.plan_networked,
    unit_energy.NAME: unit_energy.plan_unit_energy,
    upload.NAME: upload.plan_upload_rate,
}


def make_plan(claim: Claim, registry: Registry = ALGORITHMS) -> Plan:
    """Return the plan of `claim`; raises `Refusal` (kind "algorithm", INCOMPLETE) for an unknown algorithm."""
    make = registry.get(claim.algorithm)
    if make is None:
        raise Refusal(
            "algorithm",
            f"claim {claim.id}: algorithm {claim.algorithm[:60]!r} is not known to this verifier",
            f"指标 {claim.id}：本版验证程序不认识算法 {claim.algorithm[:60]!r}",
        )
    return make(claim)
