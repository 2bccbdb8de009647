"""What the rows of one asset say → its cells (docs/formats/statistics.md §5): atoms, counts, failures, gaps."""

from __future__ import annotations

from collections.abc import Mapping
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
from kpi.equipment.exact_columns import added, column, column32, exact_column, times
from kpi.equipment.failures import count_failures
from kpi.equipment.gap_parts import GapParts
from kpi.equipment.gaps import gap_spans
from kpi.equipment.plan import Plans
from kpi.equipment.product_line import asset_products, factor_of
from kpi.equipment.reach import Reach
from kpi.equipment.signal_rows import Specs
from kpi.equipment.states import Lines, asset_states
from kpi.readings import Readings
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
            columns[at] = added(columns[at], self._booked(counter, self.edges, self._busy))
        return np.stack([times(c, self._factor) for c in columns], axis=1)

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
        return registers, Quantities(column(cells), column32(numbers), exact_column(counts))

    def gap_table(self, unknown_outside: Bool) -> tuple[GapTable, tuple[Rate, ...]]:
        """Return the gaps of the counters, cut at cell edges, and their highest rates.

        unknown_outside: stretches of the cut with unknown state outside the plan.
        """
        pieces = (self._cut.kind != int(Kind.NONE)) & ~self._cut.test
        parts = GapParts(self.edges, self._cut, unknown_outside)
        totals = [c for c in self.counters if c.role is Role.COUNT_TOTAL]
        for number, counter in enumerate(self.counters):
            record = self._record.counters[counter]
            spans = gap_spans(self._record.asset, counter, record.booked, record.specs, self._reach)
            rejects = counter.role in (Role.COUNT_SCRAP, Role.COUNT_REWORK)
            for span in spans:
                cell, edges = parts.add(number, span)
                made: Readings = np.zeros(len(cell), dtype=np.int64)
                for total in totals if rejects else ():
                    made = added(made, self._booked(total, edges, self._busy))
                parts.made.append(times(made, self._factor[cell] * pieces[cell]))
        return parts.table(), tuple(parts.rates)

    def _booked(self, counter: CounterId, edges: Int64, measure: Measure) -> Readings:
        return booked_in_cells(self._record.counters[counter].booked, edges, measure)


def _answers(record: AssetRecord) -> tuple[int, int]:
    """Return the bits of the roles whose counters answered or were alive, and of those with an accepted reading."""
    answered = accepted = 0
    for counter, found in record.counters.items():
        if counter.role not in COUNT_ROLES or counter.alternate_of:
            continue
        bit = ROLE_BIT[counter.role]
        if found.booked.answered:
            accepted |= bit
        if found.booked.answered or found.booked.alive:
            answered |= bit
    return answered, accepted
