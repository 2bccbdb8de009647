"""How the devices of the demo plant hand over their items: which, when a reading is taken, how late it arrives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from model.signal import SignalType

HOLD_MS: Final = 150_000
DEADLINE_MS: Final = 60_000


class Kind(StrEnum):
    """What an item shows."""

    STATE = "state"
    GOOD = "good"
    SCRAP = "scrap"
    TOTAL = "total"
    PROGRAM = "program"
    OVERRIDE = "override"
    MODE = "mode"
    ALARM = "alarm"
    HEARTBEAT = "heartbeat"
    ENERGY = "energy"
    POWER = "power"


class Policy(StrEnum):
    """When rows of an item arise."""

    CHANGE = "change"
    """A value row at each change, an H row in a slot without change (OPC UA subscription)."""
    MINUTE = "minute"
    """A value row in each slot."""
    MINUTE_AND_CHANGE = "minute+change"
    """Both."""


@dataclass(frozen=True, slots=True)
class Item:
    """One signal of one device."""

    name: str
    kind: Kind
    type: SignalType
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How one device delivers."""

    device: str
    items: tuple[Item, ...]
    phase_ms: int
    """Where in a slot it is polled or proven alive."""
    latency_ms: int
    """Arrival after the instant that the device states."""
    has_source_time: bool
    poll_ms: int = 0
    """Distance of the polls that notice a change, at instants ≡ phase_ms; 0 = the device reports changes itself."""

    def noticed_ms(self, changed_ms: int) -> int:
        """Return the instant under which a change at `changed_ms` is booked."""
        if not self.poll_ms:
            return changed_ms
        return changed_ms + (self.phase_ms - changed_ms) % self.poll_ms


_STATE = Item("state", Kind.STATE, SignalType.INT, Policy.CHANGE)
_GOOD = Item("good", Kind.GOOD, SignalType.INT, Policy.CHANGE)
_SCRAP = Item("scrap", Kind.SCRAP, SignalType.INT, Policy.CHANGE)
_PROGRAM = Item("program", Kind.PROGRAM, SignalType.TEXT, Policy.CHANGE)
_METER = (
    Item("energy", Kind.ENERGY, SignalType.FLOAT, Policy.MINUTE),
    Item("power", Kind.POWER, SignalType.FLOAT, Policy.MINUTE),
)


def _polled(item: Item, policy: Policy) -> Item:
    return Item(item.name, item.kind, item.type, policy)


DELIVERIES: Final[tuple[Delivery, ...]] = (
    Delivery(
        device="cnc-01", phase_ms=11_000, latency_ms=35, has_source_time=True,
        items=(
            _STATE, _GOOD,
            Item("total", Kind.TOTAL, SignalType.INT, Policy.CHANGE),
            _PROGRAM,
            Item("spindle_override", Kind.OVERRIDE, SignalType.FLOAT, Policy.CHANGE),
        ),
    ),
    Delivery(
        device="cnc-02", phase_ms=17_000, latency_ms=42, has_source_time=True,
        items=(_STATE, _GOOD, _SCRAP, Item("mode", Kind.MODE, SignalType.INT, Policy.CHANGE), _PROGRAM),
    ),
    Delivery(
        device="robot-01", phase_ms=23_000, latency_ms=51, has_source_time=True,
        items=(_STATE, _GOOD, _SCRAP, Item("mode", Kind.MODE, SignalType.INT, Policy.CHANGE), _PROGRAM),
    ),
    Delivery(
        device="plc-01", phase_ms=29_137, latency_ms=0, has_source_time=False, poll_ms=1000,
        items=(
            _polled(_STATE, Policy.MINUTE_AND_CHANGE), _polled(_GOOD, Policy.MINUTE), _polled(_SCRAP, Policy.MINUTE),
            Item("heartbeat", Kind.HEARTBEAT, SignalType.INT, Policy.MINUTE),
        ),
    ),
    Delivery(
        device="press-01", phase_ms=35_000, latency_ms=60, has_source_time=True,
        items=(
            _polled(_STATE, Policy.MINUTE_AND_CHANGE), _polled(_GOOD, Policy.MINUTE), _polled(_SCRAP, Policy.MINUTE),
            Item("alarm", Kind.ALARM, SignalType.INT, Policy.MINUTE_AND_CHANGE),
        ),
    ),
    Delivery(device="meter-01", phase_ms=41_000, latency_ms=0, has_source_time=False, items=_METER),
    Delivery(
        device="meter-02", phase_ms=47_000, latency_ms=0, has_source_time=False,
        items=(Item("energy", Kind.ENERGY, SignalType.INT, Policy.MINUTE), _METER[1]),
    ),
)  # fmt: skip

SIGNALS: Final[tuple[tuple[Delivery, Item], ...]] = tuple(
    sorted(((d, i) for d in DELIVERIES for i in d.items), key=lambda p: (p[0].device, p[1].name))
)
"""All signals of the plant by (device, name): their order in a trace."""


def delivery_of(device: str) -> Delivery:
    """Return how `device` delivers."""
    return next(d for d in DELIVERIES if d.device == device)
