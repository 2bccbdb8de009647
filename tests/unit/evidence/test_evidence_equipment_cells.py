"""Cells and failures of one machine (statistics.md §5); expected values by hand in the comments."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from evidence.frame import FrameRow
from evidence.recompute.equipment.bookings import Bookings
from evidence.recompute.equipment.cells import Cell, cells_of, every_hour, hours_with
from evidence.recompute.equipment.products import ProductList, product_pieces
from evidence.recompute.equipment.signals import Signals
from evidence.recompute.equipment.sums import PIECE_ROLES, Sums, sums_of
from evidence.recompute.timeline import productive_cover
from model.signal import Role
from model.state import Atom
from tests.unit.evidence.equipment_builder import (
    COUNTER,
    DAY0,
    HOUR,
    MIN,
    T0,
    LogBuilder,
    add_blocks,
    calendar,
    log_of,
    machine,
    product,
    signal,
    signals,
    statistics,
)
from tests.unit.evidence.evidence_builder import row

GOOD = Role.COUNT_GOOD
STATE = [
    signal("state", "state", hold_ms=24 * HOUR),
    signal("part", "product", "text", hold_ms=24 * HOUR),
]
FREE = {**COUNTER, "max_rate": [0, 1]}
COUNTERS = [signal("good", "count_good", counter=FREE)]


def at(minute: float, value: object, index: int = 0) -> FrameRow:
    return row(T0 + int(minute * MIN), index, value)


def cells(log: LogBuilder, minutes: int, *, start: int = 0, hourly: bool = True) -> list[Cell]:
    """The cells of machine `m`, cut at every hour or only where something is booked."""
    found = signals(log, minutes, start=start)
    window = found.window
    if hourly:
        return cells_in(found, every_hour(window.start, window.end))
    bookings = [bookings for _, bookings in counters_of(found)]
    return cells_in(found, hours_with(bookings, window.start, window.end, window.budget))


def counters_of(found: Signals) -> list[tuple[Role, Bookings]]:
    productive = productive_cover(found.states("m")).length
    counted = found.registers("m", "m.count", PIECE_ROLES, productive)
    return [(one.role, one.register.bookings) for one in counted]


def cells_in(found: Signals, hours: set[int]) -> list[Cell]:
    window = found.window
    return list(
        cells_of(
            found.segments("m", window.start, window.end),
            found.states("m"),
            product_pieces(window, "m", found.texts("m.state")),
            hours=hours,
            counters=counters_of(found),
            factor_of=lambda key: ProductList(key.plant, "m").data(key.product).factor,
        )
    )


def sums_by(log: LogBuilder, minutes: int, *, hourly: bool) -> Sums:
    """The sums of the cells, every role of a configuration taken as present."""
    found = signals(log, minutes)
    cut = cells(log, minutes, hourly=hourly)
    return sums_of(
        cut,
        lambda cell: frozenset(
            role for role in PIECE_ROLES if cell.key.plant.of_role("m.count", role)
        ),
        lambda cell: ProductList(cell.key.plant, "m").data(cell.key.product),
        ProductList(found.window.runs[0].plant, "m").data(None).ideal[0],  # type: ignore[index]
    )


def edges(found: Sequence[Cell]) -> list[float]:
    """Edges in minutes; checks that there is no hole."""
    assert all(a.end == b.start for a, b in pairwise(found))
    return [(edge - T0) / MIN for edge in [found[0].start, *(cell.end for cell in found)]]


def log_at(rows: dict[str, list[FrameRow]], minutes: int, **changes: Any) -> LogBuilder:
    return log_of(machine(COUNTERS, STATE, **changes), rows, minutes)


def test_cell_ends_at_every_utc_hour():
    # even where local hours begin at another minute: +05:30
    cal = calendar(offsets=[[0, 330]])
    assert edges(cells(log_at({}, 150, cal=cal), 150)) == [0, 60, 120, 150]


def test_cell_ends_where_the_segment_kind_changes():
    assert edges(cells(log_at({}, 60, cal=calendar(breaks=[[20, 30]])), 60)) == [0, 20, 30, 60]


def test_cell_ends_where_the_shift_occurrence_changes():
    # two shifts that follow each other at minute 25 are both planned
    shifts = [
        {"from_min": 0, "name": "a", "to_min": 25, "weekdays": [7]},
        {"from_min": 25, "name": "b", "to_min": 60, "weekdays": [7]},
    ]
    found = cells(log_at({}, 60, cal=calendar(shifts=shifts)), 60)
    assert edges(found) == [0, 25, 60]
    assert [cell.key.shift.name for cell in found if cell.key.shift] == ["a", "b"]


def test_cell_ends_where_the_production_day_changes():
    # no shift at all, day start at minute 40
    found = cells(log_at({}, 60, cal=calendar(shifts=[], day_start_min=40)), 60)
    assert edges(found) == [0, 40, 60]
    assert [cell.key.day - DAY0 for cell in found] == [-1, 0]


def test_cell_ends_where_the_product_changes():
    rows = {"m.state": [at(10, b"A", 1), at(20, b"A", 1), at(30, b"B", 1)]}
    found = cells(log_at(rows, 60), 60)
    assert edges(found) == [0, 10, 30, 60]
    assert [cell.key.product for cell in found] == [None, "A", "B"]


def test_cell_ends_where_the_state_test_begins_or_ends_and_at_no_other_state():
    rows = {"m.state": [at(0, 3), at(10, 4), at(20, 5), at(30, 3)]}
    found = cells(log_at(rows, 60), 60)
    assert edges(found) == [0, 20, 30, 60]
    assert [cell.key.test for cell in found] == [False, True, False]
    assert [dict(cell.atoms) for cell in found] == [
        {Atom.RUN: 10 * MIN, Atom.FAULT: 10 * MIN},
        {Atom.TEST: 10 * MIN},
        {Atom.RUN: 30 * MIN},
    ]


def test_cell_ends_where_another_document_comes_into_force_and_not_at_the_same_one():
    log = log_at({}, 10)
    log.config(machine(COUNTERS, STATE))  # the same document again
    add_blocks(log, {}, 10)
    log.config(machine(COUNTERS, STATE, minor_stop_ms=1))
    add_blocks(log, {}, 10)
    assert edges(cells(log, 30)) == [0, 20, 30]


def test_cell_out_of_service_carries_only_counts():
    # in service from minute 30; 7 pieces before, 5 after
    rows = {
        "m.state": [at(0, 3)],
        "m.count": [at(0, 0), at(10, 0), at(11, 7), at(40, 7), at(41, 12)],
    }
    found = cells(log_at(rows, 60, in_service=[T0 + 30 * MIN, 0]), 60)
    assert edges(found) == [0, 30, 60]
    assert [dict(cell.atoms) for cell in found] == [{}, {Atom.RUN: 30 * MIN}]
    assert [dict(cell.counts) for cell in found] == [{GOOD: 7}, {GOOD: 5}]
    whole = statistics(log_at(rows, 60, in_service=[T0 + 30 * MIN, 0]), 60)
    assert whole.sums.outside_service == 7
    assert sum(row.good or 0 for row in whole.rows) == 5
    assert sum(whole.sums.atoms.values()) == 30 * MIN


def test_counts_are_times_the_factor_of_the_product_at_their_time():
    # 3 counts of A at 2 pieces each, 4 of B at 1, 1 of an id that is not listed
    products = [product("A", [1000, 1], factor=2), product("B", [1000, 1])]
    rows = {
        "m.state": [at(0, b"A", 1), at(10, b"B", 1), at(20, b"Z", 1)],
        "m.count": [at(0, 0), at(1, 3), at(10, 3), at(11, 7), at(20, 7), at(21, 8)],
    }
    found = cells(log_at(rows, 30, products=products), 30)
    assert [(cell.key.product, dict(cell.counts)) for cell in found] == [
        ("A", {GOOD: 6}),
        ("B", {GOOD: 4}),
        ("Z", {GOOD: 1}),
    ]


def test_count_that_is_spread_lies_in_the_cells_by_their_running_time():
    # kpi-audit U4: ten pieces from minute 50 to 80, all run: 3 before the hour, 7 after it
    rows = {"m.state": [at(0, 3)], "m.count": [at(50, 0), at(80, 10)]}
    found = cells(log_at(rows, 120), 120)
    assert [(cell.end - T0) // MIN for cell in found] == [60, 120]
    assert [dict(cell.counts) for cell in found] == [{GOOD: 3}, {GOOD: 7}]


def test_hours_without_counts_need_no_edge_and_the_sums_are_the_same():
    rows = {"m.state": [at(0, 3), at(100, 4)], "m.count": [at(130, 0), at(131, 5)]}
    hourly = cells(log_at(rows, 300), 300)
    sparse = cells(log_at(rows, 300), 300, hourly=False)
    assert edges(hourly) == [0, 60, 120, 180, 240, 300]
    assert edges(sparse) == [0, 120, 180, 300]
    assert sum(c.counts.get(GOOD, 0) for c in sparse) == 5
    assert sum(c.atoms.get(Atom.FAULT, 0) for c in sparse) == 200 * MIN


def failures(log: LogBuilder, minutes: int, start: int = 0) -> tuple[int, int, float]:
    found = statistics(log, minutes, start=start)
    return found.failures, found.repairs, found.repair_ms / MIN


def states(*changes: tuple[float, int], minutes: int = 60, **more: Any) -> LogBuilder:
    return log_at(
        {"m.state": [at(minute, value) for minute, value in changes]},
        minutes,
        **{"minor_stop_ms": 0, **more},
    )


def test_failure_is_an_interval_of_fault_and_a_repair_its_end_into_a_known_state():
    # fault 10–20 and 30–45; each ends in run
    log = states((0, 3), (10, 4), (20, 3), (30, 4), (45, 3))
    assert failures(log, 60) == (2, 2, 25)


def test_failure_is_each_interval_of_fault_even_within_one_stop():
    # fault 10–12, wait 12–15, fault 15–20: one stop of ten minutes, two failures
    log = states((0, 3), (10, 4), (12, 2), (15, 4), (20, 3))
    assert failures(log, 60) == (2, 2, 7)


def test_failure_that_is_a_minor_stop_is_none():
    log = states((0, 3), (10, 4), (12, 3), minor_stop_ms=2 * MIN)
    assert failures(log, 60) == (0, 0, 0)


def test_failure_that_ends_in_unknown_or_not_at_all_is_not_repaired():
    # fault 10–13 expires; the second lasts to the end of the window
    short = [signal("state", "state", hold_ms=3 * MIN)]
    document = machine(COUNTERS, short, minor_stop_ms=0)
    log = log_of(document, {"m.state": [at(9, 3), at(10, 4)]}, 30)
    assert failures(log, 30) == (1, 0, 0)
    assert failures(states((0, 3), (10, 4)), 60) == (1, 0, 0)


def test_failure_without_planned_time_is_none():
    cal = calendar(breaks=[[10, 20]])
    assert failures(states((0, 3), (10, 4), (20, 3), cal=cal), 60) == (0, 0, 0)


def test_repair_time_is_the_planned_part_and_lies_at_its_last_ms_case_35():
    # the shift ends at minute 30: fault 20–40 has 10 planned minutes, then off
    shifts = [{"from_min": 0, "name": "a", "to_min": 30, "weekdays": [7]}]
    log = states((0, 3), (20, 4), (40, 3), cal=calendar(shifts=shifts))
    assert failures(log, 60) == (1, 1, 10)
    found = statistics(log, 60).sums.atoms
    assert (found[Atom.FAULT], found[Atom.OFF], found[Atom.RUN_X]) == (10 * MIN, 10 * MIN, 20 * MIN)
    # window from minute 35: the repair lies at the last planned ms, before the window
    assert failures(log, 60, start=35) == (0, 0, 0)


def test_failure_begun_before_the_window_is_repaired_in_it_with_all_its_time():
    # fault 10–40 in a window from minute 30: its first ms lies before, its repair inside, with all 30 minutes
    log = states((0, 3), (10, 4), (40, 3))
    assert failures(log, 60, start=30) == (0, 1, 30)


def test_failure_is_counted_at_its_first_planned_ms():
    # fault from minute 10 in a break until 30: its first atom fault is at minute 30, inside a window from 20
    log = states((0, 3), (10, 4), (40, 3), cal=calendar(breaks=[[5, 30]]))
    assert failures(log, 60, start=20) == (1, 1, 10)
    assert failures(log, 30) == (0, 0, 0)


def test_minor_stop_over_an_hour_edge_is_judged_uncut():
    # kpi-audit E10: 57–63 is six minutes: with a threshold of 5 min it is fault in both hours, with 6 min minor in both
    for threshold, atom in ((5, Atom.FAULT), (6, Atom.MINOR)):
        log = states((0, 3), (57, 4), (63, 3), minutes=120, minor_stop_ms=threshold * MIN)
        found = cells(log, 120)
        assert [cell.atoms.get(atom, 0) for cell in found] == [3 * MIN, 3 * MIN]
