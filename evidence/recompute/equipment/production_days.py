"""The whole production days of a period (statistics.md §4), and the complete weeks among them (kpi-audit U9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evidence.recompute.equipment.calendar_pieces import days_beyond
from evidence.recompute.equipment.civil_time import DAY_MS
from evidence.recompute.equipment.signals import Signals
from evidence.recompute.intervals import Interval

_MONDAY: Final = 3
"""1970-01-01, day 0, was three days after a Monday."""
_STEPS_A_DAY: Final = 20
"""Steps of work that one day of a period costs, shifts and breaks included."""


@dataclass(frozen=True, slots=True)
class ProductionDay:
    """A whole production day, [start, end) in Unix ms. number: of its local date, 0 = 1970-01-01."""

    number: int
    start: int
    end: int


def weekday(number: int) -> int:
    """Return the weekday of a date, 0 = Monday."""
    return (number + _MONDAY) % 7


def whole_days(signals: Signals) -> list[ProductionDay]:
    """Return the production days no instant of which lies outside the window, by date.

    A day that a change of the calendar tore into several stretches is none of them.
    """
    window = signals.window
    if not window.runs:
        return []
    days = (window.end - window.start) // DAY_MS
    what = "the production days of a period", "期间的生产日"
    window.budget.spend(_STEPS_A_DAY * (days + len(window.runs)), *what)
    stretches: dict[int, list[Interval]] = {}
    for run in window.runs:
        for start, end, _, _, day in signals.calendar_of(run.plant).pieces(run.start, run.end):
            own = stretches.setdefault(day, [])
            if own and own[-1][1] == start:
                own[-1] = (own[-1][0], end)
            else:
                own.append((start, end))
    first, last = window.runs[0].plant.calendar, window.runs[-1].plant.calendar
    beyond = days_beyond(first, last, window.start, window.end)
    return [
        ProductionDay(number, *stretches[number][0])
        for number in sorted(stretches.keys() - beyond)
        if len(stretches[number]) == 1
    ]


def weeks_of(days: Sequence[ProductionDay]) -> range:
    """Return the Mondays, by day number, of the weeks whose seven dates lie between the first and last of `days`."""
    if not days:
        return range(0)
    first, last = days[0].number, days[-1].number
    monday = first + (-weekday(first)) % 7
    return range(monday, last - 5, 7)
