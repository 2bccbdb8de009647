"""Cells of one asset and UTC day as columns of fixed width (docs/formats/statistics-store.md).

A day is a few byte strings of packed records; those of many days are read as one array after joining them. What has a
name (configuration, shift, product, counter, highest rate) is a number that the store gives out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kpi.atoms import ATOMS
from kpi.calendar import DAY_MS, HOUR_MS
from kpi.equipment.cells import COUNT_ROLES, AssetCells, CounterId
from kpi.equipment.counter_steps import MARKS
from kpi.equipment.distinct import distinct
from kpi.window import Int64
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

    @property
    def columns(self) -> tuple[Records, ...]:
        """Return the columns in the order of `KINDS`."""
        return self.cells, self.values, self.wide, self.gaps, self.quantities, self.answers

    def blobs(self) -> tuple[bytes, ...]:
        """Return the bytes of the columns."""
        return tuple(c.tobytes() for c in self.columns)

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


def encode_days(
    cells: AssetCells,
    digests: Sequence[str],
    numbers: Numbers,
    answers: Mapping[CounterId, Mapping[int, int]],
) -> dict[int, DayRecords]:
    """Return by UTC day (days since 1970-01-01) the records of the cells that begin on it, rising.

    digests: of the configuration documents of `cells`, by part. answers: by counter the UTC hours in which it answered,
    those beyond the cells are left out. Raises PermanentError for a count beyond 64 bits.
    """
    table = cells.table
    of_day = table.start // DAY_MS
    days, where = distinct(of_day)
    edges = np.append(np.flatnonzero(np.append(True, of_day[1:] != of_day[:-1])), len(table))
    first = edges[where]
    """First cell of the day of each cell."""
    base = of_day * DAY_MS
    found = np.zeros(len(table), CELL)
    found["start"] = table.start - base
    found["config"] = _numbered(table.part, digests, numbers.config)
    found["kind"] = table.kind
    found["test"] = table.test
    names = [s.name for s in cells.shifts]
    shifted = table.shift >= 0
    found["shift"][shifted] = _numbered(table.shift[shifted], names, numbers.shift) + 1
    found["day"] = table.day
    found["product"] = _numbered(table.product, cells.products, numbers.product)
    found["roles"] = table.roles
    columns = [_split(c, at, edges, first) for c, at in _values(cells)]
    columns.append(_split(*_gaps(cells, base, numbers), edges, first))
    columns.append(_split(*_quantities(cells, numbers), edges, first))
    columns.append(_answers(answers, days, int(table.start[0]), int(table.end[-1]), numbers))
    return {
        day: DayRecords(found[edges[i] : edges[i + 1]], *(c[i] for c in columns))
        for i, day in enumerate(days)
    }


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


def counter_name(counter: CounterId) -> str:
    """Return the name under which a counter is numbered."""
    return f"{counter.role.value} {counter.signal} {counter.alternate_of}".rstrip()


def _numbered(
    column: NDArray[Any], names: Sequence[str], number: Callable[[str], int]
) -> NDArray[np.int64]:
    """Return the numbers of the names that a column of indexes means."""
    indexes, where = distinct(column)
    table = np.array([number(names[i]) for i in indexes], dtype=np.int64)
    return table[where] if len(table) else np.zeros(0, dtype=np.int64)


def _split(rows: Records, cell: Int64, edges: Int64, first: Int64) -> list[Records]:
    """Return the rows of every day, each with the place of its cell within the day.

    cell: of every row. edges: first cell of every day and the end. first: first cell of the day of each cell.
    """
    rows["cell"] = cell - first[cell]
    if (cell[1:] < cell[:-1]).any():
        order = np.argsort(first[cell], kind="stable")
        rows, cell = rows[order], first[cell][order]
    cuts = np.searchsorted(cell, edges).tolist()
    return [rows[a:b] for a, b in pairwise(cuts)]


def _values(cells: AssetCells) -> list[tuple[Records, Int64]]:
    """Return the additive integers that are not 0 and their cells: those of 32 bits, and the others."""
    table = cells.table
    columns = np.concatenate(
        [
            table.atoms.astype(object) if table.counts.dtype == object else table.atoms,
            table.counts,
            np.stack([table.failures, table.repairs, table.repair_ms], axis=1),
            table.marks,
        ],
        axis=1,
    )
    cell, what = np.nonzero(columns)
    value = _fitting(columns[cell, what], cells.asset)
    narrow = (value >= -(2**31)) & (value < 2**31)
    found = []
    for mask, kind in ((narrow, VALUE), (~narrow, WIDE)):
        rows = np.zeros(int(mask.sum()), kind)
        rows["what"], rows["value"] = what[mask], value[mask]
        found.append((rows, cell[mask]))
    return found


def _gaps(cells: AssetCells, base: Int64, numbers: Numbers) -> tuple[Records, Int64]:
    """Return the gap parts and their cells; base: start of the day of each cell."""
    gaps = cells.gaps
    found = np.zeros(len(gaps.cell), GAP)
    names = [counter_name(c) for c in cells.counters]
    rates = [f"{pieces}/{per_ms}" for pieces, per_ms in cells.rates]
    found["counter"] = _numbered(gaps.signal, names, numbers.counter)
    found["kind"] = gaps.kind
    found["rate"] = _numbered(gaps.rate, rates, numbers.rate)
    found["origin"] = gaps.origin
    found["start"], found["end"] = gaps.start - base[gaps.cell], gaps.end - base[gaps.cell]
    found["planned"], found["unk_x"] = gaps.planned, gaps.unk_x
    found["made"] = _fitting(gaps.made, cells.asset)
    return found, gaps.cell


def _quantities(cells: AssetCells, numbers: Numbers) -> tuple[Records, Int64]:
    """Return what registers and alternates book, and the cells."""
    quantities = cells.quantities
    found = np.zeros(len(quantities.cell), QUANTITY)
    names = [counter_name(c) for c in cells.registers]
    found["counter"] = _numbered(quantities.counter, names, numbers.counter)
    found["value"] = _fitting(quantities.count, cells.asset)
    return found, quantities.cell


def _answers(
    answers: Mapping[CounterId, Mapping[int, int]],
    days: Sequence[int],
    from_ms: int,
    to_ms: int,
    numbers: Numbers,
) -> list[Records]:
    """Return by day the hours of [from, to) in which counters answered."""
    low, high = from_ms // HOUR_MS, -(-to_ms // HOUR_MS)
    parts = []
    for counter, hours in answers.items():
        hour = np.fromiter(hours.keys(), dtype=np.int64, count=len(hours))
        bits = np.fromiter(hours.values(), dtype=np.int64, count=len(hours))
        order = np.argsort(hour, kind="stable")
        order = order[(hour[order] >= low) & (hour[order] < high)]
        number = numbers.counter(counter_name(counter)) if len(order) else 0
        parts.append((hour[order], np.full(len(order), number), bits[order]))
    none = np.zeros(0, dtype=np.int64)
    columns = [np.concatenate([none, *(p[i] for p in parts)]) for i in range(3)]
    order = np.argsort(columns[0] // 24, kind="stable")
    of_day = columns[0][order] // 24
    found = np.zeros(len(order), ANSWER)
    found["hour"] = columns[0][order] % 24
    found["counter"], found["bits"] = columns[1][order], columns[2][order]
    cuts = zip(
        np.searchsorted(of_day, days).tolist(),
        np.searchsorted(of_day, days, side="right").tolist(),
        strict=True,
    )
    return [found[a:b] for a, b in cuts]


def _fitting(values: NDArray[Any], asset: str) -> NDArray[Any]:
    if values.dtype == object and any(not -_MOST <= int(v) < _MOST for v in values):
        raise PermanentError(
            f"statistics of {asset}: a count has more than 64 bits; ask for the figure from the sealed rows",
            f"设备 {asset} 的统计：计数超过 64 位，请直接由封存数据计算",
        )
    return values.astype(np.int64)
