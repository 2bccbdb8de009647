"""OPC UA in the contract suite: the server of asyncua in the same event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asyncua import ua

from connectors.base import SourceContext
from connectors.opcua import SPEC
from model.signal import SignalType
from tests.contract.source_case import Plant, SourceCase
from tests.support.asyncua_server import URI, plant_server
from tests.support.connector import context, signal
from tests.support.process import reserved_port
from tests.support.prompt import MINUTE


def _context(url: str) -> SourceContext:
    return context(
        SPEC,
        {
            "url": url,
            "security": "none",
            "publishing_interval": "50 ms",
            "sampling": "50 ms",
            "reread": "200 ms",
            "timeout": MINUTE,
        },
        [
            (signal("count"), {"node": f"nsu={URI};s=count"}),
            (signal("name", SignalType.TEXT), {"node": f"nsu={URI};s=name"}),
            (signal("speed", SignalType.FLOAT), {"node": f"nsu={URI};s=speed"}),
        ],
    )


@asynccontextmanager
async def _start() -> AsyncIterator[Plant]:
    async with plant_server() as plant:
        count = await plant.add("count", 5, ua.VariantType.UInt32)
        await plant.add("name", "O1234", ua.VariantType.String)
        await plant.add("speed", 0.5, ua.VariantType.Double)

        async def set_first(value: int) -> None:
            await plant.write(count, value, ua.VariantType.UInt32)

        yield Plant(context=_context(plant.url), set_first=set_first, stop=plant.server.stop)


def _nobody() -> SourceContext:
    return _context(f"opc.tcp://127.0.0.1:{reserved_port()}/")


CASE = SourceCase(name="opcua", spec=SPEC, start=_start, nobody=_nobody)
