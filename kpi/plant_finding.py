"""What an expert must know about a figure although it was computed: a sentence, the things concerned, the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

Number = int | str | Fraction
"""A number behind a finding; text where it is an id, a date or a digest."""


class Level(StrEnum):
    """How much a finding weighs. No finding changes a figure by itself."""

    NOTE = "note"
    """To be known: a choice, a change, something that could not be tested."""
    WARN = "warn"
    """A way in which the figure could be embellished, or a contradiction in the data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding.

    name: dotted, stable, lower case. subjects: ids of assets, points, meters …, in the order of the numbers.
    """

    name: str
    level: Level
    zh: str
    en: str
    subjects: tuple[str, ...] = ()
    numbers: Mapping[str, Number] = field(default_factory=dict)


def note(name: str, zh: str, en: str, subjects: tuple[str, ...] = (), **numbers: Number) -> Finding:
    """Return a finding of level `note`."""
    return Finding(
        name=name, level=Level.NOTE, zh=zh, en=en, subjects=subjects, numbers=dict(numbers)
    )


def warn(name: str, zh: str, en: str, subjects: tuple[str, ...] = (), **numbers: Number) -> Finding:
    """Return a finding of level `warn`."""
    return Finding(
        name=name, level=Level.WARN, zh=zh, en=en, subjects=subjects, numbers=dict(numbers)
    )


def listed(ids: tuple[str, ...] | list[str], most: int = 8) -> str:
    """Return ids as text, the first few and how many more."""
    shown = ", ".join(ids[:most])
    return shown if len(ids) <= most else f"{shown} … (+{len(ids) - most})"
