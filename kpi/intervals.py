"""Half-open intervals of whole milliseconds: sorted and disjoint lists in, the same out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kpi.calendar import Interval


def meet(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    """Return the intersection of two lists."""
    found, i, j = [], 0, 0
    while i < len(one) and j < len(other):
        low, high = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if low < high:
            found.append((low, high))
        if one[i][1] <= other[j][1]:
            i += 1
        else:
            j += 1
    return found


def length(intervals: Iterable[Interval]) -> int:
    """Return the sum of the lengths in ms."""
    return sum(b - a for a, b in intervals)


def append(found: list[Interval], low: int, high: int) -> None:
    """Add an interval that starts nowhere before the end of the last one; joined where they touch, none if empty."""
    if low >= high:
        return
    if found and found[-1][1] == low:
        found[-1] = (found[-1][0], high)
    else:
        found.append((low, high))
