"""From sources to disk: a bounded buffer, one commit per flush, back-pressure when disk or frames are full."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final, TypeVar

import numpy as np

from agent.recorder import Recorder
from agent.sealer import Now
from model.batch import Batch, concat
from model.errors import TransientError
from model.flags import RowFlag
from model.signal import SignalTable
from storage.signal_tables import text_mask

MAX_PENDING_ROWS: Final = 200_000
"""Rows that may wait for a commit; beyond it the sources wait, so that the queues of the devices fill, not ours."""
COMMIT_ROWS: Final = 20_000
"""Rows that are committed without waiting for the flush interval."""
RETRY_S: Final = 1.0
TICK_S: Final = 1.0
"""Without rows the slot counter is looked at so often."""

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
        table: SignalTable | None = None,
    ) -> None:
        """Take the recorder, started.

        observers see the rows of every commit in the event loop, just before it; `delivered` counts the batches of each
        source at the moment they are taken for a commit, and `committed` is awaited with these counts after it; `extra`
        gives rows of the agent itself (missed slots) at every flush. table: of the signals; with it the batches of a
        commit are joined into one, and single sources can be held back.
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
        self._refused: list[Batch] = []
        """Rows that the disk refused, observed already: the first of the next commit."""
        self._pending_rows = 0
        self._due = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
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
        self._table = table
        self._is_text = text_mask(table) if table else None
        self._stream_of = np.array(table.stream_of if table else (), dtype=np.int32)
        self._full: frozenset[int] = frozenset()
        self._sealing = False
        self._released = asyncio.Event()
        self.overload: TransientError | None = None
        """Why sources are held back, beside a disk that refuses."""

    @property
    def held_devices(self) -> set[str]:
        """Return the devices whose rows are not taken for now, because their frames are full."""
        streams = self._table.streams if self._table else ()
        return {streams[i].partition(".")[0] for i in self._full}

    @property
    def overloaded(self) -> bool:
        """Return whether sources are waiting for the disk."""
        return not self._room.is_set()

    @property
    def pending_rows(self) -> int:
        """Return the rows that wait for a commit."""
        return self._pending_rows

    async def deliver(self, batch: Batch) -> None:
        """Take a batch from a source; waits while too much is pending, or while the frames of its streams are full."""
        if not len(batch):
            return
        if not self._room.is_set():
            await self._room.wait()
        while self._full and self._is_full(batch):
            self._released.clear()
            await self._released.wait()
            await self._room.wait()
        if not self._pending and not self._due.is_set():
            self._wake_within(self._flush)
        self._put(batch)
        if self._pending_rows >= COMMIT_ROWS:
            self._due.set()

    def _is_full(self, batch: Batch) -> bool:
        streams = np.unique(self._stream_of[batch.signal]).tolist()
        return not self._full.isdisjoint(streams)

    def _put(self, batch: Batch) -> None:
        self._pending.append(batch)
        self._pending_rows += len(batch)
        if self._pending_rows >= MAX_PENDING_ROWS:
            self._room.clear()

    def _wake_within(self, seconds: float) -> None:
        """Have the next commit in `seconds` at the latest."""
        loop = asyncio.get_running_loop()
        when = loop.time() + seconds
        if self._timer is not None:
            if not self._timer.cancelled() and self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = loop.call_at(when, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._due.set()

    async def run(self) -> None:
        """Commit until cancelled; a commit that is under way then is finished and counted by `close`."""
        while True:
            # A large minute is sealed in pieces, one with every commit.
            if not self._sealing:
                self._wake_within(self._flush if self._pending or self._refused else TICK_S)
                await self._due.wait()
            self._due.clear()
            # The thread cannot be cancelled: rows that it puts on disk must be counted and acknowledged, and rows that
            # the disk refuses must wait for the last commit, whatever happens to this task meanwhile.
            self._committing = asyncio.create_task(self._commit())
            if not await asyncio.shield(self._committing):
                await asyncio.sleep(RETRY_S)

    def _take(self) -> list[Batch]:
        """Return the rows of the next commit, shown to the observers."""
        new, self._pending = self._pending, []
        if new and self._is_text is not None:
            new = [concat(new, self._is_text)]
        if self._simulated:
            new = [batch.with_flag(RowFlag.SIMULATED) for batch in new]
        for batch in new:
            for observe in self._observers:
                observe(batch)
        taken, self._refused = self._refused + new, []
        return taken

    async def _commit(self) -> bool:
        """Commit what is pending; return False if the disk refuses."""
        now = self._now()
        for batch in self._extra(now):
            self._put(batch)
        # Counted at the same moment as the rows are taken: what arrives during the commit is not on disk by it.
        delivered = self._delivered()
        taken = self._take()
        rows, self._pending_rows = self._pending_rows, 0
        try:
            backlog = await asyncio.get_running_loop().run_in_executor(
                self._thread, self._recorder.commit, taken, now
            )
        except TransientError as exc:
            # Nothing of `taken` is collected: it stays in front of what came meanwhile.
            if self.failure is None or self.failure.en != exc.en:
                self._log.error("rows cannot be committed: %s", exc.en)
            self.failure = exc
            self._refused = taken
            self._pending_rows += rows
            return False
        if self.failure is not None:
            self._log.info("rows are committed again")
            self.failure = None
        self._sealing = backlog is not None and backlog.sealing
        self._hold(backlog.full if backlog is not None else frozenset())
        self.collected_rows += rows
        self.observed_seq = self._recorder.last_seq
        self.commits += 1
        if self._pending_rows < MAX_PENDING_ROWS:
            self._room.set()
        if taken:
            await self._committed(delivered)
        self._recorder.check_files()
        return True

    def _hold(self, full: frozenset[int]) -> None:
        """Hold back the sources of these streams from now on, and no others."""
        if full == self._full:
            return
        self._full = full
        self._released.set()
        before, self.overload = self.overload, self._overload_of(sorted(full))
        if self.overload is None:
            self._log.info("all sources are read again")
        elif before is None or before.en != self.overload.en:
            self._log.warning("%s", self.overload.en)

    def _overload_of(self, full: list[int]) -> TransientError | None:
        if not full or self._table is None:
            return None
        names = ", ".join(self._table.streams[i] for i in full[:5])
        more = f" (+{len(full) - 5})" if len(full) > 5 else ""
        return TransientError(
            f"{names}{more}: more values arrive than the frame of a minute holds (16 MiB a device and class, about "
            "8,700 values a second). Their sources are held back; what the queues of the devices lose is counted. "
            "Sample less often, set deadbands, or spread the signals over several devices.",
            f"{names}{more}：到达的数据超过每分钟封存帧的容量（每设备每类别 16 MiB，约每秒 8700 个值）。"
            "已暂缓读取这些数据源，设备自身队列丢弃的数据会被计数。请降低采样频率、设置死区，或将信号分到多个设备。",
        )

    async def in_worker(self, work: Callable[[], _T]) -> _T:
        """Run `work` in the worker thread, between two commits."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        """Commit what is pending, seal what is over, sign the head; call after `run` was cancelled."""
        if self._timer is not None:
            self._timer.cancel()
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
