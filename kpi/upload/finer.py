"""The upload rate at a tenth of each slot: what one value a slot really covers (B.6, "show at Δ and Δ/10")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from kpi.exact import mean
from kpi.slots import OUTCOMES, Outcome, PointSlots
from kpi.upload.summary import GOOD_ASSET
from kpi.window import Int64
from model.ratio import Ratio, ratio_of

PARTS: Final = 10
_HELD: Final = OUTCOMES.index(Outcome.HELD_ALIVE)
_ON_TIME: Final = OUTCOMES.index(Outcome.ON_TIME)


@dataclass(frozen=True, slots=True)
class FinePoint:
    """One point cut finer."""

    asset: str
    signal: str
    covered: int
    expected: int
    """PARTS times its expected slots."""


@dataclass(frozen=True, slots=True)
class FineRate:
    """The official and the pooled rate at a tenth of each slot; never the basis of a verdict."""

    official: Ratio
    pooled: Ratio
    reaching: int
    """Assets that still reach 90 %."""


def fine_point(asset: str, point: PointSlots, in_time: Int64) -> FinePoint:
    """Return how many tenths of its slots a point covers.

    A slot held alive is covered in all tenths, since each ms of it is proven; an on-time slot in those that hold a
    Good value that came in time. in_time: instants (ms) of such values.
    """
    held = int((point.outcome == _HELD).sum())
    at = np.searchsorted(point.start_ms, in_time, side="right") - 1
    inside = at >= 0
    inside[inside] = in_time[inside] < (point.start_ms + point.length_ms)[at[inside]]
    at, tau = at[inside], in_time[inside]
    counted = point.outcome[at] == _ON_TIME
    at, tau = at[counted], tau[counted]
    tenth = (tau - point.start_ms[at]) * PARTS // point.length_ms[at]
    covered = len(np.unique(at * PARTS + tenth))
    return FinePoint(asset, point.signal, covered + PARTS * held, PARTS * point.expected)


def fine_rate(points: Iterable[FinePoint], unconnected: Sequence[str] = ()) -> FineRate:
    """Return the mean over assets of the mean over points; unconnected: assets without any point, which count 0."""
    of_asset: dict[str, list[Fraction]] = {}
    everything = list(points)
    for p in everything:
        if p.expected:
            of_asset.setdefault(p.asset, []).append(Fraction(p.covered, p.expected))
    rates = [r for own in of_asset.values() if (r := mean(own)) is not None]
    rates += [Fraction(0)] * len(unconnected)
    en, zh = "no slot was expected of any required point", "没有任何必采点有应采时隙"
    return FineRate(
        official=ratio_of(sum(rates, Fraction(0)), len(rates), en=en, zh=zh),
        pooled=ratio_of(
            sum(p.covered for p in everything), sum(p.expected for p in everything), en=en, zh=zh
        ),
        reaching=sum(r >= GOOD_ASSET for r in rates),
    )
