"""States and readings of a case as sealed rows of a log, so that the engine of the agent reads them like any others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

import numpy as np

from kpi.calc.inputs import CounterInput, EquipmentInput, MachineInput, PlanInput, WindowInput
from kpi.calendar import MINUTE_MS
from kpi.document_types import (
    Asset,
    Calendar,
    ConfigDocument,
    Counter,
    CounterEvent,
    Shift,
    SignalSpec,
    StateRow,
    StateTable,
    Stop,
    StreamSpec,
)
from kpi.history import ConfigEntry, ConfigHistory
from kpi.window import PointKey, Span, WindowRows
from kpi.workspace import Workspace
from model.flags import RowFlag
from model.signal import CLASS_RANK, ROLE_CLASS, Role, SignalClass, SignalType
from model.state import MachineState
from model.status import BAD, GOOD

ALWAYS: Final = Calendar(
    breaks=(),
    day_start_min=0,
    holidays=frozenset(),
    shifts=(Shift("", 0, 1440, frozenset(range(1, 8))),),
    stops=(),
    offsets=((0, 0),),
    zone="UTC",
)
"""Plan of a case without one: figures that need a plan are not given, the others do not depend on it."""
MACHINE: Final = "machine"
"""Id in the log of a machine that the case does not name."""
_TABLE: Final = "calc/1"
_EVER: Final = 2**50
"""A hold that no case outlives: spans say themselves where a state ends."""


Row = tuple[int, int, int, int, int, int]
"""(point, source time or NO_TIME_MS, received, value, status, flags)."""


@dataclass(slots=True)
class _Rows:
    """Rows of all signals in the making."""

    points: dict[PointKey, int] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    found: list[Row] = field(default_factory=list)

    def add(self, key: PointKey, at_ms: int, value: int) -> None:
        point = self.points.setdefault(key, len(self.points))
        raw = value - 2**64 if value >= 2**63 else value
        self.found.append((point, at_ms, at_ms, raw, GOOD, 0))

    def text(self, key: PointKey, at_ms: int, value: str) -> None:
        self.texts.append(value)
        self.add(key, at_ms, len(self.texts) - 1)

    def unknown(self, key: PointKey, at_ms: int) -> None:
        point = self.points.setdefault(key, len(self.points))
        self.found.append((point, at_ms, at_ms, 0, BAD, int(RowFlag.NO_VALUE)))


def log_id(machine: str) -> str:
    """Return the id of a machine in the log of its case."""
    return machine or MACHINE


def workspace(case: EquipmentInput, window: WindowInput) -> Workspace:
    """Return the log of the machines of a case over its window, ready for any figure of it."""
    rows = _Rows()
    streams: list[StreamSpec] = []
    for machine in case.machines:
        streams += _machine(machine, rows)
    events = [
        CounterEvent(log_id(m.id), c.name, at, kind)
        for m in case.machines
        for c in m.counters
        for at, kind in c.events
    ]
    document = ConfigDocument(
        assets=tuple(_asset(m) for m in case.machines),
        calendar=case.plan.calendar if case.plan else ALWAYS,
        enterprise="",
        site_name="",
        workshop="",
        state_tables=(_states(),),
        streams=tuple(sorted(streams, key=lambda s: (CLASS_RANK[s.signal_class], s.device))),
        counter_events=tuple(events),
    )
    first = min((row[1] for row in rows.found), default=window.start_ms) // MINUTE_MS
    start, end = window.start_ms // MINUTE_MS, window.end_ms // MINUTE_MS
    span = Span(start, end, lead=max(0, start - first), grace=1)
    columns = window_rows(
        tuple(rows.points), rows.found, rows.texts, history_of(document, case.plan)
    )
    return Workspace(columns, span)


def history_of(document: ConfigDocument, plan: PlanInput | None) -> ConfigHistory:
    """Return the configurations of a log in which each stop was first written when it was registered.

    The engine then says itself which stops count.
    """
    registered = dict(plan.registered) if plan is not None else {}
    entries = [ConfigEntry(_with_stops(document, registered, None), None, None)]
    for at in sorted(set(registered.values())):
        # At that instant the last sealed block is that of the minute before.
        sealed = at // MINUTE_MS - 1
        entries.append(ConfigEntry(_with_stops(document, registered, at), sealed, None))
    last = entries[-1]
    entries[-1] = replace(last, document=document, from_slot=0)
    return ConfigHistory(tuple(entries))


def _with_stops(
    document: ConfigDocument, registered: dict[Stop, int], at_ms: int | None
) -> ConfigDocument:
    known = tuple(
        s
        for s in document.calendar.stops
        if s not in registered or (at_ms is not None and registered[s] <= at_ms)
    )
    return replace(document, calendar=replace(document.calendar, stops=known))


def _machine(machine: MachineInput, rows: _Rows) -> list[StreamSpec]:
    name = log_id(machine.id)
    states = [*_state_signals(machine, name, rows), *_product_signal(machine, name, rows)]
    restarts = sorted({r for c in machine.counters for r in c.restarts})
    if restarts:
        key = PointKey(f"{name}.{SignalClass.STATE.value}", "uptime")
        for at in restarts:
            rows.add(key, at - 1, 1)
            rows.add(key, at, 0)
        states.append(signal("uptime", Role.UPTIME, SignalType.INT, _EVER))
    found = [StreamSpec(f"{name}.{SignalClass.STATE.value}", tuple(states))] if states else []
    for kind in (SignalClass.COUNT, SignalClass.ENERGY):
        counters = [c for c in machine.counters if ROLE_CLASS[c.role] is kind]
        stream = f"{name}.{kind.value}"
        for c in counters:
            for at, value in c.values:
                rows.add(PointKey(stream, c.name), at, value)
        if counters:
            found.append(StreamSpec(stream, tuple(counter_spec(c) for c in counters)))
    return found


def counter_spec(counter: CounterInput) -> SignalSpec:
    """Return the signal of a counter, as the configuration document would have it."""
    big = any(v >= 2**63 for _, v in counter.values)
    kind = SignalType.UINT if big else SignalType.INT
    return signal(counter.name, counter.role, kind, counter.hold_ms, counter.rules)


def signal(
    name: str, role: Role, kind: SignalType, hold_ms: int, rules: Counter | None = None
) -> SignalSpec:
    """Return a signal that no point list requires."""
    return SignalSpec(
        name=name,
        role=role,
        type=kind,
        unit="1",
        scale=Fraction(1),
        slot_ms=MINUTE_MS,
        deadline_ms=MINUTE_MS,
        hold_ms=hold_ms,
        required=False,
        counter=rules,
    )


def _state_signals(machine: MachineInput, name: str, rows: _Rows) -> list[SignalSpec]:
    """Write the spans layer by layer; where no span of the layer follows at once, the state ends in unknown."""
    found = []
    for layer in sorted({s.layer for s in machine.spans}):
        key = PointKey(f"{name}.{SignalClass.STATE.value}", f"layer_{layer}")
        own = sorted(
            (s for s in machine.spans if s.layer == layer), key=lambda s: (s.start_ms, s.end_ms)
        )
        for i, span in enumerate(own):
            rows.text(key, span.start_ms, span.state.value)
            if i + 1 == len(own) or own[i + 1].start_ms > span.end_ms:
                rows.unknown(key, span.end_ms)
        found.append(signal(key.signal, Role.STATE, SignalType.TEXT, _EVER))
    return found


def _product_signal(machine: MachineInput, name: str, rows: _Rows) -> list[SignalSpec]:
    if not machine.making:
        return []
    key = PointKey(f"{name}.{SignalClass.STATE.value}", "product")
    for span in sorted(machine.making, key=lambda s: s.start_ms):
        rows.text(key, span.start_ms, span.product)
    return [signal("product", Role.PRODUCT, SignalType.TEXT, _EVER)]


def _asset(machine: MachineInput) -> Asset:
    return replace(
        plain_asset(log_id(machine.id)),
        minor_stop_ms=machine.minor_stop_ms,
        state_table=_TABLE if machine.spans else "",
        debounce_ms=machine.debounce_ms,
        product=machine.product,
        products=machine.products,
    )


def plain_asset(name: str) -> Asset:
    """Return production equipment of which nothing else is said."""
    return Asset(
        id=name,
        name=name,
        asset_class="",
        production=True,
        nc=False,
        networked=False,
        smart=False,
        key=False,
        counts_as=1,
        energy_of=(),
        ideal_cycle_ms=Fraction(0),
        minor_stop_ms=0,
        in_service=(0, 0),
        state_table="",
    )


def _states() -> StateTable:
    rows = tuple(StateRow((s.value,), s) for s in MachineState)
    return StateTable(_TABLE, rows, MachineState.UNKNOWN)


def window_rows(
    points: Sequence[PointKey], rows: Sequence[Row], texts: Iterable[str], history: ConfigHistory
) -> WindowRows:
    """Return rows as if each had been sealed in the minute in which it was received."""
    table = np.array(rows, dtype=np.int64).reshape(-1, 6)
    return WindowRows(
        from_slot=0,
        to_slot=2**40,
        points=tuple(points),
        point=table[:, 0].astype(np.int32),
        slot=table[:, 2] // MINUTE_MS,
        source_ms=table[:, 1],
        received_ms=table[:, 2],
        value=table[:, 3],
        status=table[:, 4].astype(np.uint32),
        flags=table[:, 5].astype(np.uint16),
        texts=tuple(texts),
        history=history,
        block_slot=np.zeros(0, dtype=np.int64),
        block_state=(),
        off=(),
    )
