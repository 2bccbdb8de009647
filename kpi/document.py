"""The configuration document (docs/formats/config-document.md) as frozen types: all that a figure depends on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final

from kpi.fields import Fields
from model.errors import ConfigError
from model.signal import ROLE_CLASS, Role, SignalClass, SignalType
from model.state import MachineState

STOP_KINDS: Final = ("pm", "brk", "off")


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
class StateTable:
    """Named mapping of raw state values to canonical states."""

    id: str
    map: Mapping[str, MachineState]
    other: MachineState


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift of the weekly pattern: minutes from local midnight, `to_min` may exceed 1440."""

    name: str
    from_min: int
    to_min: int
    weekdays: frozenset[int]
    """1 = Monday … 7 = Sunday, of the local date on which it starts."""


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
    """When the workshop means to produce. Local time is UTC plus one fixed offset."""

    breaks: tuple[tuple[int, int], ...]
    day_start_min: int
    holidays: frozenset[str]
    """Local dates YYYY-MM-DD on which no shift starts."""
    shifts: tuple[Shift, ...]
    stops: tuple[Stop, ...]
    utc_offset_min: int
    zone: str

    @property
    def week_days(self) -> int:
        """Return the number of weekdays that have a shift, 0…7."""
        return len(frozenset[int]().union(*(s.weekdays for s in self.shifts)))


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
    """Exact milliseconds a piece; 0 = none."""
    minor_stop_ms: int
    in_service: tuple[int, int]
    """Half-open in Unix ms; the end 0 = open."""
    state_table: str
    """Id of a state table, or empty."""

    def in_service_within(self, start_ms: int, end_ms: int) -> tuple[int, int]:
        """Return the part of [start, end) in which the asset is in service; empty = (start, start)."""
        start = max(start_ms, self.in_service[0])
        end = min(end_ms, self.in_service[1]) if self.in_service[1] else end_ms
        return (start, end) if start < end else (start_ms, start_ms)


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

    def state_table_of(self, asset: str) -> StateTable | None:
        """Return the state table of an asset, None if the asset is absent or has none."""
        found = self.asset.get(asset)
        return self.table.get(found.state_table) if found else None

    def signals_of(self, asset: str, role: Role) -> tuple[SignalSpec, ...]:
        """Return the signals of one role of an asset in stream order; empty if it has none."""
        stream = self.stream.get(f"{asset}.{ROLE_CLASS[role].value}")
        return tuple(s for s in stream.signals if s.role is role) if stream else ()


def parse_document(source: bytes | Mapping[str, object]) -> ConfigDocument:
    """Return the typed configuration document of canonical JSON bytes or the parsed object.

    Raises ConfigError that names the path and the value seen.
    """
    if isinstance(source, bytes):
        try:
            source = json.loads(source)
        except ValueError as error:
            raise ConfigError(
                f"configuration document: not JSON: {error}", f"配置文档：不是 JSON：{error}"
            ) from error
    root = Fields.of(source, "configuration document")
    if root.integer("v", low=1) != 1:
        raise root.error("v", "version 1")
    site = root.child("site")
    document = ConfigDocument(
        assets=tuple(_asset(a) for a in root.children("assets")),
        calendar=_calendar(root.child("calendar")),
        enterprise=site.text("enterprise"),
        site_name=site.text("name"),
        workshop=site.text("workshop"),
        state_tables=tuple(_table(t) for t in root.children("state_tables")),
        streams=tuple(_stream(s) for s in root.children("streams")),
    )
    for asset in document.assets:
        if asset.state_table and asset.state_table not in document.table:
            raise ConfigError(
                f"configuration document: asset {asset.id}: no state table {asset.state_table!r}",
                f"配置文档：设备 {asset.id}：没有状态表 {asset.state_table!r}",
            )
    return document


def _asset(f: Fields) -> Asset:
    start, end = f.pair("in_service")
    num, den = f.pair("ideal_cycle_ms")
    if num < 0 or den < 1:
        raise f.error("ideal_cycle_ms", "[num ≥ 0, den ≥ 1]")
    return Asset(
        id=f.text("id"),
        name=f.text("name"),
        asset_class=f.text("class"),
        production=f.flag("production"),
        nc=f.flag("nc"),
        networked=f.flag("networked"),
        smart=f.flag("smart"),
        key=f.flag("key"),
        counts_as=f.integer("counts_as", low=1),
        energy_of=f.texts("energy_of"),
        ideal_cycle_ms=Fraction(num, den),
        minor_stop_ms=f.integer("minor_stop_ms", low=0),
        in_service=(start, end),
        state_table=f.text("state_table"),
    )


def _calendar(f: Fields) -> Calendar:
    shifts = tuple(
        Shift(
            name=s.text("name"),
            from_min=s.integer("from_min", low=0),
            to_min=s.integer("to_min", low=0),
            weekdays=frozenset(s.integers("weekdays")),
        )
        for s in f.children("shifts")
    )
    stops = tuple(
        Stop(
            asset=s.text("asset"),
            from_ms=s.integer("from_ms"),
            kind=s.one_of("kind", STOP_KINDS),
            to_ms=s.integer("to_ms"),
        )
        for s in f.children("stops")
    )
    return Calendar(
        breaks=f.pairs("breaks"),
        day_start_min=f.integer("day_start_min"),
        holidays=frozenset(f.texts("holidays")),
        shifts=shifts,
        stops=stops,
        utc_offset_min=f.integer("utc_offset_min"),
        zone=f.text("zone"),
    )


def _table(f: Fields) -> StateTable:
    states = tuple(s.value for s in MachineState)
    return StateTable(
        id=f.text("id"),
        map={r.text("value"): MachineState(r.one_of("state", states)) for r in f.children("map")},
        other=MachineState(f.one_of("other", states)),
    )


def _stream(f: Fields) -> StreamSpec:
    name = f.text("id")
    signals = tuple(_signal(s) for s in f.children("signals"))
    wrong = [s for s in signals if not name.endswith(f".{ROLE_CLASS[s.role].value}")]
    if wrong:
        raise f.error("id", f"a stream of the class of role {wrong[0].role.value}")
    return StreamSpec(name, signals)


def _signal(f: Fields) -> SignalSpec:
    num, den = f.pair("scale")
    if num < 1 or den < 1:
        raise f.error("scale", "[num ≥ 1, den ≥ 1]")
    return SignalSpec(
        name=f.text("name"),
        role=Role(f.one_of("role", tuple(r.value for r in Role))),
        type=SignalType(f.one_of("type", tuple(t.value for t in SignalType))),
        unit=f.text("unit"),
        scale=Fraction(num, den),
        slot_ms=f.integer("slot_ms", low=1),
        deadline_ms=f.integer("deadline_ms", low=0),
        hold_ms=f.integer("hold_ms", low=0),
        required=f.flag("required"),
        counter=_counter(f.child("counter")) if f.has("counter") else None,
    )


def _counter(f: Fields) -> Counter:
    pieces, per_ms = f.pair("max_rate")
    modulus = f.text("modulus")
    if pieces < 0 or per_ms < 1:
        raise f.error("max_rate", "[pieces ≥ 0, ms ≥ 1]")
    if not (modulus.isascii() and modulus.isdigit()):
        raise f.error("modulus", "a decimal string")
    return Counter(f.integer("first"), int(modulus), pieces, per_ms)
