"""Traces of points, and what gives away a copied, frozen or smoothed one (kpi.md B.6, gaming table; limits ours)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from kpi.calendar import DAY_MS, MINUTE_MS, Interval
from kpi.window import Int64
from model.signal import Role

TWIN_ROWS: Final = 20
"""A day of a trace is compared from so many rows on …"""
TWIN_VALUES: Final = 3
"""… and so many different values: a machine that stands still looks like any other."""
FROZEN_MS: Final = 3_600_000
FROZEN_MOVES: Final = 20
"""A point is frozen if it keeps its value for an hour in which its partner moves so many times."""
STILL_MS: Final = 4 * 3_600_000
"""An analogue point that does not move in so much running time has too wide a deadband, or is dead."""
COARSE: Final = 10
"""A counter whose usual step is so many times what one slot can bring is read too coarsely."""

ANALOGUE: Final = (Role.POWER, Role.TEMPERATURE, Role.SPINDLE_SPEED, Role.PROCESS_VALUE)
COUNTERS: Final = (Role.COUNT_GOOD, Role.COUNT_SCRAP, Role.COUNT_TOTAL)


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Good looks at one point in order of time: value rows, and proofs of life with the value that they confirm."""

    asset: str
    signal: str
    role: Role
    tau: Int64
    """Unix ms, not falling."""
    value: Int64
    """Exact value as an integer key: readings of counters and registers, else the eight bytes."""

    @property
    def id(self) -> str:
        """Return `asset/signal`."""
        return f"{self.asset}/{self.signal}"

    @property
    def moves(self) -> Int64:
        """Return the instants at which the value differs from the one before."""
        found: Int64 = self.tau[1:][self.value[1:] != self.value[:-1]]
        return found


@dataclass(frozen=True, slots=True)
class Twins:
    """Two points of two assets with the same values at the same distances in time."""

    first: str
    second: str
    role: Role
    days: int
    """UTC days on which they agree."""
    rows: int
    """Rows of the first on those days."""
    shift_ms: int | None
    """Constant lag of the second behind the first; None = compared by minute (counters)."""


def twin_traces(traces: Iterable[Trace]) -> tuple[Twins, ...]:
    """Return pairs of points of two assets and one role whose values and time steps are equal on whole UTC days."""
    return _pairs((t, key, rows, lag) for t in traces for key, rows, lag in _days(t))


def twin_counters(traces: Iterable[Trace]) -> tuple[Twins, ...]:
    """Return pairs of counters of different assets with equal increments in every minute of a UTC day."""
    counters = [t for t in traces if t.role in COUNTERS]
    return _pairs((t, key, rows, None) for t in counters for key, rows in _increments(t))


@dataclass(frozen=True, slots=True)
class Frozen:
    """A point that kept its value while its partner moved."""

    point: str
    partner: str
    start_ms: int
    end_ms: int
    moves: int


def frozen_while_moving(
    still: Trace, moving: Trace, least_ms: int = FROZEN_MS, least_moves: int = FROZEN_MOVES
) -> Frozen | None:
    """Return the stretch of equal looks with most moves of the partner, None if no stretch is long enough."""
    if len(still.tau) < 2:
        return None
    change = np.flatnonzero(still.value[1:] != still.value[:-1]) + 1
    first = np.concatenate([[0], change])
    last = np.append(change, len(still.tau)) - 1
    start, end = still.tau[first], still.tau[last]
    moves = moving.moves
    count = np.searchsorted(moves, end) - np.searchsorted(moves, start)
    fits = (end - start >= least_ms) & (count >= least_moves)
    if not fits.any():
        return None
    best = int(np.argmax(np.where(fits, count, -1)))
    return Frozen(still.id, moving.id, int(start[best]), int(end[best]), int(count[best]))


def still_while_running(trace: Trace, running: Sequence[Interval]) -> int | None:
    """Return the running ms between its first and last look if an analogue point never moved in STILL_MS of them."""
    if trace.role not in ANALOGUE or len(trace.tau) < TWIN_ROWS or len(trace.moves):
        return None
    low, high = int(trace.tau[0]), int(trace.tau[-1])
    ran = sum(max(0, min(b, high) - max(a, low)) for a, b in running)
    return ran if ran >= STILL_MS else None


def coarse_step(trace: Trace, slot_ms: int, ideal_cycle_ms: int) -> int | None:
    """Return the usual step of a counter if it is COARSE times what a slot can bring at the ideal cycle, or None.

    The usual step is the lower median of the rising ones. ideal_cycle_ms: whole ms a piece, at least 1.
    """
    steps = np.diff(trace.value)
    rising = np.sort(steps[steps > 0])
    if len(rising) < TWIN_ROWS:
        return None
    usual = int(rising[(len(rising) - 1) // 2])
    in_slot = max(1, -(-slot_ms // ideal_cycle_ms))
    return usual if usual >= COARSE * in_slot else None


def _days(t: Trace) -> Iterator[tuple[Hashable, int, int]]:
    """Yield (key, rows, first instant) of each UTC day that is worth comparing."""
    days, first = np.unique(t.tau // DAY_MS, return_index=True)
    edges = [*first.tolist(), len(t.tau)]
    for d, (a, b) in zip(days.tolist(), pairwise(edges), strict=True):
        value, tau = t.value[a:b], t.tau[a:b]
        if len(tau) >= TWIN_ROWS and len(np.unique(value)) >= TWIN_VALUES:
            key = (t.role, d, value.tobytes(), np.diff(tau).tobytes())
            yield key, len(tau), int(tau[0])


def _increments(t: Trace) -> Iterator[tuple[Hashable, int]]:
    """Yield (key, minutes) of each UTC day whose increments by minute change often enough."""
    if len(t.tau) < 2:
        return
    minute = t.tau // MINUTE_MS
    last = np.append(np.flatnonzero(minute[1:] != minute[:-1]), len(minute) - 1)
    at, value = minute[last], t.value[last]
    step, at = np.diff(value), at[1:]
    day = at * MINUTE_MS // DAY_MS
    for d in np.unique(day).tolist():
        rows = np.flatnonzero((day == d) & (step != 0))
        increments = step[rows]
        if int((increments[1:] != increments[:-1]).sum()) >= TWIN_ROWS:
            yield (t.role, d, at[rows].tobytes(), increments.tobytes()), len(rows)


def _pairs(
    found: Iterable[tuple[Trace, Hashable, int, int | None]],
) -> tuple[Twins, ...]:
    """Return the pairs of different assets under one key, summed over the days of equal lag."""
    groups: dict[Hashable, list[tuple[Trace, int, int | None]]] = {}
    for trace, key, rows, first in found:
        groups.setdefault(key, []).append((trace, rows, first))
    pairs: dict[tuple[str, str, Role, int | None], tuple[int, int]] = {}
    for group in groups.values():
        ordered = sorted(group, key=lambda g: g[0].id.encode())
        for i, (a, rows, first_a) in enumerate(ordered):
            for b, _, first_b in ordered[i + 1 :]:
                if a.asset == b.asset:
                    continue
                lag = None if first_a is None or first_b is None else first_b - first_a
                days, total = pairs.get((a.id, b.id, a.role, lag), (0, 0))
                pairs[a.id, b.id, a.role, lag] = (days + 1, total + rows)
    return tuple(
        Twins(a, b, role, days, rows, lag)
        for (a, b, role, lag), (days, rows) in sorted(
            pairs.items(), key=lambda p: (p[0][0], p[0][1], p[0][3] or 0)
        )
    )
