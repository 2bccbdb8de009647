"""The upload rate with everything beside it over two weeks of the demo plant's shape: seconds of CPU and rows.

Run: `python -m benchmarks.bench_upload_report`. Limit: two weeks of about 500,000 rows ≤ 2 s.
"""

from __future__ import annotations

import statistics
import time

from benchmarks.bench_kpi import MIN, T0, plant
from kpi.upload.report import upload_report
from kpi.window import Span
from kpi.workspace import Workspace


def main() -> None:
    """Print the time of one report; the rows are selected anew each time."""
    days = 14
    rows = plant(days)
    span = Span(T0 // MIN, T0 // MIN + days * 1440, 0, 5)
    times = []
    for _ in range(5):
        start = time.process_time()
        found = upload_report(Workspace(rows, span))
        times.append(time.process_time() - start)
    print(
        f"{days:3d} d {len(rows.point):8d} rows: upload report {statistics.median(times) * 1000:7.1f} ms, "
        f"{len(found.findings)} findings"
    )


if __name__ == "__main__":
    main()
