"""Newest value of every signal, for the board: columns in, no object per sample."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.batch import NO_TIME, Batch
from model.flags import RowFlag
from model.signal import SignalTable, SignalType
from model.slots import NS_PER_MS
from model.status import SEVERITY_MASK

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
        self._any_text = bool(self._is_text.any())
        self._place: NDArray[np.intp] = np.zeros(n, np.intp)
        """Row of each signal in the batch at hand."""
        self.rows = 0

    def observe(self, batch: Batch) -> None:
        """Take over the newest row of every signal in `batch`."""
        self.rows += len(batch)
        good = (batch.status & np.uint32(SEVERITY_MASK)) == 0
        carries = (batch.flags & np.uint16(_NO_VALUE_ROW)) == 0
        alive = (batch.flags & np.uint16(RowFlag.ALIVE)) != 0
        missed = (batch.flags & np.uint16(RowFlag.MISSED)) != 0
        # Of rows with one index numpy keeps the last that is assigned: the newest.
        self._good[batch.signal] = good & (carries | alive)
        proof = slice(None) if not missed.any() else ~missed
        self._seen[batch.signal[proof]] = batch.received_ns[proof]
        rows = np.flatnonzero(carries & good)
        signals = batch.signal[rows]
        self._place[signals] = rows
        rows = rows[self._place[signals] == rows]
        signals = batch.signal[rows]
        values = batch.value[rows]
        changed = ~self._has[signals] | (self._value[signals] != values)
        if self._any_text:
            text = self._is_text[signals]
            self._observe_texts(batch, rows[text], signals[text])
            changed &= ~text
        source = batch.source_ns[rows]
        times = np.where(source != NO_TIME, source, batch.received_ns[rows])
        self._since[signals[changed]] = times[changed]
        self._value[signals] = values
        self._has[signals] = True

    def _observe_texts(
        self, batch: Batch, rows: NDArray[np.intp], signals: NDArray[np.int32]
    ) -> None:
        for row, signal in zip(rows.tolist(), signals.tolist(), strict=True):
            text = batch.texts[batch.value[row]].decode("utf-8", "replace")
            if self._text.get(signal) != text:
                self._text[signal] = text
                self._since[signal] = batch.received_ns[row]

    def seen_ms(self, indexes: NDArray[np.intp]) -> int:
        """Return when the newest row or proof of any of these signals (indexes) came; 0 = never."""
        return int(self._seen[indexes].max(initial=0)) // NS_PER_MS

    def get(self, index: int) -> LiveValue:
        """Return the newest value of signal `index`."""
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
