"""The agent of one plant: runs epoch after epoch until it is told to stop, and survives clocks and disks that fail."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from agent.board import Board
from agent.clock import SystemClock
from agent.memory import return_large_buffers
from agent.opening import open_plant
from agent.plant_pack import PlantPack, pack_plant
from agent.plant_run import PlantRun
from agent.recorder import BrokenFilesError, ClockStepError
from agent.reporting.comparison_view import ComparisonView
from config.loader import LoadedPlant
from model.errors import TransientError

REOPEN_S: Final = 5.0
"""Time between two tries to open files that a failing disk left half-written."""

_LOG: Final = logging.getLogger("plantproof.agent")


class PlantAgent:
    """Collects one plant until told to stop."""

    def __init__(
        self, plant: LoadedPlant | PlantPack, *, board: bool = True, port: int | None = None
    ) -> None:
        """Take a checked plant; opens nothing. port: of the board, overrides the plant file; 0 = a free one."""
        return_large_buffers()
        self.pack = plant if isinstance(plant, PlantPack) else pack_plant(plant)
        self.plant = plant = self.pack.plant
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
                    async with asyncio.timeout(REOPEN_S):
                        await stop.wait()

    async def _run_epoch(self, stop: asyncio.Event, *, new_epoch: bool) -> None:
        parts = await asyncio.to_thread(
            open_plant, self.plant, self.pack.document, self._clock, new_epoch=new_epoch
        )
        try:
            run = PlantRun(self, parts, self._clock)
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
