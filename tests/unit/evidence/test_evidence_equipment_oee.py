"""`oee/2`: sums and ratios (statistics.md §7; claims.md §5); expected values by hand in the comments."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from evidence.frame import FrameRow
from evidence.recompute.equipment.signals import signals_of
from evidence.recompute.equipment.statistics import statistics_of
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
    table,
    view_of,
)
from tests.unit.evidence.equipment_runs import (
    FAULT,
    GOOD,
    GOOD_SCRAP,
    IDLE,
    IDLE_FAULT,
    LONG,
    MINUTE_PRODUCT,
    OFF,
    RUN,
    SETUP,
    STATES,
    TEST,
    TOTAL_SCRAP,
    WAIT,
    at,
    counter,
    counts,
    detail,
    document,
    one,
    run,
)
from tests.unit.evidence.evidence_builder import filled, memory, row


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


def two_machines(first: dict[str, Any], second: dict[str, Any]) -> LogBuilder:
    state, counters = [signal("state", "state", **LONG)], GOOD_SCRAP
    doc = plant(
        [
            asset("a", **{"minor_stop_ms": 0, "products": MINUTE_PRODUCT, **first}),
            asset("b", **{"minor_stop_ms": 0, "products": MINUTE_PRODUCT, **second}),
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


def test_oee_of_an_asset_out_of_service_adds_nothing():
    # b comes into service after the window: neither left out nor without reject signal; its 2 pieces are told apart
    log = two_machines({}, {"in_service": [T0 + 20 * MIN, 0]})
    found = compute(log, "oee/2", 10, assets=["a", "b"])
    assert (found.num, found.den) == (4, 5)
    assert detail(found)["left_out"] == []
    assert detail(found)["assets"][1]["outside_service"] == 2


def test_oee_leaves_out_an_asset_without_ideal_cycle_and_counts_the_others():
    log = two_machines({}, {"products": []})
    found = compute(log, "oee/2", 10, assets=["a", "b"])
    assert (found.num, found.den) == (4, 5)
    assert detail(found)["left_out"] == ["b"]
    assert [item["asset"] for item in detail(found)["assets"]] == ["a"]


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
    log = log_of(document(GOOD), {"m.state": [at(0, RUN)], "m.count": counts((9, 5))}, 10)
    view, window = view_of(log, 10)
    first = statistics_of(signals_of(view, window), "m")
    assert statistics_of(signals_of(view, window), "m") is first
    assert first.sums.atoms[Atom.RUN] == 10 * MIN
