"""What one step of a counter books and what is unusual about it (docs/formats/statistics.md §6, kpi-audit U6)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kpi.document_types import Counter

RUN_LENGTH: Final = 3
"""So many quarantined readings that agree with each other become the new level."""


class Mark(StrEnum):
    """Something unusual at a reading."""

    SEGMENT = "segment"
    """Replaced or set by hand: nothing is booked."""
    TURNS = "turns"
    """It may have gone round more than the reading shows."""
    RESTART = "restart"
    """The device began anew: counted from its first value."""
    CORRECTION = "correction"
    """Set back by hand a little."""
    LOST = "lost"
    """It may have gone round unseen: nothing is booked."""
    AMBIGUOUS = "ambiguous"
    """Rolled over or reset, both are plausible."""
    RESET = "reset"
    QUARANTINED = "quarantined"
    """Not plausible: not believed."""


MARKS: Final = tuple(Mark)
"""Mark of a code in the arrays."""
MARK_CODE: Final = {mark: i for i, mark in enumerate(MARKS)}
NO_GAP: Final = (None, Mark.CORRECTION)
"""Marks after which nothing can be missing."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What else is known about the time (τ0, τ1] of a step."""

    event: bool = False
    """The counter was replaced or set by hand."""
    restarted: bool = False
    """The uptime of the device fell."""


NOTHING_ELSE: Final = Proof()


def within(count: int, dt_ms: int, rules: Counter) -> bool:
    """Return count ≤ ⌈pieces·Δt/ms⌉ + 1; always true without a limit."""
    return not rules.limited or count <= -(-rules.pieces * dt_ms // rules.per_ms) + 1


def turned(dt_ms: int, rules: Counter) -> bool:
    """Return whether the counter may have gone round in the time."""
    far = rules.pieces * dt_ms >= rules.modulus * rules.per_ms
    return rules.modulus > 0 and rules.limited and far


def decide(
    old: int, new: int, dt_ms: int, rules: Counter, proof: Proof = NOTHING_ELSE
) -> tuple[int | None, Mark | None]:
    """Return what a step from one reading to a later one books and its mark; a count of None means quarantine."""
    if proof.event:
        return 0, Mark.SEGMENT
    if new >= old:
        if not within(new - old, dt_ms, rules):
            return None, None
        return new - old, Mark.TURNS if new > old and turned(dt_ms, rules) else None
    return _backwards(old, new, dt_ms, rules, restarted=proof.restarted)


def _backwards(
    old: int, new: int, dt_ms: int, rules: Counter, *, restarted: bool
) -> tuple[int | None, Mark | None]:
    """Apply rule 3."""
    anew = new - rules.first
    anew_fits = anew >= 0 and within(anew, dt_ms, rules)
    if restarted and anew_fits:
        return anew, Mark.RESTART
    if old - new <= rules.max_correction:
        return new - old, Mark.CORRECTION
    if turned(dt_ms, rules):
        return 0, Mark.LOST
    if rules.modulus and within((new - old) % rules.modulus, dt_ms, rules):
        return (new - old) % rules.modulus, Mark.AMBIGUOUS if anew_fits else None
    return (anew, Mark.RESET) if anew_fits else (None, None)


def agrees(old: int, new: int, dt_ms: int, rules: Counter) -> bool:
    """Return whether rules 1 or 2 accept a step: quarantined readings are compared by them."""
    return new >= old and within(new - old, dt_ms, rules)
