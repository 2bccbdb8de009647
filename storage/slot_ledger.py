"""The slot ledger: for every required point and scheduled slot exactly one outcome (kpi-audit U7). Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.batch import Batch, Int64, concat, make_batch
from model.flags import MissedCause, RowFlag
from model.signal import SignalTable
from model.slots import NS_PER_MS, SLOT_MS
from model.status import BAD_NO_DATA, SEVERITY_MASK
from storage.instants import KIND_ALIVE, KIND_MISSED, KIND_VALUE, instants, kinds
from storage.signal_tables import text_mask
from storage.slot_group import EXCLUDED, NONE, SlotGroup
from storage.slot_outcome import CAUSE_OF_OUTCOME, OUTCOME_OF_CAUSE, OUTCOMES, Outcome
from storage.upload_rate import UploadRate, upload_rate

Expected = Callable[[str, int, int], bool]
"""(device, start_ms, end_ms) → whether the device is in service in the whole slot and no counting stop meets it."""

DAY_MS: Final = 86_400_000
KEEP_DAYS: Final = 8
_NO_TROUBLE: Final = 255

_CODE_OF_CAUSE: Final = np.full(16, Outcome.MISSED_AGENT, dtype=np.uint8)
for _cause, _outcome in OUTCOME_OF_CAUSE.items():
    _CODE_OF_CAUSE[_cause] = _outcome
_CAUSE_OF_CODE: Final = np.zeros(OUTCOMES, dtype=np.int64)
for _outcome, _cause in CAUSE_OF_OUTCOME.items():
    _CAUSE_OF_CODE[_outcome] = _cause


class SlotLedger:
    """Counts outcomes of the required signals of `table`.

    Slot k of a point is [k·Δ, (k+1)·Δ) since 1970, Δ = slot_ms. It closes deadline_ms after its end; a closed slot without
    any row becomes a missed row. A row that arrives later still improves the outcome in the counts.
    """

    def __init__(
        self, table: SignalTable, *, now_ns: int, expected: Expected, day_offset_ms: int = 0
    ) -> None:
        """Begin with the first slots that start at or after `now_ns`.

        day_offset_ms: added to UTC before a slot is counted in a day (counts by local or production day).
        """
        self.table = table
        self._expected = expected
        self._day_offset = day_offset_ms
        self._is_text = text_mask(table)
        signals = [i for i, s in enumerate(table.signals) if s.required]
        self.points: tuple[int, ...] = tuple(signals)
        """Signal index of every point."""
        self.devices: tuple[str, ...] = tuple(table.signals[i].device for i in signals)
        names = sorted(set(self.devices))
        self._names = names
        number = {name: i for i, name in enumerate(names)}
        self._device_of = np.array([number[d] for d in self.devices], dtype=np.intp)
        self._window = np.zeros((len(signals), OUTCOMES), dtype=np.int32)
        self._days: dict[int, NDArray[np.int32]] = {}
        self._group_of = np.full(len(table.signals), -1, dtype=np.int16)
        self._position = np.zeros(len(table.signals), dtype=np.intp)
        self.groups = self._make_groups(now_ns // NS_PER_MS)
        longest = max((g.slot_ms + g.deadline_ms for g in self.groups), default=SLOT_MS)
        self._trouble = np.full((longest // SLOT_MS + 4, len(names)), _NO_TROUBLE, dtype=np.uint8)
        self._minute = now_ns // NS_PER_MS // SLOT_MS

    def _make_groups(self, now_ms: int) -> list[SlotGroup]:
        members: dict[tuple[int, int], list[int]] = {}
        for point, index in enumerate(self.points):
            signal = self.table.signals[index]
            members.setdefault((signal.slot_ms, signal.deadline_ms), []).append(point)
        groups = []
        for (slot_ms, deadline_ms), points in members.items():
            where = np.array([self.points[p] for p in points], dtype=np.intp)
            self._group_of[where] = len(groups)
            self._position[where] = np.arange(len(points))
            first = -(-now_ms // slot_ms)
            groups.append(SlotGroup(slot_ms, deadline_ms, np.array(points, dtype=np.intp), first))
        return groups

    def observe(self, batch: Batch) -> None:
        """Count the rows of `batch`; rows of other signals, imported rows and rows older than a day do nothing."""
        if not self.groups or not len(batch):
            return
        group = self._group_of[batch.signal]
        wanted = (group >= 0) & (batch.flags & np.uint16(RowFlag.IMPORTED) == 0)
        if not bool(wanted.any()):
            return
        kind = kinds(batch)
        good = (kind == KIND_VALUE) & (batch.status & np.uint32(SEVERITY_MASK) == 0)
        codes = np.full(len(batch), Outcome.BAD_QUALITY, dtype=np.uint8)
        codes[good] = Outcome.ON_TIME
        codes[kind == KIND_ALIVE] = Outcome.HELD_ALIVE
        missed = kind == KIND_MISSED
        if bool(missed.any()):
            codes[missed] = _CODE_OF_CAUSE[batch.value[missed] & 15]
        tau = instants(batch) // NS_PER_MS
        received = batch.received_ns // NS_PER_MS
        for number, slots in enumerate(self.groups):
            rows = np.flatnonzero(wanted & (group == number)) if len(self.groups) > 1 else np.flatnonzero(wanted)
            if len(rows):
                self._observe(slots, self._position[batch.signal[rows]], tau[rows], received[rows], codes[rows])

    def _observe(
        self, group: SlotGroup, position: NDArray[np.intp], tau: Int64, received: Int64, codes: NDArray[np.uint8]
    ) -> None:
        slot = tau // group.slot_ms
        overdue = received > (slot + 1) * group.slot_ms + group.deadline_ms
        codes = np.where(overdue & (codes <= Outcome.HELD_ALIVE), np.uint8(Outcome.LATE), codes)
        for slots, points, old, new in group.put(slot, position, codes):
            # Only slots that were closed already are in the counts.
            for k in np.unique(slots).tolist():
                here = slots == k
                for counts in (self._window, self._day(k * group.slot_ms)):
                    np.subtract.at(counts, (points[here], old[here]), 1)
                    np.add.at(counts, (points[here], new[here]), 1)

    def _day(self, ms: int) -> NDArray[np.int32]:
        day = (ms + self._day_offset) // DAY_MS
        if day not in self._days:
            self._days[day] = np.zeros((len(self.points), OUTCOMES), dtype=np.int32)
            for old in [d for d in self._days if d < max(self._days) - KEEP_DAYS]:
                del self._days[old]
        return self._days.get(day, np.zeros((len(self.points), OUTCOMES), dtype=np.int32))

    def close(self, now_ns: int, causes: Mapping[str, MissedCause]) -> Batch:
        """Close every slot whose deadline has passed and return one missed row per expected slot without any row.

        causes: devices that are in trouble *now* and why; call it at least once a minute, so that a slot gets the cause
        that held while it ran. A healthy device whose point was silent gets ITEM.
        """
        now_ms = now_ns // NS_PER_MS
        self._note(now_ms // SLOT_MS, causes)
        rows = [
            self._close(group, now_ns, with_rows=True)
            for group in self.groups
            while_closable(group, now_ms)
        ]
        return concat(rows, self._is_text)
