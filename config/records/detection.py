"""Which table a file is, when the user does not say: the mark of our template, the name of the sheet, the header."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from config.records.catalogue import tables
from config.records.cells import normal
from config.records.csv_file import DELIMITERS, decode_csv, split_line
from config.records.findings import Finding, Problem, RecordFaultsError
from config.records.headers import column_named
from config.records.reading import ZIP_MARK
from config.records.table import Table
from config.records.xlsx_file import first_lines, template_version


def detect_table(data: bytes, name: str) -> Table:
    """Return the one table that the file can be; raises RecordFaultsError if it is none or several."""
    known = tables()
    if data.startswith(ZIP_MARK):
        marked = template_version(data)
        if marked is not None and marked[0] in known:
            return known[marked[0]]
        sheets = first_lines(data, name)
        for title in sheets:
            for table in known.values():
                if normal(title) in (normal(table.zh), normal(table.en), table.id):
                    return table
        lines: Iterable[Sequence[str]] = sheets.values()
    else:
        first = decode_csv(data, name)[0].partition("\n")[0]
        lines = [split_line(first, delimiter) for delimiter in DELIMITERS]
    headers = list(lines)
    fitting = [t for t in known.values() if any(_names_all(t, line) for line in headers)]
    if len(fitting) == 1:
        return fitting[0]
    listed = fitting or list(known.values())
    raise RecordFaultsError(
        [
            Finding(
                problem=Problem(
                    code="file.table-unknown",
                    zh="看不出是哪一种记录表",
                    en="it is not clear which table this is",
                    hint_zh="用 --table 指定：" + "、".join(f"{t.id}（{t.zh}）" for t in listed),
                    hint_en="use --table: " + ", ".join(t.id for t in listed),
                ),
                file=name,
            )
        ]
    )


def _names_all(table: Table, line: Sequence[str]) -> bool:
    found = {c.field for text in line if (c := column_named(table, text)) is not None}
    return {c.field for c in table.columns if c.required} <= found
