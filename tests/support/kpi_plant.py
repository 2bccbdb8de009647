"""Small plants for the tests of the figures: one description, given to the columnar and to the plain engine."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kpi.document import ConfigDocument, parse_document
from kpi.history import ConfigEntry, ConfigHistory
from kpi.window import NO_TIME_MS, PointKey, WindowRows
from model.flags import RowFlag
from model.signal import CLASS_RANK, ROLE_CLASS, Role, SignalClass
from model.status import BAD, BAD_NO_DATA, BAD_TYPE_MISMATCH

MIN = 60_000
HOUR = 60 * MIN
DAY = 24 * HOUR
T0 = 1_772_323_200_000
"""2026-03-01T00:00:00Z, a Sunday; 08:00 local at +08:00."""
SLOT0 = T0 // MIN

STATES = {
    "1": "run",
    "2": "fault",
    "3": "wait",
    "4": "idle",
    "5": "setup",
    "6": "idle_fault",
    "7": "test",
    "8": "off",
}


def signal(name: str, role: str, kind: str = "int", **more: Any) -> dict[str, Any]:
    """Return a SIGNAL object; counters get a rule of 60 pieces a minute, modulus 2^32."""
    found: dict[str, Any] = {
        "deadline_ms": MIN,
        "hold_ms": 150_000,
        "name": name,
        "required": False,
        "role": role,
        "scale": [1, 1],
        "slot_ms": MIN,
        "type": kind,
        "unit": "1",
    }
    if role.startswith("count_") or role == "energy":
        found["counter"] = {"first": 0, "max_rate": [60, MIN], "modulus": "4294967296"}
    found.update(more)
    return found


def counter(first: int = 0, rate: tuple[int, int] = (60, MIN), modulus: int = 0) -> dict[str, Any]:
    return {"first": first, "max_rate": list(rate), "modulus": str(modulus)}


def asset(name: str, **more: Any) -> dict[str, Any]:
    """Return an ASSET object: production, NC, networked, ideal cycle 60 s, minor stop 5 min, state table t/1."""
    found: dict[str, Any] = {
        "class": "cnc",
        "counts_as": 1,
        "energy_of": [],
        "id": name,
        "ideal_cycle_ms": [60_000, 1],
        "in_service": [0, 0],
        "key": True,
        "minor_stop_ms": 300_000,
        "name": name,
        "nc": True,
        "networked": True,
        "production": True,
        "smart": True,
        "state_table": "t/1",
    }
    found.update(more)
    return found


def shift(start: int, end: int, weekdays: Any = (1, 2, 3, 4, 5, 6, 7)) -> dict[str, Any]:
    return {"from_min": start, "name": f"{start}", "to_min": end, "weekdays": list(weekdays)}


def calendar(**more: Any) -> dict[str, Any]:
    """Return a CALENDAR object: planned round the clock at +08:00, production day from 08:00."""
    found: dict[str, Any] = {
        "breaks": [],
        "day_start_min": 480,
        "holidays": [],
        "shifts": [shift(0, 1440)],
        "stops": [],
        "utc_offset_min": 480,
        "zone": "Asia/Shanghai",
    }
    found.update(more)
    return found


def document(
    assets: list[dict[str, Any]],
    signals: dict[str, list[dict[str, Any]]],
    calendar_: dict[str, Any] | None = None,
    states: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Return a configuration document; `signals` by device, put into streams by role."""
    streams: dict[tuple[int, str], dict[str, Any]] = {}
    for device, items in signals.items():
        for item in items:
            cls: SignalClass = ROLE_CLASS[Role(item["role"])]
            key = (CLASS_RANK[cls], device)
            streams.setdefault(key, {"id": f"{device}.{cls.value}", "signals": []})
            streams[key]["signals"].append(item)
    table = [{"state": s, "value": v} for v, s in (STATES if states is None else states).items()]
    return {
        "assets": sorted(assets, key=lambda a: a["id"]),
        "calendar": calendar_ or calendar(),
        "site": {"enterprise": "91500000TEST000017", "name": "Test", "workshop": "ws1"},
        "state_tables": [{"id": "t/1", "map": table, "other": "unknown"}],
        "streams": [streams[k] for k in sorted(streams)],
        "v": 1,
    }


@dataclass(frozen=True)
class RowSpec:
    stream: str
    signal: str
    received_ms: int
    source_ms: int | None
    value: int | float | str | None
    status: int = 0
    flags: int = 0


@dataclass
class PlantLog:
    """A log in the making: configurations, blocks with rows, off entries, in log order."""

    entries: list[tuple[str, Any]] = field(default_factory=list)
    pending: dict[int, list[RowSpec]] = field(default_factory=dict)

    def config(self, doc: dict[str, Any]) -> None:
        self.entries.append(("config", doc))

    def off(self, slot: int, slots: int) -> None:
        self.entries.append(("off", (slot, slots)))

    def block(self, slot: int) -> None:
        self.entries.append(("block", slot))

    def blocks(self, first: int, last: int) -> None:
        for slot in range(first, last):
            self.block(slot)

    # rows: `at` is the source time, sealed in the slot of `at` + delay
    def row(
        self,
        point: str,
        at: int,
        value: int | float | str | None,
        *,
        status: int = 0,
        flags: int = 0,
        delay: int = 0,
        slot: int | None = None,
        source: bool = True,
    ) -> None:
        device, name = point.split("/")
        received = at + delay
        spec = RowSpec(device, name, received, at if source else None, value, status, flags)
        self.pending.setdefault(received // MIN if slot is None else slot, []).append(spec)

    def alive(self, point: str, at: int) -> None:
        self.row(point, at, None, flags=RowFlag.ALIVE | RowFlag.NO_VALUE, source=False)

    def missed(self, point: str, at: int, cause: int, *, slot: int | None = None) -> None:
        self.row(point, at, cause, flags=RowFlag.MISSED, status=BAD_NO_DATA, slot=slot)

    def bad(self, point: str, at: int, value: int | float | str | None = None) -> None:
        flags = RowFlag.NO_VALUE if value is None else RowFlag(0)
        self.row(point, at, value, status=BAD, flags=flags)

    def _blocks(self) -> list[tuple[int, dict[str, Any], int]]:
        """(slot, document, entry index of the document) of every block."""
        found, doc, at = [], None, -1
        for i, (kind, value) in enumerate(self.entries):
            if kind == "config":
                doc, at = value, i
            elif kind == "block":
                assert doc is not None
                found.append((value, doc, at))
        return found

    def frame_rows(self, slot: int, doc: dict[str, Any]) -> dict[str, list[tuple[int, RowSpec]]]:
        """Rows of a block by stream in commit order as (signal index, row); rows of unknown signals do not exist."""
        found: dict[str, list[tuple[int, RowSpec]]] = {s["id"]: [] for s in doc["streams"]}
        names = {s["id"]: [x["name"] for x in s["signals"]] for s in doc["streams"]}
        for spec in self.pending.get(slot, []):
            for stream, known in names.items():
                if stream.rpartition(".")[0] == spec.stream and spec.signal in known:
                    found[stream].append((known.index(spec.signal), spec))
        return found

    def history(self) -> ConfigHistory:
        entries, last, first_of = [], None, {}
        parsed: dict[bytes, ConfigDocument] = {}
        for slot, _, at in self._blocks():
            first_of.setdefault(at, slot)
        for i, (kind, value) in enumerate(self.entries):
            if kind == "block":
                last = value
            elif kind == "config":
                data = canonical(value)
                if data not in parsed:
                    parsed[data] = parse_document(value)
                entries.append(ConfigEntry(parsed[data], last, first_of.get(i)))
        return ConfigHistory(tuple(entries))

    def rows(self) -> WindowRows:
        """Return everything as the columnar engine reads it."""
        points: dict[PointKey, int] = {}
        texts: list[str] = []
        columns: list[tuple[int, int, int, int, int, int, int]] = []
        states, slots = [], []
        for slot, doc, _ in self._blocks():
            letters = ""
            for stream, rows in self.frame_rows(slot, doc).items():
                types = [
                    x["type"] for s in doc["streams"] if s["id"] == stream for x in s["signals"]
                ]
                letters += "D" if any(not r.flags & RowFlag.MISSED for _, r in rows) else "G"
                for index, r in rows:
                    point = points.setdefault(PointKey(stream, r.signal), len(points))
                    source = NO_TIME_MS if r.source_ms is None else r.source_ms
                    bits, status, flags = _bits(types[index], r, texts)
                    columns.append((point, slot, source, r.received_ms, bits, status, flags))
            states.append(letters)
            slots.append(slot)
        table = np.array(columns, dtype=np.int64).reshape(-1, 7)
        return WindowRows(
            from_slot=0,
            to_slot=2**40,
            points=tuple(points),
            point=table[:, 0].astype(np.int32),
            slot=table[:, 1],
            source_ms=table[:, 2],
            received_ms=table[:, 3],
            value=table[:, 4],
            status=table[:, 5].astype(np.uint32),
            flags=table[:, 6].astype(np.uint16),
            texts=tuple(texts),
            history=self.history(),
            block_slot=np.array(slots, dtype=np.int64),
            block_state=tuple(states),
            off=tuple(v for k, v in self.entries if k == "off"),
        )


def _bits(kind: str, r: RowSpec, texts: list[str]) -> tuple[int, int, int]:
    """Return (value, status, flags) as a frame would hold them; a text becomes an index."""
    if r.value is None or r.flags & RowFlag.NO_VALUE:
        return 0, r.status, r.flags | RowFlag.NO_VALUE
    if r.flags & RowFlag.MISSED:
        return int(r.value), r.status, r.flags
    low, high = {"int": (-(2**63), 2**63 - 1), "uint": (0, 2**64 - 1), "bool": (0, 1)}.get(
        kind, (0, -1)
    )
    if kind == "text" and isinstance(r.value, str):
        texts.append(r.value)
        return len(texts) - 1, r.status, r.flags
    if kind == "float" and not isinstance(r.value, str):
        return struct.unpack("<q", struct.pack("<d", float(r.value)))[0], r.status, r.flags
    if isinstance(r.value, int) and low <= r.value <= high:
        return (r.value - 2**64 if r.value >= 2**63 else r.value), r.status, r.flags
    # a value that its type cannot hold exactly (format-core §2)
    return 0, BAD_TYPE_MISMATCH, r.flags | RowFlag.NO_VALUE


def canonical(doc: dict[str, Any]) -> bytes:
    return json.dumps(doc, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
