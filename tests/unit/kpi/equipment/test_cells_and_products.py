"""Cells, products, failures and sums by hand (statistics.md §3, §5, §7; E7, E8, E11; cases 13, 18, 22, 27, 30, 31)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from kpi.calendar import Kind, iso_date
from kpi.equipment.cells import COUNT_ROLES, AssetCells
from kpi.equipment.summing import sums_of
from kpi.equipment.sums import PieceRow
from model.signal import Role
from tests.support.equipment_plant import (
    CODE,
    LONG,
    cells,
    counted,
    machine,
    minutes,
    play,
    product,
    state_signal,
    sums,
    window,
)
from tests.support.kpi_plant import (
    HOUR,
    MIN,
    SLOT0,
    T0,
    PlantLog,
    asset,
    calendar,
    shift,
    signal,
)

COUNTERS = [
    state_signal(),
    signal("sku", "product", "text", hold_ms=LONG),
    counted("good", "count_good"),
    counted("scrap", "count_scrap"),
]


def log_of(doc: dict[str, Any], length: int) -> PlantLog:
    log = PlantLog()
    log.config(doc)
    log.blocks(SLOT0, SLOT0 + length + 1)
    return log


def spans(found: AssetCells) -> list[tuple[float, str]]:
    """(minutes after T0, kind) of the cells."""
    table = found.table
    return [
        ((int(a) - T0) / MIN, Kind(k).name)
        for a, k in zip(table.start, table.kind.tolist(), strict=True)
    ]


def test_cells_e8_are_cut_at_shift_and_break_edges_inside_an_hour() -> None:
    # T0 is 08:00 local; shift from 08:30, break 09:40-09:50
    cal = calendar(shifts=[shift(510, 1200)], breaks=[[580, 590]])
    log = log_of(machine([asset("a1")], {"a1": [state_signal()]}, cal), 150)
    play(log, "a1/state", [("run", 150)])
    assert spans(cells(log, window(150))) == [
        (0.0, "OFF"),
        (30.0, "PLANNED"),
        (60.0, "PLANNED"),  # UTC hour
        (100.0, "BRK"),
        (110.0, "PLANNED"),
        (120.0, "PLANNED"),
    ]


def test_cells_are_cut_where_the_product_changes_or_a_test_begins() -> None:
    doc = machine(
        [asset("a1", products=[product("A", 1000), product("B", 2000)])], {"a1": COUNTERS}
    )
    log = log_of(doc, 60)
    play(log, "a1/state", [("run", 30), ("test", 10), ("idle", 20)])
    log.row("a1/sku", T0 + 10 * MIN, "A")
    log.row("a1/sku", T0 + 20 * MIN, "B")
    found = cells(log, window(60))
    names = [found.products[p] for p in found.table.product.tolist()]
    assert list(
        zip([x for x, _ in spans(found)], names, found.table.test.tolist(), strict=True)
    ) == [
        (0.0, "", False),
        (10.0, "A", False),
        (20.0, "B", False),
        (30.0, "B", True),
        (40.0, "B", False),
    ]


def test_cells_tile_the_window_and_hold_every_ms() -> None:
    log = log_of(machine([asset("a1")], {"a1": [state_signal(hold_ms=150_000)]}), 130)
    log.row("a1/state", T0 + 7 * MIN + 3, CODE["run"])
    table = cells(log, window(130)).table
    assert (table.end[:-1] == table.start[1:]).all()
    assert int(table.atoms.sum()) == 130 * MIN
    assert (table.start // HOUR == (table.end - 1) // HOUR).all()


def test_cells_outside_service_carry_only_counts() -> None:
    # in service from minute 30 on; ten pieces before, twenty after
    doc = machine([asset("a1", in_service=[T0 + 30 * MIN, 0])], {"a1": COUNTERS})
    log = log_of(doc, 60)
    play(log, "a1/state", [("run", 60)])
    for minute, n in ((0, 0), (29, 10), (31, 20), (59, 30)):
        log.row("a1/good", T0 + minute * MIN, n)
        log.row("a1/scrap", T0 + minute * MIN, 0)
    # 10 lie in minutes 0 to 29 by running time, 10 at their reading (two minutes), 10 in minutes 31 to 59
    found = sums(log, window(60))
    assert found.outside_service == 10
    assert minutes(found) == {"run": 30}
    assert [r.good for r in found.rows] == [20]


def test_counts_e7_ten_pieces_split_three_and_seven_at_the_hour() -> None:
    # 09:50 to 10:20 local all run; the hour edge is 02:00 UTC = 10:00: floor(10·10/30) = 3, the rest 7
    log = log_of(machine([asset("a1")], {"a1": COUNTERS}), 180)
    play(log, "a1/state", [("run", 180)])
    log.row("a1/good", T0 + 110 * MIN, 100)
    log.row("a1/good", T0 + 140 * MIN, 110)
    table = cells(log, window(180)).table
    assert table.counts[:, COUNT_ROLES.index(Role.COUNT_GOOD)].tolist() == [0, 3, 7]


def test_counts_are_allocated_by_run_and_unknown_time_only() -> None:
    # 01:50 run to 02:10 idle, 02:10-02:20 run: of 20 running minutes 10 lie before the hour (10:00 local)
    log = log_of(machine([asset("a1")], {"a1": COUNTERS}), 180)
    play(log, "a1/state", [("run", 120), ("idle", 10), ("run", 50)])
    log.row("a1/good", T0 + 110 * MIN, 0)
    log.row("a1/good", T0 + 140 * MIN, 11)
    table = cells(log, window(180)).table
    # floor(11·10/20) = 5, the rest 6
    assert table.counts[:, 0].tolist() == [0, 5, 6]


def test_counts_within_two_minutes_lie_at_their_reading_later_ones_are_spread() -> None:
    def split(minutes_: float) -> list[int]:
        log = log_of(machine([asset("a1")], {"a1": COUNTERS}), 121)
        play(log, "a1/state", [("run", 121)])
        log.row("a1/good", T0 + 59 * MIN, 0)
        log.row("a1/good", T0 + 59 * MIN + round(minutes_ * MIN), 10)
        counts: list[int] = cells(log, window(120)).table.counts[:, 0].tolist()
        return counts

    assert split(2) == [0, 10]
    # 120 001 ms, 60 000 of them before the hour: floor(10 · 60 000 / 120 001) = 4
    assert split(2 + 1 / MIN) == [4, 6]


def test_product_case_18_ideal_time_by_product_and_unassigned_by_least_and_greatest() -> None:
    products = [product("A", 60_000), product("B", 240_000)]
    log = log_of(machine([asset("a1", products=products)], {"a1": COUNTERS}), 60)
    play(log, "a1/state", [("run", 60)])
    for name in ("good", "scrap"):
        log.row(f"a1/{name}", T0, 0)
    log.row("a1/good", T0 + 9 * MIN, 5)  # before any product is known
    log.row("a1/sku", T0 + 10 * MIN, "A")
    log.row("a1/good", T0 + 19 * MIN, 12)
    log.row("a1/sku", T0 + 20 * MIN, "B")
    log.row("a1/good", T0 + 59 * MIN, 20)
    log.row("a1/sku", T0 + 30 * MIN, "C")  # not listed
    rows = {r.product: r for r in sums(log, window(60)).rows}
    # 7 from 9 to 19 min by running time: floor(7·1/10) = 0 before minute 10; 8 from 19 to 59: floor(8·1/40) = 0 at 20,
    # floor(8·11/40) = 2 at 30
    assert {k: r.good for k, r in rows.items()} == {"": 5, "A": 7, "B": 2, "C": 6}
    sixty, four = Fraction(60_000), Fraction(240_000)
    assert (rows["A"].ideal_low, rows["A"].ideal_high) == (sixty, sixty)
    assert (rows["B"].ideal_low, rows["B"].ideal_high) == (four, four)
    for name in ("", "C"):
        assert (rows[name].ideal_low, rows[name].ideal_high) == (sixty, four)


def test_product_without_signal_is_the_configured_the_only_one_or_unassigned() -> None:
    def name_of(products: list[dict[str, Any]], fixed: str = "") -> str:
        doc = machine(
            [asset("a1", products=products, product=fixed)],
            {"a1": [state_signal(), counted("good", "count_good")]},
        )
        [row] = sums(log_of(doc, 5), window(5)).rows
        return row.product

    assert name_of([product("A", 1), product("B", 1)], "B") == "B"
    assert name_of([product("A", 1)]) == "A"
    assert name_of([product("A", 1), product("B", 1)]) == ""
    assert name_of([]) == ""


def test_product_case_27_change_of_cavities_at_midday_counts_pieces() -> None:
    # four cavities until minute 30, two afterwards: 10 shots each
    before = machine([asset("a1", products=[product("A", 1000, factor=4)])], {"a1": COUNTERS})
    after = machine([asset("a1", products=[product("A", 1000, factor=2)])], {"a1": COUNTERS})
    log = PlantLog()
    log.config(before)
    log.blocks(SLOT0, SLOT0 + 30)
    log.config(after)
    log.blocks(SLOT0 + 30, SLOT0 + 61)
    play(log, "a1/state", [("run", 60)])
    log.row("a1/sku", T0, "A")
    log.row("a1/good", T0, 0)
    for k in range(1, 11):
        log.row("a1/good", T0 + k * 60_000, k)
        log.row("a1/good", T0 + (30 + k) * 60_000, 10 + k)
    log.row("a1/scrap", T0, 0)
    # the first shot after minute 30 is read 21 minutes after the tenth and lies at its end
    assert [r.good for r in sums(log, window(60)).rows] == [60]


def test_failures_e11_are_entries_into_fault_with_total_time_over_their_number() -> None:
    # 100 h of run and set-up, failures after 10 h and 30 h, each repaired in 1 h: MTBF 50 h by total time / failures
    log = log_of(machine([asset("a1")], {"a1": [state_signal()]}), 102 * 60)
    play(
        log,
        "a1/state",
        [("run", 600), ("fault", 60), ("setup", 1200), ("fault", 60), ("run", 4200)],
    )
    found = sums(log, window(102 * 60))
    assert (found.failures, found.repairs, found.repair_ms) == (2, 2, 2 * HOUR)
    total = sum(v for k, v in minutes(found).items() if k in ("run", "setup"))
    assert total / found.failures == 50 * 60


def test_failure_is_counted_where_it_begins_and_repaired_where_it_ends() -> None:
    # fault 08:50 to 10:10 local over two hour edges (09:00, 10:00)
    log = log_of(machine([asset("a1")], {"a1": [state_signal()]}), 180)
    play(log, "a1/state", [("run", 50), ("fault", 80), ("run", 50)])
    table = cells(log, window(180)).table
    assert table.failures.tolist() == [1, 0, 0]
    assert table.repairs.tolist() == [0, 0, 1]
    assert table.repair_ms.tolist() == [0, 0, 80 * MIN]


def test_failure_minor_open_or_before_the_window_is_not_counted() -> None:
    log = log_of(machine([asset("a1")], {"a1": [state_signal()]}), 240)
    # minor (3 min), then one that began before the window, then one still open at its end
    play(
        log,
        "a1/state",
        [("run", 10), ("fault", 60), ("run", 10), ("fault", 3), ("run", 60), ("fault", 97)],
    )
    later = sums(log, window(120, lead=60, first=60))
    assert (later.failures, later.repairs, later.repair_ms) == (1, 1, 60 * MIN)
    assert minutes(later) == {"fault": 10 + 37, "run": 70, "minor": 3}
    # windows add: the first hour has the other failure, without its repair
    first = sums(log, window(60))
    assert (first.failures, first.repairs) == (1, 0)
    whole = sums(log, window(180))
    assert (whole.failures, whole.repairs, whole.repair_ms) == (2, 1, 60 * MIN)


def test_failure_that_ends_in_unknown_is_not_repaired_and_outside_the_plan_is_none() -> None:
    cal = calendar(shifts=[shift(480, 540)])  # planned 08:00-09:00
    log = log_of(machine([asset("a1")], {"a1": [state_signal()]}, cal), 180)
    play(log, "a1/state", [("run", 30), ("fault", 60), ("run", 10), ("fault", 20)])
    log.bad("a1/state", T0 + 120 * MIN)
    found = sums(log, window(180))
    # the first lies 30 min inside the plan and is repaired there; the second has no planned ms
    assert (found.failures, found.repairs, found.repair_ms) == (1, 1, 30 * MIN)
    [at] = np.flatnonzero(cells(log, window(180)).table.repairs).tolist()
    assert at == 0  # the cell of its last ms with atom fault, 08:59


def test_case_13_run_outside_the_plan_is_added_with_its_time() -> None:
    # planned 08:00-09:00; runs 90 of 120 minutes
    cal = calendar(shifts=[shift(480, 540)])
    log = log_of(machine([asset("a1")], {"a1": [state_signal()]}, cal), 120)
    play(log, "a1/state", [("run", 90), ("idle", 30)])
    assert minutes(sums(log, window(120))) == {"run": 60, "run_x": 30, "off": 30}


def test_case_31_time_before_the_agent_is_unknown_inside_the_base() -> None:
    # planned round the clock; the agent sees the machine from minute 60 on
    log = PlantLog()
    log.config(machine([asset("a1")], {"a1": [state_signal()]}))
    log.blocks(SLOT0 + 60, SLOT0 + 121)
    play(log, "a1/state", [("run", 60)], T0 + 60 * MIN)
    assert minutes(sums(log, window(120))) == {"unk": 60, "run": 60}


def test_case_30_pieces_of_a_dry_run_are_no_product() -> None:
    log = log_of(machine([asset("a1")], {"a1": COUNTERS}), 60)
    play(log, "a1/state", [("test", 20), ("run", 40)])
    for minute in range(0, 60, 2):
        log.row("a1/good", T0 + minute * MIN, minute)
        log.row("a1/scrap", T0 + minute * MIN, 0)
    found = sums(log, window(60))
    # readings 2 to 18 lie in the test, 20 to 58 outside
    assert found.test_pieces == 18
    assert [r.good for r in found.rows] == [40]
    assert minutes(found) == {"test": 20, "run": 40}


def rows_of(roles: dict[str, int], **more: Any) -> tuple[tuple[PieceRow, ...], Any]:
    """Rows of an asset whose counters (role → pieces) count from 0 to a number in ten minutes."""
    signals = [state_signal(), *(counted(role, role) for role in roles)]
    log = log_of(machine([asset("a1", **more)], {"a1": signals}), 10)
    play(log, "a1/state", [("run", 10)])
    for role, n in roles.items():
        log.row(f"a1/{role}", T0, 0)
        log.row(f"a1/{role}", T0 + 9 * MIN, n)
    found = sums(log, window(10))
    return found.rows, found


def test_rows_good_and_made_by_the_roles_present() -> None:
    def counts(**roles: int) -> list[tuple[int | None, ...]]:
        rows, _ = rows_of({f"count_{k}": n for k, n in roles.items()})
        return [(r.made, r.good, r.scrap, r.rework) for r in rows]

    assert counts(total=100, scrap=3) == [(100, 97, 3, None)]
    assert counts(total=100, scrap=3, rework=5) == [(100, 92, 3, 5)]  # C22: rework is not good
    assert counts(good=90, scrap=3) == [(93, 90, 3, None)]
    assert counts(good=90, scrap=3, rework=5) == [(98, 90, 3, 5)]
    assert counts(good=90, total=100) == [(100, 90, None, None)]
    assert counts(good=90) == [(None, 90, None, None)]
    assert counts(total=100) == [(100, None, None, None)]


def test_rows_mismatch_of_three_counters_is_reported() -> None:
    rows, found = rows_of(
        {"count_total": 100, "count_good": 90, "count_scrap": 4, "count_rework": 5}
    )
    assert [(r.made, r.good) for r in rows] == [(100, 90)]
    assert found.mismatch == 1


def test_case_8_a_total_alone_is_not_measured() -> None:
    _, found = rows_of({"count_total": 100})
    assert not found.measured
    assert rows_of({"count_good": 100})[1].measured


def silent(roles: list[str], answering: dict[str, int], proofs: tuple[str, ...] = ()) -> Any:
    signals = [state_signal(), *(counted(role, role) for role in roles)]
    log = log_of(machine([asset("a1")], {"a1": signals}), 10)
    play(log, "a1/state", [("run", 10)])
    for role, n in answering.items():
        log.row(f"a1/{role}", T0, 0)
        log.row(f"a1/{role}", T0 + 9 * MIN, n)
    for role in proofs:
        log.alive(f"a1/{role}", T0 + MIN)
    return sums(log, window(10))


def test_a_reject_counter_that_never_answers_is_none() -> None:
    found = silent(["count_total", "count_scrap"], {"count_total": 100})
    assert not found.measured
    assert [(r.made, r.good) for r in found.rows] == [(100, None)]
    # good is counted, so OEE can be formed, but made is not known: never 100 % quality of a dead counter
    found = silent(["count_good", "count_scrap"], {"count_good": 100})
    assert found.measured
    assert [(r.made, r.good) for r in found.rows] == [(None, 100)]


def test_a_reject_counter_proven_alive_without_change_is_zero_scrap() -> None:
    found = silent(["count_total", "count_scrap"], {"count_total": 100}, ("count_scrap",))
    assert [(r.made, r.good, r.scrap) for r in found.rows] == [(100, 100, 0)]


def test_counters_that_all_are_silent_count_zero_against_the_claimant() -> None:
    found = silent(["count_total", "count_scrap"], {})
    assert found.measured
    assert [(r.made, r.good) for r in found.rows] == [(0, 0)]


def test_a_dead_good_counter_measures_nothing() -> None:
    # §7: only scrap and total that never answer are not there; good pieces are what the dead counter would count
    found = silent(
        ["count_good", "count_total", "count_scrap"], {"count_total": 100, "count_scrap": 2}
    )
    assert not found.measured
    assert [(r.made, r.good) for r in found.rows] == [(100, None)]


def test_a_dead_rework_counter_is_there_and_counts_nothing() -> None:
    found = silent(
        ["count_rework", "count_total", "count_scrap"], {"count_total": 100, "count_scrap": 2}
    )
    assert [(r.made, r.good, r.rework) for r in found.rows] == [(100, 98, 0)]
    assert [(g.role.value, g.most) for g in found.gaps] == [("count_rework", None)]


def test_alternate_counter_is_compared_never_added() -> None:
    signals = [
        state_signal(),
        counted("good", "count_good"),
        counted("good_gateway", "count_good", alternate_of="good"),
    ]
    log = log_of(machine([asset("a1")], {"a1": signals}), 10)
    for name, n in (("good", 50), ("good_gateway", 53)):
        log.row(f"a1/{name}", T0, 0)
        log.row(f"a1/{name}", T0 + 9 * MIN, n)
    found = sums(log, window(10))
    assert [r.good for r in found.rows] == [50]  # C36: counted once
    [other] = found.alternates
    assert (other.signal, other.main, other.count, other.difference) == (
        "good_gateway",
        "good",
        53,
        3,
    )
    assert found.gaps == ()


def test_asset_that_is_not_in_service_is_neither_measured_wrongly_nor_left_out() -> None:
    doc = machine(
        [asset("a1", in_service=[T0 + 500 * MIN, 0])], {"a1": [counted("total", "count_total")]}
    )
    found = sums(log_of(doc, 10), window(10))
    assert (found.measured, found.has_ideal, found.rows) == (True, True, ())
    assert sum(found.atoms.values()) == 0


def test_asset_without_ideal_cycle_while_planned_is_left_out() -> None:
    doc = machine([asset("a1", ideal_cycle_ms=[0, 1])], {"a1": COUNTERS})
    assert not sums(log_of(doc, 10), window(10)).has_ideal
    # without planned time, and without running outside it, the ideal cycle is not missed
    night = machine(
        [asset("a1", ideal_cycle_ms=[0, 1])], {"a1": COUNTERS}, calendar(shifts=[shift(1200, 1210)])
    )
    assert sums(log_of(night, 10), window(10)).has_ideal


def test_registers_of_a_meter_are_booked_by_elapsed_time() -> None:
    doc = machine(
        [asset("m1", production=False, state_table="")],
        {"m1": [counted("energy", "energy"), counted("gas", "consumption", carrier="gas")]},
    )
    log = log_of(doc, 180)
    log.row("m1/energy", T0 + 30 * MIN, 0)
    log.row("m1/energy", T0 + 150 * MIN, 1200)
    log.row("m1/gas", T0 + 150 * MIN, 7)
    log.row("m1/gas", T0 + 151 * MIN, 9)
    found = cells(log, window(180), "m1")
    # 1200 Wh over two hours, 300 of them before 09:00 local, 600 in the second hour, 300 after
    energy = found.quantities.counter == 0
    assert found.quantities.count[energy].tolist() == [300, 600, 300]
    assert [(r.signal, r.quantity) for r in sums_of(found).registers] == [
        ("gas", 2),
        ("energy", 1200),
    ]


def test_production_day_of_cells_follows_the_start_of_the_shift() -> None:
    # T0 is Sunday 08:00; day from 08:00; night shift 20:00 to 08:00
    cal = calendar(shifts=[shift(480, 1200), shift(1200, 1920)])
    log = log_of(machine([asset("a1")], {"a1": [state_signal()]}, cal), 5)
    table = cells(log, window(26 * 60)).table
    days = [iso_date(d) for d in table.day.tolist()]
    assert days == ["2026-03-01"] * 24 + ["2026-03-02"] * 2
