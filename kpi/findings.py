"""What must be known about a figure although it was computed: a sentence, the things concerned, the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction

from kpi.bilingual import Bilingual
from kpi.display import percent_text

Number = int | Fraction | str | date
"""A number (or a name, or a date) behind a finding."""


class Severity(StrEnum):
    """How much a finding takes away; none changes a figure by itself."""

    NOTE = "note"
    """Printed; takes nothing away: a choice, a change, something that could not be tested."""
    WARN = "warn"
    """A way in which the figure could be embellished, or a contradiction; may lower the word or the grade."""
    DISQUALIFY = "disqualify"
    """There is no result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding.

    lowers_word: the word is at best `pass, point only` (U10). lowers_grade: a grade A becomes B (D.7).
    """

    name: str
    """Dotted, stable, lower case: the part before the first dot is the topic."""
    severity: Severity
    text: Bilingual
    subjects: tuple[str, ...] = ()
    """Ids of assets, points, meters …, in the order of the numbers."""
    numbers: Mapping[str, Number] = field(default_factory=dict)
    lowers_word: bool = False
    lowers_grade: bool = False


def note(name: str, zh: str, en: str, subjects: tuple[str, ...] = (), **numbers: Number) -> Finding:
    """Return a finding that is only printed."""
    return Finding(
        name=name,
        severity=Severity.NOTE,
        text=Bilingual(zh, en),
        subjects=subjects,
        numbers=numbers,
    )


def warn(
    name: str,
    zh: str,
    en: str,
    subjects: tuple[str, ...] = (),
    *,
    lowers_word: bool = False,
    lowers_grade: bool = False,
    **numbers: Number,
) -> Finding:
    """Return a warning."""
    return Finding(
        name=name,
        severity=Severity.WARN,
        text=Bilingual(zh, en),
        subjects=subjects,
        numbers=numbers,
        lowers_word=lowers_word,
        lowers_grade=lowers_grade,
    )


def disqualify(
    name: str, zh: str, en: str, subjects: tuple[str, ...] = (), **numbers: Number
) -> Finding:
    """Return a finding that leaves no result."""
    return Finding(
        name=name,
        severity=Severity.DISQUALIFY,
        text=Bilingual(zh, en),
        subjects=subjects,
        numbers=numbers,
    )


def disqualified(findings: Iterable[Finding]) -> bool:
    """Return whether any finding leaves no result."""
    return any(f.severity is Severity.DISQUALIFY for f in findings)


def percent(value: Fraction) -> str:
    """Return a share as percent with one decimal, for a sentence; the exact number stands beside it."""
    return f"{percent_text(value)} %"


def listed(ids: Sequence[str], most: int = 8) -> str:
    """Return ids as text, the first few and how many more."""
    shown = ", ".join(ids[:most])
    return shown if len(ids) <= most else f"{shown} … (+{len(ids) - most})"
