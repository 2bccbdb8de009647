"""Rules around a scheme as data: how it is applied for, who is barred, how long it holds, what must be handed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from kpi.bilingual import Bilingual
from kpi.schemes.clauses import Condition, Proposal
from kpi.schemes.limits import Photos, TextLimit


class RuleKind(StrEnum):
    """What a rule is about."""

    FREQUENCY = "frequency"
    PATH = "path"
    DIRECT = "direct recognition"
    PRIORITY = "priority"
    ENCOURAGED = "encouraged"
    EXCLUSION = "exclusion"
    MUTUAL_EXCLUSION = "mutual exclusion"
    RE_REVIEW = "re-review"
    REVOCATION = "revocation"
    SANCTION = "sanction"
    CHANGE = "change"
    DUTY = "duty"
    PICK = "national pick"
    VALIDITY = "validity"
    FUNDING = "funding"
    TIMING = "timing"
    QUOTA = "quota"
    DEADLINE = "deadline"
    SUBMISSION = "submission"
    LAYOUT = "layout"
    COMPETENCE = "competence"
    WORD_LIMIT = "word limit"
    PHOTOS = "photos"
    SIZE = "enterprise size"
    DEFINITION = "definition"
    SCOPE = "scope"
    EXAMPLE = "example"
    INTERPRETATION = "interpretation"


@dataclass(frozen=True, slots=True)
class RulePart:
    """One numbered item of a rule: a cause, a title, a step."""

    id: str
    zh: str
    verbatim: bool
    en: str
    seed: str
    when: Condition | None
    """The declared fact that makes it apply; None = it only informs."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number that a rule states."""

    id: str
    value: Fraction
    unit: str


@dataclass(frozen=True, slots=True)
class ValidityStart:
    """From which day a term runs, by case."""

    when: Condition | None
    event: str
    """Fact of kind date."""


@dataclass(frozen=True, slots=True)
class Validity:
    """A title holds so many years."""

    years: int
    starts: tuple[ValidityStart, ...]


@dataclass(frozen=True, slots=True)
class Ban:
    """What follows a revocation for some causes."""

    causes: tuple[str, ...]
    """Options of the fact `revoked-for`."""
    years: int
    """Years without a new application; 0 = none is stated."""
    clawback: bool
    """Reward and plaque are taken back."""


@dataclass(frozen=True, slots=True)
class Sanction:
    """Bans by cause of revocation."""

    bans: tuple[Ban, ...]


@dataclass(frozen=True, slots=True)
class Exclusive:
    """Schemes that one applicant cannot apply for together."""

    schemes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deadline:
    """Last day (and hour, as printed) of a step."""

    last_day: date
    hour: str


@dataclass(frozen=True, slots=True)
class QuotaLimit:
    """How many applications one body may recommend."""

    body: Bilingual
    what: Bilingual
    most: int


@dataclass(frozen=True, slots=True)
class Quota:
    """Limits by recommending body."""

    limits: tuple[QuotaLimit, ...]


@dataclass(frozen=True, slots=True)
class Competence:
    """Who decides, by the size of a figure; the split itself belongs to the upper body."""

    metric: str
    split: Fraction
    below: Bilingual
    from_split: Bilingual


@dataclass(frozen=True, slots=True)
class SizeClass:
    """One class of enterprises: half-open ranges, None = no upper end."""

    id: str
    employees: tuple[int, int | None]
    revenue: tuple[int, int | None]
    """万元."""
    either: bool
    """One of the two ranges is enough (或)."""


@dataclass(frozen=True, slots=True)
class SizeTable:
    """Classes of enterprises by employees and revenue."""

    classes: tuple[SizeClass, ...]


Terms = (
    Validity | Sanction | Exclusive | Deadline | Quota | Competence | TextLimit | Photos | SizeTable
)
"""What the evaluated kinds of rules carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeRule:
    """One rule of a document."""

    id: str
    kind: RuleKind
    clause: str
    zh: str
    verbatim: bool
    en: str
    seed: str
    schemes: tuple[str, ...]
    """Schemes that it holds for; empty = all of its document."""
    parts: tuple[RulePart, ...] = ()
    amounts: tuple[Amount, ...] = ()
    terms: Terms | None = None
    when: Condition | None = None
    proposed: tuple[Proposal, ...] = ()
    ambiguities: tuple[str, ...] = ()
    note: Bilingual | None = None

    @property
    def wording(self) -> str:
        """Return the wording as printed: in quotation marks only if it is verbatim."""
        return f"「{self.zh}」" if self.verbatim else self.zh
