"""The script of the plant: a pure function of (seed, day number, machine, regime) → events.

States, cycles, parts, scrap, programs and power follow each other: a part completes only while its machine runs,
power is a function of the state, and everything is an integer.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.state import MachineState
from simulators.demo_plant import (
    FAULT,
    FAULT_TIME,
    HANDOVER_TIME,
    IDLE,
    IDLE_TIME,
    MICRO_WAIT,
    RUN,
    SETUP,
    SETUP_TIME,
    TEST,
    TEST_TIME,
    WAIT,
    WAIT_TIME,
    Behaviour,
    MachineSpec,
    Regime,
)
from simulators.plan import DAY_MS, HOUR_MS, Stop, breaks_of_day
from simulators.rng import Rng

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DayKey:
    """Which day of which script: a number counted from any first day."""

    seed: int
    day: int


@dataclass(frozen=True, slots=True, eq=False)
class MachineDay:
    """Everything that happens at one machine in one production day [start_ms, start_ms + 24 h)."""

    start_ms: int
    state_ms: tuple[int, ...]
    """Starts of the spells, ascending, the first at `start_ms`; neighbours differ in state."""
    states: tuple[MachineState, ...]
    part_ms: Int64
    """Completion of each piece, strictly ascending, always inside a spell of run."""
    part_good: NDArray[np.bool_]
    programs: tuple[tuple[int, int], ...]
    """(instant, index into `MachineSpec.programs`); the first at `start_ms`."""
    overrides: tuple[tuple[int, int], ...]
    """(instant, override in percent); the first at `start_ms`."""


class _DayWriter:
    """Collects the spells of one day on a cursor that only moves forward."""

    def __init__(self, spec: MachineSpec, regime: Regime, start_ms: int, rng: Rng) -> None:
        self.spec = spec
        self.how: Behaviour = spec.behaviour[regime]
        self.rng = rng
        self.now = start_ms
        self.spells: list[tuple[int, MachineState]] = []
        self.programs: list[tuple[int, int]] = [(start_ms, rng.below(max(1, len(spec.programs))))]
        self.overrides: list[tuple[int, int]] = [(start_ms, 100)]

    def spell(self, state: MachineState, length: int, end: int) -> None:
        """Stay in `state` for `length` ms, cut at `end`."""
        if length <= 0 or self.now >= end:
            return
        if not self.spells or self.spells[-1][1] is not state:
            self.spells.append((self.now, state))
        self.now = min(end, self.now + length)

    def produce(self, end: int, *, handover: bool) -> None:
        """Fill the time up to `end` with work and its interruptions."""
        rng, how = self.rng, self.how
        self.spell(WAIT, rng.draw(HANDOVER_TIME) if handover else 20_000 + rng.below(40_000), end)
        while self.now < end:
            override = (100, 100, 100, 90, 110, 80)[rng.below(6)]
            if override != self.overrides[-1][1] and self.now > self.overrides[0][0]:
                self.overrides.append((self.now, override))
            self.spell(RUN, rng.draw(how.run), end)
            match rng.pick((how.micro, how.wait, how.fault, how.setup, how.idle)):
                case 0:
                    self.spell(WAIT, rng.draw(MICRO_WAIT), end)
                case 1:
                    self.spell(WAIT, rng.draw(WAIT_TIME), end)
                case 2:
                    self.spell(FAULT, rng.draw(FAULT_TIME), end)
                    self.spell(WAIT, 15_000 + rng.below(45_000), end)
                case 3:
                    self.changeover(end)
                case _:
                    self.spell(IDLE, rng.draw(IDLE_TIME), end)

    def changeover(self, end: int) -> None:
        """Set up for another program, then try it where the machine does so."""
        self.spell(SETUP, self.rng.draw(SETUP_TIME), end)
        count = len(self.spec.programs)
        if count > 1 and self.now < end:
            current = self.programs[-1][1]
            self.programs.append((self.now, (current + 1 + self.rng.below(count - 1)) % count))
        if self.spec.tests_after_setup:
            self.spell(TEST, self.rng.draw(TEST_TIME), end)


def machine_day(
    key: DayKey, spec: MachineSpec, regime: Regime, start_ms: int, stops: Sequence[Stop] = ()
) -> MachineDay:
    """Return the events of one machine on the production day that starts at `start_ms`.

    `key` names the day: equal keys give equal days, only at another time. `stops` are planned stops of any asset; in
    those of this machine it stands idle.
    """
    rng = Rng("machine-day", key.seed, spec.id, regime.value, key.day)
    end_ms = start_ms + DAY_MS
    day = _DayWriter(spec, regime, start_ms, rng)
    standing = [(a, b) for a, b in breaks_of_day(start_ms) if not day.how.runs_through_breaks]
    standing += [
        (max(s.from_ms, start_ms), min(s.to_ms, end_ms))
        for s in stops
        if s.asset in {spec.id, "*"} and s.from_ms < end_ms and s.to_ms > start_ms
    ]
    second_shift = start_ms + 12 * HOUR_MS
    edges = sorted({start_ms, second_shift, end_ms, *(x for pair in standing for x in pair)})
    for a, b in itertools.pairwise(edges):
        if any(first <= a < last for first, last in standing):
            day.spell(IDLE, b - a, b)
        else:
            day.produce(b, handover=a in {start_ms, second_shift})
    part_ms, part_good = _parts(spec, day.how, day.spells, end_ms, rng)
    return MachineDay(
        start_ms,
        tuple(t for t, _ in day.spells),
        tuple(s for _, s in day.spells),
        part_ms,
        part_good,
        tuple(day.programs),
        tuple(day.overrides),
    )


def _parts(
    spec: MachineSpec,
    how: Behaviour,
    spells: Sequence[tuple[int, MachineState]],
    end_ms: int,
    rng: Rng,
) -> tuple[Int64, NDArray[np.bool_]]:
    """Return completions and verdicts: cycles advance only while the machine runs."""
    ends = [t for t, _ in spells[1:]] + [end_ms]
    runs = [(t, end) for (t, state), end in zip(spells, ends, strict=True) if state is RUN]
    starts = np.array([a for a, _ in runs], dtype=np.int64)
    lengths = np.array([b - a for a, b in runs], dtype=np.int64)
    done = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    first, last = how.slow_permille
    most = int(done[-1]) // spec.ideal_cycle_ms + 1
    slow = (rng.block(most) % np.uint64(last - first)).astype(np.int64) + first
    progress = np.cumsum(spec.ideal_cycle_ms * (1000 + slow) // 1000)
    good = (rng.block(most) % np.uint64(10_000)).astype(np.int64) >= how.scrap_per_10k
    keep = progress < done[-1]
    progress, good = progress[keep], good[keep]
    spell = np.searchsorted(done, progress, side="right") - 1
    return starts[spell] + (progress - done[spell]), good


def state_spells(days: Sequence[MachineDay]) -> list[tuple[int, MachineState]]:
    """Return the spells of consecutive days as one list whose neighbours differ."""
    found: list[tuple[int, MachineState]] = []
    for day in days:
        for t, state in zip(day.state_ms, day.states, strict=True):
            if not found or found[-1][1] is not state:
                found.append((t, state))
    return found
