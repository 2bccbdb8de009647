"""A registry from a parsed file, as a site writes it by hand: every fault names the list, the line and the key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from fractions import Fraction
from typing import Final

from kpi.energy.units import unit_of
from kpi.fields import Fields
from kpi.registry.content import (
    Acquisition,
    Control,
    EnergyMeter,
    Flag,
    Flow,
    Loop,
    Process,
    Registry,
    RegistryAsset,
    RequiredPoint,
)
from kpi.registry.lists import frozen_lists
from model.signal import SignalClass

_ASSET: Final = tuple("class" if f.name == "asset_class" else f.name for f in fields(RegistryAsset))
"""Keys of an asset."""


def registry_from_mapping(data: Mapping[str, object], path: str = "registry") -> Registry:
    """Return the registry of a parsed file; all lists but `assets` may be absent.

    Raises ConfigError for an unknown key, a wrong value, an id that stands in a list twice, a process, unit or asset
    that a line names and no list has.
    """
    f = Fields.of(data, path)
    f.only("assets", "processes", "points", "loops", "meters")
    registry = Registry(
        assets=tuple(_asset(x) for x in f.children("assets")),
        processes=tuple(_process(x) for x in _list(f, "processes")),
        points=tuple(_point(x) for x in _list(f, "points")),
        loops=tuple(_loop(x) for x in _list(f, "loops")),
        meters=tuple(_meter(x) for x in _list(f, "meters")),
    )
    frozen_lists(registry)
    _references(f, registry)
    return registry


def _list(f: Fields, key: str) -> tuple[Fields, ...]:
    return f.children(key) if f.has(key) else ()


def _references(f: Fields, registry: Registry) -> None:
    assets = {a.id for a in registry.assets}
    processes = {p.id for p in registry.processes}
    for key, known, named in (
        ("assets", processes, [(a.id, p) for a in registry.assets for p in a.processes]),
        ("points", assets, [(p.id, p.asset) for p in registry.points]),
        ("loops", assets, [(p.id, p.unit) for p in registry.loops if p.unit]),
        ("meters", assets, [(m.id, a) for m in registry.meters for a in m.measures]),
    ):
        for line, name in named:
            if name not in known:
                raise f.error(
                    key,
                    f"in line {line!r} only names of the lists; {name!r} is none",
                    f"{line!r} 一行只能写清单名，{name!r} 不是清单名",
                )


def _asset(f: Fields) -> RegistryAsset:
    f.only(*_ASSET)
    start, end = f.pair("in_service") if f.has("in_service") else (0, 0)
    flags = {x.value: f.flag(x.value) if f.has(x.value) else None for x in Flag}
    return RegistryAsset(
        id=f.text("id"),
        name=_text(f, "name"),
        asset_class=_text(f, "class"),
        counts_as=f.integer("counts_as", low=1) if f.has("counts_as") else 1,
        in_service=(start, end),
        nc_reason=_text(f, "nc_reason"),
        key_reason=_text(f, "key_reason"),
        processes=f.texts("processes") if f.has("processes") else (),
        gateway=_text(f, "gateway"),
        identity=_text(f, "identity"),
        **flags,
    )


def _process(f: Fields) -> Process:
    f.only("id", "name", "key", "key_reason", "control")
    words = tuple(c.value for c in Control)
    return Process(
        id=f.text("id"),
        name=_text(f, "name"),
        key=f.flag("key") if f.has("key") else False,
        key_reason=_text(f, "key_reason"),
        control=Control(f.one_of("control", words)) if f.has("control") else None,
    )


def _point(f: Fields) -> RequiredPoint:
    f.only(
        "asset",
        "signal",
        "class",
        "slot_ms",
        "deadline_ms",
        "acquisition",
        "process_data",
        "deadband",
    )
    words = tuple(a.value for a in Acquisition)
    return RequiredPoint(
        asset=f.text("asset"),
        signal=f.text("signal"),
        signal_class=SignalClass(f.one_of("class", tuple(c.value for c in SignalClass))),
        slot_ms=f.integer("slot_ms", low=1),
        deadline_ms=f.integer("deadline_ms", low=0)
        if f.has("deadline_ms")
        else f.integer("slot_ms"),
        acquisition=Acquisition(f.one_of("acquisition", words))
        if f.has("acquisition")
        else Acquisition.AUTOMATIC,
        process_data=f.flag("process_data") if f.has("process_data") else False,
        deadband=f.number("deadband") if f.has("deadband") else None,
    )


def _loop(f: Fields) -> Loop:
    f.only("id", "name", "unit", "normally_automatic", "span")
    span = (Fraction(0), Fraction(100))
    if f.has("span"):
        ends = f.child("span")
        ends.only("low", "high")
        span = (ends.number("low"), ends.number("high"))
        if span[0] >= span[1]:
            raise f.error("span", "low < high")
    return Loop(
        id=f.text("id"),
        name=_text(f, "name"),
        unit=_text(f, "unit"),
        normally_automatic=f.flag("normally_automatic") if f.has("normally_automatic") else False,
        span=span,
    )


def _meter(f: Fields) -> EnergyMeter:
    f.only(
        *("id", "carrier", "unit", "flow", "measures", "current_ratio", "voltage_ratio"),
        *("share", "share_rule"),
    )
    unit_of(f.text("unit"))
    share = _positive(f, "share")
    rule = _text(f, "share_rule")
    if share > 1 or (share != 1 and not rule):
        raise f.error(
            "share",
            "at most 1, and with its written share_rule where it is less",
            "不大于 1；小于 1 时必须写明 share_rule",
        )
    return EnergyMeter(
        id=f.text("id"),
        carrier=f.text("carrier"),
        unit=f.text("unit"),
        flow=Flow(f.one_of("flow", tuple(x.value for x in Flow))) if f.has("flow") else Flow.IMPORT,
        measures=f.texts("measures") if f.has("measures") else (),
        current_ratio=_positive(f, "current_ratio"),
        voltage_ratio=_positive(f, "voltage_ratio"),
        share=share,
        share_rule=rule,
    )


def _positive(f: Fields, key: str) -> Fraction:
    """Return an exact number above 0; 1 if absent."""
    value = f.number(key) if f.has(key) else Fraction(1)
    if value <= 0:
        raise f.error(key, "a number above 0, like 100/5", "大于 0 的数，如 100/5")
    return value


def _text(f: Fields, key: str) -> str:
    return f.text(key) if f.has(key) else ""
