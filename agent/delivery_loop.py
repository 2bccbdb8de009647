"""Runs delivery beside collection, in a thread of its own that the event loop never waits for.

A store that hangs occupies this thread and delays no commit. While it keeps up, blocks come straight from memory, as
they were committed; the journal is read back only after an outage or a restart.
"""

from __future__ import annotations

import asyncio
import random
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from agent.folders import DataFolder
from config.loader import LoadedPlant
from model.clock import Clock
from model.errors import PlantproofError
from model.slots import NS_PER_MS
from storage.delivery import Delivery, Step
from storage.embedded import EmbeddedStore
from storage.journal import Journal
from storage.journal_types import JournalBlock
from storage.line_names import PlantTags
from storage.quarantine import Quarantine
from storage.store import SampleStore, StoreBlock
from storage.store_choice import open_store

STEP_BLOCKS: Final = 64
FULL_ROWS: Final = 10_000
"""A request with so many rows is followed by the next one at once."""
PACE_S: Final = 3.0
"""Time between two small requests: each has a fixed price of about a thousand values."""
END_S: Final = 0.5
"""How long the end of a run waits for what was committed last; a store that does not answer is left behind."""


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
        self._store = plant_store(plant, folder)
        self._quarantine = Quarantine(_beside(folder.journal(1), "quarantine.sqlite"))
        self._delivery = Delivery(
            journal,
            self._store,
            self._quarantine,
            clock,
            jitter=random.random,
        )
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._compact_before = 0
        self._left = False
        """Whether the end of the run did not wait for the thread."""

    def committed(self, block: JournalBlock) -> None:
        """Take a block that was just committed; called in the thread of the journal."""
        self._delivery.offer(block)

    async def run(self) -> None:
        """Deliver until cancelled. What the thread raises is raised here."""
        loop = asyncio.get_running_loop()
        ended = loop.create_future()

        def end(failure: BaseException | None) -> None:
            if not ended.done():
                ended.set_exception(failure) if failure else ended.set_result(None)

        def work() -> None:
            failure: BaseException | None = None
            try:
                self._work()
            except BaseException as exc:  # noqa: BLE001 - handed over to the event loop
                failure = exc
            if self._ending.is_set():
                # Nobody is left to tell, and perhaps `close` did not wait.
                self._close_files()
            else:
                loop.call_soon_threadsafe(end, failure)

        # A daemon: the program ends although a store hangs.
        self._thread = threading.Thread(target=work, name="delivery", daemon=True)
        self._thread.start()
        await ended

    def _work(self) -> None:
        while not self._ending.wait(self._deliver_once()):
            pass
        if not self.state.problem_en:
            # What the end of the run has committed.
            self._deliver_once()

    def _deliver_once(self) -> float:
        """Send what waits, in one request; return the seconds until the next one."""
        if self._compact_before:
            before, self._compact_before = self._compact_before, 0
            self._compact(before)
        taken = self._delivery.take(STEP_BLOCKS)
        if isinstance(taken, Step):
            self._remember()
            # An empty journal is looked at as often as a full one is emptied.
            return taken.wait_s if self.state.problem_en else max(taken.wait_s, PACE_S)
        outcome = self._delivery.send(taken)
        if self._left:
            # The journal is closed by now; what was sent is sent again after the start, which changes nothing.
            return 0.0
        return self._finish(taken, outcome)

    def _finish(self, taken: list[StoreBlock], outcome: int | PlantproofError) -> float:
        step = self._delivery.finish(taken, outcome)
        self._remember()
        # What came while a small request was under way goes with the next one: a request has a fixed price.
        rows = sum(len(block.batch) for block in taken)
        full = rows >= FULL_ROWS or len(taken) >= STEP_BLOCKS
        return step.wait_s if full else max(step.wait_s, PACE_S)

    def _remember(self) -> None:
        """Keep the status for the event loop."""
        status = self._delivery.progress()
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
        """Have the embedded store merge what is older than `before_ns`, soon; other stores do that themselves."""
        self._compact_before = before_ns

    def _compact(self, before_ns: int) -> None:
        if isinstance(self._store, EmbeddedStore):
            self._store.compact(before_ns)

    def close(self) -> None:
        """End the thread, without waiting for a store that hangs, and close the files; before the journal is closed."""
        self._ending.set()
        if self._thread is None:
            self._close_files()
        else:
            self._thread.join(END_S)
            self._left = True

    def _close_files(self) -> None:
        self._store.close()
        self._quarantine.close()


def _beside(path: Path, name: str) -> Path:
    return path.with_name(name)
