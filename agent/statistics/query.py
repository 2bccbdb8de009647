"""Figures from the stored statistics: any window at cell edges, by asset, shift, production day or product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from kpi.calendar import DAY_MS, iso_date
from kpi.document_types import ConfigDocument
from kpi.equipment.cells import AssetCells, stretch
from kpi.equipment.distinct import distinct
from kpi.equipment.summing import sums_of
from kpi.equipment.sums import EquipmentSums
from kpi.window import Bool, Int32
from model.errors import PermanentError
from storage.statistics import StatisticsStore
from storage.statistics_decode import Names, cells_of


class By(StrEnum):
    """What sums are grouped by, each within an asset."""

    ASSET = "asset"
    SHIFT = "shift"
    DAY = "day"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class Group:
    """Sums of one asset over a window, or over a part of it."""

    asset: str
    key: str
    """Name of the shift, production day (YYYY-MM-DD) or product; empty for the whole asset or outside every shift."""
    sums: EquipmentSums


def stored_cells(
    store: StatisticsStore,
    asset: str,
    documents: Mapping[str, ConfigDocument],
    from_ms: int,
    to_ms: int,
) -> AssetCells | None:
    """Return the stored cells of the UTC days that meet [from, to), None without any.

    documents: configuration documents by SHA-256 in hex.
    """
    progress = store.progress
    if progress is None:
        return None
    stored = store.asset_days(asset, from_ms // DAY_MS, (to_ms - 1) // DAY_MS)
    return cells_of(stored, _names(store), documents, progress.seen_ms)


def _names(store: StatisticsStore) -> Names:
    return Names(*(store.names(k) for k in ("config", "shift", "product", "counter", "rate")))


def window_of(cells: AssetCells, from_ms: int, to_ms: int) -> Bool:
    """Return the cells of a window; raises PermanentError if one of its edges lies inside a cell."""
    table = cells.table
    for edge in (from_ms, to_ms):
        cut = (table.start < edge) & (table.end > edge)
        if cut.any():
            at = int(np.flatnonzero(cut)[0])
            raise PermanentError(
                f"{cells.asset}: {edge} lies inside the cell {int(table.start[at])} to {int(table.end[at])}; "
                "choose whole hours or shift edges",
                f"{cells.asset}：{edge} 落在统计单元 {int(table.start[at])}–{int(table.end[at])} 之内，"
                "请取整点或班次边界",
            )
    inside: Bool = (table.start >= from_ms) & (table.end <= to_ms)
    return inside


def grouped(cells: AssetCells, window: Bool, by: By) -> Iterable[Group]:
    """Yield the sums of the cells of a window, in order of their keys."""
    column, names = _keys(cells, by)
    numbers, where = distinct(column[window])
    inside = np.flatnonzero(window)
    order = np.argsort(where, kind="stable")
    edges = np.searchsorted(where[order], np.arange(len(numbers) + 1)).tolist()
    for key, i in sorted((names[n], i) for i, n in enumerate(numbers)):
        at = inside[order[edges[i] : edges[i + 1]]]
        low, high = int(at[0]), int(at[-1]) + 1
        chosen = np.zeros(high - low, dtype=np.bool_)
        chosen[at - low] = True
        # A day is a short stretch of a year.
        yield Group(cells.asset, key, sums_of(stretch(cells, low, high), chosen))


def _keys(cells: AssetCells, by: By) -> tuple[Int32, Mapping[int, str]]:
    """Return the key of every cell as a number, and what the numbers mean."""
    table = cells.table
    if by is By.SHIFT:
        names = {-1: "", **{i: s.name for i, s in enumerate(cells.shifts)}}
        return table.shift, names
    if by is By.DAY:
        return table.day, {d: iso_date(d) for d in np.unique(table.day).tolist()}
    if by is By.PRODUCT:
        return table.product, dict(enumerate(cells.products))
    return np.zeros(len(table), dtype=np.int32), {0: ""}
