"""R&D cycle before and after (kpi.md D.3): median and mean of completed projects, by class and at one class mix.

Few projects and no independent draws: counts and spread are printed, no interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from kpi.findings import Finding, disqualify, percent, warn

FEW_PROJECTS: Final = 5


@dataclass(frozen=True, slots=True)
class CycleProject:
    """A completed project: its class and its length in days."""

    project_class: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleSummary:
    """Projects of one class (or of all) in one period, days."""

    count: int
    median: Fraction
    mean: Fraction
    shortest: int
    longest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassChange:
    """One class in both periods; None where a period has no project of it."""

    project_class: str
    before: CycleSummary | None
    after: CycleSummary | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleComparison:
    """Reductions (positive = shorter) as exact fractions; None = disqualified or not to be formed."""

    median: Fraction | None
    mean: Fraction | None
    mean_at_mix_after: Fraction | None
    """Reduction of the mean with the classes weighted as after; None = a class of then is missing before."""
    classes: tuple[ClassChange, ...]
    findings: tuple[Finding, ...]


def compare_cycles(
    before: Sequence[CycleProject], after: Sequence[CycleProject]
) -> CycleComparison:
    """Return the change of the R&D cycle. Projects of 0 days or less are an error of the caller (ValueError)."""
    if any(p.days <= 0 for p in (*before, *after)):
        raise ValueError("a completed project lasts at least one day")
    names = sorted({p.project_class for p in (*before, *after)})
    classes = tuple(
        ClassChange(
            project_class=name,
            before=summary([p.days for p in before if p.project_class == name]),
            after=summary([p.days for p in after if p.project_class == name]),
        )
        for name in names
    )
    old, new = summary([p.days for p in before]), summary([p.days for p in after])
    if old is None or new is None:
        none = disqualify(
            "cycle.no-projects",
            "某一期没有完成的项目。",
            "A period has no completed project.",
            before=len(before),
            after=len(after),
        )
        return CycleComparison(
            median=None, mean=None, mean_at_mix_after=None, classes=classes, findings=(none,)
        )
    mixed = _mean_before_at_mix_after(classes)
    mean = 1 - new.mean / old.mean
    at_mix = None if mixed is None else 1 - new.mean / mixed
    median = 1 - new.median / old.median
    return CycleComparison(
        median=median,
        mean=mean,
        mean_at_mix_after=at_mix,
        classes=classes,
        findings=tuple(_findings(old, new, (median, mean, at_mix))),
    )


def summary(days: Sequence[int]) -> CycleSummary | None:
    """Return count, median (of an even count the mean of the middle two), mean and range; None of nothing."""
    if not days:
        return None
    ordered = sorted(days)
    n = len(ordered)
    return CycleSummary(
        count=n,
        median=Fraction(ordered[(n - 1) // 2] + ordered[n // 2], 2),
        mean=Fraction(sum(ordered), n),
        shortest=ordered[0],
        longest=ordered[-1],
    )


def _mean_before_at_mix_after(classes: Sequence[ClassChange]) -> Fraction | None:
    total = weight = 0
    mean = Fraction(0)
    for one in classes:
        if one.after is None:
            continue
        total += one.after.count
        if one.before is not None:
            weight += one.after.count
            mean += one.after.count * one.before.mean
    return mean / total if total and weight == total else None


def _findings(
    old: CycleSummary, new: CycleSummary, changes: tuple[Fraction, Fraction, Fraction | None]
) -> list[Finding]:
    median, mean, at_mix = changes
    found = [
        warn(
            "cycle.no-interval",
            f"{old.count} 个对 {new.count} 个完成项目：只有算术结果，没有置信区间。",
            f"{old.count} against {new.count} completed projects: arithmetic only, no interval.",
            before=old.count,
            after=new.count,
        )
    ]
    if min(old.count, new.count) < FEW_PROJECTS:
        found.append(
            warn(
                "cycle.few-projects",
                f"某一期少于 {FEW_PROJECTS} 个项目：一个项目就能改变结果。",
                f"A period has fewer than {FEW_PROJECTS} projects: a single one can turn the result.",
                fewest=min(old.count, new.count),
            )
        )
    if (median > 0) != (mean > 0):
        found.append(
            warn(
                "cycle.median-mean",
                f"中位数缩短 {percent(median)}，平均数缩短 {percent(mean)}：方向不一致。",
                f"The median falls by {percent(median)}, the mean by {percent(mean)}: not the same direction.",
                lowers_word=True,
                median=median,
                mean=mean,
            )
        )
    if at_mix is None:
        found.append(
            warn(
                "cycle.classes-differ",
                "报告期有基期没有的项目类别：无法按相同类别结构比较。",
                "The period after has project classes that the period before has not: no comparison at one mix.",
            )
        )
    elif (at_mix > 0) != (mean > 0):
        found.append(
            warn(
                "cycle.simpson",
                f"平均周期缩短 {percent(mean)}，按相同类别结构为 {percent(at_mix)}：方向不一致，变化来自项目类别。",
                f"The mean falls by {percent(mean)}, at one class mix by {percent(at_mix)}: the classes "
                "made the change.",
                lowers_word=True,
                mean=mean,
                at_mix=at_mix,
            )
        )
    return found
