"""Where booked counts lie in time (statistics.md §6, kpi-audit U4): integers by cell that add to the whole."""

from __future__ import annotations

import numpy as np

from kpi.allocation import AT_ONCE_MS, Measure
from kpi.equipment.counters import Booked
from kpi.readings import SAFE, Readings
from kpi.selection import Index
from kpi.window import Int64


def booked_in_cells(booked: Booked, edges: Int64, measure: Measure) -> Readings:
    """Return the count in each cell [edges[i], edges[i+1]), exact at any size.

    measure: ms that count for the allocation, from a fixed origin to each instant. A count that arose within two
    minutes, that has no such ms, or that is a correction lies at its reading.
    """
    cells = len(edges) - 1
    total = _Total(cells)
    begin, end, count = booked.begin, booked.end, booked.count
    near = (end >= edges[0]) & (begin < edges[-1])
    begin, end, count = begin[near], end[near], count[near]
    spread = (end - begin > AT_ONCE_MS) & (count > 0)
    weight = np.zeros(len(begin), dtype=np.int64)
    weight[spread] = measure(end[spread]) - measure(begin[spread])
    spread &= weight > 0
    # A spread count fills [begin, end), any other lies at its end; both in one cell is the common case.
    first = np.searchsorted(edges, np.where(spread, begin, end), side="right") - 1
    last = np.searchsorted(edges, np.where(spread, end - 1, end), side="right") - 1
    whole = first == last
    inside = whole & (first >= 0) & (first < cells)
    total.add(first[inside], count[inside])
    at = np.flatnonzero(~whole)
    if len(at):
        low, high = np.maximum(first[at], 0), np.minimum(last[at], cells - 1)
        sizes = high - low + 1
        step = np.repeat(at, sizes)
        cell = np.repeat(low - np.cumsum(sizes) + sizes, sizes) + np.arange(int(sizes.sum()))
        start = measure(begin[step])
        lower = measure(np.maximum(edges[cell], begin[step])) - start
        upper = measure(np.minimum(edges[cell + 1], end[step])) - start
        total.add(
            cell,
            _share(count[step], upper, weight[step]) - _share(count[step], lower, weight[step]),
        )
    return total.counts


def _share(count: Readings, part: Int64, whole: Int64) -> Readings:
    """Return ⌊count·part/whole⌋."""
    if count.dtype != object and int(count.max(initial=0)) * int(whole.max(initial=1)) < SAFE:
        return count * part // whole
    shares = [int(n) * p // w for n, p, w in zip(count, part.tolist(), whole.tolist(), strict=True)]
    return np.array(shares, dtype=object)


class _Total:
    """Sums by cell: int64 as long as they are safe, then Python integers."""

    def __init__(self, cells: int) -> None:
        self.counts: Readings = np.zeros(cells, dtype=np.int64)

    def add(self, cell: Index, count: Readings) -> None:
        if not len(cell):
            return
        counts = self.counts
        safe = object not in (count.dtype, counts.dtype)
        if (
            safe
            and float(np.abs(count).sum(dtype=np.float64))
            + float(np.abs(counts).sum(dtype=np.float64))
            < SAFE
        ):
            np.add.at(counts, cell, count)
            return
        exact = [int(v) for v in counts]
        for i, v in zip(cell.tolist(), count, strict=True):
            exact[i] += int(v)
        self.counts = np.empty(len(exact), dtype=object)
        self.counts[:] = exact
