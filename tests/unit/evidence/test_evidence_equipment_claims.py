"""Defect rate, registry ratios, unit energy, automatic control (claims.md §5); expected values by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from evidence.frame import FrameRow
from evidence.recompute.interface import Outcome
from evidence.refusal import Refusal
from evidence.verify import verify_bundle
from tests.unit.evidence.equipment_builder import (
    COUNTER,
    HOUR,
    MIN,
    T0,
    LogBuilder,
    add_blocks,
    asset,
    claim,
    compute,
    log_of,
    machine,
    plant,
    product,
    signal,
)
from tests.unit.evidence.evidence_builder import E, filled, memory, proof, row

LONG = {"hold_ms": 24 * HOUR}
FREE = {**COUNTER, "max_rate": [0, 1]}
STATE = [signal("state", "state", **LONG), signal("part", "product", "text", **LONG)]


def counter(role: str, rule: Any = FREE, **changes: Any) -> dict[str, Any]:
    return signal(role, f"count_{role}", counter=rule, **{**LONG, **changes})


def at(minute: float, value: object, index: int = 0, **changes: Any) -> FrameRow:
    return row(T0 + int(minute * MIN), index, value, **changes)


def counts(*steps: tuple[float, int], index: int = 0) -> list[FrameRow]:
    return [at(0, 0, index), *(at(minute, value, index) for minute, value in steps)]


def detail(found: Outcome) -> Any:
    return found.detail


# defect-rate/1


def defects(
    roles: Sequence[str], counted: list[FrameRow], rule: Any = FREE, minutes: int = 10
) -> Outcome:
    document = machine([counter(role, rule) for role in roles], STATE)
    rows = {"m.state": [at(0, 3)], "m.count": counted}
    return compute(log_of(document, rows, minutes), "defect-rate/1", minutes)


def test_defect_rate_is_pieces_not_good_at_first_pass_per_piece_made():
    # 20 made, 3 scrap, 1 rework: 4 of 20
    counted = counts((9, 20)) + counts((9, 3), index=1) + counts((9, 1), index=2)
    found = defects(("total", "scrap", "rework"), counted)
    assert (found.num, found.den) == (1, 5)
    assert detail(found) == {
        "assets": [{"asset": "m", "good": 16, "made": 20, "rework": 1, "scrap": 3}],
        "high": "1/5",
        "low": "1/5",
        "scrap_only": "3/20",
    }


def test_defect_rate_from_good_and_scrap_and_from_good_and_total():
    # 16 good, 4 scrap of 20 made; 16 good of 20 made, scrap not counted
    found = defects(("good", "scrap"), counts((9, 16)) + counts((9, 4), index=1))
    assert (found.num, found.den, detail(found)["scrap_only"]) == (1, 5, "1/5")
    found = defects(("good", "total"), counts((9, 16)) + counts((9, 20), index=1))
    assert (found.num, found.den, detail(found)["scrap_only"]) == (1, 5, "0/0")
    assert detail(found)["assets"] == [{"asset": "m", "good": 16, "made": 20}]


def test_defect_rate_counts_assets_without_ideal_cycle():
    document = machine([counter("good"), counter("scrap")], STATE, products=[])
    rows = {"m.state": [at(0, 3)], "m.count": counts((9, 9)) + counts((9, 1), index=1)}
    found = compute(log_of(document, rows, 10), "defect-rate/1", 10)
    assert (found.num, found.den) == (1, 10)


@pytest.mark.parametrize(
    ("roles", "answering"),
    [
        (("good",), (0,)),  # made is not known
        (("total",), (0,)),  # good is not known
        (("good", "scrap"), (0,)),  # the reject signal never answers
        (("good", "scrap"), (1,)),
        (("total", "scrap"), (0,)),
    ],
)
def test_defect_rate_without_a_reject_signal_is_undefined(
    roles: tuple[str, ...], answering: tuple[int, ...]
):
    counted = [reading for index in answering for reading in counts((9, 5), index=index)]
    found = defects(roles, counted)
    assert (found.den, detail(found)["undefined"]) == (0, "no_reject_signal")
    assert (detail(found)["low"], detail(found)["high"]) == ("0/0", "0/0")


def test_defect_rate_without_pieces_is_undefined():
    found = defects(("good", "scrap"), counts((9, 0)) + counts((9, 0), index=1))
    assert (found.den, detail(found)["undefined"]) == (0, "no_pieces")


SIX = {**COUNTER, "max_rate": [6, MIN]}
"""Six a minute, so a gap of two minutes can hide twelve."""


def stepping(value: int, index: int = 0, outlier: bool = False) -> list[FrameRow]:
    """A counter that goes up to `value` by minute 5; an outlier at minute 6 makes a gap from 5 to 7."""
    steps = [(minute, value * minute // 5) for minute in range(1, 6)]
    steps += [(6, 9_999 if outlier else value), (7, value), (9, value)]
    return counts(*steps, index=index)


def test_defect_rate_low_where_a_gap_of_good_hides_good_pieces():
    # good 10, scrap 10; the gap can hide 12 good: as many as the 20 made allow: min(20, 22) = 20 → 0
    found = defects(("good", "scrap"), stepping(10, 0, True) + stepping(10, 1), SIX)
    assert (found.num, found.den) == (1, 2)
    assert (detail(found)["low"], detail(found)["high"]) == ("0/1", "1/2")
    # 30 made: 10 good + 12 → (30 − 22)/30
    found = defects(("good", "scrap"), stepping(10, 0, True) + stepping(20, 1), SIX)
    assert detail(found)["low"] == "4/15"


def test_defect_rate_low_is_zero_if_the_gap_is_not_limited():
    counted = counts((5, 9), (6, 2), (9, 2)) + counts((9, 5), index=1)
    found = defects(("good", "scrap"), counted)
    assert detail(found)["low"] == "0/1"


def test_defect_rate_low_is_never_above_the_rate_as_measured():
    # total 20, good 25: measured −5/20; good pieces cannot be fewer than the 25 that were counted
    found = defects(("good", "total"), stepping(25, 0) + stepping(20, 1), SIX)
    assert (found.num, found.den) == (-1, 4)
    assert detail(found)["low"] == "-1/4"


def test_defect_rate_high_where_a_gap_of_scrap_hides_rejects_of_total():
    # total 20, scrap 2, gap [5, 7) for 12 rejects; of the 20 pieces only the 4 booked at minute 5 lie in it: (2 + 4)/20
    found = defects(("total", "scrap"), stepping(20, 0) + stepping(2, 1, True), SIX)
    assert (detail(found)["low"], detail(found)["high"]) == ("1/10", "3/10")
    # 4 more at minute 6, and at 7, which is outside: (2 + 8)/28
    total = counts(*((m, 4 * m) for m in range(1, 6)), (6, 24), (7, 28), (9, 28))
    found = defects(("total", "scrap"), total + stepping(2, 1, True), SIX)
    assert (found.num, found.den, detail(found)["high"]) == (1, 14, "5/14")


def test_defect_rate_high_where_made_is_good_and_scrap():
    # good 18, scrap 2; the gap of scrap can hide 12 rejects, which are pieces made as well: (2 + 12)/(20 + 12)
    found = defects(("good", "scrap"), stepping(18, 0) + stepping(2, 1, True), SIX)
    assert (found.num, found.den, detail(found)["high"]) == (1, 10, "7/16")


def test_defect_rate_high_where_made_is_total_and_good_is_counted():
    # good 18, total 20; the gap of total can hide 12 pieces, none of them good: (2 + 12)/32
    found = defects(("good", "total"), stepping(18, 0) + stepping(20, 1, True), SIX)
    assert (found.num, found.den, detail(found)["high"]) == (1, 10, "7/16")


def test_defect_rate_high_is_one_if_the_gap_is_not_limited():
    counted = counts((9, 18)) + counts((5, 2), (6, 1), (9, 1), index=1)
    found = defects(("good", "scrap"), counted)
    assert detail(found)["high"] == "1/1"


def test_defect_rate_is_the_quotient_of_the_sums_of_the_assets():
    counters = [counter("good"), counter("scrap")]
    document = plant(
        [asset("a"), asset("b")],
        {"a.state": STATE, "b.state": STATE, "a.count": counters, "b.count": counters},
    )
    rows = {
        "a.state": [at(0, 3)],
        "b.state": [at(0, 3)],
        "a.count": counts((9, 90)) + counts((9, 10), index=1),
        "b.count": counts((9, 6)) + counts((9, 4), index=1),
    }
    found = compute(log_of(document, rows, 10), "defect-rate/1", 10, assets=["a", "b"])
    assert (found.num, found.den) == (7, 55)  # 14 of 110


# registry-ratio/1


def flagged(name: str, **flags: Any) -> dict[str, Any]:
    fields = {"key": False, "key_step": False, "nc": False, "networked": False, "smart": False}
    return asset(name, **{**fields, **flags})


def registry(word: str, *documents: list[dict[str, Any]]) -> Outcome:
    """One minute under each list of assets."""
    log = LogBuilder()
    for number, assets in enumerate(documents):
        log.config(plant(assets, {"a.state": [signal("state", "state")]}))
        if number == 0:
            log.boot()
        log.block({})
    return compute(log, "registry-ratio/1", len(documents), ratio=word)


FLEET = [
    flagged("a", smart=True, networked=True, nc=True, key=True, key_step=True, process_step="焊接"),
    flagged("b", smart=True, counts_as=2, key=True, key_step=True, process_step="焊接"),
    flagged("c", networked=True, nc=True, key_step=True, process_step="涂装"),
    flagged("d", networked=True, counts_as=3),
    flagged("e", smart=True, networked=True, nc=True, production=False),
]


@pytest.mark.parametrize(
    ("word", "sets", "numerator", "denominator"),
    [
        ("smart-share", [3, 7], ["a", "b"], ["a", "b", "c", "d"]),
        ("smart-declared-networked", [1, 3], ["a"], ["a", "b"]),
        ("networked-of-smart", [5, 3], ["a", "c", "d"], ["a", "b"]),
        ("key-equipment-nc", [1, 3], ["a"], ["a", "b"]),
        ("key-process-nc-by-equipment", [2, 4], ["a", "c"], ["a", "b", "c"]),
        # welding has b without NC
        ("key-process-nc-by-process", [1, 2], ["涂装"], ["涂装", "焊接"]),
        ("digital-equipment", [2, 7], ["a", "c"], ["a", "b", "c", "d"]),
    ],
)
def test_registry_ratio_by_hand(
    word: str, sets: list[int], numerator: list[str], denominator: list[str]
):
    found = registry(word, FLEET)
    assert detail(found) == {"denominator": denominator, "numerator": numerator, "sets": sets}
    assert found.num * sets[1] == found.den * sets[0]
    assert found.coverage == []


def test_registry_ratio_takes_a_flag_as_true_only_if_every_configuration_says_so():
    found = registry("smart-share", [flagged("a", smart=True)], [flagged("a")])
    assert detail(found)["sets"] == [0, 1]
    # an asset that a configuration lacks is judged by the others
    found = registry(
        "smart-share", [flagged("a", smart=True), flagged("b")], [flagged("a", smart=True)]
    )
    assert detail(found)["sets"] == [1, 2]


def test_registry_ratio_takes_the_last_version_of_an_asset():
    found = registry("smart-share", [flagged("a", counts_as=5)], [flagged("a", counts_as=2)])
    assert detail(found)["sets"] == [0, 2]
    gone = flagged("a", production=False)
    assert detail(registry("smart-share", [flagged("a")], [gone]))["undefined"] == (
        "no_registered_asset"
    )


def test_registry_ratio_takes_assets_in_service_in_the_window():
    later = flagged("b", in_service=[T0 + 5 * MIN, 0])
    assert detail(registry("smart-share", [flagged("a"), later]))["sets"] == [0, 1]


def test_registry_ratio_without_denominator_is_undefined():
    found = registry("key-equipment-nc", [flagged("a")])
    assert (found.den, detail(found)["undefined"]) == (0, "no_registered_asset")
    assert detail(found)["sets"] == [0, 0]


@pytest.mark.parametrize(
    "parameters", [{"ratio": "smart"}, {}, {"ratio": "smart-share", "assets": ["a"]}]
)
def test_registry_ratio_without_a_known_word_is_refused(parameters: dict[str, Any]):
    log = log_of(plant(FLEET, {"a.state": [signal("state", "state")]}), {}, 1)
    with pytest.raises(Refusal) as caught:
        log.compute(claim("registry-ratio/1", 1, **parameters))
    assert caught.value.kind == "claim"


# unit-energy/1

COEFFICIENTS = {
    "id": "GB/T 2589-2020",
    "rows": [
        {"carrier": "electricity", "kgce": [1229, 10_000], "unit": "kW.h"},
        {"carrier": "natural-gas", "kgce": [133, 100], "unit": "m3"},
    ],
}
GAS = signal("gas", "consumption", carrier="natural-gas", unit="m3", counter=FREE)
ELECTRIC = signal("energy", "energy", counter=FREE)


def energy_plant(
    registers: Sequence[dict[str, Any]] = (ELECTRIC, GAS),
    coefficients: dict[str, Any] = COEFFICIENTS,
    counters: Sequence[dict[str, Any]] = (counter("good"),),
    **machine_: Any,
) -> dict[str, Any]:
    return plant(
        [asset("m", **machine_), asset("meter", production=False, products=[], state_table="")],
        {"m.state": STATE, "m.count": list(counters), "meter.energy": list(registers)},
        coefficients=coefficients,
    )


def energy_rows(*columns: Sequence[tuple[float, int]]) -> dict[str, list[FrameRow]]:
    """State and ten good pieces of the machine, and the steps of each register of the meter."""
    return {
        "m.state": [at(0, 3), at(0, b"A", 1)],
        "m.count": counts((9, 10)),
        "meter.energy": [
            at(minute, value, index)
            for index, steps in enumerate(columns)
            for minute, value in steps
        ],
    }


def unit_energy(document: dict[str, Any], rows: dict[str, list[FrameRow]], **more: Any) -> Outcome:
    log = log_of(document, rows, 10)
    return compute(log, "unit-energy/1", 10, unit="kgce", meters=["meter"], assets=["m"], **more)


def test_unit_energy_adds_the_carriers_by_their_coefficients():
    # 100 000 W.h = 100 kW.h × 0.1229 = 12.29 kgce; 50 m3 × 1.33 = 66.5 kgce; 10 pieces: 7.879 kgce a piece
    rows = energy_rows([(0, 0), (9, 100_000)], [(0, 5), (9, 55)])
    found = unit_energy(energy_plant(), rows)
    assert (found.num, found.den) == (7879, 1000)
    assert detail(found) == {
        "coefficients": "GB/T 2589-2020",
        "good": [{"asset": "m", "good": 10, "weighted": "10/1"}],
        "meters": [
            {
                "carrier": "electricity",
                "kgce": "1229/100",
                "meter": "meter",
                "quantity": 100_000,
            },
            {"carrier": "natural-gas", "kgce": "133/2", "meter": "meter", "quantity": 50},
        ],
    }
    assert [item["stream"] for item in found.coverage] == [  # type: ignore[index,call-overload]
        "m.state",
        "m.count",
        "meter.energy",
    ]


def test_unit_energy_weights_the_good_pieces_by_product():
    # 4 pieces of A at weight 3/2 and 6 of B at 1/2: 9; 9 kW.h × 0.1229 / 9
    products = [product("A", [MIN, 1], weight=[3, 2]), product("B", [MIN, 1], weight=[1, 2])]
    rows = energy_rows([(0, 0), (9, 9_000)])
    rows["m.state"] = [at(0, 3), at(0, b"A", 1), at(5, b"B", 1)]
    rows["m.count"] = counts((4, 4), (5, 4), (9, 10))
    found = unit_energy(energy_plant([ELECTRIC], products=products), rows)
    assert (found.num, found.den) == (1229, 10_000)
    assert detail(found)["good"] == [{"asset": "m", "good": 10, "weighted": "9/1"}]


def test_unit_energy_spreads_over_elapsed_time_and_follows_counter_steps():
    # window 5–10 of a step from minute 0 to 9: 90 − ⌊90·5/9⌋ = 40 of 90 m3
    log = log_of(energy_plant([GAS]), energy_rows([(0, 0), (9, 90)]), 10)
    found = compute(log, "unit-energy/1", 10, start=5, unit="kgce", meters=["meter"], assets=["m"])
    assert detail(found)["meters"][0]["quantity"] == 40


def test_unit_energy_proves_a_restart_by_the_uptime_of_the_meter():
    # 90 → 4 at a restart books 4; without it, a correction of −86 would be allowed
    gas = {**GAS, "counter": {**FREE, "max_correction": 100}}
    document = energy_plant([gas])
    rows = energy_rows([(0, 0), (5, 90), (9, 4)])
    assert detail(unit_energy(document, rows))["meters"][0]["quantity"] == 4
    state = {"id": "meter.state", "signals": [signal("up", "uptime", "uint")]}
    document["streams"].insert(1, state)
    rows["meter.state"] = [at(0, 900), at(9, 3)]
    found = unit_energy(document, rows)
    assert detail(found)["meters"][0]["quantity"] == 94
    # the stream that proves it is needed, and yet not one that coverage is stated of
    assert "meter.state" not in [item["stream"] for item in found.coverage]  # type: ignore[index,call-overload]


def test_unit_energy_never_adds_an_alternate_register():
    other = signal("energy_b", "energy", counter=FREE, alternate_of="energy")
    rows = energy_rows([(0, 0), (9, 1000)], [(0, 0), (9, 990)])
    found = unit_energy(energy_plant([ELECTRIC, other]), rows)
    assert detail(found)["meters"][0]["quantity"] == 1000


@pytest.mark.parametrize(
    ("registers", "rows_of_table"),
    [
        ([ELECTRIC, GAS], COEFFICIENTS["rows"][:1]),  # a carrier without row
        ([ELECTRIC], []),
        ([{**GAS, "carrier": ""}], COEFFICIENTS["rows"]),  # consumption of no carrier
        ([{**GAS, "carrier": "electricity"}], COEFFICIENTS["rows"]),  # electricity is booked in W.h
        ([{**ELECTRIC, "carrier": "natural-gas"}], COEFFICIENTS["rows"]),
        (
            [{**GAS, "unit": "dm3"}],
            COEFFICIENTS["rows"],
        ),  # booked in another unit than that of the row
        ([ELECTRIC], [{"carrier": "electricity", "kgce": [1, 10], "unit": "MW.h"}]),
    ],
)
def test_unit_energy_without_a_coefficient_that_fits_is_undefined(
    registers: list[dict[str, Any]], rows_of_table: Any
):
    steps = [[(0, 0), (9, 50)] for _ in registers]
    document = energy_plant(registers, {"id": "x", "rows": rows_of_table})
    found = unit_energy(document, energy_rows(*steps))
    assert (found.den, detail(found)["undefined"]) == (0, "no_coefficient")
    assert detail(found)["meters"][-1]["kgce"] == "0/0"


def test_unit_energy_with_coefficients_that_change_is_undefined():
    changed = {
        "id": "next edition",
        "rows": [{"carrier": "natural-gas", "kgce": [1, 1], "unit": "m3"}],
    }
    rows = energy_rows([(0, 0), (4, 90)])
    log = log_of(energy_plant([GAS]), rows, 5)
    log.config(energy_plant([GAS], changed))
    add_blocks(log, {"meter.energy": [at(9, 100)]}, 5)
    asked = {"unit": "kgce", "meters": ["meter"], "assets": ["m"]}
    found = compute(log, "unit-energy/1", 10, **asked)
    assert detail(found)["undefined"] == "no_coefficient"
    # another edition that leaves the row of the carrier as it is: that of the first configuration is named
    same = {"id": "next edition", "rows": COEFFICIENTS["rows"][1:]}
    log = log_of(energy_plant([GAS]), rows, 5)
    log.config(energy_plant([GAS], same))
    add_blocks(log, {"meter.energy": [at(9, 100)], "m.count": [at(9, 10)]}, 5)
    found = compute(log, "unit-energy/1", 10, **asked)
    assert (found.num, found.den) == (133, 10)
    assert detail(found)["coefficients"] == "GB/T 2589-2020"


def test_unit_energy_without_an_accepted_reading_is_undefined():
    found = unit_energy(energy_plant([ELECTRIC]), energy_rows())
    assert (found.den, detail(found)["undefined"]) == (0, "no_energy")
    assert detail(found)["meters"] == [{"carrier": "electricity", "kgce": "0/0", "meter": "meter"}]
    # gas never answers: its share is not 0
    found = unit_energy(energy_plant(), energy_rows([(0, 0), (9, 100)]))
    assert detail(found)["undefined"] == "no_energy"
    # a meter without any register
    document = energy_plant()
    document["streams"] = document["streams"][:2]
    found = unit_energy(document, {"m.state": [at(0, 3)], "m.count": counts((9, 10))})
    assert detail(found)["undefined"] == "no_energy"


def test_unit_energy_without_measured_pieces_is_undefined():
    rows = energy_rows([(0, 0), (9, 100)])
    found = unit_energy(energy_plant([ELECTRIC], counters=[counter("total")]), rows)
    assert (found.den, detail(found)["undefined"]) == (0, "no_reject_signal")
    assert detail(found)["good"] == [{"asset": "m"}]
    rows["m.count"] = counts((9, 0))
    found = unit_energy(energy_plant([ELECTRIC]), rows)
    assert (found.den, detail(found)["undefined"]) == (0, "no_pieces")


def test_unit_energy_with_other_parameters_is_refused():
    log = log_of(energy_plant(), energy_rows([(0, 0)]), 10)
    good = claim("unit-energy/1", 10, unit="kgce", meters=["meter"], assets=["m"])
    assert log.compute(good).den == 0
    for wrong in (
        replace(good, unit="1"),
        replace(good, parameters={"meters": ["meter"]}),
        replace(good, parameters={"meters": ["nobody"], "assets": ["m"]}),
        replace(good, parameters={"meters": ["meter"], "assets": ["nobody"]}),
    ):
        with pytest.raises(Refusal) as caught:
            log.compute(wrong)
        assert caught.value.kind == "claim"


# automatic-control/1

LOOP = {
    "auto": ["2", "3"],
    "high": [100, 1],
    "id": "tic-101",
    "low": [0, 1],
    "mode": "tic_mode",
    "output": "tic_out",
}
LOOP_STATE = [
    signal("state", "state", **LONG),
    signal("tic_mode", "loop_mode", **LONG),
    signal("tic_out", "loop_output", "float", scale=[1, 10], **LONG),
]


def automatic(
    states: list[FrameRow],
    minutes: int = 60,
    start: int = 0,
    loops: Sequence[dict[str, Any]] = (LOOP,),
    **changes: Any,
) -> Outcome:
    document = machine(
        [counter("good")], changes.pop("state", LOOP_STATE), loops=list(loops), **changes
    )
    return compute(
        log_of(document, {"m.state": states}, minutes), "automatic-control/1", minutes, start=start
    )


def loop(found: Outcome) -> dict[str, int]:
    """The one loop of a claim, in minutes."""
    (figures,) = detail(found)["loops"]
    assert (figures["asset"], figures["id"]) == ("m", "tic-101")
    return {
        key.removesuffix("_ms"): value if key == "changes" else value // MIN
        for key, value in figures.items()
        if key not in ("asset", "id")
    }


def test_automatic_share_of_running_time():
    # run 0–40, idle 40–60; mode 2 until 10, 1 until 25, 3 until the end: automatic 10 + 15 of 40
    states = [at(0, 3), at(40, 1), at(0, 2, 1), at(10, 1, 1), at(25, 3, 1), at(50, 1, 1)]
    found = automatic(states)
    assert (found.num, found.den) == (5, 8)
    # the change at minute 50 falls into idle time
    assert loop(found) == {"running": 40, "automatic": 25, "limit": 0, "unknown": 0, "changes": 2}
    assert [item["stream"] for item in found.coverage] == ["m.state"]  # type: ignore[index,call-overload]


def test_automatic_mode_that_is_unknown_counts_in_the_denominator_alone():
    # mode known from minute 20, broken from 30, automatic again from 45 on
    broken = at(30, None, 1, flags=E)
    states = [at(0, 3), at(20, 2, 1), broken, at(45, 2, 1)]
    found = automatic(states)
    assert loop(found) == {"running": 60, "automatic": 25, "limit": 0, "unknown": 35, "changes": 0}
    assert (found.num, found.den) == (5, 12)


def test_automatic_at_a_limit_for_longer_than_five_minutes_does_not_count():
    # 0.1 × output: at 99.5 % of the span from minute 10 for 6 min, from 30 for 5 min: only the first counts
    states = [
        at(0, 3),
        at(0, 2, 1),
        at(0, 500.0, 2),
        at(10, 995.0, 2),
        at(16, 500.0, 2),
        at(30, 0.0, 2),
        at(35, 500.0, 2),
    ]
    found = automatic(states)
    assert loop(found) == {"running": 60, "automatic": 54, "limit": 6, "unknown": 0, "changes": 0}
    assert (found.num, found.den) == (9, 10)


@pytest.mark.parametrize(
    ("output", "is_at_limit"),
    [
        (995.0, True),  # 99.5 = 100 − 100/200
        (994.9375, False),
        (5.0, True),
        (5.0625, False),
        (1500.0, True),  # beyond the limit
        (-1.0, True),
    ],
)
def test_automatic_limit_is_a_two_hundredth_of_the_span(output: float, is_at_limit: bool):
    found = automatic([at(0, 3), at(0, 2, 1), at(0, output, 2)])
    assert loop(found)["limit"] == (60 if is_at_limit else 0)


def test_automatic_limit_interval_is_taken_whole_over_both_limits_and_from_before_the_window():
    # at the lower limit from minute 8, at the upper from 12 to 15: one interval of 7 min; window from minute 10
    states = [
        at(0, 3),
        at(0, 2, 1),
        at(0, 500.0, 2),
        at(8, 0.0, 2),
        at(12, 1000.0, 2),
        at(15, 500.0, 2),
    ]
    found = automatic(states, start=10)
    assert loop(found) == {"running": 50, "automatic": 45, "limit": 5, "unknown": 0, "changes": 0}


def test_automatic_unknown_output_is_not_at_a_limit_and_parts_the_interval():
    # at a limit 10–14 and 15–19, unknown for a minute between: neither is longer than five minutes
    states = [
        at(0, 3),
        at(0, 2, 1),
        at(10, 1000.0, 2),
        at(14, None, 2, flags=E),
        at(15, 1000.0, 2),
        at(19, 500.0, 2),
    ]
    assert loop(automatic(states))["limit"] == 0


def test_automatic_only_automatic_time_is_at_a_limit():
    # output at a limit all the time, manual until 20
    states = [at(0, 3), at(0, 1, 1), at(20, 2, 1), at(0, 1000.0, 2)]
    found = automatic(states)
    assert loop(found) == {"running": 60, "automatic": 0, "limit": 40, "unknown": 0, "changes": 1}


def test_automatic_loop_without_output_is_never_at_a_limit():
    states = [at(0, 3), at(0, 2, 1), at(0, 1000.0, 2)]
    assert loop(automatic(states, loops=[{**LOOP, "output": ""}]))["limit"] == 0


def test_automatic_state_is_the_merged_and_debounced_one():
    # a stop of 30 s joins the running time
    states = [at(0, 3), at(10, 4), at(10.5, 3), at(0, 2, 1)]
    assert loop(automatic(states, debounce_ms=MIN))["running"] == 60
    assert automatic(states).den == 1
    assert detail(automatic(states))["loops"][0]["running_ms"] == 59 * MIN + 30_000


def test_automatic_loop_is_there_where_the_configuration_in_force_has_it():
    # the loop exists in minutes 0–20, and its mode is held through 20–40 without it
    with_loop = machine([counter("good")], LOOP_STATE, loops=[LOOP])
    without = machine([counter("good")], LOOP_STATE)
    log = log_of(with_loop, {"m.state": [at(0, 3), at(0, 2, 1)]}, 20)
    log.config(without)
    add_blocks(log, {}, 20)
    log.config(with_loop)
    add_blocks(log, {}, 20)
    found = compute(log, "automatic-control/1", 60)
    assert loop(found) == {"running": 40, "automatic": 40, "limit": 0, "unknown": 0, "changes": 0}
    # a loop that only a configuration before the window has is not listed
    found = compute(log, "automatic-control/1", 40, start=20)
    assert (found.den, detail(found)) == (0, {"loops": [], "undefined": "no_running_time"})


def test_automatic_share_is_over_all_loops_in_order_of_their_id():
    second = {**LOOP, "id": "a-1", "mode": "other", "output": ""}
    state = [*LOOP_STATE, signal("other", "loop_mode", **LONG)]
    found = automatic([at(0, 3), at(0, 2, 1), at(0, 1, 3)], loops=[LOOP, second], state=state)
    assert [item["id"] for item in detail(found)["loops"]] == ["a-1", "tic-101"]
    assert (found.num, found.den) == (1, 2)


def test_automatic_without_running_time_is_undefined():
    found = automatic([at(0, 1), at(0, 2, 1)])
    assert (found.den, detail(found)["undefined"]) == (0, "no_running_time")


def test_automatic_mode_without_spelling_is_known_and_not_automatic():
    state = [LOOP_STATE[0], signal("tic_mode", "loop_mode", "float", **LONG)]
    found = automatic([at(0, 3), at(0, 2.0, 1)], state=state, loops=[{**LOOP, "output": ""}])
    assert loop(found) == {"running": 60, "automatic": 0, "limit": 0, "unknown": 0, "changes": 0}


def test_proof_of_life_holds_the_mode():
    short = [LOOP_STATE[0], signal("tic_mode", "loop_mode", hold_ms=10 * MIN), LOOP_STATE[2]]
    states = [at(0, 3), at(0, 2, 1), proof(T0 + 9 * MIN, 1)]
    assert loop(automatic(states, state=short))["automatic"] == 19


def test_every_new_claim_passes_a_whole_verification():
    document = energy_plant(
        [ELECTRIC, GAS], counters=[counter("good"), counter("scrap")], loops=[LOOP]
    )
    document["streams"][0]["signals"] += LOOP_STATE[1:]
    rows = energy_rows([(0, 0), (9, 100_000)], [(0, 5), (9, 55)])
    rows["m.count"] += counts((9, 1), index=1)
    rows["m.state"].append(at(0, 2, 2))
    log = log_of(document, rows, 10)
    asked = [
        claim("oee/2", 10, assets=["m"], by="all"),
        claim("defect-rate/1", 10, assets=["m"]),
        claim("registry-ratio/1", 10, ratio="digital-equipment"),
        claim("unit-energy/1", 10, unit="kgce", meters=["meter"], assets=["m"]),
        claim("automatic-control/1", 10, assets=["m"]),
    ]
    named = [replace(item, id=f"kpi-{number}") for number, item in enumerate(asked)]
    stated = [
        filled(item, found) for item, found in zip(named, log.compute_all(named), strict=True)
    ]
    verified = verify_bundle(memory(log.bundle(stated)), log.policy)
    figures = [(item.num, item.den) for item in verified.claims]
    # 10 × 30 s of 600 s; 1 of 11; nc and networked; 12.29 + 66.5 kgce over 10; automatic all the time
    assert figures == [(1, 2), (1, 11), (1, 1), (7879, 1000), (1, 1)]
