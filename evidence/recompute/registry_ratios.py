"""`nc-ratio/1` and `networked/1`, ratios over the registry of assets (claims.md §4)."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from evidence.canonical import Json
from evidence.document import ConfigDocument
from evidence.recompute.claim_tools import (
    Parameters,
    coverage_list,
    outcome,
    ratio,
    service_length,
    service_meets,
)
from evidence.recompute.interface import Outcome, SlotRange, all_streams
from evidence.recompute.oee import used_slots
from evidence.recompute.plant_model import Asset
from evidence.recompute.points import outcomes_of, required_streams, required_streams_of
from evidence.recompute.view import LogView
from evidence.recompute.window import Window, window_of
from evidence.statement import Claim

NC_RATIO: Final = "nc-ratio/1"
NETWORKED: Final = "networked/1"
_DAY_MS: Final = 86_400_000


def registered(window: Window) -> dict[str, Asset]:
    """Return the registered production assets of the window, each as its last configuration states it."""
    found = {}
    for asset in window.asset_ids():
        plant = window.last_plant_with(asset)
        if plant is None:
            continue
        entry = plant.assets[asset]
        if entry.production and service_meets(entry.service, window.start, window.end):
            found[asset] = entry
    return found


@dataclass(frozen=True, slots=True)
class NcRatio:
    """A claim of `nc-ratio/1`, without parameters."""

    claim: Claim

    @property
    def ranges(self) -> tuple[SlotRange, ...]:
        """Return the slots whose configurations take part."""
        return (used_slots(self.claim),)

    def streams(self, document: ConfigDocument) -> Set[str]:  # noqa: ARG002 - the registry alone decides
        """Return no stream."""
        return frozenset()

    def required(self, documents: Sequence[ConfigDocument]) -> Set[str]:
        """Return the streams that may not be withheld: all that the plan keeps."""
        return all_streams(self, documents)

    def compute(self, view: LogView) -> Outcome:
        """Return Σ counts_as of numerically controlled assets / Σ counts_as of registered ones."""
        claim = self.claim
        window = window_of(view, claim.first, claim.last, claim.lead, claim.grace)
        assets = registered(window)
        nc = [one for one in assets if all(entry.nc for entry in window.versions_of(one))]
        last = window.runs[-1].plant.assets if window.runs else {}
        detail: dict[str, Json] = {
            "nc": nc,
            "registered": list(assets),
            "removed": [asset for asset in assets if asset not in last],
        }
        value = _share(assets, nc)
        return outcome(value, "no_registered_asset", [], detail)


def _share(assets: dict[str, Asset], chosen: list[str]) -> Fraction | None:
    return ratio(
        sum(assets[asset].counts_as for asset in chosen),
        sum(entry.counts_as for entry in assets.values()),
    )


def plan_nc_ratio(claim: Claim) -> NcRatio:
    """Return the plan of a claim; raises `Refusal` (kind "claim") for other parameters."""
    Parameters(claim).finish("1")
    return NcRatio(claim)


@dataclass(frozen=True, slots=True)
class Networked:
    """A claim of `networked/1`; parameters: threshold [num, den], min_days."""

    claim: Claim
    threshold: Fraction
    min_days: int

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
        """Return Σ counts_as of assets observed alive / Σ counts_as of registered ones."""
        claim = self.claim
        window = window_of(view, claim.first, claim.last, claim.lead, claim.grace)
        assets = registered(window)
        points = outcomes_of(view, window)
        observed = []
        for asset, entry in assets.items():
            own = [point for point in points.get(asset, ()) if point.expected]
            expected = sum(point.expected for point in own)
            alive = sum(point.on_time + point.late for point in own)
            if (
                expected
                and Fraction(alive, expected) >= self.threshold
                and service_length(entry.service, window.start, window.end)
                >= self.min_days * _DAY_MS
            ):
                observed.append(asset)
        last = window.runs[-1].plant.assets if window.runs else {}
        detail: dict[str, Json] = {
            "declared": [asset for asset in assets if asset in last and last[asset].networked],
            "observed": observed,
            "registered": list(assets),
        }
        streams = required_streams(window)
        coverage = coverage_list(view, claim.first, claim.last, streams)
        return outcome(_share(assets, observed), "no_registered_asset", coverage, detail)


def plan_networked(claim: Claim) -> Networked:
    """Return the plan of a claim; raises `Refusal` (kind "claim") for other parameters."""
    parameters = Parameters(claim)
    num, den = parameters.pair("threshold", low=0, den=1)
    min_days = parameters.count("min_days")
    parameters.finish("1")
    return Networked(claim, Fraction(num, den), min_days)
