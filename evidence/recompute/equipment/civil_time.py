"""Local wall time with changes of its offset from UTC (config-document.md, CALENDAR of version 2)."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from evidence.recompute.plant_model import Calendar

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000


class CivilTime:
    """The wall clock of one calendar. Days are numbers of local dates, 0 = 1970-01-01."""

    __slots__ = ("_offsets", "_reach", "_starts")

    def __init__(self, calendar: Calendar) -> None:
        self._starts = [start for start, _ in calendar.changes]
        self._offsets = [calendar.offset_min * MINUTE_MS]
        self._offsets += [minutes * MINUTE_MS for _, minutes in calendar.changes]
        self._reach: list[int] = []
        """Latest wall time seen before each change, or before any earlier one: never falls."""
        for start, offset in zip(self._starts, self._offsets, strict=False):
            self._reach.append(max([start + offset, *self._reach[-1:]]))

    def instant(self, day: int, minute: int) -> int:
        """Return the first instant whose wall time is at least `minute` minutes after 00:00 of `day`, in Unix ms.

        An ambiguous time is its first occurrence, a skipped one the instant of the change.
        """
        wall = day * DAY_MS + minute * MINUTE_MS
        at = bisect_right(self._reach, wall)
        instant = wall - self._offsets[at]
        return instant if at == 0 else max(instant, self._starts[at - 1])
