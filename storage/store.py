"""What every time-series store can do; the implementations are `embedded`, `influx2` and `influx1`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.batch import Batch
from model.errors import PermanentError, TransientError
from model.signal import Signal, SignalTable


@dataclass(frozen=True, slots=True)
class StoreBlock:
    """Rows on their way to a store. seq: journal sequence. ranks: rank of each row at its instant, None = all 0."""

    seq: int
    table: SignalTable
    batch: Batch
    ranks: NDArray[np.uint8] | None = None

    def part(self, first: int, last: int) -> StoreBlock:
        """Return rows first … last−1 as a block of the same sequence."""
        ranks = None if self.ranks is None else self.ranks[first:last]
        return StoreBlock(self.seq, self.table, self.batch.select(np.arange(first, last)), ranks)


def by_table(
    blocks: Sequence[StoreBlock],
) -> Iterator[tuple[SignalTable, list[tuple[Batch, NDArray[np.uint8] | None]]]]:
    """Yield (table, (rows, ranks) of each block) for runs of blocks of one table."""
    for _, run in groupby(blocks, key=lambda block: id(block.table)):
        found = list(run)
        yield found[0].table, [(block.batch, block.ranks) for block in found]


class RefusedPointsError(PermanentError):
    """The store refuses some of the points of a write for what they are; smaller writes find out which.

    whole: it said that it refuses every one of them, so that nothing is left to find out.
    """

    def __init__(self, en: str, zh: str = "", *, whole: bool = False) -> None:
        super().__init__(en, zh)
        self.whole = whole


class BusyStoreError(TransientError):
    """The store asks to wait. retry_after_s: seconds it named, 0 = none."""

    def __init__(self, en: str, zh: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(en, zh)
        self.retry_after_s = retry_after_s


class SampleStore(Protocol):
    """Where delivered samples are kept and read back. One thread at a time.

    A *point* is a row of one signal, kind (value, none, alive, missed), instant and rank; writing it twice keeps one
    (docs/formats/line-protocol.md).
    """

    name: str

    def write(self, blocks: Sequence[StoreBlock]) -> None:
        """Store all rows of `blocks` in one request; returning means that the store has acknowledged them.

        Raises TransientError (try again later), RefusedPointsError (some points are at fault) or PermanentError
        (nothing can be written until a person changes something).
        """
        ...

    def read(self, signals: Sequence[Signal], start_ns: int, end_ns: int) -> Batch:
        """Return the rows of `signals` with an instant in [start_ns, end_ns), sorted by instant, then arrival.

        The `signal` column counts positions in `signals`.
        """
        ...

    def latest(self, signals: Sequence[Signal], before_ns: int) -> Batch:
        """Return the newest value row of each signal before `before_ns` (within a week), in the order of `signals`."""
        ...

    def count_by_device(self, start_ns: int, end_ns: int) -> dict[str, int]:
        """Return the number of points of every device with an instant in [start_ns, end_ns)."""
        ...

    def close(self) -> None:
        """Release connections and files; safe to call twice."""
        ...
