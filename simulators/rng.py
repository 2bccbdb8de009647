"""Seeded integer randomness that never changes between Python or numpy versions."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB

Quantiles = Sequence[tuple[int, int]]
"""Points (per mille, milliseconds) of a distribution, first per mille 0, last 1000, both ascending."""


class Rng:
    """SplitMix64 (Steele, Lea, Flood 2014): a counter and a mixing function, exact on every machine."""

    __slots__ = ("_state",)

    def __init__(self, *key: object) -> None:
        """Start the sequence that belongs to `key`; equal keys give equal sequences."""
        text = "\x1f".join(str(part) for part in key).encode()
        self._state = int.from_bytes(hashlib.sha256(text).digest()[:8], "big")

    def next(self) -> int:
        """Return the next 64 random bits."""
        self._state = (self._state + _GAMMA) & _MASK
        z = self._state
        z = ((z ^ (z >> 30)) * _MIX_1) & _MASK
        z = ((z ^ (z >> 27)) * _MIX_2) & _MASK
        return z ^ (z >> 31)

    def below(self, n: int) -> int:
        """Return an integer in [0, n)."""
        return (self.next() * n) >> 64

    def pick(self, weights: Sequence[int]) -> int:
        """Return an index drawn with integer weights, at least one of them positive."""
        at = self.below(sum(weights))
        for index, weight in enumerate(weights):
            at -= weight
            if at < 0:
                return index
        raise ValueError("all weights are 0")

    def draw(self, quantiles: Quantiles) -> int:
        """Return a value of the distribution: straight lines between its quantile points."""
        at = self.below(1000)
        for (p0, v0), (p1, v1) in itertools.pairwise(quantiles):
            if at < p1:
                return v0 + (v1 - v0) * (at - p0) // (p1 - p0) + self.below(1000)
        raise ValueError("the last quantile must stand at 1000 per mille")

    def block(self, n: int) -> NDArray[np.uint64]:
        """Return the next `n` numbers of the sequence at once."""
        steps = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(_GAMMA)
        z = steps + np.uint64(self._state)
        self._state = (self._state + n * _GAMMA) & _MASK
        z = (z ^ (z >> np.uint64(30))) * np.uint64(_MIX_1)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(_MIX_2)
        return z ^ (z >> np.uint64(31))
