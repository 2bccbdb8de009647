"""Numbers, years, months, dates, instants and texts of a cell: what is read, what is warned about, what is refused."""

from __future__ import annotations

from datetime import date
from fractions import Fraction as F
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.records.cells import Cell, CellKind
from config.records.numbers import decimal_text, exact_number
from config.records.texts import read_text
from config.records.times import date_of, instant_of, month_of, year_of
from kpi.records.periods import Month

WINDOWS = date(1899, 12, 30)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def plain(text: str) -> Cell:
    return Cell(text, CellKind.PLAIN)


def number(cell: Cell, *, percent: bool = False, semicolons: bool = False):
    value, problems = exact_number(cell, percent=percent, semicolons=semicolons)
    return value, [p.code for p in problems]


@pytest.mark.parametrize(
    ("text", "value", "codes"),
    [
        ("0", F(0), []),
        ("1234.50", F(2469, 2), []),
        ("-3.75", F(-15, 4), []),
        ("0.1", F(1, 10), []),
        (" 12 ", F(12), []),
        ("12345678901234567890.123456789", F("12345678901234567890.123456789"), []),
        ("1,234.5", F(2469, 2), ["number.thousands"]),
        ("-12,345,678", F(-12345678), ["number.thousands"]),
        ("１２３．５", F(247, 2), ["number.full-width"]),
        ("１，２３４", F(1234), ["number.full-width", "number.thousands"]),
        ("\u22125", F(-5), ["number.full-width"]),
    ],
)
def test_number_is_read_exactly(text, value, codes):
    assert number(plain(text)) == (value, codes)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1,23", "number.bad-grouping"),
        ("1,2345", "number.bad-grouping"),
        ("12,34,567", "number.bad-grouping"),
        ("1.234,5", "number.bad-grouping"),
        ("1200万元", "number.with-unit"),
        ("1200 元", "number.with-unit"),
        ("¥1200", "number.with-unit"),
        ("￥1,200", "number.with-unit"),
        ("1.2E+05", "number.exponent"),
        ("1e5", "number.exponent"),
        ("(1,200)", "number.parentheses"),
        ("-", "number.placeholder"),
        ("——", "number.placeholder"),
        ("无", "number.placeholder"),
        ("N/A", "number.placeholder"),
        ("12%", "number.percent"),
        ("一百", "number.not-a-number"),
        ("+5", "number.not-a-number"),
        (".5", "number.not-a-number"),
        ("5.", "number.not-a-number"),
        ("0x1F", "number.not-a-number"),
        ("1" * 41, "number.not-a-number"),
    ],
)
def test_number_is_refused_with_the_reason(text, code):
    value, codes = number(plain(text))
    assert value is None
    assert codes[-1] == code


def test_comma_of_a_file_with_semicolons_is_ambiguous():
    assert number(plain("1,234"), semicolons=True) == (None, ["number.ambiguous-comma"])


@pytest.mark.parametrize("text", ["12.5", "12.5%", "12.5 %", "１２．５％"])
def test_percent_column_takes_percent_with_and_without_sign(text):
    assert number(plain(text), percent=True)[0] == F(1, 8)


def typed(text: str, shown: str = "General") -> Cell:
    return Cell(text, CellKind.NUMBER, shown)


def test_xlsx_number_is_the_shortest_decimal_of_the_double():
    assert number(typed("0.1")) == (F(1, 10), [])


def test_xlsx_number_beyond_fifteen_digits_is_read_and_said():
    assert number(typed("0.30000000000000004")) == (
        F("0.30000000000000004"),
        ["number.more-than-15-digits"],
    )


def test_xlsx_percent_format_in_a_percent_column_is_read_as_shown():
    assert number(typed("0.125", "0.0%"), percent=True) == (F(1, 8), ["number.percent-format"])
    assert number(typed("12.5"), percent=True) == (F(1, 8), [])


def test_xlsx_percent_format_elsewhere_is_refused():
    assert number(typed("0.125", "0.0%")) == (None, ["number.percent"])


@pytest.mark.parametrize("shown", ["#,##0,", "0.0,", '0!.0,"万"', "#,##0.00,,"])
def test_xlsx_format_that_scales_the_display_is_refused(shown):
    assert number(typed("12345", shown)) == (None, ["number.scaled-format"])


@pytest.mark.parametrize("shown", ["#,##0", "#,##0.00", '0.00"元"', "[Red]#,##0;(#,##0)", "@"])
def test_xlsx_format_that_only_decorates_is_fine(shown):
    assert number(typed("12345", shown)) == (F(12345), [])


def test_xlsx_number_kept_as_text_is_read_exactly_and_said():
    assert number(Cell("1234.5", CellKind.TEXT)) == (F(2469, 2), ["number.as-text"])


@pytest.mark.parametrize("kind", [CellKind.DATE, CellKind.LOGICAL])
def test_date_or_logical_value_is_no_number(kind):
    assert number(Cell("2024-01-01T00:00:00", kind)) == (None, ["number.other-type"])


@given(st.integers(-(10**18), 10**18), st.integers(0, 12))
def test_every_decimal_is_read_and_written_exactly(digits, places):
    value = F(digits, 10**places)
    text = decimal_text(value)
    assert number(plain(text)) == (value, [])
    assert text == "0" or not text.startswith(("00", "-00"))


def test_value_without_finite_decimal_is_not_written():
    with pytest.raises(ValueError, match="no finite decimal"):
        decimal_text(F(1, 3))


@pytest.mark.parametrize(
    ("text", "year"), [("2024", 2024), ("2024年", 2024), ("２０２４", 2024), ("2024年度", 2024)]
)
def test_year(text, year):
    assert year_of(plain(text)) == (year, ())


@pytest.mark.parametrize("text", ["24", "1899", "2101", "2024.0", "二〇二四"])
def test_no_year(text):
    assert year_of(plain(text))[0] is None


def test_year_in_a_date_cell_is_refused():
    # 2024 typed into a cell formatted as date is the serial of 1905-07-16.
    value, problems = year_of(Cell("1905-07-16T00:00:00", CellKind.DATE))
    assert value is None
    assert problems[0].code == "time.year-is-date"


@pytest.mark.parametrize(
    "text", ["2024-03", "2024/3", "2024.03", "2024年3月", "2024年03月", "202403", "２０２４－０３"]
)
def test_month(text):
    assert month_of(plain(text), epoch=WINDOWS) == (Month(2024, 3), ())


@pytest.mark.parametrize("text", ["2024", "2024-13", "2024-0", "3-2024", "三月", "2024-03-01x"])
def test_no_month(text):
    assert month_of(plain(text), epoch=WINDOWS)[0] is None


def test_month_that_the_spreadsheet_made_a_date_of_its_first_day():
    assert month_of(Cell("2024-03-01T00:00:00", CellKind.DATE), epoch=WINDOWS) == (
        Month(2024, 3),
        (),
    )


def test_day_is_no_month():
    value, problems = month_of(Cell("2024-03-15T00:00:00", CellKind.DATE), epoch=WINDOWS)
    assert value is None
    assert problems[0].code == "time.month-is-day"


def test_month_typed_as_a_number_is_refused_because_2024_10_is_stored_as_2024_1():
    assert month_of(typed("2024.1"), epoch=WINDOWS)[0] is None


@pytest.mark.parametrize(
    "text",
    ["2024-01-31", "2024/1/31", "2024.1.31", "2024年1月31日", "20240131", "２０２４－１－３１"],
)
def test_date(text):
    assert date_of(plain(text), epoch=WINDOWS) == (date(2024, 1, 31), ())


@pytest.mark.parametrize(
    "text", ["31/1/2024", "1/2/2024", "24-1-31", "2024-02-30", "2024-1", "Jan 31"]
)
def test_no_date(text):
    value, problems = date_of(plain(text), epoch=WINDOWS)
    assert value is None
    assert problems[0].code == "time.not-a-date"


def test_date_serial_is_converted_and_said():
    # Serial 45322 = 2024-01-31 in the 1900 system (1899-12-30 + 45322 days).
    value, problems = date_of(typed("45322"), epoch=WINDOWS)
    assert value == date(2024, 1, 31)
    assert [p.code for p in problems] == ["time.serial"]


def test_date_serial_of_the_1904_system():
    # 1904-01-01 + 43860 days = 2024-01-31.
    assert date_of(typed("43860"), epoch=date(1904, 1, 1))[0] == date(2024, 1, 31)


def test_date_with_time_of_day_is_no_date():
    assert date_of(Cell("2024-01-31T08:00:00", CellKind.DATE), epoch=WINDOWS)[0] is None


def test_number_that_cannot_be_a_serial_is_no_date():
    assert date_of(typed("12"), epoch=WINDOWS)[0] is None


# 2024-03-05T05:20Z = 1709616000 s.
@pytest.mark.parametrize(
    "text", ["2024-03-05 13:20", "2024-03-05T13:20:00", "2024/3/5 13:20", "2024年3月5日13时20分"]
)
def test_instant_in_local_time(text):
    assert instant_of(plain(text), zone=SHANGHAI) == (1_709_616_000_000, ())


def test_instant_of_a_date_cell():
    assert (
        instant_of(Cell("2024-03-05T13:20:00", CellKind.DATE), zone=SHANGHAI)[0]
        == 1_709_616_000_000
    )


@pytest.mark.parametrize(
    "text",
    ["2024-03-05", "2024-03-05 24:00", "2024-03-05 13:60", "2024-03-05 13:20+08:00", "13:20"],
)
def test_no_instant(text):
    assert instant_of(plain(text), zone=SHANGHAI)[0] is None


@pytest.mark.parametrize("text", ["2024-10-27 02:30", "2024-03-31 02:30"], ids=["twice", "never"])
def test_instant_that_daylight_saving_has_twice_or_never_is_refused(text):
    value, problems = instant_of(plain(text), zone=ZoneInfo("Europe/Berlin"))
    assert value is None
    assert problems[0].code == "time.clock-change"


def text_of(cell: Cell):
    value, problems = read_text(cell)
    return value, [p.code for p in problems]


def test_text_keeps_leading_zeros():
    assert text_of(plain(" 007 ")) == ("007", [])


def test_text_stored_as_number_is_read_and_said():
    assert text_of(typed("20240001")) == ("20240001", ["text.as-number"])


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (typed("1234567890123456"), "text.digits-lost"),
        (plain("1.23457E+15"), "text.exponent"),
        (Cell("2024-01-02T00:00:00", CellKind.DATE), "text.other-type"),
        (plain("a\nb"), "text.control-character"),
        (plain("x" * 201), "text.too-long"),
    ],
)
def test_text_that_the_spreadsheet_spoiled_is_refused(cell, code):
    assert text_of(cell) == (None, [code])


def test_name_that_only_looks_like_an_exponent_is_fine():
    assert text_of(plain("PE+12")) == ("PE+12", [])
