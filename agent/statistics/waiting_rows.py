"""Rows by asset and signal as they are sealed → rows in order of τ up to an instant; what lies after it waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kpi.equipment.signal_rows import SignalRows, in_order, joined_rows, same_config
from kpi.history import ConfigHistory
from kpi.timeline import Codes
from kpi.window import Bool, Int64, PointKey
from model.signal import SignalType

AssetRows = Mapping[str, Mapping[PointKey, SignalRows]]
"""Rows by asset and signal."""
_PERIOD: Final = 64
"""Signals that take turns are looked for among so many."""


@dataclass(slots=True)
class WaitingRows:
    """Rows that were read and not taken yet."""

    _points: dict[PointKey, int] = field(default_factory=dict)
    _keys: list[PointKey] = field(default_factory=list)
    _parts: dict[int, list[SignalRows]] = field(default_factory=dict)

    def number(self, key: PointKey) -> int:
        """Return the number of a signal."""
        if key not in self._points:
            self._points[key] = len(self._keys)
            self._keys.append(key)
        return self._points[key]

    def add(self, number: int, rows: SignalRows) -> None:
        """Take the next rows of a signal, in order of sealing."""
        self._parts.setdefault(number, []).append(rows)

    def __len__(self) -> int:
        """Return how many rows wait."""
        return sum(len(p) for parts in self._parts.values() for p in parts)

    def take(self, until_ms: int, history: ConfigHistory) -> AssetRows:
        """Return the rows before an instant, in order without duplicates; each is given once."""
        found: dict[str, dict[PointKey, SignalRows]] = {}
        rest: dict[int, list[SignalRows]] = {}
        for point, parts in self._parts.items():
            key = self._keys[point]
            now = []
            for part in parts:
                before = part.tau < until_ms
                if before.all():
                    now.append(part)
                    continue
                if before.any():
                    now.append(part.select(before))
                rest.setdefault(point, []).append(part.select(~before))
            if now:
                rows = in_order(joined_rows(now), _is_text(key, history))
                found.setdefault(key.stream.rpartition(".")[0], {})[key] = rows
        self._parts = rest
        return found


def _is_text(key: PointKey, history: ConfigHistory) -> Bool:
    specs = [e.document.signal.get((key.stream, key.signal)) for e in history.used]
    return np.array([s is not None and s.type is SignalType.TEXT for s in specs])


def by_signal(
    signal: NDArray[Any], tau: Int64, kind: Codes, value: Int64, config: int
) -> Iterable[tuple[int, SignalRows]]:
    """Yield (signal, its rows in order) of the rows of one stream under one configuration."""
    for number, at in _groups(signal):
        # Copies: a stride would keep the columns of all signals alive.
        own = np.ascontiguousarray(tau[at])
        yield (
            number,
            SignalRows(
                own,
                np.ascontiguousarray(kind[at]),
                np.ascontiguousarray(value[at]),
                same_config(config, len(own)),
            ),
        )


def _groups(signal: NDArray[Any]) -> Iterable[tuple[int, slice | NDArray[np.intp]]]:
    """Yield (signal, its rows in order): strides where the signals take turns, else by a stable sort."""
    n = len(signal)
    if not n:
        return
    again = np.flatnonzero(signal[: _PERIOD + 1] == signal[0])
    period = int(again[1]) if len(again) > 1 else 1
    if (
        n > period
        and len(set(signal[:period].tolist())) == period
        and (signal[period:] == signal[:-period]).all()
    ):
        for i in range(period):
            yield int(signal[i]), slice(i, None, period)
        return
    narrow = signal.astype(np.uint16) if int(signal.max()) < 2**16 else signal
    order = np.argsort(narrow, kind="stable")
    sorted_ = signal[order]
    cuts = np.flatnonzero(np.append(True, sorted_[1:] != sorted_[:-1]))
    for a, b in zip(cuts.tolist(), [*cuts[1:].tolist(), n], strict=True):
        yield int(sorted_[a]), order[a:b]
