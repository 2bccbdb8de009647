"""Modbus TCP: registers and bits of PLCs and meters."""

from connectors.base import ConnectorSpec
from connectors.modbus.config import ModbusAddress, ModbusConnection
from connectors.modbus.source import ModbusSource

SPEC = ConnectorSpec(
    protocol="modbus",
    summary="Modbus TCP (PLCs, meters, serial devices behind a gateway)",
    connection_model=ModbusConnection,
    address_model=ModbusAddress,
    create=ModbusSource,
)

__all__ = ["SPEC"]
