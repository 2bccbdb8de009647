"""The CSV template of a table: UTF-8 with mark so that a spreadsheet opens it rightly, header, one example row."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from config.records.reading import EXAMPLE_MARK
from config.records.table import ReadRow, Table
from config.records.written import written

BOM: Final = b"\xef\xbb\xbf"


def template_csv(
    table: Table, rows: Sequence[ReadRow] = (), *, zone: ZoneInfo, example: bool = True
) -> bytes:
    """Return the file; `rows` are written below the example row."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([c.header for c in table.every_column])
    if example:
        writer.writerow(example_row(table))
    for row in rows:
        writer.writerow(row_texts(table, row, zone))
    return BOM + text.getvalue().encode("utf-8")


def example_row(table: Table) -> list[str]:
    """Return the example, its first cell marked so that the row is refused if it is left in."""
    cells = [c.example for c in table.every_column]
    return [f"{EXAMPLE_MARK} {cells[0]}", *cells[1:]]


def row_texts(table: Table, row: ReadRow, zone: ZoneInfo) -> list[str]:
    """Return a row as a user would write it, originals and note at the end."""
    cells = [written(c, getattr(row.row, c.field), zone) for c in table.columns]
    return [*cells, "；".join(row.evidence), row.note]
