"""`oee-iso22400/1` and `utilisation/1` (claims.md §4)."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
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
from evidence.recompute.counters import Mark
from evidence.recompute.daily import daily_of
from evidence.recompute.figures import COUNT_ROLES, AssetFigures
from evidence.recompute.interface import Outcome, SlotRange, all_streams
from evidence.recompute.intervals import Cover
from evidence.recompute.view import LogView
from evidence.recompute.window import Window
from evidence.statement import Claim
from model.signal import Role
from model.state import Atom

OEE: Final = "oee-iso22400/1"
UTILISATION: Final = "utilisation/1"


def used_slots(claim: Claim) -> SlotRange:
    """Return the slots whose sealed rows take part in a claim over one window."""
    return claim.first - claim.lead, claim.last + claim.grace


def ideal_good(figures: AssetFigures) -> Fraction | None:
    """Return Σ over days of ideal cycle × good, None unless good is known on every day."""
    if figures.count("good") is None:
        return None
    return sum((day.ideal_cycle * (day.good or 0) for day in figures.days), Fraction(0))


def _ideal_total(figures: AssetFigures) -> Fraction | None:
    if figures.count("total") is None:
        return None
    return sum((day.ideal_cycle * (day.total or 0) for day in figures.days), Fraction(0))


def is_left_out(figures: AssetFigures) -> bool:
    """Return whether the asset has no ideal cycle on some day."""
    return any(day.ideal_cycle == 0 for day in figures.days)


def _possible_ideal(window: Window, figures: AssetFigures) -> Fraction | None:
    """Return the ideal time of pieces that may have been lost in counter gaps, None if unbounded."""
    plant = window.plant_of_asset(figures.asset, window.start)
    stream = f"{figures.asset}.count"
    role = Role.COUNT_GOOD
    if plant is None or not plant.has_role(stream, Role.COUNT_GOOD):
        role = Role.COUNT_TOTAL
    counting = figures.counting.get(role)
    extra = Fraction(0)
    planned_time = Cover((s.start, s.end) for s in figures.segments if s.kind == "planned")
    day_starts = [day.day.start for day in figures.days]
    for one in counting.by_signal if counting is not None else ():
        for gap in one.gaps:
            start, end = max(gap.start, window.start), min(gap.end, window.end)
            planned = planned_time.length(start, end) if start < end else 0
            if planned == 0:
                continue
            rule = gap.rule
            if not rule.limited:
                return None
            cycle = figures.days[bisect_right(day_starts, start) - 1].ideal_cycle
            extra += cycle * (planned * rule.pieces // rule.ms)
    return extra


@dataclass(frozen=True, slots=True)
class Oee:
    """A claim of `oee-iso22400/1`; parameters: assets, by = "all"."""

    claim: Claim
    assets: tuple[str, ...]

    @property
    def ranges(self) -> tuple[SlotRange, ...]:
        """Return the slots whose sealed rows take part."""
        return (used_slots(self.claim),)

    def streams(self, document: ConfigDocument) -> Set[str]:
        """Return the state and count streams of the assets."""
        return _streams(self.assets, ("state", "count")) & document.index_of.keys()

    def required(self, documents: Sequence[ConfigDocument]) -> Set[str]:
        """Return the streams that may not be withheld: all that the plan keeps."""
        return all_streams(self, documents)

    def compute(self, view: LogView) -> Outcome:
        """Return Σ ideal good / Σ PBT with its factors and bounds."""
        claim = self.claim
        daily = daily_of(view, claim.first, claim.last, claim.lead, claim.grace)
        window = daily.window
        require_assets(claim, window, self.assets)
        everyone = [daily.figures(asset) for asset in self.assets]
        counted = [figures for figures in everyone if not is_left_out(figures)]
        good = _sum_known([ideal_good(figures) for figures in counted])
        total = _sum_known([_ideal_total(figures) for figures in counted])
        pbt, apt = sum(f.pbt for f in counted), sum(f.apt for f in counted)
        unknown = sum(f.atom(Atom.UNK) for f in counted)
        no_reject = any(f.count("scrap") is None for f in counted)
        oee = None if no_reject else ratio(good, pbt)
        detail: dict[str, Json] = {
            "assets": [self._asset(figures) for figures in counted],
            "availability": text_of(ratio(apt, pbt)),
            "availability_high": text_of(ratio(apt + unknown, pbt)),
            "availability_low": text_of(ratio(apt, pbt)),
            "effectiveness": text_of(ratio(total, apt)),
            "high": _high(window, counted, pbt) if oee is not None else text_of(None),
            "left_out": [f.asset for f in everyone if is_left_out(f)],
            "low": text_of(oee),
            "quality_ideal": text_of(None if total is None else ratio(good, total)),
            "unknown_ms": unknown,
        }
        streams = present_streams(window, _streams(self.assets, ("state", "count")))
        coverage = coverage_list(view, claim.first, claim.last, streams)
        reason = "no_reject_signal" if no_reject else "no_planned_time"
        return outcome(oee, reason, coverage, detail)

    @staticmethod
    def _asset(figures: AssetFigures) -> Json:
        marks = sum(
            (figures.counting[role].marks for role in COUNT_ROLES if role in figures.counting),
            Counter[Mark](),
        )
        fields: dict[str, Json] = {
            "apt": figures.apt,
            "asset": figures.asset,
            "atoms": {atom.value: figures.atom(atom) for atom in Atom},
            "pbt": figures.pbt,
            "quarantined": marks[Mark.QUARANTINED],
            "reset": marks[Mark.RESET],
        }
        for name in ("good", "scrap", "total"):
            count = figures.count(name)
            if count is not None:
                fields[name] = count
        for name, ideal in (
            ("ideal_good", ideal_good(figures)),
            ("ideal_total", _ideal_total(figures)),
        ):
            if ideal is not None:
                fields[name] = text_of(ideal)
        return fields


def _high(window: Window, counted: list[AssetFigures], pbt: int) -> str:
    highest = Fraction(0)
    for figures in counted:
        extra = _possible_ideal(window, figures)
        if extra is None:
            return "unbounded"
        made = ideal_good(figures) or Fraction(0)
        highest += max(made, min(made + extra, Fraction(figures.pbt)))
    return text_of(ratio(highest, pbt))


def _sum_known(values: list[Fraction | None]) -> Fraction | None:
    known = [value for value in values if value is not None]
    return sum(known, Fraction(0)) if len(known) == len(values) else None


def _streams(assets: tuple[str, ...], classes: tuple[str, ...]) -> set[str]:
    return {f"{asset}.{name}" for asset in assets for name in classes}


def plan_oee(claim: Claim) -> Oee:
    """Return the plan of a claim; raises `Refusal` (kind "claim") for other parameters."""
    parameters = Parameters(claim)
    assets = parameters.ids("assets")
    parameters.word("by", ("all",))
    parameters.finish("1")
    return Oee(claim, assets)


@dataclass(frozen=True, slots=True)
class Utilisation:
    """A claim of `utilisation/1`; parameters: assets."""

    claim: Claim
    assets: tuple[str, ...]

    @property
    def ranges(self) -> tuple[SlotRange, ...]:
        """Return the slots whose sealed rows take part."""
        return (used_slots(self.claim),)

    def streams(self, document: ConfigDocument) -> Set[str]:
        """Return the state and count streams (the worked-out window is shared with OEE)."""
        return _streams(self.assets, ("state",)) & document.index_of.keys()

    def required(self, documents: Sequence[ConfigDocument]) -> Set[str]:
        """Return the streams that may not be withheld: all that the plan keeps."""
        return all_streams(self, documents)

    def compute(self, view: LogView) -> Outcome:
        """Return Σ APT / Σ calendar time in service."""
        claim = self.claim
        daily = daily_of(view, claim.first, claim.last, claim.lead, claim.grace)
        window = daily.window
        require_assets(claim, window, self.assets)
        figures = [daily.figures(asset) for asset in self.assets]
        calendar = [sum(f.atom(atom) for atom in Atom) for f in figures]
        detail: dict[str, Json] = {
            "assets": [
                {"apt": f.apt, "asset": f.asset, "calendar": ms}
                for f, ms in zip(figures, calendar, strict=True)
            ]
        }
        streams = present_streams(window, _streams(self.assets, ("state",)))
        coverage = coverage_list(view, claim.first, claim.last, streams)
        value = ratio(sum(f.apt for f in figures), sum(calendar))
        return outcome(value, "no_planned_time", coverage, detail)


def plan_utilisation(claim: Claim) -> Utilisation:
    """Return the plan of a claim; raises `Refusal` (kind "claim") for other parameters."""
    parameters = Parameters(claim)
    assets = parameters.ids("assets")
    parameters.finish("1")
    return Utilisation(claim, assets)
