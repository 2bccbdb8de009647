"""Sealing of the demo plant's history: CPU of a minute block from trace to signed head, as `plantproof demo` does it.

    python -m benchmarks.bench_sealing [--hours 168] [--rounds 3] [--trace FOLDER] [--profile]

Renders the demo history (or takes a trace that was rendered before), seals its first hours into a new log in a
temporary folder, and prints CPU and wall time of the replay: reading the trace, frames, salts, hashes, archive,
entries, tree and a signed head every six hours.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from agent.demo.history import ZLIB_LEVEL, plan_of
from agent.demo.plant_files import write_history
from agent.folders import DataFolder
from agent.sealer import Sealer
from agent.sources import protocols
from agent.timelapse import Replayed, replay
from config.document import PlantDocument, plant_document
from config.loader import load_plant
from connectors.file import read_trace
from evidence.grammar import Origin
from evidence.keys import SeedSigner
from evidence.note import log_key
from model.batch import Batch
from simulators.history import render_history
from storage.frame_archive import FrameArchive
from storage.ledger_files import Ledger, open_ledger


def seal(folder: Path, document: PlantDocument, batches: Iterator[Batch]) -> Replayed:
    """Seal `batches` into a new log in `folder`."""
    data = DataFolder(folder)
    signer = SeedSigner(bytes(range(32)))
    origin = Origin("sim", "91500000BENCH0001", "ws1", 1)
    ledger = open_ledger(data.ledger(1), log_key(origin, signer.public_key))
    assert isinstance(ledger, Ledger)
    with ledger, FrameArchive(data.frames(1), level=ZLIB_LEVEL) as archive:
        sealer = Sealer(
            ledger=ledger, archive=archive, signer=signer, secret=bytes(32), origin=origin
        )
        return replay(sealer, document, batches)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--hours", type=int, default=168)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trace", type=Path)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plantproof-sealing-") as name:
        root = Path(name)
        plan = plan_of(7)
        trace = options.trace or root / "trace"
        if not options.trace:
            render_history(plan, trace)
        plant = load_plant(write_history(root, plan, trace), protocols=protocols(), environment={})
        document = plant_document(plant)
        if options.profile:
            profile = cProfile.Profile()
            profile.enable()
            seal(
                root / "profile", document, islice(read_trace(trace, document.table), options.hours)
            )
            profile.disable()
            pstats.Stats(profile).sort_stats("tottime").print_stats(28)
        print(
            f"{'blocks':>8}{'streams':>9}{'rows':>9}{'CPU us/block':>14}{'us/row':>8}"
            f"{'blocks/CPU-s':>14}{'blocks/s':>10}"
        )
        for round_ in range(options.rounds):
            batches = islice(read_trace(trace, document.table), options.hours)
            cpu, wall = time.process_time(), time.perf_counter()
            done = seal(root / str(round_), document, batches)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            size = sum(p.stat().st_size for p in (root / str(round_)).rglob("*") if p.is_file())
            print(
                f"{done.blocks:>8}{len(document.table.streams):>9}{done.rows:>9}{cpu / done.blocks * 1e6:>14.0f}"
                f"{cpu / done.rows * 1e6:>8.2f}{done.blocks / cpu:>14.0f}{done.blocks / wall:>10.0f}"
                f"   {size / done.blocks:.0f} B/block on disk"
            )


if __name__ == "__main__":
    main()
