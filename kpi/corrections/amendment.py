"""What late data changed (kpi.md C 17): a sealed figure is never edited, an amendment names it and the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from kpi.equipment.effectiveness import effectiveness
from kpi.equipment.sums import EquipmentSums
from model.state import Atom


@dataclass(frozen=True, slots=True)
class PieceChange:
    """Pieces of one product before and after; None = not known."""

    product: str
    made: tuple[int | None, int | None]
    good: tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class AssetChange:
    """What changed of one asset."""

    asset: str
    atoms: Mapping[Atom, int]
    """Milliseconds gained, only atoms that changed."""
    pieces: tuple[PieceChange, ...]
    """Only products that changed."""
    failures: int
    """Failures gained."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """The difference between a stated figure and the view of today over the same window."""

    amends: str
    """SHA-256 of the statement that is amended."""
    version: int
    """Of the view of today."""
    before: Fraction | None
    """OEE as stated; None = undefined."""
    after: Fraction | None
    assets: tuple[AssetChange, ...]
    """Only assets that changed, by id."""

    @property
    def changed(self) -> bool:
        """Return whether anything changed."""
        return bool(self.assets) or self.before != self.after


def amendment(
    amends: str, version: int, before: Sequence[EquipmentSums], after: Sequence[EquipmentSums]
) -> Amendment:
    """Return the amendment of a statement: the same assets over the same window, then and now."""
    then, now = ({s.asset: s for s in x} for x in (before, after))
    names = sorted(then.keys() | now.keys(), key=str.encode)
    changes = [_change(name, then.get(name), now.get(name)) for name in names]
    return Amendment(
        amends=amends,
        version=version,
        before=effectiveness(before).oee,
        after=effectiveness(after).oee,
        assets=tuple(c for c in changes if c.atoms or c.pieces or c.failures),
    )


def _change(asset: str, before: EquipmentSums | None, after: EquipmentSums | None) -> AssetChange:
    atoms = {
        a: ms
        for a in Atom
        if (ms := (after.atoms[a] if after else 0) - (before.atoms[a] if before else 0))
    }
    then, now = _pieces(before), _pieces(after)
    pieces = [
        PieceChange(p, (old[0], new[0]), (old[1], new[1]))
        for p in sorted(then.keys() | now.keys(), key=str.encode)
        if (old := then.get(p, (None, None))) != (new := now.get(p, (None, None)))
    ]
    failures = (after.failures if after else 0) - (before.failures if before else 0)
    return AssetChange(asset, atoms, tuple(pieces), failures)


def _pieces(sums: EquipmentSums | None) -> dict[str, tuple[int | None, int | None]]:
    """Return (made, good) by product; the sum of what is known of it, None if it is known in no row."""
    found: dict[str, tuple[int | None, int | None]] = {}
    for row in sums.rows if sums is not None else ():
        made, good = found.get(row.product, (None, None))
        found[row.product] = _plus(made, row.made), _plus(good, row.good)
    return found


def _plus(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else a + b
