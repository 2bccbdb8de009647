"""Everything that several claims over one window share, computed once on demand: rows, timelines, counters, days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kpi.atoms import atoms_in_cells
from kpi.calendar import ProductionDay, Segment, production_days, segments
from kpi.counters import CounterRun, Event, counter_run
from kpi.document import PLAIN_COUNTER
from kpi.history import ConfigSegment, judging
from kpi.readings import compact, readings
from kpi.selection import Selection, select
from kpi.timeline import Timeline, asset_timeline
from kpi.window import Int64, PointKey, Span, WindowRows
from model.errors import PermanentError
from model.signal import ROLE_CLASS, Role, SignalType

if TYPE_CHECKING:
    from kpi.days import AssetDays
    from kpi.equipment.space import EquipmentSpace
    from kpi.ratios import AssetSlots


@dataclass(frozen=True, slots=True, eq=False)
class RoleRuns:
    """What all signals of one role of one asset book."""

    runs: tuple[CounterRun, ...]
    alive: bool
    """Whether any of the signals was proven alive (H) in the visible time."""

    @property
    def proven(self) -> bool:
        """Return whether any of the signals gave a reading or was proven alive in the visible time."""
        return self.alive or self.answered

    @property
    def answered(self) -> bool:
        """Return whether any reading was accepted in the visible time."""
        return any(len(r.accepted) for r in self.runs)

    def events(self, kind: Event, start_ms: int, end_ms: int) -> int:
        """Return how many events of a kind lie in [start, end)."""
        return sum(e is kind and start_ms <= t < end_ms for r in self.runs for t, e in r.events)


class Workspace:
    """Figures of one window; not thread-safe, holds the selected rows in memory."""

    def __init__(self, rows: WindowRows, span: Span, offset_at_ms: int | None = None) -> None:
        """Take the rows of a window.

        offset_at_ms: instant whose offset the algorithms of version 1 use for all time; None = the window's first ms.
        """
        self.rows = rows
        self.span = span
        self.offset_at_ms = span.start_ms if offset_at_ms is None else offset_at_ms
        self.parts: tuple[ConfigSegment, ...] = rows.history.segments(span.start_ms, span.end_ms)
        """Configurations in force in the window."""
        self._timelines: dict[str, Timeline] = {}
        self._segments: dict[str, list[Segment]] = {}
        self._runs: dict[tuple[str, Role], RoleRuns] = {}
        self._atoms: dict[str, Int64] = {}
        self.asset_days: dict[str, AssetDays] = {}
        """Filled by `kpi.days.asset_days`."""
        self.slots: dict[str, AssetSlots] | None = None
        """Filled by `kpi.ratios.asset_slots`."""
        self.equipment: EquipmentSpace | None = None
        """Filled by `kpi.equipment.space.equipment_space`."""

    @cached_property
    def selection(self) -> Selection:
        """Return the visible rows."""
        return select(self.rows, self.span)

    @cached_property
    def visible_parts(self) -> tuple[ConfigSegment, ...]:
        """Return the configurations in force over the visible time."""
        return self.rows.history.segments(self.span.visible_ms, self.span.end_ms)

    @cached_property
    def days(self) -> tuple[ProductionDay, ...]:
        """Return the production days of the calendar of the last configuration in force, cut to the window."""
        calendar = self.parts[-1].document.calendar.of_version_1(self.offset_at_ms)
        return tuple(production_days(calendar, self.span.start_ms, self.span.end_ms))

    @cached_property
    def cuts(self) -> tuple[int, ...]:
        """Return the edges of the production days, window edges included."""
        return (*(d.start_ms for d in self.days), self.span.end_ms)

    def require(self, ids: Iterable[str], what: str) -> None:
        """Refuse ids that no configuration in force in the window has; raises PermanentError."""
        for name in ids:
            if not any(name in p.document.asset for p in self.parts):
                raise PermanentError(
                    f"{what} {name}: no configuration in force in the window has it",
                    f"{what} {name}：窗口内生效的配置中没有该设备",
                )

    def timeline(self, asset: str) -> Timeline:
        """Return the state timeline of an asset over the visible time."""
        if asset not in self._timelines:
            self._timelines[asset] = asset_timeline(
                self.selection, asset, self.span, self.visible_parts
            )
        return self._timelines[asset]

    def segments(self, asset: str) -> list[Segment]:
        """Return the calendar segments of an asset over the window, cut where the configuration changes."""
        if asset not in self._segments:
            self._segments[asset] = [
                s
                for p in self.parts
                for s in segments(
                    p.document.asset.get(asset),
                    p.document.calendar.of_version_1(self.offset_at_ms),
                    p.stops,
                    p.start_ms,
                    p.end_ms,
                )
            ]
        return self._segments[asset]

    def atoms(self, asset: str) -> Int64:
        """Return ms per production day and atom."""
        if asset not in self._atoms:
            self._atoms[asset] = atoms_in_cells(
                self.timeline(asset), self.segments(asset), self.cuts
            )
        return self._atoms[asset]

    def day_config(self, asset: str, start_ms: int) -> ConfigSegment:
        """Return the configuration of an asset's day (claims.md §0); `start_ms` is the day's first ms in the window."""
        index = max(i for i, p in enumerate(self.parts) if p.start_ms <= start_ms)
        part = judging(self.parts, index, lambda d: asset in d.asset, earlier_first=False)
        if part is None:
            raise PermanentError(
                f"asset {asset}: no configuration in force in the window has it",
                f"设备 {asset}：窗口内生效的配置中没有该设备",
            )
        return part

    def runs(self, asset: str, role: Role) -> RoleRuns:
        """Return what the counters of one role of an asset book."""
        if (asset, role) not in self._runs:
            stream = f"{asset}.{ROLE_CLASS[role].value}"
            keys = [p for p in self.rows.points if p.stream == stream]
            runs = [self._run(key, role) for key in keys]
            self._runs[asset, role] = RoleRuns(
                tuple(r for r in runs if r is not None),
                any(self._alive(key, role) for key in keys),
            )
        return self._runs[asset, role]

    def _alive(self, key: PointKey, role: Role) -> bool:
        """Return whether an H row of a signal stands in the visible rows while it has the role."""
        rows = self.selection.of_point(key)
        has_role = np.array(
            [
                s is not None and s.role is role and not s.alternate_of
                for s in self.selection.specs(key)
            ]
        )
        return bool((self.selection.alive[rows] & has_role[self.selection.config[rows]]).any())

    def _run(self, key: PointKey, role: Role) -> CounterRun | None:
        """Return what one signal books while it has the role; None if it never has."""
        selection = self.selection
        specs = selection.specs(key)
        usable = np.array(
            [
                s is not None
                and s.role is role
                and not s.alternate_of
                and s.type is not SignalType.TEXT
                for s in specs
            ]
        )
        if not usable.any():
            return None
        rows = selection.of_point(key)
        index = np.flatnonzero(selection.good[rows] & usable[selection.config[rows]]) + rows.start
        config = selection.config[index]
        raw = selection.value[index]
        present = np.unique(config).tolist()
        forms = {(s.type, s.scale) for i in present if (s := specs[i]) is not None}
        if len(forms) <= 1:
            kind, scale = next(iter(forms), (SignalType.INT, None))
            values = readings(raw, kind, scale) if scale is not None else compact([])
        else:
            exact = [0] * len(raw)
            for used in present:
                spec = specs[used]
                if spec is None:
                    continue
                where = np.flatnonzero(config == used)
                part = readings(raw[where], spec.type, spec.scale).tolist()
                for i, v in zip(where.tolist(), part, strict=True):
                    exact[i] = v
            values = compact(exact)
        rules = [s.rules if s is not None else PLAIN_COUNTER for s in specs]
        return counter_run(values, selection.tau[index], rules, config)
