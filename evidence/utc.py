"""Instants as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from evidence.grammar import TIME_LIMIT_MS

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def utc_of(ms: int) -> str:
    """Return an instant as ISO 8601 in UTC with milliseconds; as plain ms after the year 2262, where no row can be."""
    if not 0 <= ms < TIME_LIMIT_MS:
        return f"{ms} ms"
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds")
