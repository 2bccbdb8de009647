"""Random configurations with everything that document 2 knows (config-document.md, version 2)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.support.equipment_plant import machine, product, rules
from tests.support.kpi_plant import (
    HOUR,
    MIN,
    T0,
    asset,
    calendar,
    shift,
    signal,
)

T = TypeVar("T")

MACHINES = ("a1", "a2", "a3")
METERS = ("m1", "m2")
DEVICES = (*MACHINES, *METERS, "x1")
RATES = ((0, 1), (0, 1), (1, MIN), (3, MIN), (60, MIN), (7, 100_000), (0, 5))
COUNTS = {
    "good": "count_good",
    "good2": "count_good",
    "scrap": "count_scrap",
    "total": "count_total",
    "rework": "count_rework",
}
REGISTERS = {
    "energy": "energy",
    "energy2": "energy",
    "steam": "consumption",
    "gas": "consumption",
}
MOVES = (
    "state",
    "mode",
    "product",
    "uptime",
    "count_good",
    "count_scrap",
    "count_total",
    "count_rework",
    "process_value",
    "loop_mode",
)
STATES = ("run", "fault", "wait", "idle", "setup", "idle_fault", "test", "off", "unknown")


class Habit:
    """Random choices by name; a plant that is configured anew keeps most of them."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self._kept: dict[str, Any] = {}
        self._fresh: set[str] = set()
        self._change = 0.0

    def anew(self, change: float) -> None:
        """Begin another configuration, in which each choice is made again with this probability."""
        self._fresh.clear()
        self._change = change

    def pick(self, name: str, options: Sequence[T]) -> T:
        """Return the choice of a name; the number of options must not change."""
        again = name not in self._fresh and self.rng.random() < self._change
        if name not in self._kept or again:
            self._kept[name] = self.rng.randrange(len(options))
        self._fresh.add(name)
        return options[self._kept[name]]

    def chance(self, name: str, share: float) -> bool:
        """Return a choice that is true with a probability."""
        return self.pick(name, range(20)) < share * 20


@dataclass
class World:
    """What does not change with the configuration."""

    rng: random.Random
    length: int
    """Minutes of the window."""
    stops: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def instant(self) -> int:
        """Return some instant near the window."""
        return T0 + self.rng.randrange(-10, self.length) * MIN + self.rng.choice((0, 0, 17, 30_000))


def _counter(h: Habit, key: str) -> dict[str, Any]:
    return rules(
        h.pick(f"{key}.rate", RATES),
        h.pick(f"{key}.modulus", (0, 0, 100, 9999, 2**16, 2**32)),
        h.pick(f"{key}.first", (0, 0, 1)),
        h.pick(f"{key}.correction", (0, 0, 2, 50)),
    )


def _signal(h: Habit, device: str, name: str, role: str, kinds: Sequence[str]) -> dict[str, Any]:
    key = f"{device}.{name}"
    more: dict[str, Any] = {
        "hold_ms": h.pick(f"{key}.hold", (20_000, 60_000, 150_000, 400_000, HOUR, 30 * HOUR)),
        "required": h.chance(f"{key}.required", 0.5),
        "slot_ms": h.pick(f"{key}.slot", (MIN, MIN, 30_000, 5 * MIN)),
        "deadline_ms": h.pick(f"{key}.deadline", (0, 30_000, MIN)),
    }
    if role.startswith("count_") or role in ("energy", "consumption"):
        more["counter"] = _counter(h, key)
    if role.startswith("count_") or role in ("energy", "consumption", "uptime", "loop_output"):
        more["scale"] = h.pick(f"{key}.scale", ([1, 1], [1, 1], [2, 1], [1, 3], [1000, 7]))
    if role == "state":
        more["table"] = h.pick(f"{key}.table", ("", "", "m/1", "o/1", "p/1", "t/1"))
    return signal(name, role, h.pick(f"{key}.type", kinds), **more)


_NUMBER = ("int", "int", "uint", "float", "int", "text")
_REAL = ("int", "uint", "float")


def _machine_signals(h: Habit, d: str) -> list[dict[str, Any]]:
    found = []
    sources = [s for s in ("safety", "plc", "drive") if h.chance(f"{d}.{s}", 0.6)]
    if h.chance(f"{d}.turned", 0.3):
        sources.reverse()
    kinds = {"safety": ("int", "bool"), "plc": ("int", "uint", "text"), "drive": ("int", "float")}
    found += [_signal(h, d, s, "state", kinds[s]) for s in sources]
    for name, role, types, share in (
        ("mode", "mode", ("int", "text"), 0.6),
        ("mode2", "mode", ("int",), 0.1),
        ("order", "order", ("text", "int"), 0.5),
        ("sku", "product", ("text", "text", "int", "float"), 0.5),
        ("hours", "uptime", _REAL, 0.6),
        ("lm1", "loop_mode", ("int", "text"), 0.6),
        ("lm2", "loop_mode", ("int", "float"), 0.4),
        ("lo1", "loop_output", ("float", "int", "uint", "text"), 0.6),
    ):
        if h.chance(f"{d}.{name}", share):
            found.append(_signal(h, d, name, role, types))
    shares = {
        "a1": (0.8, 0.2, 0.8, 0.2, 0.3),
        "a2": (0.2, 0.1, 0.8, 0.9, 0.4),
        "a3": (0.7, 0.3, 0.4, 0.3, 0.1),
    }[d]
    counts = {}
    for (name, role), share in zip(COUNTS.items(), shares, strict=True):
        if h.chance(f"{d}.{name}", share):
            counts[name] = _signal(h, d, name, role, _NUMBER)
    if {"good", "good2"} <= counts.keys() and h.chance(f"{d}.good2.compared", 0.5):
        counts["good2"]["alternate_of"] = "good"
    if "total" in counts and h.chance(f"{d}.twin", 0.2):
        counts["twin"] = _signal(h, d, "twin", "count_total", _REAL)
        counts["twin"]["alternate_of"] = "total"
    found += counts.values()
    if h.chance(f"{d}.moving", 0.5):
        role = h.rng.choice(MOVES) if h.chance(f"{d}.restless", 0.5) else MOVES[0]
        found.append(_signal(h, d, "moving", h.pick(f"{d}.moving.role", (role, *MOVES)), ("int",)))
    return found


def _meter_signals(h: Habit, d: str) -> list[dict[str, Any]]:
    found = []
    for name, role in REGISTERS.items():
        if not h.chance(f"{d}.{name}", {"energy": 0.9, "energy2": 0.2}.get(name, 0.4)):
            continue
        one = _signal(h, d, name, role, _REAL)
        wrong = h.chance(f"{d}.{name}.wrong", 0.1)
        if role == "energy":
            options = ("steam", "electricity") if wrong else ("", "electricity")
            one["carrier"] = h.pick(f"{d}.{name}.carrier", options)
        else:
            one["carrier"] = h.pick(f"{d}.{name}.carrier", ("", name) if wrong else (name, name))
            one["unit"] = h.pick(f"{d}.{name}.unit", ("t",) * 9 + ("m3",))
        found.append(one)
    if {"energy", "energy2"} <= {s["name"] for s in found} and h.chance(f"{d}.compared", 0.4):
        found[1]["alternate_of"] = "energy"
    if h.chance(f"{d}.hours", 0.6):
        found.append(_signal(h, d, "hours", "uptime", ("int",)))
    if h.chance(f"{d}.power", 0.3):
        found.append(_signal(h, d, "power", "power", ("float",)))
    return found


def _products(h: Habit, d: str) -> list[dict[str, Any]]:
    def one(name: str) -> dict[str, Any]:
        key = f"{d}.product.{name}"
        return product(
            name,
            h.pick(f"{key}.ideal", (60_000, 5000, (20_000, 7), 0)),
            h.pick(f"{key}.factor", (1, 1, 1, 4)),
            h.pick(f"{key}.weight", ((1, 1), (1, 1), (3, 2), (2, 7))),
        )

    names = h.pick(
        f"{d}.products", (("A", "B"), ("A", "B"), ("A",), ("",), ("1", "A", "B"), ("B",), ())
    )
    return [one(n) for n in names]


def _loops(h: Habit, d: str) -> list[dict[str, Any]]:
    def one(name: str, mode: str) -> dict[str, Any]:
        key = f"{d}.loop.{name}"
        low, high = h.pick(
            f"{key}.limits", (([0, 1], [100, 1]), ([-5, 2], [7, 1]), ([0, 1], [6, 1]))
        )
        return {
            "id": name,
            "mode": mode,
            "auto": h.pick(f"{key}.auto", (["1"], ["1", "2"], ["2", "3", "run"])),
            "output": h.pick(f"{key}.output", ("lo1", "lo1", "", "gone")),
            "low": low,
            "high": high,
        }

    return [
        one(name, mode)
        for name, mode in (("tic", "lm1"), ("fic", "lm2"), ("pic", "lm1"))
        if h.chance(f"{d}.loop.{name}", 0.5)
    ]


def _asset(h: Habit, world: World, d: str) -> dict[str, Any]:
    products = _products(h, d)
    named = [p["id"] for p in products] or [""]
    return asset(
        d,
        production=h.chance(f"{d}.production", 0.85),
        nc=h.chance(f"{d}.nc", 0.7),
        networked=h.chance(f"{d}.networked", 0.7),
        smart=h.chance(f"{d}.smart", 0.7),
        key=h.chance(f"{d}.key", 0.6),
        key_step=h.chance(f"{d}.key_step", 0.6),
        process_step=h.pick(f"{d}.step", ("", "cut", "cut", "weld")),
        counts_as=h.pick(f"{d}.counts_as", (1, 1, 3)),
        ideal_cycle_ms=h.pick(f"{d}.ideal", ([60_000, 1], [60_000, 1], [20_000, 7], [0, 1])),
        minor_stop_ms=h.pick(f"{d}.minor", (0, MIN, 300_000)),
        debounce_ms=h.pick(f"{d}.debounce", (0, 0, 5_000, MIN)),
        in_service=h.pick(
            f"{d}.service",
            (
                *(([0, 0],) * 6),
                [T0 + 17 * MIN + 5, 0],
                [0, T0 + world.length // 2 * MIN + 1],
                [T0 + 60 * HOUR, 0],
            ),
        ),
        state_table=h.pick(f"{d}.table", ("t/1", "t/1", "p/1", "m/1", "")),
        product=h.pick(f"{d}.product", (named[0], "")) if products else "",
        products=products,
        loops=_loops(h, d) if d in MACHINES else [],
    )


def _tables(h: Habit) -> list[dict[str, Any]]:
    def rows(*lines: tuple[str, ...]) -> list[dict[str, Any]]:
        return [{"state": state, "values": list(values)} for state, *values in lines]

    other = h.pick("other", ("unknown", "idle", "run"))
    return [
        {
            "id": "m/1",
            "inputs": ["state", "mode"],
            "map": rows(
                ("run", "1", "*"),
                ("fault", "2", "1"),
                ("wait", "2", "*"),
                ("test", "3", "2"),
                ("setup", "3", "*"),
                ("unknown", "4", "*"),
                ("run", "*", "3"),
            ),
            "other": other,
        },
        {
            "id": "o/1",
            "inputs": ["state", "mode", "order"],
            "map": rows(
                ("run", "1", "1", "*"),
                ("run", "1", "*", "J1"),
                ("wait", "2", "*", "J1"),
                ("fault", "2", "*", "*"),
                ("idle", "*", "2", "2"),
            ),
            "other": other,
        },
        {
            "id": "p/1",
            "inputs": ["state"],
            "map": rows(
                ("run", "1"),
                (h.pick("two", ("fault", "wait")), "2"),
                ("fault", "3"),
                ("test", "7"),
                ("idle", "*"),
                ("off", "8"),
            ),
            "other": "unknown",
        },
    ]


def _calendar(h: Habit, world: World) -> dict[str, Any]:
    rng = world.rng
    turn = T0 + rng.randrange(-60, world.length) * MIN
    return calendar(
        shifts=h.pick(
            "shifts",
            (
                [shift(0, 1440)],
                [shift(0, 1440)],
                [shift(480, 1200), shift(1200, 1920)],
                [shift(490, 520), shift(515, 540)],
                [shift(480, 1200, (1, 2, 3))],
                [shift(485, 485 + 1440), shift(485, 600)],
            ),
        ),
        breaks=h.pick("breaks", ([], [[500, 510]], [[495, 505], [500, 530]], [[720, 1460]])),
        holidays=h.pick("holidays", ([], [], ["2026-03-01"], ["2026-02-28"])),
        stops=[s for i, s in enumerate(world.stops) if h.chance(f"stop{i}", 0.7)],
        day_start_min=h.pick("day_start", (480, 480, 500, 470, 0, 1500)),
        offsets=h.pick(
            "offsets",
            (
                [[0, 480]],
                [[0, 480]],
                [[0, 480], [turn, 540]],
                [[0, 480], [turn, 420]],
                [[0, 60], [turn, 90], [turn + 50 * MIN, 60]],
            ),
        ),
        extra=h.pick(
            "extra",
            (
                [],
                [],
                [{"date": "2026-03-01", "from_min": 505, "name": "x", "to_min": 525}],
                [
                    {"date": "2026-02-28", "from_min": 1900, "name": "n", "to_min": 1960},
                    {"date": "2026-03-01", "from_min": 480, "name": "y", "to_min": 500},
                ],
            ),
        ),
    )


def _coefficients(h: Habit) -> dict[str, Any]:
    rows = [
        {"carrier": "electricity", "kgce": [1229, 10_000], "unit": "kW.h"},
        {
            "carrier": "gas",
            "kgce": h.pick("kgce.gas", ([13_300, 10_000],) * 9 + ([9, 7],)),
            "unit": "t",
        },
        {"carrier": "steam", "kgce": [12_143, 100], "unit": "t"},
    ]
    if h.chance("kgce.wrong", 0.05):
        rows[0]["unit"] = "MJ"
    return {
        "id": h.pick("edition", ("GB/T 2589-2020", "e2")),
        "rows": [r for r in rows if h.chance(f"kgce.{r['carrier']}.there", 0.95)],
    }


def random_document(h: Habit, world: World) -> dict[str, Any]:
    there = [d for d in DEVICES if h.chance(f"{d}.there", 0.92)]
    listed = [d for d in there if h.chance(f"{d}.listed", 0.95)]  # streams may outlive their asset
    found = machine(
        [_asset(h, world, d) for d in listed or ["a1"]],
        {
            **{d: _machine_signals(h, d) for d in MACHINES if d in there},
            **{d: _meter_signals(h, d) for d in METERS if d in there},
        },
        _calendar(h, world),
        state_tables=_tables(h),
        coefficients=_coefficients(h),
        counter_events=sorted(
            (e for i, e in enumerate(world.events) if h.chance(f"event{i}", 0.7)),
            key=lambda e: (e["device"], e["signal"], e["at_ms"]),
        ),
    )
    if h.chance("*/1", 0.3):  # a table of one input with a row for everything
        plain = next(t for t in found["state_tables"] if t["id"] == "t/1")
        plain["map"].insert(3, {"state": "wait", "values": ["*"]})
    return found
