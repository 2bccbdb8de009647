"""The instant of a row and the rank of different values at one instant: what every store keys rows by."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.batch import NO_TIME, Batch, Int64
from model.flags import RowFlag

END_NS: Final = 9_214_646_400_000_000_000
"""2262-01-01T00:00Z, the end of usable times (format-core §2)."""

KIND_VALUE: Final = 0
KIND_NONE: Final = 1
KIND_ALIVE: Final = 2
KIND_MISSED: Final = 3

_RANK_MAX: Final = 255


def instants(batch: Batch) -> Int64:
    """Return the instant of every row in UTC ns: its source time, or the received time if that is absent or unusable."""
    source = batch.source_ns
    usable = (source != NO_TIME) & (source >= 0) & (source < END_NS)
    if bool(usable.all()):
        return source
    return np.where(usable, source, batch.received_ns)


def kinds(batch: Batch) -> NDArray[np.uint8]:
    """Return what every row is: a value, no value, a proof of life or a missed slot (`KIND_*`)."""
    flags = batch.flags
    out = np.zeros(len(batch), dtype=np.uint8)
    if not bool((flags & (RowFlag.NO_VALUE | RowFlag.ALIVE | RowFlag.MISSED)).any()):
        return out
    out[flags & RowFlag.NO_VALUE != 0] = KIND_NONE
    out[flags & RowFlag.ALIVE != 0] = KIND_ALIVE
    out[flags & RowFlag.MISSED != 0] = KIND_MISSED
    return out


class SameInstant:
    """Numbers different values of one signal at one instant, in commit order.

    Rank 0 is the first value at an instant, or a repetition of it; rank r the r-th further value (or status) at the same
    instant. It remembers the newest instant of every signal, so a different value for an *older* instant that arrives
    in a later block gets rank 0 (and replaces the older one in a store that keeps one value per key).
    """

    def __init__(self, signals: int, is_text: NDArray[np.bool_]) -> None:
        self._is_text = is_text
        self._newest = np.full(signals * 4, NO_TIME, dtype=np.int64)
        self._seen: dict[int, list[tuple[int | bytes, int]]] = {}

    def ranks(self, batch: Batch) -> NDArray[np.uint8] | None:
        """Return the rank of every row, or None if all are 0; the rows count as seen from now on."""
        n = len(batch)
        if n == 0:
            return None
        tau = instants(batch)
        series = batch.signal.astype(np.int64) * 4 + kinds(batch)
        order = np.argsort(series.astype(np.uint16) if len(self._newest) <= 65536 else series, kind="stable")
        by_series, by_tau = series[order], tau[order]
        first = np.empty(n, dtype=np.bool_)
        first[0] = True
        np.not_equal(by_series[1:], by_series[:-1], out=first[1:])
        before = np.empty(n, dtype=np.int64)
        before[1:] = by_tau[:-1]
        before[first] = self._newest[by_series[first]]
        result = None
        if bool((by_tau <= before).any()):
            result = self._slow(batch, series, tau, order)
        else:
            last = np.append(np.flatnonzero(first)[1:] - 1, n - 1)
            self._newest[by_series[last]] = by_tau[last]
            if self._seen or n:
                self._remember(batch, order[last], by_series[last])
        return result

    def _key(self, batch: Batch, row: int) -> tuple[int | bytes, int]:
        value: int | bytes = int(batch.value[row])
        if self._is_text[batch.signal[row]] and not int(batch.flags[row]) & (
            RowFlag.NO_VALUE | RowFlag.MISSED
        ):
            value = batch.texts[int(value)]
        return value, int(batch.status[row])

    def _remember(self, batch: Batch, rows: NDArray[np.intp], series: Int64) -> None:
        # Only the newest row of a series is kept, and lazily: the batch is held, not copied.
        for s, row in zip(series.tolist(), rows.tolist(), strict=True):
            self._seen[s] = [self._key(batch, row)]

    def _slow(
        self, batch: Batch, series: Int64, tau: Int64, order: NDArray[np.intp]
    ) -> NDArray[np.uint8] | None:
        return None
