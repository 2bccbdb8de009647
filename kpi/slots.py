"""Scheduled slots of required points (kpi-audit U7): every expected slot has exactly one outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kpi.document import SignalSpec
from kpi.history import ConfigSegment, judging
from kpi.selection import Selection
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
"""Outcome of a code in the arrays."""
_CODE: Final = {o: i for i, o in enumerate(OUTCOMES)}
_FIRST_MISSED: Final = _CODE[Outcome.MISSED_PLANNED]
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
    """Return the required points of every asset that has one in the window, by asset id and signal name."""
    found: dict[str, set[PointKey]] = {}
    for part in work.parts:
        for stream in part.document.streams:
            if stream.device in part.document.asset:
                keys = {PointKey(stream.id, s.name) for s in stream.signals if s.required}
                if keys:
                    found.setdefault(stream.device, set()).update(keys)
    return {a: sorted(keys, key=lambda k: k.signal) for a, keys in sorted(found.items())}


def point_slots(work: Workspace, asset: str, key: PointKey) -> PointSlots:
    """Return the expected slots of one required point over the window with their outcomes."""
    starts, lengths, outcomes = [], [], []
    for part, judge, spec in _judged(work, asset, key):
        first, last = _slot_range(work, asset, part, judge, spec)
        if first >= last:
            continue
        start = np.arange(first, last, dtype=np.int64) * spec.slot_ms
        expected = _not_stopped(start, spec.slot_ms, judge, asset)
        outcome = _outcomes(work.selection, key, spec, first, last)
        starts.append(start[expected])
        lengths.append(np.full(int(expected.sum()), spec.slot_ms, dtype=np.int64))
        outcomes.append(outcome[expected])
    empty = np.zeros(0, dtype=np.int64)
    return PointSlots(
        signal=key.signal,
        start_ms=np.concatenate([empty, *starts]),
        length_ms=np.concatenate([empty, *lengths]),
        outcome=np.concatenate([empty.astype(np.int8), *outcomes]),
    )


def _judged(
    work: Workspace, asset: str, key: PointKey
) -> Iterator[tuple[ConfigSegment, ConfigSegment, SignalSpec]]:
    """Yield each configuration in force, the one that judges the point there, and what it says of the point."""
    for i, part in enumerate(work.parts):
        judge = judging(work.parts, i, lambda d: asset in d.asset, earlier_first=True)
        spec = judge.document.signal.get((key.stream, key.signal)) if judge else None
        if judge is not None and spec is not None and spec.required:
            yield part, judge, spec


def _slot_range(
    work: Workspace, asset: str, part: ConfigSegment, judge: ConfigSegment, spec: SignalSpec
) -> tuple[int, int]:
    """Return [first, last) of the slots that start in `part` and lie inside the window and the service time."""
    span = work.span
    low, high = judge.document.asset[asset].in_service_within(span.start_ms, span.end_ms)
    first = -(-max(part.start_ms, low) // spec.slot_ms)
    return first, min(-(-part.end_ms // spec.slot_ms), high // spec.slot_ms)


def _not_stopped(start: Int64, slot_ms: int, judge: ConfigSegment, asset: str) -> Bool:
    expected = np.ones(len(start), dtype=np.bool_)
    for stop in judge.stops:
        if stop.asset in (asset, "*") and stop.from_ms < stop.to_ms:
            expected &= (start >= stop.to_ms) | (start + slot_ms <= stop.from_ms)
    return expected


def _outcomes(
    selection: Selection, key: PointKey, spec: SignalSpec, first: int, last: int
) -> NDArray[np.int8]:
    """Return the outcome of slots first … last − 1: written from the weakest to the strongest."""
    result = np.full(last - first, _CODE[Outcome.MISSED_AGENT], dtype=np.int8)
    rows = selection.of_point(key)
    slot = selection.tau[rows] // spec.slot_ms
    inside = (slot >= first) & (slot < last)
    good, alive, missed = selection.good[rows], selection.alive[rows], selection.missed[rows]
    in_time = selection.arrived[rows] <= (slot + 1) * spec.slot_ms + spec.deadline_ms
    no_value = (selection.flags[rows] & RowFlag.NO_VALUE) != 0
    bad = (selection.has_value[rows] & ~good) | (no_value & ~alive)
    at = slot - first
    if missed.any():
        cause = selection.value[rows]
        for number, outcome in sorted(_CAUSE.items(), key=lambda c: -_CODE[c[1]]):
            result[at[inside & missed & (cause == number)]] = _CODE[outcome]
    result[at[inside & bad]] = _CODE[Outcome.BAD_QUALITY]
    result[at[inside & good]] = _CODE[Outcome.LATE]
    result[at[inside & alive & in_time]] = _CODE[Outcome.HELD_ALIVE]
    result[at[inside & good & in_time]] = _CODE[Outcome.ON_TIME]
    return result
