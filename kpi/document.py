"""Reads a configuration document of version 1 or 2 (docs/formats/config-document.md) into one set of types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Final

from kpi.document_types import (
    ANY_VALUE,
    ELECTRICITY,
    PLAIN_COUNTER,
    STOP_KINDS,
    Asset,
    Calendar,
    CoefficientRow,
    Coefficients,
    ConfigDocument,
    Counter,
    CounterEvent,
    ExtraShift,
    Loop,
    Product,
    Shift,
    SignalSpec,
    StateRow,
    StateTable,
    Stop,
    StreamSpec,
)
from kpi.fields import Fields
from model.errors import ConfigError
from model.signal import ROLE_CLASS, Role, SignalClass, SignalType
from model.state import MachineState

__all__ = [
    "ANY_VALUE",
    "ELECTRICITY",
    "PLAIN_COUNTER",
    "STOP_KINDS",
    "Asset",
    "Calendar",
    "CoefficientRow",
    "Coefficients",
    "ConfigDocument",
    "Counter",
    "CounterEvent",
    "ExtraShift",
    "Loop",
    "Product",
    "Shift",
    "SignalSpec",
    "StateRow",
    "StateTable",
    "Stop",
    "StreamSpec",
    "parse_document",
]

_INPUTS: Final = (
    ("state",),
    ("state", "mode"),
    ("state", "order"),
    ("state", "mode", "order"),
)
_EVENT_KINDS: Final = ("replaced", "set")
_STATES: Final = tuple(s.value for s in MachineState)
_MOST_OFFSET_MIN: Final = 24 * 60


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
    version = root.integer("v", low=1)
    if version not in (1, 2):
        raise root.error("v", "version 1 or 2")
    second = version == 2
    site = root.child("site")
    document = ConfigDocument(
        assets=tuple(_asset(a, second=second) for a in root.children("assets")),
        calendar=_calendar(root.child("calendar"), second=second),
        enterprise=site.text("enterprise"),
        site_name=site.text("name"),
        workshop=site.text("workshop"),
        state_tables=tuple(_table(t, second=second) for t in root.children("state_tables")),
        streams=tuple(_stream(s, second=second) for s in root.children("streams")),
        coefficients=_coefficients(root.child("coefficients")) if second else Coefficients(),
        counter_events=tuple(_counter_event(e) for e in root.children("counter_events"))
        if second
        else (),
    )
    _check_tables(document)
    return document


def _check_tables(document: ConfigDocument) -> None:
    """Refuse a state table that is named and absent."""
    named = [(f"asset {a.id}", f"设备 {a.id}", a.state_table) for a in document.assets]
    named += [
        (f"signal {s.name} of {stream.id}", f"{stream.id} 的信号 {s.name}", s.table)
        for stream in document.streams
        for s in stream.signals
    ]
    for en, zh, table in named:
        if table and table not in document.table:
            raise ConfigError(
                f"configuration document: {en}: no state table {table!r}",
                f"配置文档：{zh}：没有状态表 {table!r}",
            )


def _asset(f: Fields, *, second: bool) -> Asset:
    start, end = f.pair("in_service")
    ideal = _ratio(f, "ideal_cycle_ms", positive=False)
    asset = Asset(
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
        ideal_cycle_ms=ideal,
        minor_stop_ms=f.integer("minor_stop_ms", low=0),
        in_service=(start, end),
        state_table=f.text("state_table"),
        debounce_ms=f.integer("debounce_ms", low=0) if second else 0,
        key_step=f.flag("key_step") if second else False,
        process_step=f.text("process_step") if second else "",
        product=f.text("product") if second else "",
        products=_products(f) if second else ((Product("", ideal),) if ideal > 0 else ()),
        loops=_loops(f) if second else (),
    )
    if asset.product and asset.product_of(asset.product) is None:
        raise f.error("product", "the id of one of its products, or an empty text")
    return asset


def _products(f: Fields) -> tuple[Product, ...]:
    found = tuple(
        Product(
            id=p.text("id"),
            ideal_cycle_ms=_ratio(p, "ideal_cycle_ms", positive=False),
            factor=p.integer("factor", low=1),
            weight=_ratio(p, "weight", positive=True),
        )
        for p in f.children("products")
    )
    ids = [p.id for p in found]
    if ids != sorted(set(ids), key=str.encode):
        raise f.error("products", "products with distinct ids in byte order")
    if "" in ids and len(ids) > 1:
        raise f.error("products", 'the id "" only as that of the only product')
    return found


def _loops(f: Fields) -> tuple[Loop, ...]:
    found = tuple(
        Loop(
            id=x.text("id"),
            mode=x.text("mode"),
            output=x.text("output"),
            auto=frozenset(x.texts("auto")),
            low=_signed_ratio(x, "low"),
            high=_signed_ratio(x, "high"),
        )
        for x in f.children("loops")
    )
    if len({x.id for x in found}) != len(found):
        raise f.error("loops", "loops with distinct ids")
    if any(x.low >= x.high for x in found):
        raise f.error("loops", "loops whose low is below their high")
    return found


def _calendar(f: Fields, *, second: bool) -> Calendar:
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
        offsets=_offsets(f) if second else ((0, f.integer("utc_offset_min")),),
        zone=f.text("zone"),
        extra=tuple(_extra(s) for s in f.children("extra")) if second else (),
    )


def _offsets(f: Fields) -> tuple[tuple[int, int], ...]:
    found = f.pairs("offsets")
    if not found or any(a >= b for (a, _), (b, _) in pairwise(found)):
        raise f.error("offsets", "at least one pair [from_ms, minutes], rising")
    if any(abs(minutes) > _MOST_OFFSET_MIN for _, minutes in found):
        raise f.error("offsets", "offsets of at most a day")
    return found


def _extra(f: Fields) -> ExtraShift:
    day = f.text("date")
    try:
        plain = date.fromisoformat(day).isoformat() == day
    except ValueError:
        plain = False
    if not plain:
        raise f.error("date", "a date YYYY-MM-DD")
    return ExtraShift(
        name=f.text("name"),
        date=day,
        from_min=f.integer("from_min", low=0),
        to_min=f.integer("to_min", low=0),
    )


def _table(f: Fields, *, second: bool) -> StateTable:
    other = MachineState(f.one_of("other", _STATES))
    if not second:
        known = {
            r.text("value"): MachineState(r.one_of("state", _STATES)) for r in f.children("map")
        }
        plain = tuple(StateRow((value,), state) for value, state in known.items())
        return StateTable(f.text("id"), plain, other, map=known, map_other=other)
    inputs = f.texts("inputs")
    if inputs not in _INPUTS:
        raise f.error("inputs", '"state", optionally followed by "mode" and "order"')
    rows = tuple(_row(r, len(inputs)) for r in f.children("map"))
    first, rest = _version_1_map(rows, other) if len(inputs) == 1 else ({}, other)
    return StateTable(f.text("id"), rows, other, inputs, first, rest)


def _row(f: Fields, inputs: int) -> StateRow:
    values = f.texts("values")
    if len(values) != inputs:
        raise f.error("values", f"{inputs} values, one per input")
    return StateRow(values, MachineState(f.one_of("state", _STATES)))


def _version_1_map(
    rows: tuple[StateRow, ...], other: MachineState
) -> tuple[dict[str, MachineState], MachineState]:
    """Return the rows of a table of one input as the map and the rest that say the same."""
    found: dict[str, MachineState] = {}
    for row in rows:
        if row.values[0] == ANY_VALUE:
            return found, row.state
        found.setdefault(row.values[0], row.state)
    return found, other


def _stream(f: Fields, *, second: bool) -> StreamSpec:
    name = f.text("id")
    fields = f.children("signals")
    signals = tuple(_signal(s, second=second) for s in fields)
    wrong = [s for s in signals if not name.endswith(f".{ROLE_CLASS[s.role].value}")]
    if wrong:
        raise f.error("id", f"a stream of the class of role {wrong[0].role.value}")
    main = {s.name: s for s in signals if not s.alternate_of}
    for place, signal in zip(fields, signals, strict=True):
        other = main.get(signal.alternate_of)
        counted = ROLE_CLASS[signal.role] in (SignalClass.COUNT, SignalClass.ENERGY)
        if signal.alternate_of and (other is None or other.role is not signal.role or not counted):
            raise place.error(
                "alternate_of", "a counter of the same device and role that is no alternate itself"
            )
    return StreamSpec(name, signals)


def _signal(f: Fields, *, second: bool) -> SignalSpec:
    return SignalSpec(
        name=f.text("name"),
        role=Role(f.one_of("role", tuple(r.value for r in Role))),
        type=SignalType(f.one_of("type", tuple(t.value for t in SignalType))),
        unit=f.text("unit"),
        scale=_ratio(f, "scale", positive=True),
        slot_ms=f.integer("slot_ms", low=1),
        deadline_ms=f.integer("deadline_ms", low=0),
        hold_ms=f.integer("hold_ms", low=0),
        required=f.flag("required"),
        counter=_counter(f.child("counter"), second=second) if f.has("counter") else None,
        alternate_of=f.text("alternate_of") if second else "",
        carrier=f.text("carrier") if second else "",
        table=f.text("table") if second else "",
    )


def _counter(f: Fields, *, second: bool) -> Counter:
    pieces, per_ms = f.pair("max_rate")
    modulus = f.text("modulus")
    if pieces < 0 or per_ms < 1:
        raise f.error("max_rate", "[pieces ≥ 0, ms ≥ 1]")
    if not (modulus.isascii() and modulus.isdigit()):
        raise f.error("modulus", "a decimal string")
    correction = f.integer("max_correction", low=0) if second else 0
    return Counter(f.integer("first"), int(modulus), pieces, per_ms, correction)


def _counter_event(f: Fields) -> CounterEvent:
    return CounterEvent(
        device=f.text("device"),
        signal=f.text("signal"),
        at_ms=f.integer("at_ms"),
        kind=f.one_of("kind", _EVENT_KINDS),
    )


def _coefficients(f: Fields) -> Coefficients:
    rows = tuple(
        CoefficientRow(
            carrier=r.text("carrier"),
            kgce=_ratio(r, "kgce", positive=False),
            unit=r.text("unit"),
        )
        for r in f.children("rows")
    )
    if len({r.carrier for r in rows}) != len(rows):
        raise f.error("rows", "one row per carrier")
    return Coefficients(f.text("id"), rows)


def _ratio(f: Fields, key: str, *, positive: bool) -> Fraction:
    num, den = f.pair(key)
    if num < int(positive) or den < 1:
        raise f.error(key, f"[num ≥ {int(positive)}, den ≥ 1]")
    return Fraction(num, den)


def _signed_ratio(f: Fields, key: str) -> Fraction:
    num, den = f.pair(key)
    if den < 1:
        raise f.error(key, "[num, den ≥ 1]")
    return Fraction(num, den)
