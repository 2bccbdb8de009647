"""The only place that imports asyncua; nothing of it leaves this package."""

from connectors.opcua.client.channel import SIMULATOR_URI
from connectors.opcua.client.session import Session

__all__ = ["SIMULATOR_URI", "Session"]
