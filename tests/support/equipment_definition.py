"""Random plants, and what statistics.md says about one asset in the plainest way: second by second (§1-§7).

All instants are whole seconds; every function is evaluated at every second.
"""

from __future__ import annotations

import math
import random
from collections import Counter as Tally
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from kpi.calendar import Kind
from kpi.document_types import ConfigDocument, Counter, SignalSpec
from kpi.equipment.cells import COUNT_ROLES
from kpi.window import Span
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
        signal("hours", "uptime", hold_ms=hold(), scale=rng.choice(([1, 1], [1, 3]))),
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


@dataclass
class Steps:
    """What one counter books."""

    books: list[tuple[int, int, int]] = field(default_factory=list)
    """(τ0, τ1, count), those of 0 left out."""
    marks: list[tuple[int, str]] = field(default_factory=list)
    doubts: list[tuple[int, int, Counter]] = field(default_factory=list)
    """Between accepted readings where counts may be missing; rules of the later one."""
    first: tuple[int, Counter] | None = None
    proof: tuple[int, int] = (0, 0)
    """(τ, hold_ms)."""
    doubtful: bool = False
    last_rules: Counter | None = None


def _runs(seconds: list[int]) -> list[list[int]]:
    """Seconds that follow one another, together."""
    found: list[list[int]] = []
    for x in seconds:
        if found and found[-1][-1] + SECOND == x:
            found[-1].append(x)
        else:
            found.append([x])
    return found


class Definition:
    """What statistics.md says, second by second, of one asset."""

    def __init__(self, log: PlantLog, span: Span) -> None:
        self.history = log.history()
        self.span = span
        self.rows = self._rows(log)
        self._steps: dict[Role, Steps] = {}
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

    def spec(self, row: Row, name: str) -> SignalSpec:
        """Return what the configuration that sealed a row says about its signal."""
        return next(s for st_ in row.doc.streams for s in st_.signals if s.name == name)

    def restarts(self) -> list[int]:
        found, last = [], None
        for row in self.rows.get(("hours", Role.UPTIME), []):
            if row.kind == "set":
                scale = self.spec(row, "hours").scale
                value = Fraction(row.value)
                if last is not None and round(value * scale) < round(last * scale):
                    found.append(row.tau)
                last = value
        return found

    def steps(self, role: Role) -> Steps:
        """What §6 says of the counter whose name is its role, reading by reading."""
        if role not in self._steps:
            self._steps[role] = self._walk(role)
        return self._steps[role]

    def _walk(self, role: Role) -> Steps:
        restarts = self.restarts()
        found = Steps()
        level: tuple[Fraction, int] | None = None
        candidate: tuple[Fraction, int] = (Fraction(0), 0)
        run = 0
        for row in self.rows.get((role.value, role), []):
            spec = self.spec(row, role.value)
            if row.kind == "proof" and level is not None and not run:
                found.proof = row.tau, spec.hold_ms
            if row.kind != "set":
                continue
            exact = Fraction(row.value)
            found.last_rules = spec.rules
            if level is None:
                level = exact, row.tau
                found.first = row.tau, spec.rules
                found.proof = row.tau, spec.hold_ms
                continue
            new, old = round(exact * spec.scale), round(level[0] * spec.scale)
            booked = self._step(
                old,
                new,
                row.tau - level[1],
                spec.rules,
                event=any(
                    e.signal == role.value and level[1] < e.at_ms <= row.tau
                    for e in row.doc.counter_events
                ),
                restarted=any(level[1] < r <= row.tau for r in restarts),
            )
            accepted = booked is not None
            mark = "quarantined" if booked is None else booked[1]
            if mark:
                found.marks.append((row.tau, mark))
            if booked is not None and booked[0]:
                found.books.append((level[1], row.tau, booked[0]))
            if booked is None:
                before = round(candidate[0] * spec.scale)
                fits = self._within(new - before, row.tau - candidate[1], spec.rules)
                run = run + 1 if run and fits else 1
                candidate = exact, row.tau
                accepted = run == 3
            if accepted:
                if run or mark not in ("", "correction"):
                    found.doubts.append((level[1], row.tau, spec.rules))
                level, run = (exact, row.tau), 0
                found.proof = row.tau, spec.hold_ms
        found.doubtful = run > 0
        return found

    @staticmethod
    def _within(count: int, dt: int, rules: Counter) -> bool:
        """0 ≤ count ≤ cap."""
        if (rules.pieces, rules.per_ms) == (0, 1):
            return count >= 0
        return 0 <= count <= math.ceil(Fraction(rules.pieces * dt, rules.per_ms)) + 1

    def _step(
        self, old: int, new: int, dt: int, rules: Counter, *, event: bool, restarted: bool
    ) -> tuple[int, str] | None:
        """(count, mark) by rules 0 to 3; None = quarantine."""
        if event:
            return 0, "segment"
        limited = (rules.pieces, rules.per_ms) != (0, 1)
        round_ = (
            rules.modulus > 0
            and limited
            and Fraction(rules.pieces * dt, rules.per_ms) >= rules.modulus
        )
        if new >= old:
            if not self._within(new - old, dt, rules):
                return None
            return new - old, "turns" if new > old and round_ else ""
        anew = new - rules.first
        plausible = self._within(anew, dt, rules)
        if restarted and plausible:
            return anew, "restart"
        if old - new <= rules.max_correction:
            return new - old, "correction"
        if round_:
            return 0, "lost"
        if rules.modulus:
            rolled = (new - old) % rules.modulus
            if self._within(rolled, dt, rules):
                return rolled, "ambiguous" if plausible else ""
        return (anew, "reset") if plausible else None

    def gaps(self, role: Role) -> list[tuple[int, int, int, int | None]]:
        """(start, end, planned ms, most) of the gaps of the counter whose name is its role, second by second."""
        a, b = self.span.start_ms, self.span.end_ms
        has: dict[int, SignalSpec] = {}
        for x in range(a, b, SECOND):
            spec = self.doc(x).signal.get(("a1.count", role.value))
            if spec is not None:
                has[x] = spec
        if not has:
            return []
        earliest = has[min(has)].rules
        steps = self.steps(role)
        found: list[tuple[list[int], Counter]] = []
        without = [x for x in range(a, b, SECOND) if x not in has]
        found += [(run, earliest) for run in _runs(without)]
        if steps.first is None:
            found += [(run, earliest) for run in _runs(list(has))]
        else:
            found += [
                (run, steps.first[1]) for run in _runs([x for x in has if x < steps.first[0]])
            ]
            found += [([x for x in has if t0 <= x < t1], rules) for t0, t1, rules in steps.doubts]
            proof, hold = steps.proof
            if steps.doubtful or max(has) + SECOND - proof > hold:
                rules = steps.last_rules or earliest
                found += [(run, rules) for run in _runs([x for x in has if x >= proof])]
        return sorted(
            (
                (seconds[0], seconds[-1] + SECOND, *self._most(seconds, rules))
                for seconds, rules in found
                if seconds
            ),
            key=lambda g: g[:2],
        )

    def _most(self, seconds: list[int], rules: Counter) -> tuple[int, int | None]:
        planned = SECOND * sum(self.kind(x) is Kind.PLANNED for x in seconds)
        if not planned:
            return 0, 0
        if (rules.pieces, rules.per_ms) == (0, 1):
            return planned, None
        return planned, planned * rules.pieces // rules.per_ms

    def counts(self, role: Role) -> dict[int, int]:
        """Counts booked in each second of the window, without factor."""
        low = self.span.visible_ms
        busy = [0]
        for state, _ in self.state:
            busy.append(busy[-1] + (state in (MachineState.RUN, UNKNOWN)))
        found: Tally[int] = Tally()
        for t0, t1, n in self.steps(role).books:
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
