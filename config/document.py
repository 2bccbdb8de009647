"""Checked plant → signal table and configuration document (`docs/formats/config-document.md`)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from config.base import milliseconds
from config.loader import LoadedDevice, LoadedPlant
from config.models import CounterConfig, SignalConfig
from evidence.canonical import encode
from model.errors import ConfigError
from model.signal import Role, Signal, SignalTable

_COUNTERS = (Role.COUNT_GOOD, Role.COUNT_SCRAP, Role.COUNT_TOTAL, Role.ENERGY)
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
        (device.config.id, loaded.config.name): _signal_json(device, loaded.config)
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
    tables = {d.state_table.id: d.state_table for d in plant.devices if d.state_table is not None}
    document: dict[str, Any] = {
        "v": 1,
        "assets": [_asset(d) for d in sorted(plant.devices, key=lambda d: d.config.id)],
        "calendar": _calendar(plant),
        "site": {
            "enterprise": plant.config.site.enterprise,
            "name": plant.config.site.name,
            "workshop": plant.config.site.workshop,
        },
        "state_tables": [
            {
                "id": table_id,
                "map": [
                    {"state": state.value, "value": value}
                    for value, state in sorted(tables[table_id].map.items())
                ],
                "other": tables[table_id].other.value,
            }
            for table_id in sorted(tables)
        ],
        "streams": streams,
    }
    data = encode(document)
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


def _signal_json(device: LoadedDevice, config: SignalConfig) -> dict[str, Any]:
    result: dict[str, Any] = {
        "deadline_ms": milliseconds(config.deadline),
        "hold_ms": milliseconds(config.hold),
        "name": config.name,
        "required": config.required,
        "role": config.role.value,
        "scale": [config.scale.numerator, config.scale.denominator],
        "slot_ms": milliseconds(config.slot),
        "type": config.type.value,
        "unit": config.unit,
    }
    if config.role in _COUNTERS:
        counter = config.counter or CounterConfig()
        result["counter"] = {
            "first": counter.first,
            "max_rate": list(_max_rate(counter, config.role, device.config.ideal_cycle)),
            "modulus": str(counter.modulus),
        }
    return result


def _max_rate(counter: CounterConfig, role: Role, cycle: Fraction | None) -> tuple[int, int]:
    """Return (pieces, ms); (0, 1) = not limited. Default 1.5 / ideal cycle (kpi-audit U6)."""
    if counter.max_rate in ("", "unlimited"):
        if counter.max_rate == "unlimited" or role is Role.ENERGY or cycle is None:
            return 0, 1
        return 3 * cycle.denominator, 2 * cycle.numerator
    match = _RATE.fullmatch(counter.max_rate.strip())
    if match is None:
        raise ConfigError(
            f"max_rate '{counter.max_rate}' is not a rate like 3/min or 5000/h",
            f"max_rate“{counter.max_rate}”不是速率，例如 3/min 或 5000/h",
        )
    return int(match[1]), int(match[2] or 1) * _MS[match[3]]


def _asset(device: LoadedDevice) -> dict[str, Any]:
    config = device.config
    cycle = config.ideal_cycle or Fraction(0)
    has_state = any(s.config.role is Role.STATE for s in device.signals)
    return {
        "class": config.asset_class.value,
        "counts_as": config.counts_as,
        "energy_of": sorted(config.energy_of),
        "id": config.id,
        "ideal_cycle_ms": [cycle.numerator, cycle.denominator],
        "in_service": [_ms(config.in_service_from), _ms(config.in_service_to)],
        "key": config.key,
        "minor_stop_ms": milliseconds(config.minor_stop),
        "name": config.name,
        "nc": config.nc,
        "networked": config.networked,
        "production": config.production,
        "smart": config.smart,
        "state_table": device.state_table.id if device.state_table and has_state else "",
    }


def _ms(instant: datetime | None) -> int:
    """Return Unix milliseconds of an instant with offset; 0 if absent."""
    return 0 if instant is None else int(instant.timestamp() * 1000)


def _calendar(plant: LoadedPlant) -> dict[str, Any]:
    calendar, zone = plant.config.calendar, ZoneInfo(plant.config.site.zone)
    return {
        "breaks": [[b.start, _end(b.start, b.end)] for b in calendar.breaks],
        "day_start_min": calendar.day_start,
        "holidays": [day.isoformat() for day in sorted(calendar.holidays)],
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
        "utc_offset_min": _fixed_offset_minutes(zone),
        "zone": plant.config.site.zone,
    }


def _end(start: int, end: int) -> int:
    return end if end > start else end + 1440


def _fixed_offset_minutes(zone: ZoneInfo) -> int:
    """Return the offset of a zone without daylight saving; version 1 of the document has one offset."""
    offsets = {datetime(2026, month, 1, tzinfo=zone).utcoffset() for month in range(1, 13)}
    if len(offsets) != 1:
        raise ConfigError(
            f"zone {zone.key} has daylight saving time, which this version cannot account for",
            f"时区 {zone.key} 有夏令时，本版本尚不支持",
        )
    return (offsets.pop() or timedelta(0)) // timedelta(minutes=1)
