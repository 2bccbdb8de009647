"""Readings: exact value × exact scale, rounded half to even, before any difference (format-core §7)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kpi.window import Int64
from model.signal import SignalType

SAFE: Final = 2**61
"""Readings below this keep every difference inside int64; others go through Python integers."""
_FLOAT_SAFE: Final = 2.0**50

Readings = NDArray[Any]
"""int64, or object (Python integers) where one is too big."""


def readings(raw: Int64, kind: SignalType, scale: Fraction) -> Readings:
    """Return the reading of every value row; `kind` is not text.

    raw: the eight value bytes. Result: int64 where all are below 2^61 in size, else objects (exact Python integers).
    """
    if not len(raw):
        return np.zeros(0, dtype=np.int64)
    if kind is SignalType.FLOAT:
        return _of_floats(raw.view(np.float64), scale)
    num, den = scale.as_integer_ratio()
    low, high = int(raw.min()), int(raw.max())
    signed = kind is not SignalType.UINT or low >= 0
    if not signed or max(-low, high) * num >= SAFE:
        values = [int(v) % 2**64 if kind is SignalType.UINT else int(v) for v in raw.tolist()]
        return compact([round(Fraction(v * num, den)) for v in values])
    if den == 1:
        return raw * num
    scaled = raw * num
    quotient = scaled // den
    twice = 2 * (scaled - quotient * den)
    up = (twice > den) | ((twice == den) & (quotient & 1 == 1))
    result: Readings = quotient + up
    return result


def compact(values: list[int]) -> Readings:
    """Return int64 if all values are safe, else an object array."""
    if all(-SAFE < v < SAFE for v in values):
        return np.array(values, dtype=np.int64)
    result = np.empty(len(values), dtype=object)
    result[:] = values
    return result


def _of_floats(values: NDArray[np.float64], scale: Fraction) -> Readings:
    """Round in binary64 where that is certainly right, exactly where a tie or a big number is near."""
    num, den = scale.as_integer_ratio()
    if max(num, den) >= 2**53:
        return compact([round(Fraction(v) * scale) for v in values.tolist()])
    with np.errstate(over="ignore", invalid="ignore"):
        product = values * float(num) / float(den)
        near = np.rint(product)
        # Two roundings of binary64 move the product by less than 2^-51 of its size; a tie farther away cannot flip.
        margin = np.abs(product) * 2.0**-50
        sure = (np.abs(product) < _FLOAT_SAFE) & (np.abs(np.abs(product - near) - 0.5) > margin)
    result = np.where(sure, near, 0.0).astype(np.int64)
    doubtful = np.flatnonzero(~sure)
    if not len(doubtful):
        return result
    exact = [round(Fraction(v) * scale) for v in values[doubtful].tolist()]
    if all(-SAFE < v < SAFE for v in exact):
        result[doubtful] = np.array(exact, dtype=np.int64)
        return result
    everything = result.tolist()
    for i, v in zip(doubtful.tolist(), exact, strict=True):
        everything[i] = v
    return compact(everything)
