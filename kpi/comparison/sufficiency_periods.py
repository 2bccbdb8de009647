"""Do the dates of the two periods fit a comparison? (kpi.md D.2, kpi-audit E16).

Rules that no official text contains are ours and are printed as ours.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from kpi.comparison.periods import FEWEST_WEEKS, WEEK, Baseline, BuildPeriod, Reporting
from kpi.findings import Finding, disqualify, warn

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


def reporting_findings(
    reporting: Reporting, build: BuildPeriod | None, as_of: date
) -> list[Finding]:
    """Return what speaks against the reporting period alone, as far as its dates go (a declared baseline has none)."""
    found = future_findings(reporting, as_of)
    if reporting.days < FEWEST_WEEKS * WEEK:
        found.append(
            disqualify(
                "period.too-short",
                f"报告期至少 {FEWEST_WEEKS} 周（{FEWEST_WEEKS * WEEK} 天），只有 {reporting.days} 天。",
                f"The reporting period needs at least {FEWEST_WEEKS} weeks ({FEWEST_WEEKS * WEEK} days); it has "
                f"{reporting.days} days.",
                reporting_days=reporting.days,
            )
        )
    if build is not None and reporting.first <= build.cut_last:
        found.append(
            disqualify(
                "period.in-build",
                f"建设期及其后 7 天（至 {build.cut_last}）不得计入报告期（始于 {reporting.first}）。",
                f"The build period and seven days after it (to {build.cut_last}) do not belong to the reporting period "
                f"(from {reporting.first}).",
                reporting_first=reporting.first,
            )
        )
    return found


def future_findings(reporting: Reporting, as_of: date) -> list[Finding]:
    """Return the finding on a reporting period that is not over on the day of the evaluation."""
    if reporting.last < as_of:
        return []
    return [
        disqualify(
            "period.future",
            f"报告期到 {reporting.last} 才结束，评估日为 {as_of}：尚不能比较。",
            f"The reporting period ends on {reporting.last}, the evaluation is of {as_of}: nothing to compare "
            "yet.",
            last=reporting.last,
            as_of=as_of,
        )
    ]


def period_findings(
    baseline: Baseline, reporting: Reporting, build: BuildPeriod | None, as_of: date
) -> list[Finding]:
    """Return what speaks against the dates of the two periods."""
    found = future_findings(reporting, as_of)
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
