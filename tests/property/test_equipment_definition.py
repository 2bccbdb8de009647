"""Cells of random plants equal the definition, second by second; parts add; rows in pieces equal all at once."""

from __future__ import annotations

import random
from collections import Counter as Tally
from itertools import pairwise

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi.calendar import Kind
from kpi.equipment.asset_cells import form_cells
from kpi.equipment.cells import COUNT_ROLES, AssetCells
from kpi.equipment.plan import Plans
from kpi.equipment.reach import Reach
from kpi.equipment.records import RecordBuilder
from kpi.equipment.signal_rows import SignalRows, rows_of
from kpi.equipment.space import equipment_space
from kpi.equipment.stream import AssetStream
from kpi.equipment.summing import sums_of
from kpi.window import Span
from kpi.workspace import Workspace
from model.flags import RowFlag
from model.state import Atom, MachineState
from tests.support.equipment_definition import GRACE, LEAD, LENGTH, SECOND, Definition, random_log
from tests.support.kpi_plant import (
    SLOT0,
    T0,
    PlantLog,
)


def built(log: PlantLog) -> tuple[Workspace, Span]:
    span = Span(SLOT0, SLOT0 + LENGTH, LEAD, GRACE)
    return Workspace(log.rows(), span), span


seeds = st.integers(0, 2**32 - 1)
often = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@often
@given(seeds)
def test_cells_equal_the_definition_second_by_second(seed: int) -> None:
    log = random_log(seed)
    work, span = built(log)
    plain = Definition(log, span)
    found = equipment_space(work).cells("a1")
    counts = {role: plain.counts(role) for role in COUNT_ROLES}
    marks = Tally(mark for role in COUNT_ROLES for mark in plain.steps(role).marks)
    failures = plain.failures()
    table = found.table
    for i in range(len(table)):
        a, b = int(table.start[i]), int(table.end[i])
        inside = range(a, b, SECOND)
        assert a % SECOND == b % SECOND == 0
        atoms = Tally(plain.atom(x) for x in inside)
        assert {k: v * SECOND for k, v in atoms.items() if k} == {
            k: int(v) for k, v in zip(Atom, table.atoms[i], strict=True) if v
        }
        assert {plain.kind(x) for x in inside} == {Kind(int(table.kind[i]))}
        if table.kind[i] != Kind.NONE:
            assert {plain.product(x) for x in inside} == {found.products[int(table.product[i])]}
        assert {
            plain.state[(x - span.visible_ms) // SECOND][0] is MachineState.TEST for x in inside
        } == {bool(table.test[i])}
        own = plain.doc(a).asset["a1"].product_of(found.products[int(table.product[i])])
        factor = own.factor if own else 1
        for column, role in enumerate(COUNT_ROLES):
            booked = sum(n for x, n in counts[role].items() if a <= x < b)
            assert table.counts[i, column] == booked * factor
        assert int(table.failures[i]) == sum(a <= f < b for f, _, _ in failures)
        repaired = [(r, ms) for _, r, ms in failures if r is not None and a <= r < b]
        assert int(table.repairs[i]) == len(repaired)
        assert int(table.repair_ms[i]) == sum(ms for _, ms in repaired)
        assert int(table.marks[i].sum()) == sum(n for (tau, _), n in marks.items() if a <= tau < b)


@often
@given(seeds)
def test_gaps_equal_the_definition_second_by_second(seed: int) -> None:
    """A role has one counter here, named like it, so that rule (iv) speaks of the time without this counter."""
    log = random_log(seed)
    work, span = built(log)
    plain = Definition(log, span)
    found = equipment_space(work).sums("a1").gaps
    for role in COUNT_ROLES:
        own = [(g.start_ms, g.end_ms, g.planned_ms, g.most) for g in found if g.role is role]
        assert own == plain.gaps(role)


@often
@given(seeds, st.integers(0, 2**32 - 1))
def test_sums_of_parts_at_cell_edges_add_to_the_whole(seed: int, choice: int) -> None:
    work, _ = built(random_log(seed))
    found = equipment_space(work).cells("a1")
    whole = sums_of(found)
    rng = random.Random(choice)
    part = np.array([rng.randrange(3) for _ in range(len(found.table))])
    parts = [sums_of(found, part == k) for k in range(3)]
    for atom in Atom:
        assert sum(p.atoms[atom] for p in parts) == whole.atoms[atom]
    for name in (
        "failures",
        "repairs",
        "repair_ms",
        "base_gain_ms",
        "test_pieces",
        "outside_service",
    ):
        assert sum(getattr(p, name) for p in parts) == getattr(whole, name)
    for name in ("made", "good", "scrap", "rework"):
        if whole.measured and all(p.measured for p in parts):
            assert sum(getattr(r, name) or 0 for p in parts for r in p.rows) == sum(
                getattr(r, name) or 0 for r in whole.rows
            )
    assert sum((Tally(p.marks) for p in parts), Tally()) == Tally(whole.marks)


def same(a: AssetCells, b: AssetCells) -> None:
    for name in (
        "start",
        "end",
        "part",
        "kind",
        "shift",
        "day",
        "test",
        "atoms",
        "counts",
        "roles",
        "failures",
        "repairs",
        "repair_ms",
        "marks",
    ):
        assert np.array_equal(getattr(a.table, name), getattr(b.table, name)), name
    names = [[x.products[i] for i in x.table.product.tolist()] for x in (a, b)]
    assert names[0] == names[1]
    for name in ("cell", "signal", "origin", "start", "end", "planned", "made", "unk_x"):
        assert np.array_equal(getattr(a.gaps, name), getattr(b.gaps, name)), name
    assert sums_of(a) == sums_of(b)


@often
@given(seeds, st.lists(st.integers(-LEAD * 60, LENGTH * 60), max_size=6))
def test_rows_in_pieces_give_what_all_rows_at_once_give(seed: int, cuts: list[int]) -> None:
    work, span = built(random_log(seed))
    once = equipment_space(work).cells("a1")
    builder = RecordBuilder("a1", work.rows.history, work.rows.texts.__getitem__)
    edges = [-(2**62), *sorted({T0 + c * SECOND for c in cuts}), 2**62]
    whole = {key: rows_of(work.selection, key) for key in builder.points}
    for low, high in pairwise(edges):
        builder.feed({key: between(rows, low, high) for key, rows in whole.items()})
    record = builder.record(span.visible_ms, span.end_ms)
    same(once, form_cells(record, Reach(work.visible_parts, work.parts, work.parts), Plans()))


def between(rows: SignalRows, low: int, high: int) -> SignalRows:
    return rows.select((rows.tau >= low) & (rows.tau < high))


@often
@given(seeds, seeds)
def test_shuffled_and_doubled_rows_give_equal_figures(seed: int, order: int) -> None:
    log = random_log(seed)
    doubled = random_log(seed)
    rng = random.Random(order)
    # every value row once more in its own block: a duplicate in order is dropped
    for slot, specs in doubled.pending.items():
        again = [r for r in specs if r.value is not None and not r.flags & RowFlag.MISSED]
        doubled.pending[slot] = [*specs, *rng.sample(again, len(again))]
    works = [built(x)[0] for x in (log, doubled)]
    same(*(equipment_space(w).cells("a1") for w in works))


HOUR_SECONDS = 3600


@often
@given(seeds, st.lists(st.booleans(), min_size=6, max_size=6))
def test_hour_by_hour_gives_what_all_rows_at_once_give(seed: int, anew: list[bool]) -> None:
    """Each hour only what is still open is kept, sometimes put down and taken up by another stream."""
    span = Span(SLOT0, SLOT0 + 6 * 60, 0, GRACE)
    work = Workspace(random_log(seed, 6 * 60).rows(), span)
    once = equipment_space(work).cells("a1")
    text = work.rows.texts.__getitem__
    stream = AssetStream("a1", work.rows.history, text, span.start_ms)
    rows = {key: rows_of(work.selection, key) for key in stream.points}
    kept: list[tuple[int, AssetCells]] = []
    for hour in range(6):
        low = T0 + hour * HOUR_SECONDS * SECOND
        high = low + HOUR_SECONDS * SECOND
        stream.feed({key: between(r, low, high) for key, r in rows.items()}, high)
        found = stream.cells(Plans())
        assert found is not None
        begin = int(found.table.start[0])
        kept = [(start, c) for start, c in kept if start < begin]
        kept += [(int(start), found) for start in range(begin, high, HOUR_SECONDS * SECOND)]
        stream.settle()
        if anew[hour]:
            stream = AssetStream("a1", work.rows.history, text, stream.tail())
    for name in (
        "start",
        "end",
        "kind",
        "day",
        "test",
        "atoms",
        "counts",
        "roles",
        "failures",
        "repairs",
        "repair_ms",
        "marks",
    ):
        parts = [
            getattr(c.table, name)[
                c.table.start // (HOUR_SECONDS * SECOND) == hour // (HOUR_SECONDS * SECOND)
            ]
            for hour, c in kept
        ]
        assert np.array_equal(np.concatenate(parts), getattr(once.table, name)), name
    for name in ("start", "end", "planned", "made", "unk_x", "kind", "origin"):
        parts = [
            getattr(c.gaps, name)[
                c.table.start[c.gaps.cell] // (HOUR_SECONDS * SECOND)
                == hour // (HOUR_SECONDS * SECOND)
            ]
            for hour, c in kept
        ]
        assert sorted(np.concatenate(parts).tolist()) == sorted(
            getattr(once.gaps, name).tolist()
        ), name
