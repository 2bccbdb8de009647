"""What a window says about one asset: sums, failures, counters, gaps (statistics.md §5 to §8), shared by all claims."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from evidence.recompute.equipment.bookings import Bookings
from evidence.recompute.equipment.cells import Cell, Key, cells_of, hours_with
from evidence.recompute.equipment.gaps import Gap, configured, gaps_of
from evidence.recompute.equipment.products import (
    ProductData,
    ProductList,
    product_pieces,
)
from evidence.recompute.equipment.registers import Mark
from evidence.recompute.equipment.signals import Counted, Signals
from evidence.recompute.equipment.states import Failure, failures_of
from evidence.recompute.equipment.sums import (
    GOOD,
    OUTSIDE_PLAN,
    PIECE_ROLES,
    REWORK,
    SCRAP,
    TOTAL,
    PieceRow,
    Sums,
    good_from_rest,
    good_of,
    sums_of,
)
from evidence.recompute.intervals import Cover, intersection
from evidence.recompute.limits import require_steps
from evidence.recompute.plant_model import Plant, Product
from evidence.recompute.timeline import Piece, productive_cover
from evidence.recompute.window import Window
from model.signal import Role
from model.state import MachineState


@dataclass(frozen=True, slots=True)
class AssetStatistics:
    """One asset over one window. measured: its good pieces are measured, else it has no reject signal.

    repair_ms: ms with atom fault of the repaired failures. gaps: by role, signal, beginning. tables: ids of the state
    tables in force. ideal: smallest and largest ideal ms a piece of all its products in the window, None without any.
    extra: pieces that the gaps of a role can hide, None = not limited. lost: pieces whose rejects gaps can hide.
    outside_unbounded: a deciding counter is not proven in some unknown time outside the plan.
    """

    asset: str
    sums: Sums
    failures: int
    repairs: int
    repair_ms: int
    marks: Mapping[Mark, int]
    gaps: tuple[Gap, ...]
    tables: tuple[str, ...]
    measured: bool
    ideal: tuple[Fraction, Fraction] | None
    extra: Mapping[Role, int | None]
    lost: int
    outside_unbounded: bool

    @property
    def left_out(self) -> bool:
        """Return whether the asset takes no part in OEE: some planned or running time has no ideal cycle at all."""
        return self.sums.no_ideal

    @property
    def rows(self) -> tuple[PieceRow, ...]:
        """Return the pieces by product, ideal cycle and counters present."""
        return self.sums.rows


def statistics_of(signals: Signals, asset: str) -> AssetStatistics:
    """Return the statistics of an asset over the window of `signals`, worked out once."""
    found = signals.statistics.get(asset)
    if not isinstance(found, AssetStatistics):
        found = signals.statistics[asset] = _Work(signals, asset).result()
    return found


class _Work:
    """The steps from rows to statistics of one asset, in order."""

    def __init__(self, signals: Signals, asset: str) -> None:
        self.asset = asset
        self.signals = signals
        self.window = signals.window
        self.stream = f"{asset}.count"
        self.states = signals.states(asset)
        self.counted = signals.registers(
            asset, self.stream, PIECE_ROLES, productive_cover(self.states).length
        )
        self.silent = _silent_roles(self.counted)
        self.products = _products(self.window, asset)
        self._lists: dict[Plant, ProductList] = {}
        self._roles: dict[Plant, frozenset[Role]] = {}
        self._answering: dict[Plant, frozenset[Role]] = {}

    def result(self) -> AssetStatistics:
        cells, planned, outside = self._cells()
        cycles = [one.ideal_cycle for one in self.products if one.ideal_cycle > 0]
        ideal = (min(cycles), max(cycles)) if cycles else None
        sums = sums_of(
            cells,
            self._roles_of,
            lambda cell: self._product(cell.key),
            None if ideal is None else ideal[0],
        )
        failures = self._failures(planned)
        repaired = [f for f in failures if f.repaired and self._inside(f.last)]
        gaps = self._gaps(planned)
        factor = max([1, *(one.factor for one in self.products)])
        decided = _deciding_roles(sums.rows)
        unknown = [(p.start, p.end) for p in self.states if p.state is MachineState.UNKNOWN]
        dark = Cover(intersection(unknown, outside))
        return AssetStatistics(
            asset=self.asset,
            sums=sums,
            failures=sum(self._inside(failure.first) for failure in failures),
            repairs=len(repaired),
            repair_ms=sum(failure.ms for failure in repaired),
            marks=sum((one.register.marks for one in self.counted), Counter[Mark]()),
            gaps=tuple(gaps),
            tables=_tables(self.window, self.asset),
            measured=self._measured(cells),
            ideal=ideal,
            extra={role: _extra(gaps, role, factor) for role in PIECE_ROLES},
            lost=self._lost(gaps, factor, cells) if TOTAL in decided else 0,
            outside_unbounded=any(
                gap.configured and gap.role in decided and dark.length(gap.start, gap.end) > 0
                for gap in gaps
            ),
        )

    def _inside(self, instant: int) -> bool:
        return self.window.start <= instant < self.window.end

    def _product(self, key: Key) -> ProductData:
        products = self._lists.get(key.plant)
        if products is None:
            products = self._lists[key.plant] = ProductList(key.plant, self.asset)
        return products.data(key.product)

    def _present(self, plant: Plant) -> frozenset[Role]:
        """Return the roles that have a counter in a configuration."""
        found = self._roles.get(plant)
        if found is None:
            found = frozenset(
                signal.role
                for signal in plant.signals.get(self.stream, {}).values()
                if signal.role in PIECE_ROLES and not signal.alternate_of
            )
            self._roles[plant] = found
        return found

    def _roles_of(self, cell: Cell) -> frozenset[Role]:
        """Return the roles that have a counter in the configuration of a cell; one of S or T that is silent is none."""
        plant = cell.key.plant
        found = self._answering.get(plant)
        if found is None:
            found = self._answering[plant] = self._present(plant) - (self.silent & {SCRAP, TOTAL})
        return found

    def _cells(self) -> tuple[list[Cell], Cover, list[tuple[int, int]]]:
        """Return the cells of the window, the planned time, and the intervals in service outside the plan.

        Planned time reaches back to the beginning of a fault that the window begins in.
        """
        low, high = self.window.start, self.window.end
        counters = [(one.role, one.register.bookings) for one in self.counted]
        booked = [(role, bookings) for role, bookings in counters if bookings]
        hours = hours_with((bookings for _, bookings in booked), low, high)
        segments = list(self.signals.segments(self.asset, low, high))
        products = product_pieces(
            self.window.runs, self.asset, self.signals.texts(f"{self.asset}.state")
        )
        edges = len(segments) + len(self.states) + len(products) + len(hours)
        require_steps(
            edges * (1 + len(booked)),
            f"the counters of {self.asset}",
            f"资产 {self.asset} 的计数器",
        )
        cells = cells_of(
            segments,
            self.states,
            products,
            hours=hours,
            counters=booked,
            factor_of=lambda key: self._product(key).factor,
        )
        begun = _fault_at(self.states, low)
        earlier = self.signals.segments(self.asset, begun, low)
        planned = Cover((s.start, s.end) for s in [*earlier, *segments] if s.kind == "planned")
        outside = [(s.start, s.end) for s in segments if s.kind in OUTSIDE_PLAN]
        return list(cells), planned, outside

    def _failures(self, planned: Cover) -> list[Failure]:
        def planned_in(start: int, end: int) -> tuple[int, int, int] | None:
            first, last = planned.first_in(start, end), planned.last_in(start, end)
            if first is None or last is None:
                return None
            return first, last, planned.length(start, end)

        pieces = [piece for piece in self.states if piece.end > self.window.start]
        return list(failures_of(pieces, planned_in))

    def _gaps(self, planned: Cover) -> list[Gap]:
        found: list[Gap] = []
        for name, role, carrier, register in self.counted:
            counter = configured(self.window.runs, self.stream, name, role, carrier)
            if counter is not None:
                inside = (self.window.start, self.window.end)
                found += gaps_of(register, counter, inside, planned.length)
        return found

    def _measured(self, cells: Sequence[Cell]) -> bool:
        """Return whether good pieces are known in some cell, and the counters that decide them ever answered."""
        present = {self._present(cell.key.plant) for cell in cells if cell.key.kind != "none"}
        if not present:
            return True
        for roles in present:
            deciding = {GOOD} if GOOD in roles else {SCRAP, TOTAL}
            if good_of({}, roles) is not None and deciding & self.silent:
                return False
        return any(good_of({}, roles) is not None for roles in present)

    def _lost(self, gaps: Iterable[Gap], factor: int, cells: Sequence[Cell]) -> int:
        """Return how many pieces that were taken for good may be rejects which a gap of scrap or rework hides."""
        totals = [one.register.bookings for one in self.counted if one.role is TOTAL]

        def taken_for_good(cell: Cell) -> int:
            rest = good_from_rest(self._roles_of(cell))
            counts = rest and cell.key.kind != "none" and not cell.key.test
            return self._product(cell.key).factor if counts else 0

        made_until = _made_until(cells, totals, taken_for_good)
        lost = 0
        for gap in gaps:
            if gap.role in (SCRAP, REWORK):
                made = max(0, made_until(gap.end) - made_until(gap.start))
                lost += made if gap.most is None else min(gap.most * factor, made)
        return lost


def _silent_roles(counted: Iterable[Counted]) -> frozenset[Role]:
    """Return the roles whose counters never answered although another counter of the asset has an accepted reading."""
    counted = list(counted)
    if all(one.register.first is None for one in counted):
        return frozenset()
    answered = {one.role for one in counted if one.register.answered}
    return frozenset(PIECE_ROLES) - answered


def _products(window: Window, asset: str) -> list[Product]:
    """Return the products of an asset in every configuration of the window."""
    plants = dict.fromkeys(run.plant for run in window.runs)
    return [
        one for plant in plants if asset in plant.assets for one in plant.assets[asset].products
    ]


def _fault_at(states: Sequence[Piece], instant: int) -> int:
    """Return when the fault began that is on at `instant`, `instant` itself if there is none."""
    number = bisect_right(states, instant, key=lambda piece: piece.start) - 1
    fault = number >= 0 and states[number].state is MachineState.FAULT
    return states[number].start if fault else instant


def _deciding_roles(rows: Iterable[PieceRow]) -> frozenset[Role]:
    """Return the roles of the counters that decide the good pieces of some row."""
    decided: set[Role] = set()
    for row in rows:
        if row.good_from_rest:
            decided |= {TOTAL, SCRAP}
        elif row.good is not None:
            decided.add(GOOD)
    return frozenset(decided)


def _extra(gaps: Iterable[Gap], role: Role, factor: int) -> int | None:
    """Return the pieces that the gaps of a role can hide, None if one of them is not limited."""
    most = [gap.most for gap in gaps if gap.role is role]
    known = [count for count in most if count is not None]
    return sum(known) * factor if len(known) == len(most) else None


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


def _tables(window: Window, asset: str) -> tuple[str, ...]:
    """Return the ids of the tables that the state signals of an asset are read with, in byte order."""
    stream = f"{asset}.state"
    found = {
        plant.table_of(asset, signal)
        for plant in dict.fromkeys(run.plant for run in window.runs)
        for signal in plant.of_role(stream, Role.STATE)
    }
    return tuple(sorted(found - {""}))
