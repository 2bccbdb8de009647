"""Sums of fractions that stop where no honest claim can go, and the spelling of bounds."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from evidence.recompute.claim_tools import text_of
from evidence.recompute.interface import MAX_BITS
from evidence.refusal import Refusal


def exact_sum(values: Iterable[Fraction | int]) -> Fraction:
    """Return the exact sum; raises `Refusal` (kind "claim") once its denominator is too long to be written.

    Without that end a document with thousands of ideal cycles over different primes would keep the verifier busy for
    hours.
    """
    total = Fraction(0)
    for value in values:
        total += value
        if total.denominator.bit_length() > MAX_BITS:
            raise Refusal("claim", "a recomputed number has too many digits", "重算结果位数过多")
    return total


def known_sum(values: Iterable[Fraction | None]) -> Fraction | None:
    """Return the exact sum, None if one of the values is not known."""
    known = []
    for value in values:
        if value is None:
            return None
        known.append(value)
    return exact_sum(known)


def bound_text(value: Fraction | None) -> str:
    """Return a bound as "num/den", "unbounded" for None."""
    return "unbounded" if value is None else text_of(value)
