"""Journal, line protocol and sealing: samples a second, CPU microseconds a sample, bytes a sample.

Run: `python -m benchmarks.bench_journal [--quick]`. CPU time is what compares between machines and hours; figures of
pure code are the best of several runs, because other work on the machine only ever adds.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from model.batch import Batch, make_batch
from model.signal import Role, Signal, SignalTable, SignalType
from storage.frames import FrameWriter, seal_slot
from storage.journal import Journal
from storage.line_names import PlantTags
from storage.line_protocol import LineEncoder
from storage.slot_ledger import SlotLedger

SLOT = 29_538_720
T0 = SLOT * 60_000_000_000
ORIGIN = "sim/91500000BENCH0001/ws1/1"


class SystemClock:
    def unix_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


def plant(devices: int, signals: int, kind: SignalType = SignalType.FLOAT) -> SignalTable:
    return SignalTable.of(
        [
            Signal(
                device=f"m-{d:04d}", name=f"s{i}", role=Role.PROCESS_VALUE, type=kind, required=True
            )
            for d in range(devices)
            for i in range(signals)
        ]
    )


def readings(table: SignalTable, rows: int, seed: int = 1) -> Batch:
    """Rows that cycle through all signals, each round at one instant, with two decimals like real meters."""
    rng = np.random.default_rng(seed)
    n = len(table.signals)
    rounds = np.arange(rows) // n
    return make_batch(
        signal=np.arange(rows) % n,
        source_ns=T0 + rounds * 1_000_000_000,
        received_ns=T0 + rounds * 1_000_000_000 + 4_000_000,
        value=np.round(rng.normal(50, 10, rows), 2).view(np.int64),
        flags=128,
    )


def best(work: Callable[[], object], *, repeat: int, inner: int = 1) -> float:
    """Return the least CPU seconds of one call."""
    found = []
    for _ in range(repeat):
        begin = time.process_time()
        for _ in range(inner):
            work()
        found.append((time.process_time() - begin) / inner)
    return min(found)


def bench_journal(rows: int, blocks: int) -> None:
    table = plant(rows // 20 or 1, min(rows, 20))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        with Journal.open(path, clock=SystemClock()) as journal:
            config = journal.register(table, "bench")
            batches = [readings(table, rows, seed) for seed in range(8)]
            # Time goes on from block to block, as it does in a plant.
            moved = [
                replace(
                    b,
                    source_ns=b.source_ns + i * 3600 * 10**9,
                    received_ns=b.received_ns + i * 3600 * 10**9,
                )
                for i, b in ((i, batches[i % 8]) for i in range(blocks))
            ]
            waits = []
            cpu = time.process_time()
            wall = time.perf_counter()
            for i in range(blocks):
                begin = time.perf_counter()
                journal.append([moved[i]], slot=SLOT, config=config)
                waits.append(time.perf_counter() - begin)
            wall = time.perf_counter() - wall
            cpu = time.process_time() - cpu
            total = rows * blocks
            size = sum(info.size for info in journal.infos()) / total
            p50, p99 = np.percentile(np.array(waits) * 1e3, [50, 99])
        print(
            f"journal   {rows:6d} rows a commit: {total / wall / 1e6:6.2f} M samples/s, "
            f"{cpu / total * 1e6:6.3f} us CPU and {size:5.2f} B a sample, commit p50 {p50:.2f} ms p99 {p99:.2f} ms"
        )


def bench_line_protocol(devices: int, fields: int, rounds: int, repeat: int) -> None:
    table = plant(devices, fields)
    batch = readings(table, devices * fields * rounds)
    encoder = LineEncoder(table, PlantTags("plant", simulated=True), unsigned=True)
    size = len(encoder.encode(batch)) / len(batch)
    cpu = best(lambda: encoder.encode(batch), repeat=repeat)
    print(
        f"lines     {len(batch):6d} values, {fields:2d} a line: {cpu / len(batch) * 1e6:6.3f} us CPU "
        f"and {size:5.1f} B a value"
    )


def bench_seal(streams: int, rows: int, repeat: int) -> None:
    table = plant(streams, 3)
    batch = readings(table, streams * rows)
    writer = FrameWriter(table)
    inner = max(1, 20_000 // len(batch))
    render = best(lambda: writer.render(batch, SLOT), repeat=repeat, inner=inner)
    sealed = best(
        lambda: seal_slot(writer, batch, slot=SLOT, origin=ORIGIN, secret=bytes(32)),
        repeat=repeat,
        inner=inner,
    )
    frames = writer.render(batch, SLOT).frames
    hashing = best(lambda: [hashlib.sha256(f).digest() for f in frames], repeat=repeat, inner=inner)
    print(
        f"seal      {streams:4d} streams x {rows:4d} rows: frames {render / len(batch) * 1e6:6.3f} us a row = "
        f"{render / streams * 1e6:6.2f} us a frame; sealed {sealed / len(batch) * 1e6:6.3f} us a row "
        f"(SHA-256 alone {hashing / len(batch) * 1e6:.3f})"
    )


def bench_slots(points: int, repeat: int) -> None:
    table = plant(points // 20, 20)
    batch = readings(table, points)
    ledger = SlotLedger(table, now_ns=T0, expected=lambda _d, _s, _e: True)
    now = [T0 + 60_000_000_000]

    def minute() -> None:
        ledger.observe(batch)
        now[0] += 60_000_000_000
        ledger.close(now[0], {})

    cpu = best(minute, repeat=repeat)
    print(
        f"slots     {points:6d} points: one minute {cpu * 1e3:6.2f} ms = {cpu / points * 1e6:.3f} us a point"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    quick = parser.parse_args().quick
    for rows, blocks in ((10, 500), (100, 500), (1000, 400), (5000, 200)):
        bench_journal(rows, blocks // 10 if quick else blocks)
    for devices, fields, rounds in ((250, 20, 1), (50, 20, 5), (5000, 1, 1)):
        bench_line_protocol(devices, fields, rounds, 5 if quick else 40)
    for streams, rows in ((1, 600), (20, 600), (20, 60), (20, 3), (200, 3)):
        bench_seal(streams, rows, 5 if quick else 40)
    bench_slots(10_000, 3 if quick else 20)


if __name__ == "__main__":
    main()
