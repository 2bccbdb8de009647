"""Offsets of a time zone from UTC over the years that a log may span, with every daylight saving change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

FIRST_YEAR: Final = 2020
LAST_YEAR: Final = 2050
"""Changes after this year are not in the document; its last offset then goes on."""
_STEP: Final = timedelta(days=1)


@cache
def zone_offsets(zone: str) -> tuple[tuple[int, int], ...]:
    """Return (from_ms, minutes ahead of UTC), rising, the first from 0 on; a zone without changes has one entry.

    Raises ZoneInfoNotFoundError for an unknown zone.
    """
    known = ZoneInfo(zone)
    at = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    end = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
    offset = _minutes(at, known)
    found = [(0, offset)]
    while at < end:
        later = at + _STEP
        if (new := _minutes(later, known)) != offset:
            found.append((_change_ms(at, later, offset, known), new))
            offset = new
        at = later
    return tuple(found)


def _minutes(at: datetime, zone: ZoneInfo) -> int:
    offset = at.astimezone(zone).utcoffset() or timedelta(0)
    return offset // timedelta(minutes=1)


def _change_ms(low: datetime, high: datetime, before: int, zone: ZoneInfo) -> int:
    """Return the Unix ms of the change between two instants, to the second: no zone changes between seconds."""
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if middle in (low, high):
            break
        if _minutes(middle, zone) == before:
            low = middle
        else:
            high = middle
    return int(high.timestamp()) * 1000
