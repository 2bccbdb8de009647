"""Planned time, shift occurrences and production days as one step function (statistics.md §4)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date
from heapq import heappop, heappush
from itertools import pairwise
from typing import Final, NamedTuple

from evidence.recompute.equipment.civil_time import DAY_MS, CivilTime
from evidence.recompute.intervals import Cover
from evidence.recompute.limits import require_steps
from evidence.recompute.plant_model import Calendar

_UNIX_DAY: Final = date(1970, 1, 1)
_BEFORE: Final = 11
"""Dates before an instant whose shifts, at most seven days long and day start at most two, can still reach it."""
_AFTER: Final = 2
_DAY_MINUTES: Final = 1440
_STEPS: Final = 10
"""Steps of work that one shift of one date costs."""


class Occurrence(NamedTuple):
    """One shift of one local date. order: place in the weekly pattern, after it place among the extra shifts."""

    start: int
    order: int
    date: int
    end: int
    day: int
    """Production day that it belongs to."""
    name: str


class CalendarPiece(NamedTuple):
    """A stretch without change. kind: planned, brk or off. shift: None where unshifted. day: production day."""

    start: int
    end: int
    kind: str
    shift: Occurrence | None
    day: int


def calendar_pieces(calendar: Calendar, low: int, high: int) -> list[CalendarPiece]:
    """Return the pieces of [low, high) in order and without hole; neighbours differ in kind, shift or day.

    Stops and service of assets are not in it. Raises `Refusal` (kind "claim") if there are too many shifts.
    """
    if low >= high:
        return []
    clock = CivilTime(calendar)
    dates = range(low // DAY_MS - _BEFORE, high // DAY_MS + _AFTER + 1)
    require_steps(steps_of(calendar, low, high), "the calendar of the window", "窗口内的日历")
    occurrences = sorted(
        shift
        for shift in _occurrences(calendar, clock, dates)
        if shift.start < shift.end and shift.end > low and shift.start < high
    )
    breaks = Cover(
        (clock.instant(day, start), clock.instant(day, end))
        for day in dates
        for start, end in calendar.breaks
    )
    day_starts = [clock.instant(day, calendar.day_start_min) for day in dates]
    edges = {low, high, *day_starts}
    edges.update(edge for shift in occurrences for edge in (shift.start, shift.end))
    edges.update(edge for interval in breaks.intervals() for edge in interval)
    pieces: list[CalendarPiece] = []
    waiting: list[Occurrence] = []
    following = 0
    for start, end in pairwise(sorted(edge for edge in edges if low <= edge <= high)):
        while following < len(occurrences) and occurrences[following].start <= start:
            heappush(waiting, occurrences[following])
            following += 1
        while waiting and waiting[0].end <= start:
            heappop(waiting)
        shift = waiting[0] if waiting else None
        if shift is None:
            kind, day = "off", dates[bisect_right(day_starts, start) - 1]
        else:
            kind, day = "brk" if breaks.holds(start) else "planned", shift.day
        if pieces and pieces[-1][2:] == (kind, shift, day):
            pieces[-1] = pieces[-1]._replace(end=end)
        else:
            pieces.append(CalendarPiece(start, end, kind, shift, day))
    return pieces


def steps_of(calendar: Calendar, low: int, high: int) -> int:
    """Return the steps of work that `calendar_pieces` takes: some for each shift, break and day that it lays out."""
    dates = (high - low) // DAY_MS + _BEFORE + _AFTER
    laid_out = dates * (1 + len(calendar.shifts) + len(calendar.breaks)) + len(calendar.extra)
    return laid_out * _STEPS


def _occurrences(
    calendar: Calendar, clock: CivilTime, dates: Iterable[int]
) -> Iterator[Occurrence]:
    holidays = {(day - _UNIX_DAY).days for day in calendar.holidays}

    def occurrence(order: int, on: int, start: int, end: int, name: str) -> Occurrence:
        day = on + (start - calendar.day_start_min) // _DAY_MINUTES
        return Occurrence(clock.instant(on, start), order, on, clock.instant(on, end), day, name)

    for on in dates:
        if on not in holidays:
            weekday = (on + 3) % 7 + 1  # 1970-01-01 was a Thursday
            for order, shift in enumerate(calendar.shifts):
                if weekday in shift.weekdays:
                    yield occurrence(order, on, shift.start, shift.end, shift.name)
    for order, extra in enumerate(calendar.extra, len(calendar.shifts)):
        on = (extra.date - _UNIX_DAY).days
        yield occurrence(order, on, extra.start, extra.end, extra.name)


def days_beyond(before: Calendar, after: Calendar, start: int, end: int) -> set[int]:
    """Return the production days with an instant outside [start, end), near its edges.

    before: calendar in force at `start`, continued before it; after: that in force at `end` - 1, continued after it.
    A production day is whole in [start, end) unless it is one of these.
    """
    reach = _BEFORE * DAY_MS
    pieces = calendar_pieces(before, start - reach, start) + calendar_pieces(
        after, end, end + reach
    )
    return {piece.day for piece in pieces}
