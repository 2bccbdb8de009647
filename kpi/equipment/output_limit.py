"""Where the output of a control loop stands at one of its limits (docs/formats/claims.md §5), compared exactly."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

import numpy as np

from kpi.document_types import Loop
from kpi.equipment.signal_rows import SignalRows, Specs
from kpi.equipment.values import Line, hold, tile
from kpi.history import ConfigSegment
from kpi.timeline import SET
from kpi.window import Bool, Int64
from model.signal import Role, SignalType

MARGIN: Final = Fraction(1, 200)
"""Of the span between the limits: so near a limit counts as at it."""


def at_limit(rows: SignalRows, specs: Specs, loop: Loop, part: ConfigSegment) -> Line:
    """Return 1 over a part where the output is known and at a limit of the loop, else 0."""
    mine = [s is not None and s.role is Role.LOOP_OUTPUT for s in specs]
    rows = rows.of_configs(np.array(mine, dtype=np.bool_))
    near = np.zeros(len(rows), dtype=np.bool_)
    reach = (loop.high - loop.low) * MARGIN
    for number in np.unique(rows.config).tolist():
        spec = specs[number]
        if spec is None or spec.type is SignalType.TEXT:
            continue
        mask = (rows.config == number) & (rows.kind == SET)
        low, high = (loop.low + reach) / spec.scale, (loop.high - reach) / spec.scale
        near[mask] = _outside(rows.value[mask], spec.type, low, high)
    holds = np.array([s.hold_ms if s is not None else 0 for s in specs], dtype=np.int64)
    starts, codes = hold(rows.tau, rows.kind, near.astype(np.int32), holds[rows.config])
    first = np.array([-(2**63)], dtype=np.int64)
    return tile(
        np.concatenate([first, starts]),
        np.concatenate([np.zeros(1, dtype=np.int32), np.maximum(codes, 0)]),
        part.start_ms,
        part.end_ms,
    )


def _outside(raw: Int64, kind: SignalType, low: Fraction, high: Fraction) -> Bool:
    """Return which raw values are ≤ low or ≥ high, exactly."""
    if kind is SignalType.FLOAT:
        values = raw.view(np.float64)
        floats: Bool = (values <= _float_below(low)) | (values >= -_float_below(-high))
        return floats
    bottom, top = math.floor(low), math.ceil(high)
    if kind is SignalType.UINT:
        unsigned = raw.view(np.uint64)
        found: Bool = np.zeros(len(raw), dtype=np.bool_)
        if bottom >= 0:
            found |= unsigned <= np.uint64(min(bottom, 2**64 - 1))
        if top < 2**64:
            found |= unsigned >= np.uint64(max(top, 0))
        return found
    found = np.zeros(len(raw), dtype=np.bool_)
    if bottom >= -(2**63):
        found |= raw <= min(bottom, 2**63 - 1)
    if top < 2**63:
        found |= raw >= max(top, -(2**63))
    return found


def _float_below(value: Fraction) -> float:
    """Return the greatest binary64 that is not above an exact value."""
    try:
        near = float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    return near if Fraction(near) <= value else math.nextafter(near, -math.inf)
