"""A figure that rests on imported records: exact value or reason, formula with the numbers put in, grade, imports.

Records are declared, not measured: the best grade is C, and only when every row that was used names attached originals
(kpi.md D.7, a rule of ours); the type is none that a measured figure has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Generic, TypeVar

from kpi.grades import Letter
from model.ratio import Ratio, Undefined

Row_co = TypeVar("Row_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Record(Generic[Row_co]):
    """One row with its origin."""

    row: Row_co
    line: int
    """Row number in the imported file, from 1."""
    source: str
    """SHA-256 of the manifest of the import, 64 hex digits."""
    originals: bool
    """Whether the row names originals and each of them is attached to the import."""
    simulated: bool = False
    """Whether the plant's data are simulated."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a reader of the figure must know; `code` is a dotted name of ours."""

    code: str
    words: Words


@dataclass(frozen=True, slots=True)
class OtherReading:
    """The figure under another reading of the wording, printed beside the main one and deciding nothing."""

    name: str
    words: Words
    value: Ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFigure:
    """One figure from records."""

    metric: str
    """Metric id; ids of the before period end in `-before`."""
    value: Ratio
    low: Fraction | None = None
    """Lower bound where the readings or the records leave a range; None = the value itself."""
    high: Fraction | None = None
    """Upper bound; None = the value itself."""
    unit: str
    """"1" for a ratio, else the unit as the forms print it."""
    formula: Words
    """Formula in words; a rule of ours unless a source is named in it."""
    numbers: str
    """The formula with the numbers put in; its arithmetic gives `value` exactly. Empty if undefined."""
    readings: tuple[OtherReading, ...] = ()
    notes: tuple[Note, ...] = ()
    grade: Letter
    reason: Words
    """Why this grade."""
    rows: int
    """Number of rows that were used."""
    imports: tuple[str, ...]
    """SHA-256 of the manifests of the imports that were used, sorted."""
    simulated: bool
    """Whether any of them belongs to a plant whose data are simulated: said wherever the figure is printed."""

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the codes of the notes, in order."""
        return tuple(note.code for note in self.notes)


def build(
    metric: str,
    value: Ratio,
    *,
    formula: Words,
    numbers: str,
    used: Iterable[Record[object]],
    unit: str = "1",
    readings: Sequence[OtherReading] = (),
    notes: Sequence[Note] = (),
    bounds: tuple[Fraction, Fraction] | None = None,
) -> RecordFigure:
    """Return the figure with its grade and the imports it rests on."""
    records = list(used)
    letter, reason = grade_of(records)
    return RecordFigure(
        metric=metric,
        value=value,
        low=bounds[0] if bounds else None,
        high=bounds[1] if bounds else None,
        unit=unit,
        formula=formula,
        numbers="" if isinstance(value, Undefined) else numbers,
        readings=tuple(readings),
        notes=tuple(notes),
        grade=letter,
        reason=reason,
        rows=len(records),
        imports=tuple(sorted({r.source for r in records})),
        simulated=any(r.simulated for r in records),
    )


def grade_of(records: Sequence[Record[object]]) -> tuple[Letter, Words]:
    """Return C if every row names attached originals, else D, with the reason."""
    bare = sum(not r.originals for r in records)
    if records and not bare:
        return Letter.C, Words(
            "导入记录，所用各行均附原始凭证",
            "imported records, originals attached for every row used",
        )
    return Letter.D, Words(
        f"仅为申报数据：所用 {len(records)} 行中 {bare} 行没有所附的原始凭证",
        f"declared only: {bare} of {len(records)} rows used have no attached original",
    )


_MOST_DIGITS: Final = 15


def exact(value: Fraction | int) -> str:
    """Return a number as it stands in `numbers`: plain decimal if it ends within 15 digits, else "(n/d)"."""
    value = Fraction(value)
    places = 0
    while places <= _MOST_DIGITS and (value * 10**places).denominator != 1:
        places += 1
    digits = str(abs((value * 10**places).numerator)).rjust(places + 1, "0")
    if places > _MOST_DIGITS or len(digits) > _MOST_DIGITS:
        return f"({value.numerator}/{value.denominator})" if value.denominator != 1 else str(value)
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"(−{text})" if value < 0 else text


def total(values: Sequence[Fraction | int]) -> str:
    """Return a sum as it stands in `numbers`: the terms if there are at most four, else the sum of so many terms."""
    if len(values) == 1:
        return exact(values[0])
    if len(values) <= 4:
        return "(" + " + ".join(exact(v) for v in values) + ")"
    return exact(sum(values, Fraction(0)))


def missing(zh: str, en: str) -> Undefined:
    """Return the reason why a figure cannot be known; Chinese first as in the rest of this part."""
    return Undefined(en, zh)


def median(values: Sequence[int]) -> Fraction | None:
    """Return the median, the mean of the two middle values for an even number; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return Fraction(ordered[middle])
    return Fraction(ordered[middle - 1] + ordered[middle], 2)
