"""The instant of a row and the rank of different values at one instant: what every store keys rows by."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.batch import NO_TIME, Batch, Int64, UInt32
from model.flags import RowFlag

END_NS: Final = 9_214_646_400_000_000_000
"""2262-01-01T00:00Z, the end of usable times (format-core §2)."""

KIND_VALUE: Final = 0
KIND_NONE: Final = 1
KIND_ALIVE: Final = 2
KIND_MISSED: Final = 3

_RANK_MAX: Final = 255
_ANY_KIND: Final = np.uint16(RowFlag.NO_VALUE | RowFlag.ALIVE | RowFlag.MISSED)


def instants(batch: Batch) -> Int64:
    """Return the instant of every row in UTC ns: source time, or received time if that is absent or unusable."""
    source = batch.source_ns
    usable = (source >= 0) & (source < END_NS)
    if bool(usable.all()):
        return source
    return np.where(usable, source, batch.received_ns)


def kinds(batch: Batch) -> NDArray[np.uint8]:
    """Return what every row is: a value, no value, a proof of life or a missed slot (`KIND_*`)."""
    flags = batch.flags
    out = np.zeros(len(batch), dtype=np.uint8)
    if bool((flags & _ANY_KIND).any()):
        out[flags & RowFlag.NO_VALUE != 0] = KIND_NONE
        out[flags & RowFlag.ALIVE != 0] = KIND_ALIVE
        out[flags & RowFlag.MISSED != 0] = KIND_MISSED
    return out


def value_keys(batch: Batch, kind: NDArray[np.uint8], is_text: NDArray[np.bool_]) -> Int64:
    """Return 64 bits that are equal where two rows of one signal carry the same value (a digest for a text)."""
    if not batch.texts:
        return batch.value
    text = is_text[batch.signal] & (kind == KIND_VALUE)
    if not bool(text.any()):
        return batch.value
    digests = np.array(
        [
            int.from_bytes(blake2b(t, digest_size=8).digest(), "little", signed=True)
            for t in batch.texts
        ],
        dtype=np.int64,
    )
    keys = batch.value.copy()
    keys[text] = digests[batch.value[text]]
    return keys


class SameInstant:
    """Numbers different values of one signal at one instant, in commit order.

    Rank 0 is the first value at an instant, or a repetition of it; rank r the r-th further value (or status) at that
    instant. Only the newest instant of a signal is remembered from block to block: a different value for an *older*
    instant in a later block gets rank 0 and replaces the older one in a store that keeps one value per key.
    """

    def __init__(self, is_text: NDArray[np.bool_]) -> None:
        """Start without memory for a table whose text signals are marked in `is_text`."""
        series = len(is_text) * 4
        self._is_text = is_text
        self._small = series <= 65_536
        self._tau = np.full(series, NO_TIME, dtype=np.int64)
        self._value = np.zeros(series, dtype=np.int64)
        self._status = np.zeros(series, dtype=np.uint32)
        self._further: dict[int, dict[tuple[int, int], int]] = {}
        """Series → rank of each further value and status at its newest instant; the last rank stands for all beyond."""

    def ranks(self, batch: Batch) -> NDArray[np.uint8] | None:
        """Return the rank of every row, or None if all are 0; the rows count as seen from now on."""
        n = len(batch)
        if n == 0:
            return None
        kind = kinds(batch)
        tau = instants(batch)
        value = value_keys(batch, kind, self._is_text)
        series = batch.signal * np.int32(4) + kind
        # A stable sort of 16-bit keys is a radix sort: 0.01 us a row.
        order = np.argsort(series.astype(np.uint16) if self._small else series, kind="stable")
        by_series, by_tau = series[order], tau[order]
        first = np.empty(n, dtype=np.bool_)
        first[0] = True
        np.not_equal(by_series[1:], by_series[:-1], out=first[1:])
        before = np.empty(n, dtype=np.int64)
        before[1:] = by_tau[:-1]
        before[first] = self._tau[by_series[first]]
        again = by_tau <= before
        if not bool(again.any()):
            self._advance(order[_last_of(first)], series, tau, value, batch.status)
            return None
        # Only the series that did not go on in time are looked at row by row.
        mine = np.zeros(len(self._tau), dtype=np.bool_)
        mine[by_series[again]] = True
        looked = mine[by_series]
        kept = ~looked[_last_of(first)]
        self._advance(order[_last_of(first)[kept]], series, tau, value, batch.status)
        return self._slow(np.sort(order[looked]), series, tau, value, batch.status)

    def _advance(
        self,
        rows: NDArray[np.intp],
        series: NDArray[np.int32],
        tau: Int64,
        value: Int64,
        status: UInt32,
    ) -> None:
        """Remember `rows`, the newest of their series."""
        where = series[rows]
        self._tau[where] = tau[rows]
        self._value[where] = value[rows]
        self._status[where] = status[rows]
        if self._further:
            for s in where.tolist():
                self._further.pop(s, None)

    def _slow(
        self,
        rows: NDArray[np.intp],
        series: NDArray[np.int32],
        tau: Int64,
        value: Int64,
        status: UInt32,
    ) -> NDArray[np.uint8] | None:
        ranks = np.zeros(len(series), dtype=np.uint8)
        columns = zip(
            rows.tolist(),
            series[rows].tolist(),
            tau[rows].tolist(),
            value[rows].tolist(),
            status[rows].tolist(),
            strict=True,
        )
        for i, s, t, v, c in columns:
            if t > self._tau[s]:
                self._tau[s], self._value[s], self._status[s] = t, v, c
                self._further.pop(s, None)
            elif t == self._tau[s] and (v, c) != (int(self._value[s]), int(self._status[s])):
                further = self._further.setdefault(s, {})
                rank = further.get((v, c))
                if rank is None:
                    rank = min(len(further) + 1, _RANK_MAX)
                    if rank < _RANK_MAX:
                        further[v, c] = rank
                ranks[i] = rank
        return ranks if bool(ranks.any()) else None


def _last_of(first: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the place of the last row of every run; `first` marks where runs begin."""
    return np.append(np.flatnonzero(first)[1:] - 1, len(first) - 1)
