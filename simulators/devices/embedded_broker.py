"""An MQTT broker inside the plant process."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

from amqtt.broker import Broker
from typing_extensions import override

from simulators.devices.gate import Gate

_STOP_S = 1.0


class _ClosingBroker(Broker):  # type: ignore[misc]  # amqtt is untyped here
    """amqtt leaves the socket of a client open that went away early; this one closes it in any case."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Configure; the connections in hand are in `connections`."""
        super().__init__(config)
        self.connections: set[asyncio.Task[None]] = set()

    @override
    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        """Serve one client."""
        task = asyncio.current_task()
        if task is not None:
            self.connections.add(task)
            task.add_done_callback(self.connections.discard)
        try:
            await super().stream_connected(reader, writer, listener_name)
        finally:
            writer.close()
            # amqtt cancels the task of a client that left; asyncio would report that as an error of its callback
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()


class EmbeddedBroker:
    """An anonymous MQTT 3.1.1 broker on loopback behind a gate."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self.gate = Gate()
        self._broker: _ClosingBroker | None = None

    async def start(self, port: int) -> None:
        """Listen on loopback at `port`, 0 = a free one."""
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        await self.gate.open(port)
        self._broker = _ClosingBroker(
            {
                "listeners": {"default": {"type": "tcp", "bind": "127.0.0.1:0"}},
                "plugins": {
                    "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
                },
            }
        )
        await self._broker.start()
        server = self._broker._servers["default"].instance  # noqa: SLF001 - amqtt names no port
        self.gate.inner_port = server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut every client, then stop."""
        await self.gate.close()
        if self._broker is not None:
            broker, self._broker = self._broker, None
            if broker.connections:
                await asyncio.wait(broker.connections, timeout=_STOP_S)
            await broker.shutdown()
