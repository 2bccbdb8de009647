"""Required points of a case → slots by outcome, and every reading of the upload rate (kpi-audit U7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

import numpy as np

from kpi.calc.figure import Figure
from kpi.calc.inputs import PlanInput, WindowInput
from kpi.calc.log import ALWAYS, Row, history_of, plain_asset, signal, window_rows
from kpi.calc.ratios import RatioFigures, ratio_figures
from kpi.calendar import MINUTE_MS
from kpi.document_types import ConfigDocument, SignalSpec, StreamSpec
from kpi.findings import Finding
from kpi.ratios import asset_slots
from kpi.registry.content import Registry, RequiredPoint
from kpi.registry.data_ratios import (
    data_acquisition_coverage,
    data_acquisition_rate,
    equipment_data_rate,
)
from kpi.registry.definitions import DEFINITIONS
from kpi.slots import OUTCOMES, Outcome, PointSlots
from kpi.upload.registry_checks import point_list_findings
from kpi.upload.summary import AssetPoints, LongestGap, UploadSummary, summary
from kpi.window import NO_TIME_MS, PointKey, Span
from kpi.workspace import Workspace
from model.flags import RowFlag
from model.ratio import Ratio
from model.signal import CLASS_RANK, Role, SignalClass, SignalType
from model.status import BAD, BAD_NO_DATA, GOOD


class RowKind(StrEnum):
    """What a row of a point says."""

    VALUE = "value"
    BAD = "bad"
    """A value that is not good."""
    ALIVE = "alive"
    """Unchanged and proven alive; dated by receipt."""
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class PointRow:
    """One row of a point."""

    kind: RowKind
    at_ms: int
    """Source time; of `alive` the receipt; of `missed` the scheduled instant."""
    received_ms: int
    cause: int = 0
    """Of `missed`: `model.flags.MissedCause`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointInput:
    """One required point, with its slots counted by outcome or with its rows."""

    point: RequiredPoint
    outcomes: Mapping[Outcome, int] | None = None
    rows: tuple[PointRow, ...] | None = None
    """None with `outcomes` None too = nothing is said of its slots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsInput:
    """All points, and the production equipment that must answer."""

    points: tuple[PointInput, ...]
    registry: Registry | None = None
    """None = the case has no registry: only equipment with points is known."""
    window: WindowInput | None = None
    plan: PlanInput | None = None


@dataclass(frozen=True, slots=True)
class PointResult:
    """Upload rate and rates of collected data."""

    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]
    summary: UploadSummary | None
    longest_gap: LongestGap | None
    """Only where all slots come from rows: counted outcomes have no order."""
    slots: Mapping[str, PointSlots] = field(default_factory=dict)
    """By `asset/signal`."""


_ROLE: Final = {
    SignalClass.STATE: Role.HEARTBEAT,
    SignalClass.COUNT: Role.COUNT_TOTAL,
    SignalClass.ENERGY: Role.POWER,
    SignalClass.QUALITY: Role.REJECT_REASON,
    SignalClass.ENV: Role.TEMPERATURE,
    SignalClass.PROCESS: Role.PROCESS_VALUE,
}


def point_result(case: PointsInput) -> PointResult:
    """Return all rates over the required points of a case."""
    slots = _slots(case)
    required = [p.point for p in case.points]
    static = ratio_figures([data_acquisition_rate(required)])
    findings: tuple[Finding, ...] = static.findings
    if case.registry is not None:
        findings = (*point_list_findings(case.registry.assets, required), *findings)
    if not slots:
        return PointResult(static.figures, findings, None, None)
    assets = _assets(case, slots)
    found = summary(assets)
    dynamic: RatioFigures = ratio_figures(
        [data_acquisition_coverage(required, slots), equipment_data_rate(assets)]
    )
    ordered = all(p.rows is not None for p in case.points)
    return PointResult(
        (*_upload(found), *static.figures, *dynamic.figures),
        (*findings, *dynamic.findings),
        found,
        found.longest_gap if ordered else None,
        slots,
    )


def _upload(found: UploadSummary) -> list[Figure]:
    d = DEFINITIONS["upload-rate"]

    def figure(reading: str, zh: str, en: str, value: Ratio) -> Figure:
        return Figure(
            id=f"upload-rate@{reading}" if reading else "upload-rate",
            zh=f"{d.zh}（{zh}）",
            en=f"{d.en} ({en})",
            formula_zh=d.formula_zh,
            formula_en=d.formula_en,
            source=d.source,
            value=value,
        )

    official = figure(
        "", "点平均后按设备平均", "mean over points, then over assets", found.official
    )
    if found.low is not None and found.low != found.high:
        official = replace(official, low=found.low, high=found.high)
    return [
        replace(official, note_zh=d.ours, note_en=d.ours),
        figure("eventual", "含迟到", "late values added", found.eventual),
        figure("pooled", "全部时隙合并，按时", "all slots pooled, on time", found.pooled),
        figure(
            "pooled-eventual", "合并，含迟到", "pooled, late values added", found.pooled_eventual
        ),
        figure(
            "reaching", "达到 90 % 的设备比例", "share of assets that reach 90 %", found.reaching
        ),
    ]


def _assets(case: PointsInput, slots: Mapping[str, PointSlots]) -> list[AssetPoints]:
    """Return the points by asset; production equipment of the registry without any counts as never connected."""
    found: dict[str, list[PointSlots]] = {}
    for p in case.points:
        if p.point.id in slots:
            found.setdefault(p.point.asset, []).append(slots[p.point.id])
    for a in case.registry.assets if case.registry is not None else ():
        if a.production is not False:
            found.setdefault(a.id, [])
    return [AssetPoints(name, tuple(own)) for name, own in sorted(found.items())]


def _slots(case: PointsInput) -> dict[str, PointSlots]:
    found = {p.point.id: _counted(p) for p in case.points if p.outcomes is not None}
    read = [p for p in case.points if p.rows is not None]
    if read and case.window is not None:
        by_asset = asset_slots(_workspace(read, case.plan, case.window))
        for p in read:
            own = by_asset[p.point.asset].points
            found[p.point.id] = next(x for x in own if x.signal == p.point.signal)
    return found


def _counted(p: PointInput) -> PointSlots:
    """Return slots of which only the numbers by outcome are known; their order means nothing."""
    counted = [(p.outcomes or {}).get(o, 0) for o in OUTCOMES]
    codes = np.repeat(np.arange(len(OUTCOMES), dtype=np.int8), counted)
    return PointSlots(
        p.point.signal,
        np.arange(len(codes), dtype=np.int64) * p.point.slot_ms,
        np.full(len(codes), p.point.slot_ms, dtype=np.int64),
        codes,
    )


def _workspace(
    read: Sequence[PointInput], plan: PlanInput | None, window: WindowInput
) -> Workspace:
    """Return a log with the rows of the points, all of which are required."""
    keys: dict[PointKey, int] = {}
    rows: list[Row] = []
    streams: dict[tuple[str, SignalClass], list[PointInput]] = {}
    for p in read:
        streams.setdefault((p.point.asset, p.point.signal_class), []).append(p)
        key = PointKey(f"{p.point.asset}.{p.point.signal_class.value}", p.point.signal)
        number = keys.setdefault(key, len(keys))
        rows += [_row(number, r) for r in p.rows or ()]
    document = ConfigDocument(
        assets=tuple(plain_asset(name) for name in sorted({p.point.asset for p in read})),
        calendar=plan.calendar if plan is not None else ALWAYS,
        enterprise="",
        site_name="",
        workshop="",
        state_tables=(),
        streams=tuple(
            StreamSpec(f"{asset}.{kind.value}", tuple(_spec(p) for p in own))
            for (asset, kind), own in sorted(
                streams.items(), key=lambda s: (CLASS_RANK[s[0][1]], s[0][0])
            )
        ),
    )
    latest = max((r[2] for r in rows), default=window.end_ms)
    first, last = window.start_ms // MINUTE_MS, window.end_ms // MINUTE_MS
    span = Span(first, last, lead=0, grace=max(1, latest // MINUTE_MS - last + 1))
    columns = window_rows(tuple(keys), rows, (), history_of(document, plan))
    return Workspace(columns, span)


def _row(number: int, row: PointRow) -> Row:
    match row.kind:
        case RowKind.VALUE:
            return number, row.at_ms, row.received_ms, 0, GOOD, 0
        case RowKind.BAD:
            return number, row.at_ms, row.received_ms, 0, BAD, 0
        case RowKind.ALIVE:
            flags = int(RowFlag.ALIVE | RowFlag.NO_VALUE)
            return number, NO_TIME_MS, row.received_ms, 0, GOOD, flags
        case RowKind.MISSED:
            flags = int(RowFlag.MISSED)
            return number, row.at_ms, row.received_ms, row.cause, BAD_NO_DATA, flags


def _spec(p: PointInput) -> SignalSpec:
    plain = signal(p.point.signal, _ROLE[p.point.signal_class], SignalType.INT, 0)
    return replace(plain, slot_ms=p.point.slot_ms, deadline_ms=p.point.deadline_ms, required=True)
