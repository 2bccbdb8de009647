"""Physical twins (kpi.md §0.4): the official figure and one that price or volume cannot move must agree in sign."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from kpi.bilingual import Bilingual
from kpi.findings import Finding, note, percent, warn


@dataclass(frozen=True, slots=True)
class TwinChange:
    """The change of a twin, positive = better."""

    name: Bilingual
    change: Fraction | None
    """None = cannot be formed."""


def same_direction(one: Fraction, other: Fraction) -> bool:
    """Return whether two changes have the same sign (both better, both worse, both none)."""
    return (one > 0) == (other > 0) and (one < 0) == (other < 0)


def twin_findings(official: Fraction, twin: TwinChange) -> list[Finding]:
    """Return the finding that prints the twin; a different sign is a warning that lowers the word.

    Source: kpi.md §0.4.
    """
    if twin.change is None:
        return [
            warn(
                "twin.missing",
                f"对照指标“{twin.name.zh}”无法得出。",
                f"The twin figure ({twin.name.en}) cannot be formed.",
            )
        ]
    if same_direction(official, twin.change):
        return [
            note(
                "twin.agrees",
                f"对照指标“{twin.name.zh}”变化 {percent(twin.change)}，方向一致。",
                f"The twin figure ({twin.name.en}) changes by {percent(twin.change)}, in the same direction.",
                official=official,
                twin=twin.change,
            )
        ]
    return [
        warn(
            "twin.sign",
            f"官方指标变化 {percent(official)}，对照指标“{twin.name.zh}”变化 {percent(twin.change)}：方向不一致。",
            f"The official figure changes by {percent(official)}, its twin ({twin.name.en}) by "
            f"{percent(twin.change)}: "
            "not the same direction.",
            lowers_word=True,
            official=official,
            twin=twin.change,
        )
    ]
