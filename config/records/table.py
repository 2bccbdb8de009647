"""A table of records: its columns, its key, the rules for its rows as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol

from config.records.columns import Column, Kind
from config.records.findings import Problem
from kpi.records.figure import Words

EVIDENCE: Final = Column(
    field="evidence",
    zh="原始凭证",
    en="originals",
    kind=Kind.TEXT,
    required=False,
    aliases=("凭证文件", "evidence"),
    help=Words(
        "证明本行的文件名（审计报告、发票、系统导出等），多个用分号隔开；导入时用 --original 附上。"
        "没有凭证的行只能评为 D 级",
        "names of the files that prove this row, separated by semicolons; hand them in with --original. "
        "Rows without originals are grade D at best",
    ),
    example="凭证文件名.pdf",
)
NOTE: Final = Column(
    field="note",
    zh="备注",
    en="note",
    kind=Kind.TEXT,
    required=False,
    aliases=("说明", "remark"),
    help=Words("任意文字，不参与计算", "free text, used in no figure"),
    example="",
)


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One row that was read: the typed row, its place in the file, the originals it names."""

    line: int
    row: Any
    evidence: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Misfit:
    """A problem of a row as a whole or among its neighbours; line 0 = the file, field "" = the row."""

    line: int
    field: str
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a check may ask about beyond the file."""

    today: date
    years: tuple[int, int] | None = None
    """First and last year of the form, None = not stated."""
    existing: tuple[Any, ...] = ()
    """Rows of this table that other imports in force hold."""
    complete: bool = True
    """Whether every row of the file could be read; if not, rules about what is absent say nothing."""


class Check(Protocol):
    """A rule for the rows of a table."""

    def __call__(self, rows: Sequence[ReadRow], context: Context, /) -> Iterator[Misfit]:
        """Yield what does not fit; the rows are those that could be read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The definition of one table; changed definitions get a new version and the old one stays readable."""

    id: str
    version: int = 1
    zh: str
    en: str
    purpose: Words
    """What the table is for, in one sentence."""
    row: type[Any]
    """Type of its rows, with a field for every column."""
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """Fields that no two rows may share."""
    checks: tuple[Check, ...] = ()
    looks_for_holes: bool = False
    """Whether a rule is about what is absent, and so needs every row of the file."""
    advice: tuple[Words, ...] = ()
    """Further sentences of the instructions."""

    @property
    def every_column(self) -> tuple[Column, ...]:
        """Return its columns and the two that every table has."""
        return (*self.columns, EVIDENCE, NOTE)

    def column(self, field: str) -> Column:
        """Return the column of a field; raises KeyError for an unknown one."""
        return next(c for c in self.every_column if c.field == field)
