"""Bounds of OEE and the base outside the plan (statistics.md §8); expected values by hand in the comments."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from evidence.recompute.interface import Outcome
from tests.unit.evidence.equipment_builder import (
    COUNTER,
    HOUR,
    MIN,
    T0,
    calendar,
    compute,
    log_of,
    product,
    signal,
)
from tests.unit.evidence.equipment_runs import (
    GOOD,
    RUN,
    at,
    counter,
    counts,
    detail,
    document,
    one,
    run,
)
from tests.unit.evidence.evidence_builder import proof


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
