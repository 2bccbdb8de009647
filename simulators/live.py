"""The script played live: what every item of the plant shows at an instant of wall time."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from model.state import MachineState
from simulators.demo_plant import MACHINES, METERS, RUN, MachineSpec, Regime
from simulators.events import (
    WMS_PER_WH,
    EnergyCurve,
    MachineEvents,
    machine_events,
)
from simulators.plan import DAY_MS, HOUR_MS, MINUTE_MS, production_day_start
from simulators.registers import alarm_code, counter_base, energy_base_wh, mode_code
from simulators.scenario import DayKey, MachineDay, machine_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A value and the wall instant since which the device shows it."""

    value: int
    since_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineView:
    """What the control of a machine shows at one instant."""

    asset: str
    state: MachineState
    code: Shown
    good: Shown
    scrap: Shown
    total: Shown
    program: str
    program_since_ms: int
    override: Shown
    mode: Shown
    alarm: Shown
    cycle_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterView:
    """What a meter shows at one instant."""

    asset: str
    energy_wh: int
    power_w: int


@dataclass(frozen=True, slots=True)
class PlantView:
    """What the whole plant shows at one instant of wall time."""

    at_ms: int
    machines: dict[str, MachineView]
    meters: dict[str, MeterView]


class LivePlant:
    """Plays the script of the regime after the retrofit from `start_ms` of wall time on.

    With `mid_shift` the script is shifted so that at `start_ms` most machines run and one of them is about to change
    its state; otherwise script time is wall time. `speed` plays it faster. Instants must not go backwards across days.
    """

    def __init__(self, seed: int, start_ms: int, *, speed: int = 1, mid_shift: bool = True) -> None:
        """Write the first days of the script (about 20 ms)."""
        self.seed = seed
        self.start_ms = start_ms
        self.speed = speed
        self._first_day = production_day_start(start_ms)
        self._days: list[int] = []
        self._written: dict[str, list[MachineDay]] = {}
        self._machines: dict[str, MachineEvents] = {}
        self._curves: dict[str, EnergyCurve] = {}
        self._resets: dict[str, tuple[int, int, int]] = {}
        self._extend(self._first_day + DAY_MS)
        self._anchor = self._mid_shift_anchor() if mid_shift else start_ms

    def script_ms(self, wall_ms: int) -> int:
        """Return the instant of the script at an instant of wall time."""
        return self._anchor + (wall_ms - self.start_ms) * self.speed

    def wall_ms(self, script_ms: int) -> int:
        """Return the instant of wall time of an instant of the script."""
        return self.start_ms + (script_ms - self._anchor) // self.speed

    def events(self, asset: str) -> MachineEvents:
        """Return the events of a machine written so far, in script time."""
        return self._machines[asset]

    def reset_counters(self, asset: str, wall_ms: int) -> None:
        """Let the counters of a machine start again at 0."""
        machine, at = self._machines[asset], self.script_ms(wall_ms)
        self._resets[asset] = (at, _count(machine.good_ms, at), _count(machine.scrap_ms, at))

    def view(self, wall_ms: int) -> PlantView:
        """Return what the plant shows at `wall_ms`."""
        at = self.script_ms(wall_ms)
        self._extend(production_day_start(at) + DAY_MS)
        machines = {m.id: self._machine_view(m, at) for m in MACHINES}
        instant = np.array([at], np.int64)
        meters = {}
        for meter, curve in self._curves.items():
            base = energy_base_wh(self.seed, meter, Regime.AFTER)
            meters[meter] = MeterView(
                asset=meter,
                energy_wh=base + int(curve.wms_at(instant)[0]) // WMS_PER_WH,
                power_w=int(curve.watts_at(instant)[0]),
            )
        return PlantView(wall_ms, machines, meters)

    def _machine_view(self, spec: MachineSpec, at: int) -> MachineView:
        m = self._machines[spec.id]
        spell = int(np.searchsorted(m.state_ms, at, side="right")) - 1
        state, since = m.states[spell], self.wall_ms(int(m.state_ms[spell]))
        good, good_since = self._counter(m, at, scrap=False)
        scrap, scrap_since = self._counter(m, at, scrap=True)
        program_at, program = _last(m.programs, at)
        override_at, override = _last(m.overrides, at)
        alarm = alarm_code(int(m.state_ms[spell])) if state is MachineState.FAULT else 0
        return MachineView(
            asset=spec.id,
            state=state,
            code=Shown(value=spec.codes[state], since_ms=since),
            good=Shown(value=good % spec.modulus, since_ms=good_since),
            scrap=Shown(value=scrap % spec.modulus, since_ms=scrap_since),
            total=Shown(value=(good + scrap) % spec.modulus, since_ms=max(good_since, scrap_since)),
            program=spec.programs[program] if spec.programs else "",
            program_since_ms=self.wall_ms(program_at),
            override=Shown(value=override, since_ms=self.wall_ms(override_at)),
            mode=Shown(value=mode_code(spec, state), since_ms=since),
            alarm=Shown(value=alarm, since_ms=since),
            cycle_ms=spec.ideal_cycle_ms,
        )

    def _counter(self, m: MachineEvents, at: int, *, scrap: bool) -> tuple[int, int]:
        """Return the count without modulus and the wall instant of its last change."""
        parts = m.scrap_ms if scrap else m.good_ms
        base = counter_base(self.seed, m.spec, Regime.AFTER)
        count = _count(parts, at)
        last = int(parts[count - 1]) if count else m.start_ms
        shown = count + (base.scrap if scrap else base.good)
        if m.spec.id in self._resets:
            reset_at, good, bad = self._resets[m.spec.id]
            shown = count - (bad if scrap else good)
            last = max(last, reset_at)
        return shown, self.wall_ms(last)

    def _extend(self, up_to_day: int) -> None:
        """Write the script up to and including the production day that starts at `up_to_day`."""
        if self._days and self._days[-1] >= up_to_day:
            return
        known = self._days[-1] if self._days else self._first_day - 2 * DAY_MS
        new = range(known + DAY_MS, up_to_day + DAY_MS, DAY_MS)
        self._days.extend(new)
        for spec in MACHINES:
            written = self._written.setdefault(spec.id, [])
            written.extend(
                machine_day(DayKey(self.seed, day // DAY_MS), spec, Regime.AFTER, day)
                for day in new
            )
            self._machines[spec.id] = machine_events(spec, Regime.AFTER, written)
        machines = tuple(self._machines.values())
        self._curves = {m.id: EnergyCurve(m, machines) for m in METERS}

    def _mid_shift_anchor(self) -> int:
        """Return an instant in the morning shift with the most machines running and a change soon after it."""
        best, best_score = self._first_day + HOUR_MS, -1
        changes = sorted(int(t) for m in self._machines.values() for t in m.state_ms)
        for minute in range(30, 230):
            at = self._first_day + minute * MINUTE_MS
            running = sum(m.state_at(at) is RUN for m in self._machines.values())
            soon = bisect_right(changes, at + 150_000) - bisect_right(changes, at + 20_000)
            score = running * 4 + min(soon, 3)
            if score > best_score:
                best, best_score = at, score
        return best


def _count(parts: np.typing.NDArray[np.int64], at: int) -> int:
    return int(np.searchsorted(parts, at, side="right"))


def _last(points: tuple[tuple[int, int], ...], at: int) -> tuple[int, int]:
    return points[bisect_right(points, (at, 1 << 62)) - 1]
