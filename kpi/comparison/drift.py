"""Drift test DR-1 of one period (kpi-audit U9): trend of weekly sums and their persistence over two weeks.

"No drift found" is weak evidence: at 13 weeks a slope of 10 % over the period is found in a third of the cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final

from kpi.comparison.interval import Day
from kpi.comparison.weekly import WeeklyInfluences, weekly_influences
from kpi.decimals import CONTEXT, decimal_of, root_of
from kpi.student_t import t95, t975

FEWEST_WEEKS: Final = 8
_PERSISTENCE: Final = Decimal("1.645")


@dataclass(frozen=True, slots=True)
class Drift:
    """What the test found; fractions of the mean over the whole period, 90 % interval of the slope."""

    weeks: int
    trend: bool
    persistent: bool
    slope: Fraction
    """Change from the first to the last week as a share of the mean."""
    slope_low: Decimal
    slope_high: Decimal

    @property
    def found(self) -> bool:
        """Return whether either test flags drift."""
        return self.trend or self.persistent


def drift(
    days: Sequence[tuple[date, Day]], first: date | None = None, last: date | None = None
) -> Drift | None:
    """Return the result over the valid production days in date order; None = too few weeks, not tested.

    first, last: the period, which decides what a complete week is (`weekly_influences`).
    """
    return drift_of(weekly_influences(days, first, last))


def drift_of(weekly: WeeklyInfluences) -> Drift | None:
    """Return the result over weekly sums; None = fewer than eight weeks, not tested. Source: U9."""
    w, y = weekly.weeks, weekly.sums
    if w < FEWEST_WEEKS or weekly.unit <= 0:
        return None
    t = [2 * i - (w + 1) for i in range(1, w + 1)]
    squares = sum(x * x for x in t)
    mean = weekly.mean
    b = Fraction(sum(p * q for p, q in zip(t, y, strict=True)), squares)
    rest = sum(((q - mean - b * p) ** 2 for p, q in zip(t, y, strict=True)), Fraction(0))
    centred = [q - mean for q in y]
    total = sum(c * c for c in centred)
    r2 = (
        sum(p * q for p, q in zip(centred, centred[2:], strict=False)) / total
        if total
        else Fraction(0)
    )
    # t runs over 2(W − 1) from the first to the last week.
    share = 2 * (w - 1) / weekly.unit
    with localcontext(CONTEXT):
        error = root_of(rest / (w - 2) / squares)
        trend = abs(decimal_of(b)) > t975(w - 2) * error
        limit = _PERSISTENCE / Decimal(w).sqrt() - Decimal(w - 2) / Decimal(w * (w - 1))
        persistent = decimal_of(r2) > limit
        width = t95(w - 2) * error * decimal_of(share)
        slope = b * share
        low, high = decimal_of(slope) - width, decimal_of(slope) + width
    return Drift(w, trend, persistent, slope, low, high)
