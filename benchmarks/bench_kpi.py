"""Claims over one day and over three weeks of the demo plant's shape: seconds of CPU and rows.

Run: `python benchmarks/bench_kpi.py`. Limits: one day of about 30,000 rows ≤ 50 ms, three weeks of about 750,000 ≤ 2 s.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from kpi.claims import (
    EnergyPerPieceClaim,
    NetworkedClaim,
    OeeClaim,
    UploadRateClaim,
    UtilisationClaim,
)
from kpi.document import parse_document
from kpi.evaluate import evaluate
from kpi.history import ConfigEntry, ConfigHistory
from kpi.window import NO_TIME_MS, PointKey, Span, WindowRows
from kpi.workspace import Workspace
from model.flags import RowFlag

T0 = 1_772_323_200_000
MIN = 60_000
MACHINES = {"cnc-01": 90, "cnc-02": 60, "robot-01": 45, "plc-01": 20, "press-01": 6}
"""Asset and ideal cycle in seconds."""


def _signal(name: str, role: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "deadline_ms": MIN, "hold_ms": 150_000, "name": name, "required": True, "role": role,
        "scale": [1, 1], "slot_ms": MIN, "type": kind, "unit": "1", **more,
    }  # fmt: skip


def _document() -> dict[str, Any]:
    assets, state, count, energy = [], [], [], []
    for name, cycle in MACHINES.items():
        assets.append(
            {"id": name, "class": "cnc", "ideal_cycle_ms": [cycle * 1000, 1], "production": True}
        )
        rule = {"first": 0, "max_rate": [3, cycle * 2000], "modulus": "4294967296"}
        state.append({"id": f"{name}.state", "signals": [_signal("state", "state", "int")]})
        count.append(
            {
                "id": f"{name}.count",
                "signals": [
                    _signal("good", "count_good", "uint", counter=rule),
                    _signal("scrap", "count_scrap", "uint", counter=rule),
                ],
            }
        )
    for name in ("meter-01", "meter-02"):
        assets.append({"id": name, "class": "meter", "ideal_cycle_ms": [0, 1], "production": False})
        rule = {"first": 0, "max_rate": [0, 1], "modulus": "0"}
        energy.append(
            {
                "id": f"{name}.energy",
                "signals": [
                    _signal("energy", "energy", "float", counter=rule, scale=[1000, 1]),
                    _signal("power", "power", "float"),
                ],
            }
        )
    rest = {
        "counts_as": 1, "energy_of": [], "in_service": [0, 0], "key": True, "minor_stop_ms": 300_000,
        "nc": True, "networked": True, "smart": True,
    }  # fmt: skip
    for a in assets:
        a.update(rest, name=a["id"], state_table="t" if a["production"] else "")
    days = list(range(1, 8))
    return {
        "assets": sorted(assets, key=lambda a: str(a["id"])),
        "calendar": {
            "breaks": [[720, 750], [0, 30]], "day_start_min": 480, "holidays": [], "stops": [],
            "shifts": [{"from_min": 480, "name": "早", "to_min": 1200, "weekdays": days},
                       {"from_min": 1200, "name": "晚", "to_min": 1920, "weekdays": days}],
            "utc_offset_min": 480, "zone": "Asia/Shanghai",
        },
        "site": {"enterprise": "91500000DEMO000001", "name": "demo", "workshop": "ws1"},
        "state_tables": [
            {"id": "t", "map": [{"state": "run", "value": "1"}, {"state": "fault", "value": "2"},
                                {"state": "idle", "value": "3"}], "other": "unknown"}],
        "streams": sorted(state, key=lambda s: str(s["id"])) + sorted(count, key=lambda s: str(s["id"])) + energy,
        "v": 1,
    }  # fmt: skip


def plant(days: int) -> WindowRows:
    """Return rows of so many days: states and scrap mostly proven alive each minute, counters as they count."""
    rng = np.random.default_rng(7)
    minutes = days * 1440
    slot0 = T0 // MIN
    points: list[PointKey] = []
    columns: list[list[Any]] = [[] for _ in range(6)]

    def add(stream: str, signal: str, source: Any, value: Any, alive: Any) -> None:
        n = len(source)
        received = source + 50
        points.append(PointKey(stream, signal))
        flags = np.where(alive, int(RowFlag.ALIVE | RowFlag.NO_VALUE), 0)
        for column, values in zip(
            columns,
            (
                np.full(n, len(points) - 1),
                received // MIN,
                np.where(alive, NO_TIME_MS, source),
                received,
                np.where(alive, 0, value),
                flags,
            ),
            strict=True,
        ):
            column.append(values)

    every = T0 + np.arange(minutes) * MIN + 777
    for name, cycle in MACHINES.items():
        change = rng.random(minutes) < 0.05
        add(f"{name}.state", "state", every, rng.choice([1, 1, 1, 2, 3], minutes), ~change)
        made = T0 + np.arange(0, minutes * MIN, max(cycle * 1400, 10_000)) + 311
        per_step = max(1, 10_000 // (cycle * 1400) + 1)
        good = np.arange(len(made)) * (1 if cycle > 8 else per_step)
        add(f"{name}.count", "good", made, good, np.zeros(len(made), dtype=bool))
        add(f"{name}.count", "scrap", every, np.arange(minutes) // 40, np.arange(minutes) % 40 != 0)
    for name in ("meter-01", "meter-02"):
        kwh = np.round(1000 + np.arange(minutes) * 0.35, 3)
        nothing = np.zeros(minutes, dtype=bool)
        add(f"{name}.energy", "energy", every, kwh.view(np.int64), nothing)
        add(f"{name}.energy", "power", every, rng.random(minutes).view(np.int64), nothing)
    point, slot, source, received, value, flags = (np.concatenate(c) for c in columns)
    order = np.argsort(slot, kind="stable")
    history = ConfigHistory((ConfigEntry(parse_document(_document()), None, slot0),))
    blocks = np.arange(slot0, slot0 + minutes + 20, dtype=np.int64)
    return WindowRows(
        from_slot=0,
        to_slot=2**40,
        points=tuple(points),
        point=point[order].astype(np.int32),
        slot=slot[order].astype(np.int64),
        source_ms=source[order].astype(np.int64),
        received_ms=received[order].astype(np.int64),
        value=value[order].astype(np.int64),
        status=np.zeros(len(order), dtype=np.uint32),
        flags=flags[order].astype(np.uint16),
        texts=(),
        history=history,
        block_slot=blocks,
        block_state=("D" * 12,) * len(blocks),
        off=(),
    )


def all_claims(rows: WindowRows, span: Span) -> None:
    """Evaluate what the board shows of one window."""
    work = Workspace(rows, span)
    machines = tuple(MACHINES)
    for request in (
        OeeClaim(span, machines),
        UtilisationClaim(span, machines),
        UploadRateClaim(span),
        NetworkedClaim(span),
        EnergyPerPieceClaim(span, ("meter-01", "meter-02"), machines),
    ):
        evaluate(request, work)


def main() -> None:
    """Print the times."""
    for days, repeats in ((1, 15), (21, 5)):
        rows = plant(days)
        first = T0 // MIN
        span = Span(first, first + days * 1440, 120, 10)
        oee, everything = [], []
        for _ in range(repeats):
            start = time.process_time()
            evaluate(OeeClaim(span, tuple(MACHINES)), rows)
            oee.append(time.process_time() - start)
            start = time.process_time()
            all_claims(rows, span)
            everything.append(time.process_time() - start)
        print(
            f"{days:3d} d {len(rows.point):8d} rows: "
            f"OEE {statistics.median(oee) * 1000:7.1f} ms, five claims {statistics.median(everything) * 1000:7.1f} ms"
        )


if __name__ == "__main__":
    main()
