"""One machine over some minutes, and its OEE: what the tests of sums and bounds are written with."""

from __future__ import annotations

from typing import Any

from evidence.frame import FrameRow
from evidence.recompute.interface import Outcome
from tests.unit.evidence.equipment_builder import (
    COUNTER,
    HOUR,
    MIN,
    T0,
    compute,
    log_of,
    machine,
    product,
    signal,
    table,
)
from tests.unit.evidence.evidence_builder import row

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


def at(minute: float, value: object, index: int = 0, **changes: Any) -> FrameRow:
    return row(T0 + int(minute * MIN), index, value, **changes)


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
