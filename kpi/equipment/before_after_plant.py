"""Energy and good pieces of a whole plant by production day (docs/formats/claims.md §5 `before-after/2`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kpi import atoms as time_atoms
from kpi.comparison.interval import Day
from kpi.equipment.before_after_days import AssetDays, DayIntegers, cells_by_day, good_bounds
from kpi.equipment.energy_per_piece import good_pieces
from kpi.equipment.meter_registers import meter_days
from kpi.equipment.production_days import WholeDay
from kpi.equipment.space import EquipmentSpace
from kpi.equipment.summing import sums_of
from kpi.equipment.sums import EquipmentSums

ENERGY: Final = "energy-per-piece/2"
PLANT: Final = "plant"
"""The one asset of this metric."""


def plant_days(
    space: EquipmentSpace, meters: Sequence[str], assets: Sequence[str], days: Sequence[WholeDay]
) -> AssetDays:
    """Return Wh of the meters and good pieces of the assets on the whole days of a period.

    A day on which a meter is not known, or good pieces of an asset are not, is unknown as a whole.
    """
    if not all(space.sums(asset).measured for asset in assets):
        return AssetDays({}, measured=False)
    of_meters = [meter_days(space, meter, days) for meter in meters]
    found: dict[int, list[EquipmentSums]] = {day.number: [] for day in days}
    for asset in assets:
        for day, cells in cells_by_day(space, space.cells(asset), days):
            found[day.number].append(sums_of(cells))
    integers = {}
    for number, sums in found.items():
        own = [meter[number] for meter in of_meters]
        told = all(r.good is not None for s in sums for r in s.rows)
        integers[number] = _day(
            sum(m.wh for m in own),
            sums,
            known=told and all(m.known for m in own),
            limited=told and all(m.spread for m in own),
        )
    return AssetDays(integers)


def _day(wh: int, sums: Sequence[EquipmentSums], *, known: bool, limited: bool) -> DayIntegers:
    base = sum(time_atoms.pbt(s.atoms) for s in sums)
    bounds = [good_bounds(s) for s in sums]
    most = [b.good_high for b in bounds if b.good_high is not None]
    return DayIntegers(
        n=wh,
        d=sum(good_pieces(s) for s in sums),
        p=base,
        k=0 if known else base,
        least=Day(wh, sum(most)) if limited and len(most) == len(bounds) else None,
        greatest=Day(wh, sum(b.good_low for b in bounds)) if limited else None,
    )
