"""Sales growth in three readings (A.7 no. 3), yearly figures, stock turns, logistics, resources; numbers by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction as F

import pytest

from kpi.records.periods import Dates, Month, RecordPeriods
from kpi.records.rows import FinanceYear, InventoryMonth, LogisticsMonth, ResourceMonth, SalesMonth
from kpi.records.sales import finance_figures, sales_growth, year_after, year_before
from kpi.records.stock import inventory, logistics, resource_use
from model.ratio import Undefined
from tests.support.records import PERIODS, evaluated, months, records

YEARS = RecordPeriods(
    before=Dates(date(2022, 1, 1), date(2022, 12, 31)),
    after=Dates(date(2024, 1, 1), date(2024, 12, 31)),
)


def year(y: int, sales: str, profit: str = "1", tax: str = "1") -> FinanceYear:
    return FinanceYear(
        year=y,
        sales=F(sales),
        profit=F(profit),
        tax=F(tax),
        main_revenue=None,
        total_assets=None,
        debt_share=None,
        profit_share=None,
    )


# 2021 1000, 2022 1100 (growth 10 %), 2023 1200, 2024 1344 (growth 12 %).
FINANCE = records([year(2021, "1000"), year(2022, "1100"), year(2023, "1200"), year(2024, "1344")])


def test_three_readings_of_sales_growth():
    found = sales_growth(FINANCE, (), YEARS)
    assert found["sales-growth-before"].value == F(10, 100)
    assert found["sales-growth"].value == F(12, 100)
    assert found["sales-growth-change-points"].value == F(2, 100)
    assert found["sales-growth-change-relative"].value == F(2, 10)
    assert found["sales-growth-change-sales"].value == F(1344, 1100) - 1
    for figure in found.values():
        assert evaluated(figure.numbers) == figure.value, figure.metric


def test_combined_figure_spans_the_readings_so_that_a_verdict_needs_all():
    figure = sales_growth(FINANCE, (), YEARS)["sales-growth-change"]
    assert (figure.value, figure.low, figure.high) == (F(2, 100), F(2, 100), F(1344, 1100) - 1)
    # At 10 % points say no (2 %), the other two yes (20 %, 22.2 %): neither bound decides alone.
    assert figure.low < F(1, 10) <= figure.high


def test_growth_after_a_shrinking_year_has_no_relative_reading():
    rows = records([year(2021, "1000"), year(2022, "900"), year(2023, "1000"), year(2024, "1100")])
    found = sales_growth(rows, (), YEARS)
    assert isinstance(found["sales-growth-change-relative"].value, Undefined)
    assert found["sales-growth-change-points"].value == F(1, 10) + F(1, 10)
    assert isinstance(found["sales-growth-change"].value, Undefined)


def test_missing_year_before_leaves_growth_unknown():
    found = sales_growth(FINANCE[1:], (), YEARS)
    assert isinstance(found["sales-growth-before"].value, Undefined)
    assert "2021" in found["sales-growth-before"].value.zh


def test_monthly_sales_take_the_same_months_a_year_earlier():
    # First quarters, monthly means: 2023 100, 2024 110 (+10 %), 2025 121 (+10 %).
    rows = [
        SalesMonth(month=m, sales=F(s))
        for y, s in ((2023, 100), (2024, 110), (2025, 121))
        for m in months(y)
    ]
    found = sales_growth((), records(rows), PERIODS)
    assert found["sales-growth-before"].value == F(1, 10)
    assert found["sales-growth"].value == F(1, 10)
    assert found["sales-growth-change-points"].value == 0
    assert found["sales-growth-change-relative"].value == 0
    assert found["sales-growth-change-sales"].value == F(1, 10)
    for figure in found.values():
        assert evaluated(figure.numbers) == figure.value, figure.metric


def test_monthly_sales_that_contradict_the_year_are_flagged():
    rows = records([SalesMonth(month=Month(2024, n), sales=F(100)) for n in range(1, 13)])
    found = sales_growth(records([year(2024, "1201")]), rows, YEARS)
    assert "records.sales-contradict" in found["sales-growth-change"].codes
    agreed = sales_growth(records([year(2024, "1200")]), rows, YEARS)
    assert "records.sales-contradict" not in agreed["sales-growth-change"].codes


@pytest.mark.parametrize(
    ("period", "before", "after"),
    [
        (Dates(date(2022, 1, 1), date(2022, 12, 31)), 2022, 2022),
        (Dates(date(2022, 3, 1), date(2022, 11, 30)), 2021, 2023),
        (Dates(date(2022, 6, 1), date(2023, 5, 31)), 2022, 2023),
    ],
)
def test_calendar_years_next_to_the_construction(period, before, after):
    assert year_before(period) == before
    assert year_after(period) == after


def test_finance_of_every_year_and_of_both_sides():
    found = finance_figures(
        records([year(2022, "1100", "-12.5", "30"), year(2024, "1344", "90", "40")]), YEARS
    )
    assert found["profit-2022"].value == F(-25, 2)
    assert evaluated(found["profit-2022"].numbers) == F(-25, 2)
    assert found["revenue-before"].value == 1100
    assert found["revenue-after"].value == 1344
    assert found["tax-after"].value == 40
    assert found["revenue-2024"].unit == "万元"


def test_finance_of_the_national_form_where_it_is_kept():
    kept = replace(year(2024, "1344"), main_revenue=F(1300), debt_share=F(1, 4))
    found = finance_figures(records([kept]), YEARS)
    assert (found["main-revenue-2024"].value, found["main-revenue-2024"].unit) == (1300, "万元")
    assert (found["debt-ratio-2024"].value, found["debt-ratio-2024"].unit) == (F(1, 4), "1")
    assert "total-assets-2024" not in found


def test_finance_without_the_year_says_which():
    found = finance_figures(records([year(2022, "1100")]), YEARS)
    value = found["revenue-after"].value
    assert isinstance(value, Undefined)
    assert "2024" in value.zh


def test_stock_turns_a_year():
    # Before: cost 300 in 3 months → 1200 a year, mean stock 100 → 12; after: 330 → 1320 / 88 = 15. +25 %.
    rows = [InventoryMonth(month=m, stock=F(100), cost_of_sales=F(100)) for m in months(2024)]
    rows += [InventoryMonth(month=m, stock=F(88), cost_of_sales=F(110)) for m in months(2025)]
    found = inventory(records(rows), PERIODS)
    assert found["inventory-turnover-before"].value == 12
    assert found["inventory-turnover"].value == 15
    assert found["inventory-turnover-change"].value == F(1, 4)
    for figure in found.values():
        assert evaluated(figure.numbers) == figure.value, figure.metric


def test_no_stock_is_undefined_not_infinite():
    rows = records([InventoryMonth(month=m, stock=F(0), cost_of_sales=F(1)) for m in months(2025)])
    assert isinstance(inventory(rows, PERIODS)["inventory-turnover"].value, Undefined)


def test_logistics_share_and_its_reduction():
    rows = [LogisticsMonth(month=m, logistics=F(5), operating_cost=F(100)) for m in months(2024)]
    rows += [LogisticsMonth(month=m, logistics=F(4), operating_cost=F(100)) for m in months(2025)]
    found = logistics(records(rows), PERIODS)
    assert found["logistics-cost-share"].value == F(1, 25)
    figure = found["logistics-cost-change"]
    assert figure.value == F(1, 5)
    assert [r.value for r in figure.readings] == [F(1, 100)]
    assert evaluated(figure.numbers) == F(1, 5)


def test_resource_use_of_one_resource():
    rows = [
        ResourceMonth(month=m, resource="铝屑", used=F(8), total=F(10), unit="t")
        for m in months(2024)
    ]
    rows += [
        ResourceMonth(month=m, resource="铝屑", used=F(9), total=F(10), unit="t")
        for m in months(2025)
    ]
    figure = resource_use(records(rows), PERIODS)["resource-utilisation-change"]
    assert figure.value == F(1, 8)
    assert "records.formula-not-said" in figure.codes


def test_several_resources_do_not_add():
    rows = [
        ResourceMonth(month=m, resource=r, used=F(8), total=F(10), unit="t")
        for m in months(2025)
        for r in "xy"
    ]
    assert isinstance(resource_use(records(rows), PERIODS)["resource-utilisation"].value, Undefined)
