"""Windows add: what is booked in parts of a window is booked in the whole, to the last millisecond and piece."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kpi.allocation import Measure, counts_in_cells, elapsed
from kpi.atoms import atom_of, atoms_in_cells
from kpi.calendar import Kind, Segment
from kpi.claims import (
    ClaimRequest,
    EnergyPerPieceClaim,
    OeeClaim,
    UploadRateClaim,
    claim_object,
)
from kpi.counters import CounterRun
from kpi.days import asset_days
from kpi.evaluate import evaluate
from kpi.timeline import STATES, Events, timeline_of
from kpi.window import Span, WindowRows
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
from tests.support.plain_engine import recompute_all

LENGTH = 150
STOPPED = ("minor", "fault", "wait")
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
        calendar(shifts=[shift(480, 560), shift(575, 900)], breaks=[[520, 528]], day_start_min=540),
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


def details(
    log: PlantLog, rows: WindowRows, requests: Sequence[ClaimRequest]
) -> Iterator[dict[str, Any]]:
    """Yield the detail of each claim, after both engines agreed on it."""
    ours = [claim_object("c", request, evaluate(request, rows)) for request in requests]
    for item, plain in zip(ours, recompute_all(log, ours), strict=True):
        assert item["detail"] == plain.detail
        yield item["detail"]


@dataclass
class Part:
    """What the claims over one window say of asset a1 and meter m1; an absent key = not known."""

    asset: dict[str, Any]
    meter: dict[str, Any]
    outcomes: dict[str, Counter[str]]
    """Outcomes and `expected` of every required point."""

    @staticmethod
    def of(log: PlantLog, rows: WindowRows, spans: Sequence[Span]) -> list[Part]:
        """Return the parts of windows in order."""
        found = details(
            log,
            rows,
            [
                request
                for span in spans
                for request in (
                    OeeClaim(span, ("a1",)),
                    EnergyPerPieceClaim(span, ("m1",), ("a1",)),
                    UploadRateClaim(span),
                )
            ],
        )
        return [
            Part(
                asset=oee["assets"][0],
                meter=energy["wh"][0],
                outcomes={
                    f"{p['asset']}/{p['signal']}": Counter(p["outcomes"], expected=p["expected"])
                    for p in upload["points"]
                },
            )
            for oee, energy, upload in zip(found, found, found, strict=True)
        ]

    @property
    def atoms(self) -> dict[str, int]:
        """ms by atom; the three that a cut may turn into each other as one."""
        found = {k: v for k, v in self.asset["atoms"].items() if k not in STOPPED}
        return found | {"stopped": sum(self.asset["atoms"][k] for k in STOPPED)}


def share_before(run: CounterRun, edges: list[int], measure: Measure) -> int:
    """Return what readings book before the part that holds them, by the formula of claims.md §2, count by count.

    Such a part has no way to see the reading; the whole window has.
    """
    total = 0
    for begin, end, n in zip(run.begin.tolist(), run.end.tolist(), run.count.tolist(), strict=True):
        inside = [x for x in edges if x <= end]
        if not inside or end >= edges[-1] or end - begin <= 120_000:
            continue

        def until(x: int, begin: int = begin, end: int = end) -> int:
            a, b = measure(np.array([begin, min(max(x, begin), end)], dtype=np.int64)).tolist()
            return b - a

        if until(end):
            total += n * until(inside[-1]) // until(end) - n * until(edges[0]) // until(end)
    return total


def known(part: Part, key: str) -> int:
    """Return a count; a part that cannot know it yet adds nothing (claims.md §6, 4)."""
    return int(part.asset.get(key, 0))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@example(11100531, {1})  # the first minute has good pieces and no answer of the reject counter yet
@given(st.integers(0, 2**32 - 1), st.sets(st.integers(1, LENGTH - 1), max_size=4))
def test_windows_add(seed: int, inner: set[int]) -> None:
    """Claims.md §6, sentence by sentence, for both engines."""
    log = plant(seed)
    rows = log.rows()
    edges = [0, *sorted(inner), LENGTH]
    # Premise: every window uses the same rows, so the lead reaches back to one slot and the grace on to one slot.
    spans = [Span(SLOT0 + a, SLOT0 + b, a, LENGTH + 10 - b) for a, b in pairwise(edges)]
    span = Span(SLOT0, SLOT0 + LENGTH, 0, 10)
    *parts, whole = Part.of(log, rows, [*spans, span])

    # 1 time
    for key in whole.atoms:
        assert sum(p.atoms[key] for p in parts) == whole.atoms[key], key
    for key in ("pbt", "apt"):
        assert sum(p.asset[key] for p in parts) == whole.asset[key], key

    # 2 slots: the edges are whole minutes, and so are the slots
    for point, expected in whole.outcomes.items():
        assert sum((p.outcomes[point] for p in parts), Counter()) == expected, point

    # 3 counter events
    for key in ("quarantined", "reset"):
        assert sum(p.asset[key] for p in parts) == whole.asset[key], key
        assert sum(p.meter[key] for p in parts) == whole.meter[key], key

    # 4 what is known: read off the rows, not off a result
    scrap_at = [r.source_ms for rs in log.pending.values() for r in rs if r.signal == "scrap"]
    good_at = [r.source_ms for rs in log.pending.values() for r in rs if r.signal == "good"]
    energy_at = [r.source_ms for rs in log.pending.values() for r in rs if r.signal == "energy"]
    for part, window in zip([*parts, whole], [*spans, span], strict=True):

        def seen(instants: list[int | None], end: int = window.end_ms) -> bool:
            return any(x is not None and x < end for x in instants)

        answers = seen(scrap_at) or not seen(good_at)
        assert ("scrap" in part.asset) == ("total" in part.asset) == answers
        assert ("wh" in part.meter) == seen(energy_at)
        assert "good" in part.asset
    assert ("scrap" in parts[-1].asset) == ("scrap" in whole.asset)

    # 5 counts: the parts and what readings spread back over an edge give the whole, to the last piece
    work = Workspace(rows, span)
    cuts = [T0 + x * MIN for x in edges]
    busy = work.timeline("a1").busy_before
    for key, role in (("good", Role.COUNT_GOOD), ("scrap", Role.COUNT_SCRAP)):
        back = sum(share_before(run, cuts, busy) for run in work.runs("a1", role).runs)
        assert sum(known(p, key) for p in parts) + back == known(whole, key), key
    back = sum(share_before(run, cuts, elapsed) for run in work.runs("m1", Role.ENERGY).runs)
    assert sum(p.meter.get("wh", 0) for p in parts) + back == whole.meter.get("wh", 0)


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
