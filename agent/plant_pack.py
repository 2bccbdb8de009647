"""What a run needs of a checked plant file: everything but the tree of its signals, which takes 8 kB a signal.

A large plant file is read and checked in a process of its own: reading YAML with places for its faults takes hundreds
of megabytes for a moment, and what Python has once taken it gives back only in part.
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from agent.sources import protocols
from config.base import ConfigModel
from config.document import PlantDocument, plant_document
from config.loader import LoadedDevice, LoadedPlant, load_plant
from kpi.document import ConfigDocument, parse_document
from model.signal import SignalTable

LARGE_FILE_BYTES: Final = 200_000
"""A plant file from this size on, about 1,500 signals, is read in a process of its own."""
_CHILD: Final = "from agent.plant_pack import main; main()"


@dataclass(frozen=True, slots=True)
class PlantPack:
    """A checked plant, ready to run."""

    plant: LoadedPlant
    """The plant without its signals."""
    document: PlantDocument
    """Its configuration document, and the table of its signals."""
    parsed: ConfigDocument
    """The document as the figures read it."""
    addresses: Mapping[str, bytes]
    """Device id → its signals and their addresses, packed; see `addresses_of`."""

    def addresses_of(self, device: str) -> list[tuple[str, ConfigModel]]:
        """Return (signal, address) of the signals of `device` in the order of the plant file."""
        found: list[tuple[str, ConfigModel]] = pickle.loads(  # noqa: S301 - packed below, by this program
            zlib.decompress(self.addresses[device])
        )
        return found


def pack_plant(plant: LoadedPlant) -> PlantPack:
    """Return the pack of a checked plant."""
    addresses = {
        device.config.id: zlib.compress(
            pickle.dumps([(s.config.name, s.address or ConfigModel()) for s in device.signals], 5),
            1,
        )
        for device in plant.devices
    }
    bare = tuple(_bare(device) for device in plant.devices)
    config = plant.config.model_copy(update={"devices": [device.config for device in bare]})
    document = plant_document(plant)
    parsed = _shared(parse_document(document.bytes), document.table)
    return PlantPack(replace(plant, config=config, devices=bare), document, parsed, addresses)


def _shared(document: ConfigDocument, table: SignalTable) -> ConfigDocument:
    """Return an equal document whose names, units and factors are the very objects of `table`, or one for all."""
    one: dict[object, Any] = {}
    for signal in table.signals:
        for value in (signal.name, signal.unit, signal.scale):
            one.setdefault(value, value)
    return replace(
        document,
        streams=tuple(
            replace(
                stream,
                signals=tuple(
                    replace(
                        spec,
                        name=one.get(spec.name, spec.name),
                        unit=one.get(spec.unit, spec.unit),
                        scale=one.get(spec.scale, spec.scale),
                    )
                    for spec in stream.signals
                ),
            )
            for stream in document.streams
        ),
    )


def _bare(device: LoadedDevice) -> LoadedDevice:
    return replace(device, config=device.config.model_copy(update={"signals": []}), signals=())


def load_pack(path: Path, environment: Mapping[str, str]) -> PlantPack:
    """Read and check a plant file. Raises ConfigFaultsError with all faults found, as `load_plant` does."""
    try:
        large = path.stat().st_size >= LARGE_FILE_BYTES
    except OSError:
        large = False
    if large:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _CHILD, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            check=False,
        )
        if done.returncode == 0:
            pack: PlantPack = pickle.loads(done.stdout)  # noqa: S301 - from this very program
            return pack
        # Faults are best told by the process that the user talks to.
        logging.getLogger("plantproof.agent").debug("%s is read here: %d", path, done.returncode)
    return pack_plant(load_plant(path, protocols=protocols(), environment=environment))


def main() -> None:
    """Write the pack of the plant file named on the command line to stdout; exit with 1 if it has faults."""
    plant = load_plant(Path(sys.argv[1]), protocols=protocols(), environment=os.environ)
    sys.stdout.buffer.write(pickle.dumps(pack_plant(plant), 5))
