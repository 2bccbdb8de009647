"""An OPC UA server of the library on loopback, in the event loop of the test."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from asyncua import Server, ua

URI = "urn:plantproof:test:plant"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PlantServer:
    """The server with a namespace of its own, and short words to write to it."""

    def __init__(self, server: Any, url: str, namespace: int) -> None:
        self.server = server
        self.url = url
        self.namespace = namespace

    async def add(self, name: str, value: Any, kind: ua.VariantType, parent: Any = None) -> Any:
        """Add the variable `ns=<plant>;s=<name>`."""
        parent = parent or self.server.nodes.objects
        return await parent.add_variable(
            ua.NodeId(name, self.namespace), ua.QualifiedName(name, self.namespace), value, kind
        )

    async def write(self, node: Any, value: Any, kind: ua.VariantType, **fields: Any) -> None:
        """Write a value inside the server, with a source time unless one is given."""
        await self.server.write_attribute_value(
            node.nodeid, ua.DataValue(ua.Variant(value, kind), **fields)
        )


@asynccontextmanager
async def plant_server(
    *,
    port: int = 0,
    namespaces_before: tuple[str, ...] = (),
    application_uri: str = "urn:plantproof:test:server",
    prepare: Callable[[Any], Any] | None = None,
) -> AsyncIterator[PlantServer]:
    """Start a server; `namespaces_before` are registered before that of the plant and move its index."""
    server = Server()
    await server.init()
    port = port or free_port()
    url = f"opc.tcp://127.0.0.1:{port}/"
    server.set_endpoint(url)
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    await server.set_application_uri(application_uri)
    if prepare is not None:
        await prepare(server)
    for uri in namespaces_before:
        await server.register_namespace(uri)
    namespace = await server.register_namespace(URI)
    async with server:
        yield PlantServer(server, url, namespace)
