"""What the rows of one asset say → its cells (docs/formats/statistics.md §5): atoms, counts, failures, gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from kpi.allocation import Measure, elapsed
from kpi.atoms import ATOMS
from kpi.calendar import Kind
from kpi.equipment.booking import booked_in_cells
from kpi.equipment.cells import (
    COUNT_ROLES,
    ROLE_BIT,
    AssetCells,
    CellTable,
    CounterId,
    Cut,
    Cuts,
    GapTable,
    Quantities,
    Rate,
    atoms_of,
    cut_cells,
    roles_of,
)
from kpi.equipment.counter_steps import MARK_CODE, MARKS
from kpi.equipment.counters import Booked
from kpi.equipment.failures import count_failures
from kpi.equipment.gaps import gap_spans
from kpi.equipment.plan import Plans
from kpi.equipment.product_line import asset_products, factor_of
from kpi.equipment.signal_rows import Specs
from kpi.equipment.states import Lines, asset_states
from kpi.history import ConfigSegment
from kpi.readings import SAFE, Readings
from kpi.timeline import Timeline
from kpi.window import Bool, Int32, Int64
from model.signal import Role
from model.state import Atom

REGISTER_ROLES: Final = (Role.ENERGY, Role.CONSUMPTION)
_UNK_X: Final = ATOMS.index(Atom.UNK_X)
_GOOD, _SCRAP, _TOTAL, _REWORK = (ROLE_BIT[r] for r in COUNT_ROLES)


@dataclass(frozen=True, slots=True, eq=False)
class CounterRecord:
    """What one counter books, and what each configuration of the history says about its signal."""

    booked: Booked
    specs: Specs


@dataclass(frozen=True, slots=True, eq=False)
class AssetRecord:
    """What the rows of one asset say over the visible time, samples already left behind."""

    asset: str
    lines: Lines
    counters: Mapping[CounterId, CounterRecord]


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Configurations in force: over the visible time, and over the window inside it."""

    visible: Sequence[ConfigSegment]
    window: Sequence[ConfigSegment]

    @property
    def start_ms(self) -> int:
        """Return the first ms of the window."""
        return self.window[0].start_ms

    @property
    def end_ms(self) -> int:
        """Return the ms after the window."""
        return self.window[-1].end_ms


def form_cells(
    record: AssetRecord, reach: Reach, plans: Plans, state: Timeline | None = None
) -> AssetCells:
    """Return the cells of one asset over the window.

    plans: shared by the assets of one window. state: replaces what the rows say (corrections).
    """
    asset, start, end = record.asset, reach.start_ms, reach.end_ms
    line = asset_states(asset, record.lines, reach.visible) if state is None else state
    kinds = plans.kinds(asset, reach.visible)
    shift, day = plans.shift_and_day(reach.window)
    product, names = asset_products(asset, record.lines, reach.window)
    starts = np.array([p.start_ms for p in reach.window], dtype=np.int64)
    documents = tuple(p.document for p in reach.window)
    cut = cut_cells(Cuts(starts, kinds, shift, day, product, line), start, end)
    atoms = atoms_of(cut)
    factors = np.array([[factor_of(d, asset, p) for p in names] for d in documents], dtype=np.int64)
    roles = roles_of(documents, asset)[cut.part]
    forming = _Forming(
        record, reach, cut, line.busy_before, (roles, factors[cut.part, cut.product])
    )
    failures, repairs, repair_ms = count_failures(line, kinds, forming.edges)
    counts = forming.counts()
    gaps, rates = forming.gap_table(cut.column == _UNK_X)
    registers, quantities = forming.quantities()
    table = CellTable(
        start=forming.edges[:-1],
        end=forming.edges[1:],
        part=cut.part,
        kind=cut.kind,
        shift=cut.shift,
        day=cut.day,
        product=cut.product,
        test=cut.test,
        atoms=atoms,
        counts=counts,
        roles=forming.roles,
        failures=failures,
        repairs=repairs,
        repair_ms=repair_ms,
        marks=forming.marks(),
    )
    answered, accepted = _answers(record)
    return AssetCells(
        asset=asset,
        documents=documents,
        products=names,
        shifts=tuple(plans.shifts),
        table=table,
        counters=forming.counters,
        gaps=gaps,
        rates=rates,
        registers=registers,
        quantities=quantities,
        answered=answered,
        accepted=accepted,
        registers_answered=frozenset(
            c.signal
            for c, r in record.counters.items()
            if c.role in REGISTER_ROLES and r.booked.answered and not c.alternate_of
        ),
    )


class _Forming:
    """The columns of one asset that need the cells first."""

    def __init__(
        self,
        record: AssetRecord,
        reach: Reach,
        cut: Cut,
        busy: Measure,
        columns: tuple[Int32, Int64],
    ) -> None:
        """Take the cut and, by cell, the roles that the configuration has and the factor of the product."""
        self._record = record
        self._reach = reach
        self._cut = cut
        self._busy = busy
        self.edges: Int64 = np.append(cut.starts, np.int64(reach.end_ms))
        self.roles, self._factor = columns
        self.counters = tuple(
            c for c in record.counters if c.role in COUNT_ROLES and not c.alternate_of
        )

    def counts(self) -> Readings:
        """Return counts times factor by cell and role."""
        columns = [np.zeros(len(self._factor), dtype=np.int64) for _ in COUNT_ROLES]
        for counter in self.counters:
            at = COUNT_ROLES.index(counter.role)
            columns[at] = _added(columns[at], self._booked(counter, self.edges, self._busy))
        return np.stack([_times(c, self._factor) for c in columns], axis=1)

    def marks(self) -> Int64:
        """Return the number of unusual readings by cell and mark."""
        found = np.zeros((len(self._factor), len(MARKS)), dtype=np.int64)
        low, high = int(self.edges[0]), int(self.edges[-1])
        marks = [
            (tau, MARK_CODE[mark])
            for c in self.counters
            for tau, mark in self._record.counters[c].booked.marks
            if low <= tau < high
        ]
        if marks:
            columns = np.array(marks, dtype=np.int64)
            cell = np.searchsorted(self.edges, columns[:, 0], side="right") - 1
            np.add.at(found, (cell, columns[:, 1]), 1)
        return found

    def quantities(self) -> tuple[tuple[CounterId, ...], Quantities]:
        """Return what registers and alternate counters book, without empty cells."""
        compared = {(c.role, c.alternate_of) for c in self._record.counters if c.alternate_of}
        registers = tuple(
            c
            for c in self._record.counters
            if c not in self.counters or (c.role, c.signal) in compared
        )
        cells, numbers, counts = [], [], []
        for number, counter in enumerate(registers):
            pieces = counter.role in COUNT_ROLES
            count = self._booked(counter, self.edges, self._busy if pieces else elapsed)
            at = np.flatnonzero(count)
            cells.append(at)
            numbers.append(np.full(len(at), number, dtype=np.int32))
            counts.append(count[at])
        return registers, Quantities(_column(cells), _column32(numbers), _exact_column(counts))

    def gap_table(self, unknown_outside: Bool) -> tuple[GapTable, tuple[Rate, ...]]:
        """Return the gaps of the counters, cut at cell edges, and their highest rates.

        unknown_outside: stretches of the cut with unknown state outside the plan.
        """
        from_total = (
            (self._cut.kind != int(Kind.NONE))
            & ~self._cut.test
            & ((self.roles & (_GOOD | _TOTAL | _SCRAP)) == _TOTAL | _SCRAP)
        )
        parts = _GapParts(self.edges, self._cut, unknown_outside)
        totals = [c for c in self.counters if c.role is Role.COUNT_TOTAL]
        for number, counter in enumerate(self.counters):
            record = self._record.counters[counter]
            spans = gap_spans(
                self._record.asset, counter, record.booked, record.specs, self._reach.window
            )
            rejects = counter.role in (Role.COUNT_SCRAP, Role.COUNT_REWORK)
            for span in spans:
                cell, edges = parts.add(
                    number, span.start_ms, span.end_ms, configured=span.configured
                )
                made: Readings = np.zeros(len(cell), dtype=np.int64)
                for total in totals if rejects and from_total[cell].any() else ():
                    made = _added(made, self._booked(total, edges, self._busy))
                parts.made.append(_times(made, self._factor[cell] * from_total[cell]))
                parts.rate((span.rules.pieces, span.rules.per_ms), len(cell))
        return parts.table(), tuple(parts.rates)

    def _booked(self, counter: CounterId, edges: Int64, measure: Measure) -> Readings:
        return booked_in_cells(self._record.counters[counter].booked, edges, measure)


class _GapParts:
    """Collects gaps cut at cell edges."""

    def __init__(self, edges: Int64, cut: Cut, unknown_outside: Bool) -> None:
        self._edges = edges
        self._cut = cut
        lengths = np.where(unknown_outside, np.diff(cut.edges), 0)
        self._outside: Int64 = np.append(np.int64(0), np.cumsum(lengths))
        self._is_outside = np.append(unknown_outside, np.False_)
        self._cells: list[Int64] = []
        self._numbers: list[Int64] = []
        self._origins: list[Int64] = []
        self._starts: list[Int64] = []
        self._ends: list[Int64] = []
        self._planned: list[Int64] = []
        self._unk_x: list[Int64] = []
        self._rate: list[Int64] = []
        self.rates: dict[Rate, int] = {}
        self.made: list[Readings] = []

    def add(self, number: int, start: int, end: int, *, configured: bool) -> tuple[Int64, Int64]:
        """Take one gap; return its cells and the edges of its parts."""
        low = int(np.searchsorted(self._edges, start, side="right")) - 1
        high = int(np.searchsorted(self._edges, end, side="left"))
        cell = np.arange(low, high, dtype=np.int64)
        edges = self._edges[low : high + 1].copy()
        edges[0], edges[-1] = start, end
        length = np.diff(edges)
        planned = self._cut.kind[cell] == int(Kind.PLANNED)
        self._cells.append(cell)
        self._numbers.append(np.full(len(cell), number, dtype=np.int64))
        self._origins.append(np.full(len(cell), start, dtype=np.int64))
        self._starts.append(edges[:-1])
        self._ends.append(edges[1:])
        self._planned.append(np.where(planned, length, 0))
        outside = np.diff(self._outside_before(edges))
        self._unk_x.append(outside if configured else np.zeros_like(outside))
        return cell, edges

    def rate(self, rate: Rate, parts: int) -> None:
        """State the highest rate of the gap taken last."""
        number = self.rates.setdefault(rate, len(self.rates))
        self._rate.append(np.full(parts, number, dtype=np.int64))

    def table(self) -> GapTable:
        """Return all parts."""
        return GapTable(
            cell=_column(self._cells),
            signal=_column32(self._numbers),
            origin=_column(self._origins),
            start=_column(self._starts),
            end=_column(self._ends),
            planned=_column(self._planned),
            made=_exact_column(self.made),
            unk_x=_column(self._unk_x),
            rate=_column32(self._rate),
        )

    def _outside_before(self, instants: Int64) -> Int64:
        edges = self._cut.edges
        at = np.searchsorted(edges, instants, side="right") - 1
        rest = np.where(self._is_outside[at], instants - edges[at], 0)
        found: Int64 = self._outside[at] + rest
        return found


def _answers(record: AssetRecord) -> tuple[int, int]:
    """Return the bits of the roles whose counters answered or were alive, and of those with an accepted reading."""
    answered = accepted = 0
    for counter, found in record.counters.items():
        if counter.role not in COUNT_ROLES:
            continue
        bit = ROLE_BIT[counter.role]
        if found.booked.answered:
            accepted |= bit
        if (found.booked.answered or found.booked.alive) and not counter.alternate_of:
            answered |= bit
    return answered, accepted


def _times(count: Readings, factor: Int64) -> Readings:
    if count.dtype != object and _most(count) * int(factor.max(initial=1)) < SAFE:
        product: Readings = count * factor
        return product
    return np.array([int(n) * f for n, f in zip(count, factor.tolist(), strict=True)], dtype=object)


def _most(count: Readings) -> int:
    """Return the greatest size of a count."""
    return max(abs(int(count.max(initial=0))), abs(int(count.min(initial=0))))


def _added(a: Readings, b: Readings) -> Readings:
    if object in (a.dtype, b.dtype) or max(_most(a), _most(b)) >= SAFE:
        return np.array([int(x) + int(y) for x, y in zip(a, b, strict=True)], dtype=object)
    total: Readings = a + b
    return total


def _column(parts: Sequence[Int64]) -> Int64:
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def _column32(parts: Sequence[Int64] | Sequence[Int32]) -> Int32:
    return np.concatenate([np.zeros(0, dtype=np.int32), *parts]).astype(np.int32)


def _exact_column(parts: Sequence[Readings]) -> Readings:
    kind = object if any(p.dtype == object for p in parts) else np.int64
    return np.concatenate([np.zeros(0, dtype=kind), *(p.astype(kind, copy=False) for p in parts)])
