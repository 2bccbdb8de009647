"""What a case may say about energy: carriers, coefficients, registers, output."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import BeforeValidator, Field

from config.base import ConfigModel, ExactNumber
from config.calc.equipment import Name, Rate
from config.calc.integers import Count, Modulus, Ticks
from config.calc.moment import Moment
from kpi.energy.unit_energy import ReadingGrade
from kpi.energy.units import UNITS


def _unit(value: str) -> str:
    if value.strip() not in UNITS:
        raise ValueError("an energy unit is one of kWh, MWh, kJ, MJ, GJ, kg, t, m3, L, 万kWh, 万m3")
    return value.strip()


EnergyUnit = Annotated[str, BeforeValidator(lambda v: _unit(v) if isinstance(v, str) else v)]


class RatioChange(ConfigModel):
    """From an instant on, primary / secondary of the transformers together."""

    at: Moment | None = None
    """When; absent = from the beginning."""
    ratio: ExactNumber
    """`100/5`, or CT times VT."""


class RegisterCase(ConfigModel):
    """Readings of an energy register."""

    values: Annotated[tuple[tuple[Moment, Ticks], ...], Field(min_length=1)]
    """[instant, ticks]."""
    tick: Annotated[ExactNumber, Field(gt=0)] = Fraction(1)
    """Energy of one tick on the secondary side, in the unit of the use."""
    ratios: tuple[RatioChange, ...] = ()
    """Transformer ratios; a change makes two segments."""
    modulus: Modulus = 0
    """Number of distinct values; 0 = never rolls over."""
    max_rate: Rate = ""
    """Most ticks per time, like `2000/h`; default unlimited."""


class UseCase(ConfigModel):
    """One amount of one energy carrier."""

    carrier: Name
    """Carrier of the coefficient table."""
    unit: EnergyUnit
    """Unit of the amount."""
    amount: ExactNumber | None = None
    """Amount; absent without a register = not known."""
    source: str = ""
    """Meter or bill; default: the carrier."""
    grade: ReadingGrade = ReadingGrade.MEASURED
    """How it came about."""
    share: Annotated[ExactNumber, Field(gt=0, le=1)] = Fraction(1)
    """Part that belongs to the workshop."""
    share_rule: str = ""
    """The written rule of the share."""
    register_: RegisterCase | None = Field(default=None, alias="register")
    """Readings, instead of an amount."""


class OutputCase(ConfigModel):
    """Good output of one product."""

    product: str = ""
    """Product."""
    quantity: Count | None = None
    """Good pieces; absent = not known."""
    weight: Annotated[ExactNumber, Field(gt=0)] = Fraction(1)
    """Standard energy or time of a piece, relative."""


class EnergyPeriod(ConfigModel):
    """Energy and output of one period."""

    uses: Annotated[tuple[UseCase, ...], Field(min_length=1)]
    """Energy."""
    output: tuple[OutputCase, ...] = ()
    """Good output."""


class OwnCoefficient(ConfigModel):
    """A coefficient of the case's own table."""

    carrier: Name
    """Carrier."""
    unit: EnergyUnit
    """Per this unit."""
    kgce: Annotated[ExactNumber, Field(gt=0)]
    """kgce."""
    source: str
    """Where it comes from."""


class ChoiceCase(ConfigModel):
    """A value for a row that the table leaves open."""

    value: str
    """Name of a tabulated choice, or an exact number."""
    reason: str
    """Why, and from which document."""


class EnergyCase(ConfigModel):
    """Energy of one period, or of two under one table."""

    table: str = "gb-t-2589-2020-annex-a"
    """Coefficient table that ships with the project."""
    own_table: tuple[OwnCoefficient, ...] = ()
    """Own coefficients instead of a table."""
    choose: dict[str, ChoiceCase] = Field(default_factory=dict)
    """Choices by carrier."""
    period: EnergyPeriod | None = None
    """One period."""
    before: EnergyPeriod | None = None
    """Before …"""
    after: EnergyPeriod | None = None
    """… and after."""
