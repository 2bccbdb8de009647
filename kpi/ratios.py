"""Ratios over the registry: NC equipment, networked equipment, upload rate (kpi-audit U7, kpi.md B.5, B.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from kpi.calendar import DAY_MS, MINUTE_MS
from kpi.claims import ClaimResult, Json, NetworkedClaim, result
from kpi.document import Asset
from kpi.exact import mean, quotient, written
from kpi.history import last_assets
from kpi.reasons import Reason
from kpi.slots import Outcome, PointSlots, PointTally, by_name, point_slots, required_points
from kpi.workspace import Workspace


@dataclass(frozen=True)
class AssetCounts:
    """What the slots of the required points of one asset add to over the window."""

    asset: str
    points: Sequence[PointSlots | PointTally]

    @property
    def expected(self) -> int:
        """Return Σ expected slots."""
        return sum(p.expected for p in self.points)

    @property
    def alive(self) -> int:
        """Return Σ slots covered or delivered late."""
        return sum(p.alive for p in self.points)

    def rate(self, *, eventual: bool = False) -> Fraction | None:
        """Return the mean over points with an expected slot; 0 without any point, None without any expected slot."""
        if not self.points:
            return Fraction(0)
        counted = [p for p in self.points if p.expected]
        return mean([Fraction(p.alive if eventual else p.covered, p.expected) for p in counted])


@dataclass(frozen=True)
class AssetSlots(AssetCounts):
    """The required points of one asset over the window, slot by slot."""

    points: tuple[PointSlots, ...]


def registered_assets(work: Workspace) -> dict[str, Asset]:
    """Return the production equipment in service in the window, in the last version of each, by id."""
    low, high = work.span.start_ms, work.span.end_ms
    found = last_assets(work.parts)
    return {
        name: a
        for name, a in found.items()
        if a.production and a.in_service_within(low, high)[1] > a.in_service_within(low, high)[0]
    }


def nc_ratio(work: Workspace) -> ClaimResult:
    """Return NC production equipment / production equipment, by counted sets."""
    registered = registered_assets(work)
    nc = [n for n in registered if all(_is_nc(p.document.asset.get(n)) for p in work.parts)]
    everything = sum(a.counts_as for a in registered.values())
    last = work.parts[-1].document.asset
    detail: dict[str, Json] = {
        "nc": nc,
        "registered": list(registered),
        "removed": [n for n in registered if n not in last],
    }
    controlled = sum(registered[n].counts_as for n in nc)
    return result(quotient(controlled, everything), Reason.NO_REGISTERED_ASSET, detail)


def upload_rate(work: Workspace) -> ClaimResult:
    """Return the official upload rate: mean over assets of the mean over points, never a mean over windows."""
    assets = _listed(work)
    rates = [r for a in assets if (r := a.rate()) is not None]
    eventual = [r for a in assets if (r := a.rate(eventual=True)) is not None]
    points = [p for a in assets for p in a.points]
    detail: dict[str, Json] = {
        "assets": [{"asset": a.asset, "rate": written(a.rate())} for a in assets],
        "eventual": written(mean(eventual)),
        "pooled": written(
            quotient(sum(p.covered for p in points), sum(p.expected for p in points))
        ),
        "points": [_point_detail(a.asset, p) for a in assets for p in a.points],
    }
    gap = _longest_gap(assets)
    if gap is not None:
        detail["longest_gap"] = gap
    return result(mean(rates), Reason.NO_EXPECTED_SLOT, detail)


def networked(work: Workspace, request: NetworkedClaim) -> ClaimResult:
    """Return production equipment observed alive over enough days / production equipment, by counted sets."""
    registered = registered_assets(work)
    points = required_points(work)
    observed = [n for n in registered if _is_observed(work, registered[n], points, request)]
    everything = sum(a.counts_as for a in registered.values())
    last = work.parts[-1].document.asset
    detail: dict[str, Json] = {
        "declared": [n for n in registered if n in last and last[n].networked],
        "observed": observed,
        "registered": list(registered),
    }
    alive = sum(registered[n].counts_as for n in observed)
    return result(quotient(alive, everything), Reason.NO_REGISTERED_ASSET, detail)


def asset_slots(work: Workspace) -> dict[str, AssetSlots]:
    """Return the slots of every asset that has a required point in the window, by id."""
    if work.slots is None:
        work.slots = {
            asset: AssetSlots(
                asset, tuple(point_slots(work, asset, own) for own in by_name(keys).values())
            )
            for asset, keys in required_points(work).items()
        }
    return work.slots


def asset_counts(work: Workspace) -> Mapping[str, AssetCounts]:
    """Return what the slots of every asset with a required point add to: from a tally if the workspace has one."""
    return asset_slots(work) if work.tally is None else work.tally


def _is_nc(asset: Asset | None) -> bool:
    """Return whether a configuration does not speak against NC: the asset is NC in it or absent from it."""
    return asset is None or asset.nc


def _listed(work: Workspace) -> Sequence[AssetCounts]:
    """Return every asset of the upload rate: those with points, and registered ones without any."""
    found = dict(asset_counts(work))
    for name in registered_assets(work):
        found.setdefault(name, AssetCounts(name, ()))
    return [found[name] for name in sorted(found)]


def _is_observed(
    work: Workspace, asset: Asset, points: Mapping[str, object], request: NetworkedClaim
) -> bool:
    if asset.id not in points:
        return False
    low, high = asset.in_service_within(work.span.start_ms, work.span.end_ms)
    slots = asset_counts(work)[asset.id]
    enough = high - low >= request.min_days * DAY_MS and slots.expected > 0
    return enough and slots.alive >= request.threshold * slots.expected


def _point_detail(asset: str, p: PointSlots | PointTally) -> Json:
    return {
        "asset": asset,
        "expected": p.expected,
        "outcomes": {o.value: p.counts[o] for o in Outcome if p.counts[o]},
        "signal": p.signal,
    }


def _longest_gap(assets: Sequence[AssetCounts]) -> Json | None:
    """Return the longest run of missed slots; of equal ones the first by asset and signal."""
    runs = [(a.asset, p.signal, run) for a in assets for p in a.points if (run := p.longest_gap)]
    if not runs:
        return None
    asset, signal, run = max(runs, key=lambda r: r[2].length_ms)
    return {
        "asset": asset,
        "minutes": run.length_ms // MINUTE_MS,
        "signal": signal,
        "slot": run.start_ms // MINUTE_MS,
    }
