"""Scheduled slots of required points and the one outcome of each (U7, claims.md `upload-rate/1`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from evidence.document import ConfigDocument
from evidence.recompute.calendars import stops_of
from evidence.recompute.intervals import Cover
from evidence.recompute.plant import parse_plant
from evidence.recompute.plant_model import Plant, PlantSignal
from evidence.recompute.view import LogView, Row
from evidence.recompute.window import Window
from model.flags import MissedCause, RowFlag
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
        for run in window.runs
        for stream, signals in run.plant.signals.items()
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
    for asset in window.asset_ids():
        places: dict[str, set[str]] = {}
        for run in window.runs:
            for stream, signals in run.plant.signals.items():
                if stream.rpartition(".")[0] == asset and asset in run.plant.assets:
                    for signal in signals.values():
                        if signal.required:
                            places.setdefault(signal.name, set()).add(stream)
        points = []
        for name in sorted(places):
            rows: list[Row] = []
            for stream in sorted(places[name]):
                rows += [row for row, _ in window.rows(stream, name)]
            rows.sort(key=_tau)
            points.append(_point(window, asset, name, rows))
        if points:
            found[asset] = tuple(points)
    return found


def _tau(row: Row) -> int:
    return row.tau


_Slot = tuple[int, int, int]
"""Start, end, deadline of the arrival, in ms."""


def _expected_slots(window: Window, asset: str, name: str) -> Iterator[_Slot]:
    """Yield the expected slots of a point, starts ascending; slots of two configurations may overlap."""
    for number, run in enumerate(window.runs):
        plant = _judging_plant(window, number, asset)
        signal = None if plant is None else _signal(plant, asset, name)
        if plant is None or signal is None or not signal.required:
            continue
        length = signal.slot_ms
        service = plant.assets[asset].service
        low = max(window.start, service[0])
        high = window.end if service[1] is None else min(window.end, service[1])
        stops = stops_of(plant.calendar, asset, window.counting_stops)
        stopped = Cover((stop.start, stop.end) for stop in stops)
        first = -(-max(run.start, low) // length) * length
        for start in range(first, min(run.end, high - length + 1), length):
            if not stops or not stopped.length(start, start + length):
                yield start, start + length, start + length + signal.deadline_ms


def _judging_plant(window: Window, number: int, asset: str) -> Plant | None:
    """Return the configuration that judges slots starting in run `number`.

    The one in force if it has the asset, else the nearest earlier one of the window that has it, else the nearest
    later one: removing an asset does not remove its expected slots.
    """
    order: list[int] = [*range(number, -1, -1), *range(number + 1, len(window.runs))]
    for i in order:
        if asset in window.runs[i].plant.assets:
            return window.runs[i].plant
    return None


def _signal(plant: Plant, asset: str, name: str) -> PlantSignal | None:
    for stream, signals in plant.signals.items():
        if stream.rpartition(".")[0] == asset and name in signals:
            return signals[name]
    return None


def _point(window: Window, asset: str, name: str, rows: list[Row]) -> PointOutcomes:
    counts: Counter[str] = Counter()
    longest: Gap | None = None
    gap_start = gap_end = None
    first, total = 0, len(rows)
    for start, end, deadline in _expected_slots(window, asset, name):
        while first < total and rows[first][0] < start:
            first += 1
        at = first
        while at < total and rows[at][0] < end:
            at += 1
        word = _outcome(rows[first:at], deadline) if at > first else _NO_ROW
        counts[word] += 1
        if not word.startswith("missed_"):
            gap_start = None
            continue
        if gap_start is None or gap_end != start:
            gap_start = start
        gap_end = end
        if longest is None or gap_end - gap_start > longest.length:
            longest = Gap(gap_start, gap_end - gap_start)
    return PointOutcomes(asset, name, sum(counts.values()), dict(counts), longest)


def _outcome(rows: list[Row], deadline: int) -> str:
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
