"""Checked plant → signal table and configuration document (`docs/formats/config-document.md`)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from config.base import milliseconds
from config.document_version import lowest_version
from config.loader import LoadedDevice, LoadedPlant, LoadedSignal
from config.signal_models import CounterConfig, SignalConfig, StateTableConfig
from config.zone_offsets import zone_offsets
from evidence.canonical import encode
from kpi.document_types import Coefficients
from model.errors import ConfigError
from model.signal import Role, Signal, SignalTable

_PIECES = (Role.COUNT_GOOD, Role.COUNT_SCRAP, Role.COUNT_TOTAL, Role.COUNT_REWORK)
_COUNTERS = (*_PIECES, Role.ENERGY, Role.CONSUMPTION)
_RATE = re.compile(r"([0-9]+)\s*/\s*([0-9]*)\s*(s|min|h)")
_MS = {"s": 1000, "min": 60_000, "h": 3_600_000}


@dataclass(frozen=True, slots=True)
class PlantDocument:
    """The configuration document as hashed bytes, and the signal table that numbers its signals."""

    table: SignalTable
    bytes: bytes
    sha256: str


def plant_document(plant: LoadedPlant) -> PlantDocument:
    """Return document and signal table of a plant; equal plants give equal bytes."""
    signals = [
        _signal(device.config.id, loaded.config)
        for device in plant.devices
        for loaded in device.signals
    ]
    table = SignalTable.of(signals)
    specs = {
        (device.config.id, loaded.config.name): _signal_json(device, loaded)
        for device in plant.devices
        for loaded in device.signals
    }
    streams = [
        {
            "id": stream,
            "signals": [specs[(s.device, s.name)] for s in table.signals if s.stream == stream],
        }
        for stream in table.streams
    ]
    tables = _state_tables(plant)
    document: dict[str, Any] = {
        "v": 2,
        "assets": [_asset(d) for d in sorted(plant.devices, key=lambda d: d.config.id)],
        "calendar": _calendar(plant),
        "coefficients": _coefficients(plant.coefficients),
        "counter_events": _counter_events(plant),
        "site": {
            "enterprise": plant.config.site.enterprise,
            "name": plant.config.site.name,
            "workshop": plant.config.site.workshop,
        },
        "state_tables": [_table(tables[name]) for name in sorted(tables)],
        "streams": streams,
    }
    data = encode(lowest_version(document))
    return PlantDocument(table, data, hashlib.sha256(data).hexdigest())


def _signal(device: str, config: SignalConfig) -> Signal:
    return Signal(
        device=device,
        name=config.name,
        role=config.role,
        type=config.type,
        unit=config.unit,
        scale=config.scale,
        slot_ms=milliseconds(config.slot),
        deadline_ms=milliseconds(config.deadline),
        hold_ms=milliseconds(config.hold),
        required=config.required,
    )


def _signal_json(device: LoadedDevice, loaded: LoadedSignal) -> dict[str, Any]:
    config = loaded.config
    result: dict[str, Any] = {
        "alternate_of": config.alternate_of,
        "carrier": config.carrier,
        "deadline_ms": milliseconds(config.deadline),
        "hold_ms": milliseconds(config.hold),
        "name": config.name,
        "required": config.required,
        "role": config.role.value,
        "scale": _pair(config.scale),
        "slot_ms": milliseconds(config.slot),
        "table": loaded.state_table.id if loaded.state_table is not None else "",
        "type": config.type.value,
        "unit": config.unit,
    }
    if config.role in _COUNTERS:
        counter = config.counter or CounterConfig()
        result["counter"] = {
            "first": counter.first,
            "max_correction": counter.max_correction,
            "max_rate": list(_max_rate(counter, config.role, _shortest_count(device))),
            "modulus": str(counter.modulus),
        }
    return result


def _shortest_count(device: LoadedDevice) -> Fraction | None:
    """Return the least ideal ms between two counts of a device; None if it has no ideal cycle."""
    cycles = [p.ideal_cycle * p.factor for p in device.config.products if p.ideal_cycle]
    if device.config.ideal_cycle:
        cycles.append(device.config.ideal_cycle)
    return min(cycles, default=None)


def _max_rate(counter: CounterConfig, role: Role, cycle: Fraction | None) -> tuple[int, int]:
    """Return (counts, ms); (0, 1) = not limited. Default 1.5 / shortest ideal cycle (kpi-audit U6)."""
    if counter.max_rate in ("", "unlimited"):
        if counter.max_rate == "unlimited" or role not in _PIECES or cycle is None:
            return 0, 1
        return 3 * cycle.denominator, 2 * cycle.numerator
    match = _RATE.fullmatch(counter.max_rate.strip())
    if match is None:
        raise ConfigError(
            f"max_rate '{counter.max_rate}' is not a rate like 3/min or 5000/h",
            f"max_rate“{counter.max_rate}”不是速率，例如 3/min 或 5000/h",
        )
    return int(match[1]), int(match[2] or 1) * _MS[match[3]]


def _state_tables(plant: LoadedPlant) -> dict[str, StateTableConfig]:
    """Return every table that a device or signal uses, by id."""
    used = [d.state_table for d in plant.devices]
    used += [s.state_table for d in plant.devices for s in d.signals]
    return {t.id: t for t in used if t is not None}


def _table(table: StateTableConfig) -> dict[str, Any]:
    return {
        "id": table.id,
        "inputs": list(table.inputs),
        "map": [{"state": r.state.value, "values": list(r.values)} for r in table.all_rows()],
        "other": table.other.value,
    }


def _asset(device: LoadedDevice) -> dict[str, Any]:
    config = device.config
    has_state = any(s.config.role is Role.STATE for s in device.signals)
    return {
        "class": config.asset_class.value,
        "counts_as": config.counts_as,
        "debounce_ms": milliseconds(config.debounce),
        "energy_of": sorted(config.energy_of),
        "id": config.id,
        "ideal_cycle_ms": _pair(config.ideal_cycle or Fraction(0)),
        "in_service": [_ms(config.in_service_from), _ms(config.in_service_to)],
        "key": config.key,
        "key_step": config.key_step,
        "loops": [
            {
                "auto": sorted(set(x.auto)),
                "high": _pair(x.high),
                "id": x.id,
                "low": _pair(x.low),
                "mode": x.mode,
                "output": x.output,
            }
            for x in sorted(config.loops, key=lambda x: x.id)
        ],
        "minor_stop_ms": milliseconds(config.minor_stop),
        "name": config.name,
        "nc": config.nc,
        "networked": config.networked,
        "process_step": config.process_step,
        "product": config.product,
        "production": config.production,
        "products": _products(device),
        "smart": config.smart,
        "state_table": device.state_table.id if device.state_table and has_state else "",
    }


def _products(device: LoadedDevice) -> list[dict[str, Any]]:
    """Return the products of a device: one without a name if it lists none but has an ideal cycle."""
    config = device.config
    if not config.products:
        return [_product("", config.ideal_cycle, 1, Fraction(1))] if config.ideal_cycle else []
    listed = sorted(config.products, key=lambda p: p.id.encode())
    return [_product(p.id, p.ideal_cycle, p.factor, p.weight) for p in listed]


def _product(name: str, cycle: Fraction | None, factor: int, weight: Fraction) -> dict[str, Any]:
    ideal = _pair(cycle or Fraction(0))
    return {"factor": factor, "id": name, "ideal_cycle_ms": ideal, "weight": _pair(weight)}


def _coefficients(table: Coefficients) -> dict[str, Any]:
    rows = sorted(table.rows, key=lambda r: r.carrier.encode())
    return {
        "id": table.id,
        "rows": [{"carrier": r.carrier, "kgce": _pair(r.kgce), "unit": r.unit} for r in rows],
    }


def _counter_events(plant: LoadedPlant) -> list[dict[str, Any]]:
    events = sorted(plant.config.counter_events, key=lambda e: (e.device, e.signal, e.at))
    return [
        {"at_ms": _ms(e.at), "device": e.device, "kind": e.kind, "signal": e.signal} for e in events
    ]


def _pair(value: Fraction) -> list[int]:
    return [value.numerator, value.denominator]


def _ms(instant: datetime | None) -> int:
    """Return Unix milliseconds of an instant with offset; 0 if absent."""
    return 0 if instant is None else int(instant.timestamp() * 1000)


def _calendar(plant: LoadedPlant) -> dict[str, Any]:
    calendar = plant.config.calendar
    return {
        "breaks": [[b.start, _end(b.start, b.end)] for b in calendar.breaks],
        "day_start_min": calendar.day_start,
        "extra": [
            {
                "date": s.date.isoformat(),
                "from_min": s.start,
                "name": s.name,
                "to_min": _end(s.start, s.end),
            }
            for s in calendar.extra
        ],
        "holidays": [day.isoformat() for day in sorted(calendar.holidays)],
        "offsets": [list(x) for x in zone_offsets(plant.config.site.zone)],
        "shifts": [
            {
                "from_min": s.start,
                "name": s.name,
                "to_min": _end(s.start, s.end),
                "weekdays": sorted(set(s.weekdays)),
            }
            for s in calendar.shifts
        ],
        "stops": [
            {"asset": s.asset, "from_ms": _ms(s.start), "kind": s.kind, "to_ms": _ms(s.end)}
            for s in calendar.stops
        ],
        "zone": plant.config.site.zone,
    }


def _end(start: int, end: int) -> int:
    return end if end > start else end + 1440
