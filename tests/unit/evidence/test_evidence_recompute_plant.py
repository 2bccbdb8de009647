"""The configuration document as claims read it: state tables, and one refusal for each impossible value."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from evidence import canonical
from evidence.document import parse_document
from evidence.recompute.plant import CounterRule, Stop, counting_stops, parse_plant
from evidence.refusal import Refusal
from model.signal import Role
from model.state import MachineState
from tests.unit.evidence.evidence_builder import (
    FIRST_SLOT,
    LogBuilder,
    asset,
    calendar,
    claim_of,
    plant,
    row,
    signal,
)

T0 = FIRST_SLOT * 60_000
MIN = 60_000


def document() -> dict[str, Any]:
    stop = {"asset": "*", "from_ms": 1, "kind": "pm", "to_ms": 2}
    return plant(
        [asset("a"), asset("b", in_service=[5, 9])],
        {
            "a.state": [signal("state", "state")],
            "a.count": [
                signal(
                    "good",
                    "count_good",
                    counter={"first": 1, "max_rate": [3, 60_000], "modulus": "4294967296"},
                )
            ],
        },
        calendar(stops=[stop], holidays=["2026-10-01"], breaks=[[720, 750]]),
    )


def parsed(value: dict[str, Any]):
    return parse_plant(parse_document(canonical.encode(value)))


def test_plant_is_read_with_types():
    found = parsed(document())
    assert found.assets["a"].service == (0, None)
    assert found.assets["b"].service == (5, 9)
    assert found.signals["a.count"]["good"].counter == CounterRule(1, 3, 60_000, 2**32)
    assert found.first_of_role("a.state", Role.STATE) == "state"
    assert not found.has_role("a.count", Role.COUNT_SCRAP)
    assert found.tables["t/1"].plain["3"] is MachineState.RUN
    assert found.calendar.stops == (Stop("*", 1, "pm", 2),)


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d.pop("assets"),
        lambda d: d.update(assets={}),
        lambda d: d.update(assets=[5]),
        lambda d: d["assets"].reverse(),
        lambda d: d["assets"].append(d["assets"][-1]),
        lambda d: d["assets"][0].update(ideal_cycle_ms=[1, 0]),
        lambda d: d["assets"][0].update(counts_as=0),
        lambda d: d["assets"][0].update(ideal_cycle_ms=[1]),
        lambda d: d["assets"][0].update(ideal_cycle_ms=[True, 1]),
        lambda d: d["assets"][0].update(nc=1),
        lambda d: d["assets"][0].update(counts_as=-1),
        lambda d: d["assets"][0].pop("state_table"),
        lambda d: d["calendar"].update(holidays=["2026-13-01"]),
        lambda d: d["calendar"].update(holidays=["20261001"]),
        lambda d: d["calendar"].update(breaks=[[5, 4]]),
        lambda d: d["calendar"]["stops"][0].update(kind="holiday"),
        lambda d: d["calendar"]["shifts"][0].update(to_min=20_000),
        lambda d: d["calendar"]["shifts"][0].update(weekdays=[0]),
        lambda d: d["state_tables"][0].update(other="asleep"),
        lambda d: d["state_tables"][0]["map"][0].pop("state"),
        lambda d: d["streams"][0]["signals"][0].pop("role"),
        lambda d: d["streams"][0]["signals"][0].update(scale=[0, 1]),
        lambda d: d["streams"][0]["signals"][0].update(slot_ms=0),
        lambda d: d["streams"][1]["signals"][0]["counter"].update(modulus="01"),
        lambda d: d["streams"][1]["signals"][0]["counter"].update(modulus="-1"),
        lambda d: d["streams"][1]["signals"][0]["counter"].update(max_rate=[1, 0]),
        lambda d: d["streams"][1]["signals"][0].update(counter=5),
    ],
)
def test_plant_with_an_impossible_value_is_refused(edit: Callable[[dict[str, Any]], None]):
    value = copy.deepcopy(document())
    edit(value)
    with pytest.raises(Refusal) as caught:
        parsed(value)
    assert caught.value.kind == "document"


def test_counting_stops_must_be_registered_before_the_first_block_of_their_start():
    first = parsed({**document(), "calendar": calendar()})
    second = parsed(document())
    stop = second.calendar.stops[0]
    assert counting_stops([(1, first), (5, second)], lambda _: 9) == {stop}
    assert counting_stops([(1, first), (5, second)], lambda _: 4) == frozenset()
    assert counting_stops([(1, second), (5, second)], lambda _: 4) == {stop}
    assert counting_stops([(5, second)], lambda _: None) == {stop}


TABLE = {
    "id": "t/1",
    "map": [
        {"state": "run", "value": "AUTO"},
        {"state": "setup", "value": "18446744073709551615"},
        {"state": "test", "value": "1"},
    ],
    "other": "idle",
}


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", b"AUTO", "run"),
        ("text", b"auto", "idle"),
        ("uint", 2**64 - 1, "setup"),
        ("int", -1, "idle"),
        ("bool", 1, "test"),
        ("float", 1.0, "idle"),
    ],
)
def test_state_is_looked_up_by_the_raw_value_as_text(kind: str, value: Any, expected: str):
    found = plant(
        [asset("a", minor_stop_ms=0)], {"a.state": [signal("state", "state", kind, scale=[7, 1])]}
    )
    found["state_tables"] = [TABLE]
    log = LogBuilder()
    log.config(found)
    log.boot()
    log.block({"a.state": [row(T0, 0, value)]})
    detail: Any = log.compute(
        claim_of("oee-iso22400/1", FIRST_SLOT, FIRST_SLOT + 1, assets=["a"], by="all")
    ).detail
    assert detail["assets"][0]["atoms"][expected] == MIN


def test_state_without_a_table_is_unknown():
    found = plant([asset("a", state_table="")], {"a.state": [signal("state", "state")]})
    log = LogBuilder()
    log.config(found)
    log.boot()
    log.block({"a.state": [row(T0, 0, 3)]})
    detail: Any = log.compute(
        claim_of("oee-iso22400/1", FIRST_SLOT, FIRST_SLOT + 1, assets=["a"], by="all")
    ).detail
    assert detail["assets"][0]["atoms"]["unk"] == MIN
