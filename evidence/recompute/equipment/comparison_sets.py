"""Days of a set of assets in two periods, and what is estimated from them (claims.md §5 `before-after/2`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from evidence.canonical import Json
from evidence.recompute.claim_tools import text_of
from evidence.recompute.equipment.asset_days import AssetDays, DayIntegers
from evidence.recompute.equipment.production_days import ProductionDay
from evidence.recompute.interval import (
    LEAST_DAYS,
    Pair,
    WidestInterval,
    widest_interval,
    word,
)

UNKNOWN_SHARE: Final = 10
"""A day is valid, and an asset matched, if at most one tenth of the time base is unknown (U11)."""
UNDETERMINED: Final = "undetermined"
WORDS: Final = ("pass", "pass, point only", "inconclusive", UNDETERMINED, "fail")
"""From the strongest to the weakest."""


@dataclass(frozen=True, slots=True)
class Period:
    """One period. days: its whole production days, by date; assets: their integers, by id."""

    days: Sequence[ProductionDay]
    assets: Mapping[str, AssetDays]

    def day_sums(self, members: Iterable[str]) -> list[DaySum]:
        """Return the sums over a set of assets on each whole day, by date."""
        own = [self.assets[asset].days for asset in members]
        found = []
        for day in self.days:
            present = [days[day.number] for days in own if day.number in days]
            found.append(
                DaySum(
                    day.number,
                    DayIntegers(
                        sum(one.n for one in present),
                        sum(one.d for one in present),
                        sum(one.p for one in present),
                        sum(one.k for one in present),
                        _together(one.low for one in present),
                        _together(one.high for one in present),
                    ),
                )
            )
        return found

    def is_matched(self, asset: str) -> bool:
        """Return whether an asset has integers on every whole day, and at most a tenth of its time is unknown."""
        own = self.assets[asset].days
        if any(day.number not in own for day in self.days):
            return False
        known = own.values()
        base, unknown = sum(one.p for one in known), sum(one.k for one in known)
        return base > 0 and UNKNOWN_SHARE * unknown <= base


def _together(pairs: Iterable[Pair | None]) -> Pair | None:
    """Return the sum of some (n, d), None if one of them is not limited."""
    n = d = 0
    for pair in pairs:
        if pair is None:
            return None
        n, d = n + pair[0], d + pair[1]
    return n, d


@dataclass(frozen=True, slots=True)
class Sets:
    """Assets of a comparison. full: those compared at all; matched: those of them that both periods hold throughout.

    measured: the good pieces of all of the full set are measured in both periods.
    """

    full: tuple[str, ...]
    left_out: tuple[str, ...]
    matched: tuple[str, ...]
    measured: bool


def sets_of(periods: Sequence[Period], assets: Sequence[str]) -> Sets:
    """Return the sets that two periods allow."""
    full = [one for one in assets if all(period.assets[one].has_ideal for period in periods)]
    return Sets(
        tuple(full),
        tuple(one for one in assets if one not in full),
        tuple(one for one in full if all(period.is_matched(one) for period in periods)),
        all(period.assets[one].measured for period in periods for one in full),
    )


class DaySum(NamedTuple):
    """The sums of a set of assets on one day. number: of the day."""

    number: int
    sums: DayIntegers

    @property
    def is_valid(self) -> bool:
        """Return whether the day counts: there is a base and a denominator, and at most a tenth is unknown."""
        return self.sums.p > 0 and self.sums.d > 0 and not self.is_unknown

    @property
    def is_unknown(self) -> bool:
        """Return whether there is a base, and more than a tenth of it is unknown."""
        return self.sums.p > 0 and UNKNOWN_SHARE * self.sums.k > self.sums.p


@dataclass(frozen=True, slots=True)
class Estimate:
    """What valid days of two periods say. change: None if it cannot be formed; widest: None if undetermined."""

    change: Fraction | None
    widest: WidestInterval | None
    word: str

    def to_json(self) -> Json:
        """Return the object of the detail."""
        fields: dict[str, Json] = {"word": self.word}
        if self.change is not None:
            fields["change"] = text_of(self.change)
        if self.widest is not None:
            low, high = self.widest.interval.texts()
            fields |= {"high": high, "low": low}
        return fields


NOTHING: Final = Estimate(None, None, UNDETERMINED)

Figures = Callable[[DayIntegers], Pair | None]
"""Which (n, d) of a day is taken: as measured, or that at the least or greatest metric."""


def as_measured(one: DayIntegers) -> Pair:
    """Return n and d as measured."""
    return one.n, one.d


def least(one: DayIntegers) -> Pair | None:
    """Return n and d at the least metric, None if it is not limited."""
    return one.low


def greatest(one: DayIntegers) -> Pair | None:
    """Return n and d at the greatest metric, None if it is not limited."""
    return one.high


def numbered(
    days: Iterable[DaySum],
    without: Collection[int],
    figures: Figures = as_measured,
    *,
    blind: bool = False,
) -> list[tuple[int, Pair]] | None:
    """Return number and (n, d) of the valid days that are not left out, None if one of them is not limited.

    without: numbers of the days left out. blind: the unknown days too.
    """
    found = []
    for day in days:
        if (day.is_valid or (blind and day.is_unknown)) and day.number not in without:
            pair = figures(day.sums)
            if pair is None:
                return None
            found.append((day.number, pair))
    return found


@dataclass(frozen=True, slots=True)
class Rule:
    """How a change is judged. weekdays: w of U8. gain: an increase is claimed, otherwise a reduction."""

    weekdays: int
    gain: bool
    threshold: Fraction

    def estimate(
        self,
        before: Sequence[tuple[int, Pair]] | None,
        after: Sequence[tuple[int, Pair]] | None,
    ) -> Estimate:
        """Return the change with its interval and word; None for a period says that an N of it is not limited."""
        if before is None or after is None:
            return NOTHING
        old, new = [pair for _, pair in before], [pair for _, pair in after]
        change = self._change(old, new)
        fewest = min(len(old), len(new))
        if change is None or fewest < LEAST_DAYS or _num(new) <= 0:
            return Estimate(change, None, UNDETERMINED)
        widest = widest_interval(old, new, self.weekdays, gain=self.gain)
        return Estimate(change, widest, word(widest.interval, change, self.threshold, fewest))

    def _change(self, old: Sequence[Pair], new: Sequence[Pair]) -> Fraction | None:
        """Return the change of the ratio of sums, None without a positive ratio before and a positive base after."""
        if min(_num(old), _den(old), _den(new)) <= 0:
            return None
        quotient = Fraction(_num(new) * _den(old), _num(old) * _den(new))
        return quotient - 1 if self.gain else 1 - quotient


def _num(days: Iterable[Pair]) -> int:
    return sum(n for n, _ in days)


def _den(days: Iterable[Pair]) -> int:
    return sum(d for _, d in days)


def weaker(first: str, second: str) -> str:
    """Return the weaker of two words."""
    return max(first, second, key=WORDS.index)
