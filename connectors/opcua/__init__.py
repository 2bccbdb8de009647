"""OPC UA connector: subscriptions decoded into columns, items proven alive, losses counted."""

from __future__ import annotations

from connectors.base import ConnectorSpec
from connectors.opcua.config import OpcUaAddress, OpcUaConnection
from connectors.opcua.source import OpcUaSource

SPEC = ConnectorSpec(
    protocol="opcua",
    summary="OPC UA client: CNC, robots and PLCs with a server (MachineTool, Robotics, PackML, SINUMERIK, S7)",
    connection_model=OpcUaConnection,
    address_model=OpcUaAddress,
    create=OpcUaSource,
)
"""The declaration that the registry lists."""

__all__ = ["SPEC"]
