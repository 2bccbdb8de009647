"""Time stamps that cannot be: going backward, from the future, used twice (kpi.md B.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kpi.window import NO_TIME_MS, Int64
from model.flags import RowFlag

FUTURE_MS: Final = 2000
"""A live source time later than its receipt by more than this is from the future (margin of U7)."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """Value rows of one point in the order of their commit."""

    source_ms: Int64
    """NO_TIME_MS = the device gave none."""
    received_ms: Int64
    value: Int64
    flags: NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class ClockFaults:
    """How many value rows of a point have an impossible time stamp, and how many came how."""

    rows: int
    backward: int
    """Live rows with a source time before that of an earlier live row."""
    future: int
    duplicated: int
    """Rows with the source time of an earlier one and another value."""
    back_filled: int
    """Rows read later from the history of the device."""
    no_time: int
    """Rows without a source time."""


def clock_faults(arrivals: Arrivals) -> ClockFaults:
    """Return the counts of a point; back-filled rows may be old, so they are not held to the order."""
    timed = arrivals.source_ms != NO_TIME_MS
    filled = (arrivals.flags & RowFlag.BACK_FILLED) != 0
    live = np.flatnonzero(timed & ~filled)
    source = arrivals.source_ms[live]
    highest = np.maximum.accumulate(source) if len(source) else source
    backward = int((source[1:] < highest[:-1]).sum())
    future = int((source > arrivals.received_ms[live] + FUTURE_MS).sum())
    return ClockFaults(
        rows=len(arrivals.source_ms),
        backward=backward,
        future=future,
        duplicated=_duplicated(arrivals.source_ms[timed], arrivals.value[timed]),
        back_filled=int(filled.sum()),
        no_time=int((~timed).sum()),
    )


def _duplicated(source: Int64, value: Int64) -> int:
    """Return how many (time, value) beyond the first share their time with another value."""
    if not len(source):
        return 0
    different = np.unique(np.stack([source, value]), axis=1)
    return int(different.shape[1]) - len(np.unique(source))
