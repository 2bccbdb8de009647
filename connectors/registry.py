"""Every protocol that ships, as an explicit list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connectors import file, modbus, mqtt, opcua
from connectors.base import ConnectorSpec

BUILTIN: Final[Mapping[str, ConnectorSpec]] = {
    spec.protocol: spec for spec in (opcua.SPEC, modbus.SPEC, mqtt.SPEC, file.SPEC)
}
