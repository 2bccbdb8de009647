"""Verdicts of rows, groups, rules and whole schemes, and how many of each there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import comb

from kpi.bilingual import Bilingual
from kpi.grades import Origin
from kpi.schemes.clauses import Alternative, Clause
from kpi.schemes.document import ForceStatus
from kpi.schemes.figures import Figure
from kpi.schemes.logic import Verdict
from kpi.schemes.rules import RulePart, SchemeRule
from kpi.schemes.scheme import Group, Scheme


class Answer(StrEnum):
    """What is said about one row."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    POINT_ONLY = "pass, point only"
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"
    UNDETERMINED = "undetermined"
    """There is a figure, and it does not decide."""
    NOT_EVALUATED = "not evaluated"
    """Only people can judge it, or nobody has given the figure."""
    NOT_APPLICABLE = "not applicable"
    """Its condition does not hold."""
    NOT_CHOSEN = "not chosen"
    """The applicant chose other items of the group."""

    @property
    def verdict(self) -> Verdict | None:
        """Return what it counts for in three-valued logic; None = it does not take part."""
        match self:
            case Answer.PASS:
                return Verdict.PASS
            case Answer.FAIL:
                return Verdict.FAIL
            case Answer.NOT_APPLICABLE | Answer.NOT_CHOSEN:
                return None
            case _:
                return Verdict.UNDETERMINED


@dataclass(frozen=True, slots=True)
class Judged:
    """What a figure says to one target."""

    answer: Answer
    reason: Bilingual | None
    """None where the numbers speak."""
    figure: str
    """Name of the figure that was used, or empty."""
    known: Figure | None


@dataclass(frozen=True, slots=True)
class ReadingVerdict:
    """What another reading of the same row would say."""

    alternative: Alternative
    judged: Judged
    value: Fraction | None


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """Verdict of one row."""

    row: Clause
    answer: Answer
    reason: Bilingual | None
    figure: str = ""
    """Name of the figure that decides it, or empty."""
    known: Figure | None = None
    readings: tuple[ReadingVerdict, ...] = ()
    optional: bool = False
    """The row may be left out; it never counts."""

    @property
    def verdict(self) -> Verdict | None:
        """Return what the row counts for; None = it does not take part."""
        return None if self.optional else self.answer.verdict


@dataclass(frozen=True, slots=True)
class Combination:
    """How many items of a group are asked, which were chosen, and how those stand."""

    k: int
    chosen: tuple[str, ...] | None
    """Items that the applicant declared; None = none declared, any k that pass would do."""
    of: int
    mandatory: tuple[str, ...]
    passed: int
    failed: int
    open: int

    @property
    def possible(self) -> int:
        """Return how many ways there are to choose the k items with the mandatory ones among them."""
        return comb(self.of - len(self.mandatory), self.k - len(self.mandatory))


@dataclass(frozen=True, slots=True)
class GroupVerdict:
    """Verdict of a group and of everything below it."""

    group: Group
    verdict: Verdict | None
    """None = it does not take part."""
    answer: Answer
    reason: Bilingual | None
    items: tuple[RowVerdict | GroupVerdict, ...]
    combination: Combination | None

    def rows(self) -> Iterator[RowVerdict]:
        """Yield the verdict of every row below, in order."""
        for item in self.items:
            if isinstance(item, GroupVerdict):
                yield from item.rows()
            else:
                yield item

    def counted(self) -> Iterator[RowVerdict]:
        """Yield the verdict of every row below whose groups all take part, in order."""
        if self.answer in (Answer.NOT_APPLICABLE, Answer.NOT_CHOSEN):
            return
        for item in self.items:
            if isinstance(item, GroupVerdict):
                yield from item.counted()
            else:
                yield item

    def groups(self) -> Iterator[GroupVerdict]:
        """Yield this and the verdict of every group below, in order."""
        yield self
        for item in self.items:
            if isinstance(item, GroupVerdict):
                yield from item.groups()


class RuleState(StrEnum):
    """What is said about one rule."""

    INFORMS = "informs"
    """Nothing to evaluate."""
    APPLIES = "applies"
    DOES_NOT_APPLY = "does not apply"
    BARS = "bars"
    """By its own declaration the applicant may not apply."""
    CLEAR = "clear"
    """By its own declaration nothing bars the applicant."""
    MET = "met"
    NOT_MET = "not met"
    OVER = "over"
    """A deadline that has passed."""
    OPEN = "open"
    """A fact that it needs is not declared."""


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """Answer of one rule to the declared facts."""

    rule: SchemeRule
    state: RuleState
    text: Bilingual | None
    parts: tuple[RulePart, ...] = ()
    """The parts that hold by declaration."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows were passed, failed and left open, and by what."""

    passed: Mapping[Origin, int]
    failed: Mapping[Origin, int]
    undetermined: int
    """A figure is there and does not decide."""
    no_figure: int
    """A number would decide; nobody gave it."""
    people: int
    """Only people can judge."""
    left_out: int
    """Not applicable, not chosen or optional."""

    @property
    def open(self) -> int:
        """Return the rows that are neither passed nor failed."""
        return self.undetermined + self.no_figure + self.people


@dataclass(frozen=True, slots=True)
class SchemeVerdict:
    """Verdict of a scheme, of each group, row and rule."""

    scheme: Scheme
    verdict: Verdict
    reason: Bilingual | None
    """Why the verdict differs from that of the criteria (barred, direct recognition); None = it does not."""
    root: GroupVerdict
    rules: tuple[RuleAnswer, ...]
    tally: Tally
    force: ForceStatus | None
    """None = no date was passed."""

    @property
    def rows(self) -> tuple[RowVerdict, ...]:
        """Return the verdict of every row, in order."""
        return tuple(self.root.rows())

    @property
    def combinations(self) -> tuple[tuple[GroupVerdict, Combination], ...]:
        """Return every group of which a number of items is asked."""
        return tuple((g, g.combination) for g in self.root.groups() if g.combination is not None)
