"""Value rows of slots that a later row may still improve: a row that repeats one of them must not (claims.md §0)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from kpi.window import Bool, Int64

MOST_ROWS: Final = 1_000_000
"""Rows that are kept, 32 bytes each. Only rows of slots without a good value in time are: a few, even on a bad day."""
_BUCKET_MS: Final = 3_600_000


class SeenValues:
    """Rows as (place, τ, value, kind), by the hour of τ, so that a look-up costs its own hour only.

    A place is whatever stands for one slot of one point, a kind tells apart what is never equal (streams, types); the
    value of a text is the number that `text_number` gives it.
    """

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        """Start empty."""
        self._most = most_rows
        self._buckets: dict[int, Int64] = {}
        self._texts: dict[str, int] = {}
        self._rows = 0
        self.forgotten_ms = 0
        """Rows with τ before this instant may have been dropped for want of room."""

    def text_number(self, text: str) -> int:
        """Return the number that stands for a text."""
        return self._texts.setdefault(text, len(self._texts))

    def holds_any(self, tau: Int64) -> Bool:
        """Return for instants whether rows of their hour are kept: of most hours there are none."""
        found: Bool = np.isin(tau // _BUCKET_MS, list(self._buckets))
        return found

    def repeats(self, rows: Int64) -> Bool:
        """Return which rows, an (n, 4) array of instants that `holds_any`, equal a row that was added before."""
        found = np.zeros(len(rows), dtype=np.bool_)
        bucket = rows[:, 1] // _BUCKET_MS
        for number in np.unique(bucket).tolist():
            asked = np.flatnonzero(bucket == number)
            found[asked] = _are_in(rows[asked], self._buckets[number])
        return found

    def add(self, rows: Int64, matters: Callable[[Int64], Bool]) -> None:
        """Keep rows, an (n, 4) array. `matters` tells of places whether a row can still improve them."""
        bucket = rows[:, 1] // _BUCKET_MS
        for number in np.unique(bucket).tolist():
            kept = self._buckets.get(number, np.zeros((0, 4), dtype=np.int64))
            self._buckets[number] = np.concatenate([kept, rows[bucket == number]])
        self._rows += len(rows)
        if self._rows > self._most:
            self._make_room(matters)

    def _make_room(self, matters: Callable[[Int64], Bool]) -> None:
        """Drop what can improve nothing; if that is not enough, drop the oldest hours and say so."""
        for number, rows in sorted(self._buckets.items()):
            left = rows[matters(rows[:, 0])]
            self._rows -= len(rows) - len(left)
            self._buckets[number] = left
        for number in sorted(self._buckets):
            if self._rows <= self._most // 2:
                return
            self._rows -= len(self._buckets.pop(number))
            self.forgotten_ms = max(self.forgotten_ms, (number + 1) * _BUCKET_MS)


def _are_in(rows: Int64, known: Int64) -> Bool:
    """Return which rows equal one of `known`."""
    both = np.concatenate([known, rows])
    order = np.lexsort(both.T)  # stable: of equal rows the known ones come first
    sorted_rows = both[order]
    opens = np.ones(len(both), dtype=np.bool_)
    opens[1:] = (sorted_rows[1:] != sorted_rows[:-1]).any(axis=1)
    first = order[np.maximum.accumulate(np.where(opens, np.arange(len(both)), 0))]
    result = np.zeros(len(both), dtype=np.bool_)
    result[order] = first < len(known)
    found: Bool = result[len(known) :]
    return found
