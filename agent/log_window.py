"""Sealed log → what the KPI engine reads: columns of a stretch of minutes, history of configurations, off runs."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from agent.frame_columns import CHUNK_BYTES, FrameLayout, Rows, TextNumbers, cut
from evidence.entries import Block, Config, Entry, Off
from kpi.document import ConfigDocument, parse_document
from kpi.history import ConfigEntry, ConfigHistory
from kpi.window import PointKey, WindowRows
from model.signal import SignalClass, SignalType

KPI_CLASSES = (SignalClass.STATE, SignalClass.COUNT, SignalClass.ENERGY)
"""Classes that a figure may use; of the rest only streams with a required signal are read (upload rate)."""


@dataclass(slots=True)
class LogIndex:
    """What the entries say, without any frame."""

    documents: list[ConfigDocument] = field(default_factory=list)
    """Documents of the config entries in log order."""
    after_slot: list[int | None] = field(default_factory=list)
    from_slot: list[int | None] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    entry_index: list[int] = field(default_factory=list)
    """Index of each config entry in the log."""
    t_ms: list[int] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    config_of: list[int] = field(default_factory=list)
    """Number (in `documents`) of the configuration of each block."""
    off: list[tuple[int, int]] = field(default_factory=list)

    @property
    def history(self) -> ConfigHistory:
        """Return the history; raises PermanentError while the log has no block."""
        return ConfigHistory(
            tuple(
                ConfigEntry(document, after, first)
                for document, after, first in zip(
                    self.documents, self.after_slot, self.from_slot, strict=True
                )
            )
        )


class IndexBuilder:
    """Builds the index of a log entry by entry, so that following a log costs only its new entries."""

    def __init__(
        self,
        document: Callable[[bytes], bytes],
        known: Mapping[str, ConfigDocument] | None = None,
    ) -> None:
        """Start an empty index; `document` returns a configuration document by digest, `known` those parsed already."""
        self._known = dict(known or {})
        self.index = LogIndex()
        self.size = 0
        self._document = document
        self._number_of: dict[int, int] = {}

    def add(self, entry: Entry) -> None:
        """Take over the next entry of the log."""
        index = self.index
        if isinstance(entry, Block):
            number = self._number_of[entry.config]
            if index.from_slot[number] is None:
                index.from_slot[number] = entry.slot
            index.slots.append(entry.slot)
            index.states.append(entry.state)
            index.config_of.append(number)
        elif isinstance(entry, Config):
            self._number_of[self.size] = len(index.documents)
            digest = entry.sha256.hex()
            if digest not in self._known:
                self._known[digest] = parse_document(self._document(entry.sha256))
            index.documents.append(self._known[digest])
            index.after_slot.append(index.slots[-1] if index.slots else None)
            index.from_slot.append(None)
            index.digests.append(digest)
            index.entry_index.append(self.size)
            index.t_ms.append(entry.t_ms)
        elif isinstance(entry, Off):
            index.off.append((entry.slot, entry.slots))
        self.size += 1


def index_log(entries: Iterable[Entry], document: Callable[[bytes], bytes]) -> LogIndex:
    """Return the index of a log from its entries in order; `document` returns a document by digest."""
    builder = IndexBuilder(document)
    for entry in entries:
        builder.add(entry)
    return builder.index


class WindowReader:
    """Takes blocks in order and gives the rows of all of them; a later call of `add` costs only the new blocks."""

    def __init__(
        self,
        index: LogIndex,
        *,
        classes: tuple[SignalClass, ...] = KPI_CLASSES,
        required: bool = True,
    ) -> None:
        """Start empty. required: whether streams of other classes with a required signal are read too."""
        self._index = index
        self._classes = classes
        self._required = required
        self._points: dict[PointKey, int] = {}
        self._layouts: dict[int, list[FrameLayout | None]] = {}
        self._texts = TextNumbers()
        self._parts: list[Rows] = []

    def add(self, blocks: Iterable[tuple[int, bytes]]) -> None:
        """Take (slot, concatenated `.frames` records) of blocks in order, as the archive gives them."""
        slots: list[int] = []
        records: list[bytes] = []
        size = 0
        config = -1
        for slot, data in blocks:
            number = self._index.config_of[bisect_left(self._index.slots, slot)]
            if records and (number != config or size >= CHUNK_BYTES):
                self._cut(config, slots, records)
                slots, records, size = [], [], 0
            config = number
            slots.append(slot)
            records.append(data)
            size += len(data)
        if records:
            self._cut(config, slots, records)

    def _cut(self, config: int, slots: list[int], records: list[bytes]) -> None:
        if config not in self._layouts:
            self._layouts[config] = self._layouts_of(self._index.documents[config])
        self._parts.extend(cut(records, slots, self._layouts[config], self._texts))

    def _layouts_of(self, document: ConfigDocument) -> list[FrameLayout | None]:
        """Return one layout per stream in index order; None for streams that are not read."""
        needed = self._required_streams()
        result: list[FrameLayout | None] = []
        for stream in document.streams:
            if stream.signal_class not in self._classes and stream.id not in needed:
                result.append(None)
                continue
            keys = [PointKey(stream.id, signal.name) for signal in stream.signals]
            points = [self._points.setdefault(key, len(self._points)) for key in keys]
            text = tuple(i for i, s in enumerate(stream.signals) if s.type is SignalType.TEXT)
            header = (26 + len(stream.id) + 7) // 8 * 8
            result.append(FrameLayout(header, np.array(points, np.int32), text))
        return result

    def _required_streams(self) -> set[str]:
        if not self._required:
            return set()
        return {
            stream.id
            for document in self._index.documents
            for stream in document.streams
            if any(signal.required for signal in stream.signals)
        }

    def rows(self, from_slot: int, to_slot: int) -> WindowRows:
        """Return all rows taken so far as the window [from_slot, to_slot)."""
        index = self._index
        low, high = bisect_left(index.slots, from_slot), bisect_left(index.slots, to_slot)
        rows = Rows.joined(self._parts)
        self._parts = [rows]
        return WindowRows(
            from_slot=from_slot,
            to_slot=to_slot,
            points=tuple(self._points),
            point=rows.point,
            slot=rows.slot,
            source_ms=rows.source,
            received_ms=rows.received,
            value=rows.value,
            status=rows.status,
            flags=rows.flags,
            texts=tuple(self._texts.texts),
            history=index.history,
            block_slot=np.array(index.slots[low:high], np.int64),
            block_state=tuple(index.states[low:high]),
            off=tuple(
                (first, n) for first, n in index.off if first < to_slot and first + n > from_slot
            ),
        )


def read_window(
    index: LogIndex,
    blocks: Iterator[tuple[int, bytes]],
    *,
    from_slot: int,
    to_slot: int,
    classes: tuple[SignalClass, ...] = KPI_CLASSES,
) -> WindowRows:
    """Return the rows sealed in [from_slot, to_slot).

    blocks: (slot, concatenated `.frames` records) of the blocks of that stretch in order, as the archive gives them.
    """
    reader = WindowReader(index, classes=classes)
    reader.add(blocks)
    return reader.rows(from_slot, to_slot)
