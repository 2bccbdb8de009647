"""Time-lapse history: both periods of a plan rendered into a trace folder (docs/formats/trace.md)."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np

from model.batch import NO_TIME
from model.slots import NS_PER_MS
from simulators.delivery import DELIVERIES, SIGNALS, Kind
from simulators.demo_plant import MACHINES, METERS
from simulators.events import Int64, period_events
from simulators.injected import check_apart, injected_faults
from simulators.plan import (
    BREAKS,
    DAY_MS,
    DAY_START_MIN,
    SHIFTS,
    UTC_OFFSET_MIN,
    Period,
    Plan,
    local_time,
)
from simulators.rendering import NO_SOURCE_MS, Rows, TraceSignal, item_view, signal_rows

SCENARIO_VERSION: Final = 1
"""Raised whenever the rules of the script change."""
_COLUMNS: Final = ("signal", "source_ms", "received_ms", "value", "status", "flags")


@dataclass(frozen=True, slots=True)
class HistorySummary:
    """What was written."""

    folder: Path
    rows: int
    files: int


def render_history(plan: Plan, folder: Path) -> HistorySummary:
    """Write the trace of `plan` into `folder` (made if absent; files of the same name are replaced)."""
    folder.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    for period in plan.periods:
        for name, rows in _split_days(period_rows(plan, period)):
            _save(folder / f"{name}.npz", rows)
            counts[name] = len(rows.signal)
    header = json.dumps(_header(plan, counts), ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "trace.json").write_text(header + "\n", encoding="utf-8", newline="\n")
    return HistorySummary(folder, sum(counts.values()), len(counts))


def scenario_sha256(plan: Plan) -> str:
    """Return the digest of everything that a trace follows from."""
    text = repr((SCENARIO_VERSION, plan, plan.stops, MACHINES, METERS, DELIVERIES, BREAKS, SHIFTS))
    return hashlib.sha256(text.encode()).hexdigest()


def calendar_document(plan: Plan) -> dict[str, object]:
    """Return the calendar of the plant as docs/formats/config-document.md has it."""
    return {
        "breaks": [list(b) for b in BREAKS],
        "day_start_min": DAY_START_MIN,
        "holidays": [],
        "shifts": [
            {"from_min": a, "name": name, "to_min": b, "weekdays": [1, 2, 3, 4, 5, 6, 7]}
            for name, a, b in SHIFTS
        ],
        "stops": [
            {"asset": s.asset, "from_ms": s.from_ms, "kind": s.kind, "to_ms": s.to_ms}
            for s in plan.stops
        ],
        "utc_offset_min": UTC_OFFSET_MIN,
        "zone": "Asia/Shanghai",
    }


def plant_file_stops(plan: Plan) -> list[dict[str, str]]:
    """Return the planned stops as a plant file writes them under `calendar: stops:`."""
    return [
        {
            "asset": s.asset,
            "kind": s.kind,
            "start": local_time(s.from_ms).isoformat(),
            "end": local_time(s.to_ms).isoformat(),
        }
        for s in plan.stops
    ]


def period_rows(plan: Plan, period: Period) -> Rows:
    """Return every row of one period with its lead and grace, in order of arrival."""
    events = period_events(plan, period)
    faults = injected_faults(period, events)
    check_apart(faults, period)
    parts: list[Rows] = []
    for number, (delivery, item) in enumerate(SIGNALS):
        view = item_view(plan.seed, events, delivery, item, faults)
        signal = TraceSignal(number, delivery, item, view)
        parts.extend(signal_rows(signal, period, faults))
    columns = [np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS]
    order = np.argsort(columns[2], kind="stable")
    return Rows(*(column[order] for column in columns))


def _split_days(rows: Rows) -> Iterator[tuple[str, Rows]]:
    """Yield (UTC date, its rows) for each day that has rows."""
    days = rows.received_ms // DAY_MS
    numbers, starts = np.unique(days, return_index=True)
    ends = [*starts[1:].tolist(), len(days)]
    for number, a, b in zip(numbers.tolist(), starts.tolist(), ends, strict=True):
        part = Rows(*(getattr(rows, name)[a:b] for name in _COLUMNS))
        yield str(np.datetime64(number, "D")), part


def _save(path: Path, rows: Rows) -> None:
    programs = tuple(dict.fromkeys(p for m in MACHINES for p in m.programs))
    source = rows.source_ms * NS_PER_MS
    source[rows.source_ms == NO_SOURCE_MS] = NO_TIME
    np.savez_compressed(
        path,
        signal=rows.signal.astype(np.int32),
        source_ns=source,
        received_ns=rows.received_ms * NS_PER_MS,
        value=_with_text_numbers(rows),
        status=rows.status.astype(np.uint32),
        flags=rows.flags.astype(np.uint16),
        texts=np.array([p.encode() for p in programs]),
    )


def _with_text_numbers(rows: Rows) -> Int64:
    """Return the values, with the program number of each machine replaced by its index in the texts of the file."""
    value = rows.value.copy()
    first = 0
    for spec in MACHINES:
        for number, (delivery, item) in enumerate(SIGNALS):
            if delivery.device == spec.id and item.kind is Kind.PROGRAM:
                mine = (rows.signal == number) & (rows.flags & 1 == 0)
                value[mine] += first
        first += len(spec.programs)
    return value


def _header(plan: Plan, counts: dict[str, int]) -> dict[str, object]:
    return {
        "v": "trace-v1",
        "origin": "simulator",
        "seed": plan.seed,
        "scenario_sha256": scenario_sha256(plan),
        "signals": [
            {"device": d.device, "name": item.name, "type": item.type.value} for d, item in SIGNALS
        ],
        "days": [{"day": day, "rows": counts[day]} for day in sorted(counts)],
        "spans": [list(p.span) for p in plan.periods],
        "calendar": calendar_document(plan),
        "windows": {p.regime.value: list(p.slots) for p in plan.periods},
    }


def main() -> None:
    """Write a trace: `python -m simulators.history --out FOLDER --first-day 2026-08-03 [--seed 7]`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first-day", type=date.fromisoformat, required=True)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    done = render_history(Plan(chosen.seed, chosen.first_day), chosen.out)
    print(f"{done.rows} rows in {done.files} files: {done.folder}")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
