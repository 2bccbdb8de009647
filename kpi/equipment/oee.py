"""Claim `oee/2` (docs/formats/claims.md §5): one ratio of sums over assets and products, with bounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from kpi import atoms as time_atoms
from kpi.claims import ClaimResult, EquipmentOeeClaim, Json, result
from kpi.equipment.space import sums_by_asset
from kpi.equipment.sums import Bounds, CountGap, EquipmentSums, PieceRow
from kpi.exact import quotient, written
from kpi.reasons import Reason
from kpi.workspace import Workspace
from model.state import Atom


@dataclass(frozen=True, slots=True)
class OeeOfAssets:
    """OEE of some assets and everything that it is formed from; None = cannot be formed."""

    value: Fraction | None
    low: Fraction | None
    high: Fraction | None
    unbounded: bool
    """Whether `high` is missing because a counter with a gap has no highest rate."""
    measured: bool
    """Whether every asset has a reject signal."""


def equipment_oee(work: Workspace, request: EquipmentOeeClaim) -> ClaimResult:
    """Return the OEE of a group of assets as measured, with bounds and all integers it rests on."""
    work.require(request.assets, "assets")
    sums = sums_by_asset(work, request.assets)
    counted = [s for s in sums.values() if s.has_ideal]
    found = oee_of(counted)
    detail: dict[str, Json] = {
        "assets": [_asset(s) for s in counted],
        **_ratios(counted, found),
        "left_out": [name for name, s in sums.items() if not s.has_ideal],
        "unknown_ms": sum(s.atoms[Atom.UNK] for s in counted),
    }
    if not found.measured:
        return result(None, Reason.NO_REJECT_SIGNAL, detail)
    reason = Reason.NO_PLANNED_TIME if counted else Reason.NO_IDEAL_CYCLE
    return result(found.value, reason, detail)


def oee_of(sums: Sequence[EquipmentSums]) -> OeeOfAssets:
    """Return OEE as measured, low and high, of assets that have an ideal cycle (statistics.md §8)."""
    if not all(s.measured for s in sums):
        return OeeOfAssets(None, None, None, unbounded=False, measured=False)
    base = sum(time_atoms.pbt(s.atoms) + s.base_gain_ms for s in sums)
    least = sum(time_atoms.pbt(s.atoms) + s.base_gain_least_ms for s in sums)
    bounds = [bounds_of(s) for s in sums]
    high = [b.ideal_high for b in bounds if b.ideal_high is not None]
    unbounded = len(high) < len(bounds)
    value = quotient(sum((ideal_good(s) for s in sums), Fraction(0)), base)
    low = quotient(sum((b.ideal_low for b in bounds), Fraction(0)), base)
    top = None if unbounded else quotient(sum(high, Fraction(0)), least)
    return OeeOfAssets(value, low, top, unbounded=unbounded, measured=True)


def bounds_of(sums: EquipmentSums) -> Bounds:
    """Return the bounds of a measured asset, the figures themselves where they are exact."""
    if sums.bounds is not None:
        return sums.bounds
    good = sum(r.good or 0 for r in sums.rows)
    ideal = ideal_good(sums)
    return Bounds(good, good, ideal, ideal)


def ideal_good(sums: EquipmentSums) -> Fraction:
    """Return the ideal ms of the good pieces, rows without an ideal cycle left out."""
    return sum(((r.ideal_low or Fraction(0)) * (r.good or 0) for r in sums.rows), Fraction(0))


def ideal_made(sums: EquipmentSums) -> Fraction | None:
    """Return the ideal ms of all pieces made, rows without an ideal cycle left out; None = not known in some row."""
    made = known(r.made for r in sums.rows)
    if made is None:
        return None
    pairs = zip(sums.rows, made, strict=True)
    return sum(((r.ideal_low or Fraction(0)) * n for r, n in pairs), Fraction(0))


def known(values: Iterable[int | None]) -> list[int] | None:
    """Return the values if none of them is missing."""
    found = list(values)
    present = [v for v in found if v is not None]
    return present if len(present) == len(found) else None


def _ratios(sums: Sequence[EquipmentSums], found: OeeOfAssets) -> dict[str, Json]:
    busy = sum(time_atoms.pbt(s.atoms) for s in sums)
    productive = sum(time_atoms.apt(s.atoms) for s in sums)
    unknown = sum(s.atoms[Atom.UNK] for s in sums)
    setup = sum(s.atoms[Atom.SETUP] for s in sums)
    every = sum(sum(s.atoms.values()) for s in sums)
    rows = [r for s in sums for r in s.rows]
    made = known(r.made for r in rows)
    good = known(r.good for r in rows)
    totals = [ideal_made(s) for s in sums]
    total = sum((t for t in totals if t is not None), Fraction(0)) if made is not None else None
    valuable = sum((ideal_good(s) for s in sums), Fraction(0))
    value = found.value
    high = "unbounded" if found.unbounded else written(found.high)
    nee = quotient(value * (productive + setup), productive) if value is not None else None
    pieces = quality = None
    if good is not None and made is not None and total is not None:
        pieces, quality = quotient(sum(good), sum(made)), quotient(valuable, total)
    return {
        "availability": written(quotient(productive, busy)),
        "availability_high": written(quotient(productive + unknown, busy)),
        "availability_low": written(quotient(productive, busy)),
        "effectiveness": written(quotient(total, productive) if total is not None else None),
        "high": written(None) if value is None else high,
        "low": written(None if value is None else found.low),
        "nee": written(nee),
        "pieces_quality": written(pieces),
        "quality_ideal": written(quality),
        "teep": written(quotient(valuable, every) if found.measured else None),
    }


def _asset(s: EquipmentSums) -> Json:
    found: dict[str, Json] = {
        "apt": time_atoms.apt(s.atoms),
        "asset": s.asset,
        "atoms": {a.value: ms for a, ms in s.atoms.items()},
        "base_gain": s.base_gain_ms,
        "base_gain_least": s.base_gain_least_ms,
        "failures": s.failures,
        "gaps": [_gap(g) for g in s.gaps],
        "marks": dict(s.marks),
        "outside_unbounded": s.outside_unbounded,
        "pbt": time_atoms.pbt(s.atoms),
        "repair_ms": s.repair_ms,
        "repairs": s.repairs,
        "rows": _rows(s.rows),
        "state_tables": list(s.state_tables),
        "test_pieces": s.test_pieces,
    }
    if s.mismatch:
        found["mismatch"] = s.mismatch
    if s.outside_service:
        found["outside_service"] = s.outside_service
    if s.measured:
        found["ideal_good"] = written(ideal_good(s))
    made = ideal_made(s)
    if made is not None:
        found["ideal_total"] = written(made)
    return found


def _gap(gap: CountGap) -> Json:
    found: dict[str, Json] = {
        "end": gap.end_ms,
        "planned": gap.planned_ms,
        "role": gap.role.value,
        "signal": gap.signal,
        "start": gap.start_ms,
    }
    return found if gap.most is None else {**found, "most": gap.most}


def _rows(rows: Sequence[PieceRow]) -> list[Json]:
    """Return the rows, those of equal product and ideal cycles as one: each count is the sum of what is known of it."""
    groups: dict[tuple[str, Fraction | None, Fraction | None], list[PieceRow]] = {}
    for row in rows:
        groups.setdefault((row.product, row.ideal_low, row.ideal_high), []).append(row)

    def place(
        key: tuple[str, Fraction | None, Fraction | None],
    ) -> tuple[bytes, Fraction, Fraction]:
        product, low, high = key
        return product.encode(), low or Fraction(0), high or Fraction(0)

    return [_merged(key, groups[key]) for key in sorted(groups, key=place)]


def _merged(key: tuple[str, Fraction | None, Fraction | None], rows: Sequence[PieceRow]) -> Json:
    product, low, high = key
    found: dict[str, Json] = {"product": product}
    if low is not None and high is not None:
        found |= {"ideal_high": written(high), "ideal_low": written(low)}
    columns = {
        "good": [r.good for r in rows],
        "made": [r.made for r in rows],
        "rework": [r.rework for r in rows],
        "scrap": [r.scrap for r in rows],
    }
    for name, counts in columns.items():
        present = [n for n in counts if n is not None]
        if present:
            found[name] = sum(present)
    return found
