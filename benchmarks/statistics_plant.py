"""Sealed minutes of a plant of realistic size for the benchmarks of statistics: real frames in a real archive."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agent.log_window import LogIndex
from kpi.document import ConfigDocument, parse_document
from model.batch import make_batch
from model.signal import Role, Signal, SignalTable, SignalType
from storage.frame_archive import FrameArchive
from storage.frames import FrameWriter

MIN = 60_000
FIRST_SLOT = 1_767_225_600_000 // MIN
"""2026-01-01T00:00Z: the first day is whole."""
METERS = 5
"""One meter for so many machines."""


@dataclass(frozen=True)
class Plant:
    """A plant with its sealed log."""

    document: ConfigDocument
    table: SignalTable
    index: LogIndex
    archive: FrameArchive
    rows: int
    raw_bytes: int
    disk_bytes: int


def plant_document(machines: int, per_minute: int) -> tuple[dict[str, Any], SignalTable]:
    """Return the configuration document and the signals of a plant; every machine has state, good and scrap."""
    hold = max(150_000, 3 * MIN // per_minute)
    signals: list[Signal] = []
    for i in range(machines):
        name = f"m{i:03d}"
        signals += [
            Signal(device=name, name="state", role=Role.STATE, type=SignalType.INT),
            Signal(device=name, name="good", role=Role.COUNT_GOOD, type=SignalType.UINT),
            Signal(device=name, name="scrap", role=Role.COUNT_SCRAP, type=SignalType.UINT),
        ]
    for i in range(machines // METERS):
        signals.append(
            Signal(device=f"w{i:03d}", name="energy", role=Role.ENERGY, type=SignalType.UINT)
        )
    table = SignalTable.of(signals)
    rule = {"first": 0, "max_correction": 0, "max_rate": [3, 40_000], "modulus": "4294967296"}
    free = {"first": 0, "max_correction": 0, "max_rate": [0, 1], "modulus": "0"}
    streams: dict[str, list[dict[str, Any]]] = {}
    for s in table.signals:
        item: dict[str, Any] = {
            "alternate_of": "", "carrier": "", "deadline_ms": MIN, "hold_ms": hold, "name": s.name,
            "required": True, "role": s.role.value, "scale": [1, 1], "slot_ms": MIN, "table": "",
            "type": s.type.value, "unit": "1",
        }  # fmt: skip
        if s.role is not Role.STATE:
            item["counter"] = free if s.role is Role.ENERGY else rule
        streams.setdefault(s.stream, []).append(item)
    days = [1, 2, 3, 4, 5, 6, 7]
    document = {
        "v": 2,
        "assets": [_asset(d) for d in sorted({s.device for s in table.signals})],
        "calendar": {
            "breaks": [[720, 750], [1080, 1110], [0, 30]], "day_start_min": 480, "extra": [], "holidays": [],
            "offsets": [[0, 480]],
            "shifts": [
                {"from_min": 480, "name": "早班", "to_min": 1200, "weekdays": days},
                {"from_min": 1200, "name": "晚班", "to_min": 1920, "weekdays": [1, 2, 3, 4, 5]},
            ],
            "stops": [], "zone": "Asia/Shanghai",
        },
        "coefficients": {"id": "", "rows": []}, "counter_events": [],
        "site": {"enterprise": "91500000BENCH0001", "name": "bench", "workshop": "ws1"},
        "state_tables": [{
            "id": "t/1", "inputs": ["state"], "other": "unknown",
            "map": [
                {"state": s, "values": [str(i)]}
                for i, s in enumerate(("idle", "run", "fault", "wait", "setup"))
            ],
        }],
        "streams": [{"id": k, "signals": v} for k, v in streams.items()],
    }  # fmt: skip
    return document, table


def _asset(name: str) -> dict[str, Any]:
    machine = name.startswith("m")
    products = [
        {"factor": 1, "id": p, "ideal_cycle_ms": [ms, 1], "weight": [1, 1]}
        for p, ms in (("A", 20_000), ("B", 35_000))
    ]
    return {
        "class": "cnc" if machine else "meter", "counts_as": 1, "debounce_ms": 0, "energy_of": [], "id": name,
        "ideal_cycle_ms": [0, 1], "in_service": [0, 0], "key": True, "key_step": False, "loops": [],
        "minor_stop_ms": 300_000, "name": name, "nc": True, "networked": True, "process_step": "",
        "product": "A" if machine else "", "production": machine, "products": products if machine else [],
        "smart": True, "state_table": "t/1" if machine else "",
    }  # fmt: skip


def build(folder: Path, *, machines: int, minutes: int, per_minute: int, level: int) -> Plant:
    """Write a log: every signal sampled `per_minute` times a minute, jittered by up to 15 ms, received 1–8 ms later."""
    raw, table = plant_document(machines, per_minute)
    document = parse_document(raw)
    writer, rng = FrameWriter(table), np.random.default_rng(7)
    n = len(table.signals)
    role = np.array([s.role is Role.STATE for s in table.signals])
    energy = np.array([s.role is Role.ENERGY for s in table.signals])
    good = np.array([s.role is Role.COUNT_GOOD for s in table.signals])
    machine = np.array([int(s.device[1:]) for s in table.signals])
    state = np.ones(machines, np.int64)
    counter = np.zeros(n, np.int64)
    step = MIN // per_minute
    index = LogIndex(
        documents=[document],
        after_slot=[None],
        from_slot=[FIRST_SLOT],
        digests=[hashlib.sha256(json.dumps(raw).encode()).hexdigest()],
        entry_index=[0],
        t_ms=[0],
    )
    rows = raw_bytes = 0
    with FrameArchive(folder, level=level) as archive:
        for slot in range(FIRST_SLOT, FIRST_SLOT + minutes):
            source, value = [], []
            for k in range(per_minute):
                flip = rng.random(machines) < step / 600_000  # a change of state in ten minutes
                state = np.where(flip, rng.integers(0, 5, machines), state)
                running = (state == 1)[machine % machines]
                made = (rng.random(n) < np.where(good, step / 25_000, step / 1_500_000)) & running
                counter = counter + np.where(
                    energy, rng.integers(100, 900, n) * step // MIN + 1, made
                )
                value.append(np.where(role, state[machine % machines], counter))
                source.append(slot * MIN + k * step + rng.integers(0, 15, n))
            at = np.concatenate(source)
            batch = make_batch(
                signal=np.tile(np.arange(n, dtype=np.int32), per_minute),
                source_ns=at * 1_000_000,
                received_ns=(at + rng.integers(1, 8, len(at))) * 1_000_000,
                value=np.concatenate(value),
            )
            frames = writer.render(batch, slot)
            rows += frames.rows
            raw_bytes += sum(20 + len(f) for f in frames.frames)
            archive.append(slot, [os.urandom(16) for _ in frames.frames], frames.frames)
            index.slots.append(slot)
            index.states.append("D" * len(table.streams))
            index.config_of.append(0)
    disk = sum(p.stat().st_size for p in folder.glob("*.frames"))
    return Plant(
        document, table, index, FrameArchive(folder, read_only=True), rows, raw_bytes, disk
    )
