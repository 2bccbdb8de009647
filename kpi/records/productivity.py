"""Output per person and day in yuan at constant prices (人均产出, 元/人/天) and its physical twin.

Readings of kpi.md A.7 no. 10, ours: attended person-days, output value at the constant price list of the before period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from kpi.records.change import Sense, Side, change, change_figure, level_figures, quotient_side
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
from kpi.records.months import Chosen, chosen, comparability
from kpi.records.people import PEOPLE, scope_fault, several_scopes
from kpi.records.periods import Dates, RecordPeriods
from kpi.records.rows import HeadcountMonth, OutputMonth
from model.ratio import Ratio, Undefined

OUTPUT = Words("产量产值", "output")
YUAN = Words(
    "Σ 合格数量 × 不变价 ÷ Σ 出勤人日", "Σ good pieces × constant price ÷ Σ attended person-days"
)
PHYSICAL = Words(
    "Σ 定额工时（或单一产品件数）÷ Σ 出勤工时（未填工时则按出勤人日）",
    "Σ standard hours (or pieces of a single product) ÷ Σ attended hours (person-days if no hours are kept)",
)


def productivity(
    output: Sequence[Record[OutputMonth]],
    people: Sequence[Record[HeadcountMonth]],
    periods: RecordPeriods,
) -> dict[str, RecordFigure]:
    """Return `productivity` (元/人/天), `physical-productivity`, both before and after, and their increases."""
    if not output or not people:
        return {}
    after = _period(output, people, periods.after)
    before = None if periods.before is None else _period(output, people, periods.before)
    yuan = (None if before is None else before.yuan(), after.yuan())
    how = _basis(before, after)
    physical = (None if before is None else before.physical(how), after.physical(how))
    found = level_figures("productivity", *yuan, unit="元/人/天", formula=YUAN)
    found |= level_figures("physical-productivity", *physical, unit=how.unit, formula=PHYSICAL)
    if before is None or yuan[0] is None or physical[0] is None:
        return found
    refused = scope_fault(before.people, after.people)
    notes = (
        *comparability(before.output.months, after.output.months),
        *_price_notes(before, after),
        *_sign_note(
            change(yuan[0].value, yuan[1].value, Sense.INCREASE),
            change(physical[0].value, physical[1].value, Sense.INCREASE),
        ),
    )
    found["productivity-change"] = change_figure(
        "productivity-change",
        yuan[0],
        yuan[1],
        Sense.INCREASE,
        formula=YUAN,
        readings=(
            OtherReading(
                "current-prices",
                Words(
                    "另一读法：按当期价格的产值", "other reading: output value at current prices"
                ),
                change(before.at_current_prices(), after.at_current_prices(), Sense.INCREASE),
            ),
            OtherReading(
                "payroll",
                Words("另一读法：按在册人数而非出勤人日", "other reading: per head on the payroll"),
                change(before.per_head(), after.per_head(), Sense.INCREASE),
            ),
        ),
        notes=notes,
        refused=refused or price_fault((*before.output.records, *after.output.records)),
    )
    found["physical-productivity-change"] = change_figure(
        "physical-productivity-change",
        physical[0],
        physical[1],
        Sense.INCREASE,
        formula=PHYSICAL,
        notes=notes,
        refused=refused,
    )
    return found


def _period(
    output: Sequence[Record[OutputMonth]],
    people: Sequence[Record[HeadcountMonth]],
    dates: Dates,
) -> _Period:
    return _Period(chosen(output, dates, OUTPUT), chosen(people, dates, PEOPLE))


@dataclass(frozen=True, slots=True)
class _Period:
    """Output and people of the same months."""

    output: Chosen[OutputMonth]
    people: Chosen[HeadcountMonth]

    @property
    def fault(self) -> Undefined | None:
        return self.output.fault or self.people.fault or several_scopes(self.people)

    @property
    def used(self) -> tuple[Record[object], ...]:
        return (*self.output.records, *self.people.records)

    @property
    def value(self) -> Fraction:
        return sum((r.row.pieces * r.row.price for r in self.output.records), Fraction(0))

    @property
    def products(self) -> frozenset[str]:
        return frozenset(r.row.product for r in self.output.records)

    def yuan(self) -> Side:
        fault = self.fault or price_fault(self.output.records)
        if fault is not None:
            return Side(fault, "", self.used)
        days = [r.row.person_days for r in self.people.records]
        return quotient_side(
            self.value,
            sum(days, Fraction(0)),
            numbers=f"{exact(self.value)} ÷ {total(days)}",
            used=self.used,
            nothing=missing("出勤人日合计为 0", "the attended person-days add to 0"),
            notes=self.output.notes,
        )

    def physical(self, how: _Basis) -> Side:
        if (fault := self.fault or how.fault) is not None:
            return Side(fault, "", self.used)
        rows = [r.row for r in self.output.records]
        work = [r.row for r in self.people.records]
        top = sum(
            (r.pieces * ((r.standard_hours or Fraction(0)) if how.standard else 1) for r in rows),
            Fraction(0),
        )
        bottom = sum(
            ((r.hours or Fraction(0)) if how.hours else r.person_days for r in work), Fraction(0)
        )
        return quotient_side(
            top,
            bottom,
            numbers=f"{exact(top)} ÷ {exact(bottom)}",
            used=self.used,
            nothing=missing("出勤合计为 0", "the attendance adds to 0"),
            notes=self.output.notes,
        )

    def at_current_prices(self) -> Ratio:
        if self.fault is not None:
            return self.fault
        values = [r.row.current_value for r in self.output.records]
        days = sum((r.row.person_days for r in self.people.records), Fraction(0))
        known = [v for v in values if v is not None]
        if len(known) < len(values) or days == 0:
            return missing("没有填当期价格的产值", "no output value at current prices is kept")
        return sum(known, Fraction(0)) / days

    def per_head(self) -> Ratio:
        if self.fault is not None:
            return self.fault
        heads = sum((r.row.headcount for r in self.people.records), Fraction(0))
        if heads == 0:
            return missing("人数合计为 0", "the numbers of people add to 0")
        return self.value / heads


@dataclass(frozen=True, slots=True)
class _Basis:
    """What the physical twin counts, the same in both periods."""

    standard: bool
    hours: bool
    fault: Undefined | None = None

    @property
    def unit(self) -> str:
        return f"{'定额工时' if self.standard else '件'}/{'工时' if self.hours else '人日'}"


def _basis(before: _Period | None, after: _Period) -> _Basis:
    sides = [s for s in (before, after) if s is not None]
    rows = [r.row for s in sides for r in s.output.records]
    work = [r.row for s in sides for r in s.people.records]
    standard = all(r.standard_hours is not None for r in rows)
    hours = all(r.hours is not None for r in work)
    if not standard and len({r.product for r in rows}) > 1:
        return _Basis(
            standard=False,
            hours=hours,
            fault=missing(
                "有多种产品而没有全部填写定额工时，件数不能相加",
                "several products without standard hours for each: pieces do not add",
            ),
        )
    return _Basis(standard=standard, hours=hours)


def price_fault(records: Sequence[Record[OutputMonth]]) -> Undefined | None:
    """Return why the value is not at constant prices: a product has more than one price."""
    prices: dict[str, set[Fraction]] = {}
    for r in records:
        prices.setdefault(r.row.product, set()).add(r.row.price)
    moved = sorted(p for p, found in prices.items() if len(found) > 1)
    if not moved:
        return None
    return missing(
        f"不变价不一致：{'、'.join(moved)}（两期必须用建设前的同一价格表）",
        f"not one constant price for {', '.join(moved)} (both periods need the price list of the before period)",
    )


def _price_notes(before: _Period, after: _Period) -> tuple[Note, ...]:
    new = sorted(after.products - before.products)
    if not new or not before.products:
        return ()
    return (
        Note(
            "records.new-products",
            Words(
                f"建设前没有的产品，其不变价没有建设前依据：{'、'.join(new)}",
                f"products without a price of the before period: {', '.join(new)}",
            ),
        ),
    )


def _sign_note(yuan: Ratio, physical: Ratio) -> tuple[Note, ...]:
    if isinstance(yuan, Undefined):
        return ()
    if isinstance(physical, Undefined):
        return (
            Note(
                "records.no-physical-twin",
                Words(
                    f"没有实物量对照：{physical.zh}", f"no physical figure beside it: {physical.en}"
                ),
            ),
        )
    if yuan * physical >= 0:
        return ()
    return (
        Note(
            "records.twin-disagrees",
            Words(
                "产值口径与实物量口径的变化方向相反：可能由价格或产品结构引起",
                "value and physical output per person move in opposite directions: prices or the mix may cause it",
            ),
        ),
    )


def output_value(output: Sequence[Record[OutputMonth]]) -> dict[str, RecordFigure]:
    """Return `output-value-YYYY` (车间年度产出, 万元, 000:286) of every calendar year with twelve months.

    At current prices where every row states them, else undefined; the value at constant prices stands beside it.
    """
    by_year: dict[int, list[Record[OutputMonth]]] = {}
    for r in output:
        by_year.setdefault(r.row.month.year, []).append(r)
    found = {}
    for year, rows in sorted(by_year.items()):
        if len({r.row.month for r in rows}) < 12:
            continue
        current = [r.row.current_value for r in rows if r.row.current_value is not None]
        amount = sum(current, Fraction(0))
        value: Ratio = amount / 10_000
        if len(current) < len(rows):
            value = missing("没有填当期价格的产值", "no output value at current prices is kept")
        constant = sum((r.row.pieces * r.row.price for r in rows), Fraction(0))
        found[f"output-value-{year}"] = build(
            f"output-value-{year}",
            value,
            unit="万元",
            formula=Words(
                f"{year} 年各月产值（当期价格）之和 ÷ 10000",
                f"Σ output value of {year} at current prices ÷ 10000",
            ),
            numbers=f"{exact(amount)} ÷ 10000",
            used=rows,
            readings=(
                OtherReading(
                    "constant-prices",
                    Words("另一读法：按不变价", "other reading: at constant prices"),
                    constant / 10_000,
                ),
            ),
        )
    return found
