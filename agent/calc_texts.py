"""Words of the calculator's page in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from kpi.calc.expected import Agreement, Reached
from kpi.calc.findings import Weight
from kpi.calc.needs import Need
from kpi.equipment.counter_steps import Mark
from kpi.slots import Outcome
from model.signal import Role

Words = tuple[str, str]
"""Chinese, English."""


def of(words: Words, language: str) -> str:
    """Return the words in a language."""
    return words[0] if language.startswith("zh") else words[1]


WEIGHTS: Final[Mapping[Weight, Words]] = MappingProxyType(
    {
        Weight.NOTE: ("说明", "note"),
        Weight.WARN: ("警告", "warning"),
        Weight.STOP: ("不出数", "no figure"),
    }
)
AGREEMENTS: Final[Mapping[Agreement, Words]] = MappingProxyType(
    {
        Agreement.EQUAL: ("一致", "equal"),
        Agreement.CUT: (
            "公布值截去了尾数，未四舍五入",
            "published digits are cut off, not rounded",
        ),
        Agreement.DIFFERS: ("不一致", "differs"),
        Agreement.UNDEFINED: ("本案例无此数", "undefined here"),
    }
)
REACHED: Final[Mapping[Reached, Words]] = MappingProxyType(
    {
        Reached.REACHED: ("达到", "reached"),
        Reached.NOT: ("未达到", "not reached"),
        Reached.UNDETERMINED: (
            "无法判定（范围跨过阈值）",
            "undetermined (the range crosses the threshold)",
        ),
    }
)
NEEDS: Final[Mapping[Need, Words]] = MappingProxyType(
    {
        Need.TIME: (
            "time（各类时间），或 events 加 calendar",
            "`time` (sums of time), or `events` with `calendar`",
        ),
        Need.CALENDAR: (
            "全部日历时间：time 中的 calendar（或 off、excluded、non_scheduled 等）",
            "all of calendar time: `calendar` in `time` (or off, excluded, non_scheduled …)",
        ),
        Need.COUNTS: (
            "counts（件数）或 readings（计数器读数）",
            "`counts` (pieces) or `readings` (counter readings)",
        ),
        Need.IDEAL: ("products 中的 ideal_cycle（理想节拍）", "`ideal_cycle` in `products`"),
        Need.REJECTS: (
            "counts 中的 made 与 scrap，或 good 与 scrap（报废数）",
            "`scrap` in `counts`, beside made or good",
        ),
        Need.FAILURES: (
            "time 中的 failures（故障次数），或 events",
            "`failures` in `time`, or `events`",
        ),
        Need.REPAIRS: (
            "time 中的 repairs 与 repair_time，或 events",
            "`repairs` and `repair_time` in `time`, or `events`",
        ),
    }
)
MARKS: Final[Mapping[Mark, Words]] = MappingProxyType(
    {
        Mark.SEGMENT: ("更换或置数：新的一段", "replaced or set: a new segment"),
        Mark.TURNS: ("可能翻转不止一圈", "may have gone round more than once"),
        Mark.RESTART: (
            "设备已证实重启：自初值起计",
            "restart proven: counted from its first value",
        ),
        Mark.CORRECTION: ("人工回调", "corrected by hand"),
        Mark.LOST: ("可能翻转未被看见：不计", "may have gone round unseen: nothing is booked"),
        Mark.AMBIGUOUS: ("翻转，也可能是复位", "rolled over, or reset"),
        Mark.RESET: ("复位：自初值起计", "reset: counted from its first value"),
        Mark.QUARANTINED: ("超出最大速率：隔离", "beyond the highest rate: quarantined"),
    }
)
COUNTED: Final[Mapping[Role, Words]] = MappingProxyType(
    {
        Role.COUNT_GOOD: ("合格", "good"),
        Role.COUNT_SCRAP: ("报废", "scrap"),
        Role.COUNT_TOTAL: ("总数", "made"),
        Role.COUNT_REWORK: ("返工", "rework"),
    }
)
OUTCOMES: Final[Mapping[Outcome, Words]] = MappingProxyType(
    {
        Outcome.ON_TIME: ("按时", "on time"),
        Outcome.HELD_ALIVE: ("证实存活", "held alive"),
        Outcome.LATE: ("迟到", "late"),
        Outcome.BAD_QUALITY: ("质量不良", "bad quality"),
        Outcome.MISSED_PLANNED: ("缺：计划停机", "missed: planned"),
        Outcome.MISSED_RECONFIGURED: ("缺：改配置", "missed: reconfigured"),
        Outcome.MISSED_AGENT: ("缺：采集程序", "missed: agent"),
        Outcome.MISSED_OVERLOAD: ("缺：过载", "missed: overload"),
        Outcome.MISSED_NETWORK: ("缺：网络", "missed: network"),
        Outcome.MISSED_SERVER: ("缺：服务器", "missed: server"),
        Outcome.MISSED_ITEM: ("缺：单点", "missed: item"),
        Outcome.MISSED_DEVICE: ("缺：设备", "missed: device"),
    }
)
SECTIONS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "findings": ("发现", "Findings"),
        "times": ("时间（毫秒精确，按原子）", "Times by atom"),
        "pieces": ("件数", "Pieces"),
        "figures": ("设备指标", "Figures of equipment"),
        "steps": ("计数器逐条判定", "Counter, reading by reading"),
        "given": (
            "订单、人员、维护、物料、工序、能力指数",
            "Order, people, maintenance, material, operations",
        ),
        "ratios": ("台账比率", "Ratios of the registry"),
        "points": ("采集与上传", "Collection and upload"),
        "energy": ("能源", "Energy"),
        "loops": ("自控投用率", "Automatic control"),
        "periods": ("建设前后", "Before and after"),
        "compared": ("与公布值对照", "Beside published figures"),
        "judged": ("阈值", "Thresholds"),
        "missing": ("还缺什么", "What is missing"),
        "sources": ("出处", "Sources"),
    }
)
