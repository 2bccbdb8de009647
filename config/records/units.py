"""Units that headers of tables print."""

from __future__ import annotations

from typing import Final

from config.records.columns import Unit

UNITS: Final = {
    unit.zh: unit
    for unit in (
        Unit("万元", "10k yuan", ("10k cny", "ten thousand yuan", "万", "万元人民币")),
        Unit("元", "yuan", ("cny", "rmb", "元人民币")),
        Unit("元/件", "yuan/piece", ("cny/piece",)),
        Unit("%", "%", ("percent", "百分比")),
        Unit("天", "days", ("日", "d")),
        Unit("月", "months", ("个月",)),
        Unit("小时", "hours", ("工时", "时", "h")),
        Unit("小时/件", "hours/piece", ("工时/件", "h/件")),
        Unit("人", "persons", ("people",)),
        Unit("人日", "person-days", ("人天", "人·天", "person days")),
        Unit("件", "pieces", ("个", "台", "套", "pcs", "piece")),
        Unit("台套", "sets", ("台（套）", "台", "套", "set")),
        Unit("起", "accidents", ("次", "cases")),
    )
}
"""By the Chinese name."""
