"""How an exact number is written: rounded once, at the very end, in one place for wall, PDF and form."""

from __future__ import annotations

from fractions import Fraction

from reports.words import Unit

MINUS = "−"
DASH = "—"
"""Stands where there is no number."""
_MOST_DECIMALS = 15


def digits(value: Fraction, decimals: int) -> str:
    """Return `value` with exactly `decimals` places, rounded half to even, thousands grouped by commas."""
    scaled = round(value * 10**decimals)
    sign = MINUS if scaled < 0 else ""
    whole, part = divmod(abs(scaled), 10**decimals)
    return f"{sign}{whole:,}" + (f".{part:0{decimals}d}" if decimals else "")


def figure(value: Fraction, unit: Unit, decimals: int, threshold: Fraction | None = None) -> str:
    """Return the number without its unit; a ratio in percent is multiplied by 100.

    With a threshold, places are added (up to 15) while rounding would put a value below it on or over it, so that
    the printed number never looks like a pass that it is not.
    """
    factor = 100 if unit is Unit.PERCENT else 1
    shown, edge = value * factor, None if threshold is None else threshold * factor
    places = decimals
    while edge is not None and shown < edge and places < _MOST_DECIMALS:
        if Fraction(round(shown * 10**places), 10**places) < edge:
            break
        places += 1
    return digits(shown, places)


def signed(value: Fraction, decimals: int) -> str:
    """Return a relative change in percent with its sign, for example +17.8."""
    text = digits(value * 100, decimals)
    return text if text.startswith(MINUS) or round(value * 100 * 10**decimals) == 0 else "+" + text


def exact(value: Fraction) -> str:
    """Return num/den in lowest terms."""
    return f"{value.numerator}/{value.denominator}"
