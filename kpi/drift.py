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

from kpi.comparison import Day
from kpi.student_t import t95, t975

FEWEST_WEEKS: Final = 8
FEWEST_DAYS_A_WEEK: Final = 3
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


def drift(days: Sequence[tuple[date, Day]]) -> Drift | None:
    """Return the result over the valid production days in date order; None = too few weeks, not tested.

    A week runs from Monday to Sunday, lies wholly between the first and the last day and has at least 3 valid days.
    """
    if not days:
        return None
    n, d = sum(x.n for _, x in days), sum(x.d for _, x in days)
    sums: dict[int, list[int]] = {}
    for when, x in days:
        sums.setdefault(_week(when), []).append(x.n * d - n * x.d)
    first, last = days[0][0], days[-1][0]
    whole = [w for w in sums if first.toordinal() <= 7 * w + 1 and 7 * w + 7 <= last.toordinal()]
    y = [sum(sums[w]) for w in sorted(whole) if len(sums[w]) >= FEWEST_DAYS_A_WEEK]
    return _test(y, n * d) if len(y) >= FEWEST_WEEKS else None


def _week(when: date) -> int:
    """Return a number that is the same from Monday to Sunday: ordinal 1 was a Monday."""
    return (when.toordinal() - 1) // 7


def _test(y: Sequence[int], product: int) -> Drift:
    """Test weekly sums of influences; `product` = N·D, so that Σu/(N·D) is a share of the mean."""
    w = len(y)
    t = [2 * i - (w + 1) for i in range(1, w + 1)]
    squares = sum(x * x for x in t)
    mean = Fraction(sum(y), w)
    b = Fraction(sum(p * q for p, q in zip(t, y, strict=True)), squares)
    rest = sum(((q - mean - b * p) ** 2 for p, q in zip(t, y, strict=True)), Fraction(0))
    centred = [q - mean for q in y]
    total = sum(c * c for c in centred)
    r2 = (
        sum(p * q for p, q in zip(centred, centred[2:], strict=False)) / total
        if total
        else Fraction(0)
    )
    # A week holds 1/W of the period, so a weekly sum of u as a share of the weekly mean is u·W/(N·D).
    share = Fraction(w, product) * 2 * (w - 1)
    with localcontext() as context:
        context.prec = 40
        error = _decimal(rest / (w - 2) / squares).sqrt()
        trend = abs(_decimal(b)) > t975(w - 2) * error
        limit = _PERSISTENCE / Decimal(w).sqrt() - Decimal(w - 2) / Decimal(w * (w - 1))
        persistent = _decimal(r2) > limit
        width = t95(w - 2) * error * _decimal(share)
        slope = b * share
        low, high = _decimal(slope) - width, _decimal(slope) + width
    return Drift(w, trend, persistent, slope, low, high)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
