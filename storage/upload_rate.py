"""Live upload rate from outcome counts (docs/formats/claims.md `upload-rate/1`): exact, pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from model.ratio import Ratio, Undefined, ratio_of
from storage.slot_outcome import Outcome

_NO_SLOT = ("no slot was expected yet", "尚无应采时隙")


@dataclass(frozen=True, slots=True)
class AssetRate:
    """Rate of one asset: the mean over its points. outcomes: slots per outcome, by `Outcome` value."""

    asset: str
    rate: Ratio
    expected: int
    outcomes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UploadRate:
    """Upload rate over a window. official: mean over assets of means over points; a never connected asset counts 0."""

    official: Ratio
    pooled: Ratio
    eventual: Ratio
    """As `official`, late values included."""
    expected: int
    outcomes: tuple[int, ...]
    assets: tuple[AssetRate, ...]

    def count(self, outcome: Outcome) -> int:
        """Return the number of slots that ended in `outcome`."""
        return self.outcomes[outcome]


def upload_rate(
    counts: NDArray[np.int32], devices: Sequence[str], registered: Sequence[str]
) -> UploadRate:
    """Return the rate from `counts` (points × outcomes).

    devices: device of every point. registered: assets that must report; one without any point counts 0.
    """
    rows: dict[str, list[int]] = {asset: [] for asset in sorted({*registered, *devices})}
    for point, device in enumerate(devices):
        rows[device].append(point)
    assets = []
    rates: list[Fraction] = []
    eventual: list[Fraction] = []
    for asset, points in rows.items():
        mine = counts[points]
        expected = mine.sum(axis=1)
        total = tuple(int(v) for v in mine.sum(axis=0)) if points else (0,) * len(Outcome)
        timely = _mean(mine[:, Outcome.ON_TIME] + mine[:, Outcome.HELD_ALIVE], expected)
        ever = _mean(mine[:, : Outcome.LATE + 1].sum(axis=1), expected)
        if timely is None and points:
            assets.append(AssetRate(asset, Undefined(*_NO_SLOT), 0, total))
            continue
        assets.append(AssetRate(asset, timely or Fraction(0), int(expected.sum()), total))
        rates.append(timely or Fraction(0))
        eventual.append(ever or Fraction(0))
    outcomes = tuple(int(v) for v in counts.sum(axis=0)) if len(devices) else (0,) * len(Outcome)
    en, zh = _NO_SLOT
    alive = outcomes[Outcome.ON_TIME] + outcomes[Outcome.HELD_ALIVE]
    return UploadRate(
        official=ratio_of(sum(rates, Fraction(0)), len(rates), en=en, zh=zh),
        pooled=ratio_of(alive, sum(outcomes), en=en, zh=zh),
        eventual=ratio_of(sum(eventual, Fraction(0)), len(eventual), en=en, zh=zh),
        expected=sum(outcomes),
        outcomes=outcomes,
        assets=tuple(assets),
    )


def _mean(good: NDArray[np.int32], expected: NDArray[np.int32]) -> Fraction | None:
    """Return the mean of good/expected over points with expected > 0, None without any."""
    # Points with the same denominator are added as integers first: few fractions, small denominators.
    total = Fraction(0)
    points = 0
    for denominator in np.unique(expected[expected > 0]).tolist():
        same = expected == denominator
        total += Fraction(int(good[same].sum()), denominator)
        points += int(same.sum())
    return total / points if points else None
