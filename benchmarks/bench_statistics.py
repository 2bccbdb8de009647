"""Equipment statistics: forming them anew from the sealed archive, and asking a year of 100 machines for figures.

python benchmarks/bench_statistics.py [--folder DIR] [--machines 100] [--days 10] [--year 365] [--hz-copies 7]

A real archive is built (1 sample a minute over some days, 1 sample a second over one day) and read as it is (format
version 1, zlib). Its finished days are packed into columns (proposed version 2), which proves that the same frames come
out. Days in columns are then repeated to make a year, and formed anew with one and two processes. CPU time counts both
processes; wall time depends on what else runs on the machine.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agent.log_window import LogIndex
from agent.statistics import StatisticsKeeper
from agent.statistics_figures import figures_of_group
from agent.statistics_query import By, grouped, stored_cells, window_of
from benchmarks.statistics_plant import Plant, build
from kpi.calendar import DAY_MS, HOUR_MS
from storage.column_day import HEAD, MAGIC, RUN_HEAD, VERSION, ColumnDay, column_path
from storage.column_pack import pack_day
from storage.frame_archive import SLOTS_A_DAY, FrameArchive
from storage.statistics import StatisticsStore


@dataclass(frozen=True)
class Cost:
    wall: float
    cpu: float
    rss_mb: float


def measured(action: Callable[[], object]) -> Cost:
    """Run something; CPU of this process and of those that ended in it, most memory of any one of them so far."""
    before = _cpu()
    begun = time.perf_counter()
    action()
    wall = time.perf_counter() - begun
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    most = max(resource.getrusage(k).ru_maxrss for k in kinds)
    return Cost(wall, _cpu() - before, most / 1024)


def _cpu() -> float:
    total = 0.0
    for kind in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        used = resource.getrusage(kind)
        total += used.ru_utime + used.ru_stime
    return total


def said(what: str, cost: Cost, rows: int, raw: int, frames: int, processes: int) -> None:
    """Print one line: rates by CPU time are those of so many free cores."""
    cores = cost.cpu / processes
    print(
        f"{what:44s} {rows / 1e6:7.1f} M samples  {rows / cores / 1e6:6.1f} M/s of CPU, {rows / cost.wall / 1e6:5.1f} wall"
        f"  {raw / cores / 1e6:6.0f} MB/s of frames  {cost.cpu / rows * 1e9:6.0f} ns/sample "
        f"{cost.cpu / frames * 1e6:6.2f} µs/frame  peak {cost.rss_mb:5.0f} MB",
        flush=True,
    )


def repeated(folder: Path, days: list[int], copies: int) -> list[int]:
    """Write the columns of some days again for the days after them; return all days. Counters begin anew with a copy."""
    found = list(days)
    for copy in range(1, copies):
        for day in days:
            _shifted(column_path(folder, day), folder, copy * len(days))
            found.append(day + copy * len(days))
    return found


def _shifted(path: Path, folder: Path, by_days: int) -> None:
    """Write one day again for another day: only the directory differs, for times are relative to their minute."""
    old = ColumnDay(path)
    head = HEAD.unpack(path.read_bytes()[: HEAD.size])
    parts = []
    for run in old.runs:
        names = [len(s).to_bytes(2, "little") + s.encode("ascii") for s in run.streams]
        slots = run.slots + by_days * SLOTS_A_DAY
        parts += [RUN_HEAD.pack(len(slots), len(run.streams)), slots.tobytes(), *names]
        parts.append(run.sections.tobytes())
    packed = zlib.compress(b"".join(parts), 6)
    day, place = old.day + by_days, head[5]
    data = bytearray(path.read_bytes()[:place])
    data[: HEAD.size] = HEAD.pack(MAGIC, VERSION, 0, 0, day, place, len(packed), zlib.crc32(packed))
    column_path(folder, day).write_bytes(bytes(data) + packed)


def index_of(plant: Plant, days: list[int]) -> LogIndex:
    """Return the index of a log that has whole days, and a block after them."""
    slots = [s for d in days for s in range(d * SLOTS_A_DAY, (d + 1) * SLOTS_A_DAY)]
    slots.append(slots[-1] + 1)
    index = plant.index
    return LogIndex(
        documents=index.documents,
        after_slot=[None],
        from_slot=[slots[0]],
        digests=index.digests,
        entry_index=[0],
        t_ms=[0],
        slots=slots,
        states=[""] * len(slots),
        config_of=[0] * len(slots),
    )


class _NoRest(FrameArchive):
    """Has the folder; the block after the last day in columns is empty."""

    def payloads(self, slots, **_):  # type: ignore[no-untyped-def]
        return iter(())


def formed(folder: Path, archive: FrameArchive, index: LogIndex, processes: int) -> None:
    """Form the statistics into a new file."""
    path = folder / "statistics.sqlite"
    path.unlink(missing_ok=True)
    with closing(StatisticsStore(path)) as store:
        StatisticsKeeper(store, archive).rebuild(index, processes)


def recompute(
    folder: Path, machines: int, days: int, per_minute: int, copies: int
) -> tuple[Plant, list[int]]:
    """Measure one sample rate."""
    rate = f"{per_minute} a minute" if per_minute < 60 else "1 Hz"
    frames = folder / "frames"
    begun = time.perf_counter()
    minutes = days * SLOTS_A_DAY + 15
    plant = build(frames, machines=machines, minutes=minutes, per_minute=per_minute, level=6)
    streams = len(plant.document.streams)
    print(
        f"\n{rate}: {machines} machines, {len(plant.table.signals)} signals, {minutes} minutes, "
        f"{plant.rows / minutes / streams:.1f} rows a frame, built in {time.perf_counter() - begun:.0f} s; "
        f"frames {plant.raw_bytes / plant.rows:.1f} B/sample, zlib {plant.disk_bytes / plant.rows:.1f}",
        flush=True,
    )
    cost = measured(lambda: formed(folder, plant.archive, plant.index, 1))
    said("version 1 (zlib), 1 process", cost, plant.rows, plant.raw_bytes, streams * minutes, 1)
    whole = [d for d in plant.archive.days() if d < (plant.index.slots[-1]) // SLOTS_A_DAY]
    packed = measured(lambda: [pack_day(plant.archive, d, column_path(frames, d)) for d in whole])
    size = sum(column_path(frames, d).stat().st_size for d in whole)
    mine = plant.rows * len(whole) * SLOTS_A_DAY // minutes
    print(
        f"packed into columns: {size / mine:.2f} B/sample, {packed.cpu / mine * 1e6:.2f} µs CPU/sample"
    )
    every = repeated(frames, whole, copies)
    rows, raw = mine * copies, plant.raw_bytes * len(every) * SLOTS_A_DAY // minutes
    archive = _NoRest(frames, read_only=True)
    index = index_of(plant, every)
    for processes in (1, 2):
        cost = measured(lambda n=processes: formed(folder, archive, index, n))  # type: ignore[misc]
        name = f"columns, {len(every)} days, {processes} process{'es' * (processes - 1)}"
        said(name, cost, rows, raw, streams * len(every) * SLOTS_A_DAY, processes)
    return plant, every


def ask(folder: Path, plant: Plant, days: list[int]) -> None:
    """Measure windows of the year."""
    documents = {plant.index.digests[0]: plant.document}
    first, last = days[0] * DAY_MS, (days[-1] + 1) * DAY_MS - HOUR_MS
    month = first + 30 * DAY_MS
    path = folder / "statistics.sqlite"
    print(f"\nstatistics of {len(days)} days: {path.stat().st_size / 1e6:.0f} MB")
    with closing(StatisticsStore(path, read_only=True)) as store:
        names = store.assets()
        for what, start, end in (
            ("a year", first, last),
            ("30 days", month, month + 30 * DAY_MS),
            ("11 days 5 hours", month + 7 * HOUR_MS, month + 12 * HOUR_MS + 11 * DAY_MS),
        ):
            for by in By:

                def question(start: int = start, end: int = end, by: By = by) -> None:
                    for name in names:
                        cells = stored_cells(store, name, documents, start, end)
                        if cells is not None:
                            for group in grouped(cells, window_of(cells, start, end), by):
                                figures_of_group([group.sums])

                cost = measured(question)
                print(
                    f"  {what:16s} by {by.value:8s} {len(names)} assets  {cost.wall:6.2f} s wall  {cost.cpu:6.2f} s CPU",
                    flush=True,
                )


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--machines", type=int, default=100)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--year", type=int, default=365)
    parser.add_argument("--hz-copies", type=int, default=7)
    asked = parser.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="plantproof-statistics-"))
    try:
        hz, minute = folder / "hz", folder / "minute"
        recompute(hz, asked.machines, 1, 60, asked.hz_copies)
        copies = -(-asked.year // asked.days)
        plant, days = recompute(minute, asked.machines, asked.days, 1, copies)
        ask(minute, plant, days[: asked.year])
    finally:
        if asked.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
