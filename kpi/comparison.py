"""Interval CI-1 (kpi-audit U8) and verdict words (U10): no random numbers, standard library only.

Sums are exact integers and fractions; only √, ln and exp are decimal, precision 40, half to even.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from typing import Final, Literal

from kpi.student_t import t95

Sense = Literal["increase", "reduction"]
FEWEST_DAYS: Final = 20
"""Fewer valid days in either period: undetermined (D.2)."""
FIRM_DAYS: Final = 60
"""Fewer valid days in either period: provisional, at best `pass, point only` (U10)."""
_CONTEXT: Final = Context(prec=40, rounding=ROUND_HALF_EVEN)
_PRINT: Final = Context(prec=20, rounding=ROUND_HALF_EVEN)


class Word(StrEnum):
    """Verdict of a comparison."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    POINT_ONLY = "pass, point only"
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Day:
    """One valid production day of a ratio metric: integers N > 0 and D > 0."""

    n: int
    d: int


@dataclass(frozen=True, slots=True)
class Method:
    """One of the variance estimates: half-width t·√V of θ."""

    name: str
    df: int
    half_width: Decimal


@dataclass(frozen=True, slots=True)
class Interval:
    """Interval of the change; `methods` show how it was reached, the widest one counts."""

    theta: Decimal
    rho: Fraction
    methods: tuple[Method, ...]
    low: Decimal
    high: Decimal

    @property
    def half_width(self) -> Decimal:
        """Return h, the widest half-width."""
        return max(m.half_width for m in self.methods)


def point_change(before: Sequence[Day], after: Sequence[Day], sense: Sense) -> Fraction | None:
    """Return the exact change of the ratio of sums, None without a valid day in either period."""
    if not before or not after:
        return None
    n_b, d_b = sum(x.n for x in before), sum(x.d for x in before)
    n_a, d_a = sum(x.n for x in after), sum(x.d for x in after)
    gain = Fraction(n_a * d_b, n_b * d_a) - 1
    return gain if sense == "increase" else -gain


def interval(before: Sequence[Day], after: Sequence[Day], sense: Sense, week_days: int) -> Interval:
    """Return CI-1 of the change between two periods of valid days in date order.

    week_days: production days a week (0 = unknown, no block methods). Source: U8.
    """
    influences = [_influences(before), _influences(after)]
    n_b, n_a = len(before), len(after)
    rho = _correlation(influences)
    m = Fraction(n_b + n_a, 2)
    clipped = min(max((m * rho + 1) / (m - 4), Fraction(0)), Fraction(9, 10))
    factor = (1 + clipped) / (1 - clipped)
    v1 = sum((x.iid_variance for x in influences), Fraction(0))
    variances = [
        ("iid", n_b + n_a - 2, v1),
        ("autocorrelation", max(3, (n_b + n_a) // factor - 2), factor * v1),
    ]
    for length in (week_days, 2 * week_days, 4 * week_days):
        if length and min(n_b, n_a) >= 4 * length:
            v = sum((x.block_variance(length) for x in influences), Fraction(0))
            variances.append((f"block {length}", max(3, (n_b + n_a) // length - 2), v))
    with localcontext(_CONTEXT):
        methods = tuple(
            Method(name, df, t95(df) * (Decimal(v.numerator) / Decimal(v.denominator)).sqrt())
            for name, df, v in variances
        )
        theta = _theta(before, after)
        h = max(x.half_width for x in methods)
        if sense == "increase":
            low, high = (theta - h).exp() - 1, (theta + h).exp() - 1
        else:
            low, high = 1 - (theta + h).exp(), 1 - (theta - h).exp()
        return Interval(theta, rho, methods, low, high)


def word(
    found: Interval | None, change: Fraction | None, threshold: Fraction, fewest_days: int
) -> Word:
    """Return the verdict word. fewest_days: valid days of the shorter period. Source: U10, claims.md §4."""
    if found is None or change is None or fewest_days < FEWEST_DAYS:
        return Word.UNDETERMINED
    with localcontext(_CONTEXT):
        limit = Decimal(threshold.numerator) / Decimal(threshold.denominator)
    strict = threshold == 0
    if found.low > limit or (found.low == limit and not strict):
        return Word.PASS if fewest_days >= FIRM_DAYS else Word.POINT_ONLY
    if change > threshold or (change == threshold and not strict):
        return Word.POINT_ONLY
    if found.high < limit or (found.high == limit and strict):
        return Word.FAIL
    return Word.INCONCLUSIVE


def printed(bound: Decimal) -> str:
    """Return a bound as the plain decimal text with 20 significant digits."""
    with localcontext(_PRINT):
        return format(+bound, "f")


@dataclass(frozen=True, slots=True)
class _Influences:
    """uᵢ = Nᵢ·D − N·Dᵢ of one period; they sum to 0."""

    u: tuple[int, ...]
    scale: Fraction
    """1 / (N·D)²."""

    @property
    def squares(self) -> int:
        return sum(x * x for x in self.u)

    @property
    def iid_variance(self) -> Fraction:
        n = len(self.u)
        return Fraction(n, n - 1) * self.scale * self.squares

    def block_variance(self, length: int) -> Fraction:
        """Return the closed form of the circular block bootstrap of the mean influence."""
        n = len(self.u)
        wrapped = self.u + self.u[: length - 1]
        block = sum(wrapped[:length])
        total = 0
        for j in range(n):
            total += block * block
            if j + length < len(wrapped):
                block += wrapped[j + length] - wrapped[j]
        return Fraction(n, n - length) * self.scale / length * total


def _influences(days: Sequence[Day]) -> _Influences:
    n, d = sum(x.n for x in days), sum(x.d for x in days)
    return _Influences(tuple(x.n * d - n * x.d for x in days), Fraction(1, (n * d) ** 2))


def _correlation(periods: Sequence[_Influences]) -> Fraction:
    """Return the pooled lag-1 correlation of the influences, 0 if nothing varies."""
    top = bottom = Fraction(0)
    for x in periods:
        weight = len(x.u) ** 2 * x.scale
        top += weight * sum(a * b for a, b in zip(x.u, x.u[1:], strict=False))
        bottom += weight * x.squares
    return top / bottom if bottom else Fraction(0)


def _theta(before: Sequence[Day], after: Sequence[Day]) -> Decimal:
    n_b, d_b = sum(x.n for x in before), sum(x.d for x in before)
    n_a, d_a = sum(x.n for x in after), sum(x.d for x in after)
    return (Decimal(n_a * d_b) / Decimal(n_b * d_a)).ln()
