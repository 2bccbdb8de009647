"""Energy of one register over a window: counter rules, transformer ratios as segments, grades (kpi.md C37, audit §4).

A register counts ticks on the secondary side; energy = ticks · tick · ratio. Where the ratio changes, a new segment
begins: Wh = Σ ticks·ratio, without a step. Import and export are two registers and are never netted silently.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from kpi.allocation import AT_ONCE_MS
from kpi.counters import CounterRun, Event, counter_run
from kpi.document import PLAIN_COUNTER, Counter
from kpi.plant_finding import Finding, note, warn
from kpi.readings import compact
from kpi.registry import Flow
from kpi.unit_energy import ReadingGrade
from model.ratio import Ratio, Undefined


@dataclass(frozen=True, slots=True)
class MeterReading:
    """One reading of a register."""

    at_ms: int
    ticks: int
    grade: ReadingGrade = ReadingGrade.MEASURED


@dataclass(frozen=True, slots=True)
class TransformerRatio:
    """From an instant on, primary / secondary of the transformers together (CT · VT)."""

    at_ms: int
    ratio: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRecord:
    """What is known of one register."""

    meter: str
    readings: tuple[MeterReading, ...]
    """By time."""
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
    inside = [r for r in record.readings if start_ms <= r.at_ms < end_ms]
    order = list(ReadingGrade)
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
        worst=max((r.grade for r in inside), key=order.index, default=ReadingGrade.MEASURED),
        findings=tuple(_findings(record, run, segments, start_ms, end_ms)),
    )


@dataclass(frozen=True, slots=True)
class FlowTotals:
    """Import and export apart; the net is formed only by who asks for it."""

    imported: Ratio
    exported: Ratio

    @property
    def net(self) -> Ratio:
        """Return import − export; undefined if either is. Own generation that is used inside is in neither."""
        if isinstance(self.imported, Undefined):
            return self.imported
        if isinstance(self.exported, Undefined):
            return self.exported
        return self.imported - self.exported


def totals(registers: Sequence[MeterEnergy]) -> FlowTotals:
    """Return the sums by flow, all in one unit; a register without energy makes its sum undefined, not smaller.

    Without any export register nothing is known to be exported and the sum is 0. Raises ValueError for two units.
    """
    if len({r.unit for r in registers}) > 1:
        raise ValueError("registers of one sum need one unit")
    return FlowTotals(
        _total([r for r in registers if r.flow is Flow.IMPORT], empty=False),
        _total([r for r in registers if r.flow is Flow.EXPORT], empty=True),
    )


def _total(registers: Sequence[MeterEnergy], *, empty: bool) -> Ratio:
    if not registers and not empty:
        return Undefined("no import register is listed", "没有登记正向（用电）寄存器")
    total = Fraction(0)
    for r in registers:
        if isinstance(r.energy, Undefined):
            return r.energy
        total += r.energy
    return total


def _run(record: RegisterRecord) -> CounterRun:
    values = compact([r.ticks for r in record.readings])
    tau = np.array([r.at_ms for r in record.readings], dtype=np.int64)
    return counter_run(values, tau, [record.rules], np.zeros(len(tau), dtype=np.int32))


def _segment(record: RegisterRecord, run: CounterRun, start_ms: int, end_ms: int) -> MeterSegment:
    ticks = Fraction(0)
    for begin, end, count in zip(
        run.begin.tolist(), run.end.tolist(), run.count.tolist(), strict=True
    ):
        # A short step across a change of ratio is shared, too: the segment that ends with it must get its part.
        if end - begin <= AT_ONCE_MS and not _crosses(record, begin, end):
            ticks += count if start_ms <= end < end_ms else 0
            continue
        low, high = max(begin, start_ms), min(end, end_ms)
        if low < high:
            ticks += Fraction(count * (high - low), end - begin)
    ratio = record.ratio_at(start_ms)
    return MeterSegment(start_ms, end_ms, ratio, ticks, ticks * record.tick * ratio)


def _crosses(record: RegisterRecord, begin: int, end: int) -> bool:
    return any(begin < r.at_ms < end for r in record.ratios[1:])


def _straddling(record: RegisterRecord, run: CounterRun, at_ms: int) -> tuple[Fraction, Fraction]:
    """Return how much less or more the energy is if the step across a change lay all on one side of it."""
    old, new = record.ratio_at(at_ms - 1), record.ratio_at(at_ms)
    for begin, end, count in zip(
        run.begin.tolist(), run.end.tolist(), run.count.tolist(), strict=True
    ):
        if begin < at_ms < end:
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
        found.append(
            warn(
                "energy.register-irregular",
                f"{record.meter} 的读数有异常：{text}；异常处的电量可能缺失",
                f"the register of {record.meter} is irregular: {text}; energy may be missing there",
                (record.meter,),
                **counts,
            )
        )
    grades = [r.grade for r in record.readings if start_ms <= r.at_ms < end_ms]
    for grade, zh in ((ReadingGrade.MANUAL, "人工抄录"), (ReadingGrade.ESTIMATED, "估算")):
        if grade in grades:
            n = grades.count(grade)
            found.append(
                note(
                    f"energy.{grade.value}-readings",
                    f"{record.meter} 的 {len(grades)} 个读数中有 {n} 个为{zh}",
                    f"{n} of {len(grades)} readings of {record.meter} are {grade.value}",
                    (record.meter,),
                    readings=len(grades),
                    count=n,
                )
            )
    return found
