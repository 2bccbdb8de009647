"""`oee/2`: sums, ratios and bounds (statistics.md §7, §8; claims.md §5); expected values by hand in the comments."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from evidence.frame import FrameRow
from evidence.recompute.interface import Outcome
from evidence.refusal import Refusal
from evidence.verify import verify_bundle
from model.state import Atom
from tests.unit.evidence import evidence_builder as v1
from tests.unit.evidence.equipment_builder import (
    COUNTER,
    HOUR,
    MIN,
    T0,
    LogBuilder,
    add_blocks,
    asset,
    calendar,
    claim,
    compute,
    log_of,
    machine,
    plant,
    product,
    signal,
    statistics,
    table,
)
from tests.unit.evidence.evidence_builder import filled, memory, proof, row

LONG = {"hold_ms": 24 * HOUR}
FREE = {**COUNTER, "max_rate": [0, 1]}
STATES = {
    "1": "run",
    "2": "setup",
    "3": "fault",
    "4": "wait",
    "5": "idle",
    "6": "idle_fault",
    "7": "test",
    "8": "off",
}
RUN, SETUP, FAULT, WAIT, IDLE, IDLE_FAULT, TEST, OFF = range(1, 9)
STATE = [signal("state", "state", **LONG), signal("part", "product", "text", **LONG)]
MINUTE_PRODUCT = [product("A", [MIN, 1])]


def counter(role: str, rule: Any = FREE, **changes: Any) -> dict[str, Any]:
    return signal(role, f"count_{role}", counter=rule, **{**LONG, **changes})


def at(minute: float, value: object, index: int = 0) -> FrameRow:
    return row(T0 + int(minute * MIN), index, value)


def counts(*steps: tuple[float, int], index: int = 0) -> list[FrameRow]:
    """A reading of 0 at minute 0, and from there one reading at each minute given."""
    return [at(0, 0, index), *(at(minute, value, index) for minute, value in steps)]


def document(counters: Any, cal: Any = None, **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "minor_stop_ms": 0,
        "products": MINUTE_PRODUCT,
        "state_tables": [table(STATES)],
        **changes,
    }
    return machine(counters, STATE, cal, **fields)


def run(
    states: list[FrameRow], counted: list[FrameRow], minutes: int, counters: Any, **changes: Any
) -> Outcome:
    """OEE of one machine over `minutes` minutes; every reading lies at a minute of its own or is spread."""
    rows = {"m.state": states, "m.count": counted}
    return compute(log_of(document(counters, **changes), rows, minutes), "oee/2", minutes)


def detail(found: Outcome) -> Any:
    return found.detail


def one(found: Outcome) -> Any:
    (asset_,) = detail(found)["assets"]
    return asset_


GOOD = [counter("good")]
GOOD_SCRAP = [counter("good"), counter("scrap")]
TOTAL_SCRAP = [counter("total"), counter("scrap")]


def test_oee_of_two_products_kpi_audit_e1():
    # PBT 480, run 400; A: ideal 1 min, 100 made, 100 good; B: ideal 4 min, 50 made, 25 good
    products = [product("A", [MIN, 1]), product("B", [4 * MIN, 1])]
    states = [at(0, RUN), at(400, IDLE), at(0, b"A", 1), at(200, b"B", 1)]
    good = counts((199, 100), (200, 100), (399, 125), (479, 125))
    scrap = counts((199, 0), (200, 0), (399, 25), (479, 25), index=1)
    found = run(states, good + scrap, 480, GOOD_SCRAP, products=products)
    assert Fraction(found.num, found.den) == Fraction(200, 480)
    assert detail(found)["availability"] == "5/6"
    assert detail(found)["effectiveness"] == "3/4"  # 300 ideal minutes made in 400
    assert detail(found)["quality_ideal"] == "2/3"  # 200 of 300 ideal minutes
    assert detail(found)["pieces_quality"] == "5/6"  # 125 of 150 pieces
    assert detail(found)["rows"] == [
        {
            "asset": "m",
            "good": 100,
            "ideal_high": "60000/1",
            "ideal_low": "60000/1",
            "made": 100,
            "product": "A",
            "scrap": 0,
        },
        {
            "asset": "m",
            "good": 25,
            "ideal_high": "240000/1",
            "ideal_low": "240000/1",
            "made": 50,
            "product": "B",
            "scrap": 25,
        },
    ]


def test_atoms_of_every_state_kpi_audit_u1_e3():
    # 480 min planned: run 300, setup 30, breakdown 60, minor 20, no order 70; the minor stop is 20 min long
    states = [at(0, RUN), at(300, SETUP), at(330, FAULT), at(390, IDLE), at(460, WAIT)]
    found = run(states, counts((479, 0)), 480, GOOD, minor_stop_ms=20 * MIN)
    atoms = {name: ms // MIN for name, ms in one(found)["atoms"].items() if ms}
    assert atoms == {"run": 300, "setup": 30, "fault": 60, "minor": 20, "idle": 70}
    assert one(found)["pbt"] == 480 * MIN
    assert one(found)["apt"] == 300 * MIN


def test_atoms_inside_and_outside_the_plan():
    # planned until 60, break 60–120: each state once inside and once outside
    states = [
        at(0, RUN),
        at(10, IDLE_FAULT),
        at(20, TEST),
        at(30, OFF),
        at(60, RUN),
        at(80, FAULT),
    ]
    found = run(states, counts((119, 0)), 120, GOOD, cal=calendar(breaks=[[60, 120]]))
    atoms = {name: ms // MIN for name, ms in one(found)["atoms"].items() if ms}
    # `off` inside the plan is idle; a run in the break is run_x, everything else is the break
    assert atoms == {"run": 10, "idle_fault": 10, "test": 10, "idle": 30, "run_x": 20, "brk": 40}
    assert one(found)["pbt"] == 80 * MIN
    assert one(found)["apt"] == 30 * MIN


def test_nee_gives_setup_back_kpi_audit_e4():
    # run 300, setup 60, fault 60, idle 60; 270 made, 260 good: A 62.5 %, OEE 260/480, NEE 65 %
    states = [at(0, RUN), at(300, SETUP), at(360, FAULT), at(420, IDLE)]
    counted = counts((299, 260), (479, 260)) + counts((299, 10), (479, 10), index=1)
    found = run(states, counted, 480, GOOD_SCRAP)
    assert detail(found)["availability"] == "5/8"
    assert Fraction(found.num, found.den) == Fraction(260, 480)
    assert detail(found)["nee"] == "13/20"
    assert detail(found)["teep"] == "13/24"  # the calendar is all planned


def test_teep_is_over_all_time_in_service():
    # 60 of 120 min planned, 30 good minutes
    found = run(
        [at(0, RUN)], counts((59, 30), (119, 30)), 120, GOOD, cal=calendar(breaks=[[60, 120]])
    )
    # run_x in the break lengthens the base: 30/120
    assert (found.num, found.den) == (1, 4)
    assert detail(found)["teep"] == "1/4"


def test_bounds_of_unknown_time_without_counter_kpi_audit_u3():
    # P 500, N 320, u 110 at most 72 an hour: low 16/25, high 452/500; the counter's last reading is at minute 390
    rule = {**COUNTER, "max_rate": [72, HOUR]}
    states = [at(0, RUN), proof(T0 + 390 * MIN - 1, 0)]
    short = [signal("state", "state", hold_ms=390 * MIN)]
    doc = document([counter("good", rule, hold_ms=MIN)])
    doc["streams"][0]["signals"] = short
    log = log_of(doc, {"m.state": states[:1], "m.count": counts((390, 320))}, 500)
    found = compute(log, "oee/2", 500)
    assert one(found)["atoms"]["unk"] == 110 * MIN
    assert (detail(found)["low"], detail(found)["high"]) == ("16/25", "113/125")
    assert Fraction(found.num, found.den) == Fraction(320, 500)
    # availability: the 110 minutes not run or run
    assert detail(found)["availability_low"] == "39/50"
    assert detail(found)["availability_high"] == "1/1"
    assert detail(found)["gaps"] == [
        {
            "asset": "m",
            "end": T0 + 500 * MIN,
            "most": 132,
            "planned": 110 * MIN,
            "role": "count_good",
            "signal": "good",
            "start": T0 + 390 * MIN,
        }
    ]


def test_bounds_of_a_lost_reject_counter_kpi_audit_e5():
    # 320 pieces proven good, 90 more while the reject counter is silent: good between 320 and 410 of 500 minutes
    total = counts((390, 320), (499, 410))
    scrap = counts((390, 0), index=1)
    counters = [counter("total"), counter("scrap", hold_ms=MIN)]
    found = run([at(0, RUN)], total + scrap, 500, counters)
    assert Fraction(found.num, found.den) == Fraction(410, 500)
    assert (detail(found)["low"], detail(found)["high"]) == ("16/25", "41/50")


def test_bounds_low_takes_no_more_than_the_gap_can_hide():
    # at most 72 an hour: in 20 min of gap 24 of the 90 pieces can be rejects
    rule = {**COUNTER, "max_rate": [72, HOUR]}
    total = counts((479, 320), (499, 410))
    scrap = counts((480, 0), index=1)
    counters = [counter("total"), counter("scrap", rule, hold_ms=MIN)]
    found = run([at(0, RUN)], total + scrap, 500, counters)
    # of 320 → 410 between 479 and 499, ⌊90·1/20⌋ = 4 lie before minute 480 and 86 in the gap
    assert detail(found)["low"] == "193/250"  # (410 − 24)/500


def test_bounds_of_a_total_gap_add_its_pieces_times_the_largest_factor_and_ideal():
    # outlier at minute 60, gap 59–61 = 2 min at 6 a minute = 12 counts of up to 2 pieces, ideal up to 4 min
    rule = {**COUNTER, "max_rate": [6, MIN]}
    products = [product("A", [MIN, 1]), product("B", [4 * MIN, 1], factor=2)]
    total = counts((59, 10), (60, 9999), (61, 10), (119, 10))
    found = run(
        [at(0, RUN), at(0, b"A", 1)],
        total + counts((119, 0), index=1),
        120,
        [counter("total", rule), counter("scrap", rule)],
        products=products,
    )
    assert Fraction(found.num, found.den) == Fraction(10, 120)
    assert detail(found)["low"] == "1/12"
    assert detail(found)["high"] == "53/60"  # (10 + 12·2·4)/120 = 106/120


def test_bounds_are_unbounded_if_the_rate_of_a_deciding_counter_is_not_limited():
    found = run([at(0, RUN)], counts((5, 9), (6, 2), (9, 2)), 10, GOOD)
    # 9 → 2 is a reset: 2 pieces more
    assert (found.num, found.den) == (11, 10)
    assert (detail(found)["low"], detail(found)["high"]) == ("11/10", "unbounded")
    assert one(found)["marks"] == {"reset": 1}


def test_ideal_cycle_of_an_unassigned_product_is_the_smallest_and_the_largest():
    # ten pieces of an id that is not listed: ideal 1 to 4 minutes
    products = [product("A", [MIN, 1]), product("B", [4 * MIN, 1]), product("C", [0, 1])]
    states = [at(0, RUN), at(0, b"Z", 1)]
    found = run(states, counts((119, 10)), 120, GOOD, products=products)
    assert (found.num, found.den) == (1, 12)
    assert (detail(found)["low"], detail(found)["high"]) == ("1/12", "1/3")
    (pieces,) = detail(found)["rows"]
    assert (pieces["product"], pieces["ideal_low"], pieces["ideal_high"]) == (
        "Z",
        "60000/1",
        "240000/1",
    )
    # C is listed but has no ideal cycle of its own: the same range
    found = run([at(0, RUN), at(0, b"C", 1)], counts((119, 10)), 120, GOOD, products=products)
    assert (detail(found)["low"], detail(found)["high"]) == ("1/12", "1/3")


def test_asset_without_any_ideal_cycle_in_planned_time_is_left_out():
    found = run([at(0, RUN)], counts((9, 1)), 10, GOOD, products=[product("A", [0, 1])])
    assert (found.num, found.den, detail(found)["undefined"]) == (0, 0, "no_ideal_cycle")
    assert (detail(found)["left_out"], detail(found)["assets"]) == (["m"], [])
    assert (detail(found)["availability"], detail(found)["availability_low"]) == ("0/0", "0/0")


def test_asset_without_ideal_cycle_outside_the_plan_alone_is_not_left_out():
    # the first configuration has no product, and is in force in a break in which the machine stands
    cal = calendar(breaks=[[0, 5]])
    log = log_of(
        document(GOOD, cal, products=[]), {"m.state": [at(0, IDLE)], "m.count": counts()}, 5
    )
    log.config(document(GOOD, cal))
    add_blocks(log, {"m.state": [at(5, RUN)], "m.count": [at(9, 3)]}, 5)
    found = compute(log, "oee/2", 10)
    assert (found.num, found.den) == (3, 5)
    assert detail(found)["left_out"] == []
    # running in the break is running without ideal cycle
    log = log_of(
        document(GOOD, cal, products=[]), {"m.state": [at(0, RUN)], "m.count": counts()}, 5
    )
    log.config(document(GOOD, cal))
    add_blocks(log, {"m.count": [at(9, 3)]}, 5)
    assert detail(compute(log, "oee/2", 10))["left_out"] == ["m"]


@pytest.mark.parametrize(
    ("roles", "values", "good", "made"),
    [
        (("good",), (5,), 5, None),
        (("total",), (9,), None, 9),
        (("scrap",), (2,), None, None),
        (("good", "scrap"), (5, 2), 5, 7),
        (("good", "scrap", "rework"), (5, 2, 1), 5, 8),
        (("total", "scrap"), (9, 2), 7, 9),
        (("total", "scrap", "rework"), (9, 2, 1), 6, 9),
        (("total", "good"), (9, 5), 5, 9),
        (("total", "good", "scrap", "rework"), (9, 5, 2, 1), 5, 9),
        (("good", "rework"), (5, 1), 5, None),
    ],
)
def test_good_and_made_by_the_counters_that_are_there(
    roles: tuple[str, ...], values: tuple[int, ...], good: int | None, made: int | None
):
    counted = [
        reading for index, value in enumerate(values) for reading in counts((9, value), index=index)
    ]
    found = run([at(0, RUN)], counted, 10, [counter(role) for role in roles])
    (pieces,) = detail(found)["rows"]
    assert (pieces.get("good"), pieces.get("made")) == (good, made)
    assert ("scrap" in pieces, "rework" in pieces) == ("scrap" in roles, "rework" in roles)
    assert ("undefined" in detail(found)) is (good is None)
    assert ("ideal_total" in one(found)) is (made is not None)
    unknown = [detail(found)[name] == "0/0" for name in ("effectiveness", "pieces_quality")]
    assert unknown == [made is None, made is None or good is None]


def test_mismatch_of_total_good_and_scrap_is_reported_and_total_is_made():
    # 9 made, 5 good, 2 scrap, 1 rework: one piece is missing
    roles = ("total", "good", "scrap", "rework")
    counted = [
        reading
        for index, value in enumerate((9, 5, 2, 1))
        for reading in counts((9, value), index=index)
    ]
    found = run([at(0, RUN)], counted, 10, [counter(role) for role in roles])
    assert one(found)["mismatch"] == 1
    counted[-1] = at(9, 2, 3)
    found = run([at(0, RUN)], counted, 10, [counter(role) for role in roles])
    assert "mismatch" not in one(found)


def test_test_pieces_are_reported_apart():
    # test 10–20: 4 good and 1 scrap in it, 6 good outside
    states = [at(0, RUN), at(10, TEST), at(20, RUN)]
    counted = counts((5, 6), (10, 6), (15, 10), (29, 10)) + counts(
        (10, 0), (15, 1), (29, 1), index=1
    )
    found = run(states, counted, 30, GOOD_SCRAP)
    assert one(found)["test_pieces"] == 5
    assert [row_["good"] for row_ in detail(found)["rows"]] == [6]
    assert (found.num, found.den) == (1, 5)  # test time stays in the base
    # with a total counter that one alone
    found = run(states, counted, 30, [counter("total"), counter("scrap")])
    assert one(found)["test_pieces"] == 4


def test_good_unknown_everywhere_is_not_measured():
    found = run([at(0, RUN)], counts((9, 5)), 10, [counter("total")])
    assert (found.den, detail(found)["undefined"]) == (0, "no_reject_signal")
    assert "ideal_good" not in one(found)
    assert one(found)["ideal_total"] == "300000/1"
    for name in ("low", "high", "quality_ideal", "pieces_quality", "nee", "teep"):
        assert detail(found)[name] == "0/0"
    assert detail(found)["availability"] == "1/1"
    assert detail(found)["effectiveness"] == "1/2"


@pytest.mark.parametrize(
    ("roles", "answering", "is_measured"),
    [
        (("good", "scrap"), (1,), False),  # good = G, which is silent
        (("good", "scrap"), (0,), True),
        (("total", "scrap"), (0,), False),  # good = T − S
        (("total", "scrap"), (1,), False),
        (("total", "scrap"), (0, 1), True),
        (("total", "scrap", "rework"), (0, 1), True),
        (
            ("total", "scrap"),
            (),
            True,
        ),  # nothing answers at all: unknown time, not a missing reject signal
    ],
)
def test_deciding_counters_that_never_answer_are_not_measured(
    roles: tuple[str, ...], answering: tuple[int, ...], is_measured: bool
):
    counted = [reading for index in answering for reading in counts((9, 5), index=index)]
    found = run([at(0, RUN)], counted, 10, [counter(role) for role in roles])
    assert (detail(found).get("undefined") != "no_reject_signal") is is_measured


def test_deciding_counter_that_is_proven_alive_answers():
    # the scrap counter never counts, but the item is alive
    alive = [FrameRow(T0, None, 1, None, 0, 5)]
    found = run([at(0, RUN)], counts((9, 5)) + alive, 10, TOTAL_SCRAP)
    assert (found.num, found.den) == (1, 2)


def test_scrap_counter_that_never_answers_is_none():
    # good answers, scrap never does: OEE stands on the good pieces, but what was made is not known
    found = run([at(0, RUN)], counts((9, 5)), 10, GOOD_SCRAP)
    assert (found.num, found.den) == (1, 2)
    (pieces,) = detail(found)["rows"]
    assert (pieces["good"], "made" in pieces, "scrap" in pieces) == (5, False, False)
    assert detail(found)["pieces_quality"] == "0/0"


def test_total_counter_that_never_answers_is_none():
    # good 5 and scrap 2 answer, total never does: 7 made, not 0
    counted = counts((9, 5)) + counts((9, 2), index=1)
    found = run([at(0, RUN)], counted, 10, [*GOOD_SCRAP, counter("total")])
    assert detail(found)["pieces_quality"] == "5/7"
    assert "mismatch" not in one(found)


def test_good_unknown_in_some_cells_is_zero_as_measured_and_all_made_as_high():
    # minutes 0–5 only total: 4 made; minutes 5–10 total and scrap: 3 made, 1 scrap
    log = log_of(
        document([counter("total")]), {"m.state": [at(0, RUN)], "m.count": counts((4, 4))}, 5
    )
    log.config(document(TOTAL_SCRAP))
    rows = [at(5, 4), at(5, 0, 1), at(9, 7), at(9, 1, 1)]
    add_blocks(log, {"m.count": rows}, 5)
    found = compute(log, "oee/2", 10)
    assert (found.num, found.den) == (1, 5)  # (3 − 1)/10
    # high: 2 + 4 made of unknown quality; the scrap counter is not there in minutes 0–5, whose pieces are none good
    # anyway: low stays
    assert (detail(found)["low"], detail(found)["high"]) == ("1/5", "3/5")
    # one line: good and scrap of the cells that know them, made of both
    (pieces,) = detail(found)["rows"]
    assert (pieces["good"], pieces["made"], pieces["scrap"]) == (2, 7, 1)


OUTSIDE = calendar(breaks=[[10, 40]])


def outside(count: int, state_end: int = 15, minute: int = 30, **changes: Any) -> Outcome:
    """Planned 0–10 and 40–60; the state is known (run) until `state_end` and from 40 on; pieces at `minute`."""
    state = [signal("state", "state", hold_ms=state_end * MIN)]
    doc = document([counter("good", {**COUNTER, "max_rate": [100, MIN]})], OUTSIDE, **changes)
    doc["streams"][0]["signals"] = state
    readings = [at(m, 0) for m in range(0, minute, 2)] + [
        at(m, count) for m in range(minute, 60, 2)
    ]
    rows = {"m.state": [at(0, RUN), at(40, RUN)], "m.count": readings}
    return compute(log_of(doc, rows, 55), "oee/2", 55)


def test_base_outside_the_plan_grows_by_unknown_time_in_which_pieces_were_made():
    # run 0–15 (5 of it in the break), unknown 15–40, run 40–55; 8 pieces of one minute at minute 30
    # PBT = 10 + 15 + run_x 5 = 30; base gains u = 25 at most, at least 8 − 5 = 3 beyond the 5 minutes of run_x
    found = outside(8)
    assert one(found)["pbt"] == 30 * MIN
    assert one(found)["atoms"]["unk_x"] == 25 * MIN
    assert one(found)["base_gain"] == 25 * MIN
    assert one(found)["base_gain_least"] == 3 * MIN
    assert Fraction(found.num, found.den) == Fraction(8, 55)
    assert detail(found)["low"] == "8/55"
    assert detail(found)["high"] == "8/33"
    assert detail(found)["availability"] == "1/1"  # 30 of the 30 minutes without the gain
    assert one(found)["outside_unbounded"] is False


def test_base_outside_the_plan_without_pieces_gains_nothing():
    found = outside(0)
    assert (one(found)["base_gain"], one(found)["base_gain_least"]) == (0, 0)


def test_base_outside_the_plan_gains_at_least_nothing_if_the_known_run_explains_the_pieces():
    # 4 pieces of a minute in 5 minutes of run_x
    found = outside(4)
    assert (one(found)["base_gain"], one(found)["base_gain_least"]) == (25 * MIN, 0)


def test_base_outside_the_plan_gains_at_least_no_more_than_the_unknown_time():
    # 90 pieces need 90 − 5 minutes, only 25 are unknown
    found = outside(90)
    assert (one(found)["base_gain"], one(found)["base_gain_least"]) == (25 * MIN, 25 * MIN)


def test_base_outside_the_plan_is_by_cell():
    # the break reaches over the hour: pieces before it lengthen the base by the unknown time before it alone
    cal = calendar(breaks=[[10, 90]])
    doc = document([counter("good", {**COUNTER, "max_rate": [100, MIN]})], cal)
    doc["streams"][0]["signals"] = [signal("state", "state", hold_ms=15 * MIN)]
    readings = [at(m, 0) for m in range(0, 30, 2)] + [at(m, 8) for m in range(30, 120, 2)]
    log = log_of(doc, {"m.state": [at(0, RUN), at(90, RUN)], "m.count": readings}, 100)
    # unknown 15–90, of which 15–60 in the hour of the pieces
    assert one(compute(log, "oee/2", 100))["base_gain"] == 45 * MIN


def test_outside_unbounded_if_a_deciding_counter_is_not_proven_in_unknown_time_outside_the_plan():
    # the counter is silent from minute 8 to 50: no mark, no gap; with a reset at minute 50 there is one
    def outcome(last: int) -> Outcome:
        doc = document([counter("good", {**COUNTER, "max_rate": [100, MIN]})], OUTSIDE)
        doc["streams"][0]["signals"] = [signal("state", "state", hold_ms=15 * MIN)]
        readings = [at(m, 9) for m in range(0, 9, 2)] + [at(m, last) for m in range(50, 60, 2)]
        rows = {"m.state": [at(0, RUN), at(40, RUN)], "m.count": readings}
        return compute(log_of(doc, rows, 55), "oee/2", 55)

    assert one(outcome(9))["outside_unbounded"] is False
    assert one(outcome(2))["outside_unbounded"] is True


def two_machines(first: dict[str, Any], second: dict[str, Any]) -> LogBuilder:
    state, counters = [signal("state", "state", **LONG)], GOOD_SCRAP
    doc = plant(
        [
            asset("a", minor_stop_ms=0, products=MINUTE_PRODUCT, **first),
            asset("b", minor_stop_ms=0, products=MINUTE_PRODUCT, **second),
        ],
        {"a.state": state, "b.state": state, "a.count": counters, "b.count": counters},
        state_tables=[table(STATES)],
    )
    return log_of(
        doc,
        {
            "a.state": [at(0, RUN)],
            "b.state": [at(0, RUN), at(5, IDLE)],
            "a.count": counts((9, 8)) + counts((9, 1), index=1),
            "b.count": counts((9, 2)) + counts((9, 0), index=1),
        },
        10,
    )


def test_oee_of_several_assets_is_the_quotient_of_the_sums():
    # 8 and 2 good minutes of 10 + 10; run 10 + 5
    found = compute(two_machines({}, {}), "oee/2", 10, assets=["a", "b"])
    assert (found.num, found.den) == (1, 2)
    assert detail(found)["availability"] == "3/4"
    assert detail(found)["effectiveness"] == "11/15"
    assert detail(found)["pieces_quality"] == "10/11"
    assert [item["asset"] for item in detail(found)["assets"]] == ["a", "b"]
    assert [item["asset"] for item in detail(found)["rows"]] == ["a", "b"]


def test_oee_leaves_out_an_asset_without_ideal_cycle():
    log = two_machines({}, {})
    log = two_machines({}, {"product": "A"})
    found = compute(log, "oee/2", 10, assets=["a", "b"])
    assert found.den == 2
    left = two_machines({}, {"in_service": [T0 + 20 * MIN, 0]})
    found = compute(left, "oee/2", 10, assets=["a", "b"])
    # b is not in service: it adds nothing, and is neither left out nor unmeasured
    assert (found.num, found.den) == (4, 5)
    assert detail(found)["left_out"] == []
    assert detail(found)["assets"][1]["outside_service"] == 2


def test_oee_without_planned_time():
    found = run([at(0, IDLE)], counts((9, 0)), 10, GOOD, cal=calendar(shifts=[]))
    assert (found.den, detail(found)["undefined"]) == (0, "no_planned_time")
    assert (detail(found)["low"], detail(found)["high"]) == ("0/0", "0/0")


def test_oee_of_a_version_1_document_is_read_as_version_2():
    doc = v1.plant(
        [v1.asset("m", ideal_cycle_ms=[30_000, 1])],
        {
            "m.state": [v1.signal("state", "state", **LONG)],
            "m.count": [
                v1.signal(name, f"count_{name}", counter=v1_rule, **LONG)
                for name, v1_rule in (
                    ("good", {"first": 0, "max_rate": [0, 1], "modulus": "0"}),
                    ("scrap", {"first": 0, "max_rate": [0, 1], "modulus": "0"}),
                )
            ],
        },
    )
    rows = {"m.state": [at(0, 3)], "m.count": counts((9, 12)) + counts((9, 1), index=1)}
    found = compute(log_of(doc, rows, 10), "oee/2", 10)
    # 12 × 30 s of 600 s, as `oee-iso22400/1`
    assert (found.num, found.den) == (3, 5)
    (pieces,) = detail(found)["rows"]
    assert (pieces["product"], pieces["ideal_low"]) == ("", "30000/1")
    old = log_of(doc, rows, 10).compute(claim("oee-iso22400/1", 10, assets=["m"], by="all"))
    assert (old.num, old.den) == (3, 5)


def test_state_tables_in_force_are_listed():
    state = [signal("a", "state", table="t/2", **LONG), signal("b", "state", **LONG)]
    doc = machine(
        GOOD,
        state,
        products=MINUTE_PRODUCT,
        state_tables=[table(STATES), {**table(STATES), "id": "t/2"}],
    )
    log = log_of(doc, {"m.state": [at(0, RUN)], "m.count": counts((9, 5))}, 10)
    assert one(compute(log, "oee/2", 10))["state_tables"] == ["t/1", "t/2"]


def test_night_shift_over_the_change_of_summer_time_has_its_true_length():
    # Berlin, 2026-03-29: Saturday 22:00 (21:00Z) to Sunday 06:00 (04:00Z) is seven hours; the log begins on Sunday
    # 2026-03-01 at 00:00Z, so the shift begins after 27 days and 21 hours
    change = T0 + 28 * 24 * HOUR + HOUR
    shifts = [{"from_min": 1320, "name": "night", "to_min": 1800, "weekdays": [6]}]
    cal = calendar(offsets=[[0, 60], [change, 120]], shifts=shifts)
    log = LogBuilder()
    log.config(document(GOOD, cal))
    log.boot()
    log.block({"m.state": [row(T0, 0, IDLE)]})
    log.off(29 * 1440 - 1)
    start = 27 * 1440 + 20 * 60
    found = compute(log, "oee/2", start + 12 * 60, start=start)
    assert one(found)["pbt"] == 7 * HOUR


def test_unknown_asset_or_other_parameters_refuse_the_claim():
    log = two_machines({}, {})
    good = claim("oee/2", 10, assets=["a"], by="all")
    assert log.compute(good).den > 0
    for wrong in (
        claim("oee/2", 10, assets=["z"], by="all"),
        claim("oee/2", 10, assets=["b", "a"], by="all"),
        claim("oee/2", 10, assets=[], by="all"),
        claim("oee/2", 10, assets=["a"], by="asset"),
        claim("oee/2", 10, assets=["a"]),
        claim("oee/2", 10, assets=["a"], by="all", ideal=1),
        replace(good, unit="%"),
        replace(good, detail=None),
    ):
        with pytest.raises(Refusal) as caught:
            log.compute(wrong)
        assert caught.value.kind == "claim"


def test_coverage_lists_the_state_and_count_streams():
    found = compute(two_machines({}, {}), "oee/2", 10, assets=["a"])
    assert [item["stream"] for item in found.coverage] == ["a.state", "a.count"]  # type: ignore[index,call-overload]


def test_claim_with_rows_and_gaps_can_be_stated_in_a_bundle_and_is_verified():
    # canonical JSON is at most eight deep: lists inside the object of an asset would be nine
    rule = {**COUNTER, "max_rate": [6, MIN]}
    log = log_of(
        document([counter("good", rule), counter("scrap", rule)]),
        {"m.state": [at(0, RUN)], "m.count": counts((5, 9), (6, 2)) + counts((5, 0), index=1)},
        10,
    )
    asked = claim("oee/2", 10, assets=["m"], by="all")
    stated = filled(asked, log.compute(asked))
    assert stated.detail["gaps"]  # type: ignore[index,call-overload]
    verified = verify_bundle(memory(log.bundle([stated])), log.policy)
    assert verified.claims[0].claim.algorithm == "oee/2"


def test_atoms_are_whole_time_in_service():
    log = two_machines({"in_service": [T0 + 3 * MIN, T0 + 8 * MIN]}, {})
    found = compute(log, "oee/2", 10, assets=["a"])
    assert sum(one(found)["atoms"].values()) == 5 * MIN


def test_statistics_are_worked_out_once_for_all_claims_of_a_window():
    found = statistics(
        log_of(document(GOOD), {"m.state": [at(0, RUN)], "m.count": counts((9, 5))}, 10), 10
    )
    assert found.sums.atoms[Atom.RUN] == 10 * MIN
