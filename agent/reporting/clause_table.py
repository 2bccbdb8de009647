"""Tables and paragraphs of a terminal page, wrapped by columns so that Chinese and Latin text mix."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.cjk_wrap import wrap

WIDTH: Final = 120
"""Columns where there is no terminal that says its own."""


def console() -> Console:
    """Return the console of stdout: the width of the terminal, or 120 columns where there is none."""
    terminal = sys.stdout.isatty()
    return Console(
        file=sys.stdout,
        width=None if terminal else WIDTH,
        force_terminal=None if terminal else False,
        highlight=False,
        emoji=False,
    )


class ClauseTable:
    """A table over the whole width, its cells wrapped by columns so that Chinese and Latin text mix."""

    def __init__(self, out: Console, columns: Sequence[tuple[str, int]]) -> None:
        """Take title and share of the width of each column."""
        self._out = out
        room = out.width - 2 * len(columns)  # a blank and the divider of the box beside each
        total = sum(share for _, share in columns)
        self._widths = [max(4, room * share // total) for _, share in columns]
        self._table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
        for (title, _), width in zip(columns, self._widths, strict=True):
            self._table.add_column(
                "\n".join(wrap(title, width)), width=width, no_wrap=True, overflow="crop"
            )

    def add(self, *cells: tuple[str, str] | str) -> None:
        """Add a row; each cell is a text, or a text and its style."""
        styled = [cell if isinstance(cell, tuple) else (cell, "") for cell in cells]
        self._table.add_row(
            *(
                Text("\n".join(wrap(text, width, _indent_of(text))), style)
                for (text, style), width in zip(styled, self._widths, strict=True)
            )
        )

    def print(self) -> None:
        """Print the table."""
        self._out.print(self._table)


def _indent_of(text: str) -> str:
    return " " * (len(text) - len(text.lstrip(" ")))


def print_line(out: Console, text: str, style: str = "") -> None:
    """Print a paragraph, wrapped by columns; later lines keep its indent."""
    for line in wrap(text, out.width, _indent_of(text)):
        out.print(Text(line), style=style or None, no_wrap=True, overflow="ignore", crop=False)
