"""Catalogue of metric ids: one name everywhere, for figures, schemes, forms, imports and calculations.

An id is lower-case with hyphens. `X-before` is the same metric over the period before; a `…-change` is the exact change
before → after (increase: A/B − 1, reduction: 1 − A/B), positive when it is better. A metric `by_year` is written with
its year: `revenue-2020`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kpi.schemes.clauses import SourceClass

_YEAR: Final = re.compile(r"(?P<id>.+)-(?P<year>(?:19|20)[0-9]{2})")
BEFORE: Final = "-before"


class Better(StrEnum):
    """Which direction of the figure itself is the better one."""

    UP = "up"
    DOWN = "down"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric."""

    id: str
    zh: str
    en: str
    unit: str
    """"%" for a ratio (its figure is the exact fraction: 9/10 for 90 %), else the unit of the figure."""
    better: Better
    sources: tuple[SourceClass, ...]
    stood_in_by: str = ""
    """A figure of the log that answers for the metric as long as none of its own is given, or empty."""
    by_year: bool = False


def metric_of(name: str) -> Metric | None:
    """Return the metric that a figure's name stands for: an id, an id with `-before`, an id by year; else None."""
    if name in METRICS:
        return METRICS[name]
    if name.endswith(BEFORE):
        return METRICS.get(name.removesuffix(BEFORE))
    match = _YEAR.fullmatch(name)
    found = METRICS.get(match["id"]) if match else None
    return found if found is not None and found.by_year else None


_CLASSES: Final = {c.value: c for c in SourceClass}


def _metric(  # noqa: PLR0917 - the columns of a table
    name: str,
    zh: str,
    en: str,
    unit: str,
    better: str,
    sources: str,
    *,
    stood_in_by: str = "",
    by_year: bool = False,
) -> Metric:
    classes = tuple(_CLASSES[letter] for letter in sources)
    return Metric(name, zh, en, unit, Better(better), classes, stood_in_by, by_year)


_MEASURED: Final = (
    _metric("upload-rate", "信息的上传率", "information upload rate", "%", "up", "MR"),
    _metric("networked", "设备联网率（实测）", "networked ratio, observed", "%", "up", "MR"),
    _metric("nc-ratio", "数控装备占生产装备总数的比例", "NC share of production equipment", "%", "up", "R"),
    _metric("oee", "设备综合效率 OEE", "OEE", "%", "up", "MR"),
    _metric("oee-by-product", "设备综合效率 OEE（分产品，带上下界）", "OEE by product, with bounds", "%", "up", "M"),
    _metric("oee-change", "设备综合效率 OEE 变化", "change of OEE", "%", "up", "MR"),
    _metric("utilisation", "日历利用率", "calendar utilisation", "%", "up", "MR"),
    _metric("utilisation-change", "日历利用率变化", "change of calendar utilisation", "%", "up", "MR"),
    _metric("availability", "可用率（iso22400 口径）", "availability (profile iso22400)", "%", "up", "MR"),
    _metric("availability-change", "可用率变化", "change of availability", "%", "up", "MR"),
    _metric("energy-per-piece", "单位合格品电耗", "energy per good piece", "Wh/件", "down", "M"),
    _metric("energy-change", "单位合格品电耗降低", "reduction of energy per good piece", "%", "up", "M"),
    _metric("unit-energy", "单位生产能耗", "energy per piece, standard coal", "tce/件", "down", "MI"),
    _metric(
        "energy-utilisation-change", "能源利用率提高（按单耗下降）",
        "better energy utilisation, read as the drop of unit consumption", "%", "up", "MI",
        stood_in_by="energy-change",
    ),
    _metric(
        "energy-utilisation-gain", "能源利用率提高（按利用率，即单耗倒数）",
        "better energy utilisation, read as the inverse of unit consumption", "%", "up", "MI",
    ),
    _metric("defect-rate", "产品不良品率", "defect rate", "%", "down", "MI"),
    _metric("defect-change", "产品不良品率降低", "reduction of the defect rate", "%", "up", "MI"),
)  # fmt: skip
_REGISTRY: Final = (
    _metric("smart-share", "自动化、智能化设备占全部设备比重", "smart equipment / all equipment", "%", "up", "R"),
    _metric(
        "smart-share-of-production", "自动化、智能化装备占生产装备比重（台账）",
        "smart equipment / production equipment, by the registry", "%", "up", "R",
    ),
    _metric(
        "smart-networked-share", "联网的自动化、智能化设备占其总数的比重",
        "networked smart equipment / smart equipment", "%", "up", "MR",
    ),
    _metric(
        "smart-declared-networked", "台账申报联网的自动化、智能化装备占其总数的比重",
        "smart equipment declared as networked / smart equipment", "%", "up", "R",
    ),
    _metric(
        "production-networked-of-smart", "生产设备联网数占智能化、自动化设备总量的比例",
        "networked production equipment / smart equipment (may exceed 100 %)", "%", "up", "MR",
    ),
    _metric(
        "declared-networked-of-smart", "台账申报联网的生产装备数占自动化、智能化装备总量的比例",
        "production equipment declared as networked / smart equipment (may exceed 100 %)", "%", "up", "R",
    ),
    _metric("key-equipment-networked", "关键设备联网率", "networked share of key equipment", "%", "up", "MR"),
    _metric("manufacturing-nc-rate", "制造装备数控化率", "NC rate of manufacturing equipment", "%", "up", "R"),
    _metric(
        "manufacturing-nc-change", "装备数控化率提高", "change of the NC rate of equipment", "%", "up", "R"
    ),
    _metric("key-equipment-nc-rate", "关键设备数控化率", "NC rate of key equipment", "%", "up", "R"),
    _metric(
        "key-process-nc-rate", "关键工序数控化率（按设备）", "NC rate of key processes, by equipment", "%", "up", "R"
    ),
    _metric(
        "key-process-nc-rate-by-process", "关键工序数控化率（按工序）", "NC rate of key processes, by process",
        "%", "up", "R",
    ),
    _metric("digital-equipment-rate", "数字化设备比率", "share of digital equipment", "%", "up", "R"),
    _metric(
        "data-acquisition-rate", "生产工艺数据自动数采率（静态）",
        "process data required and acquired automatically, static", "%", "up", "R",
    ),
    _metric(
        "data-acquisition-coverage", "生产工艺数据自动数采率（时隙覆盖）",
        "process data acquired automatically, slot coverage", "%", "up", "MR",
    ),
    _metric("equipment-data-rate", "设备数据采集率", "equipment data acquisition rate", "%", "up", "MR"),
    _metric(
        "automatic-control-rate", "自控投用率（按时间）", "loops in automatic, weighted by time", "%", "up", "MR"
    ),
    _metric("automatic-control-rate-static", "自控投用率（静态）", "loops in automatic, static", "%", "up", "R"),
    _metric("digital-workshop-count", "数字化车间个数", "digital workshops", "个", "up", "R"),
    _metric("digital-lines", "数字化生产线条数", "digital production lines", "条", "up", "R"),
    _metric("total-equipment", "全部设备台套数", "all equipment, sets", "台套", "neither", "R"),
    _metric("smart-equipment", "自动化、智能化设备台套（产线）数", "smart equipment, sets", "台套", "up", "R"),
    _metric("smart-networked", "自动化、智能化设备联网数", "networked smart equipment, sets", "台套", "up", "MR"),
    _metric(
        "robots-and-machine-tools", "工业机器人和机床数量", "industrial robots and machine tools", "台", "up", "R"
    ),
    _metric(
        "local-robots-and-machine-tools", "本地产工业机器人和机床数量",
        "locally made industrial robots and machine tools", "台", "neither", "RI",
    ),
)  # fmt: skip
_IMPORTED: Final = (
    _metric("operating-cost", "运营成本", "operating cost", "万元/天", "down", "I"),
    _metric("operating-cost-change", "运营成本降低", "reduction of operating cost", "%", "up", "I"),
    _metric("unit-cost-change", "单位产品成本降低", "reduction of cost per product", "%", "up", "I"),
    _metric("productivity", "人均产出水平", "output per person and day", "元/人/天", "up", "I"),
    _metric("productivity-change", "生产效率提高", "increase of production efficiency", "%", "up", "I"),
    _metric(
        "physical-productivity-change", "人时产出（件或定额工时）提高",
        "increase of pieces or standard hours per attended hour", "%", "up", "MI",
    ),
    _metric("rd-cycle-change", "产品研发周期缩短", "reduction of the R&D cycle", "%", "up", "I"),
    _metric("rd-tool-rate", "研发设计工具普及率", "R&D design tool penetration", "%", "up", "I"),
    _metric(
        "sales-growth-change-points", "销售增长率提高（百分点）", "sales growth rate, percentage points", "%", "up", "I"
    ),
    _metric("sales-growth-change-relative", "销售增长率提高（相对）", "sales growth rate, relative", "%", "up", "I"),
    _metric("sales-growth-change-sales", "销售额提高", "sales, relative", "%", "up", "I"),
    _metric("inventory-turnover-change", "库存周转率提升", "increase of stock turns", "%", "up", "I"),
    _metric("on-time-delivery-change", "订单准时交付率提升", "increase of on-time delivery", "%", "up", "I"),
    _metric("order-cycle-change", "订单完成周期缩短", "reduction of the order cycle", "%", "up", "I"),
    _metric("logistics-cost-change", "物流成本占比降低", "reduction of the share of logistics cost", "%", "up", "I"),
    _metric("staff-change", "优化人员比例", "share of staff optimised", "%", "neither", "I"),
    _metric("resource-utilisation-change", "资源综合利用率提升", "increase of resource utilisation", "%", "up", "I"),
    _metric("platform-enterprises", "协同平台接入企业数量", "enterprises on the platform", "个", "up", "I"),
    _metric("planned-investment", "预计设备和软件投资", "planned investment", "万元", "neither", "I"),
    _metric("done-investment", "已完成投资", "investment done", "万元", "neither", "I"),
    _metric("headcount-before", "建设前人数", "staff before", "人", "neither", "I"),
    _metric("headcount-after", "建成后人数", "staff after", "人", "neither", "I"),
    _metric("revenue", "销售（营业）收入", "revenue", "万元", "neither", "I", by_year=True),
    _metric("profit", "利润", "profit", "万元", "neither", "I", by_year=True),
    _metric("tax", "税收（税金）", "tax", "万元", "neither", "I", by_year=True),
    _metric("total-assets", "资产总额", "total assets", "万元", "neither", "I", by_year=True),
    _metric("debt-ratio", "负债率", "debt ratio", "%", "down", "I", by_year=True),
    _metric("profit-ratio", "利润率", "profit ratio", "%", "up", "I", by_year=True),
    _metric("output-value", "年度产出", "output value of a year", "万元", "neither", "I", by_year=True),
    _metric("maturity-level", "智能制造能力成熟度等级", "maturity level (GB/T 39116)", "级", "up", "P"),
    _metric("major-accidents", "近三年重大事故次数", "major accidents in three years", "次", "down", "P"),
)  # fmt: skip

METRICS: Final = {m.id: m for m in (*_MEASURED, *_REGISTRY, *_IMPORTED)}
"""Every metric by id."""
