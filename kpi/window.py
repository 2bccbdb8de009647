"""What the engine reads: the sealed rows of a stretch of the log as columns, and what the log says about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kpi.calendar import MINUTE_MS
from kpi.history import ConfigHistory

NO_TIME_MS: Final = -(2**63)
"""`source_ms` of a row whose device gave no time."""

Int64 = NDArray[np.int64]
Int32 = NDArray[np.int32]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PointKey:
    """One signal by name, whatever configuration."""

    stream: str
    signal: str


@dataclass(frozen=True, slots=True, eq=False)
class WindowRows:
    """Rows of all frames sealed in [from_slot, to_slot), equally long columns.

    Rows of one stream must be in order (sealing slot, row index in its frame); streams may be interleaved in any way.
    Rows of other slots than a claim needs are ignored, so one object can serve many claims.
    """

    from_slot: int
    to_slot: int
    """Every block with a slot in [from_slot, to_slot) is here with all rows of the streams that the claims use."""
    points: tuple[PointKey, ...]
    """Distinct points that the column `point` indexes."""
    point: Int32
    slot: Int64
    """Slot of the block that sealed the row."""
    source_ms: Int64
    """`NO_TIME_MS` = none."""
    received_ms: Int64
    value: Int64
    """The eight value bytes as int64 (float: the bits; uint: modulo 2^64); of a text row the index into `texts`."""
    status: NDArray[np.uint32]
    flags: NDArray[np.uint16]
    texts: tuple[str, ...]
    history: ConfigHistory
    """The whole history of the log up to to_slot at least."""
    block_slot: Int64
    """Slots of the blocks, rising."""
    block_state: tuple[str, ...]
    """State string of each block: a letter D or G per stream of its configuration, in stream order."""
    off: tuple[tuple[int, int], ...]
    """(first slot, number of slots) of every `off` entry that meets the stretch."""

    def __post_init__(self) -> None:
        """Refuse columns of unequal length (a programming error)."""
        lengths = {
            len(c)
            for c in (
                self.point,
                self.slot,
                self.source_ms,
                self.received_ms,
                self.value,
                self.status,
                self.flags,
            )
        }
        if len(lengths) != 1 or len(self.block_slot) != len(self.block_state):
            raise ValueError("columns of a window must have one length")


@dataclass(frozen=True, slots=True)
class Span:
    """Window of a claim in slots: figures of [first, last) from rows sealed in [first − lead, last + grace)."""

    first: int
    last: int
    lead: int = 120
    grace: int = 10

    def __post_init__(self) -> None:
        """Refuse an empty or negative window."""
        if not 0 <= self.first - self.lead <= self.first < self.last or self.grace < 0:
            raise ValueError(f"bad window {self}")

    @property
    def start_ms(self) -> int:
        """Return the first ms of the window."""
        return self.first * MINUTE_MS

    @property
    def end_ms(self) -> int:
        """Return the ms after the last."""
        return self.last * MINUTE_MS

    @property
    def visible_ms(self) -> int:
        """Return the first ms from which rows are seen (to carry in states and readings)."""
        return (self.first - self.lead) * MINUTE_MS
