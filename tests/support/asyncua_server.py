"""An OPC UA server of the library on loopback, in the event loop of the test."""

from __future__ import annotations

import pickle
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from asyncua import Server, ua
from asyncua.server.internal_server import InternalServer

from tests.support.process import reserved_port

URI = "urn:plantproof:test:plant"
_standard: dict[Any, bytes] = {}


class _LazyNodes(dict[Any, Any]):
    """The 6,000 standard nodes, each made when it is asked for: filling them in costs seconds a server."""

    def __missing__(self, key: Any) -> Any:
        node = self[key] = pickle.loads(_standard[key])
        return node

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or key in _standard

    def get(self, key: Any, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default


class _Internal(InternalServer):
    async def load_standard_address_space(self, shelf_file: Any = None) -> None:
        if not _standard:
            await super().load_standard_address_space(None)
            _standard.update({k: pickle.dumps(v) for k, v in self.aspace._nodes.items()})
        self.aspace._nodes = _LazyNodes()


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
    server = Server(_Internal())
    await server.init()
    port = port or reserved_port()
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
