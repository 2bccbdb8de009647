"""Which configuration was in force when, and which planned stops were registered before they started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from kpi.calendar import MINUTE_MS
from kpi.document import Asset, ConfigDocument, Stop
from model.errors import PermanentError


@dataclass(frozen=True, slots=True)
class ConfigEntry:
    """One `config` entry of the log."""

    document: ConfigDocument
    """The same object for documents of equal bytes: they are one configuration (claims.md §0)."""
    after_slot: int | None
    """Slot of the last block before this entry in the log; None = no block precedes it."""
    from_slot: int | None
    """Slot of the first block that names this entry; None = no block does (replaced at once)."""


@dataclass(frozen=True, slots=True)
class ConfigSegment:
    """A stretch of time with one configuration in force."""

    start_ms: int
    end_ms: int
    document: ConfigDocument
    stops: tuple[Stop, ...]
    """The stops of its calendar that count: registered before they started."""


@dataclass(frozen=True)
class ConfigHistory:
    """All `config` entries of the log from its first on, in log order; at least one is named by a block."""

    entries: tuple[ConfigEntry, ...]

    def __post_init__(self) -> None:
        """Refuse a history without any configuration in force or with slots out of order."""
        slots = [e.from_slot for e in self.entries if e.from_slot is not None]
        if not slots:
            raise PermanentError(
                "the log has no block yet, so no configuration is in force",
                "日志尚无分钟块，没有生效的配置",
            )
        if slots != sorted(set(slots)):
            raise ValueError("config entries must be in log order with rising first slots")

    @cached_property
    def used(self) -> tuple[ConfigEntry, ...]:
        """Return the entries that a block names, in order."""
        return tuple(e for e in self.entries if e.from_slot is not None)

    @cached_property
    def from_slots(self) -> tuple[int, ...]:
        """Return the first slot of every used entry; the first one also covers all time before."""
        return tuple(e.from_slot for e in self.used if e.from_slot is not None)

    @cached_property
    def _registered(self) -> dict[Stop, int | None]:
        """Stop → last block slot before the entry that first carries it (None = before any block)."""
        found: dict[Stop, int | None] = {}
        for entry in self.entries:
            for stop in entry.document.calendar.stops:
                found.setdefault(stop, entry.after_slot)
        return found

    def counts(self, stop: Stop) -> bool:
        """Return whether the stop was registered before it started (config-document.md, CALENDAR)."""
        after = self._registered[stop]
        return after is None or after < stop.from_ms // MINUTE_MS

    @cached_property
    def late_stops(self) -> tuple[Stop, ...]:
        """Return the stops that were registered too late: a finding, their time stays planned."""
        return tuple(sorted(s for s in self._registered if not self.counts(s)))

    def segments(self, start_ms: int, end_ms: int) -> tuple[ConfigSegment, ...]:
        """Return the configurations in force in [start, end), tiling it; the same one twice in a row is one."""
        found: list[ConfigSegment] = []
        for i, entry in enumerate(self.used):
            low = start_ms if i == 0 else max(start_ms, self.from_slots[i] * MINUTE_MS)
            last = i + 1 == len(self.used)
            high = end_ms if last else min(end_ms, self.from_slots[i + 1] * MINUTE_MS)
            if low < high:
                if found and found[-1].document is entry.document:
                    found[-1] = replace(found[-1], end_ms=high)
                    continue
                stops = tuple(s for s in entry.document.calendar.stops if self.counts(s))
                found.append(ConfigSegment(low, high, entry.document, stops))
        return tuple(found)


def judging(
    parts: tuple[ConfigSegment, ...],
    index: int,
    has: Callable[[ConfigDocument], bool],
    *,
    earlier_first: bool,
) -> ConfigSegment | None:
    """Return the segment that judges at `index`: itself if `has(document)`, else the nearest other one that has.

    earlier_first: search backwards in time first (upload rate), else forwards first (configuration of a day).
    None if no segment has it.
    """
    backwards = range(index - 1, -1, -1)
    forwards = range(index + 1, len(parts))
    order = (*backwards, *forwards) if earlier_first else (*forwards, *backwards)
    return next((parts[i] for i in (index, *order) if has(parts[i].document)), None)


def last_assets(parts: tuple[ConfigSegment, ...]) -> dict[str, Asset]:
    """Return every asset of the segments in the last version in which it appears, by id in byte order."""
    found: dict[str, Asset] = {}
    for part in parts:
        found.update(part.document.asset)
    return dict(sorted(found.items()))
