"""Gaps of counters over some cells: parts put together again, and the stretches without a role (statistics.md §6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kpi.calendar import Kind
from kpi.document_types import SignalSpec
from kpi.equipment.cells import COUNT_ROLES, AssetCells, GapKind, GapTable, Rate
from kpi.equipment.distinct import distinct
from kpi.equipment.exact_columns import exact_sum
from kpi.equipment.piece_rows import FROM_TOTAL, GOOD
from kpi.equipment.sums import CountGap
from kpi.selection import Index
from kpi.window import Bool, Int32, Int64
from model.signal import Role

_UNLIMITED: Rate = (0, 1)


@dataclass(frozen=True, slots=True)
class GapSum:
    """One gap and the pieces that were made in it where good pieces follow from the total."""

    gap: CountGap
    made: int


def gap_sums(cells: AssetCells, chosen: Bool, present: Int32) -> list[GapSum]:
    """Return the gaps of the chosen cells by role, signal and start; present: roles present by cell."""
    from_total = (present & (GOOD | FROM_TOTAL)) == FROM_TOTAL
    found = [*_stored(cells, chosen, from_total), *_without_role(cells, chosen, from_total)]
    return sorted(found, key=_place)


def _place(found: GapSum) -> tuple[str, bytes, int, int]:
    gap = found.gap
    return gap.role.value, gap.signal.encode(), gap.start_ms, gap.end_ms


def _stored(cells: AssetCells, chosen: Bool, from_total: Bool) -> Iterator[GapSum]:
    gaps = cells.gaps
    if not len(gaps.cell):
        return
    number = gap_numbers(gaps)
    at = np.flatnonzero(chosen[gaps.cell])
    at = at[np.lexsort((gaps.start[at], number[at]))]
    for rows in np.split(at, np.flatnonzero(np.diff(number[at])) + 1):
        if not len(rows):
            continue
        counter = cells.counters[int(gaps.signal[rows[0]])]
        counts = from_total[gaps.cell[rows]]
        gap = _gap(
            (counter.role, counter.signal),
            (int(gaps.start[rows].min()), int(gaps.end[rows].max())),
            int(gaps.planned[rows].sum()),
            # The part that ends a gap knows best by which rule it ended.
            cells.rates[int(gaps.rate[rows[-1]])],
        )
        yield GapSum(gap, exact_sum(gaps.made[rows][counts]))


def gap_numbers(gaps: GapTable) -> Int64:
    """Return the gap of every part: one per signal, kind and origin; those of other kinds than (i) must touch."""
    order = np.lexsort((gaps.start, gaps.origin, gaps.kind, gaps.signal))
    fresh = np.ones(len(order), dtype=np.bool_)
    for values in (gaps.signal, gaps.kind, gaps.origin):
        fresh[1:] &= values[order][1:] == values[order][:-1]
    touch = gaps.start[order][1:] == gaps.end[order][:-1]
    fresh[1:] &= touch | (gaps.kind[order][1:] == int(GapKind.STEP))
    fresh[:1] = False
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.cumsum(~fresh) - 1
    return number


def _without_role(cells: AssetCells, chosen: Bool, from_total: Bool) -> Iterator[GapSum]:
    """Yield the gaps (iv): stretches whose configuration has no signal of a role that another chosen one has."""
    table = cells.table
    parts, _ = distinct(table.part[chosen])
    for role in COUNT_ROLES:
        signals: dict[str, SignalSpec] = {}
        lacking = []
        for part in parts:
            own = cells.documents[part].signals_of(cells.asset, role)
            for spec in own:
                signals.setdefault(spec.name, spec)
            if not own:
                lacking.append(part)
        if not signals or not lacking:
            continue
        for stretch in _stretches(table.part, chosen, lacking):
            inside = stretch[chosen[stretch]]
            length = table.end[inside] - table.start[inside]
            planned = int(length[table.kind[inside] == int(Kind.PLANNED)].sum())
            counts = from_total[inside] & ~table.test[inside] & table.in_service[inside]
            made = table.counts[inside[counts]]
            total = exact_sum(made[:, COUNT_ROLES.index(Role.COUNT_TOTAL)])
            for name, spec in signals.items():
                gap = _gap(
                    (role, name),
                    (int(table.start[inside[0]]), int(table.end[inside[-1]])),
                    planned,
                    (spec.rules.pieces, spec.rules.per_ms),
                )
                yield GapSum(gap, total if role in (Role.COUNT_SCRAP, Role.COUNT_REWORK) else 0)


def _stretches(part: Int32, chosen: Bool, lacking: list[int]) -> Iterator[Index]:
    """Yield the runs of neighbouring cells of the configurations that lack a role, those with a chosen cell."""
    at = np.flatnonzero(np.isin(part, lacking))
    for run in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1):
        if chosen[run].any():
            yield run


def _gap(counter: tuple[Role, str], span: tuple[int, int], planned: int, rate: Rate) -> CountGap:
    pieces, per_ms = rate
    most = None if rate == _UNLIMITED and planned else planned * pieces // per_ms
    return CountGap(counter[0], counter[1], *span, planned, most)
