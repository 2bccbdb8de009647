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


@dataclass(frozen=True, slots=True, eq=False)
class TraceSignal:
    """One signal of a trace: its number, how it is delivered, and what it shows."""

    number: int
    delivery: Delivery
    item: Item
    view: ItemView


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


def signal_rows(signal: TraceSignal, period: Period, faults: Sequence[Fault]) -> Iterator[Rows]:
    """Yield the rows of one signal over the span of a period, in no particular order."""
    device = signal.delivery.device
    for first, last in collecting_intervals(device, period, faults):
        yield _value_rows(signal, first, last)
        if signal.item.policy is Policy.CHANGE:
            yield _alive_rows(signal, first, last)
    for fault in faults:
        if isinstance(fault, BadQuality) and fault.asset == device:
            yield _bad_rows(signal, fault)
        if (
            isinstance(fault, Gap)
            and fault.asset == device
            and signal.item.name in REQUIRED_SIGNALS[device]
        ):
            yield _missed_rows(signal, fault)


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


def _change_instants(signal: TraceSignal, first: int, last: int) -> Int64:
    """Return when changes inside (first, last) are noticed, if their rows still arrive before `last`."""
    noticed = signal.view.changes
    delivery = signal.delivery
    if delivery.poll_ms:
        noticed = noticed + (delivery.phase_ms - noticed) % delivery.poll_ms
    return noticed[(noticed > first) & (noticed + delivery.latency_ms < last)]


def _slot_instants(phase_ms: int, first: int, last: int) -> Int64:
    """Return the instant `phase_ms` of each slot, where it lies inside (first, last)."""
    slots = np.arange(first // MINUTE_MS, last // MINUTE_MS + 1, dtype=np.int64)
    instants = slots * MINUTE_MS + phase_ms
    return instants[(instants > first) & (instants < last)]


def _value_rows(signal: TraceSignal, first: int, last: int) -> Rows:
    delivery, policy = signal.delivery, signal.item.policy
    instants = [np.array([first], np.int64)]
    if policy is not Policy.MINUTE:
        instants.append(_change_instants(signal, first, last))
    if policy is not Policy.CHANGE:
        instants.append(_slot_instants(delivery.phase_ms, first, last - delivery.latency_ms))
    at = np.unique(np.concatenate(instants))
    return _rows(signal, at, value=signal.view.at(at), flags=_SIMULATED)


def _alive_rows(signal: TraceSignal, first: int, last: int) -> Rows:
    instants = _slot_instants(signal.delivery.phase_ms, first, last)
    changed = np.append(_change_instants(signal, first, last), first) // MINUTE_MS
    at = instants[~np.isin(instants // MINUTE_MS, changed)]
    none = np.full(len(at), NO_SOURCE_MS, np.int64)
    return Rows(
        np.full(len(at), signal.number, np.int64),
        none,
        at,
        np.zeros(len(at), np.int64),
        np.full(len(at), GOOD, np.int64),
        np.full(len(at), _ALIVE, np.int64),
    )


def _bad_rows(signal: TraceSignal, fault: BadQuality) -> Rows:
    delivery = signal.delivery
    slots = _slot_instants(delivery.phase_ms, fault.from_ms, fault.to_ms - delivery.latency_ms)
    at = np.append(np.array([fault.from_ms], np.int64), slots)
    zero = np.zeros(len(at), np.int64)
    return _rows(signal, at, value=zero, flags=_BAD, status=BAD_DEVICE_FAILURE)


def _missed_rows(signal: TraceSignal, fault: Gap) -> Rows:
    at = np.arange(fault.from_ms, fault.to_ms, MINUTE_MS, dtype=np.int64)
    return Rows(
        np.full(len(at), signal.number, np.int64),
        at,
        at + MINUTE_MS + DEADLINE_MS,
        np.full(len(at), int(fault.cause), np.int64),
        np.full(len(at), BAD_NO_DATA, np.int64),
        np.full(len(at), _MISSED, np.int64),
    )


def _rows(signal: TraceSignal, at: Int64, *, value: Int64, flags: int, status: int = GOOD) -> Rows:
    """Return rows that a device handed over at the instants `at`."""
    n, delivery = len(at), signal.delivery
    return Rows(
        np.full(n, signal.number, np.int64),
        at if delivery.has_source_time else np.full(n, NO_SOURCE_MS, np.int64),
        at + delivery.latency_ms,
        value,
        np.full(n, status, np.int64),
        np.full(n, flags, np.int64),
    )
