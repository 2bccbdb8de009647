"""When booked counts were made (U4, claims.md §2): counts of any interval by subtraction."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Final

SHORT_MS: Final = 120_000
"""Counts between readings at most this far apart are booked whole at the later one."""

Elapsed = Callable[[int, int], int]
"""Returns the milliseconds of [a, b) over which a count is spread."""


class Bookings:
    """The booked counts of one register in order of time.

    elapsed: the milliseconds over which a count between two readings is spread. Without any, or between readings at
    most `SHORT_MS` apart, all of it is booked at the later one; a correction always is.
    """

    __slots__ = ("_before", "_elapsed", "_since", "_taus")

    def __init__(self, elapsed: Elapsed) -> None:
        self._elapsed = elapsed
        self._taus: list[int] = []
        self._since: list[int] = []
        self._before = [0]

    def __bool__(self) -> bool:
        """Return whether anything is booked."""
        return bool(self._taus)

    def add(self, since: int, tau: int, booked: int) -> None:
        """Book a count, not 0, between a level at `since` and a reading at `tau`, not before the last one."""
        spread = booked > 0 and tau - since > SHORT_MS and self._elapsed(since, tau) > 0
        self._taus.append(tau)
        self._since.append(since if spread else tau)
        self._before.append(self._before[-1] + booked)

    def until(self, instant: int) -> int:
        """Return what is booked before an instant: the count of [a, b) is that of b less that of a.

        What is booked at a reading lies in the interval that holds it; of a count that is spread from τ0 to τ1,
        ⌊n·R(τ0, x)/R(τ0, τ1)⌋ lies before x.
        """
        at = bisect_left(self._taus, instant)
        booked = self._before[at]
        if at < len(self._taus):
            since, tau = self._since[at], self._taus[at]
            if since < instant and since < tau:
                count = self._before[at + 1] - booked
                booked += count * self._elapsed(since, instant) // self._elapsed(since, tau)
        return booked

    def spans(self, low: int, high: int) -> Iterator[tuple[int, int]]:
        """Yield the intervals inside [low, high) within which something is booked."""
        for since, tau in zip(self._since, self._taus, strict=True):
            start, end = max(since, low), min(max(tau, since + 1), high)
            if start < end:
                yield start, end
