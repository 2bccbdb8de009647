"""A baseline and a reporting period from the sealed rows of two windows, ready for `compare`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final

from kpi.comparison.compared_metrics import (
    AVAILABILITY,
    DEFECT_RATE,
    ENERGY,
    OEE,
    TEEP,
    UTILISATION,
    ComparedMetric,
)
from kpi.comparison.daily import DailySeries, Exclusion
from kpi.comparison.daily_values import (
    availability_series,
    defect_series,
    energy_series,
    oee_series,
    teep_series,
    utilisation_series,
)
from kpi.comparison.data import BaselineData, ReportingData
from kpi.comparison.period_facts import period_facts
from kpi.comparison.periods import Baseline, Reporting, WorkCalendar
from kpi.document import Calendar
from kpi.workspace import Workspace
from model.errors import PermanentError

_PER_ASSET: Final[Mapping[str, Callable[[Workspace, str], DailySeries | None]]] = {
    OEE.id: oee_series,
    TEEP.id: teep_series,
    AVAILABILITY.id: availability_series,
    UTILISATION.id: utilisation_series,
    DEFECT_RATE.id: defect_series,
}
PLANT: Final = "plant"
"""Name of the one series of a metric that is not measured machine by machine."""


def measured_series(
    work: Workspace, metric: ComparedMetric, assets: Sequence[str], meters: Sequence[str] = ()
) -> tuple[DailySeries, ...]:
    """Return the daily values of the metric by asset; assets that do not measure it are left out.

    Energy is one series of all meters and assets. Raises PermanentError for a metric that is not in the log.
    """
    if metric.id == ENERGY.id:
        found = energy_series(work, meters, assets, PLANT)
        return () if found is None else (found,)
    if metric.id not in _PER_ASSET:
        raise PermanentError(
            f"{metric.en} is not measured by machines; it comes from imported records",
            f"{metric.zh}不由设备测量，来自导入的记录",
        )
    series = (_PER_ASSET[metric.id](work, asset) for asset in sorted(set(assets)))
    return tuple(s for s in series if s is not None)


def measured_baseline(
    work: Workspace,
    metric: ComparedMetric,
    assets: Sequence[str],
    *,
    meters: Sequence[str] = (),
    exclusions: Sequence[Exclusion] = (),
    simulated: bool,
) -> BaselineData:
    """Return the baseline over the whole production days of a window; raises PermanentError if it has none."""
    first, last = _whole_days(work)
    return BaselineData(
        period=Baseline(first, last),
        series=measured_series(work, metric, assets, meters),
        exclusions=tuple(exclusions),
        facts=period_facts(work, assets, meters=meters, simulated=simulated),
    )


def measured_reporting(
    work: Workspace,
    metric: ComparedMetric,
    assets: Sequence[str],
    *,
    meters: Sequence[str] = (),
    exclusions: Sequence[Exclusion] = (),
    simulated: bool,
) -> ReportingData:
    """Return the reporting period over the whole production days of a window; PermanentError if it has none."""
    first, last = _whole_days(work)
    return ReportingData(
        period=Reporting(first, last),
        series=measured_series(work, metric, assets, meters),
        exclusions=tuple(exclusions),
        facts=period_facts(work, assets, meters=meters, simulated=simulated),
    )


def work_calendar(calendar: Calendar) -> WorkCalendar:
    """Return weekdays with a shift and holidays of a configured calendar."""
    weekdays = frozenset[int]().union(*(s.weekdays for s in calendar.shifts))
    return WorkCalendar(weekdays, frozenset(date.fromisoformat(d) for d in calendar.holidays))


def _whole_days(work: Workspace) -> tuple[date, date]:
    days = [date.fromisoformat(d.date) for d in work.days if d.whole]
    if not days:
        raise PermanentError("the window holds no whole production day", "窗口内没有完整的生产日")
    return days[0], days[-1]
