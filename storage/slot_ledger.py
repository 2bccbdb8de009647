"""The slot ledger: exactly one outcome for every required point and scheduled slot (kpi-audit U7). Pure."""

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
from storage.slot_group import Codes, SlotGroup
from storage.slot_outcome import CAUSE_OF_OUTCOME, OUTCOME_OF_CAUSE, OUTCOMES, Outcome
from storage.upload_rate import UploadRate, upload_rate

Expected = Callable[[str, int, int], bool]
"""(device, start_ms, end_ms) → whether the device is in service in the whole slot and no counting stop meets it."""

DAY_MS: Final = 86_400_000
KEEP_DAYS: Final = 8
_NO_TROUBLE: Final = 255
_NOT_PLAIN: Final = np.uint16(RowFlag.NO_VALUE | RowFlag.ALIVE | RowFlag.MISSED | RowFlag.IMPORTED)

_CODE_OF_CAUSE: Final = np.full(16, Outcome.MISSED_AGENT, dtype=np.uint8)
for _cause, _outcome in OUTCOME_OF_CAUSE.items():
    _CODE_OF_CAUSE[_cause] = _outcome
_CAUSE_OF_CODE: Final = np.zeros(OUTCOMES, dtype=np.int64)
for _outcome, _cause in CAUSE_OF_OUTCOME.items():
    _CAUSE_OF_CODE[_outcome] = _cause


class SlotLedger:
    """Counts outcomes of the required signals of `table`.

    Slot k of a point is [k·Δ, (k+1)·Δ) since 1970, Δ = slot_ms. It closes deadline_ms after its end; a closed slot
    without any row becomes a missed row. A row that arrives later still improves the outcome in the counts.
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
        self._rate: UploadRate | None = None
        """The last answer of `rate`, until a count changes."""
        self._rate_of: tuple[str, ...] = ()
        self._days: dict[int, NDArray[np.int32]] = {}
        self._group_of = np.full(len(table.signals), -1, dtype=np.int16)
        self._position = np.zeros(len(table.signals), dtype=np.intp)
        self.groups: list[SlotGroup] = self._make_groups(-(-now_ns // NS_PER_MS))
        longest = max((g.slot_ms + g.deadline_ms for g in self.groups), default=SLOT_MS)
        self._trouble = np.full((longest // SLOT_MS + 4, len(names)), _NO_TROUBLE, dtype=np.uint8)
        self._minute = now_ns // NS_PER_MS // SLOT_MS

    def _make_groups(self, now_ms: int) -> list[SlotGroup]:
        members: dict[tuple[int, int], list[int]] = {}
        for point, index in enumerate(self.points):
            signal = self.table.signals[index]
            members.setdefault((signal.slot_ms, signal.deadline_ms), []).append(point)
        groups: list[SlotGroup] = []
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
        if len(self.groups) == 1 and self._observe_plain(self.groups[0], batch, wanted):
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
            rows = (
                np.flatnonzero(wanted & (group == number))
                if len(self.groups) > 1
                else np.flatnonzero(wanted)
            )
            if len(rows):
                self._observe(
                    slots,
                    self._position[batch.signal[rows]],
                    tau[rows],
                    received[rows],
                    codes[rows],
                )

    def _observe_plain(self, group: SlotGroup, batch: Batch, wanted: NDArray[np.bool_]) -> bool:
        """Count rows that are all good values on time, in slots that are open; return whether they are."""
        if bool((batch.flags & _NOT_PLAIN).any()) or bool(batch.status.any()):
            return False
        tau, received = instants(batch), batch.received_ns
        # Received within the deadline after its own instant: the slot of the instant ends even later.
        if int((received - tau).max()) > group.deadline_ms * NS_PER_MS:
            return False
        position = self._position.take(batch.signal)
        slot = tau // (group.slot_ms * NS_PER_MS)
        if not bool(wanted.all()):
            position, slot = position[wanted], slot[wanted]
        return group.put_best(slot, position, np.uint8(Outcome.ON_TIME))

    def _observe(
        self,
        group: SlotGroup,
        position: NDArray[np.intp],
        tau: Int64,
        received: Int64,
        codes: NDArray[np.uint8],
    ) -> None:
        slot = tau // group.slot_ms
        overdue = received > (slot + 1) * group.slot_ms + group.deadline_ms
        codes = np.where(overdue & (codes <= Outcome.HELD_ALIVE), np.uint8(Outcome.LATE), codes)
        for slots, points, old, new in group.put(slot, position, codes):
            # Only slots that were closed already are in the counts.
            self._rate = None
            for k in np.unique(slots).tolist():
                here = slots == k
                for counts in (self._window, self.day_counts(self._day_of(k * group.slot_ms))):
                    np.subtract.at(counts, (points[here], old[here]), 1)
                    np.add.at(counts, (points[here], new[here]), 1)

    def _day_of(self, ms: int) -> int:
        return (ms + self._day_offset) // DAY_MS

    def day_counts(self, day: int) -> NDArray[np.int32]:
        """Return the live counts (points × outcomes) of a day for writing; used by `slot_snapshot`."""
        if day not in self._days:
            self._days[day] = np.zeros((len(self.points), OUTCOMES), dtype=np.int32)
            for old in [d for d in self._days if d <= max(self._days) - KEEP_DAYS]:
                del self._days[old]
        # A day that is kept no longer gets a throw-away table.
        return self._days.get(day, np.zeros((len(self.points), OUTCOMES), dtype=np.int32))

    def closable(self, now_ns: int) -> bool:
        """Return whether the deadline of a slot has passed, so that `close` has more to do than to note causes."""
        return any(group.closable(now_ns // NS_PER_MS) for group in self.groups)

    def close(self, now_ns: int, causes: Mapping[str, MissedCause]) -> Batch:
        """Close every slot whose deadline has passed and return one missed row per expected slot without any row.

        causes: devices that are in trouble *now* and why; call it at least once a minute, so that a slot gets the cause
        that held while it ran. A healthy device whose point was silent gets ITEM.
        """
        now_ms = now_ns // NS_PER_MS
        self._note(now_ms // SLOT_MS, causes)
        rows = []
        for group in self.groups:
            while group.closable(now_ms):
                slot = group.next
                absent, codes = self._close_slot(group)
                if bool(absent.any()):
                    rows.append(self._missed_rows(group, slot, absent, codes, now_ns))
        return concat(rows, self._is_text)

    def _close_slot(
        self, group: SlotGroup, *, code: Outcome | None = None
    ) -> tuple[NDArray[np.bool_], Codes]:
        start = group.next * group.slot_ms
        end = start + group.slot_ms
        device = self._device_of[group.points]
        expected = np.array(
            [self._expected(name, start, end) for name in self._names], dtype=np.bool_
        )
        by_device = (
            self._codes_between(start, end)
            if code is None
            else np.full(len(self._names), code, np.uint8)
        )
        codes, absent = group.close(expected[device], by_device[device])
        self._rate = None
        group.add_to(self._window, codes, 1)
        group.add_to(self.day_counts(self._day_of(start)), codes, 1)
        left = group.leaving()
        if left is not None:
            group.add_to(self._window, left, -1)
        return absent, codes

    def _missed_rows(
        self, group: SlotGroup, slot: int, absent: NDArray[np.bool_], codes: Codes, now_ns: int
    ) -> Batch:
        signal = np.array(self.points, dtype=np.int32)[group.points[absent]]
        n = len(signal)
        return make_batch(
            signal=signal,
            source_ns=np.full(n, slot * group.slot_ms * NS_PER_MS, dtype=np.int64),
            received_ns=now_ns,
            value=_CAUSE_OF_CODE[codes[absent]],
            status=BAD_NO_DATA,
            flags=int(RowFlag.MISSED),
        )

    def _note(self, minute: int, causes: Mapping[str, MissedCause]) -> None:
        """Remember who is in trouble in this minute (and in minutes in which nobody asked)."""
        codes = np.array(
            [
                OUTCOME_OF_CAUSE[causes[name]] if name in causes else _NO_TROUBLE
                for name in self._names
            ],
            dtype=np.uint8,
        )
        for m in range(max(self._minute + 1, minute - len(self._trouble) + 1), minute + 1):
            self._trouble[m % len(self._trouble)] = _NO_TROUBLE if m < minute else codes
        here = self._trouble[minute % len(self._trouble)]
        np.minimum(here, codes, out=here)
        self._minute = max(self._minute, minute)

    def _codes_between(self, start_ms: int, end_ms: int) -> Codes:
        minutes = np.arange(start_ms // SLOT_MS, -(-end_ms // SLOT_MS))
        minutes = minutes[minutes > self._minute - len(self._trouble)]
        if not len(minutes):
            return np.full(len(self._names), Outcome.MISSED_ITEM, dtype=np.uint8)
        codes: Codes = self._trouble[minutes % len(self._trouble)].min(axis=0)
        codes[codes == _NO_TROUBLE] = Outcome.MISSED_ITEM
        return codes

    def skip_down(self, from_ns: int, to_ns: int) -> None:
        """Count the time the agent was down: slots that ended before `to_ns` without a row are `missed_agent`.

        No missed rows are made for them (the evidence ledger has `off` entries); a slot that is still running gets the
        cause AGENT if nothing arrives for it.
        """
        for group in self.groups:
            while (group.next + 1) * group.slot_ms <= to_ns // NS_PER_MS:
                self._close_slot(group, code=Outcome.MISSED_AGENT)
        agent = dict.fromkeys(self._names, MissedCause.AGENT)
        last = to_ns // NS_PER_MS // SLOT_MS
        for minute in range(
            max(from_ns // NS_PER_MS // SLOT_MS, last - len(self._trouble) + 1), last + 1
        ):
            self._note(minute, agent)

    def rate(self, registered: Sequence[str] = ()) -> UploadRate:
        """Return the upload rate over the slots closed in the last 24 hours, with the count of every outcome.

        registered: assets that must report; one without any point counts 0.
        """
        key = tuple(registered)
        if self._rate is None or self._rate_of != key:
            self._rate, self._rate_of = upload_rate(self._window, self.devices, key), key
        return self._rate

    def rate_of_day(self, day: int, registered: Sequence[str] = ()) -> UploadRate:
        """Return the upload rate of one day (days since 1970, after the offset); the last 8 days are kept."""
        counts = self._days.get(day, np.zeros((len(self.points), OUTCOMES), dtype=np.int32))
        return upload_rate(counts, self.devices, registered)

    def count_window(self, group: SlotGroup, slot: int) -> None:
        """Add a closed slot to the counts of the last 24 hours; used by `slot_snapshot`."""
        self._rate = None
        group.add_to(self._window, group.codes_of(slot), 1)

    def counts_of_day(self, day: int) -> NDArray[np.int32]:
        """Return points × outcomes of one day as a copy."""
        return self._days.get(day, np.zeros((len(self.points), OUTCOMES), dtype=np.int32)).copy()

    @property
    def days(self) -> list[int]:
        """Return the days that have counts, ascending."""
        return sorted(self._days)
