"""Energy per good piece: booked Wh of the meters / good pieces (claims.md §4)."""

from __future__ import annotations

from dataclasses import dataclass

from kpi.allocation import counts_in_cells, elapsed
from kpi.claims import ClaimResult, EnergyPerPieceClaim, Json, result
from kpi.counters import Event
from kpi.days import asset_days
from kpi.exact import quotient
from kpi.reasons import Reason
from kpi.workspace import Workspace
from model.signal import Role


@dataclass(frozen=True, slots=True)
class MeterDays:
    """Booked energy of one meter per production day."""

    meter: str
    wh: tuple[int, ...]
    answered: bool
    """Whether any reading was accepted in the visible time."""
    answered_on: tuple[bool, ...]
    """Whether a reading was accepted on each day."""
    quarantined: int
    reset: int


def meter_days(work: Workspace, meter: str) -> MeterDays:
    """Return the energy that the registers of a meter book on each production day."""
    runs = work.runs(meter, Role.ENERGY)
    wh = [0] * len(work.days)
    for run in runs.runs:
        for i, n in enumerate(counts_in_cells(run, work.cuts, elapsed)):
            wh[i] += n
    span = work.span
    return MeterDays(
        meter=meter,
        wh=tuple(wh),
        answered=runs.answered,
        answered_on=tuple(
            any(((r.accepted >= d.start_ms) & (r.accepted < d.end_ms)).any() for r in runs.runs)
            for d in work.days
        ),
        quarantined=runs.events(Event.QUARANTINED, span.start_ms, span.end_ms),
        reset=runs.events(Event.RESET, span.start_ms, span.end_ms),
    )


def energy_per_piece(work: Workspace, request: EnergyPerPieceClaim) -> ClaimResult:
    """Return Wh per good piece; undefined without a reading of every meter or without known good pieces."""
    work.require(request.meters, "meters")
    work.require(request.assets, "assets")
    meters = [meter_days(work, m) for m in sorted(set(request.meters))]
    good = {a: asset_days(work, a).pieces.good for a in sorted(set(request.assets))}
    known = [n for n in good.values() if n is not None]
    detail: dict[str, Json] = {
        "good": [{"asset": a} if n is None else {"asset": a, "good": n} for a, n in good.items()],
        "wh": [_meter_detail(m) for m in meters],
    }
    if not all(m.answered for m in meters):
        return result(None, Reason.NO_ENERGY, detail)
    if len(known) < len(good):
        return result(None, Reason.NO_REJECT_SIGNAL, detail)
    return result(quotient(sum(sum(m.wh) for m in meters), sum(known)), Reason.NO_PIECES, detail)


def _meter_detail(m: MeterDays) -> Json:
    found: dict[str, Json] = {"meter": m.meter, "quarantined": m.quarantined, "reset": m.reset}
    return {**found, "wh": sum(m.wh)} if m.answered else found
