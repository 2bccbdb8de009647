"""From rows to cells, counters and gaps of one asset over one window (statistics.md §5 to §7), each step done once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Final

from evidence.recompute.equipment.bookings import Bookings
from evidence.recompute.equipment.cells import Cell, Key, cells_of, hours_with
from evidence.recompute.equipment.gaps import Gap, configured, gaps_of, gaps_without
from evidence.recompute.equipment.products import ProductData, ProductList, product_pieces
from evidence.recompute.equipment.segments import Segment
from evidence.recompute.equipment.signals import Counted, Signals
from evidence.recompute.equipment.sums import (
    GOOD,
    PIECE_ROLES,
    SCRAP,
    TOTAL,
    good_from_rest,
    good_of,
)
from evidence.recompute.intervals import Cover
from evidence.recompute.plant_model import Plant
from evidence.recompute.timeline import Piece, productive_cover
from model.signal import Role
from model.state import MachineState

_STEPS_A_CELL: Final = 8
_STEPS_A_COUNTER: Final = 2
"""Steps of work that a cell costs, and each counter in it beside."""


class AssetWork:
    """What rows and configurations say about one asset over the window of `signals`.

    frozen: ideal cycles, by product, that stand before those of the configurations. counting: pieces are asked for.
    """

    def __init__(
        self,
        signals: Signals,
        asset: str,
        frozen: Mapping[str, Fraction] = MappingProxyType({}),
        *,
        counting: bool = True,
    ) -> None:
        self.asset = asset
        self.signals = signals
        self.window = signals.window
        self.stream = f"{asset}.count"
        self._frozen = frozen
        self._counting = counting
        self._lists: dict[Plant, ProductList] = {}
        self._present: dict[Plant, frozenset[Role]] = {}

    @cached_property
    def states(self) -> list[Piece]:
        """Return the states over the visible time."""
        return self.signals.states(self.asset)

    @cached_property
    def counted(self) -> list[Counted]:
        """Return the counters of pieces, by role and name."""
        if not self._counting:
            return []
        productive = productive_cover(self.states).length
        return self.signals.registers(self.asset, self.stream, PIECE_ROLES, productive)

    @cached_property
    def silent(self) -> frozenset[Role]:
        """Return the roles whose counters never answered although another counter has an accepted reading."""
        if all(one.register.first is None for one in self.counted):
            return frozenset()
        answered = {one.role for one in self.counted if one.register.answered}
        return frozenset(PIECE_ROLES) - answered

    @cached_property
    def factor(self) -> int:
        """Return the largest number of pieces that one count can stand for in a configuration of the window."""
        return self.factor_in(self.window.plants)

    def factor_in(self, plants: Iterable[Plant]) -> int:
        """Return the largest number of pieces that one count can stand for in some configurations."""
        return max([1, *(self._list(plant).factor for plant in plants)])

    @cached_property
    def ideal(self) -> tuple[Fraction, Fraction] | None:
        """Return the smallest and largest ideal ms a piece in the configurations of the window, None without any."""
        return self.ideal_in(self.window.plants)

    def ideal_in(self, plants: Iterable[Plant]) -> tuple[Fraction, Fraction] | None:
        """Return the smallest and largest ideal ms a piece in some configurations, None without any."""
        ideals = [self._list(plant).ideal for plant in plants]
        known = [ideal for ideal in ideals if ideal is not None]
        return (min(low for low, _ in known), max(high for _, high in known)) if known else None

    def product(self, cell: Cell) -> ProductData:
        """Return what the configuration of a cell says about its product."""
        return self._product(cell.key)

    def _product(self, key: Key) -> ProductData:
        return self._list(key.plant).data(key.product)

    def _list(self, plant: Plant) -> ProductList:
        products = self._lists.get(plant)
        if products is None:
            products = self._lists[plant] = ProductList(plant, self.asset, self._frozen)
        return products

    def roles(self, cell: Cell) -> frozenset[Role]:
        """Return the roles present in a cell: those of its configuration, without S or T if it is silent."""
        plant = cell.key.plant
        found = self._present.get(plant)
        if found is None:
            own = frozenset(role for role in PIECE_ROLES if plant.of_role(self.stream, role))
            found = self._present[plant] = own - (self.silent & {SCRAP, TOTAL})
        return found

    @cached_property
    def segments(self) -> list[Segment]:
        """Return the segments of the window, in order and without hole."""
        return list(self.signals.segments(self.asset, self.window.start, self.window.end))

    @cached_property
    def cells(self) -> list[Cell]:
        """Return the cells of the window, in order and without hole."""
        window = self.window
        counters = [(one.role, one.register.bookings) for one in self.counted]
        booked = [(role, bookings) for role, bookings in counters if bookings]
        hours = hours_with(
            (bookings for _, bookings in booked), window.start, window.end, window.budget
        )
        products = product_pieces(window, self.asset, self.signals.texts(f"{self.asset}.state"))
        edges = len(self.segments) + len(self.states) + len(products) + len(hours)
        window.budget.spend_part(
            edges * (_STEPS_A_CELL + _STEPS_A_COUNTER * len(booked)),
            f"the cells of {self.asset}",
            f"资产 {self.asset} 的统计单元",
        )
        cells = cells_of(
            self.segments,
            self.states,
            products,
            hours=hours,
            counters=booked,
            factor_of=lambda key: self._product(key).factor,
        )
        return list(cells)

    @cached_property
    def planned(self) -> Cover:
        """Return the planned time, which reaches back to the beginning of a fault that the window begins in."""
        start = self.window.start
        begun = _fault_at(self.states, start)
        earlier = self.signals.segments(self.asset, begun, start)
        segments = [*earlier, *self.segments]
        return Cover((one.start, one.end) for one in segments if one.kind == "planned")

    @property
    def is_measured(self) -> bool:
        """Return whether good pieces are known in some cell, and no silent counter of good pieces decides any cell.

        An asset that is never in service in the window has no cell that could say otherwise.
        """
        present = {self.roles(cell) for cell in self.cells if cell.key.kind != "none"}
        if GOOD in self.silent and any(GOOD in roles for roles in present):
            return False
        return not present or any(good_of({}, roles) is not None for roles in present)

    def gaps(self, low: int, high: int) -> list[Gap]:
        """Return the gaps of all counters in [low, high), a part of the window, by role and name."""
        if not self._counting:
            return []
        found: list[Gap] = []
        runs, planned = self.window.runs_within(low, high), self.planned.length
        for one in self.counted:
            counter = configured(runs, self.stream, one.name, one.counts)
            if counter is not None:
                found += gaps_of(one.register, counter, (low, high), planned)
        for role in PIECE_ROLES:
            found += gaps_without(runs, self.stream, role, planned)
        return found

    def hidden(self, gaps: Iterable[Gap], role: Role, factor: int | None = None) -> int | None:
        """Return the pieces that the gaps of a role can hide, None if one of them is not limited.

        factor: pieces that one count can stand for, None = at most in the window.
        """
        total = 0
        for gap in gaps:
            if gap.role is role:
                if gap.most is None:
                    return None
                total += gap.most
        return total * (self.factor if factor is None else factor)

    def lost(self, gaps: Iterable[Gap], factor: int | None = None) -> int:
        """Return how many pieces taken for good, where good = T − S − R, may be rejects that gaps of S and R hide."""
        lost = 0
        pieces = self.factor if factor is None else factor
        for gap in gaps:
            if gap.role in (SCRAP, Role.COUNT_REWORK):
                until = self._made_until
                made = max(0, sum(until(end) - until(start) for start, end in gap.parts))
                lost += made if gap.most is None else min(gap.most * pieces, made)
        return lost

    @cached_property
    def _made_until(self) -> Callable[[int], int]:
        """Return the function that gives the total pieces, where good = T − S − R, from the first cell on."""
        totals = [one.register.bookings for one in self.counted if one.role is TOTAL]

        def taken_for_good(cell: Cell) -> int:
            rest = good_from_rest(self.roles(cell))
            counts = rest and cell.key.kind != "none" and not cell.key.test
            return self.product(cell).factor if counts else 0

        return _made_until(self.cells, totals, taken_for_good)


def _fault_at(states: Sequence[Piece], instant: int) -> int:
    """Return when the fault began that is on at `instant`, `instant` itself if there is none."""
    number = bisect_right(states, instant, key=lambda piece: piece.start) - 1
    fault = number >= 0 and states[number].state is MachineState.FAULT
    return states[number].start if fault else instant


def _made_until(
    cells: Sequence[Cell], totals: Sequence[Bookings], factor_of: Callable[[Cell], int]
) -> Callable[[int], int]:
    """Return the function that gives the total pieces from the first cell until an instant.

    factor_of: pieces that one count in a cell stands for, 0 where the cell does not count.
    """
    starts = [cell.start for cell in cells]
    factors = [factor_of(cell) for cell in cells]
    reached = [sum(one.until(start) for one in totals) for start in [*starts, cells[-1].end]]
    made = [0]
    for factor, before, after in zip(factors, reached, reached[1:], strict=False):
        made.append(made[-1] + (after - before) * factor)

    def until(instant: int) -> int:
        at = bisect_right(starts, instant) - 1
        counts = sum(one.until(instant) for one in totals) - reached[at]
        return made[at] + counts * factors[at]

    return until
