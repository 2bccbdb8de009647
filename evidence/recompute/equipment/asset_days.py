"""Integers of one asset by production day, for comparisons (claims.md §5 `before-after/2`, kpi-audit U11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from evidence.recompute.equipment.asset_work import AssetWork
from evidence.recompute.equipment.bounds import (
    good_at_most,
    good_made,
    hidden_rejects,
    ideal_good,
    ideal_high,
    ideal_low,
)
from evidence.recompute.equipment.cells import Cell
from evidence.recompute.equipment.production_days import ProductionDay
from evidence.recompute.equipment.signals import Signals
from evidence.recompute.equipment.statistics import Pieces, pieces_of
from evidence.recompute.equipment.sums import lacks_ideal, sums_of
from evidence.recompute.figures import BUSY
from evidence.recompute.interval import Pair
from model.state import Atom

OEE: Final = "oee/2"
AVAILABILITY: Final = "availability/2"
UTILISATION: Final = "utilisation/2"
DEFECT_RATE: Final = "defect-rate/1"
_STEPS_A_DAY: Final = 60
"""Steps of work that one asset and day costs, its cells apart."""


class DayIntegers(NamedTuple):
    """One asset on one day: n / d is the metric, p its time base in ms, k the unknown ms of it.

    low, high: (n, d) at the least and greatest metric that gaps and unknown time leave, None if it is not limited.
    """

    n: int
    d: int
    p: int
    k: int
    low: Pair | None
    high: Pair | None


@dataclass(frozen=True, slots=True)
class AssetDays:
    """One asset over one period. days: by number of the whole production days on which it is in service at all.

    measured: its good pieces are measured; if not, there are no days. has_ideal: OEE has an ideal cycle for all its
    planned and running time.
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
    measured = not has_pieces or work.is_measured
    own = {day.number: make(work, cells, day) for day, cells in in_service(work, days)}
    return AssetDays(
        asset,
        own if measured else {},
        measured=measured,
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


def pieces_of_day(work: AssetWork, cells: Sequence[Cell], day: ProductionDay) -> Pieces:
    """Return the pieces of a day as those of a window [first ms of it, end of it) over the rows of the period."""
    plants = list(dict.fromkeys(run.plant for run in work.window.runs_within(day.start, day.end)))
    ideal, factor = work.ideal_in(plants), work.factor_in(plants)
    sums = sums_of(cells, work.roles, work.product, None if ideal is None else ideal[0])
    return pieces_of(work, sums, work.gaps(day.start, day.end), ideal, factor)


def _oee(work: AssetWork, cells: Sequence[Cell], day: ProductionDay) -> DayIntegers:
    """A day with pieces that nothing tells from rejects is unknown as a whole; those made may all be good."""
    pieces = pieces_of_day(work, cells, day)
    sums, high = pieces.sums, ideal_high(pieces)
    base = sums.pbt + sums.base_gain
    untold = [row for row in pieces.rows if row.good is None]
    if any(row.made is None for row in untold):
        high = None
    return DayIntegers(
        n=ideal_good(pieces) // 1,
        d=base,
        p=base,
        k=base if untold else sums.atoms[Atom.UNK],
        low=(ideal_low(pieces) // 1, base),
        high=None if high is None else (high // 1, sums.pbt + sums.base_gain_least),
    )


def _defect_rate(work: AssetWork, cells: Sequence[Cell], day: ProductionDay) -> DayIntegers:
    """A day with pieces that are not known, or that nothing tells from rejects, is unknown and counts none."""
    pieces = pieces_of_day(work, cells, day)
    good, made = good_made(pieces)
    pbt = pieces.sums.pbt
    if made is None or any(row.good is None for row in pieces.rows):
        return DayIntegers(0, 0, pbt, pbt, None, None)
    most = good_at_most(pieces, good, made)
    if most is None:
        most = max(good, made)
    hidden = hidden_rejects(pieces)
    return DayIntegers(
        n=made - good,
        d=made,
        p=pbt,
        k=pieces.sums.atoms[Atom.UNK],
        low=(made - most, made),
        high=None if hidden is None else (made - good + pieces.lost + hidden, made + hidden),
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
    return _running(running, busy, unknown)


def _utilisation(_: AssetWork, cells: Sequence[Cell], __: ProductionDay) -> DayIntegers:
    atoms = _atoms(cells)
    running, unknown = atoms[Atom.RUN] + atoms[Atom.RUN_X], atoms[Atom.UNK] + atoms[Atom.UNK_X]
    calendar = sum(atoms.values())
    return _running(running, calendar, unknown)


def _running(running: int, base: int, unknown: int) -> DayIntegers:
    """Return running time over a base; its unknown time may have been running."""
    return DayIntegers(running, base, base, unknown, (running, base), (running + unknown, base))


METRICS: Final[Mapping[str, Callable[[AssetWork, Sequence[Cell], ProductionDay], DayIntegers]]] = {
    OEE: _oee,
    AVAILABILITY: _availability,
    UTILISATION: _utilisation,
    DEFECT_RATE: _defect_rate,
}
"""The integers of one asset on one day by the metric; energy per piece is not by asset (`plant_days.py`)."""
