"""Plant file → checked plant; every fault at once, with line and column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config.base import ConfigModel
from config.coefficient_files import coefficient_table, for_document, plant_coefficients
from config.cross_checks import cross_check
from config.equipment_checks import equipment_check
from config.faults import ConfigFaultsError, Fault
from config.messages import suggestion
from config.model_faults import faults_of
from config.models import DeviceConfig, PlantConfig
from config.profiles import builtin_profiles
from config.signal_models import ProfileConfig, SignalConfig, StateTableConfig
from config.state_tables import builtin_state_tables
from config.yaml_document import YamlDocument, parse_yaml
from kpi.document_types import Coefficients
from model.errors import ConfigError

_ENV = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


NO_TABLE = Coefficients()


@dataclass(frozen=True, slots=True)
class Protocol:
    """The two models of one protocol, handed in by the agent: config knows no connector."""

    connection: type[ConfigModel]
    address: type[ConfigModel]


@dataclass(frozen=True, slots=True)
class LoadedSignal:
    """One signal of a device with its checked address."""

    config: SignalConfig
    address: ConfigModel | None
    state_table: StateTableConfig | None = None
    """Its own state table in full."""
    path: tuple[str | int, ...] = ()
    """Where the plant file writes it: the signal, or the profile that it comes from."""


@dataclass(frozen=True, slots=True)
class LoadedDevice:
    """One device with profile and own signals merged, connection and addresses checked."""

    config: DeviceConfig
    protocol: str
    connection: ConfigModel | None
    signals: tuple[LoadedSignal, ...]
    state_table: StateTableConfig | None


@dataclass(frozen=True, slots=True)
class LoadedPlant:
    """A plant file without faults."""

    path: Path
    config: PlantConfig
    devices: tuple[LoadedDevice, ...]
    coefficients: Coefficients = NO_TABLE
    """The table that the plant names; empty if it names none."""


def load_plant(
    path: Path,
    *,
    protocols: Mapping[str, Protocol],
    environment: Mapping[str, str],
    coefficients: Mapping[str, Coefficients] | None = None,
) -> LoadedPlant:
    """Read and check a plant file.

    `${NAME}` in texts is replaced from `environment`; coefficients: the tables that a plant may name, by id;
    None = those that ship, and a file `….yaml` beside the plant file.
    Raises ConfigFaultsError with all faults found.
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        fault = Fault(
            str(path), 1, 1, "", f"cannot be read: {exc.strerror}", f"无法读取：{exc.strerror}"
        )
        raise ConfigFaultsError([fault]) from exc
    return parse_plant(
        data, path, protocols=protocols, environment=environment, coefficients=coefficients
    )


def parse_plant(
    data: bytes,
    path: Path,
    *,
    protocols: Mapping[str, Protocol],
    environment: Mapping[str, str],
    coefficients: Mapping[str, Coefficients] | None = None,
) -> LoadedPlant:
    """Check the bytes of a plant file; see `load_plant`."""
    document, faults = parse_yaml(data, path.name)
    if document.value is None:
        raise ConfigFaultsError(faults)
    value = _expand(document.value, (), document, environment, faults)
    try:
        plant = PlantConfig.model_validate(value)
    except ValidationError as exc:
        faults += faults_of(exc, PlantConfig, document)
        raise ConfigFaultsError(_sorted(faults)) from exc
    tables = builtin_state_tables() | _written_tables(plant)
    devices = []
    for number, device in enumerate(plant.devices):
        devices.append(
            _load_device(device, ("devices", number), document, (protocols, tables), faults)
        )
    faults += cross_check(plant, document)
    known = coefficients
    if known is None:
        known = _coefficients(plant, path, document, faults)
    faults += equipment_check(plant, devices, known, document)
    if faults:
        raise ConfigFaultsError(_sorted(faults))
    table = known.get(plant.coefficients, NO_TABLE)
    return LoadedPlant(path, plant, tuple(devices), table)


def _coefficients(
    plant: PlantConfig, path: Path, document: YamlDocument, faults: list[Fault]
) -> Mapping[str, Coefficients]:
    """Return the tables that ship, or that of the site's own file; reads nothing if the plant names none."""
    name = plant.coefficients
    if not name:
        return {}
    if not name.endswith(".yaml"):
        return plant_coefficients()
    try:
        own = coefficient_table((path.parent / name).read_bytes(), name)
    except OSError as exc:
        en, zh = f"{name} cannot be read: {exc.strerror}", f"无法读取 {name}：{exc.strerror}"
    except ConfigError as exc:
        en, zh = exc.en, exc.zh
    else:
        table = for_document(own)
        if plant_coefficients().get(own.id, table) == table:
            return {name: table}
        en = f"{name} has the id '{own.id}' of a table that ships, with other numbers; give it an id of its own"
        zh = f"{name} 用了自带折标系数表的 id“{own.id}”，数值却不同；请另起 id"
    faults.append(document.fault(("coefficients",), en, zh))
    return {name: NO_TABLE}


def _written_tables(plant: PlantConfig) -> dict[str, StateTableConfig]:
    """Return the state tables that the plant file itself writes in full."""
    written = [d.state_table for d in plant.devices]
    written += [s.state_table for d in plant.devices for s in d.signals]
    return {t.id: t for t in written if t is not None and not t.is_reference}


def _full_table(
    table: StateTableConfig | None,
    path: tuple[str | int, ...],
    tables: Mapping[str, StateTableConfig],
    document: YamlDocument,
    faults: list[Fault],
) -> StateTableConfig | None:
    """Return the table that is meant; a fault if only an id is given that nobody defines."""
    if table is None or not table.is_reference:
        return table
    found = tables.get(table.id)
    if found is None:
        faults.append(
            document.fault(
                (*path, "id"),
                f"no state table '{table.id}'; known: {', '.join(tables)}",
                f"没有状态表“{table.id}”；可用：{'、'.join(tables)}",
                hint=suggestion(table.id, tables),
            )
        )
    return found


def _sorted(faults: list[Fault]) -> list[Fault]:
    return sorted(faults, key=lambda f: (f.line, f.column))


def _expand(
    value: Any,
    path: tuple[str | int, ...],
    document: YamlDocument,
    environment: Mapping[str, str],
    faults: list[Fault],
) -> Any:
    if isinstance(value, dict):
        return {k: _expand(v, (*path, k), document, environment, faults) for k, v in value.items()}
    if isinstance(value, list):
        return [_expand(v, (*path, i), document, environment, faults) for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        if match[1] in environment:
            return environment[match[1]]
        faults.append(
            document.fault(
                path,
                f"the environment variable {match[1]} is not set",
                f"环境变量 {match[1]} 没有设置",
            )
        )
        return match[0]

    whole = _ENV.fullmatch(value)
    text = _ENV.sub(replace, value)
    return int(text) if whole and text.isascii() and text.isdigit() else text


def _load_device(
    device: DeviceConfig,
    here: tuple[str | int, ...],
    document: YamlDocument,
    known: tuple[Mapping[str, Protocol], Mapping[str, StateTableConfig]],
    faults: list[Fault],
) -> LoadedDevice:
    protocols, tables = known
    profile = _profile_of(device, here, document, faults)
    connection, protocol = None, ""
    if device.connection is not None:
        protocol = str(device.connection.get("protocol", ""))
        if protocol not in protocols:
            faults.append(
                document.fault(
                    (*here, "connection", "protocol"),
                    f"unknown protocol '{protocol}'; known: {', '.join(sorted(protocols))}",
                    f"未知的协议“{protocol}”；可用：{'、'.join(sorted(protocols))}",
                    hint=suggestion(protocol, protocols),
                )
            )
        else:
            connection = _validate(
                protocols[protocol].connection,
                device.connection,
                document,
                (*here, "connection"),
                faults,
            )
            if profile and profile.protocol not in (protocol, "file") and protocol != "file":
                faults.append(
                    document.fault(
                        (*here, "profile"),
                        f"profile {profile.id} is for {profile.protocol}, the connection for {protocol}",
                        f"模板 {profile.id} 用于 {profile.protocol}，连接却是 {protocol}",
                    )
                )
    merged: dict[str, tuple[SignalConfig, tuple[str | int, ...]]] = {}
    for signal in profile.signals if profile else ():
        merged[signal.name] = (signal, (*here, "profile"))
    for i, signal in enumerate(device.signals):
        merged[signal.name] = (signal, (*here, "signals", i, "address"))
    signals = []
    for signal, where in merged.values():
        address = None
        if protocol in protocols and protocol != "file":
            address = _validate(
                protocols[protocol].address, signal.address, document, where, faults
            )
        at = where[:-1] if where[-1] == "address" else where
        own = _full_table(signal.state_table, (*at, "state_table"), tables, document, faults)
        signals.append(LoadedSignal(signal, address, own, at))
    table = device.state_table or (profile.state_table if profile else None)
    table = _full_table(table, (*here, "state_table"), tables, document, faults)
    return LoadedDevice(device, protocol, connection, tuple(signals), table)


def _profile_of(
    device: DeviceConfig,
    here: tuple[str | int, ...],
    document: YamlDocument,
    faults: list[Fault],
) -> ProfileConfig | None:
    if device.profile is None:
        return None
    known = builtin_profiles()
    if device.profile in known:
        return known[device.profile]
    faults.append(
        document.fault(
            (*here, "profile"),
            f"unknown device profile '{device.profile}'",
            f"未知的设备模板“{device.profile}”",
            hint=suggestion(device.profile, known)
            if suggestion(device.profile, known)[0]
            else (f"known: {', '.join(known)}", f"可用：{'、'.join(known)}"),
        )
    )
    return None


def _validate(
    model: type[ConfigModel],
    value: dict[str, Any],
    document: YamlDocument,
    path: tuple[str | int, ...],
    faults: list[Fault],
) -> ConfigModel | None:
    try:
        return model.model_validate(value)
    except ValidationError as exc:
        faults.extend(faults_of(exc, model, document, path))
        return None
