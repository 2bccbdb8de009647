"""An MQTT broker inside the plant process."""

from __future__ import annotations

import logging
from typing import Any

from amqtt.broker import Broker

from simulators.devices.gate import Gate


class EmbeddedBroker:
    """An anonymous MQTT 3.1.1 broker on loopback behind a gate."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self.gate = Gate()
        self._broker: Any = None

    async def start(self, port: int) -> None:
        """Listen on loopback at `port`, 0 = a free one."""
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.ERROR)
        await self.gate.open(port)
        self._broker = Broker(
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
            await self._broker.shutdown()
            self._broker = None
