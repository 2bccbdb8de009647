"""Equipment statistics: forming them anew from the sealed archive, and asking a year of 100 machines for figures.

python benchmarks/bench_statistics.py [--folder DIR] [--machines 100] [--days 10] [--year 365] [--hz-copies 7]

A real archive is built (1 sample a minute over some days, 1 sample a second over one day) and read as it is (format
version 1, zlib). Its finished days are packed into columns (proposed version 2), which proves that the same frames come
out. Days in columns are then repeated to make a year, and formed anew with one and two processes. CPU time counts both
processes; wall time depends on what else runs on the machine.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.log_window import LogIndex
from agent.statistics.figures import figures_of_group
from agent.statistics.keeper import REBUILD_STEP_BYTES, StatisticsKeeper
from agent.statistics.query import By, grouped, stored_cells, window_of
from benchmarks.statistics_plant import Plant, build
from kpi.calendar import DAY_MS, HOUR_MS
from kpi.document import ConfigDocument
from storage.column_day import HEAD, MAGIC, RUN_HEAD, VERSION, ColumnDay, column_path
from storage.column_pack import pack_day
from storage.frame_archive import SLOTS_A_DAY, FrameArchive
from storage.statistics import StatisticsStore


@dataclass(frozen=True)
class Cost:
    wall: float
    cpu: float
    """Of all processes."""
    peak_mb: float
    """Most memory of any one process."""


def apart(action: Callable[..., Any], *args: object) -> Any:
    """Run something in a new process, so that its memory and time are its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(action, *args).result()


def measured(action: Callable[..., object], *args: object) -> Cost:
    """Return what something costs that runs in a process of its own."""
    found: Cost = apart(_measured, action, args)
    return found


def _measured(action: Callable[..., object], args: tuple[object, ...]) -> Cost:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)

    def cpu() -> float:
        used = [resource.getrusage(k) for k in kinds]
        return sum(u.ru_utime + u.ru_stime for u in used)

    before, begun = cpu(), time.perf_counter()
    action(*args)
    wall = time.perf_counter() - begun
    return Cost(wall, cpu() - before, max(resource.getrusage(k).ru_maxrss for k in kinds) / 1024)


def said(what: str, cost: Cost, rows: int, raw: int, frames: int, processes: int) -> None:
    """Print one line; rates of CPU are those of so many free cores."""
    cores = cost.cpu / processes
    print(
        f"{what:32s} {rows / 1e6:6.1f} M samples: {rows / cores / 1e6:5.1f} M/s, {raw / cores / 1e6:5.0f} MB/s of "
        f"frames by CPU; {rows / cost.wall / 1e6:5.1f} M/s by the clock; {cost.cpu / rows * 1e9:5.0f} ns a sample, "
        f"{cost.cpu / frames * 1e6:5.2f} µs a frame; peak {cost.peak_mb:4.0f} MB",
        flush=True,
    )


def repeated(folder: Path, days: list[int], copies: int) -> list[int]:
    """Write the columns of some days again for later days; return all days. Counters begin anew with each copy."""
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
    """An archive of which only the folder is used: the block after the last day in columns is empty."""

    def payloads(self, slots: Sequence[int], **_: object) -> Iterator[tuple[int, bytes]]:
        """Yield nothing."""
        return iter(())


def formed(folder: Path, index: LogIndex, processes: int, *, columns: bool) -> None:
    """Form the statistics into a new file."""
    path = folder / "statistics.sqlite"
    path.unlink(missing_ok=True)
    kind = _NoRest if columns else FrameArchive
    with StatisticsStore(path) as store:
        archive = kind(folder / "frames", read_only=True)
        keeper = StatisticsKeeper(store, archive, step_bytes=REBUILD_STEP_BYTES)
        keeper.rebuild(index, processes)


def formed_from_frames(folder: Path, index: LogIndex) -> None:
    """Form the statistics from the archive as it is."""
    formed(folder, index, 1, columns=False)


def formed_from_columns(folder: Path, index: LogIndex, processes: int) -> None:
    """Form the statistics from days in columns."""
    formed(folder, index, processes, columns=True)


def packed(folder: Path, days: list[int]) -> None:
    """Pack days into columns."""
    with FrameArchive(folder, read_only=True) as archive:
        for day in days:
            pack_day(archive, day, column_path(folder, day))


def recompute(
    folder: Path, machines: int, days: int, per_minute: int, copies: int
) -> tuple[Plant, list[int]]:
    """Measure one sample rate."""
    rate = f"{per_minute} a minute" if per_minute < 60 else "1 Hz"
    frames = folder / "frames"
    begun = time.perf_counter()
    minutes = days * SLOTS_A_DAY + 15
    plant: Plant = apart(build, frames, machines, minutes, per_minute, 6)
    streams = len(plant.document.streams)
    print(
        f"\n{rate}: {machines} machines, {len(plant.table.signals)} signals, {minutes} minutes, "
        f"{plant.rows / minutes / streams:.1f} rows a frame, built in {time.perf_counter() - begun:.0f} s; "
        f"frames {plant.raw_bytes / plant.rows:.1f} B/sample, zlib {plant.disk_bytes / plant.rows:.1f}",
        flush=True,
    )
    cost = measured(formed_from_frames, folder, plant.index)
    said("version 1 (zlib), 1 process", cost, plant.rows, plant.raw_bytes, streams * minutes, 1)
    last = plant.index.slots[-1] // SLOTS_A_DAY
    whole = [d for d in FrameArchive(frames, read_only=True).days() if d < last]
    packing = measured(packed, frames, whole)
    size = sum(column_path(frames, d).stat().st_size for d in whole)
    mine = plant.rows * len(whole) * SLOTS_A_DAY // minutes
    print(
        f"packed into columns and proved: {size / mine:.2f} B/sample, {packing.cpu / mine * 1e6:.2f} µs CPU a sample, "
        f"peak {packing.peak_mb:.0f} MB"
    )
    every = repeated(frames, whole, copies)
    rows, raw = mine * copies, plant.raw_bytes * len(every) * SLOTS_A_DAY // minutes
    index = index_of(plant, every)
    for processes in (1, 2):
        cost = measured(formed_from_columns, folder, index, processes)
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
    with StatisticsStore(path, read_only=True) as store:
        names = store.assets()
        for what, start, end in (
            ("a year", first, last),
            ("30 days", month, month + 30 * DAY_MS),
            ("11 days 5 hours", month + 7 * HOUR_MS, month + 12 * HOUR_MS + 11 * DAY_MS),
        ):
            for by in By:
                if by is By.DAY and end - start > 60 * DAY_MS:
                    continue
                begun, cpu = time.perf_counter(), time.process_time()
                groups = question(store, names, documents, (start, end), by)
                wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
                print(
                    f"  {what:16s} by {by.value:8s} {len(names)} assets, {groups:5d} groups"
                    f"  {cpu:5.2f} s CPU {wall:5.2f} s wall",
                    flush=True,
                )


def question(
    store: StatisticsStore,
    names: list[str],
    documents: dict[str, ConfigDocument],
    window: tuple[int, int],
    by: By,
) -> int:
    """Ask for all figures of a window; return the number of groups."""
    groups = 0
    for name in names:
        cells = stored_cells(store, name, documents, *window)
        if cells is not None:
            for group in grouped(cells, window_of(cells, *window), by):
                figures_of_group([group.sums])
                groups += 1
    return groups


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
