"""Rates of rare events (kpi-audit U12): an exact conditional interval, and the check whether events come in clusters.

With fewer than ten defects in a period the logarithm of a ratio is no longer nearly normal. Given the total, the
defects of the reporting period are binomial if each piece fails independently at a fixed exposure. Lots that fail
together break this: the dispersion says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from math import comb
from typing import Final

from kpi.comparison.estimate import Estimate, Judging, by_days, ci1_estimate
from kpi.comparison.interval import FEWEST_DAYS, Day, word_of
from kpi.decimals import CONTEXT, decimal_of

FEW_EVENTS: Final = 10
"""Fewer in either period: the exact interval is used."""
_TAIL: Final = Decimal("0.05")
_HALVINGS: Final = 140
"""2⁻¹⁴⁰ is below the last of 40 digits."""
_CLUSTERED: Final = Fraction(1645, 1000)


@dataclass(frozen=True, slots=True)
class RateRatio:
    """90 % interval of rate after / rate before."""

    low: Decimal
    high: Decimal | None
    """None = not bounded: no event before."""


@dataclass(frozen=True, slots=True)
class Dispersion:
    """Pearson dispersion of daily counts around one rate; 1 = as independent pieces would give."""

    days: int
    phi: Fraction

    @property
    def clustered(self) -> bool:
        """Return whether φ exceeds 1 by more than 1.645 of its standard deviations √(2/(n − 1))."""
        excess = self.phi - 1
        return excess > 0 and excess**2 * (self.days - 1) > 2 * _CLUSTERED**2


def rate_ratio(
    events_before: int, events_after: int, exposure_before: int, exposure_after: int
) -> RateRatio | None:
    """Return the exact conditional interval of the ratio of two rates, None without any event.

    Clopper-Pearson for k_A of k_A + k_B at 0.05 in each tail; ratio = π/(1 − π) · n_B/n_A. Exposures are positive. The
    bisection takes 140 halvings of [0, 1] in decimals of 40 digits. Source: U12.
    """
    total = events_before + events_after
    if total == 0:
        return None
    with localcontext(CONTEXT):
        scale = decimal_of(Fraction(exposure_before, exposure_after))
        low = Decimal(0)
        if events_after:
            share = _bisect(events_after - 1, total, 1 - _TAIL)
            low = share / (1 - share) * scale
        high = None
        if events_before:
            share = _bisect(events_after, total, _TAIL)
            high = share / (1 - share) * scale
    return RateRatio(low, high)


def dispersion(days: Sequence[Day]) -> Dispersion | None:
    """Return the dispersion of events n among d pieces a day; None with fewer than two days or a rate of 0 or 1."""
    kept = [x for x in days if x.d > 0]
    events, pieces = sum(x.n for x in kept), sum(x.d for x in kept)
    if len(kept) < 2 or not 0 < events < pieces:
        return None
    rate = Fraction(events, pieces)
    total = sum(((x.n - x.d * rate) ** 2 / x.d for x in kept), Fraction(0))
    return Dispersion(len(kept), total / (rate * (1 - rate)) / (len(kept) - 1))


def rate_estimate(before: Sequence[Day], after: Sequence[Day], judging: Judging) -> Estimate | None:
    """Return CI-1 of a rate, or the exact conditional interval if a period has fewer than ten events."""
    if min(len(before), len(after)) < FEWEST_DAYS:
        return None
    k_b, k_a = sum(x.n for x in before), sum(x.n for x in after)
    n_b, n_a = sum(x.d for x in before), sum(x.d for x in after)
    if min(k_b, k_a) >= FEW_EVENTS:
        return ci1_estimate(before, after, judging)
    if k_b == 0 or min(n_b, n_a) <= 0:
        return None
    found = rate_ratio(k_b, k_a, n_b, n_a)
    if found is None or found.high is None:
        return None
    gain = Fraction(k_a * n_b, k_b * n_a) - 1
    with localcontext(CONTEXT):
        low, high = found.low - 1, found.high - 1
        if judging.sense == "reduction":
            gain, low, high = -gain, -high, -low
    reached = word_of(low, gain, high, judging.threshold, strict=judging.strict)
    return Estimate(
        method="exact-conditional",
        days_before=len(before),
        days_after=len(after),
        change=gain,
        low=low,
        high=high,
        word=by_days(reached, len(before), len(after)),
    )


def _bisect(k: int, total: int, level: Decimal) -> Decimal:
    """Return π with P(X ≤ k) = level for X ~ Binomial(total, π); the probability falls as π rises."""
    low, high = Decimal(0), Decimal(1)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _at_most(k, total, middle) > level:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_most(k: int, total: int, share: Decimal) -> Decimal:
    """Return P(X ≤ k), summed over the shorter tail so that few terms are needed."""
    if 2 * k <= total:
        return _sum(0, k, total, share)
    return 1 - _sum(k + 1, total, total, share)


def _sum(first: int, last: int, total: int, share: Decimal) -> Decimal:
    other = 1 - share
    return sum(
        (comb(total, i) * share**i * other ** (total - i) for i in range(first, last + 1)),
        Decimal(0),
    )
