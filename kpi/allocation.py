"""Counts on a boundary (kpi-audit U4): a telescoping floor, so that parts are integers and add to the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from kpi.counters import CounterRun
from kpi.readings import SAFE, Readings
from kpi.selection import Index
from kpi.window import Int64

AT_ONCE_MS: Final = 120_000
"""A count that arose within this time belongs to the moment of its reading."""

Measure = Callable[[Int64], Int64]
"""Milliseconds that count for the allocation, from a fixed origin to each instant."""


def elapsed(instants: Int64) -> Int64:
    """Measure plain elapsed time (energy)."""
    return instants


def counts_in_cells(run: CounterRun, cuts: Sequence[int], measure: Measure) -> list[int]:
    """Return the count booked in each cell [cuts[i], cuts[i+1]).

    measure: ms of run or unknown (pieces), or `elapsed` (energy). Parts before the first and after the last cut are
    not counted. Integers of any size are exact. Source: U4, claims.md §2.
    """
    edges = np.array(cuts, dtype=np.int64)
    totals = [0] * (len(cuts) - 1)
    if not len(run.end):
        return totals
    weight = measure(run.end) - measure(run.begin)
    spread = (run.end - run.begin > AT_ONCE_MS) & (weight > 0)
    # A spread count fills [begin, end), any other lies at its end; both in one cell is the common case.
    first = np.searchsorted(edges, np.where(spread, run.begin, run.end), side="right") - 1
    last = np.searchsorted(edges, np.where(spread, run.end - 1, run.end), side="right") - 1
    whole = first == last
    inside = whole & (first >= 0) & (first < len(totals))
    _add(totals, first[inside], run.count[inside])
    for i in np.flatnonzero(~whole).tolist():
        lo, hi = max(int(first[i]), 0), min(int(last[i]), len(totals) - 1)
        inner = np.clip(edges[lo : hi + 2], run.begin[i], run.end[i])
        part = (measure(inner) - measure(run.begin[i : i + 1])).tolist()
        n, r = int(run.count[i]), int(weight[i])
        booked = [n * p // r for p in part]
        for k, cell in enumerate(range(lo, hi + 1)):
            totals[cell] += booked[k + 1] - booked[k]
    return totals


def _add(totals: list[int], cell: Index, count: Readings) -> None:
    """Add counts to their cells exactly."""
    if count.dtype != object and int(count.sum(dtype=np.float64)) < SAFE:
        sums = np.zeros(len(totals), dtype=np.int64)
        np.add.at(sums, cell, count)
        for i, v in enumerate(sums.tolist()):
            totals[i] += v
        return
    for i, v in zip(cell.tolist(), count.tolist(), strict=True):
        totals[i] += v
