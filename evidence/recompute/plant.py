"""The configuration document as claims read it (docs/formats/config-document.md), checked once and typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TypeVar

from evidence.canonical import Json
from evidence.document import ConfigDocument
from evidence.grammar import DECIMAL_INTEGER
from evidence.refusal import Refusal
from model.signal import Role, SignalType
from model.state import MachineState

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CounterRule:
    """How a counter may move. max_rate: (pieces, ms), (0, 1) = not limited; modulus 0 = never rolls over."""

    first: int = 0
    pieces: int = 0
    ms: int = 1
    modulus: int = 0

    @property
    def limited(self) -> bool:
        """Return whether a highest rate is stated."""
        return (self.pieces, self.ms) != (0, 1)


@dataclass(frozen=True, slots=True)
class PlantSignal:
    """One signal of one stream in one configuration."""

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


@dataclass(frozen=True, slots=True)
class Asset:
    """One entry of the registry. service: [from, to) in Unix ms, to = None for an open end."""

    id: str
    counts_as: int
    ideal_cycle: Fraction
    service: tuple[int, int | None]
    minor_stop_ms: int
    nc: bool
    networked: bool
    production: bool
    state_table: str


@dataclass(frozen=True, slots=True)
class Shift:
    """Minutes from local midnight of a date whose ISO weekday is in `weekdays`."""

    start: int
    end: int
    weekdays: frozenset[int]


@dataclass(frozen=True, slots=True, order=True)
class Stop:
    """A declared stop of one asset or of all (`*`), in Unix ms."""

    asset: str
    start: int
    kind: str
    end: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """Shifts, breaks and stops; local time = UTC + offset_min."""

    offset_min: int
    day_start_min: int
    holidays: frozenset[date]
    shifts: tuple[Shift, ...]
    breaks: tuple[tuple[int, int], ...]
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Plant:
    """One configuration document. signals: by stream, in stream order of the document."""

    assets: Mapping[str, Asset]
    tables: Mapping[str, tuple[Mapping[str, MachineState], MachineState]]
    calendar: Calendar
    signals: Mapping[str, Mapping[str, PlantSignal]]

    def first_of_role(self, stream: str, role: Role) -> str | None:
        """Return the name of the first signal of `role` in `stream`."""
        for name, signal in self.signals.get(stream, {}).items():
            if signal.role is role:
                return name
        return None

    def has_role(self, stream: str, role: Role) -> bool:
        """Return whether `stream` has a signal of `role`."""
        return self.first_of_role(stream, role) is not None


def parse_plant(document: ConfigDocument) -> Plant:
    """Return the typed document; raises `Refusal` (kind "document") for a missing or impossible value."""
    top = _Fields(document.content, "document")
    assets = [_asset(item) for item in top.objects("assets", "asset")]
    tables = dict(_table(item) for item in top.objects("state_tables", "state table"))
    ids = [asset.id for asset in assets]
    if ids != sorted(set(ids)):
        raise _bad("assets are not sorted by id")
    return Plant(
        {asset.id: asset for asset in assets},
        tables,
        _calendar(top.inner("calendar")),
        {str(item.get("id")): _signals(item) for item in top.objects("streams", "stream")},
    )


class _Fields:
    """Typed access to one object of the document."""

    def __init__(self, fields: Mapping[str, Json], what: str) -> None:
        self._fields = fields
        self._what = what

    def get(self, key: str) -> Json:
        if key not in self._fields:
            raise _bad(f"{self._what} lacks {key!r}")
        return self._fields[key]

    def has(self, key: str) -> bool:
        return key in self._fields

    def text(self, key: str) -> str:
        return _typed(self.get(key), str, f"{self._what} {key}")

    def flag(self, key: str) -> bool:
        return _typed(self.get(key), bool, f"{self._what} {key}")

    def integer(self, key: str, *, low: int) -> int:
        return _integer(self.get(key), low, f"{self._what} {key}")

    def pair(self, key: str, *, low: int, den: int) -> tuple[int, int]:
        return _pair(self.get(key), low, den, f"{self._what} {key}")

    def items(self, key: str, convert: Callable[[Json], T]) -> list[T]:
        value = self.get(key)
        if not isinstance(value, list):
            raise _bad(f"{self._what} {key} is no list")
        return [convert(item) for item in value]

    def inner(self, key: str) -> _Fields:
        return _fields(self.get(key), key)

    def objects(self, key: str, what: str) -> list[_Fields]:
        return self.items(key, lambda item: _fields(item, what))


def _fields(value: Json, what: str) -> _Fields:
    if not isinstance(value, Mapping):
        raise _bad(f"{what} is no object")
    return _Fields(value, what)


def _typed(value: Json, kind: type[T], what: str) -> T:
    if not isinstance(value, kind):
        raise _bad(f"{what} is no {kind.__name__}")
    return value


def _integer(value: Json, low: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise _bad(f"{what} holds {str(value)[:40]}")
    return value


def _pair(value: Json, low: int, den: int, what: str) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise _bad(f"{what} is no pair")
    return _integer(value[0], low, what), _integer(value[1], den, what)


def _asset(item: _Fields) -> Asset:
    start, end = item.pair("in_service", low=-(2**53), den=0)
    num, den = item.pair("ideal_cycle_ms", low=0, den=1)
    return Asset(
        item.text("id"),
        item.integer("counts_as", low=0),
        Fraction(num, den),
        (start, end or None),
        item.integer("minor_stop_ms", low=0),
        item.flag("nc"),
        item.flag("networked"),
        item.flag("production"),
        item.text("state_table"),
    )


def _table(item: _Fields) -> tuple[str, tuple[Mapping[str, MachineState], MachineState]]:
    entries = {
        entry.text("value"): _state(entry.text("state"))
        for entry in item.objects("map", "state table entry")
    }
    return item.text("id"), (entries, _state(item.text("other")))


def _state(text: str) -> MachineState:
    try:
        return MachineState(text)
    except ValueError as error:
        raise _bad(f"state {text[:40]!r} is not known") from error


def _signals(item: _Fields) -> dict[str, PlantSignal]:
    stream = item.text("id")
    return {
        signal.name: signal
        for signal in (_signal(stream, fields) for fields in item.objects("signals", "signal"))
    }


def _signal(stream: str, item: _Fields) -> PlantSignal:
    counter = CounterRule()
    if item.has("counter"):
        rule = item.inner("counter")
        modulus = rule.text("modulus")
        if DECIMAL_INTEGER.fullmatch(modulus) is None or len(modulus) > 30 or int(modulus) < 0:
            raise _bad(f"modulus {modulus[:40]!r}")
        pieces, ms = rule.pair("max_rate", low=0, den=1)
        counter = CounterRule(rule.integer("first", low=-(2**53)), pieces, ms, int(modulus))
    try:
        role, kind = Role(item.text("role")), SignalType(item.text("type"))
    except ValueError as error:
        raise _bad(f"role or type of signal {item.text('name')}") from error
    return PlantSignal(
        stream,
        item.text("name"),
        role,
        kind,
        item.pair("scale", low=1, den=1),
        item.flag("required"),
        item.integer("slot_ms", low=1),
        item.integer("deadline_ms", low=0),
        item.integer("hold_ms", low=0),
        counter,
    )


def _calendar(item: _Fields) -> Calendar:
    return Calendar(
        item.integer("utc_offset_min", low=-1440),
        item.integer("day_start_min", low=0),
        frozenset(item.items("holidays", _date)),
        tuple(map(_shift, item.objects("shifts", "shift"))),
        tuple(item.items("breaks", lambda pair: _minutes(_pair(pair, 0, 0, "break")))),
        tuple(map(_stop, item.objects("stops", "stop"))),
    )


def _date(value: Json) -> date:
    text = _typed(value, str, "holiday")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise _bad(f"holiday {text[:40]!r}") from error
    if day.isoformat() != text:
        raise _bad(f"holiday {text[:40]!r}")
    return day


def _minutes(pair: tuple[int, int]) -> tuple[int, int]:
    if not pair[0] <= pair[1] <= 10_080:
        raise _bad(f"minutes {pair[0]} to {pair[1]}")
    return pair


def _shift(item: _Fields) -> Shift:
    start, end = _minutes((item.integer("from_min", low=0), item.integer("to_min", low=0)))
    weekdays = item.items("weekdays", lambda day: _integer(day, 1, "weekday"))
    return Shift(start, end, frozenset(weekdays))


def _stop(item: _Fields) -> Stop:
    kind = item.text("kind")
    if kind not in ("pm", "brk", "off"):
        raise _bad(f"stop kind {kind[:40]!r}")
    return Stop(
        item.text("asset"),
        item.integer("from_ms", low=0),
        kind,
        item.integer("to_ms", low=0),
    )


def _bad(en: str) -> Refusal:
    return Refusal("document", f"configuration document: {en}", f"配置文档不合要求：{en}")


def counting_stops(
    plants: Sequence[tuple[int, Plant]], first_block_from: Callable[[int], int | None]
) -> frozenset[Stop]:
    """Return the stops that were registered before they start.

    plants: (config entry index, document) in log order. first_block_from: entry index of the first block whose slot
    is at least the given one, None if there is none. A stop is its quadruple: any change makes a new stop.
    """
    first_seen: dict[Stop, int] = {}
    for entry, plant in plants:
        for stop in plant.calendar.stops:
            first_seen.setdefault(stop, entry)
    counting = set()
    for stop, entry in first_seen.items():
        block = first_block_from(stop.start // 60_000)
        if block is None or entry < block:
            counting.add(stop)
    return frozenset(counting)
