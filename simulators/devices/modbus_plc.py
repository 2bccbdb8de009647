"""plc-01: the PLC of an assembly line with the register contract of the project's PLC template."""

from __future__ import annotations

from typing_extensions import override

from simulators.devices.modbus_device import ModbusDevice, u32
from simulators.live import PlantView

REGISTERS = 16


class PlcDevice(ModbusDevice):
    """Holding registers 0 to 15; the scrap counter is word-swapped (CDAB), as on many small PLCs."""

    def __init__(self) -> None:
        """Open nothing yet."""
        super().__init__("plc-01", 0, REGISTERS)

    @override
    def registers(self, view: PlantView) -> dict[int, tuple[int, ...]]:
        """Return heartbeat, state, alarm, program number, counters and cycle time."""
        m = view.machines[self.name]
        return {
            0: (view.at_ms // 1000 % 65_536, m.code.value, m.alarm.value, 1),
            4: u32(m.good.value),
            6: u32(m.scrap.value, swapped=True),
            8: u32(m.cycle_ms),
        }
