"""Decimal arithmetic of the comparison: precision 40, half to even; everything before it is an exact fraction.

Only √, ln, exp and the probabilities of a distribution need it; both engines use the same context.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from typing import Final

PRECISION: Final = 40
CONTEXT: Final = Context(prec=PRECISION, rounding=ROUND_HALF_EVEN)
_STORED: Final = Context(prec=20, rounding=ROUND_HALF_EVEN)
_PRINTED: Final = Context(prec=6, rounding=ROUND_HALF_EVEN)


def decimal_of(value: Fraction) -> Decimal:
    """Return numerator / denominator rounded once to 40 digits, whatever context is active."""
    return CONTEXT.divide(Decimal(value.numerator), Decimal(value.denominator))


def root_of(value: Fraction) -> Decimal:
    """Return √value of a fraction ≥ 0: the quotient to 40 digits, then its root to 40 digits. Source: claims.md §4."""
    return decimal_of(value).sqrt(CONTEXT)


def log_of(value: Fraction) -> Decimal:
    """Return the natural logarithm of a fraction > 0."""
    return decimal_of(value).ln(CONTEXT)


def stored(value: Decimal) -> str:
    """Return the plain decimal text with 20 significant digits that a claim stores (U8)."""
    with localcontext(_STORED):
        return format(+value, "f")


def printed(value: Decimal) -> str:
    """Return the plain decimal text with 6 significant digits that a person reads (U8)."""
    with localcontext(_PRINTED):
        return format(+value, "f")
