"""Sequence numbers of subscriptions: what arrived, what is missing (pure; OPC 10000-4, 7.26 and 5.14.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connectors.opcua.plan import following, gap, is_repetition

ASK_AGAIN: Final = 100
"""Most lost notifications of one gap that are asked for again; servers keep fewer (OPC 10000-4, 5.14.1.1)."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the sequence number of one message says."""

    fresh: bool
    """Whether its content is new."""
    lost: tuple[int, ...]
    """The first numbers between the last one and this one, at most `ASK_AGAIN`."""
    missing: int = 0
    """How many there are between the last one and this one."""
    found_again: bool = False
    """Whether it was taken for lost before."""


class SequenceBook:
    """Last sequence number and missing ones by subscription; a new subscription starts with 1."""

    def __init__(self) -> None:
        self._last: dict[int, int] = {}
        self._missing: set[tuple[int, int]] = set()

    def arrived(self, subscription: int, sequence: int, *, keep_alive: bool) -> Arrival:
        """Judge a message; a keep-alive carries the number that the next notification will have."""
        last = self._last.get(subscription, 0)
        if is_repetition(last, sequence):
            late = (subscription, sequence) in self._missing
            self._missing.discard((subscription, sequence))
            return Arrival(fresh=late, lost=(), found_again=late)
        places = gap(last, sequence)
        lost = tuple(following(last, place) for place in places[:ASK_AGAIN])
        self._missing.update((subscription, n) for n in lost)
        self._last[subscription] = sequence
        if keep_alive:
            self._last[subscription] = following(sequence, 0xFFFFFFFE) if sequence > 1 else 0
        return Arrival(fresh=not keep_alive, lost=lost, missing=len(places))

    def recovered(self, subscription: int, sequence: int) -> None:
        """Remember that a lost notification was sent again."""
        self._missing.discard((subscription, sequence))
