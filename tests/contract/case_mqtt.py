"""MQTT in the contract suite: mosquitto, and a gateway that publishes every 50 ms."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from connectors.base import SourceContext
from connectors.mqtt import SPEC
from model.signal import SignalType
from tests.contract.source_case import Plant, SourceCase
from tests.support import servers
from tests.support.connector import context, signal
from tests.support.process import reserved_port
from tests.support.prompt import MINUTE

TOPIC = "plant/press"


def _context(port: int) -> SourceContext:
    return context(
        SPEC,
        {"host": "127.0.0.1", "port": port, "connect_timeout": MINUTE},
        [
            (signal("count"), {"topic": TOPIC, "pointer": "/count"}),
            (signal("name", SignalType.TEXT), {"topic": TOPIC, "pointer": "/name"}),
            (signal("speed", SignalType.FLOAT), {"topic": TOPIC, "pointer": "/speed"}),
        ],
    )


async def _publish(client: Client, values: dict[str, object]) -> None:
    while True:
        client.publish(TOPIC, json.dumps(values))
        await asyncio.sleep(0.05)


@asynccontextmanager
async def _start() -> AsyncIterator[Plant]:
    values: dict[str, object] = {"count": 5, "name": "O1234", "speed": 0.5}
    with servers.mosquitto() as broker:
        client = Client(CallbackAPIVersion.VERSION2)
        client.connect(broker.host, broker.port)
        client.loop_start()
        gateway = asyncio.ensure_future(_publish(client, values))

        async def set_first(value: int) -> None:
            values["count"] = value

        async def stop() -> None:
            broker.process.kill()

        try:
            yield Plant(context=_context(broker.port), set_first=set_first, stop=stop)
        finally:
            gateway.cancel()
            with suppress(asyncio.CancelledError):
                await gateway
            client.disconnect()
            await asyncio.to_thread(client.loop_stop)


def _nobody() -> SourceContext:
    return _context(reserved_port())


CASE = SourceCase(name="mqtt", spec=SPEC, start=_start, nobody=_nobody, proves_rest=False)
