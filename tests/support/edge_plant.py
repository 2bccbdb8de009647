"""One machine whose states and counters are written in minutes from 08:00 on, for the tests of the 40 edge cases."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from kpi.equipment.indicator import Result
from kpi.equipment.iso22400 import equipment_indicators
from kpi.equipment.schools import school_indicators
from kpi.equipment.space import EquipmentSpace, equipment_space
from kpi.equipment.sums import EquipmentSums
from kpi.profiles import Profile
from kpi.workspace import Workspace
from model.ratio import Undefined
from tests.support.equipment_plant import (
    CODE,
    counted,
    machine,
    play,
    product,
    rules,
    state_signal,
    window,
)
from tests.support.kpi_plant import HOUR, MIN, SLOT0, T0, PlantLog, asset, calendar

Plan = Sequence[tuple[str, float]]
"""(state, minutes), one after the other; "gap" is proven unknown."""
Readings = Sequence[tuple[float, int]]
"""(minute, reading)."""
BLOCKS = 800


def plant(
    states: Plan = (),
    good: Readings = (),
    scrap: Readings | None = ((0, 0),),
    *,
    rule: dict[str, Any] | None = None,
    ideal_ms: int = 60_000,
    signals: Sequence[dict[str, Any]] | None = None,
    cal: dict[str, Any] | None = None,
    blocks: int = BLOCKS,
    **more: Any,
) -> PlantLog:
    """Return the log of machine a1: one product of 60 s, planned round the clock, counters `good` and `scrap`.

    rule: of the counter of good pieces; scrap None = there is no reject counter; more: keys of the asset.
    """
    counters = [counted("good", "count_good", **({"counter": rule} if rule else {}))]
    if scrap is not None:
        counters.append(counted("scrap", "count_scrap"))
    given = [state_signal(), *counters] if signals is None else list(signals)
    products = more.pop("products", [product("", ideal_ms)])
    log = PlantLog()
    log.config(machine([asset("a1", products=products, **more)], {"a1": given}, cal))
    log.blocks(SLOT0, SLOT0 + blocks)
    write(log, states, good, scrap or ())
    return log


def write(log: PlantLog, states: Plan, good: Readings = (), scrap: Readings = ()) -> None:
    """Write states from 08:00 on, and readings; after the last state nothing is known."""
    at = T0
    for state, minutes in states:
        if state == "gap":
            log.bad("a1/state", at)
            at += round(minutes * MIN)
        else:
            at = play(log, "a1/state", [(state, minutes)], at)
    if states:
        log.bad("a1/state", at)
    for name, readings in (("good", good), ("scrap", scrap)):
        for minute, value in readings:
            log.row(f"a1/{name}", T0 + round(minute * MIN), value)


def space(log: PlantLog, minutes: int, *, first: int = 0, grace: int = 0) -> EquipmentSpace:
    """Return the statistics of a window of so many minutes from 08:00 + first on; earlier rows are carried in."""
    return equipment_space(
        Workspace(log.rows(), window(minutes, first=first, lead=first, grace=grace))
    )


def sums(log: PlantLog, minutes: int, *, first: int = 0, grace: int = 0) -> EquipmentSums:
    """Return the sums of machine a1; grace: minutes after the window whose rows are read too."""
    return space(log, minutes, first=first, grace=grace).sums("a1")


def good(found: EquipmentSums) -> int:
    """Return the good pieces of all products."""
    return sum(r.good or 0 for r in found.rows)


def result(name: str, *group: EquipmentSums, school: Profile = Profile.ISO22400) -> Result:
    """Return one indicator of a group."""
    found = (
        equipment_indicators(group)
        if school is Profile.ISO22400
        else school_indicators(group, school)
    )
    return next(r for r in found if r.indicator.id == name)


def value(name: str, *group: EquipmentSums, school: Profile = Profile.ISO22400) -> Fraction:
    """Return the value of one indicator, which must be defined."""
    found = result(name, *group, school=school).value
    assert not isinstance(found, Undefined), found
    return found


__all__ = [
    "BLOCKS",
    "CODE",
    "HOUR",
    "MIN",
    "SLOT0",
    "T0",
    "PlantLog",
    "asset",
    "calendar",
    "counted",
    "good",
    "machine",
    "plant",
    "play",
    "product",
    "result",
    "rules",
    "space",
    "state_signal",
    "sums",
    "value",
    "window",
    "write",
]
