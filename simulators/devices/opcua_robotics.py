"""robot-01: an OPC UA server with the browse names of OPC 40010-1 (robotics).

The standard has no variable for "program running" (1.01) and no piece counters; a cell controller adds them in a
namespace of its own, as vendors do.
"""

from __future__ import annotations

from typing import Any

from asyncua import ua
from typing_extensions import override

from model.state import MachineState
from simulators.devices.opcua_device import (
    DI,
    ROBOTICS,
    OpcUaDevice,
    Reading,
    add_object,
    add_type,
)
from simulators.devices.opcua_space import StandardNodes
from simulators.live import PlantView

CELL = "urn:plantproof:simulator:robot-01:cell"


class RoboticsDevice(OpcUaDevice):
    """A six-axis welding robot with its cell variables."""

    def __init__(self, standard: StandardNodes) -> None:
        """Open nothing yet."""
        super().__init__("robot-01", standard)

    @override
    async def build(self, server: Any) -> None:
        """Add one motion device system below Objects/DeviceSet."""
        di = await server.register_namespace(DI)
        rb = await server.register_namespace(ROBOTICS)
        own = await server.register_namespace(CELL)
        system_type = await add_type(
            server.nodes.base_object_type, 1002, rb, "MotionDeviceSystemType"
        )
        devices = await server.nodes.objects.add_object(
            ua.NodeId(5001, di), ua.QualifiedName("DeviceSet", di)
        )
        system = await devices.add_object(
            ua.NodeId("WeldingCell", own), ua.QualifiedName("WeldingCell", own), system_type.nodeid
        )
        safety = await add_object(
            await add_object(await add_object(system, rb, "SafetyStates"), own, "Safety1"),
            di,
            "ParameterSet",
        )
        for key, name, kind in (
            ("mode", "OperationalMode", ua.VariantType.Int32),
            ("estop", "EmergencyStop", ua.VariantType.Boolean),
            ("pstop", "ProtectiveStop", ua.VariantType.Boolean),
        ):
            await self.variable(safety, key, ua.QualifiedName(name, rb), kind)
        controller = await add_object(
            await add_object(system, rb, "Controllers"), own, "Controller1"
        )
        task = await add_object(await add_object(controller, rb, "TaskControls"), own, "Task1")
        parameters = await add_object(task, di, "ParameterSet")
        await self.variable(
            parameters, "program", ua.QualifiedName("TaskProgramName", rb), ua.VariantType.String
        )
        for key, name, kind in (
            ("state", "ExecutionState", ua.VariantType.Int32),
            ("good", "PartsGood", ua.VariantType.UInt32),
            ("scrap", "PartsScrapped", ua.VariantType.UInt32),
        ):
            await self.variable_at(
                controller, key, ua.NodeId(f"Cell.{name}", own), ua.QualifiedName(name, own), kind
            )

    @override
    def readings(self, view: PlantView) -> dict[str, Reading]:
        """Return the value of each variable."""
        m = view.machines[self.name]
        return {
            "mode": Reading.of(m.mode),
            "estop": Reading(value=False, since_ms=0),
            "pstop": Reading(m.state is MachineState.FAULT, m.code.since_ms),
            "program": Reading(m.program, m.program_since_ms),
            "state": Reading.of(m.code),
            "good": Reading.of(m.good),
            "scrap": Reading.of(m.scrap),
        }
