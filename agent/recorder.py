"""The synchronous heart of the agent: commit batches, advance the slot counter, seal finished minutes.

Runs in one worker thread. "Collected" means committed here.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from agent.recovery_intent import RecoveryIntent
from agent.sealer import Now, Sealer
from config.document import PlantDocument
from model.batch import Batch
from model.errors import PermanentError, TransientError
from model.slots import NS_PER_MS, SLOT_MS, slot_of
from storage.journal import Journal
from storage.journal_types import JournalBlock, JournalStatus

HOUR_SLOTS: Final = 60
_MAX_BACK_MS: Final = 3_600_000
_FAR_SLOT: Final = 2**40
_STATUS_EVERY_NS: Final = 1_000_000_000


class ClockStepError(PermanentError):
    """The wall clock went back by more than an hour: the log continues in a new epoch."""


class BrokenFilesError(PermanentError):
    """Ledger or archive failed half-way through a write: this run ends, the next one opens and mends them."""


@dataclass(frozen=True, slots=True)
class _Finished:
    """A minute that is over and not sealed yet."""

    slot: int
    dur_ms: int
    rows: list[Batch]
    gap: str
    """Why slots before it were skipped, if any were."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the start found of the run before."""

    recovered_rows: int
    off_slots: int
    off_from: int


class Recorder:
    """Owns journal and sealer of one run."""

    def __init__(
        self, journal: Journal, sealer: Sealer, document: PlantDocument, intent: RecoveryIntent
    ) -> None:
        """Take opened parts; writes nothing before `start`."""
        self._intent = intent
        self._journal = journal
        self._sealer = sealer
        self._document = document
        self._config = -1
        self._slot = -1
        self._slot_started_ns = 0
        self._ticked_ns = 0
        self._gap = "clock_step"
        self._over = False
        self._rows: list[Batch] = []
        self._waiting: list[_Finished] = []
        """Finished slots that could not be sealed yet: retried at every tick. Bounded, because a disk that refuses
        a block refuses new rows too."""
        self._log = logging.getLogger("plantproof.recorder")
        self.journal_status: JournalStatus = journal.status()
        """State of the journal, at most a second older than the last tick; other threads read this copy."""
        self._status_due_ns = 0
        self.seal_failure: TransientError | None = None
        """Why finished minutes wait to be sealed."""
        self.signed_ms: int | None = None
        """When the last head was signed."""

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
        wall = slot_of(now.unix_ms)
        recovered = self._recover(wall, now)
        self._sealer.configure(self._document, now)
        self._config = self._journal.register(self._document.table, self._document.sha256)
        following = self._sealer.next_slot
        off_from, off_slots = wall, 0
        if following is not None and wall > following:
            off_from, off_slots = following, wall - following
            self._sealer.off(following, off_slots, "agent_down", now)
        # The journal refuses a slot before its last one: a clock that went back between two runs waits for it.
        self._slot = max(wall, following or 0, self._journal.last_slot)
        self._slot_started_ns = self._ticked_ns = now.monotonic_ns
        self.checkpoint(now)
        return Recovery(recovered, off_slots, off_from)

    def wait_before_start(self, now: Now) -> int:
        """Return how many ms to wait before `start`, usually 0.

        Rows of the run before in the minute that is still running belong to its configuration; a changed one waits for
        the next minute.
        """
        blocks = self._unsealed()
        if not blocks or blocks[-1].info.slot < slot_of(now.unix_ms):
            return 0
        if self._journal.config_name(blocks[0].info.config) == self._document.sha256:
            return 0
        return (blocks[-1].info.slot + 1) * SLOT_MS - now.unix_ms

    def _unsealed(self) -> list[JournalBlock]:
        """Return the journal blocks that no sealed minute holds yet."""
        following = self._sealer.next_slot
        blocks = self._journal.slot_blocks(following or 0, _FAR_SLOT)
        intent = self._intent.read()
        if intent is None or following is None or following <= intent.slot:
            return blocks
        # The recovered block was written, and the run ended before more was: its rows may carry later slots.
        return [b for b in blocks if b.info.seq > intent.last_seq]

    def _recover(self, wall: int, now: Now) -> int:
        """Seal rows that were committed but not sealed: into slot last + 1 if that is over, else the current one."""
        blocks = self._unsealed()
        if not blocks:
            return 0
        config = blocks[0].info.config
        batches = [b.batch for b in blocks]
        rows = sum(len(b) for b in batches)
        following = self._sealer.next_slot
        slot = following if following is not None else min(b.info.slot for b in blocks)
        if slot >= wall:
            # The minute is still running: its rows are simply the first of this run.
            self._rows = batches
            return rows
        self._intent.write(slot, max(b.info.seq for b in blocks))
        self._sealer.seal(slot, batches, self._journal.table(config), now, dur_ms=0)
        self._journal.mark_sealed(slot)
        return rows

    def commit(self, batches: list[Batch], now: Now) -> None:
        """Put the rows on disk in one commit under the slot counter of this moment.

        Raises TransientError when the disk refuses; nothing of `batches` is then collected.
        """
        self.tick(now)
        if not batches:
            return
        self._journal.append(batches, slot=self._slot, config=self._config)
        self._rows += batches

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
                self._seal_waiting(now)
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
            self._slot_started_ns = now.monotonic_ns
        self._ticked_ns = now.monotonic_ns
        if self._waiting:
            self._seal_waiting(now)
        if now.monotonic_ns >= self._status_due_ns:
            self._status_due_ns = now.monotonic_ns + _STATUS_EVERY_NS
            self.journal_status = self._journal.status()

    def _finish(self, now: Now) -> None:
        dur_ms = (now.monotonic_ns - self._slot_started_ns) // NS_PER_MS
        self._waiting.append(_Finished(self._slot, max(1, dur_ms), self._rows, self._gap))
        self._rows = []

    def _seal_waiting(self, now: Now) -> None:
        while self._waiting:
            finished = self._waiting[0]
            try:
                self._seal(finished, now)
            except TransientError as exc:
                # The rows are safe in the journal; the minute is sealed when the disk takes it again.
                if self.seal_failure is None or self.seal_failure.en != exc.en:
                    self._log.error("slot %d is not sealed yet: %s", finished.slot, exc.en)
                self.seal_failure = exc
                return
            self._waiting.pop(0)
        if self.seal_failure is not None:
            self._log.info("finished minutes are sealed again")
            self.seal_failure = None

    def _seal(self, finished: _Finished, now: Now) -> None:
        slot = finished.slot
        following = self._sealer.next_slot
        if following is not None and slot > following:
            self._sealer.off(following, slot - following, finished.gap, now)
        # When the disk refused only what comes after the block, the retry must not seal the minute twice.
        if following is None or slot >= following:
            table = self._document.table
            self._sealer.seal(slot, finished.rows, table, now, dur_ms=finished.dur_ms)
        self._journal.mark_sealed(slot)
        if (slot + 1) % HOUR_SLOTS == 0:
            self.checkpoint(now)

    def checkpoint(self, now: Now) -> bytes:
        """Sign the present head on demand."""
        note = self._sealer.checkpoint()
        self.signed_ms = now.unix_ms
        return note

    def export(self, sha256: bytes, size: int, now: Now) -> bytes:
        """Record an issued statement; return the signed head that contains the record."""
        note = self._sealer.export(sha256, size, now)
        self.signed_ms = now.unix_ms
        return note

    def stop(self, now: Now) -> None:
        """Seal what is over, sign the head; the rows of the running minute stay in the journal for the next run."""
        self.tick(now)
        self.checkpoint(now)
