"""Signals and calendars of one window as equipment statistics ask for them, each worked out once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Final, NamedTuple

from evidence.reading import float_of
from evidence.recompute.equipment.bookings import Bookings, Elapsed
from evidence.recompute.equipment.calendar_pieces import calendar_pieces, steps_of
from evidence.recompute.equipment.registers import (
    Register,
    read_register,
    restarts_of,
)
from evidence.recompute.equipment.segments import PlantCalendar, Segment
from evidence.recompute.equipment.states import Texts, states_of
from evidence.recompute.equipment.values import Timeline, timeline_of
from evidence.recompute.plant_model import Plant, PlantSignal
from evidence.recompute.timeline import Piece
from evidence.recompute.view import LogView, Row
from evidence.recompute.window import Window, clipped
from model.signal import Role, SignalType

_FIRST_IN_JSON: Final = " "
"""No text of canonical JSON holds a character before this one."""


class Counted(NamedTuple):
    """A register with what it is the register of. counts: whether a definition of the signal is this counter."""

    name: str
    role: Role
    register: Register
    counts: Callable[[PlantSignal], bool]


def elapsed(start: int, end: int) -> int:
    """Return the ms of an interval, over which energy is spread."""
    return end - start


def _is_counter(signal: PlantSignal, *, role: Role) -> bool:
    """Return whether a signal is a counter of `role` whose counts are added."""
    return signal.role is role and not signal.alternate_of


class Signals:
    """What the rows and configurations of a window say, by signal and by configuration."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self._texts: dict[tuple[str, str, Role], Timeline[str | None]] = {}
        self._numbers: dict[tuple[str, str, Role], Timeline[Fraction | None]] = {}
        self._states: dict[str, list[Piece]] = {}
        self._restarts: dict[str, list[int]] = {}
        self._calendars: dict[Plant, PlantCalendar] | None = None
        self.statistics: dict[str, object] = {}
        """What `statistics_of` has worked out, by asset."""

    def texts(self, stream: str) -> Texts:
        """Return the function that gives the spelled values of the signals of a stream (statistics.md §1)."""

        def timeline(name: str, role: Role) -> Timeline[str | None]:
            key = (stream, name, role)
            if key not in self._texts:
                rows = self.window.rows(stream, name)
                self._texts[key] = timeline_of(rows, role, self.window.end, self._spelled)
            return self._texts[key]

        return timeline

    def _spelled(self, row: Row, signal: PlantSignal) -> str | None:
        """Return the spelling of a value; a float has none, nor a text that no document could name."""
        text = self.window.raw_text(row, signal)
        return None if text is None or any(c < _FIRST_IN_JSON for c in text) else text

    def numbers(self, stream: str, name: str, role: Role) -> Timeline[Fraction | None]:
        """Return the exact scaled values of a signal over time; a text has no number."""
        key = (stream, name, role)
        if key not in self._numbers:
            rows = self.window.rows(stream, name)
            self._numbers[key] = timeline_of(rows, role, self.window.end, _number)
        return self._numbers[key]

    def states(self, asset: str) -> list[Piece]:
        """Return the states of an asset over the visible time, debounced, those of minor stops marked."""

        def threshold(instant: int) -> tuple[int, int]:
            entry = self.window.plant_at(instant).assets.get(asset)
            return (0, -1) if entry is None else (entry.debounce_ms, entry.minor_stop_ms)

        if asset not in self._states:
            texts = self.texts(f"{asset}.state")
            window = self.window
            self._states[asset] = states_of(window.all_runs, asset, texts, threshold, window.budget)
        return self._states[asset]

    def registers(
        self,
        device: str,
        stream: str,
        roles: Collection[Role],
        spread_over: Elapsed,
    ) -> list[Counted]:
        """Return the counters of a stream in the configurations of the window or of its rows, by role and name.

        Alternate signals are none of them. spread_over: the milliseconds over which counts are spread.
        """
        window = self.window
        plants = {*window.plants, *window.sealing_plants}
        what = f"the counters of {device}", f"{device} 的计数器"
        window.budget.spend(len(plants), *what)
        found = {
            (role, signal.name)
            for plant in plants
            for role in roles
            for signal in plant.of_role(stream, role)
        }
        window.budget.spend(len(found) * (len(plants) + len(window.runs)), *what)
        counted = []
        inside = (window.start, window.end)
        for role, name in sorted(found):
            counts = partial(_is_counter, role=role)
            register = Register(Bookings(spread_over), inside)
            events = {
                id(plant.signals[stream][name]): plant.counter_events.get((device, name), ())
                for plant in plants
                if name in plant.signals.get(stream, {})
            }
            read_register(
                register,
                window.rows(stream, name),
                counts,
                _events_in(events),
                self._restarted(device),
            )
            counted.append(Counted(name, role, register, counts))
        return counted

    def _restarted(self, device: str) -> Callable[[int, int], bool]:
        """Return whether a device restarted in (τ0, τ1], by any of its uptime signals."""
        instants = self._restarts.get(device)
        if instants is None:
            stream = f"{device}.state"
            names = {
                signal.name
                for plant in self.window.sealing_plants
                for signal in plant.of_role(stream, Role.UPTIME)
            }
            instants = sorted(
                instant for name in names for instant in restarts_of(self.window.rows(stream, name))
            )
            self._restarts[device] = instants
        known = instants
        return lambda since, tau: bisect_right(known, since) < bisect_right(known, tau)

    def segments(self, asset: str, low: int, high: int) -> Iterator[Segment]:
        """Yield the segments of an asset over [low, high) of the visible time, in order and without hole.

        Time before the window is laid out anew at each call: few assets ask for any.
        """
        window = self.window
        what = f"the segments of {asset}", f"资产 {asset} 的时段"
        if low < window.start:
            for run in clipped(window.all_runs, low, min(high, window.start)):
                calendar = run.plant.calendar
                window.budget.spend_part(steps_of(calendar, run.start, run.end), *what)
                window.budget.spend(len(calendar.stops), *what)
                pieces = calendar_pieces(calendar, run.start, run.end)
                before = PlantCalendar(run.plant, pieces, window.counting_stops)
                yield from before.segments(asset, run.start, run.end)
        for run in clipped(window.runs, low, high):
            laid_out = self.calendar_of(run.plant)
            window.budget.spend(1 + laid_out.stops_to_sort(asset), *what)
            yield from laid_out.segments(asset, run.start, run.end)

    def calendar_of(self, plant: Plant) -> PlantCalendar:
        """Return the calendar of a configuration of the window from its first to its last ms in it."""
        if self._calendars is None:
            self._calendars = self._lay_out()
        return self._calendars[plant]

    def _lay_out(self) -> dict[Plant, PlantCalendar]:
        window = self.window
        reach: dict[Plant, tuple[int, int]] = {}
        for run in window.runs:
            reach[run.plant] = (reach.get(run.plant, (run.start, 0))[0], run.end)
        window.budget.spend_part(
            sum(steps_of(plant.calendar, low, high) for plant, (low, high) in reach.items()),
            "the calendars of the window",
            "窗口内的日历",
        )
        stops = window.counting_stops
        return {
            plant: PlantCalendar(plant, calendar_pieces(plant.calendar, low, high), stops)
            for plant, (low, high) in reach.items()
        }


def _events_in(events: dict[int, tuple[int, ...]]) -> Callable[[PlantSignal], Sequence[int]]:
    return lambda signal: events.get(id(signal), ())


def _number(row: Row, signal: PlantSignal) -> Fraction | None:
    if signal.type is SignalType.TEXT:
        return None
    if signal.type is SignalType.FLOAT:
        return Fraction(float_of(row.value)) * Fraction(*signal.scale)
    whole = row.value & (2**64 - 1) if signal.type is SignalType.UINT else row.value
    return whole * Fraction(*signal.scale)


def signals_of(view: LogView, window: Window) -> Signals:
    """Return the signals of a window, the same object for every claim over it."""
    key = ("equipment", id(window))
    found = view.shared.get(key)
    if not isinstance(found, Signals):
        found = view.shared[key] = Signals(window)
    return found
