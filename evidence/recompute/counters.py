"""Counter steps and the time of booked counts (claims.md §2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final, NamedTuple

from evidence.recompute.plant import CounterRule

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


def steps(readings: Sequence[Reading]) -> list[Step]:
    """Return one decision a reading, in order."""
    decided: list[Step] = []
    level: Reading | None = None
    candidate: Reading | None = None
    run = 0
    for new in readings:
        if level is None:
            decided.append(Step(new.tau, new.tau, 0, Mark.PLAIN, accepted=True, rule=new.rule))
            level = new
            continue
        since = level.tau
        verdict = _judge(level, new)
        if verdict is not None:
            booked, mark = verdict
            decided.append(Step(new.tau, since, booked, mark, accepted=True, rule=new.rule))
            level, candidate, run = new, None, 0
            continue
        run = run + 1 if candidate is not None and _continues(candidate, new) else 1
        candidate = new
        accepted = run == _RUN_TO_ACCEPT
        decided.append(Step(new.tau, since, 0, Mark.QUARANTINED, accepted, new.rule))
        if accepted:
            level, candidate, run = new, None, 0
    return decided


def _plausible(count: int, elapsed_ms: int, rule: CounterRule) -> bool:
    """Return whether `count` ≤ ⌈pieces·Δt/ms⌉ + 1; everything is where the rate is not limited."""
    return not rule.limited or count <= -(-rule.pieces * elapsed_ms // rule.ms) + 1


def _continues(old: Reading, new: Reading) -> bool:
    delta = new.value - old.value
    return delta >= 0 and (delta == 0 or _plausible(delta, new.tau - old.tau, new.rule))


def _judge(old: Reading, new: Reading) -> tuple[int, Mark] | None:
    """Return (booked, mark) by rules 1 to 3, None for quarantine."""
    rule, elapsed = new.rule, new.tau - old.tau
    delta = new.value - old.value
    if delta >= 0:
        return (delta, Mark.PLAIN) if _continues(old, new) else None
    since_reset = new.value - rule.first
    reset = since_reset >= 0 and _plausible(since_reset, elapsed, rule)
    if rule.modulus > 0:
        if rule.limited and rule.pieces * elapsed >= rule.modulus * rule.ms:
            return 0, Mark.LOST
        rolled = delta % rule.modulus
        if _plausible(rolled, elapsed, rule):
            return rolled, Mark.AMBIGUOUS if reset else Mark.PLAIN
    return (since_reset, Mark.RESET) if reset else None


Elapsed = Callable[[int, int], int]
"""Returns the milliseconds of [a, b) over which a count is spread."""


def spread(decided: Sequence[Step], edges: Sequence[int], elapsed: Elapsed) -> list[int]:
    """Return the booked count in each interval between neighbouring `edges` (ascending)."""
    counts = [0] * (len(edges) - 1)
    low, high = edges[0], edges[-1]
    at = 0
    for step in decided:
        if not step.booked or step.tau < low:
            continue
        whole = elapsed(step.since, step.tau) if step.tau - step.since > SHORT_MS else 0
        if whole == 0:
            if step.tau < high:
                while edges[at + 1] <= step.tau:
                    at += 1
                counts[at] += step.booked
            continue
        before = 0
        for i in range(len(counts)):
            if i == 0:
                before = _booked_until(edges[0], step, whole, elapsed)
            if edges[i + 1] <= step.since:
                continue
            after = _booked_until(edges[i + 1], step, whole, elapsed)
            counts[i] += after - before
            before = after
            if edges[i + 1] >= step.tau:
                break
    return counts


def _booked_until(instant: int, step: Step, whole: int, elapsed: Elapsed) -> int:
    if instant <= step.since:
        return 0
    if instant >= step.tau:
        return step.booked
    return step.booked * elapsed(step.since, instant) // whole
