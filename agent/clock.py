"""The only reader of the clocks of this machine."""

from __future__ import annotations

import ctypes
import sys
import time
from functools import cache
from typing import Any

_STA_UNSYNC = 0x0040
_TIME_ERROR = 5


class SystemClock:
    """Wall clock and monotonic clock of this machine."""

    def unix_ns(self) -> int:
        """Return UTC nanoseconds since 1970 as this machine claims them."""
        return time.time_ns()

    def monotonic_ns(self) -> int:
        """Return nanoseconds since the start of the machine, for durations only."""
        return time.monotonic_ns()

    def synchronisation(self) -> str:
        """Return S if the kernel says that its clock is disciplined, else U (unknown).

        Self-reported: useful to honest sites, no proof. Other systems than Linux answer U.
        """
        library = _c_library()
        if library is None:
            return "U"
        buffer = (ctypes.c_long * 64)()
        # struct timex: modes is the first word (0 = only read), status the fifth.
        try:
            state = library.adjtimex(ctypes.byref(buffer))
        except (OSError, AttributeError):
            return "U"
        if state in (-1, _TIME_ERROR) or buffer[4] & _STA_UNSYNC:
            return "U"
        return "S"


@cache
def _c_library() -> Any:
    """Return the C library, opened once; None where it has no `adjtimex`."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return ctypes.CDLL(None)
    except OSError:
        return None


class ReplayClock:
    """A clock that stands where a replay puts it; wall and monotonic time move together."""

    def __init__(self, unix_ns: int = 0) -> None:
        """Start at `unix_ns`."""
        self._now = unix_ns
        self._start = unix_ns

    def set(self, unix_ns: int) -> None:
        """Move to an instant that is not before the present one."""
        if unix_ns < self._now:
            raise ValueError("a replay clock moves forward only")
        self._now = unix_ns

    def unix_ns(self) -> int:
        """Return the instant that the replay has reached."""
        return self._now

    def monotonic_ns(self) -> int:
        """Return nanoseconds since the start of the replay."""
        return self._now - self._start

    def synchronisation(self) -> str:
        """Return R: the times are those of the trace."""
        return "R"
