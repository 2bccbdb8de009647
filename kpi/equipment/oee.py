"""Claim `oee/2` (docs/formats/claims.md §5): one ratio of sums over assets and products, with bounds."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from kpi import atoms as time_atoms
from kpi.claims import ClaimResult, EquipmentOeeClaim, Json, result
from kpi.equipment.effectiveness import Effectiveness, effectiveness, ideal_good, ideal_total
from kpi.equipment.space import sums_by_asset
from kpi.equipment.sums import CountGap, EquipmentSums, PieceRow
from kpi.equipment.time_bounds import Linear, Range, TimeRatio, time_range
from kpi.exact import quotient, written
from kpi.reasons import Reason
from kpi.workspace import Workspace
from model.state import Atom

_AVAILABILITY: Final = TimeRatio(
    Linear(frozenset({Atom.RUN, Atom.RUN_X})), Linear(frozenset(time_atoms.PBT_ATOMS))
)
_UNBOUNDED: Final = "unbounded"


def equipment_oee(work: Workspace, request: EquipmentOeeClaim) -> ClaimResult:
    """Return the OEE of a group of assets as measured, with bounds and all integers it rests on."""
    work.require(request.assets, "assets")
    found = effectiveness(list(sums_by_asset(work, request.assets).values()))
    detail: dict[str, Json] = {
        "assets": [_asset(s) for s in found.counted],
        "gaps": [_gap(s.asset, g) for s in found.counted for g in s.gaps],
        "left_out": list(found.left_out),
        "rows": [row for s in found.counted for row in _rows(s)],
        "unknown_ms": sum(s.atoms[Atom.UNK] for s in found.counted),
        **_ratios(found),
        **_time_bounds(found.counted),
    }
    if found.unmeasured:
        return result(None, Reason.NO_REJECT_SIGNAL, detail)
    reason = Reason.NO_PLANNED_TIME if found.counted else Reason.NO_IDEAL_CYCLE
    return result(found.oee, reason, detail)


def _ratios(found: Effectiveness) -> dict[str, Json]:
    """Return the fractions that need no enumeration; a row without known good pieces has none of them as measured."""
    apt, total, made, value = found.apt_ms, found.ideal_total, found.made, found.oee
    measured = not found.unmeasured
    high = _UNBOUNDED if found.unbounded else written(found.oee_high)
    return {
        "availability": written(quotient(apt, found.pbt_ms)),
        "effectiveness": written(None if total is None else quotient(total, apt)),
        "high": high,
        "low": written(found.oee_low),
        "nee": written(None if value is None else quotient(value * (apt + found.setup_ms), apt)),
        "pieces_quality": written(quotient(found.good, made) if measured and made else None),
        "quality_ideal": written(quotient(found.ideal_good, total) if measured and total else None),
        "teep": written(quotient(found.ideal_good, found.calendar_ms) if measured else None),
    }


def availability_range(group: Sequence[EquipmentSums]) -> Range | None:
    """Return the least and greatest availability that unknown time leaves; None = no planned busy time."""
    return time_range([s.atoms for s in group], _AVAILABILITY)


def _time_bounds(counted: Sequence[EquipmentSums]) -> dict[str, Json]:
    found = availability_range(counted)
    if found is None:
        return {"availability_high": written(None), "availability_low": written(None)}
    high = _UNBOUNDED if found.high is None else written(found.high)
    return {"availability_high": high, "availability_low": written(found.low)}


def _asset(s: EquipmentSums) -> Json:
    found: dict[str, Json] = {
        "apt": time_atoms.apt(s.atoms),
        "asset": s.asset,
        "atoms": {a.value: ms for a, ms in s.atoms.items()},
        "base_gain": s.base_gain_ms,
        "base_gain_least": s.base_gain_least_ms,
        "failures": s.failures,
        "marks": dict(s.marks),
        "outside_unbounded": s.outside_unbounded,
        "pbt": time_atoms.pbt(s.atoms),
        "repair_ms": s.repair_ms,
        "repairs": s.repairs,
        "state_tables": list(s.state_tables),
        "test_pieces": s.test_pieces,
    }
    if s.mismatch:
        found["mismatch"] = s.mismatch
    if s.outside_service:
        found["outside_service"] = s.outside_service
    if s.measured:
        found["ideal_good"] = written(ideal_good(s))
    made = ideal_total(s)
    if made is not None:
        found["ideal_total"] = written(made)
    return found


def _gap(asset: str, gap: CountGap) -> Json:
    found: dict[str, Json] = {
        "asset": asset,
        "end": gap.end_ms,
        "planned": gap.planned_ms,
        "role": gap.role.value,
        "signal": gap.signal,
        "start": gap.start_ms,
    }
    return found if gap.most is None else {**found, "most": gap.most}


_Key = tuple[str, Fraction | None, Fraction | None]
"""Product and ideal cycles of a row."""


def _rows(s: EquipmentSums) -> list[Json]:
    """Return the rows, those of equal product and ideal cycles as one: each count is the sum of what is known of it."""
    groups: dict[_Key, list[PieceRow]] = {}
    for row in s.rows:
        groups.setdefault((row.product, row.ideal_low, row.ideal_high), []).append(row)

    def place(key: _Key) -> tuple[bytes, Fraction, Fraction]:
        product, low, high = key
        return product.encode(), low or Fraction(0), high or Fraction(0)

    return [_merged(s.asset, key, groups[key]) for key in sorted(groups, key=place)]


def _merged(asset: str, key: _Key, rows: Sequence[PieceRow]) -> Json:
    product, low, high = key
    found: dict[str, Json] = {"asset": asset, "product": product}
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
