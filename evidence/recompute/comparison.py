"""`before-after/1`: change of a metric between two windows with interval and verdict word (claims.md §4)."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from evidence.canonical import Json
from evidence.document import ConfigDocument
from evidence.grammar import SLOT_MS
from evidence.recompute.claim_tools import (
    Parameters,
    coverage_list,
    outcome,
    present_streams,
    require_assets,
)
from evidence.recompute.daily import DailyFigures, daily_of
from evidence.recompute.energy import NAME as ENERGY
from evidence.recompute.energy import energy_streams, used_streams
from evidence.recompute.interface import (
    Outcome,
    SlotRange,
    all_streams,
    bad_parameter,
    decimal_text,
)
from evidence.recompute.interval import LEAST_DAYS, Pair, interval, word
from evidence.recompute.oee import OEE, is_left_out, used_slots
from evidence.recompute.view import LogView
from evidence.recompute.window import Window
from evidence.statement import Claim
from model.state import Atom

NAME: Final = "before-after/1"
_UNKNOWN_SHARE: Final = 10
"""A day is valid if at most one tenth of its planned busy time is unknown (U11)."""


@dataclass(frozen=True, slots=True)
class _Daily:
    """Whole production days of one period. valid: (N, D) of the valid ones; known: the metric can be formed."""

    days: int
    valid: tuple[Pair, ...]
    known: bool

    def to_json(self) -> Json:
        """Return the detail of the period."""
        return {
            "d": decimal_text(sum(d for _, d in self.valid)),
            "days": self.days,
            "n": decimal_text(sum(n for n, _ in self.valid)),
            "valid": len(self.valid),
        }


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """A claim of `before-after/1`; `window` of the claim is the after window."""

    claim: Claim
    metric: str
    gain: bool
    before: SlotRange
    assets: tuple[str, ...]
    meters: tuple[str, ...]
    threshold: Fraction

    @property
    def ranges(self) -> tuple[SlotRange, ...]:
        """Return the slots of both windows whose sealed rows take part."""
        claim = self.claim
        return (
            used_slots(claim),
            (self.before[0] - claim.lead, self.before[1] + claim.grace),
        )

    def streams(self, document: ConfigDocument) -> Set[str]:
        """Return the streams whose rows are needed."""
        if self.metric == ENERGY:
            wanted = used_streams(self.meters, self.assets)
        else:
            wanted = {f"{asset}.{name}" for asset in self.assets for name in ("state", "count")}
        return wanted & document.index_of.keys()

    def required(self, documents: Sequence[ConfigDocument]) -> Set[str]:
        """Return the streams that may not be withheld: all that the plan keeps."""
        return all_streams(self, documents)

    def compute(self, view: LogView) -> Outcome:
        """Return the point change of the whole-window sums of the valid days, with CI-1 and the word."""
        claim = self.claim
        periods = [
            daily_of(view, first, last, claim.lead, claim.grace, offset_at=claim.first * SLOT_MS)
            for first, last in (self.before, (claim.first, claim.last))
        ]
        for daily in periods:
            require_assets(claim, daily.window, (*self.meters, *self.assets))
        left_out = {
            asset
            for daily in periods
            for asset in self.assets
            if self.metric == OEE and is_left_out(daily.figures(asset))
        }
        before, after = (self._daily(daily, left_out) for daily in periods)
        detail: dict[str, Json] = {
            "after": after.to_json(),
            "before": before.to_json(),
            "method": "ci-1",
            "word": "undetermined",
        }
        coverage = coverage_list(view, claim.first, claim.last, self._covered(periods[1].window))
        if not (before.known and after.known):
            return outcome(None, "no_reject_signal", coverage, detail)
        if not (before.valid and after.valid):
            return outcome(None, "no_baseline", coverage, detail)
        point = self._point(before, after)
        days = min(len(before.valid), len(after.valid))
        if days >= LEAST_DAYS:
            weekdays = weekdays_with_a_shift(periods[0].window)
            found = interval(before.valid, after.valid, weekdays, gain=self.gain)
            low, high = found.texts()
            detail |= {
                "interval": {"high": high, "low": low},
                "word": word(found, point, self.threshold, days),
            }
        return outcome(point, "", coverage, detail)

    def _covered(self, window: Window) -> list[str]:
        if self.metric == ENERGY:
            return present_streams(window, energy_streams(self.meters, self.assets))
        wanted = [f"{asset}.{name}" for asset in self.assets for name in ("state", "count")]
        return present_streams(window, wanted)

    def _point(self, before: _Daily, after: _Daily) -> Fraction:
        old = Fraction(sum(n for n, _ in before.valid), sum(d for _, d in before.valid))
        new = Fraction(sum(n for n, _ in after.valid), sum(d for _, d in after.valid))
        return new / old - 1 if self.gain else 1 - new / old

    def _daily(self, daily: DailyFigures, left_out: set[str]) -> _Daily:
        whole = [number for number, day in enumerate(daily.days) if day.whole]
        if self.metric == ENERGY:
            return self._daily_energy(daily, whole)
        figures = [daily.figures(asset) for asset in self.assets if asset not in left_out]
        if any(f.count("scrap") is None for f in figures):
            return _Daily(len(whole), (), known=False)
        valid = []
        for number in whole:
            days = [f.days[number] for f in figures]
            num = sum(day.ideal_cycle * (day.good or 0) // 1 for day in days)
            den = sum(day.pbt for day in days)
            unknown = sum(day.atoms[Atom.UNK] for day in days)
            if den > 0 and num > 0 and unknown * _UNKNOWN_SHARE <= den:
                valid.append((num, den))
        return _Daily(len(whole), tuple(valid), known=True)

    def _daily_energy(self, daily: DailyFigures, whole: list[int]) -> _Daily:
        meters = [daily.energy(meter) for meter in self.meters]
        booked = [counting.booked(len(daily.days)) for counting in meters]
        figures = [daily.figures(asset) for asset in self.assets]
        if any(f.count("good") is None for f in figures):
            return _Daily(len(whole), (), known=False)
        valid = []
        for number in whole:
            day = daily.days[number]
            num = sum(one[number] for one in booked)
            den = sum(f.days[number].good or 0 for f in figures)
            answered = all(counting.accepted_between(day.start, day.end) for counting in meters)
            if den > 0 and num > 0 and answered:
                valid.append((num, den))
        return _Daily(len(whole), tuple(valid), known=True)


def weekdays_with_a_shift(window: Window) -> int:
    """Return w of U8: the weekdays with a shift in the calendar at the first ms of the before period, its window."""
    calendar = window.plant_at(window.start).calendar
    return len({day for shift in calendar.shifts for day in shift.weekdays})


def plan_before_after(claim: Claim) -> BeforeAfter:
    """Return the plan of a claim; raises `Refusal` (kind "claim") for other parameters."""
    parameters = Parameters(claim)
    metric = parameters.word("metric", (OEE, ENERGY))
    sense = parameters.word("sense", ("increase", "reduction"))
    before = parameters.pair("before", low=0, den=1)
    assets = parameters.ids("assets")
    meters = parameters.ids("meters") if metric == ENERGY else ()
    num, den = parameters.pair("threshold", low=0, den=1)
    parameters.finish("1")
    if before[0] >= before[1]:
        raise bad_parameter(claim, "empty before window", "对比基期窗口为空")
    return BeforeAfter(
        claim, metric, sense == "increase", before, assets, meters, Fraction(num, den)
    )
