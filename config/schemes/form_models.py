"""What a form file may hold: sections and cells of an official form."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from config.base import ConfigModel
from config.schemes.models import (
    BilingualModel,
    ConditionModel,
    Exact,
    Id,
    MetricId,
    ProposalModel,
    SeedRef,
    Words,
)
from kpi.schemes.clauses import SourceClass
from kpi.schemes.forms import FieldKind, Period
from kpi.schemes.limits import LimitKind


class ChoiceModel(BilingualModel):
    """One printed box."""

    id: Id
    """Unique in its cell."""
    seed: SeedRef | None = None
    """Where it stands, if not where the cell stands."""


class LimitModel(ConfigModel):
    """A limit in characters."""

    most: Annotated[int, Field(ge=1)]
    """Characters."""
    firmness: LimitKind = LimitKind.AT_MOST
    """at most, about or request."""


class FieldPhotosModel(ConfigModel):
    """Photos that belong to an attachment."""

    megapixels: Exact
    """Least size of one."""
    count: Annotated[int, Field(ge=1)]
    """Least number."""


class FieldModel(ConfigModel):
    """One cell."""

    id: Id
    """Unique in its form; the full id is FORM.id."""
    zh: Words
    """The label."""
    verbatim: bool = True
    """The label stands word for word at `seed`."""
    en: Words
    """In English."""
    seed: SeedRef
    """Where the label stands."""
    kind: FieldKind
    """What belongs into it."""
    unit: str = ""
    """As printed; empty = none is printed."""
    source: tuple[SourceClass, ...] = ()
    """Who can know it."""
    metric: MetricId | None = None
    """Metric that fills it."""
    period: Period | None = None
    """before, after or change."""
    years: tuple[str, ...] = ()
    """Printed years, as printed."""
    formula: BilingualModel | None = None
    """How it follows from other cells."""
    proposed: tuple[ProposalModel, ...] = ()
    """What of it is ours."""
    limit: LimitModel | None = None
    """Characters."""
    choices: tuple[ChoiceModel, ...] = ()
    """Printed boxes."""
    photos: FieldPhotosModel | None = None
    """Photos that are asked."""
    prompt: str = ""
    """What the form asks to be written, word for word."""
    prompt_seed: SeedRef | None = None
    """Where the prompt stands."""
    optional: bool = False
    """The form says that it may stay empty."""
    inside: Id | None = None
    """The table whose column it is."""
    when: ConditionModel | None = None
    """Asked only if this holds."""
    note: BilingualModel | None = None
    """What a filler must know."""


class SectionModel(ConfigModel):
    """A part of a form under a printed heading."""

    id: Id
    """Unique in its form."""
    zh: Words
    """The heading, word for word."""
    en: Words
    """In English."""
    seed: SeedRef
    """Where it stands."""
    when: ConditionModel | None = None
    """Asked only if this holds."""
    fields: Annotated[tuple[FieldModel, ...], Field(min_length=1)]
    """Cells in their order."""


class FormFileModel(ConfigModel):
    """A form."""

    kind: Literal["form"]
    """What the file is."""
    id: Id
    """Unique over all files."""
    zh: Words
    """Title, word for word."""
    en: Words
    """In English."""
    seed: SeedRef
    """Where the title stands."""
    document: Id
    """The document that it belongs to."""
    schemes: Annotated[tuple[Id, ...], Field(min_length=1)]
    """The schemes that it applies for."""
    notes: tuple[BilingualModel, ...] = ()
    """What a reader must know."""
    sections: Annotated[tuple[SectionModel, ...], Field(min_length=1)]
    """In their order."""
