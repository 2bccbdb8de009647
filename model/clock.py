"""The clock as everybody but `agent.clock` sees it."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Wall clock and monotonic clock in nanoseconds; tests and replays bring their own."""

    def unix_ns(self) -> int:
        """Return UTC nanoseconds since 1970 (a claim of this machine)."""
        ...

    def monotonic_ns(self) -> int:
        """Return a clock that never steps, for durations only."""
        ...
