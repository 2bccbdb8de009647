"""Stock turns, logistics share, comprehensive use of resources: formulas ours (criteria-audit O21 e: none official)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from kpi.records.change import (
    Sense,
    Side,
    change_figure,
    level_figures,
    points_reading,
    quotient_side,
)
from kpi.records.figure import Note, Record, RecordFigure, Words, exact, missing, total
from kpi.records.months import Chosen, chosen, comparability
from kpi.records.periods import RecordPeriods
from kpi.records.rows import InventoryMonth, LogisticsMonth, ResourceMonth

TURNS = Words(
    "Σ 销售成本 × 12 ÷ 月数 ÷ 月均库存的平均（次/年）",
    "Σ cost of sales × 12 ÷ months ÷ mean of the monthly stock (turns a year)",
)
SHARE = Words(
    "Σ 物流成本 ÷ Σ 企业运营成本", "Σ logistics cost ÷ Σ operating cost of the enterprise"
)
USE = Words(
    "Σ 综合利用量 ÷ Σ 总量（申报方口径）",
    "Σ used ÷ Σ total of the resource (applicant's definition)",
)


def inventory(
    records: Sequence[Record[InventoryMonth]], periods: RecordPeriods
) -> dict[str, RecordFigure]:
    """Return `inventory-turnover` (次/年) before and after and its relative increase."""
    what = Words("库存", "inventory")

    def side(c: Chosen[InventoryMonth]) -> Side:
        if c.fault is not None:
            return Side(c.fault, "", c.records)
        cost = sum((r.row.cost_of_sales for r in c.records), Fraction(0))
        stock = [r.row.stock for r in c.records]
        n = len(stock)
        return quotient_side(
            cost * 12 / n,
            sum(stock, Fraction(0)) / n,
            numbers=f"{exact(cost)} × 12 ÷ {n} ÷ ({total(stock)} ÷ {n})",
            used=c.records,
            nothing=missing("平均库存为 0", "the mean stock is 0"),
            notes=c.notes,
        )

    if not records:
        return {}
    after = chosen(records, periods.after, what)
    before = None if periods.before is None else chosen(records, periods.before, what)
    sides = (None if before is None else side(before), side(after))
    found = level_figures("inventory-turnover", *sides, unit="次/年", formula=TURNS)
    if before is not None and sides[0] is not None:
        found["inventory-turnover-change"] = change_figure(
            "inventory-turnover-change",
            sides[0],
            sides[1],
            Sense.INCREASE,
            formula=TURNS,
            notes=comparability(before.months, after.months),
        )
    return found


def logistics(
    records: Sequence[Record[LogisticsMonth]], periods: RecordPeriods
) -> dict[str, RecordFigure]:
    """Return `logistics-cost-share` before and after and `logistics-cost-change` (relative; points beside it)."""
    what = Words("物流成本", "logistics cost")

    def side(c: Chosen[LogisticsMonth]) -> Side:
        if c.fault is not None:
            return Side(c.fault, "", c.records)
        part = sum((r.row.logistics for r in c.records), Fraction(0))
        whole = sum((r.row.operating_cost for r in c.records), Fraction(0))
        return quotient_side(
            part,
            whole,
            numbers=f"{exact(part)} ÷ {exact(whole)}",
            used=c.records,
            nothing=missing("企业运营成本为 0", "the operating cost is 0"),
            notes=c.notes,
        )

    if not records:
        return {}
    after = chosen(records, periods.after, what)
    before = None if periods.before is None else chosen(records, periods.before, what)
    sides = (None if before is None else side(before), side(after))
    found = level_figures("logistics-cost-share", *sides, unit="1", formula=SHARE)
    if before is not None and sides[0] is not None:
        found["logistics-cost-change"] = change_figure(
            "logistics-cost-change",
            sides[0],
            sides[1],
            Sense.REDUCTION,
            formula=SHARE,
            readings=(points_reading(sides[0].value, sides[1].value, Sense.REDUCTION),),
            notes=comparability(before.months, after.months),
        )
    return found


def resource_use(
    records: Sequence[Record[ResourceMonth]], periods: RecordPeriods
) -> dict[str, RecordFigure]:
    """Return `resource-utilisation` before and after and its relative increase; one resource and unit only."""
    what = Words("资源综合利用", "use of resources")
    kinds = sorted({f"{r.row.resource}（{r.row.unit}）" for r in records})

    def side(c: Chosen[ResourceMonth]) -> Side:
        fault = c.fault
        if fault is None and len(kinds) > 1:
            names = "、".join(kinds)
            fault = missing(
                f"有多种资源，数量不能相加：{names}", f"several resources do not add: {names}"
            )
        if fault is not None:
            return Side(fault, "", c.records)
        used = sum((r.row.used for r in c.records), Fraction(0))
        everything = sum((r.row.total for r in c.records), Fraction(0))
        return quotient_side(
            used,
            everything,
            numbers=f"{exact(used)} ÷ {exact(everything)}",
            used=c.records,
            nothing=missing("总量为 0", "the total is 0"),
            notes=c.notes,
        )

    if not records:
        return {}
    after = chosen(records, periods.after, what)
    before = None if periods.before is None else chosen(records, periods.before, what)
    sides = (None if before is None else side(before), side(after))
    found = level_figures("resource-utilisation", *sides, unit="1", formula=USE)
    if before is not None and sides[0] is not None:
        found["resource-utilisation-change"] = change_figure(
            "resource-utilisation-change",
            sides[0],
            sides[1],
            Sense.INCREASE,
            formula=USE,
            readings=(points_reading(sides[0].value, sides[1].value, Sense.INCREASE),),
            notes=(
                Note(
                    "records.formula-not-said",
                    Words("原文没有公式，按申报方口径", "no official formula: the applicant's"),
                ),
                *comparability(before.months, after.months),
            ),
        )
    return found
