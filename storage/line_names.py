"""Names in line protocol: measurement, tags and fields (docs/formats/line-protocol.md). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from model.signal import Signal, SignalClass, SignalType
from storage.instants import KIND_ALIVE, KIND_MISSED, KIND_NONE, KIND_VALUE

NATURAL_TYPE: Final = {
    SignalClass.STATE: SignalType.INT,
    SignalClass.COUNT: SignalType.INT,
    SignalClass.ENERGY: SignalType.FLOAT,
    SignalClass.QUALITY: SignalType.TEXT,
    SignalClass.ENV: SignalType.FLOAT,
    SignalClass.PROCESS: SignalType.FLOAT,
}
"""A field has one type in a measurement, whatever the device: a signal of another type carries its type in its name."""

_TYPE_ENDINGS: Final = tuple(f"_{kind.value}" for kind in SignalType)
_MARK_ENDINGS: Final = {
    KIND_VALUE: "",
    KIND_NONE: "_none",
    KIND_ALIVE: "_alive",
    KIND_MISSED: "_missed",
}
STATUS_ENDING: Final = "_status"
_RESERVED: Final = (*_TYPE_ENDINGS, "_none", "_alive", "_missed", STATUS_ENDING)


@dataclass(frozen=True, slots=True)
class PlantTags:
    """Tags of a plant. area, line: by device id; "" leaves the tag out. simulated: adds `realm=sim` to every line."""

    site: str
    simulated: bool
    area: Mapping[str, str] = field(default_factory=dict)
    line: Mapping[str, str] = field(default_factory=dict)


def field_name(signal: Signal) -> str:
    """Return the name of the value field of `signal`; no two signals of one class with different types share one."""
    plain = signal.type is NATURAL_TYPE[signal.signal_class] and not signal.name.endswith(_RESERVED)
    return signal.name if plain else f"{signal.name}_{signal.type.value}"


def mark_field(signal: Signal, kind: int) -> str:
    """Return the field that stands for a row of `kind`: exactly one of these is written for every row."""
    return field_name(signal) + _MARK_ENDINGS[kind]


def status_field(signal: Signal) -> str:
    """Return the field of the StatusCode of a value, written where it is not 0; it is no point of its own."""
    return field_name(signal) + STATUS_ENDING


def tag_text(value: str) -> str:
    """Return a tag value escaped for line protocol; control characters become blanks, a last backslash a slash."""
    clean = "".join(" " if ord(c) < 0x20 else c for c in value)
    if clean.endswith("\\"):
        clean = clean[:-1] + "/"
    return clean.replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ")


def series_key(tags: PlantTags, device: str, measurement: str, rank: int) -> str:
    """Return measurement and tags in key order, without the blank before the fields."""
    pairs = {
        "area": tags.area.get(device, ""),
        "device": device,
        "dup": str(rank) if rank else "",
        "line": tags.line.get(device, ""),
        "realm": "sim" if tags.simulated else "",
        "site": tags.site,
    }
    return measurement + "".join(
        f",{key}={tag_text(value)}" for key, value in pairs.items() if value
    )
