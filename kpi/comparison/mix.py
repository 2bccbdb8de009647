"""Product mix: its stability index, and rates standardised to the mix of either period (kpi.md D.3, kpi-audit U12).

A crude rate of a plant moves when the mix moves although no product got better. Both standardisations answer "with the
same products": with those of A, and with those of B. When they disagree in sign with each other or with the crude
change, the sums hide the products (Simpson) and no single number should be quoted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final

from kpi.decimals import CONTEXT, decimal_of, log_of

MIX_SHIFT: Final = Decimal("0.2")
"""A PSI above it is called a shift (D.4)."""
_FLOOR: Final = Fraction(1, 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductTotals:
    """One product in one period: `n` of a ratio over its `d`, and the weight by which it counts in the mix."""

    product: str
    n: Fraction
    d: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Standardised:
    """Change (A/B − 1) of the ratio of sums, and with the mix held at A's and at B's."""

    crude: Fraction
    at_mix_after: Fraction
    at_mix_before: Fraction
    products: tuple[str, ...]
    """Products in both periods; only these are standardised."""
    outside_before: Fraction
    """Share of B's weight that other products have."""
    outside_after: Fraction

    @property
    def disagree(self) -> bool:
        """Return whether the three changes do not have one sign (Simpson)."""
        return len({_sign(x) for x in (self.crude, self.at_mix_after, self.at_mix_before)}) > 1


def stability_index(before: Mapping[str, int], after: Mapping[str, int]) -> Decimal | None:
    """Return PSI = Σ (a − b)·ln(a/b) over the shares of the products, shares floored at 0.001; None without a total.

    before, after: ideal time by product, any unit. Source: kpi-audit U12.
    """
    sums = sum(before.values()), sum(after.values())
    if min(sums) <= 0:
        return None
    total = Decimal(0)
    with localcontext(CONTEXT):
        for product in sorted(before.keys() | after.keys()):
            b = max(Fraction(before.get(product, 0), sums[0]), _FLOOR)
            a = max(Fraction(after.get(product, 0), sums[1]), _FLOOR)
            total += decimal_of(a - b) * log_of(a / b)
    return total


def standardised_rate(
    before: Sequence[ProductTotals], after: Sequence[ProductTotals]
) -> Standardised | None:
    """Return the direct standardisation of a rate n/d: weights are shares of d (pieces made). Source: D.3.

    None if no product is in both periods with n > 0 in total.
    """
    return _standardised(before, after, weight=lambda p: p.d, combine=_arithmetic)


def standardised_efficiency(
    before: Sequence[ProductTotals], after: Sequence[ProductTotals]
) -> Standardised | None:
    """Return the standardisation of an index n/d over time: weights are shares of n (ideal time). Source: D.3.

    n: ideal time of good pieces, d: planned time given to the product. The index at a mix is the ideal time of that mix
    over the planned time it takes at each product's own index: 1 / Σ share / index.
    """
    return _standardised(before, after, weight=lambda p: p.n, combine=_harmonic)


_Combine = Callable[[Mapping[str, Fraction], Mapping[str, Fraction]], Fraction | None]


def _standardised(
    before: Sequence[ProductTotals],
    after: Sequence[ProductTotals],
    *,
    weight: Callable[[ProductTotals], Fraction],
    combine: _Combine,
) -> Standardised | None:
    sides = [{p.product: p for p in side if p.d > 0} for side in (before, after)]
    common = sorted(sides[0].keys() & sides[1].keys())
    rates = [{p: side[p].n / side[p].d for p in common} for side in sides]
    shares = [_shares({p: weight(side[p]) for p in common}) for side in sides]
    if shares[0] is None or shares[1] is None:
        return None
    crude = _ratio(_crude(before), _crude(after))
    at_after = _ratio(combine(rates[0], shares[1]), combine(rates[1], shares[1]))
    at_before = _ratio(combine(rates[0], shares[0]), combine(rates[1], shares[0]))
    if crude is None or at_after is None or at_before is None:
        return None
    return Standardised(
        crude=crude,
        at_mix_after=at_after,
        at_mix_before=at_before,
        products=tuple(common),
        outside_before=_outside(before, common, weight),
        outside_after=_outside(after, common, weight),
    )


def _arithmetic(rates: Mapping[str, Fraction], shares: Mapping[str, Fraction]) -> Fraction | None:
    return sum((shares[p] * rates[p] for p in rates), Fraction(0))


def _harmonic(rates: Mapping[str, Fraction], shares: Mapping[str, Fraction]) -> Fraction | None:
    if any(shares[p] and not rates[p] for p in rates):
        return Fraction(0)
    return 1 / sum((shares[p] / rates[p] for p in rates if shares[p]), Fraction(0))


def _shares(weights: Mapping[str, Fraction]) -> dict[str, Fraction] | None:
    total = sum(weights.values(), Fraction(0))
    return {p: w / total for p, w in weights.items()} if total > 0 else None


def _crude(side: Iterable[ProductTotals]) -> Fraction | None:
    rows = list(side)
    d = sum((p.d for p in rows), Fraction(0))
    return sum((p.n for p in rows), Fraction(0)) / d if d > 0 else None


def _ratio(before: Fraction | None, after: Fraction | None) -> Fraction | None:
    return after / before - 1 if before and after is not None else None


def _outside(
    side: Sequence[ProductTotals],
    common: Sequence[str],
    weight: Callable[[ProductTotals], Fraction],
) -> Fraction:
    total = sum((weight(p) for p in side), Fraction(0))
    inside = sum((weight(p) for p in side if p.product in common), Fraction(0))
    return 1 - inside / total if total > 0 else Fraction(0)


def _sign(value: Fraction) -> int:
    return (value > 0) - (value < 0)
