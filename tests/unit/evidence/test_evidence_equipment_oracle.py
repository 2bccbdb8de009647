"""The engine against a second implementation that goes through time second by second, on random machines."""

from __future__ import annotations

import copy
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.frame import FrameRow
from evidence.recompute.equipment.cells import every_hour
from evidence.recompute.equipment.signals import signals_of
from evidence.recompute.equipment.statistics import AssetStatistics, statistics_of
from evidence.recompute.equipment.sums import PIECE_ROLES
from tests.unit.evidence import equipment_oracle as oracle
from tests.unit.evidence.equipment_builder import (
    HOUR,
    MIN,
    T0,
    LogBuilder,
    asset,
    calendar,
    plant,
    product,
    signal,
    table,
    view_of,
)
from tests.unit.evidence.evidence_builder import FIRST_SLOT, E, H
from tests.unit.evidence.test_evidence_equipment_cells import cells_in

SEC = 1000
MINUTES = 80
START = 15
"""The window begins after fifteen minutes of lead."""
STATES = {"1": "run", "2": "fault", "3": "wait", "4": "idle", "5": "test", "6": "off", "7": "setup"}
INPUTS = {
    "id": "t/2",
    "inputs": ["state", "mode", "order"],
    "map": [
        {"state": "run", "values": ["A", "B", "*"]},
        {"state": "fault", "values": ["B", "*", "2"]},
        {"state": "wait", "values": ["C", "*", "*"]},
        {"state": "setup", "values": ["*", "A", "3"]},
    ],
    "other": "unknown",
}


def second(random: Random, low: int, high: int) -> int:
    return random.randrange(low, high) * SEC


def document(random: Random) -> dict[str, Any]:
    """Return a random document of one machine."""

    def minute() -> int:
        return random.randrange(0, 200)

    def span() -> tuple[int, int]:
        first, last = sorted((minute(), minute()))
        return first, last

    def rule() -> dict[str, Any]:
        return {
            "first": random.choice([0, 0, 1]),
            "max_correction": random.choice([0, 2]),
            "max_rate": random.choice([[0, 1], [3, MIN], [20, MIN]]),
            "modulus": random.choice(["0", "30", "100"]),
        }

    def hold() -> dict[str, int]:
        return {"hold_ms": random.choice([90, 400, 2000]) * SEC}

    states = [
        signal("state", "state", **hold()),
        signal("state_2", "state", "text", table="t/2", **hold()),
        signal("mode", "mode", "text", **hold()),
        signal("order", "order", **hold()),
        signal("up", "uptime", "uint"),
    ]
    if random.random() < 0.7:
        states.append(signal("part", "product", "text", **hold()))
    if random.random() < 0.3:
        states[:2] = reversed(states[:2])
    roles = random.choice(
        [
            ("good",),
            ("good", "scrap"),
            ("total", "scrap"),
            ("total", "scrap", "rework"),
            ("total", "good", "scrap"),
            ("total",),
        ]
    )
    counters = [signal(role, f"count_{role}", counter=rule(), **hold()) for role in roles]
    if random.random() < 0.3:
        counters.append(
            signal("spare", counters[0]["role"], counter=rule(), alternate_of=counters[0]["name"])
        )
    if random.random() < 0.3:
        counters.append(signal("more", counters[0]["role"], counter=rule(), **hold()))
    shifts = []
    for name in "ab"[: random.randrange(1, 3)]:
        first, last = span()
        shifts.append(
            {
                "from_min": first,
                "name": name,
                "to_min": last,
                "weekdays": random.choice([[7], [6, 7]]),
            }
        )
    if random.random() < 0.5:
        shifts.append({"from_min": 1300, "name": "n", "to_min": 1500, "weekdays": [6]})
    first, last = span()
    extra = {"date": "2026-03-01", "from_min": first, "name": "x", "to_min": last}
    stop = {
        "asset": random.choice(["m", "*"]),
        "from_ms": T0 + second(random, 0, 4000),
        "kind": random.choice(["pm", "brk", "off"]),
    }
    stop["to_ms"] = stop["from_ms"] + second(random, 1, 2000)
    offset = random.choice([0, 60, -30, 90])
    change = [T0 + random.randrange(0, 80) * MIN, offset + random.choice([60, -60, 30])]
    cal = calendar(
        shifts=shifts,
        extra=[extra] if random.random() < 0.5 else [],
        breaks=[list(span())] if random.random() < 0.5 else [],
        stops=[stop] if random.random() < 0.5 else [],
        offsets=[[0, offset], change] if random.random() < 0.6 else [[0, offset]],
        day_start_min=random.choice([0, 30, 75, 1435]),
    )
    products = [product("A", [MIN, 7], factor=2), product("B", [3 * MIN, 1]), product("C", [0, 1])]
    event = {
        "at_ms": T0 + second(random, 0, 4800),
        "device": "m",
        "kind": "set",
        "signal": roles[0],
    }
    service = [T0 + second(random, 0, 1500), random.choice([0, T0 + second(random, 3000, 4800)])]
    return plant(
        [
            asset(
                "m",
                debounce_ms=random.choice([0, 60, 200]) * SEC,
                in_service=service if random.random() < 0.3 else [0, 0],
                minor_stop_ms=random.choice([0, 100, 300]) * SEC,
                product=random.choice(["", "", "B"]),
                products=random.choice([products, products, products[:1]]),
            )
        ],
        {"m.state": states, "m.count": counters},
        cal,
        counter_events=[event] if random.random() < 0.3 else [],
        state_tables=[table(STATES), INPUTS],
    )


def changed(random: Random, first: dict[str, Any]) -> dict[str, Any]:
    """Return the document with another calendar, thresholds and products, and the same streams."""
    other = copy.deepcopy(document(random))
    other["streams"] = copy.deepcopy(first["streams"])
    return other


class World:
    """One random machine twice: as a log for the engine, and as plain rows for the oracle."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        first = document(random)
        switch = FIRST_SLOT + random.randrange(1, MINUTES)
        documents = [(FIRST_SLOT, first)]
        if random.random() < 0.5:
            documents.append((switch, changed(random, first)))
        self.log = LogBuilder()
        rows: list[oracle.Row] = []
        counts: dict[str, int] = {}
        self.log.config(first)
        self.log.boot()
        for slot in range(FIRST_SLOT, FIRST_SLOT + MINUTES):
            if len(documents) > 1 and slot == switch:
                self.log.config(documents[1][1])
            frames: dict[str, list[FrameRow]] = {"m.state": [], "m.count": []}
            for stream in first["streams"]:
                for _ in range(random.choice([0, 1, 1, 2])):
                    index = random.randrange(len(stream["signals"]))
                    own = stream["signals"][index]
                    order = len(frames[stream["id"]])
                    frame, row = self._row(random, slot, (stream["id"], index, own), order, counts)
                    frames[stream["id"]].append(frame)
                    rows.append(row)
            self.log.block(frames)
        start, end = T0 + START * MIN, T0 + MINUTES * MIN
        for _, content in documents:
            # a stop that a later configuration is the first to register must begin after it (config-document.md)
            cal = content["calendar"]
            if content is not first:
                cal["stops"] = [s for s in cal["stops"] if s["from_ms"] // MIN >= switch]
        self.plant = oracle.Plant(documents, rows, T0, start, end)
        view, window = view_of(self.log, MINUTES, start=START)
        self.signals = signals_of(view, window)

    @staticmethod
    def _row(
        random: Random,
        slot: int,
        where: tuple[str, int, dict[str, Any]],
        order: int,
        counts: dict[str, int],
    ) -> tuple[FrameRow, oracle.Row]:
        stream, index, own = where
        tau = slot * MIN + second(random, 0, 60)
        choice = random.random()
        base = {"stream": stream, "name": own["name"], "slot": slot, "order": order}
        if choice < 0.1:
            frame = FrameRow(tau, None, index, None, 0, E | H)
            return frame, oracle.Row(tau=tau, kind="alive", **base)
        late = tau - random.choice([0, 0, 0, 0, second(random, 0, 300)])
        late = max(late, T0)
        if choice < 0.14:
            frame = FrameRow(tau, late, index, None, 0x8000_0000, E)
            return frame, oracle.Row(tau=late, kind="empty", **base)
        name, role = own["name"], own["role"]
        value: Any
        if own["type"] == "text":
            value = random.choice(["A", "B", "C"])
        elif role == "state":
            value = random.randrange(1, 9)
        elif role == "order":
            value = random.randrange(1, 4)
        elif role == "uptime":
            value = 5 if random.random() < 0.2 else slot
        else:
            counts[name] = counts.get(name, 0) + random.choice([0, 1, 2, 3, 8, 40])
            if random.random() < 0.15:
                counts[name] = random.choice([0, 1, 2, max(counts[name] - 1, 0), 500])
            value = counts[name]
        good = random.random() < 0.95
        status = 0 if good else 0x8000_0000
        encoded = value.encode() if isinstance(value, str) else value
        frame = FrameRow(tau, late, index, encoded, status)
        return frame, oracle.Row(tau=late, kind="value", value=value, good=good, **base)

    def statistics(self) -> AssetStatistics:
        return statistics_of(self.signals, "m")


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32))
def test_cells_are_those_of_the_oracle(seed: int):
    world = World(seed)
    window = world.signals.window
    found = [
        (
            cell.start,
            cell.end,
            cell.key.kind,
            None if cell.key.shift is None else (cell.key.shift.start, cell.key.shift.order),
            cell.key.day,
            cell.key.product,
            cell.key.test,
            {atom.value: ms for atom, ms in cell.atoms.items()},
            {role.value: n for role, n in cell.counts.items() if n},
        )
        for cell in cells_in(world.signals, every_hour(window.start, window.end))
    ]
    expected = [
        (
            cell["start"],
            cell["end"],
            cell["key"][2],
            None if cell["key"][3] is None else cell["key"][3][:2],
            (cell["key"][4] - oracle.EPOCH).days,
            cell["key"][5],
            cell["key"][6],
            cell["atoms"],
            {role: n for role, n in cell["counts"].items() if n},
        )
        for cell in world.plant.cells("m")
    ]
    assert found == expected


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32))
def test_sums_failures_marks_and_gaps_are_those_of_the_oracle(seed: int):
    world = World(seed)
    found, cells = world.statistics(), world.plant.cells("m")
    serving = [cell for cell in cells if cell["key"][2] != "none"]
    atoms: dict[str, int] = {}
    for cell in serving:
        for atom, ms in cell["atoms"].items():
            atoms[atom] = atoms.get(atom, 0) + ms
    assert {atom.value: ms for atom, ms in found.sums.atoms.items() if ms} == atoms
    assert (found.failures, found.repairs, found.repair_ms) == world.plant.failures("m")
    assert {mark.value: n for mark, n in found.marks.items() if n} == world.plant.marks("m")
    for name, role in world.plant.counters("m"):
        own = [(g.start, g.end) for g in found.gaps if (g.signal, g.role.value) == (name, role)]
        assert own == world.plant.gaps("m", name, role)
        for gap in found.gaps:
            seconds = range(gap.start, gap.end, SEC)
            planned = sum(world.plant.kind("m", x) == "planned" for x in seconds)
            if (gap.signal, gap.end - gap.start) == (name, len(seconds) * SEC):
                assert gap.planned == planned * SEC
    for role in PIECE_ROLES:
        counted = sum(
            cell["counts"].get(role.value, 0)
            for cell in serving
            if not cell["key"][6] and role.value in cell["roles"]
        )
        assert sum(row.counts.get(role, 0) for row in found.rows if role in row.key.roles) == (
            counted if any(role in row.key.roles for row in found.rows) else 0
        )


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32))
def test_ideal_time_and_base_are_those_of_the_oracle(seed: int):
    world = World(seed)
    found = world.statistics()
    ideal, gain, least = Fraction(0), 0, 0
    smallest = min(
        Fraction(*p["ideal_cycle_ms"])
        for _, content in world.plant.documents
        for p in content["assets"][0]["products"]
        if p["ideal_cycle_ms"][0]
    )
    silent = {role.value for role in silent_roles(found, world)}
    for cell in world.plant.cells("m"):
        kind, name, test = cell["key"][2], cell["key"][5], cell["key"][6]
        if kind == "none":
            continue
        roles = cell["roles"] - (silent & {"count_scrap", "count_total"})
        g, s, t, r = (
            cell["counts"].get(f"count_{n}", 0) for n in ("good", "scrap", "total", "rework")
        )
        has = {n: f"count_{n}" in roles for n in ("good", "scrap", "total", "rework")}
        r = r if has["rework"] else 0
        made = t if has["total"] else g + s + r if has["good"] and has["scrap"] else None
        good = g if has["good"] else t - s - r if has["total"] and has["scrap"] else None
        entry: Any = world.plant.asset(cell["start"], "m")
        cycles = [
            Fraction(*p["ideal_cycle_ms"]) for p in entry["products"] if p["ideal_cycle_ms"][0]
        ]
        own = [p for p in entry["products"] if p["id"] == name and p["ideal_cycle_ms"][0]]
        cycle = Fraction(*own[0]["ideal_cycle_ms"]) if own else min(cycles)
        if not test:
            ideal += cycle * (good or 0)
        pieces, unknown = made if made is not None else good, cell["atoms"].get("unk_x", 0)
        if kind != "planned" and unknown and pieces is not None and pieces > 0:
            gain += unknown
            needed = -(-pieces * smallest // 1) - cell["atoms"].get("run_x", 0)
            least += min(unknown, max(0, int(needed)))
    if found.measured:
        from_rows = sum(
            (
                row.key.ideal[0] * row.good
                for row in found.rows
                if row.key.ideal and row.good is not None
            ),
            Fraction(0),
        )
        assert from_rows == ideal
    assert (found.sums.base_gain, found.sums.base_gain_least) == (gain, least)


def silent_roles(found: AssetStatistics, world: World) -> set[Any]:
    """Roles of S and T without an accepted reading or H row while another counter of the machine has a reading."""
    answered, anything = set(), False
    for name, role in world.plant.counters("m"):
        rows = world.plant.rows_of("m.count", name, role)
        if any(r.kind == "value" and r.good for r in rows):
            anything = True
            answered.add(role)
        if any(r.kind == "alive" for r in rows):
            answered.add(role)
    return {role for role in PIECE_ROLES if anything and role.value not in answered}


def test_the_worlds_reach_what_is_to_be_compared():
    # over forty worlds every mark, a change of offset inside the window, failures, gains and test time occur
    marks: set[str] = set()
    seen: set[str] = set()
    for seed in range(40):
        found = World(seed).statistics()
        marks |= {mark.value for mark, n in found.marks.items() if n}
        seen |= {atom.value for atom, ms in found.sums.atoms.items() if ms}
        seen |= {"failure"} if found.repairs else set()
        seen |= {"gain"} if found.sums.base_gain_least else set()
        seen |= {"outside"} if found.sums.outside_service else set()
        seen |= {"pieces under test"} if found.sums.test_pieces else set()
    assert marks == {
        "segment",
        "turns",
        "restart",
        "correction",
        "lost",
        "ambiguous",
        "reset",
        "quarantined",
    }
    assert seen >= {
        "run",
        "fault",
        "minor",
        "wait",
        "test",
        "pm",
        "brk",
        "off",
        "run_x",
        "unk",
        "unk_x",
    }
    assert seen >= {"failure", "gain", "outside", "pieces under test"}
    assert HOUR > MINUTES * MIN / 2
