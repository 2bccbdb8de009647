"""Which figures a plant states: the claims of a report and of the board, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from kpi.claims import (
    AutomaticControlClaim,
    ClaimRequest,
    ClaimResult,
    ComparisonClaim,
    DefectRateClaim,
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
from kpi.document import Asset, ConfigDocument
from kpi.evaluate import evaluate
from kpi.history import ConfigHistory
from kpi.window import Span, WindowRows
from kpi.workspace import Workspace
from model.signal import Role

OEE_GAIN: Final = Fraction(10, 100)
"""生产效率提高10% (CQ18 art. 4 (6)); OEE is our measured twin of it, not the official figure."""
ENERGY_REDUCTION: Final = Fraction(8, 100)
"""能源利用率提高8%, read strictly as a drop of the unit consumption of 8 %."""
DEFECT_REDUCTION: Final = Fraction(10, 100)
"""产品不良品率降低10% (CQ18 art. 4 (6)), read as a relative reduction."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with the request that defines it."""

    id: str
    request: ClaimRequest
    result: ClaimResult


Figures = Mapping[str, Figure]
_PIECE_ROLES: Final = (Role.COUNT_GOOD, Role.COUNT_TOTAL)


@dataclass(frozen=True, slots=True)
class Groups:
    """Which assets the plant's own figures are about."""

    counted: tuple[str, ...]
    """Production assets that count good or all pieces."""
    oee: tuple[str, ...]
    """Those of them with a state signal and an ideal cycle."""
    meters: tuple[str, ...]
    """Meters of electricity."""
    metered: tuple[str, ...]
    """Counted assets whose electricity the meters measure."""
    energy_meters: tuple[str, ...]
    """Meters of any carrier."""
    energy_metered: tuple[str, ...]
    """Counted assets whose energy, of any carrier, they measure."""
    looped: tuple[str, ...]
    """Assets with control loops."""


def groups_of(document: ConfigDocument) -> Groups:
    """Return the groups that follow from a configuration document.

    Nothing is left out for being inconvenient: a counted asset without a reject signal stays in its group, and the
    claim then says that it cannot be measured.
    """
    counted = tuple(
        a.id for a in document.assets if a.production and _has(document, a, *_PIECE_ROLES)
    )
    meters = [a for a in document.assets if a.energy_of and _has(document, a, Role.ENERGY)]
    every = [
        a
        for a in document.assets
        if a.energy_of and _has(document, a, Role.ENERGY, Role.CONSUMPTION)
    ]
    return Groups(
        counted=counted,
        oee=tuple(
            name
            for name in counted
            if document.asset[name].ideal_cycle_ms > 0 and document.signals_of(name, Role.STATE)
        ),
        meters=tuple(m.id for m in meters),
        metered=_behind(meters, counted),
        energy_meters=tuple(m.id for m in every),
        energy_metered=_behind(every, counted),
        looped=tuple(a.id for a in document.assets if a.loops),
    )


def _has(document: ConfigDocument, asset: Asset, *roles: Role) -> bool:
    return any(document.signals_of(asset.id, role) for role in roles)


def _behind(meters: Sequence[Asset], counted: Sequence[str]) -> tuple[str, ...]:
    measured = {name for meter in meters for name in meter.energy_of}
    return tuple(name for name in counted if name in measured)


REGISTRY_FIGURES: Final = {
    "smart-share-of-production": "smart-share",
    "smart-declared-networked": "smart-declared-networked",
    "declared-networked-of-smart": "networked-of-smart",
    "key-equipment-nc-rate": "key-equipment-nc",
    "key-process-nc-rate": "key-process-nc-by-equipment",
    "key-process-nc-rate-by-process": "key-process-nc-by-process",
    "digital-equipment-rate": "digital-equipment",
}
"""Figure (a metric id) → `ratio` of its claim `registry-ratio/1`."""
_DENOMINATORS: Final[Mapping[str, Callable[[Asset], bool]]] = {
    "smart-share": lambda _: True,
    "smart-declared-networked": lambda a: a.smart,
    "networked-of-smart": lambda a: a.smart,
    "key-equipment-nc": lambda a: a.key,
    "key-process-nc-by-equipment": lambda a: a.key_step,
    "key-process-nc-by-process": lambda a: a.key_step and a.process_step != "",
    "digital-equipment": lambda _: True,
}
"""What stands below the line of each ratio (docs/formats/claims.md §5), among production equipment."""


def requests_for(
    document: ConfigDocument,
    after: Span,
    before: Span | None,
    earlier: ConfigDocument | None = None,
    exclusions: tuple[ExcludedDay, ...] = (),
) -> dict[str, ClaimRequest]:
    """Return the claims of a report by id; ids of the before period end in `-before`.

    document: the last configuration of the after period; earlier: that of the before period, None = the same. A claim
    is asked for if the registry of its period has what it counts; what then cannot be known, the claim says with its
    reason. OEE is compared for the assets that both have; energy only if the same meters stand before the same assets.
    """
    requests = _period_claims(document, after)
    if before is not None:
        old = earlier or document
        found = _period_claims(old, before)
        requests |= {f"{name}-before": request for name, request in found.items()}
        groups = groups_of(document), groups_of(old)
        requests |= _changes_of(*groups, (after, before), exclusions)
    return requests


def requests_over(
    history: ConfigHistory,
    after: Span,
    before: Span | None,
    exclusions: tuple[ExcludedDay, ...] = (),
) -> dict[str, ClaimRequest]:
    """Return the claims of a report over a log: each period is asked by the last configuration in force in it.

    Raises PermanentError while the log has no block.
    """
    earlier = None if before is None else _last(history, before)
    return requests_for(_last(history, after), after, before, earlier, exclusions)


def _last(history: ConfigHistory, span: Span) -> ConfigDocument:
    return history.segments(span.start_ms, span.end_ms)[-1].document


def _period_claims(document: ConfigDocument, span: Span) -> dict[str, ClaimRequest]:
    return {**_claims_of(groups_of(document), document, span), **_ratios_of(document, span)}


def _claims_of(groups: Groups, document: ConfigDocument, span: Span) -> dict[str, ClaimRequest]:
    """Return the claims of one period that rest on measured rows."""
    found: dict[str, ClaimRequest] = {
        "upload-rate": UploadRateClaim(span),
        "networked": NetworkedClaim(span),
        "nc-ratio": NcRatioClaim(span),
    }
    if groups.oee:
        found["oee"] = OeeClaim(span, groups.oee)
        found["utilisation"] = UtilisationClaim(span, groups.oee)
    if groups.counted:
        found["oee-by-product"] = EquipmentOeeClaim(span, groups.counted)
        found["defect-rate"] = DefectRateClaim(span, groups.counted)
    if groups.meters and groups.metered:
        found["energy-per-piece"] = EquipmentEnergyClaim(span, groups.meters, groups.metered)
    if document.coefficients.rows and groups.energy_meters and groups.energy_metered:
        found["unit-energy"] = UnitEnergyClaim(span, groups.energy_meters, groups.energy_metered)
    if groups.looped:
        found["automatic-control-rate"] = AutomaticControlClaim(span, groups.looped)
    return found


def _ratios_of(document: ConfigDocument, span: Span) -> dict[str, ClaimRequest]:
    """Return the registry ratios of one period that have something below their line."""
    production = [a for a in document.assets if a.production]
    return {
        name: RegistryRatioClaim(span, ratio)
        for name, ratio in REGISTRY_FIGURES.items()
        if any(_DENOMINATORS[ratio](a) for a in production)
    }


def _changes_of(
    new: Groups, old: Groups, periods: tuple[Span, Span], exclusions: tuple[ExcludedDay, ...]
) -> dict[str, ClaimRequest]:
    """Return the comparisons of both periods.

    An asset that left the registry took its pieces with it but not its share of a meter: such energy is not compared.
    """
    found: dict[str, ClaimRequest] = {}
    counted = tuple(name for name in new.counted if name in old.counted)
    if counted:
        found["oee-change"] = ComparisonClaim(
            *periods, "oee/2", "increase", OEE_GAIN, counted, exclusions=exclusions
        )
        found["defect-change"] = ComparisonClaim(
            *periods,
            "defect-rate/1",
            "reduction",
            DEFECT_REDUCTION,
            counted,
            exclusions=exclusions,
        )
    if new.meters and new.metered and (new.meters, new.metered) == (old.meters, old.metered):
        found["energy-change"] = ComparisonClaim(
            *periods,
            "energy-per-piece/2",
            "reduction",
            ENERGY_REDUCTION,
            new.metered,
            new.meters,
            exclusions,
        )
    return found


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures and, by window, the intermediate values they were made of (days, slots, timelines)."""

    figures: dict[str, Figure]
    spaces: dict[Span, Workspace]


def evaluate_figures(requests: Mapping[str, ClaimRequest], rows: WindowRows) -> Evaluation:
    """Return every figure; what the claims of one window share is computed once."""
    spaces: dict[Span, Workspace] = {}

    def space(span: Span) -> Workspace:
        if span not in spaces:
            spaces[span] = Workspace(rows, span)
        return spaces[span]

    found = {}
    for name, request in requests.items():
        before = space(request.before) if isinstance(request, ComparisonClaim) else None
        found[name] = Figure(name, request, evaluate(request, space(request.span), before))
    return Evaluation(found, spaces)


def figures_of(requests: Mapping[str, ClaimRequest], rows: WindowRows) -> dict[str, Figure]:
    """Return every figure by name."""
    return evaluate_figures(requests, rows).figures
