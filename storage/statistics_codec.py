"""Cells of one asset and UTC day as columns of fixed width (docs/formats/statistics-store.md).

A day is a few byte strings of packed records; those of many days are read as one array after joining them. What has a
name (configuration, shift, product, counter, highest rate) is a number that the store gives out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kpi.atoms import ATOMS
from kpi.calendar import DAY_MS, HOUR_MS
from kpi.equipment.cells import COUNT_ROLES, AssetCells
from kpi.equipment.counter_steps import MARKS
from kpi.equipment.distinct import distinct
from kpi.window import Bool, Int64
from model.errors import PermanentError

CELL: Final = np.dtype(
    [
        ("start", "<u4"),  # ms since 00:00 UTC
        ("config", "<u2"),
        ("kind", "u1"),
        ("test", "u1"),
        ("shift", "<u2"),  # 0 = outside every shift, else name number + 1
        ("day", "<i4"),
        ("product", "<u4"),
        ("roles", "u1"),
    ]
)
VALUE: Final = np.dtype([("cell", "<u4"), ("what", "u1"), ("value", "<i4")])
WIDE: Final = np.dtype([("cell", "<u4"), ("what", "u1"), ("value", "<i8")])
"""Values that 32 bits cannot hold."""
GAP: Final = np.dtype(
    [
        ("cell", "<u4"),
        ("counter", "<u2"),
        ("kind", "u1"),
        ("rate", "<u2"),
        ("origin", "<i8"),
        ("start", "<u4"),
        ("end", "<u4"),
        ("planned", "<u4"),
        ("unk_x", "<u4"),
        ("made", "<i8"),
    ]
)
QUANTITY: Final = np.dtype([("cell", "<u4"), ("counter", "<u2"), ("value", "<i8")])
ANSWER: Final = np.dtype([("hour", "u1"), ("counter", "<u2"), ("bits", "u1")])
"""Hours with an accepted reading (1) or an H row (2) of a counter."""

Records = NDArray[Any]

ATOM_AT: Final = 0
COUNT_AT: Final = len(ATOMS)
FAILURES: Final = COUNT_AT + len(COUNT_ROLES)
REPAIRS: Final = FAILURES + 1
REPAIR_MS: Final = FAILURES + 2
MARK_AT: Final = FAILURES + 3
WHATS: Final = MARK_AT + len(MARKS)
"""Numbers of `what`: 14 atoms, 4 counts, failures, repairs, repair ms, 8 marks."""
_MOST: Final = 2**63


@dataclass(frozen=True, slots=True)
class DayRecords:
    """One asset and UTC day; values that are 0 are left out."""

    cells: Records
    values: Records
    wide: Records
    gaps: Records
    quantities: Records
    answers: Records

    def blobs(self) -> tuple[bytes, ...]:
        """Return the bytes of the columns in the order of `KINDS`."""
        columns = (
            self.cells,
            self.values,
            self.wide,
            self.gaps,
            self.quantities,
            self.answers,
        )
        return tuple(c.tobytes() for c in columns)

    def begins_otherwise(self, before: DayRecords) -> bool:
        """Return whether this day says something else about the cells that `before` has."""
        n = len(before.cells)

        def parts(records: DayRecords) -> list[bytes]:
            columns = (records.values, records.wide, records.gaps, records.quantities)
            return [records.cells[:n].tobytes(), *(c[c["cell"] < n].tobytes() for c in columns)]

        return parts(self) != parts(before)


KINDS: Final = (CELL, VALUE, WIDE, GAP, QUANTITY, ANSWER)
"""Record of each column of a day."""


def day_of(blobs: Sequence[bytes]) -> DayRecords:
    """Return the records of the bytes of one day."""
    return DayRecords(*(np.frombuffer(b, k) for b, k in zip(blobs, KINDS, strict=True)))


@dataclass(frozen=True, slots=True)
class Numbers:
    """Gives the number of what has a name; a new name gets a new number."""

    config: Callable[[str], int]
    shift: Callable[[str], int]
    product: Callable[[str], int]
    counter: Callable[[str], int]
    rate: Callable[[str], int]


def encode_day(
    cells: AssetCells, day: int, digests: Sequence[str], numbers: Numbers, answers: Records
) -> DayRecords:
    """Return the records of the cells that begin on a UTC day (days since 1970-01-01).

    digests: of the configuration documents of `cells`, by part. answers: those of the day. Raises PermanentError for a
    count beyond 64 bits.
    """
    table = cells.table
    mine = table.start // DAY_MS == day
    at = np.flatnonzero(mine)
    base = day * DAY_MS
    found = np.zeros(len(at), CELL)
    found["start"] = table.start[at] - base
    found["config"] = _numbered(table.part[at], digests, numbers.config)
    found["kind"] = table.kind[at]
    found["test"] = table.test[at]
    names = [s.name for s in cells.shifts]
    shifted = table.shift[at] >= 0
    found["shift"][shifted] = _numbered(table.shift[at][shifted], names, numbers.shift) + 1
    found["day"] = table.day[at]
    found["product"] = _numbered(table.product[at], cells.products, numbers.product)
    found["roles"] = table.roles[at]
    return DayRecords(
        found,
        *_values(cells, at),
        _gaps(cells, mine, base, numbers),
        _quantities(cells, mine, numbers),
        answers,
    )


def merged(before: DayRecords, after: DayRecords, hour: int) -> DayRecords:
    """Return a day whose hours from one on (0 … 23 UTC) are those of `after`."""
    keep = int(np.searchsorted(before.cells["start"], hour * HOUR_MS))

    def put(old: Records, new: Records) -> Records:
        new = new.copy()
        new["cell"] += keep
        return np.concatenate([old[old["cell"] < keep], new])

    return DayRecords(
        np.concatenate([before.cells[:keep], after.cells]),
        put(before.values, after.values),
        put(before.wide, after.wide),
        put(before.gaps, after.gaps),
        put(before.quantities, after.quantities),
        np.concatenate([before.answers[before.answers["hour"] < hour], after.answers]),
    )


def counter_name(role: str, signal: str, alternate_of: str) -> str:
    """Return the name under which a counter is numbered."""
    return f"{role} {signal} {alternate_of}".rstrip()


def _numbered(
    column: NDArray[Any], names: Sequence[str], number: Callable[[str], int]
) -> NDArray[np.int64]:
    """Return the numbers of the names that a column of indexes means."""
    indexes, where = distinct(column)
    table = np.array([number(names[i]) for i in indexes], dtype=np.int64)
    return table[where] if len(table) else np.zeros(0, dtype=np.int64)


def _values(cells: AssetCells, at: NDArray[np.intp]) -> tuple[Records, Records]:
    """Return the additive integers of some cells that are not 0: those of 32 bits, and the others."""
    table = cells.table
    columns = np.concatenate(
        [
            table.atoms[at].astype(object) if table.counts.dtype == object else table.atoms[at],
            table.counts[at],
            np.stack([table.failures[at], table.repairs[at], table.repair_ms[at]], axis=1),
            table.marks[at],
        ],
        axis=1,
    )
    cell, what = np.nonzero(columns)
    value = _fitting(columns[cell, what], cells.asset)
    narrow = (value >= -(2**31)) & (value < 2**31)
    found = []
    for mask, kind in ((narrow, VALUE), (~narrow, WIDE)):
        rows = np.zeros(int(mask.sum()), kind)
        rows["cell"], rows["what"], rows["value"] = cell[mask], what[mask], value[mask]
        found.append(rows)
    return found[0], found[1]


def _gaps(cells: AssetCells, mine: Bool, base: int, numbers: Numbers) -> Records:
    gaps = cells.gaps
    rows = np.flatnonzero(mine[gaps.cell]) if len(gaps.cell) else np.zeros(0, dtype=np.intp)
    found = np.zeros(len(rows), GAP)
    names = [counter_name(c.role.value, c.signal, c.alternate_of) for c in cells.counters]
    rates = [f"{pieces}/{per_ms}" for pieces, per_ms in cells.rates]
    found["cell"] = _place(mine)[gaps.cell[rows]]
    found["counter"] = _numbered(gaps.signal[rows], names, numbers.counter)
    found["kind"] = gaps.kind[rows]
    found["rate"] = _numbered(gaps.rate[rows], rates, numbers.rate)
    found["origin"] = gaps.origin[rows]
    found["start"], found["end"] = gaps.start[rows] - base, gaps.end[rows] - base
    found["planned"], found["unk_x"] = gaps.planned[rows], gaps.unk_x[rows]
    found["made"] = _fitting(gaps.made[rows], cells.asset)
    return found


def _quantities(cells: AssetCells, mine: Bool, numbers: Numbers) -> Records:
    quantities = cells.quantities
    rows = np.flatnonzero(mine[quantities.cell])
    found = np.zeros(len(rows), QUANTITY)
    names = [counter_name(c.role.value, c.signal, c.alternate_of) for c in cells.registers]
    found["cell"] = _place(mine)[quantities.cell[rows]]
    found["counter"] = _numbered(quantities.counter[rows], names, numbers.counter)
    found["value"] = _fitting(quantities.count[rows], cells.asset)
    return found


def _place(mine: Bool) -> Int64:
    """Return the place of every cell among those of the day."""
    place: Int64 = np.cumsum(mine, dtype=np.int64) - 1
    return place


def _fitting(values: NDArray[Any], asset: str) -> NDArray[Any]:
    if values.dtype == object and any(not -_MOST <= int(v) < _MOST for v in values):
        raise PermanentError(
            f"statistics of {asset}: a count has more than 64 bits; ask for the figure from the sealed rows",
            f"设备 {asset} 的统计：计数超过 64 位，请直接由封存数据计算",
        )
    return values.astype(np.int64)
