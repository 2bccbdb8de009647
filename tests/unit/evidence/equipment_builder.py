"""Configuration documents of version 2, and small logs of one machine, for the tests of equipment statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evidence.frame import FrameRow
from evidence.recompute.equipment.signals import Signals, signals_of
from evidence.recompute.equipment.statistics import AssetStatistics, statistics_of
from evidence.recompute.interface import Outcome
from evidence.recompute.view import LogView
from evidence.recompute.window import Window, window_of
from evidence.statement import Claim
from tests.unit.evidence import evidence_builder as v1
from tests.unit.evidence.evidence_builder import FIRST_SLOT, LogBuilder, claim_of

MIN = 60_000
HOUR = 60 * MIN
DAY = 24 * HOUR
T0 = FIRST_SLOT * MIN
"""2026-03-01T00:00Z, a Sunday."""
DAY0 = T0 // DAY
"""Number of that date."""
COUNTER = {"first": 0, "max_correction": 0, "max_rate": [10, MIN], "modulus": "0"}
"""At most ten a minute."""


def signal(name: str, role: str, kind: str = "int", **changes: Any) -> dict[str, Any]:
    """Return a SIGNAL; one that counts gets a rule of ten a minute unless another is given."""
    fields = {"alternate_of": "", "carrier": "", "table": ""}
    if role.startswith("count_") or role in ("energy", "consumption"):
        fields["counter"] = COUNTER  # type: ignore[assignment]
    return {**v1.signal(name, role, kind), **fields, **changes}


def product(name: str, ideal: Sequence[int], **changes: Any) -> dict[str, Any]:
    return {"factor": 1, "id": name, "ideal_cycle_ms": list(ideal), "weight": [1, 1], **changes}


def asset(name: str, **changes: Any) -> dict[str, Any]:
    """Return an ASSET that makes one product of 30 s a piece; stops up to two minutes are minor."""
    fields = {
        "debounce_ms": 0,
        "key_step": False,
        "loops": [],
        "process_step": "",
        "product": "",
        "products": [product("A", [30_000, 1])],
    }
    return {**v1.asset(name), **fields, **changes}


def table(rows: Mapping[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    found = rows or {"0": "off", "1": "idle", "2": "wait", "3": "run", "4": "fault", "5": "test"}
    return {
        "id": "t/1",
        "inputs": ["state"],
        "map": [{"state": state, "values": [value]} for value, state in found.items()],
        "other": "unknown",
        **changes,
    }


def calendar(**changes: Any) -> dict[str, Any]:
    """Return a CALENDAR: planned round the clock in UTC, production day from midnight."""
    fields = v1.calendar()
    del fields["utc_offset_min"]
    return {**fields, "extra": [], "offsets": [[0, 0]], **changes}


def plant(
    assets: Sequence[Mapping[str, Any]],
    streams: Mapping[str, Sequence[Mapping[str, Any]]],
    cal: Mapping[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Return a configuration document of version 2; streams must be given in stream order."""
    document = v1.plant(assets, streams, cal or calendar())
    return {
        **document,
        "coefficients": {"id": "", "rows": []},
        "counter_events": [],
        "state_tables": [table()],
        "v": 2,
        **changes,
    }


STATE = (signal("state", "state"),)
GOOD_SCRAP = (signal("good", "count_good"), signal("scrap", "count_scrap"))
TOTAL_SCRAP = (signal("total", "count_total"), signal("scrap", "count_scrap"))


def machine(
    counters: Sequence[Mapping[str, Any]] = GOOD_SCRAP,
    state: Sequence[Mapping[str, Any]] = STATE,
    cal: Mapping[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Return a document with the one machine `m`; keys of the document or else of the asset may be changed."""
    whole = {
        key: changes.pop(key)
        for key in ("coefficients", "counter_events", "state_tables")
        if key in changes
    }
    return plant([asset("m", **changes)], {"m.state": state, "m.count": counters}, cal, **whole)


def log_of(
    document: Mapping[str, Any], rows: Mapping[str, Sequence[FrameRow]], minutes: int
) -> LogBuilder:
    """Return a log of `minutes` blocks under one document; every row is sealed in the slot in which it was received."""
    log = LogBuilder()
    log.config(document)
    log.boot()
    add_blocks(log, rows, minutes)
    return log


def add_blocks(log: LogBuilder, rows: Mapping[str, Sequence[FrameRow]], minutes: int) -> None:
    """Seal `minutes` blocks with those of `rows` that were received in them."""
    for _ in range(minutes):
        low, high = log.slot * MIN, (log.slot + 1) * MIN
        log.block(
            {
                stream: [row for row in own if low <= row.received_ms < high]
                for stream, own in rows.items()
            }
        )


def claim(
    algorithm: str, minutes: int, *, start: int = 0, unit: str = "1", **parameters: Any
) -> Claim:
    """Return a claim over minutes [start, minutes) of the log; what lies before is its lead unless said otherwise."""
    first = FIRST_SLOT + start
    lead = parameters.pop("lead", max(start, 0))
    return claim_of(algorithm, first, FIRST_SLOT + minutes, unit=unit, lead=lead, **parameters)


def compute(log: LogBuilder, algorithm: str, minutes: int, **parameters: Any) -> Outcome:
    if algorithm in ("oee/2", "defect-rate/1", "automatic-control/1"):
        parameters.setdefault("assets", ["m"])
    if algorithm == "oee/2":
        parameters.setdefault("by", "all")
    return log.compute(claim(algorithm, minutes, **parameters))


def view_of(log: LogBuilder, minutes: int, *, start: int = 0) -> tuple[LogView, Window]:
    """Return view and window of an `oee/2` claim of `m` over minutes [start, minutes), all before as lead."""
    view = log.view_of([claim("oee/2", minutes, start=start, assets=["m"], by="all")])
    return view, window_of(view, FIRST_SLOT + start, FIRST_SLOT + minutes, max(start, 0), 0)


def signals(log: LogBuilder, minutes: int, *, start: int = 0) -> Signals:
    return signals_of(*view_of(log, minutes, start=start))


def statistics(log: LogBuilder, minutes: int, *, start: int = 0) -> AssetStatistics:
    """Return the statistics of machine `m` over minutes [start, minutes) of the log."""
    return statistics_of(signals(log, minutes, start=start), "m")
