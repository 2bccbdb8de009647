"""State "run" that nothing else confirms (kpi-audit U7, contradiction rule), and the held slots that it voids.

Run, no count for more than ten ideal cycles, and no energy advance over one energy slot: then the last value of such
a machine may not be held alive, because it is contradicted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from kpi.calendar import Interval
from kpi.intervals import meet
from kpi.slots import OUTCOMES, Outcome, PointSlots
from kpi.upload.summary import AssetPoints

CYCLES: Final = 10
"""Ideal cycles without a count."""
_HELD: Final = OUTCOMES.index(Outcome.HELD_ALIVE)
_VOID: Final = OUTCOMES.index(Outcome.MISSED_ITEM)


Register = tuple[tuple[int, int], ...]
"""(instant in Unix ms, reading) by time, proofs of life with the reading that they confirm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What is known of one machine over a window."""

    running: tuple[Interval, ...]
    """Proven state run, disjoint, by time."""
    counts: tuple[Register, ...]
    """Its counters; none = the rule cannot be applied."""
    ideal_cycle_ms: Fraction
    """Longest ideal time a piece in force; 0 = none, the rule cannot be applied."""
    energy: tuple[Register, ...]
    """Energy registers that measure it; none = the rule cannot be applied."""
    energy_slot_ms: int

    @property
    def testable(self) -> bool:
        """Return whether counts, ideal cycle and energy are all known."""
        return bool(self.counts) and self.ideal_cycle_ms > 0 and bool(self.energy)


def contradictions(machine: Machine) -> tuple[Interval, ...]:
    """Return the stretches that contradict themselves, by time; none if the rule cannot be applied.

    Each lies in one run, in more than CYCLES ideal cycles between equal counts, and in at least one energy slot between
    equal register readings. What was not read is not known to stand still.
    """
    if not machine.testable:
        return ()
    found = list(machine.running)
    for counter in machine.counts:
        found = meet(found, _flat(counter))
    found = [(a, b) for a, b in found if b - a > CYCLES * machine.ideal_cycle_ms]
    for register in machine.energy:
        found = meet(found, _flat(register))
    return tuple((a, b) for a, b in found if b - a >= machine.energy_slot_ms)


def void_held(
    points: Iterable[AssetPoints], where: Mapping[str, Sequence[Interval]]
) -> tuple[AssetPoints, ...]:
    """Return the points with the held slots of contradicted assets turned into missed ones (item)."""
    return tuple(
        AssetPoints(a.asset, tuple(_void(p, where.get(a.asset, ())) for p in a.slots), a.parts)
        for a in points
    )


def _flat(register: Register) -> list[Interval]:
    """Return the stretches from the first to the last of equal readings, by time."""
    found: list[Interval] = []
    at = 0
    for i in range(1, len(register) + 1):
        if i == len(register) or register[i][1] != register[at][1]:
            if register[i - 1][0] > register[at][0]:
                found.append((register[at][0], register[i - 1][0]))
            at = i
    return found


def _void(point: PointSlots, intervals: Sequence[Interval]) -> PointSlots:
    if not intervals:
        return point
    outcome = point.outcome.copy()
    end = point.start_ms + point.length_ms
    for a, b in intervals:
        meets = (point.start_ms < b) & (end > a)
        outcome[meets & (outcome == _HELD)] = _VOID
    return PointSlots(point.signal, point.start_ms, point.length_ms, outcome)
