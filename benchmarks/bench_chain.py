"""CPU cost of a delivered value in the real agent: source → fsynced journal → InfluxDB 2 acknowledged, and sealed.

    python -m benchmarks.bench_chain [--loads 1000x1 5000x1 2000x10] [--seconds 60] [--saturate]

`plantproof run` is a process of its own on the last core; a node-opcua server and InfluxDB 2 share core 0. Publishing
500 ms, all points Double and required. A window of 60 s holds one of everything that comes once a minute: sealing and
the re-read of every point. CPU is that of the whole agent process (all threads, board without a viewer) over the
window, divided by the values of the window that InfluxDB counts. The variables of the server are step counters, so that
`last - first + 1` is what it published: rows and journal must hold as many. `--saturate`: instead of node-opcua a
server that sends `--rate` values a second, 5,000 in a notification; source, agent and InfluxDB share both cores.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import json
import logging
import multiprocessing
import os
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from asyncua import ua
from asyncua.ua.uatypes import datetime_to_win_epoch

from benchmarks import bench_opcua
from benchmarks.bench_opcua import MOMENT, Flood
from storage.journal_codec import decode
from tests.support.process import http
from tests.support.servers import InfluxDb2, influxdb2, node_opcua

DEVICES = 20
MEMORY_BOUND_MB = 450
"""What the agent may take under any load: 100 for itself, 51 of rows held; pieces, commits, requests."""
NODE_NAMESPACE = "nsu=urn:plantproof:test:node-opcua"
FIRST_CORE, LAST_CORE = 0, max(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Load:
    """`nodes` variables that change `rate` times a second."""

    nodes: int
    rate: int

    @staticmethod
    def parse(text: str) -> Load:
        nodes, _, rate = text.partition("x")
        return Load(int(nodes), int(rate))


@dataclass(frozen=True)
class Window:
    """What one window of a run shows."""

    cpu_s: float
    wall_s: float
    rows: int
    published: int
    journal: int
    rss_mb: float


def write_plant(
    folder: Path,
    url: str,
    load: Load,
    influx: InfluxDb2,
    *,
    required: bool,
    namespace: str = NODE_NAMESPACE,
) -> Path:
    """Write a plant file with `load` points on 20 machines that share one session."""
    (folder / "token").write_text(influx.token)
    each = load.nodes // DEVICES
    sampling = "50 ms" if load.rate >= 10 else "250 ms"
    devices = [
        {
            "id": f"m-{d:02d}",
            "name": f"机床 {d}",
            "class": "cnc",
            "connection": {
                "protocol": "opcua",
                "url": url,
                "security": "none",
                "publishing_interval": "500 ms",
                "sampling": sampling,
            },
            "signals": [
                {
                    "name": f"v{d * each + i}",
                    "role": "process_value",
                    "type": "float",
                    "required": required,
                    "address": {"node": f"{namespace};s=v{d * each + i}"},
                }
                for i in range(each)
            ],
        }
        for d in range(DEVICES)
    ]
    plant = {
        "site": {
            "enterprise": "91500000BENCH0001",
            "name": "bench",
            "workshop": "ws1",
            "realm": "sim",
        },
        "calendar": {"shifts": [{"name": "a", "start": "00:00", "end": "12:00"}]},
        "devices": devices,
        "storage": {
            "influx": {
                "url": influx.url,
                "version": "2",
                "org": influx.org,
                "bucket": influx.bucket,
                "token_file": "token",
            }
        },
        "server": {"port": 8600},
    }
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(plant, allow_unicode=True))
    return path


@contextmanager
def agent(
    site: Path, cores: Sequence[int], *, stages: bool = False, floor: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `plantproof run` (or the floor) on `cores` until the context ends, then stop it by SIGINT."""
    command = ["-c", "from agent.cli import main; main()", "run", site, "--port", "0"]
    if stages:
        command = ["-m", "benchmarks.chain_stages", "run", site, "--port", "0"]
    if floor:
        command = ["-m", "benchmarks.chain_floor", site]
    with (site.parent / "agent.log").open("wb") as log:
        process = subprocess.Popen(
            ["taskset", "-c", ",".join(map(str, cores)), sys.executable, *command],
            stdout=log,
            stderr=log,
            env={**os.environ, "STAGES": str(site.parent / "stages.json")},
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def pin(pid: int, core: int) -> None:
    """Move every thread of a process to one core."""
    subprocess.run(["taskset", "-a", "-cp", str(core), str(pid)], check=True, capture_output=True)


def cpu_seconds(pid: int) -> float:
    """Return user and system time of all living threads; ticks would be too coarse for 5 ms a second."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def rss_mb(pid: int) -> float:
    """Return the resident memory in 10^6 bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def peak_mb(pid: int) -> float:
    """Return the largest resident memory so far in 10^6 bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def collected(site: Path) -> int:
    """Return the rows that the agent says it has collected."""
    try:
        return int(json.loads((site.parent / "data" / "status.json").read_text())["collected_rows"])
    except (OSError, ValueError):
        return 0


def wait_for(site: Path, rows: int, process: subprocess.Popen[bytes], limit_s: float = 120) -> None:
    """Wait until `rows` are collected. Raises RuntimeError with the end of the log when that does not happen."""
    end = time.monotonic() + limit_s
    while collected(site) < rows:
        if process.poll() is not None or time.monotonic() > end:
            log = (site.parent / "agent.log").read_text()
            raise RuntimeError(f"the agent collects {collected(site)} rows:\n{log[-2000:]}")
        time.sleep(0.5)


def flux(influx: InfluxDb2, query: str) -> list[dict[str, str]]:
    """Return the records of a query."""
    status, answer = http(
        "POST",
        f"{influx.url}/api/v2/query?org={influx.org}",
        query.encode(),
        {
            "Authorization": f"Token {influx.token}",
            "Content-Type": "application/vnd.flux",
            "Accept": "application/csv",
        },
        timeout=300,
    )
    if status != 200:
        raise RuntimeError(answer.decode(errors="replace"))
    text = answer.decode().replace("\r\n", "\n").strip()
    return [r for part in text.split("\n\n") for r in csv.DictReader(io.StringIO(part))]


def totals(influx: InfluxDb2, start_ns: int, end_ns: int) -> tuple[int, int]:
    """Return (rows, rows that the step counters promise) of the instants in [start, end)."""
    window = (
        f'from(bucket: "{influx.bucket}") |> range(start: time(v: {start_ns}), stop: time(v: {end_ns}))'
        ' |> filter(fn: (r) => r._measurement == "process" and r._field =~ /^v[0-9]+$/)'
    )
    series = ' |> group(columns: ["_field"])'
    found = {}
    for name in ("count", "min", "max"):
        answer = flux(influx, f"{window}{series} |> {name}()")
        found[name] = {r["_field"]: int(float(r["_value"])) for r in answer}
    published = sum(found["max"][f] - found["min"][f] + 1 for f in found["count"])
    return sum(found["count"].values()), published


def journal_rows(site: Path, start_ns: int, end_ns: int) -> int:
    """Return the value rows of the journal with a source time in [start, end)."""
    database = sqlite3.connect(site.parent / "data" / "journal.sqlite")
    rows = 0
    for (blob,) in database.execute("SELECT data FROM blob"):
        source = decode(blob).source_ns
        rows += int(((source >= start_ns) & (source < end_ns)).sum())
    database.close()
    return rows


def stages_of(site: Path, process: subprocess.Popen[bytes]) -> dict[str, tuple[int, int]]:
    """Return (CPU ns, calls) of every stage so far."""
    path = site.parent / "stages.json"
    path.unlink(missing_ok=True)
    process.send_signal(signal.SIGUSR1)
    while not path.exists():
        time.sleep(0.05)
    return {name: tuple(v) for name, v in json.loads(path.read_text()).items()}


def print_stages(
    before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]], rows: int, wall_s: float
) -> None:
    """Print CPU per value and calls a second of every stage between two readings."""
    spent = {name: after[name][0] - before.get(name, (0, 0))[0] for name in after}
    total = spent.pop("process")
    spent["rest"] = total - sum(spent.values())
    for name, ns in sorted(spent.items(), key=lambda item: -item[1]):
        calls = after.get(name, (0, 0))[1] - before.get(name, (0, 0))[1]
        print(
            f"    {name:20}{ns / rows / 1e3:8.2f} us/value{ns / total:8.1%}{calls / wall_s:9.1f} calls/s"
        )


def measure(
    load: Load,
    seconds: float,
    warm_s: float,
    *,
    required: bool,
    stages: bool = False,
    floor: bool = False,
) -> Window:
    """Run one load and return its window."""
    with (
        tempfile.TemporaryDirectory(prefix="plantproof-chain-") as name,
        influxdb2() as influx,
        node_opcua(variables=load.nodes, interval_ms=1000 // load.rate) as server,
    ):
        folder = Path(name)
        pin(influx.process.pid, FIRST_CORE)
        pin(server.process.pid, FIRST_CORE)
        site = write_plant(folder, server.url, load, influx, required=required)
        with agent(site, [LAST_CORE], stages=stages, floor=floor) as process:
            wait_for(site, load.nodes * 2, process)
            time.sleep(warm_s)
            before = stages_of(site, process) if stages else {}
            start_ns, cpu = time.time_ns(), cpu_seconds(process.pid)
            time.sleep(seconds)
            end_ns, cpu = time.time_ns(), cpu_seconds(process.pid) - cpu
            rss = rss_mb(process.pid)
            after = stages_of(site, process) if stages else {}
            time.sleep(5)
        rows, published = totals(influx, start_ns, end_ns)
        if stages:
            print_stages(before, after, rows, (end_ns - start_ns) / 1e9)
        if os.environ.get("BENCH_LOG"):
            print((folder / "agent.log").read_text())
        return Window(
            cpu,
            (end_ns - start_ns) / 1e9,
            rows,
            published,
            journal_rows(site, start_ns, end_ns),
            rss,
        )


class Fresh(Flood):
    """Sends the canned notification with a new value and source time in every item."""

    last = 0
    due = 0.0
    rate = 0.0

    async def _process_message(self, typeid: Any, header: Any, seqhdr: Any, body: Any) -> Any:
        canned = getattr(self, "canned", b"")
        if canned and typeid == ua.NodeId(ua.ObjectIds.PublishRequest_Encoding_DefaultBinary):
            Fresh.due = max(Fresh.due + 5000 / Fresh.rate, time.monotonic() - 0.5)
            await asyncio.sleep(max(0.0, Fresh.due - time.monotonic()))
            # 100 ns since 1601; a source never gives two values of one item the same time.
            Fresh.last = max(time.time_ns() // 100 + 116_444_736_000_000_000, Fresh.last + 1)
            times, values = self._columns(canned)
            times[:] = Fresh.last
            values += 1.0
            self.canned = self._data.tobytes()
        return await super()._process_message(typeid, header, seqhdr, body)

    def _columns(self, canned: bytes) -> tuple[Any, Any]:
        if not hasattr(self, "_data"):
            self._data = np.frombuffer(canned, np.uint8).copy()
            stamp = datetime_to_win_epoch(MOMENT).to_bytes(8, "little")
            first = canned.index(stamp)
            stride = canned.index(stamp, first + 8) - first
            n = (len(canned) - first - 8) // stride + 1
            # An item is handle, mask, type, value, [status], source time.
            value = canned.index(struct.pack("<d", 0.5))
            self._views = (
                np.ndarray((n,), "<i8", self._data, first, (stride,)),
                np.ndarray((n,), "<f8", self._data, value, (stride,)),
            )
        return self._views


def serve_fresh(pipe: Connection, rate: float) -> None:
    """Run the server with `rate` values a second at most until something arrives in `pipe`."""
    Fresh.rate = rate
    bench_opcua.Flood = Fresh  # type: ignore[misc]
    bench_opcua.serve_process("double", pipe)


def status_of(site: Path) -> dict[str, Any]:
    """Return the status file of the agent."""
    found: dict[str, Any] = json.loads((site.parent / "data" / "status.json").read_text())
    return found


def saturate(seconds: float, rate: float) -> None:
    """Print what the agent collects, seals and delivers a second from a source of `rate` values a second."""
    load = Load(5000, 0)
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve_fresh, args=(there, rate))
    server.start()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="plantproof-chain-") as name,
            influxdb2() as influx,
        ):
            url = f"opc.tcp://127.0.0.1:{here.recv()}"
            site = write_plant(Path(name), url, load, influx, required=True, namespace="ns=1")
            with agent(site, sorted(os.sched_getaffinity(0))) as process:
                wait_for(site, 100_000, process)
                time.sleep(10)
                start, before, cpu = time.monotonic(), status_of(site), cpu_seconds(process.pid)
                time.sleep(seconds)
                wall, after = time.monotonic() - start, status_of(site)
                cpu = cpu_seconds(process.pid) - cpu
                rss, peak = rss_mb(process.pid), peak_mb(process.pid)
            got = after["collected_rows"] - before["collected_rows"]
            sent = got - after["undelivered_rows"] + before["undelivered_rows"]
            print(
                f"{rate:.0f} values/s offered, {wall:.0f} s: collected (fsynced) {got / wall:.0f} values/s, "
                f"acknowledged by InfluxDB "
                f"{sent / wall:.0f} values/s, {after['blocks'] - before['blocks']} minutes sealed, lost "
                f"{after['lost_rows']}; agent {cpu / wall:.0%} of a core = "
                f"{cpu / got * 1e6:.2f} us a value, RSS {rss:.0f} MB, peak {peak:.0f} of "
                f"{MEMORY_BOUND_MB} MB allowed{'' if peak <= MEMORY_BOUND_MB else ': EXCEEDED'}"
            )
            for row in after["sources"]:
                print(f"    source {row['name'][:20]}… {row['state']}")
            if after["problem_en"]:
                print(f"    {after['problem_en'][:300]}")
    finally:
        here.send("stop")
        server.join(10)
        if server.is_alive():
            server.kill()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--loads",
        nargs="+",
        type=Load.parse,
        default=[Load(1000, 1), Load(5000, 1), Load(2000, 10)],
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--warm", type=float, default=10.0)
    parser.add_argument(
        "--not-required", action="store_true", help="no slots, no re-read: collection alone"
    )
    parser.add_argument(
        "--stages", action="store_true", help="CPU of each stage (the counters cost a little)"
    )
    parser.add_argument(
        "--floor",
        action="store_true",
        help="the yardstick of `chain_floor` before each run of the agent",
    )
    parser.add_argument("--rounds", type=int, default=1, help="how often all loads are run")
    parser.add_argument("--saturate", action="store_true", help="values a second on both cores")
    parser.add_argument("--rate", type=float, default=110_000, help="of the source of --saturate")
    options = parser.parse_args()
    if options.saturate:
        logging.disable(logging.CRITICAL)
        saturate(options.seconds, options.rate)
        return
    print(
        f"{'load':>12}{'':>7}{'values/s':>10}{'CPU us/value':>14}{'of floor':>10}{'rows':>10}{'journal':>10}"
        f"{'published':>11}{'loss':>6}{'RSS MB':>8}"
    )
    for load in options.loads * options.rounds:
        cost = {}
        for floor in (True, False) if options.floor else (False,):
            w = measure(
                load,
                options.seconds,
                options.warm,
                required=not options.not_required,
                stages=options.stages and not floor,
                floor=floor,
            )
            cost[floor] = w.cpu_s / w.rows * 1e6
            ratio = f"{cost[floor] / cost[True]:.2f}" if True in cost else "-"
            print(
                f"{f'{load.nodes} x {load.rate} Hz':>12}{'floor' if floor else 'agent':>7}"
                f"{w.rows / w.wall_s:>10.0f}{cost[floor]:>14.2f}{ratio:>10}{w.rows:>10}{w.journal:>10}"
                f"{w.published:>11}{w.published - w.rows:>6}{w.rss_mb:>8.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
