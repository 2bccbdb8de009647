"""Sums of the cells of one asset: atoms, piece rows, and the base outside the plan (statistics.md §7, §8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from evidence.recompute.equipment.cells import Cell
from evidence.recompute.equipment.products import ProductData
from evidence.recompute.figures import BUSY
from model.signal import Role
from model.state import Atom

GOOD: Final = Role.COUNT_GOOD
SCRAP: Final = Role.COUNT_SCRAP
TOTAL: Final = Role.COUNT_TOTAL
REWORK: Final = Role.COUNT_REWORK
PIECE_ROLES: Final = (GOOD, SCRAP, TOTAL, REWORK)
OUTSIDE_PLAN: Final = ("pm", "brk", "off")


class RowKey(NamedTuple):
    """What is equal in all cells of a row. product: "" if none is assigned. ideal: see `ProductData`."""

    product: str
    ideal: tuple[Fraction, Fraction] | None
    weight: Fraction
    roles: frozenset[Role]


class PieceRow(NamedTuple):
    """The pieces of one asset by product, ideal cycle and counters present."""

    key: RowKey
    counts: Mapping[Role, int]

    @property
    def good_from_rest(self) -> bool:
        """Return whether good pieces are total less scrap and rework."""
        return good_from_rest(self.key.roles)

    @property
    def made(self) -> int | None:
        """Return the pieces made, None if not known."""
        return made_of(self.counts, self.key.roles)

    @property
    def good(self) -> int | None:
        """Return the pieces good at the first pass, None if not known."""
        return good_of(self.counts, self.key.roles)

    @property
    def mismatch(self) -> int:
        """Return total less good, scrap and rework where all are counted, else 0."""
        if not {GOOD, SCRAP, TOTAL} <= self.key.roles:
            return 0
        good, scrap, total, rework = (self.counts.get(role, 0) for role in PIECE_ROLES)
        return total - good - scrap - (rework if REWORK in self.key.roles else 0)

    def known(self, role: Role) -> int | None:
        """Return the count of a role, None if it has no counter."""
        return self.counts.get(role, 0) if role in self.key.roles else None


def good_from_rest(roles: Set[Role]) -> bool:
    """Return whether good pieces are total less scrap and rework."""
    return GOOD not in roles and {TOTAL, SCRAP} <= roles


def made_of(counts: Mapping[Role, int], roles: Set[Role]) -> int | None:
    """Return T, else G + S + R if there are G and S, None if the pieces made are not known."""
    if TOTAL in roles:
        return counts.get(TOTAL, 0)
    if {GOOD, SCRAP} <= roles:
        return sum(counts.get(role, 0) for role in (GOOD, SCRAP, REWORK) if role in roles)
    return None


def good_of(counts: Mapping[Role, int], roles: Set[Role]) -> int | None:
    """Return G, else T − S − R if there are T and S, None if the good pieces are not known."""
    if GOOD in roles:
        return counts.get(GOOD, 0)
    if good_from_rest(roles):
        rejects = sum(counts.get(role, 0) for role in (SCRAP, REWORK) if role in roles)
        return counts.get(TOTAL, 0) - rejects
    return None


def pieces_of(counts: Mapping[Role, int], roles: Set[Role]) -> int:
    """Return T, else the sum of those of G, S and R that are there."""
    if TOTAL in roles:
        return counts.get(TOTAL, 0)
    return sum(counts.get(role, 0) for role in (GOOD, SCRAP, REWORK) if role in roles)


@dataclass(frozen=True, slots=True)
class Sums:
    """What the cells of one asset add up to.

    outside_service, test_pieces: pieces while not in service and while tested. base_gain, base_gain_least: ms that the
    planned time gains at most and at least, by unknown time outside the plan in which pieces were made. no_ideal: some
    planned or running time has no ideal cycle at all.
    """

    atoms: Mapping[Atom, int]
    rows: tuple[PieceRow, ...]
    outside_service: int
    test_pieces: int
    base_gain: int
    base_gain_least: int
    no_ideal: bool

    @property
    def pbt(self) -> int:
        """Return the planned busy time in ms."""
        return sum(self.atoms[atom] for atom in BUSY)

    @property
    def apt(self) -> int:
        """Return the actual production time in ms."""
        return self.atoms[Atom.RUN] + self.atoms[Atom.RUN_X]


class _Totals:
    """Sums in the making."""

    def __init__(self) -> None:
        self.atoms = dict.fromkeys(Atom, 0)
        self.outside_service = self.test_pieces = 0
        self.base_gain = self.base_gain_least = 0
        self.no_ideal = False
        self._rows: dict[RowKey, Counter[Role]] = {}
        self._row_of: dict[tuple[ProductData, str | None, frozenset[Role]], Counter[Role]] = {}

    def row(self, cell: Cell, data: ProductData, roles: frozenset[Role]) -> Counter[Role]:
        """Return the counts of the row that a cell belongs to."""
        short = (data, cell.key.product, roles)
        found = self._row_of.get(short)
        if found is None:
            key = RowKey(cell.key.product or "", data.ideal, data.weight, roles)
            found = self._row_of[short] = self._rows.setdefault(key, Counter())
        return found

    def result(self) -> Sums:
        """Return what was added up."""
        return Sums(
            self.atoms,
            tuple(PieceRow(key, dict(counts)) for key, counts in self._rows.items()),
            self.outside_service,
            self.test_pieces,
            self.base_gain,
            self.base_gain_least,
            self.no_ideal,
        )


def sums_of(
    cells: Iterable[Cell],
    roles_of: Callable[[Cell], frozenset[Role]],
    data_of: Callable[[Cell], ProductData],
    smallest_ideal: Fraction | None,
) -> Sums:
    """Return the sums of the cells of one asset.

    roles_of: roles that have a counter in the configuration of a cell. data_of: what this configuration says about the
    product of a cell. smallest_ideal: of all products in all configurations of the window, None without any.
    """
    totals = _Totals()
    for cell in cells:
        roles, data = roles_of(cell), data_of(cell)
        if cell.key.kind == "none":
            totals.outside_service += pieces_of(cell.counts, roles)
            continue
        for atom, ms in cell.atoms.items():
            totals.atoms[atom] += ms
        if lacks_ideal(cell, data):
            totals.no_ideal = True
        if cell.counts and cell.key.kind in OUTSIDE_PLAN:
            gain, least = _base_gain(cell, roles, smallest_ideal)
            totals.base_gain += gain
            totals.base_gain_least += least
        if cell.key.test:
            totals.test_pieces += pieces_of(cell.counts, roles)
            continue
        row = totals.row(cell, data, roles)
        for role, count in cell.counts.items():
            row[role] += count
    return totals.result()


def lacks_ideal(cell: Cell, data: ProductData) -> bool:
    """Return whether a cell is planned or running time of an asset without any ideal cycle: it is left out of OEE."""
    return data.ideal is None and (cell.key.kind == "planned" or Atom.RUN_X in cell.atoms)


def _base_gain(
    cell: Cell, roles: frozenset[Role], smallest_ideal: Fraction | None
) -> tuple[int, int]:
    """Return the ms by which pieces made in unknown time outside the plan lengthen the base, at most and at least."""
    unknown = cell.atoms.get(Atom.UNK_X, 0)
    pieces = made_of(cell.counts, roles)
    if pieces is None:
        pieces = good_of(cell.counts, roles)
    if unknown == 0 or pieces is None or pieces <= 0:
        return 0, 0
    needed = 0 if smallest_ideal is None else -(-pieces * smallest_ideal // 1)
    least = max(0, int(needed) - cell.atoms.get(Atom.RUN_X, 0))
    return unknown, min(unknown, least)
