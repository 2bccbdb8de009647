"""Cells: the stretches of one asset over which everything but its state is constant (statistics.md §5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from evidence.recompute.atoms import atom_of
from evidence.recompute.equipment.bookings import Bookings
from evidence.recompute.equipment.calendar_pieces import Occurrence
from evidence.recompute.equipment.products import ProductPiece
from evidence.recompute.equipment.segments import Segment
from evidence.recompute.limits import Budget
from evidence.recompute.plant_model import Plant
from evidence.recompute.timeline import Piece
from model.signal import Role
from model.state import Atom, MachineState

HOUR_MS: Final = 3_600_000


class Key(NamedTuple):
    """What is constant in a cell. product: its id, None if none is assigned; test: the state is test."""

    plant: Plant
    kind: str
    shift: Occurrence | None
    day: int
    product: str | None
    test: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. atoms: ms by atom, empty where the kind is none. counts: pieces booked, by role, those not 0."""

    start: int
    end: int
    key: Key
    atoms: Mapping[Atom, int]
    counts: Mapping[Role, int]


def hours_with(bookings: Iterable[Bookings], low: int, high: int, budget: Budget) -> set[int]:
    """Return both ends of every UTC hour that meets [low, high) and in which something is booked.

    To cut at these alone gives the same sums as to cut at every hour: an hour edge matters where counts are.
    """
    numbers: set[int] = set()
    for one in bookings:
        for start, end in one.spans(low, high):
            hours = range(start // HOUR_MS, (end - 1) // HOUR_MS + 1)
            if len(hours) > 1:
                budget.spend(len(hours), "the hours that counts are spread over", "计数分摊的小时")
            numbers.update(hours)
    return {edge * HOUR_MS for number in numbers for edge in (number, number + 1)}


def every_hour(low: int, high: int) -> set[int]:
    """Return every edge between two UTC hours inside (low, high)."""
    return set(range((low // HOUR_MS + 1) * HOUR_MS, high, HOUR_MS))


class _Strip(NamedTuple):
    """A stretch in which nothing at all changes."""

    start: int
    end: int
    key: Key
    piece: Piece


def _strips(
    segments: Iterable[Segment], pieces: Sequence[Piece], products: Sequence[ProductPiece]
) -> Iterator[_Strip]:
    piece_at = product_at = 0
    for segment in segments:
        at = segment.start
        while at < segment.end:
            while pieces[piece_at].end <= at:
                piece_at += 1
            while products[product_at].end <= at:
                product_at += 1
            piece, product = pieces[piece_at], products[product_at]
            end = min(segment.end, piece.end, product.end)
            test = piece.state is MachineState.TEST
            yield _Strip(at, end, Key(*segment[2:], product.product, test), piece)
            at = end


def _cut(strips: Iterable[_Strip], hours: Iterable[int]) -> Iterator[_Strip]:
    """Yield the strips cut at `hours`."""
    edges = sorted(hours)
    following = 0
    for start, end, key, piece in strips:
        at = start
        while following < len(edges) and edges[following] < end:
            if edges[following] > at:
                yield _Strip(at, edges[following], key, piece)
                at = edges[following]
            following += 1
        yield _Strip(at, end, key, piece)


_NO_COUNTS: Final[Mapping[Role, int]] = {}


def cells_of(
    segments: Iterable[Segment],
    pieces: Sequence[Piece],
    products: Sequence[ProductPiece],
    *,
    hours: Iterable[int],
    counters: Sequence[tuple[Role, Bookings]],
    factor_of: Callable[[Key], int],
) -> Iterator[Cell]:
    """Yield the cells of the time that `segments` cover, in order and without hole.

    segments: in order and without hole. pieces, products: the same, over at least that time. hours: instants at which a
    cell ends whatever comes after it. counters: what was booked, by role. factor_of: pieces that one count stands for.
    """
    cut = frozenset(hours)
    reached: list[int] | None = None
    key: Key | None = None
    atoms: dict[Atom, int] = {}
    start = end = 0

    def counted(until: int, factor: int) -> Mapping[Role, int]:
        nonlocal reached
        if not counters:
            return _NO_COUNTS
        before = reached
        reached = [bookings.until(until) for _, bookings in counters]
        counts: dict[Role, int] = {}
        if before is not None and before != reached:
            for (role, _), old, new in zip(counters, before, reached, strict=True):
                if new != old:
                    counts[role] = counts.get(role, 0) + (new - old) * factor
        return counts

    for strip in _cut(_strips(segments, pieces, products), cut):
        if key is None:
            counted(strip.start, 1)
            key, start = strip.key, strip.start
        elif strip.key != key or strip.start in cut:
            yield Cell(start, end, key, atoms, counted(end, factor_of(key)))
            key, start, atoms = strip.key, strip.start, {}
        atom = atom_of(strip.key.kind, strip.piece)
        if atom is not None:
            atoms[atom] = atoms.get(atom, 0) + strip.end - strip.start
        end = strip.end
    if key is not None:
        yield Cell(start, end, key, atoms, counted(end, factor_of(key)))
