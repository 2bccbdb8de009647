"""Cases of statistics.md and claims.md §5 computed by hand, on which both engines must give the same numbers."""

from __future__ import annotations

from typing import Any

import pytest

from kpi.claims import (
    AutomaticControlClaim,
    ClaimRequest,
    DefectRateClaim,
    EquipmentOeeClaim,
    OeeClaim,
    RegistryRatioClaim,
    UnitEnergyClaim,
    UtilisationClaim,
)
from tests.support.equipment_plant import (
    CODE,
    LONG,
    counted,
    machine,
    play,
    product,
    rules,
    state_signal,
    window,
)
from tests.support.kpi_plant import MIN, SLOT0, T0, PlantLog, asset, calendar, shift, signal
from tests.support.two_engines import assert_same


def agreed(log: PlantLog, request: ClaimRequest) -> Any:
    """Return the claim on which both engines agree."""
    [found] = assert_same(log, [request])
    return found


def log_of(*parts: tuple[int, dict[str, Any]]) -> PlantLog:
    """A log of documents, each with the number of minutes that it is in force; one more minute at the end."""
    log, slot = PlantLog(), SLOT0
    for minutes, document in parts:
        log.config(document)
        log.blocks(slot, slot + minutes)
        slot += minutes
    log.block(slot)
    return log


def read(log: PlantLog, point: str, *values: tuple[float, Any]) -> None:
    """Write the values of a signal by minute."""
    for minute, value in values:
        log.row(point, T0 + round(minute * MIN), value)


def oee(log: PlantLog, minutes: int, *names: str) -> Any:
    return agreed(log, EquipmentOeeClaim(window(minutes), names or ("a1",)))


def spans(found: Any) -> list[tuple[str, int, int, int, int | None]]:
    """(signal, start, end, planned) in minutes and most of every gap."""
    return [
        (
            g["signal"],
            (g["start"] - T0) // MIN,
            (g["end"] - T0) // MIN,
            g["planned"] // MIN,
            g.get("most"),
        )
        for g in found["detail"]["gaps"]
    ]


# §6 gaps

RATE = rules((10, MIN))
GOOD = counted("good", "count_good", counter=RATE)
SCRAP = counted("scrap", "count_scrap", counter=RATE)


def plant(*signals: dict[str, Any], **more: Any) -> dict[str, Any]:
    return machine([asset("a1", **more)], {"a1": [state_signal(), *signals]})


def test_a_reset_over_time_without_the_signal_is_one_gap_of_which_only_the_configured_time_counts() -> (
    None
):
    # good is configured in minutes 0–4 and 8–12 and falls from 50 at 2 to 3 at 10: one gap from 2 to 10 with the
    # planned minutes 2, 3 and 8, 9 of it; 4–8 has no counter of good pieces at all: 4 minutes, rule (iv)
    log = log_of((4, plant(GOOD, SCRAP)), (4, plant(SCRAP)), (4, plant(GOOD, SCRAP)))
    play(log, "a1/state", [("run", 12)])
    read(log, "a1/scrap", (0, 0))
    read(log, "a1/good", (0, 40), (2, 50), (10, 3))
    found = oee(log, 12)
    assert spans(found) == [("good", 2, 10, 4, 40), ("good", 4, 8, 4, 40)]
    # 10 at minute 2; the 3 of the reset are spread over 2–10: ⌊3·2/8⌋ = 0 before 4, ⌊3·6/8⌋ = 2 before 8, 1 after it;
    # the 2 of 4–8 lie where no good pieces are counted: 11 of 12 minutes, at most 80 more
    assert (found["num"], found["den"]) == ("11", "12")
    assert (found["detail"]["low"], found["detail"]["high"]) == ("11/12", "91/12")
    assert found["detail"]["effectiveness"] == "0/0"


def test_a_counter_that_takes_over_under_a_new_name_costs_its_own_first_gap_only() -> None:
    other = counted("piece_count", "count_good", counter=RATE)
    log = log_of((6, plant(GOOD, SCRAP)), (6, plant(other, SCRAP)))
    play(log, "a1/state", [("run", 12)])
    read(log, "a1/scrap", (0, 0))
    read(log, "a1/good", (0, 0), (5, 5))
    read(log, "a1/piece_count", (7, 100), (11, 104))
    found = oee(log, 12)
    assert spans(found) == [("piece_count", 6, 7, 1, 10)]
    assert (found["num"], found["den"], found["detail"]["high"]) == ("3", "4", "19/12")


def test_the_time_behind_the_last_proof_is_a_gap_only_if_the_configured_time_outlives_it() -> None:
    # hold 3 min. good answers last at 5, and is configured to 8: no gap; scrap is configured to 12: gap from 5 on
    good, scrap = {**GOOD, "hold_ms": 3 * MIN}, {**SCRAP, "hold_ms": 3 * MIN}
    moved = counted("other", "count_good", counter=RATE)
    log = log_of((8, plant(good, scrap)), (4, plant(moved, scrap)))
    play(log, "a1/state", [("run", 12)])
    read(log, "a1/good", (0, 0), (5, 5))
    read(log, "a1/scrap", (0, 0), (5, 0))
    read(log, "a1/other", (8, 0))
    assert spans(oee(log, 12)) == [("scrap", 5, 12, 7, 70)]


def test_an_unplanned_gap_of_an_unlimited_counter_hides_nothing() -> None:
    off = calendar(shifts=[shift(480, 485)])  # five minutes of plan
    free = counted("good", "count_good")
    document = machine([asset("a1")], {"a1": [state_signal(), free, SCRAP]}, off)
    log = log_of((12, document))
    play(log, "a1/state", [("run", 12)])
    read(log, "a1/scrap", (0, 0))
    read(log, "a1/good", (0, 3), (6, 9), (9, 1))  # a reset between 6 and 9, after the plan
    found = oee(log, 12)
    assert spans(found) == [("good", 6, 9, 0, 0)]
    assert found["detail"]["high"] == found["detail"]["low"] != "unbounded"


def test_rejects_lost_in_a_gap_are_at_most_the_pieces_made_in_its_configured_time() -> None:
    # total 3 a minute; scrap configured 0–4 and 8–12, reset between minutes 2 and 10: made 2–4 and 8–10 = 12 pieces
    total = counted("total", "count_total")
    scrap = counted("scrap", "count_scrap")  # no highest rate: only the pieces made limit it
    log = log_of((4, plant(total, scrap)), (4, plant(total)), (4, plant(total, scrap)))
    play(log, "a1/state", [("run", 12)])
    read(log, "a1/total", *((m, 3 * m) for m in range(12)))
    read(log, "a1/scrap", (0, 5), (2, 5), (10, 0))
    found = oee(log, 12)
    # made is booked at its reading: 33 in all; good is known in minutes 0–3 (9) and 8–11 (12)
    assert (found["num"], found["den"]) == ("7", "4")  # 21/12
    # readings 2, 3 and 8, 9 lie in the gap: 12 pieces may be rejects: 9 of 12; the row without scrap may be all good
    assert (found["detail"]["low"], found["detail"]["high"]) == ("3/4", "11/4")


def test_a_gap_of_rework_in_unknown_time_outside_the_plan_bounds_nothing() -> None:
    night = calendar(shifts=[shift(480, 484)])
    total = counted("total", "count_total", counter=RATE)

    def found(resets: str) -> bool:
        rework = counted("rework", "count_rework", counter=RATE)
        document = machine([asset("a1")], {"a1": [state_signal(), total, SCRAP, rework]}, night)
        log = log_of((12, document))
        play(log, "a1/state", [("run", 4)])
        log.bad("a1/state", T0 + 4 * MIN)
        for name in ("total", "scrap", "rework"):
            read(log, f"a1/{name}", (0, 3), (6, 9), (8, 1 if name == resets else 9))
        return bool(oee(log, 12)["detail"]["assets"][0]["outside_unbounded"])

    assert [found(name) for name in ("total", "scrap", "rework")] == [True, True, False]


# §6 restarts


def test_an_uptime_whose_scale_grows_does_not_hide_a_restart() -> None:
    # 900 s, then 3 as minutes (scale 60 = 180 s): taken anew with the later scale 900 is 54 000, so it fell
    def document(scale: list[int]) -> dict[str, Any]:
        hours = signal("hours", "uptime", hold_ms=LONG, scale=scale)
        good = counted("good", "count_good", counter=rules(correction=100))
        return plant(hours, good, SCRAP)

    log = log_of((6, document([1, 1])), (6, document([60, 1])))
    play(log, "a1/state", [("run", 12)])
    read(log, "a1/scrap", (0, 0))
    read(log, "a1/hours", (5, 900), (7, 30))
    read(log, "a1/good", (0, 90), (5, 100), (8, 4))
    found = oee(log, 12)
    # 30·60 = 1800 is more than 900, but less than 900·60: a restart, 4 books 4; without it a correction of −96
    assert found["detail"]["assets"][0]["marks"] == {"restart": 1}
    assert (found["num"], found["den"]) == ("7", "6")


# §3, §7


def test_values_without_spelling_and_empty_ones_are_no_product() -> None:
    sku = signal("sku", "product", "text", hold_ms=LONG)
    both = [product("A", 60_000), product("B", 120_000)]
    log = log_of((12, plant(sku, GOOD, SCRAP, products=both)))
    play(log, "a1/state", [("run", 12)])
    read(log, "a1/sku", (0, "A"), (3, ""), (6, "\x01"), (9, "B"))
    read(log, "a1/scrap", (0, 0))
    read(log, "a1/good", *((m, m) for m in range(12)))
    rows = oee(log, 12)["detail"]["rows"]
    # readings 1, 2 | 3…8 | 9, 10, 11
    assert [(r["product"], r["good"], r["ideal_high"]) for r in rows] == [
        ("", 6, "120000/1"),
        ("A", 2, "60000/1"),
        ("B", 3, "120000/1"),
    ]


def test_a_dead_reject_counter_in_one_configuration_leaves_its_time_unknown_not_good() -> None:
    # 0–6: total 6 and a scrap counter that never answers: good unknown, 0 as measured, 6 at most; 6–12: 5 good
    total = counted("total", "count_total")
    log = log_of((6, plant(total, SCRAP)), (6, plant(counted("good", "count_good"), total)))
    play(log, "a1/state", [("run", 12)])
    read(log, "a1/total", *((m, m) for m in range(12)))
    read(log, "a1/good", (6, 0), (11, 5))
    found = oee(log, 12)
    assert (found["num"], found["den"]) == ("5", "12")
    # (iv): the good counter is missing for six minutes and has no highest rate
    assert found["detail"]["high"] == "unbounded"
    assert found["detail"]["pieces_quality"] == "5/11"
    rate = agreed(log, DefectRateClaim(window(12), ("a1",)))
    assert (rate["num"], rate["den"]) == ("6", "11")
    assert rate["detail"]["assets"] == [{"asset": "a1", "good": 5, "made": 11}]


def test_an_asset_never_in_service_has_made_nothing_and_is_measured() -> None:
    log = log_of((12, plant(GOOD, SCRAP, in_service=[T0 + 60 * MIN, 0])))
    read(log, "a1/good", (0, 0), (5, 5))
    found = oee(log, 12)
    assert found["detail"]["undefined"] == "no_planned_time"
    assert found["detail"]["assets"][0]["outside_service"] == 5


# §8


def test_availability_is_bounded_over_all_combinations_of_two_assets() -> None:
    # a1: run 6 of 12, unknown 6; a2: run 12: (6 + 12)/24 to (12 + 12)/24
    document = machine(
        [asset("a1"), asset("a2")],
        {n: [state_signal(), dict(GOOD), dict(SCRAP)] for n in ("a1", "a2")},
    )
    log = log_of((12, document))
    play(log, "a1/state", [("run", 6)])
    log.bad("a1/state", T0 + 6 * MIN)
    play(log, "a2/state", [("run", 12)])
    found = oee(log, 12, "a1", "a2")["detail"]
    assert [found[f"availability{x}"] for x in ("", "_low", "_high")] == ["3/4", "3/4", "1/1"]


def test_a_least_base_of_nothing_makes_the_high_side_unbounded() -> None:
    # night without plan, state unknown, five pieces of a product without ideal cycle: 0 of five minutes as measured
    night = calendar(shifts=[shift(0, 60)])
    free = [product("A", 0)]
    document = machine([asset("a1", products=free)], {"a1": [state_signal(), GOOD, SCRAP]}, night)
    log = log_of((5, document))
    read(log, "a1/scrap", (0, 0))
    read(log, "a1/good", (0, 0), (2, 5))
    found = oee(log, 5)
    assert (found["num"], found["den"]) == ("0", "1")
    assert (found["detail"]["low"], found["detail"]["high"]) == ("0/1", "unbounded")


# defect-rate/1


def defects(log: PlantLog, minutes: int) -> Any:
    return agreed(log, DefectRateClaim(window(minutes), ("a1",)))


def test_defects_hidden_in_a_gap_of_the_total_count_above_and_below_the_line() -> None:
    # total 10 with a reset over one minute (10 hidden at most), good 8: (2 + 10)/(10 + 10)
    total = counted("total", "count_total", counter=RATE)
    log = log_of((6, plant(total, counted("good", "count_good"))))
    play(log, "a1/state", [("run", 6)])
    read(log, "a1/total", (0, 50), (1, 55), (2, 5))
    read(log, "a1/good", (0, 0), (2, 8))
    found = defects(log, 6)
    assert (found["num"], found["den"]) == ("1", "5")
    assert (found["detail"]["low"], found["detail"]["high"]) == ("1/5", "3/5")


def test_defects_hidden_in_gaps_of_scrap_and_rework_beside_good_pieces() -> None:
    # made = G 8 + S 2 + R 0 = 10; scrap reset over one minute hides 10: (2 + 10)/20; rework not limited: 1
    rework = counted("rework", "count_rework")

    def found(rework_at_2: int) -> list[str]:
        log = log_of((6, plant(counted("good", "count_good"), SCRAP, rework)))
        play(log, "a1/state", [("run", 6)])
        read(log, "a1/good", (0, 0), (2, 8))
        read(log, "a1/scrap", (0, 20), (1, 20), (2, 2))
        read(log, "a1/rework", (0, 0), (1, 7), (2, rework_at_2))
        detail = defects(log, 6)["detail"]
        return [detail["low"], detail["high"]]

    # rework 7: made 17, defects 9; with 10 hidden 19 of 27. A reset to 0 books 7 + 0 and is not limited
    assert found(7) == ["9/17", "19/27"]
    assert found(0) == ["9/17", "1/1"]


def test_defect_rate_of_pieces_taken_back_is_undefined() -> None:
    # a correction of −2 is all that the window sees: made −2
    total = counted("total", "count_total", counter=rules(correction=5))
    log = log_of((6, plant(total, SCRAP)))
    read(log, "a1/total", (0, 50), (2, 48))
    read(log, "a1/scrap", (0, 0))
    found = defects(log, 6)["detail"]
    assert found["undefined"] == "no_pieces"
    assert [found[k] for k in ("low", "high", "scrap_only")] == ["0/0"] * 3
    assert found["assets"][0]["made"] == -2


# registry-ratio/1


def registry(*versions: list[dict[str, Any]]) -> PlantLog:
    return log_of(*((3, machine(v, {})) for v in versions))


def ratio(log: PlantLog, name: str) -> tuple[list[str], list[str], list[int]]:
    d = agreed(log, RegistryRatioClaim(window(6), name))["detail"]
    return d["numerator"], d["denominator"], d["sets"]


def of(name: str, **more: Any) -> dict[str, Any]:
    flags = {"smart": False, "networked": False, "nc": False, "key": False}
    return asset(name, **{**flags, **more})


def test_a_flag_that_changes_counts_against_the_enterprise_both_ways() -> None:
    # a is key all the time and nc later only; b was key at first only and nc all the time: 0 of both
    log = registry(
        [of("a", key=True), of("b", key=True, nc=True)],
        [of("a", key=True, nc=True), of("b", nc=True)],
    )
    assert ratio(log, "key-equipment-nc") == ([], ["a", "b"], [0, 2])


def test_an_asset_counts_with_its_smallest_number_above_and_its_largest_below() -> None:
    log = registry([of("a", smart=True, counts_as=2)], [of("a", smart=True, counts_as=5)])
    assert ratio(log, "smart-share") == (["a"], ["a"], [2, 5])


def test_nc_first_and_smart_later_is_neither_all_the_time() -> None:
    log = registry([of("a", nc=True, networked=True)], [of("a", smart=True, networked=True)])
    assert ratio(log, "digital-equipment") == ([], ["a"], [0, 1])


def test_taking_the_key_flag_from_a_manual_machine_does_not_clear_its_step() -> None:
    # cut is a key step because of a; the manual b stands in it with key_step in neither configuration
    cut = {"process_step": "cut"}
    log = registry(
        [of("a", nc=True, key_step=True, **cut), of("b", **cut)],
        [of("a", nc=True, key_step=True, **cut), of("b", process_step="store")],
    )
    assert ratio(log, "key-process-nc-by-process") == ([], ["cut"], [0, 1])
    assert ratio(log, "key-process-nc-by-equipment") == (["a"], ["a"], [1, 1])


# unit-energy/1

ROWS = [
    {"carrier": "electricity", "kgce": [1229, 10_000], "unit": "kW.h"},
    {"carrier": "gas", "kgce": [133, 100], "unit": "m3"},
    {"carrier": "steam", "kgce": [1, 10], "unit": "t"},
]


def metered(*registers: dict[str, Any]) -> dict[str, Any]:
    return machine(
        [asset("a1"), asset("m1", production=False, state_table="")],
        {"a1": [state_signal(), dict(GOOD), dict(SCRAP)], "m1": list(registers)},
        coefficients={"id": "t", "rows": ROWS},
    )


def consumption(name: str, carrier: str, unit: str = "m3") -> dict[str, Any]:
    return counted(name, "consumption", carrier=carrier, unit=unit)


def energy(log: PlantLog) -> Any:
    read(log, "a1/scrap", (0, 0))
    read(log, "a1/good", (0, 0), (5, 10))
    return agreed(log, UnitEnergyClaim(window(6), ("m1",), ("a1",)))


def test_a_register_whose_carrier_changes_has_no_coefficient() -> None:
    log = log_of(
        (3, metered(consumption("x", "gas"))), (3, metered(consumption("x", "steam", "t")))
    )
    read(log, "m1/x", (0, 0), (2, 3), (5, 7))
    found = energy(log)["detail"]
    assert found["undefined"] == "no_coefficient"
    assert found["meters"] == [
        {"carrier": "gas", "kgce": "0/0", "marks": {}, "meter": "m1", "quantity": 7}
    ]


def test_every_register_needs_a_reading_not_every_meter() -> None:
    log = log_of((6, metered(counted("e1", "energy"), counted("e2", "energy"))))
    read(log, "m1/e1", (0, 0), (5, 1000))
    found = energy(log)["detail"]
    assert found["undefined"] == "no_energy"
    assert found["meters"] == [
        {"carrier": "electricity", "kgce": "0/0", "marks": {}, "meter": "m1"}
    ]
    assert energy(log_of((6, metered())))["detail"]["undefined"] == "no_energy"


def test_consumption_without_carrier_is_written_electricity_and_has_no_coefficient() -> None:
    log = log_of((6, metered(consumption("x", "", "W.h"))))
    read(log, "m1/x", (0, 0), (5, 1000))
    found = energy(log)["detail"]
    assert (found["undefined"], found["meters"][0]["carrier"]) == ("no_coefficient", "electricity")


def test_marks_of_registers_are_told_by_meter_and_carrier() -> None:
    log = log_of((6, metered(counted("e1", "energy"), consumption("x", "gas"))))
    read(log, "m1/e1", (0, 500), (2, 600), (4, 50))  # a reset books 50
    read(log, "m1/x", (0, 0), (5, 10))
    found = energy(log)
    assert [m["marks"] for m in found["detail"]["meters"]] == [{"reset": 1}, {}]
    # 150 W.h · 0.1229/1000 + 10 · 1.33 over 10 pieces = (0.018435 + 13.3)/10 = 1.3318435
    assert (found["num"], found["den"]) == ("2663687", "2000000")


# automatic-control/1


def test_only_known_mode_values_that_touch_inside_the_window_are_changes() -> None:
    # 2 → 1 at the first ms of the window; 1 → (unknown) → 2; 2 → 3 while idle; 3 → 1 while running
    loop = {"auto": ["2"], "high": [1, 1], "id": "tic", "low": [0, 1], "mode": "mode", "output": ""}
    document = machine(
        [asset("a1", loops=[loop])],
        {"a1": [state_signal(), signal("mode", "loop_mode", hold_ms=LONG)]},
    )
    log = log_of((30, document))
    for minute, state in ((0, "run"), (20, "idle"), (24, "run")):
        log.row("a1/state", T0 + minute * MIN, CODE[state])  # type: ignore[index]
    read(log, "a1/mode", (0, 2), (5, 1), (14, 2), (22, 3), (26, 1))
    log.bad("a1/mode", T0 + 10 * MIN)
    found = agreed(log, AutomaticControlClaim(window(20, lead=5, first=5), ("a1",)))
    [one] = found["detail"]["loops"]
    # window 5–25, running 5–20 and 24–25; automatic 14–20; mode unknown 10–14
    assert one == {
        "asset": "a1",
        "automatic_ms": 6 * MIN,
        "changes": 0,
        "id": "tic",
        "limit_ms": 0,
        "running_ms": 16 * MIN,
        "unknown_ms": 4 * MIN,
    }
    longer = agreed(log, AutomaticControlClaim(window(23, lead=5, first=5), ("a1",)))
    assert longer["detail"]["loops"][0]["changes"] == 1


# algorithms of version 1 on document 2


def test_version_1_plans_the_extra_shift_and_reads_the_own_table_of_a_state() -> None:
    # no weekly shift on this Sunday; extra 08:00–08:10 local; "7" is test by t/1 and run by the signal's own table
    sunday = calendar(
        shifts=[shift(480, 1200, (1, 2, 3))],
        extra=[{"date": "2026-03-01", "from_min": 480, "name": "x", "to_min": 490}],
    )
    own = {"id": "own", "inputs": ["state"], "map": [{"state": "run", "values": ["7"]}]}
    signals = [state_signal(table="own"), dict(GOOD), dict(SCRAP)]
    document = machine(
        [asset("a1")], {"a1": signals}, sunday, state_tables=[{**own, "other": "idle"}]
    )
    log = log_of((20, document))
    read(log, "a1/state", (0, 7), (8, 1))
    read(log, "a1/scrap", (0, 0))
    read(log, "a1/good", (0, 0), (5, 4))
    found = agreed(log, OeeClaim(window(20), ("a1",)))
    # planned 10 minutes: 8 run, 2 idle; 4 pieces at 60 s
    assert (found["num"], found["den"]) == ("2", "5")
    atoms = found["detail"]["assets"][0]["atoms"]
    assert (atoms["run"], atoms["idle"], atoms["off"]) == (8 * MIN, 2 * MIN, 10 * MIN)


@pytest.mark.parametrize("algorithm", ["oee-iso22400/1", "utilisation/1"])
def test_version_1_knows_no_debounce_and_no_alternate(algorithm: str) -> None:
    other = counted("gateway", "count_good", alternate_of="good")
    log = log_of((10, plant(GOOD, SCRAP, other, debounce_ms=3 * MIN)))
    for minute, state in ((0, "run"), (4, "idle"), (5, "run")):
        log.row("a1/state", T0 + minute * MIN, CODE[state])  # type: ignore[index]
    read(log, "a1/scrap", (0, 0))
    for name in ("good", "gateway"):
        read(log, f"a1/{name}", (0, 0), (5, 4))
    if algorithm == "utilisation/1":
        found = agreed(log, UtilisationClaim(window(10), ("a1",)))
        assert (found["num"], found["den"]) == ("9", "10")
    else:
        found = agreed(log, OeeClaim(window(10), ("a1",)))
        assert (found["num"], found["den"]) == ("2", "5")  # 4 pieces once, of ten minutes
    assert oee(log, 10)["detail"]["availability"] == "1/1"  # version 2 joins the idle minute
