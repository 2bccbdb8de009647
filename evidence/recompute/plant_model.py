"""What a configuration document says, as types; one of version 1 reads as one of version 2 (config-document.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Final, NamedTuple

from model.signal import Role, SignalType
from model.state import MachineState

COUNTER_ROLES: Final = frozenset(
    {
        Role.COUNT_GOOD,
        Role.COUNT_SCRAP,
        Role.COUNT_TOTAL,
        Role.COUNT_REWORK,
        Role.ENERGY,
        Role.CONSUMPTION,
    }
)
"""Roles whose readings only grow, and which may have an alternate signal."""
ANY: Final = "*"
"""Value of a state table that every input fits, known or not."""


@dataclass(frozen=True, slots=True)
class CounterRule:
    """How a counter may move. max_rate: (pieces, ms), (0, 1) = not limited; modulus 0 = never rolls over."""

    first: int = 0
    pieces: int = 0
    ms: int = 1
    modulus: int = 0
    max_correction: int = 0
    """Largest step back that is a correction, 0 = none."""

    @property
    def limited(self) -> bool:
        """Return whether a highest rate is stated."""
        return (self.pieces, self.ms) != (0, 1)


@dataclass(frozen=True, slots=True)
class PlantSignal:
    """One signal of one stream in one configuration.

    alternate_of: name of the signal that counts the same, "" = this one is added. carrier: key of a coefficient row.
    table: id of its own state table, "" = that of the asset.
    """

    stream: str
    name: str
    role: Role
    type: SignalType
    scale: tuple[int, int]
    required: bool
    slot_ms: int
    deadline_ms: int
    hold_ms: int
    counter: CounterRule
    unit: str = "1"
    alternate_of: str = ""
    carrier: str = ""
    table: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """One product of an asset. ideal_cycle: ms a piece, 0 = none; factor: pieces that one count stands for."""

    id: str
    ideal_cycle: Fraction
    factor: int = 1
    weight: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Loop:
    """A control loop. automatic: texts of mode values that count; output: "" = none; low < high: its limits."""

    id: str
    mode: str
    automatic: frozenset[str]
    output: str
    low: Fraction
    high: Fraction


@dataclass(frozen=True, slots=True)
class Asset:
    """One entry of the registry. service: [from, to) in Unix ms, to = None for an open end.

    ideal_cycle: for the algorithms of version 1 alone; the others take that of the product.
    """

    id: str
    counts_as: int
    ideal_cycle: Fraction
    service: tuple[int, int | None]
    minor_stop_ms: int
    nc: bool
    networked: bool
    production: bool
    state_table: str
    smart: bool = False
    key: bool = False
    key_step: bool = False
    process_step: str = ""
    debounce_ms: int = 0
    product: str = ""
    products: tuple[Product, ...] = ()
    loops: tuple[Loop, ...] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """Minutes from local midnight of a date whose ISO weekday is in `weekdays`."""

    start: int
    end: int
    weekdays: frozenset[int]
    name: str = ""


@dataclass(frozen=True, slots=True)
class ExtraShift:
    """An ad-hoc shift: minutes from local midnight of one date, a holiday or not."""

    date: date
    start: int
    end: int
    name: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Stop:
    """A declared stop of one asset or of all (`*`), in Unix ms."""

    asset: str
    start: int
    kind: str
    end: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """Shifts, breaks and stops.

    Local time = UTC + offset_min before the first of `changes`, which are (from Unix ms, offset in minutes), rising.
    """

    offset_min: int
    day_start_min: int
    holidays: frozenset[date]
    shifts: tuple[Shift, ...]
    breaks: tuple[tuple[int, int], ...]
    stops: tuple[Stop, ...]
    changes: tuple[tuple[int, int], ...] = ()
    extra: tuple[ExtraShift, ...] = ()
    zone: str = ""
    """Name of the time zone: nothing is computed from it."""

    def fixed_at(self, instant: int) -> Calendar:
        """Return the calendar with the one offset that is in force at `instant` (algorithms of version 1)."""
        offset = self.offset_min
        for start, minutes in self.changes:
            if start <= instant:
                offset = minutes
        return replace(self, offset_min=offset, changes=())


class StateRow(NamedTuple):
    """One row of a state table: fits if each of `values` is `*` or the input itself."""

    values: tuple[str, ...]
    state: MachineState


class StateTable:
    """A state table: the first row that fits gives the state, none gives `other`.

    inputs: "state", perhaps followed by "mode" and "order". plain, plain_other: what the algorithms of version 1 look
    the text of a state up in; for them a table with further inputs maps everything to `other`. literal: the document
    is of version 1, for whose algorithms `*` is a text like any other and the last of two equal values counts.
    """

    __slots__ = ("_masks", "inputs", "other", "plain", "plain_other", "rows")

    def __init__(
        self,
        inputs: tuple[str, ...],
        rows: tuple[StateRow, ...],
        other: MachineState,
        *,
        literal: bool = False,
    ) -> None:
        self.inputs = inputs
        self.rows = rows
        self.other = other
        self.plain: dict[str, MachineState] = {}
        self.plain_other = other
        self._masks: dict[tuple[bool, ...], dict[tuple[str, ...], tuple[int, MachineState]]] = {}
        for number, (values, state) in enumerate(rows):
            mask = tuple(value != ANY for value in values)
            fixed = tuple(value for value in values if value != ANY)
            self._masks.setdefault(mask, {}).setdefault(fixed, (number, state))
        if literal:
            self.plain = {values[0]: state for values, state in rows}
        elif len(inputs) == 1:
            for values, state in rows:
                if values[0] == ANY:
                    self.plain_other = state
                    break
                self.plain.setdefault(values[0], state)

    def state(self, values: tuple[str | None, ...]) -> MachineState:
        """Return the state of one input text each, None for an input that fits nothing but `*`."""
        best: tuple[int, MachineState] | None = None
        for mask, rows in self._masks.items():
            fixed = tuple(value for value, is_fixed in zip(values, mask, strict=True) if is_fixed)
            row = rows.get(fixed)  # type: ignore[arg-type]  # None is no key of the table
            if row is not None and (best is None or row[0] < best[0]):
                best = row
        return self.other if best is None else best[1]


class CounterEvent(NamedTuple):
    """A registered replacement or setting of a counter."""

    device: str
    signal: str
    at_ms: int


class Coefficient(NamedTuple):
    """Standard coal equivalent of one `unit` of an energy carrier, in kg."""

    kgce: Fraction
    unit: str


@dataclass(frozen=True, slots=True)
class Coefficients:
    """An editioned table of coefficients, by carrier."""

    id: str
    rows: Mapping[str, Coefficient]


@dataclass(frozen=True, slots=True, eq=False)
class Plant:
    """One configuration document. signals: by stream and name, in the order of the document."""

    assets: Mapping[str, Asset]
    tables: Mapping[str, StateTable]
    calendar: Calendar
    signals: Mapping[str, Mapping[str, PlantSignal]]
    coefficients: Coefficients
    counter_events: Mapping[tuple[str, str], tuple[int, ...]]
    """Instants of the events by (device, signal), ascending."""
    roles: Mapping[str, Mapping[Role, tuple[PlantSignal, ...]]]
    """Signals by stream and role, in stream order, without alternates."""

    def of_role(self, stream: str, role: Role) -> tuple[PlantSignal, ...]:
        """Return the signals of `role` in `stream`, in stream order, without alternates."""
        return self.roles.get(stream, {}).get(role, ())

    def first_of_role(self, stream: str, role: Role) -> str | None:
        """Return the name of the first signal of `role` in `stream`."""
        own = self.of_role(stream, role)
        return own[0].name if own else None

    def has_role(self, stream: str, role: Role) -> bool:
        """Return whether `stream` has a signal of `role`."""
        return bool(self.of_role(stream, role))

    def table_of(self, asset: str, signal: PlantSignal) -> str:
        """Return the id of the state table of a state signal: its own, else that of the asset, "" if none is there."""
        entry = self.assets.get(asset)
        if entry is None:
            return ""
        table = signal.table or entry.state_table
        return table if table in self.tables else ""
