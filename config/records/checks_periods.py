"""Rules about time for the rows of a table: holes, overlaps, the years of the form, nothing from the future."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from config.records.checks_rows import key_of
from config.records.findings import Problem, Severity
from config.records.table import Context, Misfit, ReadRow
from kpi.records.periods import Month


@dataclass(frozen=True, slots=True)
class MonthsInARow:
    """Each group has every month from its first to its last."""

    by: tuple[str, ...] = ()

    def __call__(self, rows: Sequence[ReadRow], context: Context, /) -> Iterator[Misfit]:
        """Yield the row after each hole."""
        if not context.complete:
            return
        groups: dict[tuple[Any, ...], dict[Month, int]] = defaultdict(dict)
        for r in rows:
            groups[key_of(r.row, self.by)].setdefault(r.row.month, r.line)
        for months in groups.values():
            ordered = sorted(months)
            for left, right in pairwise(ordered):
                if left.after(1) != right:
                    last = right.after(-1)
                    absent = (
                        str(left.after(1)) if left.after(1) == last else f"{left.after(1)}…{last}"
                    )
                    yield Misfit(months[right], "month", hole(absent))


def hole(absent: str) -> Problem:
    """Return the problem of a missing stretch of time."""
    return Problem(
        code="period.hole",
        zh=f"中间缺少 {absent}",
        en=f"{absent} is missing before it",
        hint_zh="补上缺少的行；如果中间是建设期，请把建设前和建设后分成两个文件导入",
        hint_en="add it; if the construction period lies between, import before and after as two files",
    )


@dataclass(frozen=True, slots=True)
class SpansInARow:
    """Periods of one group neither overlap nor leave a hole; other imports in force count for the overlap."""

    first: str
    last: str
    by: tuple[str, ...]
    gapless: bool = True
    """Whether a day without a period is a fault; half-open spans of instants set this to False."""

    def __call__(self, rows: Sequence[ReadRow], context: Context, /) -> Iterator[Misfit]:
        """Yield every span that overlaps one before it, or that starts after a hole."""
        groups: dict[tuple[Any, ...], list[tuple[Any, Any, int]]] = defaultdict(list)
        for r in rows:
            start, end = getattr(r.row, self.first), getattr(r.row, self.last)
            if start <= end:
                groups[key_of(r.row, self.by)].append((start, end, r.line))
        for row in context.existing:
            key = key_of(row, self.by)
            if key in groups:
                groups[key].append((getattr(row, self.first), getattr(row, self.last), 0))
        for spans in groups.values():
            holes = self.gapless and context.complete
            yield from self._group(sorted(spans, key=lambda s: (s[0], s[1], s[2])), holes=holes)

    def _group(self, spans: list[tuple[Any, Any, int]], *, holes: bool) -> Iterator[Misfit]:
        _, reach, reach_line = spans[0]
        for start, end, line in spans[1:]:
            overlaps = start <= reach if self.gapless else start < reach
            if overlaps:
                late, other = (line, reach_line) if line else (reach_line, 0)
                if late:
                    where_zh = f"第 {other} 行" if other else "另一次有效的导入"
                    where_en = f"row {other}" if other else "another import in force"
                    yield Misfit(
                        late,
                        self.first,
                        Problem(
                            code="period.overlap",
                            zh=f"期间与{where_zh}重叠",
                            en=f"the period overlaps {where_en}",
                        ),
                    )
            elif holes and line and reach_line and start > reach + timedelta(days=1):
                day, last = reach + timedelta(days=1), start - timedelta(days=1)
                yield Misfit(line, self.first, hole(str(day) if day == last else f"{day}…{last}"))
            if end >= reach:
                reach, reach_line = end, line


@dataclass(frozen=True, slots=True)
class NotInFuture:
    """A date, month or year that has not ended yet cannot be recorded."""

    fields: tuple[str, ...]

    def __call__(self, rows: Sequence[ReadRow], context: Context, /) -> Iterator[Misfit]:
        """Yield every value after today."""
        for r in rows:
            for field in self.fields:
                value = getattr(r.row, field)
                if value is not None and _last_day(value) > context.today:
                    yield Misfit(
                        r.line,
                        field,
                        Problem(
                            code="period.future",
                            zh=f"尚未结束或在将来（今天 {context.today}）",
                            en=f"has not ended or lies in the future (today {context.today})",
                        ),
                    )


def _last_day(value: date | Month | int) -> date:
    if isinstance(value, Month):
        return value.last
    return date(value, 12, 31) if isinstance(value, int) else value


@dataclass(frozen=True, slots=True)
class FormYears:
    """Years are those of the form, each once, without a hole."""

    def __call__(self, rows: Sequence[ReadRow], context: Context, /) -> Iterator[Misfit]:
        """Yield years outside the form, holes, and a warning if the years of the form were not stated."""
        lines = {r.row.year: r.line for r in reversed(rows)}
        if context.years is None:
            yield Misfit(
                0,
                "year",
                Problem(
                    code="period.years-not-stated",
                    zh="没有说明申报表要求的年份，无法核对是否齐全",
                    en="the years of the form were not stated, so completeness was not checked",
                    hint_zh="导入时加 --years 2022-2024",
                    hint_en="add --years 2022-2024",
                    severity=Severity.WARN,
                ),
            )
            wanted = range(min(lines, default=0), max(lines, default=-1) + 1)
        else:
            wanted = range(context.years[0], context.years[1] + 1)
            for year, line in sorted(lines.items()):
                if year not in wanted:
                    yield Misfit(
                        line,
                        "year",
                        Problem(
                            code="period.year-outside-form",
                            zh=f"不在申报表的年份内（{wanted[0]}–{wanted[-1]}）",
                            en=f"is not a year of the form ({wanted[0]}–{wanted[-1]})",
                        ),
                    )
        known = set(lines) | {row.year for row in context.existing}
        absent = [y for y in wanted if y not in known]
        if absent and context.complete:
            names = "、".join(str(y) for y in absent)
            yield Misfit(
                0,
                "year",
                Problem(
                    code="period.hole",
                    zh=f"缺少 {names} 年",
                    en=f"no row for {names.replace('、', ', ')}",
                    hint_zh="补上缺少的年份",
                    hint_en="add the missing years",
                ),
            )
