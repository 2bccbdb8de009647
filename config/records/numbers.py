"""Numbers of a cell, exact: what is read, what is read with a warning, what is refused with the reason."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from config.records.cells import Cell, CellKind, half_width, stripped
from config.records.findings import Problem, Severity

MAX_DIGITS: Final = 40
EXCEL_DIGITS: Final = 15
"""Significant digits that a spreadsheet shows and keeps."""
ABSENT: Final = frozenset(
    {"-", "--", "—", "——", "/", "\\", "无", "暂无", "n/a", "na", "none", "null", "nil", "?", "？"}
)

_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_EXPONENT = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?[eE][-+]?[0-9]+")
_LEADING_NUMBER = re.compile(r"[-+]?[0-9][0-9,]*(?:\.[0-9]+)?")
_SCALED_FORMAT = re.compile(r"[0#?],+(?![0-9#?,])")
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')

NOT_A_NUMBER: Final = Problem(
    code="number.not-a-number",
    zh="不是数字",
    en="is not a number",
    hint_zh="只填阿拉伯数字，例如 1234.5；单位写在表头里",
    hint_en="write digits only, like 1234.5; the unit stands in the header",
)


def _warn(code: str, zh: str, en: str) -> Problem:
    return Problem(code=code, zh=zh, en=en, severity=Severity.WARN)


def exact_number(
    cell: Cell, *, percent: bool, semicolons: bool
) -> tuple[Fraction | None, list[Problem]]:
    """Return the number of a cell and what was found; None if it was refused.

    percent: the column is in percent: "12.5", "12.5%" and an XLSX cell formatted as percent are all 1/8. semicolons:
    the file separates fields by semicolons, so that a comma inside a number could be a decimal sign.
    """
    if cell.kind in (CellKind.DATE, CellKind.LOGICAL):
        return None, [
            Problem(
                code="number.other-type",
                zh="单元格是日期或逻辑值，不是数字",
                en="the cell holds a date or a logical value, not a number",
                hint_zh="把单元格格式改为“常规”，重新输入数字",
                hint_en="set the cell format to General and type the number again",
            )
        ]
    if cell.kind is CellKind.NUMBER:
        return _typed(cell, percent=percent)
    return _written(cell, percent=percent, semicolons=semicolons)


def _typed(cell: Cell, *, percent: bool) -> tuple[Fraction | None, list[Problem]]:
    """Read an XLSX number: its shortest decimal, unless the display format shows something else."""
    found: list[Problem] = []
    value = Fraction(cell.text)
    bare = _QUOTED.sub("", cell.number_format.split(";")[0])
    if _SCALED_FORMAT.search(bare):
        return None, [
            Problem(
                code="number.scaled-format",
                zh="单元格的显示格式把数缩小了（千、万），看到的不是存储的数",
                en="the display format scales the number (thousands): what is seen is not what is stored",
                hint_zh="把单元格格式改为“常规”或“数值”，核对后重新保存",
                hint_en="set the cell format to General or Number, check the value and save again",
            )
        ]
    if "%" in bare and not percent:
        return None, [_percent_elsewhere()]
    if percent and "%" not in bare:
        value /= 100
    elif percent:
        found.append(
            _warn(
                "number.percent-format",
                "单元格为百分比格式，按显示的百分数读取",
                "the cell is formatted as percent and was read as shown",
            )
        )
    if _significant(cell.text) > EXCEL_DIGITS:
        found.append(
            _warn(
                "number.more-than-15-digits",
                f"存储的数有多于 {EXCEL_DIGITS} 位有效数字，按最短十进制 {cell.text} 读取",
                f"the stored number has more than {EXCEL_DIGITS} digits; its shortest decimal {cell.text} was read",
            )
        )
    return value, found


def _significant(text: str) -> int:
    return len(text.replace("-", "").replace(".", "").strip("0"))


def _written(
    cell: Cell, *, percent: bool, semicolons: bool
) -> tuple[Fraction | None, list[Problem]]:
    found: list[Problem] = []
    raw = stripped(cell.text)
    text = half_width(raw)
    if cell.kind is CellKind.TEXT:
        found.append(
            _warn("number.as-text", "数字以文本保存，按文本读取", "the number is stored as text")
        )
    if text != raw:
        found.append(
            _warn(
                "number.full-width",
                "含全角字符，按半角读取",
                "full-width characters were read as half width",
            )
        )
    if text.endswith("%"):
        if not percent:
            return None, [_percent_elsewhere()]
        text = text[:-1].rstrip()
    if _GROUPED.fullmatch(text):
        if semicolons:
            return None, [
                Problem(
                    code="number.ambiguous-comma",
                    zh="文件以分号分隔，逗号可能是小数点",
                    en="the file is separated by semicolons, where a comma may be a decimal sign",
                    hint_zh="去掉千位分隔符，小数点用“.”",
                    hint_en="remove thousands separators and use '.' for decimals",
                )
            ]
        found.append(_warn("number.thousands", "含千位分隔符", "thousands separators were removed"))
        text = text.replace(",", "")
    if _PLAIN.fullmatch(text) is None or len(text) > MAX_DIGITS:
        return None, [_refusal(text)]
    value = Fraction(text)
    return value / 100 if percent else value, found


def _percent_elsewhere() -> Problem:
    return Problem(
        code="number.percent",
        zh="带百分号，而本列不是百分数",
        en="carries a percent sign, but this column is not in percent",
        hint_zh="按表头的单位填写",
        hint_en="write it in the unit of the header",
    )


def _refusal(text: str) -> Problem:
    """Return the most helpful refusal of a text that is no plain number."""
    if text.casefold() in ABSENT:
        return Problem(
            code="number.placeholder",
            zh="用符号代替了数字",
            en="a sign stands in place of a number",
            hint_zh="没有数据就留空（仅限选填列）；为零就填 0",
            hint_en="leave it empty if unknown (optional columns only); write 0 for zero",
        )
    if _EXPONENT.fullmatch(text):
        return Problem(
            code="number.exponent",
            zh="是科学计数法，位数可能已丢失",
            en="is in exponent form, digits may be lost",
            hint_zh="把单元格格式改为“数值”后重新导出",
            hint_en="set the cell format to Number and export again",
        )
    if text.startswith("(") and text.endswith(")") and _LEADING_NUMBER.fullmatch(text[1:-1]):
        return Problem(
            code="number.parentheses",
            zh="用括号表示负数",
            en="is a negative number in parentheses",
            hint_zh="写成 -1234.5",
            hint_en="write -1234.5",
        )
    stem = text.lstrip("¥$€").strip()
    number = _LEADING_NUMBER.match(stem)
    if number is not None and (stem != text or number.end() < len(stem)):
        rest = stem[number.end() :].strip()
        if stem != text or (rest and not rest[0].isascii()) or rest.isalpha():
            return Problem(
                code="number.with-unit",
                zh="数字里带有单位或货币符号",
                en="carries a unit or a currency sign",
                hint_zh="只填数字；单位以表头为准，不同单位请先换算",
                hint_en="write the number only, in the unit of the header",
            )
    if "," in text and number is not None:
        return Problem(
            code="number.bad-grouping",
            zh="逗号的位置不是千位分隔",
            en="has a comma that is no thousands separator",
            hint_zh="去掉逗号；小数点用“.”",
            hint_en="remove the comma; decimals use '.'",
        )
    return NOT_A_NUMBER


def whole_number(value: Fraction) -> tuple[int | None, list[Problem]]:
    """Return the value as an integer, or the refusal of a fraction."""
    if value.denominator == 1:
        return int(value), []
    return None, [
        Problem(
            code="number.not-whole",
            zh="必须是整数",
            en="must be a whole number",
        )
    ]


def decimal_text(value: Fraction) -> str:
    """Return a fraction with a finite decimal as plain decimal text without trailing zeros.

    Raises ValueError if it has no finite decimal; every number that was read has one.
    """
    places = 0
    rest = value.denominator
    while rest % 2 == 0 or rest % 5 == 0:
        rest //= 10 if rest % 10 == 0 else (2 if rest % 2 == 0 else 5)
    if rest != 1:
        raise ValueError(f"{value} has no finite decimal")
    while (value * 10**places).denominator != 1:
        places += 1
    digits = str(abs(int(value * 10**places))).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if value < 0 else text
