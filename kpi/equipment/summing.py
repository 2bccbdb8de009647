"""Cells → the sums of one asset over a window, a shift, a day, a product (docs/formats/statistics.md §7, §8)."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np

from kpi.atoms import ATOMS, as_mapping
from kpi.calendar import Kind
from kpi.equipment.cells import COUNT_ROLES, ROLE_BIT, AssetCells, CounterId
from kpi.equipment.counter_steps import MARKS
from kpi.equipment.distinct import distinct
from kpi.equipment.exact_columns import exact_sum
from kpi.equipment.gap_sums import gap_sums
from kpi.equipment.piece_rows import (
    FROM_TOTAL,
    GOOD,
    REWORK,
    SCRAP,
    TOTAL,
    RoleRow,
    piece_rows,
    present_roles,
    role_rows,
)
from kpi.equipment.product_line import ideals
from kpi.equipment.states import state_tables_of
from kpi.equipment.sums import (
    AlternateCount,
    Bounds,
    EquipmentSums,
    PieceRow,
    RegisterSum,
)
from kpi.readings import Readings
from kpi.window import Bool, Int32, Int64
from model.state import Atom

_RUN_X: Final = ATOMS.index(Atom.RUN_X)
_UNK_X: Final = ATOMS.index(Atom.UNK_X)
_OUTSIDE: Final = (int(Kind.PM), int(Kind.BRK), int(Kind.OFF))


def sums_of(cells: AssetCells, chosen: Bool | None = None) -> EquipmentSums:
    """Return the sums of an asset over its cells, or over those of a mask."""
    return _Summing(
        cells, chosen if chosen is not None else np.ones(len(cells.table), np.bool_)
    ).sums()


class _Summing:
    """The sums of one asset over some of its cells."""

    def __init__(self, cells: AssetCells, chosen: Bool) -> None:
        self._cells = cells
        self._chosen = chosen
        self._table = cells.table
        self._service: Bool = chosen & cells.table.in_service
        self._present = present_roles(cells)
        parts, _ = distinct(cells.table.part[chosen])
        self._documents = [cells.documents[p] for p in parts]
        self._assets = [d.asset.get(cells.asset) for d in self._documents]
        self._pieces = piece_rows(cells, chosen)
        self._rows = role_rows(cells, self._pieces)
        self._gaps = gap_sums(cells, chosen, self._present)

    def sums(self) -> EquipmentSums:
        table, service = self._table, self._service
        gain, least = self._base_gain()
        measured = self._measured()
        marks = table.marks[self._chosen].sum(axis=0).tolist()
        return EquipmentSums(
            asset=self._cells.asset,
            atoms=as_mapping(table.atoms[service].sum(axis=0).tolist()),
            rows=tuple(_row(r, measured=measured) for r in self._rows),
            measured=measured,
            has_ideal=self._has_ideal(),
            bounds=self._bounds() if measured else None,
            gaps=tuple(g.gap for g in self._gaps),
            failures=int(table.failures[service].sum()),
            repairs=int(table.repairs[service].sum()),
            repair_ms=int(table.repair_ms[service].sum()),
            base_gain_ms=gain,
            base_gain_least_ms=least,
            outside_unbounded=self._outside_unbounded(),
            test_pieces=self._pieces.test,
            outside_service=self._pieces.outside_service,
            mismatch=sum(r.counts.mismatch for r in self._rows),
            marks={m.value: n for m, n in zip(MARKS, marks, strict=True) if n},
            state_tables=self._state_tables(),
            alternates=self._alternates(),
            registers=self._registers(),
        )

    def _state_tables(self) -> tuple[str, ...]:
        names = {t for d in self._documents for t in state_tables_of(d, self._cells.asset)}
        return tuple(sorted(names, key=str.encode))

    def _measured(self) -> bool:
        """Return whether good pieces are known in some cell, or there is none that belongs to figures.

        A counter of good pieces that never answers beside others that do measures nothing.
        """
        roles, _ = distinct(self._present[self._service])
        if (
            self._cells.accepted
            and not self._cells.answered & GOOD
            and any(r & GOOD for r in roles)
        ):
            return False
        return not roles or any(r & GOOD or r & FROM_TOTAL == FROM_TOTAL for r in roles)

    def _has_ideal(self) -> bool:
        """Return whether every cell with planned or running time has a product with an ideal cycle."""
        table = self._table
        counts = (table.kind == int(Kind.PLANNED)) | (table.atoms[:, _RUN_X] > 0)
        parts, _ = distinct(table.part[self._service & counts])
        return all(ideals(self._cells.documents[p].asset.get(self._cells.asset)) for p in parts)

    def _factor(self) -> int:
        """Return the largest factor of the products of the asset."""
        return max((p.factor for a in self._assets if a for p in a.products), default=1)

    def _ideals(self) -> list[Fraction]:
        return [x for a in self._assets for x in ideals(a)]

    def _uses(self, roles: int, present: int) -> bool:
        """Return whether in some row exactly `present` of `roles` are there."""
        return any(r.counts.present & roles == present for r in self._rows)

    def _deciding(self) -> int:
        """Return the bits of the roles whose counters decide good pieces."""
        found = GOOD if self._uses(GOOD, GOOD) else 0
        return found | FROM_TOTAL if self._uses(GOOD | FROM_TOTAL, FROM_TOTAL) else found

    def _base_gain(self) -> tuple[int, int]:
        """Return unknown ms outside the plan in which pieces were made, and the least that they took."""
        table = self._table
        unknown = table.atoms[:, _UNK_X]
        cells = self._service & ~table.test & np.isin(table.kind, _OUTSIDE) & (unknown > 0)
        at = np.flatnonzero(cells)
        made = _made(table.counts[at], self._present[at])
        shortest = min(self._ideals(), default=Fraction(0))
        gain = least = 0
        for i, n in zip(at[made > 0].tolist(), made[made > 0].tolist(), strict=True):
            u, run = int(unknown[i]), int(table.atoms[i, _RUN_X])
            gain += u
            least += min(u, max(0, int(-(-(n * shortest) // 1)) - run))
        return gain, least

    def _outside_unbounded(self) -> bool:
        """Return whether a counter that decides good pieces had a gap in unknown time outside the plan."""
        deciding, gaps = self._deciding(), self._cells.gaps
        bits = np.array([ROLE_BIT[c.role] for c in self._cells.counters] or [0], dtype=np.int64)
        mask = self._chosen[gaps.cell] & (gaps.unk_x > 0)
        return bool((bits[gaps.signal[mask]] & deciding).any())

    def _bounds(self) -> Bounds | None:
        """Return least and greatest good pieces and ideal time; None where they are exact."""
        deciding = self._deciding()
        largest = max(self._ideals(), default=Fraction(0))
        extra = self._extra(deciding & (GOOD | TOTAL))
        lost = self._lost() if deciding & TOTAL else 0
        good = sum(r.counts.good or 0 for r in self._rows)
        unknown = sum(r.counts.made or 0 for r in self._rows if r.counts.good is None)
        low = [(r.ideal.low or Fraction(0)) * (r.counts.good or 0) for r in self._rows]
        high = [(r.ideal.high or Fraction(0)) * _most_good(r) for r in self._rows]
        ideal = sum(low, Fraction(0))
        found = Bounds(
            good_low=good - lost,
            good_high=None if extra is None else good + unknown + extra,
            ideal_low=ideal - lost * largest,
            ideal_high=None if extra is None else sum(high, Fraction(0)) + extra * largest,
            good_hidden=self._extra(deciding & GOOD),
            rejects_hidden=self._extra(self._hiding_rejects()),
        )
        exact = Bounds(good, good, ideal, ideal)
        return None if found == exact else found

    def _extra(self, roles: int) -> int | None:
        """Return the pieces that the gaps of some roles can hide together, None if not limited."""
        most = [g.gap.most for g in self._gaps if ROLE_BIT[g.gap.role] & roles]
        limited = [n for n in most if n is not None]
        return sum(limited) * self._factor() if len(limited) == len(most) else None

    def _lost(self) -> int:
        """Return how many of the pieces taken for good, where good = T − S − R, gaps of S and R can hide as rejects."""
        factor, lost = self._factor(), 0
        for item in self._gaps:
            if ROLE_BIT[item.gap.role] & (SCRAP | REWORK):
                made, most = max(0, item.made), item.gap.most
                lost += made if most is None else min(most * factor, made)
        return lost

    def _hiding_rejects(self) -> int:
        """Return the bits of the roles whose gaps can hide rejects beside the good pieces that a counter counts."""
        found = TOTAL if self._uses(GOOD | TOTAL, GOOD | TOTAL) else 0
        return found | SCRAP | REWORK if self._uses(GOOD | FROM_TOTAL, GOOD | SCRAP) else found

    def _alternates(self) -> tuple[AlternateCount, ...]:
        sums = self._quantity_sums()
        found = []
        for number, counter in enumerate(self._cells.registers):
            if counter.alternate_of:
                main = CounterId(counter.role, counter.alternate_of)
                at = self._cells.registers.index(main) if main in self._cells.registers else None
                difference = sums[number] - (sums[at] if at is not None else 0)
                found.append(
                    AlternateCount(
                        counter.role, counter.signal, main.signal, sums[number], difference
                    )
                )
        return tuple(sorted(found, key=lambda a: (a.role.value, a.signal)))

    def _registers(self) -> tuple[RegisterSum, ...]:
        sums = self._quantity_sums()
        found = [
            RegisterSum(c.role, c.signal, sums[i])
            for i, c in enumerate(self._cells.registers)
            if c.role not in COUNT_ROLES and not c.alternate_of
        ]
        return tuple(sorted(found, key=lambda r: (r.role.value, r.signal)))

    def _quantity_sums(self) -> list[int]:
        rows = self._cells.quantities
        mask = self._chosen[rows.cell]
        numbers: Int64 = rows.counter[mask].astype(np.int64)
        counts: Readings = rows.count[mask]
        return [exact_sum(counts[numbers == i]) for i in range(len(self._cells.registers))]


def _row(row: RoleRow, *, measured: bool) -> PieceRow:
    counts = row.counts
    return PieceRow(
        product=row.product,
        ideal_low=row.ideal.low,
        ideal_high=row.ideal.high,
        made=counts.made,
        good=counts.good if measured else None,
        scrap=counts.scrap,
        rework=counts.rework,
    )


def _most_good(row: RoleRow) -> int:
    """Return the good pieces of a row, or all that were made where they are not known."""
    good = row.counts.good
    return good if good is not None else row.counts.made or 0


def _made(counts: Readings, present: Int32) -> Readings:
    """Return by cell the pieces made, the good ones where those are not known, 0 where neither is."""
    good, scrap, total, rework = (
        np.where((present & ROLE_BIT[r]) != 0, counts[:, i], 0) for i, r in enumerate(COUNT_ROLES)
    )
    both = (present & (GOOD | SCRAP)) == GOOD | SCRAP
    found: Readings = np.where(
        (present & TOTAL) != 0, total, np.where(both, good + scrap + rework, good)
    )
    return found
