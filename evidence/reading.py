"""The reading rule (format-core §7): exact value × exact scale, rounded half to even to an integer."""

from __future__ import annotations

import struct

from model.signal import SignalType


def round_half_even(num: int, den: int) -> int:
    """Return num / den (den > 0) rounded to the nearest integer, a tie to the even one."""
    quotient, rest = divmod(num, den)
    twice = 2 * rest
    if twice > den or (twice == den and quotient & 1):
        quotient += 1
    return quotient


def reading(kind: SignalType, raw: int, scale_num: int, scale_den: int) -> int:
    """Return the reading of a value row.

    kind: type of the signal, not text. raw: the eight value bytes as a signed integer. scale_num / scale_den: exact
    scale, scale_den > 0. Rounding happens before any difference, so that windows add.
    """
    if kind is SignalType.FLOAT:
        num, den = float_of(raw).as_integer_ratio()
        return round_half_even(num * scale_num, den * scale_den)
    value = raw & (2**64 - 1) if kind is SignalType.UINT else raw
    return value * scale_num if scale_den == 1 else round_half_even(value * scale_num, scale_den)


def float_of(raw: int) -> float:
    """Return the binary64 whose bits are the signed integer `raw`."""
    value: float = struct.unpack("<d", struct.pack("<q", raw))[0]
    return value
