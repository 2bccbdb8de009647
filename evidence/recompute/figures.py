"""What a window says about one asset: integers by production day (claims.md §3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from evidence.recompute.calendars import Segment
from evidence.recompute.counters import Mark, SignalCount
from model.signal import Role
from model.state import Atom

COUNT_ROLES: Final = (Role.COUNT_GOOD, Role.COUNT_SCRAP, Role.COUNT_TOTAL)
BUSY: Final = (
    Atom.RUN,
    Atom.SETUP,
    Atom.MINOR,
    Atom.FAULT,
    Atom.WAIT,
    Atom.IDLE,
    Atom.IDLE_FAULT,
    Atom.TEST,
    Atom.UNK,
    Atom.RUN_X,
)
"""Atoms of the planned busy time PBT."""


class Day(NamedTuple):
    """A production day cut to the window. whole: it lies wholly inside."""

    start: int
    end: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Counting:
    """All counters of one role of one device, one by one. proven: an H row says that a counter stood still."""

    by_signal: tuple[SignalCount, ...]
    proven: bool = False

    def accepted_between(self, low: int, high: int) -> bool:
        """Return whether any signal has an accepted reading with τ in [low, high)."""
        return any(one.accepted_between(low, high) for one in self.by_signal)

    def booked(self, days: int) -> list[int]:
        """Return the booked count of each of the `days` production days."""
        return [sum(one.booked[day] for one in self.by_signal) for day in range(days)]

    @property
    def marks(self) -> Counter[Mark]:
        """Return how many readings with τ inside the window carry each mark."""
        return sum((one.marks for one in self.by_signal), Counter())


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Integers of one asset and production day; a count is None where it is not known."""

    day: Day
    atoms: Mapping[Atom, int]
    good: int | None
    scrap: int | None
    total: int | None
    ideal_cycle: Fraction

    @property
    def pbt(self) -> int:
        """Return the planned busy time in ms."""
        return sum(self.atoms[atom] for atom in BUSY)

    @property
    def apt(self) -> int:
        """Return the actual production time in ms."""
        return self.atoms[Atom.RUN] + self.atoms[Atom.RUN_X]


@dataclass(frozen=True, slots=True)
class AssetFigures:
    """What a window says about one asset."""

    asset: str
    days: tuple[DayFigures, ...]
    counting: Mapping[Role, Counting]
    segments: tuple[Segment, ...]

    def atom(self, atom: Atom) -> int:
        """Return the ms of one atom over the window."""
        return sum(day.atoms[atom] for day in self.days)

    @property
    def pbt(self) -> int:
        """Return the planned busy time in ms."""
        return sum(day.pbt for day in self.days)

    @property
    def apt(self) -> int:
        """Return the actual production time in ms."""
        return sum(day.apt for day in self.days)

    def count(self, name: str) -> int | None:
        """Return good, scrap or total over the window, None unless known on every day."""
        values = [getattr(day, name) for day in self.days]
        return None if None in values else sum(values)
