"""What a case says about machines, as frozen records of whole milliseconds and counts; nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kpi.document_types import Calendar, Counter, Product, Stop
from model.signal import Role
from model.state import Atom, MachineState


@dataclass(frozen=True, slots=True)
class Split:
    """Time of one category of a school that several atoms share, and nobody says how."""

    name: str
    """As the school calls it."""
    ms: int
    atoms: tuple[Atom, ...]
    """At least two."""


@dataclass(frozen=True, slots=True)
class TimeInput:
    """Time of one machine, given as sums."""

    atoms: Mapping[Atom, int]
    """All 14; what is in a split is in none of them."""
    splits: tuple[Split, ...] = ()
    whole: bool = False
    """Whether the sums are all of calendar time, so that a figure may be formed over it."""


@dataclass(frozen=True, slots=True)
class StateSpan:
    """A state from one instant to another, by one source; of overlapping spans the one of the lower layer counts."""

    layer: int
    start_ms: int
    end_ms: int
    state: MachineState


@dataclass(frozen=True, slots=True)
class ProductSpan:
    """From an instant on, a product."""

    start_ms: int
    product: str


@dataclass(frozen=True, slots=True)
class PieceInput:
    """Pieces of one product; a count of None is not known."""

    product: str
    made: int | None
    good: int | None
    scrap: int | None
    rework: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterInput:
    """Readings of one counter, rising in time."""

    name: str
    role: Role
    rules: Counter
    hold_ms: int
    values: tuple[tuple[int, int], ...]
    """(instant in Unix ms, reading)."""
    events: tuple[tuple[int, str], ...] = ()
    """(instant, replaced or set)."""
    restarts: tuple[int, ...] = ()
    """Instants at which the device is proven to have begun anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineInput:
    """One machine of a case."""

    id: str
    """"" = the only machine of a case that names none."""
    time: TimeInput | None = None
    spans: tuple[StateSpan, ...] = ()
    making: tuple[ProductSpan, ...] = ()
    products: tuple[Product, ...] = ()
    """By id."""
    product: str = ""
    pieces: tuple[PieceInput, ...] = ()
    counters: tuple[CounterInput, ...] = ()
    failures: int | None = None
    repairs: int | None = None
    repair_ms: int | None = None
    minor_stop_ms: int = 300_000
    debounce_ms: int = 0


@dataclass(frozen=True, slots=True)
class PlanInput:
    """When production was meant to be."""

    calendar: Calendar
    registered: Mapping[Stop, int] = field(default_factory=dict)
    """Instant at which a stop was registered; a stop that is not here was so from the beginning."""


@dataclass(frozen=True, slots=True)
class WindowInput:
    """Whole minutes, half-open in Unix ms."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EquipmentInput:
    """All machines of a case."""

    machines: tuple[MachineInput, ...]
    window: WindowInput | None = None
    """None = nothing in the case has a time."""
    plan: PlanInput | None = None
    """None = no calendar: what is planned is not known."""
    group: bool = True
    """Whether the machines together are one group with figures of its own."""
