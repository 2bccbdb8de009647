"""What the report prints of equipment statistics and of the registry, as frozen values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from reports.words import Grade, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRow:
    """Pieces of one product made on one device under one ideal cycle; None = not known."""

    device: str
    product: str
    """Empty = the only product, or one that no signal names."""
    ideal_ms: Fraction | None
    """Ideal ms a piece; None = the device has none for it."""
    ideal_high_ms: Fraction | None
    """Equal to `ideal_ms` unless the product is not known."""
    made: int | None
    good: int | None
    scrap: int | None
    rework: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterGap:
    """A stretch in which a counter may have lost pieces."""

    device: str
    role: Text
    signal: str
    first_ms: int
    last_ms: int
    planned_ms: int
    most: int | None
    """Most counts that it can hide; None = not limited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioRow:
    """One ratio of the registry."""

    name: Text
    before: Fraction | None
    after: Fraction | None
    above: Sequence[str]
    """Equipment (or process steps) of the numerator, after."""
    below: Sequence[str]
    sets: tuple[int, int]
    """Sets above and below the line, after."""
    grade: Grade | None
    reason: Text | None = None
    """Why there is no value after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyRow:
    """What a meter booked of one carrier."""

    meter: str
    carrier: Text
    quantity: int | None
    """In booked units: Wh of electricity, else the unit of the coefficient."""
    kgce: Fraction | None
    marks: Sequence[tuple[Text, int]] = ()
    """Irregular readings by mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopRow:
    """One control loop over the after period, in ms while its device runs."""

    device: str
    loop: str
    running_ms: int
    automatic_ms: int
    limit_ms: int
    unknown_ms: int
    changes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLine:
    """One import of records that the report rests on."""

    number: int
    table: Text
    file: str
    rows: int
    by: str
    originals: int
    digest: str
    """SHA-256 of its manifest, 64 hex digits."""
