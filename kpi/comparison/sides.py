"""Both periods over the machines of the main figure: their days, and whether the excluded ones are left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kpi.comparison.daily import DailySeries, PeriodDay, matched_assets, period_days, select
from kpi.comparison.data import BaselineData, ReportingData
from kpi.comparison.periods import WorkCalendar


@dataclass(frozen=True, slots=True)
class Sides:
    """Both periods with their days over the matched machines."""

    before: BaselineData
    after: ReportingData
    matched: tuple[str, ...]
    assets: tuple[str, ...]
    days: tuple[tuple[PeriodDay, ...], tuple[PeriodDay, ...]]
    leaves_out: bool
    calendars: tuple[WorkCalendar, WorkCalendar]

    def days_of(self, names: Sequence[str]) -> tuple[tuple[PeriodDay, ...], tuple[PeriodDay, ...]]:
        """Return the dates of both periods over some machines."""
        return (
            period_days(
                chosen(self.before.series, names),
                self.before.period,
                self.before.exclusions,
                self.calendars[0],
            ),
            period_days(
                chosen(self.after.series, names),
                self.after.period,
                self.after.exclusions,
                self.calendars[1],
            ),
        )

    @property
    def valid(self) -> tuple[int, int]:
        """Return the numbers of valid days of the main figure."""
        b, a = (len(select(d, with_exclusions=self.leaves_out)) for d in self.days)
        return b, a


def sides_of(
    before: BaselineData, after: ReportingData, calendars: tuple[WorkCalendar, WorkCalendar]
) -> Sides:
    """Return both periods over the matched machines.

    Excluded days are left out of the main figure only if every exclusion was registered before it began. Source: U11.
    """
    matched = matched_assets(before.by_asset, after.by_asset, (before.period, after.period))
    assets = tuple(sorted(before.by_asset.keys() | after.by_asset.keys()))
    exclusions = (*before.exclusions, *after.exclusions)
    leaves_out = bool(exclusions) and all(e.registered_before for e in exclusions)
    bare = Sides(before, after, matched, assets, ((), ()), leaves_out, calendars)
    return replace(bare, days=bare.days_of(matched))


def chosen(series: Iterable[DailySeries], names: Sequence[str]) -> list[DailySeries]:
    """Return the series of some machines."""
    return [s for s in series if s.asset in names]
