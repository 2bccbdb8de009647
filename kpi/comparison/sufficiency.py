"""Do the days of the two periods carry a comparison? (kpi.md D.2, kpi-audit E16, U11).

Rules that no official text contains are ours and are printed as ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from kpi.comparison.daily import DayStatus, Exclusion, PeriodDay
from kpi.comparison.interval import FEWEST_DAYS, FIRM_DAYS
from kpi.comparison.periods import Baseline, Reporting, WorkCalendar
from kpi.findings import Finding, disqualify, note, percent, warn

MOST_UNKNOWN: Final = Fraction(1, 10)
MOST_MISSING: Final = Fraction(1, 10)
"""CalTRACK 2.0 allows 37 of 365 days."""


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
                    days=sum(d.valid for d in days),
                )
            )
    return found


def valid_after_findings(valid: int) -> list[Finding]:
    """Return the finding on too few valid days of a reporting period that has no measured baseline."""
    if valid >= FEWEST_DAYS:
        return []
    return [
        disqualify(
            "days.too-few",
            f"报告期至少 {FEWEST_DAYS} 个有效日，现有 {valid} 个。",
            f"The reporting period needs at least {FEWEST_DAYS} valid days; there are {valid}.",
            after=valid,
        )
    ]


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
