"""Sales growth in its three readings (kpi.md A.7 no. 3) and the yearly figures of the enterprise.

「销售增长率提高10%以上」 (004:324) does not say of what: growth rate in points, growth rate relative, or sales. None is
chosen here: the figure carries the lowest and the highest of the three as bounds, so a verdict needs all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from kpi.records.change import Sense, change, points
from kpi.records.figure import (
    Note,
    OtherReading,
    Record,
    RecordFigure,
    Words,
    build,
    exact,
    missing,
    total,
)
from kpi.records.months import comparability
from kpi.records.periods import Dates, RecordPeriods
from kpi.records.rows import FinanceYear, SalesMonth
from model.ratio import Ratio, Undefined

_POINTS = Words("增长率提高的百分点", "growth rate, difference in points")
_RELATIVE = Words("增长率的相对提高", "growth rate, relative increase")
_SALES = Words("销售额的提高", "increase of the sales themselves")


@dataclass(frozen=True, slots=True)
class _Span:
    """Sales of one span and of the same span a year earlier: a year, or the mean of its months."""

    now: Ratio
    year_ago: Ratio
    used: tuple[Record[object], ...]
    numbers: tuple[str, str]

    @property
    def growth(self) -> Ratio:
        """Return sales ÷ sales a year earlier − 1."""
        return change(self.year_ago, self.now, Sense.INCREASE)


def sales_growth(
    finance: Sequence[Record[FinanceYear]],
    sales: Sequence[Record[SalesMonth]],
    periods: RecordPeriods,
) -> dict[str, RecordFigure]:
    """Return `sales-growth`, before and after, and `sales-growth-change` with its three readings as figures.

    From monthly sales where they are kept, else from the calendar years (see `year_before`, `year_after`).
    """
    if periods.before is None or not (finance or sales):
        return {}
    if sales:
        before, after = (_months(sales, p) for p in (periods.before, periods.after))
    else:
        years = (year_before(periods.before), year_after(periods.after))
        before, after = (_year(finance, y) for y in years)
    readings = {
        "points": (_POINTS, points(before.growth, after.growth, Sense.INCREASE)),
        "relative": (_RELATIVE, change(before.growth, after.growth, Sense.INCREASE)),
        "sales": (_SALES, change(before.now, after.now, Sense.INCREASE)),
    }
    used = (*before.used, *after.used)
    growth = [f"{s.numbers[0]} ÷ {s.numbers[1]} − 1" for s in (before, after)]
    numbers = {
        "points": f"({growth[1]}) − ({growth[0]})",
        "relative": f"({growth[1]}) ÷ ({growth[0]}) − 1",
        "sales": f"{after.numbers[0]} ÷ {before.numbers[0]} − 1",
    }
    found: dict[str, RecordFigure] = {}
    for suffix, side in (("-before", before), ("", after)):
        name = f"sales-growth{suffix}"
        text = growth[0 if suffix else 1]
        found[name] = build(
            name,
            side.growth,
            formula=Words("销售额 ÷ 上年同期 − 1", "sales ÷ sales a year earlier − 1"),
            numbers=text,
            used=side.used,
        )
    for key, (words, value) in readings.items():
        name = f"sales-growth-change-{key}"
        found[name] = build(name, value, formula=words, numbers=numbers[key], used=used)
    notes = _contradictions(finance, sales)
    if sales:
        notes = (*comparability(periods.before.months, periods.after.months), *notes)
    found["sales-growth-change"] = _all_three(readings, numbers, used, notes)
    return found


def _all_three(
    readings: dict[str, tuple[Words, Ratio]],
    numbers: dict[str, str],
    used: Sequence[Record[object]],
    notes: tuple[Note, ...],
) -> RecordFigure:
    """Return the figure that a verdict may use: the lowest reading as value, lowest and highest as bounds."""
    known = {key: v for key, (_, v) in readings.items() if not isinstance(v, Undefined)}
    formula = Words(
        "三种读法中的最低值（上下限为三者的最低与最高，三者不一致则不判定）",
        "lowest of the three readings (bounds: lowest and highest; undetermined where they disagree)",
    )
    others = [OtherReading(key, words, value) for key, (words, value) in readings.items()]
    note = Note(
        "records.three-readings",
        Words(
            "“销售增长率提高”有三种读法，原文没有选定，此处也不选定",
            "three readings of the wording, none chosen by the text and none chosen here",
        ),
    )
    absent = next((v for _, v in readings.values() if isinstance(v, Undefined)), None)
    if absent is not None:
        return build(
            "sales-growth-change",
            Undefined(f"a reading is unknown: {absent.en}", f"有一种读法无法得出：{absent.zh}"),
            formula=formula,
            numbers="",
            used=used,
            readings=others,
            notes=(note, *notes),
        )
    lowest = min(known, key=lambda key: known[key])
    return build(
        "sales-growth-change",
        known[lowest],
        formula=formula,
        numbers=numbers[lowest],
        used=used,
        readings=others,
        notes=(note, *notes),
        bounds=(known[lowest], max(known.values())),
    )


def _contradictions(
    finance: Sequence[Record[FinanceYear]], sales: Sequence[Record[SalesMonth]]
) -> tuple[Note, ...]:
    """Return the years whose monthly sales do not add to the yearly figure of the finance records."""
    by_year: dict[int, list[Fraction]] = {}
    for r in sales:
        by_year.setdefault(r.row.month.year, []).append(r.row.sales)
    wrong = [
        f.row.year
        for f in finance
        if len(by_year.get(f.row.year, [])) == 12 and sum(by_year[f.row.year]) != f.row.sales
    ]
    if not wrong:
        return ()
    years = "、".join(str(y) for y in sorted(wrong))
    return (
        Note(
            "records.sales-contradict",
            Words(
                f"月度销售额之和与年度销售收入不一致：{years} 年",
                f"the monthly sales do not add to the yearly sales: {years.replace('、', ', ')}",
            ),
        ),
    )


def _months(sales: Sequence[Record[SalesMonth]], period: Dates) -> _Span:
    months = period.months
    by_month = {r.row.month: r for r in sales}
    spans = [months, tuple(m.after(-12) for m in months)]
    values: list[Ratio] = []
    texts = []
    used = []
    for span in spans:
        absent = [m for m in span if m not in by_month]
        rows = [by_month[m] for m in span if m in by_month]
        used += rows
        if absent or not span:
            names = "、".join(str(m) for m in absent[:6]) or str(period)
            values.append(
                missing(f"缺少 {names} 的销售额", f"no sales for {names.replace('、', ', ')}")
            )
            texts.append("")
        else:
            amounts = [r.row.sales for r in rows]
            values.append(sum(amounts, Fraction(0)) / len(amounts))
            texts.append(f"({total(amounts)} ÷ {len(amounts)})")
    return _Span(values[0], values[1], tuple(used), (texts[0], texts[1]))


def _year(finance: Sequence[Record[FinanceYear]], year: int) -> _Span:
    by_year = {r.row.year: r for r in finance}
    values: list[Ratio] = []
    texts = []
    for y in (year, year - 1):
        if y in by_year:
            values.append(by_year[y].row.sales)
            texts.append(exact(by_year[y].row.sales))
        else:
            values.append(missing(f"缺少 {y} 年的销售收入", f"no sales for {y}"))
            texts.append("")
    used = [by_year[y] for y in (year, year - 1) if y in by_year]
    return _Span(values[0], values[1], tuple(used), (texts[0], texts[1]))


def year_before(period: Dates) -> int:
    """Return the last calendar year that ends in or before the period (rule of ours, kpi.md A.7 no. 8)."""
    return (
        period.last.year if period.last == date(period.last.year, 12, 31) else period.last.year - 1
    )


def year_after(period: Dates) -> int:
    """Return the first calendar year that begins in or after the period (rule of ours, kpi.md A.7 no. 8)."""
    first = date(period.first.year, 1, 1)
    return period.first.year if period.first == first else period.first.year + 1


def finance_figures(
    finance: Sequence[Record[FinanceYear]], periods: RecordPeriods
) -> dict[str, RecordFigure]:
    """Return revenue, profit and tax of every year (`revenue-2024` …) and of the years `-before` and `-after`, 万元.

    Where they are kept also `main-revenue-YYYY`, `total-assets-YYYY` (万元), `debt-ratio-YYYY`, `profit-ratio-YYYY`.
    """
    found: dict[str, RecordFigure] = {}
    by_year = {r.row.year: r for r in finance}
    for year, record in sorted(by_year.items()):
        for name, value in (_money(record.row) | _further(record.row)).items():
            found[f"{name}-{year}"] = build(
                f"{name}-{year}",
                value,
                unit="1" if name.endswith("-ratio") else "万元",
                formula=Words(f"{year} 年，按所附记录", f"year {year} as recorded"),
                numbers=exact(value),
                used=[record],
            )
    if not finance or periods.before is None:
        return found
    for suffix, year in (
        ("before", year_before(periods.before)),
        ("after", year_after(periods.after)),
    ):
        for name in ("revenue", "profit", "tax"):
            found[f"{name}-{suffix}"] = _of_year(f"{name}-{suffix}", name, year, by_year.get(year))
    return found


def _of_year(metric: str, name: str, year: int, record: Record[FinanceYear] | None) -> RecordFigure:
    formula = Words(
        f"{year} 年（建设前取最近的完整年度，建设后取最先的完整年度）",
        f"year {year} (last whole year before, first whole year after)",
    )
    if record is None:
        why = missing(f"没有 {year} 年的记录", f"no record of {year}")
        return build(metric, why, unit="万元", formula=formula, numbers="", used=[])
    value = _money(record.row)[name]
    return build(metric, value, unit="万元", formula=formula, numbers=exact(value), used=[record])


def _money(row: FinanceYear) -> dict[str, Fraction]:
    return {"revenue": row.sales, "profit": row.profit, "tax": row.tax}


def _further(row: FinanceYear) -> dict[str, Fraction]:
    """Return what the national form asks besides (001:357-372), as far as it is kept."""
    values = {
        "main-revenue": row.main_revenue,
        "total-assets": row.total_assets,
        "debt-ratio": row.debt_share,
        "profit-ratio": row.profit_share,
    }
    return {name: value for name, value in values.items() if value is not None}
