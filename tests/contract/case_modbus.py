"""Modbus TCP in the contract suite: a device in the same event loop that shares no code with the client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from connectors.base import SourceContext
from connectors.modbus import SPEC
from model.signal import SignalType
from tests.contract.source_case import Plant, SourceCase
from tests.support.connector import context, signal
from tests.support.fake_modbus import FakeDevice, registers
from tests.support.process import reserved_port
from tests.support.prompt import MINUTE


def _context(port: int) -> SourceContext:
    return context(
        SPEC,
        {
            "host": "127.0.0.1",
            "port": port,
            "poll_interval": "50 ms",
            "timeout": MINUTE,
            "connect_timeout": MINUTE,
            "every_poll": True,
        },
        [
            (signal("count"), {"address": 0, "encoding": "uint16"}),
            (signal("name", SignalType.TEXT), {"address": 10, "encoding": "text 4"}),
            (signal("speed", SignalType.FLOAT), {"address": 20, "encoding": "float32"}),
        ],
    )


@asynccontextmanager
async def _start() -> AsyncIterator[Plant]:
    values = {0: 5, 10: 0x4142, 20: 0x3F00}
    device = FakeDevice(lambda asked: registers(asked, values))
    async with device.running():

        async def set_first(value: int) -> None:
            values[0] = value

        yield Plant(context=_context(device.port), set_first=set_first, stop=device.stop)


def _nobody() -> SourceContext:
    return _context(reserved_port())


CASE = SourceCase(name="modbus", spec=SPEC, start=_start, nobody=_nobody, proves_rest=False)
