"""Speed of the verifier: strict frame parsing, and a synthetic log of 60,000 blocks × 14 streams (≈ 1.5 million rows).

Times are CPU seconds of one core.

Run: `python benchmarks/bench_verify.py [blocks]`.
The synthetic log is built in memory first; only verification is timed.
"""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from evidence.policy import parse_policy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from evidence.bundle_files import open_bundle, write_zip
from evidence.frame import FrameRow, StreamLayout, frame_prefix, parse_frame, write_frame
from evidence.statement import Claim
from evidence.verify import verify_bundle
from model.signal import SignalType
from tests.unit.evidence.equipment_builder import asset, plant, signal
from tests.unit.evidence.evidence_builder import (
    LogBuilder,
    claim_of,
    filled,
    proof,
    row,
)

SLOT = 29_538_720
T0 = SLOT * 60_000


def bench_parse(rows: int, repeat: int, kind: SignalType) -> None:
    layout = StreamLayout.of("cnc-01.count", [kind, kind])
    value = 41 if kind is SignalType.INT else 41.5
    frame = write_frame(
        layout,
        SLOT,
        [FrameRow(T0 + i, T0 + i, i % 2, value, 0, 0x80) for i in range(rows)],
    )
    prefix = frame_prefix(SLOT)
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        for _ in range(repeat):
            parse_frame(frame, layout, prefix, SLOT, simulated=True)
        best = min(best, (time.process_time() - began) / repeat)
    print(
        f"parse {kind.value:5} {rows:4} rows: {best * 1e6:8.2f} us/frame  {rows / best / 1e6:6.2f} M rows/s"
    )


def bench_held(rows: int, repeat: int) -> None:
    layout = StreamLayout.of("cnc-01.state", [SignalType.INT])
    frame = write_frame(
        layout, SLOT, [FrameRow(T0 + i, None, 0, None, 0, 0x85) for i in range(rows)]
    )
    prefix = frame_prefix(SLOT)
    began = time.process_time()
    for _ in range(repeat):
        parse_frame(frame, layout, prefix, SLOT, simulated=True)
    best = (time.process_time() - began) / repeat
    print(
        f"parse H rows {rows:3}      : {best * 1e6:8.2f} us/frame  {rows / best / 1e6:6.2f} M rows/s"
    )


MACHINES = ("cnc-01", "cnc-02", "plc-01", "press-01", "robot-01")
METERS = ("meter-01", "meter-02")
COEFFICIENTS = {
    "id": "GB/T 2589-2020",
    "rows": [{"carrier": "electricity", "kgce": [1229, 10_000], "unit": "kW.h"}],
}


def build(blocks: int) -> LogBuilder:
    """Return a log of five machines and two meters; one row a signal and minute, about 25 rows a block."""
    log = LogBuilder()
    counter = {"first": 0, "max_correction": 0, "max_rate": [10, 60_000], "modulus": "0"}
    free = {**counter, "max_rate": [0, 1]}
    streams: dict[str, list[dict[str, object]]] = {}
    for name in MACHINES:
        streams[f"{name}.state"] = [signal("state", "state", required=True)]
    for name in MACHINES:
        streams[f"{name}.count"] = [
            signal("good", "count_good", required=True, counter=counter),
            signal("scrap", "count_scrap", required=True, counter=counter),
        ]
    for name in METERS:
        streams[f"{name}.energy"] = [
            signal("energy", "energy", "float", required=True, scale=[1000, 1], counter=free),
            signal("power", "power", "float"),
        ]
    for name in MACHINES[:2]:
        streams[f"{name}.process"] = [signal("override", "feed_override", "float")]
    assets = [asset(name) for name in MACHINES]
    assets += [
        asset(name, production=False, ideal_cycle_ms=[0, 1], products=[], state_table="")
        for name in METERS
    ]
    assets.sort(key=lambda item: str(item["id"]))
    log.config(plant(assets, streams, coefficients=COEFFICIENTS))
    log.boot()
    for minute in range(blocks):
        t = log.slot * 60_000 + 500
        rows: dict[str, list[FrameRow]] = {}
        for number, name in enumerate(MACHINES):
            value = 3 if (minute // 37 + number) % 5 else 4
            held = (minute + number) % 3 == 0 and minute % 37
            rows[f"{name}.state"] = [proof(t, 0) if held else row(t, 0, value)]
            rows[f"{name}.count"] = [row(t, 0, minute), row(t + 3, 1, minute // 50)]
        for name in METERS:
            rows[f"{name}.energy"] = [
                row(t, 0, 1000 + minute * 0.25),
                row(t, 1, 15.5),
                row(t + 30_000, 1, 14.5),
            ]
        for name in MACHINES[:2]:
            rows[f"{name}.process"] = [row(t, 0, 100.0), row(t + 30_000, 0, 98.5)]
        log.block(rows)
    return log


def claims_of(log: LogBuilder, first: int, last: int) -> list[Claim]:
    half = (first + last) // 2
    machines, meters = list(MACHINES), list(METERS)
    wanted = [
        claim_of("oee-iso22400/1", first, last, assets=machines, by="all"),
        claim_of("utilisation/1", first, last, assets=machines),
        claim_of("nc-ratio/1", first, last),
        claim_of("upload-rate/1", first, last),
        claim_of("networked/1", first, last, threshold=[19, 20], min_days=14),
        claim_of("energy-per-piece/1", first, last, unit="W.h", assets=machines, meters=meters),
        claim_of(
            "before-after/1",
            half,
            last,
            metric="oee-iso22400/1",
            sense="increase",
            before=[first, half],
            assets=machines,
            threshold=[1, 10],
        ),
        claim_of(
            "before-after/1",
            half,
            last,
            metric="energy-per-piece/1",
            sense="reduction",
            before=[first, half],
            assets=machines,
            meters=meters,
            threshold=[1, 10],
        ),
        claim_of("oee/2", first, last, assets=machines, by="all"),
        claim_of("defect-rate/1", first, last, assets=machines),
        claim_of("registry-ratio/1", first, last, ratio="smart-share"),
        claim_of("unit-energy/1", first, last, unit="kgce", assets=machines, meters=meters),
        claim_of("automatic-control/1", first, last, assets=machines),
    ]
    named = [replace(claim, id=f"kpi-{number}") for number, claim in enumerate(wanted)]
    claims = [
        filled(claim, found) for claim, found in zip(named, log.compute_all(named), strict=True)
    ]
    for claim in claims:
        print(f"  {claim.algorithm:20} {claim.num}/{claim.den}"[:110])
    return claims


class Steps:
    def __init__(self) -> None:
        self.at: list[tuple[int, float]] = []

    def step(self, number: int) -> None:
        self.at.append((number, time.process_time()))

    def blocks(self, done: int, total: int) -> None:
        pass


def peak_mib() -> float:
    """Return the peak resident memory of this program; getrusage would hand down that of the parent on Linux."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def build_zip(path: Path, blocks: int) -> bytes:
    began = time.process_time()
    log = build(blocks)
    print(f"built {blocks} blocks in {time.process_time() - began:.1f} s")
    claims = claims_of(log, SLOT, SLOT + blocks)
    members = log.bundle(claims)
    policy = f"log {log.key}\nquorum none\n".encode()
    write_zip(path, ((name, iter([data])) for name, data in members.items()))
    return policy


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "parse":
        for kind in (SignalType.INT, SignalType.FLOAT):
            for rows, repeat in ((0, 20_000), (1, 20_000), (2, 20_000), (6, 20_000), (600, 500)):
                bench_parse(rows, repeat, kind)
        bench_held(1, 20_000)
        bench_held(600, 300)
        return
    if len(sys.argv) > 2 and sys.argv[1] == "verify":
        path = Path(sys.argv[2])
        steps = Steps()
        gc.disable()  # as the program does
        with open_bundle(path) as bundle:
            verified = verify_bundle(
                bundle, parse_policy(path.with_suffix(".policy").read_bytes()), watcher=steps
            )
        end = time.process_time()
        times = [*(t for _, t in steps.at), end]
        for (number, began), after in zip(steps.at, times[1:], strict=True):
            print(f"  step {number}: {after - began:6.2f} s")
        print(f"verified {verified.scope}")
        peak = peak_mib()
        print(f"total {end - steps.at[0][1]:.2f} s, peak memory {peak:.0f} MiB")
        return
    blocks = int(sys.argv[1]) if len(sys.argv) > 1 else 60_000

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.zip"
        path.with_suffix(".policy").write_bytes(build_zip(path, blocks))
        print(f"zip {path.stat().st_size / 1e6:.1f} MB")
        subprocess.run([sys.executable, __file__, "verify", str(path)], check=True)
        subprocess.run([sys.executable, __file__, "parse"], check=True)


if __name__ == "__main__":
    main()
