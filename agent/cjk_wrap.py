"""Lines of mixed Chinese and Latin text for a terminal: broken by columns, not inside a word or before a full stop."""

from __future__ import annotations

import re
from typing import Final

from rich.cells import cell_len

_PIECES: Final = re.compile(r"\s+|[!-~]+|.", re.DOTALL)
"""Blanks, runs of ASCII (words, numbers, ids, paths), single characters of any other kind."""
_NOT_FIRST: Final = frozenset("，。；：、！？）」』】》”’％…,.;:!?)]}%")
_NOT_LAST: Final = frozenset("（「『【《“‘([{")


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Return the text as lines of at most `width` columns; a wide character takes two, later lines begin with `indent`.

    A piece that is wider than a line is cut. A width below 4 counts as 4.
    """
    width = max(width, 4)
    lines, line = [], ""
    for piece in _pieces(text, width - cell_len(indent)):
        if cell_len(line) + cell_len(piece.rstrip()) <= width:
            line += piece
            continue
        line, carried = _break(line)
        lines.append(line.rstrip())
        line = indent + (carried + piece).lstrip()
    lines.append(line.rstrip())
    return lines


def _pieces(text: str, width: int) -> list[str]:
    """Return what is kept together: closing marks with what they close, words whole unless wider than a line."""
    found: list[str] = []
    for match in _PIECES.finditer(text):
        piece = match[0]
        if found and (piece in _NOT_FIRST or piece.isspace()):
            found[-1] += piece
        else:
            while cell_len(piece) > width:
                found.append(piece[:width])
                piece = piece[width:]
            found.append(piece)
    return found


def _break(line: str) -> tuple[str, str]:
    """Return a full line and what moves to the next one: an opening mark does not end a line."""
    end = len(line)
    while end and line[end - 1] in _NOT_LAST:
        end -= 1
    return (line[:end], line[end:]) if end else (line, "")
