"""Runs delivery beside collection, in a thread of its own: a store that hangs never delays a commit."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from agent.backoff import Backoff
from agent.clock import SystemClock
from agent.folders import DataFolder
from config.loader import LoadedPlant
from model.slots import NS_PER_MS

IDLE_S: Final = 0.25
STEP_BLOCKS: Final = 8


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """What board and status say of delivery."""

    store: str
    delivered_rows: int = 0
    quarantined_rows: int = 0
    problem_zh: str = ""
    problem_en: str = ""
    since_ms: int = 0


class DeliveryLoop:
    """Placeholder until the store is chosen in `run`."""

    def __init__(
        self, plant: LoadedPlant, folder: DataFolder, epoch: int, clock: SystemClock
    ) -> None:
        """Choose the store of the plant file; opens nothing."""
        influx = plant.config.storage.influx
        self.state = DeliveryState("embedded" if influx is None else influx.url)
        self._plant = plant
        self._folder = folder
        self._epoch = epoch
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="delivery")
        self._backoff = Backoff()
        self._log = logging.getLogger("plantproof.delivery")

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            await asyncio.sleep(IDLE_S)

    def close(self) -> None:
        """Release the thread."""
        self._thread.shutdown()

    def _now_ms(self) -> int:
        return self._clock.unix_ns() // NS_PER_MS
