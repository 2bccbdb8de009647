"""Which metrics can be compared day by day (kpi.md D.3): direction, what changes their meaning, whether season acts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kpi.comparison.interval import Sense


class RuleKind(StrEnum):
    """What a figure is defined by, besides the machine's data; it should be the same in both periods."""

    IDEAL_CYCLE = "ideal_cycle"
    CALENDAR = "calendar"
    COUNTING = "counting"
    """Which counters count, and in which unit."""
    INSPECTION = "inspection"
    """What makes a piece a reject; a machine does not know it, the quality department does."""
    STATE_TABLE = "state_table"
    METER_RATIO = "meter_ratio"
    LABOUR_SCOPE = "labour_scope"
    """Whose hours are attended hours."""
    PRICE_LIST = "price_list"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedMetric:
    """One metric that is a ratio of daily sums."""

    id: str
    zh: str
    en: str
    sense: Sense
    numerator: str
    denominator: str
    breaking: frozenset[RuleKind]
    """Changes that make the two periods two different figures: no result."""
    calendar_time: bool = False
    """Whether D is calendar time, so that every day in service counts and a week has seven days."""
    seasonal: bool = False
    """Whether season acts unless the caller says otherwise."""


_COUNT: Final = frozenset({RuleKind.COUNTING})
_STATE: Final = frozenset({RuleKind.STATE_TABLE})

OEE: Final = ComparedMetric(
    id="oee-change",
    zh="设备综合效率 OEE",
    en="OEE",
    sense="increase",
    numerator="Σ ideal cycle · good pieces, ms",
    denominator="planned busy time, ms",
    breaking=_COUNT | {RuleKind.IDEAL_CYCLE},
)
TEEP: Final = ComparedMetric(
    id="teep-change",
    zh="完全有效生产率 TEEP",
    en="TEEP",
    sense="increase",
    numerator="Σ ideal cycle · good pieces, ms",
    denominator="time in service, ms",
    breaking=_COUNT | {RuleKind.IDEAL_CYCLE},
    calendar_time=True,
)
AVAILABILITY: Final = ComparedMetric(
    id="availability-change",
    zh="时间开动率",
    en="availability",
    sense="increase",
    numerator="actual production time, ms",
    denominator="planned busy time, ms",
    breaking=_STATE,
)
UTILISATION: Final = ComparedMetric(
    id="utilisation-change",
    zh="日历利用率",
    en="calendar utilisation",
    sense="increase",
    numerator="actual production time, ms",
    denominator="time in service, ms",
    breaking=_STATE,
    calendar_time=True,
)
DEFECT_RATE: Final = ComparedMetric(
    id="defect-change",
    zh="不良品率",
    en="defect rate",
    sense="reduction",
    numerator="defective pieces",
    denominator="pieces made",
    breaking=_COUNT | {RuleKind.INSPECTION},
)
ENERGY: Final = ComparedMetric(
    id="energy-change",
    zh="单位合格品能耗",
    en="energy per good piece",
    sense="reduction",
    numerator="energy, Wh",
    denominator="good pieces (or standard pieces)",
    breaking=_COUNT,
    seasonal=True,
)
PRODUCTIVITY: Final = ComparedMetric(
    id="productivity-change",
    zh="劳动生产率（元）",
    en="productivity in yuan",
    sense="increase",
    numerator="output value at the constant price list",
    denominator="attended person-days",
    breaking=frozenset({RuleKind.LABOUR_SCOPE, RuleKind.PRICE_LIST}),
)
PHYSICAL_PRODUCTIVITY: Final = ComparedMetric(
    id="physical-productivity-change",
    zh="劳动生产率（实物）",
    en="physical productivity",
    sense="increase",
    numerator="pieces or standard hours earned",
    denominator="attended hours",
    breaking=_COUNT | {RuleKind.LABOUR_SCOPE},
)

COMPARED: Final = {
    m.id: m
    for m in (
        OEE,
        TEEP,
        AVAILABILITY,
        UTILISATION,
        DEFECT_RATE,
        ENERGY,
        PRODUCTIVITY,
        PHYSICAL_PRODUCTIVITY,
    )
}
"""By metric id."""
