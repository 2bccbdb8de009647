"""cnc-02: an OPC UA server like that of a SINUMERIK control: string node ids that no browsing finds."""

from __future__ import annotations

from typing import Any

from asyncua import ua
from typing_extensions import override

from model.state import MachineState
from simulators.devices.opcua_device import OpcUaDevice, Reading
from simulators.devices.opcua_space import StandardNodes
from simulators.live import PlantView

NAMESPACE = "SinumerikVarProvider"
_VARIABLES: dict[str, tuple[str, Any]] = {
    "state": ("/Channel/State/progStatus[u1]", ua.VariantType.UInt16),
    "channel": ("/Channel/State/chanStatus[u1]", ua.VariantType.UInt16),
    "mode": ("/Bag/State/opMode[u1]", ua.VariantType.UInt16),
    # part counters of the control are 8-byte reals
    "good": ("/Channel/State/actParts[u1,1]", ua.VariantType.Double),
    "scrap": ("/Channel/State/specParts[u1,1]", ua.VariantType.Double),
    "program": ("/Channel/ProgramInfo/selectedWorkPProg[u1,1]", ua.VariantType.String),
    "alarms": ("/Nck/State/numAlarms", ua.VariantType.UInt16),
}


class SinumerikDevice(OpcUaDevice):
    """A CNC lathe; its variables hang under no folder."""

    def __init__(self, standard: StandardNodes) -> None:
        """Open nothing yet."""
        super().__init__("cnc-02", standard)

    @override
    async def build(self, server: Any) -> None:
        """Add the variables and cut the references that would let a client browse to them."""
        namespace = await server.register_namespace(NAMESPACE)
        objects = server.nodes.objects
        for key, (text, variant_type) in _VARIABLES.items():
            node = await self.variable_at(
                objects,
                key,
                ua.NodeId(text, namespace),
                ua.QualifiedName(text.rsplit("/", 1)[1], namespace),
                variant_type,
            )
            await objects.delete_reference(node, ua.ObjectIds.HasComponent)

    @override
    def readings(self, view: PlantView) -> dict[str, Reading]:
        """Return the value of each variable."""
        m = view.machines[self.name]
        since = m.code.since_ms
        fault, running = m.state is MachineState.FAULT, m.state is MachineState.RUN
        return {
            "state": Reading.of(m.code),
            # 0 reset, 1 active (also in JOG), 2 interrupted
            "channel": Reading(1 if running or m.state is MachineState.SETUP else 2, since),
            "mode": Reading.of(m.mode),
            "good": Reading(float(m.good.value), m.good.since_ms),
            "scrap": Reading(float(m.scrap.value), m.scrap.since_ms),
            "program": Reading(m.program, m.program_since_ms),
            "alarms": Reading(1 if fault else 0, since),
        }
