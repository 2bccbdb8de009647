"""Gaps of a counter, in which pieces may be missing from what it booked (statistics.md §6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from evidence.recompute.equipment.registers import Register, is_counter
from evidence.recompute.plant_model import CounterRule, PlantSignal
from evidence.recompute.window import ConfigRun
from model.signal import Role


class Gap(NamedTuple):
    """[start, end) inside the window in which a counter is not proven to be complete.

    planned: its ms of planned time. most: counts that the highest rate allows in them, None if it is not limited.
    configured: the counter was there (rules i to iii), otherwise the configuration lacks it (rule iv).
    """

    role: Role
    signal: str
    start: int
    end: int
    planned: int
    most: int | None
    configured: bool


class Configured(NamedTuple):
    """A counter as the configurations of a window have it: its first definition, and the stretches without it."""

    first: PlantSignal
    absent: tuple[tuple[int, int], ...]


def configured(
    runs: Sequence[ConfigRun], stream: str, name: str, role: Role, carrier: str
) -> Configured | None:
    """Return how the configurations of a window have a counter, None if none of them has it in this role."""
    first: PlantSignal | None = None
    absent: list[tuple[int, int]] = []
    for run in runs:
        signal = run.plant.signals.get(stream, {}).get(name)
        if signal is not None and is_counter(signal, role, carrier):
            first = first or signal
        elif absent and absent[-1][1] == run.start:
            absent[-1] = (absent[-1][0], run.end)
        else:
            absent.append((run.start, run.end))
    return None if first is None else Configured(first, tuple(absent))


Interval = tuple[int, int, CounterRule]
"""[start, end) with the rule that says how much can be missing."""


def _doubtful(register: Register, rule: CounterRule, start: int, end: int) -> Iterator[Interval]:
    """Yield the gaps by rules i to iii. rule: of the first configuration that has the counter."""
    if register.first is None:
        yield start, end, rule
        return
    first, first_rule = register.first
    if first > start:
        yield start, first, first_rule
    yield from register.doubts
    if register.proof is not None:
        proof, hold = register.proof
        if register.doubtful or end - proof > hold:
            yield proof, end, register.rule or first_rule


def gaps_of(
    register: Register,
    counter: Configured,
    inside: tuple[int, int],
    planned: Callable[[int, int], int],
) -> list[Gap]:
    """Return the gaps of a counter in the window `inside`, in order of their beginning.

    planned: ms of planned time of the asset in an interval.
    """
    low, high = inside
    found = []
    rule = counter.first.counter
    kinds = (
        (True, _doubtful(register, rule, low, high)),
        (False, ((start, end, rule) for start, end in counter.absent)),
    )
    for is_configured, intervals in kinds:
        for gap_start, gap_end, limit in intervals:
            start, end = max(gap_start, low), min(gap_end, high)
            if start < end:
                ms = planned(start, end)
                most = ms * limit.pieces // limit.ms if limit.limited else None
                found.append(
                    Gap(
                        counter.first.role,
                        counter.first.name,
                        start,
                        end,
                        ms,
                        most,
                        is_configured,
                    )
                )
    return sorted(found, key=lambda gap: (gap.start, gap.end))
