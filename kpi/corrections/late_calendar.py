"""Calendar entries registered after their time had begun (kpi.md C 24, 39): listed with what they would change.

The main figure keeps the calendar that was in force: a late entry changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from kpi.calendar import day_number, instant
from kpi.document_types import Calendar, ConfigDocument, ExtraShift, Stop
from kpi.equipment.asset_cells import form_cells
from kpi.equipment.plan import Plans
from kpi.equipment.reach import Reach
from kpi.equipment.space import EquipmentSpace
from kpi.equipment.summing import sums_of
from kpi.equipment.sums import EquipmentSums
from kpi.history import ConfigSegment

LateEntry = ExtraShift | Stop | str
"""An extra shift, a planned stop, or a holiday (local date YYYY-MM-DD)."""


@dataclass(frozen=True, slots=True)
class LateChange:
    """Entries that one configuration adds or takes away for time that had begun before it came into force."""

    at_ms: int
    """When the configuration came into force."""
    added: tuple[LateEntry, ...]
    removed: tuple[LateEntry, ...]
    measured: EquipmentSums
    """With the calendar in force at each instant: the figure that counts."""
    as_if: EquipmentSums
    """As if these entries had been registered before."""


def late_calendar_changes(space: EquipmentSpace, asset: str) -> tuple[LateChange, ...]:
    """Return the late entries of the window with their effect on one asset, in order of their configuration."""
    parts = space.work.parts
    found = []
    for i, part in enumerate(parts[1:], 1):
        before, after = parts[i - 1].document.calendar, part.document.calendar
        added = tuple(_late(before, after, part.start_ms))
        removed = tuple(_late(after, before, part.start_ms))
        if added or removed:
            found.append(
                LateChange(
                    part.start_ms, added, removed, space.sums(asset), _as_if(space, asset, part)
                )
            )
    return tuple(found)


def _late(before: Calendar, after: Calendar, at_ms: int) -> Iterator[LateEntry]:
    """Yield the dated entries that `after` has beyond `before` and that begin before an instant."""
    for shift in after.extra:
        if shift not in before.extra and _start(after, shift.date, shift.from_min) < at_ms:
            yield shift
    for day in sorted(after.holidays - before.holidays):
        if _start(after, day, 0) < at_ms:
            yield day
    known = set(before.stops)
    for stop in after.stops:
        if stop not in known and stop.from_ms < at_ms:
            yield stop


def _start(calendar: Calendar, day: str, minute: int) -> int:
    return instant(calendar, day_number(day), minute)


def _as_if(space: EquipmentSpace, asset: str, change: ConfigSegment) -> EquipmentSums:
    """Return the sums with the dated entries of a configuration in force from the beginning on."""
    after = change.document.calendar
    documents: dict[int, ConfigDocument] = {}

    def with_entries(part: ConfigSegment) -> ConfigSegment:
        if part.start_ms >= change.start_ms:
            late = (s for s in part.document.calendar.stops if s in after.stops)
            return replace(part, stops=tuple(dict.fromkeys((*part.stops, *late))))
        key = id(part.document)
        if key not in documents:
            calendar = replace(part.document.calendar, extra=after.extra, holidays=after.holidays)
            documents[key] = replace(part.document, calendar=calendar)
        stops = tuple(dict.fromkeys((*part.stops, *after.stops)))
        return ConfigSegment(part.start_ms, part.end_ms, documents[key], stops)

    work = space.work
    window = [with_entries(p) for p in work.parts]
    reach = Reach([with_entries(p) for p in work.visible_parts], window, window)
    return sums_of(form_cells(space.record(asset), reach, Plans()))
