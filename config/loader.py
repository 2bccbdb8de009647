"""Plant file → checked plant; every fault at once, with line and column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from config.base import ConfigModel
from config.cross_checks import cross_check
from config.faults import ConfigFaultsError, Fault
from config.messages import describe, suggestion
from config.models import DeviceConfig, PlantConfig, ProfileConfig, SignalConfig, StateTableConfig
from config.profiles import builtin_profiles
from config.yaml_document import YamlDocument, parse_yaml

_ENV = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


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


def load_plant(
    path: Path, *, protocols: Mapping[str, Protocol], environment: Mapping[str, str]
) -> LoadedPlant:
    """Read and check a plant file.

    `${NAME}` in texts is replaced from `environment`. Raises ConfigFaultsError with all faults found.
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        fault = Fault(
            str(path), 1, 1, "", f"cannot be read: {exc.strerror}", f"无法读取：{exc.strerror}"
        )
        raise ConfigFaultsError([fault]) from exc
    return parse_plant(data, path, protocols=protocols, environment=environment)


def parse_plant(
    data: bytes, path: Path, *, protocols: Mapping[str, Protocol], environment: Mapping[str, str]
) -> LoadedPlant:
    """Check the bytes of a plant file; see `load_plant`."""
    document, faults = parse_yaml(data, path.name)
    if document.value is None:
        raise ConfigFaultsError(faults)
    value = _expand(document.value, (), document, environment, faults)
    try:
        plant = PlantConfig.model_validate(value)
    except ValidationError as exc:
        faults += _faults_of(exc, PlantConfig, document, ())
        raise ConfigFaultsError(_sorted(faults)) from exc
    devices = []
    for number, device in enumerate(plant.devices):
        devices.append(_load_device(device, number, document, protocols, faults))
    faults += cross_check(plant, document)
    if faults:
        raise ConfigFaultsError(_sorted(faults))
    return LoadedPlant(path, plant, tuple(devices))


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
    number: int,
    document: YamlDocument,
    protocols: Mapping[str, Protocol],
    faults: list[Fault],
) -> LoadedDevice:
    here: tuple[str | int, ...] = ("devices", number)
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
        signals.append(LoadedSignal(signal, address))
    table = device.state_table or (profile.state_table if profile else None)
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
        faults.extend(_faults_of(exc, model, document, path))
        return None


def _faults_of(
    exc: ValidationError,
    model: type[ConfigModel],
    document: YamlDocument,
    prefix: tuple[str | int, ...],
) -> list[Fault]:
    faults = []
    errors = exc.errors(include_url=False, include_input=False)
    for error in errors:
        inner = tuple(error["loc"])
        if error["type"] == "too_short" and any(
            len(e["loc"]) > len(inner) and e["loc"][: len(inner)] == inner for e in errors
        ):
            continue  # pydantic counts only the entries without a fault of their own
        path = (*prefix, *inner)
        name = ".".join(str(part) for part in path) or "plant"
        if error["type"] == "extra_forbidden":
            faults.append(
                document.fault(
                    path,
                    f"{name}: unknown setting",
                    f"{name} 未知的配置项",
                    on_key=True,
                    hint=suggestion(str(inner[-1]), _known_keys(model, inner[:-1])),
                )
            )
            continue
        en, zh = describe(dict(error))
        faults.append(document.fault(path, f"{name} {en}", f"{name} {zh}"))
    return faults


def _known_keys(model: type[ConfigModel], path: tuple[str | int, ...]) -> list[str]:
    """Return the names that a model accepts at `path`, for "did you mean"."""
    current: Any = model
    for part in path:
        if isinstance(part, int):
            continue
        field = None
        for name, candidate in getattr(current, "model_fields", {}).items():
            if part in (name, candidate.alias):
                field = candidate
        current = _model_in(field.annotation) if field is not None else None
        if current is None:
            return []
    return [f.alias or name for name, f in current.model_fields.items()]


def _model_in(annotation: Any) -> type[ConfigModel] | None:
    """Return the first model inside an annotation like `tuple[X, ...]` or `X | None`."""
    if isinstance(annotation, type) and issubclass(annotation, ConfigModel):
        return annotation
    for argument in get_args(annotation):
        if (found := _model_in(argument)) is not None:
            return found
    return None
