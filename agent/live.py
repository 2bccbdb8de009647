"""Newest value of every signal, for the board: columns in, no object per sample."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.batch import NO_TIME, Batch, concat
from model.flags import RowFlag
from model.signal import SignalTable, SignalType
from model.slots import NS_PER_MS
from model.status import SEVERITY_MASK

MOST_WAITING_ROWS = 50_000
"""Rows that wait to be looked at, about 2 MB; a board that nobody watches looks every five seconds."""
_NO_VALUE_ROW = int(RowFlag.NO_VALUE | RowFlag.MISSED)


@dataclass(frozen=True, slots=True)
class LiveValue:
    """The newest value of one signal."""

    value: int | float | bool | str | None
    """None: nothing good was seen yet."""
    good: bool
    """Whether the newest row (value or proof) was good."""
    seen_ms: int
    """When the newest row or proof came; 0 = never."""
    since_ms: int
    """When the value changed last; 0 = never."""


class LiveValues:
    """Holds the newest value of every signal of one table."""

    def __init__(self, table: SignalTable) -> None:
        """Start without values."""
        n = len(table.signals)
        self._table = table
        self._value: NDArray[np.int64] = np.zeros(n, np.int64)
        self._has: NDArray[np.bool_] = np.zeros(n, np.bool_)
        self._good: NDArray[np.bool_] = np.zeros(n, np.bool_)
        self._seen: NDArray[np.int64] = np.zeros(n, np.int64)
        self._since: NDArray[np.int64] = np.zeros(n, np.int64)
        self._text: dict[int, str] = {}
        self._is_text = np.array([s.type is SignalType.TEXT for s in table.signals], np.bool_)
        self._waiting: list[Batch] = []
        self._waiting_rows = 0
        self.rows = 0

    def observe(self, batch: Batch) -> None:
        """Take over the newest row of every signal in `batch`, at the next look at any of them."""
        self.rows += len(batch)
        self._waiting.append(batch)
        self._waiting_rows += len(batch)
        if self._waiting_rows > MOST_WAITING_ROWS:
            self._take_over()

    def _take_over(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._waiting_rows = 0
        if waiting:
            self._take(concat(waiting, self._is_text))

    def _take(self, batch: Batch) -> None:
        good = (batch.status & np.uint32(SEVERITY_MASK)) == 0
        carries = (batch.flags & np.uint16(_NO_VALUE_ROW)) == 0
        alive = (batch.flags & np.uint16(RowFlag.ALIVE)) != 0
        missed = (batch.flags & np.uint16(RowFlag.MISSED)) != 0
        # Of rows with one index numpy keeps the last that is assigned: the newest.
        self._good[batch.signal] = good & (carries | alive)
        proof = slice(None) if not missed.any() else ~missed
        self._seen[batch.signal[proof]] = batch.received_ns[proof]
        rows = np.flatnonzero(carries & good)
        if len(rows):
            self._take_values(batch, rows)

    def _take_values(self, batch: Batch, rows: NDArray[np.intp]) -> None:
        """Take over the newest values of `rows`; a new one holds since the first row of the last run of equal ones."""
        signals, values = batch.signal[rows], batch.value[rows]
        if batch.texts:
            # Equal texts get one number, so that runs of them are seen.
            numbers: dict[bytes, int] = {}
            same = np.array([numbers.setdefault(t, i) for i, t in enumerate(batch.texts)])
            text = self._is_text[signals]
            values[text] = same[values[text]]
        order = np.argsort(signals, kind="stable")
        by_signal, by_value = signals[order], values[order]
        first = np.append(True, by_signal[1:] != by_signal[:-1])
        begins = np.flatnonzero(first | np.append(True, by_value[1:] != by_value[:-1]))
        last = np.append(np.flatnonzero(first)[1:] - 1, len(order) - 1)
        run = begins[np.searchsorted(begins, last, side="right") - 1]
        signal, value = by_signal[last], by_value[last]
        source, received = batch.source_ns[rows[order[run]]], batch.received_ns[rows[order[run]]]
        since = np.where(source != NO_TIME, source, received)
        # There and back between two looks is no change.
        changed = ~self._has[signal] | (self._value[signal] != value)
        text = self._is_text[signal]
        for place in np.flatnonzero(text).tolist():
            words = batch.texts[int(value[place])].decode("utf-8", "replace")
            number = int(signal[place])
            changed[place] = self._text.get(number) != words
            self._text[number] = words
        since = np.where(text, received, since)
        self._since[signal[changed]] = since[changed]
        self._value[signal] = value
        self._has[signal] = True

    def seen_ms(self, indexes: NDArray[np.intp]) -> int:
        """Return when the newest row or proof of any of these signals (indexes) came; 0 = never."""
        self._take_over()
        return int(self._seen[indexes].max(initial=0)) // NS_PER_MS

    def get(self, index: int) -> LiveValue:
        """Return the newest value of signal `index`."""
        self._take_over()
        value: int | float | bool | str | None = None
        if self._has[index]:
            raw = int(self._value[index])
            match self._table.signals[index].type:
                case SignalType.FLOAT:
                    value = float(struct.unpack("<d", struct.pack("<q", raw))[0])
                case SignalType.UINT:
                    value = raw & 0xFFFF_FFFF_FFFF_FFFF
                case SignalType.BOOL:
                    value = bool(raw)
                case SignalType.TEXT:
                    value = self._text.get(index, "")
                case SignalType.INT:
                    value = raw
        return LiveValue(
            value,
            bool(self._good[index]),
            int(self._seen[index]) // NS_PER_MS,
            int(self._since[index]) // NS_PER_MS,
        )
