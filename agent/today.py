"""Figures of the running production day from the sealed minutes, for the board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from agent.day_slots import DaySlots
from agent.log_reader import LogFollower
from agent.reporting.figure_detail import details, ratio_text
from agent.reporting.figures import Figure, requests_for
from agent.tiles import DayFigures
from kpi.document import ConfigDocument
from kpi.evaluate import evaluate
from kpi.window import Span
from kpi.workspace import Workspace
from model.slots import SLOT_MS
from model.state import Atom
from reports.words import Text

DAY_SLOTS: Final = 1440
_LEAD: Final = 120
TODAY_FIGURES: Final = (
    "upload-rate",
    "networked",
    "nc-ratio",
    "oee",
    "utilisation",
    "energy-per-piece",
)
"""Figures of the running day: few, because they are formed every minute; the others stand in the report."""
SLOT_FIGURES: Final = ("upload-rate", "networked")
"""Figures over every required point, whatever its class."""

LOSS_NAMES: Final[dict[Atom, Text]] = {
    Atom.FAULT: Text("设备故障", "Equipment fault"),
    Atom.WAIT: Text("等待", "Waiting"),
    Atom.SETUP: Text("换型调整", "Setup"),
    Atom.MINOR: Text("短暂停机", "Minor stops"),
    Atom.IDLE: Text("无订单", "No order"),
    Atom.IDLE_FAULT: Text("无订单且故障", "No order, faulty"),
    Atom.TEST: Text("试运行", "Test run"),
    Atom.UNK: Text("状态未知", "Unknown state"),
}


@dataclass(frozen=True, slots=True)
class Today:
    """What the sealed minutes of the running production day give."""

    span: Span | None = None
    figures: Mapping[str, Figure] = field(default_factory=dict)
    devices: Mapping[str, DayFigures] = field(default_factory=dict)
    losses: tuple[tuple[Atom, int], ...] = ()
    """Lost planned time by atom in ms, largest first."""
    good: int | None = None


def production_day_first(document: ConfigDocument, slot: int) -> int:
    """Return the first slot of the production day that holds `slot`."""
    calendar = document.calendar
    shift = calendar.day_start_min - calendar.utc_offset_min
    return (slot - shift) // DAY_SLOTS * DAY_SLOTS + shift


def today(log: LogFollower, slots: DaySlots) -> Today:
    """Return the figures of the production day of the newest sealed minute; empty before the first one.

    Rows of state, count and energy streams of the day are in memory; of all other required points only what `slots`
    counts minute by minute.
    """
    index = log.update()
    if not index.slots:
        return Today()
    document = index.documents[-1]
    last = index.slots[-1] + 1
    # A day that the log saw only in part is judged from the first sealed minute on: before it nothing was promised.
    day_first = production_day_first(document, last - 1)
    first = max(day_first, index.slots[0])
    span = Span(first, last, lead=min(_LEAD, first), grace=0)
    work = Workspace(log.window(first - span.lead, last), span)
    work.tally = slots.counts(span, day_first + DAY_SLOTS, work.rows.history)
    figures = {
        name: Figure(name, request, evaluate(request, work))
        for name, request in requests_for(document, span, None).items()
        if name in TODAY_FIGURES and (work.tally is not None or name not in SLOT_FIGURES)
    }
    return Today(span, figures, _devices(figures), _losses(figures), _good(figures))


def _devices(figures: Mapping[str, Figure]) -> dict[str, DayFigures]:
    found = {}
    for row in details(figures["oee"], "assets") if "oee" in figures else ():
        ideal = ratio_text(row.get("ideal_good"))
        value = ideal / row["pbt"] if ideal is not None and row["pbt"] else None
        found[str(row["asset"])] = DayFigures(value, row.get("good"))
    return found


def _losses(figures: Mapping[str, Figure]) -> tuple[tuple[Atom, int], ...]:
    sums: dict[Atom, int] = {}
    for row in details(figures["oee"], "assets") if "oee" in figures else ():
        for atom in LOSS_NAMES:
            sums[atom] = sums.get(atom, 0) + int(row["atoms"][atom.value])
    lost = [(atom, ms) for atom, ms in sums.items() if ms >= SLOT_MS // 60]
    return tuple(sorted(lost, key=lambda item: -item[1]))


def _good(figures: Mapping[str, Figure]) -> int | None:
    if "oee" not in figures:
        return None
    counts = [row.get("good") for row in details(figures["oee"], "assets")]
    return sum(c for c in counts if c is not None) if any(c is not None for c in counts) else None
