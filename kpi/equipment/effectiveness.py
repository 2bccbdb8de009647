"""OEE of a group as ratio of sums, with bounds where counters have gaps (statistics.md §7–8; kpi-audit E1, E5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from kpi.atoms import apt, pbt
from kpi.equipment.sums import Bounds, EquipmentSums, PieceRow
from model.state import Atom


@dataclass(frozen=True, slots=True)
class Effectiveness:
    """What OEE and its factors are formed from, over the assets that have an ideal cycle."""

    counted: tuple[EquipmentSums, ...]
    left_out: tuple[str, ...]
    """Assets without ideal cycle."""
    unmeasured: tuple[str, ...]
    """Counted assets without a reject signal: with one of them there is no OEE."""
    pbt_ms: int
    apt_ms: int
    setup_ms: int
    calendar_ms: int
    base_gain_ms: int
    base_gain_least_ms: int
    ideal_good: Fraction
    ideal_total: Fraction | None
    """None = the pieces made are not known in some row."""
    ideal_good_low: Fraction
    ideal_good_high: Fraction | None
    """None = not bounded."""
    made: int | None
    good: int

    @property
    def measured(self) -> bool:
        """Return whether OEE is defined as far as quality goes."""
        return bool(self.counted) and not self.unmeasured

    @property
    def base_ms(self) -> int:
        """Return the base of OEE: planned busy time, and unknown time outside the plan in which pieces were made."""
        return self.pbt_ms + self.base_gain_ms

    @property
    def oee(self) -> Fraction | None:
        """Return OEE as measured, None without a reject signal, ideal cycle or planned time."""
        return self.ideal_good / self.base_ms if self.measured and self.base_ms else None

    @property
    def oee_low(self) -> Fraction | None:
        """Return the least OEE that the data allow."""
        return self.ideal_good_low / self.base_ms if self.measured and self.base_ms else None

    @property
    def oee_high(self) -> Fraction | None:
        """Return the greatest OEE that the data allow; None = not defined, or not bounded (see `unbounded`)."""
        base = self.pbt_ms + self.base_gain_least_ms
        if not self.measured or not base or self.ideal_good_high is None:
            return None
        return self.ideal_good_high / base

    @property
    def unbounded(self) -> bool:
        """Return whether nothing limits OEE from above: the ideal time is open, or its least base is 0."""
        if not self.measured or not self.base_ms:
            return False
        return self.ideal_good_high is None or not self.pbt_ms + self.base_gain_least_ms


def effectiveness(group: Sequence[EquipmentSums]) -> Effectiveness:
    """Return the sums of a group; assets without ideal cycle are left out of all of them."""
    counted = tuple(s for s in group if s.has_ideal)
    good = [ideal_good(s) for s in counted]
    exact = zip(counted, good, strict=True)
    return Effectiveness(
        counted=counted,
        left_out=tuple(s.asset for s in group if not s.has_ideal),
        unmeasured=tuple(s.asset for s in counted if not s.measured),
        pbt_ms=sum(pbt(s.atoms) for s in counted),
        apt_ms=sum(apt(s.atoms) for s in counted),
        setup_ms=sum(s.atoms[Atom.SETUP] for s in counted),
        calendar_ms=sum(sum(s.atoms.values()) for s in counted),
        base_gain_ms=sum(s.base_gain_ms for s in counted),
        base_gain_least_ms=sum(s.base_gain_least_ms for s in counted),
        ideal_good=sum(good, Fraction(0)),
        ideal_total=_all(ideal_total(s) for s in counted),
        ideal_good_low=sum(
            (g if s.bounds is None else s.bounds.ideal_low for s, g in exact), Fraction(0)
        ),
        ideal_good_high=_all(
            ideal_good_most(s) if s.bounds is None else s.bounds.ideal_high for s in counted
        ),
        made=_whole(r.made for s in counted for r in s.rows),
        good=sum(r.good or 0 for s in counted for r in s.rows),
    )


def bounds_of(sums: EquipmentSums) -> Bounds:
    """Return the bounds of a measured asset, the figures themselves where they are exact."""
    if sums.bounds is not None:
        return sums.bounds
    good = sum(r.good or 0 for r in sums.rows)
    return Bounds(good, good, ideal_good(sums), ideal_good_most(sums))


def known(values: Iterable[int | None]) -> list[int] | None:
    """Return the values if none of them is missing."""
    found = list(values)
    present = [v for v in found if v is not None]
    return present if len(present) == len(found) else None


def ideal_good(sums: EquipmentSums) -> Fraction:
    """Return the ideal ms of the good pieces; an unassigned product counts with the smallest ideal cycle."""
    return sum(((r.ideal_low or Fraction(0)) * (r.good or 0) for r in sums.rows), Fraction(0))


def ideal_good_most(sums: EquipmentSums) -> Fraction:
    """Return the ideal ms of the good pieces, an unassigned product counting with the greatest ideal cycle."""
    return sum(((r.ideal_high or Fraction(0)) * (r.good or 0) for r in sums.rows), Fraction(0))


def ideal_total(sums: EquipmentSums) -> Fraction | None:
    """Return the ideal ms of the pieces made, None if a row does not know them."""
    return _all(_ideal_made(r) for r in sums.rows)


def _ideal_made(row: PieceRow) -> Fraction | None:
    return None if row.made is None else (row.ideal_low or Fraction(0)) * row.made


def _all(values: Iterable[Fraction | None]) -> Fraction | None:
    """Return the sum, None if any value is not known."""
    total = Fraction(0)
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _whole(values: Iterable[int | None]) -> int | None:
    total = 0
    for value in values:
        if value is None:
            return None
        total += value
    return total
