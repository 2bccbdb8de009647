"""Rows of certification schemes as data: what a clause says, what decides it, and which parts of that are ours."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from kpi.bilingual import Bilingual
from kpi.grades import Letter


class SourceClass(StrEnum):
    """Who can know a row: the criteria's own classes (kpi.md A.0)."""

    MEASURED = "M"
    REGISTRY = "R"
    IMPORTED = "I"
    NARRATIVE = "N"
    PROOF = "P"


class Operator(StrEnum):
    """Comparison of a figure with its threshold; 以上, 达到 and a bare number after 提高 are read as `>=` (A.0, E6)."""

    AT_LEAST = ">="
    MORE_THAN = ">"
    AT_MOST = "<="
    LESS_THAN = "<"
    EQUAL = "=="


class Part(StrEnum):
    """What of a row, group, rule or field is ours because no official text says it ([PROP])."""

    OPERATOR = "operator"
    THRESHOLD = "threshold"
    FORMULA = "formula"
    BASE = "base"
    GROUPING = "grouping"
    CONDITION = "condition"
    DATE = "date"
    EVIDENCE = "evidence"


class Decision(StrEnum):
    """Which readings of an ambiguous row decide it."""

    DEFAULT = "default"
    """The row's own target; the alternatives are printed beside it."""
    UNANIMOUS = "unanimous"
    """All readings must agree, else the row is undetermined (A.7 no. 3)."""


class ListRule(StrEnum):
    """How many entries of a checkable list the text asks for."""

    ALL = "all"
    ONE_OF = "one_of"


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure must reach, as an exact number (10 % = 1/10)."""

    metric: str
    operator: Operator
    threshold: Fraction
    unit: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A part that is ours, with the reason; printed as our rule."""

    what: Part
    reason: Bilingual


@dataclass(frozen=True, slots=True)
class Condition:
    """A declared fact with one of some values; a row or group with it counts only if it holds."""

    fact: str
    name: Bilingual
    """Of the fact, for the reason that is printed."""
    values: tuple[str, ...]
    """Ids of options; `yes` or `no` for a yes-no fact."""


@dataclass(frozen=True, slots=True)
class ListItem:
    """One entry of a checkable list."""

    id: str
    name: Bilingual


@dataclass(frozen=True, slots=True)
class Checklist:
    """What a clause enumerates, so that an applicant can declare it entry by entry; experts judge it."""

    rule: ListRule
    open: bool
    """The text ends in 等: the list is not complete."""
    items: tuple[ListItem, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reading of a row that can be computed."""

    reading: str
    """Id in the ambiguity register, like `AMB-02.ratio`."""
    target: Target | None
    """The target under this reading; None if `points_of` decides."""
    points_of: str = ""
    """A ratio metric whose difference before → after, in percentage points, is compared; or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One row of a scheme."""

    id: str
    clause: str
    """Number of the clause in the document, as printed there."""
    zh: str
    """The wording."""
    verbatim: bool
    """`zh` stands word for word at `seed`; only then it may be printed in quotation marks (E16)."""
    en: str
    seed: str
    """File and line of the wording in the text that was read."""
    sources: tuple[SourceClass, ...]
    """The last one says who must provide what no figure decides."""
    target: Target | None
    """None = nothing that a number decides: people judge."""
    beside: tuple[str, ...]
    """Metrics printed beside the row without deciding it."""
    grade: Letter
    """Best evidence grade that the row can reach."""
    base: Bilingual | None
    """What a change is compared with, or that the text does not say it; None for a row that compares nothing."""
    reading: Bilingual | None
    """How the wording is read, printed with the row."""
    proposed: tuple[Proposal, ...]
    ambiguities: tuple[str, ...]
    """Ids of the ambiguity register that this row stands under."""
    alternatives: tuple[Alternative, ...]
    decision: Decision
    checklist: Checklist | None
    when: Condition | None
    optional: bool
    """The text lets the applicant leave it out; it is printed and never counts."""

    @property
    def wording(self) -> str:
        """Return the wording as printed: in quotation marks only if it is verbatim."""
        return f"「{self.zh}」" if self.verbatim else self.zh
