"""The kinds of files in `config/schemes/`: documents, schemes, forms, facts, the ambiguity register, coverage."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal, get_args

from pydantic import Field, TypeAdapter

from config.base import ConfigModel
from config.schemes.form_models import FormFileModel
from config.schemes.models import (
    BilingualModel,
    GroupModel,
    Id,
    IncludeModel,
    Item,
    LinkModel,
    ProposalModel,
    RowModel,
    SeedRef,
    Words,
)
from config.schemes.rule_models import (
    CompetenceModel,
    DeadlineModel,
    ExclusiveModel,
    PhotosModel,
    QuotaModel,
    RuleModel,
    SanctionModel,
    SizeModel,
    StatementModel,
    ValidityModel,
    WordLimitModel,
)
from kpi.schemes.document import TermKind
from kpi.schemes.facts import FactKind
from kpi.schemes.scheme import Rule


class TermModel(ConfigModel):
    """How long the document holds."""

    kind: TermKind
    """years, round, draft or not said."""
    zh: str = ""
    """The wording."""
    clause: str = ""
    """Its clause."""
    seed: SeedRef | None = None
    """Where it stands."""
    years: Annotated[int, Field(ge=0)] = 0
    """Years, for the kind years."""
    trial: bool = False
    """Tried out (试行)."""
    last_day: date | None = None
    """Last deadline, for the kind round."""


class DocumentFileModel(ConfigModel):
    """An official text with the rules that it gives."""

    kind: Literal["document"]
    """What the file is."""
    id: Id
    """Unique over all files."""
    number: str = ""
    """As printed; empty = the text has none."""
    title: BilingualModel
    """Title."""
    issuer: BilingualModel
    """Who issued it."""
    seed: SeedRef
    """Where number or title stand."""
    issued: date | None = None
    """Date of issue; none = the text has none."""
    printed: date | None = None
    """Date of printing."""
    term: TermModel
    """How long it holds."""
    basis: tuple[str, ...] = ()
    """Texts that it names as its basis, word for word."""
    notes: tuple[BilingualModel, ...] = ()
    """What a reader must know."""
    proposed: tuple[ProposalModel, ...] = ()
    """What of this is ours."""
    rules: tuple[RuleModel, ...] = ()
    """Rules of the document."""
    groups: tuple[GroupModel, ...] = ()
    """Groups that several schemes include."""


class SchemeFileModel(ConfigModel):
    """A list of criteria."""

    kind: Literal["scheme"]
    """What the file is."""
    id: Id
    """Unique over all files."""
    zh: Words
    """Title."""
    en: Words
    """In English."""
    document: Id
    """The document that it comes from."""
    further_documents: tuple[Id, ...] = ()
    """Documents whose rules hold as well, for example the notice that passes it on."""
    clause: str
    """The clause that lists the criteria."""
    seed: SeedRef
    """Where that clause stands."""
    lead: Words
    """Its lead, word for word."""
    rule: Rule = Rule.ALL
    """How the items combine."""
    proposed: tuple[ProposalModel, ...] = ()
    """What of this is ours."""
    ambiguities: tuple[Id, ...] = ()
    """Entries of the ambiguity register."""
    notes: tuple[BilingualModel, ...] = ()
    """What a reader must know."""
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    """Rows, groups, inclusions."""
    links: tuple[LinkModel, ...] = ()
    """Catalogue of scenes."""


class OptionModel(BilingualModel):
    """One option of a fact."""

    id: Id
    """Unique in its fact."""
    seed: SeedRef | None = None
    """Where the wording stands."""


class FactModel(BilingualModel):
    """A fact that an applicant declares."""

    id: Id
    """Unique."""
    kind: FactKind
    """choice, choices, yes-no, number or date."""
    unit: str = ""
    """Of a number."""
    seed: SeedRef | None = None
    """Where it is asked."""
    options: tuple[OptionModel, ...] = ()
    """Of a choice."""


class FactsCatalogueModel(ConfigModel):
    """The facts that schemes ask for."""

    kind: Literal["facts"]
    """What the file is."""
    facts: tuple[FactModel, ...]
    """The facts."""


class AmbiguityModel(ConfigModel):
    """One wording that can be read in several ways."""

    id: Id
    """Unique."""
    phrase: Words
    """The wording, word for word at each of its seeds."""
    seed: SeedRef
    """Where it stands."""
    readings: Annotated[tuple[OptionModel, ...], Field(min_length=2)]
    """The readings."""
    default: Id | None = None
    """The reading that we use; none = we do not decide."""
    note: BilingualModel | None = None
    """Why."""


class RegisterModel(ConfigModel):
    """The ambiguity register."""

    kind: Literal["ambiguities"]
    """What the file is."""
    ambiguities: tuple[AmbiguityModel, ...]
    """The entries."""


class CoverageEntryModel(ConfigModel):
    """One checkable statement of the official texts and what of the scheme files covers it."""

    no: Annotated[int, Field(ge=1)]
    """Number in the list of statements."""
    at: SeedRef
    """Where it stands."""
    kind: Literal["Q", "C"]
    """Q = with a number, C = another checkable statement."""
    quote: Words
    """Word for word."""
    covers: tuple[Id, ...] = ()
    """Ids of rows, groups, rules, parts, fields, lists, documents."""
    not_evaluated: BilingualModel | None = None
    """Why nothing covers it."""


class CoverageFileModel(ConfigModel):
    """All statements of the official texts."""

    kind: Literal["coverage"]
    """What the file is."""
    entries: tuple[CoverageEntryModel, ...]
    """The statements."""


AnyFile = Annotated[
    DocumentFileModel
    | SchemeFileModel
    | FormFileModel
    | FactsCatalogueModel
    | RegisterModel
    | CoverageFileModel,
    Field(discriminator="kind"),
]
"""One file; `kind` decides which keys it has."""
FILES: Final[TypeAdapter[AnyFile]] = TypeAdapter(AnyFile)
TAGS: Final[dict[str, type[ConfigModel]]] = {
    "row": RowModel,
    "group": GroupModel,
    "include": IncludeModel,
    "document": DocumentFileModel,
    "scheme": SchemeFileModel,
    "form": FormFileModel,
    "facts": FactsCatalogueModel,
    "ambiguities": RegisterModel,
    "coverage": CoverageFileModel,
    **dict.fromkeys(get_args(StatementModel.model_fields["kind"].annotation), StatementModel),
    "validity": ValidityModel,
    "sanction": SanctionModel,
    "mutual exclusion": ExclusiveModel,
    "deadline": DeadlineModel,
    "quota": QuotaModel,
    "competence": CompetenceModel,
    "word limit": WordLimitModel,
    "photos": PhotosModel,
    "enterprise size": SizeModel,
}
"""Which model stands behind each branch name that pydantic puts into the path of a fault."""
