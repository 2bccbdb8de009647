"""node-opcua starts, its variables have the values its head comment states, and it stops."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from asyncua import Client, ua

from tests.support.process import accepts
from tests.support.servers import OpcUaServer, node_opcua

pytestmark = pytest.mark.integration

TYPED = {
    "Boolean": True,
    "SByte": -128,
    "Byte": 255,
    "Int16": -32768,
    "UInt16": 65535,
    "Int32": -(2**31),
    "UInt32": 2**32 - 1,
    "Int64": -(2**63) + 1,
    "UInt64": 2**64 - 1,
    "Float": pytest.approx(0.1, rel=1e-7),
    "Double": 0.1,
    "String": "主轴",
    "DateTime": datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC),
    "ByteString": b"\x00\x01\xfe\xff",
    "Double.array": [1.0, 2.5, -3.0],
}


async def test_typed_variables_have_the_declared_values(node_opcua_server: OpcUaServer) -> None:
    async with Client(node_opcua_server.url, timeout=60) as client:
        index = await client.get_namespace_index("urn:plantproof:test:node-opcua")
        for name, expected in TYPED.items():
            value = await client.get_node(f"ns={index};s=typed.{name}").read_value()
            if isinstance(value, datetime) and value.tzinfo is None:
                value = value.replace(tzinfo=UTC)
            assert value == expected, name


async def test_bad_variable_has_its_status(node_opcua_server: OpcUaServer) -> None:
    async with Client(node_opcua_server.url, timeout=60) as client:
        node = client.get_node("ns=1;s=bad")
        value = await node.read_data_value(raise_on_bad_status=False)
        assert value.StatusCode.value == ua.StatusCodes.BadSensorFailure


async def test_moving_variables_step_while_others_stand_still() -> None:
    with node_opcua(variables=10, interval_ms=20, change=0.5) as server:
        async with Client(server.url, timeout=60) as client:
            nodes = [client.get_node(f"ns=1;s=v{i}") for i in range(10)]
            first = await client.read_values(nodes)
            while (later := await client.read_values(nodes))[0] <= first[0]:
                pass
            assert set(later[5:]) == {0.0}
        port = int(server.url.split(":")[2].split("/")[0])
    assert not accepts(port)
