"""Rows kept by month: those of a period, and what a comparison of two periods of months must say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from kpi.records.figure import Note, Record, Words, missing
from kpi.records.periods import Dates, Month
from model.ratio import Undefined


class Monthly(Protocol):
    """A row of one month."""

    @property
    def month(self) -> Month:
        """Return its month."""
        ...


Monthly_co = TypeVar("Monthly_co", bound=Monthly, covariant=True)


@dataclass(frozen=True, slots=True)
class Chosen(Generic[Monthly_co]):
    """The rows of the whole months inside a period."""

    records: tuple[Record[Monthly_co], ...]
    months: tuple[Month, ...]
    fault: Undefined | None
    """Why the period is not covered; None = every whole month has at least one row."""
    notes: tuple[Note, ...]


def chosen(records: Iterable[Record[Monthly_co]], period: Dates, what: Words) -> Chosen[Monthly_co]:
    """Return the rows of the calendar months that lie wholly inside `period`.

    A month without a row leaves the period uncovered: nothing is extrapolated. Days of the period outside its whole
    months are not used and said so in a note. what: name of the records, for the reason.
    """
    months = period.months
    inside = frozenset(months)
    found = tuple(r for r in records if r.row.month in inside)
    present = {r.row.month for r in found}
    absent = [m for m in months if m not in present]
    fault = None
    if not months:
        fault = missing(
            f"{period} 内没有完整的自然月（{what.zh}按月记录）",
            f"no whole calendar month lies in {period} ({what.en} is kept by month)",
        )
    elif absent:
        names = "、".join(str(m) for m in absent[:6]) + ("…" if len(absent) > 6 else "")
        fault = missing(
            f"{what.zh}缺少月份：{names}", f"{what.en} has no row for {names.replace('、', ', ')}"
        )
    notes: tuple[Note, ...] = ()
    if months and not period.whole_months:
        notes = (
            Note(
                "records.edges",
                Words(
                    f"只用完整自然月 {months[0]}…{months[-1]}，期间 {period} 的首尾零散日未计",
                    f"only the whole months {months[0]}…{months[-1]} are used; other days of {period} are left out",
                ),
            ),
        )
    return Chosen(found, months, fault, notes)


def comparability(before: Sequence[Month], after: Sequence[Month]) -> tuple[Note, ...]:
    """Return what must be said when the months of two periods differ in number or in season."""
    notes = []
    if len(before) != len(after):
        notes.append(
            Note(
                "records.unequal-length",
                Words(
                    f"两期月数不同：建设前 {len(before)} 个月，建设后 {len(after)} 个月",
                    f"the periods differ in length: {len(before)} months before, {len(after)} after",
                ),
            )
        )
    if sorted(m.month for m in before) != sorted(m.month for m in after):
        notes.append(
            Note(
                "records.season",
                Words(
                    "两期的自然月份不同，季节影响没有消除",
                    "the two periods hold different calendar months: the season is not removed",
                ),
            )
        )
    return tuple(notes)
