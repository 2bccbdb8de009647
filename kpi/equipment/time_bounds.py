"""Bounds of ratios of time where state is unknown, by enumeration (kpi-audit U3, BND-1).

The unknown ms of each asset go as a whole to one atom; a ratio of sums over many assets is optimised exactly by
Dinkelbach's iteration, in which each asset chooses its best atom for the ratio reached so far.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from model.state import Atom

VERTICES: Final = (
    Atom.RUN,
    Atom.SETUP,
    Atom.MINOR,
    Atom.FAULT,
    Atom.WAIT,
    Atom.IDLE,
    Atom.TEST,
)
"""Atoms that unknown time inside planned busy time may have been."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A constant plus the ms of some atoms."""

    atoms: frozenset[Atom]
    constant: Fraction = Fraction(0)

    def of(self, atoms: Mapping[Atom, int]) -> Fraction:
        """Return the value for one set of atoms, the constant included."""
        return self.constant + sum(atoms[a] for a in self.atoms)


@dataclass(frozen=True, slots=True)
class TimeRatio:
    """numerator / denominator, each linear in the atoms of a group."""

    numerator: Linear
    denominator: Linear


@dataclass(frozen=True, slots=True)
class Range:
    """Least and greatest value; None = not bounded on that side."""

    low: Fraction | None
    high: Fraction | None


def time_range(group: Sequence[Mapping[Atom, int]], ratio: TimeRatio) -> Range | None:
    """Return the range of a ratio of sums over `group`; None if its denominator is 0 whatever the unknown time was.

    group: the 14 atoms of each asset. Exact: a linear-fractional function is extremal at a vertex of the product of
    simplices. Where the denominator vanishes at a vertex but not the numerator, the high side is not bounded.
    """
    lines = [_vertices(atoms, ratio) for atoms in group]
    top = ratio.numerator.constant
    bottom = ratio.denominator.constant
    if bottom + sum(max(d for _, d in line) for line in lines) <= 0:
        return None
    low = -_greatest([[(-n, d) for n, d in line] for line in lines], -top, bottom)
    if bottom + sum(min(d for _, d in line) for line in lines) <= 0:
        worst = top + sum(max(n for n, d in line if d == 0) for line in lines)
        if worst > 0:
            return Range(low, None)
    return Range(low, _greatest(lines, top, bottom))


def _vertices(atoms: Mapping[Atom, int], ratio: TimeRatio) -> list[tuple[int, int]]:
    """Return (numerator, denominator) of one asset without constants for each atom that its unknown time may be."""
    n = sum(atoms[a] for a in ratio.numerator.atoms)
    d = sum(atoms[a] for a in ratio.denominator.atoms)
    unknown = atoms[Atom.UNK]
    if not unknown:
        return [(n, d)]
    # UNK itself may stand in the ratio (PBT does); it stays there whatever it was, so only the other atoms move.
    moved = Atom.UNK in ratio.numerator.atoms, Atom.UNK in ratio.denominator.atoms
    return list(
        dict.fromkeys(
            (
                n + (unknown if not moved[0] and a in ratio.numerator.atoms else 0),
                d + (unknown if not moved[1] and a in ratio.denominator.atoms else 0),
            )
            for a in VERTICES
        )
    )


def _greatest(
    lines: Sequence[Sequence[tuple[int, int]]], top: Fraction, bottom: Fraction
) -> Fraction:
    """Return the greatest (top + Σn) / (bottom + Σd) over one choice a line, denominators of 0 left out.

    Dinkelbach: from a ratio reached, every line takes the pair with the greatest n − λ·d; the ratio of these is not
    smaller, and when it does not grow it is the greatest. Each step is one pass; the ratios are finitely many.
    """
    chosen = [max(line, key=_second) for line in lines]
    reached = (top + sum(n for n, _ in chosen)) / (bottom + sum(d for _, d in chosen))
    while True:
        chosen = [_best(line, reached) for line in lines]
        denominator = bottom + sum(d for _, d in chosen)
        if denominator <= 0:
            return reached
        better = (top + sum(n for n, _ in chosen)) / denominator
        if better <= reached:
            return reached
        reached = better


def _second(pair: tuple[int, int]) -> int:
    return pair[1]


def _best(line: Sequence[tuple[int, int]], at: Fraction) -> tuple[int, int]:
    """Return the pair with the greatest n − at·d; of equal ones that with the greater d."""
    return max(line, key=lambda pair: (pair[0] - at * pair[1], pair[1]))
