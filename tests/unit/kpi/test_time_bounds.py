"""Bounds of time ratios where state is unknown (kpi-audit U3), against brute force and by hand."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

from kpi.atoms import PBT_ATOMS
from kpi.equipment.time_bounds import VERTICES, Linear, Range, TimeRatio, time_range
from model.state import Atom

MIN = 60_000
APT = frozenset({Atom.RUN, Atom.RUN_X})
ADET = frozenset({Atom.MINOR, Atom.FAULT, Atom.WAIT})
AUST = frozenset({Atom.SETUP})
PBT = frozenset(PBT_ATOMS)

AVAILABILITY = TimeRatio(Linear(APT), Linear(PBT))
TECHNICAL = TimeRatio(Linear(APT), Linear(APT | ADET))
SETUP_RATIO = TimeRatio(Linear(AUST), Linear(APT | AUST))
NEE_FACTOR = TimeRatio(Linear(APT | AUST), Linear(APT))
SPEED = TimeRatio(Linear(frozenset(), Fraction(300 * MIN)), Linear(APT))


def atoms(**minutes: int) -> dict[Atom, int]:
    return {a: minutes.get(a.value, 0) * MIN for a in Atom}


def brute(group: list[dict[Atom, int]], ratio: TimeRatio) -> tuple[set[Fraction], bool]:
    """Every value that an assignment of each asset's whole unknown time gives; whether one has n > 0 over d = 0."""
    values, open_ = set(), False
    for choice in itertools.product(VERTICES, repeat=len(group)):
        n, d = ratio.numerator.constant, ratio.denominator.constant
        for one, vertex in zip(group, choice, strict=True):
            moved = dict(one)
            unknown = moved[Atom.UNK]
            moved[Atom.UNK] = 0
            moved[vertex] += unknown
            n += sum(moved[a] for a in ratio.numerator.atoms)
            d += sum(moved[a] for a in ratio.denominator.atoms)
        if d:
            values.add(n / d)
        else:
            open_ = open_ or n > 0
    return values, open_


def test_availability_of_e5_run_330_of_500_with_110_unknown() -> None:
    # kpi-audit E5 (ii): known run 330, unknown 110, planned 500: A in [330/500, 440/500] = [.66, .88].
    group = [atoms(run=330, idle=60, unk=110)]
    assert time_range(group, AVAILABILITY) == Range(Fraction(33, 50), Fraction(22, 25))


def test_technical_efficiency_reaches_zero_and_one_only_where_they_can_be() -> None:
    # run 60, fault 30, unknown 10: all fault -> 60/100, all run -> 70/100, idle leaves 60/90 between them.
    found = time_range([atoms(run=60, fault=30, unk=10)], TECHNICAL)
    assert found == Range(Fraction(3, 5), Fraction(7, 10))


def test_nothing_known_technical_efficiency_is_between_zero_and_one() -> None:
    # The vertex "idle" gives 0/0, which says nothing; a little run gives 1 and a little fault 0.
    assert time_range([atoms(unk=10)], TECHNICAL) == Range(Fraction(0), Fraction(1))


def test_denominator_that_may_vanish_makes_the_high_side_unbounded() -> None:
    # U3: NEE and effectiveness with APT = 0. Setup 20, unknown 10: APT may be 0, then AUPT/APT has no limit;
    # least if all of it ran: 30/10.
    assert time_range([atoms(setup=20, unk=10)], NEE_FACTOR) == Range(Fraction(3), None)
    # 300 min of ideal time over an APT between 0 and 100 min.
    assert time_range([atoms(unk=100)], SPEED) == Range(Fraction(3), None)


def test_no_planned_time_has_no_range() -> None:
    assert time_range([atoms(off=60)], AVAILABILITY) is None


def test_known_time_gives_a_single_value() -> None:
    assert time_range([atoms(run=1, idle=2)], AVAILABILITY) == Range(Fraction(1, 3), Fraction(1, 3))


def test_two_machines_are_independent_and_bounds_are_those_of_brute_force() -> None:
    rng = random.Random(20_261_127)
    for _ in range(150):
        group = [
            {a: rng.choice((0, 0, 1, 7, 60)) * MIN for a in Atom}
            for _ in range(rng.choice((1, 2, 3)))
        ]
        for ratio in (AVAILABILITY, TECHNICAL, SETUP_RATIO, NEE_FACTOR, SPEED):
            values, open_ = brute(group, ratio)
            found = time_range(group, ratio)
            if not values:
                assert found is None or found.high is None
                continue
            assert found is not None
            assert found.low == min(values)
            assert found.high == (None if open_ else max(values))
