"""Interval CI-1 of a before/after comparison and its verdict word (kpi-audit U8, U10); no random numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, Overflow, localcontext
from fractions import Fraction
from typing import Final

from evidence.refusal import Refusal
from kpi.student_t import t95

Pair = tuple[int, int]
"""(N, D) of one valid day."""

LEAST_DAYS: Final = 20
SURE_DAYS: Final = 60
_PRECISION: Final = 40
_PRINTED: Final = 20
_LARGEST_EXPONENT: Final = 4000
"""No honest interval comes near 10^4000; a hostile one would fill pages with digits."""
_LARGEST_RHO: Final = Fraction(9, 10)


@dataclass(frozen=True, slots=True)
class Interval:
    """90 % interval of the change as fractions of one (0.1 = 10 %)."""

    low: Decimal
    high: Decimal

    def texts(self) -> tuple[str, str]:
        """Return low and high rounded to 20 significant digits, as plain decimal strings."""
        return printed(self.low), printed(self.high)


@dataclass(frozen=True, slots=True)
class Method:
    """One method of U8: degrees of freedom and half-width h = t·√V of the logarithm of the ratio."""

    name: str
    df: int
    h: Decimal


@dataclass(frozen=True, slots=True)
class WidestInterval:
    """The interval with what it was made of. rho: pooled correlation of neighbouring days, as it is."""

    interval: Interval
    rho: Fraction
    methods: tuple[Method, ...]


def printed(value: Decimal) -> str:
    """Return the value rounded to 20 significant digits, as a plain decimal string."""
    return format(_context(_PRINTED).plus(value), "f")


def _context(digits: int) -> Context:
    return Context(prec=digits, rounding=ROUND_HALF_EVEN, Emax=_LARGEST_EXPONENT)


class _Period:
    """Influences of the days of one period: u_i = N_i·D − N·D_i, g = 1 / (N·D)²."""

    def __init__(self, days: Sequence[Pair]) -> None:
        self.n = len(days)
        self.num = sum(num for num, _ in days)
        self.den = sum(den for _, den in days)
        self.u = [num * self.den - self.num * den for num, den in days]
        self.g = Fraction(1, (self.num * self.den) ** 2)
        self.squares = sum(u * u for u in self.u)

    def block_squares(self, length: int) -> int:
        """Return Σ_j S_j², S_j the circular sum of `length` influences from j on."""
        total, current = 0, sum(self.u[:length])
        for j in range(self.n):
            total += current * current
            current += self.u[(j + length) % self.n] - self.u[j]
        return total


def interval(
    before: Sequence[Pair], after: Sequence[Pair], weekdays: int, *, gain: bool
) -> Interval:
    """Return the widest of the iid, autocorrelation-corrected and block intervals; see `widest_interval`."""
    return widest_interval(before, after, weekdays, gain=gain).interval


def widest_interval(
    before: Sequence[Pair], after: Sequence[Pair], weekdays: int, *, gain: bool
) -> WidestInterval:
    """Return the widest of the iid, autocorrelation-corrected and block intervals, with all of them.

    before, after: at least 20 valid days each; the sums of N and of D of each are positive. weekdays: w of U8, 0 = no
    block methods. gain: the change is an increase, otherwise a reduction. Raises `Refusal` (kind "claim") if counts
    that go up and down make it wider than can be written.
    """
    periods = old, new = _Period(before), _Period(after)
    rho = _rho(periods)
    try:
        with localcontext(_context(_PRECISION)):
            theta = (Decimal(new.num * old.den) / Decimal(old.num * new.den)).ln()
            methods = tuple(
                Method(name, df, t95(df) * (Decimal(v.numerator) / Decimal(v.denominator)).sqrt())
                for name, v, df in _variances(periods, weekdays, rho)
            )
            half = max(method.h for method in methods)
            low, high = (theta - half).exp(), (theta + half).exp()
            found = Interval(low - 1, high - 1) if gain else Interval(1 - high, 1 - low)
    except Overflow as error:
        raise Refusal(
            "claim",
            "the interval of the comparison is wider than can be written",
            "对比的区间过宽，无法写出",
        ) from error
    return WidestInterval(found, rho, methods)


def _rho(periods: tuple[_Period, _Period]) -> Fraction:
    """Return the pooled correlation of neighbouring days, 0 if no day differs from another."""
    own = sum((p.n**2 * p.g * p.squares for p in periods), Fraction(0))
    next_day = sum(
        (p.n**2 * p.g * sum(a * b for a, b in zip(p.u, p.u[1:], strict=False)) for p in periods),
        Fraction(0),
    )
    return next_day / own if own else Fraction(0)


def _variances(
    periods: tuple[_Period, _Period], weekdays: int, rho: Fraction
) -> Iterator[tuple[str, Fraction, int]]:
    """Yield name, variance and degrees of freedom of each method of U8."""
    days = sum(p.n for p in periods)
    iid = sum((Fraction(p.n, p.n - 1) * p.g * p.squares for p in periods), Fraction(0))
    yield "iid", iid, days - 2
    mean = Fraction(days, 2)
    clipped = min(max((mean * rho + 1) / (mean - 4), Fraction(0)), _LARGEST_RHO)
    factor = (1 + clipped) / (1 - clipped)
    yield "autocorrelation", factor * iid, max(3, int(days / factor) - 2)
    for length in (weekdays, 2 * weekdays, 4 * weekdays):
        if length and min(p.n for p in periods) >= 4 * length:
            variance = sum(
                (
                    Fraction(p.n, p.n - length) * p.g / length * p.block_squares(length)
                    for p in periods
                ),
                Fraction(0),
            )
            yield f"block {length}", variance, max(3, days // length - 2)


def word(interval_: Interval, point: Fraction, threshold: Fraction, days: int) -> str:
    """Return the verdict word of U10.

    days: valid days of the shorter period; below 60 a `pass` is lowered. A threshold of 0 must be exceeded.
    """
    with localcontext(_context(_PRECISION)):
        bar = Decimal(threshold.numerator) / Decimal(threshold.denominator)
    if threshold == 0:
        reached, point_reached, failed = interval_.low > 0, point > 0, interval_.high <= 0
    else:
        reached = interval_.low >= bar
        point_reached, failed = point >= threshold, interval_.high < bar
    if reached and days >= SURE_DAYS:
        return "pass"
    if reached or point_reached:
        return "pass, point only"
    return "fail" if failed else "inconclusive"
