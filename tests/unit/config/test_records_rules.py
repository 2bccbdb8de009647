"""Rules for the rows of a table: each kind of fault once, at its cell."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from config.records.carriers import UNIT_NAMES, units_of
from config.records.catalogue import tables
from config.records.credit_code import check_character, valid_credit_code
from tests.support.records import CONTEXT, csv_of, faults, read, refused, required_headers, warns

COST = [*required_headers("operating-cost"), "直接材料（万元）", "直接人工（万元）"]


def bill(first: str, last: str, carrier: str = "电力", account: str = "1", unit: str = "kWh"):
    return (carrier, account, first, last, "5", unit, "计量")


def test_duplicated_key_is_refused_at_the_later_row():
    findings = refused("sales", csv_of("sales", [("2024-01", "1"), ("2024-1", "2")]))
    assert faults(findings) == [("row.duplicate", "A3")]
    assert "与第 2 行重复" in findings[0].problem.zh


def test_key_is_compared_without_width_case_and_blanks():
    row = ("A", "2024-01-01", "2024-02-01")
    data = csv_of("orders", [("WO-1", *row), ("ｗｏ－１ ", *row)])
    assert faults(refused("orders", data)) == [("row.duplicate", "A3")]


def test_key_of_another_import_in_force_is_refused():
    before = read("sales", csv_of("sales", [("2024-01", "1")]))
    context = replace(CONTEXT, existing=tuple(r.row for r in before.rows))
    findings = refused("sales", csv_of("sales", [("2024-01", "2")]), context=context)
    assert faults(findings) == [("row.already-imported", "A2")]
    assert "--replace" in findings[0].problem.hint_zh


def test_hole_between_months_is_refused_with_the_missing_months():
    findings = refused("sales", csv_of("sales", [("2024-01", "1"), ("2024-04", "2")]))
    assert faults(findings) == [("period.hole", "A3")]
    assert "2024-02…2024-03" in findings[0].problem.zh
    assert "分成两个文件" in findings[0].problem.hint_zh


def test_months_in_any_order_are_fine():
    assert (
        len(
            read(
                "sales", csv_of("sales", [("2024-02", "1"), ("2024-01", "2"), ("2024-03", "1")])
            ).rows
        )
        == 3
    )


def test_hole_is_looked_for_in_each_product():
    rows = [
        ("2024-01", "A", "1", "9"),
        ("2024-01", "B", "1", "9"),
        ("2024-02", "A", "1", "9"),
        ("2024-03", "B", "1", "9"),
    ]
    findings = refused("output", csv_of("output", rows))
    assert faults(findings) == [("period.hole", "A5")]
    assert "2024-02" in findings[0].problem.zh


def test_overlapping_bills_are_refused():
    rows = [bill("2024-01-01", "2024-01-31"), bill("2024-01-31", "2024-02-29")]
    findings = refused("energy-bills", csv_of("energy-bills", rows))
    assert faults(findings) == [("period.overlap", "C3")]
    assert "与第 2 行重叠" in findings[0].problem.zh


def test_bill_inside_a_longer_one_and_the_one_after_it_are_both_seen():
    rows = [
        bill("2024-01-01", "2024-03-31"),
        bill("2024-02-01", "2024-02-29"),
        bill("2024-03-31", "2024-04-30"),
    ]
    assert faults(refused("energy-bills", csv_of("energy-bills", rows))) == [
        ("period.overlap", "C3"),
        ("period.overlap", "C4"),
    ]


def test_hole_between_bills_is_refused_with_the_missing_days():
    rows = [bill("2024-01-01", "2024-01-31"), bill("2024-02-02", "2024-02-29")]
    findings = refused("energy-bills", csv_of("energy-bills", rows))
    assert faults(findings) == [("period.hole", "C3")]
    assert "2024-02-01" in findings[0].problem.zh


def test_bills_of_two_accounts_do_not_overlap():
    rows = [bill("2024-01-01", "2024-01-31"), bill("2024-01-01", "2024-01-31", account="2")]
    assert len(read("energy-bills", csv_of("energy-bills", rows)).rows) == 2


@pytest.mark.parametrize(
    ("first", "last"),
    [("2024-01-15", "2024-02-14"), ("2023-12-15", "2024-01-01")],
    ids=["later", "earlier"],
)
def test_bill_that_overlaps_another_import_is_refused(first, last):
    before = read("energy-bills", csv_of("energy-bills", [bill("2024-01-01", "2024-01-31")]))
    context = replace(CONTEXT, existing=tuple(r.row for r in before.rows))
    findings = refused("energy-bills", csv_of("energy-bills", [bill(first, last)]), context=context)
    assert faults(findings) == [("period.overlap", "C2")]
    assert "另一次有效的导入" in findings[0].problem.zh


def test_power_off_intervals_may_touch_but_not_overlap():
    head = required_headers("outages")
    touching = [
        ("*", "2024-03-05 13:00", "2024-03-05 14:00", "UPS"),
        ("*", "2024-03-05 14:00", "2024-03-05 15:00", "UPS"),
        ("*", "2024-03-09 14:00", "2024-03-09 15:00", "UPS"),
    ]
    assert len(read("outages", csv_of("outages", touching, headers=head)).rows) == 3
    overlapping = [touching[0], ("*", "2024-03-05 13:59", "2024-03-05 15:00", "UPS")]
    assert faults(refused("outages", csv_of("outages", overlapping))) == [("period.overlap", "B3")]


def test_end_before_start_is_refused_at_the_end():
    assert faults(
        refused("energy-bills", csv_of("energy-bills", [bill("2024-02-01", "2024-01-31")]))
    ) == [("row.end-before-start", "D2")]


def test_power_off_of_no_length_is_refused():
    row = ("*", "2024-03-05 13:00", "2024-03-05 13:00", "UPS")
    assert faults(refused("outages", csv_of("outages", [row]))) == [("row.end-before-start", "C2")]


def test_project_that_ends_before_it_starts_is_refused():
    head = [*required_headers("rd-projects"), "结束日期"]
    row = ("RD1", "x", "改型", "2024-02-01", "2024-01-01")
    assert faults(refused("rd-projects", csv_of("rd-projects", [row], headers=head))) == [
        ("row.end-before-start", "E2")
    ]


def test_month_that_has_not_ended_is_refused():
    # Today is 2026-11-20: November has not ended.
    assert faults(refused("sales", csv_of("sales", [("2026-11", "1")]))) == [
        ("period.future", "A2")
    ]
    assert read("sales", csv_of("sales", [("2026-10", "1")])).rows


def test_date_in_the_future_is_refused_but_a_promise_is_not():
    row = ("1", "A", "2026-11-20", "2027-01-01")
    assert read("orders", csv_of("orders", [row])).rows
    late = ("1", "A", "2026-11-21", "2027-01-01")
    assert faults(refused("orders", csv_of("orders", [late]))) == [("period.future", "C2")]


def finance(*years: int):
    return csv_of("finance", [(str(y), "1", "1", "1") for y in years])


def test_year_outside_the_form_is_refused_and_the_missing_one_named():
    findings = refused(
        "finance", finance(2021, 2022, 2023), context=replace(CONTEXT, years=(2022, 2024))
    )
    assert faults(findings) == [("period.hole", ""), ("period.year-outside-form", "A2")]
    assert "缺少 2024 年" in findings[0].problem.zh
    assert "2022–2024" in findings[1].problem.zh


def test_years_of_the_form_complete():
    assert (
        read(
            "finance", finance(2022, 2023, 2024), context=replace(CONTEXT, years=(2022, 2024))
        ).warnings
        == ()
    )


def test_without_the_years_of_the_form_a_warning_says_so_and_holes_are_still_faults():
    assert warns(read("finance", finance(2022, 2023))) == [("period.years-not-stated", "")]
    assert ("period.hole", "") in faults(refused("finance", finance(2021, 2023)))


def test_year_that_has_not_ended_is_refused():
    assert ("period.future", "A2") in faults(refused("finance", finance(2026)))


def test_loss_is_a_negative_profit_but_sales_are_not_negative():
    assert read("finance", csv_of("finance", [("2024", "1", "-5", "1")])).rows[0].row.profit == -5
    assert faults(refused("finance", csv_of("finance", [("2024", "-1", "-5", "1")]))) == [
        ("number.negative", "B2")
    ]


def test_price_of_a_product_must_stay_constant():
    rows = [("2024-01", "A", "1", "9"), ("2024-02", "A", "1", "9.5")]
    findings = refused("output", csv_of("output", rows))
    assert faults(findings) == [("row.not-one-value", "D3")]
    assert "与第 2 行不同" in findings[0].problem.zh


def test_price_of_another_import_counts():
    before = read("output", csv_of("output", [("2024-01", "A", "1", "9")]))
    context = replace(CONTEXT, existing=tuple(r.row for r in before.rows))
    findings = refused("output", csv_of("output", [("2025-01", "A", "1", "8")]), context=context)
    assert faults(findings) == [("row.not-one-value", "D2")]
    assert "另一次有效的导入" in findings[0].problem.zh


def test_scope_of_people_must_stay_the_same():
    rows = [("2024-01", "全体", "5", "100"), ("2024-02", "一线", "5", "100")]
    assert faults(refused("headcount", csv_of("headcount", rows))) == [("row.not-one-value", "B3")]


def test_cost_element_filled_in_some_months_only_is_refused():
    rows = [("2024-01", "22", "80", "20"), ("2024-02", "20", "", "20")]
    findings = refused("operating-cost", csv_of("operating-cost", rows, headers=COST))
    assert faults(findings) == [("row.partly-filled", "C3")]
    assert "填 0" in findings[0].problem.hint_zh


def test_cost_element_that_is_zero_is_written_zero():
    rows = [("2024-01", "22", "80", "20"), ("2024-02", "20", "0", "20")]
    assert (
        read("operating-cost", csv_of("operating-cost", rows, headers=COST)).rows[1].row.material
        == 0
    )


def test_cost_without_any_element_is_refused():
    rows = [("2024-01", "22", "", "")]
    found = faults(refused("operating-cost", csv_of("operating-cost", rows, headers=COST)))
    assert found == [("row.none-filled", "C2")]


def test_other_cost_must_be_named():
    head = [*required_headers("operating-cost"), "其他（万元）"]
    found = faults(
        refused("operating-cost", csv_of("operating-cost", [("2024-01", "22", "3")], headers=head))
    )
    assert found == [("row.needed", "2")]


def test_more_defective_than_made_is_refused():
    row = ("B1", "A", "2024-01-01", "10", "11")
    assert faults(refused("defects", csv_of("defects", [row]))) == [
        ("row.part-exceeds-whole", "E2")
    ]


def test_half_a_piece_is_refused_in_a_count():
    row = ("B1", "A", "2024-01-01", "10", "0.5")
    assert faults(refused("defects", csv_of("defects", [row]))) == [("number.not-whole", "E2")]


def test_done_investment_needs_supplier_invoice_and_date():
    head = [*required_headers("investments"), "已完成金额（元）", "供应商", "发票号码", "发票日期"]
    row = ("1", "机器人", "设备", "100", "100", "某公司", "", "")
    found = faults(refused("investments", csv_of("investments", [row], headers=head)))
    assert found == [("row.needed", "G2"), ("row.needed", "H2")]
    planned = ("1", "机器人", "设备", "100", "", "", "", "")
    assert read("investments", csv_of("investments", [planned], headers=head)).rows


def test_unit_that_its_carrier_is_not_counted_in_is_refused():
    findings = refused(
        "energy-bills",
        csv_of("energy-bills", [bill("2024-01-01", "2024-01-31", "柴油", unit="立方米")]),
    )
    assert faults(findings) == [("row.wrong-unit", "F2")]
    assert "kg、吨" in findings[0].problem.hint_zh


def test_unknown_word_suggests_the_nearest():
    findings = refused(
        "energy-bills",
        csv_of("energy-bills", [bill("2024-01-01", "2024-01-31", "天然汽", unit="立方米")]),
    )
    assert faults(findings) == [("cell.not-a-choice", "A2")]
    assert findings[0].problem.hint_zh == "是不是想写 天然气 ？"


def test_words_of_a_choice_in_either_language():
    row = ("Natural Gas", "1", "2024-01-01", "2024-01-31", "5", "m³", "metered")
    found = read("energy-bills", csv_of("energy-bills", [row])).rows[0].row
    assert (found.carrier, found.unit, found.reading.value) == ("natural-gas", "m3", "metered")


def test_credit_code_of_the_standard_is_valid():
    # Worked example published with GB 32100-2015: Σ = 1640, 1640 mod 31 = 28, 31 − 28 = 3.
    assert valid_credit_code("91350100M000100Y43")
    assert check_character("91350100M000100Y4") == "3"


@pytest.mark.parametrize(
    "code", ["91350100M000100Y44", "91350100M000100Y4", "91350100MO00100Y43", "91350100m000100y43"]
)
def test_credit_code_that_is_none(code):
    row = ("某公司", code, "供应商", "2024-01-01")
    assert faults(refused("partners", csv_of("partners", [row]))) == [("row.bad-credit-code", "B2")]


def test_accident_must_be_named():
    found = refused("accidents", csv_of("accidents", [("2024", "1", "0", "0", "0")]))
    assert faults(found) == [("row.needed", "2")]


def test_original_that_was_not_handed_in_is_refused():
    data = csv_of(
        "sales",
        [("2024-01", "1", "甲.pdf；乙.pdf")],
        headers=[*required_headers("sales"), "原始凭证"],
    )
    findings = refused("sales", data, attached=("甲.pdf",))
    assert faults(findings) == [("row.original-absent", "C2")]
    assert findings[0].seen == "乙.pdf"


def test_original_that_many_rows_name_is_one_fault():
    rows = [("2024-01", "1", "甲.pdf"), ("2024-02", "1", "甲.pdf")]
    data = csv_of("sales", rows, headers=[*required_headers("sales"), "原始凭证"])
    findings = refused("sales", data)
    assert faults(findings) == [("row.original-absent", "C2")]
    assert "共 2 行" in findings[0].problem.zh


def test_unreadable_row_hides_no_hole_and_invents_none():
    # Row 3 may be the missing February: whether there is a hole cannot be said before it is mended.
    findings = refused(
        "sales", csv_of("sales", [("2024-01", "1"), ("2024-13", "1"), ("2024-03", "1")])
    )
    assert faults(findings) == [("time.not-a-month", "A3")]
    assert findings[-1].problem.code == "file.partly-checked"


def test_original_that_no_row_names_is_a_warning():
    found = read("sales", csv_of("sales", [("2024-01", "1")]), attached=("甲.pdf",))
    assert warns(found) == [("file.original-unnamed", "")]


def test_every_carrier_has_units_that_the_table_offers():
    table = tables()["energy-bills"]
    offered = {c.value for c in table.column("unit").choices}
    assert offered == set(UNIT_NAMES)
    for carrier in table.column("carrier").choices:
        assert set(units_of(str(carrier.value))) <= offered


def test_today_itself_is_not_the_future():
    context = replace(CONTEXT, today=date(2026, 11, 30))
    assert read("sales", csv_of("sales", [("2026-11", "1")]), context=context).rows
