"""What the energy registers of a meter say over a window and its days (docs/formats/statistics.md §6)."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kpi.allocation import elapsed
from kpi.equipment.booking import booked_in_cells
from kpi.equipment.cells import CounterId
from kpi.equipment.counter_steps import Mark
from kpi.equipment.counters import Booked
from kpi.equipment.exact_columns import exact_sum
from kpi.equipment.production_days import WholeDay
from kpi.equipment.records import RecordBuilder
from kpi.equipment.signal_rows import rows_of
from kpi.equipment.space import EquipmentSpace
from kpi.readings import Readings
from kpi.window import Span
from model.signal import Role


@dataclass(frozen=True, slots=True)
class MeterWindow:
    """Energy of one meter over a window."""

    meter: str
    wh: int | None
    """None = no register has an accepted reading among the visible rows."""
    quarantined: int
    reset: int
    """Resets and proven restarts."""


def registers(space: EquipmentSpace, meter: str) -> dict[str, Booked]:
    """Return what the energy registers of a meter book, by signal; those that are only compared are left out."""
    return {
        counter.signal: record.booked
        for counter, record in space.record(meter).counters.items()
        if counter.role is Role.ENERGY and not counter.alternate_of
    }


def meter_window(space: EquipmentSpace, meter: str) -> MeterWindow:
    """Return the energy that the registers of a meter book in the window."""
    span, own = space.work.span, registers(space, meter).values()
    marks = Counter(
        mark for b in own for tau, mark in b.marks if span.start_ms <= tau < span.end_ms
    )
    wh = sum(exact_sum(_booked(b, [span.start_ms, span.end_ms])) for b in own)
    return MeterWindow(
        meter,
        wh if any(b.answered for b in own) else None,
        marks[Mark.QUARANTINED],
        marks[Mark.RESET] + marks[Mark.RESTART],
    )


@dataclass(frozen=True, slots=True)
class MeterDay:
    """Energy of one meter on one day."""

    wh: int
    known: bool
    """Every register that a configuration of the day has answered in it, and none may have lost energy there."""
    spread: bool
    """Known, or spread over the day between accepted readings around it with no energy lost between them."""


def meter_days(space: EquipmentSpace, meter: str, days: Sequence[WholeDay]) -> dict[int, MeterDay]:
    """Return the energy that the registers of a meter book on each day, by number of the day."""
    if not days:
        return {}
    own = registers(space, meter)
    edges = sorted({x for day in days for x in (day.start_ms, day.end_ms)})
    at = {x: i for i, x in enumerate(edges)}
    booked = {name: _booked(b, edges) for name, b in own.items()}
    answered = _answered(space, meter, days)
    found = {}
    for day in days:
        needed = {
            s.name
            for p in space.work.parts
            if p.start_ms < day.end_ms and p.end_ms > day.start_ms
            for s in p.document.signals_of(meter, Role.ENERGY)
        }
        whole = bool(needed) and not any(_doubtful(b, day, space.work.span) for b in own.values())
        known = whole and needed <= answered[day.number]
        found[day.number] = MeterDay(
            sum(int(counts[at[day.start_ms]]) for counts in booked.values()),
            known=known,
            spread=known or (whole and all(_reaches_round(own[name], day) for name in needed)),
        )
    return found


def _reaches_round(booked: Booked, day: WholeDay) -> bool:
    """Return whether there are accepted readings before and after a day."""
    first, last = booked.first, booked.last
    return (
        first is not None
        and last is not None
        and first.tau <= day.start_ms < day.end_ms <= last.tau
    )


def _booked(booked: Booked, edges: Sequence[int]) -> Readings:
    return booked_in_cells(booked, np.array(edges, dtype=np.int64), elapsed)


def _doubtful(booked: Booked, day: WholeDay, span: Span) -> bool:
    """Return whether energy may be missing in the day: a gap (i), or quarantined readings at the end of the rows."""
    at = bisect_right(booked.gaps, day.start_ms, key=lambda gap: gap.end_ms)
    if at < len(booked.gaps) and booked.gaps[at].start_ms < day.end_ms:
        return True
    return booked.doubtful and booked.proof[0] < day.end_ms and day.start_ms < span.end_ms


def _answered(
    space: EquipmentSpace, meter: str, days: Sequence[WholeDay]
) -> dict[int, frozenset[str]]:
    """Return by day the registers with an accepted reading in it.

    The rows are taken day by day: a reading was accepted in a day if the last accepted one before its end lies in it.
    """
    work = space.work
    builder = RecordBuilder(meter, work.rows.history, work.rows.texts.__getitem__)
    rows = {key: rows_of(work.selection, key) for key in builder.points}
    taken = dict.fromkeys(rows, 0)
    found = {}
    for day in days:
        parts = {}
        for key, own in rows.items():
            end = int(np.searchsorted(own.tau, day.end_ms))
            parts[key] = own.part(slice(taken[key], end))
            taken[key] = end
        builder.feed(parts)
        found[day.number] = frozenset(
            counter.signal
            for counter, history in builder.counters.items()
            if counter == CounterId(Role.ENERGY, counter.signal)
            and history.open_ms is not None
            and history.open_ms >= day.start_ms
        )
    return found
