"""`unit-energy/1` (claims.md §5); expected values by hand in the comments."""

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
    MIN,
    add_blocks,
    asset,
    claim,
    compute,
    log_of,
    plant,
    product,
    signal,
)
from tests.unit.evidence.equipment_runs import FREE, STATE, at, counter, counts, detail
from tests.unit.evidence.evidence_builder import filled, memory
from tests.unit.evidence.test_evidence_equipment_automatic_control import LOOP, LOOP_STATE

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
                "marks": {},
                "meter": "meter",
                "quantity": 100_000,
            },
            {
                "carrier": "natural-gas",
                "kgce": "133/2",
                "marks": {},
                "meter": "meter",
                "quantity": 50,
            },
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
    # the stream that proves it is needed, so coverage is stated of it
    assert "meter.state" in [item["stream"] for item in found.coverage]  # type: ignore[index,call-overload]


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
    assert detail(found)["meters"] == [
        {"carrier": "electricity", "kgce": "0/0", "marks": {}, "meter": "meter"}
    ]
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


def test_unit_energy_tells_the_marks_of_each_meter_and_carrier():
    # two gas registers of at most 10 an hour: one jumps by 500 at minute 5 and comes back, the other begins anew
    rule = {**FREE, "max_rate": [10, 60 * MIN]}
    gas = [{**GAS, "counter": rule}, {**GAS, "counter": rule, "name": "gas_b"}]
    steps = [(0, 5), (5, 505), (9, 6)], [(0, 50), (9, 1)]
    rows = energy_rows([(0, 0), (9, 1000)], *steps)
    found = unit_energy(energy_plant([ELECTRIC, *gas]), rows)
    assert [(one["marks"], one["quantity"]) for one in detail(found)["meters"]] == [
        ({}, 1000),
        ({"quarantined": 1, "reset": 1}, 2),
    ]
    # what was marked before the window is not told
    log = log_of(energy_plant([ELECTRIC, *gas]), rows, 10)
    found = compute(log, "unit-energy/1", 10, start=6, unit="kgce", meters=["meter"], assets=["m"])
    assert detail(found)["meters"][1]["marks"] == {"reset": 1}


def test_unit_energy_reasons_come_in_their_order():
    # no coefficient, no reading, no reject signal and no pieces at once; each in turn once those before are mended
    bad = {"id": "x", "rows": []}
    silent, steps = energy_rows(), energy_rows([(0, 0), (9, 100)])
    for document, rows, reason in (
        (energy_plant([ELECTRIC], bad, counters=[counter("total")]), silent, "no_coefficient"),
        (energy_plant([ELECTRIC], counters=[counter("total")]), silent, "no_energy"),
        (energy_plant([ELECTRIC], counters=[counter("total")]), steps, "no_reject_signal"),
        (energy_plant([ELECTRIC]), {**steps, "m.count": counts((9, 0))}, "no_pieces"),
    ):
        found = unit_energy(document, rows)
        assert (found.den, detail(found)["undefined"]) == (0, reason)


def test_unit_energy_prints_a_register_without_carrier_as_electricity():
    # energy without a carrier and energy of "electricity" are one; a consumption without a carrier spoils it
    named = {**ELECTRIC, "carrier": "electricity", "name": "energy_b"}
    rows = energy_rows([(0, 0), (9, 1000)], [(0, 0), (9, 500)])
    found = unit_energy(energy_plant([ELECTRIC, named]), rows)
    assert [(m["carrier"], m["quantity"]) for m in detail(found)["meters"]] == [
        ("electricity", 1500)
    ]
    found = unit_energy(energy_plant([ELECTRIC, {**GAS, "carrier": ""}]), rows)
    assert [(m["carrier"], m["kgce"]) for m in detail(found)["meters"]] == [("electricity", "0/0")]
    assert detail(found)["undefined"] == "no_coefficient"


def test_unit_energy_register_goes_on_when_its_carrier_is_named():
    # 1000 W.h between the last reading without and the first with the name of the carrier are booked
    log = log_of(energy_plant([ELECTRIC]), energy_rows([(0, 0), (4, 100)]), 5)
    log.config(energy_plant([{**ELECTRIC, "carrier": "electricity"}]))
    add_blocks(log, {"meter.energy": [at(9, 1100)], "m.count": [at(9, 10)]}, 5)
    found = compute(log, "unit-energy/1", 10, unit="kgce", meters=["meter"], assets=["m"])
    assert detail(found)["meters"][0]["quantity"] == 1100


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
