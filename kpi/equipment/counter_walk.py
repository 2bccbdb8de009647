"""Counter steps over one piece of readings of one type and scale: vectorised where plausible, one by one where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

import numpy as np

from kpi.document_types import Counter
from kpi.equipment.counter_steps import NO_GAP, RUN_LENGTH, Mark, Proof, agrees, decide
from kpi.readings import SAFE, Readings
from kpi.window import Bool, Int32, Int64

_NEVER: Final = 2**62


@dataclass(frozen=True, slots=True)
class Gap:
    """Time between two accepted readings in which counts may have been lost."""

    start_ms: int
    end_ms: int
    rules: Counter
    """Rules of the reading that ends it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading: its exact value before scale, its instant and the configuration that sealed it."""

    value: Fraction
    tau: int
    config: int


@dataclass(slots=True)
class Memory:
    """What the rule remembers from one reading to the next."""

    level: Reading | None = None
    """Last accepted reading."""
    candidate: Reading | None = None
    """Last quarantined reading since then."""
    run: int = 0
    """So many quarantined readings up to the candidate agree; 0 = nothing is in quarantine."""


class RuleColumns:
    """Counter rules by configuration, as columns and as objects."""

    def __init__(self, rules: Sequence[Counter], events: Sequence[Int64]) -> None:
        """Take the rules and, by configuration, the rising instants of counter events."""
        self.rules = rules
        self.events = events
        self.pieces: Int64 = np.array([min(r.pieces, SAFE) for r in rules], dtype=np.int64)
        self.per_ms: Int64 = np.array([min(r.per_ms, SAFE) for r in rules], dtype=np.int64)
        self.free: Bool = np.array([not r.limited for r in rules])
        self.round_ms: Int64 = np.array([_round_ms(r) for r in rules], dtype=np.int64)
        """Shortest time in which a counter may go round once."""
        self.safe = all(r.pieces < SAFE and r.per_ms < SAFE for r in rules)

    def event_between(self, config: int, after_ms: int, to_ms: int) -> bool:
        """Return whether a counter event of a configuration lies in (after, to]."""
        return _any_between(self.events[config], after_ms, to_ms)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Readings in order; the level before them, if any, stands in front as reading 0."""

    values: Readings
    tau: Int64
    config: Int32
    scale: Fraction
    """Of all of them."""


@dataclass(slots=True)
class Walked:
    """What a piece of readings books."""

    plain: Bool
    """Readings that book their difference to the one before, by rules 1 and 2 without a mark."""
    refused: list[int] = field(default_factory=list)
    """Readings that are not accepted."""
    steps: list[tuple[int, int, int]] = field(default_factory=list)
    """(level, reading, count) of the others that book something."""
    marks: list[tuple[int, Mark]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    level: int = 0
    """The last accepted reading."""
    candidate: int = -1
    """The last quarantined reading since then, −1 = the one remembered from before."""


class Walk:
    """Decides the readings of one piece."""

    def __init__(self, piece: Piece, columns: RuleColumns, restarts: Int64, memory: Memory) -> None:
        """Take the piece and what was remembered; `memory.run` is changed in place."""
        self._values = piece.values
        self._tau = piece.tau
        self._config = piece.config
        self._columns = columns
        self._restarts = restarts
        self._memory = memory
        candidate = memory.candidate
        self._before = (0, 0)
        if memory.run and candidate is not None:
            self._before = round(candidate.value * piece.scale), candidate.tau

    def run(self) -> Walked:
        """Return what the readings book; `level` and `candidate` are where the next piece begins."""
        n = len(self._values)
        found = Walked(np.zeros(n, dtype=np.bool_))
        found.plain[1:] = plain = self._plausible()
        at = self._repair(1, found) if self._memory.run else 0
        for j in (np.flatnonzero(~plain) + 1).tolist():
            if j > at:
                at = self._repair(j, found)
        if not self._memory.run:
            found.level = n - 1
        return found

    def _plausible(self) -> Bool:
        """Return for every reading from the second on whether it is plain against its neighbour."""
        values, config, columns = self._values, self._config[1:], self._columns
        dt = np.diff(self._tau)
        most = int(columns.pieces.max()) * int(dt.max(initial=0))
        if values.dtype == object or not columns.safe or most >= SAFE:
            return np.zeros(len(dt), dtype=np.bool_)
        step = np.diff(values)
        one = len(columns.rules) == 1
        pieces = columns.pieces[0] if one else columns.pieces[config]
        per_ms = columns.per_ms[0] if one else columns.per_ms[config]
        free = columns.free[0] if one else columns.free[config]
        plain: Bool = step >= 0
        if int(step.max(initial=0)) * int(columns.per_ms.max()) < SAFE:
            # d ≤ ⌈pieces·Δt/ms⌉ + 1 without a division
            plain &= free | ((step - 2) * per_ms < pieces * dt)
        else:
            plain &= free | (step <= -(-pieces * dt // per_ms) + 1)
        if int(columns.round_ms.min()) <= int(dt.max(initial=0)):
            plain &= (step == 0) | (dt < columns.round_ms[config])
        for number, events in enumerate(columns.events):
            for at in events.tolist():
                j = int(np.searchsorted(self._tau, at, side="left"))
                if 0 < j < len(values) and int(self._config[j]) == number:
                    plain[j - 1] = False
        return plain

    def _repair(self, j: int, found: Walked) -> int:
        """Decide readings from j on, the level being j − 1; return the first accepted one, or their number."""
        level, memory = j - 1, self._memory
        while j < len(self._values):
            rules = self._columns.rules[int(self._config[j])]
            found.plain[j] = False
            tau = int(self._tau[j])
            count, mark = self._decide(level, j, rules)
            if mark is not None:
                found.marks.append((tau, mark))
            if count is None:
                found.marks.append((tau, Mark.QUARANTINED))
                memory.run = memory.run + 1 if memory.run and self._agrees(j, rules) else 1
                self._before = int(self._values[j]), tau
                found.candidate = j
                if memory.run < RUN_LENGTH:
                    found.refused.append(j)
                    j += 1
                    continue
            elif count:
                found.steps.append((level, j, count))
            if count is None or memory.run or mark not in NO_GAP:
                found.gaps.append(Gap(int(self._tau[level]), tau, rules))
            memory.run = 0
            return j
        found.level = level
        return j

    def _decide(self, a: int, b: int, rules: Counter) -> tuple[int | None, Mark | None]:
        low, high = int(self._tau[a]), int(self._tau[b])
        proof = Proof(
            event=self._columns.event_between(int(self._config[b]), low, high),
            restarted=_any_between(self._restarts, low, high),
        )
        return decide(int(self._values[a]), int(self._values[b]), high - low, rules, proof)

    def _agrees(self, j: int, rules: Counter) -> bool:
        value, tau = self._before
        return agrees(value, int(self._values[j]), int(self._tau[j]) - tau, rules)


def _any_between(instants: Int64, after_ms: int, to_ms: int) -> bool:
    """Return whether one of rising instants lies in (after, to]."""
    at = int(np.searchsorted(instants, after_ms, side="right"))
    return at < len(instants) and int(instants[at]) <= to_ms


def _round_ms(rules: Counter) -> int:
    """Return the least Δt with pieces·Δt/ms ≥ modulus; very long if it cannot go round."""
    if not rules.modulus or not rules.limited or not rules.pieces:
        return _NEVER
    return min(-(-rules.modulus * rules.per_ms // rules.pieces), _NEVER)
