"""Proof of life of single items: what a re-read says when it is compared with what the subscription said (pure).

A living subscription does not prove a living item (kpi.md B.6, proof of life, OPC UA (1)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model import status as codes
from model.batch import NO_TIME, Batch
from model.flags import RowFlag
from model.signal import SignalType

OLD_NS: Final = 5_000_000_000
"""A first value is old when its source time lies this long before its receipt."""
_VALUE_FLAGS = np.uint16(RowFlag.NO_VALUE | RowFlag.NOT_FINITE)
_CODE_BITS = np.uint32(0xFFFF0000)
"""Status without the info bits, which a Read does not repeat (OPC 10000-4, 7.39)."""


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """Result of one re-read, one entry a row that was read."""

    alive: NDArray[np.bool_]
    """Good and equal to the last value: a proof."""
    report: NDArray[np.bool_]
    """To be kept as it was read: not good, or moved within the deadband."""
    differs: NDArray[np.bool_]
    """Differs from the last value, or there is none: a notification is under way, or the item is dead."""


class ProofBook:
    """The last value of every item as the subscription gave it, and when."""

    def __init__(self, deadbands: Sequence[float | None], types: Sequence[SignalType]) -> None:
        items = len(deadbands)
        self._known = np.zeros(items, dtype=np.bool_)
        self._value = np.zeros(items, dtype=np.int64)
        self._status = np.zeros(items, dtype=np.uint32)
        self._flags = np.zeros(items, dtype=np.uint16)
        self._text: list[bytes] = [b""] * items
        self._deadband = np.array([d or 0.0 for d in deadbands])
        self._is_float = np.array([t is SignalType.FLOAT for t in types], dtype=np.bool_)
        self._is_text = np.array([t is SignalType.TEXT for t in types], dtype=np.bool_)
        self._turn = np.zeros(items, dtype=np.int64)
        self._now = 0

    def note(self, items: NDArray[np.int64], batch: Batch) -> None:
        """Remember the rows of a batch, `items` naming the item of each."""
        self._now += 1
        self._known[items] = True
        self._value[items] = batch.value
        self._status[items] = batch.status
        self._flags[items] = batch.flags & _VALUE_FLAGS
        self._turn[items] = self._now
        if batch.texts:
            texts = self._text
            rows = self._text_rows(items, batch)
            for item, index in zip(items[rows].tolist(), batch.value[rows].tolist(), strict=True):
                texts[item] = batch.texts[index]

    def resumes(self, items: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which items have no good last value: their next good one begins anew (connect, or after a break)."""
        last_good = (self._status[items] & np.uint32(codes.SEVERITY_MASK)) == 0
        holds = self._flags[items] & _VALUE_FLAGS == 0
        fresh: NDArray[np.bool_] = ~(self._known[items] & last_good & holds)
        return fresh

    def turn(self) -> int:
        """Return a mark for `silent_since`."""
        return self._now

    def silent_since(self, items: NDArray[np.int64], turn: int) -> NDArray[np.bool_]:
        """Return which items were not noted after `turn`."""
        return self._turn[items] <= turn

    def compare(self, items: NDArray[np.int64], read: Batch) -> Verdict:
        """Compare a re-read with the last values."""
        good = (read.status & np.uint32(codes.SEVERITY_MASK)) == 0
        holds = good & (read.flags & _VALUE_FLAGS == 0)
        same_state = (
            self._known[items]
            & (self._flags[items] == read.flags & _VALUE_FLAGS)
            & (self._status[items] & _CODE_BITS == read.status & _CODE_BITS)
        )
        same = same_state & (self._value[items] == read.value)
        for row in self._text_rows(items, read).tolist():
            equal = self._text[int(items[row])] == read.texts[int(read.value[row])]
            same[row] = same_state[row] and equal
        within = same_state & ~same & holds & self._within_deadband(items, read)
        return Verdict(alive=same & holds, report=(~holds & same) | within, differs=~same & ~within)

    def _text_rows(self, items: NDArray[np.int64], batch: Batch) -> NDArray[np.intp]:
        """Return the rows that carry a text."""
        return np.flatnonzero(self._is_text[items] & (batch.flags & _VALUE_FLAGS == 0))

    def _within_deadband(self, items: NDArray[np.int64], read: Batch) -> NDArray[np.bool_]:
        deadband = self._deadband[items]
        before, now = self._value[items], read.value
        with np.errstate(invalid="ignore", over="ignore"):
            moved = np.where(
                self._is_float[items],
                np.abs(now.view(np.float64) - before.view(np.float64)),
                np.abs(now.astype(np.float64) - before.astype(np.float64)),
            )
        return (deadband > 0) & (moved <= deadband)


def alive_rows(read: Batch, rows: NDArray[np.bool_]) -> Batch:
    """Return one ALIVE row for each of the chosen rows of a re-read."""
    chosen = read.select(rows)
    n = len(chosen)
    return Batch(
        chosen.signal,
        np.full(n, NO_TIME, dtype=np.int64),
        chosen.received_ns,
        np.zeros(n, dtype=np.int64),
        np.zeros(n, dtype=np.uint32),
        np.full(n, RowFlag.ALIVE | RowFlag.NO_VALUE, dtype=np.uint16),
    )


def first_of(chosen: NDArray[np.bool_], items: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return the chosen rows that are the first of their item."""
    first = np.zeros(len(items), dtype=np.bool_)
    first[np.unique(items, return_index=True)[1]] = True
    return chosen & first


def with_receipt_rows(batch: Batch, resumed: NDArray[np.bool_]) -> Batch:
    """Return the rows, followed by a second row dated by receipt for each old value that begins anew.

    Many servers keep the time of the last change as source time. After a gap such a value lies before the rows that say
    "missed" or "bad", so nothing would say that it holds *now*; the answer to a new monitored item does.
    resumed: one bool a row, see `ProofBook.resumes`.
    """
    good = (batch.status & np.uint32(codes.SEVERITY_MASK)) == 0
    old = (batch.source_ns != NO_TIME) & (batch.received_ns - batch.source_ns > OLD_NS)
    again = np.flatnonzero(resumed & good & old & (batch.flags & _VALUE_FLAGS == 0))
    if not len(again):
        return batch
    both = batch.select(np.concatenate([np.arange(len(batch)), again]))
    source = both.source_ns.copy()
    source[len(batch) :] = NO_TIME
    return replace(both, source_ns=source)
