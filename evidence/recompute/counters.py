"""Counter steps and the time of booked counts (claims.md §2)."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from typing import Final, NamedTuple

from evidence.recompute.plant_model import CounterRule

SHORT_MS: Final = 120_000
"""Counts between readings at most this far apart are booked whole at the later one."""
_RUN_TO_ACCEPT: Final = 3


class Reading(NamedTuple):
    """One good value row of a counter, with the rule of the configuration that sealed it."""

    tau: int
    value: int
    rule: CounterRule


class Mark(Enum):
    """What is to be said about a reading."""

    PLAIN = ""
    RESET = "reset"
    AMBIGUOUS = "ambiguous"
    LOST = "lost"
    QUARANTINED = "quarantined"


class Step(NamedTuple):
    """The decision about one reading.

    accepted: whether it became the level. since: τ of the level before it (its own for the first). booked: count
    between that level and this reading.
    """

    tau: int
    since: int
    booked: int
    mark: Mark
    accepted: bool
    rule: CounterRule


def steps(readings: Iterable[Reading]) -> Iterator[Step]:
    """Yield one decision a reading, in order."""
    level: Reading | None = None
    candidate: Reading | None = None
    run = 0
    for new in readings:
        if level is None:
            yield Step(new.tau, new.tau, 0, Mark.PLAIN, accepted=True, rule=new.rule)
            level = new
            continue
        since = level.tau
        verdict = _judge(level, new)
        if verdict is not None:
            yield Step(new.tau, since, *verdict, accepted=True, rule=new.rule)
            level, candidate, run = new, None, 0
            continue
        run = run + 1 if candidate is not None and _continues(candidate, new) else 1
        candidate = new
        accepted = run == _RUN_TO_ACCEPT
        yield Step(new.tau, since, 0, Mark.QUARANTINED, accepted, new.rule)
        if accepted:
            level, candidate, run = new, None, 0


def _plausible(count: int, elapsed_ms: int, rule: CounterRule) -> bool:
    """Return whether `count` ≤ ⌈pieces·Δt/ms⌉ + 1; everything is where the rate is not limited."""
    return not rule.limited or count <= -(-rule.pieces * elapsed_ms // rule.ms) + 1


def _continues(old: Reading, new: Reading) -> bool:
    delta = new.value - old.value
    return delta >= 0 and (delta == 0 or _plausible(delta, new.tau - old.tau, new.rule))


def _judge(old: Reading, new: Reading) -> tuple[int, Mark] | None:
    """Return (booked, mark) by rules 1 to 3, None for quarantine."""
    delta = new.value - old.value
    if delta == 0:
        return _NOTHING
    rule, elapsed = new.rule, new.tau - old.tau
    if delta > 0:
        return (delta, Mark.PLAIN) if _plausible(delta, elapsed, rule) else None
    since_reset = new.value - rule.first
    reset = since_reset >= 0 and _plausible(since_reset, elapsed, rule)
    if rule.modulus > 0:
        if rule.limited and rule.pieces * elapsed >= rule.modulus * rule.ms:
            return 0, Mark.LOST
        rolled = delta % rule.modulus
        if _plausible(rolled, elapsed, rule):
            return rolled, Mark.AMBIGUOUS if reset else Mark.PLAIN
    return (since_reset, Mark.RESET) if reset else None


_NOTHING: Final = (0, Mark.PLAIN)

Elapsed = Callable[[int, int], int]
"""Returns the milliseconds of [a, b) over which a count is spread."""


class Spreader:
    """Adds booked counts to the intervals between neighbouring edges (ascending, at least two)."""

    __slots__ = ("_at", "_edges", "_elapsed", "counts")

    def __init__(self, edges: Sequence[int], elapsed: Elapsed) -> None:
        self._edges = edges
        self._elapsed = elapsed
        self._at = 0
        self.counts = [0] * (len(edges) - 1)

    def add(self, step: Step) -> None:
        """Book one step; steps come in order of τ."""
        edges = self._edges
        if step.tau < edges[0]:
            return
        whole = 0
        if step.tau - step.since > SHORT_MS:
            whole = self._elapsed(step.since, step.tau)
        if whole:
            self._allocate(step, whole)
        elif step.tau < edges[-1]:
            while edges[self._at + 1] <= step.tau:
                self._at += 1
            self.counts[self._at] += step.booked

    def _allocate(self, step: Step, whole: int) -> None:
        """Spread a count over the intervals between its two readings (U4)."""
        first = max(bisect_right(self._edges, step.since) - 1, 0)
        before = self._booked_until(self._edges[first], step, whole)
        for i in range(first, len(self.counts)):
            edge = self._edges[i + 1]
            after = self._booked_until(edge, step, whole)
            self.counts[i] += after - before
            before = after
            if edge >= step.tau:
                break

    def _booked_until(self, instant: int, step: Step, whole: int) -> int:
        if instant <= step.since:
            return 0
        if instant >= step.tau:
            return step.booked
        return step.booked * self._elapsed(step.since, instant) // whole


class Gap(NamedTuple):
    """An interval of a counter in which pieces may have been lost. rule: of the reading that ends it."""

    start: int
    end: int
    rule: CounterRule


class SignalCount:
    """What is kept of one counter signal: no step, only what claims ask for.

    booked: count by interval. accepted: τ of the accepted readings. gaps: closed ones, and the open one at the end.
    marks: readings with τ inside the edges by mark.
    """

    __slots__ = ("accepted", "booked", "gaps", "marks")

    def __init__(self, readings: Iterable[Reading], edges: Sequence[int], elapsed: Elapsed) -> None:
        spreader = Spreader(edges, elapsed)
        self.booked = spreader.counts
        self.accepted = array("q")
        self.gaps: list[Gap] = []
        self.marks: Counter[Mark] = Counter()
        level: int | None = None
        doubtful: Step | None = None
        for step in steps(readings):
            if step.booked:
                spreader.add(step)
            if step.mark is not Mark.PLAIN and edges[0] <= step.tau < edges[-1]:
                self.marks[step.mark] += 1
            if not step.accepted:
                doubtful = step
                continue
            if level is not None and (doubtful is not None or step.mark is not Mark.PLAIN):
                self.gaps.append(Gap(level, step.tau, step.rule))
            level, doubtful = step.tau, None
            self.accepted.append(level)
        if level is not None and doubtful is not None:
            self.gaps.append(Gap(level, edges[-1], doubtful.rule))

    def accepted_between(self, low: int, high: int) -> bool:
        """Return whether an accepted reading has τ in [low, high)."""
        at = bisect_left(self.accepted, low)
        return at < len(self.accepted) and self.accepted[at] < high
