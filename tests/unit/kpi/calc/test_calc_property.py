"""A case from random integers gives what the engine gives when called directly; ranges hold all that may be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from itertools import product as choices

from hypothesis import given, settings
from hypothesis import strategies as st

from kpi.calc.figure import Figure, figure_of
from kpi.calc.needs import NEVER
from kpi.equipment.iso22400 import equipment_indicators
from kpi.equipment.schools import school_indicators
from kpi.equipment.sums import EquipmentSums, PieceRow
from kpi.profiles import Profile
from model.ratio import Undefined
from model.state import Atom
from tests.support.calc_case import solved
from tests.support.equipment_plant import (
    counted,
    machine,
    play,
    product,
    state_signal,
    sums,
    window,
)
from tests.support.kpi_plant import MIN, SLOT0, T0, PlantLog, asset, calendar, shift

F = Fraction
OTHERS = (Profile.TPM, Profile.SEMI_E10, Profile.VDI3423)
Spans = list[tuple[str, int]]


def direct(group: Sequence[EquipmentSums]) -> dict[str, Figure]:
    """Return every indicator of a group by the formula layer alone."""
    results = [*equipment_indicators(group)]
    for school in OTHERS:
        results += school_indicators(group, school)
    figures = [figure_of(r) for r in results]
    return {f.id: f for f in figures if f.id not in NEVER}


@st.composite
def atoms_of(draw: st.DrawFn) -> dict[str, int]:
    return {a.value: draw(st.integers(0, 600)) for a in Atom}


@settings(max_examples=60, deadline=None)
@given(
    atoms_of(),
    st.lists(st.tuples(st.integers(1, 900), st.integers(0, 500), st.integers(0, 60)), max_size=3),
    st.integers(0, 5),
)
def test_sums_of_time_and_counts_give_what_the_formula_layer_gives(
    minutes: dict[str, int], pieces: list[tuple[int, int, int]], failures: int
) -> None:
    products = ", ".join(f"{{id: p{i}, ideal_cycle: {s} s}}" for i, (s, _, _) in enumerate(pieces))
    counts = ", ".join(
        f"{{product: p{i}, made: {good + scrap}, good: {good}, scrap: {scrap}, rework: 0}}"
        for i, (_, good, scrap) in enumerate(pieces)
    )
    atoms = ", ".join(f"{a}: {n} min" for a, n in minutes.items())
    found = solved(
        f"""
        time: {{atoms: {{{atoms}}}, failures: {failures}, repairs: {failures}, repair_time: {failures} h}}
        products: [{products}]
        counts: [{counts}]
        """
    )
    by_hand = EquipmentSums(
        asset="",
        atoms={a: minutes[a.value] * MIN for a in Atom},
        rows=tuple(
            PieceRow(f"p{i}", F(1000 * s), F(1000 * s), good + scrap, good, scrap, 0)
            for i, (s, good, scrap) in enumerate(pieces)
        ),
        measured=True,
        has_ideal=bool(pieces),
        failures=failures,
        repairs=failures,
        repair_ms=failures * 60 * MIN,
    )
    expected = direct([by_hand])
    given_figures = {f.id: f for f in found.result.figures}
    assert given_figures.keys() == expected.keys() - found.missing().keys()
    assert not (found.missing().keys() and pieces)
    for name, figure in given_figures.items():
        assert figure == expected[name], name


SECONDS = st.integers(1, 90)
STATE = st.sampled_from(
    ["run", "fault", "wait", "idle", "setup", "idle_fault", "test", "off", "gap"]
)


def written(spans: Spans, readings: list[int]) -> str:
    """Return a case with states one after the other from T0 on, a reading every ten minutes and a shift of 300 min."""
    events, at = [], 0
    for state, minutes in spans:
        if state != "gap":
            events.append(f'{{from: "{iso(at)}", to: "{iso(at + minutes)}", state: {state}}}')
        at += minutes
    rows = ", ".join(f'["{iso(10 * i)}", {n}]' for i, n in enumerate(readings))
    return f"""
        window: {{from: "{iso(0)}", to: "{iso(360)}"}}
        calendar: {{shifts: [{{name: a, start: "08:30", end: "13:30"}}], breaks: [{{start: "11:00", end: "11:20"}}]}}
        events: [{", ".join(events)}]
        products: [{{ideal_cycle: 30 s}}]
        readings: [{{counts: good, hold: 400 h, max_rate: 180/h, values: [{rows}]}},
                   {{counts: scrap, hold: 400 h, values: [["{iso(0)}", 0]]}}]
        """


def iso(minutes: int) -> str:
    return datetime.fromtimestamp(T0 // 1000 + 60 * minutes, UTC).strftime("%Y-%m-%dT%H:%MZ")


def logged(spans: Spans, readings: list[int]) -> EquipmentSums:
    """Return the sums of the same machine from a log that was written row by row."""
    log = PlantLog()
    rules = {"first": 0, "max_correction": 0, "max_rate": [180, 60 * MIN], "modulus": "0"}
    free = {"first": 0, "max_correction": 0, "max_rate": [3, 2 * 30_000], "modulus": "0"}
    log.config(
        machine(
            [asset("a1", products=[product("", 30_000)])],
            {
                "a1": [
                    state_signal(),
                    counted("count_good", "count_good", counter=rules),
                    counted("count_scrap", "count_scrap", counter=free),
                ]
            },
            calendar(shifts=[shift(510, 810)], breaks=[[660, 680]]),
        )
    )
    at = T0
    for state, minutes in spans:
        if state == "gap":
            log.bad("a1/state", at)
            at += minutes * MIN
        else:
            at = play(log, "a1/state", [(state, minutes)], at)
    log.bad("a1/state", at)
    for i, n in enumerate(readings):
        log.row("a1/count_good", T0 + 10 * i * MIN, n)
    log.row("a1/count_scrap", T0, 0)
    log.blocks(SLOT0, SLOT0 + 800)
    return sums(log, window(360))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(STATE, SECONDS), min_size=1, max_size=8),
    st.lists(st.integers(0, 60), min_size=1, max_size=30),
)
def test_events_and_readings_give_what_a_log_written_row_by_row_gives(
    spans: Spans, readings: list[int]
) -> None:
    found = solved(written(spans, readings))
    if all(state == "gap" for state, _ in spans):
        return  # a case without any event has no states
    expected = direct([logged(spans, readings)])
    for figure in found.result.figures:
        assert figure == expected[figure.id], figure.id
    assert found.figure("iso22400/oee").operands == expected["iso22400/oee"].operands


def divided(parts: dict[str, tuple[int, list[str]]], steps: int) -> list[dict[str, Fraction]]:
    """Return every way to divide times among their atoms in steps: the second implementation, without vertices."""
    ways: list[dict[str, Fraction]] = [{}]
    for ms, names in parts.values():
        ways = [
            {**way, **dict(zip(names, shares, strict=True))}
            for way in ways
            for shares in [
                [F(ms * k, steps) for k in counts]
                for counts in choices(range(steps + 1), repeat=len(names))
                if sum(counts) == steps
            ]
        ]
    return ways


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 300),
    st.integers(0, 120),
    st.integers(1, 200),
    st.integers(1, 120),
)
def test_range_of_divided_time_holds_every_division_and_its_ends_are_reached(
    operating: int, downtime: int, made: int, ideal_s: int
) -> None:
    """TPM gives operating = run + minor and downtime; every figure over any division lies within the range."""
    found = solved(
        f"""
        time: {{tpm: {{operating: {operating} min, downtime: {downtime} min}}}}
        products: [{{ideal_cycle: {ideal_s} s}}]
        counts: [{{made: {made}, good: {made}, scrap: 0, rework: 0}}]
        """
    )
    parts = {"operating": (operating * MIN, ["run", "minor"])}
    if downtime:
        names = ["setup", "fault", "wait", "idle", "idle_fault", "test"]
        parts["downtime"] = (downtime * MIN, names)
    seen: dict[str, list[Fraction | None]] = {}
    for way in divided(parts, 4):
        for name, figure in _direct_of(way, made, ideal_s).items():
            seen.setdefault(name, []).append(
                None if isinstance(figure.value, Undefined) else figure.value
            )
    for figure in found.result.figures:
        values = [v for v in seen[figure.id] if v is not None]
        if not figure.bounded:
            assert len(set(seen[figure.id])) == 1, figure.id
            continue
        if figure.low is not None:
            assert min(values) == figure.low, figure.id
        if figure.high is not None:
            assert max(values) == figure.high, figure.id
        assert figure.low is not None or figure.open_low
        assert figure.high is not None or figure.open_high


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 60)), min_size=2, max_size=3),
    st.integers(0, 3),
)
def test_range_of_a_group_holds_every_division_of_each_of_its_machines(
    machines: list[tuple[int, int]], without_ideal: int
) -> None:
    """Every machine divides its time in its own way: no combination of whole atoms leaves the range of the group."""
    counts = "counts: [{made: 20, good: 20, scrap: 0, rework: 0}]"
    text = "machines:\n" + "".join(
        f"  - id: m{i}\n    time: {{tpm: {{operating: {ran} min, downtime: {down} min}}}}\n    {counts}\n"
        + ("" if i == without_ideal else "    products: [{ideal_cycle: 30 s}]\n")
        for i, (ran, down) in enumerate(machines)
    )
    found = {f.id: f for f in solved(text).result.figures if not f.machine}
    ways = [
        [
            {minor: ran * MIN, stop: down * MIN}
            for minor in (Atom.RUN, Atom.MINOR)
            for stop in (Atom.SETUP, Atom.FAULT, Atom.IDLE)
        ]
        for ran, down in machines
    ]
    reached: dict[str, list[Fraction]] = {name: [] for name in found}
    for combination in choices(*ways):
        group = [
            EquipmentSums(
                asset=f"m{i}",
                atoms={a: way.get(a, 0) for a in Atom},
                rows=(PieceRow("", ideal, ideal, 20, 20, 0, 0),),
                measured=True,
                has_ideal=ideal is not None,
            )
            for i, way in enumerate(combination)
            for ideal in [None if i == without_ideal else F(30_000)]
        ]
        for name, figure in direct(group).items():
            if name in found and not isinstance(figure.value, Undefined):
                reached[name].append(figure.value)
    for name in (
        "iso22400/availability",
        "iso22400/setup-ratio",
        "tpm/availability",
        "iso22400/nee",
    ):
        figure = found[name]
        low, high = (figure.low, figure.high) if figure.bounded else (figure.value, figure.value)
        if low is not None:
            assert min(reached[name]) == low, name
        if high is not None:
            assert max(reached[name]) == high, name


def _direct_of(way: dict[str, Fraction], made: int, ideal_s: int) -> dict[str, Figure]:
    # A quarter of whole minutes is whole ms.
    atoms = {a: int(way.get(a.value, F(0))) for a in Atom}
    ideal = F(1000 * ideal_s)
    return direct(
        [
            EquipmentSums(
                asset="",
                atoms=atoms,
                rows=(PieceRow("", ideal, ideal, made, made, 0, 0),),
                measured=True,
                has_ideal=True,
            )
        ]
    )
