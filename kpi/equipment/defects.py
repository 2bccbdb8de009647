"""Claim `defect-rate/1` (docs/formats/claims.md §5): pieces not good at the first pass / pieces made, with bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from kpi.claims import ClaimResult, DefectRateClaim, Json, result
from kpi.equipment.effectiveness import bounds_of, known
from kpi.equipment.space import sums_by_asset
from kpi.equipment.sums import EquipmentSums
from kpi.exact import written
from kpi.reasons import Reason
from kpi.workspace import Workspace


@dataclass(frozen=True, slots=True)
class AssetPieces:
    """Pieces of one asset over the window; None = not known in some row, `good` = the asset is not measured."""

    asset: str
    made: int | None
    good: int | None
    scrap: int | None
    rework: int | None


def defect_rate(work: Workspace, request: DefectRateClaim) -> ClaimResult:
    """Return the defect rate of a group of assets; undefined where it is not measured or made is not known."""
    work.require(request.assets, "assets")
    sums = list(sums_by_asset(work, request.assets).values())
    pieces = [pieces_of(s) for s in sums]
    made, good = known(p.made for p in pieces), known(p.good for p in pieces)
    every = sum(made) if made is not None else 0
    scrap = known(p.scrap for p in pieces)
    detail: dict[str, Json] = {
        "assets": [_detail(p) for p in pieces],
        "high": "0/0",
        "low": "0/0",
        "scrap_only": written(
            Fraction(sum(scrap), every) if scrap is not None and every > 0 else None
        ),
    }
    if made is None or good is None:
        return result(None, Reason.NO_REJECT_SIGNAL, detail)
    if every <= 0:
        return result(None, Reason.NO_PIECES, detail)
    rate = Fraction(every - sum(good), every)
    detail["high"] = written(_high(sums, every, rate))
    detail["low"] = written(_low(sums, made, good, rate))
    return result(rate, Reason.NO_PIECES, detail)


def pieces_of(sums: EquipmentSums) -> AssetPieces:
    """Return the pieces of an asset; made, scrap and rework are known only if they are known in every row."""
    columns = [
        known(values)
        for values in (
            [r.made for r in sums.rows],
            [r.scrap for r in sums.rows],
            [r.rework for r in sums.rows],
        )
    ]
    made, scrap, rework = (None if c is None else sum(c) for c in columns)
    good = sum(r.good or 0 for r in sums.rows) if sums.measured else None
    return AssetPieces(sums.asset, made, good, scrap, rework)


def _low(
    sums: Sequence[EquipmentSums], made: Sequence[int], good: Sequence[int], rate: Fraction
) -> Fraction:
    """Return the least rate: what gaps of the counters of good pieces may hide was good; 0 if that is not limited."""
    hidden = known(
        bounds_of(s).good_hidden for s in sums
    )  # 0 where no counter counts the good ones
    if hidden is None:
        return min(Fraction(0), rate)
    most = [max(g, min(n, g + h)) for n, g, h in zip(made, good, hidden, strict=True)]
    return min(Fraction(sum(made) - sum(most), sum(made)), rate)


def _high(sums: Sequence[EquipmentSums], every: int, rate: Fraction) -> Fraction:
    """Return the greatest rate: what gaps may hide were rejects; 1 if that is not limited."""
    bounds = [bounds_of(s) for s in sums]
    hidden = known(b.rejects_hidden for b in bounds)
    if hidden is None:
        return max(Fraction(1), rate)
    whole = every + sum(hidden)
    return max(Fraction(whole - sum(b.good_low for b in bounds), whole), rate)


def _detail(p: AssetPieces) -> Json:
    counts = {"good": p.good, "made": p.made, "rework": p.rework, "scrap": p.scrap}
    return {"asset": p.asset, **{name: n for name, n in counts.items() if n is not None}}
