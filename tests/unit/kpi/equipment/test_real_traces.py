"""Real machine logs (NIST SMS Test Bed): part counts and state durations against an independent reading of the files.

Data: NIST Smart Manufacturing Systems (SMS) Test Bed, National Institute of Standards and Technology.
"""

from __future__ import annotations

from collections import Counter as Tally
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from kpi.equipment.space import equipment_space
from kpi.equipment.states import asset_states
from kpi.timeline import STATES
from kpi.window import Span
from kpi.workspace import Workspace
from model.state import Atom
from tests.support.equipment_plant import LONG, counted, machine, sums
from tests.support.kpi_plant import MIN, PlantLog, asset, signal
from tests.support.shared import shared_data

HURCO = "traces/nist-sms-hurco01-20170502.shdr.txt"
MAZAK = "traces/nist-sms-mazak03-20160510.events-conditions.shdr.txt"
STATE_OF = {
    "ACTIVE": "run",
    "READY": "idle",
    "STOPPED": "off",
    "INTERRUPTED": "wait",
    "FEED_HOLD": "wait",
    "PROGRAM_STOPPED": "wait",
    "PROGRAM_COMPLETED": "idle",
}


# The independent reading: lines of the file, nothing of the engine.


def lines(path: Path, item: str) -> list[tuple[int, str]]:
    """(Unix ms, value) of one data item; instants floored to ms."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        at, name, value = line.split("|")[:3]
        if name == item:
            whole, _, fraction = at.rstrip("Z").partition(".")
            seconds = datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
            found.append((int(seconds.timestamp()) * 1000 + int(fraction[:3].ljust(3, "0")), value))
    return found


def dwell(events: list[tuple[int, str]], start: int, end: int) -> dict[str, int]:
    """Milliseconds of each raw value inside [start, end)."""
    found: Tally[str] = Tally()
    for (a, value), (b, _) in pairwise([*events, (end, "")]):
        found[value] += max(0, min(b, end) - max(a, start))
    return {k: v for k, v in found.items() if v}


def increments(events: list[tuple[int, str]]) -> int:
    """Sum of the increments between neighbouring readings."""
    numbers = [int(v) for _, v in events if v != "UNAVAILABLE"]
    return sum(max(0, b - a) for a, b in pairwise(numbers))


def spells(events: list[tuple[int, str]]) -> int:
    """Stretches of one canonical state, unavailable ones not counted."""
    states = [STATE_OF.get(v, "unknown") for _, v in events]
    kept = [s for i, s in enumerate(states) if i == 0 or states[i - 1] != s]
    return sum(s != "unknown" for s in kept)


# The same lines as rows of a sealed log.


def plant(path: Path, state: str, counts: dict[str, str]) -> tuple[PlantLog, Span]:
    """One machine: `state` is its execution, `counts` its counters (data item → role)."""
    table = {
        "id": "nist/1",
        "inputs": ["state"],
        "map": [{"state": s, "values": [v]} for v, s in STATE_OF.items()],
        "other": "unknown",
    }
    signals = [signal("execution", "state", "text", hold_ms=LONG)]
    signals += [counted(role, role) for role in counts.values()]
    doc = machine(
        [asset("nist", state_table="nist/1", minor_stop_ms=0)],
        {"nist": signals},
        state_tables=[table],
    )
    log = PlantLog()
    log.config(doc)
    points: list[tuple[str, str]] = [(state, "execution"), *counts.items()]
    first, last = 2**62, 0
    for item, name in points:
        for at, value in lines(path, item):
            write(log, f"nist/{name}", at, value)
            if value != "UNAVAILABLE":
                first, last = min(first, at), max(last, at)
    slots = sorted({slot for slot in log.pending if slot >= first // MIN - 10})
    for slot in slots:
        log.block(slot)
    return log, Span(first // MIN, last // MIN + 1, 5, 0)


def write(log: PlantLog, point: str, at: int, value: Any) -> None:
    if value == "UNAVAILABLE":
        log.bad(point, at)
    else:
        log.row(point, at, value if point.endswith("execution") else int(value))


@pytest.mark.parametrize(
    ("name", "item", "counts"),
    [
        (HURCO, "Program_Status", {"Part_Count": "count_total"}),
        (MAZAK, "execution", {"total_time": "count_total", "auto_time": "count_good", "cut_time": "count_scrap"}),
    ],
    ids=["hurco01", "mazak03"],
)  # fmt: skip
def test_trace_states_and_counts_equal_the_reading_of_the_file(
    name: str, item: str, counts: dict[str, str]
) -> None:
    path = shared_data(name)
    log, span = plant(path, item, counts)
    found = sums(log, span, "nist")
    raw = dwell(lines(path, item), span.start_ms, span.end_ms)
    expected: Tally[str] = Tally()
    for value, ms in raw.items():
        expected[STATE_OF.get(value, "unknown")] += ms
    atom = {
        "unknown": Atom.UNK,
        "off": Atom.IDLE,
        "idle": Atom.IDLE,
        "run": Atom.RUN,
        "wait": Atom.WAIT,
    }
    by_atom: Tally[Atom] = Tally()
    for state, ms in expected.items():
        by_atom[atom[state]] += ms
    total = span.end_ms - span.start_ms
    by_atom[Atom.UNK] += total - sum(by_atom.values())
    assert {a: ms for a, ms in found.atoms.items() if ms} == +by_atom
    column = {"count_total": "made", "count_good": "good", "count_scrap": "scrap"}
    for data_item, role in counts.items():
        booked = sum(getattr(r, column[role]) or 0 for r in found.rows)
        assert booked == increments(lines(path, data_item)), data_item


def test_trace_number_of_spells_is_that_of_the_file() -> None:
    path = shared_data(MAZAK)
    log, span = plant(path, "execution", {})
    work = Workspace(log.rows(), span)
    state = asset_states("nist", equipment_space(work).record("nist").lines, work.visible_parts)
    known = [STATES[c].value for c in state.codes.tolist() if STATES[c].value != "unknown"]
    inside = [(at, v) for at, v in lines(path, "execution") if at >= span.visible_ms]
    assert len(known) == spells(inside)
    # 70 times ACTIVE in the file, never twice in a row
    assert known.count("run") == sum(v == "ACTIVE" for _, v in inside) == 70


def test_trace_hurco_made_two_parts_one_after_the_other() -> None:
    path = shared_data(HURCO)
    log, span = plant(path, "Program_Status", {"Part_Count": "count_total"})
    # the file shows 3035, 3036 at 09:24:53 and 3037 at 09:27:55: two parts
    assert [r.made for r in sums(log, span, "nist").rows] == [2]


def test_trace_debounce_changes_no_second_and_joins_the_short_holds() -> None:
    # eleven feed holds and runs of half a second round 09:23:55 become one run
    path = shared_data(HURCO)
    log, span = plant(path, "Program_Status", {})
    plain = sums(log, span, "nist")
    for entry in log.entries:
        if entry[0] == "config":
            entry[1]["assets"][0]["debounce_ms"] = 2000
    joined = sums(log, span, "nist")
    assert sum(joined.atoms.values()) == sum(plain.atoms.values())
    holds = sum(
        b - a
        for (a, v), (b, _) in pairwise(lines(path, "Program_Status"))
        if v == "FEED_HOLD" and b - a < 2000
    )
    assert plain.atoms[Atom.WAIT] - joined.atoms[Atom.WAIT] == holds
    assert joined.atoms[Atom.RUN] - plain.atoms[Atom.RUN] == holds
