"""CSV bytes → grid: encoding and separator found out, nothing guessed silently."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Final

from config.records.cells import Cell, CellKind, Grid, GridRow
from config.records.findings import Finding, Problem, RecordFaultsError
from config.records.headers import column_named
from config.records.table import Table

DELIMITERS: Final = (",", "\t", ";")
MAX_ROWS: Final = 200_000
MAX_COLUMNS: Final = 100
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class CsvForm:
    """How a CSV file was read."""

    encoding: str
    """utf-8, utf-8-bom or gb18030."""
    delimiter: str


def read_csv(data: bytes, name: str, table: Table) -> tuple[Grid, CsvForm]:
    """Return the cells of a CSV file.

    UTF-8 with or without mark, else GB18030; comma, tab or semicolon, whichever names most columns of the table in the
    first line. Raises RecordFaultsError for any other encoding, broken quoting, NUL bytes or too many rows.
    """
    text, encoding = decode_csv(data, name)
    delimiter = _delimiter(text, table)
    rows = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, fields in enumerate(reader, start=1):
            if number > MAX_ROWS or len(fields) > MAX_COLUMNS:
                raise RecordFaultsError([_too_large(name, number)])
            cells = tuple(Cell(f, CellKind.PLAIN if f else CellKind.EMPTY) for f in fields)
            rows.append(GridRow(number, cells))
    except csv.Error as error:
        raise RecordFaultsError([_broken(name, reader.line_num, error)]) from error
    return Grid(name, "", tuple(rows), semicolons=delimiter == ";"), CsvForm(encoding, delimiter)


def decode_csv(data: bytes, name: str) -> tuple[str, str]:
    """Return text and name of the encoding; raises RecordFaultsError if it is neither UTF-8 nor GB18030."""
    if data.startswith(_UTF16) or b"\x00" in data:
        raise RecordFaultsError(
            [
                Finding(
                    problem=Problem(
                        code="file.encoding",
                        zh="文件是 UTF-16 编码或含空字节，不是 CSV 文本",
                        en="the file is UTF-16 or holds NUL bytes, not CSV text",
                        hint_zh="在 Excel 或 WPS 中另存为“CSV UTF-8（逗号分隔）”",
                        hint_en="save it as 'CSV UTF-8 (comma delimited)'",
                    ),
                    file=name,
                )
            ]
        )
    if data.startswith(b"\xef\xbb\xbf"):
        try:
            return data[3:].decode("utf-8"), "utf-8-bom"
        except UnicodeDecodeError as error:
            raise RecordFaultsError([_undecodable(data[3:], name, error)]) from error
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("gb18030"), "gb18030"
    except UnicodeDecodeError as error:
        raise RecordFaultsError([_undecodable(data, name, error)]) from error


def _undecodable(data: bytes, name: str, error: UnicodeDecodeError) -> Finding:
    return Finding(
        problem=Problem(
            code="file.encoding",
            zh="既不是 UTF-8 也不是 GB18030 编码",
            en="is neither UTF-8 nor GB18030",
            hint_zh="在 Excel 或 WPS 中另存为“CSV UTF-8（逗号分隔）”",
            hint_en="save it as 'CSV UTF-8 (comma delimited)'",
        ),
        file=name,
        row=data[: error.start].count(b"\n") + 1,
        seen=f"0x{data[error.start]:02x}",
    )


def _delimiter(text: str, table: Table) -> str:
    """Return the separator under which the first line names most columns; a comma if none does."""
    first = text.partition("\n")[0]

    def names(delimiter: str) -> int:
        fields = split_line(first, delimiter)
        return len({c.field for f in fields if (c := column_named(table, f)) is not None})

    return max(DELIMITERS, key=names)


def split_line(line: str, delimiter: str) -> list[str]:
    """Return the fields of one line."""
    return next(csv.reader([line.rstrip("\r")], delimiter=delimiter), [])


def _broken(name: str, line: int, error: csv.Error) -> Finding:
    return Finding(
        problem=Problem(
            code="file.quoting",
            zh=f"引号不成对或写法不对（{error}）",
            en=f"quotes do not match ({error})",
            hint_zh="含逗号或引号的内容整体加双引号，内部的双引号写两个",
            hint_en="quote fields with commas or quotes and double quotes inside them",
        ),
        file=name,
        row=line,
    )


def _too_large(name: str, row: int) -> Finding:
    return Finding(
        problem=Problem(
            code="file.too-large",
            zh=f"超过 {MAX_ROWS} 行或 {MAX_COLUMNS} 列",
            en=f"more than {MAX_ROWS} rows or {MAX_COLUMNS} columns",
            hint_zh="分成几个文件导入",
            hint_en="import it in several files",
        ),
        file=name,
        row=row,
    )
