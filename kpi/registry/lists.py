"""Frozen lists of the registry as canonical lines with a SHA-256 that stock tools repeat (docs/formats/registry.md)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Final

from kpi.registry.content import (
    EnergyMeter,
    Flag,
    Loop,
    Process,
    Registry,
    RegistryAsset,
    RequiredPoint,
)
from model.errors import ConfigError

Value = str | int | bool | tuple[str, ...] | tuple[int, ...]
"""Value of a field of a line. What is not stated has no field."""


class ListKind(StrEnum):
    """The six frozen lists."""

    ASSETS = "assets"
    KEY_EQUIPMENT = "key-equipment"
    KEY_PROCESSES = "key-processes"
    REQUIRED_POINTS = "required-points"
    CONTROL_LOOPS = "control-loops"
    ENERGY_METERS = "energy-meters"

    @property
    def zh(self) -> str:
        """Return the Chinese title."""
        return _TITLES[self][0]

    @property
    def en(self) -> str:
        """Return the English title."""
        return _TITLES[self][1]


_TITLES: Final = {
    ListKind.ASSETS: ("设备台账", "register of equipment"),
    ListKind.KEY_EQUIPMENT: ("关键设备清单", "list of key equipment"),
    ListKind.KEY_PROCESSES: ("关键工序清单", "list of key processes"),
    ListKind.REQUIRED_POINTS: ("必采点清单", "list of required points"),
    ListKind.CONTROL_LOOPS: ("自控回路清单", "list of control loops"),
    ListKind.ENERGY_METERS: ("能源计量表清单", "list of energy meters"),
}


@dataclass(frozen=True, slots=True)
class ListItem:
    """One line: an id and the fields that are stated."""

    id: str
    fields: Mapping[str, Value]

    @property
    def line(self) -> str:
        """Return the canonical line: JSON, keys in order of code points, no blanks, no escapes beyond JSON's own."""
        return json.dumps(
            {"id": self.id, **self.fields},
            ensure_ascii=False,
            sort_keys=True,
            separators=(",", ":"),
        )


@dataclass(frozen=True)
class FrozenList:
    """A list in the order of the bytes of its ids; two lists are equal exactly if their digests are."""

    kind: ListKind
    items: tuple[ListItem, ...]

    @cached_property
    def by_id(self) -> Mapping[str, ListItem]:
        """Return the items by id."""
        return {i.id: i for i in self.items}

    @property
    def lines(self) -> tuple[str, ...]:
        """Return the head line and one line an item."""
        head = json.dumps({"list": self.kind.value, "v": 1}, separators=(",", ":"))
        return (head, *(i.line for i in self.items))

    @property
    def bytes(self) -> bytes:
        """Return the lines in UTF-8, each ended by LF: what is hashed."""
        return "".join(f"{line}\n" for line in self.lines).encode()

    @cached_property
    def sha256(self) -> str:
        """Return the digest in lower-case hex."""
        return hashlib.sha256(self.bytes).hexdigest()


def frozen(kind: ListKind, items: Iterable[ListItem]) -> FrozenList:
    """Return the list in canonical order; raises ConfigError if an id stands in it twice."""
    ordered = tuple(sorted(items, key=lambda i: i.id.encode()))
    for one, other in pairwise(ordered):
        if one.id == other.id:
            raise ConfigError(
                f"{kind.en}: {one.id!r} stands in the list twice; every line needs its own id",
                f"{kind.zh}：编号“{one.id}”重复；每一行要有自己的编号",
            )
    return FrozenList(kind, ordered)


def frozen_lists(registry: Registry) -> dict[ListKind, FrozenList]:
    """Return all six lists of a registry; raises ConfigError if an id stands in a list twice."""
    return {
        ListKind.ASSETS: frozen(ListKind.ASSETS, map(asset_item, registry.assets)),
        ListKind.KEY_EQUIPMENT: frozen(
            ListKind.KEY_EQUIPMENT,
            (
                ListItem(a.id, _stated(counts_as=a.counts_as, name=a.name, reason=a.key_reason))
                for a in registry.assets
                if a.key
            ),
        ),
        ListKind.KEY_PROCESSES: frozen(
            ListKind.KEY_PROCESSES, (process_item(p) for p in registry.processes if p.key)
        ),
        ListKind.REQUIRED_POINTS: frozen(
            ListKind.REQUIRED_POINTS, map(point_item, registry.points)
        ),
        ListKind.CONTROL_LOOPS: frozen(ListKind.CONTROL_LOOPS, map(loop_item, registry.loops)),
        ListKind.ENERGY_METERS: frozen(ListKind.ENERGY_METERS, map(meter_item, registry.meters)),
    }


def asset_item(a: RegistryAsset) -> ListItem:
    """Return the line of an asset."""
    flags = {f.value: a.flag(f) for f in Flag}
    return ListItem(
        a.id,
        _stated(
            **{"class": a.asset_class},
            counts_as=a.counts_as,
            gateway=a.gateway,
            identity=a.identity,
            in_service=a.in_service,
            key_reason=a.key_reason,
            name=a.name,
            nc_reason=a.nc_reason,
            processes=a.processes,
            **flags,
        ),
    )


def process_item(p: Process) -> ListItem:
    """Return the line of a process."""
    return ListItem(
        p.id,
        _stated(
            control=p.control.value if p.control else None,
            key=p.key,
            key_reason=p.key_reason,
            name=p.name,
        ),
    )


def point_item(p: RequiredPoint) -> ListItem:
    """Return the line of a required point."""
    return ListItem(
        p.id,
        _stated(
            acquisition=p.acquisition.value,
            **{"class": p.signal_class.value},
            deadband=None if p.deadband is None else _number(p.deadband),
            deadline_ms=p.deadline_ms,
            process_data=p.process_data,
            slot_ms=p.slot_ms,
        ),
    )


def loop_item(p: Loop) -> ListItem:
    """Return the line of a control loop."""
    return ListItem(
        p.id,
        _stated(
            name=p.name,
            normally_automatic=p.normally_automatic,
            span=tuple(_number(x) for x in p.span),
            unit=p.unit,
        ),
    )


def meter_item(m: EnergyMeter) -> ListItem:
    """Return the line of an energy register."""
    return ListItem(
        m.id,
        _stated(
            carrier=m.carrier,
            current_ratio=_number(m.current_ratio),
            flow=m.flow.value,
            measures=m.measures,
            share=_number(m.share),
            share_rule=m.share_rule,
            unit=m.unit,
            voltage_ratio=_number(m.voltage_ratio),
        ),
    )


def _stated(**fields: Value | None) -> dict[str, Value]:
    """Return the fields that say something: what is None, empty text or an empty list is not stated."""
    return {k: v for k, v in fields.items() if v is not None and v not in ("", ())}


def _number(value: Fraction) -> str:
    """Return an exact number as text: an integer, or numerator/denominator in lowest terms."""
    return str(value)
