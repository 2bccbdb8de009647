"""Calendar of records kept by hand: months, ranges of dates, the periods before and after."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from typing import Self


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One calendar month."""

    year: int
    month: int
    """1…12."""

    def __str__(self) -> str:  # type: ignore[explicit-override]
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def first(self) -> date:
        """Return its first day."""
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        """Return its last day."""
        return date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    def after(self, months: int) -> Month:
        """Return the month so many months later (earlier if negative)."""
        year, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return Month(year, month + 1)

    @classmethod
    def of(cls, day: date) -> Self:
        """Return the month that holds `day`."""
        return cls(day.year, day.month)


@dataclass(frozen=True, slots=True)
class Dates:
    """A range of calendar dates, both ends included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """Refuse an end before the start."""
        if self.last < self.first:
            raise ValueError(f"{self.last} lies before {self.first}")

    def __str__(self) -> str:  # type: ignore[explicit-override]
        return f"{self.first}…{self.last}"

    def holds(self, day: date) -> bool:
        """Return whether `day` lies in it."""
        return self.first <= day <= self.last

    @property
    def months(self) -> tuple[Month, ...]:
        """Return the calendar months that lie wholly in it, in order."""
        month = Month.of(self.first)
        found = []
        while month.last <= self.last:
            if month.first >= self.first:
                found.append(month)
            month = month.after(1)
        return tuple(found)

    @property
    def whole_months(self) -> bool:
        """Return whether it starts on the first day of a month and ends on the last day of one."""
        return self.first.day == 1 and self.last == Month.of(self.last).last


@dataclass(frozen=True, slots=True)
class RecordPeriods:
    """The periods that figures from records speak about; the construction period lies between them."""

    after: Dates
    before: Dates | None = None

    def __post_init__(self) -> None:
        """Refuse a before period that does not end before the after period begins."""
        if self.before is not None and self.before.last >= self.after.first:
            raise ValueError(f"the period before ({self.before}) reaches into {self.after}")
