"""Replay of recorded or simulated runs."""

from connectors.base import ConnectorSpec
from connectors.file.config import FileAddress, FileConnection
from connectors.file.source import FileSource
from connectors.file.trace import TraceHeader, load_header, read_trace

SPEC = ConnectorSpec(
    protocol="file",
    summary="Replay of a recorded or simulated run (trace-v1)",
    connection_model=FileConnection,
    address_model=FileAddress,
    create=FileSource,
)

__all__ = ["SPEC", "TraceHeader", "load_header", "read_trace"]
