"""State of an asset over time (docs/formats/statistics.md §2): sources by priority, debounced, short stops marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from kpi.document_types import Asset, ConfigDocument, SignalSpec, StateTable
from kpi.equipment.distinct import distinct, rising
from kpi.equipment.values import Line, ValueLine, joined, tile
from kpi.history import ConfigSegment
from kpi.timeline import CODE, Timeline
from kpi.timeline import UNKNOWN as UNKNOWN_STATE
from kpi.window import Bool, Int32, Int64
from model.signal import Role
from model.state import MachineState

Lines = Mapping[tuple[str, Role], ValueLine]
"""Values of the signals of one asset, by signal name and role."""

INPUT_ROLE: Final = {"mode": Role.MODE, "order": Role.ORDER}
_FAULT: Final = CODE[MachineState.FAULT]
_WAIT: Final = CODE[MachineState.WAIT]


def asset_states(asset: str, lines: Lines, parts: Sequence[ConfigSegment]) -> Timeline:
    """Return the state of an asset over the visible time that `parts` tile, debounced, with its minor stops."""
    merged = merged_states(asset, lines, parts)
    kept = debounced(merged, _limits(asset, parts, lambda a: a.debounce_ms))
    return with_minor_stops(asset, kept, parts)


def merged_states(asset: str, lines: Lines, parts: Sequence[ConfigSegment]) -> Line:
    """Return the state that the sources give over the time of `parts`, not debounced yet."""
    return joined([_of_part(asset, lines, p) for p in parts])


def fixed_states(asset: str, line: Line, parts: Sequence[ConfigSegment]) -> Bool:
    """Return which merged states are no stop and stay what they are whatever comes before or after them."""
    long = np.diff(line.edges) >= _limit_at(
        line.edges[:-1], _limits(asset, parts, lambda a: a.debounce_ms)
    )
    stop = (line.codes == _FAULT) | (line.codes == _WAIT)
    found: Bool = (line.codes == UNKNOWN_STATE) | (long & ~stop)
    return found


def with_minor_stops(asset: str, line: Line, parts: Sequence[ConfigSegment]) -> Timeline:
    """Return states over the visible time with the stops marked that are short enough to be minor."""
    minor = _minor(line, _limits(asset, parts, lambda a: a.minor_stop_ms))
    return Timeline(line.edges, line.codes.astype(np.int8), minor)


def state_tables_of(document: ConfigDocument, asset: str) -> tuple[str, ...]:
    """Return the ids of the state tables that the state signals of an asset are looked up in."""
    tables = [_table(document, asset, s) for s in document.signals_of(asset, Role.STATE)]
    return tuple(t.id for t in tables if t is not None)


def debounced(line: Line, limits: Sequence[tuple[int, int]]) -> Line:
    """Return the states in which a known piece shorter than its limit joins a known piece before it.

    limits: (from_ms, ms) of the configurations in force, in order. An unknown piece and the last one never join.
    """
    codes, starts = line.codes, line.edges[:-1]
    limit = _limit_at(starts, limits)
    short = (np.diff(line.edges) < limit) & (codes != UNKNOWN_STATE)
    if len(short):
        short[-1] = False
    # What stands before a short piece is known exactly if the piece kept before it is: only a kept piece is unknown.
    join = short.copy()
    join[:1] = False
    join[1:] &= codes[:-1] != UNKNOWN_STATE
    if not join.any():
        return line
    return tile(starts[~join], codes[~join], int(line.edges[0]), int(line.edges[-1]))


def _of_part(asset: str, lines: Lines, part: ConfigSegment) -> Line:
    document = part.document
    start, end = part.start_ms, part.end_ms
    signals = document.signals_of(asset, Role.STATE) if asset in document.asset else ()
    found = [_of_signal(document, asset, s, lines, part) for s in signals]
    known = [x for x in found if x is not None]
    if not known:
        return Line(
            np.array([start, end], dtype=np.int64), np.array([UNKNOWN_STATE], dtype=np.int32)
        )
    if len(known) == 1:
        return known[0]
    edges = rising([x.edges for x in known])
    codes = np.full(len(edges) - 1, UNKNOWN_STATE, dtype=np.int32)
    for line in reversed(known):
        own = line.at(edges[:-1])
        codes = np.where(own == UNKNOWN_STATE, codes, own)
    return tile(edges[:-1], codes, start, end)


def _of_signal(
    document: ConfigDocument, asset: str, signal: SignalSpec, lines: Lines, part: ConfigSegment
) -> Line | None:
    """Return what one state signal says during a part; None = unknown all the time."""
    table = _table(document, asset, signal)
    own = lines.get((signal.name, Role.STATE))
    if table is None or own is None:
        return None
    roles = [INPUT_ROLE[name] for name in table.inputs[1:]]
    firsts = [next(iter(document.signals_of(asset, role)), None) for role in roles]
    others = [
        lines.get((s.name, role)) if s is not None else None
        for s, role in zip(firsts, roles, strict=True)
    ]
    start, end = part.start_ms, part.end_ms
    inner = [x.line.inner(start, end) for x in (own, *others) if x is not None]
    starts = rising([np.array([start], dtype=np.int64), *inner])
    columns = [own.line.at(starts)]
    texts = [own.texts]
    for other in others:
        columns.append(other.line.at(starts) if other is not None else np.full_like(columns[0], -1))
        texts.append(other.texts if other is not None else ())
    return tile(starts, _looked_up(table, columns, texts), start, end)


def _looked_up(
    table: StateTable, columns: list[Int32], texts: list[tuple[str | None, ...]]
) -> Int32:
    """Return the state of each row of value codes; unknown where the first input is."""
    sizes = [len(t) + 1 for t in texts]
    key = np.zeros(len(columns[0]), dtype=np.int64)
    for column, size in zip(columns, sizes, strict=True):
        key = key * size + (column + 1)
    keys, where = distinct(key)
    found = []
    for number in keys:
        codes: list[int] = []
        rest = number
        for size in reversed(sizes):
            rest, code = divmod(rest, size)
            codes.insert(0, code - 1)
        inputs = [t[c] if c >= 0 else None for t, c in zip(texts, codes, strict=True)]
        found.append(UNKNOWN_STATE if codes[0] < 0 else CODE[table.state_of(inputs)])
    return np.array(found, dtype=np.int32)[where]


def _table(document: ConfigDocument, asset: str, signal: SignalSpec) -> StateTable | None:
    found = document.asset.get(asset)
    return document.table.get(signal.table or found.state_table) if found else None


def _limits(
    asset: str, parts: Sequence[ConfigSegment], value: Callable[[Asset], int]
) -> list[tuple[int, int]]:
    return [
        (p.start_ms, value(a) if (a := p.document.asset.get(asset)) is not None else 0)
        for p in parts
    ]


def _limit_at(instants: Int64, limits: Sequence[tuple[int, int]]) -> Int64:
    starts = np.array([s for s, _ in limits], dtype=np.int64)
    values = np.array([v for _, v in limits], dtype=np.int64)
    found: Int64 = values[np.maximum(np.searchsorted(starts, instants, side="right") - 1, 0)]
    return found


def _minor(line: Line, limits: Sequence[tuple[int, int]]) -> Bool:
    """Return which intervals belong to an uncut stop (fault and wait, alternating) that is short enough."""
    stop: Bool = (line.codes == _FAULT) | (line.codes == _WAIT)
    opens = stop & np.append(True, ~stop[:-1])
    first = np.flatnonzero(opens)
    if not len(first):
        return stop
    last = np.flatnonzero(stop & np.append(~stop[1:], True))
    begin, end = line.edges[first], line.edges[last + 1]
    short = end - begin <= _limit_at(begin, limits)
    found: Bool = stop & short[np.maximum(np.cumsum(opens) - 1, 0)]
    return found
