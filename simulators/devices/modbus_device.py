"""plc-01, meter-01, meter-02: Modbus TCP servers."""

from __future__ import annotations

import logging
import struct
from abc import abstractmethod
from typing import Any

from pymodbus.constants import ExcCodes
from pymodbus.pdu.device import ModbusDeviceIdentification
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from typing_extensions import override

from simulators.devices.base import Device, FaultKind, Faults
from simulators.devices.gate import Gate
from simulators.live import PlantView

VENDOR_NAME = "plantproof-simulator"


class ModbusDevice(Device):
    """A Modbus TCP server on loopback that answers every unit id with one block of holding registers."""

    supported = frozenset(FaultKind) - {FaultKind.CLOCK_SKEW}

    def __init__(self, name: str, first: int, count: int) -> None:
        """Keep the block: wire address of the first register and number of registers."""
        super().__init__()
        self.name = name
        self._first = first
        self._registers = [0] * count
        self._gate = Gate()
        self._server: Any = None

    @abstractmethod
    def registers(self, view: PlantView) -> dict[int, tuple[int, ...]]:
        """Return registers by wire address."""

    @override
    async def start(self, port: int) -> None:
        """Listen on loopback at `port`, 0 = a free one."""
        # pymodbus logs each exception answer as an error; here they are wanted
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
        await self._gate.open(port)
        block = SimData(self._first, values=list(self._registers), datatype=DataType.REGISTERS)
        identity = ModbusDeviceIdentification(
            info_name={
                "VendorName": VENDOR_NAME,
                "ProductCode": "demo-plant",  # pymodbus keeps one identity a process
                "MajorMinorRevision": "1.0",
            }
        )
        self._server = ModbusTcpServer(
            SimDevice(0, simdata=[block], action=self._answer),
            identity=identity,
            address=("127.0.0.1", 0),
        )
        await self._server.serve_forever(background=True)
        self._gate.inner_port = self._server.transport.sockets[0].getsockname()[1]

    @override
    async def stop(self) -> None:
        """Close everything."""
        await self._gate.close()
        if self._server is not None:
            await self._server.shutdown()
            self._server = None

    @override
    async def apply(self, faults: Faults) -> None:
        """Change the faults of the device."""
        self.faults = faults
        self._gate.delay_s = faults.delay_s
        if faults.disconnected:
            await self._gate.cut()
        elif self._server is not None:
            await self._gate.open()

    @property
    @override
    def address(self) -> dict[str, object]:
        """Return the port."""
        return {"protocol": "modbus", "host": "127.0.0.1", "port": self._gate.port}

    @override
    async def show(self, view: PlantView) -> None:
        """Put the values of the view into the registers."""
        if self.faults.frozen:
            return
        for address, words in self.registers(view).items():
            at = address - self._first
            self._registers[at : at + len(words)] = words

    async def _answer(
        self,
        _function: int,
        _start: int,
        _address: int,
        _count: int,
        current: list[int],
        written: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """Answer a request: registers as last shown, exception 4 under bad quality, 1 for writing."""
        if written is not None:
            return ExcCodes.ILLEGAL_FUNCTION
        if self.faults.bad_quality:
            return ExcCodes.DEVICE_FAILURE
        current[:] = self._registers
        return None


def u32(value: int, *, swapped: bool = False) -> tuple[int, int]:
    """Return the two registers of an unsigned 32-bit number, high word first unless `swapped` (CDAB)."""
    high, low = value >> 16 & 0xFFFF, value & 0xFFFF
    return (low, high) if swapped else (high, low)


def f32(value: float, *, swapped: bool = False) -> tuple[int, int]:
    """Return the two registers of a binary32 number."""
    return u32(int.from_bytes(struct.pack(">f", value), "big"), swapped=swapped)
