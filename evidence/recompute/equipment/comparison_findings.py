"""What is to be said about a comparison of two periods, by name (claims.md §5 `before-after/2`, ADR 0008)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from evidence.recompute.equipment.comparison_sets import UNKNOWN_SHARE, DaySum, Estimate
from evidence.recompute.equipment.drift import Drift
from evidence.recompute.equipment.production_days import ProductionDay, weekday
from evidence.recompute.interval import SURE_DAYS

SIDES: Final = ("before", "after")
LEAST_WHOLE_DAYS: Final = 28
_DAYS_A_WEEK: Final = 7
_LOWERING: Final = (
    "days.provisional",
    "days.unknown-decide",
    "drift.",
    "exclusions.decide",
    "period.not-whole-weeks-",
    "period.unequal",
    "period.weekday",
    "rules.",
    "set.full-differs",
    "unknown.share-",
)
"""Beginnings of the names that lower `pass` to `pass, point only`."""


def is_lowered(findings: Iterable[str]) -> bool:
    """Return whether a finding allows `pass, point only` at best."""
    return any(name.startswith(_LOWERING) for name in findings)


def is_too_short(days: Sequence[ProductionDay]) -> bool:
    """Return whether a period has too few whole days for any word."""
    return len(days) < LEAST_WHOLE_DAYS


def of_periods(periods: Sequence[Sequence[ProductionDay]]) -> Iterator[str]:
    """Yield the findings on the whole days of the two periods, before and after."""
    for side, days in zip(SIDES, periods, strict=True):
        if is_too_short(days):
            yield f"period.too-short-{side}"
        if len(days) % _DAYS_A_WEEK:
            yield f"period.not-whole-weeks-{side}"
    before, after = periods
    if len(before) != len(after):
        yield "period.unequal"
    if before and after and weekday(before[0].number) != weekday(after[0].number):
        yield "period.weekday"


def of_days(valid: Sequence[int]) -> Iterator[str]:
    """Yield the finding on the numbers of valid days of the main estimate."""
    if min(valid) < SURE_DAYS:
        yield "days.provisional"


def of_drift(drifts: Sequence[Drift | None]) -> Iterator[str]:
    """Yield the findings on the drift of each period; None is one that could not be tested."""
    for side, found in zip(SIDES, drifts, strict=True):
        if found is None:
            yield f"drift.not-tested-{side}"
            continue
        if found.trend:
            yield f"drift.trend-{side}"
        if found.persistent:
            yield f"drift.persistent-{side}"


def of_unknown(full: Sequence[Sequence[DaySum]]) -> Iterator[str]:
    """Yield the findings on the unknown time of the full set over all whole days of each period."""
    for side, days in zip(SIDES, full, strict=True):
        unknown, base = sum(day.sums.k for day in days), sum(day.sums.p for day in days)
        if UNKNOWN_SHARE * unknown > base:
            yield f"unknown.share-{side}"


def of_words(estimates: Mapping[str, Estimate]) -> Iterator[str]:
    """Yield the findings on estimates, by their names in the detail, whose words differ."""
    word = {name: estimate.word for name, estimate in estimates.items()}
    if word["with"] != word["without"]:
        yield "exclusions.decide"
    if word["main"] != word["full"]:
        yield "set.full-differs"
    if word["main"] != word["worst"]:
        yield "unknown.pieces"
    if word["main"] != word["blind"]:
        yield "days.unknown-decide"
