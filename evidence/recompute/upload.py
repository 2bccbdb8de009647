"""`upload-rate/1`: share of scheduled slots with a value or a proof of life in time (claims.md §4, U7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from evidence.canonical import Json
from evidence.document import ConfigDocument
from evidence.recompute.claim_tools import Parameters, coverage_list, outcome, ratio, text_of
from evidence.recompute.interface import Outcome, SlotRange
from evidence.recompute.oee import used_slots
from evidence.recompute.points import (
    PointOutcomes,
    outcomes_of,
    required_streams,
    required_streams_of,
)
from evidence.recompute.registry_ratios import registered
from evidence.recompute.view import LogView
from evidence.recompute.window import window_of
from evidence.statement import Claim

NAME: Final = "upload-rate/1"
_MINUTE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class UploadRate:
    """A claim of `upload-rate/1`, without parameters."""

    claim: Claim

    @property
    def ranges(self) -> tuple[SlotRange, ...]:
        """Return the slots whose sealed rows take part."""
        return (used_slots(self.claim),)

    def streams(self, document: ConfigDocument) -> Set[str]:
        """Return all streams: a point of one configuration may have rows sealed under another."""
        return document.index_of.keys()

    def required(self, documents: Sequence[ConfigDocument]) -> Set[str]:
        """Return the streams that have a required signal in any configuration."""
        return {stream for document in documents for stream in required_streams_of(document)}

    def compute(self, view: LogView) -> Outcome:
        """Return the mean over assets of the mean over their points."""
        claim = self.claim
        window = window_of(view, claim.first, claim.last, claim.lead, claim.grace)
        points = dict(outcomes_of(view, window))
        for asset in registered(window):
            points.setdefault(asset, ())
        by_asset = {asset: points[asset] for asset in sorted(points)}
        everything = [point for own in by_asset.values() for point in own]
        pooled = ratio(sum(p.on_time for p in everything), sum(p.expected for p in everything))
        detail: dict[str, Json] = {
            "assets": [
                {"asset": asset, "rate": text_of(_asset_rate(own, _on_time))}
                for asset, own in by_asset.items()
            ],
            "eventual": text_of(_official(by_asset, _eventual)),
            "points": [_point(point) for point in everything],
            "pooled": text_of(pooled),
            **_longest_gap(everything),
        }
        coverage = coverage_list(view, claim.first, claim.last, required_streams(window))
        return outcome(_official(by_asset, _on_time), "no_expected_slot", coverage, detail)


def _on_time(point: PointOutcomes) -> int:
    return point.on_time


def _eventual(point: PointOutcomes) -> int:
    return point.on_time + point.late


def _asset_rate(
    points: Sequence[PointOutcomes], count: Callable[[PointOutcomes], int]
) -> Fraction | None:
    """Return the mean over points with an expected slot; 0 without any point, None if no slot was expected."""
    if not points:
        return Fraction(0)
    rates = [Fraction(count(point), point.expected) for point in points if point.expected]
    return ratio(sum(rates, Fraction(0)), len(rates))


def _official(
    by_asset: Mapping[str, Sequence[PointOutcomes]], count: Callable[[PointOutcomes], int]
) -> Fraction | None:
    rates = [_asset_rate(points, count) for points in by_asset.values()]
    known = [rate for rate in rates if rate is not None]
    return ratio(sum(known, Fraction(0)), len(known))


def _point(point: PointOutcomes) -> Json:
    return {
        "asset": point.asset,
        "expected": point.expected,
        "outcomes": dict(point.outcomes),
        "signal": point.signal,
    }


def _longest_gap(points: Sequence[PointOutcomes]) -> dict[str, Json]:
    """Return the longest run of missed slots; the first asset, signal and start on ties."""
    with_gap = [(point, point.longest_gap) for point in points if point.longest_gap is not None]
    if not with_gap:
        return {}
    point, gap = max(with_gap, key=lambda item: item[1].length)
    return {
        "longest_gap": {
            "asset": point.asset,
            "minutes": gap.length // _MINUTE_MS,
            "signal": point.signal,
            "slot": gap.start // _MINUTE_MS,
        }
    }


def plan_upload_rate(claim: Claim) -> UploadRate:
    """Return the plan of a claim; raises `Refusal` (kind "claim") for other parameters."""
    Parameters(claim).finish("1")
    return UploadRate(claim)
