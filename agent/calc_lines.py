"""Lines of text that are right on any screen: wrapped and padded by columns, Chinese characters being two wide."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len

WIDTH: Final = 100
"""Columns of a page."""
_CLOSING: Final = "，。；：、）》”’％！？…"
_OPENING: Final = "（《“‘"
_PART: Final = re.compile(r"\s+|[\x21-\x7e\u00a1-\u2e7f]+|.")


def wrapped(text: str, indent: str = "", hanging: str | None = None) -> Iterator[str]:
    """Yield a text in lines of at most WIDTH columns.

    hanging: indent of the second line on, that of the first one if None. Breaks at blanks and between Chinese
    characters, never before closing or after opening punctuation.
    """
    rest = indent if hanging is None else hanging
    line, blank = indent, ""
    empty = True
    for part in _parts(text):
        if part.isspace():
            blank = " "
            continue
        if not empty and cell_len(line) + len(blank) + cell_len(part) > WIDTH:
            yield line
            line, blank, empty = rest, "", True
        line += ("" if empty else blank) + part
        blank, empty = "", False
    if not empty:
        yield line


def _parts(text: str) -> Iterator[str]:
    """Yield what must stay together: words, single characters with the punctuation that belongs to them."""
    held = ""
    parts = _PART.findall(text)
    for i, part in enumerate(parts):
        held += part
        following = parts[i + 1] if i + 1 < len(parts) else ""
        if part[-1] in _OPENING or (following and following[0] in _CLOSING):
            continue
        yield held
        held = ""
    if held:
        yield held


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """Return a text filled with blanks to so many columns, on its left if `right`."""
    fill = " " * max(0, columns - cell_len(text))
    return fill + text if right else text + fill


def table(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> Iterator[str]:
    """Yield rows of cells as aligned lines, two blanks between columns; right: columns that are numbers."""
    widths = [max(cell_len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    for row in rows:
        cells = [
            padded(cell, width, right=i in right)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  " + "  ".join(cells).rstrip()
