"""Rows of a trace: what a perfect agent books of one item, with the injected faults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from model.flags import RowFlag
from model.status import BAD_NO_DATA, GOOD
from simulators.delivery import DEADLINE_MS, Delivery, Item, Kind, Policy
from simulators.demo_plant import REQUIRED_SIGNALS
from simulators.events import Int64, PlantEvents
from simulators.injected import RECOVERY_MS, AgentOutage, BadQuality, CounterReset, Fault, Gap
from simulators.plan import MINUTE_MS, Period
from simulators.registers import ItemSeries, meter_values

BAD_DEVICE_FAILURE = 0x808B0000
NO_SOURCE_MS = -1
_SIMULATED = int(RowFlag.SIMULATED)
_ALIVE = int(RowFlag.ALIVE | RowFlag.NO_VALUE | RowFlag.SIMULATED)
_MISSED = int(RowFlag.MISSED | RowFlag.SIMULATED)
_BAD = int(RowFlag.NO_VALUE | RowFlag.SIMULATED)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows as columns of one length; instants in milliseconds, `source_ms` may be `NO_SOURCE_MS`."""

    signal: Int64
    source_ms: Int64
    received_ms: Int64
    value: Int64
    status: Int64
    flags: Int64


class ItemView(Protocol):
    """One item of the plant: when it changes and what it shows."""

    @property
    def changes(self) -> Int64:
        """Return the instants of change, ascending."""
        ...

    def at(self, at_ms: Int64) -> Int64:
        """Return the value bytes at each instant."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _MeterItem:
    """An item of a meter: read, never reported."""

    seed: int
    events: PlantEvents
    meter: str
    item: Item

    @property
    def changes(self) -> Int64:
        return np.zeros(0, np.int64)

    def at(self, at_ms: Int64) -> Int64:
        return meter_values(self.seed, self.events, self.meter, self.item, at_ms)


@dataclass(frozen=True, slots=True)
class _Heartbeat:
    """Seconds modulo 2^16."""

    @property
    def changes(self) -> Int64:
        return np.zeros(0, np.int64)

    def at(self, at_ms: Int64) -> Int64:
        return at_ms // 1000 % 65_536


def item_view(
    seed: int, events: PlantEvents, delivery: Delivery, item: Item, faults: Sequence[Fault] = ()
) -> ItemView:
    """Return the item of a device as it behaves in `events` with the counter resets of `faults`."""
    if delivery.device in events.curves:
        return _MeterItem(seed, events, delivery.device, item)
    if item.kind is Kind.HEARTBEAT:
        return _Heartbeat()
    resets = [f.at_ms for f in faults if isinstance(f, CounterReset) and f.asset == delivery.device]
    machine = events.machine(delivery.device)
    return ItemSeries(seed, machine, item, resets[0] if resets else None)


def item_rows(
    number: int,
    delivery: Delivery,
    item: Item,
    view: ItemView,
    period: Period,
    faults: Sequence[Fault],
) -> Iterator[Rows]:
    """Yield the rows of signal `number` over the span of a period, in no particular order."""
    for first, last in collecting_intervals(delivery.device, period, faults):
        yield _value_rows(number, delivery, item, view, first, last)
        if item.policy is Policy.CHANGE:
            yield _alive_rows(number, delivery, view, first, last)
    for fault in faults:
        if isinstance(fault, BadQuality) and fault.asset == delivery.device:
            yield _bad_rows(number, delivery, fault)
        if (
            isinstance(fault, Gap)
            and fault.asset == delivery.device
            and item.name in REQUIRED_SIGNALS[delivery.device]
        ):
            yield _missed_rows(number, fault)


def collecting_intervals(
    device: str, period: Period, faults: Sequence[Fault]
) -> list[tuple[int, int]]:
    """Return the intervals [first reading, end) in which good rows of a device arise."""
    start, end = period.span
    holes: list[tuple[int, int]] = []
    for fault in faults:
        match fault:
            case AgentOutage():
                holes.append((fault.from_ms, fault.to_ms + RECOVERY_MS))
            case Gap(asset=asset) if asset == device:
                holes.append((fault.from_ms, fault.to_ms + RECOVERY_MS))
            case BadQuality(asset=asset) if asset == device:
                holes.append((fault.from_ms, fault.to_ms))
            case _:
                pass
    edges = [start + RECOVERY_MS, *(x for hole in sorted(holes) for x in hole), end]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _change_instants(delivery: Delivery, view: ItemView, first: int, last: int) -> Int64:
    """Return when changes inside (first, last) are noticed, if their rows still arrive before `last`."""
    noticed = view.changes
    if delivery.poll_ms:
        noticed = noticed + (delivery.phase_ms - noticed) % delivery.poll_ms
    return noticed[(noticed > first) & (noticed + delivery.latency_ms < last)]


def _slot_instants(phase_ms: int, first: int, last: int) -> Int64:
    """Return the instant `phase_ms` of each slot, where it lies inside (first, last)."""
    slots = np.arange(first // MINUTE_MS, last // MINUTE_MS + 1, dtype=np.int64)
    instants = slots * MINUTE_MS + phase_ms
    return instants[(instants > first) & (instants < last)]


def _value_rows(
    number: int, delivery: Delivery, item: Item, view: ItemView, first: int, last: int
) -> Rows:
    instants = [np.array([first], np.int64)]
    if item.policy is not Policy.MINUTE:
        instants.append(_change_instants(delivery, view, first, last))
    if item.policy is not Policy.CHANGE:
        instants.append(_slot_instants(delivery.phase_ms, first, last - delivery.latency_ms))
    at = np.unique(np.concatenate(instants))
    source = at if delivery.has_source_time else np.full(len(at), NO_SOURCE_MS, np.int64)
    return _rows(number, source, at + delivery.latency_ms, view.at(at), GOOD, _SIMULATED)


def _alive_rows(number: int, delivery: Delivery, view: ItemView, first: int, last: int) -> Rows:
    instants = _slot_instants(delivery.phase_ms, first, last)
    changed = np.append(_change_instants(delivery, view, first, last), first) // MINUTE_MS
    at = instants[~np.isin(instants // MINUTE_MS, changed)]
    none = np.full(len(at), NO_SOURCE_MS, np.int64)
    return _rows(number, none, at, np.zeros(len(at), np.int64), GOOD, _ALIVE)


def _bad_rows(number: int, delivery: Delivery, fault: BadQuality) -> Rows:
    slots = _slot_instants(delivery.phase_ms, fault.from_ms, fault.to_ms - delivery.latency_ms)
    at = np.append(np.array([fault.from_ms], np.int64), slots)
    source = at if delivery.has_source_time else np.full(len(at), NO_SOURCE_MS, np.int64)
    zero = np.zeros(len(at), np.int64)
    return _rows(number, source, at + delivery.latency_ms, zero, BAD_DEVICE_FAILURE, _BAD)


def _missed_rows(number: int, fault: Gap) -> Rows:
    at = np.arange(fault.from_ms, fault.to_ms, MINUTE_MS, dtype=np.int64)
    cause = np.full(len(at), int(fault.cause), np.int64)
    return _rows(number, at, at + MINUTE_MS + DEADLINE_MS, cause, BAD_NO_DATA, _MISSED)


def _rows(
    number: int, source: Int64, received: Int64, value: Int64, status: int, flags: int
) -> Rows:
    n = len(received)
    return Rows(
        np.full(n, number, np.int64),
        source,
        received,
        value,
        np.full(n, status, np.int64),
        np.full(n, flags, np.int64),
    )
