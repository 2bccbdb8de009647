"""Days in columns → rows of one asset (storage/column_day.py): only its streams are read, from any day on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from agent.frame_columns import TextNumbers
from agent.statistics_rows import FUTURE_SLOTS
from agent.waiting_rows import WaitingRows, by_signal
from kpi.calendar import MINUTE_MS
from kpi.document_types import StreamSpec
from kpi.equipment.records import CLASSES
from kpi.equipment.signal_rows import SignalRows, kinds
from kpi.history import ConfigHistory
from kpi.timeline import SET, Codes
from kpi.window import NO_TIME_MS, Bool, Int64, PointKey
from model.flags import RowFlag
from model.signal import SignalType
from storage.column_day import COLUMNS, ColumnDay, Run, StreamRows

_IMPORTED: Final = np.uint16(RowFlag.IMPORTED)
_NO_TEXT: Final = np.uint16(RowFlag.NO_VALUE | RowFlag.MISSED)
_TIMES: Final = [COLUMNS.index("received"), COLUMNS.index("source")]


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """The blocks of a log: rising slots, and the index among the configurations in use of each."""

    slots: Int64
    config: Int64

    def configs(self, slots: Int64) -> Int64:
        """Return the configuration of some blocks, which must be there."""
        return self.config[np.searchsorted(self.slots, slots)]


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
    """Reads the rows of one asset piece by piece, in order of sealing."""

    asset: str
    history: ConfigHistory
    blocks: Blocks
    texts: TextNumbers = field(default_factory=TextNumbers)
    waiting: WaitingRows = field(default_factory=WaitingRows)

    def text(self, number: int) -> str:
        """Return the text of a text number."""
        return self.texts.texts[number]

    def pieces(self, days: Sequence[ColumnDay]) -> Iterator[Piece]:
        """Yield what the days have of the asset, without reading rows."""
        wanted = {f"{self.asset}.{kind.value}" for kind in CLASSES}
        places: dict[tuple[str, ...], tuple[int, ...]] = {}
        for day in days:
            for run in day.runs:
                if run.streams not in places:
                    found = (i for i, name in enumerate(run.streams) if name in wanted)
                    places[run.streams] = tuple(found)
                own = places[run.streams]
                sections = run.sections[list(own)]
                rows = int(sections["rows"].sum())
                if rows:
                    low = int(sections["low"][sections["rows"] > 0][:, _TIMES].min())
                    yield Piece(day, run, own, rows, int(run.slots[0]) * MINUTE_MS + low)

    def read(self, piece: Piece) -> None:
        """Take the rows of a piece; they wait until they are taken."""
        config = self.blocks.configs(piece.run.slots)
        cuts = [0, *(np.flatnonzero(config[1:] != config[:-1]) + 1).tolist(), len(config)]
        for stream in piece.day.read(piece.run, piece.places):
            if not int(stream.section["rows"]):
                continue
            columns = self._columns(stream)
            edges = [0, len(columns.tau)]
            if len(cuts) > 2:
                ends = np.append(np.int64(0), np.cumsum(stream.rows))
                edges = ends[cuts].tolist()
            for block, (a, b) in zip(cuts, pairwise(edges), strict=False):
                self._add(stream, columns, slice(a, b), int(config[block]))

    def _columns(self, stream: StreamRows) -> _Columns:
        tau = stream.column("source")
        without = tau == NO_TIME_MS
        if without.any():
            tau = np.where(without, stream.column("received"), tau)
        flags, status = stream.constant("flags"), stream.constant("status")
        plain = flags == 0 and status == 0
        if plain:
            kind: Codes = np.broadcast_to(np.int8(SET), (len(tau),))
        else:
            kind = kinds(
                stream.column("status").astype(np.uint32), stream.column("flags").astype(np.uint16)
            )
        keep = None
        first = int(stream.slots[0])
        if int(tau.max()) >= (first + 1 + FUTURE_SLOTS) * MINUTE_MS:
            latest = (stream.slots + (1 + FUTURE_SLOTS)) * MINUTE_MS
            keep = tau < np.repeat(latest, stream.rows)
        if flags != 0:
            mine = (stream.column("flags").astype(np.uint16) & _IMPORTED) == 0
            keep = mine if keep is None else keep & mine
        signal = stream.narrow("signal")
        low = int(stream.section["low"][COLUMNS.index("signal")])
        return _Columns(tau, kind, stream.column("value"), signal, low, keep)

    def _add(self, stream: StreamRows, columns: _Columns, rows: slice, config: int) -> None:
        """Take the rows of one configuration."""
        spec = self.history.used[config].document.stream[stream.stream]
        tau, kind, value = columns.tau[rows], columns.kind[rows], columns.value[rows]
        signal = columns.signal[rows]
        text = [i for i, s in enumerate(spec.signals) if s.type is SignalType.TEXT]
        if text:
            value = self._texts_of(stream, rows, np.isin(signal, np.array(text) - columns.low))
        if columns.keep is not None:
            keep = columns.keep[rows]
            tau, kind, value, signal = tau[keep], kind[keep], value[keep], signal[keep]
        for number, part in by_signal(signal, tau, kind, value, config):
            self._keep(spec, number + columns.low, part)

    def _keep(self, spec: StreamSpec, signal: int, part: SignalRows) -> None:
        key = PointKey(spec.id, spec.signals[signal].name)
        self.waiting.add(self.waiting.number(key), part)

    def _texts_of(self, stream: StreamRows, rows: slice, text: Bool) -> Int64:
        """Return the values of some rows, with texts as their numbers."""
        value = stream.column("value")[rows].copy()
        flags = stream.column("flags")[rows].astype(np.uint16)
        carries = np.flatnonzero(text & (flags & _NO_TEXT == 0))
        if len(carries):
            block = np.repeat(np.arange(len(stream.slots)), stream.rows)[rows][carries]
            place = value[carries]
            start = stream.heap_edges[block] + (place & 0xFFFF_FFFF)
            spans = zip(start.tolist(), (start + (place >> 32)).tolist(), strict=True)
            value[carries] = [self.texts.number(stream.heap[a:b]) for a, b in spans]
        return value


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    tau: Int64
    kind: Codes
    value: Int64
    signal: NDArray[Any]
    """Above `low`."""
    low: int
    keep: Bool | None
    """Rows that are used; None = all."""
