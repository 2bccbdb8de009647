"""What is to be said about a comparison, by name, and which of it lowers the word (claims.md §5, ADR 0008)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from kpi.comparison.drift import Drift
from kpi.comparison.interval import FIRM_DAYS
from kpi.equipment.before_after_estimates import SetEstimate
from kpi.equipment.before_after_sets import SetDay
from kpi.equipment.production_days import WholeDay

SIDES: Final = ("before", "after")
_FEWEST_WHOLE_DAYS: Final = 28
_WEEK: Final = 7
_LOWERING: Final = (
    "days.",
    "drift.",
    "exclusions.decide",
    "period.not-whole-weeks-",
    "period.unequal",
    "period.weekday",
    "rules.",
    "set.full-differs",
    "unknown.share-",
)
"""Beginnings of the names that allow `pass, point only` at best."""


def lowers(names: Iterable[str]) -> bool:
    """Return whether one of the findings allows `pass, point only` at best."""
    return any(name.startswith(_LOWERING) for name in names)


def is_too_short(days: Sequence[WholeDay]) -> bool:
    """Return whether a period is too short for any word."""
    return len(days) < _FEWEST_WHOLE_DAYS


def period_findings(periods: Sequence[Sequence[WholeDay]]) -> Iterator[str]:
    """Yield the findings on the whole days of both periods."""
    for side, days in zip(SIDES, periods, strict=True):
        if is_too_short(days):
            yield f"period.too-short-{side}"
        if len(days) % _WEEK:
            yield f"period.not-whole-weeks-{side}"
    before, after = periods
    if len(before) != len(after):
        yield "period.unequal"
    if before and after and (after[0].number - before[0].number) % _WEEK:
        yield "period.weekday"


def provisional_findings(days: Iterable[int]) -> Iterator[str]:
    """Yield the finding on the numbers of valid days of the main estimate."""
    if min(days) < FIRM_DAYS:
        yield "days.provisional"


def drift_findings(drifts: Sequence[Drift | None]) -> Iterator[str]:
    """Yield the findings on the drift of both periods; None = not tested."""
    for side, found in zip(SIDES, drifts, strict=True):
        if found is None:
            yield f"drift.not-tested-{side}"
        elif found.trend:
            yield f"drift.trend-{side}"
        if found is not None and found.persistent:
            yield f"drift.persistent-{side}"


def share_findings(full: Sequence[Sequence[SetDay]]) -> Iterator[str]:
    """Yield the findings on unknown time of the full set over the whole days of both periods."""
    for side, days in zip(SIDES, full, strict=True):
        if 10 * sum(d.sums.k for d in days) > sum(d.sums.p for d in days):
            yield f"unknown.share-{side}"


_DIFFERENCES: Final = (
    ("with", "without", "exclusions.decide"),
    ("main", "full", "set.full-differs"),
    ("main", "worst", "unknown.pieces"),
    ("main", "blind", "days.unknown-decide"),
)


def word_findings(estimates: Mapping[str, SetEstimate]) -> Iterator[str]:
    """Yield the findings on estimates whose words differ."""
    for one, other, name in _DIFFERENCES:
        if estimates[one].word is not estimates[other].word:
            yield name
