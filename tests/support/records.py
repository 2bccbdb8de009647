"""Files of record tables made by tests, records made by hand, and the arithmetic text of a figure evaluated."""

from __future__ import annotations

import ast
import io
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook

from config.records.catalogue import tables
from config.records.findings import Finding, RecordFaultsError, Severity
from config.records.reading import ReadTable, read_table
from config.records.table import Context
from kpi.records.figure import Record
from kpi.records.periods import Dates, Month, RecordPeriods

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 20)
CONTEXT = Context(today=TODAY)
BEFORE = Dates(date(2024, 1, 1), date(2024, 3, 31))
AFTER = Dates(date(2025, 1, 1), date(2025, 3, 31))
PERIODS = RecordPeriods(after=AFTER, before=BEFORE)


def months(year: int, count: int = 3) -> list[Month]:
    return [Month(year, n) for n in range(1, count + 1)]


def records(
    rows: Iterable[Any], *, originals: bool = True, source: str = "a" * 64
) -> tuple[Record[Any], ...]:
    return tuple(Record(row, line, source, originals) for line, row in enumerate(rows, start=2))


def csv_of(
    table: str, rows: Sequence[Sequence[str]], *, headers: Sequence[str] | None = None
) -> bytes:
    """Return a CSV file of a table: its required headers unless others are named."""
    names = list(headers) if headers is not None else required_headers(table)
    lines = [",".join(names), *(",".join(row) for row in rows)]
    return "\r\n".join(lines).encode()


def required_headers(table: str) -> list[str]:
    return [c.header for c in tables()[table].columns if c.required]


def xlsx_of(
    rows: Sequence[Sequence[Any]],
    *,
    sheet: str = "Sheet1",
    change: Callable[[Workbook], None] | None = None,
) -> bytes:
    """Return a workbook with one sheet; `change` may alter it before it is saved."""
    workbook = Workbook()
    worksheet = workbook.active
    worksheet.title = sheet
    for row in rows:
        worksheet.append(list(row))
    if change is not None:
        change(workbook)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def read(
    table: str,
    data: bytes,
    *,
    context: Context = CONTEXT,
    attached: Sequence[str] = (),
    sheet: str | None = None,
    name: str = "f",
) -> ReadTable:
    return read_table(
        data, name, tables()[table], context=context, zone=ZONE, attached=attached, sheet=sheet
    )


def refused(table: str, data: bytes, **options: Any) -> tuple[Finding, ...]:
    """Return every finding of a file that must be refused."""
    try:
        read(table, data, **options)
    except RecordFaultsError as error:
        return error.findings
    raise AssertionError("the file was taken")


def faults(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """Return code and place of each fault."""
    return [(f.problem.code, f.place) for f in findings if f.problem.severity is Severity.FAULT]


def warns(found: ReadTable) -> list[tuple[str, str]]:
    return [(f.problem.code, f.place) for f in found.warnings]


_OPERATIONS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def evaluated(numbers: str) -> Fraction:
    """Return what the arithmetic of a figure gives: an evaluator of its own, exact, from the printed text alone."""
    text = numbers.replace("−", "-").replace("×", "*").replace("÷", "/")
    text = re.sub(r"\d+(?:\.\d+)?", lambda m: f"'{m[0]}'", text)
    return _value(ast.parse(text, mode="eval").body)


def _value(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=str(text)):
            return Fraction(text)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner)
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATIONS[type(op)](_value(left), _value(right))
    raise AssertionError(ast.dump(node))
