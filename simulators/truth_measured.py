"""What a perfect agent can know of the scenario: the script, seen through the injected faults.

Every rule here is one sentence about one fault, worked out by hand from docs/formats/claims.md; no row is looked at.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from model.state import MachineState
from simulators.delivery import HOLD_MS, Delivery, Policy, delivery_of
from simulators.events import WMS_PER_WH, EnergyCurve, Int64, MachineEvents
from simulators.injected import RECOVERY_MS, AgentOutage, BadQuality, CounterReset, Fault, Gap
from simulators.plan import MINUTE_MS, Period
from simulators.truth_time import Spell


@dataclass(frozen=True, slots=True)
class Darkness:
    """An interval [from_ms, to_ms) in which the state of an asset cannot be known."""

    blind_ms: int
    """From here on no change is seen; up to `from_ms` the last known state still counts."""
    from_ms: int
    to_ms: int


def darkness_of(
    asset: str, spells: Sequence[Spell], faults: Sequence[Fault]
) -> list[tuple[Fault, Darkness]]:
    """Return when the state of `asset` is unknown, and because of which fault.

    Gap: from its first minute (the M row stands at the start of the slot) to the first reading after it.
    Bad quality: from the first bad value to the first good one.
    Agent off: the last proof holds for the hold time, then unknown to the first reading after the restart; what changes
    in between is not seen.
    """
    delivery = delivery_of(asset)
    late = delivery.latency_ms
    found: list[tuple[Fault, Darkness]] = []
    for fault in faults:
        match fault:
            case Gap(asset=a, from_ms=start, to_ms=end) if a == asset:
                found.append((fault, Darkness(start - late, start, end + RECOVERY_MS)))
            case BadQuality(asset=a, from_ms=start, to_ms=end) if a == asset:
                found.append((fault, Darkness(start - late, start, end)))
            case AgentOutage(from_ms=start, to_ms=end):
                held = _last_proof(delivery, spells, start) + HOLD_MS
                found.append((fault, Darkness(start - late, held, end + RECOVERY_MS)))
            case _:
                pass
    return found


def measured_spells(
    asset: str, spells: Sequence[Spell], faults: Sequence[Fault], span: tuple[int, int]
) -> list[Spell]:
    """Return the state timeline that an agent can build, from its first reading to the end of `span`."""
    delivery = delivery_of(asset)
    noticed = [(delivery.noticed_ms(t), state) for t, state in spells]
    dark = [d for _, d in darkness_of(asset, spells, faults)]
    start = span[0] + RECOVERY_MS
    edges = {start, *(d.from_ms for d in dark), *(d.to_ms for d in dark)}
    # a reading after darkness shows the true state of that instant, not the state last noticed
    truth_edges = {start, *(d.to_ms for d in dark)}
    seen = {t for t, _ in noticed if not any(d.blind_ms <= t < d.to_ms for d in dark)}
    points = sorted({t for t in seen if start < t < span[1]} | edges)
    timeline: list[Spell] = [(span[0], MachineState.UNKNOWN)]
    for t in points:
        if any(d.from_ms <= t < d.to_ms for d in dark):
            state = MachineState.UNKNOWN
        else:
            state = _state(spells if t in truth_edges else noticed, t)
        if state is not timeline[-1][1]:
            timeline.append((t, state))
    return timeline


def _state(spells: Sequence[Spell], at_ms: int) -> MachineState:
    return next(state for t, state in reversed(spells) if t <= at_ms)


def _last_proof(delivery: Delivery, spells: Sequence[Spell], before_ms: int) -> int:
    """Return the last instant before `before_ms` at which the state was reported or proven alive."""
    slot = before_ms - MINUTE_MS
    arrived = [
        t
        for t in (delivery.noticed_ms(start) for start, _ in spells)
        if slot <= t and t + delivery.latency_ms < before_ms
    ]
    polled = slot + delivery.phase_ms
    state = next(i for i in delivery.items if i.name == "state")
    if state.policy is Policy.CHANGE:
        return arrived[-1] if arrived else polled
    return max([polled, *arrived])


def last_reading_ms(delivery: Delivery, edge_ms: int, *, on_change: bool) -> int:
    """Return the last instant before `edge_ms` (a whole minute far from any fault) at which a counter was known."""
    return edge_ms - 1 if on_change else edge_ms - MINUTE_MS + delivery.phase_ms


def measured_pieces(
    machine: MachineEvents,
    pieces: Int64,
    *,
    item_name: str,
    edges: Sequence[int],
    faults: Sequence[Fault],
) -> list[int]:
    """Return the pieces booked between neighbouring `edges` (whole minutes far from any fault).

    A piece counts at the first reading that shows it. Gaps lose none: the counter of the device goes on, and the
    pieces of a gap lie inside one production day. A reset loses the pieces since the last reading before it.
    """
    delivery = delivery_of(machine.spec.id)
    item = next(i for i in delivery.items if i.name == item_name)
    on_change = item.policy is Policy.CHANGE
    readings = [last_reading_ms(delivery, edge, on_change=on_change) for edge in edges]
    known = np.searchsorted(pieces, np.array(readings), side="right")
    booked: list[int] = np.diff(known).tolist()
    for fault in faults:
        if isinstance(fault, CounterReset) and fault.asset == machine.spec.id:
            day = next(i for i in range(len(booked)) if edges[i] <= fault.at_ms < edges[i + 1])
            booked[day] -= lost_in_reset(delivery, pieces, fault, on_change=on_change)
    return booked


def lost_in_reset(
    delivery: Delivery, pieces: Int64, fault: CounterReset, *, on_change: bool
) -> int:
    """Return the pieces that were made after the last reading before a reset and so are lost."""
    if on_change:
        return 0
    last = fault.at_ms - (fault.at_ms - delivery.phase_ms) % MINUTE_MS
    return int(np.sum((pieces > last) & (pieces <= fault.at_ms)))


def measured_wh(curve: EnergyCurve, meter: str, base_wh: int, edges: Sequence[int]) -> list[int]:
    """Return the Wh that the readings of a meter show between neighbouring `edges`.

    meter-01 shows binary32 kWh, meter-02 whole hundredths of a kWh; the reading in Wh is rounded half to even.
    """
    delivery = delivery_of(meter)
    instants = np.array([last_reading_ms(delivery, e, on_change=False) for e in edges], np.int64)
    readings = []
    for wms in curve.wms_at(instants).tolist():
        wh = base_wh + wms // WMS_PER_WH
        if delivery.items[0].type.value == "float":
            kwh: float = struct.unpack("<f", struct.pack("<f", wh / 1000))[0]
            readings.append(round(Fraction(kwh) * 1000))
        else:
            readings.append(wh // 10 * 10)
    return [b - a for a, b in itertools.pairwise(readings)]


@dataclass(frozen=True, slots=True)
class SlotCount:
    """Slots of one required point over a period."""

    expected: int
    alive: int
    """on_time + held_alive"""
    missed_network: int
    missed_device: int
    missed_agent: int
    bad_quality: int


def slot_count(asset: str, period: Period, stops_ms: int, faults: Sequence[Fault]) -> SlotCount:
    """Return the slots of each required point of `asset`; `stops_ms` = ms of its planned stops in the period."""
    expected = (period.end_ms - period.start_ms - stops_ms) // MINUTE_MS
    missed = {"network": 0, "device": 0, "agent": 0, "bad": 0}
    for fault in faults:
        match fault:
            case Gap(asset=a, cause=cause, from_ms=start, to_ms=end) if a == asset:
                missed[cause.name.lower()] += (end - start) // MINUTE_MS
            case BadQuality(asset=a, from_ms=start, to_ms=end) if a == asset:
                missed["bad"] += (end - start) // MINUTE_MS
            case AgentOutage(from_ms=start, to_ms=end):
                missed["agent"] += (end - start) // MINUTE_MS
            case _:
                pass
    return SlotCount(
        expected,
        expected - sum(missed.values()),
        missed["network"],
        missed["device"],
        missed["agent"],
        missed["bad"],
    )
