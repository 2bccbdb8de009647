"""Cells of one asset hour by hour: rows in, finished hours out, with only what is still open kept in between.

The cells are those of one window from the first hour of the log on, to the last integer: a later hour may change
earlier cells only back to what was still open (a count between two readings, a stop, a short state), and these are
formed anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from kpi.allocation import AT_ONCE_MS
from kpi.calendar import HOUR_MS
from kpi.equipment.asset_cells import form_cells
from kpi.equipment.cells import AssetCells, CounterId
from kpi.equipment.plan import Plans
from kpi.equipment.reach import Reach
from kpi.equipment.records import RecordBuilder, RecordTail
from kpi.equipment.signal_rows import SignalRows
from kpi.equipment.states import fixed_states, merged_states
from kpi.equipment.values import Line
from kpi.history import ConfigHistory
from kpi.window import Bool, PointKey


@dataclass(frozen=True, slots=True, eq=False)
class StreamTail:
    """Where the statistics of one asset go on."""

    start_ms: int
    """First ms of all cells of the asset: an hour."""
    from_ms: int
    """First hour whose cells may still change."""
    seen_ms: int
    """Rows before this instant are in."""
    floor_ms: int
    """Values and states before this instant are forgotten; the state here is one that nothing before it changes."""
    record: RecordTail


class AssetStream:
    """Statistics of one asset over a log that is read in order."""

    def __init__(
        self,
        asset: str,
        history: ConfigHistory,
        text: Callable[[int], str],
        start: int | StreamTail,
    ) -> None:
        """Begin at an hour (its first ms), or go on from a tail; the history may have grown since."""
        tail = start if isinstance(start, StreamTail) else None
        first = start if isinstance(start, int) else start.start_ms
        self.asset = asset
        self._history = history
        self._start = first
        self._from = tail.from_ms if tail is not None else first
        self._seen = tail.seen_ms if tail is not None else first
        self._floor = tail.floor_ms if tail is not None else first
        record = tail.record if tail is not None else None
        self._builder = RecordBuilder(asset, history, text, record)

    @property
    def points(self) -> tuple[PointKey, ...]:
        """Return the signals whose rows are wanted."""
        return self._builder.points

    @property
    def start_ms(self) -> int:
        """Return the first ms of all cells."""
        return self._start

    @property
    def seen_ms(self) -> int:
        """Return the instant before which all rows are in."""
        return self._seen

    @property
    def counters(self) -> Mapping[CounterId, Mapping[int, int]]:
        """Return by counter the UTC hours with an accepted reading or an H row, as bits."""
        return {c: h.answers for c, h in self._builder.counters.items()}

    def feed(self, rows: Mapping[PointKey, SignalRows], seen_ms: int) -> None:
        """Take the rows before `seen_ms` that were not taken yet, in order by signal."""
        self._builder.feed(rows)
        self._seen = max(self._seen, seen_ms)

    def cells(self, plans: Plans) -> AssetCells | None:
        """Return the cells from the first open hour to what was seen, which must be an hour; None if there are none."""
        start, end = self._from, self._seen
        if end <= start:
            return None
        visible = self._anchor(start)
        history = self._history
        reach = Reach(
            history.segments(visible, end),
            history.segments(start, end),
            history.segments(self._start, end),
        )
        return form_cells(self._builder.record(visible, end), reach, plans)

    def settle(self) -> None:
        """Forget what can no longer change any cell; those formed so far must have been kept."""
        line, fixed = self._states()
        at = np.flatnonzero(fixed)
        # Nothing that comes later changes a fixed state or what lies before it.
        open_ms = int(line.edges[at[-1] + 1]) if len(at) else self._floor
        hour = min([open_ms, *self._levels()]) // HOUR_MS * HOUR_MS
        self._from = max(hour, self._from)
        self._floor = self._anchor(self._from)
        self._builder.forget(self._floor)

    def tail(self) -> StreamTail:
        """Return where to go on."""
        return StreamTail(self._start, self._from, self._seen, self._floor, self._builder.tail())

    def _levels(self) -> list[int]:
        """Return the instants from which the next steps of the counters will begin."""
        return [x for h in self._builder.counters.values() if (x := h.open_ms) is not None]

    def _anchor(self, before_ms: int) -> int:
        """Return an instant from which the cells from `before_ms` on can be formed exactly."""
        low = min([before_ms, *self._levels()])
        for history in self._builder.counters.values():
            booked = history.booked()
            spread = (booked.end >= before_ms) & (booked.end - booked.begin > AT_ONCE_MS)
            low = min(low, int(booked.begin[spread].min(initial=low)))
        line, fixed = self._states()
        at = np.flatnonzero(fixed & (line.edges[:-1] <= low))
        if not len(at):
            return self._floor
        # One ms of a fixed state is as good as all of it: as the first state of a line it is kept at any length.
        return max(min(low, int(line.edges[at[-1] + 1]) - 1), self._floor)

    def _states(self) -> tuple[Line, Bool]:
        """Return the states that are not forgotten, before debounce, and which of them are fixed."""
        end = max(self._seen, self._floor + 1)
        record = self._builder.record(self._floor, end)
        parts = self._history.segments(self._floor, end)
        line = merged_states(self.asset, record.lines, parts)
        return line, fixed_states(self.asset, line, parts)
