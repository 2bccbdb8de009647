"""Exact fractions as a claim writes them: lowest terms, "0/0" where there is none."""

from __future__ import annotations

from fractions import Fraction


def quotient(numerator: int | Fraction, denominator: int | Fraction) -> Fraction | None:
    """Return the exact quotient, None if the denominator is 0."""
    return Fraction(numerator) / Fraction(denominator) if denominator else None


def written(value: Fraction | None) -> str:
    """Return "num/den" in lowest terms, "0/0" for a fraction that cannot be formed."""
    return "0/0" if value is None else f"{value.numerator}/{value.denominator}"


def mean(values: list[Fraction]) -> Fraction | None:
    """Return the exact mean, None of nothing."""
    return sum(values, Fraction(0)) / len(values) if values else None
