"""Figures of the running production day from the sealed minutes, for the board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from agent.figure_views import details, ratio_text
from agent.figures import Figure, figures_of, requests_for
from agent.log_reader import LogFollower
from agent.log_window import KPI_CLASSES
from agent.tiles import DayFigures
from kpi.document import ConfigDocument
from kpi.window import Span
from model.slots import SLOT_MS
from model.state import Atom
from reports.words import Text

DAY_SLOTS: Final = 1440
_LEAD: Final = 120
SLOT_FIGURES: Final = ("upload-rate", "networked")
"""Figures over every required point."""
MOST_OTHER_POINTS: Final = 50
"""Required points outside the KPI classes that the board reads for its figures."""

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


def _required_are_read(document: ConfigDocument) -> bool:
    """Return whether every required point lies in a class that the figures read, or there are few others."""
    others = sum(
        signal.required
        for stream in document.streams
        if stream.signal_class not in KPI_CLASSES
        for signal in stream.signals
    )
    return others <= MOST_OTHER_POINTS


def production_day_first(document: ConfigDocument, slot: int) -> int:
    """Return the first slot of the production day that holds `slot`."""
    calendar = document.calendar
    shift = calendar.day_start_min - calendar.utc_offset_min
    return (slot - shift) // DAY_SLOTS * DAY_SLOTS + shift


def today(log: LogFollower) -> Today:
    """Return the figures of the production day of the newest sealed minute; empty before the first one."""
    index = log.update()
    if not index.slots:
        return Today()
    document = index.documents[-1]
    last = index.slots[-1] + 1
    # A day that the log saw only in part is judged from the first sealed minute on: before it nothing was promised.
    first = max(production_day_first(document, last - 1), index.slots[0])
    span = Span(first, last, lead=min(_LEAD, first), grace=0)
    requests = requests_for(document, span, None)
    covered = _required_are_read(document)
    if not covered:
        # All rows of thousands of process points, every minute: too much for the wall. The rate of the board comes
        # from the slot ledger anyway, that of a report from the whole log.
        requests = {n: r for n, r in requests.items() if n not in SLOT_FIGURES}
    figures = figures_of(requests, log.window(first - span.lead, last, required=covered))
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
