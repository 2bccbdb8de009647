"""The faults of the time-lapse history: few, plain, and each with an effect that can be worked out by hand."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from model.flags import MissedCause
from model.state import MachineState
from simulators.demo_plant import Regime
from simulators.events import PlantEvents
from simulators.plan import DAY_MS, HOUR_MS, MINUTE_MS, Period

RECOVERY_MS: Final = 4_000
"""After a gap every item is read anew this long after the gap's last minute."""
_EDGE_MS: Final = 10 * MINUTE_MS
"""No fault lies nearer than this to the edge of a production day, so that daily sums need no allocation."""


@dataclass(frozen=True, slots=True)
class Gap:
    """The device cannot be reached: no rows but the M rows of the expected points. Whole minutes."""

    asset: str
    cause: MissedCause
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class AgentOutage:
    """The agent is off: no rows of any device. Whole minutes."""

    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class BadQuality:
    """Every item of the device has a bad status and no value. Whole minutes."""

    asset: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class CounterReset:
    """All counters of the device start again at 0."""

    asset: str
    at_ms: int


Fault = Gap | AgentOutage | BadQuality | CounterReset


def injected_faults(period: Period, events: PlantEvents) -> tuple[Fault, ...]:
    """Return the faults of one period of the demo, in order of time."""

    def at(day: int, hour: int, minute: int = 0) -> int:
        """Instant from production day (0 = first) and hours after its start at 08:00 local."""
        return period.start_ms + day * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS

    if period.regime is Regime.BEFORE:
        return (
            Gap("plc-01", MissedCause.NETWORK, at(4, 5, 10), at(4, 5, 22)),
            Gap("meter-01", MissedCause.NETWORK, at(8, 1), at(8, 1, 30)),
            AgentOutage(at(12, 18), at(12, 20)),
        )
    reset = reset_instant(events, "plc-01", at(10, 2))
    return (
        Gap("cnc-02", MissedCause.DEVICE, at(6, 7), at(6, 7, 8)),
        CounterReset("plc-01", reset),
        BadQuality("cnc-01", at(14, 8), at(14, 8, 6)),
        Gap("robot-01", MissedCause.NETWORK, at(17, 13), at(17, 13, 20)),
    )


def reset_instant(events: PlantEvents, asset: str, not_before_ms: int) -> int:
    """Return an instant two minutes into the first fault of four minutes or more: a reset there loses no piece."""
    machine = events.machine(asset)
    spells = machine.spells()
    for (start, state), (end, _) in itertools.pairwise(spells):
        reset = start + 2 * MINUTE_MS
        inside = (reset - machine.start_ms) % DAY_MS
        if (
            state is MachineState.FAULT
            and start >= not_before_ms
            and end - start >= 4 * MINUTE_MS
            and _EDGE_MS <= inside <= DAY_MS - _EDGE_MS
        ):
            return reset
    raise ValueError(f"{asset} has no fault of four minutes after {not_before_ms}")


def check_apart(faults: Sequence[Fault], period: Period) -> None:
    """Refuse faults that are not in whole minutes or lie within ten minutes of the edge of a production day."""
    for fault in faults:
        edges = (fault.at_ms,) if isinstance(fault, CounterReset) else (fault.from_ms, fault.to_ms)
        for edge in edges:
            inside = (edge - period.start_ms) % DAY_MS
            if not _EDGE_MS <= inside <= DAY_MS - _EDGE_MS:
                raise ValueError(f"{fault} is too near to the edge of a production day")
            if not isinstance(fault, CounterReset) and edge % MINUTE_MS:
                raise ValueError(f"{fault} does not lie on whole minutes")
