"""What a comparison is made of: the data of both periods, the facts around them, the wishes of the caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from kpi.comparison.compared_metrics import ComparedMetric, RuleKind
from kpi.comparison.daily import DailySeries, Exclusion
from kpi.comparison.nonroutine import NonRoutineEvent
from kpi.comparison.periods import Baseline, BuildPeriod, Reporting, WorkCalendar
from kpi.grades import Origin


@dataclass(frozen=True, slots=True)
class Rule:
    """One value of a definition that was in force in a period; several values of one subject are several rules."""

    kind: RuleKind
    subject: str
    """Asset, meter, or `*`."""
    value: str
    """The value as text, an exact fraction as num/den."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodFacts:
    """What is known of a period besides its daily values; None or empty = not known, and said so where it matters."""

    origin: Origin = Origin.MEASURED
    simulated: bool = False
    coverage: tuple[tuple[str, Fraction], ...] = ()
    """Slot coverage 0…1 of the points that the metric uses, by asset (kpi-audit E21)."""
    rules: tuple[Rule, ...] = ()
    planned_downtime_ms: int | None = None
    """pm + brk."""
    planned_operation_ms: int | None = None
    """POT = PBT + pm + brk."""
    mix: tuple[tuple[str, int], ...] = ()
    """Ideal time in ms by product."""
    attended: Fraction | None = None
    """Attended hours a production day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _PeriodData:
    """Daily values by asset; those outside the period serve the cherry-pick index only."""

    series: tuple[DailySeries, ...]
    exclusions: tuple[Exclusion, ...] = ()
    facts: PeriodFacts = field(default_factory=PeriodFacts)

    @property
    def by_asset(self) -> Mapping[str, DailySeries]:
        """Return the series by asset."""
        return {s.asset: s for s in self.series}


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineData(_PeriodData):
    """Measured or imported daily values before the build period."""

    period: Baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportingData(_PeriodData):
    """Daily values after the build period."""

    period: Reporting


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredBaseline:
    """A figure that stands for a baseline nobody measured: the agent arrived with the retrofit.

    value: the ratio N/D before the build period, in the unit of the reporting ratio; origin: imported with originals
    (grade C) or declared (grade D).
    """

    value: Fraction
    origin: Origin = Origin.IMPORTED
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A second line whose sign must agree: TEEP beside OEE, pieces an attended hour beside yuan."""

    metric: ComparedMetric
    before: tuple[DailySeries, ...]
    after: tuple[DailySeries, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is compared with what, and when.

    threshold: fraction of one, 0.1 = 10 %; strict: None = only a threshold of 0 must be exceeded; as_of: the day of
    the evaluation (nothing reads a clock); sealed_before: the baseline was sealed before the reporting period began.
    """

    metric: ComparedMetric
    threshold: Fraction
    calendar: WorkCalendar
    """Of the baseline; its weekdays are w of U8."""
    as_of: date
    calendar_after: WorkCalendar | None = None
    """None = the same."""
    build: BuildPeriod | None = None
    strict: bool | None = None
    season: bool | None = None
    """None = as the metric says."""
    sealed_before: bool = False
    events: tuple[NonRoutineEvent, ...] = ()
    twin: Twin | None = None
