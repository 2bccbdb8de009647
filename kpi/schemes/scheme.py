"""A certification scheme as data: groups of rows with their rule, scenes, rules and the document they come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from kpi.bilingual import Bilingual
from kpi.schemes.clauses import Clause, Condition, Proposal
from kpi.schemes.document import Document
from kpi.schemes.rules import SchemeRule


class Rule(StrEnum):
    """How the items of a group combine."""

    ALL = "all"
    ONE_OF = "one_of"
    K_OF_N = "k_of_n"
    WEIGHED = "weighed"
    """Experts weigh the whole (综合评价); no number of items is asked, so it is never computed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Items under one rule; an item is a row or a group."""

    id: str
    clause: str
    zh: str
    verbatim: bool
    en: str
    seed: str
    rule: Rule
    k: int
    """Items that must pass under `k_of_n`, else 0."""
    mandatory: frozenset[str]
    declared: bool
    """The applicant chooses the k items that are assessed (E25)."""
    items: tuple[Clause | Group, ...]
    proposed: tuple[Proposal, ...] = ()
    ambiguities: tuple[str, ...] = ()
    when: Condition | None = None
    note: Bilingual | None = None

    @property
    def wording(self) -> str:
        """Return the wording as printed: in quotation marks only if it is verbatim."""
        return f"「{self.zh}」" if self.verbatim else self.zh

    def rows(self) -> Iterator[Clause]:
        """Yield every row below, in order."""
        for item in self.items:
            if isinstance(item, Group):
                yield from item.rows()
            else:
                yield item

    def groups(self) -> Iterator[Group]:
        """Yield this group and every group below, in order."""
        yield self
        for item in self.items:
            if isinstance(item, Group):
                yield from item.groups()


class MachineEvidence(StrEnum):
    """How much of a scene machine data can show ([PROP])."""

    MAIN = "main"
    """What the scene is mainly about."""
    PART = "part"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene of the reference guide under its official number and name."""

    number: int
    name: Bilingual
    seed: str
    evidence: MachineEvidence
    why: Bilingual | None
    """Which part, and from what data; None for `none`."""


@dataclass(frozen=True, slots=True)
class Link:
    """One link (环节) with its scenes."""

    number: int
    name: Bilingual
    seed: str
    scenes: tuple[Scene, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """What an applicant is judged by."""

    id: str
    zh: str
    en: str
    source: Document
    root: Group
    rules: tuple[SchemeRule, ...]
    links: tuple[Link, ...] = ()
    notes: tuple[Bilingual, ...] = ()

    @property
    def document(self) -> str:
        """Return the number of the document, like 渝经信发〔2018〕22号."""
        return self.source.name

    @property
    def clause(self) -> str:
        """Return the clause that lists the criteria."""
        return self.root.clause

    @property
    def rows(self) -> tuple[Clause, ...]:
        """Return every row, in order."""
        return tuple(self.root.rows())
