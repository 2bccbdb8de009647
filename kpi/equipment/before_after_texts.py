"""The findings of `before-after/2` in words (claims.md §5): what is so, and what it does to the word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kpi.bilingual import Bilingual
from kpi.equipment.before_after_findings import SIDES, lowers

_SIDE_ZH: Final = {"before": "改造前", "after": "改造后"}
_ONCE: Final = {
    "days.provisional": (
        "有效日不足 60 天，结论是暂时的",
        "fewer than 60 valid days: the word is provisional",
    ),
    "days.unknown-decide": (
        "未计入的日期若取不利值，结论会不同",
        "days that do not count would change the word if taken at their worst",
    ),
    "exclusions.late": (
        "剔除的日期没有全部事先登记，主结果不剔除任何日期",
        "not every excluded day was registered before it: the main figure excludes none",
    ),
    "exclusions.decide": ("结论取决于是否剔除日期", "whether days are excluded decides the word"),
    "period.unequal": ("两期天数不等", "the periods have different numbers of days"),
    "period.weekday": ("两期从不同的星期几开始", "the periods begin on different weekdays"),
    "rules.calendar": ("两期的班次或休息不同", "shifts or breaks differ between the periods"),
    "rules.counting": ("两期的计数规则不同", "the rules of counting differ between the periods"),
    "rules.ideal-cycle": (
        "两期的产品或理想节拍不同",
        "products or ideal cycles differ between the periods",
    ),
    "rules.state-table": (
        "两期的状态判定不同",
        "the mapping of states differs between the periods",
    ),
    "set.changed": ("并非所有设备在两期都可比", "not every device can be compared in both periods"),
    "set.full-differs": (
        "全部设备与可比设备的结论不同",
        "all devices and the comparable ones give different words",
    ),
    "unknown.pieces": (
        "计数空缺与未知时间取不利值时结论不同",
        "gaps of counters and unknown time, taken at their worst, give another word",
    ),
}
_OF_A_SIDE: Final = {
    "drift.trend": (
        "有趋势：数值在期内持续升或降",
        "has a trend: the metric rises or falls within it",
    ),
    "drift.persistent": ("逐周相关：好坏各成一段", "is persistent from week to week"),
    "drift.not-tested": (
        "完整周不足 8 周，趋势未检验",
        "has fewer than 8 complete weeks: drift is not tested",
    ),
    "period.too-short": (
        "不足 28 个完整生产日，不作结论",
        "has fewer than 28 whole days: there is no word",
    ),
    "period.not-whole-weeks": ("不是整周", "is no number of whole weeks"),
    "unknown.share": ("未知时间超过十分之一", "is unknown for more than a tenth of its time"),
}
TEXTS: Final[Mapping[str, Bilingual]] = {
    name: Bilingual(zh, en) for name, (zh, en) in _ONCE.items()
} | {
    f"{name}-{side}": Bilingual(f"{_SIDE_ZH[side]}：{zh}", f"the period {side} {en}")
    for name, (zh, en) in _OF_A_SIDE.items()
    for side in SIDES
}
"""Every finding by name."""


def effect_of(name: str) -> Bilingual:
    """Return what a finding does to the word."""
    if name.startswith("period.too-short"):
        return Bilingual("没有结论", "no word")
    if lowers([name]):
        return Bilingual("结论至多为“点值达标”", "the word is at best pass, point only")
    if name == "unknown.pieces":
        return Bilingual("取两者中较弱的结论", "the weaker word of both is taken")
    return Bilingual("只列出，不改结论", "told; the word stays")
