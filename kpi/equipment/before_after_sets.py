"""Sets of assets of a comparison, and their days in each period (docs/formats/claims.md §5 `before-after/2`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from kpi.comparison.interval import Day
from kpi.equipment.before_after_days import AssetDays, DayIntegers
from kpi.equipment.production_days import WholeDay

_UNKNOWN_SHARE: Final = 10
"""At most one tenth of the time base of a valid day, and of a matched asset, is unknown (U11)."""


def is_known(base: int, unknown: int) -> bool:
    """Return whether there is a time base, and at most one tenth of it is unknown."""
    return base > 0 and _UNKNOWN_SHARE * unknown <= base


class End(Enum):
    """Which figures of a day are taken."""

    MEASURED = "measured"
    LEAST = "least"
    GREATEST = "greatest"

    def of(self, day: DayIntegers) -> Day | None:
        """Return n and d; None = not limited."""
        if self is End.MEASURED:
            return Day(day.n, day.d)
        return day.least if self is End.LEAST else day.greatest


@dataclass(frozen=True, slots=True)
class SetDay:
    """One whole day, summed over a set of assets."""

    number: int
    sums: DayIntegers

    @property
    def is_valid(self) -> bool:
        """Return whether the day counts as measured; a day without a piece does."""
        return self.sums.d > 0 and is_known(self.sums.p, self.sums.k)

    @property
    def is_unknown(self) -> bool:
        """Return whether the day does not count because too much of its time is unknown."""
        return self.sums.p > 0 and not is_known(self.sums.p, self.sums.k)


@dataclass(frozen=True, slots=True)
class ComparedPeriod:
    """One period of a comparison."""

    days: tuple[WholeDay, ...]
    assets: Mapping[str, AssetDays]

    def set_days(self, members: Iterable[str]) -> list[SetDay]:
        """Return every whole day by date, summed over the members of a set that are in service on it."""
        own = [self.assets[name].days for name in members]
        return [
            SetDay(d.number, _sum([x[d.number] for x in own if d.number in x])) for d in self.days
        ]

    def is_matched(self, asset: str) -> bool:
        """Return whether an asset is in service on every whole day, and known over all of them."""
        own = self.assets[asset].days
        inside = [own[d.number] for d in self.days if d.number in own]
        base, unknown = sum(x.p for x in inside), sum(x.k for x in inside)
        return len(inside) == len(self.days) and is_known(base, unknown)


@dataclass(frozen=True, slots=True)
class Sets:
    """Which assets a comparison is about."""

    full: tuple[str, ...]
    """All that the metric can be formed of in both periods."""
    left_out: tuple[str, ...]
    matched: tuple[str, ...]
    """Those of the full set that are there on every whole day of both periods."""
    measured: bool
    """Whether good pieces of all of the full set are measured in both periods."""


def sets_of(periods: Sequence[ComparedPeriod], assets: Iterable[str]) -> Sets:
    """Return the sets, in the order of `assets`."""
    names = list(assets)
    full = tuple(n for n in names if all(p.assets[n].has_ideal for p in periods))
    return Sets(
        full,
        tuple(n for n in names if n not in full),
        tuple(n for n in full if all(p.is_matched(n) for p in periods)),
        all(p.assets[n].measured for p in periods for n in full),
    )


def chosen_days(
    days: Iterable[SetDay], left_out: Collection[int], end: End, *, blind: bool = False
) -> list[tuple[int, Day]] | None:
    """Return number and figures of the valid days that are not left out; None if one of them is not limited.

    blind: the unknown days too.
    """
    found = []
    for day in days:
        if day.number not in left_out and (day.is_valid or (blind and day.is_unknown)):
            figures = end.of(day.sums)
            if figures is None:
                return None
            found.append((day.number, figures))
    return found


def _sum(days: Sequence[DayIntegers]) -> DayIntegers:
    return DayIntegers(
        sum(x.n for x in days),
        sum(x.d for x in days),
        sum(x.p for x in days),
        sum(x.k for x in days),
        _both(x.least for x in days),
        _both(x.greatest for x in days),
    )


def _both(figures: Iterable[Day | None]) -> Day | None:
    n = d = 0
    for one in figures:
        if one is None:
            return None
        n, d = n + one.n, d + one.d
    return Day(n, d)
