"""Claim `defect-rate/1` (docs/formats/claims.md §5): pieces not good at the first pass / pieces made, with bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from kpi.claims import ClaimResult, DefectRateClaim, Json, result
from kpi.equipment.oee import bounds_of, known
from kpi.equipment.space import sums_by_asset
from kpi.equipment.sums import Bounds, EquipmentSums
from kpi.exact import quotient, written
from kpi.reasons import Reason
from kpi.workspace import Workspace


@dataclass(frozen=True, slots=True)
class AssetPieces:
    """Pieces of one asset over the window; None = not known in some row."""

    asset: str
    made: int | None
    good: int | None
    scrap: int | None
    rework: int | None


def defect_rate(work: Workspace, request: DefectRateClaim) -> ClaimResult:
    """Return the defect rate of a group of assets; undefined where good or made is not known all the time."""
    work.require(request.assets, "assets")
    sums = sums_by_asset(work, request.assets)
    pieces = [pieces_of(s) for s in sums.values()]
    detail: dict[str, Json] = {
        "assets": [_detail(p) for p in pieces],
        "high": "0/0",
        "low": "0/0",
        "scrap_only": "0/0",
    }
    made, good = known(p.made for p in pieces), known(p.good for p in pieces)
    if made is None or good is None or not all(s.measured for s in sums.values()):
        return result(None, Reason.NO_REJECT_SIGNAL, detail)
    every = sum(made)
    value = quotient(every - sum(good), every)
    if value is not None:
        scrap = known(p.scrap for p in pieces)
        detail["scrap_only"] = written(quotient(sum(scrap), every) if scrap is not None else None)
        detail["high"] = written(
            quotient(every - sum(bounds_of(s).good_low for s in sums.values()), every)
        )
        detail["low"] = written(_low([bounds_of(s) for s in sums.values()], made, good))
    return result(value, Reason.NO_PIECES, detail)


def pieces_of(sums: EquipmentSums) -> AssetPieces:
    """Return the pieces of an asset; each count is known only if it is known in every row."""
    columns = [
        known(values)
        for values in (
            [r.made for r in sums.rows],
            [r.good for r in sums.rows],
            [r.scrap for r in sums.rows],
            [r.rework for r in sums.rows],
        )
    ]
    made, good, scrap, rework = (None if c is None else sum(c) for c in columns)
    return AssetPieces(sums.asset, made, good, scrap, rework)


def _low(bounds: Sequence[Bounds], made: list[int], good: list[int]) -> Fraction | None:
    """Return the least rate: what gaps of the counters of good pieces may hide was good; 0 if that is not limited."""
    hidden = known(b.good_hidden for b in bounds)
    if hidden is None:
        return Fraction(0)
    most = [max(g, min(n, g + h)) for n, g, h in zip(made, good, hidden, strict=True)]
    return quotient(sum(made) - sum(most), sum(made))


def _detail(p: AssetPieces) -> Json:
    counts = {"good": p.good, "made": p.made, "rework": p.rework, "scrap": p.scrap}
    return {"asset": p.asset, **{name: n for name, n in counts.items() if n is not None}}
