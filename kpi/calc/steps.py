"""What each reading of a counter books, one by one, as the engine decides it (kpi-audit U6, statistics.md §6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kpi.calc.inputs import CounterInput
from kpi.calc.log import counter_spec
from kpi.equipment.counter_steps import Mark
from kpi.equipment.counters import Booked, CounterHistory
from kpi.equipment.signal_rows import SignalRows
from kpi.timeline import SET
from kpi.window import Int64


@dataclass(frozen=True, slots=True)
class Step:
    """One reading and what it did."""

    at_ms: int
    reading: int
    since_ms: int | None
    """Instant of the level that it is compared with; None = it is the first one."""
    level: int | None
    booked: int
    """Negative = a correction."""
    marks: tuple[Mark, ...]
    accepted: bool
    """Whether it is the level from here on."""


@dataclass(frozen=True, slots=True)
class CounterSteps:
    """All readings of one counter."""

    machine: str
    counter: CounterInput
    steps: tuple[Step, ...]
    gross: int
    """Σ of what was booked forwards."""
    correction: int
    """Σ of corrections, 0 or less."""

    @property
    def net(self) -> int:
        """Return what the counter counted."""
        return self.gross + self.correction


def counter_steps(machine: str, counter: CounterInput) -> CounterSteps:
    """Return the decision on every reading; the engine is fed one reading at a time and remembers the rest."""
    history = CounterHistory(
        (counter_spec(counter),),
        np.ones(1, dtype=np.bool_),
        [np.array(sorted(at for at, _ in counter.events), dtype=np.int64)],
    )
    restarts = np.array(sorted(counter.restarts), dtype=np.int64)
    steps = []
    for at, value in counter.values:
        steps.append(_feed(history, at, value, restarts))
        history.forget(at)
    booked = [s.booked for s in steps]
    return CounterSteps(
        machine,
        counter,
        tuple(steps),
        sum(n for n in booked if n > 0),
        sum(n for n in booked if n < 0),
    )


def _feed(history: CounterHistory, at: int, value: int, restarts: Int64) -> Step:
    before = history.booked()
    history.feed(_row(at, value), restarts)
    after = history.booked()
    level = before.last
    return Step(
        at_ms=at,
        reading=value,
        since_ms=None if level is None else level.tau,
        level=None if level is None else int(level.value),
        booked=_sum(after) - _sum(before),
        marks=tuple(m for _, m in after.marks[len(before.marks) :]),
        accepted=after.last != level,
    )


def _sum(booked: Booked) -> int:
    return sum(int(n) for n in booked.count)


def _row(at: int, value: int) -> SignalRows:
    raw = value - 2**64 if value >= 2**63 else value
    return SignalRows(
        np.array([at], dtype=np.int64),
        np.array([SET], dtype=np.int8),
        np.array([raw], dtype=np.int64),
        np.zeros(1, dtype=np.int32),
    )


def all_steps(machines: Sequence[tuple[str, Sequence[CounterInput]]]) -> tuple[CounterSteps, ...]:
    """Return the steps of every counter of every machine, in the order of the case."""
    return tuple(counter_steps(name, c) for name, counters in machines for c in counters)
