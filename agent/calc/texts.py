"""Words of the calculator's page in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from kpi.bilingual import Bilingual
from kpi.calc.expected import Agreement, Reached
from kpi.calc.findings import Weight
from kpi.calc.needs import Need
from kpi.equipment.counter_steps import Mark
from kpi.slots import Outcome
from model.signal import Role

WEIGHTS: Final[Mapping[Weight, Bilingual]] = MappingProxyType(
    {
        Weight.NOTE: Bilingual("说明", "note"),
        Weight.WARN: Bilingual("警告", "warning"),
        Weight.STOP: Bilingual("不出数", "no figure"),
    }
)
AGREEMENTS: Final[Mapping[Agreement, Bilingual]] = MappingProxyType(
    {
        Agreement.EQUAL: Bilingual("一致", "equal"),
        Agreement.CUT: Bilingual(
            "公布值截去了尾数，未四舍五入",
            "published digits are cut off, not rounded",
        ),
        Agreement.DIFFERS: Bilingual("不一致", "differs"),
        Agreement.UNDEFINED: Bilingual("本案例无此数", "undefined here"),
    }
)
REACHED: Final[Mapping[Reached, Bilingual]] = MappingProxyType(
    {
        Reached.REACHED: Bilingual("达到", "reached"),
        Reached.NOT: Bilingual("未达到", "not reached"),
        Reached.UNDETERMINED: Bilingual(
            "无法判定（范围跨过阈值）",
            "undetermined (the range crosses the threshold)",
        ),
    }
)
NEEDS: Final[Mapping[Need, Bilingual]] = MappingProxyType(
    {
        Need.TIME: Bilingual(
            "time（各类时间），或 events 加 calendar",
            "`time` (sums of time), or `events` with `calendar`",
        ),
        Need.CALENDAR: Bilingual(
            "全部日历时间：time 中的 calendar（或 off、excluded、non_scheduled 等）",
            "all of calendar time: `calendar` in `time` (or off, excluded, non_scheduled …)",
        ),
        Need.COUNTS: Bilingual(
            "counts（件数）或 readings（计数器读数）",
            "`counts` (pieces) or `readings` (counter readings)",
        ),
        Need.IDEAL: Bilingual(
            "products 中的 ideal_cycle（理想节拍）", "`ideal_cycle` in `products`"
        ),
        Need.REJECTS: Bilingual(
            "counts 中的 made 与 scrap，或 good 与 scrap（报废数）",
            "`scrap` in `counts`, beside made or good",
        ),
        Need.FAILURES: Bilingual(
            "time 中的 failures（故障次数），或 events",
            "`failures` in `time`, or `events`",
        ),
        Need.REPAIRS: Bilingual(
            "time 中的 repairs 与 repair_time，或 events",
            "`repairs` and `repair_time` in `time`, or `events`",
        ),
    }
)
MARKS: Final[Mapping[Mark, Bilingual]] = MappingProxyType(
    {
        Mark.SEGMENT: Bilingual("更换或置数：新的一段", "replaced or set: a new segment"),
        Mark.TURNS: Bilingual("可能翻转不止一圈", "may have gone round more than once"),
        Mark.RESTART: Bilingual(
            "设备已证实重启：自初值起计",
            "restart proven: counted from its first value",
        ),
        Mark.CORRECTION: Bilingual("人工回调", "corrected by hand"),
        Mark.LOST: Bilingual(
            "可能翻转未被看见：不计", "may have gone round unseen: nothing is booked"
        ),
        Mark.AMBIGUOUS: Bilingual("翻转，也可能是复位", "rolled over, or reset"),
        Mark.RESET: Bilingual("复位：自初值起计", "reset: counted from its first value"),
        Mark.QUARANTINED: Bilingual("超出最大速率：隔离", "beyond the highest rate: quarantined"),
    }
)
COUNTED: Final[Mapping[Role, Bilingual]] = MappingProxyType(
    {
        Role.COUNT_GOOD: Bilingual("合格", "good"),
        Role.COUNT_SCRAP: Bilingual("报废", "scrap"),
        Role.COUNT_TOTAL: Bilingual("总数", "made"),
        Role.COUNT_REWORK: Bilingual("返工", "rework"),
    }
)
OUTCOMES: Final[Mapping[Outcome, Bilingual]] = MappingProxyType(
    {
        Outcome.ON_TIME: Bilingual("按时", "on time"),
        Outcome.HELD_ALIVE: Bilingual("证实存活", "held alive"),
        Outcome.LATE: Bilingual("迟到", "late"),
        Outcome.BAD_QUALITY: Bilingual("质量不良", "bad quality"),
        Outcome.MISSED_PLANNED: Bilingual("缺：计划停机", "missed: planned"),
        Outcome.MISSED_RECONFIGURED: Bilingual("缺：改配置", "missed: reconfigured"),
        Outcome.MISSED_AGENT: Bilingual("缺：采集程序", "missed: agent"),
        Outcome.MISSED_OVERLOAD: Bilingual("缺：过载", "missed: overload"),
        Outcome.MISSED_NETWORK: Bilingual("缺：网络", "missed: network"),
        Outcome.MISSED_SERVER: Bilingual("缺：服务器", "missed: server"),
        Outcome.MISSED_ITEM: Bilingual("缺：单点", "missed: item"),
        Outcome.MISSED_DEVICE: Bilingual("缺：设备", "missed: device"),
    }
)
SECTIONS: Final[Mapping[str, Bilingual]] = MappingProxyType(
    {
        "findings": Bilingual("发现", "Findings"),
        "times": Bilingual("时间（毫秒精确，按原子）", "Times by atom"),
        "pieces": Bilingual("件数", "Pieces"),
        "figures": Bilingual("设备指标", "Figures of equipment"),
        "steps": Bilingual("计数器逐条判定", "Counter, reading by reading"),
        "given": Bilingual(
            "订单、人员、维护、物料、工序、能力指数",
            "Order, people, maintenance, material, operations",
        ),
        "ratios": Bilingual("台账比率", "Ratios of the registry"),
        "points": Bilingual("采集与上传", "Collection and upload"),
        "energy": Bilingual("能源", "Energy"),
        "loops": Bilingual("自控投用率", "Automatic control"),
        "periods": Bilingual("建设前后", "Before and after"),
        "compared": Bilingual("与公布值对照", "Beside published figures"),
        "judged": Bilingual("阈值", "Thresholds"),
        "missing": Bilingual("还缺什么", "What is missing"),
        "sources": Bilingual("出处", "Sources"),
    }
)
