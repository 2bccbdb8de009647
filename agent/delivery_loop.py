"""Runs delivery beside collection: the journal is read and marked between two commits, the store is written elsewhere.

A store that hangs occupies the thread `delivery` and delays no commit.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

from agent.folders import DataFolder
from config.loader import LoadedPlant
from model.clock import Clock
from model.errors import PlantproofError
from model.slots import NS_PER_MS
from storage.delivery import Delivery, Step
from storage.embedded import EmbeddedStore
from storage.journal import Journal
from storage.line_names import PlantTags
from storage.quarantine import Quarantine
from storage.store import SampleStore, StoreBlock
from storage.store_choice import open_store

STEP_BLOCKS: Final = 64
FULL_ROWS: Final = 10_000
"""A request with so many rows is followed by the next one at once."""
PACE_S: Final = 2.0
_T = TypeVar("_T")


class InWorker(Protocol):
    """Runs a call in the thread of the journal, between two commits."""

    def __call__(self, work: Callable[[], _T], /) -> Awaitable[_T]:
        """Return the result of `work`."""
        ...


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """What board and status say of delivery."""

    store: str
    delivered_rows: int = 0
    quarantined_rows: int = 0
    problem_zh: str = ""
    problem_en: str = ""
    since_ms: int = 0


def plant_tags(plant: LoadedPlant) -> PlantTags:
    """Return the tags of every device in the time-series store."""
    site = plant.config.site
    return PlantTags(
        site.workshop,
        simulated=site.realm == "sim",
        area={d.config.id: site.area for d in plant.devices},
        line={d.config.id: d.config.line for d in plant.devices},
    )


def plant_store(plant: LoadedPlant, folder: DataFolder) -> SampleStore:
    """Return the store that the plant file names; opens no connection."""
    return open_store(
        plant.config.storage.influx, plant.path.parent, folder.store, plant_tags(plant)
    )


class DeliveryLoop:
    """Owns the store and its thread."""

    def __init__(
        self, plant: LoadedPlant, folder: DataFolder, journal: Journal, clock: Clock
    ) -> None:
        """Choose the store of the plant file; connects to nothing."""
        influx = plant.config.storage.influx
        self.state = DeliveryState("embedded" if influx is None else influx.url)
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="delivery")
        self._store = plant_store(plant, folder)
        self._quarantine = Quarantine(_beside(folder.journal(1), "quarantine.sqlite"))
        self._delivery = Delivery(
            journal,
            self._store,
            self._quarantine,
            clock,
            jitter=random.random,
        )

    async def run(self, in_worker: InWorker) -> None:
        """Deliver until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            taken = await in_worker(self._take)
            if isinstance(taken, Step):
                await asyncio.sleep(taken.wait_s)
                continue
            outcome = await loop.run_in_executor(self._thread, self._delivery.send, taken)
            step = await in_worker(partial(self._finish, taken, outcome))
            # What came while a small request was under way goes with the next one: a request has a fixed price.
            rows = sum(len(block.batch) for block in taken)
            full = rows >= FULL_ROWS or len(taken) >= STEP_BLOCKS
            await asyncio.sleep(step.wait_s if full else max(step.wait_s, PACE_S))

    def _take(self) -> list[StoreBlock] | Step:
        """Return the next blocks; runs in the thread of the journal."""
        taken = self._delivery.take(STEP_BLOCKS)
        if isinstance(taken, Step):
            self._remember()
        return taken

    def _finish(self, taken: list[StoreBlock], outcome: int | PlantproofError) -> Step:
        """Mark the blocks; runs in the thread of the journal."""
        step = self._delivery.finish(taken, outcome)
        self._remember()
        return step

    def _remember(self) -> None:
        """Keep the status for the event loop."""
        status = self._delivery.status()
        fresh = bool(status.en) and not self.state.problem_en
        self.state = replace(
            self.state,
            delivered_rows=status.delivered_rows,
            quarantined_rows=status.quarantined_rows,
            problem_zh=status.zh,
            problem_en=status.en,
            since_ms=self._clock.unix_ns() // NS_PER_MS if fresh else self.state.since_ms,
        )

    def compact(self, before_ns: int) -> None:
        """Let the embedded store merge what is older than `before_ns`; other stores do that themselves."""
        if isinstance(self._store, EmbeddedStore):
            self._store.compact(before_ns)

    def close(self) -> None:
        """Release the thread, without waiting for a store that hangs, and the files."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._store.close()
        self._quarantine.close()


def _beside(path: Path, name: str) -> Path:
    return path.with_name(name)
