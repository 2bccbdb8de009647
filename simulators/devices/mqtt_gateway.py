"""press-01: a gateway that publishes the press as JSON over MQTT."""

from __future__ import annotations

import json
from typing import Any

import paho.mqtt.client as mqtt

from simulators.devices.base import Device, Faults
from simulators.devices.embedded_broker import EmbeddedBroker
from simulators.live import MachineView, PlantView

TOPIC = "demo/press-01/status"
_REPEAT_MS = 5_000
"""An unchanged message is repeated after this long: the proof that the press is alive."""


class MqttGateway(Device):
    """Publishes `{"device","simulated":true,"ts","quality","state","good","scrap","alarm"}` with QoS 1, not retained."""

    name = "press-01"

    def __init__(self, broker: EmbeddedBroker) -> None:
        """Open nothing yet; the broker must be started first and is not owned."""
        super().__init__()
        self._broker = broker
        self._client: Any = None
        self._last: dict[str, object] = {}
        self._last_ms = 0
        self._late: list[tuple[int, str]] = []

    async def start(self, port: int) -> None:
        """Connect to the broker in a thread of the client library; `port` is not used: a gateway listens nowhere."""
        del port
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="press-01-gateway")
        client.reconnect_delay_set(1, 2)
        client.connect_async("127.0.0.1", self._broker.gate.port, keepalive=30)
        client.loop_start()
        self._client = client

    async def stop(self) -> None:
        """Disconnect."""
        if self._client is not None:
            client, self._client = self._client, None
            client.disconnect()
            client.loop_stop()

    async def apply(self, faults: Faults) -> None:
        """Change the faults of the device; a disconnected gateway leaves the broker."""
        was, self.faults = self.faults, faults
        if faults.disconnected and not was.disconnected:
            await self.stop()
        elif was.disconnected and not faults.disconnected:
            await self.start(0)
        self._last_ms = 0

    @property
    def address(self) -> dict[str, object]:
        """Return broker and topic."""
        return {
            "protocol": "mqtt",
            "host": "127.0.0.1",
            "port": self._broker.gate.port,
            "topic": TOPIC,
        }

    async def show(self, view: PlantView) -> None:
        """Publish if something changed or the last message is old; late messages when they are due."""
        if self._client is None:
            return
        if not self.faults.frozen:
            self._values(view.machines[self.name], view.at_ms)
        changed = self._last.pop("changed", False)
        if changed or view.at_ms - self._last_ms >= _REPEAT_MS or view.at_ms < self._last_ms:
            self._last_ms = view.at_ms
            self._late.append(
                (view.at_ms + round(self.faults.delay_s * 1000), json.dumps(self._last))
            )
        while self._late and self._late[0][0] <= view.at_ms:
            self._client.publish(TOPIC, self._late.pop(0)[1], qos=1)

    def _values(self, machine: MachineView, at_ms: int) -> None:
        """Renew the message."""
        values: dict[str, object] = {
            "state": machine.code.value,
            "good": machine.good.value,
            "scrap": machine.scrap.value,
            "alarm": machine.alarm.value,
        }
        if self.faults.bad_quality:
            values = {}
        quality = "bad" if self.faults.bad_quality else "good"
        changed = any(self._last.get(k) != v for k, v in values.items()) or (
            self._last.get("quality") != quality
        )
        self._last = {
            "device": self.name,
            "simulated": True,
            "ts": at_ms + self.faults.skew_ms,
            "quality": quality,
            **values,
            "changed": changed,
        }
