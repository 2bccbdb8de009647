"""Daily values of a ratio metric, and what each date of a period counts as (kpi-audit U11).

A day is valid if time is planned on it and at most a tenth of what the metric needs is unknown. A day with planned time
and no piece at all is valid: leaving it out would reward a standstill.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Final

from kpi.comparison.interval import Day, Sense
from kpi.comparison.periods import Baseline, Reporting, WorkCalendar

_UNKNOWN_SHARE: Final = 10
"""At most planned / 10 may be unknown."""


@dataclass(frozen=True, slots=True)
class DayBounds:
    """The day's (N, D) at its lowest and highest ratio while pieces are unknown (U3)."""

    low: Day
    high: Day | None
    """None = not bounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyValue:
    """One production day of one asset (or of a plant).

    planned, unknown: in one unit of the caller (ms of planned busy time), `unknown` being what the metric needs and
    is not known. bounds: None = no piece is unknown. Raises ValueError for negative numbers or unknown > planned.
    """

    date: date
    n: int
    d: int
    planned: int = 1
    unknown: int = 0
    bounds: DayBounds | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that no day has."""
        if min(self.n, self.d, self.planned, self.unknown) < 0 or self.unknown > self.planned:
            raise ValueError(f"impossible daily value {self}")

    @property
    def measured(self) -> Day:
        """Return (N, D) as measured."""
        return Day(self.n, self.d)


@dataclass(frozen=True, slots=True)
class DailySeries:
    """Daily values of one asset in date order; no value on a date = not in service.

    Raises ValueError if out of order.
    """

    asset: str
    days: tuple[DailyValue, ...]

    def __post_init__(self) -> None:
        """Refuse dates that do not rise."""
        dates = [d.date for d in self.days]
        if any(a >= b for a, b in pairwise(dates)):
            raise ValueError(f"the dates of {self.asset} must rise")


class ExclusionReason(StrEnum):
    """The closed list of reasons for leaving a day out (D.2)."""

    HOLIDAY = "holiday"
    FORCE_MAJEURE = "force_majeure"
    REGISTERED_STOP = "registered_stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Days from `first` to `last` that the enterprise wants left out."""

    first: date
    last: date
    reason: ExclusionReason
    registered_before: bool
    """Whether it stood in the ledger before `first` began."""


class DayStatus(StrEnum):
    """What a date counts as."""

    VALID = "valid"
    NOT_PLANNED = "not_planned"
    UNKNOWN = "unknown"
    """More than a tenth of what the metric needs is unknown."""
    ABSENT = "absent"
    """No value of any asset on a date that should have one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodDay:
    """One date of a period, summed over a set of assets."""

    date: date
    status: DayStatus
    measured: Day
    low: Day
    high: Day | None
    planned: int
    unknown: int
    exclusion: Exclusion | None = None
    """The listed wish to leave it out; it stays listed whatever the main figure does."""

    @property
    def valid(self) -> bool:
        """Return whether the day is valid, exclusions apart."""
        return self.status is DayStatus.VALID

    @property
    def left_out(self) -> bool:
        """Return whether a valid day is left out in the result with exclusions."""
        return self.valid and self.exclusion is not None


def period_days(
    series: Iterable[DailySeries],
    period: Baseline | Reporting,
    exclusions: Sequence[Exclusion] = (),
    calendar: WorkCalendar | None = None,
) -> tuple[PeriodDay, ...]:
    """Return every date of the period with the sums over the series and its status.

    calendar: tells a date without a value that is not planned from one whose value is missing. Source: U11.
    """
    rows: dict[date, list[DailyValue]] = {}
    for one in series:
        for value in one.days:
            if period.first <= value.date <= period.last:
                rows.setdefault(value.date, []).append(value)
    return tuple(
        _period_day(
            day,
            rows.get(day, ()),
            _exclusion_of(day, exclusions),
            expected=calendar is None or calendar.planned(day),
        )
        for day in period.dates()
    )


def matched_assets(
    before: Mapping[str, DailySeries],
    after: Mapping[str, DailySeries],
    periods: tuple[Baseline, Reporting],
) -> tuple[str, ...]:
    """Return the assets in service on every recorded date of both periods and known there, by name.

    Known: over the whole period at most a tenth of the asset's planned time is unknown. Source: U11.
    """
    sides = ((before, periods[0]), (after, periods[1]))
    kept = [_in_service_and_known(series, period) for series, period in sides]
    return tuple(sorted(kept[0] & kept[1]))


def select(days: Iterable[PeriodDay], *, with_exclusions: bool) -> tuple[PeriodDay, ...]:
    """Return the valid days, without those left out if `with_exclusions`."""
    return tuple(d for d in days if d.valid and not (with_exclusions and d.left_out))


def worst_case(days: Iterable[PeriodDay], sense: Sense, *, baseline: bool) -> list[Day] | None:
    """Return the days at the end that speaks against the claim; None if one of them has no bound. Source: U10.

    An increase is judged with B at its highest and A at its lowest ratio, a reduction the other way round.
    """
    lowest = baseline == (sense == "reduction")
    found = []
    for day in days:
        end = day.low if lowest else day.high
        if end is None:
            return None
        found.append(end)
    return found


def _in_service_and_known(
    series: Mapping[str, DailySeries], period: Baseline | Reporting
) -> set[str]:
    inside = {
        name: [d for d in one.days if period.first <= d.date <= period.last]
        for name, one in series.items()
    }
    recorded = {d.date for days in inside.values() for d in days}
    found = set()
    for name, days in inside.items():
        planned, unknown = sum(d.planned for d in days), sum(d.unknown for d in days)
        everywhere = len(days) == len(recorded)
        if everywhere and planned > 0 and unknown * _UNKNOWN_SHARE <= planned:
            found.add(name)
    return found


def _exclusion_of(day: date, exclusions: Sequence[Exclusion]) -> Exclusion | None:
    return next((e for e in exclusions if e.first <= day <= e.last), None)


def _period_day(
    day: date,
    values: Sequence[DailyValue],
    exclusion: Exclusion | None,
    *,
    expected: bool,
) -> PeriodDay:
    planned, unknown = sum(v.planned for v in values), sum(v.unknown for v in values)
    if not values:
        status = DayStatus.ABSENT if expected else DayStatus.NOT_PLANNED
    elif planned == 0:
        status = DayStatus.NOT_PLANNED
    elif unknown * _UNKNOWN_SHARE > planned:
        status = DayStatus.UNKNOWN
    else:
        status = DayStatus.VALID
    highs = [v.measured if v.bounds is None else v.bounds.high for v in values]
    known = [h for h in highs if h is not None]
    return PeriodDay(
        date=day,
        status=status,
        measured=_sum([v.measured for v in values]),
        low=_sum([v.measured if v.bounds is None else v.bounds.low for v in values]),
        high=_sum(known) if len(known) == len(highs) else None,
        planned=planned,
        unknown=unknown,
        exclusion=exclusion,
    )


def _sum(days: Sequence[Day]) -> Day:
    return Day(sum(d.n for d in days), sum(d.d for d in days))
