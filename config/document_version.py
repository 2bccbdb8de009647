"""The lowest version of the configuration document that says everything: an upgrade of the program changes no plant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_ASSET: Final[Mapping[str, Any]] = {
    "debounce_ms": 0,
    "key_step": False,
    "loops": [],
    "process_step": "",
    "product": "",
}
_SIGNAL: Final[Mapping[str, Any]] = {"alternate_of": "", "carrier": "", "table": ""}
_COUNTER: Final[Mapping[str, Any]] = {"max_correction": 0}
_ROOT: Final[Mapping[str, Any]] = {"coefficients": {"id": "", "rows": []}, "counter_events": []}
_NEW_ROLES: Final = frozenset(
    {"product", "order", "uptime", "loop_mode", "loop_output", "count_rework", "consumption"}
)


class _Version2Error(Exception):
    """The document says something that version 1 cannot say."""


def lowest_version(document: dict[str, Any]) -> dict[str, Any]:
    """Return a version 2 document as version 1 if nothing in it needs version 2, else unchanged.

    Both are read as the same plant (config-document.md, "Version 2").
    """
    try:
        return {
            **_without(document, _ROOT),
            "assets": [_asset(a) for a in document["assets"]],
            "calendar": _calendar(document["calendar"]),
            "state_tables": [_table(t) for t in document["state_tables"]],
            "streams": [
                {**s, "signals": [_signal(x) for x in s["signals"]]} for s in document["streams"]
            ],
            "v": 1,
        }
    except _Version2Error:
        return document


def _without(data: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object without the keys of version 2, which must have the values that version 1 implies."""
    if any(data[key] != value for key, value in defaults.items()):
        raise _Version2Error
    return {key: value for key, value in data.items() if key not in defaults}


def _asset(asset: Mapping[str, Any]) -> dict[str, Any]:
    ideal = asset["ideal_cycle_ms"]
    plain = {"factor": 1, "id": "", "ideal_cycle_ms": ideal, "weight": [1, 1]}
    return _without(asset, {**_ASSET, "products": [plain] if ideal[0] > 0 else []})


def _signal(signal: Mapping[str, Any]) -> dict[str, Any]:
    if signal["role"] in _NEW_ROLES:
        raise _Version2Error
    found = _without(signal, _SIGNAL)
    if "counter" in found:
        found["counter"] = _without(found["counter"], _COUNTER)
    return found


def _table(table: Mapping[str, Any]) -> dict[str, Any]:
    found = _without(table, {"inputs": ["state"]})
    values = [row["values"][0] for row in table["map"]]
    if "*" in values or values != sorted(set(values)):
        raise _Version2Error
    found["map"] = [{"state": r["state"], "value": r["values"][0]} for r in table["map"]]
    return found


def _calendar(calendar: Mapping[str, Any]) -> dict[str, Any]:
    found = _without(calendar, {"extra": []})
    offsets = found.pop("offsets")
    if len(offsets) != 1:
        raise _Version2Error
    found["utc_offset_min"] = offsets[0][1]
    return found
