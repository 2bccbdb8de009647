"""Bounds of time ratios over many assets: Dinkelbach's iteration against all combinations (statistics.md §8, U3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.recompute.equipment.time_ratios import (
    CHOICES,
    Bounds,
    Vertex,
    ratio_bounds,
    vertices,
)
from evidence.recompute.figures import BUSY
from model.state import Atom

RUNNING = (Atom.RUN, Atom.RUN_X)
RATIOS: Mapping[str, tuple[Collection[Atom], Collection[Atom]]] = {
    "availability": (RUNNING, BUSY),
    "technical efficiency": (RUNNING, (*RUNNING, Atom.MINOR, Atom.FAULT, Atom.WAIT)),
    "setup ratio": ((Atom.SETUP,), (*RUNNING, Atom.SETUP)),
    "utilisation": (RUNNING, (*RUNNING, Atom.SETUP, Atom.MINOR, Atom.FAULT, Atom.WAIT)),
    "allocation": ((*RUNNING, Atom.SETUP, Atom.MINOR, Atom.FAULT, Atom.WAIT), BUSY),
}


def by_all_combinations(assets: Sequence[Sequence[Vertex]]) -> Bounds | None:
    """The definition itself: every combination of one vertex an asset."""
    ratios: list[Fraction] = []
    is_open = False
    for combination in product(*assets):
        num, den = (sum(part) for part in zip(*combination, strict=True))
        if den:
            ratios.append(Fraction(num, den))
        else:
            is_open |= num != 0
    return (min(ratios), None if is_open else max(ratios)) if ratios else None


ATOMS = st.fixed_dictionaries({atom: st.integers(0, 5) for atom in Atom})


@pytest.mark.parametrize("ratio", RATIOS.values(), ids=RATIOS)
@given(plants=st.lists(ATOMS, min_size=1, max_size=3))
def test_bounds_are_those_of_all_combinations(
    ratio: tuple[Collection[Atom], Collection[Atom]], plants: list[dict[Atom, int]]
):
    assets = [vertices(atoms, *ratio) for atoms in plants]
    assert prod(len(asset) for asset in assets) == 7 ** len(plants)
    assert ratio_bounds(assets) == by_all_combinations(assets)


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=4),
        min_size=1,
        max_size=5,
    )
)
def test_bounds_of_any_vertices_are_those_of_all_combinations(assets: list[list[Vertex]]):
    assert ratio_bounds(assets) == by_all_combinations(assets)


def atoms_of(**ms: int) -> dict[Atom, int]:
    return {atom: ms.get(atom.value, 0) for atom in Atom}


def test_vertices_move_the_whole_unknown_time_to_one_atom():
    # run 5, fault 2, unknown 3: availability 8/10 if it was running, 5/10 otherwise
    found = dict(
        zip(CHOICES, vertices(atoms_of(run=5, fault=2, unk=3), RUNNING, BUSY), strict=True)
    )
    assert found.pop(Atom.RUN) == (8, 10)
    assert set(found.values()) == {(5, 10)}


def test_worst_combination_is_not_that_of_each_asset_alone():
    # setup per run and setup, a: run 1, setup 3, unknown 2; b: run 6, setup 0, unknown 4.
    # the greatest value has all unknown time as setup, 9 of 16 ms; the least as run, 3 of 16; idle would leave 3 of 14
    ratio = RATIOS["setup ratio"]
    assets = [
        vertices(atoms_of(run=1, setup=3, unk=2), *ratio),
        vertices(atoms_of(run=6, unk=4), *ratio),
    ]
    assert ratio_bounds(assets) == (Fraction(3, 16), Fraction(9, 16))


def test_combination_with_denominator_0_and_another_numerator_makes_the_high_side_unbounded():
    # a constant numerator over running time that may be 0 (effectiveness, NEE)
    assert ratio_bounds([[(6, 0), (6, 3)]]) == (Fraction(2), None)
    # two assets: only together they reach 0
    assert ratio_bounds([[(6, 0), (6, 3)], [(0, 3)]]) == (Fraction(1), Fraction(2))


def test_combination_of_0_over_0_says_nothing():
    # setup ratio of an asset with nothing but unknown time: 1 if it was setup, 0 if it ran, 0/0 if it stood idle
    assets = [vertices(atoms_of(unk=5), *RATIOS["setup ratio"])]
    assert sorted(set(assets[0])) == [(0, 0), (0, 5), (5, 5)]
    assert ratio_bounds(assets) == (Fraction(0), Fraction(1))
    assert ratio_bounds([[(0, 0), (1, 3)]]) == (Fraction(1, 3), Fraction(1, 3))


def test_denominator_0_in_every_combination_has_no_bounds():
    assert ratio_bounds([[(6, 0)], [(0, 0), (1, 0)]]) is None
    assert ratio_bounds([]) is None


def test_a_thousand_assets_are_no_product_over_the_assets():
    # all alike: run 1, unknown 1, idle 2 each: from 1/4 to 1/2, out of 7^1000 combinations
    assets = [vertices(atoms_of(run=1, unk=1, idle=2), RUNNING, BUSY)] * 1000
    assert ratio_bounds(assets) == (Fraction(1, 4), Fraction(1, 2))
