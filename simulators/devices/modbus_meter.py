"""meter-01 and meter-02: two energy meters with register maps that do not agree, as in the field."""

from __future__ import annotations

from typing_extensions import override

from simulators.devices.modbus_device import ModbusDevice, f32, u32
from simulators.live import PlantView

METER_01_ENERGY = 2698
"""Wire address; the manual of the PM5xxx family numbers it 2699. binary32 kWh, high word first."""
METER_01_POWER = 3058
"""Wire address of the total active power, binary32 kW (3059 in the manual)."""
METER_02_ENERGY = 0
"""uint32 x 0.01 kWh, low word first."""
METER_02_POWER = 2
"""binary32 kW, low word first."""


class FloatMeter(ModbusDevice):
    """meter-01."""

    def __init__(self) -> None:
        """Open nothing yet."""
        super().__init__("meter-01", METER_01_ENERGY, METER_01_POWER + 2 - METER_01_ENERGY)

    @override
    def registers(self, view: PlantView) -> dict[int, tuple[int, ...]]:
        """Return energy and power."""
        meter = view.meters[self.name]
        return {
            METER_01_ENERGY: f32(meter.energy_wh / 1000.0),
            METER_01_POWER: f32(meter.power_w / 1000.0),
        }


class SwappedMeter(ModbusDevice):
    """meter-02."""

    def __init__(self) -> None:
        """Open nothing yet."""
        super().__init__("meter-02", METER_02_ENERGY, 4)

    @override
    def registers(self, view: PlantView) -> dict[int, tuple[int, ...]]:
        """Return energy and power."""
        meter = view.meters[self.name]
        return {
            METER_02_ENERGY: u32(meter.energy_wh // 10, swapped=True),
            METER_02_POWER: f32(meter.power_w / 1000.0, swapped=True),
        }
