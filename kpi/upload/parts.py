"""Points whose values belong to pieces or lots, not to slots (kpi-audit U7, U4): expected = pieces or lots."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from kpi.days import asset_days
from kpi.workspace import Workspace


class PartUnit(StrEnum):
    """What one value stands for."""

    PIECE = "piece"
    LOT = "lot"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPoint:
    """A required point with one value a piece or a lot, over the window."""

    asset: str
    signal: str
    unit: PartUnit
    expected: int | None
    """Pieces or lots of the window by U4; None = the count is not known."""
    on_time: int
    """Different pieces or lots with a Good value before the deadline."""
    late: int = 0
    """Those with a Good value after it."""

    @property
    def contradicted(self) -> bool:
        """Return whether more pieces have a value than were counted: then the count is wrong, and not known."""
        return self.expected is not None and self.on_time + self.late > self.expected

    @property
    def undetermined(self) -> bool:
        """Return whether the rate cannot be known; the point is kept and leaves a range."""
        return self.expected is None or self.contradicted

    def rate(self, *, eventual: bool = False) -> Fraction | None:
        """Return the share of pieces with a value; None if undetermined or nothing was expected."""
        if self.undetermined or not self.expected:
            return None
        return Fraction(self.on_time + (self.late if eventual else 0), self.expected)


def expected_pieces(work: Workspace, asset: str) -> int | None:
    """Return how many pieces an asset made in the window, allocated by U4; None if its total is not known."""
    return asset_days(work, asset).pieces.total
