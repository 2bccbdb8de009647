"""One run of the agent: composition of all parts and the tasks between start and stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Final

from agent.board import Board
from agent.clock import SystemClock
from agent.comparison_view import ComparisonView
from agent.control import ControlFolder, Request
from agent.delivery_loop import DeliveryLoop
from agent.expected_slots import counting_stops, expectation
from agent.health import alarms_of, health_of
from agent.live import LiveValues
from agent.log_reader import LogFollower
from agent.memory import give_back_memory, return_large_buffers
from agent.opening import OpenPlant, now_of, open_plant
from agent.pipeline import Pipeline
from agent.recorder import BrokenFilesError, ClockStepError
from agent.sealer import Now
from agent.slot_memory import SlotMemory
from agent.software import version
from agent.sources import build_sources
from agent.statistics_task import StatisticsTask
from agent.status_file import AgentStatus, SourceLine, write_status
from agent.supervisor import Supervisor
from agent.tiles import Tiles
from agent.today import Today, today
from agent.web.app import create_app
from agent.web.server import serve
from agent.web.state import LogView
from config.base import milliseconds
from config.document import plant_document
from config.loader import LoadedPlant
from kpi.document import parse_document
from model.batch import Batch
from model.errors import PlantproofError, TransientError
from model.flags import MissedCause
from model.slots import NS_PER_MS

PUBLISH_S: Final = 1.0
UNWATCHED_S: Final = 5.0
"""Rhythm of the board while nobody looks: sparklines and the trend go on."""
UNWATCHED_BLOCKS: Final = 10
"""Rhythm of the figures while nobody looks, in sealed minutes."""
CLOSE_SLOTS_S: Final = 1.0
STATUS_S: Final = 5.0
CONTROL_S: Final = 0.5
FIGURES_S: Final = 10.0
NS_PER_S: Final = 1_000_000_000
GC_THRESHOLDS: Final = (50_000, 20, 100)
"""Messages make few cycles; with the default the collector takes a quarter of the cost of a value (measured)."""
STOP_LIMIT_S: Final = 2.5
KEEP_DELIVERED_NS: Final = 7 * 86_400 * 10**9
"""Delivered and sealed rows stay in the journal for a week: what the store lost can be sent again."""

_LOG: Final = logging.getLogger("plantproof.agent")


class PlantAgent:
    """Collects one plant until told to stop."""

    def __init__(self, plant: LoadedPlant, *, board: bool = True, port: int | None = None) -> None:
        """Take a checked plant; opens nothing. port: of the board, overrides the plant file; 0 = a free one."""
        return_large_buffers()
        self.plant = plant
        self._with_board = board
        self._port = plant.config.server.port if port is None else port
        self._clock = SystemClock()
        self.board_url = ""
        self.board: Board | None = None
        self._listening: list[Callable[[str], None]] = []

    def on_listening(self, call: Callable[[str], None]) -> None:
        """Call `call` with the URL of the board once it answers."""
        self._listening.append(call)

    def set_comparison(self, view: ComparisonView) -> None:
        """Show before/after figures and clauses on the board."""
        if self.board is not None:
            self.board.set_comparison(view)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set.

        A clock that went far back begins a new epoch of the log; files that a failing disk left half-written are opened
        again, as often as it takes. Both go on by themselves.
        """
        new_epoch = reopening = False
        while not stop.is_set():
            try:
                await self._run_epoch(stop, new_epoch=new_epoch)
            except* ClockStepError as group:
                _LOG.error("%s", group.exceptions[0])
                new_epoch, reopening = True, False
            except* BrokenFilesError as group:
                _LOG.error("%s", group.exceptions[0])
                new_epoch, reopening = False, True
            except* TransientError as group:
                if not reopening:
                    raise
                _LOG.error("%s", group.exceptions[0])
                with suppress(TimeoutError):
                    async with asyncio.timeout(STATUS_S):
                        await stop.wait()

    async def _run_epoch(self, stop: asyncio.Event, *, new_epoch: bool) -> None:
        document = plant_document(self.plant)
        parts = await asyncio.to_thread(
            open_plant, self.plant, document, self._clock, new_epoch=new_epoch
        )
        try:
            run = _Run(self, parts, self._clock)
            await run.work(stop)
        finally:
            parts.close()

    def announce(self, port: int) -> None:
        """Remember and report the address of the board."""
        host = self.plant.config.server.host
        self.board_url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}/"  # noqa: S104
        _LOG.info("board at %s", self.board_url)
        for call in self._listening:
            call(self.board_url)

    @property
    def wants_board(self) -> bool:
        """Return whether the board is served."""
        return self._with_board

    @property
    def port(self) -> int:
        """Return the wished port of the board."""
        return self._port


class _Run:
    """One epoch of one run."""

    def __init__(self, agent: PlantAgent, parts: OpenPlant, clock: SystemClock) -> None:
        self._agent = agent
        self._parts = parts
        self._clock = clock
        plant = agent.plant
        document = plant_document(plant)
        self._document = parse_document(document.bytes)
        self._live = LiveValues(document.table)
        sources = build_sources(plant, document.table, clock)
        self._source_of = sources.source_of
        self._supervisor = Supervisor(list(sources.sources), self._deliver, clock)
        self._tiles = Tiles(plant, document.table, sources.source_of)
        self._board = Board(
            plant, self._tiles, str(parts.origin), self._document.calendar.utc_offset_min
        )
        if agent.board is not None:
            self._board.set_comparison(agent.board.comparison)
        agent.board = self._board
        self._table = document.table
        self._follower = LogFollower(
            parts.folder.ledger(parts.origin.epoch), parts.folder.frames(parts.origin.epoch)
        )
        self._statistics = StatisticsTask(parts.folder, parts.origin.epoch)
        self._delivery = DeliveryLoop(plant, parts.folder, parts.journal, clock)
        self._control = ControlFolder(parts.folder.control)
        self._started_ms = 0
        self._close_slots_ns = 0
        self._watched = True
        self._slots: SlotMemory
        self._pipeline: Pipeline

    async def work(self, stop: asyncio.Event) -> None:
        if not await self._may_start(stop):
            return
        await self._start()
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._pipeline.run(), name="journal"),
                    group.create_task(self._supervisor.run(), name="sources"),
                    group.create_task(
                        self._delivery.run(self._pipeline.in_worker), name="delivery"
                    ),
                    group.create_task(self._publish(), name="board snapshots"),
                    group.create_task(self._figures(), name="figures"),
                    group.create_task(self._serve_control(), name="control"),
                    group.create_task(self._write_status(), name="status"),
                    group.create_task(self._maintain(), name="maintenance"),
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
        )
        self._control.prepare()
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
        config = journal.register(self._table, plant_document(self._agent.plant).sha256)
        for info in journal.infos(after=mark):
            block = journal.block(info.seq) if info.config == config else None
            if block is not None and len(block.batch):
                yield block.batch

    @property
    def _failure(self) -> TransientError | None:
        """Why rows are not committed, or finished minutes not sealed."""
        return self._pipeline.failure or self._parts.recorder.seal_failure

    def _now(self) -> Now:
        return now_of(self._clock)

    async def _deliver(self, batch: Batch) -> None:
        await self._pipeline.deliver(batch)

    def _missed_rows(self, now: Now) -> list[Batch]:
        """Return the rows of scheduled slots that ended without any value; looks for them once a second."""
        if now.monotonic_ns < self._close_slots_ns:
            return []
        self._close_slots_ns = now.monotonic_ns + int(CLOSE_SLOTS_S * NS_PER_S)
        causes: dict[str, MissedCause] = {}
        for device, source in self._source_of.items():
            cause = self._supervisor.cause_of(source)
            if cause is not None:
                causes[device] = cause
            elif self._pipeline.overloaded:
                causes[device] = MissedCause.OVERLOAD
        batch = self._slots.ledger.close(now.unix_ns, causes)
        return [batch] if len(batch) else []

    async def _publish(self) -> None:
        while True:
            waited = 0.0
            while not self._board.take_asked() and waited < UNWATCHED_S:
                await asyncio.sleep(PUBLISH_S)
                waited += PUBLISH_S
            self._watched = waited < UNWATCHED_S
            at_ms = self._clock.unix_ns() // NS_PER_MS
            upload = self._slots.ledger.rate(self._registered(at_ms))
            self._board.publish(
                at_ms=at_ms,
                tiles=self._tiles.make(
                    self._live, self._supervisor.statuses, self._board.today.devices, at_ms
                ),
                upload=upload,
                production=self._registered(at_ms),
                log=self._log_view(),
                health=health_of(
                    self._supervisor.statuses.values(),
                    self._parts.recorder.journal_status,
                    self._delivery.state,
                    self._failure,
                    self._clock.synchronisation(),
                ),
                alarms=alarms_of(
                    self._supervisor.statuses.values(), self._delivery.state, self._failure
                ),
            )
            await asyncio.sleep(PUBLISH_S)

    def _registered(self, at_ms: int) -> list[str]:
        """Return the production assets in service now: the denominator of the live figures."""
        return [
            a.id
            for a in self._document.assets
            if a.production and a.in_service_within(at_ms, at_ms + 1) == (at_ms, at_ms + 1)
        ]

    def _log_view(self) -> LogView:
        head = self._parts.ledger.head
        return LogView(
            origin=str(self._parts.origin),
            size=head.checkpoint.size if head else 0,
            root=head.checkpoint.root.hex() if head else "",
            signed_ms=self._parts.recorder.signed_ms,
            sealed_minutes=self._parts.sealer.blocks,
        )

    async def _figures(self) -> None:
        """Evaluate the running production day whenever a minute was sealed, seldom while nobody looks."""
        seen = -UNWATCHED_BLOCKS
        while True:
            blocks = self._parts.sealer.blocks
            if blocks - seen >= (1 if self._watched else UNWATCHED_BLOCKS):
                seen = blocks
                figures: Today = await asyncio.to_thread(today, self._follower)
                self._board.set_today(figures)
                await asyncio.to_thread(self._statistics.update, self._follower)
            await asyncio.sleep(min(FIGURES_S, 1.0))

    async def _serve_control(self) -> None:
        interval = milliseconds(self._agent.plant.config.evidence.checkpoint_every)
        while True:
            for request in self._control.pending():
                await self._answer(request)
            due = (self._parts.recorder.signed_ms or 0) + interval
            if self._clock.unix_ns() // NS_PER_MS >= due:
                await self._sign_on_time()
            await asyncio.sleep(CONTROL_S)

    async def _sign_on_time(self) -> None:
        """Sign the head; a disk that refuses is asked again a little later, collection goes on meanwhile."""
        try:
            await self._pipeline.in_worker(self._sign)
        except TransientError as exc:
            _LOG.error("the head is not signed yet: %s", exc.en)
            await asyncio.sleep(STATUS_S)

    def _sign(self) -> bytes:
        return self._parts.recorder.checkpoint(self._now())

    async def _answer(self, request: Request) -> None:
        try:
            if request.kind == "export":
                digest = bytes.fromhex(request.sha256)
                note = await self._pipeline.in_worker(
                    lambda: self._parts.recorder.export(digest, request.size, self._now())
                )
            else:
                note = await self._pipeline.in_worker(self._sign)
            self._control.answer(request, {"ok": True, "note": note.decode("utf-8")})
        except (PlantproofError, ValueError, OSError) as exc:
            with suppress(OSError):
                self._control.answer(request, {"ok": False, "error": str(exc)})

    async def _serve_board(self, stop: asyncio.Event) -> None:
        server = self._agent.plant.config.server
        reports = self._parts.folder.reports
        reports.mkdir(parents=True, exist_ok=True)
        app = create_app(self._board, reports=reports, language=server.language)
        await serve(app, server.host, self._agent.port, stop, listening=self._agent.announce)

    async def _write_status(self) -> None:
        while True:
            self._write(stopped=False)
            await asyncio.sleep(STATUS_S)

    async def _maintain(self) -> None:
        """Save the slot ledger every minute; once an hour drop what the journal holds longer than it must."""
        minutes = 0
        while True:
            await asyncio.sleep(60)
            minutes += 1
            now_ns = self._clock.unix_ns()
            # Taken before the sequence: a row between the two is counted again, which changes no outcome.
            await asyncio.to_thread(self._slots.save, now_ns, self._pipeline.observed_seq)
            if minutes % 60 == 0:
                before = now_ns - KEEP_DELIVERED_NS
                await self._pipeline.in_worker(
                    partial(self._parts.journal.trim, committed_before_ns=before)
                )
                await asyncio.to_thread(self._delivery.compact, now_ns - 3_600 * 10**9)

    def _write(self, *, stopped: bool) -> None:
        parts = self._parts
        journal = parts.recorder.journal_status
        delivery = self._delivery.state
        failure = self._failure
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
