"""The whole production days of a period (docs/formats/statistics.md §4, claims.md §5 `before-after/2`)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from kpi.equipment.plan import Plans, whole_days
from kpi.workspace import Workspace

_UNIX_DAY: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class WholeDay:
    """A production day that lies wholly inside a period, in one piece: [start, end) in Unix ms."""

    number: int
    """Of its local date, in days since 1970-01-01."""
    start_ms: int
    end_ms: int

    @property
    def date(self) -> date:
        """Return its local date."""
        return date_of(self.number)


def date_of(number: int) -> date:
    """Return the date of a number of days since 1970-01-01."""
    return date.fromordinal(_UNIX_DAY + number)


def number_of(day: date) -> int:
    """Return the number of days since 1970-01-01."""
    return day.toordinal() - _UNIX_DAY


def whole_production_days(work: Workspace, plans: Plans) -> tuple[WholeDay, ...]:
    """Return the whole production days of a window by date; a day that a changed calendar tore apart is none."""
    _, line = plans.shift_and_day(work.parts)
    first = np.flatnonzero(np.append(True, line.codes[1:] != line.codes[:-1]))
    edges = np.append(line.edges[:-1][first], line.edges[-1]).tolist()
    numbers = line.codes[first].tolist()
    pieces = Counter(numbers)
    whole = set(whole_days(work.parts))
    found = [
        WholeDay(number, start, end)
        for number, start, end in zip(numbers, edges[:-1], edges[1:], strict=True)
        if number in whole and pieces[number] == 1
    ]
    return tuple(sorted(found, key=lambda day: day.number))
