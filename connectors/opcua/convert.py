"""Readings → rows of signals: the exact type conversion of format-core 2 (pure, columns only)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.opcua.readings import Readings
from model import status as codes
from model.batch import Batch
from model.flags import RowFlag
from model.signal import SignalType

_TYPES: Final = (
    SignalType.INT,
    SignalType.UINT,
    SignalType.FLOAT,
    SignalType.BOOL,
    SignalType.TEXT,
)
_REFUSE, _KEEP, _KEEP_POSITIVE, _TO_FLOAT, _U_TO_FLOAT, _CHECK_FLOAT = range(6)
_FLOAT_TO_INT, _FLOAT_TO_UINT, _FLOAT_TO_BOOL, _NUMBER_TO_BOOL = range(6, 10)

_ACTIONS: Final = np.array(
    [
        # int             uint            float         bool             text
        [_REFUSE, _REFUSE, _REFUSE, _REFUSE, _REFUSE],  # NULL
        [_KEEP, _KEEP_POSITIVE, _TO_FLOAT, _NUMBER_TO_BOOL, _REFUSE],  # SIGNED
        [_KEEP_POSITIVE, _KEEP, _U_TO_FLOAT, _NUMBER_TO_BOOL, _REFUSE],  # UNSIGNED
        [_FLOAT_TO_INT, _FLOAT_TO_UINT, _CHECK_FLOAT, _FLOAT_TO_BOOL, _REFUSE],  # FLOAT
        [_KEEP, _KEEP, _TO_FLOAT, _KEEP, _REFUSE],  # BOOL
        [_REFUSE, _REFUSE, _REFUSE, _REFUSE, _KEEP],  # TEXT
        [_REFUSE, _REFUSE, _REFUSE, _REFUSE, _REFUSE],  # OTHER
    ],
    dtype=np.int8,
)
_PLAIN: Final = np.isin(np.arange(10), (_KEEP, _CHECK_FLOAT))
_EXPONENT: Final = np.int64(0x7FF0_0000_0000_0000)


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """What every item number of a source stands for: index in the signal table, and column of `_ACTIONS`."""

    signal: NDArray[np.int32]
    type: NDArray[np.int8]

    @staticmethod
    def of(signals: Sequence[int], types: Sequence[SignalType]) -> Targets:
        """Return the targets of items 0 … n-1."""
        return Targets(
            np.array(signals, dtype=np.int32),
            np.array([_TYPES.index(t) for t in types], dtype=np.int8),
        )


def known_items(readings: Readings, items: int) -> Readings:
    """Return the readings whose item number is below `items` (a server may name one that is long deleted)."""
    inside = readings.item < items
    if inside.all():
        return readings
    return Readings(
        readings.item[inside],
        readings.kind[inside],
        readings.bits[inside],
        readings.status[inside],
        readings.source_ns[inside],
        readings.texts,
    )


def to_batch(
    readings: Readings,
    targets: Targets,
    received_ns: int | NDArray[np.int64],
    flags: RowFlag | int = 0,
) -> Batch:
    """Return one row a reading. received_ns: of all, or of each.

    A value that the type of its signal cannot hold exactly, and a missing value, gives a row without value; its
    status is then BAD_TYPE_MISMATCH unless the device itself said Bad. NaN and infinities: NO_VALUE and NOT_FINITE.
    An array or text of a wrong type never reaches the value column. All items must be known.
    """
    signal = targets.signal.take(readings.item)
    received = np.full(len(readings), received_ns, dtype=np.int64)
    action = _ACTIONS[readings.kind, targets.type.take(readings.item)]
    if _is_plain(readings, action):
        return Batch(
            signal,
            readings.source_ns,
            received,
            readings.bits,
            readings.status,
            np.full(len(readings), int(flags), dtype=np.uint16),
            readings.texts,
        )
    value, holds, finite = _converted(readings.bits, action)
    refused = ~holds & finite
    bad = readings.status & np.uint32(codes.BAD) != 0
    row_flags = np.full(len(readings), int(flags), dtype=np.uint16)
    row_flags[~holds] |= np.uint16(RowFlag.NO_VALUE)
    row_flags[~finite] |= np.uint16(RowFlag.NOT_FINITE)
    overflow = readings.status & np.uint32(codes.OVERFLOW_BITS) == codes.OVERFLOW_BITS
    row_flags[overflow] |= np.uint16(RowFlag.OVERFLOW)
    return Batch(
        signal,
        readings.source_ns,
        received,
        np.where(holds, value, 0),
        np.where(refused & ~bad, np.uint32(codes.BAD_TYPE_MISMATCH), readings.status),
        row_flags,
        readings.texts,
    )


def _is_plain(readings: Readings, action: NDArray[np.int8]) -> bool:
    """Return whether every reading is good and goes into its column as it is: what nearly all messages hold."""
    if bool(readings.status.any()) or not bool(_PLAIN.take(action).all()):
        return False
    huge = readings.bits & _EXPONENT == _EXPONENT
    return not bool(huge.any()) or not bool((huge & (action == _CHECK_FLOAT)).any())


def _converted(
    bits: NDArray[np.int64], action: NDArray[np.int8]
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return value column, whether it holds the reading exactly, and whether the reading is finite (float only)."""
    value = bits.copy()
    holds = action != _REFUSE
    finite = np.ones(len(bits), dtype=np.bool_)
    for code in np.flatnonzero(np.bincount(action, minlength=2)).tolist():
        if code in {_REFUSE, _KEEP}:
            continue
        rows = np.flatnonzero(action == code)
        raw = bits[rows]
        if code == _KEEP_POSITIVE:
            holds[rows] = raw >= 0
        elif code == _NUMBER_TO_BOOL:
            holds[rows] = (raw == 0) | (raw == 1)
        elif code == _CHECK_FLOAT:
            finite[rows] = holds[rows] = np.isfinite(raw.view(np.float64))
        elif code in {_TO_FLOAT, _U_TO_FLOAT}:
            value[rows], holds[rows] = _integer_to_float(raw, unsigned=code == _U_TO_FLOAT)
        else:
            value[rows], holds[rows] = _float_to_integer(raw.view(np.float64), code)
    return value, holds, finite


def _integer_to_float(
    raw: NDArray[np.int64], *, unsigned: bool
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    whole = raw.view(np.uint64) if unsigned else raw
    number = whole.astype(np.float64)
    limit = 2.0**64 if unsigned else 2.0**63
    inside = number < limit
    back = np.where(inside, number, 0.0).astype(whole.dtype)
    return number.view(np.int64), inside & (back == whole)


def _float_to_integer(
    number: NDArray[np.float64], code: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    low, high = {
        _FLOAT_TO_INT: (-(2.0**63), 2.0**63),
        _FLOAT_TO_UINT: (0.0, 2.0**64),
        _FLOAT_TO_BOOL: (0.0, 2.0),
    }[code]
    with np.errstate(invalid="ignore"):
        exact = (number >= low) & (number < high) & (np.floor(number) == number)
    whole = np.where(exact, number, 0.0)
    if code == _FLOAT_TO_UINT:
        return whole.astype(np.uint64).view(np.int64), exact
    return whole.astype(np.int64), exact
