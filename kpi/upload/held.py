"""Held slots of an item that reports by exception (kpi-audit U7 (b)): proven alive for each millisecond, or not held.

A living subscription does not prove a living item, so both are asked: every millisecond lies within A of the last
proof of the subscription, and between two proofs of the item that are at most 12 slots apart.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Final

MOST_SLOTS: Final = 12
"""Two proofs of an item hold the slots between them only this many slots apart."""
DEFAULT_MARGIN_MS: Final = 2000
"""Network margin in A (ours)."""


class ItemProof(StrEnum):
    """What one look at an item said."""

    DATA = "data"
    """A notification with a Good value: proves the subscription too."""
    EQUAL = "equal"
    """A re-read that is Good and equal to the held value."""
    FAILED = "failed"
    """A re-read that failed or differs: voids held slots back to the proof before."""


class Held(StrEnum):
    """What is known of a slot without a value of its own."""

    HELD = "held"
    NOT = "not_held"
    """The subscription or the item was not proven all through it."""
    VOID = "void"
    """It would be held, but a later re-read failed or differed: missed_item."""
    PROVISIONAL = "provisional"
    """After the last proof of the item; the next one decides."""


@dataclass(frozen=True, slots=True, order=True)
class Look:
    """One look at an item, at an instant in Unix ms."""

    at_ms: int
    proof: ItemProof


def keep_alive_ms(count: int, interval_ms: int, margin_ms: int = DEFAULT_MARGIN_MS) -> int:
    """Return A = (revised keep-alive count + 1) · revised publishing interval + margin, in ms (U7)."""
    return (count + 1) * interval_ms + margin_ms


@dataclass(frozen=True)
class ItemLife:
    """What is known of the life of one item."""

    slot_ms: int
    looks: tuple[Look, ...]
    """In order of time."""
    subscription_ms: tuple[int, ...]
    """Instants of the other proofs of its subscription (keep-alives), rising."""
    within_ms: int
    """A of U7: a proof of the subscription at p proves [p, p + A)."""

    @cached_property
    def _proofs(self) -> list[int]:
        data = [x.at_ms for x in self.looks if x.proof is ItemProof.DATA]
        return sorted({*self.subscription_ms, *data})

    @cached_property
    def _times(self) -> list[int]:
        return [x.at_ms for x in self.looks]

    def held(self, slot: int) -> Held:
        """Return what is known of a slot, judged without a value inside it; slot k is [k·Δ, (k+1)·Δ)."""
        start, end = slot * self.slot_ms, (slot + 1) * self.slot_ms
        if not _covered(start, end, self._proofs, self.within_ms):
            return Held.NOT
        first, stop = bisect_right(self._times, start), bisect_left(self._times, end)
        if not first or self.looks[first - 1].proof is ItemProof.FAILED:
            return Held.NOT
        chain = self.looks[first - 1 : stop + 1]
        if any(x.proof is ItemProof.FAILED for x in chain):
            return Held.VOID
        if any(b.at_ms - a.at_ms > MOST_SLOTS * self.slot_ms for a, b in pairwise(chain)):
            return Held.NOT
        return Held.HELD if stop < len(self.looks) else Held.PROVISIONAL


def _covered(start: int, end: int, proofs: Sequence[int], within_ms: int) -> bool:
    """Return whether each ms of [start, end) lies in [p, p + A) of some proof."""
    at = bisect_right(proofs, start)
    if not at:
        return False
    reach = proofs[at - 1] + within_ms
    for p in proofs[at:]:
        if p > reach or reach >= end:
            break
        reach = p + within_ms
    return reach >= end
