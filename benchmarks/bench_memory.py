"""Resident memory of the agent at 10,000 points that change once a second, into InfluxDB 2, sealed every minute.

    python -m benchmarks.bench_memory [--points 10000] [--minutes 4]

The same processes as `bench_chain`; prints RSS of the whole agent (one process, board included) every 20 s, and
its peak.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.bench_chain import (
    FIRST_CORE,
    LAST_CORE,
    Load,
    agent,
    collected,
    cpu_seconds,
    peak_mb,
    pin,
    rss_mb,
    wait_for,
    write_plant,
)
from tests.support.servers import influxdb2, node_opcua


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=4.0)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="plantproof-memory-") as name,
        influxdb2() as influx,
        node_opcua(variables=options.points, interval_ms=1000) as server,
    ):
        pin(influx.process.pid, FIRST_CORE)
        pin(server.process.pid, FIRST_CORE)
        load = Load(options.points, 1)
        site = write_plant(Path(name), server.url, load, influx, required=True)
        with agent(site, [LAST_CORE]) as process:
            wait_for(site, options.points, process)
            start, cpu, rows = time.monotonic(), cpu_seconds(process.pid), collected(site)
            print(f"{'s':>6}{'RSS MB':>9}{'rows/s':>10}{'CPU':>8}")
            while (passed := time.monotonic() - start) < options.minutes * 60:
                time.sleep(20)
                passed = time.monotonic() - start
                rate = (collected(site) - rows) / passed
                share = (cpu_seconds(process.pid) - cpu) / passed
                print(
                    f"{passed:>6.0f}{rss_mb(process.pid):>9.0f}{rate:>10.0f}{share:>8.1%}",
                    flush=True,
                )
            print(f"peak since start {peak_mb(process.pid):.0f} MB")


if __name__ == "__main__":
    main()
