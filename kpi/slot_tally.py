"""Outcomes of scheduled slots counted minute by minute: what `kpi.slots` gives, without the rows of a window in memory.

One byte a scheduled slot remains of the rows, so that a value that comes late still changes the slot it belongs to. The
cost of a minute is its rows and one step a point; it does not grow with the window, except for points that miss slots:
their longest gap is looked up again.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kpi.calendar import MINUTE_MS
from kpi.document import SignalSpec
from kpi.history import ConfigSegment
from kpi.ratios import AssetCounts
from kpi.seen_values import MOST_ROWS, SeenValues
from kpi.selection import Index, Selection, arrange
from kpi.slots import (
    CODE,
    NO_ROW,
    OUTCOMES,
    Outcome,
    PointSlots,
    PointTally,
    Run,
    Schedule,
    by_name,
    required_in,
    row_codes,
    schedules,
)
from kpi.window import Int64, Span, WindowRows
from model.errors import PermanentError
from model.signal import SignalType

MOST_SLOTS: Final = 200_000_000
"""Scheduled slots of one window that are counted: bytes of memory."""
_NOT_EXPECTED: Final = -1
_ON_TIME, _HELD, _LATE, _BAD = (
    CODE[o] for o in (Outcome.ON_TIME, Outcome.HELD_ALIVE, Outcome.LATE, Outcome.BAD_QUALITY)
)
_NO_ROW_MEANS: Final = CODE[Outcome.MISSED_AGENT]
_FIRST_MISSED: Final = CODE[Outcome.MISSED_PLANNED]


class SlotTally:
    """The required points of a window whose end moves on; give it the rows of every sealed minute once, in order."""

    def __init__(
        self,
        parts: tuple[ConfigSegment, ...],
        span: Span,
        *,
        most_slots: int = MOST_SLOTS,
        most_values: int = MOST_ROWS,
    ) -> None:
        """Lay out the slots of the required points.

        parts: the configurations in force, tiling the span. span: the whole window that can come, with its lead and no
        grace. Raises PermanentError for more than `most_slots` scheduled slots.
        """
        self._span = span
        self._points = [
            (asset, name, own)
            for asset, keys in required_in(parts).items()
            for name, own in by_name(keys).items()
        ]
        self._number = {key: i for i, (_, _, own) in enumerate(self._points) for key in own}
        self._key_number = {key: i for i, key in enumerate(self._number)}
        plan: list[tuple[int, Schedule]] = []
        size = 0
        for point, (asset, _, own) in enumerate(self._points):
            for schedule in schedules(parts, asset, own, span.start_ms, span.end_ms):
                plan.append((point, schedule))
                size += len(schedule.expected)
                if size > most_slots:
                    raise PermanentError(
                        f"more than {most_slots} scheduled slots in the window; the report counts them",
                        f"窗口内应采时隙超过 {most_slots} 个；请以报告为准",
                    )
        self._point = np.array([point for point, _ in plan], dtype=np.int64)
        self._slot_ms = np.array([s.slot_ms for _, s in plan], dtype=np.int64)
        self._deadline_ms = np.array([s.deadline_ms for _, s in plan], dtype=np.int64)
        self._first = np.array([s.first for _, s in plan], dtype=np.int64)
        self._length = np.array([len(s.expected) for _, s in plan], dtype=np.int64)
        self._offset = np.array(
            list(accumulate((len(s.expected) for _, s in plan), initial=0))[:-1], dtype=np.int64
        )
        self._counted = np.zeros(len(plan), dtype=np.int64)
        """Slots of each schedule that lie in the window as it is now."""
        self._state = np.full(size, NO_ROW, dtype=np.int8)
        for (_, schedule), offset in zip(plan, self._offset.tolist(), strict=True):
            self._state[offset : offset + len(schedule.expected)][~schedule.expected] = (
                _NOT_EXPECTED
            )
        self._schedule_of = np.full((len(parts), len(self._points)), -1, dtype=np.int64)
        for i, (point, schedule) in enumerate(plan):
            self._schedule_of[schedule.part, point] = i
        self._of_point = [np.flatnonzero(self._point == p) for p in range(len(self._points))]
        self._counts = np.zeros((len(self._points), len(OUTCOMES)), dtype=np.int64)
        self._gaps: list[Run | None] = [None] * len(self._points)
        self._stale: set[int] = set()
        """Points whose longest gap must be looked up again."""
        self._seen = SeenValues(most_values)
        self._next_slot = span.first - span.lead
        self.exact = True
        """False once a slot might be better in the count than by the definition, for want of memory."""

    # ---- rows in

    def add(self, rows: WindowRows) -> None:
        """Take the rows sealed in [rows.from_slot, rows.to_slot), the stretch after the one before."""
        self._next_slot = rows.to_slot
        selection = arrange(rows, self._span)
        numbers = np.array([self._number.get(key, -1) for key in rows.points], dtype=np.int64)
        point = np.repeat(numbers, np.diff(selection.starts))
        for schedule_of in self._schedule_of:
            schedule = np.where(point >= 0, schedule_of[point], -1) if len(schedule_of) else point
            index = np.flatnonzero(schedule >= 0)
            chosen = schedule[index]
            slot = selection.tau[index] // self._slot_ms[chosen]
            at = slot - self._first[chosen]
            inside = (at >= 0) & (at < self._length[chosen])
            index, chosen, slot, at = index[inside], chosen[inside], slot[inside], at[inside]
            due = (slot + 1) * self._slot_ms[chosen] + self._deadline_ms[chosen]
            if len(index):
                self._take(selection, index, self._offset[chosen] + at, due)

    def _take(self, selection: Selection, rows: Index, place: Int64, due_ms: Int64) -> None:
        codes = row_codes(selection, rows, due_ms)
        has_value = selection.has_value[rows]
        better = codes < self._state[place]
        tau = selection.tau[rows]
        asked = np.flatnonzero(better & has_value & self._seen.holds_any(tau))
        if len(asked):
            values = self._values(selection, rows[asked], place[asked])
            better[asked[self._seen.repeats(values)]] = False
        unsure = better & has_value & (tau < self._seen.forgotten_ms)
        if unsure.any():
            self.exact &= not np.isin(self._state[place[unsure]], (_HELD, _LATE, _BAD)).any()
        touched = np.unique(place[better])
        before = self._state[touched]
        np.minimum.at(self._state, place[better], codes[better])
        self._recount(touched, before, self._state[touched])
        left = np.flatnonzero(has_value & self._may_improve(self._state[place], due_ms))
        if len(left):
            self._seen.add(self._values(selection, rows[left], place[left]), self._matters)

    def _may_improve(self, state: NDArray[np.int8], due_ms: Int64) -> NDArray[np.bool_]:
        """Return for slots in a state whether any row that is still to come can improve them.

        A row of a later minute counts as received no earlier than the minute before it (claims.md §0).
        """
        still_in_time = due_ms >= (self._next_slot - 1) * MINUTE_MS
        better: NDArray[np.bool_] = state > np.where(still_in_time, _ON_TIME, _LATE)
        return better

    def _matters(self, place: Int64) -> NDArray[np.bool_]:
        k = self._schedule_at(place)
        slot = place - self._offset[k] + self._first[k]
        due = (slot + 1) * self._slot_ms[k] + self._deadline_ms[k]
        return self._may_improve(self._state[place], due)

    def _values(self, selection: Selection, rows: Index, place: Int64) -> Int64:
        """Return the rows as `SeenValues` takes them."""
        value = selection.value[rows].copy()
        texts = selection.rows.texts
        kind = self._kinds(selection, rows)
        for i in np.flatnonzero(kind % 2).tolist():
            value[i] = self._seen.text_number(texts[int(value[i])])
        return np.stack([place, selection.tau[rows], value, kind], axis=1)

    def _kinds(self, selection: Selection, rows: Index) -> Int64:
        """Return what tells equal values apart: the stream, and whether the row that was sealed is a text (odd)."""
        point = np.searchsorted(selection.starts, rows, side="right") - 1
        result = np.zeros(len(rows), dtype=np.int64)
        for p in np.unique(point).tolist():
            key = selection.points[p]
            text = np.array([_is_text(spec) for spec in selection.specs(key)], dtype=np.int64)
            mine = point == p
            result[mine] = 2 * self._key_number[key] + text[selection.config[rows[mine]]]
        return result

    # ---- counts out

    def until(self, last: int) -> dict[str, AssetCounts]:
        """Return the counts of the window up to slot `last`, by asset id; the end of a window never goes back."""
        end = np.minimum(last * MINUTE_MS // self._slot_ms - self._first, self._length)
        more = np.maximum(end - self._counted, 0)
        schedule = np.repeat(np.arange(len(more)), more)
        step = np.arange(len(schedule)) - np.repeat(np.cumsum(more) - more, more)
        state = self._state[(self._offset + self._counted)[schedule] + step]
        expected = state != _NOT_EXPECTED
        point, outcome = self._point[schedule[expected]], _outcome_of(state[expected])
        np.add.at(self._counts, (point, outcome), 1)
        self._stale.update(np.unique(point[outcome >= _FIRST_MISSED]).tolist())
        self._counted += more
        for p in self._stale:
            self._gaps[p] = self._longest_gap(p)
        self._stale.clear()
        return self._by_asset()

    def _by_asset(self) -> dict[str, AssetCounts]:
        found: dict[str, list[PointTally]] = {}
        table = self._counts.tolist()
        for (asset, name, _), counts, gap in zip(self._points, table, self._gaps, strict=True):
            tally = PointTally(name, dict(zip(OUTCOMES, counts, strict=True)), gap)
            found.setdefault(asset, []).append(tally)
        return {asset: AssetCounts(asset, tuple(points)) for asset, points in found.items()}

    def _recount(self, place: Int64, before: NDArray[np.int8], after: NDArray[np.int8]) -> None:
        """Move slots that are counted already from one outcome to another."""
        k = self._schedule_at(place)
        counted = place - self._offset[k] < self._counted[k]
        point = self._point[k[counted]]
        old, new = _outcome_of(before[counted]), _outcome_of(after[counted])
        np.subtract.at(self._counts, (point, old), 1)
        np.add.at(self._counts, (point, new), 1)
        crossed = (old >= _FIRST_MISSED) != (new >= _FIRST_MISSED)
        self._stale.update(np.unique(point[crossed]).tolist())

    def _schedule_at(self, place: Int64) -> Int64:
        # Schedules without a slot do not exist, so offsets rise strictly.
        return (np.searchsorted(self._offset, place, side="right") - 1).astype(np.int64)

    def _longest_gap(self, point: int) -> Run | None:
        starts, lengths, outcomes = [], [], []
        for k in self._of_point[point].tolist():
            n, offset = int(self._counted[k]), int(self._offset[k])
            state = self._state[offset : offset + n]
            expected = state != _NOT_EXPECTED
            slot_ms = int(self._slot_ms[k])
            start = np.arange(int(self._first[k]), int(self._first[k]) + n, dtype=np.int64)
            starts.append(start[expected] * slot_ms)
            lengths.append(np.full(int(expected.sum()), slot_ms, dtype=np.int64))
            outcomes.append(_outcome_of(state[expected]))
        return PointSlots(
            signal="",
            start_ms=np.concatenate(starts),
            length_ms=np.concatenate(lengths),
            outcome=np.concatenate(outcomes),
        ).longest_gap


def _outcome_of(state: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return the codes of outcomes of expected slots."""
    return np.where(state == NO_ROW, np.int8(_NO_ROW_MEANS), state).astype(np.int8)


def _is_text(spec: SignalSpec | None) -> bool:
    return spec is not None and spec.type is SignalType.TEXT
