"""Keeps the statistics of a plant up with its sealed log: an hour is formed once its grace is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from agent.log_window import LogIndex
from agent.statistics.rebuild import Formed, form_all, plan_of
from agent.statistics.rows import FUTURE_SLOTS, RowReader
from kpi.calendar import DAY_MS, HOUR_MS, MINUTE_MS
from kpi.equipment.cells import AssetCells
from kpi.equipment.plan import Plans
from kpi.equipment.records import CLASSES
from kpi.equipment.signal_rows import SignalRows
from kpi.equipment.stream import AssetStream, StreamTail
from kpi.history import ConfigHistory
from kpi.window import PointKey
from storage.frame_archive import SLOTS_A_DAY, FrameArchive
from storage.statistics import Change, Progress, StatisticsStore
from storage.statistics_codec import encode_days, merged
from storage.statistics_packets import unpacked
from storage.statistics_tails import pack_tail, unpack_tail

GRACE_SLOTS: Final = 10
"""An hour is formed when so many minutes after it are sealed; rows that come later form it anew."""
TAIL_DAYS: Final = 35
"""So many days back late data are taken up without reading the log from its beginning."""
STEP_BYTES: Final = 64 << 20
"""So many bytes of frames are formed at once while catching up beside collection, a whole day at most …"""
REBUILD_STEP_BYTES: Final = 192 << 20
"""… and so many by a program of its own: about twice as quick at one sample a second, for twice the memory."""
_GROUP: Final = 25
"""So many assets with late data are formed anew in one reading of the log."""

Rows = Mapping[PointKey, SignalRows]


@dataclass(frozen=True, slots=True)
class Kept:
    """What one call did."""

    seen_ms: int
    """Cells end here; 0 = there is no finished hour yet."""
    hours: int
    """Finished hours that were added."""
    anew: tuple[str, ...]
    """Assets of which earlier hours changed because data came late."""


class StatisticsKeeper:
    """Writes the statistics of one epoch; keeps the open ends of all assets in memory."""

    def __init__(
        self,
        store: StatisticsStore,
        archive: FrameArchive,
        ending: Callable[[], bool] = lambda: False,
        step_bytes: int = STEP_BYTES,
    ) -> None:
        """Take the store and the sealed frames of the same epoch; reads nothing yet.

        ending: asked between two steps; true = what is left waits for the next call. step_bytes: of frames at once.
        """
        self._ending = ending
        self._step_bytes = step_bytes
        self._store = store
        self._archive = archive
        self._reader: RowReader | None = None
        self._streams: dict[str, AssetStream] = {}
        self._starts: dict[str, int] = {}
        self._digest: dict[int, str] = {}
        self._configs = 0
        self._slot = 0
        self._seen = 0
        self._late: dict[str, int] = {}
        """First late instant by asset."""

    def update(self, index: LogIndex) -> Kept:
        """Form the hours that are finished by the log read so far; raises TransientError if the disk refuses."""
        if not index.slots:
            return Kept(0, 0, ())
        reader = self._prepared(index)
        sealed = index.slots[-1] + 1
        target = (sealed - GRACE_SLOTS) * MINUTE_MS // HOUR_MS * HOUR_MS
        hours, anew = 0, set[str]()
        while self._seen < target and not self._ending():
            step = min(self._seen + self._step_ms(reader), target)
            step = min(step, (self._seen // DAY_MS + 1) * DAY_MS)
            self._read(reader, step // MINUTE_MS + GRACE_SLOTS)
            anew.update(self._take_late(index))
            hours += (step - self._seen) // HOUR_MS
            self._step(reader, step)
        if self._seen < target:
            return Kept(self._seen, hours, tuple(sorted(anew)))
        self._read(reader, sealed)
        anew.update(self._take_late(index))
        with self._store.transaction():
            self._store.put_progress(Progress(self._slot, self._seen))
        return Kept(self._seen, hours, tuple(sorted(anew)))

    def rebuild(self, index: LogIndex, processes: int = 1) -> Kept:
        """Forget everything and form all hours from the sealed log.

        Days in columns (storage/column_day.py) at its beginning are formed asset by asset in so many processes.
        """
        self._reader, self._streams, self._configs, self._late = None, {}, 0, {}
        hours = 0
        with self._store.transaction():
            self._store.clear()
            starts = starts_of(index.history) if index.slots else {}
            plan = plan_of(index, self._archive.folder, starts, TAIL_DAYS)
            if plan is not None:
                for formed in form_all(plan, processes):
                    self._take_over(formed)
                slot = (plan.days[-1] + 1) * SLOTS_A_DAY
                self._store.put_progress(Progress(slot, plan.end_ms))
                hours = (plan.end_ms - index.slots[0] * MINUTE_MS) // HOUR_MS
        kept = self.update(index)
        return Kept(kept.seen_ms, kept.hours + hours, kept.anew)

    def _take_over(self, formed: Formed) -> None:
        """Write what was formed of one asset."""
        for day, records in unpacked(formed.packet, self._store.numbers):
            self._store.put_day(formed.asset, day, records)
        for seen_ms, open_ms, data in formed.tails:
            self._store.put_tail(formed.asset, seen_ms, open_ms, data)
        if formed.late_ms is not None:
            self._late[formed.asset] = formed.late_ms

    # reading

    def _prepared(self, index: LogIndex) -> RowReader:
        """Return the reader; opens the streams of all assets, anew after a change of the configuration."""
        used = sum(first is not None for first in index.from_slot)
        if self._reader is not None and used == self._configs:
            self._reader.index = index
            return self._reader
        history = index.history
        self._digest = {
            id(d): digest for d, digest in zip(index.documents, index.digests, strict=True)
        }
        if self._reader is None:
            progress = self._store.progress
            first = index.slots[0] * MINUTE_MS // HOUR_MS * HOUR_MS
            self._seen = progress.seen_ms if progress is not None else first
            self._slot = progress.slot if progress is not None else index.slots[0]
        self._starts = starts_of(history)
        begun = {name: stream.tail() for name, stream in self._streams.items()}
        reader = RowReader(index, self._archive, frozenset(self._starts))
        for name, start in self._starts.items():
            tail = begun.get(name) or self._tail(name, self._seen)
            self._streams[name] = AssetStream(name, history, reader.text, tail or start)
        # What waits for its hour was sealed already: it is read once more.
        reader.read(self._seen // MINUTE_MS - FUTURE_SLOTS, self._slot)
        reader.take(self._seen)
        self._reader, self._configs = reader, used
        return reader

    def _tail(self, asset: str, before_ms: int) -> StreamTail | None:
        stored = self._store.tail(asset, before_ms)
        return unpack_tail(stored[1]) if stored is not None else None

    def _read(self, reader: RowReader, to_slot: int) -> None:
        """Read blocks up to a slot; rows before what was seen are late."""
        if to_slot <= self._slot:
            return
        reader.read(self._slot, to_slot)
        self._slot = to_slot
        for asset, rows in reader.take(self._seen).items():
            first = min(int(r.tau[0]) for r in rows.values())
            self._late[asset] = min(first, self._late.get(asset, first))

    def _step_ms(self, reader: RowReader) -> int:
        """Return how much time is formed at once: one hour until the bytes of a minute are known."""
        if not reader.blocks_read:
            return HOUR_MS
        a_minute = max(reader.bytes_read // reader.blocks_read, 1)
        return min(max(self._step_bytes // (60 * a_minute), 1), 24) * HOUR_MS

    # forming

    def _step(self, reader: RowReader, seen_ms: int) -> None:
        """Form all assets up to an hour and keep them in one transaction."""
        rows = reader.take(seen_ms)
        plans = Plans()
        with self._store.transaction():
            for name, stream in self._streams.items():
                self._form(stream, rows.get(name, {}), plans, seen_ms)
            self._store.put_progress(Progress(self._slot, seen_ms))
        self._seen = seen_ms

    def _form(self, stream: AssetStream, rows: Rows, plans: Plans, seen_ms: int) -> list[int]:
        """Feed one asset, write its cells and where it goes on; return the days that were there and changed."""
        if seen_ms <= stream.start_ms:
            return []
        stream.feed(rows, seen_ms)
        cells = stream.cells(plans)
        changed = self._put(cells, stream) if cells is not None else []
        stream.settle()
        tail = stream.tail()
        self._store.put_tail(stream.asset, seen_ms, tail.from_ms, pack_tail(tail))
        self._store.drop_tails(stream.asset, keep=self._kept(stream.asset, seen_ms))
        return changed

    def _kept(self, asset: str, seen_ms: int) -> list[int]:
        """Return the instants of the tails to keep: what lies at or after `seen_ms`, and the ends of the last days."""
        instants = self._store.tail_instants(asset)
        ends = [x for x in instants if x % DAY_MS == 0]
        oldest = max((x for x in ends if x <= self._seen - TAIL_DAYS * DAY_MS), default=0)
        return [x for x in instants if x >= seen_ms or (x % DAY_MS == 0 and x >= oldest)]

    def _put(self, cells: AssetCells, stream: AssetStream) -> list[int]:
        """Write cells into the days that they are of; return the days whose finished hours changed."""
        digests = [self._digest[id(d)] for d in cells.documents]
        first = int(cells.table.start[0])
        changed = []
        for day, own in encode_days(cells, digests, self._store.numbers, stream.counters).items():
            before, records = self._store.day(cells.asset, day), own
            if before is not None:
                records = merged(before, own, max(first - day * DAY_MS, 0) // HOUR_MS)
                if records.begins_otherwise(before):
                    changed.append(day)
            self._store.put_day(cells.asset, day, records)
        return changed

    # late data

    def _take_late(self, index: LogIndex) -> list[str]:
        """Form the assets with late data anew from the day before; return those that changed."""
        late, self._late = self._late, {}
        groups: dict[int, list[str]] = {}
        for asset, first in late.items():
            tail = self._store.tail(asset, first // DAY_MS * DAY_MS)
            groups.setdefault(tail[0] if tail is not None else -1, []).append(asset)
        found = []
        for seen_ms, assets in sorted(groups.items()):
            names = iter(sorted(assets))
            while group := list(islice(names, _GROUP)):
                found += self._anew(index, group, seen_ms, late)
        return found

    def _anew(
        self, index: LogIndex, assets: Sequence[str], seen_ms: int, late: Mapping[str, int]
    ) -> list[str]:
        """Form some assets anew from an instant at which their tails were kept (−1 = from the beginning)."""
        begin = seen_ms if seen_ms >= 0 else min(self._starts[a] for a in assets)
        reader = RowReader(index, self._archive, frozenset(assets))
        reader.read(begin // MINUTE_MS - FUTURE_SLOTS, self._slot)
        if seen_ms >= 0:
            reader.take(seen_ms)
        history = index.history
        streams = {}
        for name in assets:
            tail = self._tail(name, seen_ms) if seen_ms >= 0 else None
            streams[name] = AssetStream(name, history, reader.text, tail or self._starts[name])
        changed: dict[str, list[int]] = {name: [] for name in assets}
        with self._store.transaction():
            at = begin
            while at < self._seen:
                at = min((at // DAY_MS + 1) * DAY_MS, self._seen)
                rows, plans = reader.take(at), Plans()
                for name, stream in streams.items():
                    changed[name] += self._form(stream, rows.get(name, {}), plans, at)
            for name, days in changed.items():
                self._note(name, days, late[name])
        for name, stream in streams.items():
            # The stream that goes on reads its texts where the others do.
            text = self._reader.text if self._reader is not None else reader.text
            self._streams[name] = AssetStream(name, history, text, stream.tail())
        return [name for name, days in changed.items() if days]

    def _note(self, asset: str, days: Iterable[int], late_ms: int) -> None:
        """Remember that hours of some days were formed anew: each gets its next version."""
        for day in sorted(set(days)):
            version = self._store.next_version(asset, day)
            low = max(late_ms // HOUR_MS * HOUR_MS, day * DAY_MS)
            high = min((day + 1) * DAY_MS, self._seen)
            self._store.put_change(Change(asset, min(low, high), high, version, self._slot))


def starts_of(history: ConfigHistory) -> dict[str, int]:
    """Return by asset the hour in which the first configuration that has it or its streams comes into force."""
    found: dict[str, int] = {}
    for entry, slot in zip(history.used, history.from_slots, strict=True):
        document = entry.document
        names = [a.id for a in document.assets]
        names += [s.device for s in document.streams if s.signal_class in CLASSES]
        for name in names:
            found.setdefault(name, slot * MINUTE_MS // HOUR_MS * HOUR_MS)
    return dict(sorted(found.items()))
