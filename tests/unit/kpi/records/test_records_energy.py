"""Energy a piece from bills and both readings of 能源利用率提高 (kpi.md §0 no. 3, B.8); numbers by hand."""

from __future__ import annotations

from datetime import date
from fractions import Fraction as F

import pytest

from kpi.records.energy import energy
from kpi.records.periods import Month, RecordPeriods
from kpi.records.rows import EnergyBill, OutputMonth, Reading
from model.errors import ConfigError
from model.ratio import Undefined
from tests.support.records import PERIODS, evaluated, months, records


class Table:
    """0.1229 kgce/kWh and 1.33 kgce/m3 (kpi.md B.8)."""

    def kgce(self, carrier: str, unit: str) -> F:
        return {("electricity", "kW.h"): F("0.1229"), ("natural-gas", "m3"): F("1.33")}[
            carrier, unit
        ]


class Refusing:
    def kgce(self, carrier: str, unit: str) -> F:
        raise ConfigError(f"no {carrier}", f"没有 {carrier}")


def bill(
    month: Month,
    kwh: str,
    carrier: str = "electricity",
    unit: str = "kW.h",
    account: str = "1",
    reading: Reading = Reading.METERED,
):
    return EnergyBill(
        carrier=carrier,
        account=account,
        first=month.first,
        last=month.last,
        quantity=F(kwh),
        unit=unit,
        reading=reading,
        amount=None,
    )


def made(month: Month, pieces: int, product: str = "A", hours: str | None = None):
    return OutputMonth(
        month=month,
        product=product,
        pieces=F(pieces),
        price=F(1),
        standard_hours=None if hours is None else F(hours),
        current_value=None,
    )


OUTPUT = records([made(m, 1000) for m in (*months(2024), *months(2025))])
# Before 3 × 10800 kWh, after 3 × 10000 kWh for 3000 pieces each: drop 1 − 100/108 = 2/27 (7.407 %), gain 8/100.
BILLS = records([bill(m, "10800") for m in months(2024)] + [bill(m, "10000") for m in months(2025)])


def test_tce_a_piece_from_the_table():
    found = energy(BILLS, OUTPUT, PERIODS, Table())
    # 0.1229 × 30000 / 1000 / 3000 = 0.001229 tce a piece.
    assert found["unit-energy"].value == F("0.001229")
    assert found["unit-energy-before"].value == F("0.1229") * 32400 / 1000 / 3000
    assert found["unit-energy"].unit == "吨标准煤/件"
    assert evaluated(found["unit-energy"].numbers) == F("0.001229")


def test_drop_is_the_default_and_the_gain_stands_beside():
    found = energy(BILLS, OUTPUT, PERIODS, Table())
    assert found["energy-utilisation-change"].value == F(2, 27)
    assert found["energy-utilisation-gain"].value == F(8, 100)
    assert {r.name: r.value for r in found["energy-utilisation-change"].readings}["gain"] == F(
        8, 100
    )
    for figure in found.values():
        assert evaluated(figure.numbers) == figure.value, figure.metric


def test_two_carriers_add_in_kgce():
    gas = records([bill(m, "100", "natural-gas", "m3", "g") for m in months(2025)])
    figure = energy([*BILLS, *gas], OUTPUT, RecordPeriods(after=PERIODS.after), Table())[
        "unit-energy"
    ]
    assert figure.value == (F("0.1229") * 30000 + F("1.33") * 300) / 1000 / 3000
    assert evaluated(figure.numbers) == figure.value


@pytest.mark.parametrize(
    ("table", "named"), [(Table(), "steam"), (Refusing(), "electricity")], ids=["lookup", "config"]
)
def test_carrier_missing_from_the_table_is_said(table, named):
    odd = records([bill(m, "5", "steam", "kg", "s") for m in months(2025)])
    value = energy([*BILLS, *odd], OUTPUT, PERIODS, table)["unit-energy"].value
    assert isinstance(value, Undefined)
    assert named in value.zh


def test_without_table_no_figure():
    value = energy(BILLS, OUTPUT, PERIODS, None)["energy-utilisation-change"].value
    assert isinstance(value, Undefined)
    assert "折标系数表" in value.zh


def test_bill_over_the_edge_is_not_prorated_but_bounded():
    # January 10000, then a bill 1 February … 15 March of 15000 and one 16 March … 15 April of 9000 kWh.
    rows = [
        bill(Month(2025, 1), "10000"),
        EnergyBill(
            carrier="electricity",
            account="1",
            first=date(2025, 2, 1),
            last=date(2025, 3, 15),
            quantity=F(15000),
            unit="kW.h",
            reading=Reading.METERED,
            amount=None,
        ),
        EnergyBill(
            carrier="electricity",
            account="1",
            first=date(2025, 3, 16),
            last=date(2025, 4, 15),
            quantity=F(9000),
            unit="kW.h",
            reading=Reading.METERED,
            amount=None,
        ),
    ]
    value = energy(records(rows), OUTPUT, RecordPeriods(after=PERIODS.after), Table())[
        "unit-energy"
    ].value
    assert isinstance(value, Undefined)
    # Inside 25000 kWh = 3.0725 tce, with the crossing bill 34000 kWh = 4.1786 tce, each over 3000 pieces.
    assert "1 张账单跨越" in value.zh
    assert "(1229/1200000)" in value.zh
    assert "(20893/15000000)" in value.zh


def test_day_without_bill_leaves_the_figure_unknown():
    value = energy(BILLS[:5], OUTPUT, PERIODS, Table())["unit-energy"].value
    assert isinstance(value, Undefined)
    assert "2025-03-01" in value.zh


def test_estimated_bills_are_said():
    rows = [
        bill(m, "1", reading=Reading.ESTIMATED if m.month == 2 else Reading.METERED)
        for m in months(2025)
    ]
    figure = energy(records(rows), OUTPUT, RecordPeriods(after=PERIODS.after), Table())[
        "unit-energy"
    ]
    note = next(n for n in figure.notes if n.code == "records.estimated-bills")
    assert "3 张账单中有 1 张" in note.words.zh


def test_account_with_bills_in_one_period_only_is_flagged():
    gas = records([bill(m, "100", "natural-gas", "m3", "g") for m in months(2024)])
    figure = energy([*BILLS, *gas], OUTPUT, PERIODS, Table())["energy-utilisation-change"]
    note = next(n for n in figure.notes if n.code == "records.accounts-differ")
    assert "natural-gas g" in note.words.zh


def test_mix_that_makes_the_saving_is_flagged():
    # A takes 1 h, B 0.1 h. Before 1000 A a month, after 100 A + 1900 B: 2000 pieces, 290 h instead of 1000 h.
    # Same energy: half of it a piece (+50 %), but 3.4 times as much an hour.
    output = [made(m, 1000, "A", "1") for m in months(2024)]
    output += [x for m in months(2025) for x in (made(m, 100, "A", "1"), made(m, 1900, "B", "0.1"))]
    rows = records([bill(m, "10000") for m in (*months(2024), *months(2025))])
    figure = energy(rows, records(output), PERIODS, Table())["energy-utilisation-change"]
    assert figure.value == F(1, 2)
    assert {r.name: r.value for r in figure.readings}["standard-hours"] == 1 - F(1000, 290)
    assert "records.mix-disagrees" in figure.codes


def test_several_products_without_standard_hours_say_so():
    output = [made(m, 500, p) for m in (*months(2024), *months(2025)) for p in "AB"]
    figure = energy(BILLS, records(output), PERIODS, Table())["energy-utilisation-change"]
    assert figure.value == F(2, 27)
    assert "records.mix-unknown" in figure.codes
