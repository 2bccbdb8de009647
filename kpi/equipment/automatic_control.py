"""Claim `automatic-control/1` (docs/formats/claims.md §5): control loops in automatic while their assets run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from kpi.claims import AutomaticControlClaim, ClaimResult, Json, result
from kpi.document_types import Loop
from kpi.equipment.distinct import rising
from kpi.equipment.output_limit import at_limit
from kpi.equipment.signal_rows import rows_of
from kpi.equipment.space import EquipmentSpace, equipment_space
from kpi.equipment.values import UNKNOWN, Line, ValueHistory, ValueLine, joined, tile
from kpi.exact import quotient
from kpi.history import ConfigSegment
from kpi.reasons import Reason
from kpi.timeline import CODE
from kpi.window import Bool, Int32, PointKey
from kpi.workspace import Workspace
from model.signal import Role, SignalClass
from model.state import MachineState

LONGEST_AT_LIMIT_MS: Final = 300_000
"""An output at its limit for longer than this does not control."""
_RUN: Final = CODE[MachineState.RUN]
_ABSENT: Final = -2
"""Code of a mode where the configuration does not have the loop."""


@dataclass(frozen=True, slots=True)
class LoopTime:
    """One loop over the window, in ms while the asset runs."""

    asset: str
    id: str
    running_ms: int
    automatic_ms: int
    """In automatic with the output not at a limit."""
    limit_ms: int
    """In automatic with the output at a limit."""
    unknown_ms: int
    changes: int
    """Times that one known mode value followed another at once, inside the window, while running."""


def automatic_control(work: Workspace, request: AutomaticControlClaim) -> ClaimResult:
    """Return the share of the running time of all loops in which they control."""
    work.require(request.assets, "assets")
    space = equipment_space(work)
    loops = [t for a in sorted(set(request.assets)) for t in loop_times(space, a)]
    running = sum(t.running_ms for t in loops)
    detail: dict[str, Json] = {
        "loops": [
            {
                "asset": t.asset,
                "automatic_ms": t.automatic_ms,
                "changes": t.changes,
                "id": t.id,
                "limit_ms": t.limit_ms,
                "running_ms": t.running_ms,
                "unknown_ms": t.unknown_ms,
            }
            for t in loops
        ]
    }
    value = quotient(sum(t.automatic_ms for t in loops), running)
    return result(value, Reason.NO_RUNNING_TIME, detail)


def loop_times(space: EquipmentSpace, asset: str) -> list[LoopTime]:
    """Return the times of every loop that an asset has in the window, by id."""
    work = space.work
    ids = {x.id for p in work.parts for x in _loops(p, asset)}
    if not ids:
        return []
    state = space.state(asset)
    running = Line(state.edges, (state.codes == _RUN).astype(np.int32))
    return [_time(work, asset, name, running) for name in sorted(ids, key=str.encode)]


def _time(work: Workspace, asset: str, name: str, running: Line) -> LoopTime:
    parts = work.visible_parts
    mode, texts = _mode(work, asset, name, parts)
    limit = _limit(work, asset, name, parts)
    start, end = work.span.start_ms, work.span.end_ms
    edges = rising(
        [
            np.array([start, end], dtype=np.int64),
            *(x.inner(start, end) for x in (mode, limit, running)),
            np.array([p.start_ms for p in work.parts], dtype=np.int64),
        ]
    )
    begin, length = edges[:-1], np.diff(edges)
    code, runs = mode.at(begin), running.at(begin) == 1
    present = code != _ABSENT
    automatic = np.zeros(len(begin), dtype=np.bool_)
    for part in work.parts:
        loop = _loop(part, asset, name)
        if loop is not None:
            auto = np.array([t in loop.auto for t in texts] + [False], dtype=np.bool_)
            inside = (begin >= part.start_ms) & (begin < part.end_ms) & (code >= 0)
            automatic[inside] = auto[code[inside]]
    limited = limit.at(begin) == 1

    def ms(mask: Bool) -> int:
        return int(length[mask & runs & present].sum())

    every = np.ones(len(begin), dtype=np.bool_)
    return LoopTime(
        asset=asset,
        id=name,
        running_ms=ms(every),
        automatic_ms=ms(automatic & ~limited),
        limit_ms=ms(automatic & limited),
        unknown_ms=ms(code == UNKNOWN),
        changes=_changes(mode, running, start),
    )


def _changes(mode: Line, running: Line, start_ms: int) -> int:
    """Return how often one known mode value followed another at once while running, after the window's first ms."""
    known = mode.codes >= 0
    instants = mode.edges[1:-1][known[1:] & known[:-1]]
    instants = instants[instants > start_ms]
    return int((running.at(instants) == 1).sum())


def _loops(part: ConfigSegment, asset: str) -> tuple[Loop, ...]:
    found = part.document.asset.get(asset)
    return found.loops if found is not None else ()


def _loop(part: ConfigSegment, asset: str, name: str) -> Loop | None:
    return next((x for x in _loops(part, asset) if x.id == name), None)


def _mode(
    work: Workspace, asset: str, name: str, parts: Sequence[ConfigSegment]
) -> tuple[Line, tuple[str | None, ...]]:
    """Return the mode of a loop by the configuration in force, as codes into texts."""
    texts: dict[str | None, int] = {}
    lines = []
    for part in parts:
        loop = _loop(part, asset, name)
        codes = np.array([_ABSENT if loop is None else UNKNOWN], dtype=np.int32)
        line = Line(np.array([part.start_ms, part.end_ms], dtype=np.int64), codes)
        if loop is not None:
            own = _values(work, asset, loop.mode)
            starts = np.append(np.int64(part.start_ms), own.line.inner(part.start_ms, part.end_ms))
            table = [texts.setdefault(t, len(texts)) for t in own.texts] + [UNKNOWN]
            found = np.array(table, dtype=np.int32)[own.line.at(starts)]
            line = tile(starts, found, part.start_ms, part.end_ms)
        lines.append(line)
    return joined(lines), tuple(texts)


def _values(work: Workspace, asset: str, signal: str) -> ValueLine:
    key = PointKey(f"{asset}.{SignalClass.STATE.value}", signal)
    history = ValueHistory(work.selection.specs(key), Role.LOOP_MODE, work.rows.texts.__getitem__)
    history.feed(rows_of(work.selection, key))
    return history.line(work.span.visible_ms, work.span.end_ms)


def _limit(work: Workspace, asset: str, name: str, parts: Sequence[ConfigSegment]) -> Line:
    """Return 1 where the output of a loop stands at a limit for too long, else 0."""
    lines = []
    for part in parts:
        loop = _loop(part, asset, name)
        line = Line(
            np.array([part.start_ms, part.end_ms], dtype=np.int64), np.zeros(1, dtype=np.int32)
        )
        if loop is not None and loop.output:
            key = PointKey(f"{asset}.{SignalClass.STATE.value}", loop.output)
            specs = work.selection.specs(key)
            line = at_limit(rows_of(work.selection, key), specs, loop, part)
        lines.append(line)
    line = joined(lines)
    long = np.diff(line.edges) > LONGEST_AT_LIMIT_MS
    codes: Int32 = np.where(long, line.codes, 0).astype(np.int32)
    return tile(line.edges[:-1], codes, int(line.edges[0]), int(line.edges[-1]))
