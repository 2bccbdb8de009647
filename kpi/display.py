"""Rounding for display (kpi-audit U13): once, from the exact fraction, never across a threshold."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

_MOST_DECIMALS: Final = 12


def rounded(value: Fraction, decimals: int) -> Fraction:
    """Return the value rounded half to even to so many decimals."""
    return Fraction(round(value * 10**decimals), 10**decimals)


def decimal_text(value: Fraction, decimals: int) -> str:
    """Return the value as plain decimal text with exactly so many decimals, half to even."""
    units = round(value * 10**decimals)
    sign, digits = "-" if units < 0 else "", str(abs(units)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"


def percent_text(value: Fraction, threshold: Fraction | None = None, decimals: int = 1) -> str:
    """Return a ratio as percent without the sign; the text compares with the threshold as the exact value does.

    Decimals are added, up to 12, until it does; then the fraction itself is printed. 0.09996 against 10 % reads 9.996.
    """
    return number_text(100 * value, None if threshold is None else 100 * threshold, decimals)


def range_texts(low: Fraction, high: Fraction, decimals: int = 1) -> tuple[str, str]:
    """Return the ends of a range in percent without the sign, with decimals added until ends that differ read apart."""
    for places in range(decimals, _MOST_DECIMALS + 1):
        ends = decimal_text(100 * low, places), decimal_text(100 * high, places)
        if low == high or ends[0] != ends[1]:
            return ends
    return f"{100 * low}", f"{100 * high}"


def number_text(value: Fraction, threshold: Fraction | None = None, decimals: int = 1) -> str:
    """Return a number as decimal text under the same rule as `percent_text`."""
    if threshold is None:
        return decimal_text(value, decimals)
    for places in range(decimals, _MOST_DECIMALS + 1):
        if _side(rounded(value, places), threshold) == _side(value, threshold):
            return decimal_text(value, places)
    return f"{value.numerator}/{value.denominator}"


def _side(value: Fraction, threshold: Fraction) -> int:
    return (value > threshold) - (value < threshold)
