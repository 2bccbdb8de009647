"""Statistics of long past time from days in columns: asset by asset, in as many processes as one likes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from agent.column_rows import AssetRows, Piece
from agent.log_window import LogIndex
from kpi.calendar import DAY_MS, HOUR_MS
from kpi.equipment.plan import Plans
from kpi.equipment.signal_rows import SignalRows
from kpi.equipment.stream import AssetStream
from kpi.history import ConfigHistory
from kpi.window import PointKey
from model.errors import PlantproofError
from storage.column_day import ColumnDay, column_path
from storage.frame_archive import SLOTS_A_DAY
from storage.statistics_codec import DayRecords, encode_days, merged
from storage.statistics_packets import OwnNumbers, Packet, packed
from storage.statistics_tails import pack_tail

READ_ROWS: Final = 2_000_000
"""So many rows of one asset are read at once …"""
CHUNK_ROWS: Final = 2_000_000
"""… and so many formed at once."""
MOST_ROWS: Final = 4 * CHUNK_ROWS
"""So many rows wait at most for later days that still have rows of earlier time."""


@dataclass(frozen=True, slots=True, eq=False)
class Formed:
    """The statistics of one asset up to an instant."""

    asset: str
    packet: Packet
    tails: tuple[tuple[int, int, bytes], ...]
    """(instant, first open ms, bytes) where it can go on; the last one at the end."""
    late_ms: int | None
    """First of the rows that were not taken because they came too late; None = all were."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is to be formed; small enough to be sent to another process."""

    folder: Path
    days: tuple[int, ...]
    """UTC days of which the columns are read, all days with blocks from the first one on."""
    history: ConfigHistory
    digests: tuple[str, ...]
    """SHA-256 of the configurations in use."""
    starts: Mapping[str, int]
    """First ms of each asset."""
    tail_ms: int
    """A tail is kept here, for data that come late afterwards …"""
    end_ms: int
    """… and at the end, an hour."""


def plan_of(
    index: LogIndex, folder: Path, starts: Mapping[str, int], tail_days: int
) -> Plan | None:
    """Return what can be formed from columns: the first days that are over and have files; None without any.

    tail_days: distance of the kept tail from the end.
    """
    slots = np.array(index.slots, dtype=np.int64)
    of_day = slots // SLOTS_A_DAY
    days: list[int] = []
    for day in np.unique(of_day[of_day < of_day[-1]]).tolist():
        path = column_path(folder, day)
        try:
            if not path.exists() or not np.array_equal(ColumnDay(path).slots, slots[of_day == day]):
                break
        except PlantproofError:
            break
        days.append(day)
    if not days:
        return None
    return Plan(
        folder=folder,
        days=tuple(days),
        history=index.history,
        digests=tuple(
            d for d, first in zip(index.digests, index.from_slot, strict=True) if first is not None
        ),
        starts=dict(starts),
        tail_ms=(days[-1] + 1 - tail_days) * DAY_MS,
        end_ms=(days[-1] + 1) * DAY_MS - HOUR_MS,
    )


def form_all(plan: Plan, processes: int) -> Iterator[Formed]:
    """Yield the statistics of every asset, one after the other.

    Raises VerificationError for a damaged file.
    """
    assets = [a for a, start in plan.starts.items() if start < plan.end_ms]
    if processes < 2 or len(assets) < 2:
        yield from _Worker(plan).form(assets)
        return
    # A new interpreter on every system alike: nothing of this process (threads, an open database) is inherited.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(plan,)) as pool:
        yield from pool.map(_form, assets)


@dataclass(slots=True)
class _Worker:
    """Forms assets one after the other; the directories of the days are read once."""

    plan: Plan
    days: list[ColumnDay] = field(default_factory=list)
    plans: Plans = field(default_factory=Plans)

    def form(self, assets: Iterable[str]) -> Iterator[Formed]:
        """Yield the statistics of some assets."""
        if not self.days:
            self.days = [ColumnDay(column_path(self.plan.folder, d)) for d in self.plan.days]
        for asset in assets:
            yield _AssetForming(self.plan, asset).run(self.days, self.plans)


_worker: _Worker | None = None
"""Of a process of the pool."""


def _begin(plan: Plan) -> None:
    global _worker  # noqa: PLW0603 - the one way in which a pool keeps something between calls
    _worker = _Worker(plan)


def _form(asset: str) -> Formed:
    if _worker is None:
        raise RuntimeError("the process was not begun")
    return next(_worker.form([asset]))


class _AssetForming:
    """Forms one asset in stretches of bounded size."""

    def __init__(self, plan: Plan, asset: str) -> None:
        self._plan = plan
        self._rows = AssetRows(asset, plan.history)
        self._stream = AssetStream(asset, plan.history, self._rows.text, plan.starts[asset])
        used = plan.history.used
        self._digest = {id(e.document): d for e, d in zip(used, plan.digests, strict=True)}
        self._names = OwnNumbers()
        self._days: dict[int, DayRecords] = {}
        self._tails: list[tuple[int, int, bytes]] = []
        self._late: int | None = None

    def run(self, days: Sequence[ColumnDay], plans: Plans) -> Formed:
        """Return the statistics of the asset."""
        pieces = list(self._rows.pieces(days))
        together: list[Piece] = []
        size = waiting = 0
        for piece, reach in zip(pieces, self._reach(pieces), strict=True):
            together.append(piece)
            size += piece.rows
            waiting += piece.rows
            if size < READ_ROWS and waiting < CHUNK_ROWS and piece is not pieces[-1]:
                continue
            self._rows.read(together)
            together, size = [], 0
            if waiting < CHUNK_ROWS:
                continue
            # Where rows of one day came so late that all since would have to wait, the few are formed anew afterwards.
            until = max(reach, piece.day.day * DAY_MS) if waiting >= MOST_ROWS else reach
            if until > self._stream.seen_ms:
                self._form(until, plans)
                waiting = len(self._rows.waiting)
        self._form(self._plan.end_ms, plans)
        packet = packed(self._days, self._names)
        return Formed(self._rows.asset, packet, tuple(self._tails), self._late)

    def _reach(self, pieces: Sequence[Piece]) -> list[int]:
        """Return by piece the day before which no row comes after it."""
        first = np.array([p.first_ms for p in pieces[1:]] + [self._plan.end_ms], dtype=np.int64)
        least = np.minimum.accumulate(first[::-1])[::-1]
        days: list[int] = (least // DAY_MS * DAY_MS).tolist()
        return days[: len(pieces)]

    def _form(self, until_ms: int, plans: Plans) -> None:
        """Form the cells up to an hour, with a tail where late data need one."""
        tail_ms = self._plan.tail_ms
        if self._stream.seen_ms < tail_ms < until_ms:
            self._step(tail_ms, plans)
            self._keep_tail()
        self._step(until_ms, plans)
        if until_ms in (tail_ms, self._plan.end_ms):
            self._keep_tail()

    def _step(self, until_ms: int, plans: Plans) -> None:
        stream = self._stream
        rows = self._rows.waiting.take(until_ms, self._plan.history).get(stream.asset, {})
        stream.feed(self._in_time(rows), until_ms)
        cells = stream.cells(plans)
        if cells is not None:
            digests = [self._digest[id(d)] for d in cells.documents]
            first = int(cells.table.start[0])
            days = encode_days(cells, digests, self._names.numbers, stream.counters)
            for day, own in days.items():
                before = self._days.get(day)
                hour = max(first - day * DAY_MS, 0) // HOUR_MS
                self._days[day] = merged(before, own, hour) if before is not None else own
        stream.settle()

    def _in_time(self, rows: Mapping[PointKey, SignalRows]) -> Mapping[PointKey, SignalRows]:
        """Return the rows that are not before what was formed; the first of the others is remembered."""
        seen = self._stream.seen_ms
        late = [int(r.tau[0]) for r in rows.values() if r.tau[0] < seen]
        if not late or seen == self._stream.start_ms:
            return rows
        self._late = min(late if self._late is None else [self._late, *late])
        return {key: r.select(r.tau >= seen) for key, r in rows.items() if r.tau[-1] >= seen}

    def _keep_tail(self) -> None:
        tail = self._stream.tail()
        self._tails.append((tail.seen_ms, tail.from_ms, pack_tail(tail)))
