"""Planned time of the algorithms of version 1: segments by calendar, breaks, stops and service (claims.md §0).

They know one fixed offset from UTC: give them a calendar through `Calendar.fixed_at`.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from evidence.recompute.intervals import Cover, Interval
from evidence.recompute.plant_model import Asset, Calendar, Stop

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
_BEFORE: Final = 7
"""Dates before an instant whose minutes, at most seven days of them, can still reach it."""
_STEPS: Final = 10
"""Steps of work that one shift of one date costs."""
_UNIX_DAY: Final = date(1970, 1, 1)
_FIRST_DAY: Final = (date.min - _UNIX_DAY).days
_LAST_DAY: Final = (date.max - _UNIX_DAY).days - 8


class Segment(NamedTuple):
    """A stretch of one kind: planned, pm, brk, off or none (not in service)."""

    start: int
    end: int
    kind: str


def local_day(calendar: Calendar, instant: int) -> int:
    """Return the number of the local date (days since 1970-01-01) of a UTC instant."""
    return (instant + calendar.offset_min * MINUTE_MS) // DAY_MS


def _midnight(calendar: Calendar, day: int) -> int:
    return day * DAY_MS - calendar.offset_min * MINUTE_MS


def _days(calendar: Calendar, low: int, high: int) -> Iterator[tuple[date, int]]:
    """Yield (local date, UTC ms of its midnight) of every date whose minutes can reach [low, high)."""
    for number in range(local_day(calendar, low) - _BEFORE, local_day(calendar, high) + 1):
        if _FIRST_DAY <= number <= _LAST_DAY:
            yield _UNIX_DAY + timedelta(days=number), _midnight(calendar, number)


def shift_cover(calendar: Calendar, low: int, high: int) -> Cover:
    """Return the time within shifts; a shift belongs to the date on which it starts."""
    weekly = [
        (midnight + shift.start * MINUTE_MS, midnight + shift.end * MINUTE_MS)
        for day, midnight in _days(calendar, low, high)
        if day not in calendar.holidays
        for shift in calendar.shifts
        if day.isoweekday() in shift.weekdays
    ]
    return Cover([*weekly, *_extra_shifts(calendar)])


def _extra_shifts(calendar: Calendar) -> Iterator[Interval]:
    for shift in calendar.extra:
        midnight = _midnight(calendar, (shift.date - _UNIX_DAY).days)
        yield midnight + shift.start * MINUTE_MS, midnight + shift.end * MINUTE_MS


def break_cover(calendar: Calendar, low: int, high: int) -> Cover:
    """Return the time within breaks, the same minutes on every date."""
    return Cover(
        (midnight + start * MINUTE_MS, midnight + end * MINUTE_MS)
        for _, midnight in _days(calendar, low, high)
        for start, end in calendar.breaks
    )


def production_days(calendar: Calendar, low: int, high: int) -> list[Interval]:
    """Return the production days that meet [low, high), uncut and in order."""
    shift = calendar.day_start_min * MINUTE_MS
    first = local_day(calendar, low - shift)
    days = []
    start = _midnight(calendar, first) + shift
    while start < high:
        days.append((start, start + DAY_MS))
        start += DAY_MS
    return days


def stops_of(calendar: Calendar, asset: str, counting: Set[Stop]) -> list[Stop]:
    """Return the counting stops of one asset."""
    return [stop for stop in calendar.stops if stop.asset in (asset, "*") and stop in counting]


def segments(
    calendar: Calendar, asset: Asset | None, counting: Set[Stop], low: int, high: int
) -> list[Segment]:
    """Return the segments of [low, high) for an asset, in order and without hole.

    asset: None where the configuration in force does not have it, which is not in service.
    """
    if asset is None:
        return [Segment(low, high, "none")]
    stops = stops_of(calendar, asset.id, counting)
    by_kind = [
        (kind, Cover((stop.start, stop.end) for stop in stops if stop.kind == kind))
        for kind in ("off", "pm", "brk")
    ]
    shifts, breaks = shift_cover(calendar, low, high), break_cover(calendar, low, high)
    service = Cover([(asset.service[0], high if asset.service[1] is None else asset.service[1])])
    edges = {low, high, *asset_edges(asset)}
    edges.update(edge for stop in stops for edge in (stop.start, stop.end))
    edges.update(_calendar_edges(calendar, low, high))
    cuts = sorted(edge for edge in edges if low <= edge <= high)
    found: list[Segment] = []
    for start, end in pairwise(cuts):
        if not service.holds(start):
            kind = "none"
        else:
            kind = next((name for name, cover in by_kind if cover.holds(start)), "")
            if not kind:
                kind = "off"
                if shifts.holds(start):
                    kind = "brk" if breaks.holds(start) else "planned"
        if found and found[-1].kind == kind:
            found[-1] = Segment(found[-1].start, end, kind)
        else:
            found.append(Segment(start, end, kind))
    return found


def steps_of(calendar: Calendar, asset: Asset | None, low: int, high: int) -> int:
    """Return the steps of work that `segments` takes: some for each shift, break and stop that it lays out."""
    if asset is None:
        return 1
    dates = (high - low) // DAY_MS + _BEFORE + 2
    laid_out = dates * (1 + len(calendar.shifts) + len(calendar.breaks)) + len(calendar.extra)
    return _STEPS * (laid_out + len(calendar.stops))


def asset_edges(asset: Asset) -> list[int]:
    """Return the instants at which service begins and ends."""
    start, end = asset.service
    return [start] if end is None else [start, end]


def _calendar_edges(calendar: Calendar, low: int, high: int) -> Iterator[int]:
    for _, midnight in _days(calendar, low, high):
        for shift in calendar.shifts:
            yield midnight + shift.start * MINUTE_MS
            yield midnight + shift.end * MINUTE_MS
        for start, end in calendar.breaks:
            yield midnight + start * MINUTE_MS
            yield midnight + end * MINUTE_MS
    for start, end in _extra_shifts(calendar):
        yield start
        yield end
