"""Value of a signal over time (docs/formats/statistics.md §1): events in, intervals of one known value out.

Rows may come in several pieces in order, as a long history is read: what a piece cannot decide waits for the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kpi.equipment.signal_rows import SignalRows, Specs
from kpi.timeline import BREAK, PROOF, SET, Codes
from kpi.window import Bool, Int32, Int64
from model.signal import Role, SignalType

UNKNOWN: Final = -1
"""Code of an interval without a known value."""

Indexes = NDArray[np.intp]
_EVER: Final = -(2**63)
_FLOAT: Final = list(SignalType).index(SignalType.FLOAT)


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Intervals [edges[i], edges[i+1]) with the code `codes[i]`; they tile [edges[0], edges[-1])."""

    edges: Int64
    codes: Int32

    def at(self, instants: Int64) -> Int32:
        """Return the code at each instant inside the line."""
        found: Int32 = self.codes[np.searchsorted(self.edges, instants, side="right") - 1]
        return found

    def inner(self, start_ms: int, end_ms: int) -> Int64:
        """Return the edges strictly inside (start, end)."""
        low = np.searchsorted(self.edges, start_ms, side="right")
        high = np.searchsorted(self.edges, end_ms, side="left")
        return self.edges[low:high]


@dataclass(frozen=True, slots=True, eq=False)
class ValueLine:
    """The known values of one signal; a code is an index into `texts`, or UNKNOWN."""

    line: Line
    texts: tuple[str | None, ...]
    """Spelling of each distinct value; None = known to be a value, but a float has no spelling."""


@dataclass(frozen=True, slots=True)
class _Event:
    """The last event seen: what holds from it on until the next one or the end of its hold."""

    tau: int
    hold_ms: int
    known: bool
    value: int
    type: int


class ValueHistory:
    """Values of one signal in one role, piece of rows by piece of rows."""

    def __init__(self, specs: Specs, role: Role, text: Callable[[int], str]) -> None:
        """Start without rows. specs: by configuration; text: spelling of a text number."""
        self._mine: Bool = np.array([s is not None and s.role is role for s in specs])
        self._hold: Int64 = np.array([s.hold_ms if s else 0 for s in specs], dtype=np.int64)
        types = [list(SignalType).index(s.type if s else SignalType.INT) for s in specs]
        self._type: Int32 = np.array(types, dtype=np.int32)
        self._text = text
        self._last: _Event | None = None
        self._starts: list[Int64] = []
        self._codes: list[Int32] = []
        self._code: dict[tuple[int, int], int] = {}
        self._texts: list[str | None] = []

    def feed(self, rows: SignalRows) -> None:
        """Take the next rows of the signal; none may lie before those taken already."""
        rows = rows.of_configs(self._mine)
        if not len(rows):
            return
        hold, kind_of = self._hold[rows.config], self._type[rows.config]
        tau, kind, value = rows.tau, rows.kind, rows.value
        last = self._last
        if last is not None:
            # The last event stands before the new ones once more, as a set or a break: nothing before it matters.
            tau = np.concatenate([[last.tau], tau])
            kind = np.concatenate([[SET if last.known else BREAK], kind]).astype(np.int8)
            value = np.concatenate([[last.value], value])
            hold = np.concatenate([[last.hold_ms], hold])
            kind_of = np.concatenate([[last.type], kind_of]).astype(np.int32)
        late = tau[1:] - tau[:-1] > hold[:-1]
        known, source = _held(kind, late)
        held, held_type = value[source], kind_of[source]
        changed = (held[1:] != held[:-1]) | (held_type[1:] != held_type[:-1])
        first, expired = _pieces(known, changed, late)
        first = first if last is None else first[1:]
        starts = np.concatenate([tau[first], tau[expired] + hold[expired]])
        codes = np.concatenate(
            [
                self._coded(known[first], held[first], held_type[first]),
                np.full(len(expired), UNKNOWN, dtype=np.int32),
            ]
        )
        order = np.argsort(starts, kind="stable")
        self._starts.append(starts[order])
        self._codes.append(codes[order])
        self._last = _Event(
            int(tau[-1]), int(hold[-1]), bool(known[-1]), int(held[-1]), int(held_type[-1])
        )

    def line(self, start_ms: int, end_ms: int) -> ValueLine:
        """Return the values over [start, end) as the rows taken so far say; unknown before the first one."""
        starts = [np.array([_EVER], dtype=np.int64), *self._starts]
        codes = [np.array([UNKNOWN], dtype=np.int32), *self._codes]
        last = self._last
        if last is not None and last.known and last.tau + last.hold_ms < end_ms:
            starts.append(np.array([last.tau + last.hold_ms], dtype=np.int64))
            codes.append(np.array([UNKNOWN], dtype=np.int32))
        line = tile(np.concatenate(starts), np.concatenate(codes), start_ms, end_ms)
        return ValueLine(line, tuple(self._texts))

    def forget(self, before_ms: int) -> None:
        """Drop what ended before an instant; lines may begin there from now on, not earlier."""
        if not self._starts:
            return
        starts, codes = np.concatenate(self._starts), np.concatenate(self._codes)
        keep = max(int(np.searchsorted(starts, before_ms, side="right")) - 1, 0)
        self._starts, self._codes = [starts[keep:]], [codes[keep:]]

    def _coded(self, known: Bool, value: Int64, kind: Int32) -> Int32:
        """Return the code of each value, with new codes for new ones."""
        found = np.full(len(value), UNKNOWN, dtype=np.int32)
        for number in np.unique(kind[known]).tolist():
            mask = known & (kind == number)
            if number == _FLOAT:
                found[mask] = self._code_of(
                    0, number
                )  # all floats are one: known, without spelling
                continue
            distinct, where = np.unique(value[mask], return_inverse=True)
            table = [self._code_of(v, number) for v in distinct.tolist()]
            found[mask] = np.array(table, dtype=np.int32)[where]
        return found

    def _code_of(self, raw: int, number: int) -> int:
        code = self._code.get((number, raw))
        if code is None:
            code = self._code[number, raw] = len(self._texts)
            self._texts.append(self._spelling(raw, list(SignalType)[number]))
        return code

    def _spelling(self, raw: int, kind: SignalType) -> str | None:
        if kind is SignalType.FLOAT:
            return None
        if kind is SignalType.TEXT:
            return self._text(raw)
        return str(raw % 2**64 if kind is SignalType.UINT else raw)


def _held(kind: Codes, late: Bool) -> tuple[Bool, Indexes]:
    """Return from each event on whether a value is known, and the event that set it."""
    at = np.arange(len(kind))
    if (kind == SET).all():
        return np.ones(len(kind), dtype=np.bool_), at
    broken = kind == BREAK
    broken[1:] |= (kind[1:] == PROOF) & late
    last_set = np.maximum.accumulate(np.where(kind == SET, at, -1))
    last_break = np.maximum.accumulate(np.where(broken, at, -1))
    return last_set > last_break, np.maximum(last_set, 0)


def _pieces(known: Bool, changed: Bool, late: Bool) -> tuple[Indexes, Indexes]:
    """Return the events from which on another value is held, and those whose value runs out before the next event."""
    fresh = np.ones(len(known), dtype=np.bool_)
    fresh[1:] = (known[1:] != known[:-1]) | (known[1:] & (changed | late))
    return np.flatnonzero(fresh), np.flatnonzero(late & known[:-1])


def hold(tau: Int64, kind: Codes, value: Int32, hold_ms: Int64) -> tuple[Int64, Int32]:
    """Return (starts, codes) of the pieces of small values that are held like those of a signal, UNKNOWN where none is.

    Equally long columns of events in order; the value of the last one runs out too.
    """
    if not len(tau):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32)
    late = np.append(tau[1:] - tau[:-1] > hold_ms[:-1], True)
    known, source = _held(kind, late[:-1])
    held = value[source]
    first, expired = _pieces(np.append(known, False), np.append(held[1:] != held[:-1], True), late)
    first = first[first < len(tau)]
    starts = np.concatenate([tau[first], tau[expired] + hold_ms[expired]])
    codes = np.concatenate(
        [np.where(known[first], held[first], UNKNOWN), np.full(len(expired), UNKNOWN)]
    ).astype(np.int32)
    order = np.argsort(starts, kind="stable")
    return starts[order], codes[order]


def tile(starts: Int64, codes: Int32, start_ms: int, end_ms: int) -> Line:
    """Return the line over [start, end) of pieces by their starts, not falling; of equal starts the last one counts.

    The piece in force at `start_ms` is the last that starts at or before it. Equal neighbours are one.
    """
    low = int(np.searchsorted(starts, start_ms, side="right")) - 1
    high = int(np.searchsorted(starts, end_ms, side="left"))
    starts, codes = starts[low:high].copy(), codes[low:high]
    starts[0] = start_ms
    last = np.append(starts[1:] > starts[:-1], True)
    starts, codes = starts[last], codes[last]
    fresh = np.append(True, codes[1:] != codes[:-1])
    return Line(np.append(starts[fresh], end_ms), codes[fresh])


def joined(parts: Sequence[Line]) -> Line:
    """Return lines that follow one another as one line, equal neighbours joined."""
    if len(parts) == 1:
        return parts[0]
    edges = np.concatenate([*(p.edges[:-1] for p in parts), parts[-1].edges[-1:]])
    codes = np.concatenate([p.codes for p in parts])
    return tile(edges[:-1], codes, int(edges[0]), int(edges[-1]))
