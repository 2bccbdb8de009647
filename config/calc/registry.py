"""Registry rows and required points of a case → the lists that every ratio is counted over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from config.base import milliseconds
from config.calc.case import CalcCase
from config.calc.context import Context, whole_ms
from config.calc.plant import PointCase, ProcessRow, RegistryRow
from config.calc.readings import instant_of
from config.messages import suggestion
from config.yaml_document import Path
from kpi.calc.inputs import PlanInput, WindowInput
from kpi.calc.points import PointInput, PointRow, PointsInput, RowKind
from kpi.calc.ratios import RegistryInput
from kpi.registry.content import Process, Registry, RegistryAsset, RequiredPoint
from model.flags import MissedCause

CLASSES: Final = (
    *("cnc", "robot", "plc", "meter", "press", "inspection", "logistics", "manual", "auxiliary"),
)


_MOST_SLOTS: Final = 1_000_000
_MOST_COUNTED: Final = 10_000_000
"""Slots of a point that are only counted: four months of one a second."""


def registry_input(case: CalcCase, context: Context) -> RegistryInput | None:
    """Return the registry of a case; None with findings if a row stands twice, None if there is none."""
    if not case.devices:
        return None
    once = [
        _once([d.id for d in case.devices], "devices", context),
        _once([p.id for p in case.processes], "processes", context),
    ]
    if not all(once):
        return None
    processes = [p.id for p in case.processes]
    for i, d in enumerate(case.devices):
        _known_class(d, ("devices", i), context)
        for k, name in enumerate(d.processes):
            if name not in processes:
                context.warn(
                    "registry.unknown-process",
                    ("devices", i, "processes", k),
                    f"设备 {d.id} 的工序“{name}”不在 processes 清单中",
                    f"process {name!r} of {d.id} is not in the list of processes",
                    hint=suggestion(name, processes),
                )
    registry = Registry(
        assets=tuple(_asset(d) for d in case.devices),
        processes=tuple(_process(p) for p in case.processes),
        points=tuple(point_of(p) for p in case.points),
    )
    observed = [d for d in case.devices if d.observed is not None]
    seen = frozenset(d.id for d in observed if d.observed) if observed else None
    return RegistryInput(registry, seen)


def points_input(
    case: CalcCase,
    context: Context,
    registry: RegistryInput | None,
    plan: PlanInput | None,
    window: WindowInput | None,
) -> PointsInput | None:
    """Return the required points of a case; None with findings if one stands twice, None if there is none."""
    if not case.points:
        return None
    if not _once([f"{p.asset}/{p.signal}" for p in case.points], "points", context):
        return None
    ids = [d.id for d in case.devices]
    for i, p in enumerate(case.points):
        if ids and p.asset not in ids:
            context.warn(
                "points.unknown-asset",
                ("points", i, "asset"),
                f"必采点的设备“{p.asset}”不在 devices 中",
                f"asset {p.asset!r} of the point is not in devices",
                hint=suggestion(p.asset, ids),
            )
    timed = any(p.values is not None or p.alive or p.missed for p in case.points)
    if timed and case.window is None:
        context.stop(
            "points.no-window",
            ("points",),
            "必采点给出了带时刻的值，但没有写 window：不知道应采多少时隙",
            "points have values with times but no window is written: how many slots were expected is not known",
        )
        return None
    if not _countable(case, window, context):
        return None
    return PointsInput(
        points=tuple(_point(p, ("points", i), context) for i, p in enumerate(case.points)),
        registry=registry.registry if registry is not None else None,
        window=window,
        plan=plan,
    )


def _countable(case: CalcCase, window: WindowInput | None, context: Context) -> bool:
    """Return whether no point has more slots than a case written by hand can mean."""
    for i, p in enumerate(case.points):
        if p.slots is not None:
            slots, most = sum(p.slots.values()), _MOST_COUNTED
        elif window is not None:
            slots, most = (window.end_ms - window.start_ms) // milliseconds(p.slot), _MOST_SLOTS
        else:
            continue
        if slots > most:
            context.stop(
                "points.too-many-slots",
                ("points", i, "slot"),
                f"{p.asset}/{p.signal} 有 {slots} 个时隙，超过 {most}：请缩短窗口，或按结果写 slots",
                f"{p.asset}/{p.signal} has {slots} slots, more than {most}: shorten the window or write slots by "
                "outcome",
            )
            return False
    return True


def point_of(p: PointCase) -> RequiredPoint:
    """Return a point as the registry lists it."""
    deadline = whole_ms(p.deadline)
    return RequiredPoint(
        asset=p.asset,
        signal=p.signal,
        signal_class=p.kind,
        slot_ms=milliseconds(p.slot),
        deadline_ms=milliseconds(p.slot) if deadline is None else deadline,
        acquisition=p.acquisition,
        process_data=p.process_data,
    )


def _once(ids: Sequence[str], key: str, context: Context) -> bool:
    """Return whether every id stands once; a repeated one takes all figures of the list away."""
    seen: dict[str, int] = {}
    twice = False
    for i, name in enumerate(ids):
        if name in seen:
            twice = True
            line = context.place((key, seen[name])).line
            context.stop(
                f"{key}.row-twice",
                (key, i),
                f"“{name}”在 {key} 中出现两次（第一次在第 {line} 行）：一台设备、一个点只登记一次，不给出相关比率",
                f"{name!r} stands twice in {key} (first in line {line}): one machine or point is one row, so no ratio "
                "is given",
            )
        seen.setdefault(name, i)
    return not twice


def _known_class(d: RegistryRow, path: Path, context: Context) -> None:
    if d.asset_class and d.asset_class not in CLASSES:
        context.warn(
            "registry.unknown-class",
            (*path, "class"),
            f"设备 {d.id} 的类别“{d.asset_class}”未知；可用：{'、'.join(CLASSES)}",
            f"class {d.asset_class!r} of {d.id} is not known; known: {', '.join(CLASSES)}",
            hint=suggestion(d.asset_class, CLASSES),
        )


def _asset(d: RegistryRow) -> RegistryAsset:
    return RegistryAsset(
        id=d.id,
        name=d.name,
        asset_class=d.asset_class,
        counts_as=d.counts_as,
        production=d.production,
        manufacturing=d.manufacturing,
        nc=d.nc,
        digital=d.digital,
        smart=d.smart,
        networked=d.networked,
        key=d.key,
        nc_reason=d.nc_reason,
        key_reason=d.key_reason,
        processes=d.processes,
        gateway=d.gateway,
        identity=d.identity,
    )


def _process(p: ProcessRow) -> Process:
    return Process(id=p.id, name=p.name, key=p.key, key_reason=p.key_reason, control=p.control)


def _point(p: PointCase, path: Path, context: Context) -> PointInput:
    point = point_of(p)
    if p.slots is not None:
        return PointInput(point=point, outcomes=dict(p.slots))
    if p.values is None and not p.alive and not p.missed:
        return PointInput(point=point)
    return PointInput(point=point, rows=tuple(_rows(p, path, context)))


def _rows(p: PointCase, path: Path, context: Context) -> list[PointRow]:
    found = []
    for i, v in enumerate(p.values or ()):
        at = instant_of(v.at, (*path, "values", i, "at"), context)
        if at is None:
            continue
        received = at
        if v.received is not None:
            came = instant_of(v.received, (*path, "values", i, "received"), context)
            received = at if came is None else came
        found.append(PointRow(RowKind.VALUE if v.good else RowKind.BAD, at, received))
    for i, moment in enumerate(p.alive):
        at = instant_of(moment, (*path, "alive", i), context)
        if at is not None:
            found.append(PointRow(RowKind.ALIVE, at, at))
    for i, m in enumerate(p.missed):
        at = instant_of(m.at, (*path, "missed", i, "at"), context)
        if at is not None:
            cause = MissedCause[m.cause.upper()]
            found.append(PointRow(RowKind.MISSED, at, at, int(cause)))
    return found
