"""What the point list itself gives away: too few points, slots too long, one gateway for many machines (B.6, B.5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from kpi.calendar import Interval
from kpi.document import Stop
from kpi.findings import Finding, listed, note, warn
from kpi.registry.content import RegistryAsset, RequiredPoint
from model.signal import SignalClass

_BOTH: Final = frozenset({SignalClass.STATE, SignalClass.COUNT})
_STATE: Final = frozenset({SignalClass.STATE})
LEAST_CLASSES: Final = {
    "cnc": _BOTH,
    "robot": _BOTH,
    "plc": _BOTH,
    "press": _BOTH,
    "inspection": _STATE,
    "logistics": _STATE,
    "auxiliary": _STATE,
    "meter": frozenset({SignalClass.ENERGY}),
}
"""Classes of points that an asset of a class needs at least (ours, B.6: state and counter); others: any one point."""
LONGEST_SLOT_MS: Final = {
    SignalClass.STATE: 60_000,
    SignalClass.COUNT: 60_000,
    SignalClass.ENERGY: 900_000,
    SignalClass.QUALITY: 900_000,
    SignalClass.ENV: 900_000,
    SignalClass.PROCESS: 900_000,
}
"""Ceiling of a slot by class (ours; state, count and energy are the defaults of B.6)."""
MANY_MACHINES: Final = 10
"""From so many machines behind one gateway the finding is a warning."""


def point_list_findings(
    assets: Iterable[RegistryAsset], points: Sequence[RequiredPoint]
) -> tuple[Finding, ...]:
    """Return what must be said of a point list: assets with too few points, slots above their ceiling, gateways."""
    production = [a for a in assets if a.production]
    return (
        *_few_points(production, points),
        *_long_slots(points),
        *_gateways(production),
    )


def stop_findings(
    counted: Sequence[Stop], late: Sequence[Stop], window: Interval
) -> tuple[Finding, ...]:
    """Return the planned stops that meet the window: those that take slots away, and those registered too late.

    counted: registered before they started. late: registered afterwards; their slots stay expected.
    """
    found = []
    before, after = _within(counted, window), _within(late, window)
    if before:
        minutes = sum(b - a for _, a, b in before) // 60_000
        found.append(
            note(
                "upload.exclusions",
                f"{len(before)} 段计划停机在开始前已登记，其时隙不计入应采（合计 {minutes} 设备·分钟）",
                f"{len(before)} planned stops were registered before they started; "
                f"their slots are not expected ({minutes} asset minutes)",
                tuple(s.asset for s, _, _ in before),
                stops=len(before),
                minutes=minutes,
            )
        )
    if after:
        minutes = sum(b - a for _, a, b in after) // 60_000
        found.append(
            warn(
                "upload.late-exclusions",
                f"{len(after)} 段计划停机在开始之后才登记：其时隙仍计入应采（合计 {minutes} 设备·分钟）",
                f"{len(after)} planned stops were registered only after they had started: "
                f"their slots stay expected ({minutes} asset minutes)",
                tuple(s.asset for s, _, _ in after),
                stops=len(after),
                minutes=minutes,
            )
        )
    return tuple(found)


def _within(stops: Sequence[Stop], window: Interval) -> list[tuple[Stop, int, int]]:
    cut = [(s, max(s.from_ms, window[0]), min(s.to_ms, window[1])) for s in stops]
    return [(s, a, b) for s, a, b in cut if a < b]


def _few_points(assets: Sequence[RegistryAsset], points: Sequence[RequiredPoint]) -> list[Finding]:
    found = []
    for asset in assets:
        own = [p for p in points if p.asset == asset.id]
        missing = LEAST_CLASSES.get(asset.asset_class, frozenset()) - {p.signal_class for p in own}
        if own and not missing:
            continue
        names = ", ".join(sorted(c.value for c in missing)) or "any"
        found.append(
            warn(
                "upload.few-points",
                f"{asset.id} 只有 {len(own)} 个必采点，缺少类别：{names}；点数过少的设备容易得到高上传率",
                f"{asset.id} has {len(own)} required points and lacks: {names}; "
                "few easy points make a high rate cheap",
                (asset.id,),
                points=len(own),
                missing=names,
            )
        )
    return found


def _long_slots(points: Sequence[RequiredPoint]) -> list[Finding]:
    return [
        warn(
            "upload.long-slot",
            f"{p.id} 的时隙为 {p.slot_ms} ms，超过 {p.signal_class.value} 类上限 "
            f"{LONGEST_SLOT_MS[p.signal_class]} ms；时隙越长，一个值覆盖的时间越多",
            f"{p.id} has slots of {p.slot_ms} ms, above the ceiling of class "
            f"{p.signal_class.value}, {LONGEST_SLOT_MS[p.signal_class]} ms; one value covers the more",
            (p.id,),
            slot_ms=p.slot_ms,
            ceiling_ms=LONGEST_SLOT_MS[p.signal_class],
        )
        for p in points
        if p.slot_ms > LONGEST_SLOT_MS[p.signal_class]
    ]


def _gateways(assets: Sequence[RegistryAsset]) -> list[Finding]:
    groups: dict[str, list[str]] = {}
    for asset in assets:
        if asset.gateway:
            groups.setdefault(asset.gateway, []).append(asset.id)
    found = []
    for gateway, ids in sorted(groups.items()):
        if len(ids) < 2:
            continue
        make = warn if len(ids) >= MANY_MACHINES else note
        found.append(
            make(
                "upload.shared-gateway",
                f"{len(ids)} 台设备经同一网关“{gateway}”上传：{listed(ids)}；网关在线不等于设备在线",
                f"{len(ids)} machines answer through one gateway {gateway!r}: {listed(ids)}; "
                "a living gateway does not prove a living machine",
                tuple(ids),
                machines=len(ids),
            )
        )
    return found
