"""Published figures beside ours to the printed digits, thresholds judged with bounds (kpi-audit E6, U13)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from kpi.calc.figure import MS_PER_UNIT, Figure
from kpi.display import decimal_text
from model.ratio import Undefined

_NUMBER: Final = re.compile(r"\s*(-?[0-9][0-9 ,]*)(?:\.([0-9]+))?\s*(%|[^\s0-9.].*)?\s*")


_HALF: Final = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Published:
    """A printed number with its digits."""

    value: Fraction
    """As printed: 71.2 for `71.2 %`."""
    places: int
    """Digits after the point."""
    unit: str
    """`%`, a unit of time, or as the figure has it; empty = none."""


class Agreement(StrEnum):
    """How a published figure agrees with ours."""

    EQUAL = "equal"
    """The printed number is ours rounded to its digits, a half to either side."""
    CUT = "cut off"
    """Ours, cut off at the printed digits, is the printed number: it was not rounded."""
    DIFFERS = "differs"
    UNDEFINED = "undefined"
    """There is no figure of ours: the reason stands with it."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One published figure beside ours."""

    name: str
    published: str
    ours: str
    """To the digits printed; empty = undefined."""
    agreement: Agreement
    note_zh: str
    note_en: str


class Reached(StrEnum):
    """Whether a threshold is reached, whatever the case leaves open."""

    REACHED = "reached"
    NOT = "not reached"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Judged:
    """A figure against a threshold."""

    name: str
    figure: Figure
    at_least: bool
    threshold: Fraction
    word: Reached


def published(text: str) -> Published | None:
    """Return the number, digits and unit of a printed figure; None if it is no number."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    decimals = match[2] or ""
    whole = match[1].replace(" ", "").replace(",", "")
    number = Fraction(f"{whole}.{decimals}") if decimals else Fraction(whole)
    return Published(number, len(decimals), (match[3] or "").strip())


def nearest(name: str, figures: Mapping[str, Figure]) -> str:
    """Return the name of a figure of the case that is most like `name`, or an empty text."""
    close = difflib.get_close_matches(name, list(figures), n=1, cutoff=0.5)
    return close[0] if close else ""


def compared(
    name: str, text: str, figure: Figure, notes: tuple[str, str] = ("", "")
) -> Compared | None:
    """Return a published figure beside ours; None if the text is no number or its unit does not fit the figure."""
    number = published(text)
    if number is None:
        return None
    if isinstance(figure.value, Undefined):
        return Compared(name, text, "", Agreement.UNDEFINED, *notes)
    factor = unit_factor(figure.unit, number.unit)
    if factor is None:
        return None
    ours = figure.value * factor
    off = abs(ours - number.value) * 10**number.places
    # Exactly between two printed numbers, either of them is a rounding of ours, and one digit more shows it.
    shown = decimal_text(ours, number.places + (off == _HALF))
    if off <= _HALF:
        agreement = Agreement.EQUAL
    elif Fraction(int(ours * 10**number.places), 10**number.places) == number.value:
        agreement = Agreement.CUT
    else:
        agreement = Agreement.DIFFERS
    return Compared(name, text, f"{shown} {number.unit}".rstrip(), agreement, *notes)


def unit_factor(unit: str, printed: str) -> Fraction | None:
    """Return how many of the printed unit one unit of the figure is; None if they do not fit."""
    if unit == "1":
        return {"%": Fraction(100), "": Fraction(1)}.get(printed)
    if unit == "ms":
        per = MS_PER_UNIT.get(printed)
        return Fraction(1, per) if per else None
    if unit.endswith("/ms"):
        per = MS_PER_UNIT.get(printed.removeprefix("/"))
        return Fraction(per) if per else None
    return Fraction(1) if printed in ("", unit) else None


def threshold_of(text: str, figure: Figure) -> Fraction | None:
    """Return a written threshold in the unit of the figure; None if it is no number or its unit does not fit."""
    number = published(text)
    factor = None if number is None else unit_factor(figure.unit, number.unit)
    return None if number is None or factor is None else number.value / factor


def judged(name: str, figure: Figure, threshold: Fraction, *, at_least: bool) -> Judged:
    """Return the word of a threshold: from the figure's own bounds, so that what is unknown cannot decide (E6)."""
    low, high = ends(figure)
    if at_least:
        reached, missed = (
            low is not None and low >= threshold,
            high is not None and high < threshold,
        )
    else:
        reached, missed = (
            high is not None and high <= threshold,
            low is not None and low > threshold,
        )
    word = Reached.REACHED if reached else Reached.NOT if missed else Reached.UNDETERMINED
    return Judged(name, figure, at_least, threshold, word)


def ends(figure: Figure) -> tuple[Fraction | None, Fraction | None]:
    """Return the least and greatest value that the case allows; None = not bounded, or not known at all."""
    value = figure.value if isinstance(figure.value, Fraction) else None
    low = None if figure.open_low else figure.low if figure.low is not None else value
    high = None if figure.open_high else figure.high if figure.high is not None else value
    return low, high


def by_name(figures: Sequence[Figure]) -> dict[str, Figure]:
    """Return figures by the names that a case calls them; the first of equal names counts."""
    found: dict[str, Figure] = {}
    for figure in figures:
        found.setdefault(figure.name, figure)
    return found
