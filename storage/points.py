"""Counting points: distinct (signal, kind, instant, rank), the same on every side of a reconciliation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.signal import SignalTable
from storage.instants import instants, kinds
from storage.journal import Journal
from storage.store import StoreBlock

HOUR_NS: Final = 3_600_000_000_000


def points_by_device(blocks: Iterable[StoreBlock], start_ns: int, end_ns: int) -> dict[str, int]:
    """Return the number of distinct points of every device with an instant in [start_ns, end_ns).

    `blocks` must hold all rows of that time; memory grows with their number, so count hour by hour.
    """
    series: dict[tuple[str, str, str], int] = {}
    numbers: dict[SignalTable, NDArray[np.int64]] = {}
    found: list[NDArray[np.int64]] = []
    for block in blocks:
        numbering = numbers.get(block.table)
        if numbering is None:
            ids = [
                series.setdefault((s.device, s.name, s.type.value), len(series))
                for s in block.table.signals
            ]
            numbering = numbers[block.table] = np.array(ids, dtype=np.int64)
        tau = instants(block.batch)
        inside = (tau >= start_ns) & (tau < end_ns)
        rank = 0 if block.ranks is None else block.ranks.astype(np.int64)
        key = (numbering[block.batch.signal] * 4 + kinds(block.batch)) * 256 + rank
        found.append(np.column_stack((key[inside], tau[inside])))
    if not found:
        return {}
    points = np.unique(np.concatenate(found), axis=0)
    per_series = np.bincount(points[:, 0] // 1024, minlength=len(series))
    counts: dict[str, int] = {}
    for (device, _, _), number in series.items():
        if per_series[number]:
            counts[device] = counts.get(device, 0) + int(per_series[number])
    return counts


def journal_points(journal: Journal, start_ns: int, end_ns: int) -> dict[str, int]:
    """Return the points that `journal` still holds, per device: what a store must have after delivery."""
    total: dict[str, int] = {}
    for begin in range(start_ns, end_ns, HOUR_NS):
        stop = min(begin + HOUR_NS, end_ns)
        for device, count in points_by_device(_blocks(journal, begin, stop), begin, stop).items():
            total[device] = total.get(device, 0) + count
    return total


def _blocks(journal: Journal, start_ns: int, end_ns: int) -> Iterator[StoreBlock]:
    for info in journal.infos_in(start_ns, end_ns):
        block = journal.block(info.seq)
        if block is not None:
            yield StoreBlock(info.seq, journal.table(info.config), block.batch, block.ranks)
