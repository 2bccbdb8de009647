"""Claim `before-after/2` (docs/formats/claims.md §5): change of a metric, and what speaks against it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from kpi.claims import ClaimResult, ComparisonClaim, Json, result
from kpi.comparison.drift import Drift, drift
from kpi.comparison.estimate import Judging
from kpi.comparison.interval import Day, Word, lowered, weaker
from kpi.decimals import stored
from kpi.equipment.before_after_days import UTILISATION, asset_days
from kpi.equipment.before_after_estimates import Days, SetEstimate, estimate
from kpi.equipment.before_after_exclusions import Exclusions, exclusions_of
from kpi.equipment.before_after_findings import (
    SIDES,
    drift_findings,
    is_too_short,
    lowers,
    period_findings,
    provisional_findings,
    share_findings,
    word_findings,
)
from kpi.equipment.before_after_plant import ENERGY, PLANT, plant_days
from kpi.equipment.before_after_rules import changed_rules
from kpi.equipment.before_after_sets import ComparedPeriod, End, SetDay, Sets, chosen_days, sets_of
from kpi.equipment.production_days import date_of, whole_production_days
from kpi.equipment.space import EquipmentSpace, equipment_space
from kpi.exact import written
from kpi.reasons import Reason
from kpi.workspace import Workspace

_CALENDAR_WEEK: Final = 7


def equipment_comparison(
    before: Workspace, after: Workspace, request: ComparisonClaim
) -> ClaimResult:
    """Return the change of the main estimate with all the others, the findings and the word.

    Raises PermanentError for an unknown asset, or an exclusion that is no whole production day of a period.
    """
    works = (before, after)
    for work in works:
        work.require(request.assets, "assets")
        work.require(request.meters, "meters")
    spaces = [equipment_space(work) for work in works]
    periods = [_period(space, request, spaces[0]) for space in spaces]
    names = (PLANT,) if request.metric == ENERGY else tuple(sorted(set(request.assets)))
    sets = sets_of(periods, names)
    days = [p.days for p in periods]
    exclusions = exclusions_of(request.exclusions, list(zip(works, days, strict=True)))
    found = _Compared(_judging(before, request), periods, sets, exclusions)
    ruled = sorted(set(request.assets)) if request.metric == ENERGY else sets.full
    findings = {
        *found.findings(),
        *period_findings(days),
        *changed_rules(works, ruled, request.meters),
    }
    main, worst = found.estimates["main"], found.estimates["worst"]
    value: Fraction | None = None
    word = Word.UNDETERMINED
    short = any(map(is_too_short, days))
    if sets.measured and not short and main.word is not Word.UNDETERMINED:
        value, word = main.change, weaker(main.word, worst.word)
        word = lowered(word) if lowers(findings) else word
    detail: dict[str, Json] = {
        **found.detail(),
        "findings": sorted(findings),
        "method": "ci-1",
        "word": word.value,
    }
    return result(value, Reason.NO_BASELINE if sets.measured else Reason.NO_REJECT_SIGNAL, detail)


def _period(
    space: EquipmentSpace, request: ComparisonClaim, first: EquipmentSpace
) -> ComparedPeriod:
    days = whole_production_days(space.work, space.plans)
    assets = sorted(set(request.assets))
    if request.metric == ENERGY:
        meters = sorted(set(request.meters))
        return ComparedPeriod(days, {PLANT: plant_days(space, meters, assets, days)})
    return ComparedPeriod(
        days, {a: asset_days(space, a, request.metric, days, first) for a in assets}
    )


def _judging(before: Workspace, request: ComparisonClaim) -> Judging:
    """Return how changes are judged: a week of calendar time has seven days, else those that have a shift."""
    week = before.parts[0].document.calendar.week_days
    return Judging(
        sense=request.sense,
        threshold=request.threshold,
        week_days=_CALENDAR_WEEK if request.metric == UTILISATION else week,
    )


class _Compared:
    """The estimates of one comparison by their names in the detail, and what they are made of."""

    def __init__(
        self,
        judging: Judging,
        periods: Sequence[ComparedPeriod],
        sets: Sets,
        exclusions: Exclusions,
    ) -> None:
        self._sets = sets
        self._exclusions = exclusions
        self._matched = [p.set_days(sets.matched) for p in periods]
        self._full = [p.set_days(sets.full) for p in periods]
        main = exclusions.of_main
        against = (End.GREATEST, End.LEAST)
        if judging.sense == "reduction":
            against = (End.LEAST, End.GREATEST)
        measured = (End.MEASURED, End.MEASURED)

        def of(
            sums: Sequence[Sequence[SetDay]],
            left_out: frozenset[int],
            ends: tuple[End, End],
            *,
            blind: bool = False,
        ) -> SetEstimate:
            sides: list[Days] = [
                chosen_days(days, left_out, end, blind=blind)
                for days, end in zip(sums, ends, strict=True)
            ]
            return estimate(sides[0], sides[1], judging)

        self.estimates = {
            "main": of(self._matched, main, measured),
            "with": of(self._matched, exclusions.days, measured),
            "without": of(self._matched, frozenset(), measured),
            "full": of(self._full, main, measured),
            "worst": of(self._matched, main, against),
            "blind": of(self._matched, main, against, blind=True),
        }
        self._main = [chosen_days(days, main, End.MEASURED) or [] for days in self._matched]
        self._drifts = [
            _drift(period, days) for period, days in zip(periods, self._main, strict=True)
        ]

    def findings(self) -> set[str]:
        """Return the findings on days, drift, exclusions, sets and words."""
        found = {
            *provisional_findings([len(days) for days in self._main]),
            *drift_findings(self._drifts),
            *share_findings(self._full),
            *word_findings(self.estimates),
        }
        if self._exclusions.late:
            found.add("exclusions.late")
        if self._sets.matched != self._sets.full:
            found.add("set.changed")
        return found

    def detail(self) -> dict[str, Json]:
        """Return the detail as far as it follows from the days."""
        found: dict[str, Json] = {
            "assets": list(self._sets.full),
            "drift": {
                side: _drift_detail(one)
                for side, one in zip(SIDES, self._drifts, strict=True)
                if one is not None
            },
            "left_out": list(self._sets.left_out),
            "matched": list(self._sets.matched),
        }
        found |= {name: one.detail for name, one in self.estimates.items()}
        found |= {side: self._period_detail(i) for i, side in enumerate(SIDES)}
        interval = self.estimates["main"].interval
        if interval is not None:
            found["methods"] = [
                {"df": m.df, "h": stored(m.half_width), "name": m.name} for m in interval.methods
            ]
            found["rho"] = written(interval.rho)
        return found

    def _period_detail(self, number: int) -> Json:
        days, main = self._matched[number], self._main[number]
        return {
            "d": str(sum(day.d for _, day in main)),
            "days": len(days),
            "excluded": sum(day.number in self._exclusions.days for day in days),
            "n": str(sum(day.n for _, day in main)),
            "unknown": sum(not day.is_valid for day in days),
            "valid": len(main),
        }


def _drift(period: ComparedPeriod, days: Sequence[tuple[int, Day]]) -> Drift | None:
    if not period.days:
        return None
    dated = [(date_of(number), day) for number, day in days]
    return drift(dated, period.days[0].date, period.days[-1].date)


def _drift_detail(found: Drift) -> Json:
    return {
        "persistent": found.persistent,
        "slope": written(found.slope),
        "trend": found.trend,
        "weeks": found.weeks,
    }
