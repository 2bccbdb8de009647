"""OEE of equipment statistics and its bounds by hand (claims.md §5, statistics.md §8; E1, E3-E6, U1, U3)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from kpi.claims import (
    ClaimResult,
    EquipmentOeeClaim,
    claim_object,
)
from kpi.profiles import iso_times
from kpi.reasons import Reason
from model.errors import PermanentError
from tests.support.equipment_plant import (
    LONG,
    PAIR,
    claim,
    counted,
    machine,
    minutes,
    plant,
    play,
    product,
    ratio,
    rules,
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


def oee(log: PlantLog, length: int, *names: str) -> ClaimResult:
    return claim(log, EquipmentOeeClaim(window(length), names))


def test_oee_e1_quality_is_weighted_by_ideal_time_of_each_product() -> None:
    # PBT 480, APT 400; A: 1 min, 100 of 100 good; B: 4 min, 25 of 50: 200/480, A·E·Q with Q = 200/300, pieces 125/150
    products = [product("A", 60_000), product("B", 240_000)]
    signals = [*PAIR, signal("sku", "product", "text", hold_ms=LONG)]
    log = PlantLog()
    log.config(machine([asset("a1", products=products)], {"a1": signals}))
    log.blocks(SLOT0, SLOT0 + 481)
    play(log, "a1/state", [("run", 400), ("idle", 80)])
    log.row("a1/sku", T0, "A")
    log.row("a1/sku", T0 + 200 * MIN, "B")
    for minute, good, scrap in ((0, 0, 0), (199, 100, 0), (201, 100, 0), (399, 125, 25)):
        log.row("a1/good", T0 + minute * MIN, good)
        log.row("a1/scrap", T0 + minute * MIN, scrap)
    found = oee(log, 480, "a1")
    assert found.value == Fraction(200, 480)
    names = ("availability", "effectiveness", "quality_ideal", "pieces_quality")
    assert [found.detail[n] for n in names] == ["5/6", "3/4", "2/3", "5/6"]
    assert found.detail["rows"] == [
        {
            "asset": "a1",
            "good": 100,
            "ideal_high": "60000/1",
            "ideal_low": "60000/1",
            "made": 100,
            "product": "A",
            "scrap": 0,
        },
        {
            "asset": "a1",
            "good": 25,
            "ideal_high": "240000/1",
            "ideal_low": "240000/1",
            "made": 50,
            "product": "B",
            "scrap": 25,
        },
    ]


def test_times_e3_480_minutes_by_iso_22400() -> None:
    # run 300, setup 30, breakdown with order 60, minor 20 (two of ten), no order 70
    log, length = plant(
        {
            "a1": [
                ("run", 100),
                ("fault", 10),
                ("run", 100),
                ("wait", 10),
                ("run", 100),
                ("setup", 30),
                ("fault", 60),
                ("idle", 70),
            ]
        },
        {},
        [asset("a1", minor_stop_ms=10 * MIN)],
    )
    found = sums(log, window(length))
    assert minutes(found) == {"run": 300, "setup": 30, "minor": 20, "fault": 60, "idle": 70}
    times = iso_times(found.atoms)
    # fault and minor are delays (ADET): 410 minutes unit busy time
    assert times.aubt == 410 * MIN
    assert times.utilisation_efficiency == Fraction(300, 410)
    assert times.allocation_efficiency == Fraction(410, 480)
    assert times.technical_efficiency == Fraction(300, 380)


def test_oee_e4_setup_is_given_back_by_nee_only() -> None:
    log, length = plant(
        {"a1": [("run", 300), ("setup", 60), ("fault", 60), ("idle", 60)]}, {"a1": (260, 10)}
    )
    found = oee(log, length, "a1")
    assert found.value == Fraction(260, 480)  # 54.1667 %
    assert found.detail["availability"] == "5/8"
    assert ratio(found.detail["nee"]) == Fraction(65, 100)  # · 1.2


def test_oee_e3_minor_stops_change_availability_not_oee() -> None:
    # C23: the product is the same for every threshold
    plan = [("run", 100), ("fault", 5), ("run", 95)]
    values = set()
    for threshold in (0, 2, 5):
        log, length = plant(
            {"a1": plan}, {"a1": (150, 0)}, [asset("a1", minor_stop_ms=threshold * MIN)]
        )
        found = oee(log, length, "a1")
        values.add(found.value)
        assert sums(log, window(length)).failures == int(threshold < 5)
    assert values == {Fraction(150, 200)}


def test_oee_teep_divides_by_all_time() -> None:
    # planned 08:00-16:00 of 24 hours: E2: 300/480 against 300/1440
    cal = calendar(shifts=[shift(480, 960)])
    log, length = plant({"a1": [("run", 480), ("off", 960)]}, {"a1": (300, 0)}, cal=cal)
    found = oee(log, length, "a1")
    assert (found.value, ratio(found.detail["teep"])) == (Fraction(300, 480), Fraction(300, 1440))


def test_oee_group_is_a_ratio_of_sums_over_products_and_assets() -> None:
    log, length = plant({"a1": [("run", 60)], "a2": [("run", 60)]}, {"a1": (60, 0)})
    assert oee(log, length, "a1", "a2").value == Fraction(1, 2)


def test_oee_case_20_above_one_is_printed_as_it_is() -> None:
    log, length = plant({"a1": [("run", 60)]}, {"a1": (90, 0)})
    found = oee(log, length, "a1")
    assert (found.value, found.detail["low"], found.detail["high"]) == (
        Fraction(3, 2),
        "3/2",
        "3/2",
    )


def test_oee_undefined_reasons_in_order() -> None:
    # no reject signal before no ideal cycle before no planned time; an asset that is left out does not matter
    total = [state_signal(), counted("total", "count_total")]
    night = calendar(shifts=[shift(1200, 1201)])

    def found(
        ideal: list[int], signals: list[dict[str, Any]], cal: dict[str, Any] | None = None
    ) -> ClaimResult:
        log = PlantLog()
        log.config(machine([asset("a1", ideal_cycle_ms=ideal)], {"a1": signals}, cal))
        log.blocks(SLOT0, SLOT0 + 61)
        for name in ("total", "good", "scrap"):
            log.row(f"a1/{name}", T0 + MIN, 1)
        return oee(log, 60, "a1")

    assert found([60_000, 1], total).reason is Reason.NO_REJECT_SIGNAL
    assert found([0, 1], total).reason is Reason.NO_IDEAL_CYCLE
    assert found([0, 1], PAIR).detail["left_out"] == ["a1"]
    assert found([60_000, 1], PAIR, night).reason is Reason.NO_PLANNED_TIME


def test_oee_not_measured_prints_no_good_pieces_and_no_bounds() -> None:
    log = PlantLog()
    log.config(machine([asset("a1")], {"a1": [state_signal(), counted("total", "count_total")]}))
    log.blocks(SLOT0, SLOT0 + 61)
    play(log, "a1/state", [("run", 60)])
    log.row("a1/total", T0, 0)
    log.row("a1/total", T0 + 59 * MIN, 30)
    found = oee(log, 60, "a1")
    assert found.detail["undefined"] == "no_reject_signal"
    assert [
        found.detail[k] for k in ("low", "high", "nee", "teep", "quality_ideal", "pieces_quality")
    ] == ["0/0"] * 6
    assert found.detail["effectiveness"] == "1/2"  # made is counted
    [one] = found.detail["assets"]  # type: ignore[misc]
    assert "ideal_good" not in one  # type: ignore[operator]
    assert found.detail["rows"] == [
        {"asset": "a1", "ideal_high": "60000/1", "ideal_low": "60000/1", "made": 30, "product": ""}
    ]


def test_oee_u3_vector_counter_lost_for_110_minutes() -> None:
    # P 500 min, N 320, u 110 min, ideal 60 s, at most 72/h: 16/25 to 452/500 = 113/125
    rate = rules((72, HOUR))
    signals = [
        state_signal(),
        counted("good", "count_good", counter=rate),
        counted("scrap", "count_scrap", counter=rate),
    ]
    log = PlantLog()
    log.config(machine([asset("a1")], {"a1": signals}))
    log.blocks(SLOT0, SLOT0 + 501)
    play(log, "a1/state", [("run", 500)])
    log.row("a1/scrap", T0, 0)
    log.row("a1/good", T0, 0)
    for minute in range(1, 281):
        log.row("a1/good", T0 + minute * MIN, minute)  # 280 pieces
    for k, value in enumerate(
        (5000, 5001, 5002)
    ):  # another counter: three readings agree, 110 min after the last
        log.row("a1/good", T0 + (388 + k) * MIN, value)
    for k in range(1, 41):
        log.row("a1/good", T0 + (390 + k) * MIN, 5002 + k)  # 40 more
    found = oee(log, 500, "a1")
    assert found.value == Fraction(16, 25)
    assert (found.detail["low"], found.detail["high"]) == ("16/25", "113/125")
    bounds = sums(log, window(500)).bounds
    assert bounds is not None
    assert (bounds.good_low, bounds.good_high) == (320, 320 + 132)


def test_oee_e5_reject_counter_lost_while_the_total_counts_on() -> None:
    # P 500, 320 known good and 90 pieces in the gap of the reject counter: [64 %, 82 %], not a point
    signals = [state_signal(), counted("total", "count_total"), counted("scrap", "count_scrap")]
    log = PlantLog()
    log.config(machine([asset("a1")], {"a1": signals}))
    log.blocks(SLOT0, SLOT0 + 501)
    play(log, "a1/state", [("run", 500)])
    log.row("a1/scrap", T0, 7)
    log.row("a1/scrap", T0 + 390 * MIN, 7)
    log.row("a1/scrap", T0 + 500 * MIN - 1, 0)  # reset somewhere in between
    for minute, n in ((0, 0), (390, 320), (392, 322), (498, 408), (499, 410)):
        log.row("a1/total", T0 + minute * MIN, n)
    found = oee(log, 500, "a1")
    assert [found.detail["low"], found.detail["high"]] == ["16/25", "41/50"]
    assert found.value == Fraction(410, 500)


def test_oee_e5_unknown_time_outside_the_plan_moves_the_base() -> None:
    # planned 500 of 560 minutes, 320 pieces in the plan at 1 min; state and counter unknown for the last 60 minutes,
    # in which 10 pieces were made: the base gains all 60 min at most, ten ideal minutes at least
    cal = calendar(shifts=[shift(480, 980)])
    log = PlantLog()
    log.config(machine([asset("a1")], {"a1": PAIR}, cal))
    log.blocks(SLOT0, SLOT0 + 561)
    play(log, "a1/state", [("run", 500)])
    log.bad("a1/state", T0 + 500 * MIN)
    for minute, n in ((0, 0), (500, 320), (558, 329), (559, 330)):
        log.row("a1/good", T0 + minute * MIN, n)
    log.row("a1/scrap", T0, 0)
    found = oee(log, 560, "a1")
    [one] = found.detail["assets"]  # type: ignore[misc]
    # 9 by unknown time over 58 minutes, one at its reading; the hour edge at minute 540 cuts them into 6 and 4
    assert (one["base_gain"], one["base_gain_least"]) == (60 * MIN, 10 * MIN)  # type: ignore[index,call-overload]
    assert (found.value, found.detail["low"], found.detail["high"]) == (
        Fraction(330, 560),
        "33/56",
        written(Fraction(330, 510)),
    )


def written(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


def test_oee_unknown_time_outside_the_plan_without_pieces_has_no_effect() -> None:
    cal = calendar(shifts=[shift(480, 540)])
    log, _ = plant({"a1": [("run", 60)]}, {"a1": (30, 0)}, cal=cal)
    log.bad("a1/state", T0 + 60 * MIN - 1)
    log.blocks(SLOT0 + 61, SLOT0 + 121)
    found = oee(log, 120, "a1")
    [one] = found.detail["assets"]  # type: ignore[misc]
    assert one["base_gain"] == 0  # type: ignore[index,call-overload]
    assert not one["outside_unbounded"]  # type: ignore[index,call-overload]


def test_oee_counter_gap_in_unknown_time_outside_the_plan_is_said() -> None:
    cal = calendar(shifts=[shift(480, 540)])
    log, _ = plant({"a1": [("run", 60)]}, {"a1": (30, 0)}, cal=cal)
    log.bad("a1/state", T0 + 60 * MIN - 1)
    log.row("a1/good", T0 + 100 * MIN, 3)  # a reset after the plan
    log.blocks(SLOT0 + 61, SLOT0 + 121)
    found = oee(log, 120, "a1")
    [one] = found.detail["assets"]  # type: ignore[misc]
    assert one["outside_unbounded"]  # type: ignore[index,call-overload]
    # one second of the gap is planned and the counter is not limited
    assert found.detail["high"] == "unbounded"


def test_oee_unknown_product_is_bounded_by_least_and_greatest_ideal_cycle() -> None:
    products = [product("A", 60_000), product("B", 90_000)]
    log, length = plant({"a1": [("run", 60)]}, {"a1": (20, 0)}, [asset("a1", products=products)])
    found = oee(log, length, "a1")
    assert (found.value, found.detail["low"], found.detail["high"]) == (
        Fraction(20, 60),
        "1/3",
        "1/2",
    )


def test_oee_largest_factor_counts_for_hidden_pieces() -> None:
    # a reset with one planned minute in its gap: 60 counts of 4 pieces at 1 s are 240 s at most
    spec = counted("good", "count_good", counter=rules((60, MIN)))
    log = PlantLog()
    log.config(
        machine(
            [asset("a1", products=[product("A", 1000, factor=4)])],
            {"a1": [state_signal(), spec, counted("scrap", "count_scrap")]},
        )
    )
    log.blocks(SLOT0, SLOT0 + 61)
    play(log, "a1/state", [("run", 60)])
    log.row("a1/scrap", T0, 0)
    for minute, n in ((0, 90), (1, 100), (2, 5)):
        log.row("a1/good", T0 + minute * MIN, n)
    found = oee(log, 60, "a1")
    assert found.value == Fraction(15 * 4, 3600)
    assert found.detail["high"] == written(Fraction(60 + 240, 3600))


def test_oee_availability_is_bounded_by_enumeration() -> None:
    log, length = plant({"a1": [("run", 40)]}, {"a1": (20, 0)})
    log.bad("a1/state", T0 + 30 * MIN)
    found = oee(log, length, "a1")
    names = ("availability", "availability_low", "availability_high", "unknown_ms")
    assert [found.detail[n] for n in names] == ["3/4", "3/4", "1/1", 10 * MIN]
    assert found.value == Fraction(20, 40)  # E6: a state gap does not touch OEE


def test_oee_claim_object_has_every_key_of_the_page() -> None:
    log, length = plant({"a1": [("run", 60)]}, {"a1": (30, 0)})
    request = EquipmentOeeClaim(window(length), ("a1",))
    item = claim_object("oee", request, claim(log, request))
    assert set(item) == {
        "algorithm",
        "assets",
        "by",
        "coverage",
        "den",
        "detail",
        "grace",
        "id",
        "lead",
        "num",
        "unit",
        "window",
    }
    assert (item["algorithm"], item["num"], item["den"], item["unit"]) == ("oee/2", "1", "2", "1")
    assert [c["stream"] for c in item["coverage"]] == ["a1.state", "a1.count"]  # type: ignore[union-attr,index,call-overload]
    [one] = item["detail"]["assets"]  # type: ignore[index,call-overload,misc]
    assert set(one) == {
        "apt",
        "asset",
        "atoms",
        "base_gain",
        "base_gain_least",
        "failures",
        "ideal_good",
        "ideal_total",
        "marks",
        "outside_unbounded",
        "pbt",
        "repair_ms",
        "repairs",
        "state_tables",
        "test_pieces",
    }
    assert one["state_tables"] == ["t/1"]
    assert set(item["detail"]) == {  # type: ignore[arg-type]
        "assets",
        "availability",
        "availability_high",
        "availability_low",
        "effectiveness",
        "gaps",
        "high",
        "left_out",
        "low",
        "nee",
        "pieces_quality",
        "quality_ideal",
        "rows",
        "teep",
        "unknown_ms",
    }


def test_oee_unknown_asset_is_refused() -> None:
    log, length = plant({"a1": [("run", 5)]}, {"a1": (1, 0)})
    with pytest.raises(PermanentError, match="zz"):
        oee(log, length, "zz")
