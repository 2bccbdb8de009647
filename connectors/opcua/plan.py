"""Numbers of a subscription and of its rounds, computed without a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final, TypeVar

_T = TypeVar("_T")

KEEP_ALIVE_MS: Final = 5_000
"""Wanted time between two signs of life of a quiet subscription."""
LIFETIME_MS: Final = 60_000
"""Wanted life of a subscription without a publish request; the standard asks for three keep-alives at least."""
NETWORK_MARGIN_MS: Final = 2_000
"""Margin of the keep-alive watchdog (kpi-audit U7, SLOT-1)."""
QUEUE_LIMIT: Final = 1_000
"""Most values that a server is asked to queue for one item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationLimits:
    """Most nodes in one request of each kind; never 0."""

    read: int
    browse: int
    translate: int
    monitored_items: int

    @staticmethod
    def of(own: int, server: Sequence[int | None]) -> OperationLimits:
        """Return the limits from our own and the four of the server (None or 0 = the server names none)."""
        read, browse, translate, items = (min(own, s) if s else own for s in server)
        return OperationLimits(read=read, browse=browse, translate=translate, monitored_items=items)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionPlan:
    """What a subscription is asked for."""

    publishing_ms: int
    keep_alive_count: int
    lifetime_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionGrant:
    """What the server agreed to."""

    id: int
    publishing_ms: float
    keep_alive_count: int
    lifetime_count: int

    @property
    def silence_ms(self) -> int:
        """Return after how many ms without any response the subscription counts as lost.

        The first keep-alive may come one interval late (OPC 10000-4, 5.13.1.1), hence the + 1.
        """
        return ceil((self.keep_alive_count + 1) * self.publishing_ms) + NETWORK_MARGIN_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPlan:
    """One monitored item to create."""

    item: int
    """Position of the point, which is the client handle too."""
    node: str
    sampling_ms: int
    queue_size: int
    deadband: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemGrant:
    """What the server said to one monitored item."""

    status: int
    id: int = 0
    sampling_ms: float = 0.0
    queue_size: int = 0


def chunks(items: Sequence[_T], limit: int) -> Iterator[Sequence[_T]]:
    """Yield `items` in order in pieces of at most `limit` (≥ 1)."""
    for start in range(0, len(items), limit):
        yield items[start : start + limit]


def subscription_plan(publishing_ms: int) -> SubscriptionPlan:
    """Return counts that give a keep-alive about every `KEEP_ALIVE_MS` and a life of about `LIFETIME_MS`."""
    keep_alive = max(1, KEEP_ALIVE_MS // publishing_ms)
    return SubscriptionPlan(
        publishing_ms=publishing_ms,
        keep_alive_count=keep_alive,
        lifetime_count=max(3 * keep_alive, LIFETIME_MS // publishing_ms),
    )


def queue_size(publishing_ms: float, sampling_ms: float) -> int:
    """Return 2 × publishing / sampling, at least 2 (performance.md 1.4, loss 3: a size of 1 loses values)."""
    if sampling_ms <= 0:
        return QUEUE_LIMIT
    return min(QUEUE_LIMIT, max(2, ceil(2 * publishing_ms / sampling_ms)))


def gap(last: int, sequence: int) -> range:
    """Return the places, counted from `last` = 0, of the numbers lost between `last` and `sequence`.

    Sequence numbers wrap from 2^32 - 1 to 1 (OPC 10000-4, 7.26); `following` turns a place into a number. An old
    number (a repetition) gives an empty range, and so does a jump of more than 2^31 - 1.
    """
    distance = (sequence - last) % 0xFFFFFFFF
    return range(1, 1 if distance > 0x7FFFFFFF else max(1, distance))


def following(last: int, place: int) -> int:
    """Return the sequence number `place` after `last`."""
    return (last + place - 1) % 0xFFFFFFFF + 1


def is_repetition(last: int, sequence: int) -> bool:
    """Return whether `sequence` is `last` or older."""
    distance = (sequence - last) % 0xFFFFFFFF
    return distance == 0 or distance > 0x7FFFFFFF


def next_round_ns(now_ns: int, period_ns: int) -> int:
    """Return the next instant in the middle of a slot of `period_ns`, counted from the epoch.

    The middle leaves half a slot for a value that is under way when an item is read.
    """
    half = period_ns // 2
    return ((now_ns - half) // period_ns + 1) * period_ns + half
