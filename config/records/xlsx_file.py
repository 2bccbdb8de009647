"""XLSX bytes → grid: stored values only, and what a reader must know of formulas, merged and hidden cells."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import ParseError  # the error type only: openpyxl parses with defusedxml

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from config.records.cells import Cell, CellKind, Grid, GridRow, normal
from config.records.csv_file import MAX_COLUMNS, MAX_ROWS
from config.records.findings import Finding, Problem, RecordFaultsError, Severity
from config.records.table import Table

if TYPE_CHECKING:
    from openpyxl.cell import Cell as XlsxCell
    from openpyxl.cell import MergedCell
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

MAX_UNPACKED: Final = 512 * 2**20
MAX_MEMBERS: Final = 2000
INSTRUCTIONS: Final = "填写说明"
"""Sheet of the template that holds no data."""

_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_MARK = re.compile(rb">\s*plantproof-template ([a-z-]{1,40})/([0-9]{1,4})\s*<")
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    ParseError,
    ValueError,  # with it the refusals of defusedxml
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OSError,
    EOFError,
    RuntimeError,
    OverflowError,
)


@dataclass(frozen=True, slots=True)
class XlsxForm:
    """How a workbook was read."""

    sheet: str
    epoch: date
    """Day 0 of its date serials."""
    formulas: int
    """Cells of the sheet that hold a formula; their stored values were read."""


def read_xlsx(
    data: bytes, name: str, table: Table, *, sheet: str | None
) -> tuple[Grid, XlsxForm, list[Finding]]:
    """Return the cells of one sheet and the findings that only a workbook has.

    sheet: name of the sheet, None = the one named like the table, or the only one with data. Raises RecordFaultsError
    if the file is no readable workbook or the sheet is not clear.
    """
    _refuse_bomb(data, name)
    values = _open(data, name, values=True)
    chosen = _sheet(values, name, table, sheet)
    worksheet = values[chosen]
    if worksheet.max_row > MAX_ROWS or worksheet.max_column > MAX_COLUMNS:
        raise RecordFaultsError([_too_large(name, chosen)])
    grid = Grid(name, chosen, tuple(_rows(worksheet)))
    findings = [*_merged(worksheet, grid), *_hidden(worksheet, grid), *_unread(values, grid)]
    formulas = 0
    if _has_formulas(data):
        for finding in _formulas(_open(data, name, values=False)[chosen], grid):
            formulas += 1
            findings.append(finding)
    return grid, XlsxForm(chosen, values.epoch.date(), formulas), findings


def _open(data: bytes, name: str, *, values: bool) -> Workbook:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions, which are not read
            return load_workbook(io.BytesIO(data), data_only=values)
    except _UNREADABLE as error:
        raise RecordFaultsError([_unreadable(name, str(error))]) from error


def _unreadable(name: str, why: str) -> Finding:
    return Finding(
        problem=Problem(
            code="file.not-a-workbook",
            zh="无法按 XLSX 读取（文件损坏或加密）",
            en="cannot be read as XLSX (damaged or encrypted)",
            hint_zh="用 Excel 或 WPS 打开，另存为“Excel 工作簿 (*.xlsx)”，不设密码",
            hint_en="open it and save it again as an Excel workbook (*.xlsx) without password",
        ),
        file=name,
        seen=why,
    )


def _refuse_bomb(data: bytes, name: str) -> None:
    """Refuse an archive that unpacks to more than a workbook of this size ever does, before anything is parsed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except _UNREADABLE as error:
        raise RecordFaultsError([_unreadable(name, str(error))]) from error
    if len(members) > MAX_MEMBERS or sum(m.file_size for m in members) > MAX_UNPACKED:
        raise RecordFaultsError([_too_large(name, "")])


def _has_formulas(data: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return any(
            _FORMULA.search(archive.read(member)) is not None
            for member in archive.namelist()
            if member.startswith("xl/worksheets/") and member.endswith(".xml")
        )


def template_mark(table: Table) -> str:
    """Return what a template of ours carries among the properties of the workbook."""
    return f"plantproof-template {table.id}/{table.version}"


def template_version(data: bytes) -> tuple[str, int] | None:
    """Return table and version of a template of ours, None for any other workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = _MARK.search(archive.read("docProps/core.xml"))
    except _UNREADABLE:
        return None
    return (found[1].decode("ascii"), int(found[2])) if found else None


def first_lines(data: bytes, name: str) -> dict[str, list[str]]:
    """Return the texts of the first row of each sheet by its name."""
    _refuse_bomb(data, name)
    workbook = _open(data, name, values=True)
    return {
        w.title: [str(c.value or "") for c in next(w.iter_rows(max_row=1), ())]
        for w in workbook.worksheets
        if w.title != INSTRUCTIONS
    }


def _too_large(name: str, sheet: str) -> Finding:
    return Finding(
        problem=Problem(
            code="file.too-large",
            zh=f"超过 {MAX_ROWS} 行、{MAX_COLUMNS} 列或解压后过大",
            en=f"more than {MAX_ROWS} rows, {MAX_COLUMNS} columns, or too large unpacked",
            hint_zh="删去空白的行列，或分成几个文件导入",
            hint_en="delete blank rows and columns or import it in several files",
        ),
        file=name,
        sheet=sheet,
    )


def _sheet(workbook: Workbook, name: str, table: Table, wanted: str | None) -> str:
    """Return the name of the sheet that holds the data."""
    names = [w.title for w in workbook.worksheets]
    if wanted is not None:
        if wanted in names:
            return wanted
    else:
        for candidate in names:
            if normal(candidate) in (normal(table.zh), normal(table.en), table.id):
                return candidate
        filled = [w.title for w in workbook.worksheets if w.title != INSTRUCTIONS and _filled(w)]
        if len(filled) == 1:
            return filled[0]
    listed = "、".join(names)
    raise RecordFaultsError(
        [
            Finding(
                problem=Problem(
                    code="file.sheet",
                    zh=f"工作表不明确，文件中有：{listed}",
                    en=f"the sheet is not clear; the file holds {listed.replace('、', ', ')}",
                    hint_zh=f"把数据工作表命名为“{table.zh}”，或用 --sheet 指定",
                    hint_en=f"name the sheet '{table.zh}' or use --sheet",
                ),
                file=name,
                seen=wanted or "",
            )
        ]
    )


def _filled(worksheet: Worksheet) -> bool:
    return worksheet.max_row > 1 or worksheet["A1"].value is not None


def _rows(worksheet: Worksheet) -> Iterator[GridRow]:
    for number, cells in enumerate(worksheet.iter_rows(), start=1):
        yield GridRow(number, tuple(_cell(c) for c in cells))


def _cell(cell: XlsxCell | MergedCell) -> Cell:
    value, shown = cell.value, cell.number_format
    match value:
        case None | "":
            return Cell()
        case bool():
            return Cell("true" if value else "false", CellKind.LOGICAL)
        case int():
            return Cell(str(value), CellKind.NUMBER, shown)
        case float():
            return Cell(_shortest(value), CellKind.NUMBER, shown)
        case datetime():
            return Cell(_to_second(value).isoformat(), CellKind.DATE, shown)
        case date():
            return Cell(datetime.combine(value, time()).isoformat(), CellKind.DATE, shown)
        case str():
            return Cell(value, CellKind.ERROR if cell.data_type == "e" else CellKind.TEXT, shown)
        case _:
            return Cell(str(value), CellKind.TEXT, shown)


def _shortest(value: float) -> str:
    """Return the shortest decimal that names the stored double, without exponent."""
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _to_second(value: datetime) -> datetime:
    """Return the nearest second: a serial holds a time of day as a fraction of a day."""
    return (value + timedelta(milliseconds=500)).replace(microsecond=0)


def _merged(worksheet: Worksheet, grid: Grid) -> Iterator[Finding]:
    for block in worksheet.merged_cells.ranges:
        yield Finding(
            problem=Problem(
                code="cell.merged",
                zh=f"合并单元格 {block.coord}：看不出值属于哪一行",
                en=f"merged cells {block.coord}: it is not clear which row the value belongs to",
                hint_zh="取消合并，每行都填",
                hint_en="unmerge and fill every row",
            ),
            file=grid.file,
            sheet=grid.sheet,
            row=block.min_row,
            column=block.min_col,
        )


def _hidden(worksheet: Worksheet, grid: Grid) -> Iterator[Finding]:
    """Yield hidden rows and columns with data: what nobody sees was read too."""
    filled = {row.number for row in grid.rows if not row.empty}
    for number, row in worksheet.row_dimensions.items():
        if row.hidden and number in filled:
            yield _hidden_finding(grid, number, 0, "隐藏行也已读取", "a hidden row was read too")
    used = {i for row in grid.rows for i, c in enumerate(row.cells, start=1) if not c.empty}
    for column in worksheet.column_dimensions.values():
        for place in sorted(used & set(range(column.min or 0, (column.max or 0) + 1))):
            if column.hidden:
                yield _hidden_finding(
                    grid, 1, place, "隐藏列也已读取", "a hidden column was read too"
                )
    if worksheet.sheet_state != "visible":
        yield _hidden_finding(grid, 0, 0, "工作表是隐藏的", "the sheet is hidden")


def _hidden_finding(grid: Grid, row: int, column: int, zh: str, en: str) -> Finding:
    return Finding(
        problem=Problem(
            code="cell.hidden",
            zh=zh,
            en=en,
            hint_zh="不要的数据请删除，不要隐藏或筛选",
            hint_en="delete what does not belong instead of hiding or filtering it",
            severity=Severity.WARN,
        ),
        file=grid.file,
        sheet=grid.sheet,
        row=row,
        column=column,
    )


def _unread(workbook: Workbook, grid: Grid) -> Iterator[Finding]:
    others = [
        w.title
        for w in workbook.worksheets
        if w.title not in (grid.sheet, INSTRUCTIONS) and _filled(w)
    ]
    if others:
        yield Finding(
            problem=Problem(
                code="file.other-sheets",
                zh=f"其他工作表没有读取：{'、'.join(others)}",
                en=f"other sheets were not read: {', '.join(others)}",
                severity=Severity.WARN,
            ),
            file=grid.file,
        )


def _formulas(worksheet: Worksheet, grid: Grid) -> Iterator[Finding]:
    """Yield every formula: a warning where its stored value was read, a fault where there is none."""
    for number, row in enumerate(worksheet.iter_rows(), start=1):
        for place, cell in enumerate(row, start=1):
            if cell.data_type != "f":
                continue
            stored = grid.rows[number - 1].cell(place)
            known = not stored.empty
            yield Finding(
                problem=Problem(
                    code="cell.formula" if known else "cell.formula-without-value",
                    zh="是公式，读取的是存储的结果" if known else "是公式，文件里没有存储它的结果",
                    en="is a formula; its stored result was read"
                    if known
                    else "is a formula whose result is not stored in the file",
                    hint_zh="如需避免疑问，可粘贴为数值"
                    if known
                    else "用 Excel 或 WPS 打开并保存一次，或粘贴为数值",
                    hint_en="paste it as a value to avoid doubt"
                    if known
                    else "open and save it in a spreadsheet, or paste it as a value",
                    severity=Severity.WARN if known else Severity.FAULT,
                ),
                file=grid.file,
                sheet=grid.sheet,
                row=number,
                column=place,
                seen=stored.text,
            )
