"""A cell of a table file with what its format says about it, and text as it is compared."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class CellKind(StrEnum):
    """What the file says that the cell holds."""

    EMPTY = "empty"
    PLAIN = "plain"
    """Text of a CSV file, which knows no types."""
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    LOGICAL = "logical"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    text: the value as exact text; of an XLSX number the shortest decimal that names the stored double, of a date
    `2024-01-31` or `2024-01-31T08:00:00`, of a logical value `true` or `false`.
    """

    text: str = ""
    kind: CellKind = CellKind.EMPTY
    number_format: str = ""
    """Display format of an XLSX cell."""

    @property
    def empty(self) -> bool:
        """Return whether it holds nothing but blanks."""
        return not stripped(self.text)


@dataclass(frozen=True, slots=True)
class GridRow:
    """One row of a file; `number` is 1-based as the spreadsheet shows it."""

    number: int
    cells: tuple[Cell, ...]

    @property
    def empty(self) -> bool:
        """Return whether every cell is empty."""
        return all(c.empty for c in self.cells)

    def cell(self, column: int) -> Cell:
        """Return the cell of a 1-based column, an empty one beyond the end."""
        return self.cells[column - 1] if column <= len(self.cells) else Cell()


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one sheet."""

    file: str
    sheet: str
    """Name of the sheet, empty for CSV."""
    rows: tuple[GridRow, ...]
    semicolons: bool = False
    """Whether fields are separated by semicolons, where a comma may be a decimal sign."""


_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff]")


def stripped(text: str) -> str:
    """Return the text without blanks of any width around it and without invisible characters."""
    return text.strip() if text.isascii() else _INVISIBLE.sub("", text).strip()


def normal(text: str) -> str:
    """Return the text as names are compared: half width, no blanks, lower case."""
    folded = text if text.isascii() else unicodedata.normalize("NFKC", stripped(text))
    return "".join(folded.split()).casefold()


def half_width(text: str) -> str:
    """Return the text with full-width digits and signs made half width and typographic minus signs made `-`."""
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFKC", stripped(text)).translate(_MINUS)


_MINUS = dict.fromkeys(map(ord, "\u2212\u2010\u2011\u2012\u2013"), "-")
