"""Signals, their roles and classes, and the streams they form."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from functools import cached_property


class SignalType(StrEnum):
    """Type of the 8-byte value column of a signal (format-core §2)."""

    INT = "int"
    UINT = "uint"
    FLOAT = "float"
    BOOL = "bool"
    TEXT = "text"


class SignalClass(StrEnum):
    """Class of a signal; the order of the members is the rank order of streams (format-core §1)."""

    STATE = "state"
    COUNT = "count"
    ENERGY = "energy"
    QUALITY = "quality"
    ENV = "env"
    PROCESS = "process"


class Role(StrEnum):
    """What a signal means to the KPIs."""

    STATE = "state"
    MODE = "mode"
    ALARM = "alarm"
    HEARTBEAT = "heartbeat"
    PRODUCT = "product"
    ORDER = "order"
    UPTIME = "uptime"
    LOOP_MODE = "loop_mode"
    LOOP_OUTPUT = "loop_output"
    COUNT_GOOD = "count_good"
    COUNT_SCRAP = "count_scrap"
    COUNT_TOTAL = "count_total"
    COUNT_REWORK = "count_rework"
    ENERGY = "energy"
    CONSUMPTION = "consumption"
    """Register of another carrier than electricity."""
    POWER = "power"
    REJECT_REASON = "reject_reason"
    TEMPERATURE = "temperature"
    PROGRAM = "program"
    SPINDLE_SPEED = "spindle_speed"
    SPINDLE_OVERRIDE = "spindle_override"
    FEED_OVERRIDE = "feed_override"
    PROCESS_VALUE = "process_value"


ROLE_CLASS: dict[Role, SignalClass] = {
    Role.STATE: SignalClass.STATE,
    Role.MODE: SignalClass.STATE,
    Role.ALARM: SignalClass.STATE,
    Role.HEARTBEAT: SignalClass.STATE,
    Role.PRODUCT: SignalClass.STATE,
    Role.ORDER: SignalClass.STATE,
    Role.UPTIME: SignalClass.STATE,
    Role.LOOP_MODE: SignalClass.STATE,
    Role.LOOP_OUTPUT: SignalClass.STATE,
    Role.COUNT_GOOD: SignalClass.COUNT,
    Role.COUNT_SCRAP: SignalClass.COUNT,
    Role.COUNT_TOTAL: SignalClass.COUNT,
    Role.COUNT_REWORK: SignalClass.COUNT,
    Role.ENERGY: SignalClass.ENERGY,
    Role.CONSUMPTION: SignalClass.ENERGY,
    Role.POWER: SignalClass.ENERGY,
    Role.REJECT_REASON: SignalClass.QUALITY,
    Role.TEMPERATURE: SignalClass.ENV,
    Role.PROGRAM: SignalClass.PROCESS,
    Role.SPINDLE_SPEED: SignalClass.PROCESS,
    Role.SPINDLE_OVERRIDE: SignalClass.PROCESS,
    Role.FEED_OVERRIDE: SignalClass.PROCESS,
    Role.PROCESS_VALUE: SignalClass.PROCESS,
}
"""Role fixes class in code, so that a KPI signal cannot be hidden in `process`, the class that may be withheld."""

DEVICE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")
SIGNAL_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")

CLASS_RANK: dict[SignalClass, int] = {
    SignalClass.STATE: 0,
    SignalClass.COUNT: 1,
    SignalClass.ENERGY: 2,
    SignalClass.QUALITY: 3,
    SignalClass.ENV: 4,
    SignalClass.PROCESS: 5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One variable of one device as the configuration in force defines it."""

    device: str
    name: str
    role: Role
    type: SignalType
    unit: str = "1"
    """UCUM code of the value after `scale`."""
    scale: Fraction = Fraction(1)
    """Exact factor from the raw reading to `unit`."""
    slot_ms: int = 60_000
    """Length of one scheduled slot of a required point."""
    deadline_ms: int = 60_000
    """A value counts as on time if it was received this long after its slot ended."""
    hold_ms: int = 150_000
    """How long one proof of the state keeps it known."""
    required: bool = False
    """Whether it is a point of the frozen point list (upload rate)."""

    @property
    def signal_class(self) -> SignalClass:
        """Return the class that the role fixes."""
        return ROLE_CLASS[self.role]

    @property
    def stream(self) -> str:
        """Return the stream id `device.class`."""
        return f"{self.device}.{self.signal_class.value}"


@dataclass(frozen=True)
class SignalTable:
    """All signals of one configuration, in stream order: the index of a signal is its number in every batch.

    Streams are ordered by (class rank, device id), signals of a stream by their order in `signals`.
    """

    signals: tuple[Signal, ...]
    streams: tuple[str, ...] = field(init=False)
    stream_of: tuple[int, ...] = field(init=False)
    """Stream index of every signal."""
    index_in_stream: tuple[int, ...] = field(init=False)
    """Position of every signal in the signal list of its stream (the `signal` column of a frame)."""

    def __post_init__(self) -> None:
        """Derive the stream order; raises ValueError if `signals` is not in stream order or has duplicates."""
        keys = [(CLASS_RANK[s.signal_class], s.device) for s in self.signals]
        if keys != sorted(keys):
            raise ValueError("signals must be in stream order; use SignalTable.of")
        if len({(s.device, s.name) for s in self.signals}) != len(self.signals):
            raise ValueError("two signals of one device have the same name")
        streams = tuple(dict.fromkeys(s.stream for s in self.signals))
        number = {stream: i for i, stream in enumerate(streams)}
        seen: dict[str, int] = {}
        positions = []
        for signal in self.signals:
            positions.append(seen.get(signal.stream, 0))
            seen[signal.stream] = positions[-1] + 1
        object.__setattr__(self, "streams", streams)
        object.__setattr__(self, "stream_of", tuple(number[s.stream] for s in self.signals))
        object.__setattr__(self, "index_in_stream", tuple(positions))

    @staticmethod
    def of(signals: list[Signal]) -> SignalTable:
        """Return the table of `signals`, sorted stably into stream order."""
        return SignalTable(
            tuple(sorted(signals, key=lambda s: (CLASS_RANK[s.signal_class], s.device)))
        )

    @cached_property
    def _hash(self) -> int:
        return hash(self.signals)

    def __hash__(self) -> int:  # type: ignore[explicit-override]
        """Return a hash that is computed once: a table is looked up at every request, and has thousands of signals."""
        return self._hash

    @cached_property
    def by_name(self) -> dict[tuple[str, str], int]:
        """Return (device, signal name) → index."""
        return {(s.device, s.name): i for i, s in enumerate(self.signals)}
