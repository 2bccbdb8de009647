"""Which charts a report has, and the charts themselves."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from model.state import Atom, MachineState
from reports.charts import (
    ATOM_COLOURS,
    RED,
    STATE_COLOURS,
    Bars,
    Point,
    Strip,
    bars,
    lines,
    strips,
)
from reports.figures import digits
from reports.instants import local
from reports.model import DailyPoint
from reports.words import Unit
from reports.writer import Writer

_DAY_MS: Final = 86_400_000
_HOURS: Final = 6


def drawings(writer: Writer) -> list[tuple[str, str]]:
    """Return (name, SVG) of every chart that the data allow, in order of appearance."""
    made = [("bars", _bars(writer))]
    made += [
        (f"daily-{series.key.value}", _daily(writer, i))
        for i, series in enumerate(writer.data.daily)
    ]
    made += [("stack", _stack(writer)), ("gantt", _gantt(writer)), ("gaps", _gaps(writer))]
    return [(name, svg) for name, svg in made if svg]


def _bars(writer: Writer) -> str:
    rows = [
        Bars(
            writer.texts.t(f"kpi.{row.key.value}.label"),
            float(row.before.value),
            float(row.after.value),
            writer.amount(row.before.value, row.unit, row.decimals),
            writer.amount(row.after.value, row.unit, row.decimals),
        )
        for row in writer.data.kpis
        if row.before is not None and row.before.value is not None and row.after.value is not None
    ]
    return bars(rows) if rows else ""


def _daily(writer: Writer, index: int) -> str:
    series = writer.data.daily[index]
    factor = 100 if series.unit is Unit.PERCENT else 1

    def points(found: Sequence[DailyPoint]) -> list[Point]:
        return [
            Point(p.day[5:], None if p.value is None else float(p.value * factor), p.valid)
            for p in found
        ]

    target = series.target
    return lines(
        points(series.before),
        points(series.after),
        unit=writer.texts.t(f"unit.{series.unit.value}"),
        target=None if target is None else float(target * factor),
        target_text=""
        if target is None
        else writer.texts.t("target", value="≥ " + writer.amount(target, series.unit, 0)),
    )


def _stack(writer: Writer) -> str:
    rows, used = [], set()
    for device in writer.data.devices:
        total = sum(device.atoms.values())
        if not total:
            continue
        parts, start = [], 0
        for atom in Atom:
            length = device.atoms.get(atom, 0)
            if length:
                used.add(atom)
                parts.append((start / total, (start + length) / total, ATOM_COLOURS[atom]))
                start += length
        busy = device.atoms.get(Atom.RUN, 0) + device.atoms.get(Atom.RUN_X, 0)
        rows.append(Strip(device.id, parts, f"{digits(Fraction(100 * busy, total), 1)} %"))
    legend = [(writer.texts.t(f"atom.{a.value}"), ATOM_COLOURS[a]) for a in Atom if a in used]
    ticks = [(share / 4, f"{share * 25} %") for share in range(5)]
    return strips(rows, ticks, legend) if rows else ""


def _gantt(writer: Writer) -> str:
    first, last = writer.data.gantt_ms
    if last <= first:
        return ""
    span = last - first
    rows, used = [], set()
    for device in writer.data.devices:
        if not device.segments:
            continue
        used |= {segment.state for segment in device.segments}
        parts = [
            (
                max(0.0, (s.first_ms - first) / span),
                min(1.0, (s.last_ms - first) / span),
                STATE_COLOURS[s.state],
            )
            for s in device.segments
            if s.last_ms > first and s.first_ms < last
        ]
        rows.append(Strip(device.id, parts))
    legend = [
        (writer.texts.t(f"state.{s.value}"), STATE_COLOURS[s]) for s in MachineState if s in used
    ]
    ticks = [
        (k / _HOURS, f"{local(first + span * k // _HOURS, writer.data.site.utc_offset_min):%H:%M}")
        for k in range(_HOURS + 1)
    ]
    return strips(rows, ticks, legend) if rows else ""


def _gaps(writer: Writer) -> str:
    if not writer.data.gaps:
        return ""
    first, last = writer.data.after.first_ms, writer.data.after.last_ms
    span = last - first
    hairline = 1 / 600  # a gap of minutes must still be seen over weeks
    rows = []
    for device in writer.data.devices:
        parts = []
        for gap in writer.data.gaps:
            if gap.device == device.id and gap.last_ms > first and gap.first_ms < last:
                start = max(0.0, (gap.first_ms - first) / span)
                end = min(1.0, max((gap.last_ms - first) / span, start + hairline))
                parts.append((start, end, RED))
        if device.outcomes:
            rows.append(Strip(device.id, parts))
    count = max(1, min(6, span // _DAY_MS))
    ticks = [
        (k / count, f"{local(first + span * k // count, writer.data.site.utc_offset_min):%m-%d}")
        for k in range(count + 1)
    ]
    return strips(rows, ticks, ()) if rows else ""
