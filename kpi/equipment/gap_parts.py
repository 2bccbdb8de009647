"""Gaps of counters cut at cell edges."""

from __future__ import annotations

import numpy as np

from kpi.calendar import Kind
from kpi.equipment.cells import Cut, GapTable, Rate
from kpi.equipment.exact_columns import column, column32, exact_column
from kpi.equipment.gaps import GapSpan
from kpi.readings import Readings
from kpi.window import Bool, Int64


class GapParts:
    """Collects gaps of the counters of one asset, cut at the edges of its cells."""

    def __init__(self, edges: Int64, cut: Cut, unknown_outside: Bool) -> None:
        """Start empty. unknown_outside: stretches of the cut with unknown state outside the plan."""
        self._edges = edges
        self._cut = cut
        lengths = np.where(unknown_outside, np.diff(cut.edges), 0)
        self._outside: Int64 = np.append(np.int64(0), np.cumsum(lengths))
        self._is_outside = np.append(unknown_outside, np.False_)
        self._cells: list[Int64] = []
        self._numbers: list[Int64] = []
        self._kinds: list[Int64] = []
        self._origins: list[Int64] = []
        self._starts: list[Int64] = []
        self._ends: list[Int64] = []
        self._planned: list[Int64] = []
        self._unk_x: list[Int64] = []
        self._rate: list[Int64] = []
        self.rates: dict[Rate, int] = {}
        self.made: list[Readings] = []
        """Pieces made in every part; to be added by the caller, gap by gap."""

    def add(self, number: int, span: GapSpan) -> tuple[Int64, Int64]:
        """Take one gap of a counter; return its cells and the edges of its parts."""
        low = int(np.searchsorted(self._edges, span.start_ms, side="right")) - 1
        high = int(np.searchsorted(self._edges, span.end_ms, side="left"))
        cell = np.arange(low, high, dtype=np.int64)
        edges = self._edges[low : high + 1].copy()
        edges[0], edges[-1] = span.start_ms, span.end_ms
        rate = self.rates.setdefault((span.rules.pieces, span.rules.per_ms), len(self.rates))
        planned = self._cut.kind[cell] == int(Kind.PLANNED)
        self._cells.append(cell)
        self._starts.append(edges[:-1])
        self._ends.append(edges[1:])
        self._planned.append(np.where(planned, np.diff(edges), 0))
        self._unk_x.append(np.diff(self._outside_before(edges)))
        for values, value in (
            (self._numbers, number),
            (self._kinds, int(span.kind)),
            (self._origins, span.origin_ms),
            (self._rate, rate),
        ):
            values.append(np.full(len(cell), value, dtype=np.int64))
        return cell, edges

    def table(self) -> GapTable:
        """Return all parts."""
        return GapTable(
            cell=column(self._cells),
            signal=column32(self._numbers),
            kind=column32(self._kinds),
            origin=column(self._origins),
            start=column(self._starts),
            end=column(self._ends),
            planned=column(self._planned),
            made=exact_column(self.made),
            unk_x=column(self._unk_x),
            rate=column32(self._rate),
        )

    def _outside_before(self, instants: Int64) -> Int64:
        edges = self._cut.edges
        at = np.searchsorted(edges, instants, side="right") - 1
        rest = np.where(self._is_outside[at], instants - edges[at], 0)
        found: Int64 = self._outside[at] + rest
        return found
