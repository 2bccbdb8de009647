"""Official application forms as data: every cell with its label, unit as printed, limits, and what fills it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from kpi.bilingual import Bilingual
from kpi.schemes.clauses import Condition, Proposal, SourceClass
from kpi.schemes.limits import Photos, TextLimit


class FieldKind(StrEnum):
    """What belongs into a cell."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    CHOICES = "choices"
    YES_NO = "yes-no"
    LIST = "list"
    """Any number of entries."""
    NARRATIVE = "narrative"
    CHAPTER = "chapter"
    TABLE = "table"
    """A table; its columns are the fields that name it as `inside`."""
    PROMISE = "promise"
    ATTACHMENT = "attachment"
    SEAL = "seal"


class Period(StrEnum):
    """Which period a cell is about."""

    BEFORE = "before"
    AFTER = "after"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Choice:
    """One printed box."""

    id: str
    name: Bilingual
    seed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One cell of a form."""

    id: str
    """`FORM.name`."""
    label: str
    verbatim: bool
    en: str
    seed: str
    kind: FieldKind
    unit: str
    """As printed; empty = no unit is printed (E12)."""
    sources: tuple[SourceClass, ...]
    metric: str
    """Metric that fills it, or empty."""
    period: Period | None
    years: tuple[str, ...]
    """Printed years of a cell by year, as printed (`2015`, `....`)."""
    formula: Bilingual | None
    """How the cell follows from others; ours unless the label says it."""
    proposed: tuple[Proposal, ...]
    limit: TextLimit | None
    choices: tuple[Choice, ...]
    photos: Photos | None
    prompt: str
    """What the form asks to be written, verbatim at `prompt_seed`."""
    prompt_seed: str
    optional: bool
    """The form says that it may be left empty (选填)."""
    inside: str
    """Id of the table whose column it is, or empty."""
    when: Condition | None
    note: Bilingual | None


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a form under a printed heading."""

    id: str
    heading: str
    en: str
    seed: str
    when: Condition | None
    fields: tuple[FormField, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form."""

    id: str
    title: str
    en: str
    seed: str
    document: str
    schemes: tuple[str, ...]
    sections: tuple[Section, ...]
    notes: tuple[Bilingual, ...]

    def fields(self) -> Iterator[FormField]:
        """Yield every cell in order."""
        for section in self.sections:
            yield from section.fields
