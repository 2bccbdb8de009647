"""Counter steps (claims.md §2, kpi-audit U6): what each reading books, and where counts may be lost.

The common case, every step plausible, is one vectorised comparison; the sequential rule runs only from a step that is
not plausible to the next accepted reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kpi.document import Counter
from kpi.readings import SAFE, Readings
from kpi.window import Bool, Int64

_RUN_LENGTH: Final = 3
"""So many quarantined readings that agree with each other become the new level."""


class Event(StrEnum):
    """Something unusual at a reading."""

    RESET = "reset"
    AMBIGUOUS = "ambiguous"
    LOST = "lost"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Gap:
    """Time between two accepted readings in which counts may have been lost."""

    start_ms: int
    end_ms: int | None
    """None = no accepted reading follows."""
    rules: Counter
    """Rules of the reading that ends it (of the last reading if none does)."""


@dataclass(frozen=True, slots=True, eq=False)
class CounterRun:
    """What the readings of one counter signal book. Steps with a count of 0 are left out."""

    begin: Int64
    """Level's τ of every booked step."""
    end: Int64
    """τ of the reading that books."""
    count: Readings
    """Booked count, at least 1."""
    accepted: Int64
    """τ of every accepted reading."""
    events: tuple[tuple[int, Event], ...]
    """(τ, what)."""
    gaps: tuple[Gap, ...]


def decide(old: int, new: int, dt_ms: int, rules: Counter) -> tuple[int | None, Event | None]:
    """Return what one step books and what was unusual; a count of None means quarantine. Source: U6, claims.md §2."""
    forward = _forward(old, new, dt_ms, rules)
    if new >= old:
        return forward, None
    modulus = rules.modulus
    if modulus and rules.limited and rules.pieces * dt_ms >= modulus * rules.per_ms:
        return 0, Event.LOST
    rolled, restarted = (new - old) % modulus if modulus else 0, new - rules.first
    restart_fits = restarted >= 0 and _within(restarted, dt_ms, rules)
    if modulus and _within(rolled, dt_ms, rules):
        return rolled, Event.AMBIGUOUS if restart_fits else None
    return (restarted, Event.RESET) if restart_fits else (None, None)


def counter_run(
    values: Readings, tau: Int64, rules: list[Counter], rule_of: NDArray[np.int32]
) -> CounterRun:
    """Return what the good readings of one counter signal book, in order.

    values: readings; tau: their instants, not falling; rule_of: index into `rules` of every reading.
    """
    n = len(values)
    if n == 0:
        empty = np.zeros(0, dtype=np.int64)
        return CounterRun(empty, empty, empty, empty, (), ())
    plain = _plausible(values, tau, rules, rule_of)
    walk = _Walk(values, tau, rules, rule_of)
    i = 0
    for b in (np.flatnonzero(~plain) + 1).tolist():
        if b > i:
            i = walk.repair(b)
    fast = np.zeros(n, dtype=np.bool_)
    fast[1:] = plain
    fast[walk.touched] = False
    steps = np.flatnonzero(fast)
    difference = values[steps] - values[steps - 1]
    booked = difference > 0
    steps, difference = steps[booked], difference[booked]
    accepted = np.ones(n, dtype=np.bool_)
    accepted[walk.refused] = False
    begin, end, count = tau[steps - 1], tau[steps], difference
    if walk.steps:
        begin = np.concatenate(
            [begin, np.array([tau[a] for a, _, _ in walk.steps], dtype=np.int64)]
        )
        end = np.concatenate([end, np.array([tau[b] for _, b, _ in walk.steps], dtype=np.int64)])
        count = np.concatenate([count, np.array([c for _, _, c in walk.steps], dtype=values.dtype)])
    return CounterRun(begin, end, count, tau[accepted], tuple(walk.events), tuple(walk.gaps))


def _within(count: int, dt_ms: int, rules: Counter) -> bool:
    """Return count ≤ ⌈pieces·Δt/ms⌉ + 1; always true without a limit."""
    return not rules.limited or count <= -(-rules.pieces * dt_ms // rules.per_ms) + 1


def _forward(old: int, new: int, dt_ms: int, rules: Counter) -> int | None:
    """Apply rules 1 and 2 only."""
    return new - old if new >= old and _within(new - old, dt_ms, rules) else None


def _plausible(
    values: Readings, tau: Int64, rules: list[Counter], rule_of: NDArray[np.int32]
) -> Bool:
    """Return for every reading from the second on whether rules 1 or 2 accept it against its neighbour."""
    dt = np.diff(tau)
    pieces_most = max(r.pieces for r in rules)
    too_big = pieces_most * int(dt.max(initial=0)) >= SAFE or any(r.per_ms >= SAFE for r in rules)
    if values.dtype == object or too_big:
        return np.zeros(len(dt), dtype=np.bool_)
    step = np.diff(values)
    pieces = np.array([r.pieces for r in rules], dtype=np.int64)[rule_of[1:]]
    per_ms = np.array([r.per_ms for r in rules], dtype=np.int64)[rule_of[1:]]
    cap = -(-pieces * dt // per_ms) + 1
    free = np.array([not r.limited for r in rules])[rule_of[1:]]
    plain: Bool = (step >= 0) & (free | (step <= cap))
    return plain


class _Walk:
    """The sequential rule from one implausible step to the next accepted reading."""

    def __init__(
        self, values: Readings, tau: Int64, rules: list[Counter], rule_of: NDArray[np.int32]
    ) -> None:
        self._values = values
        self._tau = tau
        self._rules = rules
        self._rule_of = rule_of
        self.touched: list[int] = []
        self.refused: list[int] = []
        self.steps: list[tuple[int, int, int]] = []
        self.events: list[tuple[int, Event]] = []
        self.gaps: list[Gap] = []

    def repair(self, j: int) -> int:
        """Decide readings from j on, the level being reading j − 1; return the first accepted one (or the last)."""
        level, candidate, run = j - 1, -1, 0
        rules = self._rules[self._rule_of[j]]
        while j < len(self._values):
            rules = self._rules[self._rule_of[j]]
            self.touched.append(j)
            count, event = self._decide(level, j, rules)
            if event is not None:
                self.events.append((int(self._tau[j]), event))
            if count is None:
                self.events.append((int(self._tau[j]), Event.QUARANTINED))
                agrees = run and self._agree(candidate, j, rules)
                run = run + 1 if agrees else 1
                candidate = j
                if run < _RUN_LENGTH:
                    self.refused.append(j)
                    j += 1
                    continue
            elif count:
                self.steps.append((level, j, count))
            if count is None or run or event is not None:
                self.gaps.append(Gap(int(self._tau[level]), int(self._tau[j]), rules))
            return j
        self.gaps.append(Gap(int(self._tau[level]), None, rules))
        return j

    def _decide(self, a: int, b: int, rules: Counter) -> tuple[int | None, Event | None]:
        dt = int(self._tau[b] - self._tau[a])
        return decide(int(self._values[a]), int(self._values[b]), dt, rules)

    def _agree(self, a: int, b: int, rules: Counter) -> bool:
        dt = int(self._tau[b] - self._tau[a])
        return _forward(int(self._values[a]), int(self._values[b]), dt, rules) is not None
