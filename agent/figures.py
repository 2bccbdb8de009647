"""Which figures a plant states: the claims of a report and of the board, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from kpi.claims import (
    BeforeAfterClaim,
    ClaimRequest,
    ClaimResult,
    EnergyPerPieceClaim,
    NcRatioClaim,
    NetworkedClaim,
    OeeClaim,
    UploadRateClaim,
    UtilisationClaim,
)
from kpi.document import ConfigDocument
from kpi.evaluate import evaluate
from kpi.window import Span, WindowRows
from kpi.workspace import Workspace
from model.signal import Role

OEE_GAIN: Final = Fraction(10, 100)
"""生产效率提高10% (CQ18 art. 4 (6)); OEE is our measured twin of it, not the official figure."""
ENERGY_REDUCTION: Final = Fraction(8, 100)
"""能源利用率提高8%, read strictly as a drop of the unit consumption of 8 %."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with the request that defines it."""

    id: str
    request: ClaimRequest
    result: ClaimResult


Figures = Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Groups:
    """Which assets the plant's own figures are about."""

    oee: tuple[str, ...]
    """Production assets with state, reject signal (or total) and ideal cycle."""
    meters: tuple[str, ...]
    metered: tuple[str, ...]
    """Production assets whose energy the meters measure and that count good pieces."""


def groups_of(document: ConfigDocument) -> Groups:
    """Return the groups that follow from a configuration document."""
    counted = [
        a.id
        for a in document.assets
        if a.production
        and (
            document.signals_of(a.id, Role.COUNT_GOOD)
            or document.signals_of(a.id, Role.COUNT_TOTAL)
        )
    ]
    meters = [a for a in document.assets if a.energy_of and document.signals_of(a.id, Role.ENERGY)]
    measured = {name for meter in meters for name in meter.energy_of}
    return Groups(
        oee=tuple(
            name
            for name in counted
            if document.asset[name].ideal_cycle_ms > 0 and document.signals_of(name, Role.STATE)
        ),
        meters=tuple(m.id for m in meters),
        metered=tuple(name for name in counted if name in measured),
    )


def requests_for(
    document: ConfigDocument, after: Span, before: Span | None
) -> dict[str, ClaimRequest]:
    """Return the claims of a report by id; ids of the before period end in `-before`."""
    groups = groups_of(document)
    requests: dict[str, ClaimRequest] = {}
    for suffix, span in (("", after), ("-before", before)):
        if span is None:
            continue
        requests[f"upload-rate{suffix}"] = UploadRateClaim(span)
        requests[f"networked{suffix}"] = NetworkedClaim(span)
        requests[f"nc-ratio{suffix}"] = NcRatioClaim(span)
        if groups.oee:
            requests[f"oee{suffix}"] = OeeClaim(span, groups.oee)
            requests[f"utilisation{suffix}"] = UtilisationClaim(span, groups.oee)
        if groups.meters and groups.metered:
            requests[f"energy-per-piece{suffix}"] = EnergyPerPieceClaim(
                span, groups.meters, groups.metered
            )
    if before is not None:
        if groups.oee:
            requests["oee-change"] = BeforeAfterClaim(
                after, before, "oee-iso22400/1", "increase", OEE_GAIN, groups.oee
            )
        if groups.meters and groups.metered:
            requests["energy-change"] = BeforeAfterClaim(
                after,
                before,
                "energy-per-piece/1",
                "reduction",
                ENERGY_REDUCTION,
                groups.metered,
                groups.meters,
            )
    return requests


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
        before = space(request.before) if isinstance(request, BeforeAfterClaim) else None
        found[name] = Figure(name, request, evaluate(request, space(request.span), before))
    return Evaluation(found, spaces)


def figures_of(requests: Mapping[str, ClaimRequest], rows: WindowRows) -> dict[str, Figure]:
    """Return every figure by name."""
    return evaluate_figures(requests, rows).figures
