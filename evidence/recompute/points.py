"""Scheduled slots of required points and the one outcome of each (U7, claims.md `upload-rate/1`)."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from evidence.document import ConfigDocument
from evidence.recompute.calendars import stops_of
from evidence.recompute.intervals import Interval, union
from evidence.recompute.plant import parse_plant
from evidence.recompute.plant_model import Plant, PlantSignal
from evidence.recompute.view import LogView, Row
from evidence.recompute.window import ConfigRun, Window
from model.flags import MissedCause, RowFlag
from model.signal import SignalClass
from model.status import is_good

_E, _H, _M = int(RowFlag.NO_VALUE), int(RowFlag.ALIVE), int(RowFlag.MISSED)
_MISSED: Final = (
    (MissedCause.PLANNED, "missed_planned"),
    (MissedCause.RECONFIGURED, "missed_reconfigured"),
    (MissedCause.AGENT, "missed_agent"),
    (MissedCause.OVERLOAD, "missed_overload"),
    (MissedCause.NETWORK, "missed_network"),
    (MissedCause.SERVER, "missed_server"),
    (MissedCause.ITEM, "missed_item"),
    (MissedCause.DEVICE, "missed_device"),
)
"""Order of the causes if a slot has several M rows."""


_NO_ROW: Final = "missed_agent"
_STEPS_A_STOP: Final = 2
"""Steps of work that one stop costs at each point that it meets."""


class Gap(NamedTuple):
    """A run of missed slots, in ms."""

    start: int
    length: int


@dataclass(frozen=True, slots=True)
class PointOutcomes:
    """All scheduled slots of one point over a window."""

    asset: str
    signal: str
    expected: int
    outcomes: Mapping[str, int]
    longest_gap: Gap | None

    @property
    def on_time(self) -> int:
        """Return the slots that count for the rate: on time or held alive."""
        return self.outcomes.get("on_time", 0) + self.outcomes.get("held_alive", 0)

    @property
    def late(self) -> int:
        """Return the slots whose value came late."""
        return self.outcomes.get("late", 0)


@lru_cache(maxsize=64)
def required_streams_of(document: ConfigDocument) -> frozenset[str]:
    """Return the streams of a configuration that have a required signal."""
    return frozenset(
        stream
        for stream, signals in parse_plant(document).signals.items()
        if any(signal.required for signal in signals.values())
    )


def required_streams(window: Window) -> set[str]:
    """Return the streams with a required signal in any configuration of the window."""
    return {
        stream
        for plant in window.plants
        for stream, signals in plant.signals.items()
        if any(signal.required for signal in signals.values())
    }


def outcomes_of(view: LogView, window: Window) -> Mapping[str, tuple[PointOutcomes, ...]]:
    """Return the points of every asset that has one, by signal name; worked out once a window."""
    key = ("points", id(window))
    found = view.shared.get(key)
    if not isinstance(found, _Points):
        found = _Points(_work_out(window))
        view.shared[key] = found
    return found.by_asset


@dataclass(frozen=True, slots=True)
class _Points:
    by_asset: Mapping[str, tuple[PointOutcomes, ...]]


def _work_out(window: Window) -> dict[str, tuple[PointOutcomes, ...]]:
    found = {}
    for asset, places in sorted(_required_points(window).items()):
        judging = _judging_plants(window, asset)
        stops: dict[Plant, list[Interval]] = {}
        points = []
        for name in sorted(places):
            rows: list[Row] = []
            for stream in places[name]:
                rows += [row for row, _ in window.rows(stream, name)]
            rows.sort(key=_tau)
            stretches = _stretches(window, asset, name, judging, stops)
            points.append(_point(asset, name, rows, stretches))
        found[asset] = tuple(points)
    return found


def _required_points(window: Window) -> dict[str, dict[str, list[str]]]:
    """Return the streams of each signal that some configuration of the window requires, by asset and name."""
    found: dict[str, dict[str, list[str]]] = {}
    for plant in window.plants:
        for stream, signals in plant.signals.items():
            asset = stream.rpartition(".")[0]
            if asset in plant.assets:
                for signal in signals.values():
                    if signal.required:
                        places = found.setdefault(asset, {}).setdefault(signal.name, [])
                        if stream not in places:
                            places.append(stream)
    return found


def _tau(row: Row) -> int:
    return row.tau


def _judging_plants(window: Window, asset: str) -> list[ConfigRun]:
    """Return the configurations that judge the slots of an asset, each from when to when their slots start.

    The one in force if it has the asset, else the nearest earlier one of the window that has it, else the nearest
    later one: removing an asset does not remove its expected slots.
    """
    window.budget.spend(len(window.runs), f"the configurations of {asset}", f"资产 {asset} 的配置")
    found: list[ConfigRun] = []
    for run in window.runs:
        plant = run.plant if asset in run.plant.assets else None
        if plant is None and found:
            plant = found[-1].plant
        if plant is None:
            continue
        if found and found[-1].plant is plant:
            found[-1] = found[-1]._replace(end=run.end)
        else:
            found.append(ConfigRun(run.start if found else window.start, run.end, plant))
    return found


class _Stretch(NamedTuple):
    """Expected slots without a hole: numbers [first, last) of slots of `length` ms. deadline: ms after their end."""

    first: int
    last: int
    length: int
    deadline: int


def _stretches(
    window: Window,
    asset: str,
    name: str,
    judging: Sequence[ConfigRun],
    stops: dict[Plant, list[Interval]],
) -> Iterator[_Stretch]:
    """Yield the expected slots of a point, starts ascending; slots of two configurations may overlap.

    stops: union of the counting stops of the asset by configuration, filled here.
    """
    what = f"the slots of {asset} {name}", f"{asset} {name} 的时隙"
    for run in judging:
        window.budget.spend(1, *what)
        signal = _signal(run.plant, asset, name)
        if signal is None or not signal.required:
            continue
        if run.plant not in stops:
            calendar = run.plant.calendar
            window.budget.spend(len(calendar.stops), *what)
            own = stops_of(calendar, asset, window.counting_stops)
            stops[run.plant] = union((stop.start, stop.end) for stop in own)
        length = signal.slot_ms
        service = run.plant.assets[asset].service
        high = window.end if service[1] is None else min(window.end, service[1])
        first = -(-max(run.start, service[0]) // length)
        last = min(-(-run.end // length), high // length)
        window.budget.spend(_STEPS_A_STOP * len(stops[run.plant]), *what)
        for start, end in stops[run.plant]:
            stopped = start // length
            if first < min(stopped, last):
                yield _Stretch(first, min(stopped, last), length, signal.deadline_ms)
            first = max(first, -(-end // length))
        if first < last:
            yield _Stretch(first, last, length, signal.deadline_ms)


def _signal(plant: Plant, asset: str, name: str) -> PlantSignal | None:
    for kind in SignalClass:
        signal = plant.signals.get(f"{asset}.{kind.value}", {}).get(name)
        if signal is not None:
            return signal
    return None


class _Tally:
    """Outcomes of the slots of a point in order, and the longest run of missed ones, each beginning where one ends."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.longest: Gap | None = None
        self._start = self._end = 0

    def add(self, word: str, start: int, end: int, slots: int) -> None:
        """Take the outcome of some slots of [start, end), without a hole."""
        self.counts[word] += slots
        if not word.startswith("missed_"):
            self._start = self._end = end
            return
        if self._end != start:
            self._start = start
        self._end = end
        if self.longest is None or end - self._start > self.longest.length:
            self.longest = Gap(self._start, end - self._start)


def _point(
    asset: str, name: str, rows: Sequence[Row], stretches: Iterable[_Stretch]
) -> PointOutcomes:
    """Return the outcomes of a point; slots without rows cost nothing, however many they are."""
    tally = _Tally()
    taus = [row.tau for row in rows]
    for first, last, length, deadline in stretches:
        following = first
        at, until = bisect_left(taus, first * length), bisect_left(taus, last * length)
        while at < until:
            number = taus[at] // length
            start, end = number * length, (number + 1) * length
            if following < number:
                tally.add(_NO_ROW, following * length, start, number - following)
            own = at
            while at < until and taus[at] < end:
                at += 1
            tally.add(_outcome(rows[own:at], end + deadline), start, end, 1)
            following = number + 1
        if following < last:
            tally.add(_NO_ROW, following * length, last * length, last - following)
    counts = tally.counts
    return PointOutcomes(asset, name, sum(counts.values()), dict(counts), tally.longest)


def _outcome(rows: Sequence[Row], deadline: int) -> str:
    """Return the first outcome that fits the rows of a slot."""
    held = late = bad = False
    missed: set[int] = set()
    for row in rows:
        flags = row.flags
        if flags & _M:
            missed.add(row.value)
        elif flags & _H:
            held = held or row.arrival <= deadline
        elif flags & _E or not is_good(row.status):
            bad = True
        elif row.arrival <= deadline:
            return "on_time"
        else:
            late = True
    if held:
        return "held_alive"
    if late:
        return "late"
    if bad:
        return "bad_quality"
    return next((word for cause, word in _MISSED if cause in missed), _NO_ROW)
