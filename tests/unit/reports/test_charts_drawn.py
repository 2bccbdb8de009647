"""Charts: well-formed SVG, honest gaps, embedded font only."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from model.state import Atom, MachineState
from reports.charts import (
    ATOM_COLOURS,
    FONT,
    RED,
    STATE_COLOURS,
    Bars,
    Point,
    Strip,
    bars,
    lines,
    strips,
)

SVG = "{http://www.w3.org/2000/svg}"


def _paths(svg: str) -> list[str]:
    return [el.get("d", "") for el in ElementTree.fromstring(svg).iter(f"{SVG}path")]


def test_lines_break_where_a_day_is_missing() -> None:
    points = [Point("1", 10.0), Point("2", 11.0), Point("3", None), Point("4", 12.0)]
    (path,) = _paths(lines([], points, unit="%"))
    assert path.count("M") == 2
    assert path.count("L") == 1


def test_lines_mark_days_below_target_red_and_unused_days_hollow() -> None:
    svg = lines(
        [Point("1", 80.0)], [Point("2", 95.0, valid=False)], unit="%", target=90.0, target_text="x"
    )
    dots = [
        (el.get("stroke"), el.get("fill"))
        for el in ElementTree.fromstring(svg).iter(f"{SVG}circle")
    ]
    assert dots[0] == (RED, RED)
    assert dots[1][1] == "#ffffff"
    assert dots[1][0] != RED


def test_lines_without_any_value_draw_a_dash_only() -> None:
    assert _paths(lines([], [Point("1", None)], unit="%")) == []


def test_bars_are_proportional_within_a_pair() -> None:
    svg = bars([Bars("OEE", 50.0, 100.0, "50", "100")])
    widths = [float(el.get("width", "0")) for el in ElementTree.fromstring(svg).iter(f"{SVG}rect")]
    assert widths[0] * 2 == widths[1]


def test_strips_parts_cover_their_share() -> None:
    svg = strips(
        [Strip("a", [(0.0, 0.25, "#111111"), (0.25, 1.0, "#222222")])],
        [(0, "0")],
        [("run", "#111111")],
    )
    found = {
        el.get("fill"): float(el.get("width", "0"))
        for el in ElementTree.fromstring(svg).iter(f"{SVG}rect")
        if el.get("height") == "16.00"
    }
    assert round(found["#222222"] / found["#111111"], 3) == 3.0


def test_text_is_escaped_and_only_the_embedded_font_is_named() -> None:
    svg = bars([Bars("a<b & c", 1.0, 2.0, "1", "2")])
    assert "a&lt;b &amp; c" in svg
    assert set(re.findall(r'font-family="([^"]*)"', svg)) == {FONT}


def test_every_atom_and_state_has_a_colour_of_its_own() -> None:
    assert set(ATOM_COLOURS) == set(Atom)
    assert len(set(ATOM_COLOURS.values())) == len(Atom)
    assert set(STATE_COLOURS) == set(MachineState)
