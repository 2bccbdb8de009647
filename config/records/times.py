"""Years, months, dates and instants of a cell: every common Chinese spelling, nothing that could mean two days."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from config.records.cells import Cell, CellKind, half_width
from config.records.findings import Problem, Severity
from kpi.records.periods import Month

FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2100
_SERIAL_LOW: Final = 20_000  # 1954 in the system of Windows: nothing earlier is a date of a plant
_SERIAL_HIGH: Final = 80_000

_YEAR = re.compile(r"([0-9]{4})年?(?:度)?")
_MONTH = re.compile(r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})月?")
_MONTH_TIGHT = re.compile(r"([0-9]{4})(0[1-9]|1[0-2])")
_DATE = re.compile(r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})日?")
_DATE_TIGHT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_CLOCK = re.compile(r"([0-9]{1,2})[:时]([0-9]{1,2})(?:[:分]([0-9]{1,2})秒?)?分?")
_OFFSET = re.compile(r"(?:Z|[+-][0-9]{2}:?[0-9]{2})$")

_SERIAL_WARNING = Problem(
    code="time.serial",
    zh="日期以序列号保存，已换算",
    en="the date is stored as a serial number and was converted",
    severity=Severity.WARN,
)
Found = tuple[Problem, ...]


def year_of(cell: Cell) -> tuple[int | None, Found]:
    """Return the calendar year of a cell, 1990…2100."""
    if cell.kind is CellKind.DATE:
        return None, (
            Problem(
                code="time.year-is-date",
                zh="单元格是日期格式，年份已变成日期",
                en="the cell is formatted as a date and the year became one",
                hint_zh="把单元格格式改为“常规”，重新输入年份，例如 2024",
                hint_en="set the cell format to General and type the year again, like 2024",
            ),
        )
    match = _YEAR.fullmatch(half_width(cell.text))
    if match is None or not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
        return None, (
            Problem(
                code="time.not-a-year",
                zh="不是年份",
                en="is not a year",
                hint_zh="写四位年份，例如 2024",
                hint_en="write four digits, like 2024",
            ),
        )
    return int(match[1]), ()


def month_of(cell: Cell, *, epoch: date) -> tuple[Month | None, Found]:
    """Return the month of a cell; a date must be the first of its month. epoch: day 0 of the workbook's serials."""
    not_month = Problem(
        code="time.not-a-month",
        zh="不是月份",
        en="is not a month",
        hint_zh="写成 2024-01 或 2024年1月",
        hint_en="write 2024-01",
    )
    if cell.kind is CellKind.NUMBER and "." in cell.text:
        return None, (not_month,)  # 2024.10 typed as a number is stored as 2024.1
    text = half_width(cell.text)
    found: Found = ()
    if cell.kind is CellKind.DATE or (serial := _serial(cell, epoch)) is not None:
        day, found = (
            (_typed_date(cell), ()) if cell.kind is CellKind.DATE else (serial, (_SERIAL_WARNING,))
        )
        if day is None or day.day != 1:
            return None, (
                Problem(
                    code="time.month-is-day",
                    zh="是某一天而不是月份",
                    en="is a day, not a month",
                    hint_zh="写成 2024-01",
                    hint_en="write 2024-01",
                ),
            )
        return _checked_month(day.year, day.month), found
    match = _MONTH.fullmatch(text) or _MONTH_TIGHT.fullmatch(text)
    if match is None:
        return None, (not_month,)
    month = _checked_month(int(match[1]), int(match[2]))
    return month, () if month is not None else (not_month,)


def _checked_month(year: int, month: int) -> Month | None:
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12):
        return None
    return Month(year, month)


def date_of(cell: Cell, *, epoch: date) -> tuple[date | None, Found]:
    """Return the date of a cell; year first, nothing that could mean two days."""
    if cell.kind is CellKind.DATE:
        day = _typed_date(cell)
        return (day, ()) if day is not None else (None, (_NOT_A_DATE,))
    serial = _serial(cell, epoch)
    if serial is not None:
        return serial, (_SERIAL_WARNING,)
    text = half_width(cell.text)
    match = _DATE.fullmatch(text) or _DATE_TIGHT.fullmatch(text)
    day = _checked_date(match) if match else None
    return (day, ()) if day is not None else (None, (_NOT_A_DATE,))


_NOT_A_DATE = Problem(
    code="time.not-a-date",
    zh="不是日期",
    en="is not a date",
    hint_zh="年在前，写成 2024-01-31 或 2024年1月31日",
    hint_en="year first: 2024-01-31",
)


def _checked_date(match: re.Match[str]) -> date | None:
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def _typed_date(cell: Cell) -> date | None:
    """Return the day of an XLSX date cell without time of day."""
    at = datetime.fromisoformat(cell.text)
    return at.date() if at.time() == datetime.min.time() else None


def _serial(cell: Cell, epoch: date) -> date | None:
    """Return the day of a whole number that can only be a date serial."""
    if cell.kind is not CellKind.NUMBER or not cell.text.isdigit():
        return None
    number = int(cell.text)
    if not _SERIAL_LOW <= number <= _SERIAL_HIGH:
        return None
    return epoch + timedelta(days=number)


def instant_of(cell: Cell, *, zone: ZoneInfo) -> tuple[int | None, Found]:
    """Return Unix ms of a local date and time of day; a time that the zone skips or has twice is refused."""
    if cell.kind is CellKind.DATE:
        return _in_zone(datetime.fromisoformat(cell.text).replace(tzinfo=zone))
    text = half_width(cell.text).replace("T", " ")
    not_instant = Problem(
        code="time.not-an-instant",
        zh="不是日期加时刻",
        en="is not a date with a time of day",
        hint_zh="写成 2024-01-31 08:05（本地时间，24 小时制，不带时区）",
        hint_en="write 2024-01-31 08:05 (local time, 24 hours, no offset)",
    )
    day_text, _, clock_text = text.partition(" ")
    if "日" in text:
        day_text, clock_text = text[: text.index("日") + 1], text[text.index("日") + 1 :]
    day_match = _DATE.fullmatch(day_text)
    clock_text = clock_text.strip()
    clock = _CLOCK.fullmatch(clock_text)
    day = _checked_date(day_match) if day_match else None
    if day is None or clock is None or _OFFSET.search(clock_text):
        return None, (not_instant,)
    hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return None, (not_instant,)
    return _in_zone(datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone))


def _in_zone(local: datetime) -> tuple[int | None, Found]:
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        return None, (
            Problem(
                code="time.clock-change",
                zh="该时刻因夏令时切换不存在或出现两次",
                en="this time of day does not exist or exists twice because of daylight saving",
                hint_zh="换用切换前后的时刻",
                hint_en="use a time before or after the change",
            ),
        )
    return int(local.timestamp()) * 1000, ()
