"""Sealed log → what the KPI engine reads: columns of a stretch of minutes, history of configurations, off runs."""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evidence.entries import Block, Config, Entry, Off
from kpi.document import ConfigDocument, parse_document
from kpi.history import ConfigEntry, ConfigHistory
from kpi.window import PointKey, WindowRows
from model.flags import RowFlag
from model.signal import SignalClass, SignalType

KPI_CLASSES = (SignalClass.STATE, SignalClass.COUNT, SignalClass.ENERGY)
"""Classes that a figure may use; of the rest only streams with a required signal are read (upload rate)."""
_FRAME_ROWS = struct.Struct("<I")
_LENGTH = struct.Struct(">I")
_PLACE = struct.Struct("<II")
_SALT = 16
_NO_TEXT = np.uint16(RowFlag.NO_VALUE | RowFlag.MISSED)


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

    def __init__(self, document: Callable[[bytes], bytes]) -> None:
        """Start an empty index; `document` returns a configuration document by digest."""
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
            index.documents.append(parse_document(self._document(entry.sha256)))
            index.after_slot.append(index.slots[-1] if index.slots else None)
            index.from_slot.append(None)
            index.digests.append(entry.sha256.hex())
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


@dataclass(slots=True)
class _Layout:
    """How to cut the frames of one stream of one configuration."""

    header: int
    base: int
    """Where the point numbers of its signals begin in the common lookup table."""
    text: tuple[int, ...]
    """Signals of type text."""


class _Columns:
    """Pieces of the columns, joined once at the end."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.source: list[bytes] = []
        self.value: list[bytes] = []
        self.status: list[bytes] = []
        self.signal: list[bytes] = []
        self.flags: list[bytes] = []
        self.rows = array("q")
        self.base = array("q")
        self.slot = array("q")
        self.texts: list[str] = []
        self.text_number: dict[bytes, int] = {}


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
    points: dict[PointKey, int] = {}
    lookup: list[int] = []
    layouts: dict[int, list[_Layout | None]] = {}
    low, high = bisect_left(index.slots, from_slot), bisect_left(index.slots, to_slot)
    required = {
        stream.id
        for document in index.documents
        for stream in document.streams
        if any(signal.required for signal in stream.signals)
    }
    config_at = dict(zip(index.slots[low:high], index.config_of[low:high], strict=True))
    columns = _Columns()
    for slot, records in blocks:
        number = config_at[slot]
        if number not in layouts:
            layouts[number] = _layouts(index.documents[number], points, lookup, classes, required)
        _cut(records, slot, layouts[number], columns)
    counts = np.frombuffer(columns.rows, np.int64)
    signal = np.frombuffer(b"".join(columns.signal), "<u2")
    return WindowRows(
        from_slot=from_slot,
        to_slot=to_slot,
        points=tuple(points),
        point=np.array(lookup, np.int32)[
            signal + np.repeat(np.frombuffer(columns.base, np.int64), counts)
        ],
        slot=np.repeat(np.frombuffer(columns.slot, np.int64), counts),
        source_ms=np.frombuffer(b"".join(columns.source), "<i8"),
        received_ms=np.frombuffer(b"".join(columns.received), "<i8"),
        value=np.frombuffer(b"".join(columns.value), "<i8"),
        status=np.frombuffer(b"".join(columns.status), "<u4"),
        flags=np.frombuffer(b"".join(columns.flags), "<u2"),
        texts=tuple(columns.texts),
        history=index.history,
        block_slot=np.array(index.slots[low:high], np.int64),
        block_state=tuple(index.states[low:high]),
        off=tuple(
            (first, n) for first, n in index.off if first < to_slot and first + n > from_slot
        ),
    )


def _layouts(
    document: ConfigDocument,
    points: dict[PointKey, int],
    lookup: list[int],
    classes: tuple[SignalClass, ...],
    required: set[str],
) -> list[_Layout | None]:
    """Return one layout per stream in index order; None for streams that are not read."""
    result: list[_Layout | None] = []
    for stream in document.streams:
        if stream.signal_class not in classes and stream.id not in required:
            result.append(None)
            continue
        base = len(lookup)
        keys = [PointKey(stream.id, signal.name) for signal in stream.signals]
        lookup += [points.setdefault(key, len(points)) for key in keys]
        text = tuple(i for i, s in enumerate(stream.signals) if s.type is SignalType.TEXT)
        result.append(_Layout((26 + len(stream.id) + 7) // 8 * 8, base, text))
    return result


def _cut(records: bytes, slot: int, layouts: list[_Layout | None], columns: _Columns) -> None:
    position = 0
    for layout in layouts:
        (length,) = _LENGTH.unpack_from(records, position)
        start = position + 4 + _SALT
        position = start + length
        if layout is None:
            continue
        (n,) = _FRAME_ROWS.unpack_from(records, start + 16)
        if n == 0:
            continue
        at = start + layout.header
        columns.received.append(records[at : at + 8 * n])
        columns.source.append(records[at + 8 * n : at + 16 * n])
        value = records[at + 16 * n : at + 24 * n]
        columns.status.append(records[at + 24 * n : at + 28 * n])
        signal = records[at + 28 * n : at + 30 * n]
        flags = records[at + 30 * n : at + 32 * n]
        if layout.text:
            numbers = np.frombuffer(signal, "<u2")
            carries = np.frombuffer(flags, "<u2") & _NO_TEXT == 0
            rows = np.flatnonzero(np.isin(numbers, layout.text) & carries)
            value = _text_numbers(value, rows, records[at + 32 * n : position], columns)
        columns.value.append(value)
        columns.signal.append(signal)
        columns.flags.append(flags)
        columns.rows.append(n)
        columns.base.append(layout.base)
        columns.slot.append(slot)


def _text_numbers(value: bytes, rows: NDArray[np.intp], heap: bytes, columns: _Columns) -> bytes:
    """Return the value column with the place of each text in the heap replaced by its number."""
    result = np.frombuffer(value, "<i8").copy()
    for row in rows.tolist():
        offset, length = _PLACE.unpack_from(value, 8 * row)
        text = heap[offset : offset + length]
        if text not in columns.text_number:
            columns.text_number[text] = len(columns.texts)
            columns.texts.append(text.decode("utf-8"))
        result[row] = columns.text_number[text]
    return result.tobytes()
