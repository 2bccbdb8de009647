"""What a message said about monitored items, as columns, before signals give it a meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.batch import NO_TIME

FILETIME_OF_1970: Final = 116_444_736_000_000_000
"""100 ns ticks from 1601-01-01 to 1970-01-01 (OPC 10000-6, 5.2.2.5)."""
FILETIME_OF_2262: Final = FILETIME_OF_1970 + 9_214_646_400_000 * 10_000
"""Ticks at 2262-01-01, the end of the nanosecond range of a frame."""


class Kind(IntEnum):
    """What the 8 bits columns of a reading hold."""

    NULL = 0
    """No value was sent."""
    SIGNED = 1
    UNSIGNED = 2
    FLOAT = 3
    BOOL = 4
    TEXT = 5
    OTHER = 6
    """A value that no signal can hold: structure, time, byte string, an array without a wanted element."""


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """DataValues of one message as equally long columns in the order of the message.

    item: client handle, or position in the request. kind: `Kind`. bits: the number as int64, the bit pattern of
    uint64 or binary64, 0 or 1, or the index into `texts`. status: OPC UA StatusCode. source_ns: UTC nanoseconds.
    """

    item: NDArray[np.int64]
    kind: NDArray[np.uint8]
    bits: NDArray[np.int64]
    status: NDArray[np.uint32]
    source_ns: NDArray[np.int64]
    texts: tuple[bytes, ...] = ()

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self.item)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishMessage:
    """One PublishResponse or RepublishResponse."""

    subscription: int
    sequence: int
    """Sequence number of the notification; of the next one if this is a keep-alive."""
    available: tuple[int, ...] = ()
    """Sequence numbers that the server can send again."""
    readings: Readings | None = None
    """Data changes; None if there were none."""
    status_change: int | None = None
    """StatusCode of a StatusChangeNotification: the subscription has ended."""
    keep_alive: bool = False


def nanoseconds_of(filetime: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return UTC nanoseconds of FILETIME ticks; `NO_TIME` outside 1970-01-01 … 2262-01-01."""
    since = filetime - FILETIME_OF_1970
    # As unsigned numbers the times before 1970 are large ones.
    inside = since.view(np.uint64) < np.uint64(FILETIME_OF_2262 - FILETIME_OF_1970)
    return since * 100 if inside.all() else np.where(inside, since * 100, NO_TIME)


def joined(parts: Sequence[Readings]) -> Readings:
    """Return the rows of all parts in order; text indexes are shifted."""
    if len(parts) == 1:
        return parts[0]
    texts: list[bytes] = []
    bits = []
    for part in parts:
        shift = part.texts and texts
        bits.append(
            np.where(part.kind == Kind.TEXT, part.bits + len(texts), part.bits)
            if shift
            else part.bits
        )
        texts.extend(part.texts)
    return Readings(
        np.concatenate([p.item for p in parts]),
        np.concatenate([p.kind for p in parts]),
        np.concatenate(bits),
        np.concatenate([p.status for p in parts]),
        np.concatenate([p.source_ns for p in parts]),
        tuple(texts),
    )
