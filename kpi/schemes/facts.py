"""Facts that an applicant declares (choices, numbers, dates, lists), and the conditions that rest on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction

from kpi.bilingual import Bilingual
from kpi.schemes.clauses import Condition
from kpi.schemes.enterprise_size import size_of
from kpi.schemes.limits import Photo
from kpi.schemes.rules import SchemeRule, SizeTable
from model.ratio import Undefined


class FactKind(StrEnum):
    """What a fact is."""

    CHOICE = "choice"
    """One of the options."""
    CHOICES = "choices"
    """Any number of the options."""
    YES_NO = "yes-no"
    NUMBER = "number"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class FactOption:
    """One option of a choice."""

    id: str
    name: Bilingual
    seed: str


@dataclass(frozen=True, slots=True)
class FactDefinition:
    """A fact that schemes ask for."""

    id: str
    name: Bilingual
    kind: FactKind
    unit: str
    seed: str
    options: tuple[FactOption, ...]

    def option(self, name: str) -> FactOption | None:
        """Return an option by id."""
        return next((o for o in self.options if o.id == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an applicant declares; nothing of it is measured or proven."""

    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Fact → options; a yes-no fact has `yes` or `no`. An empty tuple = declared: none of them."""
    numbers: Mapping[str, Fraction] = field(default_factory=dict)
    dates: Mapping[str, date] = field(default_factory=dict)
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Group → items that the applicant chose for assessment."""
    checks: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    """Row → entry of its list → whether the applicant has it."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Field or rule with a word limit → text."""
    photos: tuple[Photo, ...] | None = None
    """None = nothing said about photos."""


NO_FACTS = Facts()
"""Nothing is declared."""


def holds(condition: Condition | None, facts: Facts) -> bool | None:
    """Return whether a condition holds; None while its fact is not declared. No condition always holds."""
    if condition is None:
        return True
    declared = facts.choices.get(condition.fact)
    if declared is None:
        return None
    return any(value in condition.values for value in declared)


def with_size(facts: Facts, rules: tuple[SchemeRule, ...]) -> Facts:
    """Return the facts with the class of the enterprise by the table of `rules`, if it can be known from numbers.

    A class that is declared outright is kept.
    """
    table = next((r.terms for r in rules if isinstance(r.terms, SizeTable)), None)
    employees, revenue = facts.numbers.get("employees"), facts.numbers.get("annual-revenue")
    if table is None or employees is None or revenue is None or SIZE in facts.choices:
        return facts
    found = size_of(table, employees, revenue)
    if isinstance(found, Undefined):
        return facts
    return replace(facts, choices={**facts.choices, SIZE: (found,)})


SIZE = "enterprise-size"
