"""What the log has of each stream that a claim uses, in minutes (claims.md §0)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from kpi.claims import (
    AutomaticControlClaim,
    BeforeAfterClaim,
    ClaimRequest,
    ComparisonClaim,
    DefectRateClaim,
    EnergyPerPieceClaim,
    EquipmentEnergyClaim,
    EquipmentOeeClaim,
    NcRatioClaim,
    NetworkedClaim,
    OeeClaim,
    RegistryRatioClaim,
    StreamCoverage,
    UnitEnergyClaim,
    UploadRateClaim,
    UtilisationClaim,
)
from kpi.document import StreamSpec
from kpi.slots import required_points
from kpi.workspace import Workspace
from model.signal import CLASS_RANK, SignalClass


def coverage(work: Workspace, request: ClaimRequest) -> tuple[StreamCoverage, ...]:
    """Return the coverage of every stream that the claim uses over its window, in stream order."""
    wanted = _wanted(work, request)
    streams = {s.id: s for p in work.parts for s in p.document.streams if s.id in wanted}
    ordered = sorted(streams.values(), key=lambda s: (CLASS_RANK[s.signal_class], s.device))
    return tuple(_of_streams(work, ordered)) if ordered else ()


def _wanted(work: Workspace, request: ClaimRequest) -> set[str]:
    match request:
        case OeeClaim() | EquipmentOeeClaim() | DefectRateClaim():
            return _ids(request.assets, SignalClass.STATE, SignalClass.COUNT)
        case UtilisationClaim() | AutomaticControlClaim():
            return _ids(request.assets, SignalClass.STATE)
        case NcRatioClaim() | RegistryRatioClaim():
            return set()
        case UnitEnergyClaim() | EquipmentEnergyClaim() | ComparisonClaim():
            # The uptime of a meter stands in its state stream.
            uptime = () if isinstance(request, UnitEnergyClaim) else (SignalClass.STATE,)
            return _ids(request.meters, SignalClass.ENERGY, *uptime) | _ids(
                request.assets, SignalClass.STATE, SignalClass.COUNT
            )
        case UploadRateClaim() | NetworkedClaim():
            return {k.stream for keys in required_points(work).values() for k in keys}
        case EnergyPerPieceClaim():
            return _ids(request.meters, SignalClass.ENERGY) | _ids(
                request.assets, SignalClass.COUNT
            )
        case BeforeAfterClaim(metric="oee-iso22400/1"):
            return _ids(request.assets, SignalClass.STATE, SignalClass.COUNT)
        case BeforeAfterClaim():
            return _ids(request.meters, SignalClass.ENERGY) | _ids(
                request.assets, SignalClass.COUNT
            )


def _ids(devices: Iterable[str], *classes: SignalClass) -> set[str]:
    return {f"{d}.{c.value}" for d in devices for c in classes}


def _of_streams(work: Workspace, streams: list[StreamSpec]) -> list[StreamCoverage]:
    rows, span = work.rows, work.span
    inside = (rows.block_slot >= span.first) & (rows.block_slot < span.last)
    index = np.flatnonzero(inside)
    used = rows.history.used
    from_slots = np.array(rows.history.from_slots, dtype=np.int64)
    config = np.maximum(np.searchsorted(from_slots, rows.block_slot[index], side="right") - 1, 0)
    data = dict.fromkeys((s.id for s in streams), 0)
    gap = dict(data)
    for c in np.unique(config).tolist():
        letters = "".join(rows.block_state[i] for i in index[config == c].tolist())
        ids = [s.id for s in used[c].document.streams]
        table = np.frombuffer(letters.encode(), dtype=np.uint8).reshape(-1, max(len(ids), 1))
        counts = (table == ord("D")).sum(axis=0).tolist()
        for i, name in enumerate(ids):
            if name in data:
                data[name] += counts[i]
                gap[name] += len(table) - counts[i]
    off = sum(max(0, min(a + n, span.last) - max(a, span.first)) for a, n in rows.off)
    minutes = span.last - span.first
    return [
        StreamCoverage(s.id, data[s.id], gap[s.id], off, minutes - off - data[s.id] - gap[s.id])
        for s in streams
    ]
