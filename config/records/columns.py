"""One column of a table: its names, its kind, its unit, and how a cell of it is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from config.messages import suggestion
from config.records.cells import Cell, CellKind, normal, stripped
from config.records.findings import Problem
from config.records.numbers import exact_number, whole_number
from config.records.texts import read_text
from config.records.times import date_of, instant_of, month_of, year_of
from kpi.records.figure import Words
from kpi.records.periods import Month

Value = str | int | bool | date | Month | Fraction | None
"""A value of a row; an instant is Unix ms, a percentage a fraction of 1."""


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole"
    PERCENT = "percent"
    YEAR = "year"
    MONTH = "month"
    DATE = "date"
    INSTANT = "instant"
    CHOICE = "choice"
    YES_NO = "yes-no"


class Sign(StrEnum):
    """Which numbers a column takes."""

    ANY = "any"
    NOT_NEGATIVE = "not-negative"
    POSITIVE = "positive"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as the header prints it, with the other spellings that mean the same."""

    zh: str
    en: str
    aliases: tuple[str, ...] = ()

    def means(self, text: str) -> bool:
        """Return whether `text` names this unit."""
        return normal(text) in {normal(name) for name in (self.zh, self.en, *self.aliases)}


@dataclass(frozen=True, slots=True)
class Choice:
    """One allowed word; `value` is what the row holds."""

    value: str | int
    zh: str
    en: str
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return every spelling."""
        return (self.zh, self.en, str(self.value), *self.aliases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; `field` is the field of the row that it fills."""

    field: str
    zh: str
    """Name in the header, without the unit."""
    en: str
    kind: Kind
    help: Words
    example: str
    """As a user types it."""
    unit: Unit | None = None
    required: bool = True
    aliases: tuple[str, ...] = ()
    sign: Sign = Sign.NOT_NEGATIVE
    highest: int | None = None
    choices: tuple[Choice, ...] = ()

    @property
    def header(self) -> str:
        """Return the header as the template writes it: name and unit in full-width brackets."""
        return f"{self.zh}（{self.unit.zh}）" if self.unit is not None else self.zh

    @property
    def names(self) -> tuple[str, ...]:
        """Return every name that a header may use, without the unit."""
        return (self.zh, self.en, *self.aliases)

    @property
    def numeric(self) -> bool:
        """Return whether sums of the column make sense."""
        return self.kind in (Kind.NUMBER, Kind.WHOLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What reading a cell needs to know about its file and plant."""

    zone: ZoneInfo
    epoch: date = date(1899, 12, 30)
    """Day 0 of the date serials of the workbook."""
    semicolons: bool = False


_YES: Final = frozenset(map(normal, ("是", "有", "yes", "y", "true", "1", "√", "✓")))
_NO: Final = frozenset(map(normal, ("否", "无", "不", "no", "n", "false", "0", "×", "✗")))


def read_cell(column: Column, cell: Cell, dialect: Dialect) -> tuple[Value, list[Problem]]:
    """Return the value of a cell and what was found; None if it is empty or was refused."""
    if cell.kind is CellKind.ERROR:
        return None, [
            Problem(
                code="cell.error-value",
                zh="是公式的错误值",
                en="is the error value of a formula",
                hint_zh="改正公式，或直接填数",
                hint_en="mend the formula or type the value",
            )
        ]
    if cell.empty:
        if not column.required:
            return None, []
        return None, [
            Problem(
                code="cell.missing",
                zh="必填项为空",
                en="must not be empty",
                hint_zh=column.help.zh,
                hint_en=column.help.en,
            )
        ]
    return _read_filled(column, cell, dialect)


def _read_filled(column: Column, cell: Cell, dialect: Dialect) -> tuple[Value, list[Problem]]:
    match column.kind:
        case Kind.NUMBER | Kind.WHOLE | Kind.PERCENT:
            return _number(column, cell, dialect)
        case Kind.YEAR:
            return _result(year_of(cell))
        case Kind.MONTH:
            return _result(month_of(cell, epoch=dialect.epoch))
        case Kind.DATE:
            return _result(date_of(cell, epoch=dialect.epoch))
        case Kind.INSTANT:
            return _result(instant_of(cell, zone=dialect.zone))
        case Kind.CHOICE:
            return _choice(column, cell)
        case Kind.YES_NO:
            return _yes_no(cell)
        case Kind.TEXT:
            return read_text(cell)


def _result(found: tuple[Value, Iterable[Problem]]) -> tuple[Value, list[Problem]]:
    value, problems = found
    return value, list(problems)


def _number(column: Column, cell: Cell, dialect: Dialect) -> tuple[Value, list[Problem]]:
    value, problems = exact_number(
        cell, percent=column.kind is Kind.PERCENT, semicolons=dialect.semicolons
    )
    if value is None:
        return None, problems
    refused = _out_of_range(column, value)
    if refused is not None:
        return None, [*problems, refused]
    if column.kind is Kind.WHOLE:
        whole, more = whole_number(value)
        return whole, [*problems, *more]
    return value, problems


def _out_of_range(column: Column, value: Fraction) -> Problem | None:
    if column.sign is not Sign.ANY and value < 0:
        return Problem(code="number.negative", zh="不能为负数", en="must not be negative")
    if column.sign is Sign.POSITIVE and value == 0:
        return Problem(code="number.zero", zh="必须大于 0", en="must be greater than 0")
    limit = None
    if column.highest is not None:
        limit = Fraction(column.highest) / (100 if column.kind is Kind.PERCENT else 1)
    if limit is not None and value > limit:
        return Problem(
            code="number.too-large",
            zh=f"不能大于 {column.highest}",
            en=f"must not be greater than {column.highest}",
        )
    return None


def _choice(column: Column, cell: Cell) -> tuple[Value, list[Problem]]:
    word = normal(cell.text)
    for choice in column.choices:
        if word in {normal(name) for name in choice.names}:
            return choice.value, []
    near_en, near_zh = suggestion(stripped(cell.text), [c.zh for c in column.choices])
    return None, [
        Problem(
            code="cell.not-a-choice",
            zh="不在允许的选项中",
            en="is none of the allowed words",
            hint_zh=near_zh or "可填：" + "、".join(c.zh for c in column.choices),
            hint_en=near_en or "allowed: " + ", ".join(c.en for c in column.choices),
        )
    ]


def _yes_no(cell: Cell) -> tuple[Value, list[Problem]]:
    word = normal(cell.text)
    if word in _YES or word in _NO:
        return word in _YES, []
    return None, [
        Problem(
            code="cell.not-yes-no",
            zh="只能填“是”或“否”",
            en="must be yes or no",
        )
    ]
