"""One epoch of one run: composition of all parts, and the tasks between start and stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from agent.board import Board
from agent.board_loop import BoardLoop, BoardParts
from agent.clock import SystemClock
from agent.control import ControlFolder
from agent.control_loop import ControlLoop
from agent.delivery_loop import DeliveryLoop
from agent.expected_slots import counting_stops, expectation
from agent.live import LiveValues
from agent.log_reader import LogFollower
from agent.memory import give_back_memory
from agent.opening import OpenPlant, now_of
from agent.pipeline import Pipeline
from agent.sealer import Now
from agent.slot_memory import SlotMemory
from agent.software import version
from agent.sources import build_sources
from agent.statistics.task import StatisticsTask
from agent.status_file import AgentStatus, SourceLine, write_status
from agent.supervisor import Supervisor
from agent.tiles import Tiles
from agent.web.app import create_app
from agent.web.server import serve
from config.base import milliseconds
from model.batch import Batch
from model.errors import PlantproofError, TransientError
from model.flags import MissedCause
from model.slots import NS_PER_MS

if TYPE_CHECKING:
    from agent.plant_agent import PlantAgent

TICK_S: Final = 1.0
"""One timer drives board, control folder, status and maintenance: a wake-up costs as much as many values."""
STATUS_TICKS: Final = 5
MINUTE_TICKS: Final = 60
CLOSE_SLOTS_NS: Final = 1_000_000_000
GC_THRESHOLDS: Final = (50_000, 20, 100)
"""Messages make few cycles; with the default the collector takes a quarter of the cost of a value (measured)."""
STOP_LIMIT_S: Final = 2.5
KEEP_DELIVERED_NS: Final = 7 * 86_400 * 10**9
"""Delivered and sealed rows stay in the journal for a week: what the store lost can be sent again."""

_LOG: Final = logging.getLogger("plantproof.agent")


class PlantRun:
    """One epoch of one run."""

    def __init__(self, agent: PlantAgent, parts: OpenPlant, clock: SystemClock) -> None:
        """Build every part from opened files; starts nothing."""
        self._agent = agent
        self._parts = parts
        self._clock = clock
        plant = agent.plant
        document = agent.pack.document
        self._document = agent.pack.parsed
        self._table = document.table
        self._live = LiveValues(document.table)
        sources = build_sources(
            plant, document.table, clock, lambda device: agent.pack.addresses_of(device.config.id)
        )
        self._source_of = sources.source_of
        self._supervisor = Supervisor(list(sources.sources), self._deliver, clock)
        self._tiles = Tiles(plant, document.table, sources.source_of)
        self._board = Board(
            plant, self._tiles, str(parts.origin), self._document.calendar.utc_offset_min
        )
        if agent.board is not None:
            self._board.set_comparison(agent.board.comparison)
        agent.board = self._board
        self._follower = LogFollower(
            parts.folder.ledger(parts.origin.epoch),
            parts.folder.frames(parts.origin.epoch),
            {document.sha256: self._document},
        )
        self._statistics = StatisticsTask(parts.folder, parts.origin.epoch)
        self._delivery = DeliveryLoop(plant, parts.folder, parts.journal, clock)
        parts.recorder.on_commit(self._delivery.committed)
        self._control_folder = ControlFolder(parts.folder.control)
        self._started_ms = 0
        self._close_slots_ns = 0
        self._slots: SlotMemory
        self._pipeline: Pipeline

    async def work(self, stop: asyncio.Event) -> None:
        """Collect until `stop` is set or a part fails for good."""
        if not await self._may_start(stop):
            return
        await self._start()
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._pipeline.run(), name="journal"),
                    group.create_task(self._supervisor.run(), name="sources"),
                    group.create_task(self._delivery.run(), name="delivery"),
                    group.create_task(self._tick(group), name="ticks"),
                ]
                if self._agent.wants_board:
                    group.create_task(self._serve_board(stop), name="board")
                await stop.wait()
                for task in tasks:
                    task.cancel()
        finally:
            await self._stop()

    async def _may_start(self, stop: asyncio.Event) -> bool:
        """Wait until a changed configuration may come into force; return False if told to stop meanwhile."""
        wait_ms = self._parts.recorder.wait_before_start(self._now())
        if wait_ms > 0:
            _LOG.info("a changed configuration waits %d ms for the next minute", wait_ms)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_ms / 1000):
                    await stop.wait()
        if not stop.is_set():
            return True
        # Nothing was written: the next start finds the end of the run before as it was.
        if self._parts.clean:
            self._parts.mark_clean()
        self._delivery.close()
        return False

    async def _start(self) -> None:
        parts = self._parts
        self._started_ms = self._now().unix_ms
        recovery = await asyncio.to_thread(
            parts.recorder.start, self._now(), clean=parts.clean, torn_bytes=parts.torn_bytes
        )
        if recovery.recovered_rows or recovery.off_slots:
            _LOG.info(
                "recovered %d rows; the agent was off for %d minutes",
                recovery.recovered_rows,
                recovery.off_slots,
            )
        index = await asyncio.to_thread(self._follower.update)
        stops = counting_stops(index, self._document)
        self._slots = SlotMemory(
            parts.folder.slots,
            self._table,
            expectation(self._document, stops),
            day_offset_ms=self._document.calendar.utc_offset_min * 60_000,
            now_ns=self._clock.unix_ns(),
            since=self._journalled_since,
        )
        self._pipeline = Pipeline(
            parts.recorder,
            now=self._now,
            flush=self._agent.plant.config.storage.flush,
            simulated=parts.origin.simulated,
            observers=(self._live.observe, self._slots.ledger.observe),
            delivered=self._supervisor.delivered,
            committed=self._supervisor.acknowledge,
            extra=self._missed_rows,
            table=self._table,
        )
        self._control_folder.prepare()
        # What exists now lives as long as the run: the collector need not walk over it again and again.
        gc.collect()
        give_back_memory()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)

    async def _stop(self) -> None:
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await self._pipeline.close()
            self._parts.mark_clean()
        except (TimeoutError, PlantproofError) as exc:
            _LOG.error("the run did not end in order: %s", exc)
        self._slots.save(self._clock.unix_ns(), self._parts.journal.last_seq)
        self._delivery.close()
        self._statistics.stop()
        self._write(stopped=True)

    def _journalled_since(self, mark: int) -> Iterator[Batch]:
        """Yield what was committed after a journal sequence under the present configuration."""
        journal = self._parts.journal
        config = journal.register(self._table, self._agent.pack.document.sha256)
        for info in journal.infos(after=mark):
            block = journal.block(info.seq) if info.config == config else None
            if block is not None and len(block.batch):
                yield block.batch

    def _failure(self) -> TransientError | None:
        """Return why rows are not committed, finished minutes not sealed, or sources held back."""
        pipeline = self._pipeline
        return pipeline.failure or self._parts.recorder.seal_failure or pipeline.overload

    def _now(self) -> Now:
        return now_of(self._clock)

    async def _deliver(self, batch: Batch) -> None:
        await self._pipeline.deliver(batch)

    def _missed_rows(self, now: Now) -> list[Batch]:
        """Return the rows of scheduled slots that ended without any value; looks for them once a second."""
        if now.monotonic_ns < self._close_slots_ns:
            return []
        self._close_slots_ns = now.monotonic_ns + CLOSE_SLOTS_NS
        causes: dict[str, MissedCause] = {}
        held = self._pipeline.held_devices
        for device, source in self._source_of.items():
            cause = self._supervisor.cause_of(source)
            if cause is not None:
                causes[device] = cause
            elif self._pipeline.overloaded or device in held:
                causes[device] = MissedCause.OVERLOAD
        if not causes and not self._slots.ledger.closable(now.unix_ns):
            return []
        batch = self._slots.ledger.close(now.unix_ns, causes)
        return [batch] if len(batch) else []

    async def _tick(self, group: asyncio.TaskGroup) -> None:
        """Do everything that comes once a second or more seldom."""
        board = BoardLoop(
            BoardParts(
                self._board,
                self._tiles,
                self._live,
                self._supervisor,
                self._parts,
                self._delivery,
                self._follower,
                self._document,
                self._statistics,
                self._clock,
            ),
            self._slots,
            self._failure,
        )
        control = ControlLoop(
            self._control_folder,
            self._parts.recorder,
            self._pipeline.in_worker,
            self._now,
            milliseconds(self._agent.plant.config.evidence.checkpoint_every),
        )
        ticks = 0
        try:
            while True:
                if ticks % STATUS_TICKS == 0:
                    self._write(stopped=False)
                board.tick(group)
                await control.look()
                await asyncio.sleep(TICK_S)
                ticks += 1
                if ticks % MINUTE_TICKS == 0:
                    await self._maintain(hour=ticks % (60 * MINUTE_TICKS) == 0)
        finally:
            board.close()

    async def _maintain(self, *, hour: bool) -> None:
        """Save the slot ledger; once an hour drop what the journal holds longer than it must."""
        now_ns = self._clock.unix_ns()
        # Taken before the sequence: a row between the two is counted again, which changes no outcome.
        await asyncio.to_thread(self._slots.save, now_ns, self._pipeline.observed_seq)
        if hour:
            before = now_ns - KEEP_DELIVERED_NS
            await self._pipeline.in_worker(
                partial(self._parts.journal.trim, committed_before_ns=before)
            )
            self._delivery.compact(now_ns - 3_600 * 10**9)

    async def _serve_board(self, stop: asyncio.Event) -> None:
        server = self._agent.plant.config.server
        reports = self._parts.folder.reports
        reports.mkdir(parents=True, exist_ok=True)
        app = create_app(self._board, reports=reports, language=server.language)
        await serve(app, server.host, self._agent.port, stop, listening=self._agent.announce)

    def _write(self, *, stopped: bool) -> None:
        parts = self._parts
        journal = parts.recorder.journal_status
        delivery = self._delivery.state
        failure = self._failure()
        try:
            write_status(
                parts.folder.status,
                AgentStatus(
                    at_ms=self._clock.unix_ns() // NS_PER_MS,
                    started_ms=self._started_ms,
                    pid=0 if stopped else os.getpid(),
                    version=version(),
                    origin=str(parts.origin),
                    board="" if stopped else self._agent.board_url,
                    collected_rows=self._pipeline.collected_rows,
                    pending_rows=self._pipeline.pending_rows,
                    journal_bytes=journal.used_bytes,
                    journal_quota_bytes=journal.quota_bytes,
                    undelivered_rows=journal.pending_rows,
                    oldest_undelivered_ms=journal.oldest_pending_ns // NS_PER_MS,
                    lost_rows=journal.lost_rows,
                    blocks=parts.sealer.blocks,
                    head_size=parts.ledger.size,
                    store=delivery.store,
                    problem_zh=failure.zh if failure else delivery.problem_zh,
                    problem_en=failure.en if failure else delivery.problem_en,
                    sources=tuple(
                        SourceLine(
                            name=s.source,
                            state=s.state.value,
                            since_ms=s.since_ns // NS_PER_MS,
                            zh=s.zh,
                            en=s.en,
                        )
                        for s in self._supervisor.statuses.values()
                    ),
                ),
            )
        except OSError as exc:
            _LOG.warning("status file: %s", exc)
