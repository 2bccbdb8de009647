"""Delivery: from the journal to the store, oldest first without starving live values; never stops collection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from model.clock import Clock
from model.errors import PermanentError, PlantproofError, TransientError
from storage.journal import Journal
from storage.journal_types import BlockInfo, JournalBlock
from storage.quarantine import Quarantine, RefusedPoint
from storage.store import BusyStoreError, RefusedPointsError, SampleStore, StoreBlock

_SECOND: Final = 1_000_000_000
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 60.0
_PERMANENT_WAIT_S: Final = 300.0
_LIVE_EVERY: Final = 4
"""Every fourth write takes the newest blocks, so that the board of a plant with a long backlog shows today."""
FRESH_ROWS: Final = 100_000
"""Rows held in memory for delivery, about 3 MB: what 20,000 values a second are in five seconds."""
_PROBES: Final = 200
"""Requests spent on finding refused points of one block; what still fails then is quarantined as a whole."""


class DeliveryState(StrEnum):
    """State of delivery as the board shows it."""

    OK = "ok"
    WAITING = "waiting"
    """A transient fault: it is tried again by itself."""
    PERMANENT = "permanent"
    """A person must change something; it is still tried every five minutes."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one `deliver_once` did. wait_s: how long the caller may sleep before the next one (0: more is waiting)."""

    blocks: int
    rows: int
    quarantined: int
    wait_s: float


@dataclass(frozen=True, slots=True)
class Progress:
    """Rows since start, and what is wrong now, in words ("" = nothing)."""

    delivered_rows: int
    quarantined_rows: int
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """Counts since start, and the backlog. Rows; bytes as stored in the journal; age of the oldest in ns."""

    state: DeliveryState
    en: str
    zh: str
    collected_seq: int
    delivered_rows: int
    quarantined_rows: int
    backlog_rows: int
    backlog_bytes: int
    backlog_age_ns: int


class Delivery:
    """Sends journal blocks to a store and marks each as acknowledged. Runs in the worker thread of the journal."""

    def __init__(
        self,
        journal: Journal,
        store: SampleStore,
        quarantine: Quarantine,
        clock: Clock,
        *,
        jitter: Callable[[], float],
        max_rows: int = 20_000,
        live_every: int = _LIVE_EVERY,
    ) -> None:
        """Prepare; nothing is sent yet.

        jitter: random numbers in [0, 1). max_rows: rows of one request at most (one block may have more).
        """
        self._journal = journal
        self._store = store
        self._quarantine = quarantine
        self._clock = clock
        self._jitter = jitter
        self._max_rows = max_rows
        self._live_every = live_every
        self._turn = 0
        self._failures = 0
        self._not_before_ns = 0
        self._error: PlantproofError | None = None
        self._delivered = 0
        self._quarantined = 0
        self._fresh: dict[int, JournalBlock] = {}
        """Blocks by sequence that were committed and not delivered yet, as far as they are held in memory."""
        self._fresh_rows = 0

    def offer(self, block: JournalBlock) -> None:
        """Hold a block that was just committed until it is delivered, so that the journal is not read back for it.

        Called in the thread that commits. Beyond `FRESH_ROWS` nothing more is held: then the journal is read.
        """
        if self._fresh_rows + len(block.batch) <= FRESH_ROWS:
            self._fresh_rows += len(block.batch)
            self._fresh[block.info.seq] = block

    def _forget(self, seqs: Iterable[int]) -> None:
        for seq in seqs:
            block = self._fresh.pop(seq, None)
            if block is not None:
                self._fresh_rows -= len(block.batch)

    def deliver_once(self, max_blocks: int = 64) -> Step:
        """Send at most `max_blocks` waiting blocks in one request and mark them; never sleeps, never raises.

        Faults are kept for `status` and answered by a jittered back-off that the caller honours through `wait_s`.
        An agent calls the three parts itself, `take` and `finish` in the thread of the journal, `send` in another: a
        store that hangs then delays no commit.
        """
        taken = self.take(max_blocks)
        if isinstance(taken, Step):
            return taken
        return self.finish(taken, self.send(taken))

    def take(self, max_blocks: int = 64) -> list[StoreBlock] | Step:
        """Return the blocks to send now, or the step that tells how long to wait. Reads the journal only."""
        wait_ns = self._not_before_ns - self._clock.monotonic_ns()
        if wait_ns > 0:
            return Step(0, 0, 0, wait_ns / _SECOND)
        try:
            blocks = self._next_blocks(max_blocks)
        except (TransientError, PermanentError) as error:
            return Step(0, 0, 0, self._failed(error))
        if not blocks:
            self._succeeded()
            return Step(0, 0, 0, _FIRST_WAIT_S)
        return blocks

    def send(self, blocks: Sequence[StoreBlock]) -> int | PlantproofError:
        """Write `blocks` to the store; return the rows that are now in quarantine, or the fault. Never raises it."""
        try:
            return self._send(blocks)
        except (TransientError, PermanentError) as error:
            return error

    def finish(self, blocks: Sequence[StoreBlock], outcome: int | PlantproofError) -> Step:
        """Mark `blocks` as delivered, or begin the back-off that the fault asks for."""
        if isinstance(outcome, PlantproofError):
            return Step(0, 0, 0, self._failed(outcome))
        try:
            self._journal.acknowledge(block.seq for block in blocks)
        except (TransientError, PermanentError) as error:
            return Step(0, 0, 0, self._failed(error))
        self._forget(block.seq for block in blocks)
        rows = sum(len(block.batch) for block in blocks)
        self._delivered += rows - outcome
        self._quarantined += outcome
        self._succeeded()
        more = self._journal.pending_blocks
        return Step(len(blocks), rows, outcome, 0.0 if more else _FIRST_WAIT_S)

    def _next_blocks(self, max_blocks: int) -> list[StoreBlock]:
        fresh = list(self._fresh.values())
        if fresh and len(fresh) == self._journal.pending_blocks:
            # The store keeps up: all that waits is in memory, in order.
            return self._within(((block.info, block) for block in fresh), max_blocks)
        self._turn += 1
        live = self._live_every > 0 and self._turn % self._live_every == 0
        infos = self._journal.infos(pending=True, newest_first=live, limit=max_blocks)
        if infos and not live:
            self._forget([seq for seq in self._fresh.copy() if seq < infos[0].seq])
        chosen = self._within(((info, self._fresh.get(info.seq)) for info in infos), max_blocks)
        return sorted(chosen, key=lambda block: block.seq)

    def _within(
        self, found: Iterable[tuple[BlockInfo, JournalBlock | None]], max_blocks: int
    ) -> list[StoreBlock]:
        """Return the first blocks, as many as one request takes; those that are not in memory are read."""
        chosen: list[StoreBlock] = []
        rows = 0
        for info, held in found:
            if len(chosen) >= max_blocks or (chosen and rows + info.rows > self._max_rows):
                break
            block = held or self._journal.block(info.seq)
            if block is not None:
                table = self._journal.table(info.config)
                chosen.append(StoreBlock(info.seq, table, block.batch, block.ranks))
                rows += info.rows
        return chosen

    def _send(self, blocks: Sequence[StoreBlock]) -> int:
        """Write `blocks`; return how many rows were refused and are now in quarantine."""
        try:
            self._store.write(blocks)
        except RefusedPointsError as error:
            if error.whole:
                refused = [
                    self._refused(b, row, error.en) for b in blocks for row in range(len(b.batch))
                ]
                self._quarantine.put(refused)
                return len(refused)
            if len(blocks) > 1:
                return sum(self._send([block]) for block in blocks)
            return self._isolate(blocks[0])
        return 0

    def _isolate(self, block: StoreBlock) -> int:
        """Find the refused rows of `block` by halving, write the others, put the refused into quarantine."""
        parts = [(0, len(block.batch))]
        probes = 0
        refused: list[RefusedPoint] = []
        while parts:
            first, last = parts.pop()
            probes += 1
            try:
                self._store.write([block.part(first, last)])
            except RefusedPointsError as error:
                if last - first > 1 and probes < _PROBES and not error.whole:
                    middle = (first + last) // 2
                    parts += [(middle, last), (first, middle)]
                    continue
                refused += [self._refused(block, row, error.en) for row in range(first, last)]
        if refused:
            self._quarantine.put(refused)
        return len(refused)

    def _refused(self, block: StoreBlock, row: int, reason: str) -> RefusedPoint:
        batch = block.batch.select(np.array([row]))
        signal = block.table.signals[int(batch.signal[0])]
        return RefusedPoint(
            block.seq, row, self._clock.unix_ns(), signal.device, signal.name, reason, batch
        )

    def _succeeded(self) -> None:
        self._failures = 0
        self._error = None

    def _failed(self, error: PlantproofError) -> float:
        longest = _PERMANENT_WAIT_S if isinstance(error, PermanentError) else _LONGEST_WAIT_S
        wait = min(_FIRST_WAIT_S * 2.0**self._failures, longest) * (0.5 + self._jitter() / 2)
        if isinstance(error, BusyStoreError):
            wait = max(wait, error.retry_after_s)
        self._failures = min(self._failures + 1, 16)
        self._error = error
        self._not_before_ns = self._clock.monotonic_ns() + int(wait * _SECOND)
        return wait

    def retry_now(self) -> None:
        """Forget the back-off, for example after a change of configuration."""
        self._failures = 0
        self._not_before_ns = 0

    def progress(self) -> Progress:
        """Return counts and what is wrong, without a look at the journal."""
        error = self._error
        return Progress(
            self._delivered,
            self._quarantined,
            error.en if error else "",
            error.zh if error else "",
        )

    def status(self) -> DeliveryStatus:
        """Return counts and backlog for the board."""
        journal = self._journal.status()
        error = self._error
        state = DeliveryState.OK
        if error is not None:
            state = (
                DeliveryState.PERMANENT
                if isinstance(error, PermanentError)
                else DeliveryState.WAITING
            )
        oldest = journal.oldest_pending_ns
        return DeliveryStatus(
            state=state,
            en=error.en if error else "",
            zh=error.zh if error else "",
            collected_seq=self._journal.last_seq,
            delivered_rows=self._delivered,
            quarantined_rows=self._quarantined,
            backlog_rows=journal.pending_rows,
            backlog_bytes=journal.pending_bytes,
            backlog_age_ns=max(self._clock.unix_ns() - oldest, 0) if oldest else 0,
        )
