"""Checked plant → sources: devices with one connection share one session."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from config.base import ConfigModel
from config.loader import LoadedDevice, LoadedPlant, Protocol
from connectors.base import Point, Realm, SourceContext
from connectors.registry import BUILTIN
from model.clock import Clock
from model.signal import SignalTable
from model.source import Source


def protocols() -> dict[str, Protocol]:
    """Return the models of every protocol, as the loader of the plant file needs them."""
    return {
        name: Protocol(spec.connection_model, spec.address_model) for name, spec in BUILTIN.items()
    }


@dataclass(frozen=True, slots=True)
class PlantSources:
    """The sources of a plant and which source serves a device."""

    sources: tuple[Source, ...]
    source_of: dict[str, str]
    """Device id → name of its source; devices without connection are absent."""


Addresses = Callable[[LoadedDevice], Iterable[tuple[str, ConfigModel]]]
"""Device → (signal name, address) of its signals, in the order of the plant file."""


def addresses_in(device: LoadedDevice) -> Iterable[tuple[str, ConfigModel]]:
    """Return the addresses of a device that has its signals still."""
    return ((s.config.name, s.address or ConfigModel()) for s in device.signals)


def build_sources(
    plant: LoadedPlant, table: SignalTable, clock: Clock, addresses: Addresses = addresses_in
) -> PlantSources:
    """Construct every source of the plant; opens nothing."""
    groups: dict[tuple[str, str], list[LoadedDevice]] = {}
    for device in plant.devices:
        if device.connection is not None:
            key = (device.protocol, device.connection.model_dump_json())
            groups.setdefault(key, []).append(device)
    sources: list[Source] = []
    source_of: dict[str, str] = {}
    for (protocol, _), devices in groups.items():
        name = "+".join(d.config.id for d in devices)
        connection = devices[0].connection
        if not isinstance(connection, ConfigModel):
            raise TypeError("a grouped device has a connection")
        context = SourceContext(
            name=name,
            connection=_resolved(connection, plant.path.parent),
            points=tuple(point for d in devices for point in _points(d, table, addresses(d))),
            clock=clock,
            log=logging.getLogger(f"plantproof.{protocol}.{name}"),
            realm=Realm(plant.config.site.realm),
        )
        sources.append(BUILTIN[protocol].create(context))
        source_of.update({d.config.id: name for d in devices})
    return PlantSources(tuple(sources), source_of)


def _points(
    device: LoadedDevice, table: SignalTable, addresses: Iterable[tuple[str, ConfigModel]]
) -> list[Point]:
    points = []
    for name, address in addresses:
        index = table.by_name[device.config.id, name]
        points.append(Point(index, table.signals[index], address))
    return points


_PATH_FIELDS = frozenset({"pki", "folder"})


def _resolved(connection: ConfigModel, base: Path) -> ConfigModel:
    """Return the connection with its file names made absolute; they are relative to the plant file.

    File names are the fields `pki`, `folder` and those that end in `_file`.
    """
    paths = {
        name: str((base / value).resolve())
        for name, value in connection
        if isinstance(value, str) and (name in _PATH_FIELDS or name.endswith("_file"))
    }
    return connection.model_copy(update=paths) if paths else connection
