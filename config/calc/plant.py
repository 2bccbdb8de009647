"""What a case may say about the plant: registry of equipment, required points, control loops."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from pydantic import Field, model_validator

from config.base import ConfigModel, Duration, ExactNumber, PositiveDuration
from config.calc.equipment import Name
from config.calc.integers import Count, Factor
from config.calc.moment import Moment
from kpi.registry.automatic_control import Mode, UnitState
from kpi.registry.content import Acquisition, Control
from kpi.slots import Outcome
from model.signal import SignalClass


class RegistryRow(ConfigModel):
    """One asset of the registry (docs/registry.md); a flag that is not written is not stated."""

    id: Name
    """Id."""
    name: str = ""
    """Name."""
    asset_class: str = Field(default="", alias="class")
    """Class: cnc, robot, plc, meter, press, inspection, logistics, manual, auxiliary."""
    counts_as: Factor = 1
    """Sets (台套) that it counts as."""
    production: bool | None = None
    """Production equipment."""
    manufacturing: bool | None = None
    """Manufacturing equipment."""
    nc: bool | None = None
    """Numerically controlled."""
    nc_reason: str = ""
    """Why."""
    digital: bool | None = None
    """Digital production equipment."""
    smart: bool | None = None
    """Automated or intelligent."""
    networked: bool | None = None
    """Declared as networked."""
    observed: bool | None = None
    """Seen alive over the network (≥ 95 % of its slots, ≥ 14 days)."""
    key: bool | None = None
    """Key equipment."""
    key_reason: str = ""
    """Why."""
    processes: tuple[Name, ...] = ()
    """Ids of the processes that it carries out."""
    gateway: str = ""
    """Gateway that answers for it."""
    identity: str = ""
    """What the device says of itself."""


class ProcessRow(ConfigModel):
    """One process (工序)."""

    id: Name
    """Id."""
    name: str = ""
    """Name."""
    key: bool = False
    """Key process."""
    key_reason: str = ""
    """Why."""
    control: Control | None = None
    """How it is controlled."""


class MissedRow(ConfigModel):
    """A slot that was missed, and why."""

    at: Moment
    """Scheduled instant."""
    cause: Literal[
        "device", "network", "server", "item", "agent", "overload", "reconfigured", "planned"
    ]
    """Why."""


class ValueRow(ConfigModel):
    """A value of a point."""

    at: Moment
    """Source time."""
    received: Moment | None = None
    """When it came; absent = at once."""
    good: bool = True
    """Whether its quality was Good."""


class PointCase(ConfigModel):
    """A required point: its slots counted by outcome, or its values with their times."""

    asset: Name
    """Asset."""
    signal: Name
    """Signal."""
    kind: SignalClass = Field(alias="class")
    """Class."""
    slot: PositiveDuration
    """Length of a slot."""
    deadline: Duration | None = None
    """On time = received this long after the end of the slot; absent = one slot."""
    acquisition: Acquisition = Acquisition.AUTOMATIC
    """How it comes in."""
    process_data: bool = False
    """Data of the production process (生产工艺数据)."""
    slots: dict[Outcome, Count] | None = None
    """Slots by outcome."""
    values: tuple[ValueRow, ...] | None = None
    """Values with their times."""
    alive: tuple[Moment, ...] = ()
    """Instants at which the unchanged item was proven alive."""
    missed: tuple[MissedRow, ...] = ()
    """Missed slots with their cause."""

    @model_validator(mode="after")
    def _one_way(self) -> PointCase:
        rows = self.values is not None or self.alive or self.missed
        if self.slots is not None and rows:
            raise ValueError("a point has slots by outcome or values with times, not both")
        return self


class LoopCase(ConfigModel):
    """One control loop with what is known of it over the window."""

    id: Name
    """Id."""
    name: str = ""
    """Name."""
    unit: str = ""
    """Unit whose running time counts."""
    normally_automatic: bool = False
    """Whether it is meant to run in automatic."""
    low: ExactNumber = Fraction(0)
    """Lower end of the output."""
    high: ExactNumber = Fraction(100)
    """Upper end of the output."""
    modes: tuple[tuple[Moment, Mode], ...] = ()
    """[from, mode]."""
    running: tuple[tuple[Moment, UnitState], ...] = ()
    """[from, running | stopped | unknown]."""
    outputs: tuple[tuple[Moment, ExactNumber], ...] = ()
    """[instant, output]."""
    hold: PositiveDuration | None = None
    """How long a look at the output holds; default 5 min."""
