"""Texts and numbers-as-names of a cell, and the ways a spreadsheet spoils them."""

from __future__ import annotations

from typing import Final

from config.records.cells import Cell, CellKind, stripped
from config.records.findings import Problem, Severity
from config.records.numbers import EXCEL_DIGITS

MAX_TEXT: Final = 200


def read_text(cell: Cell) -> tuple[str | None, list[Problem]]:
    """Return the text of a cell and what was found; None if the spreadsheet has changed it beyond recovery."""
    text = stripped(cell.text)
    found: list[Problem] = []
    if cell.kind in (CellKind.DATE, CellKind.LOGICAL):
        return None, [
            Problem(
                code="text.other-type",
                zh="单元格是日期或逻辑值，原来的文字已被改写",
                en="the cell holds a date or logical value: the spreadsheet has rewritten the text",
                hint_zh="把单元格格式改为“文本”，重新输入",
                hint_en="set the cell format to Text and type it again",
            )
        ]
    if cell.kind is CellKind.NUMBER:
        if len(text.replace("-", "").replace(".", "")) > EXCEL_DIGITS:
            return None, [
                Problem(
                    code="text.digits-lost",
                    zh=f"编号超过 {EXCEL_DIGITS} 位而以数字保存，末位可能已变成 0",
                    en=f"a number of more than {EXCEL_DIGITS} digits stored as a number may have lost its last digits",
                    hint_zh="把单元格格式改为“文本”，重新输入完整编号",
                    hint_en="set the cell format to Text and type the whole number again",
                )
            ]
        found.append(
            Problem(
                code="text.as-number",
                zh="编号以数字保存，前导零会丢失",
                en="stored as a number: leading zeros would be lost",
                severity=Severity.WARN,
            )
        )
    if _damaged(text):
        return None, [
            Problem(
                code="text.exponent",
                zh="编号被表格软件改成了科学计数法，位数已丢失",
                en="the spreadsheet turned the number into exponent form and digits are lost",
                hint_zh="从原系统重新导出，并把该列设为“文本”",
                hint_en="export again from the source with this column as Text",
            )
        ]
    if any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in text):
        return None, [
            Problem(
                code="text.control-character",
                zh="含换行或控制字符",
                en="holds a line break or control character",
                hint_zh="写成一行",
                hint_en="write it in one line",
            )
        ]
    if len(text) > MAX_TEXT:
        return None, [
            Problem(
                code="text.too-long",
                zh=f"超过 {MAX_TEXT} 个字符",
                en=f"is longer than {MAX_TEXT} characters",
            )
        ]
    return text, found


def _damaged(text: str) -> bool:
    """Return whether a text looks like 1.23457E+15, which a spreadsheet makes of long numbers."""
    mantissa, sign, exponent = text.upper().partition("E+")
    return (
        bool(sign)
        and exponent.isdigit()
        and mantissa.replace(".", "", 1).isdigit()
        and "." in mantissa
    )
