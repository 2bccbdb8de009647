"""One figure of a case, whatever it is about: what is printed, written as JSON and compared with a published one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from kpi.display import decimal_text, number_text, percent_text
from kpi.equipment.indicator import Operand, Result
from model.ratio import Ratio, Undefined

MS_PER_UNIT: Final = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
"""Units of time that a figure is printed or compared in."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Ids behind a number, by name."""

    zh: str
    en: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A named figure with formula, numbers put in, result, bounds and source."""

    id: str
    """`school/indicator`, or a metric id, with `@reading` behind it where it is not the default reading."""
    zh: str
    en: str
    value: Ratio
    source: str
    machine: str = ""
    """Machine or operation of the case; empty = the case as a whole."""
    formula_zh: str = ""
    formula_en: str = ""
    unit: str = "1"
    """"1" for a ratio, "ms", else a UCUM unit."""
    operands: tuple[Operand, ...] = ()
    low: Fraction | None = None
    high: Fraction | None = None
    open_low: bool = False
    open_high: bool = False
    note_zh: str = ""
    note_en: str = ""
    exact: bool = True
    """False = the value is a decimal of 40 digits, because a root or logarithm is in it."""
    lists: tuple[Listed, ...] = ()

    @property
    def name(self) -> str:
        """Return what `expect` and `require` call it."""
        return f"{self.machine}:{self.id}" if self.machine else self.id

    @property
    def bounded(self) -> bool:
        """Return whether the case leaves a range."""
        return self.open_low or self.open_high or self.low is not None or self.high is not None


def figure_of(result: Result, machine: str = "") -> Figure:
    """Return the figure of an indicator of equipment."""
    i = result.indicator
    return Figure(
        id=f"{i.school}/{i.id}",
        machine=machine,
        zh=i.zh,
        en=i.en,
        formula_zh=i.formula,
        formula_en=i.formula,
        unit=i.unit,
        source=i.source,
        operands=result.operands,
        value=result.value,
        low=result.low,
        high=result.high,
        open_low=result.open_low,
        open_high=result.open_high,
        note_zh=result.note_zh,
        note_en=result.note_en,
    )


def unit_text(value: Fraction, unit: str, threshold: Fraction | None = None) -> str:
    """Return a number with its unit as a person reads it; the text compares with `threshold` as the number does (U13).

    Ratios in percent with at least one decimal, times in the largest unit that leaves at least 1, rates per hour.
    """
    if unit == "1":
        return f"{percent_text(value, threshold)} %"
    if unit == "ms":
        name = _time_unit(value)
        limit = None if threshold is None else threshold / MS_PER_UNIT[name]
        return f"{_shortest(value / MS_PER_UNIT[name], limit)} {name}"
    if unit.endswith("/ms"):
        hour = MS_PER_UNIT["h"]
        limit = None if threshold is None else threshold * hour
        return f"{_shortest(value * hour, limit)} {_plain_unit(unit.removesuffix('/ms'))}/h"
    return f"{_shortest(value, threshold)} {_plain_unit(unit)}".rstrip()


def operand_text(operand: Operand) -> str:
    """Return a number put in, exactly: a time in the largest unit in which it is a short decimal."""
    value = operand.value
    if operand.unit == "ms":
        return _exact_time(value)
    if operand.unit == "1":
        return str(value) if value.denominator > 1 else str(value.numerator)
    return f"{_exact(value)} {_plain_unit(operand.unit)}".rstrip()


def exact_text(value: Fraction) -> str:
    """Return an exact fraction as text."""
    return str(value)


def with_value(figure: Figure, value: Ratio) -> Figure:
    """Return the figure with another value and no bounds."""
    return replace(figure, value=value, low=None, high=None, open_low=False, open_high=False)


def undefined_text(value: Undefined, language: str) -> str:
    """Return why there is no number."""
    return value.zh if language.startswith("zh") else value.en


def _time_unit(value: Fraction) -> str:
    for name in ("h", "min", "s"):
        if abs(value) >= MS_PER_UNIT[name]:
            return name
    return "ms"


def _exact_time(ms: Fraction) -> str:
    for name in ("h", "min", "s"):
        in_unit = ms / MS_PER_UNIT[name]
        if in_unit and abs(in_unit) >= 1 and (text := _decimal(in_unit, 2)) is not None:
            return f"{text} {name}"
    for name in ("min", "s"):
        if abs(ms) >= MS_PER_UNIT[name] and (text := _decimal(ms / MS_PER_UNIT[name], 4)):
            return f"{text} {name}"
    return f"{_exact(ms)} ms"


def _exact(value: Fraction) -> str:
    """Return a number exactly: as decimal if that is short, else as fraction."""
    return _decimal(value, 6) or str(value)


def _decimal(value: Fraction, most: int) -> str | None:
    """Return a number as decimal with as many places as it needs, None if it needs more than `most`."""
    for places in range(most + 1):
        if (value * 10**places).denominator == 1:
            return decimal_text(value, places)
    return None


def _shortest(value: Fraction, threshold: Fraction | None) -> str:
    """Return a number with two decimals, or with more if it is small, cut to what is needed if it is exact."""
    if threshold is None and (text := _decimal(value, 2)) is not None:
        return text
    places = 2
    while value and places < 9 and abs(value) * 10**places < 1000:
        places += 1
    return number_text(value, threshold, places)


def _plain_unit(unit: str) -> str:
    """Return a UCUM unit as it is usually written."""
    plain = {"{pieces}": "pcs", "{piece}": "pc", "{material}": "", "kW.h": "kWh", "W.h": "Wh"}
    head, slash, tail = unit.partition("/")
    return f"{plain.get(head, head)}{slash}{plain.get(tail, tail)}"
