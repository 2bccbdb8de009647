"""Integers of one asset and production day: atoms, good, scrap, total (claims.md §3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from kpi import atoms as time_atoms
from kpi.allocation import Measure, counts_in_cells
from kpi.calendar import ProductionDay
from kpi.counters import Event
from kpi.workspace import RoleRuns, Workspace
from model.signal import Role
from model.state import Atom

_ROLES = (Role.COUNT_GOOD, Role.COUNT_SCRAP, Role.COUNT_TOTAL)


@dataclass(frozen=True, slots=True)
class Pieces:
    """Counted pieces; None = not known."""

    good: int | None
    scrap: int | None
    total: int | None


@dataclass(frozen=True, slots=True)
class AssetDay:
    """One asset on one production day."""

    day: ProductionDay
    atoms: Mapping[Atom, int]
    pieces: Pieces
    ideal_cycle_ms: Fraction
    """Exact ms a piece in force at the day's first ms; 0 = none."""

    @property
    def pbt(self) -> int:
        """Return planned busy time in ms."""
        return time_atoms.pbt(self.atoms)

    @property
    def apt(self) -> int:
        """Return actual production time in ms."""
        return time_atoms.apt(self.atoms)


@dataclass(frozen=True, slots=True)
class AssetDays:
    """One asset over the window."""

    asset: str
    days: tuple[AssetDay, ...]
    quarantined: int
    reset: int

    @property
    def pieces(self) -> Pieces:
        """Return the counts of the window: known only if known on every day."""
        return Pieces(
            _sum([d.pieces.good for d in self.days]),
            _sum([d.pieces.scrap for d in self.days]),
            _sum([d.pieces.total for d in self.days]),
        )

    @property
    def atoms(self) -> dict[Atom, int]:
        """Return ms by atom over the window."""
        return {a: sum(d.atoms[a] for d in self.days) for a in Atom}


def asset_days(work: Workspace, asset: str) -> AssetDays:
    """Return the integers of an asset for every production day of the window."""
    if asset not in work.asset_days:
        work.asset_days[asset] = _compute(work, asset)
    return work.asset_days[asset]


def _compute(work: Workspace, asset: str) -> AssetDays:
    table = work.atoms(asset)
    runs = {role: work.runs(asset, role) for role in _ROLES}
    measure = work.timeline(asset).busy_before
    counts = {role: _total(runs[role], work, measure) for role in _ROLES}
    scrap_answers = runs[Role.COUNT_SCRAP].proven or not (
        runs[Role.COUNT_GOOD].answered or runs[Role.COUNT_TOTAL].answered
    )
    days = []
    for i, day in enumerate(work.days):
        document = work.day_config(asset, day.start_ms).document
        known = {role: bool(document.signals_of(asset, role)) for role in _ROLES}
        known[Role.COUNT_SCRAP] &= scrap_answers
        good, scrap, total = (counts[role][i] if known[role] else None for role in _ROLES)
        days.append(
            AssetDay(
                day=day,
                atoms=time_atoms.as_mapping(table[i].tolist()),
                pieces=complete(good, scrap, total),
                ideal_cycle_ms=document.asset[asset].ideal_cycle_ms,
            )
        )
    low, high = work.span.start_ms, work.span.end_ms
    return AssetDays(
        asset=asset,
        days=tuple(days),
        quarantined=sum(r.events(Event.QUARANTINED, low, high) for r in runs.values()),
        reset=sum(r.events(Event.RESET, low, high) for r in runs.values()),
    )


def complete(good: int | None, scrap: int | None, total: int | None) -> Pieces:
    """Return the counts with the third derived where two are known; nothing is guessed from one."""
    if total is None and good is not None and scrap is not None:
        total = good + scrap
    elif good is None and total is not None and scrap is not None:
        good = total - scrap
    elif scrap is None and total is not None and good is not None:
        scrap = total - good
    return Pieces(good, scrap, total)


def _total(runs: RoleRuns, work: Workspace, measure: Measure) -> list[int]:
    """Return the counts of all signals of a role per production day."""
    totals = [0] * len(work.days)
    for run in runs.runs:
        for i, n in enumerate(counts_in_cells(run, work.cuts, measure)):
            totals[i] += n
    return totals


def _sum(values: list[int | None]) -> int | None:
    known = [v for v in values if v is not None]
    return sum(known) if len(known) == len(values) else None
