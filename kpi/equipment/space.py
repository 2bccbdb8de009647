"""Cells and sums of the assets of one claim window, each computed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kpi.equipment.asset_cells import AssetRecord, form_cells
from kpi.equipment.cells import AssetCells
from kpi.equipment.plan import Plans
from kpi.equipment.reach import Reach
from kpi.equipment.records import RecordBuilder
from kpi.equipment.signal_rows import rows_of
from kpi.equipment.states import asset_states
from kpi.equipment.summing import sums_of
from kpi.equipment.sums import EquipmentSums
from kpi.timeline import Timeline
from kpi.workspace import Workspace


@dataclass(slots=True)
class EquipmentSpace:
    """What equipment claims over one window share; made by `equipment_space`."""

    work: Workspace
    plans: Plans = field(default_factory=Plans)
    _records: dict[str, AssetRecord] = field(default_factory=dict)
    _cells: dict[str, AssetCells] = field(default_factory=dict)
    _sums: dict[str, EquipmentSums] = field(default_factory=dict)

    @property
    def reach(self) -> Reach:
        """Return the configurations in force."""
        return Reach(self.work.visible_parts, self.work.parts, self.work.parts)

    def record(self, asset: str) -> AssetRecord:
        """Return what the visible rows say of an asset."""
        if asset not in self._records:
            selection = self.work.selection
            builder = RecordBuilder(asset, self.work.rows.history, self.work.rows.texts.__getitem__)
            builder.feed({key: rows_of(selection, key) for key in builder.points})
            span = self.work.span
            self._records[asset] = builder.record(span.visible_ms, span.end_ms)
        return self._records[asset]

    def state(self, asset: str) -> Timeline:
        """Return the state of an asset over the visible time."""
        return asset_states(asset, self.record(asset).lines, self.work.visible_parts)

    def cells(self, asset: str) -> AssetCells:
        """Return the cells of an asset over the window."""
        if asset not in self._cells:
            self._cells[asset] = form_cells(self.record(asset), self.reach, self.plans)
        return self._cells[asset]

    def sums(self, asset: str) -> EquipmentSums:
        """Return the sums of an asset over the window."""
        if asset not in self._sums:
            self._sums[asset] = sums_of(self.cells(asset))
        return self._sums[asset]


def equipment_space(work: Workspace) -> EquipmentSpace:
    """Return the equipment space of a workspace, the same one every time."""
    if work.equipment is None:
        work.equipment = EquipmentSpace(work)
    return work.equipment


def sums_by_asset(work: Workspace, assets: tuple[str, ...]) -> Mapping[str, EquipmentSums]:
    """Return the sums of assets by id in byte order."""
    space = equipment_space(work)
    return {name: space.sums(name) for name in sorted(set(assets))}
