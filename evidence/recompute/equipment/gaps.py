"""Gaps of a counter, in which pieces may be missing from what it booked (statistics.md §6)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from evidence.recompute.equipment.registers import Register
from evidence.recompute.intervals import Interval
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
    absent: tuple[Interval, ...]


def configured(
    runs: Iterable[ConfigRun], stream: str, name: str, counts: Callable[[PlantSignal], bool]
) -> Configured | None:
    """Return how the configurations of a window have a counter, None if none of them has it.

    counts: whether a definition of the signal is this counter.
    """
    first: PlantSignal | None = None
    absent: list[Interval] = []
    for run in runs:
        signal = run.plant.signals.get(stream, {}).get(name)
        if signal is not None and counts(signal):
            first = first or signal
        elif absent and absent[-1][1] == run.start:
            absent[-1] = (absent[-1][0], run.end)
        else:
            absent.append((run.start, run.end))
    return None if first is None else Configured(first, tuple(absent))


def _doubtful(
    register: Register, rule: CounterRule, inside: Interval
) -> Iterator[tuple[int, int, CounterRule]]:
    """Yield the gaps by rules i to iii that meet `inside`, each with the rule that says how much can be missing.

    rule: of the first configuration that has the counter.
    """
    low, high = inside
    if register.first is None:
        yield low, high, rule
        return
    first, first_rule = register.first
    if first > low:
        yield low, first, first_rule
    doubts = register.doubts
    begin = bisect_right(doubts, low, key=lambda doubt: doubt.end)
    for doubt in islice(doubts, begin, None):
        if doubt.start >= high:
            break
        yield doubt
    if register.proof is not None:
        proof, hold = register.proof
        if register.doubtful or high - proof > hold:
            yield proof, high, register.rule or first_rule


def gaps_of(
    register: Register,
    counter: Configured,
    inside: Interval,
    planned: Callable[[int, int], int],
) -> list[Gap]:
    """Return the gaps of a counter in the window `inside`, in order of their beginning.

    register: of all visible rows, also of those after the window. planned: ms of planned time of the asset in an
    interval.
    """
    low, high = inside
    found = []
    rule = counter.first.counter
    kinds = (
        (True, _doubtful(register, rule, inside)),
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
