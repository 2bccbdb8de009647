"""What stands in a case instead of a number, or must be known beside one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kpi.findings import Finding, Severity


class Weight(StrEnum):
    """How much a finding of a case weighs."""

    NOTE = "note"
    """To be known: how something was read."""
    WARN = "warn"
    """Speaks against a figure."""
    STOP = "stop"
    """Takes the figures away that it is about."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case says something: 1-based line and column, and the line itself; line 0 = no single place."""

    line: int = 0
    column: int = 0
    text: str = ""


NOWHERE = Place()
_WEIGHTS: Final = {
    Severity.NOTE: Weight.NOTE,
    Severity.WARN: Weight.WARN,
    Severity.DISQUALIFY: Weight.STOP,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFinding:
    """One finding."""

    name: str
    """Dotted, stable, lower case."""
    weight: Weight
    zh: str
    en: str
    place: Place = NOWHERE
    hint_zh: str = ""
    hint_en: str = ""


def of_plant(found: Finding) -> CaseFinding:
    """Return a finding of the engine as one of the case."""
    weight = _WEIGHTS[found.severity]
    return CaseFinding(name=found.name, weight=weight, zh=found.text.zh, en=found.text.en)
