"""Daily values of a case → days with dates and whole numbers, with a finding where they cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction
from math import lcm

from config.calc.case import CalcCase
from config.calc.context import Context
from config.calc.periods import DayList, PeriodsCase
from config.messages import suggestion
from config.yaml_document import Path
from kpi.calc.periods import PeriodDays, PeriodsInput
from kpi.comparison.compared_metrics import COMPARED
from kpi.comparison.daily import DailyValue, Exclusion
from kpi.comparison.periods import BuildPeriod, WorkCalendar


def periods_input(case: CalcCase, context: Context) -> PeriodsInput | None:
    """Return the comparison that a case asks for; None with findings if it cannot be made, None if there is none."""
    given = case.periods
    if given is None:
        return None
    metric = COMPARED.get(given.metric)
    if metric is None:
        context.stop(
            "periods.unknown-metric",
            ("periods", "metric"),
            f"没有可比较的指标“{given.metric}”；可用：{'、'.join(COMPARED)}",
            f"no metric {given.metric!r} to compare; known: {', '.join(COMPARED)}",
            hint=suggestion(given.metric, COMPARED),
        )
        return None
    calendar = WorkCalendar(
        frozenset(given.weekdays), frozenset(given.holidays), frozenset(given.extra)
    )
    scales = _scales(given)
    before = _period(given.before, ("periods", "before"), calendar, scales, context)
    after = _period(given.after, ("periods", "after"), calendar, scales, context)
    if before is None or after is None:
        return None
    build = given.build
    if build is not None and build.last < build.first:
        context.stop(
            "periods.build-ends-before-it-begins",
            ("periods", "build"),
            f"建设期的结束 {build.last} 早于开始 {build.first}",
            f"the build period ends on {build.last}, before it began on {build.first}",
        )
        return None
    return PeriodsInput(
        metric=metric,
        threshold=given.threshold,
        before=before,
        after=after,
        calendar=calendar,
        as_of=given.as_of or after.last + timedelta(days=1),
        build=None if build is None else BuildPeriod(build.first, build.last),
        exclusions=tuple(
            Exclusion(
                first=e.first, last=e.last, reason=e.reason, registered_before=e.registered_before
            )
            for e in given.exclusions
        ),
        strict=given.strict,
        season=given.season,
    )


def _scales(given: PeriodsCase) -> tuple[int, int]:
    """Return the least factors that make all numerators and all denominators whole; ratios do not change by them."""
    pairs = [*given.before.days, *given.after.days]
    return lcm(*(n.denominator for n, _ in pairs)), lcm(*(d.denominator for _, d in pairs))


def _period(
    days: DayList, path: Path, calendar: WorkCalendar, scales: tuple[int, int], context: Context
) -> PeriodDays | None:
    dates = _dates(days, path, calendar, context)
    if dates is None or not _positive(days.days, path, context):
        return None
    last = days.last or dates[-1]
    if last < dates[-1]:
        context.stop(
            "periods.days-after-the-end",
            (*path, "last"),
            f"最后一个日值在 {dates[-1]}，晚于该期的结束 {last}",
            f"the last daily value is of {dates[-1]}, after the end of the period, {last}",
        )
        return None
    values = tuple(
        DailyValue(date=when, n=_whole(n, scales[0]), d=_whole(d, scales[1]))
        for when, (n, d) in zip(dates, days.days, strict=True)
    )
    return PeriodDays(days.first, last, values)


def _whole(value: Fraction, scale: int) -> int:
    return (value * scale).numerator


def _positive(days: Sequence[tuple[Fraction, Fraction]], path: Path, context: Context) -> bool:
    for i, pair in enumerate(days):
        if min(pair) < 0:
            context.stop(
                "periods.negative",
                (*path, "days", i),
                f"第 {i + 1} 个日值为负：{pair[0]} / {pair[1]}",
                f"daily value {i + 1} is negative: {pair[0]} / {pair[1]}",
            )
            return False
    return True


def _dates(
    days: DayList, path: Path, calendar: WorkCalendar, context: Context
) -> list[date] | None:
    if not days.dates:
        working = _working(days.first, calendar)
        return [next(working) for _ in days.days]
    if len(days.dates) != len(days.days) or list(days.dates) != sorted(set(days.dates)):
        context.stop(
            "periods.dates",
            (*path, "dates"),
            f"dates 应为 {len(days.days)} 个递增且不重复的日期，与 days 一一对应",
            f"dates must be {len(days.days)} rising dates, one for each of days",
        )
        return None
    return list(days.dates)


def _working(first: date, calendar: WorkCalendar) -> Iterator[date]:
    """Yield the working days from a date on; a calendar has at least one weekday, so they never end."""
    day = first
    while True:
        if calendar.planned(day):
            yield day
        day += timedelta(days=1)
