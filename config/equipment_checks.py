"""Checks of products, loops, state tables, counters and energy carriers of a plant file, profiles merged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from config.faults import Fault
from config.messages import suggestion
from config.models import PlantConfig
from config.signal_models import StateTableConfig
from config.yaml_document import Path, YamlDocument
from kpi.document_types import ELECTRICITY, Coefficients
from model.signal import ROLE_CLASS, Role, SignalClass

if TYPE_CHECKING:
    from config.loader import LoadedDevice, LoadedSignal

_INPUT_ROLE = {"mode": Role.MODE, "order": Role.ORDER}


def equipment_check(
    plant: PlantConfig,
    devices: Sequence[LoadedDevice],
    coefficients: Mapping[str, Coefficients],
    document: YamlDocument,
) -> list[Fault]:
    """Return the faults of a plant that is valid field by field; `devices` in the order of the file."""
    faults = list(_calendar(plant, document))
    for number, device in enumerate(devices):
        here: Path = ("devices", number)
        faults += _products(device, here, document)
        faults += _loops(device, here, document)
        faults += _tables(device, here, document)
        faults += _alternates(device, document)
    faults += _same_tables(devices, document)
    faults += _counter_events(plant, devices, document)
    faults += _carriers(plant, devices, coefficients, document)
    return faults


def _calendar(plant: PlantConfig, document: YamlDocument) -> Iterator[Fault]:
    for i, shift in enumerate(plant.calendar.extra):
        if shift.start == shift.end:
            yield document.fault(
                ("calendar", "extra", i),
                f"shift {shift.name} has no length",
                f"班次“{shift.name}”的开始与结束相同",
            )


def _products(device: LoadedDevice, here: Path, document: YamlDocument) -> Iterator[Fault]:
    ids = [p.id for p in device.config.products]
    for k, name in enumerate(ids):
        if name in ids[:k]:
            yield document.fault(
                (*here, "products", k, "id"),
                f"product '{name}' is listed twice",
                f"产品“{name}”重复",
            )
    if device.config.product and device.config.product not in ids:
        yield document.fault(
            (*here, "product"),
            f"product '{device.config.product}' is not among the products of {device.config.id}",
            f"产品“{device.config.product}”不在设备 {device.config.id} 的产品表 products 中",
            hint=suggestion(device.config.product, ids),
        )


def _loops(device: LoadedDevice, here: Path, document: YamlDocument) -> Iterator[Fault]:
    role = {s.config.name: s.config.role for s in device.signals}
    seen: set[str] = set()
    for k, loop in enumerate(device.config.loops):
        at = (*here, "loops", k)
        if loop.id in seen:
            yield document.fault(
                (*at, "id"), f"loop '{loop.id}' is listed twice", f"回路“{loop.id}”重复"
            )
        seen.add(loop.id)
        if loop.low >= loop.high:
            yield document.fault(
                (*at, "high"),
                "the upper limit of the output is not above the lower one",
                "输出上限 high 必须大于下限 low",
            )
        for key, name, wanted in (
            ("mode", loop.mode, Role.LOOP_MODE),
            ("output", loop.output, Role.LOOP_OUTPUT),
        ):
            if name and role.get(name) is not wanted:
                known = [n for n, r in role.items() if r is wanted]
                yield document.fault(
                    (*at, key),
                    f"device {device.config.id} has no signal '{name}' of role {wanted}",
                    f"设备 {device.config.id} 没有角色为 {wanted} 的信号“{name}”",
                    hint=suggestion(name, known),
                )


def _tables(device: LoadedDevice, here: Path, document: YamlDocument) -> Iterator[Fault]:
    roles = {s.config.role for s in device.signals}
    own = [(s.state_table, (*s.path, "state_table")) for s in device.signals if s.state_table]
    used = [*own, (device.state_table, (*here, "state_table"))]
    for table, path in used if Role.STATE in roles else own:
        for name in table.inputs[1:] if table is not None else ():
            if table is not None and _INPUT_ROLE[name] not in roles:
                yield document.fault(
                    path,
                    f"state table {table.id} asks for {name}, but {device.config.id} has no signal of role {name}",
                    f"状态表 {table.id} 需要 {name}，但设备 {device.config.id} 没有角色为 {name} 的信号",
                )
    for signal in device.signals:
        if signal.state_table is not None and signal.config.role is not Role.STATE:
            yield document.fault(
                (*signal.path, "state_table"),
                "only a signal of role state has a state table",
                "只有角色为 state 的信号才有 state_table",
            )


def _same_tables(devices: Sequence[LoadedDevice], document: YamlDocument) -> Iterator[Fault]:
    """Yield a fault for every table whose id stands for another content elsewhere: the id is in every result."""
    known: dict[str, StateTableConfig] = {}
    for number, device in enumerate(devices):
        here: Path = ("devices", number, "state_table")
        tables = [(device.state_table, here)]
        tables += [(s.state_table, (*s.path, "state_table")) for s in device.signals]
        for table, path in tables:
            if table is not None and known.setdefault(table.id, table) != table:
                yield document.fault(
                    path,
                    f"state table {table.id} is written differently elsewhere in this plant",
                    f"状态表 {table.id} 在本车间有两种不同的写法",
                    hint=("give each content its own id", "不同内容请用不同的 id（版本号）"),
                )


def _alternates(device: LoadedDevice, document: YamlDocument) -> Iterator[Fault]:
    by_name = {s.config.name: s.config for s in device.signals}
    for signal in device.signals:
        name = signal.config.alternate_of
        if not name:
            continue
        path = (*signal.path, "alternate_of")
        other = by_name.get(name)
        if other is None or other.role is not signal.config.role or not _counts(signal):
            yield document.fault(
                path,
                f"device {device.config.id} has no counter '{name}' of role {signal.config.role}",
                f"设备 {device.config.id} 没有角色为 {signal.config.role} 的计数信号“{name}”",
                hint=suggestion(name, [n for n in by_name if n != signal.config.name]),
            )
        elif other.alternate_of:
            yield document.fault(
                path,
                f"signal '{name}' is an alternate itself; name the one that counts",
                f"信号“{name}”本身也是对照信号，请写正式计数的那一个",
            )


def _counts(signal: LoadedSignal) -> bool:
    """Return whether a signal is a counter or register, of which alternates make sense."""
    power = signal.config.role is Role.POWER
    wanted = (SignalClass.COUNT, SignalClass.ENERGY)
    return ROLE_CLASS[signal.config.role] in wanted and not power


def _counter_events(
    plant: PlantConfig, devices: Sequence[LoadedDevice], document: YamlDocument
) -> Iterator[Fault]:
    by_id = {d.config.id: d for d in devices}
    for i, event in enumerate(plant.counter_events):
        device = by_id.get(event.device)
        if device is None:
            yield document.fault(
                ("counter_events", i, "device"),
                f"no device '{event.device}'",
                f"没有设备“{event.device}”",
                hint=suggestion(event.device, by_id),
            )
            continue
        counters = [s.config.name for s in device.signals if _counts(s)]
        if event.signal not in counters:
            yield document.fault(
                ("counter_events", i, "signal"),
                f"device {event.device} has no counter '{event.signal}'",
                f"设备 {event.device} 没有计数信号“{event.signal}”",
                hint=suggestion(event.signal, counters),
            )


def _carriers(
    plant: PlantConfig,
    devices: Sequence[LoadedDevice],
    coefficients: Mapping[str, Coefficients],
    document: YamlDocument,
) -> Iterator[Fault]:
    table = coefficients.get(plant.coefficients)
    if plant.coefficients and table is None:
        known = sorted(coefficients)
        yield document.fault(
            ("coefficients",),
            f"no table of coefficients '{plant.coefficients}'; known: {', '.join(known) or 'none'}",
            f"没有折标系数表“{plant.coefficients}”；可用：{'、'.join(known) or '无'}",
            hint=suggestion(plant.coefficients, known),
        )
    for device in devices:
        for signal in device.signals:
            yield from _carrier(signal, table, document)


def _carrier(
    signal: LoadedSignal, table: Coefficients | None, document: YamlDocument
) -> Iterator[Fault]:
    role, carrier = signal.config.role, signal.config.carrier
    if role not in (Role.ENERGY, Role.CONSUMPTION):
        if carrier:
            yield document.fault(
                (*signal.path, "carrier"),
                "only a register of role energy or consumption has a carrier",
                "只有角色为 energy 或 consumption 的表计才有 carrier",
            )
        return
    if role is Role.CONSUMPTION and not carrier:
        yield document.fault(
            (*signal.path, "role"),
            "a consumption register needs its carrier",
            "consumption 表计要写明能源品种 carrier",
        )
        return
    if table is None:
        return
    row = table.row(carrier or ELECTRICITY)
    known = [r.carrier for r in table.rows]
    if row is None:
        yield document.fault(
            (*signal.path, "carrier"),
            f"table {table.id} has no row '{carrier or ELECTRICITY}'",
            f"折标系数表 {table.id} 没有“{carrier or ELECTRICITY}”一行",
            hint=suggestion(carrier, known),
        )
    elif role is Role.CONSUMPTION and signal.config.unit != row.unit:
        yield document.fault(
            (*signal.path, "unit"),
            f"unit {signal.config.unit} is not that of the coefficient of {carrier}: {row.unit}",
            f"单位 {signal.config.unit} 与“{carrier}”的系数单位 {row.unit} 不同",
            hint=("convert it with scale", "请用 scale 换算"),
        )
