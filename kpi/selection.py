"""The visible rows of a claim: filtered, without duplicates, in order, one run of rows per point (claims.md §0)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kpi.calendar import MINUTE_MS
from kpi.document import SignalSpec
from kpi.window import NO_TIME_MS, Bool, Int64, PointKey, Span, WindowRows
from model.errors import PermanentError
from model.flags import RowFlag
from model.signal import SignalType
from model.status import SEVERITY_MASK

Index = NDArray[np.intp]


@dataclass(frozen=True)
class Selection:
    """Rows in order of (point, τ, sealing slot, row), duplicates dropped; all columns equally long."""

    rows: WindowRows
    points: tuple[PointKey, ...]
    starts: Int64
    """First row of every point, and the number of rows at the end."""
    tau: Int64
    """Instant of the row in Unix ms: of the source, else received."""
    arrived: Int64
    """When it counts as received: never before the slot ahead of its sealing slot (no back-dating)."""
    value: Int64
    status: NDArray[np.uint32]
    flags: NDArray[np.uint16]
    config: NDArray[np.int32]
    """Index into `rows.history.used` of the configuration of the block that sealed the row."""
    order: Index
    """Position in `rows`, for merging points of one stream."""

    @cached_property
    def has_value(self) -> Bool:
        """Return which rows are value rows (neither E nor M)."""
        mask: Bool = (self.flags & (RowFlag.NO_VALUE | RowFlag.MISSED)) == 0
        return mask

    @cached_property
    def good(self) -> Bool:
        """Return which rows are good value rows."""
        mask: Bool = self.has_value & ((self.status & np.uint32(SEVERITY_MASK)) == 0)
        return mask

    @cached_property
    def alive(self) -> Bool:
        """Return which rows prove an unchanged item alive (H)."""
        mask: Bool = (self.flags & RowFlag.ALIVE) != 0
        return mask

    @cached_property
    def missed(self) -> Bool:
        """Return which rows record a missed slot (M)."""
        mask: Bool = (self.flags & RowFlag.MISSED) != 0
        return mask

    @cached_property
    def index(self) -> dict[PointKey, int]:
        """Return point → number."""
        return {p: i for i, p in enumerate(self.points)}

    def of_point(self, key: PointKey) -> slice:
        """Return the rows of a point as a slice, empty if it has none."""
        i = self.index.get(key)
        return slice(0, 0) if i is None else slice(int(self.starts[i]), int(self.starts[i + 1]))

    def specs(self, key: PointKey) -> tuple[SignalSpec | None, ...]:
        """Return what each configuration of the history says about a point; None = not in it."""
        return tuple(
            e.document.signal.get((key.stream, key.signal)) for e in self.rows.history.used
        )


def select(rows: WindowRows, span: Span) -> Selection:
    """Return the visible rows of a claim over `span`.

    Raises PermanentError if `rows` does not hold all slots that the claim needs.
    """
    first, last = span.first - span.lead, span.last + span.grace
    if rows.from_slot > first or rows.to_slot < last:
        raise PermanentError(
            f"rows of slots [{first}, {last}) are needed, [{rows.from_slot}, {rows.to_slot}) are loaded",
            f"需要分钟槽 [{first}, {last}) 的数据，已载入 [{rows.from_slot}, {rows.to_slot})",
        )
    return arrange(rows, span)


def arrange(rows: WindowRows, span: Span) -> Selection:
    """Return what `rows` has of the visible rows of a claim over `span`, though it may not hold all slots.

    A row that repeats one of another part of the slots is still in it.
    """
    first, last = span.first - span.lead, span.last + span.grace
    tau = np.where(rows.source_ms == NO_TIME_MS, rows.received_ms, rows.source_ms)
    keep = (rows.slot >= first) & (rows.slot < last)
    keep &= (tau >= span.visible_ms) & (tau < span.end_ms)
    keep &= (rows.flags & RowFlag.IMPORTED) == 0
    picked = np.flatnonzero(keep)
    order = picked[np.lexsort((rows.slot[picked], tau[picked], rows.point[picked]))]
    order = order[_not_duplicate(rows, tau[order], order)]
    slot = rows.slot[order]
    from_slots = np.array(rows.history.from_slots, dtype=np.int64)
    config = np.maximum(np.searchsorted(from_slots, slot, side="right") - 1, 0)
    return Selection(
        rows=rows,
        points=rows.points,
        starts=np.searchsorted(rows.point[order], np.arange(len(rows.points) + 1)).astype(np.int64),
        tau=tau[order],
        arrived=np.maximum(rows.received_ms[order], (slot - 1) * MINUTE_MS),
        value=rows.value[order],
        status=rows.status[order],
        flags=rows.flags[order],
        config=config.astype(np.int32),
        order=order,
    )


def _not_duplicate(rows: WindowRows, tau: Int64, order: Index) -> Bool:
    """Return which rows of `order` repeat no earlier value row of the same point, instant and value.

    Equal instants are rare, so only rows with a neighbour at the same point and instant are looked at one by one.
    """
    keep = np.ones(len(order), dtype=np.bool_)
    point = rows.point[order]
    twin = (tau[1:] == tau[:-1]) & (point[1:] == point[:-1])
    if not twin.any():
        return keep
    near = np.zeros(len(order), dtype=np.bool_)
    near[1:] |= twin
    near[:-1] |= twin
    seen: set[tuple[int, int, int | str]] = set()
    no_value = int(RowFlag.NO_VALUE | RowFlag.MISSED)
    for i in np.flatnonzero(near):
        row = int(order[i])
        if int(rows.flags[row]) & no_value:
            continue
        raw = int(rows.value[row])
        value = rows.texts[raw] if _is_text(rows, row) else raw
        key = (int(point[i]), int(tau[i]), value)
        if key in seen:
            keep[i] = False
        seen.add(key)
    return keep


def _is_text(rows: WindowRows, row: int) -> bool:
    """Return whether the row is of type text in the configuration of the block that sealed it."""
    history = rows.history
    slot = int(rows.slot[row])
    used = max(i for i, s in enumerate(history.from_slots) if i == 0 or s <= slot)
    key = rows.points[int(rows.point[row])]
    spec = history.used[used].document.signal.get((key.stream, key.signal))
    return spec is not None and spec.type is SignalType.TEXT
