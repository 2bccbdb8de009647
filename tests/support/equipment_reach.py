"""What a random plant reaches: names of the interesting things that happened in its claims, its cells and its log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from kpi.equipment.cells import COUNT_ROLES, GapKind
from kpi.equipment.space import equipment_space
from kpi.equipment.states import merged_states
from kpi.workspace import Workspace
from model.signal import Role

Item = Mapping[str, Any]
"""A claim as JSON."""


def reached(work: Workspace, claims: Sequence[Item]) -> set[str]:
    """Return the names of everything that a window and its claims reach."""
    found = set(_of_log(work))
    for item in claims:
        algorithm, detail = item["algorithm"], item["detail"]
        found.add(f"{algorithm} {detail.get('undefined', 'value')}")
        if any(c["absent"] for c in item["coverage"]) and any(c["off"] for c in item["coverage"]):
            found.add("coverage absent and off")
        of_algorithm = _BY_ALGORITHM.get(algorithm)
        if of_algorithm is not None:
            found |= {f"{algorithm} {name}" for name in of_algorithm(item)}
    return found


def _ratio(text: str) -> Fraction | None:
    return None if text in ("0/0", "unbounded") else Fraction(text)


def _of_oee(item: Item) -> Iterator[str]:
    d = item["detail"]
    value = Fraction(int(item["num"]), int(item["den"])) if item["den"] != "0" else None
    if d["left_out"]:
        yield "left out"
    if d["high"] == "unbounded":
        yield "high unbounded"
    low, high = _ratio(d["low"]), _ratio(d["high"])
    if value is not None and low is not None and low < value:
        yield "low below value"
    if value is not None and high is not None and high > value:
        yield "high above value"
    low, high = _ratio(d["availability_low"]), _ratio(d["availability_high"])
    if low is not None and high is not None and low < high:
        yield "availability with bounds"
    for name in ("effectiveness", "quality_ideal", "pieces_quality", "nee", "teep"):
        yield f"{name} {'0/0' if d[name] == '0/0' else 'known'}"
    for one in d["assets"]:
        yield from (f"mark {name}" for name in one["marks"])
        yield from (f"atom {name}" for name, ms in one["atoms"].items() if ms)
        yield from (
            name
            for name in (
                "base_gain",
                "base_gain_least",
                "failures",
                "mismatch",
                "outside_service",
                "outside_unbounded",
                "repairs",
                "test_pieces",
            )
            if one.get(name)
        )
        if one["failures"] > one["repairs"]:
            yield "failure without repair"
        if one["base_gain_least"] < one["base_gain"]:
            yield "base gain with bounds"
        yield from (f"table {name}" for name in one["state_tables"])
        if len(one["state_tables"]) > 1:
            yield "several state tables"
        if "ideal_good" not in one:
            yield "asset not measured"
        if "ideal_total" not in one:
            yield "asset with made unknown"
    for gap in d["gaps"]:
        yield f"gap of {gap['role']}"
        yield f"gap most {'not limited' if 'most' not in gap else 'some' if gap['most'] else '0'}"
        if gap["planned"] < gap["end"] - gap["start"]:
            yield "gap partly planned"
    for row in d["rows"]:
        yield "row unassigned" if not row["product"] else "row of a product"
        yield "row without ideals" if "ideal_low" not in row else "row with ideals"
        if row.get("ideal_low") != row.get("ideal_high"):
            yield "row with a range of ideals"
        if row.get("good", 0) < 0:
            yield "row with negative pieces"
        for name in ("good", "made", "scrap", "rework"):
            yield f"row with {name} {'known' if name in row else 'unknown'}"


def _of_defects(item: Item) -> Iterator[str]:
    d = item["detail"]
    yield f"scrap_only {'0/0' if d['scrap_only'] == '0/0' else 'known'}"
    if item["den"] != "0":
        rate = Fraction(int(item["num"]), int(item["den"]))
        if Fraction(d["low"]) < rate:
            yield "low below value"
        if Fraction(d["high"]) > rate:
            yield "high above value"
        if d["high"] == "1/1":
            yield "high not limited"
    for one in d["assets"]:
        for name in ("good", "made", "scrap", "rework"):
            yield f"asset with {name} {'known' if name in one else 'unknown'}"


def _of_registry(item: Item) -> Iterator[str]:
    d = item["detail"]
    yield f"{item['ratio']} {'some' if d['sets'][0] else 'none'}"
    if not set(d["numerator"]) <= set(d["denominator"]):
        yield "numerator outside the denominator"
    if d["sets"][0] > d["sets"][1] > 0:
        yield "above 1"


def _of_energy(item: Item) -> Iterator[str]:
    for one in item["detail"]["meters"]:
        yield f"carrier {one['carrier']}"
        yield "quantity known" if "quantity" in one else "quantity unknown"
        yield "kgce 0/0" if one["kgce"] == "0/0" else "kgce known"
        yield from (f"mark {name}" for name in one["marks"])
    for one in item["detail"]["good"]:
        if "good" in one and Fraction(one["weighted"]) != one["good"]:
            yield "weighted good"


def _of_loops(item: Item) -> Iterator[str]:
    for one in item["detail"]["loops"]:
        yield from (
            name for name in ("automatic_ms", "changes", "limit_ms", "unknown_ms") if one[name]
        )
        if one["running_ms"] > one["automatic_ms"] + one["limit_ms"] + one["unknown_ms"]:
            yield "running by hand"


_BY_ALGORITHM = {
    "oee/2": _of_oee,
    "defect-rate/1": _of_defects,
    "registry-ratio/1": _of_registry,
    "unit-energy/1": _of_energy,
    "automatic-control/1": _of_loops,
}


def _of_log(work: Workspace) -> Iterator[str]:
    history, parts, span = work.rows.history, work.parts, work.span
    if history.late_stops:
        yield "late stop"
    if any(p.stops for p in parts):
        yield "stop in time"
    if any(e.from_slot is None for e in history.entries):
        yield "configuration without a block"
    if len(parts) > 2:
        yield "several configurations"
    devices = sorted({a.id for p in parts for a in p.document.assets})
    for a, b in pairwise(parts):
        if a.document.calendar.offsets != b.document.calendar.offsets:
            yield "calendar changes"
        for d in devices:
            one, two = a.document.asset.get(d), b.document.asset.get(d)
            if one is None or two is None:
                yield "asset disappears" if two is None else "asset appears"
                continue
            for name in ("products", "in_service", "loops", "counts_as", "process_step", "smart"):
                if getattr(one, name) != getattr(two, name):
                    yield f"{name} changes"
        for key, spec in a.document.signal.items():
            other = b.document.signal.get(key)
            if other is None:
                yield "signal disappears"
            elif other != spec:
                for name in (
                    "role",
                    "scale",
                    "type",
                    "hold_ms",
                    "counter",
                    "alternate_of",
                    "carrier",
                ):
                    if getattr(spec, name) != getattr(other, name):
                        yield f"{name} changes"
        if a.document.coefficients != b.document.coefficients:
            yield "coefficients change"
    turns = [x for p in parts for x, _ in p.document.calendar.offsets[1:]]
    if any(span.start_ms < x < span.end_ms for x in turns):
        yield "offset changes in the window"
    space = equipment_space(work)
    for d in devices:
        cells = space.cells(d)
        yield from (f"gap {GapKind(k).name}" for k in set(cells.gaps.kind.tolist()))
        for role in COUNT_ROLES:
            has = [bool(p.document.signals_of(d, role)) for p in parts]
            if any(has) and not all(has):
                yield "gap without the role"
        if len({s.rank for s in cells.shifts if s}) > 1:
            yield "several shifts"
        for counter in space.record(d).counters:
            if counter.alternate_of:
                yield "alternate"
        raw = merged_states(d, space.record(d).lines, work.visible_parts)
        if len(raw.edges) != len(space.state(d).edges):
            yield "debounce"
        if len(set(cells.table.product.tolist())) > 2:
            yield "several products"
        specs = [s for p in parts for s in p.document.signals_of(d, Role.STATE)]
        if len({s.name for s in specs}) > 1:
            yield "several state signals"
