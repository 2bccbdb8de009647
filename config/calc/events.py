"""Events of a case → layers of states: of two that overlap the one of the prior source counts, and time counts once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from config.calc.context import Context, minutes_text
from config.calc.equipment import EventCase, MachineFields
from config.calc.readings import instant_of
from config.messages import suggestion
from config.yaml_document import Path
from kpi.calc.inputs import StateSpan
from kpi.calendar import union
from model.state import MachineState

_MOST_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class _Event:
    """One event with its place in the order of priority."""

    rank: int
    number: int
    """Place in the list."""
    start: int
    end: int
    case: EventCase


def state_spans(fields: MachineFields, path: Path, context: Context) -> tuple[StateSpan, ...]:
    """Return the events of a machine in layers; what overlaps or ends before it begins is a finding."""
    events = _sorted(fields, path, context)
    layers: list[int] = []
    for i, event in enumerate(events):
        under = [layers[k] for k in range(i) if _overlap(events[k], event)]
        layers.append(1 + max(under, default=-1))
    _report(events, path, context)
    return tuple(
        StateSpan(layer, e.start, e.end, e.case.state)
        for layer, e in zip(layers, events, strict=True)
    )


def _sorted(fields: MachineFields, path: Path, context: Context) -> list[_Event]:
    ranks = {name: i for i, name in enumerate(fields.sources)}
    found = []
    for number, case in enumerate(fields.events):
        here = (*path, "events", number)
        start = instant_of(case.start, (*here, "from"), context)
        end = instant_of(case.end, (*here, "to"), context)
        if start is None or end is None:
            continue
        if case.source not in ranks:
            if fields.sources:
                context.warn(
                    "events.source-without-priority",
                    (*here, "source"),
                    f"来源“{case.source}”不在 sources 中：排在最后",
                    f"source {case.source!r} is not in sources: it comes last",
                    hint=suggestion(case.source, fields.sources),
                )
            ranks[case.source] = len(ranks)
        if end <= start:
            context.stop(
                "events.ends-before-it-begins",
                (*here, "to"),
                f"事件的结束 {case.end.text} 不晚于开始 {case.start.text}：未采用",
                f"the event ends at {case.end.text}, not after it began at {case.start.text}: it is not used",
            )
            continue
        found.append(_Event(ranks[case.source], number, start, end, case))
    return sorted(found, key=lambda e: (e.rank, e.number))


def _overlap(a: _Event, b: _Event) -> int:
    """Return for how many ms two events are both there; a proven gap hides nothing."""
    if MachineState.UNKNOWN in (a.case.state, b.case.state):
        return 0
    return max(0, min(a.end, b.end) - max(a.start, b.start))


def _report(events: Sequence[_Event], path: Path, context: Context) -> None:
    pairs = [
        (winner, loser, ms)
        for i, loser in enumerate(events)
        for winner in events[:i]
        if (ms := _overlap(winner, loser))
    ]
    for winner, loser, ms in pairs[:_MOST_SHOWN]:
        line = context.place((*path, "events", winner.number)).line
        same = winner.case.state is loser.case.state
        add = context.note if same else context.warn
        add(
            "events.overlap",
            (*path, "events", loser.number),
            f"与第 {line} 行的事件重叠 {minutes_text(ms)}：以“{winner.case.source}”的 {winner.case.state.value} 为准，"
            f"“{loser.case.source}”的 {loser.case.state.value} 在此不计",
            f"overlaps the event in line {line} by {minutes_text(ms)}: {winner.case.state.value} of "
            f"{winner.case.source!r} counts, {loser.case.state.value} of {loser.case.source!r} does not",
        )
    if pairs:
        written = sum(e.end - e.start for e in events)
        once = sum(
            b - a
            for a, b in union(
                [(e.start, e.end) for e in events],
                min(e.start for e in events),
                max(e.end for e in events),
            )
        )
        context.note(
            "events.time-conserved",
            (*path, "events"),
            f"共 {len(pairs)} 处重叠；事件合计 {minutes_text(written)}，时间线 {minutes_text(once)}：重叠部分只计一次",
            f"overlaps: {len(pairs)}; the events add up to {minutes_text(written)}, the timeline to "
            f"{minutes_text(once)}: what overlaps counts once",
        )
