"""The configuration document (docs/formats/config-document.md) as frozen types: all that a figure depends on.

Both versions of the document become these types; a version 1 document has the values that the page gives in brackets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Final

from model.signal import ROLE_CLASS, Role, SignalClass, SignalType
from model.state import MachineState

STOP_KINDS: Final = ("pm", "brk", "off")
ANY_VALUE: Final = "*"
"""Stands in a row of a state table for every value, a missing one too."""
ELECTRICITY: Final = "electricity"
"""Carrier of an energy register that names none."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Rules of one counter or energy register, in readings (after scale)."""

    first: int
    """Value after a reset."""
    modulus: int
    """Number of distinct values; 0 = never rolls over."""
    pieces: int
    """Most pieces (or Wh) …"""
    per_ms: int
    """… in so many milliseconds; [0, 1] = not limited."""
    max_correction: int = 0
    """Largest step back that is a correction; 0 = none."""

    @property
    def limited(self) -> bool:
        """Return whether a highest rate is stated."""
        return (self.pieces, self.per_ms) != (0, 1)


PLAIN_COUNTER: Final = Counter(0, 0, 0, 1)
"""Rules of a signal without `counter`: no rollover, no limit."""


@dataclass(frozen=True, slots=True)
class SignalSpec:
    """One signal of a stream."""

    name: str
    role: Role
    type: SignalType
    unit: str
    scale: Fraction
    slot_ms: int
    deadline_ms: int
    hold_ms: int
    required: bool
    counter: Counter | None
    alternate_of: str = ""
    """Signal of the same device that counts the same: this one is compared with it, never added."""
    carrier: str = ""
    """Key of a coefficient row; empty = electricity."""
    table: str = ""
    """Id of the state table of this signal; empty = that of the asset."""

    @property
    def rules(self) -> Counter:
        """Return the counter rules, plain ones if none are configured."""
        return self.counter or PLAIN_COUNTER


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """One stream: a device and a class, with its signals in the order of the frame's signal column."""

    id: str
    signals: tuple[SignalSpec, ...]

    @property
    def device(self) -> str:
        """Return the id of the asset."""
        return self.id.rpartition(".")[0]

    @property
    def signal_class(self) -> SignalClass:
        """Return the class."""
        return SignalClass(self.id.rpartition(".")[2])


@dataclass(frozen=True, slots=True)
class StateRow:
    """One row of a state table: the state of the inputs that fit all its values."""

    values: tuple[str, ...]
    """One text per input; `ANY_VALUE` fits everything."""
    state: MachineState

    def fits(self, inputs: Sequence[str | None]) -> bool:
        """Return whether the inputs fit; None (unknown, absent or without spelling) fits only `ANY_VALUE`."""
        return all(v in (ANY_VALUE, x) for v, x in zip(self.values, inputs, strict=True))


@dataclass(frozen=True, slots=True)
class StateTable:
    """Named mapping of raw state values, with mode and order if it asks for them, to canonical states."""

    id: str
    rows: tuple[StateRow, ...]
    """The first row that fits is taken."""
    other: MachineState
    inputs: tuple[str, ...] = ("state",)
    """"state", optionally followed by "mode" and "order"."""
    map: Mapping[str, MachineState] = field(default_factory=dict)
    """State of a value for the algorithms of version 1."""
    map_other: MachineState = MachineState.UNKNOWN
    """State of a value that `map` does not list, for the algorithms of version 1."""

    def state_of(self, inputs: Sequence[str | None]) -> MachineState:
        """Return the state of one text per input; raises ValueError for another number of inputs."""
        return next((r.state for r in self.rows if r.fits(inputs)), self.other)


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift of the weekly pattern: minutes from local midnight, `to_min` may exceed 1440."""

    name: str
    from_min: int
    to_min: int
    weekdays: frozenset[int]
    """1 = Monday … 7 = Sunday, of the local date on which it starts."""


@dataclass(frozen=True, slots=True)
class ExtraShift:
    """One shift on one local date, on holidays too."""

    name: str
    date: str
    """YYYY-MM-DD."""
    from_min: int
    to_min: int


@dataclass(frozen=True, slots=True, order=True)
class Stop:
    """A planned stop; all four values identify it."""

    asset: str
    """Asset id, or * for all."""
    from_ms: int
    kind: str
    """pm, brk or off."""
    to_ms: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """When the workshop means to produce."""

    breaks: tuple[tuple[int, int], ...]
    day_start_min: int
    holidays: frozenset[str]
    """Local dates YYYY-MM-DD on which no shift of the weekly pattern starts."""
    shifts: tuple[Shift, ...]
    stops: tuple[Stop, ...]
    offsets: tuple[tuple[int, int], ...]
    """(from_ms, minutes ahead of UTC), rising; the first also holds for all time before. Never empty."""
    zone: str
    extra: tuple[ExtraShift, ...] = ()

    @property
    def week_days(self) -> int:
        """Return the number of weekdays that have a shift, 0…7."""
        return len(frozenset[int]().union(*(s.weekdays for s in self.shifts)))

    @property
    def utc_offset_min(self) -> int:
        """Return the first offset: the only one of a zone without daylight saving."""
        return self.offsets[0][1]

    def offset_min_at(self, x: int) -> int:
        """Return the minutes ahead of UTC at the instant x (Unix ms)."""
        found = self.offsets[0][1]
        for start, minutes in self.offsets:
            if start > x:
                break
            found = minutes
        return found

    def of_version_1(self, x: int) -> Calendar:
        """Return the calendar that an algorithm of version 1 reads: the offset at x for all time."""
        offset = self.offset_min_at(x)
        if self.offsets == ((0, offset),):
            return self
        return replace(self, offsets=((0, offset),))


@dataclass(frozen=True, slots=True)
class Product:
    """What an asset can make."""

    id: str
    """Empty = the only product of an asset that names none."""
    ideal_cycle_ms: Fraction
    """Exact milliseconds a piece; 0 = none."""
    factor: int = 1
    """Pieces that one count stands for (cavities, packs)."""
    weight: Fraction = Fraction(1)
    """Standard energy or time of a piece, relative."""


@dataclass(frozen=True, slots=True)
class Loop:
    """One control loop."""

    id: str
    mode: str
    """Signal of role loop_mode."""
    output: str
    """Signal of role loop_output, or empty."""
    auto: frozenset[str]
    """Texts of the mode that count as automatic."""
    low: Fraction
    high: Fraction
    """Limits of the output, after scale; low < high."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One device of the registry, connected or not."""

    id: str
    name: str
    asset_class: str
    production: bool
    nc: bool
    networked: bool
    smart: bool
    key: bool
    counts_as: int
    energy_of: tuple[str, ...]
    ideal_cycle_ms: Fraction
    """Exact milliseconds a piece, for the algorithms oee-iso22400/1 and before-after/1; 0 = none."""
    minor_stop_ms: int
    in_service: tuple[int, int]
    """Half-open in Unix ms; the end 0 = open."""
    state_table: str
    """Id of a state table, or empty."""
    debounce_ms: int = 0
    """A known state shorter than this joins the one before it."""
    key_step: bool = False
    """Whether it serves a key process."""
    process_step: str = ""
    """Name of the process step, or empty."""
    product: str = ""
    """Product made while no product signal says another, or empty."""
    products: tuple[Product, ...] = ()
    """Sorted by id; one with id "" if and only if the asset names none."""
    loops: tuple[Loop, ...] = ()

    def in_service_within(self, start_ms: int, end_ms: int) -> tuple[int, int]:
        """Return the part of [start, end) in which the asset is in service; empty = (start, start)."""
        start = max(start_ms, self.in_service[0])
        end = min(end_ms, self.in_service[1]) if self.in_service[1] else end_ms
        return (start, end) if start < end else (start_ms, start_ms)

    def product_of(self, name: str) -> Product | None:
        """Return the product with an id, None if the asset lists no such product."""
        return next((p for p in self.products if p.id == name), None)


@dataclass(frozen=True, slots=True)
class CoefficientRow:
    """Standard coal of one unit of an energy carrier."""

    carrier: str
    kgce: Fraction
    """kgce a unit, at least 0."""
    unit: str
    """UCUM code."""


@dataclass(frozen=True, slots=True)
class Coefficients:
    """The one table of coefficients of a plant."""

    id: str = ""
    rows: tuple[CoefficientRow, ...] = ()

    def row(self, carrier: str) -> CoefficientRow | None:
        """Return the row of a carrier, None if there is none."""
        return next((r for r in self.rows if r.carrier == carrier), None)


@dataclass(frozen=True, slots=True)
class CounterEvent:
    """A counter was replaced by another, or set by hand: what it shows afterwards continues nothing."""

    device: str
    signal: str
    at_ms: int
    kind: str
    """replaced or set."""


@dataclass(frozen=True)
class ConfigDocument:
    """One version of the configuration."""

    assets: tuple[Asset, ...]
    calendar: Calendar
    enterprise: str
    site_name: str
    workshop: str
    state_tables: tuple[StateTable, ...]
    streams: tuple[StreamSpec, ...]
    coefficients: Coefficients = Coefficients()
    counter_events: tuple[CounterEvent, ...] = ()

    @cached_property
    def asset(self) -> Mapping[str, Asset]:
        """Return assets by id."""
        return {a.id: a for a in self.assets}

    @cached_property
    def stream(self) -> Mapping[str, StreamSpec]:
        """Return streams by id."""
        return {s.id: s for s in self.streams}

    @cached_property
    def table(self) -> Mapping[str, StateTable]:
        """Return state tables by id."""
        return {t.id: t for t in self.state_tables}

    @cached_property
    def signal(self) -> Mapping[tuple[str, str], SignalSpec]:
        """Return signals by (stream id, signal name)."""
        return {(s.id, x.name): x for s in self.streams for x in s.signals}

    def signals_of(
        self, asset: str, role: Role, *, alternates: bool = False
    ) -> tuple[SignalSpec, ...]:
        """Return the signals of one role of an asset in stream order; empty if it has none.

        alternates: whether signals that are only compared with another one are among them.
        """
        stream = self.stream.get(f"{asset}.{ROLE_CLASS[role].value}")
        if stream is None:
            return ()
        return tuple(
            s for s in stream.signals if s.role is role and (alternates or not s.alternate_of)
        )
