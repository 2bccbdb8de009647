"""Everything that is printed beside the upload rate: eventual, pooled, causes, gaps, shifts, worst asset (B.6, U7).

The official rate is a mean of ratios over the whole window, never a mean over windows (kpi-audit E9).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from kpi.exact import mean
from kpi.slots import Outcome, PointSlots, Run
from kpi.upload.parts import PartPoint
from kpi.upload.shifts import ShiftTime, by_shift
from model.ratio import Ratio, Undefined, ratio_of

GOOD_ASSET: Final = Fraction(9, 10)
"""An asset counts as reaching the official rate from here on."""
_NO_SLOT: Final = Undefined(
    "no slot was expected of any required point", "没有任何必采点有应采时隙"
)


@dataclass(frozen=True, slots=True)
class AssetPoints:
    """The required points of one asset over the window; none at all = never connected, counts 0."""

    asset: str
    slots: tuple[PointSlots, ...] = ()
    parts: tuple[PartPoint, ...] = ()

    @property
    def planned_off(self) -> bool:
        """Return whether it has points and nothing was expected of any: it is left out of the mean and listed."""
        nothing = all(p.expected == 0 for p in self.slots)
        return (
            bool(self.slots or self.parts) and nothing and all(p.expected == 0 for p in self.parts)
        )

    def rates(self, *, eventual: bool = False) -> tuple[Fraction | None, Fraction | None]:
        """Return the lowest and highest mean over its points; an undetermined point is 0 in one, 1 in the other."""
        if not self.slots and not self.parts:
            return Fraction(0), Fraction(0)
        low = [
            Fraction(p.alive if eventual else p.covered, p.expected)
            for p in self.slots
            if p.expected
        ]
        low += [r for p in self.parts if (r := p.rate(eventual=eventual)) is not None]
        open_ = sum(p.undetermined for p in self.parts)
        return mean(low + [Fraction(0)] * open_), mean(low + [Fraction(1)] * open_)


@dataclass(frozen=True, slots=True)
class AssetRate:
    """Rates of one asset; low and high differ where a point is undetermined, None = nothing was expected."""

    asset: str
    low: Fraction | None
    high: Fraction | None
    eventual: Fraction | None
    """Lowest, with late values."""
    causes: Mapping[Outcome, int]
    """Slots by outcome, only those above 0."""


@dataclass(frozen=True, slots=True)
class LongestGap:
    """The longest run of missed slots of any point."""

    asset: str
    signal: str
    run: Run


@dataclass(frozen=True, slots=True)
class ShiftRate:
    """Rates over the slots that start in one shift; name "" = outside all shifts."""

    name: str
    official: Ratio
    pooled: Ratio
    expected: int


@dataclass(frozen=True, slots=True)
class UploadSummary:
    """The upload rate of a window and all that is printed beside it."""

    official: Ratio
    """Mean over assets of the mean over points, on time; undefined while a point is undetermined."""
    low: Fraction | None
    high: Fraction | None
    """Range of the official rate, None without any expected slot."""
    eventual: Ratio
    """The same with late values: never the basis of a verdict."""
    pooled: Ratio
    pooled_eventual: Ratio
    assets: tuple[AssetRate, ...]
    """By id in byte order."""
    causes: Mapping[Outcome, int]
    """Slots of all points by outcome, all twelve."""
    longest_gap: LongestGap | None
    worst: tuple[str, ...]
    """Assets with the lowest rate."""
    reaching: Ratio
    """Share of the counted assets that reach 90 %."""
    left_out: tuple[str, ...]
    """Assets planned off for the whole window."""
    undetermined: tuple[str, ...]
    """Points `asset/signal` whose expected number is not known."""


def summary(points: Iterable[AssetPoints]) -> UploadSummary:
    """Return the upload rate of a window; one entry an asset, also those that were never connected."""
    assets = sorted(points, key=lambda a: a.asset.encode())
    rates = tuple(_rate(a) for a in assets)
    counted = [r for r in rates if r.low is not None and r.high is not None]
    lows = [r.low for r in counted if r.low is not None]
    highs = [r.high for r in counted if r.high is not None]
    unknown = tuple(f"{p.asset}/{p.signal}" for a in assets for p in a.parts if p.undetermined)
    slots = [p for a in assets for p in a.slots]
    parts = [p for a in assets for p in a.parts if not p.undetermined]
    expected = sum(p.expected for p in slots) + sum(p.expected or 0 for p in parts)
    on_time = sum(p.covered for p in slots) + sum(p.on_time for p in parts)
    late = sum(p.alive - p.covered for p in slots) + sum(p.late for p in parts)
    eventual = [r.eventual for r in counted if r.eventual is not None]
    least = min(lows, default=None)
    return UploadSummary(
        official=_official(mean(lows), unknown),
        low=mean(lows),
        high=mean(highs),
        eventual=_official(mean(eventual), unknown),
        pooled=_over(on_time, expected),
        pooled_eventual=_over(on_time + late, expected),
        assets=rates,
        causes={o: sum(p.counts[o] for p in slots) for o in Outcome},
        longest_gap=_longest(assets),
        worst=tuple(r.asset for r in counted if r.low == least),
        reaching=_over(sum(x >= GOOD_ASSET for x in lows), len(lows)),
        left_out=tuple(a.asset for a in assets if a.planned_off),
        undetermined=unknown,
    )


def shift_rates(points: Iterable[AssetPoints], times: Sequence[ShiftTime]) -> tuple[ShiftRate, ...]:
    """Return the rates by shift, in the order of the first run of each, time outside all shifts last if any.

    Points of pieces and lots have no slot and are not in it. An asset with nothing expected in a shift is not in it;
    one that was never connected counts 0 in every shift.
    """
    every = list(points)
    cut = [(a.asset, [by_shift(p, times) for p in a.slots]) for a in every if a.slots]
    never = [a for a in every if not a.slots and not a.parts]
    names = (*dict.fromkeys(t.name for t in times), "")
    found = []
    for name in names:
        assets = [AssetPoints(asset, tuple(p[name] for p in parts)) for asset, parts in cut]
        inside = summary([*assets, *never])
        expected = sum(p.expected for a in assets for p in a.slots)
        if expected or name:
            found.append(ShiftRate(name, inside.official, inside.pooled, expected))
    return tuple(found)


def _rate(a: AssetPoints) -> AssetRate:
    low, high = a.rates()
    causes = {o: n for o in Outcome if (n := sum(p.counts[o] for p in a.slots))}
    return AssetRate(a.asset, low, high, a.rates(eventual=True)[0], causes)


def _official(value: Fraction | None, unknown: tuple[str, ...]) -> Ratio:
    if unknown:
        return Undefined(
            f"the expected number of {len(unknown)} points is not known: {', '.join(unknown)}",
            f"{len(unknown)} 个点的应采数未知：{', '.join(unknown)}",
        )
    return _NO_SLOT if value is None else value


def _over(top: int, below: int) -> Ratio:
    return ratio_of(top, below, en=_NO_SLOT.en, zh=_NO_SLOT.zh)


def _longest(assets: Sequence[AssetPoints]) -> LongestGap | None:
    """Return the longest run of missed slots; of equal ones the first by asset and signal."""
    runs = [
        LongestGap(a.asset, p.signal, run)
        for a in assets
        for p in sorted(a.slots, key=lambda p: p.signal.encode())
        if (run := p.longest_gap) is not None
    ]
    return max(runs, key=lambda g: g.run.length_ms, default=None)
