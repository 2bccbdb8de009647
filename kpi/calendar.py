"""Planned time of an asset: shifts, breaks, holidays and stops as half-open intervals of Unix milliseconds.

Local wall time is UTC plus the offset in force; a local minute is the first instant at which the wall shows it or more.
Source: docs/formats/config-document.md, CALENDAR of version 2 (a fixed offset is its simplest case).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from itertools import pairwise
from typing import Final

from kpi.document_types import Asset, Calendar, ExtraShift, Shift, Stop

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()

Interval = tuple[int, int]


class Kind(IntEnum):
    """Kind of a calendar segment."""

    PLANNED = 0
    PM = 1
    BRK = 2
    OFF = 3
    NONE = 4
    """Not in service or not in the registry: nothing is booked."""


_STOP_KIND: Final = {"off": Kind.OFF, "pm": Kind.PM, "brk": Kind.BRK}
_STOP_ORDER: Final = (Kind.OFF, Kind.PM, Kind.BRK)
"""When several stops cover one instant, the first of these wins."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one kind."""

    start_ms: int
    end_ms: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class ProductionDay:
    """One production day, cut to the window."""

    date: str
    """Local date YYYY-MM-DD on which it starts."""
    start_ms: int
    end_ms: int
    whole: bool
    """Whether the window holds all 24 hours of it."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One shift on one local date."""

    start_ms: int
    end_ms: int
    name: str
    day: int
    """Local date on which it stands in the calendar, in days since 1970-01-01."""
    from_min: int
    rank: int
    """Place in the weekly pattern, then in the extra shifts: decides among those that start together."""

    def production_day(self, day_start_min: int) -> int:
        """Return the production day that it belongs to as a whole, in days since 1970-01-01."""
        return self.day + (self.from_min - day_start_min) // 1440


def instant(calendar: Calendar, day: int, minute: int) -> int:
    """Return the first Unix ms whose local wall time is `minute` minutes after 00:00 of `day`, or later."""
    local = (day * 1440 + minute) * MINUTE_MS
    offsets = calendar.offsets
    # Before local − highest offset no wall shows that much yet, so the search begins at the offset in force there.
    highest = max(minutes for _, minutes in offsets)
    i = max(bisect_right(offsets, local - highest * MINUTE_MS, key=lambda o: o[0]) - 1, 0)
    while True:
        x = local - offsets[i][1] * MINUTE_MS
        if i:
            x = max(x, offsets[i][0])
        if i + 1 == len(offsets) or x < offsets[i + 1][0]:
            return x
        i += 1


def local_day(calendar: Calendar, x: int) -> int:
    """Return the local date of an instant in days since 1970-01-01."""
    return (x + calendar.offset_min_at(x) * MINUTE_MS) // DAY_MS


def iso_date(day: int) -> str:
    """Return YYYY-MM-DD of a day counted from 1970-01-01."""
    return date.fromordinal(day + _EPOCH_ORDINAL).isoformat()


def day_number(text: str) -> int:
    """Return the days since 1970-01-01 of a date YYYY-MM-DD."""
    return date.fromisoformat(text).toordinal() - _EPOCH_ORDINAL


def weekday(day: int) -> int:
    """Return 1 = Monday … 7 = Sunday; 1970-01-01 was a Thursday."""
    return (day + 3) % 7 + 1


def occurrences(calendar: Calendar, start_ms: int, end_ms: int) -> list[Occurrence]:
    """Return the shifts of the weekly pattern and the extra ones that meet [start, end), by (start, rank)."""
    ends = [s.to_min for s in calendar.shifts] + [s.to_min for s in calendar.extra]
    extra: dict[int, list[tuple[int, ExtraShift]]] = {}
    for rank, e in enumerate(calendar.extra, len(calendar.shifts)):
        extra.setdefault(day_number(e.date), []).append((rank, e))
    found: list[Occurrence] = []
    for day in _days(calendar, start_ms, end_ms, max(ends, default=0)):
        plain = () if iso_date(day) in calendar.holidays else calendar.shifts
        today: list[tuple[int, Shift | ExtraShift]] = [
            (rank, s) for rank, s in enumerate(plain) if weekday(day) in s.weekdays
        ]
        for rank, s in (*today, *extra.get(day, ())):
            a, b = instant(calendar, day, s.from_min), instant(calendar, day, s.to_min)
            if max(a, start_ms) < min(b, end_ms):
                found.append(Occurrence(a, b, s.name, day, s.from_min, rank))
    return sorted(found, key=lambda o: (o.start_ms, o.rank))


def shift_intervals(calendar: Calendar, start_ms: int, end_ms: int) -> list[Interval]:
    """Return the union of shifts (before breaks and stops) that meet [start, end), sorted and disjoint."""
    found = [(o.start_ms, o.end_ms) for o in occurrences(calendar, start_ms, end_ms)]
    return union(found, start_ms, end_ms)


def break_intervals(calendar: Calendar, start_ms: int, end_ms: int) -> list[Interval]:
    """Return the union of breaks that meet [start, end): the same minutes every date, also on holidays."""
    longest = max((b for _, b in calendar.breaks), default=0)
    found = [
        (instant(calendar, day, a), instant(calendar, day, b))
        for day in _days(calendar, start_ms, end_ms, longest)
        for a, b in calendar.breaks
    ]
    return union(found, start_ms, end_ms)


def segments(
    asset: Asset | None,
    calendar: Calendar,
    stops: Iterable[Stop],
    start_ms: int,
    end_ms: int,
) -> list[Segment]:
    """Return the segments of an asset that tile [start, end), equal neighbours joined.

    asset: None = not in the registry. stops: the counting ones only (registered before they started).
    Source: docs/formats/claims.md §0 "Planned time".
    """
    if start_ms >= end_ms:
        return []
    if asset is None:
        return [Segment(start_ms, end_ms, Kind.NONE)]
    first, last = asset.in_service_within(start_ms, end_ms)
    if first == last:
        return [Segment(start_ms, end_ms, Kind.NONE)]
    shifts = shift_intervals(calendar, first, last)
    breaks = break_intervals(calendar, first, last)
    mine = [s for s in stops if s.asset in (asset.id, "*") and s.from_ms < s.to_ms]
    by_kind = {
        kind: union([(s.from_ms, s.to_ms) for s in mine if _STOP_KIND[s.kind] is kind], first, last)
        for kind in _STOP_ORDER
    }
    edges = {first, last}
    for group in (shifts, breaks, *by_kind.values()):
        edges.update(x for pair in group for x in pair)
    ordered = sorted(edges)
    found: list[Segment] = []
    if start_ms < first:
        found.append(Segment(start_ms, first, Kind.NONE))
    for a, b in pairwise(ordered):
        found.append(Segment(a, b, _kind_at(a, shifts, breaks, by_kind)))
    if last < end_ms:
        found.append(Segment(last, end_ms, Kind.NONE))
    return _joined(found)


def production_days(calendar: Calendar, start_ms: int, end_ms: int) -> list[ProductionDay]:
    """Return the production days of version 1 that meet [start, end), cut to it: 24 hours each, by the first offset."""
    shift = (calendar.day_start_min - calendar.utc_offset_min) * MINUTE_MS
    found = []
    for day in range((start_ms - shift) // DAY_MS, (end_ms - 1 - shift) // DAY_MS + 1):
        a = day * DAY_MS + shift
        b = a + DAY_MS
        whole = start_ms <= a and b <= end_ms
        found.append(ProductionDay(iso_date(day), max(a, start_ms), min(b, end_ms), whole))
    return found


def union(intervals: Iterable[Interval], start_ms: int, end_ms: int) -> list[Interval]:
    """Return the union of half-open intervals cut to [start, end), sorted and disjoint."""
    found: list[Interval] = []
    for a, b in sorted(intervals):
        low, high = max(a, start_ms), min(b, end_ms)
        if low >= high:
            continue
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def covers(intervals: Sequence[Interval], x: int) -> bool:
    """Return whether sorted disjoint intervals cover the instant x."""
    i = bisect_right(intervals, x, key=lambda pair: pair[0]) - 1
    return i >= 0 and x < intervals[i][1]


def _days(calendar: Calendar, start_ms: int, end_ms: int, longest_min: int) -> range:
    """Return the local dates of which something that lasts to `longest_min` may meet [start, end)."""
    low = min(minutes for _, minutes in calendar.offsets)
    high = max(minutes for _, minutes in calendar.offsets)
    first = (start_ms + (low - longest_min) * MINUTE_MS) // DAY_MS
    return range(first, (end_ms - 1 + high * MINUTE_MS) // DAY_MS + 1)


def _kind_at(
    x: int,
    shifts: Sequence[Interval],
    breaks: Sequence[Interval],
    by_kind: dict[Kind, list[Interval]],
) -> Kind:
    for kind in _STOP_ORDER:
        if covers(by_kind[kind], x):
            return kind
    if not covers(shifts, x):
        return Kind.OFF
    return Kind.BRK if covers(breaks, x) else Kind.PLANNED


def _joined(found: list[Segment]) -> list[Segment]:
    joined: list[Segment] = []
    for s in found:
        if joined and joined[-1].kind is s.kind:
            joined[-1] = Segment(joined[-1].start_ms, s.end_ms, s.kind)
        else:
            joined.append(s)
    return joined
