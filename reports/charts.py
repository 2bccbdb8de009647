"""Charts as SVG text, drawn with the embedded font only; the same data give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from model.state import Atom, MachineState

FONT: Final = "Plantproof Sans SC"
INK, MUTE, GRID = "#16202c", "#5a6675", "#dfe4ea"
ACCENT, BEFORE, AFTER, RED = "#1f5fd0", "#b3bdc9", "#0b7450", "#c0241a"
_WIDTH: Final = 640

ATOM_COLOURS: Final = {
    Atom.RUN: "#1d8a63",
    Atom.SETUP: "#7a5bd0",
    Atom.MINOR: "#f3d08a",
    Atom.FAULT: "#c93a30",
    Atom.WAIT: "#e0a23a",
    Atom.IDLE: "#7fb3de",
    Atom.IDLE_FAULT: "#e59a94",
    Atom.TEST: "#b9a4ea",
    Atom.PM: "#3b7f9c",
    Atom.BRK: "#c9d1da",
    Atom.OFF: "#e8ecf0",
    Atom.RUN_X: "#a4d9c4",
    Atom.UNK: "#3a4450",
    Atom.UNK_X: "#8f99a5",
}
STATE_COLOURS: Final = {
    MachineState.RUN: ATOM_COLOURS[Atom.RUN],
    MachineState.SETUP: ATOM_COLOURS[Atom.SETUP],
    MachineState.FAULT: ATOM_COLOURS[Atom.FAULT],
    MachineState.WAIT: ATOM_COLOURS[Atom.WAIT],
    MachineState.IDLE: ATOM_COLOURS[Atom.IDLE],
    MachineState.IDLE_FAULT: ATOM_COLOURS[Atom.IDLE_FAULT],
    MachineState.TEST: ATOM_COLOURS[Atom.TEST],
    MachineState.OFF: ATOM_COLOURS[Atom.OFF],
    MachineState.UNKNOWN: ATOM_COLOURS[Atom.UNK],
}


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a curve; None = no value that day."""

    label: str
    value: float | None
    valid: bool = True


@dataclass(frozen=True, slots=True)
class Strip:
    """One horizontal bar of coloured parts, as (from, to, colour) shares of the width."""

    label: str
    parts: Sequence[tuple[float, float, str]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """One figure before and after, with the texts to print."""

    label: str
    before: float | None
    after: float | None
    before_text: str
    after_text: str


def _svg(height: float, body: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}" '
        f'font-family="{FONT}" font-size="11" fill="{INK}">' + "".join(body) + "</svg>"
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start", fill: str = MUTE) -> str:
    return (
        f'<text x="{x:.2f}" y="{y:.2f}" text-anchor="{anchor}" fill="{fill}">{escape(text)}</text>'
    )


def _line(
    x1: float, y1: float, x2: float, y2: float, colour: str = GRID, *, extra: str = ""
) -> str:
    return (
        f'<line x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}" stroke="{colour}" {extra}/>'
    )


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return (
        f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" fill="{colour}"/>'
    )


def _scale(values: Sequence[float]) -> tuple[float, float, float]:
    """Return a floor, a top and a step that are round and hold all values in three to six steps."""
    low, high = min(values), max(values)
    span = max(high - low, abs(high) * 0.02, 1e-9)
    power = 1.0
    while power * 10 <= span:
        power *= 10
    while power > span:
        power /= 10
    step = next(power * m for m in (0.2, 0.5, 1.0, 2.0) if span / (power * m) <= 5)
    floor = step * (low // step)
    steps = int(-((floor - high) // step)) or 1
    return floor, floor + steps * step, step


def lines(
    before: Sequence[Point],
    after: Sequence[Point],
    *,
    unit: str,
    target: float | None = None,
    target_text: str = "",
    height: int = 190,
) -> str:
    """Return daily values of both periods on one axis, a vertical line between them and the required value."""
    left, right, top, bottom = 50, _WIDTH - 10, 22, height - 26
    every = [*before, *after]
    known = [p.value for p in every if p.value is not None]
    if not known:
        return _svg(40, [_text(_WIDTH / 2, 24, "—", anchor="middle")])
    floor, ceiling, step = _scale(known if target is None else [*known, target])
    gap = 1 if before and after else 0
    slots = len(every) + gap

    def x_of(i: int) -> float:
        return left + (right - left) * (i + 0.5) / slots

    def y_of(value: float) -> float:
        return bottom - (bottom - top) * (value - floor) / (ceiling - floor)

    body = []
    places = 0 if step >= 1 else 1 if step >= 0.1 else 2
    for k in range(round((ceiling - floor) / step) + 1):
        value = floor + k * step
        body.append(_line(left, y_of(value), right, y_of(value)))
        body.append(_text(left - 6, y_of(value) + 4, f"{value:.{places}f}", anchor="end"))
    body.append(_text(left, top - 10, unit))
    for start, points, colour in ((0, before, MUTE), (len(before) + gap, after, AFTER)):
        shown = [
            None if p.value is None else (x_of(start + i), y_of(p.value))
            for i, p in enumerate(points)
        ]
        body.extend(_curve(points, shown, colour, target))
        body.extend(
            _text(x_of(start + i), bottom + 16, points[i].label, anchor="middle")
            for i in range(0, len(points), max(1, len(points) // 3))
            if i == 0 or len(points) - i > 3
        )
    if gap:
        middle = x_of(len(before))
        body.append(_line(middle, top, middle, bottom, MUTE, extra='stroke-width="1.2"'))
    if target is not None:
        body.append(
            _line(left, y_of(target), right, y_of(target), RED, extra='stroke-dasharray="5 3"')
        )
        body.append(_text(right, top - 10, f"{target_text}  ----", anchor="end", fill=RED))
    return _svg(height, body)


def _curve(
    points: Sequence[Point],
    places: Sequence[tuple[float, float] | None],
    colour: str,
    target: float | None,
) -> list[str]:
    """Return a line that stops where values are missing, and a dot a day: red below the target, hollow if not used."""
    path: list[str] = []
    dots: list[str] = []
    pen = "M"
    for point, place in zip(points, places, strict=True):
        if place is None or point.value is None:
            pen = "M"
            continue
        x, y = place
        path.append(f"{pen}{x:.2f} {y:.2f}")
        pen = "L"
        tone = RED if target is not None and point.value < target else colour
        fill = tone if point.valid else "#ffffff"
        dots.append(f'<circle cx="{x:.2f}" cy="{y:.2f}" r="2.2" fill="{fill}" stroke="{tone}"/>')
    if not path:
        return []
    line = f'<path d="{"".join(path)}" fill="none" stroke="{colour}" stroke-width="1.6" stroke-linejoin="round"/>'
    return [line, *dots]


def bars(rows: Sequence[Bars]) -> str:
    """Return pairs of horizontal bars, each pair on its own scale."""
    left, right, pitch = 120, _WIDTH - 130, 46
    body = []
    for i, row in enumerate(rows):
        y = 8 + i * pitch
        most = max(row.before or 0.0, row.after or 0.0) or 1.0
        body.append(_text(left - 12, y + 20, row.label, anchor="end", fill=INK))
        for offset, value, text, colour in (
            (0, row.before, row.before_text, BEFORE),
            (17, row.after, row.after_text, AFTER),
        ):
            width = (right - left) * (value or 0.0) / most
            body.append(_rect(left, y + offset, width, 13, colour))
            body.append(_text(left + width + 7, y + offset + 10.5, text, fill=INK))
        body.append(_line(left, y - 4, left, y + 34, MUTE))
    return _svg(8 + len(rows) * pitch, body)


def strips(
    rows: Sequence[Strip], ticks: Sequence[tuple[float, str]], legend: Sequence[tuple[str, str]]
) -> str:
    """Return one bar of coloured parts per row over a common axis, with a legend of (text, colour)."""
    left, right, pitch = 120, _WIDTH - (64 if any(r.note for r in rows) else 10), 24
    width = right - left
    body = []
    for i, row in enumerate(rows):
        y = 6.0 + i * pitch
        body.append(_text(left - 10, y + 12, row.label, anchor="end", fill=INK))
        body.append(_rect(left, y, width, 16, "#f1f4f7"))
        body.extend(
            _rect(left + width * a, y, width * (b - a), 16, colour) for a, b, colour in row.parts
        )
        if row.note:
            body.append(_text(right + 7, y + 12, row.note, fill=INK))
    bottom = 6.0 + len(rows) * pitch
    for share, text in ticks:
        x = left + width * share
        body.append(_line(x, 4, x, bottom - 4, "#ffffff", extra='stroke-opacity="0.55"'))
        body.append(_line(x, bottom - 4, x, bottom, MUTE))
        anchor = "start" if share == 0 else "end" if share == 1 else "middle"
        body.append(_text(x, bottom + 12, text, anchor=anchor))
    x, y = left + 0.0, bottom + 26.0
    for text, colour in legend:
        size = 22 + sum(11 if ord(c) > 0x2E7F else 6.2 for c in text)
        if x + size > _WIDTH:
            x, y = float(left), y + 16
        body.append(_rect(x, y - 8, 10, 10, colour))
        body.append(_text(x + 14, y + 1, text))
        x += size + 4
    return _svg(y + (10 if legend else -8), body)
