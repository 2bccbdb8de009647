"""Lines of the calculator's page: wrapped and aligned by columns, Chinese characters being two wide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len

from agent.cjk_wrap import wrap

WIDTH: Final = 100
"""Columns of a page."""
_MARKS: Final = 4
"""Room for marks that stay with a word as wide as a line (an address): one before and one behind it."""


def wrapped(text: str, indent: str = "", hanging: str | None = None) -> Iterator[str]:
    """Yield a text in lines of at most WIDTH columns; hanging: indent from the second line on, the same if None."""
    yield from wrap(indent + text, WIDTH - _MARKS, indent if hanging is None else hanging)


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """Return a text filled with blanks to so many columns, on its left if `right`."""
    fill = " " * max(0, columns - cell_len(text))
    return fill + text if right else text + fill


def table(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> Iterator[str]:
    """Yield rows of cells as aligned lines, two blanks between columns; right: columns that are numbers.

    Where that is wider than a page, a row is a wrapped line of its cells.
    """
    widths = [max(cell_len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    if sum(widths) + 2 * len(widths) > WIDTH:
        for row in rows:
            yield from wrapped(" | ".join(row), "  ", "    ")
        return
    for row in rows:
        cells = [
            padded(cell, width, right=i in right)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  " + "  ".join(cells).rstrip()
