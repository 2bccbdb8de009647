"""press-01: a gateway that publishes the press as JSON over MQTT."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from typing_extensions import override

from simulators.devices.base import Device, Faults
from simulators.devices.embedded_broker import EmbeddedBroker
from simulators.live import MachineView, PlantView

TOPIC = "demo/press-01/status"
_FIELDS = ("state", "good", "scrap", "alarm")
_REPEAT_MS = 5_000
"""An unchanged message is repeated after this long: the proof that the press is alive."""


class MqttGateway(Device):
    """Publishes `{"device","simulated":true,"quality","state","good","scrap","alarm","ts"}`, QoS 1, not retained."""

    name = "press-01"

    def __init__(self, broker: EmbeddedBroker) -> None:
        """Open nothing yet; the broker must be started first and is not owned."""
        super().__init__()
        self._broker = broker
        self._client: Any = None
        self._last: dict[str, object] = {}
        self._ts = 0
        self._sent_ms = 0
        self._late: list[tuple[int, str]] = []

    @override
    async def start(self, port: int) -> None:
        """Connect to the broker in a thread of the client library; `port` is not used: a gateway listens nowhere."""
        del port
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="press-01-gateway")
        client.reconnect_delay_set(1, 2)
        client.connect_timeout = 2.0
        client.connect_async("127.0.0.1", self._broker.gate.port, keepalive=30)
        client.loop_start()
        self._client = client

    @override
    async def stop(self) -> None:
        """Disconnect."""
        if self._client is not None:
            client, self._client = self._client, None
            client.disconnect()
            # the broker may live in this event loop, which must not wait for the thread of the client
            await asyncio.to_thread(client.loop_stop)

    @override
    async def apply(self, faults: Faults) -> None:
        """Change the faults of the device; a disconnected gateway leaves the broker."""
        was, self.faults = self.faults, faults
        if faults.disconnected and not was.disconnected:
            await self.stop()
        elif was.disconnected and not faults.disconnected:
            await self.start(0)
        self._sent_ms = 0

    @property
    @override
    def address(self) -> dict[str, object]:
        """Return broker and topic."""
        return {
            "protocol": "mqtt",
            "host": "127.0.0.1",
            "port": self._broker.gate.port,
            "topic": TOPIC,
        }

    @override
    async def show(self, view: PlantView) -> None:
        """Publish if something changed or the last message is old; late messages when they are due."""
        if self._client is None:
            return
        message, ts = self._last, self._ts
        if not self.faults.frozen:
            message, ts = self._message(view.machines[self.name]), view.at_ms + self.faults.skew_ms
        if message != self._last or not 0 <= view.at_ms - self._sent_ms < _REPEAT_MS:
            self._last, self._ts, self._sent_ms = message, ts, view.at_ms
            due = view.at_ms + round(self.faults.delay_s * 1000)
            self._late.append((due, json.dumps({**message, "ts": ts})))
        while self._late and self._late[0][0] <= view.at_ms:
            self._client.publish(TOPIC, self._late.pop(0)[1], qos=1)

    def _message(self, machine: MachineView) -> dict[str, object]:
        """Return what is published, without its time."""
        head: dict[str, object] = {"device": self.name, "simulated": True}
        if self.faults.bad_quality:
            return {**head, "quality": "bad", **dict.fromkeys(_FIELDS)}
        return {
            **head,
            "quality": "good",
            "state": machine.code.value,
            "good": machine.good.value,
            "scrap": machine.scrap.value,
            "alarm": machine.alarm.value,
        }
