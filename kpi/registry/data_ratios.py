"""Rates of collected data: 生产工艺数据自动数采率 (static and by slots) and 设备数据采集率 (kpi.md B.3, B.6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from kpi.exact import mean
from kpi.findings import listed, note
from kpi.registry.content import Acquisition, RequiredPoint
from kpi.registry.ratio_readings import (
    Counted,
    EquipmentRatio,
    Reading,
    Wording,
    ratio,
    undefined,
)
from kpi.slots import PointSlots
from kpi.upload.summary import AssetPoints, summary
from model.ratio import Ratio, Undefined, ratio_of

_NO_POINT: Final = Undefined(
    "the list of required points has no point of process data", "必采点清单中没有生产工艺数据点"
)
_NO_SLOT: Final = Undefined(
    "no slot was expected of any required point", "没有任何必采点有应采时隙"
)


def data_acquisition_rate(points: Iterable[RequiredPoint]) -> EquipmentRatio:
    """Return required points of process data collected automatically / those required; static, from the list alone.

    Second reading: over all required points, not only those of process data.
    """
    every = sorted(points, key=lambda p: p.id.encode())
    process = [p for p in every if p.process_data]
    readings = (
        _counted(Wording("process-points", "生产工艺数据点", "points of process data"), process),
        _counted(Wording("all-points", "全部必采点", "all required points"), every),
    )
    by_hand = tuple(p.id for p in process if p.acquisition is Acquisition.MANUAL)
    findings = (
        [
            note(
                "data.entered-by-hand",
                f"{len(by_hand)} 个必采工艺数据点由人工录入，不计入自动采集：{listed(by_hand)}",
                f"{len(by_hand)} required points of process data are typed in and not counted as automatic: "
                f"{listed(by_hand)}",
                by_hand,
                count=len(by_hand),
            )
        ]
        if by_hand
        else []
    )
    return ratio("data-acquisition-rate", readings, findings)


def data_acquisition_coverage(
    points: Iterable[RequiredPoint], slots: Mapping[str, PointSlots]
) -> EquipmentRatio:
    """Return the slot coverage of the required points of process data; slots by `asset/signal`.

    Mean over points, then over assets (default), and pooled. A point that is not collected automatically counts 0, also
    where it has no slots; in the pooled reading it cannot weigh, which is why that is not the default.
    """
    process = sorted((p for p in points if p.process_data), key=lambda p: p.id.encode())
    rates: dict[str, list[Fraction]] = {}
    covered: list[Counted] = []
    expected: list[Counted] = []
    for p in process:
        found = slots.get(p.id)
        if p.acquisition is not Acquisition.AUTOMATIC or found is None:
            rates.setdefault(p.asset, []).append(Fraction(0))
        elif found.expected:
            rates.setdefault(p.asset, []).append(Fraction(found.covered, found.expected))
            covered.append(Counted(p.id, found.covered))
            expected.append(Counted(p.id, found.expected))
    official = mean([r for own in rates.values() if (r := mean(own)) is not None])
    top, below = tuple(covered), tuple(expected)
    nothing = _NO_SLOT if process else _NO_POINT
    readings = (
        Reading(
            wording=Wording("assets", "点平均后按设备平均", "mean over points, then over assets"),
            numerator=top,
            denominator=below,
            value=nothing if official is None else official,
        ),
        Reading(
            wording=Wording("pooled", "全部时隙合并", "all slots pooled"),
            numerator=top,
            denominator=below,
            value=ratio_of(
                sum(c.count for c in top),
                sum(c.count for c in below),
                en=nothing.en,
                zh=nothing.zh,
            ),
        ),
    )
    return ratio("data-acquisition-coverage", readings)


def equipment_data_rate(assets: Sequence[AssetPoints]) -> EquipmentRatio:
    """Return the slot coverage of all required points (default), the share of assets and of points with any data."""
    found = summary(assets)
    points = [(f"{a.asset}/{p.signal}", p) for a in assets for p in a.slots if p.expected]
    slots = Reading(
        wording=Wording(
            "slots", "时隙覆盖率（与信息的上传率同法）", "slot coverage, as the upload rate"
        ),
        numerator=tuple(Counted(name, p.covered) for name, p in points),
        denominator=tuple(Counted(name, p.expected) for name, p in points),
        value=found.official,
    )
    with_data = [a for a in assets if any(p.alive for p in a.slots)]
    of_assets = [a for a in assets if not a.planned_off]
    readings = (
        slots,
        _each(
            Wording("assets-with-data", "采集到数据的设备 ÷ 设备", "assets with any data / assets"),
            [a.asset for a in with_data],
            [a.asset for a in of_assets],
        ),
        _each(
            Wording("points-with-data", "采集到数据的点 ÷ 必采点", "points with any data / points"),
            [name for name, p in points if p.alive],
            [name for name, _ in points],
        ),
    )
    return ratio("equipment-data-rate", readings)


def _counted(wording: Wording, points: Sequence[RequiredPoint]) -> Reading:
    automatic = [p for p in points if p.acquisition is Acquisition.AUTOMATIC]
    reading = _each(wording, [p.id for p in automatic], [p.id for p in points])
    return reading if points else undefined(reading, _NO_POINT.zh, _NO_POINT.en)


def _each(wording: Wording, top: Sequence[str], below: Sequence[str]) -> Reading:
    """Return a reading in which every line counts one."""
    value: Ratio = ratio_of(len(top), len(below), en=_NO_SLOT.en, zh=_NO_SLOT.zh)
    return Reading(
        wording=wording,
        numerator=tuple(Counted(i, 1) for i in top),
        denominator=tuple(Counted(i, 1) for i in below),
        value=value,
    )
