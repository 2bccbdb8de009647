"""The calendar as one asset lives it: stops, service, configuration in force (claims.md §0, statistics.md §4)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence, Set
from itertools import islice, pairwise
from typing import Final, NamedTuple

from evidence.recompute.equipment.calendar_pieces import CalendarPiece, Occurrence
from evidence.recompute.intervals import Cover
from evidence.recompute.plant_model import Plant, Stop

ALL: Final = "*"
"""Asset of a stop of all assets."""
_STOP_KINDS: Final = ("off", "pm", "brk")
"""Several stops at one instant: the first of these kinds counts."""


class Segment(NamedTuple):
    """A stretch of one asset without change of configuration, kind, shift or production day.

    kind: planned, pm, brk, off or none (not in service).
    """

    start: int
    end: int
    plant: Plant
    kind: str
    shift: Occurrence | None
    day: int


class _Stopped:
    """The counting stops of one asset."""

    def __init__(self, stops: Sequence[Stop]) -> None:
        self._covers = [
            (kind, Cover((stop.start, stop.end) for stop in stops if stop.kind == kind))
            for kind in _STOP_KINDS
        ]
        self._edges = sorted({edge for stop in stops for edge in (stop.start, stop.end)})

    def kind(self, instant: int) -> str:
        """Return the kind of the stop that counts at `instant`, "" if none covers it."""
        if not self._edges:
            return ""
        return next((kind for kind, cover in self._covers if cover.holds(instant)), "")

    def edges_in(self, low: int, high: int) -> list[int]:
        """Return where stops begin or end inside (low, high), ascending."""
        return self._edges[bisect_right(self._edges, low) : bisect_left(self._edges, high)]


class PlantCalendar:
    """The calendar pieces and counting stops of one configuration over the time that claims look at."""

    def __init__(self, plant: Plant, pieces: Sequence[CalendarPiece], counting: Set[Stop]) -> None:
        self.plant = plant
        self._pieces = pieces
        self._starts = [piece.start for piece in pieces]
        self._stops: dict[str, list[Stop]] = {}
        self._stopped_of: dict[str, _Stopped] = {}
        for stop in plant.calendar.stops:
            if stop in counting:
                self._stops.setdefault(stop.asset, []).append(stop)

    def segments(self, asset: str, low: int, high: int) -> Iterator[Segment]:
        """Yield the segments of [low, high) of an asset, in order and without hole."""
        entry = self.plant.assets.get(asset)
        service: tuple[int, int | None] = (low, low) if entry is None else entry.service
        begin, end = service[0], high if service[1] is None else service[1]
        stopped = self._stopped(asset)
        for first, last, kind, shift, day in self.pieces(low, high):
            inside = stopped.edges_in(first, last)
            if first < begin < last or first < end < last:
                inside = sorted({*inside, *(edge for edge in (begin, end) if first < edge < last)})
            for start, until in pairwise([first, *inside, last]):
                own = (stopped.kind(start) or kind) if begin <= start < end else "none"
                yield Segment(start, until, self.plant, own, shift, day)

    def _owner(self, asset: str) -> str:
        return asset if asset in self._stops else ALL

    def stops_to_sort(self, asset: str) -> int:
        """Return how many stops of an asset no call of `segments` has sorted yet."""
        owner = self._owner(asset)
        if owner in self._stopped_of:
            return 0
        return len(self._stops.get(owner, ())) + len(self._stops.get(ALL, ()))

    def _stopped(self, asset: str) -> _Stopped:
        owner = self._owner(asset)
        if owner not in self._stopped_of:
            own = self._stops.get(owner, []) if owner != ALL else []
            self._stopped_of[owner] = _Stopped(own + self._stops.get(ALL, []))
        return self._stopped_of[owner]

    def pieces(self, low: int, high: int) -> Iterator[CalendarPiece]:
        """Yield the pieces of [low, high), without stops and service of assets."""
        first = max(bisect_right(self._starts, low) - 1, 0)
        for piece in islice(self._pieces, first, bisect_left(self._starts, high)):
            if low <= piece.start and piece.end <= high:
                yield piece
            elif max(piece.start, low) < min(piece.end, high):
                yield piece._replace(start=max(piece.start, low), end=min(piece.end, high))
