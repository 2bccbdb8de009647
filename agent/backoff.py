"""Exponential back-off with jitter and a cap."""

from __future__ import annotations

import asyncio
import random


class Backoff:
    """Waits 1, 2, 4 … seconds up to `cap_s`, each between half and the whole of it."""

    def __init__(self, *, first_s: float = 1.0, cap_s: float = 60.0) -> None:
        """Start with the first wait."""
        self._first = first_s
        self._cap = cap_s
        self._next = first_s

    def reset(self) -> None:
        """Begin again with the first wait: called after the first good batch, not after a connect."""
        self._next = self._first

    def delay(self) -> float:
        """Return the next wait in seconds and double the one after."""
        # Jitter spreads reconnects after a power cut; it needs no cryptographic randomness.
        wait = self._next * random.uniform(0.5, 1.0)  # noqa: S311
        self._next = min(self._next * 2, self._cap)
        return wait

    async def wait(self) -> None:
        """Sleep for the next wait."""
        await asyncio.sleep(self.delay())
