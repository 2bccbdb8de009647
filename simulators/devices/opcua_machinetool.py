"""cnc-01: an OPC UA server with the browse names of OPC 40501-1 (machine tools) and OPC 40001-1 (machinery).

Only the nodes that the demo and a browsing client need, made here; type nodes carry the published numeric ids.
"""

from __future__ import annotations

from typing import Any

from asyncua import ua
from typing_extensions import override

from model.state import MachineState
from simulators.devices.opcua_device import (
    DI,
    MACHINE_TOOL,
    MACHINERY,
    OpcUaDevice,
    Reading,
    add_object,
    add_type,
)
from simulators.devices.opcua_space import StandardNodes
from simulators.live import PlantView

_ITEM_STATE = {MachineState.RUN: 3, MachineState.FAULT: 1}
"""MachineryItemState: OutOfService 1, NotExecuting 2, Executing 3."""
_PROGRAM_STATE_NAMES = ("Initializing", "Running", "Ended", "Interrupted", "Aborted")


class MachineToolDevice(OpcUaDevice):
    """A five-axis machining centre; browse it below Objects/Machines."""

    def __init__(self, standard: StandardNodes) -> None:
        """Open nothing yet."""
        super().__init__("cnc-01", standard)

    @override
    async def build(self, server: Any) -> None:
        """Add one machine with identification, state, monitoring and production."""
        di = await server.register_namespace(DI)
        my = await server.register_namespace(MACHINERY)
        mt = await server.register_namespace(MACHINE_TOOL)
        own = await server.register_namespace("urn:plantproof:simulator:cnc-01:instances")
        types = server.nodes.base_object_type
        tool_type = await add_type(types, 13, mt, "MachineToolType")
        channel_type = await add_type(types, 16, mt, "ChannelMonitoringType")
        spindle_type = await add_type(types, 22, mt, "SpindleMonitoringType")
        machines = await server.nodes.objects.add_folder(
            ua.NodeId(1001, my), ua.QualifiedName("Machines", my)
        )
        machine = await machines.add_object(
            ua.NodeId("FiveAxis01", own), ua.QualifiedName("FiveAxis01", own), tool_type.nodeid
        )
        await self._identification(machine, di)
        blocks = await add_object(machine, my, "MachineryBuildingBlocks")
        item = await add_object(blocks, my, "MachineryItemState")
        await self._state(item, "item_state")
        monitoring = await add_object(machine, mt, "Monitoring")
        tool = await add_object(monitoring, mt, "MachineTool")
        await self.variable(
            tool, "operation_mode", _name("OperationMode", mt), ua.VariantType.Int32
        )
        spindle = await add_object(monitoring, own, "Spindle1", spindle_type)
        await self.variable(spindle, "override", _name("Override", mt), ua.VariantType.Double)
        channel = await add_object(monitoring, own, "Channel1", channel_type)
        await self.variable(
            channel, "channel_state", _name("ChannelState", mt), ua.VariantType.Int32
        )
        production = await add_object(machine, mt, "Production")
        program = await add_object(production, mt, "ActiveProgram")
        await self.variable(program, "program", _name("Name", mt), ua.VariantType.String)
        await self._state(await add_object(program, mt, "State"), "program_state")
        plan = await add_object(production, mt, "ProductionPlan")
        job = await add_object(plan, own, "Job1")
        for key, name in (("good", "PartsGood"), ("total", "PartsCompleted")):
            await self.variable(job, key, _name(name, mt), ua.VariantType.UInt32)

    @override
    def readings(self, view: PlantView) -> dict[str, Reading]:
        """Return the value of each variable."""
        m = view.machines[self.name]
        code, since = m.code.value, m.code.since_ms
        running, setup = m.state is MachineState.RUN, m.state is MachineState.SETUP
        interrupted = m.state in {MachineState.WAIT, MachineState.FAULT}
        item_state = _ITEM_STATE.get(m.state, 2)
        return {
            "manufacturer": Reading("plantproof-simulator", 0),
            "serial": Reading("SIM-CNC-01", 0),
            "item_state": Reading(_text(("", "OutOfService", "NotExecuting", "Executing")[item_state]), since),
            "item_state_number": Reading(item_state, since),
            "operation_mode": Reading(2 if setup else 1, since),
            "override": Reading(float(m.override.value), m.override.since_ms),
            # OPC 40501-1 ChannelState: Active 0, Interrupted 1, Reset 2
            "channel_state": Reading(0 if running else 1 if interrupted else 2, since),
            "program": Reading(m.program, m.program_since_ms),
            "program_state": Reading(_text(_PROGRAM_STATE_NAMES[code]), since),
            "program_state_number": Reading(code, since),
            "good": Reading.of(m.good),
            "total": Reading.of(m.total),
        }  # fmt: skip

    async def _identification(self, machine: Any, di: int) -> None:
        node = await add_object(machine, di, "Identification")
        for key, name in (("manufacturer", "Manufacturer"), ("serial", "SerialNumber")):
            await self.variable(node, key, _name(name, di), ua.VariantType.String, is_property=True)

    async def _state(self, machine: Any, key: str) -> None:
        """Add `CurrentState` with its number (OPC 10000-5, B.4.3)."""
        current = await self.variable(
            machine, key, ua.QualifiedName("CurrentState", 0), ua.VariantType.LocalizedText
        )
        await self.variable(
            current,
            f"{key}_number",
            ua.QualifiedName("Number", 0),
            ua.VariantType.UInt32,
            is_property=True,
        )


def _name(text: str, namespace: int) -> Any:
    return ua.QualifiedName(text, namespace)


def _text(text: str) -> Any:
    return ua.LocalizedText(text, "en")
