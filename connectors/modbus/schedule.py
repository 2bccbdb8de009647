"""When to read: absolute instants on the monotonic clock, so that no reading shifts the next. Pure."""

from __future__ import annotations

import zlib
from dataclasses import dataclass


@dataclass(slots=True)
class Ticker:
    """Instants `due_ns`, `due_ns + period_ns`, … on the monotonic clock. Periods are whole milliseconds or less."""

    period_ns: int
    due_ns: int

    def advance(self, now_ns: int) -> int:
        """Move on to the first instant after `now_ns`; return how many instants in between were skipped."""
        self.due_ns += self.period_ns
        if self.due_ns > now_ns:
            return 0
        skipped = (now_ns - self.due_ns) // self.period_ns + 1
        self.due_ns += skipped * self.period_ns
        return skipped


def first_due(name: str, period_ns: int, *, unix_ns: int, monotonic_ns: int) -> int:
    """Return the first regular instant (monotonic) after now for the source `name`.

    It lies between one and three quarters of a period after a wall-clock multiple of the period: where in there
    depends on the name, so that devices are not all read at once; and a reading is never at the edge of a slot, where
    a delay of a millisecond would leave a slot without a reading.
    """
    phase = period_ns // 4 + (zlib.crc32(name.encode()) % 1024) * (period_ns // 2) // 1024
    return monotonic_ns + period_ns - (unix_ns - phase) % period_ns
