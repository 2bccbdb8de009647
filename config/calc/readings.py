"""Counter readings of a case → readings in order of time, with a finding for each that is not what it should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

from config.base import milliseconds
from config.calc.context import Context
from config.calc.equipment import MachineFields, ReadingsCase, counter_rate
from config.calc.moment import WrittenMoment
from config.yaml_document import Path
from kpi.calc.inputs import CounterInput
from kpi.document_types import Counter
from model.signal import Role

_ROLE: Final = {
    "good": Role.COUNT_GOOD,
    "scrap": Role.COUNT_SCRAP,
    "made": Role.COUNT_TOTAL,
    "rework": Role.COUNT_REWORK,
}
_YEAR_2100: Final = 4_102_444_800_000


@dataclass(frozen=True, slots=True)
class _Reading:
    number: int
    at: int
    value: int


def counters(
    fields: MachineFields, path: Path, context: Context, end_ms: int | None
) -> tuple[CounterInput, ...]:
    """Return the counters of a machine; a reading at `end_ms`, the end of the window, is taken as its last ms."""
    shortest = min(
        (p.ideal_cycle * p.factor for p in fields.products if p.ideal_cycle), default=None
    )
    found: list[CounterInput] = []
    for i, case in enumerate(fields.readings):
        here = (*path, "readings", i)
        name = case.name or f"count_{case.counts}"
        if any(c.name == name for c in found):
            context.stop(
                "readings.name-twice",
                here,
                f"计数器“{name}”出现了两次：请用 name 区分",
                f"counter {name!r} stands twice: tell them apart by name",
            )
            continue
        values = _values(case, here, context, end_ms)
        found.append(_counter(case, name, values, shortest, (here, context)))
    return tuple(found)


def _counter(
    case: ReadingsCase,
    name: str,
    values: tuple[tuple[int, int], ...],
    shortest: Fraction | None,
    where: tuple[Path, Context],
) -> CounterInput:
    path, context = where
    pieces, per_ms = counter_rate(case.max_rate, shortest)
    return CounterInput(
        name=name,
        role=_ROLE[case.counts],
        rules=Counter(case.first, case.modulus, pieces, per_ms, case.max_correction),
        hold_ms=milliseconds(case.hold),
        values=values,
        events=tuple(
            (at, e.kind)
            for i, e in enumerate(case.events)
            if (at := instant_of(e.at, (*path, "events", i, "at"), context)) is not None
        ),
        restarts=tuple(
            at
            for i, r in enumerate(case.restarts)
            if (at := instant_of(r, (*path, "restarts", i), context)) is not None
        ),
    )


def _values(
    case: ReadingsCase, path: Path, context: Context, end_ms: int | None
) -> tuple[tuple[int, int], ...]:
    usable = [
        _Reading(i, at, value)
        for i, (moment, value) in enumerate(case.values)
        if (at := instant_of(moment, (*path, "values", i), context)) is not None
    ]
    ordered = sorted(usable, key=lambda r: r.at)
    late = next((b for a, b in pairwise(usable) if b.at < a.at), None)
    if late is not None:
        context.warn(
            "readings.unsorted",
            (*path, "values", late.number),
            f"读数 {case.values[late.number][0].text} 早于它前面的读数：全部按时间重新排序",
            f"the reading of {case.values[late.number][0].text} is earlier than the one before it: all are put in "
            "order of time",
        )
    return _closed(_distinct(ordered, case, path, context), path, context, end_ms)


def instant_of(moment: WrittenMoment, path: Path, context: Context) -> int | None:
    """Return the instant of a device, None with a finding if no device of this world can have sent it."""
    at = context.ms(moment)
    if 0 <= at < _YEAR_2100:
        return at
    zero = moment.text.startswith("1601")
    context.stop(
        "time.impossible",
        path,
        f"时间戳 {moment.text} 不是真实的采集时刻"
        + ("（1601-01-01 是未赋值的 FILETIME）" if zero else "")
        + "：未采用",
        f"the time stamp {moment.text} is no instant of this world"
        + (" (1601-01-01 is a FILETIME that nobody set)" if zero else "")
        + ": what it stands for is not used",
    )
    return None


def _distinct(
    ordered: Sequence[_Reading], case: ReadingsCase, path: Path, context: Context
) -> list[_Reading]:
    """Return the readings without repetitions; two values of one instant are both kept, as the engine does."""
    kept: list[_Reading] = []
    for reading in ordered:
        twins = [k for k in kept if k.at == reading.at]
        here = (*path, "values", reading.number)
        text = case.values[reading.number][0].text
        if any(k.value == reading.value for k in twins):
            context.note(
                "readings.duplicate",
                here,
                f"{text} 的读数 {reading.value} 重复：只计一次",
                f"the reading {reading.value} of {text} is repeated: it counts once",
            )
            continue
        if twins:
            context.warn(
                "readings.two-values",
                here,
                f"{text} 有两个不同的读数 {twins[-1].value} 和 {reading.value}：都保留，后写的在后",
                f"two different readings of {text}, {twins[-1].value} and {reading.value}: both are kept, the one "
                "written later comes later",
            )
        kept.append(reading)
    return kept


def _closed(
    kept: Sequence[_Reading], path: Path, context: Context, end_ms: int | None
) -> tuple[tuple[int, int], ...]:
    if end_ms is not None and any(r.at == end_ms for r in kept):
        context.note(
            "readings.closing",
            path,
            "恰在窗口结束时刻的读数作为窗口的最后一毫秒",
            "the reading at the very end of the window is taken as its last millisecond",
        )
    return tuple((r.at - 1 if r.at == end_ms else r.at, r.value) for r in kept)
