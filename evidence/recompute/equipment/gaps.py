"""Gaps of a counter, in which pieces may be missing from what it booked (statistics.md §6)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from evidence.recompute.equipment.registers import Register
from evidence.recompute.intervals import Interval, union
from evidence.recompute.plant_model import CounterRule, PlantSignal
from evidence.recompute.window import ConfigRun
from model.signal import Role


class Gap(NamedTuple):
    """[start, end) inside a window in which a counter is not proven to be complete.

    parts: the stretches of it that count. planned: their ms of planned time. most: counts that the highest rate allows
    in them, None if it is not limited. configured: the counter was there (rules i to iii), otherwise no counter of its
    role was (rule iv).
    """

    role: Role
    signal: str
    start: int
    end: int
    parts: tuple[Interval, ...]
    planned: int
    most: int | None
    configured: bool


class Configured(NamedTuple):
    """A counter as the configurations of a window have it: its first definition, and the stretches with it."""

    first: PlantSignal
    stretches: tuple[Interval, ...]


PlannedIn = Callable[[int, int], int]
"""Returns the ms of planned time of an asset in an interval."""


def configured(
    runs: Iterable[ConfigRun], stream: str, name: str, counts: Callable[[PlantSignal], bool]
) -> Configured | None:
    """Return how the configurations of a window have a counter, None if none of them has it.

    counts: whether a definition of the signal is this counter.
    """
    first: PlantSignal | None = None
    stretches: list[Interval] = []
    for run in runs:
        signal = run.plant.signals.get(stream, {}).get(name)
        if signal is not None and counts(signal):
            first = first or signal
            stretches.append((run.start, run.end))
    return None if first is None else Configured(first, tuple(union(stretches)))


def _within(stretches: Sequence[Interval], start: int, end: int) -> Iterator[Interval]:
    """Yield the parts of disjoint ascending stretches that lie in [start, end)."""
    at = max(bisect_right(stretches, start, key=lambda stretch: stretch[0]) - 1, 0)
    for low, high in islice(stretches, at, None):
        if low >= end:
            break
        if max(low, start) < min(high, end):
            yield max(low, start), min(high, end)


def gaps_of(
    register: Register, counter: Configured, inside: Interval, planned: PlannedIn
) -> list[Gap]:
    """Return the gaps by rules i to iii of a counter in the window `inside`.

    register: of all visible rows, also of those after the window. counter: in the configurations of the window.
    """
    low, high = inside
    found: list[Gap] = []

    def add(parts: Sequence[Interval], rule: CounterRule) -> None:
        if parts:
            found.append(_gap(counter.first, parts, rule, planned, is_configured=True))

    def add_each(start: int, end: int, rule: CounterRule) -> None:
        for part in _within(counter.stretches, max(start, low), min(end, high)):
            add([part], rule)

    if register.first is None or register.proof is None:
        add_each(low, high, counter.first.counter)
        return found
    first, first_rule = register.first
    if first > low:
        add_each(low, first, first_rule)
    doubts = register.doubts
    begin = bisect_right(doubts, low, key=lambda doubt: doubt.end)
    for start, end, rule in islice(doubts, begin, None):
        if start >= high:
            break
        add(list(_within(counter.stretches, max(start, low), min(end, high))), rule)
    proof, hold = register.proof
    if register.doubtful or counter.stretches[-1][1] - proof > hold:
        add_each(proof, high, register.rule or first_rule)
    return found


def gaps_without(
    runs: Sequence[ConfigRun], stream: str, role: Role, planned: PlannedIn
) -> Iterator[Gap]:
    """Yield the gaps by rule iv: stretches of `runs` without any counter of a role that another of them has."""
    firsts: dict[str, PlantSignal] = {}
    lacking: list[Interval] = []
    for run in runs:
        own = run.plant.of_role(stream, role)
        for signal in own:
            firsts.setdefault(signal.name, signal)
        if not own:
            lacking.append((run.start, run.end))
    for stretch in union(lacking):
        for signal in firsts.values():
            yield _gap(signal, [stretch], signal.counter, planned, is_configured=False)


def _gap(
    signal: PlantSignal,
    parts: Sequence[Interval],
    rule: CounterRule,
    planned: PlannedIn,
    *,
    is_configured: bool,
) -> Gap:
    ms = sum(planned(start, end) for start, end in parts)
    return Gap(
        role=signal.role,
        signal=signal.name,
        start=parts[0][0],
        end=parts[-1][1],
        parts=tuple(parts),
        planned=ms,
        most=ms * rule.pieces // rule.ms if rule.limited or not ms else None,
        configured=is_configured,
    )
