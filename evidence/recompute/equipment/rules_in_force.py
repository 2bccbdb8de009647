"""Whether two periods of a comparison were counted by the same rules (claims.md §5, `before-after/2`)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from evidence.recompute.equipment.sums import PIECE_ROLES
from evidence.recompute.plant_model import Calendar, Plant, StateRow
from evidence.recompute.window import Window
from model.signal import Role
from model.state import MachineState

_ENERGY_ROLES: Final = (Role.ENERGY,)


def rules_changed(
    periods: tuple[Window, Window], assets: Sequence[str], meters: Sequence[str]
) -> Iterator[str]:
    """Yield the names of the rules whose values in force in the one period are not those of the other.

    assets: those whose pieces or times are compared. meters: those whose energy is. What a configuration says of an
    asset is one value of a rule; configurations without the asset have none.
    """
    tables = _Tables()
    asked: list[tuple[str, Iterable[str], Callable[[Plant, str], Hashable]]] = [
        (
            "rules.counting",
            assets,
            lambda plant, one: _counters(plant, f"{one}.count", PIECE_ROLES),
        ),
        (
            "rules.counting",
            meters,
            lambda plant, one: _counters(plant, f"{one}.energy", _ENERGY_ROLES),
        ),
        ("rules.ideal-cycle", assets, lambda plant, one: plant.assets[one].products),
        ("rules.state-table", assets, tables.of),
    ]
    for window in periods:
        work = len(window.plants) * (len(assets) + len(meters))
        window.budget.spend(work, "the rules in force", "生效的规则")
    before, after = periods
    if {_lasting(p.calendar) for p in before.plants} != {
        _lasting(p.calendar) for p in after.plants
    }:
        yield "rules.calendar"
    for name, ids, value in asked:
        if any(_values(before, one, value) != _values(after, one, value) for one in ids):
            yield name


def _values(window: Window, asset: str, value: Callable[[Plant, str], Hashable]) -> set[Hashable]:
    return {value(plant, asset) for plant in window.plants if asset in plant.assets}


def _lasting(calendar: Calendar) -> Calendar:
    """Return the calendar without what changes from week to week: holidays, stops and extra shifts."""
    return replace(calendar, holidays=frozenset(), stops=(), extra=())


def _counters(plant: Plant, stream: str, roles: Iterable[Role]) -> Hashable:
    return frozenset(
        (signal.name, signal.role, Fraction(*signal.scale), signal.counter)
        for role in roles
        for signal in plant.of_role(stream, role)
    )


class _Tables:
    """Numbers state tables, equal ones alike, so that a long one is compared once."""

    def __init__(self) -> None:
        self._numbers: dict[
            tuple[str, tuple[str, ...], tuple[StateRow, ...], MachineState], int
        ] = {}
        self._of_plant: dict[Plant, dict[str, int]] = {}

    def of(self, plant: Plant, asset: str) -> Hashable:
        """Return how the states of an asset are read: debounce, and its state signals in stream order with tables."""
        numbers = self._of_plant.get(plant)
        if numbers is None:
            numbers = self._of_plant[plant] = {
                name: self._numbers.setdefault(
                    (name, table.inputs, table.rows, table.other), len(self._numbers)
                )
                for name, table in plant.tables.items()
            }
        signals = plant.of_role(f"{asset}.state", Role.STATE)
        read = [
            (signal.name, signal.hold_ms, numbers.get(plant.table_of(asset, signal)))
            for signal in signals
        ]
        return plant.assets[asset].debounce_ms, tuple(read)
