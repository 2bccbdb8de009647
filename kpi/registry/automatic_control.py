"""Automatic-control in-service rate (自控投用率): loop time in automatic / loop time while the unit runs.

kpi.md B.7, kpi-audit U7; all rules are ours and are printed as such. Instants and lengths in Unix ms.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Final, TypeVar

from kpi.calendar import Interval
from kpi.findings import Finding, note, warn
from kpi.intervals import append, length, meet
from kpi.registry.content import Loop
from model.ratio import Ratio, ratio_of

LIMIT_SHARE: Final = Fraction(1, 200)
"""An output within 0.5 % of its span of either end is at the limit …"""
LIMIT_MS: Final = 300_000
"""… if it stays there longer than this; then all of that stay counts as not in service."""
MOST_CHANGES: Final = 6
"""More mode changes than this in any hour is flapping."""
HOUR_MS: Final = 3_600_000


class Mode(StrEnum):
    """Mode of a control loop; the words of IEC 61804 function blocks, as they are usually grouped."""

    MANUAL = "manual"
    AUTO = "auto"
    CASCADE = "cascade"
    REMOTE = "remote"
    """Remote cascade or remote output: set by another controller."""
    ADVANCED = "advanced"
    """Set by advanced process control (APC)."""
    OFF = "off"
    """Out of service, initialising, local override."""
    UNKNOWN = "unknown"


AUTOMATIC: Final = frozenset({Mode.AUTO, Mode.CASCADE, Mode.REMOTE, Mode.ADVANCED})


class UnitState(StrEnum):
    """Whether the unit of a loop runs."""

    RUNNING = "running"
    STOPPED = "stopped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ModeChange:
    """From an instant on, a mode."""

    at_ms: int
    mode: Mode


@dataclass(frozen=True, slots=True)
class UnitChange:
    """From an instant on, a state of the unit."""

    at_ms: int
    state: UnitState


@dataclass(frozen=True, slots=True)
class OutputSample:
    """One look at the output of a controller, in the unit of its span."""

    at_ms: int
    value: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopRecord:
    """What was collected of one loop, each list by time; before its first entry nothing is known."""

    loop: Loop
    modes: tuple[ModeChange, ...]
    units: tuple[UnitChange, ...]
    outputs: tuple[OutputSample, ...] = ()
    """None at all: whether the output is at its limit cannot be judged."""
    hold_ms: int = 300_000
    """A look at the output holds until the next one, at most so long."""


@dataclass(frozen=True, slots=True)
class LoopTime:
    """Times of one loop over the window, in ms."""

    loop: str
    running: int
    """Unit running, or not known whether it runs: the denominator."""
    in_service: int
    """Automatic or higher, output known and not at its limit, unit running: the numerator."""
    automatic: int
    """Automatic or higher and unit running, whatever the output."""
    unknown_mode: int
    at_limit: int
    unknown_output: int
    """Of the automatic time: output not known."""
    unknown_unit: int
    most_changes: int
    """Most mode changes within one hour."""


@dataclass(frozen=True, slots=True)
class ControlRate:
    """The rate over all loops of the frozen list, with its other readings."""

    value: Ratio
    """Σ in service / Σ running."""
    by_mode: Ratio
    """Whatever the output: for plants that do not collect it."""
    known_units: Ratio
    """Without the time in which it is not known whether the unit runs."""
    static: Ratio
    """Loops that are meant to run in automatic / loops: what many plants report."""
    loops: tuple[LoopTime, ...]
    findings: tuple[Finding, ...]


def automatic_control(records: Iterable[LoopRecord], start_ms: int, end_ms: int) -> ControlRate:
    """Return the rate over [start, end); every loop of the frozen list needs a record, an empty one if need be."""
    listed = sorted(records, key=lambda r: r.loop.id.encode())
    times = tuple(loop_time(r, start_ms, end_ms) for r in listed)
    running = sum(t.running for t in times)
    known = running - sum(t.unknown_unit for t in times)
    in_service = sum(t.in_service for t in times)
    automatic = sum(r.loop.normally_automatic for r in listed)
    return ControlRate(
        value=_over(in_service, running),
        by_mode=_over(sum(t.automatic for t in times), running),
        known_units=_over(in_service, known),
        static=ratio_of(
            automatic, len(listed), en="the list of control loops is empty", zh="自控回路清单为空"
        ),
        loops=times,
        findings=tuple(f for r, t in zip(listed, times, strict=True) for f in _findings(r, t)),
    )


def loop_time(record: LoopRecord, start_ms: int, end_ms: int) -> LoopTime:
    """Return the times of one loop over [start, end)."""
    modes = _spans([(m.at_ms, m.mode) for m in record.modes], Mode.UNKNOWN, start_ms, end_ms)
    units = _spans([(u.at_ms, u.state) for u in record.units], UnitState.UNKNOWN, start_ms, end_ms)
    run = [(a, b) for a, b, s in units if s is UnitState.RUNNING]
    open_ = [(a, b) for a, b, s in units if s is UnitState.UNKNOWN]
    auto = meet(run, [(a, b) for a, b, m in modes if m in AUTOMATIC])
    known, limit = _output(record, start_ms, end_ms)
    judged = meet(auto, known)
    at_limit = length(meet(judged, limit))
    return LoopTime(
        loop=record.loop.id,
        running=length(run) + length(open_),
        in_service=length(judged) - at_limit,
        automatic=length(auto),
        unknown_mode=length(meet(run, [(a, b) for a, b, m in modes if m is Mode.UNKNOWN])),
        at_limit=at_limit,
        unknown_output=length(auto) - length(judged),
        unknown_unit=length(open_),
        most_changes=_most_changes(record.modes, start_ms, end_ms),
    )


def _output(
    record: LoopRecord, start_ms: int, end_ms: int
) -> tuple[list[Interval], list[Interval]]:
    """Return the time in which the output is known, and that in which it is at its limit, cut to the window.

    A stay at the limit is measured whole, also where it began before the window.
    """
    low, high = record.loop.span
    margin = (high - low) * LIMIT_SHARE
    known: list[Interval] = []
    stays: list[Interval] = []
    for i, sample in enumerate(record.outputs):
        until = sample.at_ms + record.hold_ms
        if i + 1 < len(record.outputs):
            until = min(until, record.outputs[i + 1].at_ms)
        append(known, sample.at_ms, until)
        if sample.value <= low + margin or sample.value >= high - margin:
            append(stays, sample.at_ms, until)
    long = [(a, b) for a, b in stays if b - a > LIMIT_MS]
    window = [(start_ms, end_ms)]
    return meet(window, known), meet(window, long)


T = TypeVar("T")


def _spans(
    changes: Sequence[tuple[int, T]], unknown: T, start_ms: int, end_ms: int
) -> list[tuple[int, int, T]]:
    """Return (start, end, value) that tile [start, end)."""
    times = [at for at, _ in changes]
    first = bisect_right(times, start_ms) - 1
    value = changes[first][1] if first >= 0 else unknown
    found, at = [], start_ms
    for time, then in changes[first + 1 :]:
        if time >= end_ms:
            break
        found.append((at, time, value))
        at, value = time, then
    found.append((at, end_ms, value))
    return found


def _most_changes(modes: Sequence[ModeChange], start_ms: int, end_ms: int) -> int:
    """Return the most changes of mode in any hour [t, t + 1 h) of the window; the same mode again is no change."""
    real = [
        b.at_ms for a, b in pairwise(modes) if a.mode is not b.mode and start_ms <= b.at_ms < end_ms
    ]
    most, first = 0, 0
    for i, at in enumerate(real):
        while real[first] <= at - HOUR_MS:
            first += 1
        most = max(most, i - first + 1)
    return most


def _over(top: int, below: int) -> Ratio:
    return ratio_of(top, below, en="no unit ran in the window", zh="窗口内没有任何装置运行")


def _findings(record: LoopRecord, time: LoopTime) -> list[Finding]:
    found = []
    name = time.loop
    if time.most_changes > MOST_CHANGES:
        found.append(
            warn(
                "control.flapping",
                f"回路 {name} 一小时内切换方式 {time.most_changes} 次（超过 {MOST_CHANGES} 次）",
                f"loop {name} changed its mode {time.most_changes} times within an hour "
                f"(more than {MOST_CHANGES})",
                (name,),
                changes=time.most_changes,
            )
        )
    if not record.outputs:
        found.append(
            note(
                "control.no-output",
                f"回路 {name} 没有采集输出值，无法判断是否处于限位：自动时间不计入分子，另列只看方式的读法",
                f"the output of loop {name} is not collected, so being at its limit cannot be judged: its time "
                "is not in the numerator; the reading by mode alone is printed beside",
                (name,),
                automatic_ms=time.automatic,
            )
        )
    if record.loop.normally_automatic and time.running and 2 * time.automatic < time.running:
        found.append(
            warn(
                "control.static-contradicted",
                f"回路 {name} 填报为正常自动，实际只有不到一半运行时间处于自动",
                f"loop {name} is stated as normally automatic and was so in less than half of its running time",
                (name,),
                automatic_ms=time.automatic,
                running_ms=time.running,
            )
        )
    return found
