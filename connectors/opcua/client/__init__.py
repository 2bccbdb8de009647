"""The only place that imports asyncua; nothing of it leaves this package."""

from connectors.opcua.client.session import SIMULATOR_URI, Session

__all__ = ["SIMULATOR_URI", "Session"]
