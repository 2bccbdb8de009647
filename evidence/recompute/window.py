"""One window of the log worked out for claims: configurations in force, rows of signals, atoms and counts by day.

Claims over the same window share this object through `LogView.shared`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from typing import Final, NamedTuple

from evidence.document import ConfigDocument
from evidence.grammar import SLOT_MS
from evidence.reading import reading
from evidence.recompute import calendars
from evidence.recompute.atoms import atom_of
from evidence.recompute.calendars import Segment
from evidence.recompute.counters import Elapsed, Reading, SignalCount
from evidence.recompute.figures import COUNT_ROLES, AssetFigures, Counting, Day, DayFigures
from evidence.recompute.plant import counting_stops, parse_plant
from evidence.recompute.plant_model import Asset, Calendar, Plant, PlantSignal, Stop
from evidence.recompute.timeline import Event, EventKind, Piece, productive_cover, timeline
from evidence.recompute.view import LogView, Row
from model.flags import RowFlag
from model.signal import Role, SignalType
from model.state import Atom, MachineState
from model.status import SEVERITY_MASK, is_good

_E, _H, _M, _I = (
    int(RowFlag.NO_VALUE),
    int(RowFlag.ALIVE),
    int(RowFlag.MISSED),
    int(RowFlag.IMPORTED),
)
_E_OR_M: Final = _E | _M

Signalled = tuple[Row, PlantSignal]
"""A row with the definition of its signal in the configuration of the block that sealed it."""


class ConfigRun(NamedTuple):
    """A configuration in force over [start, end) in Unix ms."""

    start: int
    end: int
    plant: Plant


class Window:
    """Slots [first, last) of a log with `lead` slots before and `grace` slots after whose sealed rows take part.

    offset_at: instant whose offset from UTC the algorithms of version 1 take for the whole window.
    """

    def __init__(
        self, view: LogView, first: int, last: int, lead: int, grace: int, *, offset_at: int
    ) -> None:
        self._view = view
        self._offset_at = offset_at
        self._sealed = (first - lead, last + grace)
        self.first_slot, self.last_slot = first, last
        self.visible_from = (first - lead) * SLOT_MS
        self.start = first * SLOT_MS
        self.end = last * SLOT_MS
        self._plants: dict[bytes, Plant] = {}
        self._calendars: dict[Plant, Calendar] = {}
        blocks = view.blocks
        self._config_of = {
            blocks.slots[row]: blocks.configs[row] for row in view.block_range(*self._sealed)
        }
        """Config entry of the block of each slot whose rows take part."""
        self.runs = self._config_runs(self.start, self.end)
        self.all_runs = self._config_runs(self.visible_from, self.end)
        """Configurations of the visible time, of which `runs` are those of the window."""
        self._run_starts = [run.start for run in self.all_runs]
        self.counting_stops = self._counting_stops()
        self.days = self._production_days()
        self._edges = [self.start, *(day.end for day in self.days)]
        self._figures: dict[str, AssetFigures] = {}

    def _plant(self, document: ConfigDocument) -> Plant:
        plant = self._plants.get(document.digest)
        if plant is None:
            plant = self._plants[document.digest] = parse_plant(document)
        return plant

    def _calendar(self, plant: Plant) -> Calendar:
        calendar = self._calendars.get(plant)
        if calendar is None:
            calendar = self._calendars[plant] = plant.calendar.fixed_at(self._offset_at)
        return calendar

    def _config_runs(self, start: int, end: int) -> tuple[ConfigRun, ...]:
        return tuple(
            ConfigRun(low * SLOT_MS, high * SLOT_MS, self._plant(document))
            for low, high, document in self._view.configs_between(start // SLOT_MS, end // SLOT_MS)
        )

    def _counting_stops(self) -> frozenset[Stop]:
        view = self._view

        def first_block_from(slot: int) -> int | None:
            rows = view.block_range(slot, 2**62)
            return view.blocks.entry[rows.start] if rows else None

        plants = [(entry, self._plant(document)) for entry, document in sorted_items(view)]
        return counting_stops(plants, first_block_from)

    def _production_days(self) -> tuple[Day, ...]:
        if not self.runs:
            return ()
        calendar = self._calendar(self.runs[-1].plant)
        return tuple(
            Day(
                max(start, self.start),
                min(end, self.end),
                whole=self.start <= start and end <= self.end,
            )
            for start, end in calendars.production_days(calendar, self.start, self.end)
            if end > self.start
        )

    def plant_at(self, instant: int) -> Plant:
        """Return the configuration in force at an instant of the visible time."""
        return self.all_runs[max(bisect_right(self._run_starts, instant) - 1, 0)].plant

    def plant_of_asset(self, asset: str, instant: int) -> Plant | None:
        """Return the configuration of an asset's day that begins at `instant`.

        The one in force then if it has the asset, else the first later one of the window that has it, else the last
        earlier one.
        """
        earlier = None
        for run in self.runs:
            if asset in run.plant.assets:
                if run.end > instant:
                    return run.plant
                earlier = run.plant
        return earlier

    def last_plant_with(self, asset: str) -> Plant | None:
        """Return the last configuration of the window that has the asset."""
        return next((run.plant for run in reversed(self.runs) if asset in run.plant.assets), None)

    def asset_ids(self) -> list[str]:
        """Return the ids of all assets of any configuration of the window, in byte order."""
        return sorted({asset for run in self.runs for asset in run.plant.assets})

    def rows(self, stream: str, name: str) -> list[Signalled]:
        """Return the visible rows of a signal, in order, without imported ones and duplicates."""
        rows = self._view.rows(stream, name, *self._sealed)
        definitions = self.definitions(stream)
        low, high, config_of = self.visible_from, self.end, self._config_of
        kept: list[Signalled] = []
        seen: set[int] = set()
        last = None
        for row in rows:
            tau, _, slot, _, value, _, flags = row
            if not low <= tau < high or flags & _I:
                continue
            if tau != last:
                last = tau
                seen.clear()
            if not flags & _E_OR_M:
                if value in seen:
                    continue
                seen.add(value)
            kept.append((row, definitions[config_of[slot]][name]))
        return kept

    def sealing_plants(self) -> list[Plant]:
        """Return the configurations of the blocks whose rows take part, in order of their entries."""
        plants = (
            self._plant(self._view.documents[c]) for c in sorted(set(self._config_of.values()))
        )
        return list(dict.fromkeys(plants))

    def definitions(self, stream: str) -> dict[int, Mapping[str, PlantSignal]]:
        """Return the signals of a stream by config entry, for every configuration that sealed rows."""
        return {
            config: self._plant(self._view.documents[config]).signals.get(stream, {})
            for config in set(self._config_of.values())
        }

    def segments(self, asset: str) -> list[Segment]:
        """Return the segments of an asset over the window, cut at configuration changes."""
        return [
            segment
            for run in self.runs
            for segment in calendars.segments(
                self._calendar(run.plant),
                run.plant.assets.get(asset),
                self.counting_stops,
                run.start,
                run.end,
            )
        ]

    def timeline(self, asset: str) -> list[Piece]:
        """Return the states of an asset over the visible time."""
        stream = f"{asset}.state"
        first_names = {
            config: self._plant(self._view.documents[config]).first_of_role(stream, Role.STATE)
            for config in set(self._config_of.values())
        }
        events: list[tuple[int, int, Event]] = []
        for name in {name for name in first_names.values() if name is not None}:
            for row, signal in self.rows(stream, name):
                if first_names[self._config_of[row.slot]] == name:
                    events.append((row.tau, row.position, self._event(asset, row, signal)))
        events.sort(key=lambda item: item[:2])

        def minor_stop_ms(instant: int) -> int:
            entry = self.plant_at(instant).assets.get(asset)
            return -1 if entry is None else entry.minor_stop_ms

        ordered = [event for _, _, event in events]
        return timeline(ordered, self.visible_from, self.end, minor_stop_ms)

    def _event(self, asset: str, row: Row, signal: PlantSignal) -> Event:
        stream, state = signal.stream, MachineState.UNKNOWN
        if row.flags & _H:
            kind = EventKind.PROOF
        elif row.flags & _E_OR_M or not is_good(row.status):
            kind = EventKind.BREAK
        else:
            kind = EventKind.SET
            plant = self.plant_at(row.tau)
            in_force = plant.signals.get(stream, {}).get(signal.name, signal)
            table = plant.tables.get(plant.table_of(asset, in_force))
            if table is not None:
                text = self.raw_text(row, signal)
                other = table.plain_other
                state = other if text is None else table.plain.get(text, other)
        return Event(row.tau, kind, state, signal.hold_ms)

    def raw_text(self, row: Row, signal: PlantSignal) -> str | None:
        """Return the raw value as a state table spells it; a float has no spelling."""
        match signal.type:
            case SignalType.TEXT:
                return self._view.columns[signal.stream].texts[row.value].decode()
            case SignalType.FLOAT:
                return None
            case SignalType.UINT:
                return str(row.value & (2**64 - 1))
            case SignalType.INT | SignalType.BOOL:
                return str(row.value)

    def counting(
        self, stream: str, roles: Collection[Role], elapsed: Elapsed
    ) -> dict[Role, Counting]:
        """Return the counts of the signals of a stream that have one of `roles`.

        elapsed: the milliseconds of an interval over which counts are spread.
        """
        counted: dict[Role, list[SignalCount]] = {}
        proven: set[Role] = set()
        names: dict[str, set[Role]] = {}
        for signals in self.definitions(stream).values():
            for signal in signals.values():
                if signal.role in roles and not signal.alternate_of:
                    names.setdefault(signal.name, set()).add(signal.role)
        for name, own_roles in names.items():
            rows = self.rows(stream, name)
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
        pieces = self.timeline(asset)
        segments = self.segments(asset)
        atoms = _atoms(pieces, segments, self.days)
        counting = self.counting(f"{asset}.count", COUNT_ROLES, productive_cover(pieces).length)
        nothing = Counting(())
        booked = {role: counting.get(role, nothing).booked(len(self.days)) for role in COUNT_ROLES}
        silent = self._scrap_never_answers(counting)
        days = []
        for number, day in enumerate(self.days):
            plant = self.plant_of_asset(asset, day.start)
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
            if counted.accepted_between(self.visible_from, self.end)
            or (counted.proven and role is Role.COUNT_SCRAP)
        }
        return Role.COUNT_SCRAP not in answered and bool(
            answered & {Role.COUNT_GOOD, Role.COUNT_TOTAL}
        )

    def energy(self, meter: str) -> Counting:
        """Return the counts in Wh of a meter's energy registers, spread over plain time."""
        counting = self.counting(f"{meter}.energy", (Role.ENERGY,), _elapsed)
        return counting.get(Role.ENERGY, Counting(()))


def window_of(
    view: LogView, first: int, last: int, lead: int, grace: int, *, offset_at: int | None = None
) -> Window:
    """Return the worked-out window, the same object for every claim that asks for it.

    offset_at: see `Window`; the first ms of the window if not given.
    """
    fixed_at = first * SLOT_MS if offset_at is None else offset_at
    key = ("window", first, last, lead, grace, fixed_at)
    window = view.shared.get(key)
    if not isinstance(window, Window):
        window = Window(view, first, last, lead, grace, offset_at=fixed_at)
        view.shared[key] = window
    return window


def sorted_items(view: LogView) -> list[tuple[int, ConfigDocument]]:
    """Return the configurations of the log in order of their entries."""
    return sorted(view.documents.items())


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
