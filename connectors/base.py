"""What every connector is given, and how it is declared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from logging import Logger

from config.base import ConfigModel
from model.clock import Clock
from model.signal import Signal
from model.source import Source


class Realm(StrEnum):
    """Realm of the evidence log: real plant or simulation, for ever."""

    EV = "ev"
    SIM = "sim"


@dataclass(frozen=True, slots=True)
class Point:
    """One signal to read: its number in every batch, its meaning, and where the device has it."""

    index: int
    signal: Signal
    address: ConfigModel
    """An instance of the `address_model` of the connector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceContext:
    """Everything a connector needs; passed to `ConnectorSpec.create`."""

    name: str
    """Unique name of the source, for messages (the device id, or several joined by `+`)."""
    connection: ConfigModel
    """An instance of the `connection_model` of the connector."""
    points: tuple[Point, ...]
    clock: Clock
    log: Logger
    realm: Realm


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorSpec:
    """Declaration of one protocol: models of what a user writes, and the constructor."""

    protocol: str
    summary: str
    connection_model: type[ConfigModel]
    address_model: type[ConfigModel]
    create: Callable[[SourceContext], Source]
    """Must not connect, open or read anything."""
