"""Two simulated Modbus meters, a PLC and an MQTT press behind real sockets: the quick half of the demo plant."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread
from typing import Any

from simulators.control import ControlServer
from simulators.devices.embedded_broker import EmbeddedBroker
from simulators.devices.modbus_meter import FloatMeter, SwappedMeter
from simulators.devices.modbus_plc import PlcDevice
from simulators.devices.mqtt_gateway import MqttGateway
from simulators.live import LivePlant
from simulators.plant import Plant, PlantOptions, wall_ms
from tests.support.prompt import PATIENCE_S


class LightPlant(Plant):
    """The demo plant without its OPC UA servers, which take eight seconds to start."""

    def __init__(self) -> None:
        self._options = PlantOptions()
        self._clock = wall_ms
        self.live = LivePlant(7, wall_ms(), speed=60, mid_shift=True)
        self._broker = EmbeddedBroker()
        devices = (PlcDevice(), MqttGateway(self._broker), FloatMeter(), SwappedMeter())
        self.devices = {device.name: device for device in devices}
        self._control = ControlServer(self.command)
        self._control_port = 0
        self._until = {}


class RunningPlant:
    """A plant in a thread of its own; `ports` by device id."""

    def __init__(self, loop: asyncio.AbstractEventLoop, plant: LightPlant) -> None:
        self._loop, self._plant = loop, plant
        document = json.loads(json.dumps(plant.ports_document()))
        self.ports = {name: int(entry["port"]) for name, entry in document["devices"].items()}

    def command(self, **command: Any) -> Any:
        """Give a command of the control socket, as `device="plc-01", fault="disconnect", seconds=5`."""
        return asyncio.run_coroutine_threadsafe(self._plant.command(command), self._loop).result(
            PATIENCE_S
        )


@contextmanager
def light_plant() -> Iterator[RunningPlant]:
    """Run the plant until the context ends."""
    ready: Future[RunningPlant] = Future()
    stop: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def work() -> None:
        halt = asyncio.Event()
        plant = LightPlant()
        try:
            await plant.start()
            stop.set_result((asyncio.get_running_loop(), halt))
            ready.set_result(RunningPlant(asyncio.get_running_loop(), plant))
            await plant.run(halt)
        except BaseException as exc:
            if not ready.done():
                ready.set_exception(exc)
            raise
        finally:
            await plant.stop()

    thread = Thread(target=lambda: asyncio.run(work()), name="light plant")
    thread.start()
    try:
        yield ready.result(PATIENCE_S)
    finally:
        if stop.done():
            loop, halt = stop.result()
            loop.call_soon_threadsafe(halt.set)
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), "the plant does not end"
