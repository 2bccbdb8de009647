"""Energy of one register over a window: counter rules, transformer ratios as segments, grades (kpi.md C37, audit §4).

A register counts ticks on the secondary side; energy = ticks · tick · ratio. Where the ratio changes, a new segment
begins: Wh = Σ ticks·ratio, without a step. Import and export are two registers and are never netted silently.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kpi.allocation import AT_ONCE_MS
from kpi.counters import CounterRun, Event, counter_run
from kpi.document import PLAIN_COUNTER, Counter
from kpi.energy.unit_energy import ReadingGrade
from kpi.findings import Finding, note, warn
from kpi.readings import Readings, compact
from kpi.registry.content import Flow
from kpi.window import Int64
from model.ratio import Ratio, Undefined

GRADES: Final = tuple(ReadingGrade)
"""Grade of a code in the column, best first."""


@dataclass(frozen=True, slots=True)
class TransformerRatio:
    """From an instant on, primary / secondary of the transformers together (CT · VT)."""

    at_ms: int
    ratio: Fraction


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegisterRecord:
    """What is known of one register: its readings as equally long columns, by time."""

    meter: str
    at_ms: Int64
    ticks: Readings
    grade: NDArray[np.uint8]
    """Index into GRADES."""
    ratios: tuple[TransformerRatio, ...] = (TransformerRatio(0, Fraction(1)),)
    """By time; the first one also holds before its instant."""
    tick: Fraction = Fraction(1)
    """Energy of one tick on the secondary side, in `unit`."""
    unit: str = "W.h"
    flow: Flow = Flow.IMPORT
    rules: Counter = PLAIN_COUNTER
    """Counter rules in ticks."""

    def ratio_at(self, at_ms: int) -> Fraction:
        """Return the ratio in force at an instant."""
        found = bisect_right([r.at_ms for r in self.ratios], at_ms) - 1
        return self.ratios[max(found, 0)].ratio

    def grades_within(self, start_ms: int, end_ms: int) -> dict[ReadingGrade, int]:
        """Return how many readings of [start, end) have each grade, those above 0, best first."""
        inside = self.grade[(self.at_ms >= start_ms) & (self.at_ms < end_ms)]
        counts = np.bincount(inside, minlength=len(GRADES)).tolist()
        return {g: n for g, n in zip(GRADES, counts, strict=True) if n}


def columns(
    readings: Sequence[tuple[int, int, ReadingGrade]],
) -> tuple[Int64, Readings, NDArray[np.uint8]]:
    """Return the columns of readings written one by one as (instant in ms, ticks, grade)."""
    return (
        np.array([at for at, _, _ in readings], dtype=np.int64),
        compact([v for _, v, _ in readings]),
        np.array([GRADES.index(g) for _, _, g in readings], dtype=np.uint8),
    )


@dataclass(frozen=True, slots=True)
class MeterSegment:
    """Energy of a stretch with one ratio."""

    start_ms: int
    end_ms: int
    ratio: Fraction
    ticks: Fraction
    energy: Fraction


@dataclass(frozen=True, slots=True)
class MeterEnergy:
    """Energy of one register over a window."""

    meter: str
    unit: str
    flow: Flow
    energy: Ratio
    """Undefined without a reading, or if the readings do not span the window: then the rest is not known."""
    known: Fraction
    """What the readings do show: at least so much, if the energy is undefined."""
    low: Fraction
    high: Fraction
    """Range of `known` where a step lies across a change of ratio: all of it before, or all after."""
    segments: tuple[MeterSegment, ...]
    worst: ReadingGrade
    findings: tuple[Finding, ...]


def meter_energy(
    record: RegisterRecord, start_ms: int, end_ms: int, tolerance_ms: int = 900_000
) -> MeterEnergy:
    """Return the energy of a register over [start, end).

    A step of at most two minutes is booked at its reading, a longer one spread evenly (U4), exact. The window is
    spanned if there are accepted readings at or before start + tolerance and at or after end − tolerance.
    """
    run = _run(record)
    cuts = [start_ms, *(r.at_ms for r in record.ratios if start_ms < r.at_ms < end_ms), end_ms]
    segments = tuple(_segment(record, run, a, b) for a, b in pairwise(cuts))
    known = sum((s.energy for s in segments), Fraction(0))
    spread = [_straddling(record, run, x) for x in cuts[1:-1]]
    grades = record.grades_within(start_ms, end_ms)
    accepted: list[int] = run.accepted.tolist()
    spanned = bool(accepted) and (
        accepted[0] <= start_ms + tolerance_ms and accepted[-1] >= end_ms - tolerance_ms
    )
    return MeterEnergy(
        meter=record.meter,
        unit=record.unit,
        flow=record.flow,
        energy=known if spanned else _not_spanned(record, accepted),
        known=known,
        low=known + sum((low for low, _ in spread), Fraction(0)),
        high=known + sum((high for _, high in spread), Fraction(0)),
        segments=segments,
        worst=max(grades, key=GRADES.index, default=ReadingGrade.MEASURED),
        findings=tuple(_findings(record, run, segments, start_ms, end_ms)),
    )


def _run(record: RegisterRecord) -> CounterRun:
    rule_of = np.zeros(len(record.at_ms), dtype=np.int32)
    return counter_run(record.ticks, record.at_ms, [record.rules], rule_of)


def _segment(record: RegisterRecord, run: CounterRun, start_ms: int, end_ms: int) -> MeterSegment:
    """Return the energy of [start, end), in which the ratio does not change."""
    # A short step across a change of ratio is shared, too: the segment that ends with it must get its part.
    short = run.end - run.begin <= AT_ONCE_MS
    for r in record.ratios[1:]:
        short &= ~((run.begin < r.at_ms) & (run.end > r.at_ms))
    whole = np.where(
        short,
        (run.end >= start_ms) & (run.end < end_ms),
        (run.begin >= start_ms) & (run.end <= end_ms),
    )
    part = ~short & ~whole & (run.begin < end_ms) & (run.end > start_ms)
    ticks = Fraction(sum(run.count[whole].tolist()))
    for i in np.flatnonzero(part).tolist():
        begin, end = int(run.begin[i]), int(run.end[i])
        inside = min(end, end_ms) - max(begin, start_ms)
        ticks += Fraction(int(run.count[i]) * inside, end - begin)
    ratio = record.ratio_at(start_ms)
    return MeterSegment(start_ms, end_ms, ratio, ticks, ticks * record.tick * ratio)


def _straddling(record: RegisterRecord, run: CounterRun, at_ms: int) -> tuple[Fraction, Fraction]:
    """Return how much less or more the energy is if the step across a change lay all on one side of it."""
    old, new = record.ratio_at(at_ms - 1), record.ratio_at(at_ms)
    for i in np.flatnonzero((run.begin < at_ms) & (run.end > at_ms)).tolist():
        begin, end, count = int(run.begin[i]), int(run.end[i]), int(run.count[i])
        before = Fraction(count * (at_ms - begin), end - begin)
        shared = before * old + (count - before) * new
        sides = [record.tick * (count * ratio - shared) for ratio in (old, new)]
        return min(sides), max(sides)
    return Fraction(0), Fraction(0)


def _not_spanned(record: RegisterRecord, accepted: Sequence[int]) -> Undefined:
    if not accepted:
        return Undefined(
            f"meter {record.meter} gave no reading: its energy is not known, not zero",
            f"计量表 {record.meter} 没有读数：能耗未知，不按零计",
        )
    return Undefined(
        f"the readings of meter {record.meter} do not span the window: the rest is not known",
        f"计量表 {record.meter} 的读数没有覆盖整个期间：其余部分未知",
    )


def _findings(
    record: RegisterRecord,
    run: CounterRun,
    segments: Sequence[MeterSegment],
    start_ms: int,
    end_ms: int,
) -> list[Finding]:
    found = []
    for one, other in pairwise(segments):
        found.append(
            warn(
                "energy.ratio-changed",
                f"{record.meter} 的互感器变比由 {one.ratio} 改为 {other.ratio}：分两段计算，不产生跳变",
                f"the transformer ratio of {record.meter} changed from {one.ratio} to {other.ratio}: "
                "two segments, no step",
                (record.meter,),
                at_ms=other.start_ms,
                old=one.ratio,
                new=other.ratio,
            )
        )
    events = [e for at, e in run.events if start_ms <= at < end_ms]
    if events:
        counts = {e.value: events.count(e) for e in Event if e in events}
        text = ", ".join(f"{k} {n}" for k, n in counts.items())
        irregular = warn(
            "energy.register-irregular",
            f"{record.meter} 的读数有异常：{text}；异常处的电量可能缺失",
            f"the register of {record.meter} is irregular: {text}; energy may be missing there",
            (record.meter,),
        )
        found.append(replace(irregular, numbers=counts))
    grades = record.grades_within(start_ms, end_ms)
    for grade, zh in ((ReadingGrade.MANUAL, "人工抄录"), (ReadingGrade.ESTIMATED, "估算")):
        if grade in grades:
            n, of = grades[grade], sum(grades.values())
            found.append(
                note(
                    f"energy.{grade.value}-readings",
                    f"{record.meter} 的 {of} 个读数中有 {n} 个为{zh}",
                    f"{n} of {of} readings of {record.meter} are {grade.value}",
                    (record.meter,),
                    readings=of,
                    count=n,
                )
            )
    return found
