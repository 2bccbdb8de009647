"""Cells and sums of random plants equal the definition, second by second; parts add; pieces of rows equal all at once.

The definition is written down here once more in the plainest way: all instants are whole seconds, every function is
evaluated at every second (statistics.md §1-§7).
"""

from __future__ import annotations

import random
from collections import Counter as Tally
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi.calendar import Kind
from kpi.document_types import ConfigDocument
from kpi.equipment.asset_cells import form_cells
from kpi.equipment.cells import COUNT_ROLES, AssetCells
from kpi.equipment.counter_steps import Mark, Proof, decide
from kpi.equipment.plan import Plans
from kpi.equipment.reach import Reach
from kpi.equipment.records import RecordBuilder
from kpi.equipment.signal_rows import SignalRows, rows_of
from kpi.equipment.space import equipment_space
from kpi.equipment.stream import AssetStream
from kpi.equipment.summing import sums_of
from kpi.window import Span
from kpi.workspace import Workspace
from model.flags import RowFlag
from model.signal import Role
from model.state import Atom, MachineState
from tests.support.equipment_plant import machine, product, rules
from tests.support.kpi_plant import (
    MIN,
    SLOT0,
    T0,
    PlantLog,
    RowSpec,
    asset,
    calendar,
    shift,
    signal,
)

SECOND = 1000
LEAD, LENGTH, GRACE = 6, 40, 3
UNKNOWN = MachineState.UNKNOWN
TABLE = {
    "id": "m/1",
    "inputs": ["state", "mode"],
    "map": [
        {"state": "run", "values": ["1", "*"]},
        {"state": "fault", "values": ["2", "1"]},
        {"state": "wait", "values": ["2", "*"]},
        {"state": "test", "values": ["3", "2"]},
        {"state": "setup", "values": ["3", "*"]},
        {"state": "off", "values": ["8", "1"]},
    ],
    "other": "idle",
}


def random_config(rng: random.Random) -> dict[str, Any]:
    def hold() -> int:
        return rng.choice((20, 150, 1000, 10_000)) * SECOND

    def counter(name: str, role: str) -> dict[str, Any]:
        return signal(
            name,
            role,
            rng.choice(("int", "uint", "float")),
            hold_ms=hold(),
            scale=rng.choice(([1, 1], [2, 1], [1, 3])),
            counter=rules(
                rng.choice(((0, 1), (2, MIN), (20, MIN))),
                rng.choice((0, 100)),
                0,
                rng.choice((0, 2)),
            ),
        )

    signals = [
        signal("safety", "state", hold_ms=hold(), table=rng.choice(("", "m/1"))),
        signal("plc", "state", rng.choice(("int", "text")), hold_ms=hold()),
        signal("mode", "mode", hold_ms=hold()),
        signal("hours", "uptime", hold_ms=hold()),
    ]
    if rng.random() < 0.7:
        signals.append(signal("sku", "product", "text", hold_ms=hold()))
    names = [r.value for r in COUNT_ROLES if rng.random() < 0.6]
    signals += [counter(name, name) for name in names]
    products = [
        product(p, rng.choice((0, 5000, (20_000, 7))), rng.choice((1, 1, 4))) for p in ("A", "B")
    ]
    listed = rng.choice((products, products[:1], []))
    return machine(
        [
            asset(
                "a1",
                products=listed,
                product=rng.choice(("", listed[0]["id"])) if listed else "",
                debounce_ms=rng.choice((0, 0, 3, 20)) * SECOND,
                minor_stop_ms=rng.choice((0, 30, 90)) * SECOND,
                in_service=rng.choice(([0, 0], [T0 + 5 * MIN, T0 + 33 * MIN])),
                state_table=rng.choice(("t/1", "m/1")),
            )
        ],
        {"a1": signals},
        calendar(
            shifts=rng.choice(
                ([shift(0, 1440)], [shift(470, 490), shift(485, 500)], [shift(495, 510)])
            ),
            breaks=rng.choice(([], [[488, 492]])),
            day_start_min=rng.choice((480, 497)),
            extra=rng.choice(
                ([], [{"date": "2026-03-01", "from_min": 505, "name": "x", "to_min": 515}])
            ),
        ),
        state_tables=[TABLE],
        counter_events=[
            {
                "at_ms": T0 + rng.randrange(120) * MIN,
                "device": "a1",
                "kind": "set",
                "signal": r.value,
            }
            for r in COUNT_ROLES
            if rng.random() < 0.2
        ],
    )


def random_log(seed: int, length: int = LENGTH) -> PlantLog:
    rng = random.Random(seed)
    log = PlantLog()
    log.config(random_config(rng))
    change = rng.choice((None, None, 11, 23, length // 2))
    first, last = SLOT0 - LEAD, SLOT0 + length + GRACE
    log.blocks(first, SLOT0 + change if change else last)
    if change:
        log.config(random_config(rng))
        log.blocks(SLOT0 + change, last)
    names = ("safety", "plc", "plc", "plc", "mode", "sku", "hours", *(r.value for r in COUNT_ROLES))
    values: dict[str, Any] = dict.fromkeys((r.value for r in COUNT_ROLES), 0) | {"hours": 0}
    at = T0 - LEAD * MIN
    while at < T0 + length * MIN:
        at += rng.choice((0, 1, 2, 5, 13, 60, 200)) * SECOND
        name = rng.choice(names)
        kick = rng.random()
        delay = rng.choice((0, 0, 70 * SECOND))
        if kick < 0.08:
            log.alive(f"a1/{name}", at)
            continue
        if kick < 0.12:
            log.bad(f"a1/{name}", at)
            continue
        if name in values:
            values[name] = rng.choice(
                (values[name] + rng.randrange(4),) * 9 + (0, 97, 3, max(values[name] - 1, 0))
            )
        value: Any = values.get(name, rng.randrange(1, 9))
        if name == "sku":
            value = rng.choice(("A", "B", "C"))
        flags = rng.choice((0, 0, 0, RowFlag.BACK_FILLED))
        log.row(f"a1/{name}", at, value, delay=delay, flags=flags)
        if kick > 0.97:
            log.row(f"a1/{name}", at, value, delay=delay + 1)  # a duplicate
    return log


@dataclass
class Row:
    tau: int
    kind: str
    value: Any
    doc: ConfigDocument


class Definition:
    """What statistics.md says, second by second, of one asset."""

    def __init__(self, log: PlantLog, span: Span) -> None:
        self.history = log.history()
        self.span = span
        self.rows = self._rows(log)
        low, high = span.visible_ms, span.end_ms
        self.seconds = range(low, high, SECOND)
        self.state = self._stops(self._debounced([self._raw_state(x) for x in self.seconds]))

    def doc(self, x: int) -> ConfigDocument:
        return self.history.segments(x, x + 1)[0].document

    def _rows(self, log: PlantLog) -> dict[tuple[str, Role], list[Row]]:
        found: list[tuple[int, int, int, str, str, Any, ConfigDocument, str]] = []
        for slot, raw, _ in log._blocks():
            doc = self.history.segments(slot * MIN, slot * MIN + 1)[0].document
            for stream, items in log.frame_rows(slot, raw).items():
                for i, (_, r) in enumerate(items):
                    tau = r.received_ms if r.source_ms is None else r.source_ms
                    if self.span.visible_ms <= tau < self.span.end_ms:
                        spec = doc.signal[stream, r.signal]
                        kind, value = self._kind(spec.type.value, r)
                        found.append((tau, slot, i, r.signal, kind, value, doc, stream))
        found.sort(key=lambda f: f[:3])
        result: dict[tuple[str, Role], list[Row]] = {}
        seen: set[Any] = set()
        for tau, _, _, name, kind, value, doc, stream in found:
            if kind == "set":
                key = (stream, name, tau, repr(value))
                if key in seen:
                    continue
                seen.add(key)
            role = doc.signal[stream, name].role
            result.setdefault((name, role), []).append(Row(tau, kind, value, doc))
        return result

    @staticmethod
    def _kind(kind: str, r: RowSpec) -> tuple[str, Any]:
        if r.flags & RowFlag.ALIVE:
            return "proof", None
        if r.value is None or r.flags & (RowFlag.NO_VALUE | RowFlag.MISSED) or r.status:
            return "break", None
        if kind == "text":
            return ("set", r.value) if isinstance(r.value, str) else ("break", None)
        if isinstance(r.value, str):
            return "break", None  # its type cannot hold it
        return "set", float(r.value) if kind == "float" else r.value

    def value(self, name: str, role: Role, x: int) -> Any:
        """None = unknown, else the value in a tuple."""
        held: Any = None
        until = -1
        for row in self.rows.get((name, role), []):
            if row.tau > x:
                break
            hold = next(
                s.hold_ms
                for st_ in row.doc.streams
                if st_.device == "a1"
                for s in st_.signals
                if s.name == name
            )
            if row.kind == "set":
                held = (row.value,)
            elif row.kind == "break" or row.tau > until:
                held = None
            until = row.tau + hold
        return held if x < until else None

    @staticmethod
    def spelled(value: Any) -> str | None:
        if value is None or isinstance(value[0], float):
            return None
        return str(value[0])

    def _raw_state(self, x: int) -> MachineState:
        doc = self.doc(x)
        own = doc.asset.get("a1")
        if own is None:
            return UNKNOWN
        for spec in doc.signals_of("a1", Role.STATE):
            table = doc.table[spec.table or own.state_table]
            value = self.value(spec.name, Role.STATE, x)
            if value is None:
                continue
            inputs = [self.spelled(value)]
            if "mode" in table.inputs:
                inputs.append(self.spelled(self.value("mode", Role.MODE, x)))
            state = table.other
            for row in table.rows:
                if all(v in ("*", i) for v, i in zip(row.values, inputs, strict=True)):
                    state = row.state
                    break
            if state is not UNKNOWN:
                return state
        return UNKNOWN

    def _debounced(self, raw: list[MachineState]) -> list[MachineState]:
        pieces: list[tuple[int, int, MachineState]] = []
        for i, s in enumerate(raw):
            if pieces and pieces[-1][2] is s:
                pieces[-1] = (pieces[-1][0], i + 1, s)
            else:
                pieces.append((i, i + 1, s))
        kept: list[tuple[int, int, MachineState]] = []
        for n, (a, b, s) in enumerate(pieces):
            own = self.doc(self.seconds[a]).asset.get("a1")
            limit = own.debounce_ms if own else 0
            short = (b - a) * SECOND < limit and s is not UNKNOWN and n + 1 < len(pieces)
            joins = short and kept and kept[-1][2] is not UNKNOWN
            if kept and (joins or kept[-1][2] is s):
                kept[-1] = (kept[-1][0], b, kept[-1][2])
            else:
                kept.append((a, b, s))
        return [s for a, b, s in kept for _ in range(a, b)]

    def _stops(self, states: list[MachineState]) -> list[tuple[MachineState, bool]]:
        found, i = [], 0
        while i < len(states):
            j = i
            while j < len(states) and states[j] in (MachineState.FAULT, MachineState.WAIT):
                j += 1
            if j == i:
                found.append((states[i], False))
                i += 1
                continue
            own = self.doc(self.seconds[i]).asset.get("a1")
            minor = (j - i) * SECOND <= (own.minor_stop_ms if own else 0)
            found += [(s, minor) for s in states[i:j]]
            i = j
        return found

    def kind(self, x: int) -> Kind:
        doc = self.doc(x)
        own = doc.asset.get("a1")
        low, high = own.in_service if own else (0, 1)
        if own is None or x < low or (high and x >= high):
            return Kind.NONE
        minute = (
            (x + 480 * MIN) // MIN % 1440
        )  # all shifts of these plants lie inside one local day
        cal = doc.calendar
        inside = any(s.from_min <= minute < s.to_min for s in (*cal.shifts, *cal.extra))
        if not inside:
            return Kind.OFF
        return Kind.BRK if any(a <= minute < b for a, b in cal.breaks) else Kind.PLANNED

    def atom(self, x: int) -> Atom | None:
        state, minor = self.state[(x - self.span.visible_ms) // SECOND]
        kind = self.kind(x)
        if kind is Kind.NONE:
            return None
        if kind is Kind.PLANNED:
            if minor:
                return Atom.MINOR
            return {MachineState.OFF: Atom.IDLE, UNKNOWN: Atom.UNK}.get(state) or Atom(state.value)
        if state is MachineState.RUN:
            return Atom.RUN_X
        if state is UNKNOWN:
            return Atom.UNK_X
        return {Kind.PM: Atom.PM, Kind.BRK: Atom.BRK, Kind.OFF: Atom.OFF}[kind]

    def product(self, x: int) -> str:
        doc = self.doc(x)
        own = doc.asset["a1"]
        signals = doc.signals_of("a1", Role.PRODUCT)
        if signals:
            return self.spelled(self.value(signals[0].name, Role.PRODUCT, x)) or ""
        return own.product or (own.products[0].id if len(own.products) == 1 else "")

    def restarts(self) -> list[int]:
        found, last = [], None
        for row in self.rows.get(("hours", Role.UPTIME), []):
            if row.kind == "set":
                if last is not None and row.value < last:
                    found.append(row.tau)
                last = row.value
        return found

    def steps(self, role: Role) -> tuple[list[tuple[int, int, int]], list[tuple[int, Mark]]]:
        """(τ0, τ1, count) and marks of the counter whose name is its role, by the sequential rule."""
        restarts = self.restarts()
        books: list[tuple[int, int, int]] = []
        marks: list[tuple[int, Mark]] = []
        level: tuple[Fraction, int] | None = None
        candidate: tuple[Fraction, int] = (Fraction(0), 0)
        run = 0
        for row in self.rows.get((role.value, role), []):
            if row.kind != "set":
                continue
            spec = next(s for st_ in row.doc.streams for s in st_.signals if s.name == role.value)
            exact = Fraction(row.value)
            if level is None:
                level = exact, row.tau
                continue
            new, old = round(exact * spec.scale), round(level[0] * spec.scale)
            proof = Proof(
                event=any(
                    e.signal == role.value and level[1] < e.at_ms <= row.tau
                    for e in row.doc.counter_events
                ),
                restarted=any(level[1] < r <= row.tau for r in restarts),
            )
            count, mark = decide(old, new, row.tau - level[1], spec.rules, proof)
            if mark:
                marks.append((row.tau, mark))
            if count is not None:
                books.append((level[1], row.tau, count))
                level, run = (exact, row.tau), 0
                continue
            marks.append((row.tau, Mark.QUARANTINED))
            before = round(candidate[0] * spec.scale)
            fits = (
                new >= before
                and decide(before, new, row.tau - candidate[1], spec.rules)[0] is not None
            )
            run = run + 1 if run and fits else 1
            candidate = exact, row.tau
            if run == 3:
                level, run = (exact, row.tau), 0
        return books, marks

    def counts(self, role: Role) -> dict[int, int]:
        """Counts booked in each second of the window, without factor."""
        low = self.span.visible_ms
        busy = [0]
        for state, _ in self.state:
            busy.append(busy[-1] + (state in (MachineState.RUN, UNKNOWN)))
        found: Tally[int] = Tally()
        for t0, t1, n in self.steps(role)[0]:
            r0, r1 = busy[(t0 - low) // SECOND], busy[(t1 - low) // SECOND]
            if n < 0 or t1 - t0 <= 120_000 or r0 == r1:
                found[t1] += n
                continue
            for x in range(t0, t1, SECOND):
                a, b = busy[(x - low) // SECOND], busy[(x - low) // SECOND + 1]
                found[x] += n * (b - r0) // (r1 - r0) - n * (a - r0) // (r1 - r0)
        return dict(found)

    def failures(self) -> list[tuple[int, int | None, int]]:
        """(first ms, last ms if repaired, repair ms) of every failure."""
        found, i, low = [], 0, self.span.visible_ms
        while i < len(self.state):
            j = i
            while j < len(self.state) and self.state[j] == (MachineState.FAULT, False):
                j += 1
            if j > i:
                inside = [
                    low + k * SECOND
                    for k in range(i, j)
                    if self.atom(low + k * SECOND) is Atom.FAULT
                ]
                if inside:
                    repaired = j < len(self.state) and self.state[j][0] is not UNKNOWN
                    found.append(
                        (
                            inside[0],
                            inside[-1] + SECOND - 1 if repaired else None,
                            len(inside) * SECOND,
                        )
                    )
            i = max(j, i + 1)
        return found


def built(log: PlantLog) -> tuple[Workspace, Span]:
    span = Span(SLOT0, SLOT0 + LENGTH, LEAD, GRACE)
    return Workspace(log.rows(), span), span


seeds = st.integers(0, 2**32 - 1)
often = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@often
@given(seeds)
def test_cells_equal_the_definition_second_by_second(seed: int) -> None:
    log = random_log(seed)
    work, span = built(log)
    plain = Definition(log, span)
    found = equipment_space(work).cells("a1")
    counts = {role: plain.counts(role) for role in COUNT_ROLES}
    marks = Tally((tau, mark.value) for role in COUNT_ROLES for tau, mark in plain.steps(role)[1])
    failures = plain.failures()
    table = found.table
    for i in range(len(table)):
        a, b = int(table.start[i]), int(table.end[i])
        inside = range(a, b, SECOND)
        assert a % SECOND == b % SECOND == 0
        atoms = Tally(plain.atom(x) for x in inside)
        assert {k: v * SECOND for k, v in atoms.items() if k} == {
            k: int(v) for k, v in zip(Atom, table.atoms[i], strict=True) if v
        }
        assert {plain.kind(x) for x in inside} == {Kind(int(table.kind[i]))}
        if table.kind[i] != Kind.NONE:
            assert {plain.product(x) for x in inside} == {found.products[int(table.product[i])]}
        assert {
            plain.state[(x - span.visible_ms) // SECOND][0] is MachineState.TEST for x in inside
        } == {bool(table.test[i])}
        own = plain.doc(a).asset["a1"].product_of(found.products[int(table.product[i])])
        factor = own.factor if own else 1
        for column, role in enumerate(COUNT_ROLES):
            booked = sum(n for x, n in counts[role].items() if a <= x < b)
            assert table.counts[i, column] == booked * factor
        assert int(table.failures[i]) == sum(a <= f < b for f, _, _ in failures)
        repaired = [(r, ms) for _, r, ms in failures if r is not None and a <= r < b]
        assert int(table.repairs[i]) == len(repaired)
        assert int(table.repair_ms[i]) == sum(ms for _, ms in repaired)
        assert int(table.marks[i].sum()) == sum(n for (tau, _), n in marks.items() if a <= tau < b)


@often
@given(seeds, st.integers(0, 2**32 - 1))
def test_sums_of_parts_at_cell_edges_add_to_the_whole(seed: int, choice: int) -> None:
    work, _ = built(random_log(seed))
    found = equipment_space(work).cells("a1")
    whole = sums_of(found)
    rng = random.Random(choice)
    part = np.array([rng.randrange(3) for _ in range(len(found.table))])
    parts = [sums_of(found, part == k) for k in range(3)]
    for atom in Atom:
        assert sum(p.atoms[atom] for p in parts) == whole.atoms[atom]
    for name in (
        "failures",
        "repairs",
        "repair_ms",
        "base_gain_ms",
        "test_pieces",
        "outside_service",
    ):
        assert sum(getattr(p, name) for p in parts) == getattr(whole, name)
    for name in ("made", "good", "scrap", "rework"):
        if whole.measured and all(p.measured for p in parts):
            assert sum(getattr(r, name) or 0 for p in parts for r in p.rows) == sum(
                getattr(r, name) or 0 for r in whole.rows
            )
    assert sum((Tally(p.marks) for p in parts), Tally()) == Tally(whole.marks)


def same(a: AssetCells, b: AssetCells) -> None:
    for name in (
        "start",
        "end",
        "part",
        "kind",
        "shift",
        "day",
        "test",
        "atoms",
        "counts",
        "roles",
        "failures",
        "repairs",
        "repair_ms",
        "marks",
    ):
        assert np.array_equal(getattr(a.table, name), getattr(b.table, name)), name
    names = [[x.products[i] for i in x.table.product.tolist()] for x in (a, b)]
    assert names[0] == names[1]
    for name in ("cell", "signal", "origin", "start", "end", "planned", "made", "unk_x"):
        assert np.array_equal(getattr(a.gaps, name), getattr(b.gaps, name)), name
    assert sums_of(a) == sums_of(b)


@often
@given(seeds, st.lists(st.integers(-LEAD * 60, LENGTH * 60), max_size=6))
def test_rows_in_pieces_give_what_all_rows_at_once_give(seed: int, cuts: list[int]) -> None:
    work, span = built(random_log(seed))
    once = equipment_space(work).cells("a1")
    builder = RecordBuilder("a1", work.rows.history, work.rows.texts.__getitem__)
    edges = [-(2**62), *sorted({T0 + c * SECOND for c in cuts}), 2**62]
    whole = {key: rows_of(work.selection, key) for key in builder.points}
    for low, high in pairwise(edges):
        builder.feed({key: between(rows, low, high) for key, rows in whole.items()})
    record = builder.record(span.visible_ms, span.end_ms)
    same(once, form_cells(record, Reach(work.visible_parts, work.parts, work.parts), Plans()))


def between(rows: SignalRows, low: int, high: int) -> SignalRows:
    return rows.select((rows.tau >= low) & (rows.tau < high))


@often
@given(seeds, seeds)
def test_shuffled_and_doubled_rows_give_equal_figures(seed: int, order: int) -> None:
    log = random_log(seed)
    doubled = random_log(seed)
    rng = random.Random(order)
    # every value row once more in its own block: a duplicate in order is dropped
    for slot, specs in doubled.pending.items():
        again = [r for r in specs if r.value is not None and not r.flags & RowFlag.MISSED]
        doubled.pending[slot] = [*specs, *rng.sample(again, len(again))]
    works = [built(x)[0] for x in (log, doubled)]
    same(*(equipment_space(w).cells("a1") for w in works))


HOUR_SECONDS = 3600


@often
@given(seeds, st.lists(st.booleans(), min_size=6, max_size=6))
def test_hour_by_hour_gives_what_all_rows_at_once_give(seed: int, anew: list[bool]) -> None:
    """Each hour only what is still open is kept, sometimes put down and taken up by another stream."""
    span = Span(SLOT0, SLOT0 + 6 * 60, 0, GRACE)
    work = Workspace(random_log(seed, 6 * 60).rows(), span)
    once = equipment_space(work).cells("a1")
    text = work.rows.texts.__getitem__
    stream = AssetStream("a1", work.rows.history, text, span.start_ms)
    rows = {key: rows_of(work.selection, key) for key in stream.points}
    kept: list[tuple[int, AssetCells]] = []
    for hour in range(6):
        low = T0 + hour * HOUR_SECONDS * SECOND
        high = low + HOUR_SECONDS * SECOND
        stream.feed({key: between(r, low, high) for key, r in rows.items()}, high)
        found = stream.cells(Plans())
        assert found is not None
        begin = int(found.table.start[0])
        kept = [(start, c) for start, c in kept if start < begin]
        kept += [(int(start), found) for start in range(begin, high, HOUR_SECONDS * SECOND)]
        stream.settle()
        if anew[hour]:
            stream = AssetStream("a1", work.rows.history, text, stream.tail())
    for name in (
        "start",
        "end",
        "kind",
        "day",
        "test",
        "atoms",
        "counts",
        "roles",
        "failures",
        "repairs",
        "repair_ms",
        "marks",
    ):
        parts = [
            getattr(c.table, name)[
                c.table.start // (HOUR_SECONDS * SECOND) == hour // (HOUR_SECONDS * SECOND)
            ]
            for hour, c in kept
        ]
        assert np.array_equal(np.concatenate(parts), getattr(once.table, name)), name
    for name in ("start", "end", "planned", "made", "unk_x", "kind", "origin"):
        parts = [
            getattr(c.gaps, name)[
                c.table.start[c.gaps.cell] // (HOUR_SECONDS * SECOND)
                == hour // (HOUR_SECONDS * SECOND)
            ]
            for hour, c in kept
        ]
        assert sorted(np.concatenate(parts).tolist()) == sorted(
            getattr(once.gaps, name).tolist()
        ), name
