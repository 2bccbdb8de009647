"""Random plants of two periods for `before-after/2`: few rows a day and long holds, so that months cost little."""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from kpi.claims import ComparisonClaim, EquipmentEnergyClaim, ExcludedDay
from kpi.equipment.production_days import date_of
from kpi.window import Span
from tests.support.comparison_rows import Machine, play, read_meter, seal
from tests.support.equipment_plant import machine, product, rules, state_signal
from tests.support.kpi_plant import (
    DAY,
    HOUR,
    MIN,
    T0,
    PlantLog,
    asset,
    calendar,
    shift,
    signal,
)

DAYS_A_WEEK = 7
SETS = (
    ("good", "scrap"),
    ("total", "scrap"),
    ("good", "scrap", "total"),
    ("good", "scrap", "rework"),
    ("total", "scrap", "rework"),
    ("good",),
)
"""Counters that an asset can have."""
METRICS = ("oee/2", "availability/2", "utilisation/2", "defect-rate/1")
MONDAY = T0 + DAY
"""2026-03-02T00:00Z."""


@dataclass
class ComparedPlant:
    """A log with two periods, and what may be claimed of it."""

    log: PlantLog
    before: Span
    after: Span
    assets: tuple[str, ...]
    meters: tuple[str, ...]
    exclusions: tuple[ExcludedDay, ...]
    senses: dict[str, str] = field(default_factory=dict)

    def claims(self, rng: random.Random) -> list[ComparisonClaim | EquipmentEnergyClaim]:
        """Return one comparison by each metric, and the energy of both windows."""
        found: list[ComparisonClaim | EquipmentEnergyClaim] = []
        for metric in (*METRICS, "energy-per-piece/2"):
            meters = self.meters if metric.startswith("energy") else ()
            if metric.startswith("energy") and not meters:
                continue
            sense = "reduction" if metric[0] in "de" else "increase"
            if rng.random() < 0.1:
                sense = {"reduction": "increase", "increase": "reduction"}[sense]
            threshold = Fraction(rng.choice((0, 0, 1, 2, 5, 10, 20, 40)), 100)
            assets = self.assets
            if len(assets) > 1 and rng.random() < 0.2:
                assets = assets[:1]
            found.append(
                ComparisonClaim(
                    self.after,
                    self.before,
                    metric,  # type: ignore[arg-type]
                    sense,  # type: ignore[arg-type]
                    threshold,
                    assets,
                    meters,
                    self.exclusions,
                )
            )
        if self.meters:
            found += [
                EquipmentEnergyClaim(span, self.meters, self.assets)
                for span in (self.before, self.after)
            ]
        return found


def random_comparison(seed: int, *, wide: bool = False) -> ComparedPlant:
    """Return a plant whose kind and quirks follow from the seed.

    wide: machines and counters also come and go, never answer, are corrected, or have no highest rate.
    """
    rng = random.Random(seed)
    sound = seed % 3 == 0
    weeks = rng.choice((9, 10)) if sound else rng.choice((4, 4, 5, 8, 9))
    other = weeks if sound or rng.random() < 0.7 else rng.choice((3, 4, 6))
    lengths = [weeks * DAYS_A_WEEK, other * DAYS_A_WEEK]
    rng.shuffle(lengths)
    if not sound and rng.random() < 0.2:
        lengths[rng.randrange(2)] += rng.choice((1, 3))
    gap = rng.choice((0, 0, 0, 0, 7, 3) if not sound else (0, 7))
    zone = rng.choice((480, 480, 60, -300, 330))
    day_start = rng.choice((480, 480, 0, 360, 1080))
    cal = _calendar(rng, zone, day_start, sound=sound)
    # A production day of the calendar begins at an edge of the periods, most of the time.
    begin = MONDAY + (day_start - zone) * MIN
    if not sound and rng.random() < 0.1:
        begin += rng.choice((1, 7 * 60, -90)) * MIN
    edges = (begin, begin + lengths[0] * DAY)
    after = edges[1] + gap * DAY
    ends = (after, after + lengths[1] * DAY)
    names = [f"a{i}" for i in range(1, 1 + rng.choice((1, 2, 2, 3)))]
    meters = ["m1", "m2"][: rng.choice((0, 1, 1, 2))]
    machines = [_machine(rng, name, sound=sound, wide=wide) for name in names]
    first = _document(rng, machines, meters, cal, wide=wide)
    log = PlantLog()
    exclusions, stops = _exclusions(rng, edges, ends)
    registered = rng.random() < 0.6
    if registered:
        first["calendar"]["stops"] = _sorted_stops(first["calendar"]["stops"] + stops)
    log.config(first)
    docs = [(0, first)]
    for at in () if sound and rng.random() < 0.7 else _changes(rng, edges, ends):
        docs.append((at, _changed(rng, docs[-1][1], machines, at, wide=wide)))
    if stops and not registered:
        last = copy.deepcopy(docs[-1][1])
        last["calendar"]["stops"] = _sorted_stops(last["calendar"]["stops"] + stops)
        docs.append((ends[1] - 3 * DAY, last))
    for number, one in enumerate(machines):
        play(random.Random(seed * 7 + number), log, one, first, edges, ends)
    for number, meter in enumerate(meters):
        read_meter(random.Random(seed * 11 + number), log, meter, edges, ends)
    seal(log, sorted(docs[1:], key=lambda d: d[0]), ends[1])
    lead, grace = rng.choice(((120, 10), (2000, 10), (0, 0)))
    spans = [Span(a // MIN, b // MIN, lead, grace) for a, b in (edges, ends)]
    return ComparedPlant(log, spans[0], spans[1], tuple(names), tuple(meters), exclusions)


def _sorted_stops(stops: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(stops, key=lambda s: (s["asset"], s["from_ms"], s["kind"], s["to_ms"]))


def _calendar(rng: random.Random, zone: int, day_start: int, *, sound: bool) -> dict[str, Any]:
    everyday = tuple(range(1, 8))
    weekdays = everyday if sound else rng.choice(((1, 2, 3, 4, 5), (1, 2, 3, 4, 5, 6), everyday))
    start = rng.choice((day_start, day_start + 60))
    shifts = [shift(start, start + rng.choice((480, 960, 1380)), weekdays)]
    if rng.random() < 0.2:
        shifts.append(shift(start + 480, start + 1440, weekdays[:3]))
    offsets = [[0, zone]]
    if not sound and rng.random() < 0.3:
        # One hour forward on the fourth Sunday, back eight weeks later.
        change = MONDAY + 27 * DAY + 60 * MIN
        offsets += [[change, zone + 60], [change + 56 * DAY, zone]]
    extra = []
    if rng.random() < 0.2:
        extra.append({"date": "2026-03-15", "from_min": start, "name": "x", "to_min": start + 300})
    return calendar(
        day_start_min=day_start,
        shifts=shifts,
        breaks=rng.choice(([], [[720, 750]])),
        holidays=rng.choice(([], ["2026-03-17"])),
        extra=extra,
        offsets=offsets,
    )


def _machine(rng: random.Random, name: str, *, sound: bool, wide: bool) -> Machine:
    share = 0.5 if sound else rng.choice((0.5, 0.7, 0.9))
    gain = rng.choice((0.1, 0.25, 0.4)) if sound else rng.choice((0, 0.02, 0.1, 0.25, 0.5, -0.1))
    pieces = rng.choice((40, 100, 300))
    return Machine(
        name,
        rng.choice(SETS if rng.random() < 0.9 else SETS[:2]),
        (share, min(1.0, share * (1 + gain))),
        (pieces, max(1, int(pieces * (1 + gain)))),
        (0.1, 0.1 / (1 + max(gain, 0) * 3)),
        rng.choice((0, 0.02) if sound else (0, 0, 0.02, 0.15)),
        rng.choice((0, 0, 0, 0, 0.01)),
        rng.choice((0, 0, 0, 0.5)),
        rng.choice((0, 0, 0, 0.1)),
        rng.choice(("", "", "", "scrap", "good", "total")) if wide else "",
        rng.choice((0.01, 0.03) if sound else (0.01, 0.05, 0.3)),
    )


def _document(
    rng: random.Random,
    machines: Sequence[Machine],
    meters: Sequence[str],
    cal: dict[str, Any],
    *,
    wide: bool,
) -> dict[str, Any]:
    signals: dict[str, list[dict[str, Any]]] = {}
    assets = []
    for one in machines:
        kind = rng.choice(("plain", "plain", "products", "none"))
        products = {
            "plain": [product("", 60_000)],
            "products": [product("A", 50_000), product("B", [190_000, 3], factor=2)],
            "none": [product("", 0)] if rng.random() < 0.5 else [product("A", 45_000)],
        }[kind]
        assets.append(
            asset(
                one.name,
                products=products,
                product=rng.choice(("", "A")) if kind == "products" else "",
                debounce_ms=rng.choice((0, 0, 90_000)),
                minor_stop_ms=rng.choice((0, 300_000)),
            )
        )
        hold = rng.choice((30, 60, 9)) * HOUR
        own = [state_signal(hold_ms=hold)]
        if kind == "products" and rng.random() < 0.5:
            own.append(signal("part", "product", "text", hold_ms=60 * HOUR))
        rate = rng.choice(((2, MIN), (2, MIN), (10, MIN), *([(0, 1)] if wide else [])))
        correction = rng.choice((0, 50)) if wide else 0
        rule = rules(rate, rng.choice((0, 0, 5000)), correction=correction)
        for name in one.counters:
            own.append(signal(name, f"count_{name}", hold_ms=40 * HOUR, counter=dict(rule)))
        signals[one.name] = own
    for meter in meters:
        assets.append(asset(meter, production=False, state_table="", ideal_cycle_ms=[0, 1]))
        signals[meter] = [
            signal(name, "energy", hold_ms=40 * HOUR, counter=rules((0, 1)))
            for name in ("energy", "second")[: rng.choice((1, 1, 2))]
        ]
    return machine(assets, signals, cal)


def _changes(rng: random.Random, edges: tuple[int, int], ends: tuple[int, int]) -> list[int]:
    """Return when the configuration changes: between the periods, or inside one of them."""
    found = []
    if rng.random() < 0.8:
        found.append(rng.choice((edges[1], ends[0], ends[0] - HOUR)))
    if rng.random() < 0.2:
        start, end = rng.choice((edges, ends))
        found.append(rng.randrange(start, end) // MIN * MIN)
    return sorted(found)


def _changed(
    rng: random.Random,
    doc: dict[str, Any],
    machines: Sequence[Machine],
    at: int,
    *,
    wide: bool,
) -> dict[str, Any]:
    found = copy.deepcopy(doc)
    here = {a["id"] for a in found["assets"]}
    left = [m for m in machines if m.name in here]
    if not left:
        return found
    one = rng.choice(left)
    own = next(a for a in found["assets"] if a["id"] == one.name)
    kinds = ["nothing", "ideal", "product", "calendar", "table", "rate", "rate", "service"]
    kinds += ["debounce", "day"]
    if wide:
        kinds += ["factor", "removed", "renamed", "lost"] * 3
    what = rng.choice(kinds)
    match what:
        case "ideal":
            own["products"] = [
                {**p, "ideal_cycle_ms": [p["ideal_cycle_ms"][0] * 2, p["ideal_cycle_ms"][1]]}
                for p in own["products"]
            ]
        case "product":
            own["products"] = [product("A", 20_000), product("C", 70_000)]
            own["product"] = rng.choice(("", "C"))
        case "calendar":
            own_shift = found["calendar"]["shifts"][0]
            own_shift["to_min"] += 30
        case "day":
            found["calendar"]["day_start_min"] = rng.choice((0, 480, 2880))
        case "table":
            found["state_tables"][0]["map"].append({"state": "run", "values": ["9"]})
        case "rate":
            for stream in found["streams"]:
                for s in stream["signals"]:
                    if "counter" in s:
                        s["counter"]["max_rate"] = [3, MIN]
        case "service":
            own["in_service"] = [at + rng.choice((0, 20 * DAY)), 0]
        case "debounce":
            own["debounce_ms"] = 600_000
        case "factor":
            own["products"] = [{**p, "factor": 3} for p in own["products"]]
        case "removed":
            found["assets"] = [a for a in found["assets"] if a["id"] != one.name]
            found["streams"] = [
                s for s in found["streams"] if s["id"].rpartition(".")[0] != one.name
            ]
        case "renamed":
            _counters(found, one)[-1]["name"] = "other"
        case "lost":
            if len(_counters(found, one)) > 1:
                _counters(found, one).pop()
    return found


def _counters(document: dict[str, Any], one: Machine) -> list[dict[str, Any]]:
    """Return the count signals of a machine as they stand in a document."""
    found: list[dict[str, Any]] = next(
        s["signals"] for s in document["streams"] if s["id"] == f"{one.name}.count"
    )
    return found


def _exclusions(
    rng: random.Random, edges: tuple[int, int], ends: tuple[int, int]
) -> tuple[tuple[ExcludedDay, ...], list[dict[str, Any]]]:
    if rng.random() < 0.6:
        return (), []
    days, stops = set(), []
    for _ in range(rng.choice((1, 2, 4))):
        start, end = rng.choice((edges, ends))
        number = rng.randrange(2, (end - start) // DAY - 2)
        begin = start + number * DAY
        days.add((begin + 12 * HOUR) // DAY)
        longer = rng.choice((0, 2 * HOUR, -HOUR))
        stops.append(
            {"asset": "*", "from_ms": begin - longer, "kind": rng.choice(("off", "off", "off", "pm")),
             "to_ms": begin + DAY + longer}
        )  # fmt: skip
    reasons = ("holiday", "force_majeure", "registered_stop")
    return (
        tuple(ExcludedDay(date_of(d).isoformat(), rng.choice(reasons)) for d in sorted(days)),
        stops,
    )
