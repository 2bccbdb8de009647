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
        self.rows = 0

    def observe(self, batch: Batch) -> None:
        """Take over the newest row of every signal in `batch`."""
        self.rows += len(batch)
        good = (batch.status & np.uint32(SEVERITY_MASK)) == 0
        carries = (batch.flags & np.uint16(_NO_VALUE_ROW)) == 0
        alive = (batch.flags & np.uint16(RowFlag.ALIVE)) != 0
        missed = (batch.flags & np.uint16(RowFlag.MISSED)) != 0
        # The last row of a signal wins for "good"; the last row with a good value wins for the value.
        last = _last_rows(batch.signal)
        self._good[batch.signal[last]] = good[last] & (carries | alive)[last]
        proof = np.nonzero(~missed)[0]
        last = proof[_last_rows(batch.signal[proof])]
        self._seen[batch.signal[last]] = batch.received_ns[last]
        rows = np.nonzero(carries & good)[0]
        rows = rows[_last_rows(batch.signal[rows])]
        signals = batch.signal[rows]
        times = np.where(
            batch.source_ns[rows] != NO_TIME, batch.source_ns[rows], batch.received_ns[rows]
        )
        changed = ~self._has[signals] | (self._value[signals] != batch.value[rows])
        for row, signal in zip(
            rows[self._is_text[signals]], signals[self._is_text[signals]], strict=True
        ):
            text = batch.texts[batch.value[row]].decode("utf-8", "replace")
            if self._text.get(int(signal)) != text:
                self._text[int(signal)] = text
                self._since[signal] = batch.received_ns[row]
        changed &= ~self._is_text[signals]
        self._since[signals[changed]] = times[changed]
        self._value[signals] = batch.value[rows]
        self._has[signals] = True

    def seen_ms(self, indexes: NDArray[np.intp]) -> int:
        """Return when the newest row or proof of any of these signals came; 0 = never."""
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


def _last_rows(signals: NDArray[np.int32]) -> NDArray[np.intp]:
    """Return the row number of the last row of every signal."""
    if not len(signals):
        return np.zeros(0, np.intp)
    reverse = signals[::-1]
    _, first = np.unique(reverse, return_index=True)
    return np.asarray(len(signals) - 1 - first, np.intp)
