"""The synchronous heart of the agent: commit batches, advance the slot counter, seal finished minutes.

Runs in one worker thread. "Collected" means committed here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from agent.minute import FRAME_ROOM, FrameSizes, Minute, recovered
from agent.recovery_intent import RecoveryIntent
from agent.seal_queue import SealQueue
from agent.sealer import Now, Sealer
from config.document import PlantDocument
from evidence.frame import ROW_BYTES
from model.batch import Batch
from model.errors import PermanentError, TransientError
from model.signal import SignalTable
from model.slots import NS_PER_MS, SLOT_MS, slot_of
from storage.journal import Journal
from storage.journal_types import BlockInfo, JournalBlock, JournalStatus

ROWS_IN_MEMORY: Final = 1_500_000
"""Rows that are held until their minute is sealed, about 51 MB; a text counts as one row for each 32 bytes."""
STOP_ROWS: Final = 5_000_000
"""Rows of finished minutes that an orderly stop still seals: about a second."""
_MAX_BACK_MS: Final = 3_600_000
_FAR_SLOT: Final = 2**40
_STATUS_EVERY_NS: Final = 2_000_000_000


class ClockStepError(PermanentError):
    """The wall clock went back by more than an hour: the log continues in a new epoch."""


class BrokenFilesError(PermanentError):
    """Ledger or archive failed half-way through a write: this run ends, the next one opens and mends them."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a commit leaves behind that is not usual."""

    sealing: bool
    """A large minute is being sealed in pieces: go on soon, also without rows."""
    full: frozenset[int]
    """Streams of which no more rows should be taken for now: their frames are full."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the start found of the run before."""

    recovered_rows: int
    off_slots: int
    off_from: int


class Recorder:
    """Owns journal and sealer of one run."""

    def __init__(
        self,
        journal: Journal,
        sealer: Sealer,
        document: PlantDocument,
        intent: RecoveryIntent,
        *,
        rows_in_memory: int = ROWS_IN_MEMORY,
    ) -> None:
        """Take opened parts; writes nothing before `start`.

        rows_in_memory: rows that are held until their minute is sealed; beyond it they are read back from the journal.
        """
        self._journal = journal
        self._sealer = sealer
        self._document = document
        self._most_bytes = rows_in_memory * ROW_BYTES
        self._committed: Callable[[JournalBlock], None] = lambda _block: None
        self._sizes = FrameSizes(document.table)
        self._queue = SealQueue(journal, sealer, intent)
        self._config = -1
        self._slot = -1
        self._minute = Minute(-1, 0, self._sizes.none())
        self._slot_started_ns = 0
        self._ticked_ns = 0
        self._gap = "clock_step"
        self._over = False
        self.journal_status: JournalStatus = journal.status()
        """State of the journal, at most two seconds older than the last tick; other threads read this copy."""
        self._status_due_ns = 0

    def on_commit(self, call: Callable[[JournalBlock], None]) -> None:
        """Call `call` with every block once it is on disk, in the thread that commits."""
        self._committed = call

    @property
    def seal_failure(self) -> TransientError | None:
        """Return why finished minutes wait to be sealed."""
        return self._queue.failure

    @property
    def waiting(self) -> tuple[Minute, ...]:
        """Return the minutes that are over and not sealed yet."""
        return tuple(self._queue.waiting)

    @property
    def held_rows(self) -> int:
        """Return the rows of minutes without block that are in memory."""
        return sum(m.rows for m in (*self._queue.waiting, self._minute) if m.held is not None)

    @property
    def signed_ms(self) -> int | None:
        """Return when the last head was signed."""
        return self._queue.signed_ms

    @property
    def slot(self) -> int:
        """Return the slot counter."""
        return self._slot

    @property
    def last_seq(self) -> int:
        """Return the sequence of the last commit."""
        return self._journal.last_seq

    def start(self, now: Now, *, clean: bool, torn_bytes: int) -> Recovery:
        """Write boot, seal what the run before left, state the off time, put the configuration in force."""
        self._sealer.start(self._document, now, clean=clean, torn_bytes=torn_bytes)
        self._queue.start()
        wall = slot_of(now.unix_ms)
        running, recovered = self._recover(wall, now)
        if self._queue.carried and self._sealer.config_sha256 != self._document.sha256:
            table = self._carried_table()
            self._queue.drain(table, FrameSizes(table), now)
        self._sealer.configure(self._document, now)
        self._config = self._journal.register(self._document.table, self._document.sha256)
        following = self._sealer.next_slot
        off_from, off_slots = wall, 0
        if following is not None and wall > following:
            off_from, off_slots = following, wall - following
            self._sealer.off(following, off_slots, "agent_down", now)
        # The journal refuses a slot before its last one: a clock that went back between two runs waits for it.
        self._slot = max(wall, following or 0, self._journal.last_slot)
        self._begin_minute(now)
        if running is not None:
            running.slot = self._slot
            self._minute = running
        self._ticked_ns = now.monotonic_ns
        self.checkpoint(now)
        return Recovery(recovered, off_slots, off_from)

    def wait_before_start(self, now: Now) -> int:
        """Return how many ms to wait before `start`, usually 0.

        Rows of the run before in the minute that is still running belong to its configuration; a changed one waits for
        the next minute, and until all that was carried has a minute of its own.
        """
        if self._sealer.config_sha256 in (None, self._document.sha256):
            return 0
        self._queue.start()
        infos = self._unsealed()
        wall, following = slot_of(now.unix_ms), self._sealer.next_slot
        first_free = infos[-1].slot + 1 if infos else 0
        if following is not None:
            carried = max((c.bytes for c in self._queue.carried.values()), default=0)
            rows = sum(info.rows for info in infos) * ROW_BYTES if carried else 0
            first_free = max(first_free, following - (-(carried + rows) // FRAME_ROOM))
        return max(first_free * SLOT_MS - now.unix_ms, 0) if first_free > wall else 0

    def _carried_table(self) -> SignalTable:
        """Return the signal table that carried rows were collected under."""
        first = min(carried.seq for carried in self._queue.carried.values())
        found = self._journal.infos(after=first - 1, limit=1)
        # Evicted: nothing is left to be sealed, and the loss is on record.
        return self._journal.table(found[0].config) if found else self._document.table

    def _unsealed(self) -> list[BlockInfo]:
        """Return the journal blocks that no sealed minute holds yet, but for what is carried."""
        found = self._journal.slot_infos(self._sealer.next_slot or 0, _FAR_SLOT)
        # A recovered block takes rows of later slots, and the run may have ended before more was written.
        return [info for info in found if info.seq > self._queue.sealed_seq]

    def _recover(self, wall: int, now: Now) -> tuple[Minute | None, int]:
        """Seal rows that were committed but not sealed into slot last + 1 if that is over.

        Return (the minute that they belong to if it is still running, their number).
        """
        infos = self._unsealed()
        if not infos:
            return None, 0
        config = infos[0].config
        table = self._journal.table(config)
        sizes = FrameSizes(table)
        following = self._sealer.next_slot
        slot = following if following is not None else min(info.slot for info in infos)
        minute = recovered(slot, infos, self._journal, sizes, self._most_bytes)
        if slot >= wall:
            # The minute is still running: its rows are simply the first of this run.
            return minute, minute.rows
        self._queue.seal(minute, table, sizes, now, whole=True)
        self._journal.mark_sealed(slot)
        return None, minute.rows

    def commit(self, batches: list[Batch], now: Now) -> Backlog | None:
        """Put the rows on disk in one commit under the slot counter of this moment; seal what is over.

        Raises TransientError when the disk refuses; nothing of `batches` is then collected.
        """
        self.tick(now)
        block = (
            self._journal.commit(batches, slot=self._slot, config=self._config) if batches else None
        )
        if block is not None:
            self._minute.add(block.info.seq, block.batch, self._sizes.of(block.batch))
            self._queue.release(self._minute, self._most_bytes)
            self._committed(block)
        full = frozenset(self._queue.full_streams(self._minute).tolist())
        return Backlog(self._queue.sealing, full) if full or self._queue.sealing else None

    def check_files(self) -> None:
        """Raise BrokenFilesError if nothing can be sealed any more; what is committed is safe in the journal."""
        if self._sealer.broken:
            raise BrokenFilesError(
                "a write to ledger or archive failed half-way; they are opened again",
                "账本或归档写入中断，正在重新打开",
            )

    def tick(self, now: Now) -> None:
        """Advance the slot counter and seal what is over.

        Raises ClockStepError when the clock went back more than an hour; the running minute is then sealed and signed,
        because nothing is added to this epoch any more.
        """
        wall = slot_of(now.unix_ms)
        if self._over or now.unix_ms < self._slot * SLOT_MS - _MAX_BACK_MS:
            if not self._over:
                self._over = True
                self._finish(now)
                self._seal_waiting(now, whole=True)
                self._queue.drain(self._document.table, self._sizes, now)
                self.checkpoint(now)
            raise ClockStepError(
                f"the clock went back by more than an hour (to {now.unix_ms} ms); a new epoch of the log begins",
                f"系统时钟倒退超过一小时（到 {now.unix_ms} ms）；账本将开始新的纪元",
            )
        if wall > self._slot:
            skipped = wall - self._slot - 1
            self._finish(now)
            # A program that stood still for so long was down; otherwise the wall clock jumped over these slots.
            still_ms = (now.monotonic_ns - self._ticked_ns) // NS_PER_MS
            self._gap = "agent_down" if still_ms >= skipped * SLOT_MS else "clock_step"
            self._slot = wall
            self._begin_minute(now)
        self._ticked_ns = now.monotonic_ns
        self._seal_waiting(now)
        if now.monotonic_ns >= self._status_due_ns:
            self._status_due_ns = now.monotonic_ns + _STATUS_EVERY_NS
            self.journal_status = self._journal.status()

    def _begin_minute(self, now: Now) -> None:
        self._minute = Minute(self._slot, self._journal.last_seq + 1, self._sizes.none())
        self._minute.last_seq = self._journal.last_seq
        self._slot_started_ns = now.monotonic_ns

    def _finish(self, now: Now) -> None:
        minute = self._minute
        minute.dur_ms = max(1, (now.monotonic_ns - self._slot_started_ns) // NS_PER_MS)
        minute.gap = self._gap
        self._queue.put(minute)

    def _seal_waiting(self, now: Now, *, whole: bool = False) -> None:
        if self._queue.waiting:
            self._queue.step(self._document.table, self._sizes, now, whole=whole)

    def checkpoint(self, now: Now) -> bytes:
        """Sign the present head on demand."""
        return self._queue.checkpoint(now)

    def export(self, sha256: bytes, size: int, now: Now) -> bytes:
        """Record an issued statement; return the signed head that contains the record."""
        note = self._sealer.export(sha256, size, now)
        self._queue.signed_ms = now.unix_ms
        return note

    def stop(self, now: Now) -> None:
        """Seal what is over, sign the head; the rows of the running minute stay in the journal for the next run.

        A large minute that is only partly sealed stays there too, if the rest would take long.
        """
        self.tick(now)
        if sum(minute.rows for minute in self._queue.waiting) <= STOP_ROWS:
            self._seal_waiting(now, whole=True)
        self.checkpoint(now)
