"""From sources to disk: a bounded buffer, one commit per flush, back-pressure when the disk is slow."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final, TypeVar

from agent.recorder import Recorder
from agent.sealer import Now
from model.batch import Batch
from model.errors import TransientError
from model.flags import RowFlag

MAX_PENDING_ROWS: Final = 200_000
"""Rows that may wait for a commit; beyond it the sources wait, so that the queues of the devices fill, not ours."""
COMMIT_ROWS: Final = 5_000
"""Rows that are committed without waiting for the flush interval."""
RETRY_S: Final = 1.0
TICK_S: Final = 1.0

_T = TypeVar("_T")


class Pipeline:
    """Owns the worker thread of journal and sealer."""

    def __init__(
        self,
        recorder: Recorder,
        *,
        now: Callable[[], Now],
        flush: timedelta,
        simulated: bool,
        observers: tuple[Callable[[Batch], None], ...],
        delivered: Callable[[], Mapping[str, int]],
        committed: Callable[[Mapping[str, int]], Awaitable[None]],
        extra: Callable[[Now], list[Batch]],
    ) -> None:
        """Take the recorder, started.

        observers see every batch in the event loop; `delivered` counts the batches of each source at the moment they
        are taken for a commit, and `committed` is awaited with these counts after it; `extra` gives rows of the agent
        itself (missed slots) at every flush.
        """
        self._recorder = recorder
        self._now = now
        self._flush = flush.total_seconds()
        self._simulated = simulated
        self._observers = observers
        self._delivered = delivered
        self._committed = committed
        self._extra = extra
        self._pending: list[Batch] = []
        self._pending_rows = 0
        self._arrived = asyncio.Event()
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._committing: asyncio.Task[bool] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._log = logging.getLogger("plantproof.pipeline")
        self.collected_rows = 0
        self.observed_seq = 0
        """Journal sequence up to which the observers have seen every row."""
        self.commits = 0
        self.failure: TransientError | None = None

    @property
    def overloaded(self) -> bool:
        """Return whether sources are waiting for the disk."""
        return not self._room.is_set()

    @property
    def pending_rows(self) -> int:
        """Return the rows that wait for a commit."""
        return self._pending_rows

    async def deliver(self, batch: Batch) -> None:
        """Take a batch from a source; waits while too much is pending."""
        if not len(batch):
            return
        await self._room.wait()
        self._put(batch)

    def _put(self, batch: Batch) -> None:
        if self._simulated:
            batch = batch.with_flag(RowFlag.SIMULATED)
        for observe in self._observers:
            observe(batch)
        self._pending.append(batch)
        self._pending_rows += len(batch)
        self._arrived.set()
        if self._pending_rows >= COMMIT_ROWS:
            self._wake.set()
        if self._pending_rows >= MAX_PENDING_ROWS:
            self._room.clear()

    async def run(self) -> None:
        """Commit until cancelled; a commit that is under way then is finished and counted by `close`."""
        while True:
            # Without rows the slot counter is looked at once a second; rows wait `flush` at most.
            if await _set_within(self._arrived, TICK_S):
                await _set_within(self._wake, self._flush)
            self._wake.clear()
            # The thread cannot be cancelled: rows that it puts on disk must be counted and acknowledged, and rows that
            # the disk refuses must wait for the last commit, whatever happens to this task meanwhile.
            self._committing = asyncio.create_task(self._commit())
            if not await asyncio.shield(self._committing):
                await asyncio.sleep(RETRY_S)

    async def _commit(self) -> bool:
        """Commit what is pending; return False if the disk refuses."""
        for batch in self._extra(self._now()):
            self._put(batch)
        # Counted at the same moment as the rows are taken: what arrives during the commit is not on disk by it.
        delivered = self._delivered()
        self._arrived.clear()
        taken, self._pending = self._pending, []
        rows, self._pending_rows = self._pending_rows, 0
        try:
            await asyncio.get_running_loop().run_in_executor(
                self._thread, self._recorder.commit, taken, self._now()
            )
        except TransientError as exc:
            # Nothing of `taken` is collected: it stays in front of what came meanwhile.
            if self.failure is None or self.failure.en != exc.en:
                self._log.error("rows cannot be committed: %s", exc.en)
            self.failure = exc
            self._pending = taken + self._pending
            self._pending_rows += rows
            self._arrived.set()
            return False
        if self.failure is not None:
            self._log.info("rows are committed again")
            self.failure = None
        self.collected_rows += rows
        self.observed_seq = self._recorder.last_seq
        self.commits += 1
        if self._pending_rows < MAX_PENDING_ROWS:
            self._room.set()
        if taken:
            await self._committed(delivered)
        self._recorder.check_files()
        return True

    async def in_worker(self, work: Callable[[], _T]) -> _T:
        """Run `work` in the worker thread, between two commits."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        """Commit what is pending, seal what is over, sign the head; call after `run` was cancelled."""
        try:
            if self._committing is not None:
                # What it failed with, if it did, `run` has raised, or the next commit raises again.
                await asyncio.gather(self._committing, return_exceptions=True)
            await self._commit()
            await self.in_worker(lambda: self._recorder.stop(self._now()))
        except TransientError as exc:
            self._log.error("the last rows could not be committed: %s", exc.en)
        finally:
            self._thread.shutdown()


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for `event` at most `seconds`; return whether it is set."""
    if event.is_set():
        return True
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
