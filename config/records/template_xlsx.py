"""The XLSX template of a table: data sheet with formats, choices, prompts; a sheet of instructions in Chinese."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties

from config.records.columns import Column, Kind, Sign
from config.records.numbers import EXCEL_DIGITS
from config.records.reading import EXAMPLE_MARK
from config.records.table import ReadRow, Table
from config.records.template_csv import example_row, row_texts
from config.records.xlsx_file import INSTRUCTIONS, template_mark

if TYPE_CHECKING:
    from openpyxl.cell import Cell as XlsxCell
    from openpyxl.cell import MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

    AnyCell = XlsxCell | MergedCell

PREPARED_ROWS: Final = 1000
"""Rows below the header that carry formats, choices and prompts."""
_LONGEST_PROMPT: Final = 250  # a spreadsheet takes 255
_FONT: Final = "微软雅黑"
_HEAD: Final = PatternFill("solid", fgColor="1F4E78")
_OPTIONAL_HEAD: Final = PatternFill("solid", fgColor="6B8FAF")
_EXAMPLE: Final = PatternFill("solid", fgColor="F2F2F2")
_LINE: Final = Border(bottom=Side("thin", color="BFBFBF"), right=Side("thin", color="BFBFBF"))
_FORMATS: Final = {
    Kind.TEXT: "@",
    Kind.CHOICE: "@",
    Kind.YES_NO: "@",
    Kind.MONTH: "@",
    Kind.INSTANT: "@",
    Kind.DATE: "yyyy-mm-dd",
    Kind.YEAR: "0",
    Kind.WHOLE: "0",
    Kind.NUMBER: "General",
    Kind.PERCENT: "General",
}
_WIDTHS: Final = (24, 8, 30, 56, 44, 26, 30)
"""Widths of the list of columns in the instructions, in half-width characters."""
KIND_NAMES: Final = {
    Kind.TEXT: "文字",
    Kind.CHOICE: "选项",
    Kind.YES_NO: "是/否",
    Kind.MONTH: "月份 2024-01",
    Kind.INSTANT: "时刻 2024-01-31 08:05",
    Kind.DATE: "日期 2024-01-31",
    Kind.YEAR: "年份 2024",
    Kind.WHOLE: "整数",
    Kind.NUMBER: "数字",
    Kind.PERCENT: "百分数（填 12.5，不填 0.125）",
}


def template_xlsx(
    table: Table, rows: Sequence[ReadRow] = (), *, zone: ZoneInfo, example: bool = True
) -> bytes:
    """Return the workbook; `rows` are written below the example row."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = table.zh
    _data_sheet(sheet, table, rows, zone, example=example)
    _instruction_sheet(workbook.create_sheet(INSTRUCTIONS), table)
    workbook.properties.creator = "plantproof"
    workbook.properties.title = table.zh
    workbook.properties.keywords = template_mark(table)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def _data_sheet(
    sheet: Worksheet, table: Table, rows: Sequence[ReadRow], zone: ZoneInfo, *, example: bool
) -> None:
    columns = table.every_column
    for place, column in enumerate(columns, start=1):
        head = sheet.cell(1, place)
        _set_text(head, column.header)
        head.font = Font(name=_FONT, bold=True, color="FFFFFF")
        head.fill = _HEAD if column.required else _OPTIONAL_HEAD
        head.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        head.border = _LINE
        letter = get_column_letter(place)
        mark = _width(EXAMPLE_MARK) + 1 if place == 1 else 0  # the example row is read as a whole
        sheet.column_dimensions[letter].width = _width_of(column) + mark
        sheet.column_dimensions[letter].number_format = _FORMATS[column.kind]
        _validate(sheet, column, f"{letter}2:{letter}{PREPARED_ROWS + 1}")
    sheet.row_dimensions[1].height = 32
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    _print_landscape(sheet)
    first = 2
    if example:
        for place, text in enumerate(example_row(table), start=1):
            cell = sheet.cell(2, place)
            _set_text(cell, text)
            cell.font = Font(name=_FONT, italic=True, color="808080")
            cell.fill = _EXAMPLE
        first = 3
    for number, row in enumerate(rows, start=first):
        for place, (column, text) in enumerate(
            zip(columns, row_texts(table, row, zone), strict=True), start=1
        ):
            if text:
                _fill(sheet.cell(number, place), column, text)


def _set_text(cell: AnyCell, text: str) -> None:
    """Store a text as text, also one that begins with `=`."""
    cell.value = text
    cell.data_type = "s"


def _fill(cell: AnyCell, column: Column, text: str) -> None:
    """Write a value as a careful user would: numbers as numbers unless a spreadsheet would cut their digits."""
    cell.number_format = _FORMATS[column.kind]
    match column.kind:
        case Kind.NUMBER | Kind.WHOLE | Kind.PERCENT | Kind.YEAR:
            if len(text.replace("-", "").replace(".", "").strip("0")) <= EXCEL_DIGITS:
                cell.value = Decimal(text)
            else:
                _set_text(cell, text)
        case Kind.DATE:
            cell.value = date.fromisoformat(text)
            cell.number_format = _FORMATS[Kind.DATE]
        case _:
            _set_text(cell, text)


def _width(text: str) -> int:
    """Return the width of a text in half-width characters."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _width_of(column: Column) -> float:
    return min(34, max(12, _width(column.header) + 3, _width(column.example) + 3))


def _validate(sheet: Worksheet, column: Column, cells: str) -> None:
    """Offer the allowed words and show the help of the column when a cell is entered."""
    words: tuple[str, ...] = ()
    if column.kind is Kind.CHOICE:
        words = tuple(c.zh for c in column.choices)
    elif column.kind is Kind.YES_NO:
        words = ("是", "否")
    rule = DataValidation(
        type="list" if words else None,
        formula1=f'"{",".join(words)}"' if words else None,
        allow_blank=True,
        showErrorMessage=bool(words),
        showInputMessage=True,
        errorTitle="不在选项中",
        error="请从下拉列表中选择",
        promptTitle=column.header[:32],
        prompt=column.help.zh[:_LONGEST_PROMPT] or None,
    )
    sheet.add_data_validation(rule)
    rule.add(cells)


def _instruction_sheet(sheet: Worksheet, table: Table) -> None:
    lines = [
        (f"{table.zh}（模板 {table.id}/{table.version}）", True),
        (table.purpose.zh, False),
        ("", False),
        (
            f"1. 数据填在工作表“{table.zh}”。第 1 行是表头（深色必填，浅色选填），不要改动；从第 2 行开始填写。",
            False,
        ),
        (f"2. 以“{EXAMPLE_MARK}”开头的示例行必须删除，否则拒绝导入。", False),
        ("3. 只要有一处错误，整个文件都不导入；所有错误会一次列出，注明单元格。", False),
        (
            "4. 数字只填阿拉伯数字，单位以表头为准，不自动换算；不要千位分隔符、货币符号和单位文字。",
            False,
        ),
        ("5. 不要合并单元格，不要合计行，不要隐藏行列，不要在表头上面加标题行。", False),
        (
            "6. “原始凭证”填写证明该行的文件名，多个用分号隔开；导入时用 --original 一并附上。",
            False,
        ),
        (
            "   没有附原始凭证的行只是申报数据（D 级）；附了凭证的最高为 C 级，不会与实测数据混用。",
            False,
        ),
        *((f"{n}. {a.zh}", False) for n, a in enumerate(table.advice, start=7)),
        ("", False),
        (
            f"导入命令：plantproof import 文件.xlsx --table {table.id} --by 姓名 --original 凭证文件",
            False,
        ),
        ("", False),
    ]
    for number, (text, bold) in enumerate(lines, start=1):
        cell = sheet.cell(number, 1)
        _set_text(cell, text)
        cell.font = Font(name=_FONT, bold=bold, size=14 if bold else 11)
    _column_list(sheet, table, len(lines) + 1)
    for letter, width in zip("ABCDEFG", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    _print_landscape(sheet)


def _print_landscape(sheet: Worksheet) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _column_list(sheet: Worksheet, table: Table, first: int) -> None:
    """Write one line a column: name, needed, kind, help, choices, example, English."""
    head = ("列名", "必填", "类型", "说明", "可选项", "示例", "English")
    rows = [head, *(_column_line(c) for c in table.every_column)]
    for number, texts in enumerate(rows, start=first):
        # Spreadsheets do not all fit the height of wrapped text when they open a file.
        lines = max(-(-_width(t) // (w - 2)) for t, w in zip(texts, _WIDTHS, strict=True))
        sheet.row_dimensions[number].height = 6 + 15 * max(1, lines)
        for place, text in enumerate(texts, start=1):
            cell = sheet.cell(number, place)
            _set_text(cell, text)
            cell.border = _LINE
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            top = number == first
            cell.font = Font(name=_FONT, bold=top, color="FFFFFF" if top else "000000")
            if top:
                cell.fill = _HEAD


def _column_line(column: Column) -> tuple[str, ...]:
    kind = KIND_NAMES[column.kind]
    if column.kind in (Kind.NUMBER, Kind.WHOLE, Kind.PERCENT):
        kind += {
            Sign.ANY: "，可为负",
            Sign.NOT_NEGATIVE: "，不能为负",
            Sign.POSITIVE: "，大于 0",
        }[column.sign]
    unit = f" ({column.unit.en})" if column.unit is not None else ""
    return (
        column.header,
        "必填" if column.required else "选填",
        kind,
        column.help.zh,
        "、".join(c.zh for c in column.choices) or ("是、否" if column.kind is Kind.YES_NO else ""),
        column.example,
        f"{column.en}{unit}",
    )
