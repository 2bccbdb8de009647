"""What a document file may hold as rules: one model for each kind that carries figures of its own."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from config.base import ConfigModel
from config.schemes.models import (
    BilingualModel,
    ConditionModel,
    Exact,
    Id,
    MetricId,
    SeedRef,
    WordedModel,
    Words,
)
from kpi.schemes.limits import LimitKind


class PartModel(ConfigModel):
    """One numbered item of a rule."""

    id: Id
    """Unique in its rule."""
    zh: Words
    """The wording."""
    verbatim: bool = True
    """The wording stands word for word at `seed`."""
    en: Words
    """In English."""
    seed: SeedRef
    """Where it stands."""
    when: ConditionModel | None = None
    """The declared fact that makes it apply."""


class AmountModel(ConfigModel):
    """A number that the rule states."""

    id: Id
    """What it is."""
    value: Exact
    """The number."""
    unit: str
    """Its unit, as printed."""


class RuleBaseModel(WordedModel):
    """What every rule has."""

    schemes: tuple[Id, ...] = ()
    """Schemes that it holds for; none = all of the document."""
    parts: tuple[PartModel, ...] = ()
    """Numbered items."""
    amounts: tuple[AmountModel, ...] = ()
    """Numbers that it states."""
    note: BilingualModel | None = None
    """What a reader must know."""


class StatementModel(RuleBaseModel):
    """A rule of words, numbers and numbered items."""

    kind: Literal[
        "frequency", "path", "direct recognition", "priority", "encouraged", "exclusion", "re-review",
        "revocation", "change", "duty", "national pick", "funding", "timing", "submission", "layout",
        "definition", "scope", "example", "interpretation",
    ]  # fmt: skip
    """What it is about."""


class StartModel(ConfigModel):
    """From which day a term runs."""

    when: ConditionModel | None = None
    """In which case."""
    event: Id
    """Fact of kind date."""


class ValidityModel(RuleBaseModel):
    """How long a title holds."""

    kind: Literal["validity"]
    """What it is about."""
    years: Annotated[int, Field(ge=1)]
    """Years."""
    starts: tuple[StartModel, ...] = ()
    """From which day, by case; none = not said."""


class BanModel(ConfigModel):
    """What follows a revocation."""

    causes: Annotated[tuple[Id, ...], Field(min_length=1)]
    """Options of the fact revoked-for."""
    years: Annotated[int, Field(ge=0)]
    """Years without a new application; 0 = none is stated."""
    clawback: bool
    """Reward and plaque are taken back."""


class SanctionModel(RuleBaseModel):
    """Bans after a revocation."""

    kind: Literal["sanction"]
    """What it is about."""
    bans: Annotated[tuple[BanModel, ...], Field(min_length=1)]
    """By cause."""


class ExclusiveModel(RuleBaseModel):
    """Schemes that exclude each other."""

    kind: Literal["mutual exclusion"]
    """What it is about."""
    between: Annotated[tuple[Id, ...], Field(min_length=2)]
    """The schemes."""


class DeadlineModel(RuleBaseModel):
    """A last day."""

    kind: Literal["deadline"]
    """What it is about."""
    last_day: date
    """The day."""
    hour: str = ""
    """The hour, as printed."""


class QuotaLimitModel(ConfigModel):
    """How many one body may recommend."""

    body: BilingualModel
    """Who recommends."""
    what: BilingualModel
    """What is recommended."""
    most: Annotated[int, Field(ge=1)]
    """At most."""


class QuotaModel(RuleBaseModel):
    """Quotas."""

    kind: Literal["quota"]
    """What it is about."""
    limits: Annotated[tuple[QuotaLimitModel, ...], Field(min_length=1)]
    """By body."""


class CompetenceModel(RuleBaseModel):
    """Who decides, by the size of a figure."""

    kind: Literal["competence"]
    """What it is about."""
    metric: MetricId
    """The figure."""
    split: Exact
    """The number that already belongs to the upper body."""
    below: BilingualModel
    """Who decides below it."""
    from_split: BilingualModel
    """Who decides from it on."""


class WordLimitModel(RuleBaseModel):
    """A limit in characters."""

    kind: Literal["word limit"]
    """What it is about."""
    most: Annotated[int, Field(ge=1)]
    """Characters."""
    firmness: LimitKind = LimitKind.AT_MOST
    """at most, about or request."""


class PhotosModel(RuleBaseModel):
    """Photos to be attached."""

    kind: Literal["photos"]
    """What it is about."""
    megapixels: Exact
    """Least size of one."""
    count: Annotated[int, Field(ge=1)]
    """Least number."""


class SizeClassModel(ConfigModel):
    """One class of enterprises."""

    id: Id
    """Option of the fact enterprise-size."""
    employees: tuple[int, int | None]
    """From (included) to (excluded; null = no end)."""
    revenue: tuple[int, int | None]
    """万元, from (included) to (excluded; null = no end)."""
    either: bool = False
    """One of the two is enough (或)."""


class SizeModel(RuleBaseModel):
    """Classes of enterprises."""

    kind: Literal["enterprise size"]
    """What it is about."""
    classes: Annotated[tuple[SizeClassModel, ...], Field(min_length=1)]
    """In the order in which they are tried."""


RuleModel = Annotated[
    StatementModel
    | ValidityModel
    | SanctionModel
    | ExclusiveModel
    | DeadlineModel
    | QuotaModel
    | CompetenceModel
    | WordLimitModel
    | PhotosModel
    | SizeModel,
    Field(discriminator="kind"),
]
"""One rule; `kind` decides which keys it has."""
