"""Keeps the board fresh: at every tick while somebody looks, seldom otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from agent.board import Board
from agent.clock import SystemClock
from agent.day_slots import DaySlots
from agent.delivery_loop import DeliveryLoop
from agent.health import alarms_of, health_of
from agent.live import LiveValues
from agent.log_reader import LogFollower
from agent.opening import OpenPlant
from agent.slot_memory import SlotMemory
from agent.statistics.task import StatisticsTask
from agent.supervisor import Supervisor
from agent.tiles import Tiles
from agent.today import Today, today
from agent.web.state import LogView
from kpi.document import ConfigDocument
from model.errors import TransientError
from model.slots import NS_PER_MS

UNWATCHED_TICKS: Final = 10
"""Rhythm of the board while nobody looks: sparklines and the trend go on; the next tick serves who looks."""
UNWATCHED_BLOCKS: Final = 10
"""Rhythm of the figures while nobody looks, in sealed minutes."""


@dataclass(frozen=True, slots=True)
class BoardParts:
    """What the board shows."""

    board: Board
    tiles: Tiles
    live: LiveValues
    supervisor: Supervisor
    plant: OpenPlant
    delivery: DeliveryLoop
    follower: LogFollower
    document: ConfigDocument
    statistics: StatisticsTask
    clock: SystemClock


class BoardLoop:
    """Publishes snapshots and figures; `tick` is called about once a second."""

    def __init__(
        self, parts: BoardParts, slots: SlotMemory, failure: Callable[[], TransientError | None]
    ) -> None:
        """Take the parts; computes nothing. failure: why rows are not committed or sealed, or sources held back."""
        self._parts = parts
        self._slots = slots
        self._failure = failure
        self._watched = True
        self._ticks = UNWATCHED_TICKS
        self._seen_blocks = -UNWATCHED_BLOCKS
        self._figures: asyncio.Task[None] | None = None
        self._day_slots = DaySlots(parts.follower)

    def tick(self, group: asyncio.TaskGroup) -> None:
        """Publish if it is time; figures are computed in a thread, by a task of `group`."""
        parts = self._parts
        self._ticks += 1
        asked = parts.board.take_asked()
        if asked or self._ticks >= UNWATCHED_TICKS:
            self._watched = asked
            self._ticks = 0
            self._publish()
        blocks = parts.plant.sealer.blocks
        due = blocks - self._seen_blocks >= (1 if self._watched else UNWATCHED_BLOCKS)
        if due and (self._figures is None or self._figures.done()):
            self._seen_blocks = blocks
            self._figures = group.create_task(self._today(), name="figures")

    def close(self) -> None:
        """Wait for no figures any more."""
        if self._figures is not None:
            self._figures.cancel()

    async def _today(self) -> None:
        """Evaluate the running production day and form the statistics of finished hours."""
        figures: Today = await asyncio.to_thread(today, self._parts.follower, self._day_slots)
        self._parts.board.set_today(figures)
        await asyncio.to_thread(self._parts.statistics.update, self._parts.follower)

    def _publish(self) -> None:
        parts = self._parts
        at_ms = parts.clock.unix_ns() // NS_PER_MS
        production = self._registered(at_ms)
        statuses = parts.supervisor.statuses
        failure = self._failure()
        delivery = parts.delivery.state
        parts.board.publish(
            at_ms=at_ms,
            tiles=parts.tiles.make(parts.live, statuses, parts.board.today.devices, at_ms),
            upload=self._slots.ledger.rate(production),
            production=production,
            log=self._log_view(),
            health=health_of(
                statuses.values(),
                parts.plant.recorder.journal_status,
                delivery,
                failure,
                parts.clock.synchronisation(),
            ),
            alarms=alarms_of(statuses.values(), delivery, failure),
        )

    def _registered(self, at_ms: int) -> list[str]:
        """Return the production assets in service now: the denominator of the live figures."""
        return [
            a.id
            for a in self._parts.document.assets
            if a.production and a.in_service_within(at_ms, at_ms + 1) == (at_ms, at_ms + 1)
        ]

    def _log_view(self) -> LogView:
        plant = self._parts.plant
        head = plant.ledger.head
        return LogView(
            origin=str(plant.origin),
            size=head.checkpoint.size if head else 0,
            root=head.checkpoint.root.hex() if head else "",
            signed_ms=plant.recorder.signed_ms,
            sealed_minutes=plant.sealer.blocks,
        )
