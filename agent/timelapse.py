"""Seal a recorded history minute by minute, as the agent would have done live, only faster.

The rows lie in the trace already, so there is no journal in between; and many minutes share one flush to disk. The log,
its blocks and its heads are those of a live run; the clock letter is R.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from agent.clock import ReplayClock
from agent.sealer import Now, Sealer
from config.document import PlantDocument
from model.batch import Batch
from model.flags import RowFlag
from model.slots import NS_PER_MS, SLOT_MS

SYNC_SLOTS: Final = 360
"""Minutes between two flushes to disk: the trace can be replayed again after a crash."""
HOUR_SLOTS: Final = 60
_SEAL_DELAY_MS: Final = 4
_BOOT_DELAY_MS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay sealed."""

    first_slot: int
    last_slot: int
    blocks: int
    rows: int
    off_slots: int
    boots: int


def minutes(batches: Iterator[Batch]) -> Iterator[tuple[int, Batch]]:
    """Yield (slot, rows) for every minute in which rows were received, from batches in order of receipt.

    A minute may not be split between two batches. Raises ValueError if receipt goes backwards.
    """
    last = -1
    for batch in batches:
        if not len(batch):
            continue
        slots = batch.received_ns // (SLOT_MS * NS_PER_MS)
        if int(slots[0]) <= last or bool((np.diff(batch.received_ns) < 0).any()):
            raise ValueError("a trace must be in order of receipt, a minute in one piece")
        starts = np.flatnonzero(np.diff(slots, prepend=slots[0] - 1))
        ends = [*starts[1:].tolist(), len(batch)]
        for start, end in zip(starts.tolist(), ends, strict=True):
            yield (
                int(slots[start]),
                Batch(
                    batch.signal[start:end],
                    batch.source_ns[start:end],
                    batch.received_ns[start:end],
                    batch.value[start:end],
                    batch.status[start:end],
                    batch.flags[start:end],
                    batch.texts,
                ),
            )
        last = int(slots[-1])


def replay(
    sealer: Sealer,
    document: PlantDocument,
    batches: Iterator[Batch],
    *,
    progress: Callable[[int], None] = lambda _slot: None,
) -> Replayed:
    """Seal every minute of a trace; minutes without any row become `off` entries followed by a new start.

    Every row is flagged simulated: a replay belongs into a `sim` log only. Raises ValueError for another realm.
    """
    if not sealer.origin.simulated:
        raise ValueError("a time-lapse history may only be sealed into a log of realm sim")
    clock = ReplayClock()
    first = following = -1
    blocks = rows = off_slots = boots = 0

    def now(ms: int) -> Now:
        clock.set(ms * NS_PER_MS)
        return Now(clock.unix_ns(), clock.monotonic_ns(), clock.synchronisation())

    for slot, batch in minutes(batches):
        start_ms = slot * SLOT_MS
        if following != slot:
            moment = now(start_ms - (_BOOT_DELAY_MS if following < 0 else 0))
            sealer.start(document, moment, clean=following < 0, torn_bytes=0)
            boots += 1
            if following >= 0:
                sealer.off(following, slot - following, "agent_down", moment)
                off_slots += slot - following
            else:
                first = slot
        sealer.seal(
            slot,
            [batch.with_flag(RowFlag.SIMULATED)],
            document.table,
            now(start_ms + SLOT_MS + _SEAL_DELAY_MS),
            dur_ms=SLOT_MS,
            sync=False,
        )
        following = slot + 1
        blocks += 1
        rows += len(batch)
        if blocks % SYNC_SLOTS == 0:
            sealer.checkpoint()
            progress(slot)
    sealer.checkpoint()
    return Replayed(first, following - 1, blocks, rows, off_slots, boots)
