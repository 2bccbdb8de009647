"""Cells (docs/formats/statistics.md §5): stretches inside one UTC hour where all that a figure asks for is constant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Any, Final

import numpy as np

from kpi.atoms import ATOMS, column_of
from kpi.calendar import HOUR_MS, Kind
from kpi.document_types import ConfigDocument
from kpi.equipment.distinct import rising
from kpi.equipment.plan import ShiftId
from kpi.equipment.values import Line
from kpi.readings import Readings
from kpi.timeline import CODE, Timeline
from kpi.window import Bool, Int32, Int64
from model.signal import Role
from model.state import MachineState

COUNT_ROLES: Final = (Role.COUNT_GOOD, Role.COUNT_SCRAP, Role.COUNT_TOTAL, Role.COUNT_REWORK)
"""Role of a column of counts, and of a bit of the roles present."""
ROLE_BIT: Final = {role: 1 << i for i, role in enumerate(COUNT_ROLES)}
_TEST: Final = CODE[MachineState.TEST]


@dataclass(frozen=True, slots=True, eq=False)
class CellTable:
    """Cells of one asset that tile [start[0], end[-1]), equally long columns."""

    start: Int64
    end: Int64
    part: Int32
    """Index of the configuration in `AssetCells.documents`."""
    kind: Int32
    """`Kind` of the segment."""
    shift: Int32
    """Index into `AssetCells.shifts`, −1 outside every shift."""
    day: Int32
    """Production day, in days since 1970-01-01."""
    product: Int32
    """Index into `AssetCells.products`."""
    test: Bool
    """Whether the state is test."""
    atoms: Int64
    """Milliseconds, shape (cells, 14), columns as in `kpi.atoms.ATOMS`."""
    counts: Readings
    """Counts times factor, shape (cells, 4), columns as in COUNT_ROLES."""
    roles: Int32
    """Bits of the roles that the configuration has (ROLE_BIT)."""
    failures: Int64
    repairs: Int64
    repair_ms: Int64
    marks: Int64
    """Unusual readings, shape (cells, 8), columns as in `counter_steps.MARKS`."""

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.start)

    @property
    def edges(self) -> Int64:
        """Return the starts and the last end."""
        return np.append(self.start, self.end[-1:])

    @property
    def in_service(self) -> Bool:
        """Return which cells belong to figures."""
        mask: Bool = self.kind != int(Kind.NONE)
        return mask


class GapKind(IntEnum):
    """Why counts may be missing (statistics.md §6); (iv) follows from the roles of the cells."""

    STEP = 1
    """(i) between two accepted readings."""
    BEFORE = 2
    """(ii) before the first reading."""
    AFTER = 3
    """(iii) after the last proof."""


@dataclass(frozen=True, slots=True, eq=False)
class GapTable:
    """Counter gaps cut at cell edges: parts, by cell."""

    cell: Int64
    signal: Int32
    """Index into `AssetCells.counters`."""
    kind: Int32
    """`GapKind`."""
    origin: Int64
    """Start of the uncut gap of kind STEP, else 0: parts of one signal, kind and origin that touch are one gap."""
    start: Int64
    end: Int64
    planned: Int64
    """Planned ms of the part."""
    made: Readings
    """Pieces of the total counter booked in the part, for gaps of scrap and rework; else 0."""
    unk_x: Int64
    """Milliseconds of the part with unknown state outside the plan."""
    rate: Int32
    """Index into `AssetCells.rates`."""


Rate = tuple[int, int]
"""So many counts in so many ms; (0, 1) = not limited."""


@dataclass(frozen=True, slots=True)
class CounterId:
    """One counter of an asset."""

    role: Role
    signal: str
    alternate_of: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Quantities:
    """What registers and alternate counters book, by cell: rows with a count only."""

    cell: Int64
    counter: Int32
    """Index into `AssetCells.registers`."""
    count: Readings
    """In the unit of the reading, without factor."""


@dataclass(frozen=True, slots=True, eq=False)
class AssetCells:
    """Everything that statistics say about one asset over some time."""

    asset: str
    documents: tuple[ConfigDocument, ...]
    products: tuple[str, ...]
    shifts: tuple[ShiftId, ...]
    table: CellTable
    counters: tuple[CounterId, ...]
    gaps: GapTable
    rates: tuple[Rate, ...]
    registers: tuple[CounterId, ...]
    quantities: Quantities
    answered: int
    """Bits of the count roles with an accepted reading or an H row of a signal that is no alternate."""
    accepted: int
    """Bits of the count roles with an accepted reading of such a signal."""


def stretch(cells: AssetCells, low: int, high: int) -> AssetCells:
    """Return the cells low … high − 1 alone, with what is booked in them."""

    def cut(rows: Any, mask: Any) -> Any:
        found = {f.name: getattr(rows, f.name)[mask] for f in fields(rows)}
        if "cell" in found:
            found["cell"] = found["cell"] - low
        return replace(rows, **found)

    gaps, quantities = cells.gaps, cells.quantities
    return replace(
        cells,
        table=cut(cells.table, slice(low, high)),
        gaps=cut(gaps, (gaps.cell >= low) & (gaps.cell < high)),
        quantities=cut(quantities, (quantities.cell >= low) & (quantities.cell < high)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Cuts:
    """The lines along which an asset is cut, all over the same time."""

    starts: Int64
    """Start of every configuration in force."""
    kind: Line
    shift: Line
    day: Line
    product: Line
    state: Timeline


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """Elementary stretches of constant state and the cells that they belong to."""

    edges: Int64
    cell: Int64
    """Cell of every stretch."""
    column: Int64
    """Column of the atom of every stretch; one past the last where nothing is booked."""
    first: Int64
    """First stretch of every cell."""
    part: Int32
    kind: Int32
    shift: Int32
    day: Int32
    product: Int32
    test: Bool

    @property
    def starts(self) -> Int64:
        """Return the start of every cell."""
        return self.edges[:-1][self.first]


def cut_cells(cuts: Cuts, start_ms: int, end_ms: int) -> Cut:
    """Return the stretches and cells of [start, end)."""
    hours = np.arange(start_ms // HOUR_MS + 1, -(-end_ms // HOUR_MS), dtype=np.int64) * HOUR_MS
    lines = (cuts.kind, cuts.shift, cuts.day, cuts.product)
    state = cuts.state
    inner = state.edges[(state.edges > start_ms) & (state.edges < end_ms)]
    edges = rising(
        [
            np.array([start_ms, end_ms], dtype=np.int64),
            hours,
            cuts.starts[(cuts.starts > start_ms) & (cuts.starts < end_ms)],
            inner,
            *(x.inner(start_ms, end_ms) for x in lines),
        ]
    )
    begin = edges[:-1]
    kind, shift, day, product = (x.at(begin) for x in lines)
    part = (np.searchsorted(cuts.starts, begin, side="right") - 1).astype(np.int32)
    at = np.searchsorted(state.edges, begin, side="right") - 1
    test = state.codes[at] == _TEST
    fresh = np.ones(len(begin), dtype=np.bool_)
    fresh[1:] = begin[1:] // HOUR_MS != begin[:-1] // HOUR_MS
    for column in (part, kind, shift, day, product, test):
        fresh[1:] |= column[1:] != column[:-1]
    first = np.flatnonzero(fresh)
    return Cut(
        edges=edges,
        cell=np.cumsum(fresh) - 1,
        column=column_of(kind, state.codes[at], state.minor[at]),
        first=first,
        part=part[first],
        kind=kind[first],
        shift=shift[first],
        day=day[first],
        product=product[first],
        test=test[first],
    )


def atoms_of(cut: Cut) -> Int64:
    """Return ms per cell and atom, shape (cells, 14)."""
    found = np.zeros((len(cut.first), len(ATOMS) + 1), dtype=np.int64)
    np.add.at(found, (cut.cell, cut.column), np.diff(cut.edges))
    booked: Int64 = found[:, : len(ATOMS)]
    return booked


def roles_of(documents: Sequence[ConfigDocument], asset: str) -> Int32:
    """Return the bits of the count roles that each configuration has for an asset."""
    found = [sum(ROLE_BIT[r] for r in COUNT_ROLES if d.signals_of(asset, r)) for d in documents]
    return np.array(found, dtype=np.int32)
