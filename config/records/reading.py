"""A file of a table → checked rows, or every fault at once: nothing is taken of a file with a fault."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from config.records.cells import Cell, Grid, GridRow, normal, stripped
from config.records.columns import Dialect, Kind, Value, read_cell
from config.records.csv_file import CsvForm, read_csv
from config.records.findings import Finding, Problem, RecordFaultsError, Severity
from config.records.headers import HeaderMap, read_header
from config.records.table import EVIDENCE, NOTE, Context, ReadRow, Table
from config.records.xlsx_file import XlsxForm, read_xlsx, template_version

EXAMPLE_MARK: Final = "#示例"
"""Begins the first cell of the example row of a template."""
_EXAMPLE_MARKS: Final = ("#示例", "#example")
SUM_WORDS: Final = frozenset(
    ("合计", "总计", "小计", "总和", "汇总", "累计", "total", "sum", "subtotal", "grandtotal")
)
_LONGEST_SUM_WORD: Final = 16
"""With the blanks that people put between the characters."""
_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"
ZIP_MARK: Final = b"PK\x03\x04"
NAME_SEPARATORS: Final = re.compile(r"[;；、]")
"""Between the names of originals in one cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTable:
    """A file without faults."""

    table: Table
    rows: tuple[ReadRow, ...]
    warnings: tuple[Finding, ...]
    form: CsvForm | XlsxForm


def read_table(
    data: bytes,
    name: str,
    table: Table,
    *,
    context: Context,
    zone: ZoneInfo,
    attached: Collection[str] = (),
    sheet: str | None = None,
) -> ReadTable:
    """Read and check a file.

    name: file name for messages. attached: names of the originals handed in with it. Raises RecordFaultsError with
    every fault (and the warnings) if there is any.
    """
    if data.startswith(_OLD_WORKBOOK):
        raise RecordFaultsError([_old_workbook(name)])
    form: CsvForm | XlsxForm
    findings: list[Finding] = []
    if data.startswith(ZIP_MARK):
        _refuse_other_template(data, name, table)
        grid, form, findings = read_xlsx(data, name, table, sheet=sheet)
        dialect = Dialect(zone=zone, epoch=form.epoch)
    else:
        grid, form = read_csv(data, name, table)
        dialect = Dialect(zone=zone, semicolons=grid.semicolons)
    headers, header_findings = read_header(table, grid)
    findings += header_findings
    rows: list[ReadRow] = []
    if headers.places:
        reader = _RowReader(table, grid, headers, dialect)
        spoiled = {f.row for f in findings if f.problem.severity is Severity.FAULT}
        rows = [r for r in reader.rows() if r.line not in spoiled]
        findings += reader.findings
        complete = not spoiled and len(rows) == reader.seen
        findings += _misfits(table, grid, headers, rows, replace(context, complete=complete))
        findings += _originals(grid, headers, rows, attached)
        if not complete and table.looks_for_holes:
            findings.append(_unchecked(grid))
        if complete and not rows:
            findings.append(_no_rows(grid))
    findings = [_with_header(f, headers) for f in findings]
    if any(f.problem.severity is Severity.FAULT for f in findings):
        raise RecordFaultsError(findings)
    return ReadTable(table=table, rows=tuple(rows), warnings=tuple(findings), form=form)


def _refuse_other_template(data: bytes, name: str, table: Table) -> None:
    """Refuse a template of ours that was made for another table or another version of this one."""
    marked = template_version(data)
    if marked is None or marked == (table.id, table.version):
        return
    raise RecordFaultsError(
        [
            Finding(
                problem=Problem(
                    code="file.other-template",
                    zh=f"文件是模板 {marked[0]}/{marked[1]}，应为 {table.id}/{table.version}",
                    en=f"the file is template {marked[0]}/{marked[1]}, expected {table.id}/{table.version}",
                    hint_zh=f"用 plantproof import --template {table.id} 重新生成模板，或用 --table 指定",
                    hint_en=f"write a new template with plantproof import --template {table.id}, or use --table",
                ),
                file=name,
            )
        ]
    )


class _RowReader:
    """Reads the data rows of one grid and collects what it finds."""

    def __init__(self, table: Table, grid: Grid, headers: HeaderMap, dialect: Dialect) -> None:
        self._table = table
        self._grid = grid
        self._headers = headers
        self._dialect = dialect
        self._sums: dict[int, Fraction | int] = defaultdict(int)
        self._summed = 0
        self._fields = tuple(c.field for c in table.every_column)
        present = {c.field for c in headers.places.values()}
        self._lacks_columns = any(c.required and c.field not in present for c in table.columns)
        self.seen = 0
        """Rows that are not empty."""
        self.findings: list[Finding] = []

    def rows(self) -> list[ReadRow]:
        """Return the rows that could be read."""
        found = []
        for row in self._grid.rows[1:]:
            if row.empty:
                continue
            self.seen += 1
            unwanted = self._unwanted(row)
            if unwanted is not None:
                self._add(unwanted, row, 0, "")
                continue
            read = self._row(row)
            if read is not None:
                found.append(read)
        return found

    def _add(self, problem: Problem, row: GridRow, place: int, seen: str) -> None:
        self.findings.append(
            Finding(
                problem=problem,
                file=self._grid.file,
                sheet=self._grid.sheet,
                row=row.number,
                column=place,
                header=self._headers.header(place),
                seen=seen,
            )
        )

    def _unwanted(self, row: GridRow) -> Problem | None:
        """Return why a row is no data: the example of the template or a row of sums."""
        first = normal(row.cell(1).text)
        if first.startswith(_EXAMPLE_MARKS):
            return Problem(
                code="row.example",
                zh="模板的示例行没有删除",
                en="the example row of the template was left in",
                hint_zh="删去这一行",
                hint_en="delete this row",
            )
        if self._names_a_sum(row) or self._adds_up(row):
            return Problem(
                code="row.sum",
                zh="是合计行",
                en="is a row of sums",
                hint_zh="删去合计行，只留明细",
                hint_en="delete rows of sums and keep the details only",
            )
        return None

    def _names_a_sum(self, row: GridRow) -> bool:
        """Return whether a word like 合计 stands in the first cell, in the key, or where no word can be."""
        return any(
            _is_sum_word(row.cell(place))
            for place, column in self._headers.places.items()
            if place == 1 or column.field in self._table.key or column.kind is not Kind.TEXT
        )

    def _adds_up(self, row: GridRow) -> bool:
        """Return whether a row without key holds in each filled number the sum of the rows above."""
        keys = [self._headers.place(f) for f in self._table.key]
        if self._summed < 2 or any(k and not row.cell(k).empty for k in keys):
            return False
        checked = False
        for place, column in self._headers.places.items():
            if column.numeric and not row.cell(place).empty:
                value, _ = read_cell(column, row.cell(place), self._dialect)
                if value != self._sums[place]:
                    return False
                checked = True
        return checked

    def _row(self, row: GridRow) -> ReadRow | None:
        self._summed += 1
        values: dict[str, Value] = dict.fromkeys(self._fields)
        clean = True
        for place, column in self._headers.places.items():
            cell = row.cell(place)
            value, problems = read_cell(column, cell, self._dialect)
            values[column.field] = value
            if column.numeric and isinstance(value, Fraction | int):
                self._sums[place] += value
            for problem in problems:
                self._add(problem, row, place, cell.text)
                clean = clean and problem.severity is not Severity.FAULT
        for place, cell in enumerate(row.cells, start=1):
            if place > self._headers.width and not cell.empty:
                self._add(_BEYOND, row, place, cell.text)
                clean = False
        if not clean or self._lacks_columns:
            return None
        evidence = _names(values.pop(EVIDENCE.field))
        note = values.pop(NOTE.field)
        return ReadRow(row.number, self._table.row(**values), evidence, str(note or ""))


_BEYOND = Problem(
    code="cell.beyond-header",
    zh="超出表头的单元格有内容",
    en="a cell beyond the header holds something",
    hint_zh="清空它；CSV 中含逗号的内容要加双引号",
    hint_en="clear it; in CSV quote texts with commas",
)


def _is_sum_word(cell: Cell) -> bool:
    return len(cell.text) <= _LONGEST_SUM_WORD and normal(cell.text) in SUM_WORDS


def _names(value: Value) -> tuple[str, ...]:
    text = unicodedata.normalize("NFC", str(value or ""))
    parts = (stripped(p) for p in NAME_SEPARATORS.split(text))
    return tuple(dict.fromkeys(p for p in parts if p))


def _with_header(finding: Finding, headers: HeaderMap) -> Finding:
    """Return the finding with the name of its column, unless it is the header itself."""
    if finding.header or finding.row <= 1:
        return finding
    return replace(finding, header=headers.header(finding.column))


def _misfits(
    table: Table, grid: Grid, headers: HeaderMap, rows: Sequence[ReadRow], context: Context
) -> Iterator[Finding]:
    """Yield what the rules of the table find, at the cell that they name."""
    by_line = {row.number: row for row in grid.rows}
    for check in table.checks:
        for misfit in check(rows, context):
            place = headers.place(misfit.field) if misfit.field and misfit.line else 0
            seen = by_line[misfit.line].cell(place).text if place else ""
            yield Finding(
                problem=misfit.problem,
                file=grid.file,
                sheet=grid.sheet,
                row=misfit.line,
                column=place,
                header=headers.header(place),
                seen=seen,
            )


def _originals(
    grid: Grid, headers: HeaderMap, rows: Sequence[ReadRow], attached: Collection[str]
) -> Iterator[Finding]:
    """Yield originals that rows name and nobody handed in, and those handed in that no row names."""
    place = headers.place(EVIDENCE.field)
    named = Counter(name for row in rows for name in row.evidence)
    for name, count in named.items():
        if name in attached:
            continue
        first = next(row.line for row in rows if name in row.evidence)
        more_zh = f"（共 {count} 行写到它）" if count > 1 else ""
        more_en = f" ({count} rows name it)" if count > 1 else ""
        yield Finding(
            problem=Problem(
                code="row.original-absent",
                zh=f"所写的原始凭证没有随导入附上{more_zh}",
                en=f"the original that is named was not handed in{more_en}",
                hint_zh=f"加上 --original “{name}”，文件名须完全一致",
                hint_en=f"add --original '{name}' with exactly this file name",
            ),
            file=grid.file,
            sheet=grid.sheet,
            row=first,
            column=place,
            header=EVIDENCE.header,
            seen=name,
        )
    for name in attached:
        if name not in named:
            yield Finding(
                problem=Problem(
                    code="file.original-unnamed",
                    zh=f"附上的凭证没有任何一行写到：{name}",
                    en=f"no row names the original {name}",
                    severity=Severity.WARN,
                ),
                file=grid.file,
            )


def _unchecked(grid: Grid) -> Finding:
    return Finding(
        problem=Problem(
            code="file.partly-checked",
            zh="有的行读不出，因此没有检查期间是否连续、各列是否每行都填",
            en="some rows could not be read, so holes and partly filled columns were not looked for",
            hint_zh="改正以上错误后再检查一次",
            hint_en="mend the faults and check again",
            severity=Severity.WARN,
        ),
        file=grid.file,
        sheet=grid.sheet,
    )


def _no_rows(grid: Grid) -> Finding:
    return Finding(
        problem=Problem(
            code="file.no-rows",
            zh="没有数据行",
            en="there is no data row",
            hint_zh="从第 2 行开始填写",
            hint_en="fill in from row 2 on",
        ),
        file=grid.file,
        sheet=grid.sheet,
    )


def _old_workbook(name: str) -> Finding:
    return Finding(
        problem=Problem(
            code="file.old-workbook",
            zh="是旧的 .xls 格式或加了密码的工作簿",
            en="is an old .xls workbook or one with a password",
            hint_zh="用 Excel 或 WPS 另存为“Excel 工作簿 (*.xlsx)”，不设密码",
            hint_en="save it as an Excel workbook (*.xlsx) without password",
        ),
        file=name,
    )
