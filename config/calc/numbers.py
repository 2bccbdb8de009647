"""What a case may say that no machine says: order, people, maintenance, material, capability, operations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from config.base import ConfigModel, Duration, ExactNumber
from config.calc.equipment import Name
from config.calc.integers import Count


class OrdersCase(ConfigModel):
    """Numbers of an order, for indicators of ISO 22400-2 that no machine gives."""

    execution_time: Duration | None = None
    """AOET: actual order execution time."""
    busy_time: Duration | None = None
    """ΣAUBT over all work units of the order."""
    production_time: Duration | None = None
    """ΣAPT over all work units of the order."""
    produced: Count | None = None
    """PQ."""
    produced_first: Count | None = None
    """PQ of the first operation."""
    scrap: Count | None = None
    """SQ."""
    planned_scrap: ExactNumber | None = None
    """PSQ."""
    inspected: Count | None = None
    """IP: parts inspected."""
    good_first_pass: Count | None = None
    """GP: parts good at the first pass, by identity."""
    capacity: ExactNumber | None = None
    """Equipment production capacity; say in the note whether rated or greatest."""


class WorkersCase(ConfigModel):
    """Working times of people."""

    work: Duration | None = None
    """APWT: actual personnel work time."""
    attendance: Duration | None = None
    """APAT: actual personnel attendance time, without breaks."""


class MaintenanceCase(ConfigModel):
    """Times of maintenance."""

    corrective: Duration | None = None
    """CMT."""
    planned: Duration | None = None
    """PMT."""


class MaterialCase(ConfigModel):
    """Amounts of material, all in one unit."""

    consumed: ExactNumber | None = None
    """CM."""
    good: ExactNumber | None = None
    """GQ."""
    integrated_good: ExactNumber | None = None
    """IGQ."""
    production_loss: ExactNumber | None = None
    """PL."""
    storage_loss: ExactNumber | None = None
    """STL: lost in storage and transport."""
    other_loss: ExactNumber | None = None
    """OL."""
    throughput: ExactNumber | None = None
    """Throughput."""
    average_inventory: ExactNumber | None = None
    """Average inventory."""


class CapabilityCase(ConfigModel):
    """Measured values of one characteristic."""

    name: str = ""
    """Name of the characteristic."""
    kind: Literal["machine", "process"] = "process"
    """machine = Cm, Cmk; process = Cp, Cpk."""
    lower: ExactNumber
    """LSL."""
    upper: ExactNumber
    """USL."""
    values: Annotated[tuple[ExactNumber, ...], Field(min_length=1)]
    """Measured values."""


class OperationCase(ConfigModel):
    """One operation of a process, in order."""

    name: Name
    """Name."""
    inspected: Count
    """Parts that came in."""
    good: Count
    """Parts that passed without scrap and rework."""
