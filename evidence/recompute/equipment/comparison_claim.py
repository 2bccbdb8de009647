"""`before-after/2`: change of a metric between two periods, and what speaks against it (claims.md §5, ADR 0008)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Final

from evidence.canonical import Json
from evidence.document import ConfigDocument
from evidence.recompute.claim_tools import (
    Parameters,
    coverage_list,
    outcome,
    present_streams,
    require_assets,
    text_of,
)
from evidence.recompute.comparison import weekdays_with_a_shift
from evidence.recompute.equipment import comparison_findings as findings
from evidence.recompute.equipment import energy_per_piece
from evidence.recompute.equipment.asset_days import METRICS, OEE, UTILISATION, asset_days
from evidence.recompute.equipment.comparison_sets import (
    UNDETERMINED,
    Period,
    Rule,
    Sets,
    as_measured,
    greatest,
    least,
    numbered,
    sets_of,
    weaker,
)
from evidence.recompute.equipment.drift import drift
from evidence.recompute.equipment.exclusions import Exclusions, exclusions_of
from evidence.recompute.equipment.plant_days import PLANT, plant_days
from evidence.recompute.equipment.production_days import weeks_of, whole_days
from evidence.recompute.equipment.rules_in_force import rules_changed
from evidence.recompute.equipment.signals import Signals, signals_of
from evidence.recompute.interface import (
    Outcome,
    SlotRange,
    all_streams,
    bad_parameter,
    decimal_text,
)
from evidence.recompute.interval import printed
from evidence.recompute.oee import used_slots
from evidence.recompute.view import LogView
from evidence.recompute.window import Window, window_of
from evidence.statement import Claim

NAME: Final = "before-after/2"
ENERGY: Final = energy_per_piece.NAME
_WEEKDAYS: Final = 7
_REASONS: Final = ("force_majeure", "holiday", "registered_stop")
_UNIX_DAY: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """A claim of `before-after/2`; `window` of the claim is the after window. excluded: numbers of days, ascending."""

    claim: Claim
    metric: str
    gain: bool
    before: SlotRange
    assets: tuple[str, ...]
    meters: tuple[str, ...]
    threshold: Fraction
    excluded: tuple[int, ...]

    @property
    def ranges(self) -> tuple[SlotRange, ...]:
        """Return the slots of both periods whose sealed rows take part."""
        claim = self.claim
        return (
            used_slots(claim),
            (self.before[0] - claim.lead, self.before[1] + claim.grace),
        )

    def streams(self, document: ConfigDocument) -> Set[str]:
        """Return the streams whose rows are needed."""
        kept = energy_per_piece.listed_streams(self.meters, self.assets)
        return kept & document.index_of.keys()

    def required(self, documents: Sequence[ConfigDocument]) -> Set[str]:
        """Return the streams that may not be withheld: all that the plan keeps."""
        return all_streams(self, documents)

    def compute(self, view: LogView) -> Outcome:
        """Return the change of the main estimate, with all the others, findings and the word."""
        claim = self.claim
        before, after = (
            window_of(view, first, last, claim.lead, claim.grace)
            for first, last in (self.before, (claim.first, claim.last))
        )
        for window in (before, after):
            require_assets(claim, window, (*self.meters, *self.assets))
        periods = [self._period(signals_of(view, window), before) for window in (before, after)]
        sets = sets_of(periods, self.assets if self.metric != ENERGY else (PLANT,))
        days = [period.days for period in periods]
        exclusions = exclusions_of(
            claim, self.excluded, list(zip((before, after), days, strict=True))
        )
        compared = _Compared(self._rule(before), periods, sets, exclusions)
        names = {
            *compared.findings(),
            *findings.of_periods(days),
            *rules_changed((before, after), self._ruled(sets), self.meters),
        }
        streams = energy_per_piece.listed_streams(self.meters, self.assets)
        coverage = coverage_list(view, claim.first, claim.last, present_streams(after, streams))
        main = compared.estimates["main"]
        value, word = main.change, UNDETERMINED
        if not sets.measured or any(map(findings.is_too_short, days)) or main.word == UNDETERMINED:
            value = None
        else:
            word = weaker(main.word, compared.estimates["worst"].word)
            if word == "pass" and findings.is_lowered(names):
                word = "pass, point only"
        detail: dict[str, Json] = {
            **compared.to_json(),
            "findings": sorted(names),
            "method": "ci-1",
            "word": word,
        }
        reason = "no_baseline" if sets.measured else "no_reject_signal"
        return outcome(value, reason, coverage, detail)

    def _period(self, signals: Signals, first: Window) -> Period:
        days = whole_days(signals)
        if self.metric == ENERGY:
            return Period(days, {PLANT: plant_days(signals, self.meters, self.assets, days)})
        found = {}
        for asset in self.assets:
            frozen = _cycles_at_the_beginning(first, asset) if self.metric == OEE else {}
            found[asset] = asset_days(signals, asset, self.metric, days, frozen)
        return Period(days, found)

    def _rule(self, before: Window) -> Rule:
        weekdays = _WEEKDAYS if self.metric == UTILISATION else weekdays_with_a_shift(before)
        return Rule(weekdays, self.gain, self.threshold)

    def _ruled(self, sets: Sets) -> Sequence[str]:
        """Return the assets whose rules are compared: those of the full set, which for energy stand for the plant."""
        return self.assets if self.metric == ENERGY else sets.full


def _cycles_at_the_beginning(before: Window, asset: str) -> Mapping[str, Fraction]:
    """Return the ideal cycles, by product, of the configuration in force at the first ms of the before period."""
    entry = before.runs[0].plant.assets.get(asset)
    return {} if entry is None else {one.id: one.ideal_cycle for one in entry.products}


class _Compared:
    """The estimates of one comparison by their names in the detail, and what they are made of."""

    def __init__(
        self, rule: Rule, periods: Sequence[Period], sets: Sets, exclusions: Exclusions
    ) -> None:
        self._periods = periods
        self._sets = sets
        self._exclusions = exclusions
        self._matched = [period.day_sums(sets.matched) for period in periods]
        self._full = [period.day_sums(sets.full) for period in periods]
        of_main = exclusions.of_main
        measured = (as_measured, as_measured)
        against = (greatest, least) if rule.gain else (least, greatest)
        nothing: frozenset[int] = frozenset()
        self.estimates = {
            name: rule.estimate(
                *(
                    numbered(days, without, one, blind=name == "blind")
                    for days, one in zip(sums, figures, strict=True)
                )
            )
            for name, sums, without, figures in (
                ("main", self._matched, of_main, measured),
                ("with", self._matched, exclusions.days, measured),
                ("without", self._matched, nothing, measured),
                ("full", self._full, of_main, measured),
                ("worst", self._matched, of_main, against),
                ("blind", self._matched, of_main, against),
            )
        }
        self._main = [numbered(days, of_main) or [] for days in self._matched]
        self._drifts = [
            drift(days, weeks_of(period.days))
            for days, period in zip(self._main, periods, strict=True)
        ]

    def findings(self) -> set[str]:
        """Return the names of the findings on days, drift, exclusions, sets and words."""
        names = {
            *findings.of_days([len(days) for days in self._main]),
            *findings.of_drift(self._drifts),
            *findings.of_unknown(self._full),
            *findings.of_words(self.estimates),
        }
        if self._exclusions.late:
            names.add("exclusions.late")
        if self._sets.matched != self._sets.full:
            names.add("set.changed")
        return names

    def to_json(self) -> dict[str, Json]:
        """Return the detail as far as it follows from the days."""
        sides = zip(findings.SIDES, self._drifts, strict=True)
        detail: dict[str, Json] = {
            "assets": list(self._sets.full),
            "drift": {side: one.to_json() for side, one in sides if one is not None},
            "left_out": list(self._sets.left_out),
            "matched": list(self._sets.matched),
        }
        for name, estimate in self.estimates.items():
            detail[name] = estimate.to_json()
        for number, side in enumerate(findings.SIDES):
            detail[side] = self._period_json(number)
        widest = self.estimates["main"].widest
        if widest is not None:
            detail["methods"] = [
                {"df": one.df, "h": printed(one.h), "name": one.name} for one in widest.methods
            ]
            detail["rho"] = text_of(widest.rho)
        return detail

    def _period_json(self, number: int) -> Json:
        """Return the days of a period, and the sums of those that the main estimate counts."""
        days, main = self._matched[number], [pair for _, pair in self._main[number]]
        excluded = self._exclusions.days
        return {
            "d": decimal_text(sum(d for _, d in main)),
            "days": len(days),
            "excluded": sum(day.number in excluded for day in days),
            "n": decimal_text(sum(n for n, _ in main)),
            "unknown": sum(not day.is_valid for day in days),
            "valid": len(main),
        }


def _excluded(claim: Claim, exclusions: Sequence[tuple[str, ...]]) -> tuple[int, ...]:
    """Return the numbers of the dates of exclusions; they must rise, and each have one of three reasons."""
    numbers = []
    for text, reason in exclusions:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
        if day is None or day.isoformat() != text or reason not in _REASONS:
            raise bad_parameter(claim, "date or reason of an exclusion", "剔除日期或原因不合法")
        numbers.append((day - _UNIX_DAY).days)
    if any(not first < second for first, second in pairwise(numbers)):
        raise bad_parameter(claim, "exclusions are not rising", "剔除日期未按先后排列或重复")
    return tuple(numbers)


def plan_before_after(claim: Claim) -> BeforeAfter:
    """Return the plan of a claim; raises `Refusal` (kind "claim") for other parameters."""
    parameters = Parameters(claim)
    metric = parameters.word("metric", (*METRICS, ENERGY))
    sense = parameters.word("sense", ("increase", "reduction"))
    before = parameters.pair("before", low=0, den=1)
    assets = parameters.ids("assets")
    meters = parameters.ids("meters") if metric == ENERGY else ()
    num, den = parameters.pair("threshold", low=0, den=1)
    excluded = _excluded(claim, parameters.objects("exclusions", "date", "reason"))
    parameters.finish("1")
    if before[0] >= before[1]:
        raise bad_parameter(claim, "empty before period", "对比基期为空")
    if before[1] > claim.first:
        raise bad_parameter(
            claim,
            "the before period does not end before the after period begins",
            "对比基期没有在报告期开始之前结束",
        )
    return BeforeAfter(
        claim,
        metric,
        sense == "increase",
        before,
        assets,
        meters,
        Fraction(num, den),
        excluded,
    )
