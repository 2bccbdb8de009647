"""Rules for the rows of a table that have nothing to do with time: duplicates, order, what must be filled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from config.records.cells import normal
from config.records.findings import Problem
from config.records.table import Context, Misfit, ReadRow


def key_of(row: Any, fields: Sequence[str]) -> tuple[Any, ...]:
    """Return the values of a row that are compared: texts without blanks, width and case."""
    values = (getattr(row, f) for f in fields)
    return tuple(normal(v) if isinstance(v, str) else v for v in values)


@dataclass(frozen=True, slots=True)
class Unique:
    """No two rows share these fields, neither in the file nor with an import in force."""

    fields: tuple[str, ...]

    def __call__(self, rows: Sequence[ReadRow], context: Context, /) -> Iterator[Misfit]:
        """Yield every later row with the key of an earlier one."""
        before = {key_of(row, self.fields) for row in context.existing}
        first: dict[tuple[Any, ...], int] = {}
        for r in rows:
            key = key_of(r.row, self.fields)
            name = " / ".join(str(getattr(r.row, f)) for f in self.fields)
            if key in first:
                yield Misfit(
                    r.line,
                    self.fields[0],
                    Problem(
                        code="row.duplicate",
                        zh=f"与第 {first[key]} 行重复（{name}）",
                        en=f"duplicates row {first[key]} ({name})",
                        hint_zh="删去重复的行",
                        hint_en="delete the duplicate",
                    ),
                )
            elif key in before:
                yield Misfit(r.line, self.fields[0], _already(name))
            first.setdefault(key, r.line)


def _already(name: str) -> Problem:
    return Problem(
        code="row.already-imported",
        zh=f"另一次有效的导入已包含 {name}",
        en=f"another import in force already holds {name}",
        hint_zh="要更正旧数据，请用 --replace 编号 --reason 原因",
        hint_en="to correct it, use --replace NUMBER --reason TEXT",
    )


@dataclass(frozen=True, slots=True)
class InOrder:
    """A later field does not lie before an earlier one, where both are filled."""

    earlier: str
    later: str
    equal: bool = True
    """Whether both may be equal."""

    def __call__(self, rows: Sequence[ReadRow], _context: Context, /) -> Iterator[Misfit]:
        """Yield every row with the wrong order."""
        for r in rows:
            a, b = getattr(r.row, self.earlier), getattr(r.row, self.later)
            if a is None or b is None or a < b or (self.equal and a == b):
                continue
            yield Misfit(
                r.line,
                self.later,
                Problem(
                    code="row.end-before-start",
                    zh="结束早于开始",
                    en="the end lies before the start",
                    hint_zh="核对两个日期",
                    hint_en="check both dates",
                ),
            )


@dataclass(frozen=True, slots=True)
class OneValue:
    """A field has one value for each group, also against other imports in force."""

    field: str
    by: tuple[str, ...]
    zh: str
    en: str

    def __call__(self, rows: Sequence[ReadRow], context: Context, /) -> Iterator[Misfit]:
        """Yield every row that differs from the first of its group."""
        first: dict[tuple[Any, ...], tuple[Any, int]] = {}
        for row in context.existing:
            first.setdefault(key_of(row, self.by), (getattr(row, self.field), 0))
        for r in rows:
            value = getattr(r.row, self.field)
            known, line = first.setdefault(key_of(r.row, self.by), (value, r.line))
            if value == known:
                continue
            where_zh = f"第 {line} 行" if line else "另一次有效的导入"
            where_en = f"row {line}" if line else "another import in force"
            yield Misfit(
                r.line,
                self.field,
                Problem(
                    code="row.not-one-value",
                    zh=f"{self.zh}（与{where_zh}不同）",
                    en=f"{self.en} (differs from {where_en})",
                ),
            )


@dataclass(frozen=True, slots=True)
class AllOrNone:
    """A column is filled in every row or in none."""

    fields: tuple[str, ...]

    def __call__(self, rows: Sequence[ReadRow], context: Context, /) -> Iterator[Misfit]:
        """Yield every empty cell of a column that other rows fill."""
        if not context.complete:
            return
        for field in self.fields:
            if all(getattr(r.row, field) is None for r in rows):
                continue
            for r in rows:
                if getattr(r.row, field) is None:
                    yield Misfit(
                        r.line,
                        field,
                        Problem(
                            code="row.partly-filled",
                            zh="本列在别的行有数，此行为空：同一列要么每行都填，要么都不填",
                            en="other rows fill this column: fill it in every row or in none",
                            hint_zh="确实为零就填 0",
                            hint_en="write 0 if it is zero",
                        ),
                    )


@dataclass(frozen=True, slots=True)
class AtLeastOne:
    """At least one of these fields is filled in each row."""

    fields: tuple[str, ...]
    zh: str
    en: str

    def __call__(self, rows: Sequence[ReadRow], _context: Context, /) -> Iterator[Misfit]:
        """Yield every row with none."""
        for r in rows:
            if all(getattr(r.row, f) is None for f in self.fields):
                yield Misfit(
                    r.line, self.fields[0], Problem(code="row.none-filled", zh=self.zh, en=self.en)
                )


@dataclass(frozen=True, slots=True)
class Needs:
    """Where `field` is filled (and not zero or "no"), the other fields are filled too."""

    field: str
    others: tuple[str, ...]

    def __call__(self, rows: Sequence[ReadRow], _context: Context, /) -> Iterator[Misfit]:
        """Yield every empty cell that is needed."""
        for r in rows:
            if not getattr(r.row, self.field):
                continue
            for other in self.others:
                if getattr(r.row, other) is None:
                    yield Misfit(
                        r.line,
                        other,
                        Problem(
                            code="row.needed",
                            zh="此行必须填写本列",
                            en="this column must be filled in this row",
                        ),
                    )


@dataclass(frozen=True, slots=True)
class NotMoreThan:
    """A number is not greater than another of its row."""

    field: str
    limit: str

    def __call__(self, rows: Sequence[ReadRow], _context: Context, /) -> Iterator[Misfit]:
        """Yield every row where it is."""
        for r in rows:
            part, whole = getattr(r.row, self.field), getattr(r.row, self.limit)
            if part is not None and whole is not None and part > whole:
                yield Misfit(
                    r.line,
                    self.field,
                    Problem(
                        code="row.part-exceeds-whole",
                        zh="部分大于整体",
                        en="the part exceeds the whole",
                    ),
                )
