"""`defect-rate/1`: pieces not good at the first pass per piece made (claims.md §5)."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from evidence.canonical import Json
from evidence.document import ConfigDocument
from evidence.recompute.claim_tools import (
    Parameters,
    coverage_list,
    outcome,
    present_streams,
    ratio,
    require_assets,
    text_of,
)
from evidence.recompute.equipment.bounds import good_at_most, good_made, hidden_rejects
from evidence.recompute.equipment.oee_claim import asset_statistics, piece_streams
from evidence.recompute.equipment.statistics import AssetStatistics
from evidence.recompute.equipment.sums import REWORK, SCRAP
from evidence.recompute.interface import Outcome, SlotRange, all_streams
from evidence.recompute.oee import used_slots
from evidence.recompute.view import LogView
from evidence.recompute.window import window_of
from evidence.statement import Claim
from model.signal import Role

NAME: Final = "defect-rate/1"


@dataclass(frozen=True, slots=True)
class DefectRate:
    """A claim of `defect-rate/1`; parameters: assets."""

    claim: Claim
    assets: tuple[str, ...]

    @property
    def ranges(self) -> tuple[SlotRange, ...]:
        """Return the slots whose sealed rows take part."""
        return (used_slots(self.claim),)

    def streams(self, document: ConfigDocument) -> Set[str]:
        """Return the state and count streams of the assets."""
        return piece_streams(self.assets) & document.index_of.keys()

    def required(self, documents: Sequence[ConfigDocument]) -> Set[str]:
        """Return the streams that may not be withheld: all that the plan keeps."""
        return all_streams(self, documents)

    def compute(self, view: LogView) -> Outcome:
        """Return Σ (made − good) / Σ made with its bounds."""
        claim = self.claim
        window = window_of(view, claim.first, claim.last, claim.lead, claim.grace)
        require_assets(claim, window, self.assets)
        everyone = asset_statistics(view, window, self.assets)
        made = _made(everyone)
        measured = all(one.measured for one in everyone)
        rate = None
        if measured and made is not None and made > 0:
            rate = ratio(made - sum(good_made(one.pieces)[0] for one in everyone), made)
        reason = "no_pieces" if measured and made is not None else "no_reject_signal"
        low, high = text_of(None), text_of(None)
        if rate is not None:
            low, high = text_of(_low(everyone, rate)), text_of(_high(everyone, rate))
        detail: dict[str, Json] = {
            "assets": [_asset(one) for one in everyone],
            "high": high,
            "low": low,
            "scrap_only": text_of(_scrap_only(everyone, made)),
        }
        streams = present_streams(window, piece_streams(self.assets))
        coverage = coverage_list(view, claim.first, claim.last, streams)
        return outcome(rate, reason, coverage, detail)


def _asset(one: AssetStatistics) -> Json:
    """Return good as measured, and the other counts if every row knows them."""
    good, made = good_made(one.pieces)
    counts = {
        "good": good if one.measured else None,
        "made": made,
        "rework": _known(one, REWORK),
        "scrap": _known(one, SCRAP),
    }
    known = {name: count for name, count in counts.items() if count is not None}
    return {"asset": one.asset, **known}


def _known(one: AssetStatistics, role: Role) -> int | None:
    """Return the count of a role, None if some row does not know it."""
    counts = [row.known(role) for row in one.rows]
    return None if None in counts else sum(count or 0 for count in counts)


def _made(everyone: Sequence[AssetStatistics]) -> int | None:
    made = [good_made(one.pieces)[1] for one in everyone]
    return None if None in made else sum(count or 0 for count in made)


def _low(everyone: Sequence[AssetStatistics], rate: Fraction) -> Fraction:
    """Return the least rate, never above the rate as measured; 0 where a gap of good pieces is not limited."""
    made = rejects = 0
    for one in everyone:
        good, own = good_made(one.pieces)[0], good_made(one.pieces)[1] or 0
        most = good_at_most(one.pieces, good, own)
        if most is None:
            return min(Fraction(0), rate)
        made += own
        rejects += own - most
    return min(Fraction(rejects, made), rate)


def _high(everyone: Sequence[AssetStatistics], rate: Fraction) -> Fraction:
    """Return the greatest rate, never below the rate as measured; 1 where a gap that hides rejects is not limited.

    A rate above 1, of counters that contradict each other, would come down by hidden rejects, which count above and
    below the line.
    """
    made = rejects = 0
    for one in everyone:
        good, own = good_made(one.pieces)[0], good_made(one.pieces)[1] or 0
        hidden = hidden_rejects(one.pieces)
        if hidden is None:
            return max(Fraction(1), rate)
        made += own + hidden
        rejects += own + hidden - (good - one.pieces.lost)
    return max(Fraction(rejects, made), rate)


def _scrap_only(everyone: Sequence[AssetStatistics], made: int | None) -> Fraction | None:
    scrap = [_known(one, SCRAP) for one in everyone]
    if made is None or made <= 0 or None in scrap:
        return None
    return ratio(sum(count or 0 for count in scrap), made)


def plan_defect_rate(claim: Claim) -> DefectRate:
    """Return the plan of a claim; raises `Refusal` (kind "claim") for other parameters."""
    parameters = Parameters(claim)
    assets = parameters.ids("assets")
    parameters.finish("1")
    return DefectRate(claim, assets)
