"""Exact ratios, and the reason where there is none."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Undefined:
    """Stands where a number cannot be known; never 0 and never 100 %."""

    en: str
    zh: str


Ratio = Fraction | Undefined
"""An exact ratio or the reason why there is none."""


def ratio_of(numerator: int | Fraction, denominator: int | Fraction, *, en: str, zh: str) -> Ratio:
    """Return numerator / denominator exactly, or `Undefined(en, zh)` if the denominator is 0."""
    if denominator == 0:
        return Undefined(en, zh)
    return Fraction(numerator) / Fraction(denominator)
