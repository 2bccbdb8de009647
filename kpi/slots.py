"""Scheduled slots of required points (kpi-audit U7): every expected slot has exactly one outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kpi.history import ConfigSegment, judging
from kpi.selection import Index, Selection
from kpi.window import Bool, Int64, PointKey
from kpi.workspace import Workspace
from model.flags import MissedCause, RowFlag


class Outcome(StrEnum):
    """Outcome of one expected slot, in order of precedence."""

    ON_TIME = "on_time"
    HELD_ALIVE = "held_alive"
    LATE = "late"
    BAD_QUALITY = "bad_quality"
    MISSED_PLANNED = "missed_planned"
    MISSED_RECONFIGURED = "missed_reconfigured"
    MISSED_AGENT = "missed_agent"
    MISSED_OVERLOAD = "missed_overload"
    MISSED_NETWORK = "missed_network"
    MISSED_SERVER = "missed_server"
    MISSED_ITEM = "missed_item"
    MISSED_DEVICE = "missed_device"


OUTCOMES: Final = tuple(Outcome)
"""Outcome of a code in the arrays: the lower the code, the stronger."""
CODE: Final = {o: i for i, o in enumerate(OUTCOMES)}
NO_ROW: Final = 100
"""Code of a slot that no row speaks of, weaker than every outcome; it counts as `MISSED_AGENT`."""
_FIRST_MISSED: Final = CODE[Outcome.MISSED_PLANNED]
_CAUSE: Final = {
    MissedCause.PLANNED: Outcome.MISSED_PLANNED,
    MissedCause.RECONFIGURED: Outcome.MISSED_RECONFIGURED,
    MissedCause.AGENT: Outcome.MISSED_AGENT,
    MissedCause.OVERLOAD: Outcome.MISSED_OVERLOAD,
    MissedCause.NETWORK: Outcome.MISSED_NETWORK,
    MissedCause.SERVER: Outcome.MISSED_SERVER,
    MissedCause.ITEM: Outcome.MISSED_ITEM,
    MissedCause.DEVICE: Outcome.MISSED_DEVICE,
}


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of missed slots without a break."""

    start_ms: int
    length_ms: int


@dataclass(frozen=True, slots=True)
class PointTally:
    """How often the expected slots of one point had each outcome, without the slots themselves."""

    signal: str
    counts: Mapping[Outcome, int]
    """All twelve."""
    longest_gap: Run | None
    """Longest run of missed slots, the first of equal ones."""

    @property
    def expected(self) -> int:
        """Return the number of expected slots."""
        return sum(self.counts.values())

    @property
    def covered(self) -> int:
        """Return the slots that count for the official rate."""
        return self.counts[Outcome.ON_TIME] + self.counts[Outcome.HELD_ALIVE]

    @property
    def alive(self) -> int:
        """Return the covered slots and those delivered late."""
        return self.covered + self.counts[Outcome.LATE]


@dataclass(frozen=True)
class PointSlots:
    """The expected slots of one point in order of their start."""

    signal: str
    start_ms: Int64
    length_ms: Int64
    outcome: NDArray[np.int8]

    @cached_property
    def counts(self) -> dict[Outcome, int]:
        """Return how many slots had each outcome, all twelve."""
        found = np.bincount(self.outcome, minlength=len(OUTCOMES)).tolist()
        return dict(zip(OUTCOMES, found, strict=True))

    @property
    def expected(self) -> int:
        """Return the number of expected slots."""
        return len(self.outcome)

    @property
    def covered(self) -> int:
        """Return the slots that count for the official rate."""
        return self.counts[Outcome.ON_TIME] + self.counts[Outcome.HELD_ALIVE]

    @property
    def alive(self) -> int:
        """Return the covered slots and those delivered late."""
        return self.covered + self.counts[Outcome.LATE]

    @cached_property
    def longest_gap(self) -> Run | None:
        """Return the longest run of missed slots, the first of equal ones; None if no slot was missed."""
        missed = self.outcome >= _FIRST_MISSED
        if not missed.any():
            return None
        index = np.flatnonzero(missed)
        start, end = self.start_ms[index], self.start_ms[index] + self.length_ms[index]
        opens = np.ones(len(index), dtype=np.bool_)
        opens[1:] = start[1:] != end[:-1]
        first = np.flatnonzero(opens)
        last = np.append(first[1:], len(index)) - 1
        lengths = end[last] - start[first]
        best = int(np.argmax(lengths))
        return Run(int(start[first[best]]), int(lengths[best]))


def required_points(work: Workspace) -> dict[str, list[PointKey]]:
    """Return where the required points of every asset that has one in the window are, by asset id and signal name."""
    return required_in(work.parts)


def required_in(parts: Sequence[ConfigSegment]) -> dict[str, list[PointKey]]:
    """Return where the required points of every asset that has one in the segments are, by asset id and signal name.

    A name that two configurations put into different streams is there twice: see `by_name`.
    """
    found: dict[str, set[PointKey]] = {}
    for part in parts:
        for stream in part.document.streams:
            if stream.device in part.document.asset:
                keys = {PointKey(stream.id, s.name) for s in stream.signals if s.required}
                if keys:
                    found.setdefault(stream.device, set()).update(keys)
    return {
        a: sorted(keys, key=lambda k: (k.signal, k.stream)) for a, keys in sorted(found.items())
    }


def by_name(keys: Iterable[PointKey]) -> dict[str, list[PointKey]]:
    """Return the keys of each point of an asset: a point is a name, in whichever stream a configuration puts it."""
    found: dict[str, list[PointKey]] = {}
    for key in keys:
        found.setdefault(key.signal, []).append(key)
    return dict(sorted(found.items()))


def point_slots(work: Workspace, asset: str, keys: Sequence[PointKey]) -> PointSlots:
    """Return the expected slots of one required point over the window with their outcomes.

    keys: one name in every stream in which a configuration requires it.
    """
    starts, lengths, outcomes = [], [], []
    for schedule in schedules(work.parts, asset, keys, work.span.start_ms, work.span.end_ms):
        start, expected = schedule.start_ms, schedule.expected
        outcome = _outcomes(work.selection, keys, schedule)
        starts.append(start[expected])
        lengths.append(np.full(int(expected.sum()), schedule.slot_ms, dtype=np.int64))
        outcomes.append(outcome[expected])
    empty = np.zeros(0, dtype=np.int64)
    return PointSlots(
        signal=keys[0].signal,
        start_ms=np.concatenate([empty, *starts]),
        length_ms=np.concatenate([empty, *lengths]),
        outcome=np.concatenate([empty.astype(np.int8), *outcomes]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """The slots of one point that start while one configuration is in force, inside window and service."""

    part: int
    """Index of the configuration in force."""
    slot_ms: int
    deadline_ms: int
    first: int
    """Number of the first slot: it starts at first × slot_ms."""
    expected: Bool
    """Of each slot from the first on: whether no counting stop meets it."""

    @property
    def start_ms(self) -> Int64:
        """Return the start of every slot."""
        return np.arange(self.first, self.first + len(self.expected), dtype=np.int64) * self.slot_ms


def schedules(
    parts: tuple[ConfigSegment, ...],
    asset: str,
    keys: Sequence[PointKey],
    start_ms: int,
    end_ms: int,
) -> Iterator[Schedule]:
    """Yield the slots of a required point in [start, end) by the configuration in force at their start.

    parts: the configurations in force, tiling the window. keys: the point in every stream in which one of them requires
    it. A part without a slot is left out. Source: claims.md `upload-rate/1`.
    """
    for i, part in enumerate(parts):
        judge = judging(parts, i, lambda d: asset in d.asset, earlier_first=True)
        if judge is None:
            continue
        signals = judge.document.signal
        found = [s for k in keys if (s := signals.get((k.stream, k.signal))) is not None]
        # A name is unique in its device, so there is one at most.
        spec = found[0] if found else None
        if spec is None or not spec.required:
            continue
        low, high = judge.document.asset[asset].in_service_within(start_ms, end_ms)
        first = -(-max(part.start_ms, low) // spec.slot_ms)
        last = min(-(-part.end_ms // spec.slot_ms), high // spec.slot_ms)
        if first < last:
            start = np.arange(first, last, dtype=np.int64) * spec.slot_ms
            expected = _not_stopped(start, spec.slot_ms, judge, asset)
            yield Schedule(i, spec.slot_ms, spec.deadline_ms, first, expected)


def _not_stopped(start: Int64, slot_ms: int, judge: ConfigSegment, asset: str) -> Bool:
    expected = np.ones(len(start), dtype=np.bool_)
    for stop in judge.stops:
        if stop.asset in (asset, "*") and stop.from_ms < stop.to_ms:
            expected &= (start >= stop.to_ms) | (start + slot_ms <= stop.from_ms)
    return expected


def _outcomes(
    selection: Selection, keys: Sequence[PointKey], schedule: Schedule
) -> NDArray[np.int8]:
    """Return the outcome of every slot of a schedule: the strongest that any row of it gives."""
    result = np.full(len(schedule.expected), NO_ROW, dtype=np.int8)
    for key in keys:
        rows = selection.of_point(key)
        slot = selection.tau[rows] // schedule.slot_ms
        at = slot - schedule.first
        inside = (at >= 0) & (at < len(result))
        due = (slot + 1) * schedule.slot_ms + schedule.deadline_ms
        np.minimum.at(result, at[inside], row_codes(selection, rows, due)[inside])
    result[result == NO_ROW] = CODE[Outcome.MISSED_AGENT]
    return result


def row_codes(selection: Selection, rows: slice | Index, due_ms: Int64) -> NDArray[np.int8]:
    """Return the code of the outcome that each row alone gives its slot, `NO_ROW` if none.

    due_ms: per row, the instant by which a value must have arrived. Source: claims.md `upload-rate/1`.
    """
    good, alive, missed = selection.good[rows], selection.alive[rows], selection.missed[rows]
    in_time = selection.arrived[rows] <= due_ms
    no_value = (selection.flags[rows] & RowFlag.NO_VALUE) != 0
    bad = (selection.has_value[rows] & ~good) | (no_value & ~alive)
    codes = np.full(len(good), NO_ROW, dtype=np.int8)
    if missed.any():
        cause = selection.value[rows]
        for number, outcome in _CAUSE.items():
            codes[missed & (cause == number)] = CODE[outcome]
    codes[bad] = CODE[Outcome.BAD_QUALITY]
    codes[good] = CODE[Outcome.LATE]
    codes[alive & in_time] = CODE[Outcome.HELD_ALIVE]
    codes[good & in_time] = CODE[Outcome.ON_TIME]
    return codes
