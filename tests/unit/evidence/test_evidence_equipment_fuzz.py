"""Hostile documents, rows and parameters: a result that keeps its promises, or a refusal; never another error."""

from __future__ import annotations

import copy
from contextlib import suppress
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import canonical
from evidence.document import parse_document
from evidence.frame import FrameRow
from evidence.recompute.equipment.exact import exact_sum
from evidence.recompute.interface import Outcome
from evidence.recompute.registry import make_plan
from evidence.refusal import Refusal
from evidence.statement import Claim
from model.state import Atom
from tests.unit.evidence.equipment_builder import (
    COUNTER,
    HOUR,
    MIN,
    T0,
    LogBuilder,
    asset,
    calendar,
    claim,
    machine,
    plant,
    product,
    signal,
    table,
)
from tests.unit.evidence.equipment_builder import log_of as sealed
from tests.unit.evidence.evidence_builder import FIRST_SLOT, E, H, I, M
from tests.unit.evidence.test_evidence_equipment_cells import sums_by

MINUTES = 90
LOOP = {
    "auto": ["2"],
    "high": [10, 1],
    "id": "l",
    "low": [0, 1],
    "mode": "loop",
    "output": "out",
}
KEY = {"key_step": True, "process_step": "焊接"}


def document() -> dict[str, Any]:
    """Return a document that uses every key, shared with no other."""
    return copy.deepcopy(_document())


def _document() -> dict[str, Any]:
    rule = {"first": 0, "max_correction": 2, "max_rate": [4, MIN], "modulus": "100"}
    states = [
        signal("state", "state", hold_ms=20 * MIN),
        signal("state_2", "state", "text", table="t/2"),
        signal("mode", "mode", "text"),
        signal("order", "order"),
        signal("part", "product", "text", hold_ms=30 * MIN),
        signal("up", "uptime", "uint"),
        signal("loop", "loop_mode"),
        signal("out", "loop_output", "float"),
    ]
    counters = [
        signal("good", "count_good", counter=rule),
        signal("scrap", "count_scrap", counter=rule),
        signal("total", "count_total", "uint", counter={**rule, "max_rate": [0, 1]}),
        signal("rework", "count_rework", counter=rule),
        signal("good_b", "count_good", counter=rule, alternate_of="good"),
    ]
    products = [
        product("A", [MIN, 7], factor=2, weight=[3, 2]),
        product("B", [3 * MIN, 1]),
        product("C", [0, 1]),
    ]
    second_table = {
        "id": "t/2",
        "inputs": ["state", "mode", "order"],
        "map": [
            {"state": "run", "values": ["A", "*", "*"]},
            {"state": "wait", "values": ["*", "B", "3"]},
        ],
        "other": "unknown",
    }
    cal = calendar(
        offsets=[[0, 60], [T0 + 40 * MIN, 120]],
        breaks=[[70, 80], [90, 100]],
        extra=[{"date": "2026-03-01", "from_min": 0, "name": "x", "to_min": 90}],
        stops=[{"asset": "m", "from_ms": T0 + 5 * MIN, "kind": "pm", "to_ms": T0 + 9 * MIN}],
        day_start_min=75,
    )
    return plant(
        [
            asset("m", products=products, loops=[LOOP], debounce_ms=2 * MIN, **KEY),
            asset("meter", production=False, products=[], state_table=""),
            asset("n", product="B", products=products, in_service=[T0 + 10 * MIN, T0 + HOUR]),
        ],
        {
            "m.state": states,
            "n.state": states[:1],
            "m.count": counters,
            "n.count": counters[1:3],
            "meter.energy": [
                signal("energy", "energy", "float", scale=[1000, 1], counter=COUNTER),
                signal("gas", "consumption", carrier="gas", unit="m3", counter=rule),
            ],
        },
        cal,
        coefficients={
            "id": "c",
            "rows": [
                {"carrier": "electricity", "kgce": [1229, 10_000], "unit": "kW.h"},
                {"carrier": "gas", "kgce": [133, 100], "unit": "m3"},
            ],
        },
        counter_events=[{"at_ms": T0 + 20 * MIN, "device": "m", "kind": "set", "signal": "good"}],
        state_tables=[table(), second_table],
    )


PARAMETERS: dict[str, dict[str, Any]] = {
    "oee/2": {"assets": ["m", "n"], "by": "all"},
    "defect-rate/1": {"assets": ["m", "n"]},
    "registry-ratio/1": {"ratio": "key-process-nc-by-process"},
    "unit-energy/1": {"assets": ["m", "n"], "meters": ["meter"]},
    "automatic-control/1": {"assets": ["m", "n"]},
    "oee-iso22400/1": {"assets": ["m", "n"], "by": "all"},
    "utilisation/1": {"assets": ["m"]},
    "nc-ratio/1": {},
}
UNITS = {"unit-energy/1": "kgce"}
EXTREMES: dict[str, list[Any]] = {
    "int": [-1, 98, 99, 2**63 - 1, -(2**63)],
    "uint": [0, 2**64 - 1, 2**63],
    "float": [0.0, -3.25, 1e300, 5e-324],
    "bool": [0, 1],
    "text": [b"", b"A\x00", "件".encode()],
}


def value_of(random: Random, kind: str, minute: int) -> Any:
    """A state or product for some signals, a count that grows with time for others; now and then an extreme."""
    if random.random() < 0.02:
        return random.choice(EXTREMES[kind])
    count = minute + random.choice([0, 0, 0, 1, 2, -1, 40])
    if kind == "text":
        return random.choice([b"A", b"B", b"C", b"Z"])
    if kind == "bool":
        return random.randrange(2)
    if kind == "float":
        return random.choice([count / 4, 10.0])
    return random.choice([count, max(count, 0) % 6]) if kind == "int" else max(count, 0)


def claims(random: Random | None = None) -> list[Claim]:
    found = []
    for number, (name, parameters) in enumerate(PARAMETERS.items()):
        start = random.choice([0, 0, 30]) if random else 0
        made = claim(name, MINUTES, start=start, unit=UNITS.get(name, "1"), **parameters)
        found.append(Claim(**{**{f: getattr(made, f) for f in made.__slots__}, "id": str(number)}))
    return found


def rows_of(random: Random, kinds: list[str], slot: int) -> list[FrameRow]:
    """Up to four rows of a stream, of every kind that a frame may hold."""
    rows = []
    for _ in range(random.randrange(5) if kinds else 0):
        index = random.randrange(len(kinds))
        received = slot * MIN + random.randrange(MIN)
        source = received - random.choice([0, 0, 0, 1000, HOUR, 20 * HOUR])
        kind = random.random()
        if kind < 0.1:
            rows.append(FrameRow(received, None, index, None, 0, E | H))
        elif kind < 0.15:
            rows.append(FrameRow(received, source, index, random.randrange(1, 9), 0x809B_0000, M))
        elif kind < 0.2:
            rows.append(FrameRow(received, source, index, None, 0x8000_0000, E))
        else:
            flags = I if kind > 0.97 else 0
            status = 0x4000_0000 if kind > 0.93 else 0
            value = value_of(random, kinds[index], slot - FIRST_SLOT)
            rows.append(FrameRow(received, source, index, value, status, flags))
    return rows


def log_of(random: Random, documents: list[dict[str, Any]]) -> LogBuilder:
    """A log of random rows under each of the documents in turn; raises Refusal if one cannot be read at all."""
    log = LogBuilder()
    for number, content in enumerate(documents):
        log.config(content)
        if number == 0:
            log.boot()
        layouts = parse_document(canonical.encode(content)).layouts
        for _ in range(MINUTES // len(documents)):
            if random.random() < 0.1:
                log.off(1)
                continue
            log.block(
                {
                    layout.stream: rows_of(random, [kind.value for kind in layout.types], log.slot)
                    for layout in layouts
                    if random.random() < 0.4
                }
            )
    while log.slot < FIRST_SLOT + MINUTES:
        log.block({})
    return log


REPLACEMENTS: list[Any] = [
    0, 1, -1, 2, 7, 1440, 10_080, 60_000, 2**53 - 1, -(2**53) + 1, True, False, "", "0", "*", "m", "A", "run", "t/1",
    "state", "count_good", "count_scrap", "2026-03-01", "electricity", "kW.h", [], {}, [0, 1], [1, 0], [-1, 1], [1, 1],
    [2**53 - 1, 1], [1, 2**53 - 1], [[0, 0]], ["*"], ["m"], [1, 2, 3], "9" * 40, "text", "int", "float", "2",
    "18446744073709551616",
]  # fmt: skip


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in items:
        found += paths(item, (*path, key))
    return found


def mutate(random: Random, value: dict[str, Any]) -> None:
    """Change, remove or double one value somewhere in a JSON object; most changes leave a readable document."""
    *way, last = random.choice([path for path in paths(value) if path])
    holder: Any = value
    for key in way:
        holder = holder[key]
    old, choice = holder[last], random.random()
    if choice < 0.1:
        del holder[last]
    elif choice < 0.2 and isinstance(holder, list):
        holder.append(copy.deepcopy(old))
    elif choice < 0.3 and isinstance(holder, list):
        random.shuffle(holder)
    elif choice < 0.7 and isinstance(old, int) and not isinstance(old, bool):
        holder[last] = random.choice([old + 1, old - 1, old * 2, old // 2, 0, 1, old + 20 * MIN])
    else:
        same = [item for item in REPLACEMENTS if type(item) is type(old)]
        holder[last] = copy.deepcopy(
            random.choice(same if choice < 0.95 and same else REPLACEMENTS)
        )


def outcomes(log: LogBuilder, asked: list[Claim]) -> list[Outcome | Refusal]:
    try:
        plans, view = [make_plan(one) for one in asked], log.view_of(asked)
    except Refusal as refusal:
        return [refusal for _ in asked]
    found: list[Outcome | Refusal] = []
    for plan in plans:
        try:
            found.append(plan.compute(view))
        except Refusal as refusal:
            found.append(refusal)
    return found


def bound(text: str) -> Fraction | None:
    return None if text in ("unbounded", "0/0") else Fraction(text)


def check(outcome: Outcome, name: str) -> None:
    """Promises of every result: bounds are bounds, atoms are whole, an undefined ratio says why."""
    detail: Any = outcome.detail
    with suppress(Refusal):  # counts beyond 2^53 − 1 have no place in a detail
        canonical.encode(detail)
    assert (outcome.den == 0) is ("undefined" in detail)
    if outcome.den == 0:
        return
    value = Fraction(outcome.num, outcome.den)
    if name == "oee/2" and value >= 0:
        low, high = bound(detail["low"]), bound(detail["high"])
        assert low is not None
        assert low <= value
        assert high is None or high >= value
    if name == "defect-rate/1":
        assert Fraction(detail["low"]) <= value <= Fraction(detail["high"])
    if name == "oee/2":
        low, high = bound(detail["availability_low"]), bound(detail["availability_high"])
        if detail["availability"] != "0/0":
            assert low is not None
            assert high is not None
            assert low <= Fraction(detail["availability"]) <= high <= 1
        for one in detail["assets"]:
            assert set(one["atoms"]) == {atom.value for atom in Atom}
            assert min(one["atoms"].values()) >= 0
            assert sum(one["atoms"].values()) <= MINUTES * MIN
    if name == "automatic-control/1":
        assert 0 <= value <= 1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_random_rows_under_a_sound_document_give_results(seed: int):
    random = Random(seed)
    log = log_of(random, [document()])
    asked = claims(random)
    for one, outcome in zip(asked, outcomes(log, asked), strict=True):
        assert isinstance(outcome, Outcome)
        check(outcome, one.algorithm)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_random_changes_of_the_document_give_a_result_or_a_refusal(seed: int):
    random = Random(seed)
    first, second = document(), document()
    for _ in range(random.randrange(1, 4)):
        mutate(random, second)
    documents = random.choice([[second], [first, second], [first, second, first]])
    try:
        log = log_of(random, documents)
    except Refusal:
        return
    asked = claims(random)
    for one, outcome in zip(asked, outcomes(log, asked), strict=True):
        if isinstance(outcome, Outcome):
            check(outcome, one.algorithm)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_random_changes_of_the_parameters_give_a_result_or_a_refusal(seed: int):
    random = Random(seed)
    changed = [
        Claim(**{**{f: getattr(one, f) for f in one.__slots__}, "parameters": parameters})
        for one in claims()
        if isinstance(parameters := mutated(random, dict(one.parameters)), dict)
    ]
    for one in changed:
        (outcome,) = outcomes(FIXED, [one])
        if isinstance(outcome, Refusal):
            assert outcome.kind == "claim"


def mutated(random: Random, parameters: dict[str, Any]) -> dict[str, Any]:
    found = {"parameters": copy.deepcopy(parameters)}
    if random.random() < 0.2:
        found["parameters"]["extra"] = 1
    mutate(random, found)
    return found.get("parameters", {})


FIXED = log_of(Random(7), [document()])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_hours_without_counts_need_no_edge(seed: int):
    # the sums that claims are formed from, cut at every UTC hour and cut only where something is booked
    log = log_of(Random(seed), [document()])
    assert sums_by(log, MINUTES, hourly=True) == sums_by(log, MINUTES, hourly=False)


def test_sum_of_fractions_stops_where_no_claim_can_go():
    # 1/(2^52 + n) for odd n: each may double the denominator's length; 13 000 bits are reached after some 250 of them
    summands = (Fraction(1, 2**52 + n) for n in range(1, 2_000_001, 2))
    with pytest.raises(Refusal) as caught:
        exact_sum(summands)
    assert caught.value.kind == "claim"
    assert next(summands) > Fraction(1, 2**52 + 2_000)  # and it stopped before a thousand
    assert exact_sum([Fraction(1, 3), 2, Fraction(-1, 3)]) == 2


def test_loops_that_share_signals_are_refused_before_the_work():
    # 6000 loops on one mode signal of 1000 changes: 6000 × 1000 × 4 steps are more than twenty million
    loops = [{**LOOP, "id": f"l{number}", "output": ""} for number in range(6000)]
    state = [signal("state", "state"), signal("loop", "loop_mode")]
    rows = [FrameRow(T0, T0, 0, 3)]
    rows += [FrameRow(T0 + ms, T0 + ms, 1, ms % 3) for ms in range(1000)]
    log = sealed(machine(state=state, loops=loops), {"m.state": rows}, 1)
    with pytest.raises(Refusal) as caught:
        log.compute(claim("automatic-control/1", 1, assets=["m"]))
    assert caught.value.kind == "claim"
    assert "shorter window" in caught.value.en
