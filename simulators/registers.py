"""What the counters and meters of the plant show: values of items at given instants, as the 8 value bytes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.state import MachineState
from simulators.delivery import Item, Kind
from simulators.demo_plant import ALARM_CODES, FAULT, METERS, SETUP, MachineSpec, Regime
from simulators.events import WMS_PER_WH, Int64, MachineEvents, PlantEvents
from simulators.plan import DAY_MS
from simulators.rng import Rng

_DAYS_BETWEEN_BASES = 30
"""Production booked between the first readings of both periods: more than the first period can make."""


@dataclass(frozen=True, slots=True)
class CounterBase:
    """What the counters of a machine showed at the start of a stretch."""

    good: int
    scrap: int


def counter_base(seed: int, spec: MachineSpec, regime: Regime) -> CounterBase:
    """Return the first values of the counters, without modulus."""
    rng = Rng("counter-base", seed, spec.id)
    good = 20_000 + rng.below(40_000)
    scrap = 300 + rng.below(900)
    if regime is Regime.AFTER:
        ideal = _DAYS_BETWEEN_BASES * DAY_MS // spec.ideal_cycle_ms
        good += ideal * 3 // 4
        scrap += ideal * 4 // 100
    return CounterBase(good, scrap)


def energy_base_wh(seed: int, meter: str, regime: Regime) -> int:
    """Return the first register value of a meter in Wh."""
    base = 1_000_000 + Rng("energy-base", seed, meter).below(500_000)
    if regime is Regime.AFTER:
        spec = next(m for m in METERS if m.id == meter)
        base += _DAYS_BETWEEN_BASES * 24 * (spec.base_watts + 8_000 * len(spec.energy_of))
    return base


def alarm_code(fault_start_ms: int) -> int:
    """Return the alarm number of the fault that starts at this instant."""
    return ALARM_CODES[fault_start_ms // 1000 % len(ALARM_CODES)]


def mode_code(spec: MachineSpec, state: MachineState) -> int:
    """Return the raw operating mode that goes with a state."""
    return spec.modes[0] if state is SETUP else spec.modes[1]


def float32_bits(values: NDArray[np.float64]) -> Int64:
    """Return the value bytes of floats that passed through a binary32 register."""
    return values.astype(np.float32).astype(np.float64).view(np.int64)


class ItemSeries:
    """One item of a machine as a step function: instants of change and the value at any instant."""

    def __init__(
        self, seed: int, machine: MachineEvents, item: Item, reset_ms: int | None = None
    ) -> None:
        """Work out changes and values; `reset_ms` = instant at which the counters start again at 0."""
        self._times, self._values = _steps(seed, machine, item.kind, reset_ms)

    @property
    def changes(self) -> Int64:
        """Return the instants at which the value changes."""
        return self._times

    def at(self, at_ms: Int64) -> Int64:
        """Return the value bytes at each instant."""
        return self._values[np.searchsorted(self._times, at_ms, side="right") - 1]


def _steps(
    seed: int, machine: MachineEvents, kind: Kind, reset_ms: int | None
) -> tuple[Int64, Int64]:
    spec = machine.spec
    match kind:
        case Kind.STATE:
            return machine.state_ms, np.array([spec.codes[s] for s in machine.states], np.int64)
        case Kind.GOOD | Kind.SCRAP | Kind.TOTAL:
            return _counter_steps(seed, machine, kind, reset_ms)
        case Kind.MODE:
            return _thin(machine.state_ms, np.array([mode_code(spec, s) for s in machine.states]))
        case Kind.ALARM:
            codes = [alarm_code(t) if s is FAULT else 0 for t, s in machine.spells()]
            return _thin(machine.state_ms, np.array(codes, np.int64))
        case Kind.PROGRAM:
            return _pairs(machine.programs)
        case Kind.OVERRIDE:
            times, percent = _pairs(machine.overrides)
            return times, percent.astype(np.float64).view(np.int64)
        case _:
            raise ValueError(f"{spec.id} has no steps of kind {kind}")


def _counter_steps(
    seed: int, machine: MachineEvents, kind: Kind, reset_ms: int | None
) -> tuple[Int64, Int64]:
    base = counter_base(seed, machine.spec, machine.regime)
    match kind:
        case Kind.GOOD:
            parts, first = machine.good_ms, base.good
        case Kind.SCRAP:
            parts, first = machine.scrap_ms, base.scrap
        case _:
            parts, first = machine.total_ms, base.good + base.scrap
    times = np.concatenate([np.array([machine.start_ms], np.int64), parts])
    values = (first + np.arange(len(times), dtype=np.int64)) % machine.spec.modulus
    if reset_ms is not None:
        before = int(np.searchsorted(times, reset_ms, side="right"))
        after = np.arange(len(times) - before + 1, dtype=np.int64)
        times = np.concatenate([times[:before], np.array([reset_ms], np.int64), times[before:]])
        values = np.concatenate([values[:before], after])
    return times, values


def _pairs(points: tuple[tuple[int, int], ...]) -> tuple[Int64, Int64]:
    return np.array([t for t, _ in points], np.int64), np.array([v for _, v in points], np.int64)


def _thin(times: Int64, values: Int64) -> tuple[Int64, Int64]:
    """Drop the points that repeat the value before them."""
    keep = np.concatenate([np.array([True]), values[1:] != values[:-1]])
    return times[keep], values[keep].astype(np.int64)


def meter_values(seed: int, events: PlantEvents, meter: str, item: Item, at_ms: Int64) -> Int64:
    """Return what a meter shows at each instant: meter-01 binary32 kWh, meter-02 0.01 kWh, power binary32 kW."""
    curve = events.curves[meter]
    if item.kind is Kind.POWER:
        return float32_bits(curve.watts_at(at_ms) / 1000.0)
    base = energy_base_wh(seed, meter, events.machines[0].regime)
    wh = base + curve.wms_at(at_ms) // WMS_PER_WH
    return float32_bits(wh / 1000.0) if item.type.value == "float" else wh // 10
