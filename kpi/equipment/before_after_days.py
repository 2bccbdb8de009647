"""Integers of one asset by production day, for comparisons (docs/formats/claims.md §5 `before-after/2`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

import numpy as np

from kpi import atoms as time_atoms
from kpi.atoms import APT_ATOMS, ATOMS, PBT_ATOMS
from kpi.comparison.interval import Day
from kpi.equipment.before_after_products import with_products_of
from kpi.equipment.cells import ROLE_BIT, AssetCells, GapKind, stretch
from kpi.equipment.effectiveness import bounds_of, ideal_good, known
from kpi.equipment.piece_rows import GOOD, SCRAP, TOTAL, present_roles
from kpi.equipment.production_days import WholeDay
from kpi.equipment.space import EquipmentSpace
from kpi.equipment.summing import sums_of
from kpi.equipment.sums import Bounds, EquipmentSums
from kpi.window import Int64
from model.signal import Role
from model.state import Atom

OEE: Final = "oee/2"
AVAILABILITY: Final = "availability/2"
UTILISATION: Final = "utilisation/2"
DEFECT_RATE: Final = "defect-rate/1"


@dataclass(frozen=True, slots=True)
class DayIntegers:
    """One asset on one day: the metric is n / d, of its time base p (ms) k is unknown."""

    n: int
    d: int
    p: int
    k: int
    least: Day | None
    """n and d at the least metric that gaps and unknown time leave; None = not limited."""
    greatest: Day | None
    """The same at the greatest metric."""


@dataclass(frozen=True, slots=True)
class AssetDays:
    """One asset over one period."""

    days: Mapping[int, DayIntegers]
    """By number of the whole production days on which it is in service; none if it is not measured."""
    measured: bool = True
    """Whether its good pieces are measured, as far as the metric asks for them."""
    has_ideal: bool = True
    """Whether it has an ideal cycle all the time, as far as the metric asks for one."""


def asset_days(
    space: EquipmentSpace,
    asset: str,
    metric: str,
    days: Sequence[WholeDay],
    first: EquipmentSpace,
) -> AssetDays:
    """Return the integers of an asset on the whole days of a period; metric: not that of energy.

    first: of the before period, whose first configuration says the ideal cycles of both periods (oee/2).
    """
    cells = space.cells(asset)
    if metric in _TIMES:
        return AssetDays(_times(cells, days, *_TIMES[metric]))
    if metric == OEE:
        cells = with_products_of(cells, first.work.parts[0].document)
    whole = sums_of(cells)
    has_ideal = metric != OEE or whole.has_ideal
    if not whole.measured:
        return AssetDays({}, measured=False, has_ideal=has_ideal)
    make: Callable[[AssetCells, EquipmentSums], DayIntegers] = (
        _oee if metric == OEE else _defect_rate
    )
    found = {
        day.number: make(part, sums_of(part)) for day, part in cells_by_day(space, cells, days)
    }
    return AssetDays(found, has_ideal=has_ideal)


def cells_by_day(
    space: EquipmentSpace, cells: AssetCells, days: Sequence[WholeDay]
) -> Iterator[tuple[WholeDay, AssetCells]]:
    """Yield the days with a cell in service, and their cells as those of a window of that day over the same rows."""
    table = cells.table
    low = np.searchsorted(table.start, [day.start_ms for day in days]).tolist()
    high = np.searchsorted(table.start, [day.end_ms for day in days]).tolist()
    for day, a, b in zip(days, low, high, strict=True):
        if table.in_service[a:b].any():
            yield day, _without_held_ends(space, stretch(cells, a, b))


def good_bounds(sums: EquipmentSums) -> Bounds:
    """Return the bounds of good pieces and their ideal time over some cells (statistics.md §8)."""
    if sums.bounds is not None or sums.measured:
        return bounds_of(sums)
    # No counter tells good pieces in these cells: none is known to be good, all that were made may be.
    made = sum(r.made or 0 for r in sums.rows)
    ideal = sum(((r.ideal_high or Fraction(0)) * (r.made or 0) for r in sums.rows), Fraction(0))
    return Bounds(0, made, Fraction(0), ideal)


def _without_held_ends(space: EquipmentSpace, cells: AssetCells) -> AssetCells:
    """Leave out the gaps after a last proof that holds to the end of these cells (statistics.md §6, iii)."""
    gaps = cells.gaps
    late = gaps.kind == int(GapKind.AFTER)
    if not late.any():
        return cells
    keep = np.ones(len(gaps.kind), dtype=np.bool_)
    for number in np.unique(gaps.signal[late]).tolist():
        record = space.record(cells.asset).counters[cells.counters[number]]
        mine = late & (gaps.signal == number)
        proof, config = record.booked.proof
        spec = record.specs[config]
        hold = spec.hold_ms if spec is not None else 0
        if not record.booked.doubtful and int(gaps.end[mine].max()) - proof <= hold:
            keep &= ~mine
    columns = {name: getattr(gaps, name)[keep] for name in gaps.__dataclass_fields__}
    return replace(cells, gaps=replace(gaps, **columns))


def _oee(_: AssetCells, sums: EquipmentSums) -> DayIntegers:
    """A day with pieces that nothing tells from rejects is unknown as a whole; those made may all be good."""
    bounds = good_bounds(sums)
    busy = time_atoms.pbt(sums.atoms)
    base, untold = busy + sums.base_gain_ms, [r for r in sums.rows if r.good is None]
    high = None if any(r.made is None for r in untold) else bounds.ideal_high
    return DayIntegers(
        n=int(ideal_good(sums) // 1),
        d=base,
        p=base,
        k=base if untold else sums.atoms[Atom.UNK],
        least=Day(int(bounds.ideal_low // 1), base),
        greatest=None if high is None else Day(int(high // 1), busy + sums.base_gain_least_ms),
    )


def _defect_rate(cells: AssetCells, sums: EquipmentSums) -> DayIntegers:
    """A day with pieces that are not known, or that nothing tells from rejects, is unknown as a whole."""
    busy = time_atoms.pbt(sums.atoms)
    made, good = known(r.made for r in sums.rows), known(r.good for r in sums.rows)
    if made is None or good is None:
        return DayIntegers(0, 0, busy, busy, None, None)
    every, right = sum(made), sum(good)
    bounds, hidden = good_bounds(sums), _hidden_rejects(cells, sums)
    extra = bounds.good_hidden
    most = max(right, every if extra is None else min(every, right + extra))
    return DayIntegers(
        n=every - right,
        d=every,
        p=busy,
        k=sums.atoms[Atom.UNK],
        least=Day(every - most, every),
        greatest=None if hidden is None else Day(every - bounds.good_low + hidden, every + hidden),
    )


def _hidden_rejects(cells: AssetCells, sums: EquipmentSums) -> int | None:
    """Return the rejects beyond the pieces made that gaps can hide; None = not limited (claims.md §5 defect-rate/1)."""
    table = cells.table
    roles = 0
    for present in np.unique(present_roles(cells)[table.in_service & ~table.test]).tolist():
        if present & GOOD and present & TOTAL:
            roles |= TOTAL
        elif present & GOOD and present & SCRAP:
            roles |= SCRAP | ROLE_BIT[Role.COUNT_REWORK]
    hiding = [gap.most for gap in sums.gaps if ROLE_BIT[gap.role] & roles]
    limited = known(hiding)
    if limited is None:
        return None
    assets = (cells.documents[p].asset.get(cells.asset) for p in np.unique(table.part).tolist())
    factors = [p.factor for a in assets if a is not None for p in a.products]
    return sum(limited) * max(factors, default=1)


def _times(
    cells: AssetCells, days: Sequence[WholeDay], base: Int64, unknown: Int64
) -> dict[int, DayIntegers]:
    """Return running time over a base of atoms; what is unknown may have been running."""
    table = cells.table
    service = table.in_service
    ms = np.zeros((len(table) + 1, len(ATOMS)), dtype=np.int64)
    np.cumsum(np.where(service[:, None], table.atoms, 0), axis=0, out=ms[1:])
    here = np.append(0, np.cumsum(service))
    low = np.searchsorted(table.start, [day.start_ms for day in days])
    high = np.searchsorted(table.start, [day.end_ms for day in days])
    sums = ms[high] - ms[low]
    columns = (sums[:, part].sum(axis=1).tolist() for part in (_APT, base, unknown))
    in_service = (here[high] > here[low]).tolist()
    return {
        day.number: DayIntegers(n, d, d, k, Day(n, d), Day(n + k, d))
        for day, n, d, k, there in zip(days, *columns, in_service, strict=True)
        if there
    }


def _columns(atoms: Sequence[Atom]) -> Int64:
    return np.array([ATOMS.index(a) for a in atoms], dtype=np.int64)


_APT: Final = _columns(APT_ATOMS)
_TIMES: Final = {
    AVAILABILITY: (_columns(PBT_ATOMS), _columns((Atom.UNK,))),
    UTILISATION: (_columns(ATOMS), _columns((Atom.UNK, Atom.UNK_X))),
}
"""Base and unknown atoms of a ratio of running time."""
