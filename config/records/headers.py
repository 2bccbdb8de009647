"""The header row: which column of the file is which column of the table, with unit, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from config.messages import suggestion
from config.records.cells import Grid, GridRow, normal, stripped
from config.records.columns import Column
from config.records.findings import Finding, Problem
from config.records.table import Table

_WITH_UNIT = re.compile(r"(.+?)[(\[]([^()\[\]]*)[)\]]")
_SEARCHED_ROWS = 12


@dataclass(frozen=True, slots=True)
class HeaderMap:
    """Columns by their 1-based place in the file."""

    places: Mapping[int, Column]
    width: int
    """Columns under the header row; what stands beyond them belongs to no column."""

    def place(self, field: str) -> int:
        """Return the place of a field, 0 if the file does not have it."""
        return next((n for n, c in self.places.items() if c.field == field), 0)

    def header(self, place: int) -> str:
        """Return the header of a place as the template prints it."""
        return self.places[place].header if place in self.places else ""


def split_header(text: str) -> tuple[str, str | None]:
    """Return name and unit of a header in comparable form; None where it states no unit."""
    name = normal(text)
    match = _WITH_UNIT.fullmatch(name)
    return (match[1], match[2]) if match else (name, None)


def column_named(table: Table, text: str) -> Column | None:
    """Return the column that a header names, without asking for the unit."""
    name, _ = split_header(text)
    for column in table.every_column:
        if name in {normal(n) for n in column.names}:
            return column
    return None


def known_headers(table: Table, row: GridRow) -> int:
    """Return how many different columns of the table a row names."""
    found = {c.field for cell in row.cells if (c := column_named(table, cell.text)) is not None}
    return len(found)


def read_header(table: Table, grid: Grid) -> tuple[HeaderMap, list[Finding]]:
    """Return the columns of the file; every fault of the header row at once."""
    first = grid.rows[0] if grid.rows else GridRow(1, ())
    if first.number != 1 or known_headers(table, first) == 0:
        return HeaderMap({}, 0), [_no_header(table, grid)]
    places: dict[int, Column] = {}
    findings: list[Finding] = []
    for place, cell in enumerate(first.cells, start=1):
        text = stripped(cell.text)
        if not text:
            if any(not row.cell(place).empty for row in grid.rows[1:]):
                findings.append(_at(grid, place, "", _NAMELESS))
            continue
        column = column_named(table, text)
        problem = _problem(table, column, text, tuple(places.values()))
        if problem is not None:
            findings.append(_at(grid, place, text, problem))
        if column is not None and column not in places.values():
            places[place] = column
    findings += [
        _at(grid, 0, "", _missing(column))
        for column in table.columns
        if column.required and column not in places.values()
    ]
    return HeaderMap(places, len(first.cells)), findings


def _at(grid: Grid, place: int, text: str, problem: Problem) -> Finding:
    return Finding(
        problem=problem, file=grid.file, sheet=grid.sheet, row=1, column=place, seen=text
    )


_NAMELESS = Problem(
    code="header.nameless",
    zh="本列有数据而没有表头",
    en="the column holds data but has no header",
    hint_zh="补上表头，或清空本列",
    hint_en="add a header or clear the column",
)


def _problem(
    table: Table, column: Column | None, text: str, seen: Collection[Column]
) -> Problem | None:
    if column is None:
        near_en, near_zh = suggestion(
            split_header(text)[0], [n for c in table.every_column for n in c.names]
        )
        return Problem(
            code="header.unknown",
            zh=f"“{table.zh}”没有这一列",
            en=f"is no column of '{table.en}'",
            hint_zh=near_zh or "可用：" + "、".join(c.header for c in table.every_column),
            hint_en=near_en or "known: " + ", ".join(c.en for c in table.every_column),
        )
    if column in seen:
        return Problem(
            code="header.twice",
            zh="此列出现两次",
            en="this column appears twice",
            hint_zh="删去其中一列",
            hint_en="delete one of them",
        )
    return _unit_problem(column, split_header(text)[1])


def _unit_problem(column: Column, stated: str | None) -> Problem | None:
    if column.unit is None:
        if column.numeric and stated is not None:
            return Problem(
                code="header.unit-elsewhere",
                zh="本列的单位写在单独的“单位”列里",
                en="the unit of this column stands in a column of its own",
                hint_zh=f"表头改为“{column.header}”",
                hint_en=f"write '{column.en}'",
            )
        return None
    if stated is None:
        return Problem(
            code="header.unit-missing",
            zh="表头没有写单位",
            en="the header states no unit",
            hint_zh=f"写成“{column.header}”，并核对数据就是这个单位",
            hint_en=f"write '{column.en} ({column.unit.en})' and check that the data are in it",
        )
    if not column.unit.means(stated):
        return Problem(
            code="header.wrong-unit",
            zh=f"单位应为“{column.unit.zh}”，文件写的是“{stated}”",
            en=f"the unit must be {column.unit.en}, the file says {stated}",
            hint_zh=f"把数据换算成{column.unit.zh}后改表头，不会自动换算",
            hint_en="convert the data and the header; nothing is converted automatically",
        )
    return None


def _missing(column: Column) -> Problem:
    return Problem(
        code="header.missing",
        zh=f"缺少列“{column.header}”",
        en=f"column '{column.en}' is missing",
        hint_zh=column.help.zh,
        hint_en=column.help.en,
    )


def _no_header(table: Table, grid: Grid) -> Finding:
    """Return the fault of a first row that is no header, with the row where one was seen."""
    below = next(
        (r.number for r in grid.rows[:_SEARCHED_ROWS] if known_headers(table, r) >= 2), None
    )
    wanted_zh = "、".join(c.header for c in table.columns if c.required)
    wanted_en = ", ".join(c.en for c in table.columns if c.required)
    return Finding(
        problem=Problem(
            code="header.not-first",
            zh="第 1 行不是表头" if grid.rows else "文件是空的",
            en="row 1 is no header" if grid.rows else "the file is empty",
            hint_zh=f"表头在第 {below} 行：删去它上面的行"
            if below
            else f"第 1 行应为：{wanted_zh}",
            hint_en=f"the header is in row {below}: delete the rows above it"
            if below
            else f"row 1 must hold: {wanted_en}",
        ),
        file=grid.file,
        sheet=grid.sheet,
        row=1 if grid.rows else 0,
    )
