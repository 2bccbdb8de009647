"""Energy carriers and units of bills; ids and UCUM codes are those that coefficient tables use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from config.records.findings import Problem
from config.records.table import Context, Misfit, ReadRow

_MASS: Final = ("kg", "t")
_VOLUME: Final = ("m3", "10*4.m3")
_ENERGY: Final = ("MJ", "GJ")
_POWER: Final = ("kW.h", "MW.h", "10*4.kW.h")

UNIT_NAMES: Final = {
    "kW.h": "kWh",
    "MW.h": "MWh",
    "10*4.kW.h": "万kWh",
    "kg": "kg",
    "t": "吨",
    "m3": "立方米",
    "10*4.m3": "万立方米",
    "MJ": "MJ",
    "GJ": "GJ",
}
"""How a bill spells each unit code."""

_BY_VOLUME: Final = frozenset(
    (
        *("natural-gas", "coke-oven-gas", "compressed-air"),
        *("oxygen", "nitrogen", "carbon-dioxide", "acetylene"),
    )
)


def units_of(carrier: str) -> tuple[str, ...]:
    """Return the unit codes in which a carrier can be converted without a density or heating value."""
    if carrier == "electricity":
        return _POWER
    if carrier == "heat":
        return _ENERGY
    return _VOLUME if carrier in _BY_VOLUME else _MASS


@dataclass(frozen=True, slots=True)
class UnitOfCarrier:
    """The unit of a bill is one of its carrier."""

    def __call__(self, rows: Sequence[ReadRow], _context: Context, /) -> Iterator[Misfit]:
        """Yield every bill with a unit that its carrier is not counted in."""
        for r in rows:
            allowed = units_of(r.row.carrier)
            if r.row.unit in allowed:
                continue
            yield Misfit(
                r.line,
                "unit",
                Problem(
                    code="row.wrong-unit",
                    zh="该能源品种不能用这个单位折算",
                    en="this carrier cannot be converted from that unit",
                    hint_zh="改用 "
                    + "、".join(UNIT_NAMES[u] for u in allowed)
                    + "；按体积或其他单位计的，先按实测密度、热值换算并附依据",
                    hint_en="use "
                    + ", ".join(allowed)
                    + "; convert other units by measured density or heating value and attach the proof",
                ),
            )
