"""Checks of a plant file that need more than one field."""

from __future__ import annotations

import ipaddress

from config.faults import Fault
from config.messages import suggestion
from config.models import AssetClass, PlantConfig
from config.yaml_document import YamlDocument
from model.signal import Role, SignalType

_TEXTS = (SignalType.INT, SignalType.UINT, SignalType.BOOL, SignalType.TEXT)
"""Types whose values have a spelling."""
_TYPES_OF_ROLE: dict[Role, tuple[SignalType, ...]] = {
    Role.STATE: (SignalType.INT, SignalType.TEXT),
    Role.COUNT_GOOD: (SignalType.INT, SignalType.UINT),
    Role.COUNT_SCRAP: (SignalType.INT, SignalType.UINT),
    Role.COUNT_TOTAL: (SignalType.INT, SignalType.UINT),
    Role.COUNT_REWORK: (SignalType.INT, SignalType.UINT),
    Role.ENERGY: (SignalType.INT, SignalType.UINT, SignalType.FLOAT),
    Role.CONSUMPTION: (SignalType.INT, SignalType.UINT, SignalType.FLOAT),
    Role.PRODUCT: _TEXTS,
    Role.ORDER: _TEXTS,
    Role.LOOP_MODE: _TEXTS,
    Role.UPTIME: (SignalType.INT, SignalType.UINT, SignalType.FLOAT),
    Role.LOOP_OUTPUT: (SignalType.INT, SignalType.UINT, SignalType.FLOAT),
}


def cross_check(plant: PlantConfig, document: YamlDocument) -> list[Fault]:
    """Return the faults of a plant that is valid field by field."""
    return [
        *_devices(plant, document),
        *_references(plant, document),
        *_signal_types(plant, document),
        *_calendar(plant, document),
        *_server(plant, document),
    ]


def _devices(plant: PlantConfig, document: YamlDocument) -> list[Fault]:
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    for i, device in enumerate(plant.devices):
        if device.id in seen:
            line = document.values.get(("devices", seen[device.id], "id"), (0, 0))[0]
            faults.append(
                document.fault(
                    ("devices", i, "id"),
                    f"device id '{device.id}' is used twice (first in line {line})",
                    f"设备编号“{device.id}”重复（第一次在第 {line} 行）",
                )
            )
        seen.setdefault(device.id, i)
        if device.connection is not None and device.profile is None and not device.signals:
            faults.append(
                document.fault(
                    ("devices", i),
                    f"device {device.id} has a connection but neither profile nor signals",
                    f"设备 {device.id} 有连接，但没有模板 profile 也没有 signals",
                )
            )
    return faults


def _references(plant: PlantConfig, document: YamlDocument) -> list[Fault]:
    faults = []
    ids = [d.id for d in plant.devices]
    for i, device in enumerate(plant.devices):
        if device.energy_of and device.asset_class is not AssetClass.METER:
            faults.append(
                document.fault(
                    ("devices", i, "energy_of"),
                    "only a meter has energy_of",
                    "只有电表（class: meter）才有 energy_of",
                )
            )
        for k, other in enumerate(device.energy_of):
            if other not in ids:
                faults.append(
                    document.fault(
                        ("devices", i, "energy_of", k),
                        f"no device '{other}'",
                        f"没有设备“{other}”",
                        hint=suggestion(other, ids),
                    )
                )
    for i, stop in enumerate(plant.calendar.stops):
        if stop.asset != "*" and stop.asset not in ids:
            faults.append(
                document.fault(
                    ("calendar", "stops", i, "asset"),
                    f"no device '{stop.asset}'",
                    f"没有设备“{stop.asset}”",
                    hint=suggestion(stop.asset, ids),
                )
            )
    return faults


def _signal_types(plant: PlantConfig, document: YamlDocument) -> list[Fault]:
    faults = []
    for i, device in enumerate(plant.devices):
        names = set()
        for k, signal in enumerate(device.signals):
            if signal.name in names:
                faults.append(
                    document.fault(
                        ("devices", i, "signals", k, "name"),
                        f"signal '{signal.name}' is defined twice",
                        f"信号“{signal.name}”重复",
                    )
                )
            names.add(signal.name)
            allowed = _TYPES_OF_ROLE.get(signal.role)
            if allowed and signal.type not in allowed:
                text = ", ".join(allowed)
                faults.append(
                    document.fault(
                        ("devices", i, "signals", k, "type"),
                        f"role {signal.role} needs type {text}",
                        f"角色 {signal.role} 需要类型 {text}",
                    )
                )
            if signal.scale <= 0:
                faults.append(
                    document.fault(
                        ("devices", i, "signals", k, "scale"),
                        "scale must be greater than 0",
                        "scale 必须大于 0",
                    )
                )
    return faults


def _calendar(plant: PlantConfig, document: YamlDocument) -> list[Fault]:
    faults = []
    busy: dict[int, str] = {}
    for i, shift in enumerate(plant.calendar.shifts):
        if shift.start == shift.end:
            faults.append(
                document.fault(
                    ("calendar", "shifts", i),
                    f"shift {shift.name} has no length",
                    f"班次“{shift.name}”的开始与结束相同",
                )
            )
            continue
        end = shift.end if shift.end > shift.start else shift.end + 1440
        for weekday in shift.weekdays:
            for minute in range(shift.start, end):
                at = ((weekday - 1) * 1440 + minute) % 10_080
                if busy.get(at, shift.name) != shift.name or (at in busy):
                    faults.append(
                        document.fault(
                            ("calendar", "shifts", i),
                            f"shift {shift.name} overlaps {busy[at]}",
                            f"班次“{shift.name}”与“{busy[at]}”重叠",
                            hint=(
                                "machine time belongs to exactly one shift",
                                "设备时间只能属于一个班次",
                            ),
                        )
                    )
                    return faults
                busy[at] = shift.name
    return faults


def _server(plant: PlantConfig, document: YamlDocument) -> list[Fault]:
    host = plant.server.host
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if loopback or plant.server.i_accept_plain_http:
        return []
    return [
        document.fault(
            ("server", "host"),
            f"the board would be readable on the network at {host} without encryption",
            f"看板将以明文在网络地址 {host} 上公开",
            hint=(
                "use 127.0.0.1, or set i_accept_plain_http: true on a closed network",
                "请用 127.0.0.1；若在封闭网络中确要公开，设置 i_accept_plain_http: true",
            ),
        )
    ]
