"""The scheduled slots of points with one slot length and deadline: one outcome code a point and slot.

Open slots are columns that rows are written into. A closed slot is packed: nearly all of its codes are equal, and only
a row that comes late looks at it again before it leaves the last 24 hours.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.batch import Int64
from storage.slot_outcome import OUTCOMES

NONE: Final = 255
"""No row has been seen for the slot."""
EXCLUDED: Final = 254
"""The slot was not expected (out of service or in a counting stop)."""
_DAY_MS: Final = 86_400_000
_AHEAD_MS: Final = 1_800_000
"""Rows may be this far ahead of the next slot to close: deadlines, and the replay of rows after a snapshot."""

Codes = NDArray[np.uint8]
Change = tuple[Int64, NDArray[np.intp], Codes, Codes]
"""(slots, points, codes before, codes after) of slots that were closed already."""


class SlotGroup:
    """One byte per point and slot, for the last 24 hours of closed slots and the open ones.

    points: point index of every column. next: number of the first slot that is not closed.
    """

    def __init__(
        self, slot_ms: int, deadline_ms: int, points: NDArray[np.intp], first: int
    ) -> None:
        """Begin with slot `first`."""
        self.slot_ms = slot_ms
        self.deadline_ms = deadline_ms
        self.points = points
        self.next = first
        self.first = first
        self.kept = -(-_DAY_MS // slot_ms)
        self.ahead = (deadline_ms + _AHEAD_MS) // slot_ms + 2
        self.open: Codes = np.full((self.ahead, len(points)), NONE, dtype=np.uint8)
        """Codes of the slots next … next + ahead − 1, slot k in row k modulo their number."""
        self.closed: dict[int, bytes] = {}
        """Packed codes of the closed slots of the last 24 hours."""

    def put(self, slot: Int64, position: NDArray[np.intp], codes: Codes) -> Iterator[Change]:
        """Take rows in; yield what changed in slots that were closed already."""
        inside = (slot >= self._oldest()) & (slot < self.next + self.ahead)
        if not bool(inside.all()):
            slot, position, codes = slot[inside], position[inside], codes[inside]
        if not len(slot):
            return
        late = slot < self.next
        if not bool(late.any()):
            np.minimum.at(self.open.reshape(-1), self._cells(slot, position), codes)
            return
        now = ~late
        np.minimum.at(self.open.reshape(-1), self._cells(slot[now], position[now]), codes[now])
        for number in np.unique(slot[late]).tolist():
            here = slot == number
            before = self.codes_of(number)
            after = before.copy()
            np.minimum.at(after, position[here], codes[here])
            after[before == EXCLUDED] = EXCLUDED
            changed = np.flatnonzero(before != after)
            if len(changed):
                self.store(number, after)
                slots = np.full(len(changed), number, dtype=np.int64)
                yield slots, self.points[changed], before[changed], after[changed]

    def put_best(self, slot: Int64, position: NDArray[np.intp], best: np.uint8) -> bool:
        """Take rows in that all have the best code there is; return False, and take none, unless all slots are open."""
        if int(slot.min()) < self.next or int(slot.max()) >= self.next + self.ahead:
            return False
        # No other code is lower, so that the order of the rows does not matter.
        self.open.reshape(-1)[self._cells(slot, position)] = best
        return True

    def _cells(self, slot: Int64, position: NDArray[np.intp]) -> NDArray[np.intp]:
        cells: NDArray[np.intp] = slot % self.ahead * len(self.points) + position
        return cells

    def _oldest(self) -> int:
        return max(self.next - self.kept, self.first)

    def codes_of(self, slot: int) -> Codes:
        """Return the codes of a slot that is closed or open, as a copy."""
        if slot >= self.next:
            row: Codes = self.open[slot % self.ahead].copy()
            return row
        packed = self.closed.get(slot)
        if packed is None:
            return np.full(len(self.points), NONE, dtype=np.uint8)
        codes: Codes = np.frombuffer(zlib.decompress(packed), dtype=np.uint8).copy()
        return codes

    def store(self, slot: int, codes: Codes) -> None:
        """Replace the codes of a slot that is closed or open."""
        if slot >= self.next:
            self.open[slot % self.ahead] = codes
        else:
            self.closed[slot] = zlib.compress(codes.tobytes(), 1)

    def kept_slots(self) -> range:
        """Return the closed slots of the last 24 hours."""
        return range(self._oldest(), self.next)

    def closable(self, now_ms: int) -> bool:
        """Return whether the next slot has ended and its deadline has passed."""
        return (self.next + 1) * self.slot_ms + self.deadline_ms <= now_ms

    def close(self, expected: NDArray[np.bool_], missing: Codes) -> tuple[Codes, NDArray[np.bool_]]:
        """Close the next slot and return (its codes, which points were missing).

        expected: per column. missing: code for a column that is expected and has no row.
        """
        codes = self.codes_of(self.next)
        absent = expected & (codes == NONE)
        codes[absent] = missing[absent]
        codes[~expected] = EXCLUDED
        self.open[self.next % self.ahead] = NONE
        self.next += 1
        self.store(self.next - 1, codes)
        return codes, absent

    def leaving(self) -> Codes | None:
        """Return the codes of the slot that left the last 24 hours with the last `close`, and forget them."""
        old = self.next - 1 - self.kept
        if old < self.first:
            return None
        codes = self.codes_of(old)
        self.closed.pop(old, None)
        return codes

    def add_to(self, counts: NDArray[np.int32], codes: Codes, sign: int) -> None:
        """Add `sign` to the count of every column's outcome in `counts` (points × outcomes)."""
        real = codes < OUTCOMES
        # Each point stands in one column, so plain indexed addition is exact.
        counts[self.points[real], codes[real]] += np.int32(sign)
