"""Drift test DR-1 of one period of a comparison (kpi-audit U9), in exact fractions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from evidence.canonical import Json
from evidence.recompute.claim_tools import text_of
from evidence.recompute.interval import Pair
from kpi.student_t import t975

LEAST_WEEKS: Final = 8
_LEAST_DAYS_A_WEEK: Final = 3
_PERSISTENCE: Final = Fraction(1645, 1000)
"""One-sided 95 % quantile of the normal distribution, with the digits of U9."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What the weeks of a period show. slope: change from the first to the last week as a share of their mean."""

    weeks: int
    slope: Fraction
    trend: bool
    persistent: bool

    def to_json(self) -> Json:
        """Return the object of the detail."""
        return {
            "persistent": self.persistent,
            "slope": text_of(self.slope),
            "trend": self.trend,
            "weeks": self.weeks,
        }


def drift(days: Sequence[tuple[int, Pair]], mondays: Iterable[int]) -> Drift | None:
    """Return what the complete weeks of a period show.

    None with fewer than 8 of three valid days and more, or without a positive mean.

    days: number and (N, D) of the valid days, ascending. mondays: numbers of the first days of the weeks that lie
    wholly inside the period.
    """
    num, den = sum(n for _, (n, _) in days), sum(d for _, (_, d) in days)
    by_week: dict[int, list[Pair]] = {monday: [] for monday in mondays}
    for number, (n, d) in days:
        monday = number - (number + 3) % 7
        if monday in by_week:
            by_week[monday].append((n, d))
    tested = [week for week in by_week.values() if len(week) >= _LEAST_DAYS_A_WEEK]
    base = sum(d for week in tested for _, d in week)
    if len(tested) < LEAST_WEEKS or num * base <= 0:
        return None
    weeks = [sum(n * den - num * d for n, d in week) for week in tested]
    count = len(weeks)
    at = range(1 - count, count, 2)
    spread = sum(t * t for t in at)
    b = Fraction(sum(t * y for t, y in zip(at, weeks, strict=True)), spread)
    mean = Fraction(sum(weeks), count)
    off = [y - mean for y in weeks]
    slope = b * 2 * (count - 1) * count / (num * base)
    return Drift(count, slope, _is_trend(off, b, spread), _is_persistent(off))


def _is_trend(off: Sequence[Fraction], b: Fraction, spread: int) -> bool:
    """Return whether |b / √(s²/Σt²)| > t₀.₉₇₅(W − 2), squared so that nothing is rounded."""
    degrees = len(off) - 2
    explained = b * b * spread
    residual = sum((c * c for c in off), Fraction(0)) - explained
    return explained * degrees > Fraction(t975(degrees)) ** 2 * residual


def _is_persistent(off: Sequence[Fraction]) -> bool:
    """Return whether r₂ > 1.645/√W − (W − 2)/(W(W − 1)), squared to avoid rounding; r₂ = 0 if nothing varies."""
    count = len(off)
    squares = sum((c * c for c in off), Fraction(0))
    lagged = sum((a * c for a, c in zip(off, off[2:], strict=False)), Fraction(0))
    r2 = lagged / squares if squares else Fraction(0)
    shifted = r2 + Fraction(count - 2, count * (count - 1))
    return shifted > 0 and shifted * shifted * count > _PERSISTENCE**2
