"""What every simulated device can do, and the faults it can have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from enum import StrEnum

from simulators.live import PlantView


class FaultKind(StrEnum):
    """Faults that the control socket can switch on."""

    DISCONNECT = "disconnect"
    """Listening socket and connections are closed."""
    FREEZE = "freeze"
    """Values and their source times stop, the device goes on answering."""
    BAD_QUALITY = "bad_quality"
    """OPC UA: status BadDeviceFailure without value. Modbus: exception 4. MQTT: `"quality":"bad"`, nulls."""
    COUNTER_RESET = "counter_reset"
    """Counters start again at 0, once."""
    SLOW = "slow"
    """Answers (MQTT: messages) arrive late by `value` seconds, default 3."""
    CLOCK_SKEW = "clock_skew"
    """The clock of the device is wrong by `value` seconds, default 300."""


DEFAULT_VALUE: dict[FaultKind, float] = {FaultKind.SLOW: 3.0, FaultKind.CLOCK_SKEW: 300.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Lasting faults of a device at this moment."""

    disconnected: bool = False
    frozen: bool = False
    bad_quality: bool = False
    delay_s: float = 0.0
    skew_ms: int = 0

    def switched(self, kind: FaultKind, *, on: bool, value: float) -> Faults:
        """Return the faults with `kind` switched on or off; `value` in seconds where the kind has one."""
        match kind:
            case FaultKind.DISCONNECT:
                return replace(self, disconnected=on)
            case FaultKind.FREEZE:
                return replace(self, frozen=on)
            case FaultKind.BAD_QUALITY:
                return replace(self, bad_quality=on)
            case FaultKind.SLOW:
                return replace(self, delay_s=value if on else 0.0)
            case FaultKind.CLOCK_SKEW:
                return replace(self, skew_ms=round(value * 1000) if on else 0)
            case FaultKind.COUNTER_RESET:
                return self


class Device(ABC):
    """One simulated device. Constructing it opens nothing."""

    name: str
    supported: frozenset[FaultKind] = frozenset(FaultKind)

    def __init__(self) -> None:
        """Start without faults."""
        self.faults = Faults()

    @abstractmethod
    async def start(self, port: int) -> None:
        """Listen on loopback at `port`, 0 = a free one. Raises OSError if it is taken."""

    @abstractmethod
    async def stop(self) -> None:
        """Close everything; safe after a failed start."""

    @abstractmethod
    async def show(self, view: PlantView) -> None:
        """Take over the values of `view`, as `faults` allow."""

    @abstractmethod
    async def apply(self, faults: Faults) -> None:
        """Change the faults of the device."""

    @property
    @abstractmethod
    def address(self) -> dict[str, object]:
        """Return what a client needs to reach it: `port` and, by protocol, `url` or `topic`."""
