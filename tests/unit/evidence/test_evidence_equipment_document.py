"""Configuration document version 2 as the verifier reads it, and version 1 read as version 2 (config-document.md)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from evidence import canonical
from evidence.document import parse_document
from evidence.recompute.plant import parse_plant
from evidence.recompute.plant_model import (
    Coefficient,
    Coefficients,
    CounterRule,
    Loop,
    Plant,
    Product,
)
from evidence.refusal import Refusal, Verdict
from model.signal import Role
from model.state import MachineState as M
from tests.unit.evidence import evidence_builder as v1
from tests.unit.evidence.equipment_builder import (
    asset,
    calendar,
    machine,
    plant,
    product,
    signal,
    table,
)

LOOP = {
    "auto": ["2", "3"],
    "high": [100, 1],
    "id": "tic-101",
    "low": [-5, 2],
    "mode": "tic101_mode",
    "output": "tic101_out",
}
RULE = {"first": 1, "max_correction": 4, "max_rate": [3, 60_000], "modulus": "10000"}


def document() -> dict[str, Any]:
    return plant(
        [
            asset(
                "m",
                debounce_ms=500,
                key_step=True,
                loops=[LOOP],
                process_step="焊接",
                product="A",
                products=[
                    product("A", [60_000, 7], factor=4, weight=[3, 2]),
                    product("B", [0, 1]),
                ],
            ),
            asset("n"),
        ],
        {
            "m.state": [signal("state", "state", table="t/2"), signal("mode", "mode")],
            "m.count": [
                signal("good", "count_good", counter=RULE),
                signal("good_b", "count_good", counter=RULE, alternate_of="good"),
            ],
            "m.energy": [signal("gas", "consumption", carrier="natural-gas", unit="m3")],
        },
        calendar(
            offsets=[[0, 60], [1_000_000, 120]],
            extra=[{"date": "2026-10-03", "from_min": 480, "name": "加班", "to_min": 1200}],
        ),
        coefficients={
            "id": "GB/T 2589-2020",
            "rows": [
                {"carrier": "electricity", "kgce": [1229, 10_000], "unit": "kW.h"},
                {"carrier": "natural-gas", "kgce": [133, 100], "unit": "m3"},
            ],
        },
        counter_events=[
            {"at_ms": 5, "device": "m", "kind": "replaced", "signal": "good"},
            {"at_ms": 9, "device": "m", "kind": "set", "signal": "good"},
        ],
        state_tables=[
            table(),
            {
                "id": "t/2",
                "inputs": ["state", "mode", "order"],
                "map": [
                    {"state": "run", "values": ["3", "1", "*"]},
                    {"state": "idle", "values": ["3", "*", "none"]},
                    {"state": "wait", "values": ["3", "*", "*"]},
                ],
                "other": "fault",
            },
        ],
    )


def parsed(value: dict[str, Any]) -> Plant:
    return parse_plant(parse_document(canonical.encode(value)))


def test_version_2_is_read_with_types():
    found = parsed(document())
    own = found.assets["m"]
    assert (own.debounce_ms, own.key_step, own.process_step, own.product) == (
        500,
        True,
        "焊接",
        "A",
    )
    assert own.products == (
        Product("A", Fraction(60_000, 7), 4, Fraction(3, 2)),
        Product("B", Fraction(0)),
    )
    assert own.loops == (
        Loop(
            "tic-101",
            "tic101_mode",
            frozenset({"2", "3"}),
            "tic101_out",
            Fraction(-5, 2),
            Fraction(100),
        ),
    )
    assert found.signals["m.count"]["good"].counter == CounterRule(1, 3, 60_000, 10_000, 4)
    assert [s.name for s in found.of_role("m.count", Role.COUNT_GOOD)] == ["good"]
    gas = found.signals["m.energy"]["gas"]
    assert (gas.carrier, gas.unit) == ("natural-gas", "m3")
    assert found.calendar.offset_min == 60
    assert found.calendar.changes == ((1_000_000, 120),)
    (extra,) = found.calendar.extra
    assert (extra.date.isoformat(), extra.start, extra.end, extra.name) == (
        "2026-10-03",
        480,
        1200,
        "加班",
    )
    assert found.coefficients.rows["natural-gas"] == Coefficient(Fraction(133, 100), "m3")
    assert found.counter_events == {("m", "good"): (5, 9)}


def test_version_1_is_read_as_version_2_with_the_values_in_brackets():
    value = v1.plant(
        [v1.asset("m", ideal_cycle_ms=[60_000, 7]), v1.asset("n", ideal_cycle_ms=[0, 1])],
        {
            "m.state": [v1.signal("state", "state")],
            "m.count": [
                v1.signal(
                    "good",
                    "count_good",
                    counter={"first": 0, "max_rate": [3, 60_000], "modulus": "0"},
                )
            ],
        },
        v1.calendar(utc_offset_min=480),
    )
    found = parsed(value)
    own = found.assets["m"]
    assert own.products == (Product("", Fraction(60_000, 7), 1, Fraction(1)),)
    assert found.assets["n"].products == ()
    assert (own.debounce_ms, own.key_step, own.process_step, own.product, own.loops) == (
        0,
        False,
        "",
        "",
        (),
    )
    good = found.signals["m.count"]["good"]
    assert (good.alternate_of, good.carrier, good.table) == ("", "", "")
    assert good.counter.max_correction == 0
    assert (found.calendar.offset_min, found.calendar.changes, found.calendar.extra) == (
        480,
        (),
        (),
    )
    assert found.coefficients == Coefficients("", {})
    assert found.counter_events == {}
    states = found.tables["t/1"]
    assert (states.inputs, states.state(("3",)), states.state(("9",))) == (
        ("state",),
        M.RUN,
        M.UNKNOWN,
    )


def test_table_takes_the_first_row_that_fits_and_a_star_fits_everything():
    states = parsed(document()).tables["t/2"]
    # rows in order: (3, 1, *) run · (3, *, none) idle · (3, *, *) wait · other fault
    assert states.state(("3", "1", "none")) is M.RUN
    assert states.state(("3", "2", "none")) is M.IDLE
    assert states.state(("3", "2", "X7")) is M.WAIT
    assert states.state(("3", None, None)) is M.WAIT  # an input that is not known fits only `*`
    assert states.state(("4", "1", "none")) is M.FAULT
    assert states.state((None, "1", "none")) is M.FAULT


def test_table_with_further_inputs_maps_everything_to_other_for_version_1_algorithms():
    states = parsed(document()).tables["t/2"]
    assert (dict(states.plain), states.plain_other) == ({}, M.FAULT)


def test_table_of_version_2_with_a_star_ends_the_plain_table():
    value = machine(
        state_tables=[
            {
                "id": "t/1",
                "inputs": ["state"],
                "map": [
                    {"state": "run", "values": ["3"]},
                    {"state": "idle", "values": ["3"]},
                    {"state": "wait", "values": ["*"]},
                    {"state": "off", "values": ["0"]},
                ],
                "other": "unknown",
            }
        ]
    )
    states = parsed(value).tables["t/1"]
    assert (dict(states.plain), states.plain_other) == ({"3": M.RUN}, M.WAIT)
    assert [states.state((text,)) for text in ("3", "0")] == [M.RUN, M.WAIT]


def test_own_table_of_a_signal_comes_before_that_of_the_asset():
    found = parsed(document())
    assert found.table_of("m", found.signals["m.state"]["state"]) == "t/2"
    other = parsed(machine())
    assert other.table_of("m", other.signals["m.state"]["state"]) == "t/1"
    missing = parsed(machine(state_table="nowhere"))
    assert missing.table_of("m", missing.signals["m.state"]["state"]) == ""


def test_later_version_of_the_document_is_incomplete_not_invalid():
    with pytest.raises(Refusal) as caught:
        parsed({**document(), "v": 3})
    assert caught.value.verdict is Verdict.INCOMPLETE


Edit = Callable[[dict[str, Any]], Any]
IMPOSSIBLE: dict[str, Edit] = {
    "no version": lambda d: d.pop("v"),
    "version 0": lambda d: d.update(v=0),
    "version true": lambda d: d.update(v=True),
    "no coefficients": lambda d: d.pop("coefficients"),
    "coefficients as a list": lambda d: d.update(coefficients=[]),
    "coefficients without id": lambda d: d["coefficients"].pop("id"),
    "coefficients not sorted": lambda d: d["coefficients"]["rows"].reverse(),
    "a carrier twice": lambda d: d["coefficients"]["rows"].append(d["coefficients"]["rows"][1]),
    "negative coefficient": lambda d: d["coefficients"]["rows"][0].update(kgce=[-1, 10]),
    "coefficient over zero": lambda d: d["coefficients"]["rows"][0].update(kgce=[1, 0]),
    "coefficient without unit": lambda d: d["coefficients"]["rows"][0].pop("unit"),
    "no counter events": lambda d: d.pop("counter_events"),
    "events not sorted": lambda d: d["counter_events"].reverse(),
    "event twice": lambda d: d["counter_events"].insert(0, d["counter_events"][0]),
    "event of another kind": lambda d: d["counter_events"][0].update(kind="reset"),
    "event without instant": lambda d: d["counter_events"][0].pop("at_ms"),
    "signal without alternate_of": lambda d: d["streams"][0]["signals"][0].pop("alternate_of"),
    "signal without carrier": lambda d: d["streams"][0]["signals"][0].pop("carrier"),
    "signal without table": lambda d: d["streams"][0]["signals"][0].pop("table"),
    "signal without unit": lambda d: d["streams"][0]["signals"][0].pop("unit"),
    "alternate of nothing": lambda d: d["streams"][1]["signals"][1].update(alternate_of="none"),
    "alternate of itself": lambda d: d["streams"][1]["signals"][1].update(alternate_of="good_b"),
    "alternate in a circle": lambda d: d["streams"][1]["signals"][0].update(alternate_of="good_b"),
    "alternate of another role": lambda d: d["streams"][1]["signals"][1].update(role="count_scrap"),
    "state signal as alternate": lambda d: d["streams"][0]["signals"][1].update(
        alternate_of="state"
    ),
    "counter without max_correction": lambda d: d["streams"][1]["signals"][0]["counter"].pop(
        "max_correction"
    ),
    "negative max_correction": lambda d: d["streams"][1]["signals"][0]["counter"].update(
        max_correction=-1
    ),
    "no debounce": lambda d: d["assets"][0].pop("debounce_ms"),
    "negative debounce": lambda d: d["assets"][0].update(debounce_ms=-1),
    "key_step as a number": lambda d: d["assets"][0].update(key_step=1),
    "smart as a text": lambda d: d["assets"][0].update(smart="yes"),
    "no process_step": lambda d: d["assets"][0].pop("process_step"),
    "no product": lambda d: d["assets"][0].pop("product"),
    "no products": lambda d: d["assets"][0].pop("products"),
    "products not sorted": lambda d: d["assets"][0]["products"].reverse(),
    "a product twice": lambda d: d["assets"][0]["products"].append(d["assets"][0]["products"][1]),
    "factor 0": lambda d: d["assets"][0]["products"][0].update(factor=0),
    "negative ideal cycle": lambda d: d["assets"][0]["products"][0].update(ideal_cycle_ms=[-1, 1]),
    "weight over zero": lambda d: d["assets"][0]["products"][0].update(weight=[1, 0]),
    "weight as a number": lambda d: d["assets"][0]["products"][0].update(weight=1),
    "no loops": lambda d: d["assets"][0].pop("loops"),
    "a loop twice": lambda d: d["assets"][0]["loops"].append(d["assets"][0]["loops"][0]),
    "limits of a loop equal": lambda d: d["assets"][0]["loops"][0].update(low=[100, 1]),
    "automatic values as a text": lambda d: d["assets"][0]["loops"][0].update(auto="23"),
    "loop without output": lambda d: d["assets"][0]["loops"][0].pop("output"),
    "inputs in another order": lambda d: d["state_tables"][1].update(
        inputs=["state", "order", "mode"]
    ),
    "inputs without state": lambda d: d["state_tables"][1].update(inputs=["mode"]),
    "no inputs": lambda d: d["state_tables"][1].pop("inputs"),
    "too few values in a row": lambda d: d["state_tables"][1]["map"][0].update(values=["3", "1"]),
    "values as a number": lambda d: d["state_tables"][1]["map"][0].update(values=[3, 1, 1]),
    "state tables not sorted": lambda d: d["state_tables"].reverse(),
    "no offsets": lambda d: d["calendar"].pop("offsets"),
    "empty offsets": lambda d: d["calendar"].update(offsets=[]),
    "offsets not rising": lambda d: d["calendar"].update(offsets=[[5, 60], [5, 120]]),
    "offset of two days": lambda d: d["calendar"].update(offsets=[[0, 2880]]),
    "no extra shifts": lambda d: d["calendar"].pop("extra"),
    "extra shift on no date": lambda d: d["calendar"]["extra"][0].update(date="2026-02-30"),
    "extra shift backwards": lambda d: d["calendar"]["extra"][0].update(to_min=479),
    "extra shift of eight days": lambda d: d["calendar"]["extra"][0].update(to_min=10_081),
    "shift without name": lambda d: d["calendar"]["shifts"][0].pop("name"),
    "day start after two days": lambda d: d["calendar"].update(day_start_min=2881),
    "assets not sorted": lambda d: d["assets"].reverse(),
}


@pytest.mark.parametrize("edit", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_version_2_with_a_missing_or_impossible_value_is_refused(edit: Edit):
    value = copy.deepcopy(document())
    edit(value)
    with pytest.raises(Refusal) as caught:
        parsed(value)
    assert caught.value.kind == "document"
    assert caught.value.en
    assert caught.value.zh
