"""Failures and repairs by cell (docs/formats/statistics.md §5, kpi-audit U5)."""

from __future__ import annotations

from typing import Final

import numpy as np

from kpi.calendar import Kind
from kpi.equipment.values import Line
from kpi.timeline import CODE, UNKNOWN, Timeline
from kpi.window import Int64
from model.state import MachineState

_FAULT: Final = CODE[MachineState.FAULT]


def count_failures(state: Timeline, kinds: Line, edges: Int64) -> tuple[Int64, Int64, Int64]:
    """Return failures, repairs and repair ms of each cell [edges[i], edges[i+1]).

    state and kinds cover the visible time, of which the cells are the end. A failure is a fault that is no minor stop
    and has planned time; it lies where that begins, its repair where that ends.
    """
    cells = len(edges) - 1
    failures, repairs, repair_ms = (np.zeros(cells, dtype=np.int64) for _ in range(3))
    fault = np.flatnonzero((state.codes == _FAULT) & ~state.minor)
    planned = np.flatnonzero(kinds.codes == int(Kind.PLANNED))
    if not len(fault) or not len(planned):
        return failures, repairs, repair_ms
    begin, end = state.edges[fault], state.edges[fault + 1]
    opens, closes = kinds.edges[planned], kinds.edges[planned + 1]
    before = np.append(np.int64(0), np.cumsum(closes - opens))

    def planned_before(x: Int64) -> Int64:
        at = np.searchsorted(opens, x, side="right") - 1
        inside = np.where(at >= 0, np.minimum(x, closes[at]) - opens[at], 0)
        found: Int64 = before[np.maximum(at, 0)] + inside
        return found

    length = planned_before(end) - planned_before(begin)
    counts = length > 0
    fault, begin, end, length = fault[counts], begin[counts], end[counts], length[counts]
    first = np.maximum(begin, opens[np.searchsorted(closes, begin, side="right")])
    last = np.minimum(end, closes[np.searchsorted(opens, end, side="left") - 1]) - 1
    following = np.append(state.codes, np.int8(UNKNOWN))[fault + 1]
    _add(failures, edges, first, np.ones_like(first))
    repaired = following != UNKNOWN
    _add(repairs, edges, last[repaired], np.ones_like(last[repaired]))
    _add(repair_ms, edges, last[repaired], length[repaired])
    return failures, repairs, repair_ms


def _add(column: Int64, edges: Int64, at: Int64, amount: Int64) -> None:
    inside = (at >= edges[0]) & (at < edges[-1])
    cell = np.searchsorted(edges, at[inside], side="right") - 1
    np.add.at(column, cell, amount[inside])
