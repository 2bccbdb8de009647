"""Change before → after of one quantity: an increase is after ÷ before − 1, a reduction 1 − after ÷ before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from kpi.records.figure import (
    Note,
    OtherReading,
    Record,
    RecordFigure,
    Words,
    build,
    exact,
    missing,
)
from model.ratio import Ratio, Undefined


class Sense(StrEnum):
    """Which direction is an improvement."""

    INCREASE = "increase"
    REDUCTION = "reduction"


_FORMULA = {
    Sense.INCREASE: Words("建设后 ÷ 建设前 − 1", "after ÷ before − 1"),
    Sense.REDUCTION: Words("1 − 建设后 ÷ 建设前", "1 − after ÷ before"),
}


def change(before: Ratio, after: Ratio, sense: Sense) -> Ratio:
    """Return the relative change, positive for an improvement; undefined unless the value before is positive."""
    if isinstance(before, Undefined):
        return Undefined(f"before: {before.en}", f"建设前：{before.zh}")
    if isinstance(after, Undefined):
        return Undefined(f"after: {after.en}", f"建设后：{after.zh}")
    if before <= 0:
        return missing(
            f"建设前的值为 {exact(before)}，不能作为基数",
            f"the value before is {exact(before)} and cannot be a base",
        )
    return after / before - 1 if sense is Sense.INCREASE else 1 - after / before


def points(before: Ratio, after: Ratio, sense: Sense) -> Ratio:
    """Return the difference in points, positive for an improvement."""
    if isinstance(before, Undefined):
        return Undefined(f"before: {before.en}", f"建设前：{before.zh}")
    if isinstance(after, Undefined):
        return Undefined(f"after: {after.en}", f"建设后：{after.zh}")
    return after - before if sense is Sense.INCREASE else before - after


@dataclass(frozen=True, slots=True)
class Side:
    """The quantity in one period with the rows that it was made of."""

    value: Ratio
    numbers: str
    used: tuple[Record[object], ...]
    notes: tuple[Note, ...] = ()


def level_figures(
    metric: str, before: Side | None, after: Side, *, unit: str, formula: Words
) -> dict[str, RecordFigure]:
    """Return the figures of the two periods, `metric-before` and `metric`."""
    found = {}
    if before is not None:
        found[f"{metric}-before"] = build(
            f"{metric}-before",
            before.value,
            unit=unit,
            formula=formula,
            numbers=before.numbers,
            used=before.used,
            notes=before.notes,
        )
    found[metric] = build(
        metric,
        after.value,
        unit=unit,
        formula=formula,
        numbers=after.numbers,
        used=after.used,
        notes=after.notes,
    )
    return found


def change_figure(
    metric: str,
    before: Side,
    after: Side,
    sense: Sense,
    *,
    formula: Words,
    readings: Sequence[OtherReading] = (),
    notes: Iterable[Note] = (),
    refused: Undefined | None = None,
) -> RecordFigure:
    """Return the figure of the relative change.

    formula: what the quantity is; refused: why the two periods cannot be compared although each is known.
    """
    value = refused or change(before.value, after.value, sense)
    a, b = after.numbers, before.numbers
    how = _FORMULA[sense]
    return build(
        metric,
        value,
        formula=Words(f"{how.zh}；{formula.zh}", f"{how.en}; {formula.en}"),
        numbers=f"({a}) ÷ ({b}) − 1" if sense is Sense.INCREASE else f"1 − ({a}) ÷ ({b})",
        used=(*before.used, *after.used),
        readings=readings,
        notes=tuple(notes),
    )


def points_reading(before: Ratio, after: Ratio, sense: Sense) -> OtherReading:
    """Return the reading "percentage points" of a change of a rate (kpi.md A.7 no. 1, criteria-audit E7)."""
    return OtherReading(
        "points",
        Words("另一读法：百分点之差", "other reading: difference in percentage points"),
        points(before, after, sense),
    )


def quotient_side(
    top: Fraction,
    bottom: Fraction,
    *,
    numbers: str,
    used: Sequence[Record[object]],
    nothing: Undefined,
    notes: Sequence[Note] = (),
) -> Side:
    """Return the quotient as a side of a comparison; undefined with `nothing` if the denominator is 0."""
    value: Ratio = nothing if bottom == 0 else top / bottom
    return Side(value, numbers, tuple(used), tuple(notes))
