"""Days in columns → rows of one asset (storage/column_day.py): only its streams are read, many days at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

import numpy as np

from agent.frame_columns import TextNumbers
from agent.statistics.rows import FUTURE_SLOTS
from agent.statistics.waiting_rows import WaitingRows, by_signal
from kpi.calendar import MINUTE_MS
from kpi.equipment.records import CLASSES
from kpi.equipment.signal_rows import kinds
from kpi.history import ConfigHistory
from kpi.timeline import SET, Codes
from kpi.window import NO_TIME_MS, Bool, Int64, PointKey
from model.flags import RowFlag
from model.signal import SignalType
from storage.column_day import ColumnDay, Run, Section, StreamRows

_IMPORTED: Final = np.uint16(RowFlag.IMPORTED)
_NO_TEXT: Final = np.uint16(RowFlag.NO_VALUE | RowFlag.MISSED)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """The streams of one asset in one run of one day."""

    day: ColumnDay
    run: Run
    places: tuple[int, ...]
    rows: int
    first_ms: int
    """No row of it is earlier."""


@dataclass(slots=True)
class AssetRows:
    """Reads the rows of one asset, in order of sealing."""

    asset: str
    history: ConfigHistory
    texts: TextNumbers = field(default_factory=TextNumbers)
    waiting: WaitingRows = field(default_factory=WaitingRows)

    def text(self, number: int) -> str:
        """Return the text of a text number."""
        return self.texts.texts[number]

    def pieces(self, days: Sequence[ColumnDay]) -> Iterator[Piece]:
        """Yield what the days have of the asset, without reading rows."""
        wanted = {f"{self.asset}.{kind.value}" for kind in CLASSES}
        places: dict[tuple[str, ...], list[int]] = {}
        for day in days:
            for run in day.runs:
                if run.streams not in places:
                    places[run.streams] = [i for i, s in enumerate(run.streams) if s in wanted]
                own = tuple(i for i in places[run.streams] if run.rows[i])
                if own:
                    rows = sum(run.rows[i] for i in own)
                    yield Piece(day, run, own, rows, min(run.first_ms[i] for i in own))

    def read(self, pieces: Sequence[Piece]) -> None:
        """Take the rows of the next pieces; they wait until they are taken."""
        found: dict[str, list[Section]] = {}
        for piece in pieces:
            for section in piece.day.read(piece.run, piece.places):
                found.setdefault(section.stream, []).append(section)
        for stream, sections in found.items():
            self._add(stream, StreamRows(sections))

    def _add(self, stream: str, rows: StreamRows) -> None:
        """Take the rows of one stream; imported rows and those far ahead of their sealing are left out."""
        columns = _columns(rows)
        for config, part in self._by_config(rows):
            spec = self.history.used[config].document.stream[stream]
            own = columns.part(part)
            text = [i for i, s in enumerate(spec.signals) if s.type is SignalType.TEXT]
            if text:
                own = replace(own, value=self._texts_of(rows, part, own, text))
            if own.keep is not None:
                own = own.kept(own.keep)
            for number, found in by_signal(own.signal, own.tau, own.kind, own.value, config):
                key = PointKey(stream, spec.signals[number].name)
                self.waiting.add(self.waiting.number(key), found)

    def _by_config(self, rows: StreamRows) -> Iterator[tuple[int, slice]]:
        """Yield (index among the configurations in use, its rows)."""
        starts = np.array(self.history.from_slots, dtype=np.int64)
        ends = rows.slots[[0, -1]]
        first, last = (np.searchsorted(starts, ends, side="right") - 1).tolist()
        if first == last:
            yield first, slice(None)
            return
        edges = np.append(np.int64(0), np.cumsum(rows.rows))
        cuts = np.searchsorted(rows.slots, starts[first + 1 : last + 1])
        for config, (a, b) in zip(
            range(first, last + 1), pairwise([0, *edges[cuts].tolist(), edges[-1]]), strict=True
        ):
            yield config, slice(a, b)

    def _texts_of(
        self, rows: StreamRows, part: slice, columns: _Columns, text: Sequence[int]
    ) -> Int64:
        """Return the values of a part of the rows, with texts as their numbers."""
        value = columns.value.copy()
        flags = rows.column("flags")[part]
        carries = np.flatnonzero(np.isin(columns.signal, text) & (flags & _NO_TEXT == 0))
        if len(carries):
            block = rows.by_block(np.arange(len(rows.slots)))[part][carries]
            place = value[carries]
            start = rows.heap_edges[block] + (place & 0xFFFF_FFFF)
            spans = zip(start.tolist(), (start + (place >> 32)).tolist(), strict=True)
            value[carries] = [self.texts.number(rows.heap[a:b]) for a, b in spans]
        return value


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """Columns of rows of one stream."""

    signal: Int64
    tau: Int64
    kind: Codes
    value: Int64
    keep: Bool | None
    """Rows that are used; None = all."""

    def part(self, rows: slice) -> _Columns:
        return self.kept(rows, self.keep[rows] if self.keep is not None else None)

    def kept(self, rows: slice | Bool, keep: Bool | None = None) -> _Columns:
        return _Columns(self.signal[rows], self.tau[rows], self.kind[rows], self.value[rows], keep)


def _columns(rows: StreamRows) -> _Columns:
    """Return the columns of rows, without texts."""
    tau = rows.column("source")
    without = tau == NO_TIME_MS
    if without.any():
        tau = np.where(without, rows.column("received"), tau)
    keep = None
    if rows.constant("flags") == 0 and rows.constant("status") == 0:
        kind: Codes = np.full(len(tau), SET, dtype=np.int8)
    else:
        flags = rows.column("flags").astype(np.uint16)
        kind = kinds(rows.column("status").astype(np.uint32), flags)
        keep = (flags & _IMPORTED) == 0
    most = max(s.below(name) for s in rows.sections for name in ("source", "received"))
    if most > (1 + FUTURE_SLOTS) * MINUTE_MS:
        in_time = tau < rows.by_block((rows.slots + (1 + FUTURE_SLOTS)) * MINUTE_MS)
        keep = in_time if keep is None else keep & in_time
    if keep is not None and keep.all():
        keep = None
    return _Columns(rows.column("signal"), tau, kind, rows.column("value"), keep)
