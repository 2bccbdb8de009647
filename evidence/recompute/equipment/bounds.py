"""What gaps of counters and unknown time can change in the pieces and ideal times of one asset (statistics.md §8)."""

from __future__ import annotations

from fractions import Fraction

from evidence.recompute.equipment.exact import exact_sum
from evidence.recompute.equipment.statistics import Pieces
from evidence.recompute.equipment.sums import GOOD, REWORK, SCRAP, TOTAL, PieceRow
from model.signal import Role


def _hidden(pieces: Pieces, *roles: Role) -> int | None:
    """Return the pieces that the gaps of the roles can hide together, None if not limited."""
    total = 0
    for role in roles:
        extra = pieces.extra[role]
        if extra is None:
            return None
        total += extra
    return total


def extra_good(pieces: Pieces) -> int | None:
    """Return the good pieces that gaps hide: of G where good = G, of T where good = T − S − R; None = not limited."""
    roles = []
    if any(GOOD in row.key.roles for row in pieces.rows):
        roles.append(GOOD)
    if any(row.good_from_rest for row in pieces.rows):
        roles.append(TOTAL)
    return _hidden(pieces, *roles)


def ideal_good(pieces: Pieces) -> Fraction:
    """Return Σ low ideal × good in ms; rows whose good pieces or ideal cycle are not known add nothing."""
    return exact_sum(
        row.key.ideal[0] * row.good
        for row in pieces.rows
        if row.key.ideal is not None and row.good is not None
    )


def ideal_total(pieces: Pieces) -> Fraction | None:
    """Return Σ low ideal × made in ms, None if the pieces made are not known in some row."""
    if any(row.made is None for row in pieces.rows):
        return None
    return exact_sum(
        row.key.ideal[0] * (row.made or 0) for row in pieces.rows if row.key.ideal is not None
    )


def ideal_low(pieces: Pieces) -> Fraction:
    """Return the least ideal time of good pieces: every piece that a gap of scrap or rework can hide is a reject."""
    largest = Fraction(0) if pieces.ideal is None else pieces.ideal[1]
    return ideal_good(pieces) - pieces.lost * largest


def ideal_high(pieces: Pieces) -> Fraction | None:
    """Return the greatest ideal time of good pieces, None if a gap that decides it is not limited."""
    extra = extra_good(pieces)
    if extra is None:
        return None
    largest = Fraction(0) if pieces.ideal is None else pieces.ideal[1]
    known = exact_sum(
        row.key.ideal[1] * _good_or_made(row) for row in pieces.rows if row.key.ideal is not None
    )
    return known + extra * largest


def _good_or_made(row: PieceRow) -> int:
    """Return the good pieces, where they are not known all that were made, none if that is not known either."""
    if row.good is not None:
        return row.good
    return row.made or 0


def good_made(pieces: Pieces) -> tuple[int, int | None]:
    """Return (good, made) over all rows; good counts where it is known, made is None if it is not known in some row."""
    good = sum(row.good or 0 for row in pieces.rows)
    made = [row.made for row in pieces.rows]
    return good, None if None in made else sum(count or 0 for count in made)


def good_at_most(pieces: Pieces, good: int, made: int) -> int | None:
    """Return how many of the pieces made can be good if gaps of G hide good ones, None if these are not limited.

    Where good = T − S − R it stays as measured.
    """
    if not any(GOOD in row.key.roles for row in pieces.rows):
        return good
    extra = _hidden(pieces, GOOD)
    return None if extra is None else max(good, min(made, good + extra))


def hidden_rejects(pieces: Pieces) -> int | None:
    """Return the rejects beyond the pieces made that gaps can hide, None if not limited.

    Where good = G they are the pieces that gaps of T hide, or of S and R where made = G + S + R.
    """
    roles = set()
    for row in pieces.rows:
        if GOOD in row.key.roles and TOTAL in row.key.roles:
            roles.add(TOTAL)
        elif {GOOD, SCRAP} <= row.key.roles:
            roles |= {SCRAP, REWORK}
    return _hidden(pieces, *sorted(roles))
