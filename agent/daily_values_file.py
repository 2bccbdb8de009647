"""Daily values that a user has in a file: CSV or JSON with a date and a numerator and denominator, or one value.

Values become exact integers: all are multiplied by the power of ten that the longest decimal needs.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from config.faults import ConfigFaultsError, Fault
from kpi.comparison.interval import Day
from model.errors import ConfigError

_DATE: Final = ("date", "日期")
_N: Final = ("n", "numerator", "分子")
_D: Final = ("d", "denominator", "分母")
_VALUE: Final = ("value", "数值", "指标值")
_NUMBER: Final = re.compile(r"\d+(\.\d+)?")
_MOST_BYTES: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the file as text."""

    line: int
    text: str
    date: str
    n: str
    d: str


def read_daily_values(path: Path) -> list[tuple[date, Day]]:
    """Return (date, N and D) in date order.

    CSV: a header with date, n, d (日期, 分子, 分母), or date, value (日期, 数值) for a figure without its two parts;
    UTF-8 or GB18030. JSON: a list of objects with the same keys. Raises ConfigError, every fault of the file at once.
    """
    text = _text(path)
    rows = _json_rows(path, text) if path.suffix.lower() == ".json" else _csv_rows(path, text)
    faults: list[Fault] = []
    found: dict[date, tuple[Decimal, Decimal]] = {}
    for row in rows:
        when = _date(path, row, faults)
        n, d = (_number(path, row, cell, faults) for cell in (row.n, row.d))
        if when is None or n is None or d is None:
            continue
        if when in found:
            faults.append(_fault(path, row, f"{when} stands twice", f"{when} 出现了两次"))
        found[when] = (n, d)
    if faults:
        raise ConfigFaultsError(faults)
    return _exact(sorted(found.items()))


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise ConfigError(
            f"{path} cannot be read: {exc.strerror}", f"无法读取 {path}：{exc.strerror}"
        ) from exc
    if len(data) > _MOST_BYTES:
        raise ConfigError(
            f"{path} has {len(data)} bytes: daily values of some years need far fewer, is it the right file?",
            f"{path} 有 {len(data)} 字节：几年的日值远小于此，请确认文件是否正确",
        )
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ConfigError(
        f"{path} is neither UTF-8 nor GB18030: save it as CSV UTF-8",
        f"{path} 既不是 UTF-8 也不是 GB18030：请另存为 CSV UTF-8",
    )


def _csv_rows(path: Path, text: str) -> list[_Row]:
    lines = text.splitlines()
    reader = csv.reader(io.StringIO(text))
    header = [cell.strip().lower() for cell in next(reader, [])]
    at = {name: _column(header, names) for name, names in _COLUMNS.items()}
    if at["date"] is None or (at["value"] is None and (at["n"] is None or at["d"] is None)):
        raise ConfigFaultsError(
            [
                Fault(
                    str(path),
                    1,
                    1,
                    lines[0] if lines else "",
                    "the header must name date, n, d or date, value",
                    "表头须为 日期,分子,分母 或 日期,数值",
                    "for example: date,n,d",
                    "例如：日期,分子,分母",
                )
            ]
        )
    found = []
    for cells in reader:
        if not any(c.strip() for c in cells):
            continue
        line = reader.line_num

        def cell(name: str, row: Sequence[str] = cells) -> str:
            i = at[name]
            return row[i].strip() if i is not None and i < len(row) else ""

        pair = at["n"] is not None and at["d"] is not None
        n, d = (cell("n"), cell("d")) if pair else (cell("value"), "1")
        found.append(_Row(line, lines[line - 1], cell("date"), n, d))
    return found


_COLUMNS: Final = {"date": _DATE, "n": _N, "d": _D, "value": _VALUE}


def _column(header: Sequence[str], names: Iterable[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _json_rows(path: Path, text: str) -> list[_Row]:
    try:
        data: Any = json.loads(text, parse_float=str, parse_int=str)
    except json.JSONDecodeError as exc:
        raise ConfigError(
            f"{path}:{exc.lineno}:{exc.colno}: no JSON: {exc.msg}",
            f"{path}:{exc.lineno}:{exc.colno}：不是合法的 JSON：{exc.msg}",
        ) from exc
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise ConfigError(
            f"{path}: a list of objects with date, n and d (or date and value) is expected",
            f"{path}：应为对象列表，每项含 date、n、d（或 date、value）",
        )
    found = []
    for i, item in enumerate(data, 1):
        n, d = (item["n"], item.get("d", "")) if "n" in item else (item.get("value", ""), "1")
        found.append(
            _Row(i, json.dumps(item, ensure_ascii=False), str(item.get("date", "")), str(n), str(d))
        )
    return found


def _date(path: Path, row: _Row, faults: list[Fault]) -> date | None:
    try:
        return date.fromisoformat(row.date.replace("/", "-"))
    except ValueError:
        faults.append(
            _fault(
                path,
                row,
                f"'{row.date}' is no date: write 2026-10-01",
                f"“{row.date}”不是日期：请写 2026-10-01",
            )
        )
        return None


def _number(path: Path, row: _Row, cell: str, faults: list[Fault]) -> Decimal | None:
    if _NUMBER.fullmatch(cell):
        return Decimal(cell)
    faults.append(
        _fault(
            path,
            row,
            f"'{cell}' is no number: digits with a point, 0 or more; leave a day without a value out",
            f"“{cell}”不是数：请写 0 或正数，小数点用英文句点；没有数值的日子不要写入",
        )
    )
    return None


def _fault(path: Path, row: _Row, en: str, zh: str) -> Fault:
    return Fault(str(path), row.line, 1, row.text, en, zh)


def _exact(rows: Sequence[tuple[date, tuple[Decimal, Decimal]]]) -> list[tuple[date, Day]]:
    places = max((-int(x.as_tuple().exponent) for _, pair in rows for x in pair), default=0)
    scale = 10 ** max(places, 0)
    return [(when, Day(int(n * scale), int(d * scale))) for when, (n, d) in rows]
