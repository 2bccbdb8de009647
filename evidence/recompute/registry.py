"""The claim algorithms this verifier knows, by name and version."""

from __future__ import annotations

from typing import Final

from evidence.recompute import comparison, counter_delta, energy, oee, registry_ratios, upload
from evidence.recompute.interface import Plan, Registry
from evidence.refusal import Refusal
from evidence.statement import Claim

ALGORITHMS: Final[Registry] = {
    comparison.NAME: comparison.plan_before_after,
    counter_delta.NAME: counter_delta.plan_counter_delta,
    energy.NAME: energy.plan_energy_per_piece,
    oee.OEE: oee.plan_oee,
    oee.UTILISATION: oee.plan_utilisation,
    registry_ratios.NC_RATIO: registry_ratios.plan_nc_ratio,
    registry_ratios.NETWORKED: registry_ratios.plan_networked,
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
