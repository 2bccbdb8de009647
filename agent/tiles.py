"""Live tiles of the board: newest values, state since when, a short history for the sparkline."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

import numpy as np

from agent.live import LiveValues
from agent.web.state import DeviceTile, Link
from config.loader import LoadedDevice, LoadedPlant
from config.models import AssetClass
from model.signal import Role, SignalTable
from model.source import SourceState, SourceStatus
from model.state import MachineState
from reports.words import Text

SPARK_POINTS: Final = 60
SPARK_EVERY_MS: Final = 5_000
SILENT_MS: Final = 150_000
"""A connected device without any row or proof for this long counts as silent."""

KIND_NAMES: Final[dict[AssetClass, Text]] = {
    AssetClass.CNC: Text("数控机床", "CNC machine"),
    AssetClass.ROBOT: Text("机器人", "Robot"),
    AssetClass.PLC: Text("生产线 PLC", "Line PLC"),
    AssetClass.METER: Text("电表", "Energy meter"),
    AssetClass.PRESS: Text("压力机", "Press"),
    AssetClass.INSPECTION: Text("检测设备", "Inspection"),
    AssetClass.LOGISTICS: Text("物流设备", "Logistics"),
    AssetClass.MANUAL: Text("手动设备", "Manual machine"),
    AssetClass.AUXILIARY: Text("辅助设备", "Auxiliary"),
}
_LEVEL: Final[dict[MachineState, float]] = {
    MachineState.RUN: 1.0,
    MachineState.SETUP: 0.6,
    MachineState.TEST: 0.6,
    MachineState.WAIT: 0.3,
    MachineState.IDLE: 0.2,
    MachineState.FAULT: 0.05,
    MachineState.IDLE_FAULT: 0.05,
    MachineState.OFF: 0.0,
}


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What the sealed minutes of the running production day say of one device."""

    oee: Fraction | None = None
    good: int | None = None


@dataclass(slots=True)
class _Memory:
    state: MachineState = MachineState.UNKNOWN
    since_ms: int | None = None
    spark: deque[float | None] = field(default_factory=lambda: deque(maxlen=SPARK_POINTS))
    spark_at: int = 0


class Tiles:
    """Makes the tiles of one plant; remembers since when a device is in its state."""

    def __init__(
        self, plant: LoadedPlant, table: SignalTable, source_of: Mapping[str, str]
    ) -> None:
        """Take the plant; every device starts unknown."""
        self._plant = plant
        self._table = table
        self._source_of = source_of
        self._memory = {d.config.id: _Memory() for d in plant.devices}
        indexes: dict[str, list[int]] = {d.config.id: [] for d in plant.devices}
        self._first_of: dict[tuple[str, Role], int] = {}
        for index, signal in enumerate(table.signals):
            indexes[signal.device].append(index)
            self._first_of.setdefault((signal.device, signal.role), index)
        self._indexes = {name: np.array(found, np.intp) for name, found in indexes.items()}

    def make(
        self,
        live: LiveValues,
        statuses: Mapping[str, SourceStatus],
        day: Mapping[str, DayFigures],
        now_ms: int,
    ) -> tuple[DeviceTile, ...]:
        """Return one tile per device of the registry, in the order of the plant file."""
        return tuple(
            self._tile(device, live, statuses, day.get(device.config.id, DayFigures()), now_ms)
            for device in self._plant.devices
        )

    def _tile(
        self,
        device: LoadedDevice,
        live: LiveValues,
        statuses: Mapping[str, SourceStatus],
        day: DayFigures,
        now_ms: int,
    ) -> DeviceTile:
        config = device.config
        name = Text(config.name, config.name)
        kind = KIND_NAMES[config.asset_class]
        if config.id not in self._source_of:
            return DeviceTile(id=config.id, name=name, kind=kind, link=Link.UNCONNECTED)
        status = statuses.get(self._source_of[config.id])
        seen = live.seen_ms(self._indexes[config.id])
        reachable = status is not None and status.state in (SourceState.OK, SourceState.STOPPED)
        online = reachable and now_ms - seen <= SILENT_MS
        state = self._state(device, live) if online else MachineState.UNKNOWN
        memory = self._memory[config.id]
        if state is not memory.state or memory.since_ms is None:
            memory.since_ms = now_ms if memory.since_ms is not None or not seen else seen
            memory.state = state
        power = self._power(config.id, live) if online else None
        self._remember(memory, device, state, power, now_ms, online=online)
        note = None
        if not online and status is not None and (status.zh or status.en):
            note = Text(status.zh, status.en)
        meter = config.asset_class is AssetClass.METER
        return DeviceTile(
            id=config.id,
            name=name,
            kind=kind,
            link=self._link(status, seen=seen, online=online),
            state=None if meter else state,
            since_ms=memory.since_ms,
            value=power if meter else day.oee,
            value_label=Text("功率", "Power") if meter else None,
            value_unit="kW" if meter else "%",
            decimals=1 if meter else 0,
            good=day.good,
            spark=tuple(memory.spark),
            note=note,
        )

    @staticmethod
    def _link(status: SourceStatus | None, *, seen: int, online: bool) -> Link:
        if online:
            return Link.ONLINE
        if not seen and status is not None and status.state is SourceState.STARTING:
            return Link.STARTING
        return Link.OFFLINE

    def _state(self, device: LoadedDevice, live: LiveValues) -> MachineState:
        """Return the canonical state by the state table of the device."""
        table = device.state_table
        index = self._index_of(device.config.id, Role.STATE)
        if index is None or table is None:
            return MachineState.UNKNOWN
        state = self._spelling(index, live)
        if state is None:
            return MachineState.UNKNOWN
        others = (self._index_of(device.config.id, Role(name)) for name in table.inputs[1:])
        return table.state_of((state, *(self._spelling(other, live) for other in others)))

    @staticmethod
    def _spelling(index: int | None, live: LiveValues) -> str | None:
        """Return the text of a good newest value, None without one."""
        newest = live.get(index) if index is not None else None
        if newest is None or newest.value is None or not newest.good:
            return None
        return str(int(newest.value) if isinstance(newest.value, bool) else newest.value)

    def _power(self, device: str, live: LiveValues) -> Fraction | None:
        index = self._index_of(device, Role.POWER)
        value = live.get(index).value if index is not None else None
        if index is None or value is None or isinstance(value, str):
            return None
        return Fraction(value) * self._table.signals[index].scale

    def _index_of(self, device: str, role: Role) -> int | None:
        return self._first_of.get((device, role))

    @staticmethod
    def _remember(
        memory: _Memory,
        device: LoadedDevice,
        state: MachineState,
        power: Fraction | None,
        now_ms: int,
        *,
        online: bool,
    ) -> None:
        if now_ms - memory.spark_at < SPARK_EVERY_MS:
            return
        memory.spark_at = now_ms
        level: float | None = None
        if online and device.config.asset_class is AssetClass.METER and power is not None:
            # Against a round full scale of 100 kW: the line shows the shape, the number stands beside it.
            level = min(1.0, float(power) / 100.0)
        elif online and state is not MachineState.UNKNOWN:
            level = _LEVEL[state]
        memory.spark.append(level)
