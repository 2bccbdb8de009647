"""Are the two periods fit to be compared? Findings on their dates and days (kpi.md D.2, kpi-audit E16, U11).

Rules that no official text contains are ours and are printed as ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Final

from kpi.comparison import FEWEST_DAYS, FIRM_DAYS
from kpi.daily import DayStatus, Exclusion, PeriodDay
from kpi.findings import Finding, disqualify, note, percent, warn
from kpi.periods import FEWEST_WEEKS, WEEK, Baseline, BuildPeriod, Reporting, WorkCalendar

MOST_UNKNOWN: Final = Fraction(1, 10)
MOST_MISSING: Final = Fraction(1, 10)
"""CalTRACK 2.0 allows 37 of 365 days."""
_SLACK_DAYS: Final = 6
"""Whole weeks may leave so many days between a period and the cut-out."""
_WEEKDAY: Final = "一二三四五六日"
_ENGLISH: Final = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)


def period_findings(
    baseline: Baseline, reporting: Reporting, build: BuildPeriod | None, as_of: date
) -> list[Finding]:
    """Return what speaks against the dates of the two periods."""
    found: list[Finding] = []
    if reporting.last >= as_of:
        found.append(
            disqualify(
                "period.future",
                f"报告期到 {reporting.last} 才结束，评估日为 {as_of}：尚不能比较。",
                f"The reporting period ends on {reporting.last}, the evaluation is of {as_of}: nothing to "
                "compare yet.",
                last=reporting.last,
                as_of=as_of,
            )
        )
    if baseline.last >= reporting.first:
        found.append(
            disqualify(
                "period.order",
                f"基期（止于 {baseline.last}）必须早于报告期（始于 {reporting.first}）。",
                f"The baseline (to {baseline.last}) must lie before the reporting period (from {reporting.first}).",
                baseline_last=baseline.last,
                reporting_first=reporting.first,
            )
        )
    found += _length(baseline, reporting)
    if build is None:
        found.append(
            warn(
                "period.no-build-dates",
                "未给出车间建设开始和完成时间，无法核对两期是否紧邻建设期。",
                "The dates of the build period are not given, so nobody can see whether both periods adjoin it.",
                lowers_grade=True,
            )
        )
    else:
        found += _adjoining(baseline, reporting, build)
    return found


def _length(baseline: Baseline, reporting: Reporting) -> list[Finding]:
    found: list[Finding] = []
    shortest = min(baseline.days, reporting.days)
    if shortest < FEWEST_WEEKS * WEEK:
        found.append(
            disqualify(
                "period.too-short",
                f"每期至少 {FEWEST_WEEKS} 周（{FEWEST_WEEKS * WEEK} 天），较短的一期只有 {shortest} 天。",
                f"Each period needs at least {FEWEST_WEEKS} weeks ({FEWEST_WEEKS * WEEK} days); the shorter "
                f"has {shortest} days.",
                baseline_days=baseline.days,
                reporting_days=reporting.days,
            )
        )
    if not (baseline.whole_weeks and reporting.whole_weeks):
        found.append(
            warn(
                "period.not-whole-weeks",
                f"两期应由完整的周组成（基期 {baseline.days} 天，报告期 {reporting.days} 天），否则星期构成不同。",
                f"Both periods should be whole weeks ({baseline.days} and {reporting.days} days), or their "
                "weekdays differ.",
                lowers_word=True,
                baseline_days=baseline.days,
                reporting_days=reporting.days,
            )
        )
    if baseline.days != reporting.days:
        found.append(
            warn(
                "period.unequal-weeks",
                f"两期长度不等：基期 {baseline.days} 天，报告期 {reporting.days} 天。",
                f"The periods differ in length: {baseline.days} days before, {reporting.days} after.",
                lowers_word=True,
                baseline_days=baseline.days,
                reporting_days=reporting.days,
            )
        )
    if baseline.first.isoweekday() != reporting.first.isoweekday():
        found.append(
            warn(
                "period.weekday-mismatch",
                f"两期起始星期不同：{baseline.first} 为星期{_WEEKDAY[baseline.first.weekday()]}，"
                f"{reporting.first} 为星期{_WEEKDAY[reporting.first.weekday()]}。",
                f"The periods start on different weekdays: {_ENGLISH[baseline.first.weekday()]} {baseline.first}, "
                f"{_ENGLISH[reporting.first.weekday()]} {reporting.first}.",
                lowers_word=True,
                baseline_weekday=baseline.first.isoweekday(),
                reporting_weekday=reporting.first.isoweekday(),
            )
        )
    return found


def _adjoining(baseline: Baseline, reporting: Reporting, build: BuildPeriod) -> list[Finding]:
    if baseline.last >= build.cut_first or reporting.first <= build.cut_last:
        return [
            disqualify(
                "period.in-build",
                f"建设期前后各 7 天（{build.cut_first} 至 {build.cut_last}）不得计入任何一期："
                f"基期止于 {baseline.last}，报告期始于 {reporting.first}。",
                f"The build period with seven days on either side ({build.cut_first} to {build.cut_last}) "
                "belongs to neither "
                f"period: the baseline ends on {baseline.last}, the reporting period starts on {reporting.first}.",
                baseline_last=baseline.last,
                reporting_first=reporting.first,
            )
        ]
    before = (build.cut_first - baseline.last).days - 1
    after = (reporting.first - build.cut_last).days - 1
    if max(before, after) <= _SLACK_DAYS:
        return []
    return [
        warn(
            "period.not-adjoining",
            f"两期应紧邻建设期：基期与其相隔 {before} 天，报告期与其相隔 {after} 天（因取整周可相隔至多 "
            f"{_SLACK_DAYS} 天）。",
            f"The periods should adjoin the build period: {before} days lie between it and the baseline, "
            f"{after} before the "
            f"reporting period (whole weeks explain at most {_SLACK_DAYS}).",
            lowers_grade=True,
            days_before=before,
            days_after=after,
        )
    ]


def day_findings(
    before: Sequence[PeriodDay], after: Sequence[PeriodDay], valid: tuple[int, int]
) -> list[Finding]:
    """Return what speaks against the days. valid: valid days of the main figure, before and after."""
    found = _count(valid)
    for side, zh, en, days in (
        ("before", "基期", "baseline", before),
        ("after", "报告期", "reporting period", after),
    ):
        planned, unknown = sum(d.planned for d in days), sum(d.unknown for d in days)
        if planned and Fraction(unknown, planned) > MOST_UNKNOWN:
            share = Fraction(unknown, planned)
            found.append(
                warn(
                    f"days.unknown-share-{side}",
                    f"{zh}计划时间中有 {percent(share)} 未知（超过 {percent(MOST_UNKNOWN)}）。",
                    f"{percent(share)} of the planned time of the {en} is unknown (more than "
                    f"{percent(MOST_UNKNOWN)}).",
                    lowers_word=True,
                    lowers_grade=True,
                    share=share,
                )
            )
        ratios = {
            Fraction(d.measured.n, d.measured.d) for d in days if d.valid and d.measured.d > 0
        }
        if len(ratios) == 1 and sum(d.valid for d in days) > 1:
            found.append(
                warn(
                    f"days.no-variation-{side}",
                    f"{zh}每一天的数值完全相同：实测数据不会如此。",
                    f"Every day of the {en} has the very same value: measured data do not look like this.",
                    lowers_word=True,
                    lowers_grade=True,
                    value=next(iter(ratios)),
                )
            )
    return found


def _count(valid: tuple[int, int]) -> list[Finding]:
    fewest = min(valid)
    if fewest < FEWEST_DAYS:
        return [
            disqualify(
                "days.too-few",
                f"每期至少 {FEWEST_DAYS} 个有效日，现有 {valid[0]} 和 {valid[1]} 个。",
                f"Each period needs at least {FEWEST_DAYS} valid days; there are {valid[0]} and {valid[1]}.",
                before=valid[0],
                after=valid[1],
            )
        ]
    if fewest < FIRM_DAYS:
        return [
            warn(
                "days.provisional",
                f"每期 {FIRM_DAYS} 个有效日以上才能给出确定结论，现有 {valid[0]} 和 {valid[1]} 个：结论为暂定。",
                f"A firm word needs {FIRM_DAYS} valid days in each period; there are {valid[0]} and "
                f"{valid[1]}: provisional.",
                lowers_word=True,
                before=valid[0],
                after=valid[1],
            )
        ]
    return []


def missing_findings(days: Sequence[PeriodDay], calendar: WorkCalendar, side: str) -> list[Finding]:
    """Return the finding on planned dates without a valid value. side: "before" or "after"."""
    planned = [d for d in days if calendar.planned(d.date)]
    absent = [d.date for d in planned if d.status is DayStatus.ABSENT]
    unusable = [d.date for d in planned if not d.valid]
    if not planned or not unusable:
        return []
    share = Fraction(len(unusable), len(planned))
    period = {"before": ("基期", "baseline"), "after": ("报告期", "reporting period")}[side]
    zh = (
        f"{period[0]}按日历有 {len(planned)} 个生产日，其中 {len(unusable)} 日无有效数据"
        f"（{len(absent)} 日完全没有数据）。"
    )
    en = (
        f"Of {len(planned)} production days of the calendar of the {period[1]}, {len(unusable)} have no valid value "
        f"({len(absent)} have none at all)."
    )
    if share <= MOST_MISSING and not absent:
        return [note(f"days.missing-{side}", zh, en, planned=len(planned), unusable=len(unusable))]
    return [
        warn(
            f"days.missing-{side}",
            zh,
            en,
            lowers_word=share > MOST_MISSING,
            lowers_grade=True,
            planned=len(planned),
            unusable=len(unusable),
            absent=len(absent),
        )
    ]


def holiday_findings(
    baseline: Baseline, reporting: Reporting, calendars: tuple[WorkCalendar, WorkCalendar]
) -> list[Finding]:
    """Return the finding on unequal numbers of holidays on working weekdays."""
    counts = [
        sum(d.isoweekday() in c.weekdays and d in c.holidays for d in p.dates())
        for p, c in ((baseline, calendars[0]), (reporting, calendars[1]))
    ]
    if counts[0] == counts[1]:
        return []
    return [
        warn(
            "days.holidays-unequal",
            f"基期有 {counts[0]} 个节假日，报告期有 {counts[1]} 个：节前节后的生产可能不同。",
            f"{counts[0]} holidays before, {counts[1]} after: production around holidays may differ.",
            before=counts[0],
            after=counts[1],
        )
    ]


def exclusion_findings(
    before: Sequence[PeriodDay],
    after: Sequence[PeriodDay],
    exclusions: Sequence[Exclusion],
) -> list[Finding]:
    """Return the findings on excluded days: registered late, or more of them on one side."""
    found: list[Finding] = []
    late = [e for e in exclusions if not e.registered_before]
    if late:
        found.append(
            warn(
                "exclusions.registered-late",
                f"{len(late)} 条剔除（首条 {late[0].first} 起）未在开始前登记：主结果不采用任何剔除。",
                f"{len(late)} exclusions (the first from {late[0].first}) were not registered before they "
                "began: the main figure "
                "leaves nothing out.",
                lowers_grade=True,
                late=len(late),
                first=late[0].first,
            )
        )
    out = [sum(d.left_out for d in days) for days in (before, after)]
    if out[0] != out[1]:
        found.append(
            warn(
                "exclusions.unequal",
                f"基期剔除 {out[0]} 个有效日，报告期剔除 {out[1]} 个：请对照含与不含剔除的两个结果。",
                f"{out[0]} valid days are left out before and {out[1]} after: compare the results with and "
                "without exclusions.",
                before=out[0],
                after=out[1],
            )
        )
    return found
