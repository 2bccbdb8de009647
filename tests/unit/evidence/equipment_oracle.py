"""A slow second implementation of statistics.md, second by second and straight from its sentences; it shares no code
with the engine. Everything it is given must lie on whole seconds. One file, because it is read beside that one page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

SEC = 1000
MIN = 60 * SEC
HOUR = 60 * MIN
DAY = 24 * HOUR
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Row:
    """One sealed row. kind: value, alive, missed, empty."""

    stream: str
    name: str
    tau: int
    slot: int
    order: int
    kind: str
    value: Any = None
    good: bool = True


@dataclass
class Plant:
    """Documents by the slot from which they are in force, and all rows. low, start, end in ms: visible from, window."""

    documents: list[tuple[int, dict[str, Any]]]
    rows: list[Row]
    low: int
    start: int
    end: int
    cache: dict[Any, Any] = field(default_factory=dict)

    def document(self, slot: int) -> dict[str, Any]:
        found = self.documents[0][1]
        for first, content in self.documents:
            if first <= slot:
                found = content
        return found

    def at(self, x: int) -> dict[str, Any]:
        return self.document(x // MIN)

    def asset(self, x: int, name: str) -> dict[str, Any] | None:
        return next((a for a in self.at(x)["assets"] if a["id"] == name), None)

    @staticmethod
    def signals(document: dict[str, Any], stream: str) -> list[dict[str, Any]]:
        return next((s["signals"] for s in document["streams"] if s["id"] == stream), [])

    def definition(self, row: Row) -> dict[str, Any]:
        known = self.signals(self.document(row.slot), row.stream)
        return next(s for s in known if s["name"] == row.name)

    def rows_of(self, stream: str, name: str, role: str) -> list[Row]:
        """Visible rows in order, sealed while the signal has the role, without duplicates."""
        key = (stream, name, role)
        if key not in self.cache:
            own = [r for r in self.rows if (r.stream, r.name) == (stream, name)]
            own = [r for r in own if self.low <= r.tau < self.end]
            own.sort(key=lambda r: (r.tau, r.slot, r.order))
            kept: list[Row] = []
            seen: set[tuple[int, Any]] = set()
            for r in own:
                if r.kind == "value":
                    if (r.tau, r.value) in seen:
                        continue
                    seen.add((r.tau, r.value))
                kept.append(r)
            self.cache[key] = [r for r in kept if self.definition(r)["role"] == role]
        return self.cache[key]

    # §1: (known, value) at x
    def value(self, stream: str, name: str, role: str, x: int) -> tuple[bool, Any]:
        key = ("value", stream, name, role)
        if key not in self.cache:
            steps = []  # (tau, known, value, expires)
            for r in self.rows_of(stream, name, role):
                hold = self.definition(r)["hold_ms"]
                before = steps[-1] if steps else (0, False, None, -1)
                if r.kind == "alive":
                    known = before[1] and r.tau <= before[3]
                    steps.append((r.tau, known, before[2] if known else None, r.tau + hold))
                elif r.kind == "value" and r.good:
                    steps.append((r.tau, True, self.spelled(r), r.tau + hold))
                else:
                    steps.append((r.tau, False, None, r.tau + hold))
            self.cache[key] = steps
        last = None
        for step in self.cache[key]:
            if step[0] <= x:
                last = step
        if last is None or not last[1] or x >= last[3]:
            return False, None
        return True, last[2]

    def spelled(self, row: Row) -> str | None:
        kind = self.definition(row)["type"]
        if kind == "float":
            return None
        return row.value if kind == "text" else str(row.value)

    # §2
    def raw_state(self, asset: str, x: int) -> str:
        entry, document = self.asset(x, asset), self.at(x)
        stream = f"{asset}.state"
        signals = self.signals(document, stream)
        if entry is None:
            return "unknown"
        for s in signals:
            if s["role"] != "state":
                continue
            table_id = s["table"] or entry["state_table"]
            tables = [t for t in document["state_tables"] if t["id"] == table_id]
            known, own = self.value(stream, s["name"], "state", x)
            if not tables or not known:
                continue
            inputs: list[Any] = []
            for wanted in tables[0]["inputs"]:
                if wanted == "state":
                    inputs.append(own)
                    continue
                first = [o for o in signals if o["role"] == wanted][:1]
                inputs.append(self.value(stream, first[0]["name"], wanted, x)[1] if first else None)
            state = tables[0]["other"]
            for line in tables[0]["map"]:
                if all(w in ("*", i) for w, i in zip(line["values"], inputs, strict=True)):
                    state = line["state"]
                    break
            if state != "unknown":
                return str(state)
        return "unknown"

    def states(self, asset: str) -> list[tuple[int, int, str, bool]]:
        """Pieces (start, end, state, minor) of the visible time after debouncing."""
        key = ("states", asset)
        if key in self.cache:
            return self.cache[key]
        pieces: list[list[Any]] = []
        for x in range(self.low, self.end, SEC):
            state = self.raw_state(asset, x)
            if pieces and pieces[-1][2] == state:
                pieces[-1][1] = x + SEC
            else:
                pieces.append([x, x + SEC, state])
        kept: list[list[Any]] = []
        for number, (start, end, own) in enumerate(pieces):
            entry = self.asset(start, asset)
            short = end - start < (entry["debounce_ms"] if entry else 0)
            is_last = number == len(pieces) - 1
            joins = short and not is_last and own != "unknown"
            state = kept[-1][2] if kept and joins and kept[-1][2] != "unknown" else own
            if kept and kept[-1][2] == state:
                kept[-1][1] = end
            else:
                kept.append([start, end, state])
        found = []
        for number, (start, end, state) in enumerate(kept):
            minor = False
            if state in ("fault", "wait"):
                first = last = number
                while first and kept[first - 1][2] in ("fault", "wait"):
                    first -= 1
                while last + 1 < len(kept) and kept[last + 1][2] in ("fault", "wait"):
                    last += 1
                entry = self.asset(kept[first][0], asset)
                limit = entry["minor_stop_ms"] if entry else -1
                minor = kept[last][1] - kept[first][0] <= limit
            found.append((start, end, state, minor))
        self.cache[key] = found
        return found

    def state(self, asset: str, x: int) -> tuple[str, bool]:
        return next((s, m) for a, b, s, m in self.states(asset) if a <= x < b)

    # §3
    def product(self, asset: str, x: int) -> str | None:
        entry = self.asset(x, asset)
        if entry is None:
            return None
        stream = f"{asset}.state"
        signals = [s for s in self.signals(self.at(x), stream) if s["role"] == "product"]
        ids = [p["id"] for p in entry["products"]]
        if signals:
            found = self.value(stream, signals[0]["name"], "product", x)[1]
        elif entry["product"]:
            found = entry["product"]
        else:
            found = ids[0] if len(ids) == 1 else None
        return "" if found is None and ids == [""] else found

    # §4
    @staticmethod
    def offset(calendar: dict[str, Any], x: int) -> int:
        found = calendar["offsets"][0][1]
        for start, minutes in calendar["offsets"]:
            if start <= x:
                found = minutes
        return found * MIN

    def instant(self, calendar: dict[str, Any], day: date, minute: int) -> int:
        """The first instant whose wall time is at least that: looked for minute by minute."""
        key = ("instant", id(calendar), day, minute)
        if key not in self.cache:
            wall = (day - EPOCH).days * DAY + minute * MIN
            x = wall - 26 * HOUR
            while x + self.offset(calendar, x) < wall:
                x += MIN
            self.cache[key] = x
        return self.cache[key]

    def days_near(self, x: int) -> list[date]:
        today = EPOCH + timedelta(milliseconds=x)
        return [today + timedelta(days=n) for n in range(-4, 3)]

    def shift(self, calendar: dict[str, Any], x: int) -> tuple[Any, ...] | None:
        """(start, place in the lists, date, from_min) of the shift of x."""
        covering = []
        for day in self.days_near(x):
            for number, s in enumerate(calendar["shifts"]):
                if (
                    day.isoweekday() in s["weekdays"]
                    and day.isoformat() not in calendar["holidays"]
                ):
                    covering.append((number, day, s))
        for number, s in enumerate(calendar["extra"]):
            covering.append((len(calendar["shifts"]) + number, date.fromisoformat(s["date"]), s))
        found = []
        for number, day, s in covering:
            start = self.instant(calendar, day, s["from_min"])
            if start <= x < self.instant(calendar, day, s["to_min"]):
                found.append((start, number, day, s["from_min"]))
        return min(found) if found else None

    def kind(self, asset: str, x: int) -> str:
        entry = self.asset(x, asset)
        calendar = self.at(x)["calendar"]
        if entry is None:
            return "none"
        begin, end = entry["in_service"]
        if x < begin or (end and x >= end):
            return "none"
        stops = [
            s["kind"]
            for s in calendar["stops"]
            if s["asset"] in (asset, "*") and s["from_ms"] <= x < s["to_ms"]
        ]
        for kind in ("off", "pm", "brk"):
            if kind in stops:
                return kind
        if self.shift(calendar, x) is None:
            return "off"
        for day in self.days_near(x):
            for a, b in calendar["breaks"]:
                if self.instant(calendar, day, a) <= x < self.instant(calendar, day, b):
                    return "brk"
        return "planned"

    def production_day(self, x: int) -> date:
        calendar = self.at(x)["calendar"]
        start = calendar["day_start_min"]
        shift = self.shift(calendar, x)
        if shift is not None:
            return shift[2] + timedelta(days=(shift[3] - start) // 1440)
        return max(d for d in self.days_near(x) if self.instant(calendar, d, start) <= x)

    def atom(self, asset: str, x: int) -> str | None:
        kind = self.kind(asset, x)
        state, minor = self.state(asset, x)
        if kind == "none":
            return None
        if kind == "planned":
            return "minor" if minor else {"off": "idle", "unknown": "unk"}.get(state, state)
        return {"run": "run_x", "unknown": "unk_x"}.get(state, kind)

    # §6
    def counters(self, asset: str) -> list[tuple[str, str]]:
        """(name, role) of the counters that are added."""
        found = set()
        for _, document in self.documents:
            for s in self.signals(document, f"{asset}.count"):
                if s["role"].startswith("count_") and not s["alternate_of"]:
                    found.add((s["name"], s["role"]))
        return sorted(found)

    def restarted(self, device: str, since: int, until: int) -> bool:
        stream = f"{device}.state"
        names = {
            s["name"]
            for _, document in self.documents
            for s in self.signals(document, stream)
            if s["role"] == "uptime"
        }
        for name in names:
            good = [r for r in self.rows_of(stream, name, "uptime") if r.kind == "value" and r.good]
            for before, after in pairwise(good):
                if since < after.tau <= until and after.value < before.value:
                    return True
        return False

    def steps(self, asset: str, name: str, role: str) -> list[dict[str, Any]]:
        """What happens at each good reading: tau, since (of the level), booked, mark, accepted."""
        key = ("steps", asset, name, role)
        if key in self.cache:
            return self.cache[key]
        found: list[dict[str, Any]] = []
        level: Row | None = None
        candidate: Row | None = None
        run = 0
        for r in self.rows_of(f"{asset}.count", name, role):
            if r.kind != "value" or not r.good:
                continue
            if level is None:
                found.append({"tau": r.tau, "since": r.tau, "booked": 0, "mark": "", "ok": True})
                level = r
                continue
            verdict = self.judge(asset, name, level, r)
            if verdict is None:
                follows = candidate is not None and self.fits(
                    r.value - candidate.value, candidate, r
                )
                run = run + 1 if follows else 1
                candidate = r
                found.append(
                    {
                        "tau": r.tau,
                        "since": level.tau,
                        "booked": 0,
                        "mark": "quarantined",
                        "ok": run == 3,
                    }
                )
                if run < 3:
                    continue
            else:
                booked, mark = verdict
                found.append(
                    {"tau": r.tau, "since": level.tau, "booked": booked, "mark": mark, "ok": True}
                )
            level, candidate, run = r, None, 0
        self.cache[key] = found
        return found

    def fits(self, count: int, old: Row, new: Row) -> bool:
        pieces, ms = self.definition(new)["counter"]["max_rate"]
        if (pieces, ms) == (0, 1):
            return count >= 0
        elapsed = Fraction(pieces * (new.tau - old.tau), ms)
        return 0 <= count <= -(-elapsed // 1) + 1

    def judge(self, asset: str, name: str, old: Row, new: Row) -> tuple[int, str] | None:
        for event in self.document(new.slot)["counter_events"]:
            is_own = (event["device"], event["signal"]) == (asset, name)
            if is_own and old.tau < event["at_ms"] <= new.tau:
                return 0, "segment"
        rule = self.definition(new)["counter"]
        modulus, (pieces, ms) = int(rule["modulus"]), rule["max_rate"]
        turns = (
            modulus > 0
            and (pieces, ms) != (0, 1)
            and Fraction(pieces * (new.tau - old.tau), ms) >= modulus
        )
        if new.value == old.value:
            return 0, ""
        if new.value > old.value:
            if not self.fits(new.value - old.value, old, new):
                return None
            return new.value - old.value, "turns" if turns else ""
        b = new.value - rule["first"]
        if self.restarted(asset, old.tau, new.tau) and self.fits(b, old, new):
            return b, "restart"
        if old.value - new.value <= rule["max_correction"]:
            return new.value - old.value, "correction"
        if turns:
            return 0, "lost"
        if modulus > 0:
            a = (new.value - old.value) % modulus
            if self.fits(a, old, new):
                return a, "ambiguous" if self.fits(b, old, new) else ""
        return (b, "reset") if self.fits(b, old, new) else None

    def productive(self, asset: str, low: int, high: int) -> int:
        return sum(
            max(0, min(b, high) - max(a, low))
            for a, b, state, _ in self.states(asset)
            if state in ("run", "unknown")
        )

    def booked(self, asset: str, name: str, role: str, low: int, high: int) -> int:
        """Count of [low, high)."""
        total = 0
        for s in self.steps(asset, name, role):
            t0, t1, n = s["since"], s["tau"], s["booked"]
            whole = self.productive(asset, t0, t1)
            if t1 - t0 <= 120_000 or whole == 0 or n < 0:
                total += n if low <= t1 < high else 0
                continue
            parts = []
            for x in (low, high):
                if x <= t0:
                    parts.append(0)
                elif x >= t1:
                    parts.append(n)
                else:
                    parts.append(n * self.productive(asset, t0, x) // whole)
            total += parts[1] - parts[0]
        return total

    # §5
    def cells(self, asset: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        last_key = None
        for x in range(self.start, self.end, SEC):
            calendar = self.at(x)["calendar"]
            key = (
                x // HOUR,
                id(self.at(x)),
                self.kind(asset, x),
                self.shift(calendar, x),
                self.production_day(x),
                self.product(asset, x),
                self.state(asset, x)[0] == "test",
            )
            if key != last_key:
                found.append({"start": x, "end": x, "key": key, "atoms": {}})
                last_key = key
            cell = found[-1]
            cell["end"] = x + SEC
            atom = self.atom(asset, x)
            if atom:
                cell["atoms"][atom] = cell["atoms"].get(atom, 0) + SEC
        for cell in found:
            factor = self.listed(asset, cell["start"], cell["key"][5]).get("factor", 1)
            cell["counts"] = {}
            for name, role in self.counters(asset):
                count = self.booked(asset, name, role, cell["start"], cell["end"]) * factor
                cell["counts"][role] = cell["counts"].get(role, 0) + count
            cell["roles"] = frozenset(
                s["role"]
                for s in self.signals(self.at(cell["start"]), f"{asset}.count")
                if s["role"].startswith("count_") and not s["alternate_of"]
            )
        return found

    def listed(self, asset: str, x: int, product: str | None) -> dict[str, Any]:
        entry = self.asset(x, asset)
        products = entry["products"] if entry else []
        return next((p for p in products if p["id"] == product), {})

    def failures(self, asset: str) -> tuple[int, int, int]:
        """Failures and repairs of the window, and the ms of the repaired ones."""
        failed = repaired = ms = 0
        pieces = self.states(asset)
        for number, (start, end, state, minor) in enumerate(pieces):
            if state != "fault" or minor:
                continue
            planned = [x for x in range(start, end, SEC) if self.kind(asset, x) == "planned"]
            if not planned:
                continue
            failed += self.start <= planned[0] < self.end
            following = pieces[number + 1 : number + 2]
            ends = end < self.end and following and following[0][2] != "unknown"
            if ends and self.start <= planned[-1] < self.end:
                repaired += 1
                ms += SEC * len(planned)
        return failed, repaired, ms

    def marks(self, asset: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for name, role in self.counters(asset):
            for s in self.steps(asset, name, role):
                if s["mark"] and self.start <= s["tau"] < self.end:
                    found[s["mark"]] = found.get(s["mark"], 0) + 1
        return found

    def gaps(self, asset: str, name: str, role: str) -> list[tuple[int, int]]:
        """Gaps by rules i to iii, cut to the window, of a counter that every configuration has."""
        found = []
        steps = self.steps(asset, name, role)
        accepted = [s["tau"] for s in steps if s["ok"]]
        if not accepted:
            return [(self.start, self.end)]
        found.append((self.start, accepted[0]))
        level, doubt = None, False
        for s in steps:
            doubt = doubt or s["mark"] not in ("", "correction")
            if s["ok"]:
                if level is not None and doubt:
                    found.append((level, s["tau"]))
                level, doubt = s["tau"], False
        proof, hold, waiting = None, 0, False
        for r in self.rows_of(f"{asset}.count", name, role):
            if r.kind == "alive":
                proven = proof is not None and not waiting
            elif r.kind == "value" and r.good:
                # which of the rows at one instant was accepted is told by their order
                number = [
                    q
                    for q in self.rows_of(f"{asset}.count", name, role)
                    if q.kind == "value" and q.good
                ]
                proven = steps[number.index(r)]["ok"]
                waiting = not proven
            else:
                proven = False
            if proven:
                proof, hold = r.tau, self.definition(r)["hold_ms"]
        if waiting or (proof is not None and self.end - proof > hold):
            found.append((proof or 0, self.end))
        cut = [(max(a, self.start), min(b, self.end)) for a, b in found]
        return sorted((a, b) for a, b in cut if a < b)
