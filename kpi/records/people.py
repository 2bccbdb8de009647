"""People of the workshop (建设前/建成后车间人数) and the share saved (优化人员比例, 001:686)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from kpi.records.change import Sense, Side, change, change_figure, level_figures, quotient_side
from kpi.records.figure import (
    Note,
    OtherReading,
    Record,
    RecordFigure,
    Words,
    missing,
    total,
)
from kpi.records.months import Chosen, chosen, comparability
from kpi.records.periods import RecordPeriods
from kpi.records.rows import HeadcountMonth
from model.ratio import Ratio, Undefined

PEOPLE = Words("人员与出勤", "people and attendance")
HEADS = Words("各月平均车间人数的平均", "mean of the monthly mean numbers of people")


def headcount(
    people: Sequence[Record[HeadcountMonth]], periods: RecordPeriods
) -> dict[str, RecordFigure]:
    """Return `headcount-before`, `headcount-after` (人) and `staff-change` (优化人员比例)."""
    if not people:
        return {}
    after = chosen(people, periods.after, PEOPLE)
    sides = {"headcount-after": _heads(after)}
    before = None if periods.before is None else chosen(people, periods.before, PEOPLE)
    if before is not None:
        sides["headcount-before"] = _heads(before)
    found: dict[str, RecordFigure] = {}
    for name, side in sides.items():
        found |= level_figures(name, None, side, unit="人", formula=HEADS)
    if before is None:
        return found
    found["staff-change"] = change_figure(
        "staff-change",
        sides["headcount-before"],
        sides["headcount-after"],
        Sense.REDUCTION,
        formula=HEADS,
        readings=(
            OtherReading(
                "operators",
                Words("另一读法：只计产线作业人员", "other reading: people on the line only"),
                change(_operators(before), _operators(after), Sense.REDUCTION),
            ),
        ),
        notes=(
            Note(
                "records.base-not-said",
                Words(
                    "原文未给“优化人员比例”的基数，此处以建设前车间人数为基数",
                    "no official base for this ratio; the people of the workshop before are used",
                ),
            ),
            *comparability(before.months, after.months),
        ),
        refused=scope_fault(before, after),
    )
    return found


def several_scopes(people: Chosen[HeadcountMonth]) -> Undefined | None:
    """Return why the people of a period do not add: not always the same ones are counted."""
    scopes = _scopes(people)
    if len(scopes) <= 1:
        return None
    return missing(
        f"期内人员范围不一致：{'、'.join(scopes)}",
        f"the scope of people changes inside the period: {', '.join(scopes)}",
    )


def scope_fault(before: Chosen[HeadcountMonth], after: Chosen[HeadcountMonth]) -> Undefined | None:
    """Return why two periods cannot be compared: different people are counted."""
    b, a = _scopes(before), _scopes(after)
    if a == b or not a or not b:
        return None
    return missing(
        f"人员范围不同，不能比较：建设前 {'、'.join(b)}；建设后 {'、'.join(a)}",
        f"the scope of people differs: before {', '.join(b)}; after {', '.join(a)}",
    )


def _scopes(people: Chosen[HeadcountMonth]) -> list[str]:
    return sorted({r.row.scope for r in people.records})


def _heads(people: Chosen[HeadcountMonth]) -> Side:
    fault = people.fault or several_scopes(people)
    if fault is not None:
        return Side(fault, "", people.records)
    heads = [r.row.headcount for r in people.records]
    return quotient_side(
        sum(heads, Fraction(0)),
        Fraction(len(heads)),
        numbers=f"{total(heads)} ÷ {len(heads)}",
        used=people.records,
        nothing=missing("没有月份", "no month"),
        notes=people.notes,
    )


def _operators(people: Chosen[HeadcountMonth]) -> Ratio:
    if people.fault is not None:
        return people.fault
    found = [r.row.operators for r in people.records if r.row.operators is not None]
    if len(found) < len(people.records):
        return missing("没有填产线作业人员", "people on the line are not kept")
    return sum(found, Fraction(0)) / len(found)
