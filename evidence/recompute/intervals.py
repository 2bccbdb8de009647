"""Half-open intervals of integer milliseconds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

Interval = tuple[int, int]


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the union as disjoint, ascending intervals; touching ones are joined, empty ones dropped."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def overlap(first: Interval, second: Interval) -> int:
    """Return the length of the common part."""
    return max(0, min(first[1], second[1]) - max(first[0], second[0]))


def intersection(first: Sequence[Interval], second: Sequence[Interval]) -> list[Interval]:
    """Return the common parts of two lists of disjoint, ascending intervals."""
    found: list[Interval] = []
    i = j = 0
    while i < len(first) and j < len(second):
        start, end = max(first[i][0], second[j][0]), min(first[i][1], second[j][1])
        if start < end:
            found.append((start, end))
        if first[i][1] <= second[j][1]:
            i += 1
        else:
            j += 1
    return found


class Cover:
    """A union of intervals that can be asked for membership and for its length up to a point."""

    __slots__ = ("_before", "_ends", "_starts")

    def __init__(self, intervals: Iterable[Interval]) -> None:
        merged = union(intervals)
        self._starts = [start for start, _ in merged]
        self._ends = [end for _, end in merged]
        self._before = [0]
        for start, end in merged:
            self._before.append(self._before[-1] + end - start)

    def holds(self, instant: int) -> bool:
        """Return whether `instant` lies in one of the intervals."""
        at = bisect_right(self._starts, instant) - 1
        return at >= 0 and instant < self._ends[at]

    def length_until(self, instant: int) -> int:
        """Return how many milliseconds of the intervals lie before `instant`."""
        at = bisect_right(self._starts, instant) - 1
        if at < 0:
            return 0
        return self._before[at] + min(instant, self._ends[at]) - self._starts[at]

    def length(self, start: int, end: int) -> int:
        """Return how many milliseconds of the intervals lie in [start, end)."""
        return self.length_until(end) - self.length_until(start)

    def intervals(self) -> list[Interval]:
        """Return the disjoint intervals, ascending."""
        return list(zip(self._starts, self._ends, strict=True))

    def first_in(self, start: int, end: int) -> int | None:
        """Return the first instant of [start, end) that lies in an interval, None if none does."""
        at = bisect_right(self._starts, start) - 1
        if at >= 0 and start < self._ends[at]:
            return start if start < end else None
        if at + 1 < len(self._starts) and self._starts[at + 1] < end:
            return self._starts[at + 1]
        return None

    def last_in(self, start: int, end: int) -> int | None:
        """Return the last instant of [start, end) that lies in an interval, None if none does."""
        at = bisect_right(self._starts, end - 1) - 1
        if at < 0:
            return None
        last = min(end, self._ends[at]) - 1
        return last if last >= start else None
