"""Integers of one asset by production day, for comparisons (claims.md §5 `before-after/2`, kpi-audit U11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from evidence.recompute.equipment.asset_work import AssetWork
from evidence.recompute.equipment.bounds import good_made, ideal_good, ideal_high, ideal_low
from evidence.recompute.equipment.cells import Cell
from evidence.recompute.equipment.production_days import ProductionDay
from evidence.recompute.equipment.signals import Signals
from evidence.recompute.equipment.statistics import Pieces, pieces_of
from evidence.recompute.equipment.sums import GOOD, lacks_ideal, sums_of
from evidence.recompute.figures import BUSY
from model.state import Atom

OEE: Final = "oee/2"
AVAILABILITY: Final = "availability/2"
UTILISATION: Final = "utilisation/2"
DEFECT_RATE: Final = "defect-rate/1"
_STEPS_A_DAY: Final = 60
"""Steps of work that one asset and day costs, its cells apart."""


class DayIntegers(NamedTuple):
    """One asset on one day: n / d is the metric, p its time base in ms, k the unknown ms of it.

    low, high: least and greatest n that gaps and unknown time leave, high None if it is not limited.
    """

    n: int
    d: int
    p: int
    k: int
    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class AssetDays:
    """One asset over one period. days: by number of the whole production days on which it is in service at all.

    measured: its good pieces are measured. has_ideal: OEE has an ideal cycle for all its planned and running time.
    """

    asset: str
    days: Mapping[int, DayIntegers]
    measured: bool = True
    has_ideal: bool = True


def asset_days(
    signals: Signals,
    asset: str,
    metric: str,
    days: Sequence[ProductionDay],
    frozen: Mapping[str, Fraction],
) -> AssetDays:
    """Return the integers of an asset on the whole production days of the period of `signals`.

    metric: one of `METRICS`. frozen: ideal cycles, by product, of the beginning of the first period.
    """
    make = METRICS[metric]
    has_pieces = make in (_oee, _defect_rate)
    work = AssetWork(signals, asset, frozen, counting=has_pieces)
    own = {day.number: make(work, cells, day) for day, cells in in_service(work, days)}
    return AssetDays(
        asset,
        own,
        measured=not has_pieces or work.is_measured,
        has_ideal=make is not _oee or not any(_lacks_ideal(work, cell) for cell in work.cells),
    )


def in_service(
    work: AssetWork, days: Sequence[ProductionDay]
) -> list[tuple[ProductionDay, list[Cell]]]:
    """Return the cells in service of each of the whole days that has any."""
    what = f"the days of {work.asset}", f"资产 {work.asset} 的日数据"
    work.window.budget.spend(_STEPS_A_DAY * len(days), *what)
    by_day: dict[int, list[Cell]] = {day.number: [] for day in days}
    for cell in work.cells:
        if cell.key.kind != "none" and cell.key.day in by_day:
            by_day[cell.key.day].append(cell)
    return [(day, by_day[day.number]) for day in days if by_day[day.number]]


def _lacks_ideal(work: AssetWork, cell: Cell) -> bool:
    return cell.key.kind != "none" and lacks_ideal(cell, work.product(cell))


def _pieces(work: AssetWork, cells: Sequence[Cell], day: ProductionDay) -> Pieces:
    """Return the pieces of a day; its gaps are those of the window from its first to after its last ms."""
    ideal = work.ideal
    sums = sums_of(cells, work.roles, work.product, None if ideal is None else ideal[0])
    return pieces_of(work, sums, work.gaps(day.start, day.end), ideal)


def _oee(work: AssetWork, cells: Sequence[Cell], day: ProductionDay) -> DayIntegers:
    pieces = _pieces(work, cells, day)
    sums, high = pieces.sums, ideal_high(pieces)
    base = sums.pbt + sums.base_gain
    return DayIntegers(
        n=ideal_good(pieces) // 1,
        d=base,
        p=base,
        k=sums.atoms[Atom.UNK],
        low=ideal_low(pieces) // 1,
        high=None if high is None else high // 1,
    )


def _defect_rate(work: AssetWork, cells: Sequence[Cell], day: ProductionDay) -> DayIntegers:
    """Pieces made that are not known make the whole day unknown, and count as none."""
    pieces = _pieces(work, cells, day)
    good, made = good_made(pieces)
    pbt = pieces.sums.pbt
    if made is None:
        return DayIntegers(0, 0, pbt, pbt, 0, 0)
    n, extra = made - good, pieces.extra[GOOD]
    return DayIntegers(
        n=n,
        d=made,
        p=pbt,
        k=pieces.sums.atoms[Atom.UNK],
        low=0 if extra is None else max(0, n - extra),
        high=n + pieces.lost,
    )


def _atoms(cells: Iterable[Cell]) -> dict[Atom, int]:
    found = dict.fromkeys(Atom, 0)
    for cell in cells:
        for atom, ms in cell.atoms.items():
            found[atom] += ms
    return found


def _availability(_: AssetWork, cells: Sequence[Cell], __: ProductionDay) -> DayIntegers:
    atoms = _atoms(cells)
    running, unknown = atoms[Atom.RUN] + atoms[Atom.RUN_X], atoms[Atom.UNK]
    busy = sum(atoms[atom] for atom in BUSY)
    return DayIntegers(running, busy, busy, unknown, running, running + unknown)


def _utilisation(_: AssetWork, cells: Sequence[Cell], __: ProductionDay) -> DayIntegers:
    atoms = _atoms(cells)
    running, unknown = atoms[Atom.RUN] + atoms[Atom.RUN_X], atoms[Atom.UNK] + atoms[Atom.UNK_X]
    calendar = sum(atoms.values())
    return DayIntegers(running, calendar, calendar, unknown, running, running + unknown)


METRICS: Final[Mapping[str, Callable[[AssetWork, Sequence[Cell], ProductionDay], DayIntegers]]] = {
    OEE: _oee,
    AVAILABILITY: _availability,
    UTILISATION: _utilisation,
    DEFECT_RATE: _defect_rate,
}
"""The integers of one asset on one day by the metric; energy per piece is not by asset (`plant_days.py`)."""
