"""Rows of one asset → what they say (docs/formats/statistics.md §1, §6): value lines and booked counts.

Rows may come in pieces, none before those taken already: a year of samples is read in bounded memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from kpi.document_types import ConfigDocument
from kpi.equipment.asset_cells import REGISTER_ROLES, AssetRecord, CounterRecord
from kpi.equipment.cells import COUNT_ROLES, CounterId
from kpi.equipment.counters import CounterHistory, CounterTail, RestartHistory, RestartTail
from kpi.equipment.signal_rows import SignalRows, Specs
from kpi.equipment.values import ValueHistory, ValueTail
from kpi.history import ConfigHistory
from kpi.window import Bool, Int64, PointKey
from model.signal import Role, SignalClass

VALUE_ROLES: Final = (Role.STATE, Role.MODE, Role.ORDER, Role.PRODUCT)
COUNTER_ROLES: Final = (*COUNT_ROLES, *REGISTER_ROLES)
CLASSES: Final = (SignalClass.STATE, SignalClass.COUNT, SignalClass.ENERGY)
"""Classes of the signals that statistics use."""


@dataclass(frozen=True, slots=True, eq=False)
class RecordTail:
    """What the builder of a record must keep to go on."""

    values: Mapping[tuple[str, Role], ValueTail]
    counters: Mapping[CounterId, CounterTail]
    uptimes: Mapping[str, RestartTail]


class RecordBuilder:
    """Takes the rows of one asset and gives its record."""

    def __init__(
        self,
        asset: str,
        history: ConfigHistory,
        text: Callable[[int], str],
        tail: RecordTail | None = None,
    ) -> None:
        """Start without rows, or where another builder left off.

        text: the text of a text number. tail: the history may have grown since.
        """
        self._tail = tail if tail is not None else RecordTail({}, {}, {})
        self.asset = asset
        self._history = history
        self._text = text
        self._values: dict[tuple[str, Role], ValueHistory] = {}
        self._counters: dict[CounterId, tuple[CounterHistory, Specs]] = {}
        self._uptimes: dict[str, RestartHistory] = {}
        self._value_roles: dict[PointKey, list[tuple[str, Role]]] = {}
        self._counter_ids: dict[PointKey, list[CounterId]] = {}
        self._specs: dict[PointKey, Specs] = {}
        for key, specs in _specs(asset, history).items():
            self._specs[key] = specs
            self._add(key, specs)

    @property
    def points(self) -> tuple[PointKey, ...]:
        """Return the signals whose rows are wanted."""
        return tuple(self._specs)

    def _add(self, key: PointKey, specs: Specs) -> None:
        roles = dict.fromkeys(s.role for s in specs if s is not None)
        for role in roles:
            if role in VALUE_ROLES:
                self._values[key.signal, role] = ValueHistory(
                    specs, role, self._text, self._tail.values.get((key.signal, role))
                )
                self._value_roles.setdefault(key, []).append((key.signal, role))
            elif role is Role.UPTIME:
                self._uptimes[key.signal] = RestartHistory(
                    specs, _mine(specs, role, ""), self._tail.uptimes.get(key.signal)
                )
            elif role in COUNTER_ROLES:
                for other in dict.fromkeys(s.alternate_of for s in specs if s and s.role is role):
                    counter = CounterId(role, key.signal, other)
                    events = [_events(e.document, key) for e in self._history.used]
                    found = CounterHistory(
                        specs, _mine(specs, role, other), events, self._tail.counters.get(counter)
                    )
                    self._counters[counter] = found, specs
                    self._counter_ids.setdefault(key, []).append(counter)

    def feed(self, rows: Mapping[PointKey, SignalRows]) -> None:
        """Take the next rows, by signal; a signal without rows may be absent."""
        for key, found in rows.items():
            if key.signal in self._uptimes and key.stream.endswith(f".{SignalClass.STATE.value}"):
                self._uptimes[key.signal].feed(found)
        restarts = self._restarts()
        for key, found in rows.items():
            for name in self._value_roles.get(key, ()):
                self._values[name].feed(found)
            for counter in self._counter_ids.get(key, ()):
                self._counters[counter][0].feed(found, restarts)

    def record(self, start_ms: int, end_ms: int) -> AssetRecord:
        """Return what the rows taken so far say over [start, end)."""
        return AssetRecord(
            self.asset,
            {name: values.line(start_ms, end_ms) for name, values in self._values.items()},
            {c: CounterRecord(h.booked(), specs) for c, (h, specs) in self._counters.items()},
        )

    def tail(self) -> RecordTail:
        """Return what is needed to go on."""
        values = {name: v.tail() for name, v in self._values.items()}
        return RecordTail(
            {name: v for name, v in values.items() if v is not None},
            {c: h.tail() for c, (h, _) in self._counters.items()},
            {name: u.tail() for name, u in self._uptimes.items()},
        )

    def forget(self, before_ms: int) -> None:
        """Drop what ended before an instant; records may begin there from now on, not earlier."""
        for values in self._values.values():
            values.forget(before_ms)
        for history, _ in self._counters.values():
            history.forget(before_ms)
        for uptime in self._uptimes.values():
            uptime.forget(before_ms)

    @property
    def counters(self) -> Mapping[CounterId, CounterHistory]:
        """Return the histories of the counters."""
        return {c: h for c, (h, _) in self._counters.items()}

    def _restarts(self) -> Int64:
        found = sorted(x for u in self._uptimes.values() for x in u.instants)
        return np.array(found, dtype=np.int64)


def _specs(asset: str, history: ConfigHistory) -> dict[PointKey, Specs]:
    """Return what each configuration in use says about the signals of an asset, in order of first appearance."""
    keys: dict[PointKey, None] = {}
    for entry in history.used:
        for kind in CLASSES:
            stream = entry.document.stream.get(f"{asset}.{kind.value}")
            for signal in stream.signals if stream is not None else ():
                if signal.role in (*VALUE_ROLES, Role.UPTIME, *COUNTER_ROLES):
                    keys[PointKey(f"{asset}.{kind.value}", signal.name)] = None
    return {
        key: tuple(e.document.signal.get((key.stream, key.signal)) for e in history.used)
        for key in keys
    }


def _mine(specs: Specs, role: Role, alternate_of: str) -> Bool:
    return np.array(
        [s is not None and (s.role, s.alternate_of) == (role, alternate_of) for s in specs]
    )


def _events(document: ConfigDocument, key: PointKey) -> Int64:
    """Return the instants at which a configuration says that a counter was replaced or set, rising."""
    device = key.stream.rpartition(".")[0]
    mine = (e for e in document.counter_events if (e.device, e.signal) == (device, key.signal))
    return np.array(sorted(e.at_ms for e in mine), dtype=np.int64)
