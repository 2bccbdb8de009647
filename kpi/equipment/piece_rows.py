"""Pieces of one asset by product, ideal cycle and roles present (docs/formats/statistics.md §7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

import numpy as np

from kpi.equipment.cells import COUNT_ROLES, ROLE_BIT, AssetCells
from kpi.equipment.exact_columns import exact_sum
from kpi.equipment.product_line import Ideal, ideal_of
from kpi.readings import Readings
from kpi.window import Bool, Int32
from model.signal import Role

GOOD: Final = ROLE_BIT[Role.COUNT_GOOD]
SCRAP: Final = ROLE_BIT[Role.COUNT_SCRAP]
TOTAL: Final = ROLE_BIT[Role.COUNT_TOTAL]
REWORK: Final = ROLE_BIT[Role.COUNT_REWORK]
FROM_TOTAL: Final = TOTAL | SCRAP
"""Roles from which good pieces follow where no counter counts them."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Pieces by role; those of a role that is not present are 0."""

    present: int
    """Bits of the roles present."""
    good_role: int
    scrap_role: int
    total_role: int
    rework_role: int

    @property
    def made(self) -> int | None:
        """Return the pieces made; None = not known."""
        if self.present & TOTAL:
            return self.total_role
        if self.present & GOOD and self.present & SCRAP:
            return self.good_role + self.scrap_role + self.rework_role
        return None

    @property
    def good(self) -> int | None:
        """Return the pieces good at the first pass; None = not known."""
        if self.present & GOOD:
            return self.good_role
        if self.good_from_total:
            return self.total_role - self.scrap_role - self.rework_role
        return None

    @property
    def good_from_total(self) -> bool:
        """Return whether good pieces are what scrap and rework leave of the total."""
        return not self.present & GOOD and self.present & FROM_TOTAL == FROM_TOTAL

    @property
    def scrap(self) -> int | None:
        """Return the scrap; None = not counted."""
        return self.scrap_role if self.present & SCRAP else None

    @property
    def rework(self) -> int | None:
        """Return the pieces that were reworked; None = not counted."""
        return self.rework_role if self.present & REWORK else None

    @property
    def mismatch(self) -> int:
        """Return total − good − scrap − rework where all are counted."""
        every = GOOD | SCRAP | TOTAL
        if self.present & every != every:
            return 0
        return self.total_role - self.good_role - self.scrap_role - self.rework_role

    @property
    def whatever(self) -> int:
        """Return the total, without one what is counted."""
        if self.present & TOTAL:
            return self.total_role
        return self.good_role + self.scrap_role + self.rework_role


@dataclass(frozen=True, slots=True)
class RoleRow:
    """Pieces of one product made under one ideal cycle while the same roles were present."""

    product: str
    ideal: Ideal
    counts: Counts


@dataclass(frozen=True, slots=True)
class ProductPart:
    """Pieces of one product in one configuration, by which weights differ."""

    part: int
    product: str
    counts: Counts


@dataclass(slots=True)
class PieceRows:
    """Pieces of one asset over some cells."""

    parts: list[ProductPart] = field(default_factory=list)
    """By configuration and product, of cells in service and not of tests."""
    test: int = 0
    outside_service: int = 0


def present_roles(cells: AssetCells) -> Int32:
    """Return the bits of the roles present by cell: scrap and total that never answer beside others that do are not."""
    silent = (SCRAP | TOTAL) & ~cells.answered if cells.accepted else 0
    roles: Int32 = cells.table.roles & np.int32(~silent)
    return roles


def piece_rows(cells: AssetCells, chosen: Bool) -> PieceRows:
    """Return the pieces of the chosen cells."""
    table = cells.table
    present = present_roles(cells)
    groups = (
        table.part.astype(np.int64) << 40
        | table.product.astype(np.int64) << 8
        | present.astype(np.int64) << 2
        | np.where(table.in_service, np.where(table.test, 1, 0), 2)
    )
    found = PieceRows()
    key = groups[chosen]
    if not len(key):
        return found
    counts = table.counts[chosen]
    distinct, where = np.unique(key, return_inverse=True)
    for i, number in enumerate(distinct.tolist()):
        bits = number >> 2 & 0x3F
        one = counts_of(counts[where == i], bits)
        if number & 3 == 0:
            product = cells.products[number >> 8 & 0xFFFF_FFFF]
            found.parts.append(ProductPart(number >> 40, product, one))
        elif number & 3 == 1:
            found.test += one.whatever
        else:
            found.outside_service += one.whatever
    return found


def counts_of(counts: Readings, present: int) -> Counts:
    """Return the sums of rows of counts, those of roles that are not present left out."""
    sums = [
        exact_sum(counts[:, i]) if present & ROLE_BIT[role] else 0
        for i, role in enumerate(COUNT_ROLES)
    ]
    return Counts(present, *sums)


def role_rows(cells: AssetCells, pieces: PieceRows) -> list[RoleRow]:
    """Return the rows of the pieces by (product, ideal cycle, roles present), in this order."""
    found: dict[tuple[str, Ideal, int], Counts] = {}
    for p in pieces.parts:
        asset = cells.documents[p.part].asset.get(cells.asset)
        key = (p.product, ideal_of(asset, p.product), p.counts.present)
        before = found.get(key)
        found[key] = p.counts if before is None else _plus(before, p.counts)

    def place(key: tuple[str, Ideal, int]) -> tuple[bytes, Fraction, Fraction, int]:
        product, ideal, present = key
        return product.encode(), ideal.low or Fraction(0), ideal.high or Fraction(0), present

    return [RoleRow(key[0], key[1], found[key]) for key in sorted(found, key=place)]


def _plus(a: Counts, b: Counts) -> Counts:
    return Counts(
        a.present,
        a.good_role + b.good_role,
        a.scrap_role + b.scrap_role,
        a.total_role + b.total_role,
        a.rework_role + b.rework_role,
    )
