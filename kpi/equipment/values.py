"""Value of a signal over time (docs/formats/statistics.md §1): events in, intervals of one known value out.

Rows may come in several pieces in order, as a long history is read: what a piece cannot decide waits for the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kpi.equipment.distinct import distinct
from kpi.equipment.signal_rows import SignalRows, Specs
from kpi.timeline import BREAK, PROOF, SET, Codes
from kpi.window import Bool, Int32, Int64
from model.signal import Role, SignalType

UNKNOWN: Final = -1
"""Code of an interval without a known value."""

Indexes = NDArray[np.intp]
_EVER: Final = -(2**63)
_FLOAT: Final = list(SignalType).index(SignalType.FLOAT)
_FIRST_PRINTED: Final = " "
"""A text with a character before this one has no spelling: no document could name it."""


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
    """Spelling of each distinct value; None = known to be a value that has no spelling."""


@dataclass(frozen=True, slots=True, eq=False)
class ValueTail:
    """What a value history must keep to go on: its last event and the pieces that are still asked for."""

    tau: int
    """Instant of the last event."""
    hold_ms: int
    """How long it holds."""
    code: int
    """What holds from it on, UNKNOWN where nothing is known."""
    starts: Int64
    codes: Int32
    texts: tuple[str | None, ...]


class ValueHistory:
    """Values of one signal in one role, piece of rows by piece of rows."""

    def __init__(
        self, specs: Specs, role: Role, text: Callable[[int], str], tail: ValueTail | None = None
    ) -> None:
        """Start without rows, or where another history left off.

        specs: by configuration; text: spelling of a text number; tail: configurations may have been added since.
        """
        self._mine: Bool = np.array([s is not None and s.role is role for s in specs])
        self._hold: Int64 = np.array([s.hold_ms if s else 0 for s in specs], dtype=np.int64)
        types = [list(SignalType).index(s.type if s else SignalType.INT) for s in specs]
        self._type: Int32 = np.array(types, dtype=np.int32)
        self._one_type = len({t for t, m in zip(types, self._mine.tolist(), strict=True) if m}) < 2
        self._text = text
        self._last: tuple[int, int, int] | None = None
        self._starts: list[Int64] = []
        self._codes: list[Int32] = []
        self._code: dict[tuple[int, int], int] = {}
        self._place: dict[str | None, int] = {}
        if tail is not None:
            self._last = tail.tau, tail.hold_ms, tail.code
            self._starts, self._codes = [tail.starts], [tail.codes]
            self._place = {t: i for i, t in enumerate(tail.texts)}

    def tail(self) -> ValueTail | None:
        """Return what is needed to go on, None without any row."""
        if self._last is None:
            return None
        none = np.zeros(0, dtype=np.int64)
        starts = np.concatenate([none, *self._starts])
        codes = np.concatenate([none.astype(np.int32), *self._codes])
        return ValueTail(*self._last, starts, codes, tuple(self._place))

    def feed(self, rows: SignalRows) -> None:
        """Take the next rows of the signal; none may lie before those taken already."""
        rows = rows.of_configs(self._mine)
        if not len(rows):
            return
        last, one = self._last, rows.one_config
        tau, kind, value = rows.tau, rows.kind, rows.value
        hold = np.broadcast_to(self._hold[rows.config if one is None else one], (len(rows),))
        types = None if one is not None or self._one_type else self._type[rows.config]
        if last is not None:
            # The last event stands before the new ones once more, as a set or a break: nothing before it matters.
            tau = np.concatenate([[last[0]], tau])
            hold = np.concatenate([[last[1]], hold])
            kind = np.concatenate([[BREAK if last[2] == UNKNOWN else SET], kind]).astype(np.int8)
            value = np.concatenate([[0], value])
            types = None if types is None else np.concatenate([types[:1], types])
        late = tau[1:] - tau[:-1] > hold[:-1]
        known, source = _held(kind, late)
        changed = _changed(value, types, source)
        if last is not None:
            changed |= (source[1:] > 0) & (source[:-1] == 0)
        first, expired = _pieces(known, changed, late)
        if last is not None:
            first = first[1:]
        wanted = np.append(first, len(tau) - 1)
        codes = self._coded(rows, source[wanted] - (last is not None), known[wanted])
        starts = np.concatenate([tau[first], tau[expired] + hold[expired]])
        held = np.concatenate([codes[:-1], np.full(len(expired), UNKNOWN, dtype=np.int32)])
        if len(expired):
            order = np.argsort(starts, kind="stable")
            starts, held = starts[order], held[order]
        if len(starts):
            self._starts.append(starts)
            self._codes.append(held)
        self._last = int(tau[-1]), int(hold[-1]), int(codes[-1])

    def line(self, start_ms: int, end_ms: int) -> ValueLine:
        """Return the values over [start, end) as the rows taken so far say; unknown before the first one."""
        starts = [np.array([_EVER], dtype=np.int64), *self._starts]
        codes = [np.array([UNKNOWN], dtype=np.int32), *self._codes]
        if self._last is not None:
            tau, hold_ms, code = self._last
            if code != UNKNOWN and tau + hold_ms < end_ms:
                starts.append(np.array([tau + hold_ms], dtype=np.int64))
                codes.append(np.array([UNKNOWN], dtype=np.int32))
        line = tile(np.concatenate(starts), np.concatenate(codes), start_ms, end_ms)
        return ValueLine(line, tuple(self._place))

    def forget(self, before_ms: int) -> None:
        """Drop what ended before an instant; lines may begin there from now on, not earlier."""
        if not self._starts:
            return
        starts, codes = np.concatenate(self._starts), np.concatenate(self._codes)
        keep = max(int(np.searchsorted(starts, before_ms, side="right")) - 1, 0)
        self._starts, self._codes = [starts[keep:]], [codes[keep:]]

    def _coded(self, rows: SignalRows, at: Indexes, known: Bool) -> Int32:
        """Return the codes of the values that rows set; row −1 is the event remembered from before."""
        found = np.full(len(at), UNKNOWN, dtype=np.int32)
        if self._last is not None:
            found[known & (at < 0)] = self._last[2]
        fresh = known & (at >= 0)
        place = at[fresh]
        value = rows.value[place]
        kind = self._type[rows.config[place]]
        codes = np.empty(len(place), dtype=np.int32)
        for number in distinct(kind)[0]:
            mask = kind == number
            if number == _FLOAT:
                codes[mask] = self._code_of(0, number)  # known, without spelling
                continue
            values, where = distinct(value[mask])
            table = [self._code_of(v, number) for v in values]
            codes[mask] = np.array(table, dtype=np.int32)[where]
        found[fresh] = codes
        return found

    def _code_of(self, raw: int, number: int) -> int:
        code = self._code.get((number, raw))
        if code is None:
            text = self._spelling(raw, list(SignalType)[number])
            code = self._code[number, raw] = self._place.setdefault(text, len(self._place))
        return code

    def _spelling(self, raw: int, kind: SignalType) -> str | None:
        if kind is SignalType.FLOAT:
            return None
        if kind is SignalType.TEXT:
            text = self._text(raw)
            return None if any(c < _FIRST_PRINTED for c in text) else text
        return str(raw % 2**64 if kind is SignalType.UINT else raw)


def _changed(value: Int64, types: Int32 | None, source: Indexes) -> Bool:
    """Return for every event but the first whether it holds another raw value than the event before."""
    held = value[source]
    changed: Bool = held[1:] != held[:-1]
    if types is not None:
        kinds = types[source]
        changed |= kinds[1:] != kinds[:-1]
    return changed


def _held(kind: Codes, late: Bool) -> tuple[Bool, Indexes]:
    """Return from each event on whether a value is known, and the event that set it."""
    at = np.arange(len(kind))
    if (kind == SET).all():
        return np.ones(len(kind), dtype=np.bool_), at
    broken = kind >= BREAK
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
