"""What the calendar says about an asset over time (docs/formats/statistics.md §4): kind, shift and production day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kpi.calendar import MINUTE_MS, Occurrence, instant, local_day, occurrences, segments
from kpi.document_types import Asset, Calendar, Stop
from kpi.equipment.values import Line, joined, tile
from kpi.history import ConfigSegment

UNSHIFTED = -1
"""Code of the time outside every shift."""


@dataclass(frozen=True, slots=True)
class ShiftId:
    """One shift on one date, as a cell names it."""

    name: str
    day: int
    """Local date on which it stands in the calendar, in days since 1970-01-01."""
    rank: int


@dataclass(slots=True)
class Plans:
    """Calendars over the time of some configurations, each laid out once for all assets."""

    shifts: list[ShiftId] = field(default_factory=list)
    """Shift of a code."""
    _shift_code: dict[ShiftId, int] = field(default_factory=dict)
    _shift_lines: dict[tuple[int, int, int], tuple[Line, Line]] = field(default_factory=dict)
    _kind_lines: dict[tuple[int, int, int, tuple[int, int], tuple[Stop, ...]], Line] = field(
        default_factory=dict
    )
    _held: list[object] = field(default_factory=list)
    """Keeps alive what the keys name by id."""

    def kinds(self, asset: str, parts: Sequence[ConfigSegment]) -> Line:
        """Return the kind of every ms (`Kind` as code) over the time that `parts` tile."""
        return joined([self._kinds_of(p.document.asset.get(asset), p) for p in parts])

    def shift_and_day(self, parts: Sequence[ConfigSegment]) -> tuple[Line, Line]:
        """Return the shift (index into `shifts`, or UNSHIFTED) and the production day over the time of `parts`."""
        found = [self._shifts_of(p) for p in parts]
        return joined([s for s, _ in found]), joined([d for _, d in found])

    def _kinds_of(self, asset: Asset | None, part: ConfigSegment) -> Line:
        start, end = part.start_ms, part.end_ms
        service = asset.in_service_within(start, end) if asset is not None else (start, start)
        own = (
            tuple(s for s in part.stops if s.asset in (asset.id, "*")) if asset is not None else ()
        )
        key = (id(part.document), start, end, service, own)
        if key not in self._kind_lines:
            found = segments(asset, part.document.calendar, own, start, end)
            starts = np.array([s.start_ms for s in found], dtype=np.int64)
            codes = np.array([int(s.kind) for s in found], dtype=np.int32)
            self._kind_lines[key] = tile(starts, codes, start, end)
            self._held.append(part.document)
        return self._kind_lines[key]

    def _shifts_of(self, part: ConfigSegment) -> tuple[Line, Line]:
        start, end = part.start_ms, part.end_ms
        key = (id(part.document), start, end)
        if key not in self._shift_lines:
            found, days = lay_out(part.document.calendar, start, end)
            codes = [self._code(o) if o is not None else UNSHIFTED for o in found.values]
            column = np.array(codes, dtype=np.int32)[found.line.codes]
            self._shift_lines[key] = Line(found.line.edges, column), days
            self._held.append(part.document)
        return self._shift_lines[key]

    def _code(self, occurrence: Occurrence) -> int:
        shift = ShiftId(occurrence.name, occurrence.day, occurrence.rank)
        if shift not in self._shift_code:
            self._shift_code[shift] = len(self.shifts)
            self.shifts.append(shift)
        return self._shift_code[shift]


@dataclass(frozen=True, slots=True, eq=False)
class _Shifts:
    """A line whose codes are indexes into `values`; None = outside every shift."""

    line: Line
    values: tuple[Occurrence | None, ...]


def lay_out(calendar: Calendar, start: int, end: int) -> tuple[_Shifts, Line]:
    """Return the shift and the production day (as code) of every instant of [start, end)."""
    found = occurrences(calendar, start, end)
    day_edges = _day_starts(calendar, start, end)
    edges = {start, *(max(x, start) for x, _ in day_edges)}
    edges.update(max(x, start) for o in found for x in (o.start_ms, o.end_ms))
    starts = sorted(x for x in edges if x < end)
    values: dict[Occurrence | None, int] = {None: 0}
    shifts, days, active, at, day_at = [], [], list[Occurrence](), 0, 0
    for x in starts:
        while at < len(found) and found[at].start_ms <= x:
            active.append(found[at])
            at += 1
        while day_at + 1 < len(day_edges) and day_edges[day_at + 1][0] <= x:
            day_at += 1
        active = [o for o in active if o.end_ms > x]
        # Of the shifts that cover x the one that starts first: they were taken by (start, rank).
        shift = active[0] if active else None
        shifts.append(values.setdefault(shift, len(values)))
        days.append(shift.production_day(calendar.day_start_min) if shift else day_edges[day_at][1])
    columns = np.array(starts, dtype=np.int64)
    line = tile(columns, np.array(shifts, dtype=np.int32), start, end)
    return _Shifts(line, tuple(values)), tile(columns, np.array(days, dtype=np.int32), start, end)


def _day_starts(calendar: Calendar, start: int, end: int) -> list[tuple[int, int]]:
    """Return (start, date) of the production days of unshifted time that meet [start, end)."""
    minute = calendar.day_start_min
    day = local_day(calendar, start) - minute // 1440
    while instant(calendar, day, minute) > start:
        day -= 1
    while instant(calendar, day + 1, minute) <= start:
        day += 1
    found = []
    while (x := instant(calendar, day, minute)) < end:
        found.append((x, day))
        day += 1
    return found


def whole_days(parts: Sequence[ConfigSegment]) -> tuple[int, ...]:
    """Return the production days of which no instant lies outside the time of `parts`, ascending (statistics.md §4).

    The first calendar goes on before that time, the last one after it.
    """
    first, last = parts[0].document.calendar, parts[-1].document.calendar
    low, high = parts[0].start_ms, parts[-1].end_ms
    _, inside = Plans().shift_and_day(parts)
    before = _days_of(first, low - _reach(first), low)
    after = _days_of(last, high, high + _reach(last))
    return tuple(sorted(set(inside.codes.tolist()) - before - after))


def _reach(calendar: Calendar) -> int:
    """Return how far an instant of a production day can lie from another instant of it, in ms."""
    ends = [s.to_min for s in calendar.shifts] + [s.to_min for s in calendar.extra]
    return (max(ends, default=0) + abs(calendar.day_start_min) + 3 * 1440) * MINUTE_MS


def _days_of(calendar: Calendar, start: int, end: int) -> set[int]:
    return set(lay_out(calendar, start, end)[1].codes.tolist())
