"""Daily values of a metric from the sealed log of a plant, whether its agent runs or not; reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from agent.folders import data_folder
from agent.log_reader import SealedLog
from agent.reporting.figures import groups_of
from agent.reporting.issue_report import check_span
from agent.reporting.run import Window
from config.loader import LoadedPlant
from kpi.comparison.compared_metrics import AVAILABILITY, DEFECT_RATE, ENERGY, OEE, UTILISATION
from kpi.comparison.daily import period_days
from kpi.comparison.interval import Day
from kpi.comparison.measured_periods import measured_baseline
from kpi.workspace import Workspace
from model.errors import PermanentError


class PlannedMetric(StrEnum):
    """Metric whose noise can be estimated from the log."""

    OEE = "oee"
    AVAILABILITY = "availability"
    UTILISATION = "utilisation"
    DEFECTS = "defects"
    ENERGY = "energy"


_METRICS: Final = {
    PlannedMetric.OEE: OEE,
    PlannedMetric.AVAILABILITY: AVAILABILITY,
    PlannedMetric.UTILISATION: UTILISATION,
    PlannedMetric.DEFECTS: DEFECT_RATE,
    PlannedMetric.ENERGY: ENERGY,
}


@dataclass(frozen=True, slots=True)
class LogDays:
    """Valid days of the plant's own group of machines."""

    days: tuple[tuple[date, Day], ...]
    week_days: int
    """Production days of a week."""
    simulated: bool


def log_daily_values(plant: LoadedPlant, window: Window, metric: PlannedMetric) -> LogDays:
    """Return the valid days of a stretch of the log with their numerators and denominators.

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
    groups, compared = groups_of(document), _METRICS[metric]
    energy = metric is PlannedMetric.ENERGY
    data = measured_baseline(
        work,
        compared,
        groups.metered if energy else groups.oee,
        meters=groups.meters if energy else (),
        simulated=log.head.origin.simulated,
    )
    if not data.series:
        raise PermanentError(
            f"{metric.value}: this plant does not measure it",
            f"{metric.value}：本车间没有测量该指标",
        )
    days = period_days(data.series, data.period)
    week = 7 if compared.calendar_time else document.calendar.week_days
    return LogDays(
        days=tuple((d.date, d.measured) for d in days if d.valid),
        week_days=max(week, 1),
        simulated=log.head.origin.simulated,
    )
