"""What speaks against a comparison: named objects with a sentence and the numbers that caused it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from kpi.display import percent_text

Number = int | Fraction | str | date
"""A number (or a name, or a date) behind a finding."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence in both languages."""

    zh: str
    en: str


class Severity(StrEnum):
    """How much a finding takes away."""

    NOTE = "note"
    """Printed; takes nothing away."""
    WARN = "warn"
    """Printed with the result; may lower the word or the grade."""
    DISQUALIFY = "disqualify"
    """There is no result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding.

    lowers_word: the word is at best `pass, point only` (U10). lowers_grade: a grade A becomes B (D.7).
    """

    name: str
    """Dotted, stable: the part before the first dot is the subject."""
    severity: Severity
    text: Sentence
    numbers: tuple[tuple[str, Number], ...] = ()
    lowers_word: bool = False
    lowers_grade: bool = False

    @property
    def subject(self) -> str:
        """Return the part of the name before the first dot."""
        return self.name.partition(".")[0]


def note(name: str, zh: str, en: str, **numbers: Number) -> Finding:
    """Return a finding that is only printed."""
    return _finding(name, Severity.NOTE, zh, en, numbers)


def warn(
    name: str,
    zh: str,
    en: str,
    *,
    lowers_word: bool = False,
    lowers_grade: bool = False,
    **numbers: Number,
) -> Finding:
    """Return a warning."""
    found = _finding(name, Severity.WARN, zh, en, numbers)
    return Finding(
        name=name,
        severity=Severity.WARN,
        text=found.text,
        numbers=found.numbers,
        lowers_word=lowers_word,
        lowers_grade=lowers_grade,
    )


def disqualify(name: str, zh: str, en: str, **numbers: Number) -> Finding:
    """Return a finding that leaves no result."""
    return _finding(name, Severity.DISQUALIFY, zh, en, numbers)


def disqualified(findings: Iterable[Finding]) -> bool:
    """Return whether any finding leaves no result."""
    return any(f.severity is Severity.DISQUALIFY for f in findings)


def percent(value: Fraction) -> str:
    """Return a share as percent with one decimal, for a sentence; the exact number stands beside it."""
    return f"{percent_text(value)} %"


def _finding(
    name: str, severity: Severity, zh: str, en: str, numbers: dict[str, Number]
) -> Finding:
    return Finding(
        name=name, severity=severity, text=Sentence(zh, en), numbers=tuple(numbers.items())
    )
