"""Sequence numbers of subscriptions: what arrived, what is missing (pure; OPC 10000-4, 7.26 and 5.14.5)."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.opcua.plan import gap, is_repetition


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the sequence number of one message says."""

    fresh: bool
    """Whether its content is new."""
    lost: list[int]
    """Numbers between the last one and this one."""
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
            return Arrival(fresh=late, lost=[], found_again=late)
        lost = gap(last, sequence)
        self._missing.update((subscription, n) for n in lost[:1000])
        self._last[subscription] = sequence
        if keep_alive:
            self._last[subscription] = (sequence - 2) % 0xFFFFFFFF + 1 if sequence > 1 else 0
        return Arrival(fresh=not keep_alive, lost=lost)

    def recovered(self, subscription: int, sequence: int) -> None:
        """Remember that a lost notification was sent again."""
        self._missing.discard((subscription, sequence))
