"""Interval CI-1 (kpi-audit U8) and verdict words (U10): no random numbers, standard library only.

Sums are exact integers and fractions; only √, ln and exp are decimal, precision 40, half to even.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from typing import Final, Literal

from kpi.decimals import CONTEXT, decimal_of, log_of, root_of
from kpi.student_t import t95

Sense = Literal["increase", "reduction"]
FEWEST_DAYS: Final = 20
"""Fewer valid days in either period: undetermined (D.2)."""
FIRM_DAYS: Final = 60
"""Fewer valid days in either period: provisional, at best `pass, point only` (U10)."""
_LARGEST_RHO: Final = Fraction(9, 10)
_FEWEST_DF: Final = 3


class Word(StrEnum):
    """Verdict of a comparison."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    POINT_ONLY = "pass, point only"
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"
    UNDETERMINED = "undetermined"


_STRENGTH: Final = (
    Word.FAIL,
    Word.UNDETERMINED,
    Word.INCONCLUSIVE,
    Word.POINT_ONLY,
    Word.PASS,
)
"""From the weakest for the applicant to the strongest."""


@dataclass(frozen=True, slots=True)
class Day:
    """One valid production day of a ratio metric: integers N ≥ 0 and D ≥ 0 (a day without a piece is a day)."""

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
    """Return the exact change of the ratio of sums; None where a ratio is not a positive number (U8)."""
    n_b, d_b = sum(x.n for x in before), sum(x.d for x in before)
    n_a, d_a = sum(x.n for x in after), sum(x.d for x in after)
    if min(n_b, d_b, n_a, d_a) <= 0:
        return None
    gain = Fraction(n_a * d_b, n_b * d_a) - 1
    return gain if sense == "increase" else -gain


def interval(before: Sequence[Day], after: Sequence[Day], sense: Sense, week_days: int) -> Interval:
    """Return CI-1 of the change between two periods of valid days in date order.

    week_days: production days a week (0 = unknown, no block methods). Raises ValueError below 20 days in either
    period. Source: U8.
    """
    n_b, n_a = len(before), len(after)
    if min(n_b, n_a) < FEWEST_DAYS:
        raise ValueError(f"CI-1 needs {FEWEST_DAYS} valid days in each period, not {n_b} and {n_a}")
    influences = [_influences(before), _influences(after)]
    rho = _correlation(influences)
    m = Fraction(n_b + n_a, 2)
    clipped = min(max((m * rho + 1) / (m - 4), Fraction(0)), _LARGEST_RHO)
    factor = (1 + clipped) / (1 - clipped)
    v1 = sum((x.iid_variance for x in influences), Fraction(0))
    variances = [
        ("iid", n_b + n_a - 2, v1),
        ("autocorrelation", max(_FEWEST_DF, (n_b + n_a) // factor - 2), factor * v1),
    ]
    for length in (week_days, 2 * week_days, 4 * week_days):
        if length and min(n_b, n_a) >= 4 * length:
            v = sum((x.block_variance(length) for x in influences), Fraction(0))
            df = max(_FEWEST_DF, (n_b + n_a) // length - 2)
            variances.append((f"block {length}", df, v))
    with localcontext(CONTEXT):
        methods = tuple(Method(name, df, t95(df) * root_of(v)) for name, df, v in variances)
        theta = _theta(before, after)
        h = max(x.half_width for x in methods)
        if sense == "increase":
            low, high = (theta - h).exp() - 1, (theta + h).exp() - 1
        else:
            low, high = 1 - (theta + h).exp(), 1 - (theta - h).exp()
        return Interval(theta, rho, methods, low, high)


def day_variance(days: Sequence[Day]) -> Fraction:
    """Return n·V₁ of one period: the variance of a day as a share of the mean, squared. At least two days, sums > 0."""
    return len(days) * _influences(days).iid_variance


def pooled_correlation(periods: Sequence[Sequence[Day]]) -> Fraction:
    """Return ρ of U8 before its correction: lag-1 correlation of the influences pooled over the periods."""
    return _correlation([_influences(days) for days in periods])


def word_of(
    low: Decimal | None,
    change: Fraction,
    high: Decimal,
    threshold: Fraction,
    *,
    strict: bool | None = None,
) -> Word:
    """Return the word of U10 for an interval [low, high] of the change and its point; equality counts as reached.

    low: None = no lower limit. strict: whether the threshold must be exceeded; None = only a threshold of 0 must.
    """
    exceed = threshold == 0 if strict is None else strict
    limit = decimal_of(threshold)
    if low is not None and (low > limit or (low == limit and not exceed)):
        return Word.PASS
    if change > threshold or (change == threshold and not exceed):
        return Word.POINT_ONLY
    if high < limit or (high == limit and exceed):
        return Word.FAIL
    return Word.INCONCLUSIVE


def word(
    found: Interval | None,
    change: Fraction | None,
    threshold: Fraction,
    fewest_days: int,
    *,
    strict: bool | None = None,
) -> Word:
    """Return the verdict word with the rule on valid days. fewest_days: valid days of the shorter period.

    Source: U10, claims.md §4.
    """
    if found is None or change is None or fewest_days < FEWEST_DAYS:
        return Word.UNDETERMINED
    reached = word_of(found.low, change, found.high, threshold, strict=strict)
    return lowered(reached) if fewest_days < FIRM_DAYS else reached


def lowered(reached: Word) -> Word:
    """Return the word of a provisional or drifting comparison: `pass` becomes `pass, point only`, the rest stays."""
    return Word.POINT_ONLY if reached is Word.PASS else reached


def weaker(one: Word, other: Word) -> Word:
    """Return the word that says less for the applicant (U10: a comparison that is run twice)."""
    return min(one, other, key=_STRENGTH.index)


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
    if n <= 0 or d <= 0:
        raise ValueError(f"CI-1 needs positive sums, not N = {n}, D = {d}")
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
    return log_of(Fraction(n_a * d_b, n_b * d_a))
