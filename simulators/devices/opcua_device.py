"""What the three simulated OPC UA servers have in common."""

from __future__ import annotations

import logging
from abc import abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import Server, ua
from typing_extensions import override

from simulators.devices.base import Device, Faults
from simulators.devices.gate import Gate
from simulators.devices.opcua_space import SharedStartServer, StandardNodes
from simulators.live import PlantView, Shown

DI = "http://opcfoundation.org/UA/DI/"
MACHINERY = "http://opcfoundation.org/UA/Machinery/"
MACHINE_TOOL = "http://opcfoundation.org/UA/MachineTool/"
ROBOTICS = "http://opcfoundation.org/UA/Robotics/"
APPLICATION_URI = "urn:plantproof:simulator:"
BAD_DEVICE_FAILURE = 0x808B0000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reading:
    """A value for one variable and the instant of its last change; `since_ms` of a constant is 0."""

    value: object
    since_ms: int

    @staticmethod
    def of(shown: Shown) -> Reading:
        """Return the reading of an integer item."""
        return Reading(shown.value, shown.since_ms)


@dataclass(frozen=True, slots=True)
class _Variable:
    node_id: Any
    variant_type: Any


class OpcUaDevice(Device):
    """An OPC UA server without security on loopback, whose values are written at each `show`."""

    def __init__(self, name: str, standard: StandardNodes) -> None:
        """Open nothing yet."""
        super().__init__()
        self.name = name
        self._standard = standard
        self._gate = Gate()
        self._server: Any = None
        self._running = False
        self._variables: dict[str, _Variable] = {}
        self._shown_ms = 0

    @abstractmethod
    async def build(self, server: Any) -> None:
        """Add the nodes of the device; register each variable with `variable`."""

    @abstractmethod
    def readings(self, view: PlantView) -> dict[str, Reading]:
        """Return the value of each registered variable."""

    @override
    async def start(self, port: int) -> None:
        """Listen on loopback at `port`, 0 = a free one."""
        # asyncua warns about missing user certificates and about values that a client may not write: both are meant so
        logging.getLogger("asyncua").setLevel(logging.ERROR)
        await self._gate.open(port)
        server = Server(iserver=SharedStartServer(self._standard))
        self._server = server
        await server.init()
        await server.set_application_uri(APPLICATION_URI + self.name)
        server.set_server_name(f"plantproof simulator {self.name}")
        server.product_uri = "urn:plantproof:simulator"
        server.manufacturer_name = "plantproof-simulator"
        server.set_endpoint(f"opc.tcp://127.0.0.1:{self._gate.port}/")
        server.socket_address = ("127.0.0.1", 0)
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        server.set_identity_tokens([ua.AnonymousIdentityToken])
        server.disable_clock()
        await self.build(server)
        await server.start()
        self._running = True
        self._gate.inner_port = server.bserver.port

    @override
    async def stop(self) -> None:
        """Close everything."""
        await self._gate.close()
        if self._running:
            self._running = False
            await self._server.stop()

    @override
    async def apply(self, faults: Faults) -> None:
        """Change the faults of the device."""
        self.faults = faults
        self._gate.delay_s = faults.delay_s
        if faults.disconnected:
            await self._gate.cut()
        elif self._running:
            await self._gate.open()

    @property
    @override
    def address(self) -> dict[str, object]:
        """Return port and endpoint URL."""
        port = self._gate.port
        return {"protocol": "opcua", "port": port, "url": f"opc.tcp://127.0.0.1:{port}/"}

    @override
    async def show(self, view: PlantView) -> None:
        """Write every variable: a changed value with the instant of its change, the others with that of the view."""
        await self._write_clock(view.at_ms + self.faults.skew_ms)
        if self.faults.frozen:
            return
        for key, reading in self.readings(view).items():
            changed = self._shown_ms < reading.since_ms <= view.at_ms
            source_ms = reading.since_ms if changed else view.at_ms
            await self._write(self._variables[key], reading.value, source_ms)
        self._shown_ms = view.at_ms

    async def variable(
        self, parent: Any, key: str, name: Any, variant_type: Any, *, is_property: bool = False
    ) -> Any:
        """Add a variable with browse name `name` under `parent` and register it as `key`; returns the node."""
        parent_id = parent.nodeid
        text = f"{parent_id.Identifier}.{name.Name}"
        node_id = ua.NodeId(text, max(parent_id.NamespaceIndex, 1))
        return await self.variable_at(
            parent, key, node_id, name, variant_type, is_property=is_property
        )

    async def variable_at(
        self,
        parent: Any,
        key: str,
        node_id: Any,
        name: Any,
        variant_type: Any,
        *,
        is_property: bool = False,
    ) -> Any:
        """Add a variable with a node id of its own."""
        add = parent.add_property if is_property else parent.add_variable
        initial = "" if variant_type == ua.VariantType.String else 0
        node = await add(node_id, name, ua.Variant(initial, variant_type))
        self._variables[key] = _Variable(node.nodeid, variant_type)
        return node

    async def _write(self, variable: _Variable, value: object, source_ms: int) -> None:
        instant = _EPOCH + timedelta(milliseconds=source_ms + self.faults.skew_ms)
        if self.faults.bad_quality:
            data = ua.DataValue(
                ua.Variant(None, ua.VariantType.Null),
                StatusCode=ua.StatusCode(BAD_DEVICE_FAILURE),
                SourceTimestamp=instant,
                ServerTimestamp=instant,
            )
        else:
            data = ua.DataValue(
                ua.Variant(value, variable.variant_type),
                SourceTimestamp=instant,
                ServerTimestamp=instant,
            )
        await self._server.write_attribute_value(variable.node_id, data)

    async def _write_clock(self, now_ms: int) -> None:
        instant = _EPOCH + timedelta(milliseconds=now_ms)
        data = ua.DataValue(
            ua.Variant(instant, ua.VariantType.DateTime),
            SourceTimestamp=instant,
            ServerTimestamp=instant,
        )
        await self._server.write_attribute_value(
            ua.NodeId(ua.ObjectIds.Server_ServerStatus_CurrentTime), data
        )


async def add_type(parent: Any, number: int, namespace: int, name: str) -> Any:
    """Add an object type of our own making with the numeric id that the published model gives it; returns the node."""
    return await parent.add_object_type(
        ua.NodeId(number, namespace), ua.QualifiedName(name, namespace)
    )


async def add_object(parent: Any, namespace: int, name: str, type_node: Any = None) -> Any:
    """Add an object with a string id below the id of its parent; returns the node."""
    text = str(parent.nodeid.Identifier)
    node_id = ua.NodeId(f"{text}.{name}", namespace)
    object_type = None if type_node is None else type_node.nodeid
    return await parent.add_object(node_id, ua.QualifiedName(name, namespace), object_type)
