"""Traces and arrivals of the points of a window, taken from the sealed rows of the log."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from kpi.calendar import Interval
from kpi.history import judging
from kpi.readings import readings
from kpi.timeline import CODE
from kpi.upload.clock import Arrivals, ClockFaults, clock_faults
from kpi.upload.contradictions import Machine, Register
from kpi.upload.trace_checks import AssetTraces
from kpi.upload.traces import COUNTERS, Trace
from kpi.window import Int64, PointKey
from kpi.workspace import Workspace
from model.flags import RowFlag
from model.signal import Role, SignalType
from model.state import MachineState

ENERGY_SLOT_MS = 900_000
"""Energy slot of a meter whose signal states none (default of B.6)."""
_NUMBERS = (*COUNTERS, Role.ENERGY)


def asset_traces(work: Workspace) -> tuple[AssetTraces, ...]:
    """Return the traces of every asset that has a signal in the window, by id."""
    of_asset: dict[str, list[Trace]] = {}
    slots: dict[str, dict[str, int]] = {}
    for key in work.rows.points:
        trace = trace_of(work, key)
        if trace is not None:
            of_asset.setdefault(trace.asset, []).append(trace)
            slots.setdefault(trace.asset, {})[trace.signal] = _slot_ms(work, key)
    return tuple(
        AssetTraces(
            asset=asset,
            traces=tuple(sorted(traces, key=lambda t: t.signal)),
            partners=tuple(
                t
                for m in _meters_of(work, asset, alone=True)
                for t in of_asset.get(m, ())
                if t.role in (Role.ENERGY, Role.POWER)
            ),
            running=running(work, asset),
            ideal_cycle_ms=longest_cycle(work, asset),
            slot_ms=slots[asset],
        )
        for asset, traces in sorted(of_asset.items())
    )


def trace_of(work: Workspace, key: PointKey) -> Trace | None:
    """Return the good looks at a point in the window; None for a text or a signal that no configuration has.

    A proof of life repeats the last good value unless something broke in between.
    """
    selection = work.selection
    specs = selection.specs(key)
    known = [s for s in specs if s is not None]
    if not known or any(s.type is SignalType.TEXT for s in known):
        return None
    rows = selection.of_point(key)
    tau, config = selection.tau[rows], selection.config[rows]
    good, alive = selection.good[rows], selection.alive[rows]
    exact = selection.value[rows].copy()
    if known[-1].role in _NUMBERS:
        for used in np.unique(config[good]).tolist():
            spec = specs[used]
            where = good & (config == used)
            if spec is not None:
                numbers = readings(exact[where], spec.type, spec.scale)
                if numbers.dtype == object:
                    return None
                exact[where] = numbers
    at = np.arange(len(tau))
    last_good = np.maximum.accumulate(np.where(good, at, -1)) if len(at) else at
    last_break = np.maximum.accumulate(np.where(~good & ~alive, at, -1)) if len(at) else at
    looks = (good | alive) & (last_good >= 0) & (last_good > last_break)
    looks &= (tau >= work.span.start_ms) & (tau < work.span.end_ms)
    return Trace(
        asset=key.stream.rpartition(".")[0],
        signal=key.signal,
        role=known[-1].role,
        tau=tau[looks],
        value=exact[last_good[looks]],
    )


def point_clock_faults(work: Workspace) -> dict[str, ClockFaults]:
    """Return the impossible time stamps of every point of the window, by `asset/signal`, in the order of sealing."""
    rows = work.rows
    span = work.span
    value_rows = (rows.flags & (RowFlag.NO_VALUE | RowFlag.MISSED | RowFlag.IMPORTED)) == 0
    inside = value_rows & (rows.slot >= span.first) & (rows.slot < span.last + span.grace)
    picked = np.flatnonzero(inside)
    order = picked[np.lexsort((picked, rows.slot[picked], rows.point[picked]))]
    starts = np.searchsorted(rows.point[order], np.arange(len(rows.points) + 1))
    found = {}
    for i, key in enumerate(rows.points):
        mine = order[starts[i] : starts[i + 1]]
        if len(mine):
            found[f"{key.stream.rpartition('.')[0]}/{key.signal}"] = clock_faults(
                Arrivals(
                    rows.source_ms[mine], rows.received_ms[mine], rows.value[mine], rows.flags[mine]
                )
            )
    return dict(sorted(found.items()))


def machines(work: Workspace, traces: tuple[AssetTraces, ...]) -> dict[str, Machine]:
    """Return what the contradiction rule needs of every asset that has a state signal, by id."""
    of_asset = {a.asset: a for a in traces}
    found = {}
    for asset in sorted({a for p in work.parts for a in p.document.asset}):
        if not any(p.document.signals_of(asset, Role.STATE) for p in work.parts):
            continue
        own = of_asset[asset].traces if asset in of_asset else ()
        meters = [asset, *_meters_of(work, asset)]
        energy = [
            (t, of_asset[m].slot_ms[t.signal])
            for m in meters
            if m in of_asset
            for t in of_asset[m].traces
            if t.role is Role.ENERGY
        ]
        found[asset] = Machine(
            running=running(work, asset),
            counts=tuple(register(t) for t in own if t.role in COUNTERS),
            ideal_cycle_ms=longest_cycle(work, asset),
            energy=tuple(register(t) for t, _ in energy),
            energy_slot_ms=max((s for _, s in energy), default=ENERGY_SLOT_MS),
        )
    return found


def register(trace: Trace) -> Register:
    """Return the first and the last of each run of equal looks as pairs: what the contradiction rule needs."""
    if not len(trace.tau):
        return ()
    change = trace.value[1:] != trace.value[:-1]
    edge = np.append(True, change) | np.append(change, True)
    return tuple(zip(trace.tau[edge].tolist(), trace.value[edge].tolist(), strict=True))


def running(work: Workspace, asset: str) -> tuple[Interval, ...]:
    """Return the proven state run of an asset in the window."""
    line = work.timeline(asset)
    low, high = work.span.start_ms, work.span.end_ms
    runs = np.flatnonzero(line.codes == CODE[MachineState.RUN])
    pairs = zip(line.edges[runs].tolist(), line.edges[runs + 1].tolist(), strict=True)
    return tuple((max(a, low), min(b, high)) for a, b in pairs if max(a, low) < min(b, high))


def longest_cycle(work: Workspace, asset: str) -> Fraction:
    """Return the longest ideal cycle of an asset in the window, in ms; 0 = none."""
    found = [a.ideal_cycle_ms for p in work.parts if (a := p.document.asset.get(asset))]
    return max(found, default=Fraction(0))


def in_time(work: Workspace, key: PointKey) -> Int64:
    """Return the instants of Good values of a point that arrived before the deadline of their slot."""
    selection = work.selection
    rows = selection.of_point(key)
    tau, arrived = selection.tau[rows], selection.arrived[rows]
    keep = np.zeros(len(tau), dtype=np.bool_)
    asset = key.stream.rpartition(".")[0]
    for i, part in enumerate(work.parts):
        judge = judging(work.parts, i, lambda d: asset in d.asset, earlier_first=True)
        spec = judge.document.signal.get((key.stream, key.signal)) if judge else None
        if spec is not None:
            here = (tau >= part.start_ms) & (tau < part.end_ms)
            end = (tau // spec.slot_ms + 1) * spec.slot_ms
            keep |= here & (arrived <= end + spec.deadline_ms)
    kept: Int64 = tau[keep & selection.good[rows]]
    return kept


def _meters_of(work: Workspace, asset: str, *, alone: bool = False) -> list[str]:
    """Return the meters that measure an asset; alone: that never measured another one in the window."""
    measures: dict[str, set[str]] = {}
    for part in work.parts:
        for meter in part.document.assets:
            measures.setdefault(meter.id, set()).update(meter.energy_of)
    return sorted(m for m, of in measures.items() if asset in of and (not alone or of == {asset}))


def _slot_ms(work: Workspace, key: PointKey) -> int:
    """Return the longest slot that a configuration of the window gives a point."""
    specs = [p.document.signal.get((key.stream, key.signal)) for p in work.parts]
    return max((s.slot_ms for s in specs if s is not None), default=60_000)
