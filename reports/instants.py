"""Instants and durations as a report prints them: local time of the site with its offset, never the machine's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_DAY_MS: Final = 86_400_000


def offset(minutes: int) -> str:
    """Return an offset as ±HH:MM."""
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    return f"{sign}{hours:02d}:{rest:02d}"


def local(unix_ms: int, offset_min: int) -> datetime:
    """Return an instant in the fixed offset of the site."""
    zone = timezone(timedelta(minutes=offset_min))
    return (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=unix_ms)).astimezone(zone)


def minute(unix_ms: int, offset_min: int) -> str:
    """Return YYYY-MM-DD HH:MM, local."""
    return f"{local(unix_ms, offset_min):%Y-%m-%d %H:%M}"


def second(unix_ms: int, offset_min: int) -> str:
    """Return YYYY-MM-DD HH:MM:SS ±HH:MM, local."""
    return f"{local(unix_ms, offset_min):%Y-%m-%d %H:%M:%S} {offset(offset_min)}"


def clock(minutes: int) -> str:
    """Return minutes from midnight as HH:MM."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def days(first_ms: int, last_ms: int) -> str:
    """Return the length of an interval in days, with one place unless it is whole."""
    whole, rest = divmod(last_ms - first_ms, _DAY_MS)
    return str(whole) if rest == 0 else f"{(last_ms - first_ms) / _DAY_MS:.1f}"
