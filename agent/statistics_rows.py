"""Sealed minutes → rows by asset and signal, in order of τ up to an instant; what lies after it waits."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.frame_columns import CHUNK_BYTES, FrameLayout, Rows, TextNumbers, cut
from agent.log_window import LogIndex
from kpi.calendar import MINUTE_MS
from kpi.document_types import ConfigDocument
from kpi.equipment.records import CLASSES
from kpi.equipment.signal_rows import SignalRows, in_order, joined_rows, kinds, same_config
from kpi.window import NO_TIME_MS, Bool, PointKey
from model.flags import RowFlag
from model.signal import SignalType
from storage.frame_archive import FrameArchive

FUTURE_SLOTS: Final = 120
"""A row that claims to be later than its sealing by more minutes is not waited for: no claim with this lead sees it."""

AssetRows = Mapping[str, Mapping[PointKey, SignalRows]]
"""Rows by asset and signal."""


@dataclass(slots=True)
class RowReader:
    """Reads sealed minutes of some assets and gives their rows up to an instant, each once."""

    index: LogIndex
    archive: FrameArchive
    assets: frozenset[str]
    bytes_read: int = 0
    """Bytes of frames read so far, of all assets …"""
    blocks_read: int = 0
    """… in so many minutes."""
    _texts: TextNumbers = field(default_factory=TextNumbers)
    _points: dict[PointKey, int] = field(default_factory=dict)
    _keys: list[PointKey] = field(default_factory=list)
    _layouts: dict[int, list[FrameLayout | None]] = field(default_factory=dict)
    _waiting: dict[int, list[SignalRows]] = field(default_factory=dict)

    def text(self, number: int) -> str:
        """Return the text of a text number."""
        return self._texts.texts[number]

    def read(self, from_slot: int, to_slot: int) -> None:
        """Take the blocks sealed in [from, to); later calls must go on where this one ends."""
        index = self.index
        low, high = bisect_left(index.slots, from_slot), bisect_left(index.slots, to_slot)
        slots: list[int] = []
        records: list[bytes] = []
        size, config = 0, -1
        for slot, data in self.archive.payloads(index.slots[low:high]):
            number = index.config_of[bisect_left(index.slots, slot)]
            if records and (number != config or size >= CHUNK_BYTES):
                self._cut(config, slots, records)
                slots, records, size = [], [], 0
            config = number
            slots.append(slot)
            records.append(data)
            size += len(data)
            self.bytes_read += len(data)
            self.blocks_read += 1
        if records:
            self._cut(config, slots, records)

    def take(self, until_ms: int) -> AssetRows:
        """Return the rows before an instant that were not taken yet, in order without duplicates."""
        found: dict[str, dict[PointKey, SignalRows]] = {}
        for point, parts in self._waiting.items():
            key = self._keys[point]
            rows = joined_rows(parts)
            now = rows.tau < until_ms
            if not now.any():
                continue
            rest = rows.select(~now) if not now.all() else None
            self._waiting[point] = [rest] if rest is not None else []
            rows = in_order(rows.select(now), self._is_text(key))
            found.setdefault(key.stream.rpartition(".")[0], {})[key] = rows
        self._waiting = {p: parts for p, parts in self._waiting.items() if parts}
        return found

    def _is_text(self, key: PointKey) -> Bool:
        used = self.index.history.used
        specs = [e.document.signal.get((key.stream, key.signal)) for e in used]
        return np.array([s is not None and s.type is SignalType.TEXT for s in specs])

    def _cut(self, config: int, slots: Sequence[int], records: Sequence[bytes]) -> None:
        if config not in self._layouts:
            self._layouts[config] = self._layouts_of(self.index.documents[config])
        used = self._used(config)
        latest = (slots[-1] + 1 + FUTURE_SLOTS) * MINUTE_MS
        for rows in cut(list(records), list(slots), self._layouts[config], self._texts):
            for point, part in by_signal(rows, used, latest):
                self._waiting.setdefault(point, []).append(part)

    def _used(self, config: int) -> int:
        """Return the index among the configurations in use of a configuration entry."""
        return sum(first is not None for first in self.index.from_slot[:config])

    def _layouts_of(self, document: ConfigDocument) -> list[FrameLayout | None]:
        result: list[FrameLayout | None] = []
        for stream in document.streams:
            if stream.signal_class not in CLASSES or stream.device not in self.assets:
                result.append(None)
                continue
            keys = [PointKey(stream.id, signal.name) for signal in stream.signals]
            for key in keys:
                if key not in self._points:
                    self._points[key] = len(self._keys)
                    self._keys.append(key)
            text = tuple(i for i, s in enumerate(stream.signals) if s.type is SignalType.TEXT)
            header = (26 + len(stream.id) + 7) // 8 * 8
            points = np.array([self._points[k] for k in keys], np.int32)
            result.append(FrameLayout(header, points, text))
        return result


def by_signal(rows: Rows, config: int, latest_ms: int) -> Iterable[tuple[int, SignalRows]]:
    """Yield (point, rows in order of sealing) of the rows of one stream; imported and far future rows are left out."""
    tau = rows.source
    without = tau == NO_TIME_MS
    if without.any():
        tau = np.where(without, rows.received, tau)
    kind = kinds(rows.status, rows.flags)
    keep = (rows.flags & np.uint16(RowFlag.IMPORTED)) == 0
    keep &= tau < latest_ms
    point, value = rows.point, rows.value
    if not keep.all():
        point, tau, kind, value = point[keep], tau[keep], kind[keep], value[keep]
    for number, at in _groups(point):
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


def _groups(point: NDArray[np.int32]) -> Iterable[tuple[int, slice | NDArray[np.intp]]]:
    """Yield (point, its rows in order): strides where the points take turns, else by a stable sort."""
    n = len(point)
    if not n:
        return
    period = 1
    again = np.flatnonzero(point[:65] == point[0])
    period = int(again[1]) if len(again) > 1 else 1
    if (
        n > period
        and len(set(point[:period].tolist())) == period
        and (point[period:] == point[:-period]).all()
    ):
        for i in range(period):
            yield int(point[i]), slice(i, None, period)
        return
    order = np.argsort(
        point.astype(np.uint16) if int(point.max()) < 2**16 else point, kind="stable"
    )
    sorted_ = point[order]
    cuts = np.flatnonzero(np.append(True, sorted_[1:] != sorted_[:-1]))
    for a, b in zip(cuts.tolist(), [*cuts[1:].tolist(), n], strict=True):
        yield int(sorted_[a]), order[a:b]
