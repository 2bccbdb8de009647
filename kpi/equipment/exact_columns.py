"""Columns of integers of any size: int64 as long as they are safe, Python integers beyond."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from kpi.readings import SAFE, Readings
from kpi.window import Int32, Int64


def times(count: Readings, factor: Int64) -> Readings:
    """Return the products, element by element."""
    if count.dtype != object and most(count) * int(factor.max(initial=1)) < SAFE:
        product: Readings = count * factor
        return product
    return _objects(int(n) * f for n, f in zip(count, factor.tolist(), strict=True))


def added(a: Readings, b: Readings) -> Readings:
    """Return the sums, element by element."""
    if object in (a.dtype, b.dtype) or max(most(a), most(b)) >= SAFE:
        return _objects(int(x) + int(y) for x, y in zip(a, b, strict=True))
    total: Readings = a + b
    return total


def most(count: Readings) -> int:
    """Return the greatest size of an element."""
    return max(abs(int(count.max(initial=0))), abs(int(count.min(initial=0))))


def exact_sum(column: Readings) -> int:
    """Return the sum as a Python integer, exact at any size."""
    if column.dtype == object or float(np.abs(column).sum(dtype=np.float64)) >= 2.0**62:
        return sum(int(v) for v in column)
    return int(column.sum())


def column(parts: Sequence[Int64]) -> Int64:
    """Return parts one after the other."""
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def column32(parts: Sequence[Int64] | Sequence[Int32]) -> Int32:
    """Return parts of small numbers one after the other."""
    return np.concatenate([np.zeros(0, dtype=np.int32), *parts]).astype(np.int32)


def exact_column(parts: Sequence[Readings]) -> Readings:
    """Return parts one after the other, as Python integers if one of them is."""
    kind = object if any(p.dtype == object for p in parts) else np.int64
    return np.concatenate([np.zeros(0, dtype=kind), *(p.astype(kind, copy=False) for p in parts)])


def _objects(values: Iterable[int]) -> Readings:
    items = list(values)
    found = np.empty(len(items), dtype=object)
    found[:] = items
    return found
