"""Sealed minutes → rows by asset and signal for the statistics."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from agent.frame_columns import FrameLayout, Rows, TextNumbers, cut
from agent.log_window import LogIndex
from agent.statistics.waiting_rows import AssetRows, WaitingRows, by_signal
from kpi.calendar import MINUTE_MS
from kpi.document_types import ConfigDocument
from kpi.equipment.records import CLASSES
from kpi.equipment.signal_rows import kinds
from kpi.window import NO_TIME_MS, PointKey
from model.flags import RowFlag
from model.signal import SignalType
from storage.frame_archive import FrameArchive

FUTURE_SLOTS: Final = 120
"""A row that claims to be later than its sealing by more minutes is not waited for: no claim with this lead sees it."""
CHUNK_BYTES: Final = 32 << 20
"""Bytes of frames that are cut at once."""


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
    _layouts: dict[int, list[FrameLayout | None]] = field(default_factory=dict)
    _waiting: WaitingRows = field(default_factory=WaitingRows)

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
        return self._waiting.take(until_ms, self.index.history)

    def _cut(self, config: int, slots: Sequence[int], records: Sequence[bytes]) -> None:
        if config not in self._layouts:
            self._layouts[config] = self._layouts_of(self.index.documents[config])
        used = used_index(self.index, config)
        for rows in cut(list(records), list(slots), self._layouts[config], self._texts):
            self._add(rows, used)

    def _add(self, rows: Rows, config: int) -> None:
        """Take the rows of one stream; imported rows and those far ahead of their sealing are left out."""
        tau = rows.source
        without = tau == NO_TIME_MS
        if without.any():
            tau = np.where(without, rows.received, tau)
        kind = kinds(rows.status, rows.flags)
        keep = (rows.flags & np.uint16(RowFlag.IMPORTED)) == 0
        keep &= tau < (rows.slot + (1 + FUTURE_SLOTS)) * MINUTE_MS
        point, value = rows.point, rows.value
        if not keep.all():
            point, tau, kind, value = point[keep], tau[keep], kind[keep], value[keep]
        for number, part in by_signal(point, tau, kind, value, config):
            self._waiting.add(number, part)

    def _layouts_of(self, document: ConfigDocument) -> list[FrameLayout | None]:
        result: list[FrameLayout | None] = []
        for stream in document.streams:
            if stream.signal_class not in CLASSES or stream.device not in self.assets:
                result.append(None)
                continue
            points = [self._waiting.number(PointKey(stream.id, s.name)) for s in stream.signals]
            text = tuple(i for i, s in enumerate(stream.signals) if s.type is SignalType.TEXT)
            header = (26 + len(stream.id) + 7) // 8 * 8
            result.append(FrameLayout(header, np.array(points, np.int32), text))
        return result


def used_index(index: LogIndex, config: int) -> int:
    """Return the index among the configurations in use of a configuration entry."""
    return sum(first is not None for first in index.from_slot[:config])
