"""What a window says about one asset: the integers and ideal cycles from which every equipment figure is formed.

The same type is filled from sealed rows, from stored statistics and from a case written by hand, so that one set of
formulas serves board, report, claim and calculator. Source: docs/formats/statistics.md §7, kpi-audit U1–U5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from model.signal import Role
from model.state import Atom


@dataclass(frozen=True, slots=True)
class PieceRow:
    """Pieces of one product made under one ideal cycle; a count of None is not known."""

    product: str
    """Id of the product; empty = unassigned, or the only product of an asset without products."""
    ideal_low: Fraction | None
    """Ideal ms a piece, > 0; of an unassigned product the smallest of the asset; None = the asset has none."""
    ideal_high: Fraction | None
    """Equal to `ideal_low` unless the product is unassigned."""
    made: int | None
    good: int | None
    """Good at the first pass: neither scrap nor rework."""
    scrap: int | None
    rework: int | None


@dataclass(frozen=True, slots=True)
class CountGap:
    """A stretch in which a counter may have lost pieces (statistics.md §6)."""

    role: Role
    signal: str
    start_ms: int
    end_ms: int
    planned_ms: int
    """Planned ms of it inside the window."""
    most: int | None
    """Most counts that it can hide; None = not limited."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Least and greatest good pieces and their ideal time where counters have gaps (statistics.md §8)."""

    good_low: int
    good_high: int | None
    """None = not limited."""
    ideal_low: Fraction
    ideal_high: Fraction | None
    """None = not limited."""
    good_hidden: int | None = 0
    """Most good pieces that gaps of the counters of good pieces hide; 0 where good follows from the total."""
    rejects_hidden: int | None = 0
    """Most rejects beyond the pieces made that gaps hide where a counter counts the good ones; None = not limited."""


@dataclass(frozen=True, slots=True)
class AlternateCount:
    """A counter that is compared with another one, never added."""

    role: Role
    signal: str
    main: str
    """The one that counts."""
    count: int
    """What the alternate booked, in its own counts."""
    difference: int
    """The same minus what the main one booked."""


@dataclass(frozen=True, slots=True)
class RegisterSum:
    """What one energy or consumption register booked."""

    role: Role
    signal: str
    quantity: int
    """In the unit of its reading."""


@dataclass(frozen=True, slots=True)
class EquipmentSums:
    """One asset over one window."""

    asset: str
    atoms: Mapping[Atom, int]
    """Milliseconds of each of the 14 atoms."""
    rows: tuple[PieceRow, ...]
    measured: bool
    """Whether a reject signal tells good pieces from others (§7 "Not measured")."""
    has_ideal: bool
    """Whether it has an ideal cycle all the time, so that it takes part in OEE."""
    bounds: Bounds | None = None
    """None = good pieces and ideal times are exact, or not measured."""
    gaps: tuple[CountGap, ...] = ()
    failures: int = 0
    repairs: int = 0
    repair_ms: int = 0
    base_gain_ms: int = 0
    """Unknown time outside the plan in which pieces were made: added to the base of OEE."""
    base_gain_least_ms: int = 0
    """The least time these pieces took."""
    outside_unbounded: bool = False
    """A counter had a gap in unknown time outside the plan."""
    test_pieces: int = 0
    outside_service: int = 0
    """Pieces counted while the asset was not in service; in no figure."""
    mismatch: int = 0
    """total − good − scrap − rework where all are counted."""
    marks: Mapping[str, int] = field(default_factory=dict)
    """Readings of the window by mark (`reset`, `quarantined`, …), positive ones only."""
    state_tables: tuple[str, ...] = ()
    """Ids of the state tables in force."""
    alternates: tuple[AlternateCount, ...] = ()
    registers: tuple[RegisterSum, ...] = ()
