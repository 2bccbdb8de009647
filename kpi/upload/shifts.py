"""Slots by shift: a slot belongs to the shift that holds its first millisecond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from kpi.calendar import occurrences
from kpi.document_types import Calendar
from kpi.slots import PointSlots
from kpi.window import Int64

UNSHIFTED: Final = ""
"""Name of the time outside all shifts: Σ shifts + unshifted = calendar (kpi-audit E21)."""


@dataclass(frozen=True, slots=True)
class ShiftTime:
    """One run of one shift, half-open in Unix ms."""

    name: str
    start_ms: int
    end_ms: int


def shift_times(calendar: Calendar, start_ms: int, end_ms: int) -> tuple[ShiftTime, ...]:
    """Return the runs of all shifts that meet [start, end), by start; breaks and stops lie inside them."""
    found = occurrences(calendar, start_ms, end_ms)
    return tuple(ShiftTime(o.name, o.start_ms, o.end_ms) for o in found)


def by_shift(point: PointSlots, times: Sequence[ShiftTime]) -> dict[str, PointSlots]:
    """Return the slots of a point by the name of their shift, UNSHIFTED for the rest; every slot in exactly one.

    times: by start; where two overlap, a slot belongs to the one that started last.
    """
    names = (UNSHIFTED, *dict.fromkeys(t.name for t in times))
    number = {name: i for i, name in enumerate(names)}
    starts = np.array([t.start_ms for t in times], dtype=np.int64)
    ends = np.array([t.end_ms for t in times], dtype=np.int64)
    code = np.array([number[t.name] for t in times], dtype=np.int64)
    at = np.searchsorted(starts, point.start_ms, side="right") - 1
    shift: Int64 = np.zeros(len(point.start_ms), dtype=np.int64)
    inside = at >= 0
    inside[inside] = point.start_ms[inside] < ends[at[inside]]
    shift[inside] = code[at[inside]]
    return {
        name: PointSlots(
            point.signal,
            point.start_ms[shift == i],
            point.length_ms[shift == i],
            point.outcome[shift == i],
        )
        for i, name in enumerate(names)
    }
