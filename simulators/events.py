"""Events of a stretch of production days as arrays: spells, piece counts and energy at any instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.state import MachineState
from simulators.demo_plant import MACHINES, METERS, MachineSpec, MeterSpec, Regime
from simulators.plan import DAY_MS, Period, Plan
from simulators.scenario import DayKey, MachineDay, machine_day, state_spells

Int64 = NDArray[np.int64]
WMS_PER_WH = 3_600_000
"""Watt-milliseconds in one watt-hour."""


@dataclass(frozen=True, slots=True, eq=False)
class MachineEvents:
    """Events of one machine over consecutive production days, in order of time."""

    spec: MachineSpec
    regime: Regime
    end_ms: int
    state_ms: Int64
    states: tuple[MachineState, ...]
    good_ms: Int64
    """Completion of each good piece."""
    scrap_ms: Int64
    programs: tuple[tuple[int, int], ...]
    overrides: tuple[tuple[int, int], ...]

    @property
    def start_ms(self) -> int:
        """Return the first instant that is covered."""
        return int(self.state_ms[0])

    @property
    def total_ms(self) -> Int64:
        """Return the completion of each piece, good or not."""
        return np.sort(np.concatenate([self.good_ms, self.scrap_ms]))

    def spells(self) -> list[tuple[int, MachineState]]:
        """Return (start, state) of each spell as plain integers."""
        return list(zip(self.state_ms.tolist(), self.states, strict=True))

    def state_at(self, at_ms: int) -> MachineState:
        """Return the state at an instant inside the stretch."""
        return self.states[int(np.searchsorted(self.state_ms, at_ms, side="right")) - 1]


def machine_events(spec: MachineSpec, regime: Regime, days: Sequence[MachineDay]) -> MachineEvents:
    """Return the events of consecutive days of one machine as one."""
    spells = state_spells(days)
    parts = np.concatenate([d.part_ms for d in days])
    good = np.concatenate([d.part_good for d in days])
    return MachineEvents(
        spec,
        regime,
        days[-1].start_ms + DAY_MS,
        np.array([t for t, _ in spells], dtype=np.int64),
        tuple(s for _, s in spells),
        parts[good],
        parts[~good],
        _changes([p for d in days for p in d.programs]),
        _changes([p for d in days for p in d.overrides]),
    )


def _changes(points: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return the points whose value differs from that of the point before."""
    found: list[tuple[int, int]] = []
    for t, value in points:
        if not found or found[-1][1] != value:
            found.append((t, value))
    return tuple(found)


class EnergyCurve:
    """Exact energy behind a meter: an integral over steps, in watt-milliseconds since the start of the stretch."""

    def __init__(self, spec: MeterSpec, machines: Sequence[MachineEvents]) -> None:
        """Add the steps of the machines behind the meter to its constant load."""
        behind = [m for m in machines if m.spec.id in spec.energy_of]
        edges = np.unique(np.concatenate([m.state_ms for m in behind]))
        watts = np.full(len(edges), spec.base_watts, dtype=np.int64)
        for m in behind:
            table = m.spec.watts[m.regime]
            steps = np.array([table[s] for s in m.states], dtype=np.int64)
            watts += steps[np.searchsorted(m.state_ms, edges, side="right") - 1]
        self._edges: Int64 = edges
        self._watts: Int64 = watts
        self._sums: Int64 = np.concatenate(
            [np.zeros(1, np.int64), np.cumsum(watts[:-1] * np.diff(edges))]
        )

    def watts_at(self, at_ms: Int64) -> Int64:
        """Return the power at each instant."""
        return self._watts[np.searchsorted(self._edges, at_ms, side="right") - 1]

    def wms_at(self, at_ms: Int64) -> Int64:
        """Return the energy up to each instant."""
        step = np.searchsorted(self._edges, at_ms, side="right") - 1
        return self._sums[step] + self._watts[step] * (at_ms - self._edges[step])


@dataclass(frozen=True, slots=True, eq=False)
class PlantEvents:
    """Everything that happens in the plant over consecutive production days."""

    machines: tuple[MachineEvents, ...]
    curves: dict[str, EnergyCurve]
    """By meter."""

    def machine(self, asset: str) -> MachineEvents:
        """Return the events of one machine."""
        return next(m for m in self.machines if m.spec.id == asset)


def period_events(plan: Plan, period: Period) -> PlantEvents:
    """Return the events of a period with one production day before and after it.

    Days are numbered from the first day of the plan: a plan of another date has the same history at another time.
    """
    starts = range(period.start_ms - DAY_MS, period.end_ms + DAY_MS, DAY_MS)
    machines = tuple(
        machine_events(
            spec,
            period.regime,
            [
                machine_day(
                    DayKey(plan.seed, (day - plan.before.start_ms) // DAY_MS),
                    spec,
                    period.regime,
                    day,
                    plan.stops,
                )
                for day in starts
            ],
        )
        for spec in MACHINES
    )
    return PlantEvents(machines, {m.id: EnergyCurve(m, machines) for m in METERS})
