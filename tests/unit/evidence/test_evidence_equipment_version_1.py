"""Algorithms of version 1 on configuration documents of version 2 (config-document.md); expected values by hand."""

from __future__ import annotations

from typing import Any

from evidence.frame import FrameRow
from tests.unit.evidence.equipment_builder import (
    COUNTER,
    DAY,
    HOUR,
    MIN,
    T0,
    LogBuilder,
    asset,
    calendar,
    claim,
    log_of,
    machine,
    plant,
    signal,
    table,
)
from tests.unit.evidence.evidence_builder import FIRST_SLOT, row

LONG = {"hold_ms": 24 * HOUR}
FREE = {**COUNTER, "max_rate": [0, 1]}
COUNTERS = [
    signal("good", "count_good", counter=FREE, **LONG),
    signal("scrap", "count_scrap", counter=FREE, **LONG),
]


def at(minute: float, value: object, index: int = 0) -> FrameRow:
    return row(T0 + int(minute * MIN), index, value)


def oee(document: dict[str, Any], rows: dict[str, list[FrameRow]], minutes: int = 60) -> Any:
    log = log_of(document, rows, minutes)
    return log.compute(claim("oee-iso22400/1", minutes, assets=["m"], by="all"))


def atoms(found: Any) -> dict[str, int]:
    (one,) = found.detail["assets"]
    return {name: ms // MIN for name, ms in one["atoms"].items() if ms}


def test_ideal_cycle_is_that_of_the_asset_whatever_its_products():
    # 10 pieces × 30 s of an hour; product A would say another ideal cycle
    products = [{"factor": 3, "id": "A", "ideal_cycle_ms": [1, 1], "weight": [1, 1]}]
    rows = {
        "m.state": [at(0, 3)],
        "m.count": [at(0, 0), at(59, 10), at(0, 0, 1), at(59, 0, 1)],
    }
    state = [signal("state", "state", **LONG)]
    found = oee(machine(COUNTERS, state, products=products), rows)
    assert (found.num, found.den) == (1, 12)


def test_table_with_further_inputs_maps_every_value_to_other():
    rows = {"m.state": [at(0, 3), at(0, b"auto", 1)], "m.count": []}
    state = [signal("state", "state", **LONG), signal("mode", "mode", "text", **LONG)]
    wide = {
        "id": "t/1",
        "inputs": ["state", "mode"],
        "map": [{"state": "run", "values": ["3", "auto"]}],
        "other": "idle",
    }
    assert atoms(oee(machine(COUNTERS, state, state_tables=[wide]), rows)) == {"idle": 60}


def test_state_is_that_of_the_first_signal_by_its_own_table():
    state = [signal("state", "state", table="t/2", **LONG), signal("other", "state", **LONG)]
    tables = [table(), {**table({"3": "setup"}), "id": "t/2"}]
    rows = {"m.state": [at(0, 3), at(0, 4, 1)], "m.count": []}
    found = oee(machine(COUNTERS, state, state_tables=tables, debounce_ms=HOUR), rows)
    assert atoms(found) == {"setup": 60}


def test_alternate_signal_is_not_added():
    counters = [
        *COUNTERS,
        signal("good_b", "count_good", counter=FREE, alternate_of="good", **LONG),
    ]
    rows = {
        "m.state": [at(0, 3)],
        "m.count": [
            reading
            for index, value in ((0, 10), (1, 0), (2, 11))
            for reading in (at(0, 0, index), at(59, value, index))
        ],
    }
    (one,) = oee(machine(counters, [signal("state", "state", **LONG)]), rows).detail["assets"]
    assert one["good"] == 10


def test_extra_shift_is_planned_time():
    extra = {"date": "2026-03-01", "from_min": 10, "name": "加班", "to_min": 30}
    cal = calendar(shifts=[], extra=[extra])
    state = [signal("state", "state", **LONG)]
    found = oee(machine(COUNTERS, state, cal), {"m.state": [at(0, 1)], "m.count": []})
    assert atoms(found) == {"idle": 20, "off": 40}


SHIFTS = [{"from_min": 120, "name": "a", "to_min": 1440, "weekdays": [1, 2, 3, 4, 5, 6, 7]}]


def test_offset_is_that_in_force_at_the_first_ms_of_the_window():
    # +1 h until 00:30Z, then +2 h; the shift from 02:00 begins at 01:00Z by the offset at 00:00Z for the whole window
    cal = calendar(shifts=SHIFTS, offsets=[[0, 60], [T0 + 30 * MIN, 120]])
    state = [signal("state", "state", **LONG)]
    found = oee(machine(COUNTERS, state, cal), {"m.state": [at(0, 1)], "m.count": []}, 90)
    assert atoms(found) == {"off": 60, "idle": 30}


def test_offset_of_both_windows_is_that_at_the_first_ms_of_the_after_window():
    # the offset changes from 0 to +2 h between the windows; day start and shift at 02:00. By the offset of the after
    # window a production day begins at 00:00Z, so both windows hold whole days: two and two
    cal = calendar(shifts=SHIFTS, day_start_min=120, offsets=[[0, 0], [T0 + 2 * DAY, 120]])
    document = plant(
        [asset("m", ideal_cycle_ms=[MIN, 1])],
        {"m.state": [signal("state", "state", **LONG)], "m.count": COUNTERS},
        cal,
    )
    log = LogBuilder()
    log.config(document)
    log.boot()
    for hour in range(4 * 24):
        t = T0 + hour * HOUR
        log.block({"m.state": [row(t, 0, 3)], "m.count": [row(t, 0, hour), row(t, 1, 0)]})
        log.off(59)
    compared = claim(
        "before-after/1",
        4 * 1440,
        start=2 * 1440,
        lead=0,
        metric="oee-iso22400/1",
        sense="increase",
        before=[FIRST_SLOT, FIRST_SLOT + 2 * 1440],
        assets=["m"],
        threshold=[1, 10],
    )
    found: Any = log.compute(compared).detail
    assert (found["before"]["days"], found["after"]["days"]) == (2, 2)
