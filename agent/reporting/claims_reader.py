"""Figures from the claims of an issued bundle, so that the board shows signed numbers."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from agent.reporting.figures import Figure
from agent.reporting.issue import CLAIMS_FILE
from kpi.claims import (
    AutomaticControlClaim,
    BeforeAfterClaim,
    ClaimRequest,
    ClaimResult,
    ComparisonClaim,
    DefectRateClaim,
    EnergyPerPieceClaim,
    EquipmentEnergyClaim,
    EquipmentOeeClaim,
    ExcludedDay,
    NcRatioClaim,
    NetworkedClaim,
    OeeClaim,
    RegistryRatioClaim,
    UnitEnergyClaim,
    UploadRateClaim,
    UtilisationClaim,
)
from kpi.reasons import Reason
from kpi.window import Span
from model.errors import PermanentError


def figures_from_bundle(bundle: Path) -> dict[str, Figure]:
    """Return the figures that a bundle of this version claims, by id.

    The bundle is one that this installation issued itself; it is read, not verified. Raises PermanentError if it has
    no claims that this version knows.
    """
    try:
        with zipfile.ZipFile(bundle) as archive:
            data = json.loads(archive.read(CLAIMS_FILE))
        return {claim["id"]: _figure(claim) for claim in data["claims"]}
    except (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as exc:
        raise PermanentError(
            f"{bundle} holds no readable claims: {exc}", f"{bundle} 中没有可读取的指标：{exc}"
        ) from exc


def _figure(claim: Mapping[str, Any]) -> Figure:
    detail: Mapping[str, Any] = claim["detail"]
    den = int(claim["den"])
    reason = Reason(str(detail["undefined"])) if "undefined" in detail else None
    value = Fraction(int(claim["num"]), den) if den else None
    return Figure(claim["id"], _request(claim), ClaimResult(value, reason, detail))


def _request(claim: Mapping[str, Any]) -> ClaimRequest:
    def span(window: list[int]) -> Span:
        return Span(window[0], window[1], claim["lead"], claim["grace"])

    here = span(claim["window"])
    assets = tuple(claim.get("assets", ()))
    meters = tuple(claim.get("meters", ()))
    match claim["algorithm"]:
        case NcRatioClaim.algorithm:
            return NcRatioClaim(here)
        case UploadRateClaim.algorithm:
            return UploadRateClaim(here)
        case NetworkedClaim.algorithm:
            return NetworkedClaim(here, Fraction(*claim["threshold"]), claim["min_days"])
        case RegistryRatioClaim.algorithm:
            return RegistryRatioClaim(here, claim["ratio"])
        case BeforeAfterClaim.algorithm | ComparisonClaim.algorithm:
            return _comparison(claim, here, span(claim["before"]))
        case algorithm if algorithm in _OF_METERS:
            return _OF_METERS[algorithm](here, meters, assets)
        case algorithm if algorithm in _OF_ASSETS:
            return _OF_ASSETS[algorithm](here, assets)
        case algorithm:
            raise ValueError(f"unknown algorithm {algorithm}")


def _comparison(claim: Mapping[str, Any], after: Span, before: Span) -> ClaimRequest:
    threshold = Fraction(*claim["threshold"])
    assets, meters = tuple(claim["assets"]), tuple(claim.get("meters", ()))
    if claim["algorithm"] == BeforeAfterClaim.algorithm:
        return BeforeAfterClaim(
            after, before, claim["metric"], claim["sense"], threshold, assets, meters
        )
    excluded = tuple(ExcludedDay(one["date"], one["reason"]) for one in claim["exclusions"])
    return ComparisonClaim(
        after, before, claim["metric"], claim["sense"], threshold, assets, meters, excluded
    )


_OF_ASSETS: Final[Mapping[str, Callable[[Span, tuple[str, ...]], ClaimRequest]]] = {
    claim.algorithm: claim
    for claim in (
        OeeClaim,
        UtilisationClaim,
        EquipmentOeeClaim,
        DefectRateClaim,
        AutomaticControlClaim,
    )
}
"""Claims whose only parameter is a list of assets."""
_OF_METERS: Final[
    Mapping[str, Callable[[Span, tuple[str, ...], tuple[str, ...]], ClaimRequest]]
] = {
    claim.algorithm: claim for claim in (EnergyPerPieceClaim, EquipmentEnergyClaim, UnitEnergyClaim)
}
"""Claims whose parameters are lists of meters and assets."""
