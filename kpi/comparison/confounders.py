"""Confounders (kpi.md D.5): what else may have moved a figure, named in every report, with what this comparison saw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kpi.bilingual import Bilingual
from kpi.findings import Finding, Severity


class Seen(StrEnum):
    """What a comparison says about a confounder."""

    FLAGGED = "flagged"
    NOT_FLAGGED = "not flagged"
    """A check exists and did not flag it; that is no proof of absence."""
    NOT_CHECKED = "not checked"
    """Data for a check were not given, or no check exists."""


@dataclass(frozen=True, slots=True)
class Confounder:
    """One confounder with the findings that are about it."""

    name: str
    text: Bilingual
    findings: tuple[str, ...] = ()
    """Names, or subjects, of findings that flag it; empty = no check exists."""


@dataclass(frozen=True, slots=True)
class ConfounderNote:
    """A confounder as seen by one comparison."""

    confounder: Confounder
    seen: Seen
    by: tuple[str, ...]
    """Names of the findings that flag it."""


CONFOUNDERS: Final = (
    Confounder(
        "season",
        Bilingual("季节（采暖、制冷、淡旺季）", "season (heating, cooling, peak and slack months)"),
        ("season",),
    ),
    Confounder(
        "ramp-up",
        Bilingual("爬坡与学习效应", "ramp-up and learning"),
        ("drift.after", "nonroutine.step-after"),
    ),
    Confounder(
        "orders",
        Bilingual(
            "订单情况（缺单的设备看起来不可用）",
            "order situation (starved machines look unavailable)",
        ),
    ),
    Confounder(
        "regression-to-the-mean",
        Bilingual(
            "向均值回归（恰好选了差的月份作基期）",
            "regression to the mean (a bad month chosen as baseline)",
        ),
        ("cherry.favourable", "drift.before", "nonroutine.step-before"),
    ),
    Confounder("mix", Bilingual("产品结构", "product mix"), ("mix",)),
    Confounder("prices", Bilingual("价格变化", "price changes"), ("rules.price-list", "twin.sign")),
    Confounder(
        "overtime",
        Bilingual("加班与班次变化", "overtime and change of shifts"),
        ("rules.calendar", "staffing", "plan.downtime-share"),
    ),
    Confounder(
        "inspection",
        Bilingual(
            "检验规则变化（更严的检验使不良品增加）",
            "change of inspection (a stricter one raises defects)",
        ),
        ("rules.inspection",),
    ),
    Confounder(
        "counting",
        Bilingual("计数、节拍或状态定义变化", "change of counting, cycle or state definitions"),
        ("rules.ideal-cycle", "rules.counting", "rules.state-table", "rules.meter-ratio"),
    ),
    Confounder(
        "coverage",
        Bilingual(
            "采集覆盖变化（看得更清楚会使改造后显得更差）",
            "change of coverage (new visibility makes the period after look worse)",
        ),
        (
            "coverage.low",
            "coverage.change",
            "days.unknown-share-before",
            "days.unknown-share-after",
        ),
    ),
    Confounder("machines", Bilingual("设备增减", "machines added or removed"), ("set",)),
)
"""Printed in this order."""


def confounders(
    findings: Iterable[Finding], *, unchecked: Iterable[str] = ()
) -> tuple[ConfounderNote, ...]:
    """Return every confounder and what was seen of it. unchecked: names for which the data of a check are missing."""
    raised = [f.name for f in findings if f.severity is not Severity.NOTE]
    missing = set(unchecked)
    notes = []
    for one in CONFOUNDERS:
        by = tuple(n for n in raised if n in one.findings or n.partition(".")[0] in one.findings)
        if by:
            seen = Seen.FLAGGED
        elif not one.findings or one.name in missing:
            seen = Seen.NOT_CHECKED
        else:
            seen = Seen.NOT_FLAGGED
        notes.append(ConfounderNote(one, seen, by))
    return tuple(notes)
