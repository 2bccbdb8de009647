"""`before-after/2` over 90 + 90 days of five machines at a row a minute: seconds of CPU once rows are loaded.

Run: `python -m benchmarks.bench_before_after`. Limit: cells and claim together ≤ 1 s for each metric.
"""

from __future__ import annotations

import time
from fractions import Fraction
from itertools import pairwise
from typing import Any

from benchmarks.bench_kpi import MACHINES, MIN, T0, plant
from kpi.claims import ComparisonClaim
from kpi.equipment.space import equipment_space
from kpi.evaluate import evaluate
from kpi.window import Span
from kpi.workspace import Workspace

DAYS = 90
METERS = ("meter-01", "meter-02")
METRICS = ("oee/2", "availability/2", "utilisation/2", "defect-rate/1", "energy-per-piece/2")


def main() -> None:
    """Print the times."""
    rows = plant(2 * DAYS + 1)
    edges = [T0 // MIN + (1 + n * DAYS) * 1440 for n in range(3)]
    before, after = Span(edges[0], edges[1]), Span(edges[1], edges[2])
    print(f"{DAYS} + {DAYS} days, {len(MACHINES)} machines, {len(rows.point)} rows")
    for metric in METRICS:
        energy = metric.startswith("energy")
        more: dict[str, Any] = {"meters": METERS} if energy else {}
        sense = "reduction" if energy or metric.startswith("defect") else "increase"
        claim: Any = ComparisonClaim(
            after,
            before,
            metric,  # type: ignore[arg-type]
            sense,  # type: ignore[arg-type]
            Fraction(1, 10),
            tuple(MACHINES),
            **more,
        )
        works = [Workspace(rows, span) for span in (before, after)]
        marks = [time.process_time()]
        for work in works:
            _ = work.selection
        marks.append(time.process_time())
        for work in works:
            for machine in MACHINES:
                equipment_space(work).cells(machine)
        marks.append(time.process_time())
        found = evaluate(claim, works[1], works[0])
        marks.append(time.process_time())
        rows_ms, cells_ms, claim_ms = (1000 * (b - a) for a, b in pairwise(marks))
        days = found.detail["before"]
        valid = days["valid"] if isinstance(days, dict) else 0
        print(
            f"{metric:20s} visible rows {rows_ms:6.0f} ms, cells {cells_ms:5.0f} ms, "
            f"claim {claim_ms:5.0f} ms, {valid} valid days before"
        )


if __name__ == "__main__":
    main()
