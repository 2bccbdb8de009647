"""Units of energy carriers with exact factors; spelled in UCUM, with the spellings of Chinese bills accepted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from model.errors import ConfigError


class Dimension(StrEnum):
    """What a unit measures; only units of one dimension convert into each other."""

    ENERGY = "energy"
    MASS = "mass"
    VOLUME = "volume"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit and its size in MJ, kg or m3."""

    code: str
    dimension: Dimension
    size: Fraction


_UNITS: Final = (
    Unit("W.h", Dimension.ENERGY, Fraction(36, 10_000)),
    Unit("kW.h", Dimension.ENERGY, Fraction(36, 10)),
    Unit("MW.h", Dimension.ENERGY, Fraction(3600)),
    Unit("10*4.kW.h", Dimension.ENERGY, Fraction(36_000)),
    Unit("kJ", Dimension.ENERGY, Fraction(1, 1000)),
    Unit("MJ", Dimension.ENERGY, Fraction(1)),
    Unit("GJ", Dimension.ENERGY, Fraction(1000)),
    Unit("kg", Dimension.MASS, Fraction(1)),
    Unit("t", Dimension.MASS, Fraction(1000)),
    Unit("10*4.t", Dimension.MASS, Fraction(10_000_000)),
    Unit("L", Dimension.VOLUME, Fraction(1, 1000)),
    Unit("m3", Dimension.VOLUME, Fraction(1)),
    Unit("10*4.m3", Dimension.VOLUME, Fraction(10_000)),
)
_SPELLINGS: Final = {
    "W.h": ("Wh", "瓦时"),
    "kW.h": ("kWh", "kwh", "KWH", "千瓦时", "度"),
    "MW.h": ("MWh", "兆瓦时"),
    "10*4.kW.h": ("万kWh", "万千瓦时", "万度"),
    "kJ": ("千焦",),
    "MJ": ("兆焦",),
    "GJ": ("吉焦", "百万千焦"),
    "kg": ("千克", "公斤"),
    "t": ("吨",),
    "10*4.t": ("万吨",),
    "L": ("l", "升"),
    "m3": ("m³", "Nm3", "Nm³", "立方米", "方"),
    "10*4.m3": ("万m3", "万m³", "万立方米", "万方"),
}
UNITS: Final = {u.code: u for u in _UNITS} | {
    other: u for u in _UNITS for other in _SPELLINGS[u.code]
}
"""Unit by any of its spellings."""


def unit_of(text: str) -> Unit:
    """Return the unit of a spelling; raises ConfigError that lists the known ones."""
    found = UNITS.get(text.strip())
    if found is None:
        known = ", ".join(u.code for u in _UNITS)
        chinese = "、".join((_SPELLINGS[u.code] or (u.code,))[-1] for u in _UNITS)
        raise ConfigError(
            f"unit {text!r} is not known; write one of {known}",
            f"不认识单位“{text}”；请写 {chinese} 之一",
        )
    return found


def factor(from_unit: str, to_unit: str) -> Fraction:
    """Return how many of `to_unit` one `from_unit` is, exactly; raises ConfigError if they measure different things."""
    a, b = unit_of(from_unit), unit_of(to_unit)
    if a.dimension is not b.dimension:
        raise ConfigError(
            f"{from_unit} ({a.dimension.value}) cannot be converted to {to_unit} ({b.dimension.value})",
            f"单位 {from_unit} 不能换算为 {to_unit}（量纲不同）",
        )
    return a.size / b.size
