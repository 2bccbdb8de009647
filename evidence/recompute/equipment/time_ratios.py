"""Least and greatest value of a ratio of times whose unknown part may lie anywhere (statistics.md §8, kpi-audit U3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import Final

from model.state import Atom

Vertex = tuple[int, int]
"""What an asset adds to numerator and denominator if its unknown time goes one way; neither is negative."""
Bounds = tuple[Fraction, Fraction | None]
"""Least and greatest value, None where the high side is unbounded."""

CHOICES: Final = (
    Atom.RUN,
    Atom.SETUP,
    Atom.MINOR,
    Atom.FAULT,
    Atom.WAIT,
    Atom.IDLE,
    Atom.TEST,
)
"""Where the unknown planned time of an asset may go, as a whole."""


def vertices(
    atoms: Mapping[Atom, int], numerator: Collection[Atom], denominator: Collection[Atom]
) -> list[Vertex]:
    """Return what an asset adds to Σ numerator atoms / Σ denominator atoms for each choice.

    atoms: ms of one asset. Unknown time that goes to an atom is that atom, and UNK no longer.
    """
    unknown = atoms[Atom.UNK]
    found = []
    for choice in CHOICES:
        changed = {**atoms, Atom.UNK: 0, choice: atoms[choice] + unknown}
        found.append(
            (sum(changed[atom] for atom in numerator), sum(changed[atom] for atom in denominator))
        )
    return found


def ratio_bounds(assets: Sequence[Sequence[Vertex]]) -> Bounds | None:
    """Return the bounds of Σ numerators / Σ denominators over all combinations of one vertex an asset.

    None if the denominator is 0 in every combination. A combination with denominator 0 and another numerator makes the
    high side unbounded; 0/0 says nothing and is left out.
    Dinkelbach's iteration, exact: for a value λ each asset takes the vertex with the greatest n − λ·d, and the ratio of
    these is the next λ. It rises strictly until it is the maximum, so the work is no product over the assets.
    """
    if not any(d for asset in assets for _, d in asset):
        return None
    without_base = [max((n for n, d in asset if d == 0), default=None) for asset in assets]
    known = [n for n in without_base if n is not None]
    is_open = len(known) == len(assets) and sum(known) > 0
    high = None if is_open else _greatest(assets)
    return -_greatest([[(-n, d) for n, d in asset] for asset in assets]), high


def _greatest(assets: Sequence[Sequence[Vertex]]) -> Fraction:
    """Return the greatest ratio among the combinations whose denominator is positive."""
    chosen = [max(asset, key=lambda vertex: vertex[1]) for asset in assets]
    while True:
        num, den = sum(n for n, _ in chosen), sum(d for _, d in chosen)
        best = Fraction(num, den)
        p, q = best.numerator, best.denominator
        chosen = [max(asset, key=lambda vertex: vertex[0] * q - vertex[1] * p) for asset in assets]
        num, den = sum(n for n, _ in chosen), sum(d for _, d in chosen)
        if num * q - den * p <= 0:
            return best
