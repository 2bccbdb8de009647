"""State timeline of one asset: columns of events in, intervals that tile the visible time out (claims.md §1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kpi.document import ConfigDocument, SignalSpec, StateTable
from kpi.history import ConfigSegment
from kpi.selection import Index, Selection
from kpi.window import Bool, Int64, PointKey, Span
from model.signal import Role, SignalType
from model.state import MachineState

STATES: Final = tuple(MachineState)
"""State of a code in the arrays."""
CODE: Final = {state: i for i, state in enumerate(STATES)}
UNKNOWN: Final = CODE[MachineState.UNKNOWN]

SET, PROOF, BREAK = 0, 1, 2
"""Kinds of events."""

Codes = NDArray[np.int8]


@dataclass(frozen=True)
class Timeline:
    """Intervals [edges[i], edges[i+1]) with the state `codes[i]`, tiling the visible time of a claim."""

    edges: Int64
    codes: Codes
    minor: Bool
    """Intervals that belong to a stop of at most `minor_stop_ms`."""

    @cached_property
    def _busy(self) -> Int64:
        """Milliseconds of run or unknown before every edge."""
        busy = (self.codes == CODE[MachineState.RUN]) | (self.codes == UNKNOWN)
        lengths = np.where(busy, np.diff(self.edges), 0)
        return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])

    def busy_before(self, instants: Int64) -> Int64:
        """Return the ms of run or unknown from the first edge to each instant (inside the visible time)."""
        i = np.searchsorted(self.edges, instants, side="right") - 1
        i = np.clip(i, 0, len(self.codes) - 1)
        busy = self._busy[i + 1] > self._busy[i]
        result: Int64 = self._busy[i] + np.where(busy, instants - self.edges[i], 0)
        return result


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Events of a state signal in order; `state` is meaningful where kind is SET."""

    tau: Int64
    kind: Codes
    state: Codes
    hold_ms: Int64


def timeline_of(
    events: Events, minor_ms_at: list[tuple[int, int]], start_ms: int, end_ms: int
) -> Timeline:
    """Return the timeline over the visible time [start, end).

    minor_ms_at: (from_ms, minor_stop_ms) of the configurations in force, in order, the first from the start on.
    """
    n = len(events.tau)
    if n == 0:
        edges = np.array([start_ms, end_ms], dtype=np.int64)
        return Timeline(edges, np.full(1, UNKNOWN, dtype=np.int8), np.zeros(1, dtype=np.bool_))
    held = _held_states(events)
    next_tau = np.append(events.tau[1:], end_ms)
    expiry = np.minimum(next_tau, events.tau + events.hold_ms)
    edges = np.empty(2 * n + 2, dtype=np.int64)
    codes = np.full(2 * n + 1, UNKNOWN, dtype=np.int8)
    edges[0], edges[-1] = start_ms, end_ms
    edges[1:-1:2], edges[2:-1:2] = events.tau, expiry
    codes[1::2] = held
    edges, codes = _tidy(edges, codes)
    return Timeline(edges, codes, _minor(edges, codes, minor_ms_at))


def state_events(selection: Selection, asset: str, parts: tuple[ConfigSegment, ...]) -> Events:
    """Return the events of the first state signal of an asset (by the configuration that sealed each row).

    parts: the configurations in force over the visible time; state tables are looked up at τ.
    """
    stream = f"{asset}.state"
    firsts = [_first_state_signal(e.document, asset) for e in selection.rows.history.used]
    chunks: list[Index] = []
    for name in dict.fromkeys(s.name for s in firsts if s is not None):
        rows = selection.of_point(PointKey(stream, name))
        mine = np.array([s is not None and s.name == name for s in firsts])
        chunks.append(np.flatnonzero(mine[selection.config[rows]]) + rows.start)
    index = np.concatenate(chunks) if chunks else np.zeros(0, dtype=np.intp)
    if len(chunks) > 1:
        index = index[np.lexsort((selection.order[index], selection.tau[index]))]
    good, alive = selection.good[index], selection.alive[index]
    kind = np.where(good, SET, np.where(alive, PROOF, BREAK)).astype(np.int8)
    holds = np.array([s.hold_ms if s is not None else 0 for s in firsts], dtype=np.int64)
    types = [s.type if s is not None else SignalType.INT for s in firsts]
    state = np.full(len(index), UNKNOWN, dtype=np.int8)
    starts = np.array([p.start_ms for p in parts], dtype=np.int64)
    part_of = np.searchsorted(starts, selection.tau[index], side="right") - 1
    config = selection.config[index]
    sets = kind == SET
    for part in np.unique(part_of[sets]):
        document = parts[int(part)].document
        for used in np.unique(config[sets & (part_of == part)]):
            mask = sets & (part_of == part) & (config == used)
            table = _table(document, asset, firsts[int(used)])
            state[mask] = _mapped(
                selection.value[index[mask]], types[int(used)], table, selection.rows.texts
            )
    return Events(selection.tau[index], kind, state, holds[config])


def asset_timeline(
    selection: Selection, asset: str, span: Span, parts: tuple[ConfigSegment, ...]
) -> Timeline:
    """Return the timeline of an asset over the visible time of a claim; parts as in `state_events`."""
    minor = [
        (p.start_ms, a.minor_stop_ms if (a := p.document.asset.get(asset)) else 0) for p in parts
    ]
    events = state_events(selection, asset, parts)
    return timeline_of(events, minor, span.visible_ms, span.end_ms)


def _first_state_signal(document: ConfigDocument, asset: str) -> SignalSpec | None:
    return next(iter(document.signals_of(asset, Role.STATE)), None)


def _table(document: ConfigDocument, asset: str, sealed: SignalSpec | None) -> StateTable | None:
    """Return the table of a state signal by the configuration in force: its own, else that of the asset."""
    found = document.asset.get(asset)
    if found is None or sealed is None:
        return None
    signal = document.signal.get((f"{asset}.state", sealed.name), sealed)
    return document.table.get(signal.table or found.state_table)


def _held_states(events: Events) -> Codes:
    """Return the state from each event on: a proof continues the last set unless something in between broke it."""
    n = len(events.tau)
    at = np.arange(n)
    broken = events.kind == BREAK
    late = events.tau[1:] - events.tau[:-1] > events.hold_ms[:-1]
    proof = events.kind == PROOF
    broken[1:] |= proof[1:] & late
    last_set = np.maximum.accumulate(np.where(events.kind == SET, at, -1))
    last_break = np.maximum.accumulate(np.where(broken, at, -1))
    known = last_set > last_break
    held: Codes = np.where(known, events.state[np.maximum(last_set, 0)], UNKNOWN).astype(np.int8)
    return held


def _tidy(edges: Int64, codes: Codes) -> tuple[Int64, Codes]:
    """Drop empty intervals and join equal neighbours."""
    full = edges[1:] > edges[:-1]
    starts, codes = edges[:-1][full], codes[full]
    change = np.ones(len(codes), dtype=np.bool_)
    change[1:] = codes[1:] != codes[:-1]
    return np.append(starts[change], edges[-1]), codes[change]


def _minor(edges: Int64, codes: Codes, minor_ms_at: list[tuple[int, int]]) -> Bool:
    """Return which intervals belong to an uncut stop (fault and wait, alternating) that is short enough."""
    stop: Bool = (codes == CODE[MachineState.FAULT]) | (codes == CODE[MachineState.WAIT])
    first = stop.copy()
    first[1:] &= ~stop[:-1]
    number = np.cumsum(first) - 1
    opens = np.flatnonzero(first)
    last = stop.copy()
    last[:-1] &= ~stop[1:]
    begin, end = edges[opens], edges[np.flatnonzero(last) + 1]
    starts = np.array([s for s, _ in minor_ms_at], dtype=np.int64)
    limits = np.array([m for _, m in minor_ms_at], dtype=np.int64)
    limit = limits[np.maximum(np.searchsorted(starts, begin, side="right") - 1, 0)]
    short = end - begin <= limit
    if not len(opens):
        return stop
    minor: Bool = stop & short[np.maximum(number, 0)]
    return minor


def _mapped(
    values: Int64, kind: SignalType, table: StateTable | None, texts: tuple[str, ...]
) -> Codes:
    """Return the state codes of raw values."""
    if table is None:
        return np.full(len(values), UNKNOWN, dtype=np.int8)
    if kind is SignalType.FLOAT:
        return np.full(len(values), CODE[table.map_other], dtype=np.int8)
    distinct, where = np.unique(values, return_inverse=True)
    codes = [
        CODE[table.map.get(_spelling(int(v), kind, texts), table.map_other)]
        for v in distinct.tolist()
    ]
    return np.array(codes, dtype=np.int8)[where]


def _spelling(raw: int, kind: SignalType, texts: tuple[str, ...]) -> str:
    """Return the text that a state table is asked for; a float matches no entry and is not asked."""
    if kind is SignalType.TEXT:
        return texts[raw]
    return str(raw % 2**64 if kind is SignalType.UINT else raw)
