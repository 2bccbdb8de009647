"""One figure of a case, whatever it is about: what is printed, written as JSON and compared with a published one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from kpi.display import decimal_text, number_text, percent_text
from kpi.equipment.indicator import Operand, Result
from model.ratio import Ratio

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


def operand_texts(operands: Sequence[Operand]) -> list[str]:
    """Return numbers put in, exactly; all times in one unit, the largest in which each is a short decimal."""
    unit = _common_unit([o.value for o in operands if o.unit == "ms"])
    return [_operand(o, unit) for o in operands]


def time_text(ms: Fraction | int) -> str:
    """Return one exact time as a person reads it."""
    return operand_texts([Operand("", Fraction(ms), "ms")])[0]


def _operand(operand: Operand, unit: str) -> str:
    value = operand.value
    if operand.unit == "ms":
        return f"{_exact(value / MS_PER_UNIT[unit])} {unit}" if value else "0"
    if operand.unit == "1":
        return str(value)
    return f"{_exact(value)} {_plain_unit(operand.unit)}".rstrip()


def _common_unit(times: Sequence[Fraction]) -> str:
    """Return the largest unit in which all times are decimals of two places and at least 1, else of four, else ms.

    Times that are no decimals in any unit are fractions in that of the others.
    """
    known = [abs(t) for t in times if t]
    written = [t for t in known if _decimal(t, 12) is not None]
    if not written:
        return _time_unit(min(known, default=Fraction(0)))
    for places, least in ((2, 1), (4, 0)):
        for name in ("h", "min", "s"):
            size = MS_PER_UNIT[name]
            whole = all((t / size * 10**places).denominator == 1 for t in written)
            if whole and all(t >= size * least for t in known):
                return name
    return "ms"


def _time_unit(value: Fraction) -> str:
    for name in ("h", "min", "s"):
        if abs(value) >= MS_PER_UNIT[name]:
            return name
    return "ms"


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
