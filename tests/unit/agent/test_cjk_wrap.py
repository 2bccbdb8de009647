"""Wrapping of mixed Chinese and Latin text by columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from agent.cjk_wrap import wrap


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("数控装备占比", 8, ["数控装备", "占比"]),  # two columns a character
        ("数控装备，占比", 8, ["数控装", "备，占比"]),  # a comma does not begin a line
        ("达到（暂定）", 6, ["达到", "（暂", "定）"]),  # an opening mark does not end a line
        ("按 8 % 计算", 8, ["按 8 %", "计算"]),  # a percent sign stays with its number
        ("one two three", 7, ["one two", "three"]),
        ("plantproof-verify", 10, ["plantproof", "-verify"]),  # wider than a line: cut
        ("", 10, [""]),
    ],
)
def test_lines_by_hand(text: str, width: int, lines: list[str]) -> None:
    assert wrap(text, width) == lines


def test_later_lines_keep_the_indent() -> None:
    assert wrap("  数控装备占比", 10, "  ") == ["  数控装备", "  占比"]


@given(st.text(st.sampled_from("数控装备占比ab 12%，。（）“”/-"), max_size=80), st.integers(6, 40))
def test_no_line_is_too_wide_and_nothing_but_blanks_is_lost(text: str, width: int) -> None:
    lines = wrap(text, width)
    kept = "".join(lines)
    assert "".join(kept.split()) == "".join(text.split())
    closing = max((len(m) for m in _closing_runs(text)), default=0)
    # A run of closing marks stays with the piece before it, however long the run is.
    assert all(cell_len(line) <= width + 2 * closing for line in lines)


def _closing_runs(text: str) -> list[str]:
    runs, run = [], ""
    for character in text:
        if character in "，。）”%" or character.isspace():
            run += character
        else:
            runs.append(run)
            run = ""
    return [*runs, run]
