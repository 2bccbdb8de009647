"""The official text behind a scheme, and whether it is in force on a date that the caller passes."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from kpi.bilingual import Bilingual
from kpi.schemes.clauses import Proposal


class TermKind(StrEnum):
    """What the text says about how long it holds."""

    YEARS = "years"
    """A number of years from its date."""
    ROUND = "round"
    """A notice for one round of applications; it is over after the last deadline."""
    DRAFT = "draft"
    """For comment; it has no date and has not come into force."""
    NOT_SAID = "not said"


class Force(StrEnum):
    """State of a document on a date."""

    IN_FORCE = "in force"
    NOT_YET = "not yet"
    EXPIRED = "expired"
    ROUND_OVER = "round over"
    DRAFT = "draft"
    NOT_SAID = "not said"


@dataclass(frozen=True, slots=True)
class Term:
    """How long a document holds."""

    kind: TermKind
    zh: str
    """The wording, or empty if nothing is said."""
    clause: str
    seed: str
    years: int = 0
    trial: bool = False
    last_day: date | None = None
    """Last deadline of a round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One official text."""

    id: str
    number: str
    """As printed, like 渝经信发〔2018〕22号; empty if the text has none."""
    title: Bilingual
    issuer: Bilingual
    seed: str
    issued: date | None
    printed: date | None
    """Date of printing by the office, where it differs from the date of issue."""
    term: Term
    basis: tuple[str, ...]
    """Texts that it rests on, as it names them."""
    notes: tuple[Bilingual, ...]
    proposed: tuple[Proposal, ...]

    @property
    def name(self) -> str:
        """Return the number, or the title where there is none."""
        return self.number or self.title.zh


@dataclass(frozen=True, slots=True)
class ForceStatus:
    """Whether a document is in force on a date, until when, and what to say about it."""

    force: Force
    until: date | None
    text: Bilingual


_ASK: Final = Bilingual(
    "是否已延期或被新文件替代，本程序无从得知，请以主管部门答复为准",
    "whether it was prolonged or replaced is not known here: ask the authority",
)


def years_later(day: date, years: int) -> date:
    """Return the last day of a term of years that starts on `day`: the same date, or the last day of that month.

    Source: Civil Code art. 201, 202 (the first day does not count; without a corresponding date the month's last day).
    """
    year = day.year + years
    return date(year, day.month, min(day.day, monthrange(year, day.month)[1]))


def force_of(document: Document, on: date) -> ForceStatus:
    """Return the state of a document on a date."""
    term = document.term
    if term.kind is TermKind.DRAFT:
        return ForceStatus(
            Force.DRAFT,
            None,
            Bilingual(
                "征求意见稿，未生效；定稿可能不同",
                "draft for comment, not in force; the final text may differ",
            ),
        )
    if document.issued is not None and on < document.issued:
        return ForceStatus(
            Force.NOT_YET,
            None,
            Bilingual(f"{on} 时尚未发布", f"not issued yet on {on}"),
        )
    match term.kind:
        case TermKind.YEARS if document.issued is not None:
            return _years(document, document.issued, on)
        case TermKind.ROUND if term.last_day is not None:
            return _round(document, term.last_day, on)
        case _:
            return ForceStatus(
                Force.NOT_SAID,
                None,
                Bilingual(f"文本未写有效期；{_ASK.zh}", f"the text names no term; {_ASK.en}"),
            )


def _years(document: Document, issued: date, on: date) -> ForceStatus:
    term = document.term
    until = years_later(issued, term.years)
    kind = ("试行期", "trial") if term.trial else ("有效期", "term")
    said = Bilingual(
        f"{kind[0]} {term.years} 年（{term.clause}），自 {issued} 至 {until}",
        f"{kind[1]} of {term.years} years ({term.clause}), {issued} to {until}",
    )
    if on <= until:
        return ForceStatus(Force.IN_FORCE, until, said)
    return ForceStatus(
        Force.EXPIRED,
        until,
        Bilingual(
            f"{said.zh}；按文本 {on} 已过期，{_ASK.zh}",
            f"{said.en}; by its text over on {on}; {_ASK.en}",
        ),
    )


def _round(document: Document, last_day: date, on: date) -> ForceStatus:
    if on > last_day:
        return ForceStatus(
            Force.ROUND_OVER,
            last_day,
            Bilingual(
                f"本轮申报已于 {last_day} 截止；新一轮以主管部门通知为准",
                f"this round ended on {last_day}; a new one needs a new notice of the authority",
            ),
        )
    if document.issued is None:
        return ForceStatus(
            Force.NOT_SAID,
            last_day,
            Bilingual(
                f"本轮申报至 {last_day}；所读文本没有发布日期，{on} 时是否已发布无从得知",
                f"this round ends on {last_day}; without a date of issue nobody knows whether it was out on {on}",
            ),
        )
    return ForceStatus(
        Force.IN_FORCE,
        last_day,
        Bilingual(f"本轮申报至 {last_day}", f"this round ends on {last_day}"),
    )
