"""A case written by hand for the calculator: everything that it may hold (docs/calc.md)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from config.base import ConfigModel
from config.calc.energy import EnergyCase
from config.calc.equipment import CalendarCase, MachineCase, MachineFields, WindowCase
from config.calc.numbers import (
    CapabilityCase,
    MaintenanceCase,
    MaterialCase,
    OperationCase,
    OrdersCase,
    WorkersCase,
)
from config.calc.periods import PeriodsCase
from config.calc.plant import LoopCase, PointCase, ProcessRow, RegistryRow
from config.signal_models import Text

Written = Annotated[
    str,
    BeforeValidator(lambda v: str(v) if isinstance(v, int) and not isinstance(v, bool) else v),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}]}),
]
"""A number as it was printed, digits and unit included."""


class SourceCase(ConfigModel):
    """Where the numbers of a case come from."""

    author: str = ""
    """Author or body."""
    title: str
    """Title of the page or document."""
    address: str = ""
    """Address, if it is public."""
    read: str = ""
    """What was read of it, and what was not."""


class ExpectCase(ConfigModel):
    """A published figure; it agrees if ours, rounded to its digits, is the same."""

    figure: str
    """Figure: `school/indicator` or a metric id; with `machine:` before it and `@reading` behind it where needed."""
    value: Written
    """As printed: `71.2 %`, `0.70`, `41.67 h`."""
    note: Text | None = None
    """Why it differs, if it does."""


class RequireCase(ConfigModel):
    """A threshold for a figure."""

    figure: str
    """Figure, named as in `expect`."""
    at_least: Written | None = None
    """It must reach this …"""
    at_most: Written | None = None
    """… or stay below or at this."""

    @model_validator(mode="after")
    def _one(self) -> RequireCase:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("a threshold is at_least or at_most")
        return self


class CalcCase(MachineFields):
    """The whole case; one machine may be written at the top, several in `machines`."""

    title: Text | None = None
    """Title."""
    source: SourceCase | None = None
    """Where the numbers come from."""
    zone: str = "Asia/Shanghai"
    """Time zone of times without an offset."""
    day: date = Field(default=date(2026, 3, 2), alias="date")
    """Day of times without a date; a Monday where nothing is written."""
    window: WindowCase | None = None
    """Time that the figures are of; default: from the first to the last instant."""
    calendar: CalendarCase | None = None
    """When production was planned; without it, events give no figure that needs planned time."""
    machines: tuple[MachineCase, ...] = ()
    """Several machines."""
    group: bool = True
    """Whether the machines are also one group; false for alternatives."""
    orders: OrdersCase | None = None
    """Order."""
    workers: WorkersCase | None = None
    """People."""
    maintenance: MaintenanceCase | None = None
    """Maintenance."""
    material: MaterialCase | None = None
    """Material."""
    capability: tuple[CapabilityCase, ...] = ()
    """Measured characteristics."""
    operations: tuple[OperationCase, ...] = ()
    """Operations of a process."""
    devices: tuple[RegistryRow, ...] = ()
    """Registry of equipment."""
    processes: tuple[ProcessRow, ...] = ()
    """Processes of the registry."""
    points: tuple[PointCase, ...] = ()
    """Required points."""
    energy: EnergyCase | None = None
    """Energy."""
    loops: tuple[LoopCase, ...] = ()
    """Control loops."""
    periods: PeriodsCase | None = None
    """Before and after."""
    expect: tuple[ExpectCase, ...] = ()
    """Published figures."""
    require: tuple[RequireCase, ...] = ()
    """Thresholds."""

    @model_validator(mode="after")
    def _one_place_for_machines(self) -> CalcCase:
        if self.machines and self.model_fields_set & set(MachineFields.model_fields):
            raise ValueError("machines are written at the top or in `machines`, not both")
        return self

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as exc:
            raise ValueError("unknown time zone; write for example Asia/Shanghai") from exc
        return value


def case_schema() -> dict[str, Any]:
    """Return the JSON Schema of a case."""
    return CalcCase.model_json_schema()
