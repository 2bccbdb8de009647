"""The upload rate of a window of the log with everything that must stand beside it (B.6, U7)."""

from __future__ import annotations

from dataclasses import dataclass

from kpi.calendar import Interval
from kpi.findings import Finding
from kpi.ratios import asset_slots, registered_assets
from kpi.registry.content import registry_of
from kpi.slots import required_points
from kpi.upload.contradictions import contradictions, void_held
from kpi.upload.finer import FineRate, fine_point, fine_rate
from kpi.upload.log_traces import asset_traces, in_time, machines, point_clock_faults
from kpi.upload.registry_checks import point_list_findings, stop_findings
from kpi.upload.shifts import ShiftTime, shift_times
from kpi.upload.summary import AssetPoints, ShiftRate, UploadSummary, shift_rates, summary
from kpi.upload.trace_checks import clock_findings, contradiction_findings, trace_findings
from kpi.workspace import Workspace


@dataclass(frozen=True, slots=True)
class UploadReport:
    """The upload rate and what must be known of it."""

    summary: UploadSummary
    """Its official rate equals the claim `upload-rate/1`."""
    without_contradicted: UploadSummary
    """The same with the held slots of contradicted machines counted as missed."""
    shifts: tuple[ShiftRate, ...]
    finer: FineRate
    findings: tuple[Finding, ...]


def asset_points(work: Workspace) -> tuple[AssetPoints, ...]:
    """Return the points of every asset of the upload rate, registered ones without any included, by id."""
    found = {name: AssetPoints(name, own.points) for name, own in asset_slots(work).items()}
    for name in registered_assets(work):
        found.setdefault(name, AssetPoints(name))
    return tuple(found[name] for name in sorted(found))


def upload_report(work: Workspace) -> UploadReport:
    """Return the report of a window; reads every row of it once more, column by column."""
    points = asset_points(work)
    traces = asset_traces(work)
    tested = machines(work, traces)
    where: dict[str, tuple[Interval, ...]] = {a: contradictions(m) for a, m in tested.items()}
    untestable = [a for a, m in tested.items() if not m.testable]
    registry = registry_of(work.parts[-1].document)
    window = (work.span.start_ms, work.span.end_ms)
    counted = sorted({s for p in work.parts for s in p.stops})
    return UploadReport(
        summary=summary(points),
        without_contradicted=summary(void_held(points, where)),
        shifts=shift_rates(points, _shifts(work)),
        finer=_finer(work, points),
        findings=(
            *point_list_findings(registry.assets, registry.points),
            *stop_findings(counted, work.rows.history.late_stops, window),
            *contradiction_findings(where, untestable),
            *trace_findings(traces),
            *clock_findings(point_clock_faults(work)),
        ),
    )


def _shifts(work: Workspace) -> tuple[ShiftTime, ...]:
    """Return the shifts of the calendars in force, each cut to its time."""
    return tuple(
        ShiftTime(t.name, max(t.start_ms, p.start_ms), min(t.end_ms, p.end_ms))
        for p in work.parts
        for t in shift_times(p.document.calendar, p.start_ms, p.end_ms)
    )


def _finer(work: Workspace, points: tuple[AssetPoints, ...]) -> FineRate:
    keys = {(a, k.signal): k for a, own in required_points(work).items() for k in own}
    fine = [
        fine_point(a.asset, p, in_time(work, keys[a.asset, p.signal]))
        for a in points
        for p in a.slots
    ]
    return fine_rate(fine, [a.asset for a in points if not a.slots])
