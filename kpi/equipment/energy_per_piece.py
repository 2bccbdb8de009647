"""Claim `energy-per-piece/2` (docs/formats/claims.md §5): Wh / good pieces, both by equipment statistics."""

from __future__ import annotations

from kpi.claims import ClaimResult, EquipmentEnergyClaim, Json, result
from kpi.equipment.meter_registers import MeterWindow, meter_window
from kpi.equipment.space import equipment_space
from kpi.equipment.sums import EquipmentSums
from kpi.exact import quotient
from kpi.reasons import Reason
from kpi.workspace import Workspace


def equipment_energy_per_piece(work: Workspace, request: EquipmentEnergyClaim) -> ClaimResult:
    """Return Wh per good piece; undefined without a reading of every meter or without a reject signal."""
    work.require(request.meters, "meters")
    work.require(request.assets, "assets")
    space = equipment_space(work)
    meters = [meter_window(space, m) for m in sorted(set(request.meters))]
    sums = [space.sums(a) for a in sorted(set(request.assets))]
    detail: dict[str, Json] = {
        "good": [_good(s) for s in sums],
        "wh": [_meter(m) for m in meters],
    }
    wh = [m.wh for m in meters if m.wh is not None]
    if len(wh) < len(meters):
        return result(None, Reason.NO_ENERGY, detail)
    if not all(s.measured for s in sums):
        return result(None, Reason.NO_REJECT_SIGNAL, detail)
    pieces = sum(good_pieces(s) for s in sums)
    return result(quotient(sum(wh), pieces), Reason.NO_PIECES, detail)


def good_pieces(sums: EquipmentSums) -> int:
    """Return the good pieces of the rows that know them."""
    return sum(r.good or 0 for r in sums.rows)


def _good(sums: EquipmentSums) -> Json:
    if not sums.measured:
        return {"asset": sums.asset}
    return {"asset": sums.asset, "good": good_pieces(sums)}


def _meter(m: MeterWindow) -> Json:
    found: dict[str, Json] = {"meter": m.meter, "quarantined": m.quarantined, "reset": m.reset}
    return found if m.wh is None else {**found, "wh": m.wh}
