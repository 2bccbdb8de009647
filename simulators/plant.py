"""The demo plant as one process: every server on loopback, faults by command.

`python -m simulators.plant --ports-file F [--seed 7] [--speed 1] [--base-port 0] [--wall-time]` writes the ports file,
prints a line that starts with `ready`, and runs until SIGINT or SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simulators.control import CommandError, ControlServer, Json
from simulators.demo_plant import MACHINES
from simulators.devices.base import DEFAULT_VALUE, Device, FaultKind
from simulators.devices.embedded_broker import EmbeddedBroker
from simulators.devices.modbus_meter import FloatMeter, SwappedMeter
from simulators.devices.modbus_plc import PlcDevice
from simulators.devices.mqtt_gateway import MqttGateway
from simulators.devices.opcua_machinetool import MachineToolDevice
from simulators.devices.opcua_robotics import RoboticsDevice
from simulators.devices.opcua_sinumerik import SinumerikDevice
from simulators.devices.opcua_space import StandardNodes
from simulators.live import LivePlant

_TICK_MS = 1000
_LONGEST_FAULT_S = 86_400.0


def wall_ms() -> int:
    """Return UTC milliseconds; a plant has a clock of its own, as real devices do."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantOptions:
    """How to play the script."""

    seed: int = 7
    speed: int = 1
    mid_shift: bool = True
    base_port: int = 0
    """First port of all servers in order (broker, devices, control); 0 = free ports."""


class Plant:
    """All devices of the demo. `start`, then `run` until told to stop, then `stop`."""

    def __init__(self, options: PlantOptions, clock: Callable[[], int] = wall_ms) -> None:
        """Open nothing yet; `clock` gives UTC milliseconds."""
        self._options = options
        self._clock = clock
        self.live = LivePlant(
            options.seed, clock(), speed=options.speed, mid_shift=options.mid_shift
        )
        standard = StandardNodes()
        self._broker = EmbeddedBroker()
        self.devices: dict[str, Device] = {
            d.name: d
            for d in (
                MachineToolDevice(standard),
                SinumerikDevice(standard),
                RoboticsDevice(standard),
                PlcDevice(),
                MqttGateway(self._broker),
                FloatMeter(),
                SwappedMeter(),
            )
        }
        self._control = ControlServer(self.command)
        self._control_port = 0
        self._until: dict[tuple[str, FaultKind], int] = {}

    async def start(self) -> None:
        """Start every server and show the first values. Raises OSError if a port is taken; then call `stop`."""
        base = self._options.base_port
        await self._broker.start(base)
        for offset, device in enumerate(self.devices.values(), start=1):
            await device.start(base + offset if base else 0)
        control = base + len(self.devices) + 1 if base else 0
        self._control_port = await self._control.start(control)
        await self.tick()

    async def stop(self) -> None:
        """Close everything."""
        await self._control.stop()
        await asyncio.gather(*(device.stop() for device in self.devices.values()))
        await self._broker.stop()

    async def run(self, stop: asyncio.Event) -> None:
        """Show new values at each full second until `stop` is set."""
        while not stop.is_set():
            rest_ms = _TICK_MS - self._clock() % _TICK_MS
            try:
                async with asyncio.timeout(rest_ms / 1000):
                    await stop.wait()
            except TimeoutError:
                await self.tick()

    async def tick(self) -> None:
        """End faults whose time is over and show the values of now."""
        now = self._clock()
        for name, kind in [key for key, until in self._until.items() if until <= now]:
            await self._switch(name, kind, on=False, value=0.0)
        view = self.live.view(now)
        for device in self.devices.values():
            await device.show(view)

    async def command(self, command: Json) -> Json:
        """Do what a line of the control socket asks. Raises CommandError if it cannot."""
        match command:
            case {"device": str(name), "fault": str(word)}:
                device = self._device(name)
                kind = _kind(word)
                if kind not in device.supported:
                    raise CommandError(f"{name} cannot have the fault {word}")
                seconds = _number(command, "seconds", 30.0)
                value = _number(command, "value", DEFAULT_VALUE.get(kind, 0.0))
                await self._begin(name, kind, seconds, value)
            case {"clear": str(name)}:
                if name != "*":
                    self._device(name)
                for key in [k for k in self._until if name in {"*", k[0]}]:
                    await self._switch(*key, on=False, value=0.0)
                await self.tick()
            case {"status": _}:
                pass
            case _:
                raise CommandError(
                    'write {"device":…,"fault":…,"seconds":…}, {"clear":…} or {"status":true}'
                )
        return self.status()

    def status(self) -> Json:
        """Return the faults in force with the seconds that are left."""
        now = self._clock()
        return {
            "faults": [
                {"device": d, "fault": k.value, "seconds_left": max(0, until - now) / 1000}
                for (d, k), until in sorted(self._until.items())
            ]
        }

    def ports_document(self) -> Json:
        """Return what a client needs: seed, control port and the address of each device."""
        return {
            "v": 1,
            "origin": "simulator",
            "seed": self._options.seed,
            "started_ms": self.live.start_ms,
            "control": {"host": "127.0.0.1", "port": self._control_port},
            "broker": {"host": "127.0.0.1", "port": self._broker.gate.port},
            "devices": {name: device.address for name, device in self.devices.items()},
        }

    async def _begin(self, name: str, kind: FaultKind, seconds: float, value: float) -> None:
        if kind is FaultKind.COUNTER_RESET:
            if name not in {m.id for m in MACHINES}:
                raise CommandError(f"{name} has no piece counters")
            self.live.reset_counters(name, self._clock())
        else:
            self._until[(name, kind)] = self._clock() + round(seconds * 1000)
            await self._switch(name, kind, on=True, value=value)
        await self.tick()

    async def _switch(self, name: str, kind: FaultKind, *, on: bool, value: float) -> None:
        if not on:
            self._until.pop((name, kind), None)
        device = self.devices[name]
        await device.apply(device.faults.switched(kind, on=on, value=value))

    def _device(self, name: str) -> Device:
        if name not in self.devices:
            raise CommandError(f"no device {name}; there are {', '.join(self.devices)}")
        return self.devices[name]


def _kind(word: str) -> FaultKind:
    if word not in set(FaultKind):
        raise CommandError(f"no fault {word}; there are {', '.join(FaultKind)}")
    return FaultKind(word)


def _number(command: Json, key: str, default: float) -> float:
    value = command.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CommandError(f"{key} is a number of seconds, not {value!r}")
    if not -_LONGEST_FAULT_S <= value <= _LONGEST_FAULT_S:
        raise CommandError(f"{key} must lie within a day, not {value}")
    return float(value)


def write_ports_file(path: Path, document: Json) -> None:
    """Write the ports file so that a reader sees it whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    part.replace(path)


async def serve(options: PlantOptions, ports_file: Path) -> None:
    """Run a plant until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    if sys.platform == "win32":
        signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(stop.set))
    else:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
    plant = Plant(options)
    try:
        await plant.start()
        gc.freeze()  # half a million nodes that stay: no use looking through them again and again
        await asyncio.to_thread(write_ports_file, ports_file, plant.ports_document())
        print(f"ready {ports_file}", flush=True)  # noqa: T201 - whoever started the process waits for it
        await plant.run(stop)
    finally:
        await plant.stop()


def main() -> None:
    """Parse the command line and run the plant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ports-file", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--speed", type=int, default=1)
    parser.add_argument("--base-port", type=int, default=0)
    parser.add_argument("--wall-time", action="store_true", help="do not start in mid-shift")
    chosen = parser.parse_args()
    options = PlantOptions(
        seed=chosen.seed,
        speed=chosen.speed,
        mid_shift=not chosen.wall_time,
        base_port=chosen.base_port,
    )
    asyncio.run(serve(options, chosen.ports_file))
    sys.stdout.flush()
    os._exit(
        0
    )  # everything is closed; taking the nodes apart one by one would last a second or more


if __name__ == "__main__":
    os.umask(0o077)
    main()
