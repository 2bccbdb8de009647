"""The configuration document, versions 1 and 2, as claims read it (docs/formats/config-document.md), checked once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from evidence.document import ConfigDocument
from evidence.grammar import DECIMAL_INTEGER, MAX_INTEGER
from evidence.recompute.document_fields import (
    Fields,
    bad_document,
    date_of,
    integer_of,
    pair_of,
    require_rising,
)
from evidence.recompute.plant_model import (
    COUNTER_ROLES,
    Asset,
    Calendar,
    Coefficient,
    Coefficients,
    CounterEvent,
    CounterRule,
    ExtraShift,
    Loop,
    Plant,
    PlantSignal,
    Product,
    Shift,
    StateRow,
    StateTable,
    Stop,
)
from evidence.refusal import Refusal
from model.signal import Role, SignalType
from model.state import MachineState

__all__ = [
    "Asset",
    "Calendar",
    "CounterRule",
    "Plant",
    "PlantSignal",
    "Shift",
    "Stop",
    "counting_stops",
    "parse_plant",
]

_VERSIONS: Final = (1, 2)
_INPUTS: Final = (("state",), ("state", "mode"), ("state", "order"), ("state", "mode", "order"))
_LONGEST_MINUTES: Final = 10_080
_DAY_MINUTES: Final = 1440


def parse_plant(document: ConfigDocument) -> Plant:
    """Return the typed document.

    Raises `Refusal`: kind "document" for a missing or impossible value, "unknown-kind" for a later version.
    """
    top = Fields(document.content, "document")
    version = _version(top)
    assets = [_asset(item, version) for item in top.objects("assets", "asset")]
    require_rising(assets, "assets", lambda asset: (asset.id,))
    streams = {
        item.text("id"): _signals(item, version) for item in top.objects("streams", "stream")
    }
    if version == 1:
        coefficients, events = Coefficients("", {}), []
    else:
        coefficients = _coefficients(top.inner("coefficients"))
        events = [_event(item) for item in top.objects("counter_events", "counter event")]
        require_rising(events, "counter_events", lambda event: event)
    return Plant(
        {asset.id: asset for asset in assets},
        _tables(top, version),
        _calendar(top.inner("calendar"), version),
        streams,
        coefficients,
        _by_signal(events),
        {stream: _by_role(signals.values()) for stream, signals in streams.items()},
    )


def _version(top: Fields) -> int:
    version = top.integer("v", low=1)
    if version not in _VERSIONS:
        raise Refusal(
            "unknown-kind",
            f"configuration document: version {version} is not known to this verifier",
            f"配置文档：本版验证程序不认识版本 {version}",
        )
    return version


def _asset(item: Fields, version: int) -> Asset:
    start, end = item.pair("in_service", low=-MAX_INTEGER, den=0)
    cycle = item.fraction("ideal_cycle_ms")
    first = Asset(
        id=item.text("id"),
        counts_as=item.integer("counts_as", low=1),
        ideal_cycle=cycle,
        service=(start, end or None),
        minor_stop_ms=item.integer("minor_stop_ms", low=0),
        nc=item.flag("nc"),
        networked=item.flag("networked"),
        production=item.flag("production"),
        state_table=item.text("state_table"),
        smart=item.flag("smart"),
        key=item.flag("key"),
        products=(Product("", cycle),) if cycle > 0 else (),
    )
    if version == 1:
        return first
    products = [_product(fields) for fields in item.objects("products", "product")]
    require_rising(products, f"products of {first.id}", lambda product: (product.id,))
    loops = [_loop(fields) for fields in item.objects("loops", "loop")]
    if len({loop.id for loop in loops}) != len(loops):
        raise bad_document(f"two loops of {first.id} have one id")
    return replace(
        first,
        key_step=item.flag("key_step"),
        process_step=item.text("process_step"),
        debounce_ms=item.integer("debounce_ms", low=0),
        product=item.text("product"),
        products=tuple(products),
        loops=tuple(loops),
    )


def _product(item: Fields) -> Product:
    return Product(
        item.text("id"),
        item.fraction("ideal_cycle_ms"),
        item.integer("factor", low=1),
        item.fraction("weight"),
    )


def _loop(item: Fields) -> Loop:
    low = item.fraction("low", low=-MAX_INTEGER)
    high = item.fraction("high", low=-MAX_INTEGER)
    if low >= high:
        raise bad_document(f"limits of loop {item.text('id')[:60]!r}")
    return Loop(
        item.text("id"),
        item.text("mode"),
        frozenset(item.texts("auto")),
        item.text("output"),
        low,
        high,
    )


def _tables(top: Fields, version: int) -> dict[str, StateTable]:
    tables = [_table(item, version) for item in top.objects("state_tables", "state table")]
    if version > 1:
        require_rising(tables, "state_tables", lambda table: (table[0],))
    return dict(tables)


def _table(item: Fields, version: int) -> tuple[str, StateTable]:
    inputs: tuple[str, ...] = ("state",)
    if version > 1:
        inputs = item.texts("inputs")
        if inputs not in _INPUTS:
            raise bad_document(f"inputs of state table {item.text('id')[:60]!r}")
    rows = []
    for entry in item.objects("map", "state table entry"):
        values = (entry.text("value"),) if version == 1 else entry.texts("values")
        if len(values) != len(inputs):
            raise bad_document(f"a row of state table {item.text('id')[:60]!r} has other inputs")
        rows.append(StateRow(values, _state(entry.text("state"))))
    other = _state(item.text("other"))
    return item.text("id"), StateTable(inputs, tuple(rows), other, literal=version == 1)


def _state(text: str) -> MachineState:
    try:
        return MachineState(text)
    except ValueError as error:
        raise bad_document(f"state {text[:40]!r} is not known") from error


def _signals(item: Fields, version: int) -> dict[str, PlantSignal]:
    stream = item.text("id")
    signals = {
        signal.name: signal
        for signal in (
            _signal(stream, fields, version) for fields in item.objects("signals", "signal")
        )
    }
    for signal in signals.values():
        if signal.alternate_of:
            main = signals.get(signal.alternate_of)
            if signal.role not in COUNTER_ROLES or main is None or main.role is not signal.role:
                raise bad_document(f"{stream} {signal.name} is the alternate of no counter like it")
            if main.alternate_of:
                raise bad_document(f"{stream} {signal.name} is the alternate of an alternate")
    return signals


def _signal(stream: str, item: Fields, version: int) -> PlantSignal:
    try:
        role, kind = Role(item.text("role")), SignalType(item.text("type"))
    except ValueError as error:
        raise bad_document(f"role or type of signal {item.text('name')}") from error
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
        _counter(item.inner("counter"), version) if item.has("counter") else CounterRule(),
        item.text("unit"),
        *(item.text(key) if version > 1 else "" for key in ("alternate_of", "carrier", "table")),
    )


def _counter(rule: Fields, version: int) -> CounterRule:
    modulus = rule.text("modulus")
    if len(modulus) > 30 or DECIMAL_INTEGER.fullmatch(modulus) is None or int(modulus) < 0:
        raise bad_document(f"modulus {modulus[:40]!r}")
    pieces, ms = rule.pair("max_rate", low=0, den=1)
    return CounterRule(
        rule.integer("first", low=-MAX_INTEGER),
        pieces,
        ms,
        int(modulus),
        rule.integer("max_correction", low=0) if version > 1 else 0,
    )


def _calendar(item: Fields, version: int) -> Calendar:
    if version == 1:
        offset = item.integer("utc_offset_min", low=-_DAY_MINUTES, high=_DAY_MINUTES)
        changes: list[tuple[int, int]] = []
        extra: list[ExtraShift] = []
    else:
        (_, offset), *changes = _offsets(item)
        extra = [_extra(fields) for fields in item.objects("extra", "extra shift")]
    return Calendar(
        offset,
        item.integer("day_start_min", low=0, high=2 * _DAY_MINUTES),
        frozenset(item.items("holidays", date_of)),
        tuple(map(_shift, item.objects("shifts", "shift"))),
        tuple(item.items("breaks", lambda pair: _minutes(pair_of(pair, 0, 0, "break")))),
        tuple(map(_stop, item.objects("stops", "stop"))),
        tuple(changes),
        tuple(extra),
        item.text("zone") if item.has("zone") else "",
    )


def _offsets(item: Fields) -> list[tuple[int, int]]:
    offsets = item.items(
        "offsets", lambda pair: pair_of(pair, -MAX_INTEGER, -_DAY_MINUTES, "offset")
    )
    if not offsets or any(minutes > _DAY_MINUTES for _, minutes in offsets):
        raise bad_document("offsets of the calendar")
    require_rising(offsets, "offsets", lambda offset: (offset[0],))
    return offsets


def _minutes(pair: tuple[int, int]) -> tuple[int, int]:
    if not pair[0] <= pair[1] <= _LONGEST_MINUTES:
        raise bad_document(f"minutes {pair[0]} to {pair[1]}")
    return pair


def _shift(item: Fields) -> Shift:
    start, end = _minutes((item.integer("from_min", low=0), item.integer("to_min", low=0)))
    weekdays = item.items("weekdays", lambda day: integer_of(day, 1, "weekday", 7))
    return Shift(start, end, frozenset(weekdays), item.text("name"))


def _extra(item: Fields) -> ExtraShift:
    start, end = _minutes((item.integer("from_min", low=0), item.integer("to_min", low=0)))
    return ExtraShift(date_of(item.get("date")), start, end, item.text("name"))


def _stop(item: Fields) -> Stop:
    kind = item.text("kind")
    if kind not in ("pm", "brk", "off"):
        raise bad_document(f"stop kind {kind[:40]!r}")
    return Stop(
        item.text("asset"),
        item.integer("from_ms", low=0),
        kind,
        item.integer("to_ms", low=0),
    )


def _coefficients(item: Fields) -> Coefficients:
    rows = [
        (row.text("carrier"), Coefficient(row.fraction("kgce"), row.text("unit")))
        for row in item.objects("rows", "coefficient")
    ]
    require_rising(rows, "coefficients", lambda row: (row[0],))
    return Coefficients(item.text("id"), dict(rows))


def _event(item: Fields) -> CounterEvent:
    kind = item.text("kind")
    if kind not in ("replaced", "set"):
        raise bad_document(f"counter event {kind[:40]!r}")
    return CounterEvent(
        item.text("device"), item.text("signal"), item.integer("at_ms", low=-MAX_INTEGER)
    )


def _by_role(signals: Iterable[PlantSignal]) -> Mapping[Role, tuple[PlantSignal, ...]]:
    found: dict[Role, list[PlantSignal]] = {}
    for signal in signals:
        if not signal.alternate_of:
            found.setdefault(signal.role, []).append(signal)
    return {role: tuple(own) for role, own in found.items()}


def _by_signal(events: Sequence[CounterEvent]) -> Mapping[tuple[str, str], tuple[int, ...]]:
    found: dict[tuple[str, str], list[int]] = {}
    for event in events:
        found.setdefault((event.device, event.signal), []).append(event.at_ms)
    return {key: tuple(instants) for key, instants in found.items()}


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
