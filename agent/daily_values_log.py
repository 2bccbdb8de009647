"""Daily values of a metric from the sealed log of a plant, whether its agent runs or not; reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from enum import StrEnum
from typing import Final

from agent.figures import Groups, groups_of
from agent.folders import data_folder
from agent.issue_report import check_span
from agent.log_reader import SealedLog
from agent.reporting import Window
from config.loader import LoadedPlant
from kpi.comparison import Day
from kpi.daily import DailySeries, period_days
from kpi.daily_values import (
    availability_series,
    defect_series,
    energy_series,
    oee_series,
    utilisation_series,
)
from kpi.periods import Baseline
from kpi.workspace import Workspace
from model.errors import PermanentError


class PlannedMetric(StrEnum):
    """Metric whose noise can be estimated from the log."""

    OEE = "oee"
    AVAILABILITY = "availability"
    UTILISATION = "utilisation"
    DEFECTS = "defects"
    ENERGY = "energy"


_PER_ASSET: Final[dict[PlannedMetric, Callable[[Workspace, str], DailySeries | None]]] = {
    PlannedMetric.OEE: oee_series,
    PlannedMetric.AVAILABILITY: availability_series,
    PlannedMetric.UTILISATION: utilisation_series,
    PlannedMetric.DEFECTS: defect_series,
}


def log_daily_values(
    plant: LoadedPlant, window: Window, metric: PlannedMetric
) -> tuple[list[tuple[date, Day]], int]:
    """Return the valid days (date, N and D) of the plant's own group of machines, and the production days of its week.

    Raises PermanentError if the log does not cover the window or the plant does not measure the metric, ConfigError for
    an impossible window.
    """
    log = SealedLog.open(data_folder(plant))
    if not log.index.slots:
        raise PermanentError(
            f"{data_folder(plant).root} holds no sealed minute yet",
            f"{data_folder(plant).root} 中还没有已封存的分钟",
        )
    span = window.span(log.index.slots[0])
    check_span(log, span)
    work = Workspace(log.window(span.first - span.lead, span.last + span.grace), span)
    document = work.parts[-1].document
    series = _series(work, groups_of(document), metric)
    whole = [date.fromisoformat(d.date) for d in work.days if d.whole]
    if not series or not whole:
        raise PermanentError(
            f"{metric.value}: the window holds no whole production day, or the plant does not measure it",
            f"{metric.value}：窗口内没有完整的生产日，或本车间没有测量该指标",
        )
    days = period_days(series, Baseline(whole[0], whole[-1]))
    week = 7 if metric is PlannedMetric.UTILISATION else document.calendar.week_days
    return [(d.date, d.measured) for d in days if d.valid], max(week, 1)


def _series(work: Workspace, groups: Groups, metric: PlannedMetric) -> list[DailySeries]:
    if metric is PlannedMetric.ENERGY:
        if not groups.meters or not groups.metered:
            return []
        return _known([energy_series(work, groups.meters, groups.metered, "plant")])
    return _known(_PER_ASSET[metric](work, asset) for asset in groups.oee)


def _known(series: Iterable[DailySeries | None]) -> list[DailySeries]:
    return [s for s in series if s is not None]
