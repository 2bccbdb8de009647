"""Operating cost per day and per unit (运营成本, 单位产品成本) from monthly records with their cost elements.

Readings of kpi.md A.7 no. 9, ours: working days, the elements as imported, which must be the same before and after.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from kpi.records.change import Sense, Side, change, change_figure, level_figures, quotient_side
from kpi.records.figure import (
    Note,
    OtherReading,
    Record,
    RecordFigure,
    Words,
    exact,
    missing,
    total,
)
from kpi.records.months import Chosen, chosen, comparability
from kpi.records.periods import RecordPeriods
from kpi.records.rows import CostElement, CostMonth
from model.ratio import Ratio, Undefined

WHAT = Words("运营成本", "operating cost")
PER_DAY = Words(
    "Σ 运营成本（所列要素）÷ Σ 工作日", "Σ operating cost (elements listed) ÷ Σ working days"
)
PER_UNIT = Words(
    "Σ 运营成本（所列要素）÷ Σ 合格产量", "Σ operating cost (elements listed) ÷ Σ good output"
)

ELEMENT_NAMES: dict[CostElement, Words] = {
    CostElement.MATERIAL: Words("直接材料", "direct material"),
    CostElement.LABOUR: Words("直接人工", "direct labour"),
    CostElement.ENERGY: Words("能源动力", "energy"),
    CostElement.DEPRECIATION: Words("折旧", "depreciation"),
    CostElement.MAINTENANCE: Words("维修", "maintenance"),
    CostElement.CONSUMABLES: Words("物料消耗", "consumables"),
    CostElement.LOGISTICS: Words("物流", "logistics"),
    CostElement.ADMINISTRATION: Words("管理费用", "administration"),
    CostElement.OTHER: Words("其他", "other"),
}

Costs = Chosen[CostMonth]


def operating_cost(
    records: Sequence[Record[CostMonth]], periods: RecordPeriods
) -> dict[str, RecordFigure]:
    """Return `operating-cost` (万元/天), `unit-cost` (万元/件), both before and after, and their reductions."""
    if not records:
        return {}
    after = chosen(records, periods.after, WHAT)
    before = None if periods.before is None else chosen(records, periods.before, WHAT)
    day_after, unit_after = _per_day(after), _per_unit(after)
    day_before = None if before is None else _per_day(before)
    unit_before = None if before is None else _per_unit(before)
    found = level_figures("operating-cost", day_before, day_after, unit="万元/天", formula=PER_DAY)
    found |= level_figures("unit-cost", unit_before, unit_after, unit="万元/件", formula=PER_UNIT)
    if before is None or day_before is None or unit_before is None:
        return found
    refused = _element_fault(before, after)
    notes = (*comparability(before.months, after.months), *_volume_notes(before, after))
    found["operating-cost-change"] = change_figure(
        "operating-cost-change",
        day_before,
        day_after,
        Sense.REDUCTION,
        formula=PER_DAY,
        readings=(_calendar_reading(before, after),),
        notes=notes,
        refused=refused,
    )
    found["unit-cost-change"] = change_figure(
        "unit-cost-change",
        unit_before,
        unit_after,
        Sense.REDUCTION,
        formula=PER_UNIT,
        notes=notes,
        refused=refused,
    )
    return found


def _cost(records: Sequence[Record[CostMonth]]) -> Fraction:
    return sum((sum(r.row.elements.values(), Fraction(0)) for r in records), Fraction(0))


def _elements(records: Sequence[Record[CostMonth]]) -> frozenset[CostElement]:
    return frozenset(e for r in records for e in r.row.elements)


def _listed(elements: frozenset[CostElement]) -> Words:
    names = [ELEMENT_NAMES[e] for e in CostElement if e in elements]
    return Words("、".join(n.zh for n in names), ", ".join(n.en for n in names))


def _element_note(records: Sequence[Record[CostMonth]]) -> Note:
    inside = _listed(_elements(records))
    outside = _listed(frozenset(CostElement) - _elements(records))
    return Note(
        "records.cost-elements",
        Words(
            f"计入：{inside.zh}；未计入：{outside.zh or '无'}",
            f"included: {inside.en}; not included: {outside.en or 'none'}",
        ),
    )


def _mixed(side: Costs) -> Undefined | None:
    """Return why the months of one period do not add: they hold different elements."""
    if len({_elements([r]) for r in side.records}) <= 1:
        return None
    return missing(
        "期内各月计入的成本要素不一致", "the months of the period hold different cost elements"
    )


def _element_fault(before: Costs, after: Costs) -> Undefined | None:
    """Return why two costs cannot be compared: they hold different elements."""
    if _elements(before.records) == _elements(after.records):
        return None
    b, a = _listed(_elements(before.records)), _listed(_elements(after.records))
    return missing(
        f"两期计入的成本要素不一致，不能比较：建设前 {b.zh}；建设后 {a.zh}",
        f"the periods hold different cost elements and cannot be compared: before {b.en}; after {a.en}",
    )


def _per_day(side: Costs) -> Side:
    if (fault := side.fault or _mixed(side)) is not None:
        return Side(fault, "", side.records)
    days = [r.row.working_days for r in side.records]
    return quotient_side(
        _cost(side.records),
        sum(days, Fraction(0)),
        numbers=f"{exact(_cost(side.records))} ÷ {total(days)}",
        used=side.records,
        nothing=missing("工作日合计为 0", "the working days add to 0"),
        notes=(_element_note(side.records), *side.notes),
    )


def _per_unit(side: Costs) -> Side:
    if (fault := side.fault or _mixed(side)) is not None:
        return Side(fault, "", side.records)
    output = _output(side)
    if output is None:
        why = missing("有月份没有填合格产量", "a month has no good output")
        return Side(why, "", side.records)
    return quotient_side(
        _cost(side.records),
        output,
        numbers=f"{exact(_cost(side.records))} ÷ {exact(output)}",
        used=side.records,
        nothing=missing("合格产量合计为 0", "the good output adds to 0"),
        notes=(_element_note(side.records), *side.notes),
    )


def _output(side: Costs) -> Fraction | None:
    outputs = [r.row.output for r in side.records if r.row.output is not None]
    return sum(outputs, Fraction(0)) if len(outputs) == len(side.records) else None


def _calendar_reading(before: Costs, after: Costs) -> OtherReading:
    values: list[Ratio] = []
    for side in (before, after):
        days = sum((m.last - m.first).days + 1 for m in side.months)
        values.append(side.fault or _cost(side.records) / days)
    return OtherReading(
        "calendar-days",
        Words("另一读法：按日历日计算", "other reading: per calendar day"),
        change(values[0], values[1], Sense.REDUCTION),
    )


def _volume_notes(before: Costs, after: Costs) -> tuple[Note, ...]:
    """Return the sign check of kpi.md §0 no. 4: a cut of production lowers the cost per day by itself."""
    sides = (before, after)
    if any(s.fault is not None for s in sides):
        return ()
    outputs = [_output(s) for s in sides]
    days = [sum((r.row.working_days for r in s.records), Fraction(0)) for s in sides]
    b, a = outputs
    if b is None or a is None or not all(days) or b == 0 or a == 0:
        return (
            Note(
                "records.volume-unknown",
                Words(
                    "没有合格产量，无法核对：减产也会降低每天的运营成本",
                    "no good output to check against: producing less also lowers the cost per day",
                ),
            ),
        )
    per_day = [_cost(s.records) / d for s, d in zip(sides, days, strict=True)]
    per_unit = [_cost(s.records) / q for s, q in zip(sides, (b, a), strict=True)]
    if (per_day[1] - per_day[0]) * (per_unit[1] - per_unit[0]) >= 0:
        return ()
    volume = (a / days[1]) / (b / days[0])
    return (
        Note(
            "records.volume-disagrees",
            Words(
                f"每天成本与单位成本方向相反：日产量变为建设前的 {exact(_rounded(volume))} 倍",
                f"cost per day and cost per unit move in opposite directions: daily output is "
                f"{exact(_rounded(volume))} times that before",
            ),
        ),
    )


def _rounded(value: Fraction) -> Fraction:
    """Return a number for a sentence, to four decimals."""
    return Fraction(round(value * 10_000), 10_000)
