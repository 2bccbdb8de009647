"""`oee/2`: OEE on cells, with bounds from the gaps of the counters (claims.md §5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
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
from evidence.recompute.equipment.bounds import (
    good_made,
    ideal_good,
    ideal_high,
    ideal_low,
    ideal_total,
)
from evidence.recompute.equipment.exact import bound_text, exact_sum, known_sum
from evidence.recompute.equipment.signals import signals_of
from evidence.recompute.equipment.statistics import AssetStatistics, statistics_of
from evidence.recompute.equipment.sums import REWORK, SCRAP, PieceRow
from evidence.recompute.equipment.time_ratios import ratio_bounds, vertices
from evidence.recompute.figures import BUSY
from evidence.recompute.interface import Outcome, SlotRange, all_streams
from evidence.recompute.oee import used_slots
from evidence.recompute.view import LogView
from evidence.recompute.window import Window, window_of
from evidence.statement import Claim
from model.state import Atom

NAME: Final = "oee/2"
_RUNNING: Final = (Atom.RUN, Atom.RUN_X)


def piece_streams(assets: Iterable[str]) -> set[str]:
    """Return the state and count streams of assets."""
    return {f"{asset}.{name}" for asset in assets for name in ("state", "count")}


def asset_statistics(view: LogView, window: Window, assets: Iterable[str]) -> list[AssetStatistics]:
    """Return the statistics of assets over a window, worked out once for all claims."""
    signals = signals_of(view, window)
    return [statistics_of(signals, asset) for asset in assets]


@dataclass(frozen=True, slots=True)
class Oee:
    """A claim of `oee/2`; parameters: assets, by = "all"."""

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
        """Return Σ ideal time of good pieces / Σ planned busy time, with its factors and bounds."""
        claim = self.claim
        window = window_of(view, claim.first, claim.last, claim.lead, claim.grace)
        require_assets(claim, window, self.assets)
        everyone = asset_statistics(view, window, self.assets)
        counted = [one for one in everyone if not one.left_out]
        figures = _Figures(counted)
        streams = present_streams(window, piece_streams(self.assets))
        coverage = coverage_list(view, claim.first, claim.last, streams)
        reason = "no_planned_time"
        if figures.good is None:
            reason = "no_reject_signal"
        elif not counted:
            reason = "no_ideal_cycle"
        detail: dict[str, Json] = {
            "assets": [_asset(one) for one in counted],
            "gaps": [gap for one in counted for gap in _gaps(one)],
            "left_out": [one.asset for one in everyone if one.left_out],
            "rows": [row for one in counted for row in _rows(one)],
            **figures.to_json(),
        }
        return outcome(figures.oee, reason, coverage, detail)


class _Figures:
    """The ratios over the assets that are not left out."""

    def __init__(self, counted: Sequence[AssetStatistics]) -> None:
        self._counted = counted
        self.good: Fraction | None = None
        """Σ ideal time of good pieces, None if it is not measured at an asset."""
        if all(one.measured for one in counted):
            self.good = exact_sum(ideal_good(one.pieces) for one in counted)
        self._pbt = sum(one.sums.pbt for one in counted)
        self._apt = sum(one.sums.apt for one in counted)
        self.oee = self._over_base(self.good, lambda one: one.sums.base_gain)

    def _over_base(
        self, value: Fraction | None, gain: Callable[[AssetStatistics], int]
    ) -> Fraction | None:
        return ratio(value, self._pbt + sum(gain(one) for one in self._counted))

    def to_json(self) -> dict[str, Json]:
        """Return the fractions of the detail."""
        counted, apt = self._counted, self._apt
        total = known_sum(ideal_total(one.pieces) for one in counted)
        made = [good_made(one.pieces)[1] for one in counted]
        good = sum(good_made(one.pieces)[0] for one in counted)
        pieces = None if None in made else sum(count or 0 for count in made)
        setup = sum(one.sums.atoms[Atom.SETUP] for one in counted)
        calendar = sum(sum(one.sums.atoms.values()) for one in counted)
        measured = self.good is not None
        nee = None if self.oee is None else ratio(self.oee * (apt + setup), apt)
        availability = ratio(apt, self._pbt)
        low, high = text_of(None), text_of(None)
        bounds = ratio_bounds([vertices(one.sums.atoms, _RUNNING, BUSY) for one in counted])
        if bounds is not None:
            low, high = text_of(bounds[0]), bound_text(bounds[1])
        return {
            "availability": text_of(availability),
            "availability_high": high,
            "availability_low": low,
            "effectiveness": text_of(ratio(total, apt)),
            "high": self._high(),
            "low": self._low(),
            "nee": text_of(nee),
            "pieces_quality": text_of(
                None if pieces is None else ratio(good if measured else None, pieces)
            ),
            "quality_ideal": text_of(None if total is None else ratio(self.good, total)),
            "teep": text_of(ratio(self.good, calendar)),
            "unknown_ms": sum(one.sums.atoms[Atom.UNK] for one in counted),
        }

    def _low(self) -> str:
        if self.oee is None:
            return text_of(None)
        least = exact_sum(ideal_low(one.pieces) for one in self._counted)
        return text_of(self._over_base(least, lambda one: one.sums.base_gain))

    def _high(self) -> str:
        if self.oee is None:
            return text_of(None)
        greatest = known_sum(ideal_high(one.pieces) for one in self._counted)
        if greatest is None:
            return "unbounded"
        base = self._over_base(greatest, lambda one: one.sums.base_gain_least)
        return bound_text(base)


def _asset(one: AssetStatistics) -> Json:
    sums = one.sums
    fields: dict[str, Json] = {
        "apt": sums.apt,
        "asset": one.asset,
        "atoms": {atom.value: ms for atom, ms in sums.atoms.items()},
        "base_gain": sums.base_gain,
        "base_gain_least": sums.base_gain_least,
        "failures": one.failures,
        "marks": {mark.value: count for mark, count in one.marks.items() if count},
        "outside_unbounded": one.outside_unbounded,
        "pbt": sums.pbt,
        "repair_ms": one.repair_ms,
        "repairs": one.repairs,
        "state_tables": list(one.tables),
        "test_pieces": sums.test_pieces,
    }
    total = ideal_total(one.pieces)
    if one.measured:
        fields["ideal_good"] = text_of(ideal_good(one.pieces))
    if total is not None:
        fields["ideal_total"] = text_of(total)
    mismatch = sum(row.mismatch for row in one.rows)
    if mismatch:
        fields["mismatch"] = mismatch
    if sums.outside_service:
        fields["outside_service"] = sums.outside_service
    return fields


def _gaps(one: AssetStatistics) -> Iterable[Json]:
    for gap in sorted(one.gaps, key=lambda gap: (gap.role, gap.signal, gap.start, gap.end)):
        fields: dict[str, Json] = {
            "asset": one.asset,
            "end": gap.end,
            "planned": gap.planned,
            "role": gap.role.value,
            "signal": gap.signal,
            "start": gap.start,
        }
        if gap.most is not None:
            fields["most"] = gap.most
        yield fields


def _rows(one: AssetStatistics) -> Iterable[Json]:
    """Yield the pieces by product and ideal cycle, whatever the counters; what is known of each count is added."""
    merged: dict[tuple[str, tuple[Fraction, ...]], list[PieceRow]] = {}
    for row in one.rows:
        merged.setdefault((row.key.product, row.key.ideal or ()), []).append(row)
    for product, ideal in sorted(merged):
        rows = merged[product, ideal]
        fields: dict[str, Json] = {"asset": one.asset, "product": product}
        if ideal:
            fields |= {"ideal_low": text_of(ideal[0]), "ideal_high": text_of(ideal[1])}
        yield {**fields, **_known_counts(rows, measured=one.measured)}


def _known_counts(rows: Iterable[PieceRow], *, measured: bool) -> dict[str, Json]:
    """Return good, made, rework and scrap of some rows: the sum of what is known, without those known in none."""
    found: dict[str, int] = {}
    for row in rows:
        for name, count in (
            ("good", row.good if measured else None),
            ("made", row.made),
            ("rework", row.known(REWORK)),
            ("scrap", row.known(SCRAP)),
        ):
            if count is not None:
                found[name] = found.get(name, 0) + count
    return dict(found)


def plan_oee(claim: Claim) -> Oee:
    """Return the plan of a claim; raises `Refusal` (kind "claim") for other parameters."""
    parameters = Parameters(claim)
    assets = parameters.ids("assets")
    parameters.word("by", ("all",))
    parameters.finish("1")
    return Oee(claim, assets)
