"""Whole numbers of a case and their limits: wide enough for any factory, and for 64 bits of the engine."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from config.base import CycleTime

_MOST: Final = 10**12

Count = Annotated[int, Field(ge=0, le=_MOST)]
"""Pieces, slots, failures."""
AnyCount = Annotated[int, Field(ge=-_MOST, le=_MOST)]
"""Pieces as written: a negative number is a finding of its own."""
Factor = Annotated[int, Field(ge=1, le=1_000_000)]
"""Pieces of a count, sets of a row."""
Reading = Annotated[int, Field(ge=-(2**63), le=2**64 - 1)]
"""Reading of a counter, signed or unsigned."""
Ticks = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
"""Reading of an energy register."""
Modulus = Annotated[int, Field(ge=0, le=2**64)]
"""Number of distinct values of a counter; 0 = it never rolls over."""


def _short(value: Fraction) -> Fraction:
    if max(value.numerator, value.denominator) > 10**15:
        raise ValueError("a time per piece has at most 15 digits")
    return value


Cycle = Annotated[CycleTime, AfterValidator(_short)]
"""Ideal time per piece: `0.8 min` or `30/min`."""
