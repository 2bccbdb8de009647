"""Small plants of version 2 for the tests of equipment statistics, written as short as the case allows."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from kpi.claims import ClaimRequest, ClaimResult
from kpi.equipment.cells import AssetCells
from kpi.equipment.space import equipment_space
from kpi.equipment.sums import EquipmentSums
from kpi.evaluate import evaluate
from kpi.window import Span
from kpi.workspace import Workspace
from model.state import Atom
from tests.support.kpi_plant import HOUR, MIN, SLOT0, STATES, T0, PlantLog, document, signal

CODE = {state: int(value) for value, state in STATES.items()}
LONG = 400 * HOUR
"""A hold that no test outlives."""
FREE = {"first": 0, "max_correction": 0, "max_rate": [0, 1], "modulus": "0"}


def rules(
    rate: tuple[int, int] = (0, 1), modulus: int = 0, first: int = 0, correction: int = 0
) -> dict[str, Any]:
    """Return the `counter` of a SIGNAL of version 2."""
    return {
        "first": first,
        "max_correction": correction,
        "max_rate": list(rate),
        "modulus": str(modulus),
    }


def product(name: str, ideal_ms: Any, factor: int = 1, weight: Any = (1, 1)) -> dict[str, Any]:
    """Return a product; `ideal_ms` is a whole number or a pair."""
    pair = list(ideal_ms) if isinstance(ideal_ms, tuple | list) else [ideal_ms, 1]
    return {"factor": factor, "id": name, "ideal_cycle_ms": pair, "weight": list(weight)}


def second(doc: Mapping[str, Any], **root: Any) -> dict[str, Any]:
    """Return a document of version 1, or one with some keys of version 2 already, as version 2."""
    found = copy.deepcopy(dict(doc))
    found.update({"v": 2, "coefficients": {"id": "", "rows": []}, "counter_events": [], **root})
    calendar = found["calendar"]
    offset = calendar.pop("utc_offset_min")
    calendar.setdefault("offsets", [[0, offset]])
    calendar.setdefault("extra", [])
    for asset in found["assets"]:
        ideal = asset["ideal_cycle_ms"]
        plain = [product("", ideal)] if ideal[0] else []
        for key, value in {
            "debounce_ms": 0,
            "key_step": False,
            "loops": [],
            "process_step": "",
            "product": "",
            "products": plain,
        }.items():
            asset.setdefault(key, value)
    for stream in found["streams"]:
        for s in stream["signals"]:
            for key in ("alternate_of", "carrier", "table"):
                s.setdefault(key, "")
            if "counter" in s:
                s["counter"].setdefault("max_correction", 0)
    for table in found["state_tables"]:
        if "inputs" not in table:
            table["inputs"] = ["state"]
            table["map"] = [{"state": r["state"], "values": [r["value"]]} for r in table["map"]]
    return found


def machine(
    assets: Sequence[dict[str, Any]],
    signals: Mapping[str, list[dict[str, Any]]],
    calendar: dict[str, Any] | None = None,
    **root: Any,
) -> dict[str, Any]:
    """Return a document of version 2."""
    tables = root.pop("state_tables", None)
    found = second(document(list(assets), dict(signals), calendar), **root)
    if tables is not None:
        found["state_tables"] = sorted(found["state_tables"] + tables, key=lambda t: t["id"])
    return found


def state_signal(name: str = "state", **more: Any) -> dict[str, Any]:
    return signal(name, "state", **{"hold_ms": LONG, **more})


def counted(name: str, role: str, **more: Any) -> dict[str, Any]:
    return signal(name, role, **{"hold_ms": LONG, "counter": dict(FREE), **more})


def play(log: PlantLog, point: str, plan: Sequence[tuple[str, float]], at: int = T0) -> int:
    """Write the states of (state, minutes) from `at` on; return the end."""
    for state, minutes in plan:
        log.row(point, at, CODE[state])
        at += round(minutes * MIN)
    return at


def window(minutes: int, *, lead: int = 0, grace: int = 0, first: int = 0) -> Span:
    """Return the window of so many minutes from T0 + first on."""
    return Span(SLOT0 + first, SLOT0 + first + minutes, lead, grace)


def sums(log: PlantLog, span: Span, asset: str = "a1") -> EquipmentSums:
    return equipment_space(Workspace(log.rows(), span)).sums(asset)


def cells(log: PlantLog, span: Span, asset: str = "a1") -> AssetCells:
    return equipment_space(Workspace(log.rows(), span)).cells(asset)


def claim(log: PlantLog, request: ClaimRequest) -> ClaimResult:
    return evaluate(request, log.rows())


def minutes(found: EquipmentSums) -> dict[str, Fraction]:
    """Return the atoms that are not 0, in minutes."""
    return {a.value: Fraction(found.atoms[a], MIN) for a in Atom if found.atoms[a]}


def ratio(text: object) -> Fraction | str:
    """Return a fraction of a claim's detail."""
    assert isinstance(text, str)
    return Fraction(text) if text not in ("0/0", "unbounded") else text
