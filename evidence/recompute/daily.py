"""Integers of one window by production day, for the algorithms of version 1 (claims.md §1 to §3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from typing import Final

from evidence.reading import reading
from evidence.recompute import calendars
from evidence.recompute.atoms import atom_of
from evidence.recompute.calendars import Segment
from evidence.recompute.counters import Elapsed, Reading, SignalCount
from evidence.recompute.figures import COUNT_ROLES, AssetFigures, Counting, Day, DayFigures
from evidence.recompute.plant_model import Asset, Calendar, Plant, PlantSignal
from evidence.recompute.timeline import Event, EventKind, Piece, productive_cover, timeline
from evidence.recompute.view import LogView, Row
from evidence.recompute.window import Signalled, Window, window_of
from model.flags import RowFlag
from model.signal import Role, SignalType
from model.state import Atom, MachineState
from model.status import SEVERITY_MASK, is_good

_H: Final = int(RowFlag.ALIVE)
_E_OR_M: Final = int(RowFlag.NO_VALUE | RowFlag.MISSED)
_STEPS_A_DAY: Final = 30
"""Steps of work that one production day of one asset costs."""


class DailyFigures:
    """Production days of a window, and what they say about each asset.

    offset_at: instant whose offset from UTC holds for the whole window.
    """

    def __init__(self, window: Window, offset_at: int) -> None:
        self.window = window
        self._offset_at = offset_at
        self._calendars: dict[Plant, Calendar] = {}
        self.days = self._production_days()
        self._edges = [window.start, *(day.end for day in self.days)]
        self._figures: dict[str, AssetFigures] = {}

    def _calendar(self, plant: Plant) -> Calendar:
        calendar = self._calendars.get(plant)
        if calendar is None:
            calendar = self._calendars[plant] = plant.calendar.fixed_at(self._offset_at)
        return calendar

    def _production_days(self) -> tuple[Day, ...]:
        window = self.window
        if not window.runs:
            return ()
        calendar = self._calendar(window.runs[-1].plant)
        days = (window.end - window.start) // calendars.DAY_MS + 2
        window.budget.spend_part(days, "the production days of a window", "窗口内的生产日")
        return tuple(
            Day(
                max(start, window.start),
                min(end, window.end),
                whole=window.start <= start and end <= window.end,
            )
            for start, end in calendars.production_days(calendar, window.start, window.end)
            if end > window.start
        )

    def segments(self, asset: str) -> list[Segment]:
        """Return the segments of an asset over the window, cut at configuration changes."""
        window, found = self.window, []
        for run in window.runs:
            entry, calendar = run.plant.assets.get(asset), self._calendar(run.plant)
            steps = calendars.steps_of(calendar, entry, run.start, run.end)
            window.budget.spend_part(steps, f"the segments of {asset}", f"资产 {asset} 的时段")
            found += calendars.segments(calendar, entry, window.counting_stops, run.start, run.end)
        return found

    def timeline(self, asset: str) -> list[Piece]:
        """Return the states of an asset over the visible time."""
        window, stream = self.window, f"{asset}.state"
        first_names = {
            plant: plant.first_of_role(stream, Role.STATE) for plant in window.sealing_plants
        }
        events: list[tuple[int, int, Event]] = []
        for name in {name for name in first_names.values() if name is not None}:
            for row, signal in window.rows(stream, name):
                if first_names[window.plant_of_block(row.slot)] == name:
                    events.append((row.tau, row.position, self._event(asset, row, signal)))
        events.sort(key=lambda item: item[:2])

        def minor_stop_ms(instant: int) -> int:
            entry = window.plant_at(instant).assets.get(asset)
            return -1 if entry is None else entry.minor_stop_ms

        ordered = [event for _, _, event in events]
        return timeline(ordered, window.visible_from, window.end, minor_stop_ms)

    def _event(self, asset: str, row: Row, signal: PlantSignal) -> Event:
        stream, state = signal.stream, MachineState.UNKNOWN
        if row.flags & _H:
            kind = EventKind.PROOF
        elif row.flags & _E_OR_M or not is_good(row.status):
            kind = EventKind.BREAK
        else:
            kind = EventKind.SET
            plant = self.window.plant_at(row.tau)
            in_force = plant.signals.get(stream, {}).get(signal.name, signal)
            table = plant.tables.get(plant.table_of(asset, in_force))
            if table is not None:
                text = self.window.raw_text(row, signal)
                other = table.plain_other
                state = other if text is None else table.plain.get(text, other)
        return Event(row.tau, kind, state, signal.hold_ms)

    def counting(
        self, stream: str, roles: Collection[Role], elapsed: Elapsed
    ) -> dict[Role, Counting]:
        """Return the counts of the signals of a stream that have one of `roles`.

        elapsed: the milliseconds of an interval over which counts are spread.
        """
        counted: dict[Role, list[SignalCount]] = {}
        proven: set[Role] = set()
        names: dict[str, set[Role]] = {}
        for signals in self.window.definitions(stream).values():
            for signal in signals.values():
                if signal.role in roles and not signal.alternate_of:
                    names.setdefault(signal.name, set()).add(signal.role)
        for name, own_roles in names.items():
            rows = self.window.rows(stream, name)
            proven |= {signal.role for row, signal in rows if row.flags & _H}
            for role in sorted(own_roles):
                count = SignalCount(_readings(rows, role), self._edges, elapsed)
                counted.setdefault(role, []).append(count)
        return {role: Counting(tuple(counts), role in proven) for role, counts in counted.items()}

    def figures(self, asset: str) -> AssetFigures:
        """Return the days of an asset with their atoms and counts."""
        if asset not in self._figures:
            self._figures[asset] = self._work_out(asset)
        return self._figures[asset]

    def _work_out(self, asset: str) -> AssetFigures:
        self.window.budget.spend(
            _STEPS_A_DAY * len(self.days), f"the days of {asset}", f"{asset} 的日数据"
        )
        pieces = self.timeline(asset)
        segments = self.segments(asset)
        atoms = _atoms(pieces, segments, self.days)
        counting = self.counting(f"{asset}.count", COUNT_ROLES, productive_cover(pieces).length)
        nothing = Counting(())
        booked = {role: counting.get(role, nothing).booked(len(self.days)) for role in COUNT_ROLES}
        silent = self._scrap_never_answers(counting)
        days = []
        for number, day in enumerate(self.days):
            plant = self.window.plant_of_asset(asset, day.start)
            known = {
                role
                for role in COUNT_ROLES
                if plant is not None
                and plant.has_role(f"{asset}.count", role)
                and not (role is Role.COUNT_SCRAP and silent)
            }
            good, scrap, total = (
                booked[role][number] if role in known else None for role in COUNT_ROLES
            )
            if total is None and good is not None and scrap is not None:
                total = good + scrap
            elif good is None and total is not None and scrap is not None:
                good = total - scrap
            elif scrap is None and total is not None and good is not None:
                scrap = total - good
            entry: Asset | None = None if plant is None else plant.assets[asset]
            cycle = Fraction(0) if entry is None else entry.ideal_cycle
            days.append(DayFigures(day, atoms[number], good, scrap, total, cycle))
        return AssetFigures(asset, tuple(days), counting, tuple(segments))

    def _scrap_never_answers(self, counting: Mapping[Role, Counting]) -> bool:
        """Return whether visible rows have good or total readings but none of scrap: no reject signal."""
        answered = {
            role
            for role, counted in counting.items()
            if counted.accepted_between(self.window.visible_from, self.window.end)
            or (counted.proven and role is Role.COUNT_SCRAP)
        }
        return Role.COUNT_SCRAP not in answered and bool(
            answered & {Role.COUNT_GOOD, Role.COUNT_TOTAL}
        )

    def energy(self, meter: str) -> Counting:
        """Return the counts in Wh of a meter's energy registers, spread over plain time."""
        counting = self.counting(f"{meter}.energy", (Role.ENERGY,), _elapsed)
        return counting.get(Role.ENERGY, Counting(()))


def daily_of(
    view: LogView, first: int, last: int, lead: int, grace: int, *, offset_at: int | None = None
) -> DailyFigures:
    """Return the figures of a window, the same object for every claim that asks for it.

    offset_at: see `DailyFigures`; the first ms of the window if not given.
    """
    window = window_of(view, first, last, lead, grace)
    fixed_at = window.start if offset_at is None else offset_at
    key = ("daily", first, last, lead, grace, fixed_at)
    found = view.shared.get(key)
    if not isinstance(found, DailyFigures):
        found = view.shared[key] = DailyFigures(window, fixed_at)
    return found


def _elapsed(start: int, end: int) -> int:
    return end - start


def _readings(rows: list[Signalled], role: Role) -> Iterator[Reading]:
    """Yield the readings of one signal sealed while it had `role`."""
    make = tuple.__new__
    last: PlantSignal | None = None
    used = whole = False
    num = den = 1
    for (tau, _, _, _, value, status, flags), signal in rows:
        if signal is not last:
            last = signal
            num, den = signal.scale
            used = (
                signal.role is role
                and signal.type is not SignalType.TEXT
                and not signal.alternate_of
            )
            whole = den == 1 and signal.type in (SignalType.INT, SignalType.BOOL)
        if used and not flags & _E_OR_M and not status & SEVERITY_MASK:
            number = value * num if whole else reading(signal.type, value, num, den)
            yield make(Reading, (tau, number, signal.counter))


def _atoms(
    pieces: list[Piece], segments: list[Segment], days: tuple[Day, ...]
) -> list[dict[Atom, int]]:
    """Return the ms of each atom by day; pieces and segments are contiguous and ascending."""
    found = [dict.fromkeys(Atom, 0) for _ in days]
    piece_at = segment_at = 0
    for number, day in enumerate(days):
        atoms = found[number]
        start = day.start
        while start < day.end:
            while pieces[piece_at].end <= start:
                piece_at += 1
            while segments[segment_at].end <= start:
                segment_at += 1
            piece, segment = pieces[piece_at], segments[segment_at]
            end = min(day.end, piece.end, segment.end)
            atom = atom_of(segment.kind, piece)
            if atom is not None:
                atoms[atom] += end - start
            start = end
    return found
