"""Weekly sums of influences of one period: what the drift test (U9) and the change-point test (D.4) look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from kpi.comparison.interval import Day

FEWEST_DAYS_A_WEEK: Final = 3
"""A calendar week with fewer valid days is left out."""


@dataclass(frozen=True, slots=True)
class WeeklyInfluences:
    """Sums y of u = N_i·D − N·D_i over complete calendar weeks Monday to Sunday with at least three valid days."""

    mondays: tuple[date, ...]
    sums: tuple[int, ...]
    unit: Fraction
    """So much of y is the whole mean of one week: N·(ΣD of these weeks / number of weeks)."""

    @property
    def weeks(self) -> int:
        """Return W."""
        return len(self.sums)

    @property
    def mean(self) -> Fraction:
        """Return the mean weekly sum."""
        return Fraction(sum(self.sums), self.weeks)


def weekly_influences(
    days: Sequence[tuple[date, Day]], first: date | None = None, last: date | None = None
) -> WeeklyInfluences:
    """Return the weekly sums over the valid production days in date order.

    first, last: the period; a week is complete if it lies wholly inside. None = from the first to the last valid day,
    which cuts the last week of a plant that does not work on Sundays. Source: U9.
    """
    if not days:
        return WeeklyInfluences((), (), Fraction(1))
    n, d = sum(x.n for _, x in days), sum(x.d for _, x in days)
    low, high = first or days[0][0], last or days[-1][0]
    found: dict[int, list[Day]] = {}
    for when, day in days:
        found.setdefault(_week(when), []).append(day)
    kept = [
        w
        for w in sorted(found)
        if low.toordinal() <= 7 * w + 1
        and 7 * w + 7 <= high.toordinal()
        and len(found[w]) >= FEWEST_DAYS_A_WEEK
    ]
    sums = tuple(sum(x.n * d - n * x.d for x in found[w]) for w in kept)
    weight = sum(x.d for w in kept for x in found[w])
    return WeeklyInfluences(
        tuple(date.fromordinal(7 * w + 1) for w in kept),
        sums,
        Fraction(n * weight, max(len(kept), 1)),
    )


def _week(when: date) -> int:
    """Return a number that is the same from Monday to Sunday: ordinal 1 was a Monday."""
    return (when.toordinal() - 1) // 7
