"""Energy of a product from bills, tce a piece (单位生产能耗, 吨标准煤/件), and both readings of 能源利用率提高.

Nothing is pro-rated: a bill that reaches over the edge of a period leaves the figure unknown, with its bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Protocol

from kpi.records.change import Sense, Side, change, change_figure, level_figures
from kpi.records.figure import (
    Note,
    OtherReading,
    Record,
    RecordFigure,
    Words,
    build,
    exact,
    missing,
)
from kpi.records.months import Chosen, chosen, comparability
from kpi.records.periods import Dates, RecordPeriods
from kpi.records.rows import EnergyBill, OutputMonth, Reading
from model.errors import PlantproofError
from model.ratio import Ratio, Undefined

UNIT_ENERGY = Words(
    "Σ 折标系数 × 用量 ÷ 1000 ÷ Σ 合格数量",
    "Σ coefficient × quantity ÷ 1000 ÷ Σ good pieces",
)
OUTPUT = Words("产量产值", "output")


class CoefficientTable(Protocol):
    """One frozen, editioned table of coefficients, the same for both periods."""

    def kgce(self, carrier: str, unit: str) -> Fraction:
        """Return kgce per unit of the carrier; raises LookupError or PlantproofError if the table has no such row."""
        ...


def energy(
    bills: Sequence[Record[EnergyBill]],
    output: Sequence[Record[OutputMonth]],
    periods: RecordPeriods,
    coefficients: CoefficientTable | None,
) -> dict[str, RecordFigure]:
    """Return `unit-energy` (吨标准煤/件) before and after, `energy-utilisation-change` and `-gain`.

    The change is the drop of the unit consumption, the stricter reading and our default; the gain is 1/(1 − drop) − 1.
    """
    if not bills:
        return {}
    after = _period(bills, output, periods.after, coefficients)
    if periods.before is None:
        return level_figures(
            "unit-energy", None, after.per_piece(), unit="吨标准煤/件", formula=UNIT_ENERGY
        )
    before = _period(bills, output, periods.before, coefficients)
    b, a = before.per_piece(), after.per_piece()
    found = level_figures("unit-energy", b, a, unit="吨标准煤/件", formula=UNIT_ENERGY)
    gain = change(a.value, b.value, Sense.INCREASE)
    by_hours = change(before.per_hour(), after.per_hour(), Sense.REDUCTION)
    notes = (
        *comparability(before.output.months, after.output.months),
        *_account_notes(before, after),
        *_mix_notes(before, after, change(b.value, a.value, Sense.REDUCTION), by_hours),
    )
    found["energy-utilisation-change"] = change_figure(
        "energy-utilisation-change",
        b,
        a,
        Sense.REDUCTION,
        formula=UNIT_ENERGY,
        readings=(
            OtherReading(
                "gain",
                Words(
                    "另一读法：利用率 = 1 ÷ 单耗，提高 = 建设前 ÷ 建设后 − 1",
                    "other reading: utilisation = 1 ÷ unit consumption, before ÷ after − 1",
                ),
                gain,
            ),
            OtherReading(
                "standard-hours",
                Words("按定额工时折算产量", "output weighted by standard hours"),
                by_hours,
            ),
        ),
        notes=notes,
    )
    found["energy-utilisation-gain"] = build(
        "energy-utilisation-gain",
        gain,
        formula=Words("建设前单耗 ÷ 建设后单耗 − 1", "unit consumption before ÷ after − 1"),
        numbers=f"({b.numbers}) ÷ ({a.numbers}) − 1",
        used=(*b.used, *a.used),
        notes=notes,
    )
    return found


@dataclass(frozen=True, slots=True)
class _Used:
    """Energy of some bills in kgce, and how it was added."""

    kgce: Fraction
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Period:
    """Bills and output of one period of whole months."""

    output: Chosen[OutputMonth]
    inside: tuple[Record[EnergyBill], ...]
    crossing: tuple[Record[EnergyBill], ...]
    energy: _Used | Undefined
    edge: _Used | Undefined
    fault: Undefined | None

    @property
    def accounts(self) -> frozenset[tuple[str, str]]:
        return frozenset((r.row.carrier, r.row.account) for r in (*self.inside, *self.crossing))

    @property
    def pieces(self) -> Fraction:
        return sum((r.row.pieces for r in self.output.records), Fraction(0))

    @property
    def used(self) -> tuple[Record[object], ...]:
        return (*self.inside, *self.crossing, *self.output.records)

    def per_piece(self) -> Side:
        found = self._over(self.pieces)
        if isinstance(found, Undefined) or isinstance(self.energy, Undefined):
            return Side(found, "", self.used)
        top = " + ".join(self.energy.terms)
        numbers = f"({top}) ÷ 1000 ÷ {exact(self.pieces)}"
        return Side(found, numbers, self.used, (*self.output.notes, *self._estimated()))

    def per_hour(self) -> Ratio:
        hours = [
            r.row.pieces * r.row.standard_hours
            for r in self.output.records
            if r.row.standard_hours is not None
        ]
        if len(hours) < len(self.output.records):
            return missing("没有填定额工时", "no standard hours are kept")
        return self._over(sum(hours, Fraction(0)))

    def _over(self, bottom: Fraction) -> Ratio:
        if self.fault is not None:
            return self.fault
        if isinstance(self.energy, Undefined):
            return self.energy
        if bottom == 0:
            return missing("期内没有合格产量", "no good output in the period")
        if isinstance(self.edge, Undefined):
            return self.edge
        if self.crossing:
            low = self.energy.kgce / 1000 / bottom
            high = (self.energy.kgce + self.edge.kgce) / 1000 / bottom
            n = len(self.crossing)
            return missing(
                f"{n} 张账单跨越期间边界，不按天分摊；单耗在 {exact(low)} 与 {exact(high)} 之间",
                f"{n} bills reach over the edge of the period and are not pro-rated; "
                f"the unit consumption lies between {exact(low)} and {exact(high)}",
            )
        return self.energy.kgce / 1000 / bottom

    def _estimated(self) -> tuple[Note, ...]:
        n = sum(r.row.reading is Reading.ESTIMATED for r in self.inside)
        if not n:
            return ()
        return (
            Note(
                "records.estimated-bills",
                Words(
                    f"{len(self.inside)} 张账单中有 {n} 张为估算",
                    f"{n} of {len(self.inside)} bills are estimated",
                ),
            ),
        )


def _period(
    bills: Sequence[Record[EnergyBill]],
    output: Sequence[Record[OutputMonth]],
    dates: Dates,
    coefficients: CoefficientTable | None,
) -> _Period:
    made = chosen(output, dates, OUTPUT)
    if not made.months:
        return _Period(made, (), (), _Used(Fraction(0), ()), _Used(Fraction(0), ()), made.fault)
    span = Dates(made.months[0].first, made.months[-1].last)
    touching = [r for r in bills if r.row.first <= span.last and r.row.last >= span.first]
    inside = tuple(r for r in touching if span.holds(r.row.first) and span.holds(r.row.last))
    crossing = tuple(r for r in touching if r not in inside)
    fault = made.fault
    if fault is None and not touching:
        fault = missing(f"{span} 内没有账单", f"no bill in {span}")
    return _Period(
        made,
        inside,
        crossing,
        _kgce(inside, coefficients),
        _kgce(crossing, coefficients),
        fault or _uncovered(touching, span),
    )


def _kgce(
    bills: Sequence[Record[EnergyBill]], coefficients: CoefficientTable | None
) -> _Used | Undefined:
    if coefficients is None:
        return missing("没有给出折标系数表", "no table of coefficients was given")
    found, terms = Fraction(0), []
    for kind in sorted({(r.row.carrier, r.row.unit) for r in bills}):
        quantity = sum(
            (r.row.quantity for r in bills if (r.row.carrier, r.row.unit) == kind), Fraction(0)
        )
        try:
            factor = coefficients.kgce(*kind)
        except (LookupError, PlantproofError):
            carrier, unit = kind
            return missing(
                f"折标系数表中没有 {carrier}（{unit}）",
                f"the table of coefficients has no {carrier} in {unit}",
            )
        found += factor * quantity
        terms.append(f"{exact(factor)} × {exact(quantity)}")
    return _Used(found, tuple(terms))


def _uncovered(bills: Sequence[Record[EnergyBill]], span: Dates) -> Undefined | None:
    """Return why an account is not known for the whole span: a day without a bill."""
    by_account: dict[tuple[str, str], list[EnergyBill]] = {}
    for r in bills:
        by_account.setdefault((r.row.carrier, r.row.account), []).append(r.row)
    for (carrier, account), rows in sorted(by_account.items()):
        hole = _first_hole(rows, span)
        if hole is not None:
            return missing(
                f"{carrier} 户号 {account} 自 {hole} 起没有账单",
                f"{carrier}, account {account}: no bill from {hole} on",
            )
    return None


def _first_hole(rows: Sequence[EnergyBill], span: Dates) -> date | None:
    day = span.first
    for bill in sorted(rows, key=lambda b: b.first):
        if bill.first > day:
            return day
        day = max(day, bill.last + timedelta(days=1))
    return day if day <= span.last else None


def _account_notes(before: _Period, after: _Period) -> tuple[Note, ...]:
    moved = sorted(before.accounts ^ after.accounts)
    if not moved or not before.accounts or not after.accounts:
        return ()
    names = "、".join(f"{carrier} {account}" for carrier, account in moved)
    return (
        Note(
            "records.accounts-differ",
            Words(
                f"只在一期有账单的户号：{names}（范围可能不同）",
                f"accounts with bills in one period only: {names.replace('、', ', ')} (the scope may differ)",
            ),
        ),
    )


def _mix_notes(before: _Period, after: _Period, raw: Ratio, by_hours: Ratio) -> tuple[Note, ...]:
    products = {r.row.product for p in (before, after) for r in p.output.records}
    if len(products) <= 1:
        return ()
    if isinstance(by_hours, Undefined) or isinstance(raw, Undefined):
        return (
            Note(
                "records.mix-unknown",
                Words(
                    f"有 {len(products)} 种产品而没有定额工时：产品结构的影响没有消除",
                    f"{len(products)} products without standard hours: the mix is not removed",
                ),
            ),
        )
    if raw * by_hours >= 0:
        return ()
    return (
        Note(
            "records.mix-disagrees",
            Words(
                "按定额工时折算后方向相反：变化来自产品结构",
                "weighted by standard hours the direction turns: the mix makes the change",
            ),
        ),
    )
