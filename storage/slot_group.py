"""The scheduled slots of points with one slot length and deadline: a ring of outcome codes."""

from __future__ import annotations

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
        self.ring: Codes = np.full((self.kept + self.ahead, len(points)), NONE, dtype=np.uint8)

    def put(self, slot: Int64, position: NDArray[np.intp], codes: Codes) -> Iterator[Change]:
        """Take rows in; yield what changed in slots that were closed already."""
        inside = (slot >= max(self.next - self.kept, self.first)) & (slot < self.next + self.ahead)
        if not bool(inside.all()):
            slot, position, codes = slot[inside], position[inside], codes[inside]
        if not len(slot):
            return
        flat = self.ring.reshape(-1)
        cell = slot % len(self.ring) * len(self.points) + position
        if int(slot.min()) >= self.next:
            np.minimum.at(flat, cell, codes)
            return
        closed = slot < self.next
        np.minimum.at(flat, cell[~closed], codes[~closed])
        cells, where = np.unique(cell[closed], return_index=True)
        before = flat[cells].copy()
        np.minimum.at(flat, cell[closed], codes[closed])
        flat[cells[before == EXCLUDED]] = EXCLUDED
        after = flat[cells]
        changed = before != after
        if bool(changed.any()):
            rows = where[changed]
            yield (
                slot[closed][rows],
                self.points[position[closed][rows]],
                before[changed],
                after[changed],
            )

    def put_best(self, slot: Int64, position: NDArray[np.intp], best: np.uint8) -> bool:
        """Take rows in that all have the best code there is; return False, and take none, unless all slots are open."""
        if (
            int(slot.min()) < max(self.next, self.first)
            or int(slot.max()) >= self.next + self.ahead
        ):
            return False
        # No other code is lower, so that the order of the rows does not matter.
        self.ring.reshape(-1)[slot % len(self.ring) * len(self.points) + position] = best
        return True

    def closable(self, now_ms: int) -> bool:
        """Return whether the next slot has ended and its deadline has passed."""
        return (self.next + 1) * self.slot_ms + self.deadline_ms <= now_ms

    def close(self, expected: NDArray[np.bool_], missing: Codes) -> tuple[Codes, NDArray[np.bool_]]:
        """Close the next slot and return (its codes, which points were missing).

        expected: per column. missing: code for a column that is expected and has no row.
        """
        codes = self.ring[self.next % len(self.ring)]
        absent = expected & (codes == NONE)
        codes[absent] = missing[absent]
        codes[~expected] = EXCLUDED
        self.next += 1
        return codes, absent

    def leaving(self) -> Codes | None:
        """Return the codes of the slot that left the last 24 hours with the last `close`, and free its place."""
        old = self.next - 1 - self.kept
        place = (self.next - 1 + self.ahead) % len(self.ring)
        codes = self.ring[place].copy() if old >= self.first else None
        self.ring[place] = NONE
        return codes

    def add_to(self, counts: NDArray[np.int32], codes: Codes, sign: int) -> None:
        """Add `sign` to the count of every column's outcome in `counts` (points × outcomes)."""
        real = codes < OUTCOMES
        # Each point stands in one column, so plain indexed addition is exact.
        counts[self.points[real], codes[real]] += np.int32(sign)
