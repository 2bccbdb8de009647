"""Requests and results of claims: typed inside, plain JSON objects at the border (claims.md §0, §4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, Literal

from kpi.reasons import Reason
from kpi.window import Span
from model.errors import PermanentError
from model.ratio import Ratio

Json = bool | int | str | Sequence["Json"] | Mapping[str, "Json"]
"""A value of canonical JSON: no null, no float."""


@dataclass(frozen=True, slots=True)
class OeeClaim:
    """`oee-iso22400/1`: Σ ideal time of good pieces / Σ planned busy time."""

    span: Span
    assets: tuple[str, ...]

    algorithm = "oee-iso22400/1"
    unit = "1"


@dataclass(frozen=True, slots=True)
class UtilisationClaim:
    """`utilisation/1`: Σ production time / Σ calendar time."""

    span: Span
    assets: tuple[str, ...]

    algorithm = "utilisation/1"
    unit = "1"


@dataclass(frozen=True, slots=True)
class NcRatioClaim:
    """`nc-ratio/1`: NC production equipment / production equipment."""

    span: Span

    algorithm = "nc-ratio/1"
    unit = "1"


@dataclass(frozen=True, slots=True)
class UploadRateClaim:
    """`upload-rate/1`: mean over assets of the mean over their points of covered / expected slots."""

    span: Span

    algorithm = "upload-rate/1"
    unit = "1"


@dataclass(frozen=True, slots=True)
class NetworkedClaim:
    """`networked/1`: production equipment observed alive / production equipment."""

    span: Span
    threshold: Fraction = Fraction(19, 20)
    min_days: int = 14

    algorithm = "networked/1"
    unit = "1"


@dataclass(frozen=True, slots=True)
class EnergyPerPieceClaim:
    """`energy-per-piece/1`: Wh of the meters / good pieces of the assets."""

    span: Span
    meters: tuple[str, ...]
    assets: tuple[str, ...]

    algorithm = "energy-per-piece/1"
    unit = "W.h"


@dataclass(frozen=True, slots=True)
class BeforeAfterClaim:
    """`before-after/1`: change of a metric between two periods with the interval CI-1; `span` is the after period."""

    span: Span
    before: Span
    """Same lead and grace as `span`."""
    metric: Literal["oee-iso22400/1", "energy-per-piece/1"]
    sense: Literal["increase", "reduction"]
    threshold: Fraction
    assets: tuple[str, ...]
    meters: tuple[str, ...] = ()

    algorithm = "before-after/1"
    unit = "1"

    def __post_init__(self) -> None:
        """Refuse two periods with different lead or grace."""
        if (self.span.lead, self.span.grace) != (self.before.lead, self.before.grace):
            raise ValueError("both periods of a comparison need the same lead and grace")


@dataclass(frozen=True, slots=True)
class EquipmentOeeClaim:
    """`oee/2`: Σ ideal time of good pieces / Σ planned busy time, by product, with bounds."""

    span: Span
    assets: tuple[str, ...]

    algorithm = "oee/2"
    unit = "1"


@dataclass(frozen=True, slots=True)
class DefectRateClaim:
    """`defect-rate/1`: pieces not good at the first pass / pieces made."""

    span: Span
    assets: tuple[str, ...]

    algorithm = "defect-rate/1"
    unit = "1"


REGISTRY_RATIOS: Final = (
    "smart-share",
    "smart-declared-networked",
    "networked-of-smart",
    "key-equipment-nc",
    "key-process-nc-by-equipment",
    "key-process-nc-by-process",
    "digital-equipment",
)
"""Values of `ratio` of a registry ratio."""


@dataclass(frozen=True, slots=True)
class RegistryRatioClaim:
    """`registry-ratio/1`: counted sets of the registry with one property / those with another."""

    span: Span
    ratio: str

    algorithm = "registry-ratio/1"
    unit = "1"

    def __post_init__(self) -> None:
        """Refuse a ratio that is not defined."""
        if self.ratio not in REGISTRY_RATIOS:
            raise PermanentError(
                f"ratio {self.ratio!r} is not one of {', '.join(REGISTRY_RATIOS)}",
                f"比率 {self.ratio!r} 未定义；可用：{'、'.join(REGISTRY_RATIOS)}",
            )


@dataclass(frozen=True, slots=True)
class UnitEnergyClaim:
    """`unit-energy/1`: standard coal of the meters / weighted good pieces of the assets."""

    span: Span
    meters: tuple[str, ...]
    assets: tuple[str, ...]

    algorithm = "unit-energy/1"
    unit = "kgce"


@dataclass(frozen=True, slots=True)
class AutomaticControlClaim:
    """`automatic-control/1`: time of control loops in automatic / running time of their assets."""

    span: Span
    assets: tuple[str, ...]

    algorithm = "automatic-control/1"
    unit = "1"


@dataclass(frozen=True, slots=True)
class EquipmentEnergyClaim:
    """`energy-per-piece/2`: Wh of the meters / good pieces of the assets, booked by equipment statistics."""

    span: Span
    meters: tuple[str, ...]
    assets: tuple[str, ...]

    algorithm = "energy-per-piece/2"
    unit = "W.h"


EXCLUSION_REASONS: Final = ("force_majeure", "holiday", "registered_stop")
"""Why a production day may be left out of a comparison."""


@dataclass(frozen=True, slots=True)
class ExcludedDay:
    """A production day that the claimant wants left out of a comparison."""

    date: str
    """YYYY-MM-DD."""
    reason: str
    """One of `EXCLUSION_REASONS`."""


ComparedAlgorithm = Literal[
    "oee/2", "availability/2", "utilisation/2", "defect-rate/1", "energy-per-piece/2"
]


@dataclass(frozen=True, slots=True)
class ComparisonClaim:
    """`before-after/2`: change of a metric between two periods, and what speaks against it."""

    span: Span
    """The after period."""
    before: Span
    """Same lead and grace as `span`; ends where `span` begins, or before it."""
    metric: ComparedAlgorithm
    sense: Literal["increase", "reduction"]
    threshold: Fraction
    assets: tuple[str, ...]
    meters: tuple[str, ...] = ()
    exclusions: tuple[ExcludedDay, ...] = ()

    algorithm = "before-after/2"
    unit = "1"

    def __post_init__(self) -> None:
        """Refuse periods, exclusions and meters that no claim can have."""
        if (self.span.lead, self.span.grace) != (self.before.lead, self.before.grace):
            raise ValueError("both periods of a comparison need the same lead and grace")
        if self.before.last > self.span.first:
            raise PermanentError(
                f"the before period {self.before} does not end before the after period {self.span} begins",
                f"对比基期 {self.before} 没有在报告期 {self.span} 开始之前结束",
            )
        if bool(self.meters) != (self.metric == EquipmentEnergyClaim.algorithm):
            raise ValueError("meters belong to energy-per-piece/2 and to no other metric")
        dates = [one.date for one in self.exclusions]
        if dates != sorted(set(dates)) or any(
            one.reason not in EXCLUSION_REASONS for one in self.exclusions
        ):
            raise PermanentError(
                f"exclusions must rise by date, once each, with a reason out of {', '.join(EXCLUSION_REASONS)}",
                f"剔除日期须按先后排列、不重复，原因只能是：{'、'.join(EXCLUSION_REASONS)}",
            )


ClaimRequest = (
    OeeClaim
    | UtilisationClaim
    | NcRatioClaim
    | UploadRateClaim
    | NetworkedClaim
    | EnergyPerPieceClaim
    | BeforeAfterClaim
    | EquipmentOeeClaim
    | DefectRateClaim
    | RegistryRatioClaim
    | UnitEnergyClaim
    | AutomaticControlClaim
    | EquipmentEnergyClaim
    | ComparisonClaim
)


@dataclass(frozen=True, slots=True)
class StreamCoverage:
    """Minutes of a window by what the log has of one stream."""

    stream: str
    data: int
    gap: int
    off: int
    absent: int


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """What a claim states; `value` is the exact figure, None with a `reason`."""

    value: Fraction | None
    reason: Reason | None
    detail: Mapping[str, Json]
    """As in claims.md §4, with `undefined` if there is a reason."""
    coverage: tuple[StreamCoverage, ...] = field(default=())

    @property
    def num(self) -> int:
        """Return the numerator in lowest terms, 0 if undefined."""
        return self.value.numerator if self.value is not None else 0

    @property
    def den(self) -> int:
        """Return the denominator in lowest terms, 0 if undefined."""
        return self.value.denominator if self.value is not None else 0

    @property
    def ratio(self) -> Ratio:
        """Return the figure, or the reason in both languages."""
        if self.value is not None:
            return self.value
        return (self.reason or Reason.NO_EXPECTED_SLOT).text


def result(value: Fraction | None, reason: Reason, detail: dict[str, Json]) -> ClaimResult:
    """Return the result; `reason` is stated if and only if there is no value."""
    if value is not None:
        return ClaimResult(value, None, detail)
    return ClaimResult(None, reason, {**detail, "undefined": reason.value})


def parameters(request: ClaimRequest) -> dict[str, Json]:
    """Return the parameters of a claim as they stand in its JSON object."""
    match request:
        case OeeClaim() | EquipmentOeeClaim():
            return {"assets": sorted(request.assets), "by": "all"}
        case UtilisationClaim() | DefectRateClaim() | AutomaticControlClaim():
            return {"assets": sorted(request.assets)}
        case NcRatioClaim() | UploadRateClaim():
            return {}
        case NetworkedClaim():
            return {"min_days": request.min_days, "threshold": _pair(request.threshold)}
        case RegistryRatioClaim():
            return {"ratio": request.ratio}
        case EnergyPerPieceClaim() | UnitEnergyClaim() | EquipmentEnergyClaim():
            return {"assets": sorted(request.assets), "meters": sorted(request.meters)}
        case BeforeAfterClaim():
            found: dict[str, Json] = {
                "assets": sorted(request.assets),
                "before": [request.before.first, request.before.last],
                "metric": request.metric,
                "sense": request.sense,
                "threshold": _pair(request.threshold),
            }
            if request.metric == "energy-per-piece/1":
                found["meters"] = sorted(request.meters)
            return found
        case ComparisonClaim():
            found = {
                "assets": sorted(request.assets),
                "before": [request.before.first, request.before.last],
                "exclusions": [{"date": x.date, "reason": x.reason} for x in request.exclusions],
                "metric": request.metric,
                "sense": request.sense,
                "threshold": _pair(request.threshold),
            }
            return {**found, "meters": sorted(request.meters)} if request.meters else found


def claim_object(name: str, request: ClaimRequest, outcome: ClaimResult) -> dict[str, Json]:
    """Return the claim as it stands in `predicate.claims`; `name` is its id."""
    return {
        "algorithm": request.algorithm,
        "coverage": [
            {"absent": c.absent, "data": c.data, "gap": c.gap, "off": c.off, "stream": c.stream}
            for c in outcome.coverage
        ],
        "den": str(outcome.den),
        "detail": outcome.detail,
        "grace": request.span.grace,
        "id": name,
        "lead": request.span.lead,
        "num": str(outcome.num),
        "unit": request.unit,
        "window": [request.span.first, request.span.last],
        **parameters(request),
    }


def _pair(value: Fraction) -> list[Json]:
    return [value.numerator, value.denominator]
