"""Minutes that are over and wait to be sealed, in order; a large one is sealed in pieces, between commits."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.memory import give_back_memory
from agent.minute import FRAME_ROOM, FrameSizes, Minute
from agent.open_slot import OpenSlot
from agent.pieces import Rows, seal_rows
from agent.recovery_intent import NOTHING, Carried, Intent, RecoveryIntent
from agent.sealer import Now, Sealer
from model.errors import TransientError
from model.signal import SignalTable
from storage.journal import Journal

HOUR_SLOTS: Final = 60
AT_ONCE_ROWS: Final = 200_000
"""A minute with more rows is sealed in pieces."""
GIVE_BACK_ROWS: Final = 100_000
"""The memory of a minute with so many rows is worth giving back once it is sealed (two milliseconds)."""
STEP_ROWS: Final = 500_000
"""Rows that are read between two commits, about a tenth of a second."""
CARRY_BYTES: Final = FRAME_ROOM
"""What may be carried of a stream: one frame, so that it is sealed a minute late at the most."""
MINUTE_BYTES: Final = 1 << 29
"""Frames of one minute together: 280,000 rows a second."""


class SealQueue:
    """Owns what is between the journal and the sealer: waiting minutes, and rows carried from block to block."""

    def __init__(self, journal: Journal, sealer: Sealer, intent: RecoveryIntent) -> None:
        """Take opened parts; `start` reads what an earlier run carried."""
        self._journal = journal
        self._sealer = sealer
        self._intent = intent
        self._in_force: Intent | None = None
        self._waiting: list[Minute] = []
        self._opened: OpenSlot | None = None
        self._steps: Iterator[int] = iter(())
        self._log = logging.getLogger("plantproof.recorder")
        self.carried: Mapping[int, Carried] = NOTHING
        """Rows by stream that go first into the next block."""
        self.failure: TransientError | None = None
        """Why finished minutes wait to be sealed."""
        self.signed_ms: int | None = None
        """When the last head was signed."""

    def start(self) -> None:
        """Take over what the last block of an earlier run did not hold."""
        self._in_force = self._intent.of_slot(self._sealer.last_block)
        self.carried = self._in_force.carried if self._in_force else NOTHING

    @property
    def sealed_seq(self) -> int:
        """Return the journal block up to which an earlier run sealed rows of any slot; 0 = the slots say it."""
        return self._in_force.last_seq if self._in_force else 0

    @property
    def waiting(self) -> list[Minute]:
        """Return the minutes that are over, the oldest first."""
        return self._waiting

    def put(self, minute: Minute) -> None:
        """Take a minute that is over."""
        self._waiting.append(minute)

    def step(self, table: SignalTable, sizes: FrameSizes, now: Now, *, whole: bool = False) -> None:
        """Seal what waits; of a large minute only a part, unless `whole`. A disk that refuses is kept in `failure`."""
        while self._waiting:
            minute = self._waiting[0]
            try:
                if not self._seal(minute, table, sizes, now, whole=whole):
                    return
            except TransientError as exc:
                # The rows are safe in the journal; the minute is sealed when the disk takes it again.
                if self.failure is None or self.failure.en != exc.en:
                    self._log.error("slot %d is not sealed yet: %s", minute.slot, exc.en)
                self.failure = exc
                return
            self._waiting.pop(0)
            if minute.rows >= GIVE_BACK_ROWS:
                minute.release()
                give_back_memory()
        if self.failure is not None:
            self._log.info("finished minutes are sealed again")
            self.failure = None

    def _seal(
        self, minute: Minute, table: SignalTable, sizes: FrameSizes, now: Now, *, whole: bool
    ) -> bool:
        """Seal `minute`, or a part of it; return whether it is done."""
        following = self._sealer.next_slot
        if following is not None and minute.slot > following:
            self._sealer.off(following, minute.slot - following, minute.gap, now)
        # When the disk refused only what comes after the block, the retry must not seal the minute twice.
        if following is None or minute.slot >= following:
            self.seal(minute, table, sizes, now, whole=whole)
            if self._opened is not None:
                return False
        self._journal.mark_sealed(self._whole_slot(minute.slot))
        if (minute.slot + 1) % HOUR_SLOTS == 0:
            self.checkpoint(now)
        return True

    def seal(
        self, minute: Minute, table: SignalTable, sizes: FrameSizes, now: Now, *, whole: bool
    ) -> None:
        """Write the block of `minute`; of a large one only a part, unless `whole`. Raises TransientError."""
        fits = int(minute.sizes.max(initial=0)) <= FRAME_ROOM and not self.carried
        if minute.held is not None and fits and minute.rows <= AT_ONCE_ROWS:
            intent = self._intend(minute, NOTHING)
            batches = [batch for _, batch in minute.held]
            self._sealer.seal(minute.slot, batches, table, now, dur_ms=minute.dur_ms)
            self._in_force = intent
            return
        if self._opened is None:
            rows = Rows(minute, self.carried, sizes, self._journal)
            self._opened = self._sealer.open_slot(minute.slot, table)
            self._steps = seal_rows(self._opened, rows)
        self._advance(self._opened, minute, now, whole=whole)

    def _advance(self, opened: OpenSlot, minute: Minute, now: Now, *, whole: bool) -> None:
        """Seal the next pieces; the last one is followed by the block entry."""
        rows = 0
        try:
            for read in self._steps:
                rows += read
                if rows >= STEP_ROWS and not whole:
                    return
            intent = self._intend(minute, opened.carried)
            self._sealer.close_slot(opened, now, dur_ms=minute.dur_ms)
        except BaseException:
            self._opened = None
            self._sealer.abandon_slot(opened)
            raise
        self._opened = None
        self._in_force, self.carried = intent, opened.carried

    def _intend(self, minute: Minute, carried: Mapping[int, Carried]) -> Intent | None:
        """Write down what the block of `minute` takes, where its slot alone does not say it."""
        if not carried and minute.dur_ms and not self._intent.names(minute.slot):
            return None
        return self._intent.write(minute.slot, minute.last_seq, carried, before=self._in_force)

    def _whole_slot(self, slot: int) -> int:
        """Return the last slot of the journal all of whose rows are sealed, `slot` being the last one with a block."""
        if not self.carried:
            return slot
        first = min(carried.seq for carried in self.carried.values())
        blocks = self._journal.infos(after=first - 1, limit=1)
        return min(slot, blocks[0].slot - 1) if blocks else slot

    def drain(self, table: SignalTable, sizes: FrameSizes, now: Now) -> None:
        """Seal what is carried into blocks of their own: the configuration or the log ends. Raises TransientError."""
        while self.carried and (following := self._sealer.next_slot) is not None:
            minute = Minute(following, self._journal.last_seq + 1, sizes.none())
            minute.last_seq = self._journal.last_seq
            self.seal(minute, table, sizes, now, whole=True)
            self._journal.mark_sealed(self._whole_slot(following))

    def checkpoint(self, now: Now) -> bytes:
        """Sign the present head."""
        note = self._sealer.checkpoint()
        self.signed_ms = now.unix_ms
        return note

    def release(self, running: Minute, most_bytes: int) -> None:
        """Keep what is held in memory within `most_bytes`: the oldest rows are then read back from the journal."""
        held = [minute for minute in (*self._waiting, running) if minute.held is not None]
        total = sum(minute.bytes for minute in held)
        for minute in held:
            if total <= most_bytes:
                return
            total -= minute.bytes
            minute.release()

    def full_streams(self, running: Minute) -> NDArray[np.intp]:
        """Return the streams of which more has arrived than the frames of this minute and the next can hold.

        All of them if sealing cannot keep up with what arrives at all.
        """
        if running.bytes <= FRAME_ROOM and not self.carried and not self._waiting:
            return np.zeros(0, dtype=np.intp)
        over = np.zeros_like(running.sizes)
        for stream, carried in self.carried.items():
            over[stream] = carried.bytes
        for minute in self._waiting:
            over = np.maximum(over + minute.sizes - FRAME_ROOM, 0)
        over += running.sizes
        behind = self.failure is None and sum(m.bytes for m in self._waiting) > 2 * MINUTE_BYTES
        if behind or running.bytes > MINUTE_BYTES:
            return np.arange(len(over))
        return np.flatnonzero(over > FRAME_ROOM + CARRY_BYTES)

    @property
    def sealing(self) -> bool:
        """Return whether a large minute is sealed in part."""
        return self._opened is not None
