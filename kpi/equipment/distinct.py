"""Distinct values of integer columns; quicker than sorting where they lie close together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kpi.window import Int64

_NARROW: Final = 1 << 16


def distinct(values: NDArray[Any]) -> tuple[list[int], NDArray[np.intp]]:
    """Return the distinct values, rising, and the place of each value among them."""
    if not len(values):
        return [], np.zeros(0, dtype=np.intp)
    low, high = int(values.min()), int(values.max())
    if high - low >= _NARROW:
        found, where = np.unique(values, return_inverse=True)
        return found.tolist(), where
    at = values - low if low else values
    present = np.zeros(high - low + 1, dtype=np.bool_)
    present[at] = True
    place = np.cumsum(present) - 1
    return (np.flatnonzero(present) + low).tolist(), place[at]


def rising(parts: Sequence[Int64]) -> Int64:
    """Return the distinct values of all parts, rising."""
    values = np.concatenate(parts)
    values.sort(kind="stable")  # parts are sorted runs
    if len(values) < 2:
        return values
    found: Int64 = values[np.append(True, values[1:] != values[:-1])]
    return found
