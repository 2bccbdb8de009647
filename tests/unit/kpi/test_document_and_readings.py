"""Parsing the configuration document with precise faults, and the rounding of readings."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi.document import parse_document
from kpi.readings import readings
from model.errors import ConfigError
from model.signal import Role, SignalType
from model.state import MachineState
from tests.support.kpi_plant import asset, calendar, canonical, counter, document, signal


def plant() -> dict[str, Any]:
    return document(
        [asset("a1", ideal_cycle_ms=[60_000, 7])],
        {
            "a1": [
                signal("state", "state"),
                signal("good", "count_good", counter=counter(1, (3, 60_000), 9_999)),
            ]
        },
        calendar(holidays=["2026-10-01"], breaks=[[720, 750]]),
    )


def test_parse_document_bytes_and_object_give_the_same() -> None:
    found = parse_document(canonical(plant()))
    assert found == parse_document(plant())
    assert found.asset["a1"].ideal_cycle_ms == Fraction(60_000, 7)
    good = found.signals_of("a1", Role.COUNT_GOOD)[0]
    assert (good.rules.first, good.rules.modulus, good.rules.pieces, good.rules.per_ms) == (
        1,
        9_999,
        3,
        60_000,
    )
    assert found.signals_of("a1", Role.COUNT_SCRAP) == ()
    assert found.table[found.asset["a1"].state_table].map["1"] is MachineState.RUN
    assert found.calendar.week_days == 7


def broken(path: list[Any], value: Any) -> dict[str, Any]:
    data = plant()
    at: Any = data
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        (["v"], 3, r"v: expected version 1 or 2, found 3"),
        (["assets", 0, "ideal_cycle_ms"], [1, 0], r"assets\[0\].ideal_cycle_ms"),
        (["assets", 0, "nc"], 1, r"assets\[0\].nc: expected true or false, found 1"),
        (["assets", 0, "state_table"], "t/9", r"asset a1: no state table 't/9'"),
        (["streams", 0, "signals", 0, "role"], "colour", r"signals\[0\].role"),
        (["streams", 0, "signals", 0, "role"], "count_good", r"streams\[0\].id"),
        (["streams", 0, "signals", 0, "slot_ms"], 0, r"slot_ms: expected an integer of at least 1"),
        (["streams", 0, "signals", 0, "scale"], [1], r"scale: expected two integers"),
        (["streams", 1, "signals", 0, "counter", "modulus"], "ten", r"counter.modulus"),
        (["calendar", "breaks"], [[1, 2, 3]], r"breaks.0"),
        (["calendar", "stops"], [{"asset": "a1"}], r"stops\[0\]"),
        (["state_tables", 0, "other"], "odd", r"state_tables\[0\].other"),
        (["site"], [], r"site: expected an object"),
    ],
)
def test_parse_document_fault_names_the_place(path: list[Any], value: Any, where: str) -> None:
    with pytest.raises(ConfigError, match=where) as caught:
        parse_document(broken(path, value))
    assert caught.value.zh != caught.value.en


def test_parse_document_not_json_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="not JSON"):
        parse_document(b"{")


def bits(value: float) -> int:
    return int(struct.unpack("<q", struct.pack("<d", value))[0])


def of(raw: list[int], kind: SignalType, scale: Fraction) -> list[int]:
    return [int(v) for v in readings(np.array(raw, dtype=np.int64), kind, scale)]


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [
        (2.675, Fraction(100), 267),  # the double lies below
        (1234.5625, Fraction(1000), 1234562),  # a tie goes to the even one
        (1234.5, Fraction(1000), 1234500),
        (0.5, Fraction(1), 0),
        (1.5, Fraction(1), 2),
        (-0.5, Fraction(1), 0),
        (-2.5, Fraction(1), -2),
        (1e18, Fraction(1000), 10**21),
        (0.1, Fraction(1, 3), 0),
        (5e-324, Fraction(1), 0),
    ],
)
def test_reading_of_a_float(value: float, scale: Fraction, expected: int) -> None:
    assert of([bits(value)], SignalType.FLOAT, scale) == [expected]


def test_reading_of_unsigned_and_scaled_integers() -> None:
    assert of([-1], SignalType.UINT, Fraction(1)) == [2**64 - 1]
    assert of([-1], SignalType.INT, Fraction(1)) == [-1]
    assert of([5, 15, -5, 7], SignalType.INT, Fraction(1, 10)) == [0, 2, 0, 1]
    assert of([2**62], SignalType.INT, Fraction(1000)) == [2**62 * 1000]


finite = st.floats(allow_nan=False, allow_infinity=False)
scales = st.fractions(min_value=Fraction(1, 10**6), max_value=10**6, max_denominator=10**6)


@given(st.lists(finite | st.integers(-(10**6), 10**6).map(lambda n: n / 8), min_size=1), scales)
def test_reading_of_floats_equals_the_exact_rule(values: list[float], scale: Fraction) -> None:
    expected = [round(Fraction(v) * scale) for v in values]
    assert of([bits(v) for v in values], SignalType.FLOAT, scale) == expected


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1), scales, st.booleans())
def test_reading_of_integers_equals_the_exact_rule(
    values: list[int], scale: Fraction, unsigned: bool
) -> None:
    kind = SignalType.UINT if unsigned else SignalType.INT
    seen = [v % 2**64 if unsigned else v for v in values]
    assert of(values, kind, scale) == [round(v * scale) for v in seen]
