"""The one entry point: a claim request and the rows of the log in, the claim's numbers out."""

from __future__ import annotations

from dataclasses import replace

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
    NcRatioClaim,
    NetworkedClaim,
    OeeClaim,
    RegistryRatioClaim,
    UnitEnergyClaim,
    UploadRateClaim,
    UtilisationClaim,
)
from kpi.comparison.before_after import before_after
from kpi.coverage import coverage
from kpi.energy.energy_per_piece import energy_per_piece
from kpi.equipment.automatic_control import automatic_control
from kpi.equipment.before_after import equipment_comparison
from kpi.equipment.defects import defect_rate
from kpi.equipment.energy_per_piece import equipment_energy_per_piece
from kpi.equipment.oee import equipment_oee
from kpi.equipment.registry_ratio import registry_ratio
from kpi.equipment.unit_energy import unit_energy
from kpi.oee import oee, utilisation
from kpi.ratios import nc_ratio, networked, upload_rate
from kpi.window import WindowRows
from kpi.workspace import Workspace


def evaluate(
    request: ClaimRequest,
    rows: WindowRows | Workspace,
    before: WindowRows | Workspace | None = None,
) -> ClaimResult:
    """Return what the claim states over the rows, to the last integer as docs/formats/claims.md says.

    rows: those of `request.span`; a `Workspace` of the same span saves work when several claims are asked of one
    window. before: those of `request.before` of a comparison; absent = `rows` holds both periods.
    Raises PermanentError if slots are not loaded or an asset is unknown.
    """
    work = _workspace(rows, request)
    if isinstance(request, BeforeAfterClaim):
        found = before_after(_earlier(before, work, request), work, request)
    elif isinstance(request, ComparisonClaim):
        found = equipment_comparison(_before(before, work, request), work, request)
    else:
        found = _single(work, request)
    return replace(found, coverage=coverage(work, request))


def _workspace(rows: WindowRows | Workspace, request: ClaimRequest) -> Workspace:
    if not isinstance(rows, Workspace):
        return Workspace(rows, request.span)
    if rows.span != request.span:
        raise ValueError(f"workspace of {rows.span} asked for {request.span}")
    return rows


def _earlier(
    before: WindowRows | Workspace | None, work: Workspace, request: BeforeAfterClaim
) -> Workspace:
    """Return the workspace of the before window, with the offset of the after window (config-document.md)."""
    source = before if before is not None else work.rows
    if isinstance(source, Workspace):
        one_offset = all(len(p.document.calendar.offsets) == 1 for p in source.parts)
        if one_offset or source.offset_at_ms == work.offset_at_ms:
            return source
        source = source.rows
    return Workspace(source, request.before, work.offset_at_ms)


def _before(
    before: WindowRows | Workspace | None, work: Workspace, request: ComparisonClaim
) -> Workspace:
    """Return the workspace of the before window; its calendar says which offset holds when."""
    source = before if before is not None else work.rows
    return source if isinstance(source, Workspace) else Workspace(source, request.before)


def _single(work: Workspace, request: ClaimRequest) -> ClaimResult:
    """Return the result of a claim over one window."""
    match request:
        case OeeClaim():
            return oee(work, request)
        case UtilisationClaim():
            return utilisation(work, request)
        case NcRatioClaim():
            return nc_ratio(work)
        case UploadRateClaim():
            return upload_rate(work)
        case NetworkedClaim():
            return networked(work, request)
        case EnergyPerPieceClaim():
            return energy_per_piece(work, request)
        case BeforeAfterClaim() | ComparisonClaim():
            raise ValueError("a before/after claim needs two windows")
        case _:
            return _of_equipment(work, request)


def _of_equipment(
    work: Workspace,
    request: EquipmentOeeClaim
    | DefectRateClaim
    | RegistryRatioClaim
    | UnitEnergyClaim
    | AutomaticControlClaim
    | EquipmentEnergyClaim,
) -> ClaimResult:
    """Return the result of a claim on equipment statistics (claims.md §5)."""
    match request:
        case EquipmentOeeClaim():
            return equipment_oee(work, request)
        case DefectRateClaim():
            return defect_rate(work, request)
        case RegistryRatioClaim():
            return registry_ratio(work, request)
        case UnitEnergyClaim():
            return unit_energy(work, request)
        case AutomaticControlClaim():
            return automatic_control(work, request)
        case EquipmentEnergyClaim():
            return equipment_energy_per_piece(work, request)
