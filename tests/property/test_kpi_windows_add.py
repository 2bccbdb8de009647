"""Windows add: what is booked in parts of a window is booked in the whole, to the last millisecond and piece."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi.allocation import counts_in_cells, elapsed
from kpi.atoms import atom_of, atoms_in_cells
from kpi.calendar import Kind, Segment
from kpi.days import AssetDays, asset_days
from kpi.energy import meter_days
from kpi.ratios import asset_slots
from kpi.timeline import STATES, Events, timeline_of
from kpi.window import Span
from kpi.workspace import Workspace
from model.flags import RowFlag
from model.signal import Role
from model.state import Atom, MachineState
from tests.support.kpi_plant import (
    MIN,
    SLOT0,
    T0,
    PlantLog,
    asset,
    calendar,
    counter,
    document,
    shift,
    signal,
)

LENGTH = 240
STOPPED = (Atom.MINOR, Atom.FAULT, Atom.WAIT)
"""A stop that a window cuts may be minor on one side, so only their sum is additive."""


def plant(seed: int) -> PlantLog:
    rng = random.Random(seed)
    log = PlantLog()
    doc = document(
        [asset("a1"), asset("m1", production=False, state_table="")],
        {
            "a1": [
                signal("state", "state", required=True),
                signal("good", "count_good", required=True, counter=counter(0, (2, MIN), 1000)),
                signal("scrap", "count_scrap"),
            ],
            "m1": [signal("energy", "energy", required=True, counter=counter(0, (0, 1)))],
        },
        calendar(shifts=[shift(480, 600), shift(620, 900)], breaks=[[540, 550]], day_start_min=600),
    )
    log.config(doc)
    log.blocks(SLOT0, SLOT0 + LENGTH + 10)
    good = scrap = wh = 0
    at = T0
    while at < T0 + LENGTH * MIN:
        at += rng.choice((1_000, 45_000, 60_000, 61_000, 400_000))
        if rng.random() < 0.1:
            log.alive("a1/state", at)
        else:
            log.row("a1/state", at, rng.randrange(0, 6), delay=rng.choice((0, 200_000)))
        good = (good + rng.randrange(0, 3)) % 1000
        if rng.random() < 0.05:
            good = rng.randrange(0, 1000)
        scrap += rng.randrange(0, 2)
        wh += rng.randrange(0, 50)
        log.row("a1/good", at, good, flags=rng.choice((0, 0, 0, RowFlag.BACK_FILLED)))
        if rng.random() < 0.5:
            log.row("a1/scrap", at, scrap)
            log.row("m1/energy", at, wh)
    return log


def sums(days: AssetDays) -> dict[str, int]:
    found = {a.value: m for a, m in days.atoms.items() if a not in STOPPED}
    found["stopped"] = sum(days.atoms[a] for a in STOPPED)
    pieces = days.pieces
    assert pieces.good is not None
    assert pieces.scrap is not None
    found |= {"good": pieces.good, "scrap": pieces.scrap}
    return found | {"quarantined": days.quarantined, "reset": days.reset}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32 - 1), st.sets(st.integers(1, LENGTH - 1), max_size=4))
def test_windows_atoms_counts_energy_and_slots_add(seed: int, inner: set[int]) -> None:
    rows = plant(seed).rows()
    edges = [0, *sorted(inner), LENGTH]

    # every window sees the same rows: the lead reaches back to the start, grace on to the end
    def work(first: int, last: int) -> Workspace:
        return Workspace(rows, Span(SLOT0 + first, SLOT0 + last, first, LENGTH + 10 - last))

    parts = [work(a, b) for a, b in pairwise(edges)]
    whole = work(0, LENGTH)
    total = dict.fromkeys(sums(asset_days(whole, "a1")), 0)
    wh = 0
    slots = 0
    for part in parts:
        for key, value in sums(asset_days(part, "a1")).items():
            total[key] += value
        wh += sum(meter_days(part, "m1").wh)
        slots += sum(p.covered for a in asset_slots(part).values() for p in a.points)
    expected = sums(asset_days(whole, "a1"))
    # Pieces that a reading after the end of a window spreads back into it are not seen by that window (claims.md §2):
    # parts can only say less than the whole, never more.
    assert {k: v for k, v in total.items() if k not in ("good", "scrap")} == {
        k: v for k, v in expected.items() if k not in ("good", "scrap")
    }
    assert total["good"] <= expected["good"]
    assert total["scrap"] <= expected["scrap"]
    assert slots == sum(p.covered for a in asset_slots(whole).values() for p in a.points)
    assert wh <= sum(meter_days(whole, "m1").wh)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32 - 1), st.sets(st.integers(1, LENGTH * MIN - 1), max_size=6))
def test_windows_cells_of_one_window_add_to_every_count_of_it(seed: int, inner: set[int]) -> None:
    work = Workspace(plant(seed).rows(), Span(SLOT0, SLOT0 + LENGTH, 0, 10))
    end = T0 + LENGTH * MIN
    for name, role, measure in (
        ("a1", Role.COUNT_GOOD, work.timeline("a1").busy_before),
        ("a1", Role.COUNT_SCRAP, work.timeline("a1").busy_before),
        ("m1", Role.ENERGY, elapsed),
    ):
        for run in work.runs(name, role).runs:
            cells = counts_in_cells(run, [T0, *(T0 + x for x in sorted(inner)), end], measure)
            assert sum(cells) == int(run.count.sum()) == counts_in_cells(run, [T0, end], measure)[0]
            assert min(cells) >= 0


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32 - 1))
def test_windows_days_of_one_window_add_to_the_window(seed: int) -> None:
    rows = plant(seed).rows()
    cut = asset_days(Workspace(rows, Span(SLOT0, SLOT0 + LENGTH, 0, 10)), "a1")
    assert len(cut.days) == 2
    assert sum(cut.atoms.values()) == LENGTH * MIN


states = st.sampled_from(range(len(STATES)))
events = st.lists(
    st.tuples(st.integers(0, 500), st.integers(0, 2), states, st.integers(0, 120)), max_size=12
)


@given(events, st.integers(0, 60), st.lists(st.integers(1, 599), max_size=5, unique=True))
def test_timeline_every_millisecond_equals_the_definition(
    found: list[tuple[int, int, int, int]], minor: int, cuts: list[int]
) -> None:
    found = sorted(found, key=lambda e: e[0])
    columns = list(zip(*found, strict=True)) or [(), (), (), ()]
    line = timeline_of(
        Events(
            np.array(columns[0], dtype=np.int64),
            np.array(columns[1], dtype=np.int8),
            np.array(columns[2], dtype=np.int8),
            np.array(columns[3], dtype=np.int64),
        ),
        [(0, minor)],
        0,
        600,
    )
    by_hand = slow_states(found)
    got = [
        STATES[line.codes[int(np.searchsorted(line.edges, x, side="right")) - 1]]
        for x in range(600)
    ]
    assert got == by_hand
    edges = [0, *sorted(cuts), 600]
    table = atoms_in_cells(line, [Segment(0, 300, Kind.PLANNED), Segment(300, 600, Kind.PM)], edges)
    short = slow_minor(by_hand, minor)
    for i, (a, b) in enumerate(pairwise(edges)):
        expected = dict.fromkeys(Atom, 0)
        for x in range(a, b):
            kind = Kind.PLANNED if x < 300 else Kind.PM
            atom = atom_of(kind, by_hand[x], minor=short[x])
            assert atom is not None
            expected[atom] += 1
        assert dict(zip(Atom, table[i].tolist(), strict=True)) == expected


def slow_states(found: list[tuple[int, int, int, int]]) -> list[MachineState]:
    """Claims.md §1 ms by ms: state after each event, then its life of `hold`."""
    unknown = MachineState.UNKNOWN
    after: list[tuple[int, MachineState, int]] = []
    for tau, kind, state, hold in found:
        if kind == 0:
            value = STATES[state]
        elif kind == 1 and after:
            before, held, life = after[-1]
            value = held if tau <= before + life else unknown
        else:
            value = unknown
        after.append((tau, value, hold))
    result = []
    for x in range(600):
        last = [e for e in after if e[0] <= x]
        alive = bool(last) and x < last[-1][0] + last[-1][2]
        result.append(last[-1][1] if alive else unknown)
    return result


def slow_minor(line: list[MachineState], limit: int) -> list[bool]:
    stop = [s in (MachineState.FAULT, MachineState.WAIT) for s in line]
    result = [False] * len(line)
    x = 0
    while x < len(line):
        end = x
        while end < len(line) and stop[end]:
            end += 1
        for i in range(x, end):
            result[i] = end - x <= limit
        x = max(end, x + 1)
    return result
