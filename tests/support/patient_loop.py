"""An event loop whose clock stands still while there is anything to do.

Sockets are real; only time is not: when no callback is ready and no socket has anything, the clock jumps to the next
timer. So a device that answers is never taken for a silent one because the machine was busy, an hour of polling takes a
moment, and a test may say exactly when something happens. Only for code that waits for sockets of the same loop: a
thread or another process would be left behind by a jump.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Mapping

from tests.support.connector import START_NS

GRACE_S = 0.02
"""So long a packet may take through the loopback interface, in real time, before the clock jumps."""


class _PatientSelector(selectors.DefaultSelector):
    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        found = super().select(0)
        if not found and timeout > 0:
            found = super().select(GRACE_S)
            if not found:
                self.now_s += timeout
        return found


class PatientLoop(asyncio.SelectorEventLoop):
    """The loop; its time begins at 0."""

    def __init__(self) -> None:
        self._patient = _PatientSelector()
        super().__init__(self._patient)

    def time(self) -> float:
        return self._patient.now_s


class LoopClock:
    """Wall clock that starts at START_NS and runs with the running event loop."""

    def unix_ns(self) -> int:
        return START_NS + self.monotonic_ns()

    def monotonic_ns(self) -> int:
        return round(asyncio.get_running_loop().time() * 1e9)


def patient_factories() -> Mapping[str, type[PatientLoop]]:
    """What `pytest_asyncio_loop_factories` of a folder returns whose tests run on this loop."""
    return {"patient": PatientLoop}
