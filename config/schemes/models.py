"""What a scheme file may hold about criteria: rows, groups and the small parts that they share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, WithJsonSchema

from config.base import ConfigModel, ExactNumber
from kpi.grades import Letter
from kpi.schemes.clauses import Decision, ListRule, Operator, Part, SourceClass
from kpi.schemes.scheme import Rule

Id = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9.-]*$", max_length=60)]
"""Letters, digits, hyphens and dots."""
MetricId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
"""A metric of the catalogue (kpi/metrics.py): lower-case with hyphens."""
SeedRef = Annotated[
    str,
    Field(pattern=r"^[\w.-]+:[0-9]+(-[0-9]+)?(, [\w.-]+:[0-9]+(-[0-9]+)?)*$", max_length=200),
]
"""Where the wording stands: `text:line` or `text:first-last`, several separated by a comma."""
Exact = Annotated[ExactNumber, WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}]})]
"""An exact number: 50, 0.5 or 1/3."""
Words = Annotated[str, Field(min_length=1, max_length=4000)]


class BilingualModel(ConfigModel):
    """A text in both languages."""

    zh: Words
    """Chinese."""
    en: Words
    """English."""


class ProposalModel(BilingualModel):
    """A part that is ours because no official text says it, with the reason."""

    what: Part
    """Which part."""


class ConditionModel(ConfigModel):
    """Counts only if a declared fact has one of these values."""

    fact: Id
    """A fact of the catalogue (facts.yaml)."""
    values: Annotated[tuple[Id, ...], Field(alias="is", min_length=1)]
    """Options of the fact; yes or no for a yes-no fact."""


class ListItemModel(BilingualModel):
    """One entry of a checkable list."""

    id: Id
    """Unique in its list."""


class ChecklistModel(ConfigModel):
    """What the clause enumerates."""

    rule: ListRule = ListRule.ALL
    """all or one_of."""
    open: bool = False
    """The text ends in 等: more may belong to it."""
    items: Annotated[tuple[ListItemModel, ...], Field(min_length=1)]
    """The entries."""


class AlternativeModel(ConfigModel):
    """Another reading that can be computed; what is not given is that of the row."""

    reading: Id
    """Ambiguity and reading, like AMB-02.ratio."""
    metric: MetricId | None = None
    """The metric under this reading."""
    threshold: Exact | None = None
    """The threshold under this reading."""
    points_of: MetricId | None = None
    """A ratio metric: its difference before → after in percentage points is compared."""


class WordedModel(ConfigModel):
    """What every worded thing has."""

    id: Id
    """Unique over all files."""
    clause: str = ""
    """Number of the clause, as printed."""
    zh: Words
    """The wording."""
    verbatim: bool = True
    """The wording stands word for word at `seed`; false = ours, never printed in quotation marks."""
    en: Words
    """In English."""
    seed: SeedRef
    """Where the wording stands."""
    proposed: tuple[ProposalModel, ...] = ()
    """What of it is ours."""
    ambiguities: tuple[Id, ...] = ()
    """Entries of the ambiguity register that it stands under."""
    when: ConditionModel | None = None
    """Counts only if this holds."""


class RowModel(WordedModel):
    """One row: what a number or a person decides."""

    source: Annotated[tuple[SourceClass, ...], Field(min_length=1)]
    """M measured, R registry, I imported records, N narrative, P proof; the last one says who must provide it."""
    metric: MetricId | None = None
    """Metric that decides the row; without it people judge."""
    operator: Operator | None = None
    """Comparison with the threshold."""
    threshold: Exact | None = None
    """In the unit: 90 with "%" is 9/10."""
    unit: str | None = None
    """Unit of the threshold."""
    beside: tuple[MetricId, ...] = ()
    """Metrics printed beside the row without deciding it."""
    grade: Letter
    """Best evidence grade that the row can reach."""
    base: BilingualModel | None = None
    """What a change is compared with, or that the text does not say it."""
    reading: BilingualModel | None = None
    """How the wording is read."""
    alternatives: tuple[AlternativeModel, ...] = ()
    """Other readings that can be computed."""
    decision: Decision = Decision.DEFAULT
    """default = the row's own target decides; unanimous = all readings must agree."""
    checklist: Annotated[ChecklistModel | None, Field(alias="list")] = None
    """What the clause enumerates."""
    optional: bool = False
    """May be left out; never counts."""


class IncludeModel(ConfigModel):
    """A group that another file defines."""

    include: Id
    """Id of the group."""


def _kind_of_item(value: Any) -> str:
    keys = value if isinstance(value, dict) else vars(value) if hasattr(value, "__dict__") else {}
    if "include" in keys:
        return "include"
    return "group" if "items" in keys or "rule" in keys else "row"


Item = Annotated[
    Annotated[RowModel, Tag("row")]
    | Annotated["GroupModel", Tag("group")]
    | Annotated[IncludeModel, Tag("include")],
    Discriminator(_kind_of_item),
]
"""A row, a group (it has `rule` and `items`) or an inclusion."""


class GroupModel(WordedModel):
    """Rows and groups under one rule."""

    rule: Rule
    """all, one_of, k_of_n or weighed."""
    k: Annotated[int | None, Field(ge=1)] = None
    """Items that must pass, for k_of_n."""
    mandatory: tuple[Id, ...] = ()
    """Items that must be among them."""
    selection: Literal["declared", "any"] = "any"
    """declared = the applicant chooses the items that are assessed."""
    note: BilingualModel | None = None
    """What a reader must know."""
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    """Rows, groups, inclusions."""


class SceneModel(BilingualModel):
    """One scene."""

    number: Annotated[int, Field(ge=1)]
    """Official number."""
    seed: SeedRef
    """Where the name stands."""
    evidence: Literal["main", "part", "none"] = "none"
    """How much of it machine data can show (ours)."""
    why: BilingualModel | None = None
    """Which part, from what data."""


class LinkModel(BilingualModel):
    """One link (环节) with its scenes."""

    number: Annotated[int, Field(ge=1)]
    """Official number."""
    seed: SeedRef
    """Where the name stands."""
    scenes: tuple[SceneModel, ...]
    """Scenes of the link."""


GroupModel.model_rebuild()
