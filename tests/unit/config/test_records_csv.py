"""CSV files of a table: encodings, separators, quoting, and each fault with cell, value and hint."""

from __future__ import annotations

import pytest

from config.records.csv_file import CsvForm
from config.records.findings import Severity
from tests.support.records import csv_of, faults, read, refused, required_headers, warns

HEAD = required_headers("sales")  # 月份, 销售额（万元）
ROWS = [("2024-01", "100.5"), ("2024-02", "110")]


def text_file(separator: str = ",", end: str = "\r\n") -> str:
    return end.join(separator.join(row) for row in [HEAD, *ROWS])


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (text_file().encode(), "utf-8"),
        (b"\xef\xbb\xbf" + text_file().encode(), "utf-8-bom"),
        (text_file().encode("gb18030"), "gb18030"),
        (text_file().encode("gbk"), "gb18030"),
    ],
    ids=["utf-8", "mark", "gb18030", "gbk"],
)
def test_encodings(data, encoding):
    found = read("sales", data)
    assert found.form == CsvForm(encoding, ",")
    assert [str(r.row.month) for r in found.rows] == ["2024-01", "2024-02"]
    assert found.warnings == ()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_and_line_ends(separator, end):
    found = read("sales", text_file(separator, end).encode())
    assert isinstance(found.form, CsvForm)
    assert found.form.delimiter == separator
    assert [r.line for r in found.rows] == [2, 3]


def test_utf_16_is_refused_with_the_cure():
    findings = refused("sales", text_file().encode("utf-16"))
    assert faults(findings) == [("file.encoding", "")]
    assert "CSV UTF-8" in findings[0].problem.hint_zh


def test_bytes_of_no_encoding_are_refused_with_the_line():
    data = text_file().encode("gb18030") + b"\r\n\xff\xff,1"
    findings = refused("sales", data)
    assert findings[0].problem.code == "file.encoding"
    assert findings[0].row == 4


def test_quoted_fields_hold_commas_and_quotes():
    data = csv_of("sales", [("2024-01", "100", '"甲,""乙"""')], headers=[*HEAD, "备注"])
    assert read("sales", data).rows[0].note == '甲,"乙"'


def test_broken_quotes_are_refused_with_the_line():
    data = csv_of("sales", [("2024-01", '"100'), ("2024-02", "1")])
    findings = refused("sales", data)
    assert findings[0].problem.code == "file.quoting"
    assert findings[0].row > 0


def test_empty_file_is_refused():
    assert faults(refused("sales", b"")) == [("header.not-first", "")]


def test_header_without_rows_is_refused():
    assert faults(refused("sales", csv_of("sales", []))) == [("file.no-rows", "")]


def test_blank_rows_are_skipped():
    assert len(read("sales", csv_of("sales", [ROWS[0], ("", ""), ROWS[1]])).rows) == 2


def test_english_headers_in_any_order_and_width():
    data = csv_of("sales", [("100", "2024-01")], headers=["Sales (10K Yuan)", " MONTH "])
    assert read("sales", data).rows[0].row.sales == 100


def test_brackets_of_either_width():
    assert read("sales", csv_of("sales", ROWS, headers=["月份", "销售额(万元)"])).rows


def test_misspelt_header_suggests_the_nearest_name():
    findings = refused("sales", csv_of("sales", ROWS, headers=["月份", "销售颌（万元）"]))
    assert faults(findings) == [("header.missing", "1"), ("header.unknown", "B1")]
    unknown = findings[1]
    assert unknown.problem.hint_zh == "是不是想写 销售额 ？"
    assert unknown.seen == "销售颌（万元）"


def test_missing_column_is_named():
    findings = refused("sales", csv_of("sales", [("2024-01",)], headers=["月份"]))
    assert faults(findings) == [("header.missing", "1")]
    assert "销售额（万元）" in findings[0].problem.zh


def test_wrong_unit_is_refused_and_nothing_is_converted():
    findings = refused("sales", csv_of("sales", ROWS, headers=["月份", "销售额（元）"]))
    assert faults(findings) == [("header.wrong-unit", "B1")]
    assert "应为“万元”，文件写的是“元”" in findings[0].problem.zh


def test_missing_unit_is_refused():
    data = csv_of("sales", ROWS, headers=["月份", "销售额"])
    assert faults(refused("sales", data)) == [("header.unit-missing", "B1")]


def test_unit_in_the_header_of_a_column_with_a_unit_column_is_refused():
    names = ["用量（kWh）" if h == "用量" else h for h in required_headers("energy-bills")]
    row = ("电力", "1", "2024-01-01", "2024-01-31", "5", "kWh", "计量")
    assert faults(refused("energy-bills", csv_of("energy-bills", [row], headers=names))) == [
        ("header.unit-elsewhere", "E1")
    ]


def test_column_twice_is_refused():
    rows = [(*r, r[1]) for r in ROWS]
    data = csv_of("sales", rows, headers=[*HEAD, HEAD[1]])
    assert faults(refused("sales", data)) == [("header.twice", "C1")]


def test_column_without_header_is_refused():
    rows = [(*r, "9") for r in ROWS]
    data = csv_of("sales", rows, headers=[*HEAD, ""])
    assert faults(refused("sales", data)) == [("header.nameless", "C1")]


def test_title_above_the_header_is_refused_with_its_row():
    data = ("销售统计表,\r\n单位：元,\r\n" + text_file()).encode()
    findings = refused("sales", data)
    assert faults(findings) == [("header.not-first", "1")]
    assert "表头在第 3 行" in findings[0].problem.hint_zh


def test_cell_beyond_the_header_is_refused():
    assert faults(refused("sales", csv_of("sales", [("2024-01", "1", "5")]))) == [
        ("cell.beyond-header", "C2")
    ]


def test_example_row_left_in_is_refused():
    data = csv_of("sales", [("#示例 2024-01", "1040.3"), *ROWS])
    assert faults(refused("sales", data)) == [("row.example", "2")]


@pytest.mark.parametrize("word", ["合计", "合 计", "总计", "小计", "汇总", "Total"])
def test_sum_row_is_refused_by_its_word(word):
    assert faults(refused("sales", csv_of("sales", [*ROWS, (word, "210.5")]))) == [("row.sum", "4")]


def test_product_that_is_called_like_a_sum_is_fine():
    assert read("defects", csv_of("defects", [("B1", "TOTAL", "2024-01-01", "5", "0")])).rows


def test_sum_row_without_word_is_refused_because_it_adds_up():
    assert faults(refused("sales", csv_of("sales", [*ROWS, ("", "210.5")]))) == [("row.sum", "4")]


def test_row_without_key_that_does_not_add_up_is_a_missing_cell():
    assert faults(refused("sales", csv_of("sales", [*ROWS, ("", "211")]))) == [
        ("cell.missing", "A4")
    ]


def test_thousands_separators_are_read_with_a_warning_at_the_cell():
    data = csv_of("sales", [("2024-01", '"1,100.5"')])
    found = read("sales", data)
    assert found.rows[0].row.sales == 1100 + 1 / 2
    assert warns(found) == [("number.thousands", "B2")]
    assert found.warnings[0].seen == "1,100.5"


def test_full_width_digits_are_read_with_a_warning_at_the_cell():
    found = read("sales", csv_of("sales", [("2024-01", "１２３")]))
    assert found.rows[0].row.sales == 123
    assert warns(found) == [("number.full-width", "B2")]


def test_negative_amount_is_refused_at_its_cell():
    assert faults(refused("sales", csv_of("sales", [("2024-01", "-1")]))) == [
        ("number.negative", "B2")
    ]


def test_every_fault_of_a_file_at_once_in_the_order_of_its_cells():
    rows = [("2024-13", "1万"), ("2024-02", "-3"), ("合计", "9")]
    assert faults(refused("sales", csv_of("sales", rows))) == [
        ("time.not-a-month", "A2"),
        ("number.with-unit", "B2"),
        ("number.negative", "B3"),
        ("row.sum", "4"),
    ]


def test_fault_says_file_cell_header_value_and_cure_in_both_languages():
    finding = refused("sales", csv_of("sales", [("2024-01", "1200万元")]), name="销售.csv")[0]
    assert finding.render("zh") == (
        "销售.csv B2（销售额（万元））：错误  数字里带有单位或货币符号：“1200万元”\n"
        "    处理：只填数字；单位以表头为准，不同单位请先换算"
    )
    assert finding.render("en") == (
        "销售.csv B2 (销售额（万元）): error  carries a unit or a currency sign: '1200万元'\n"
        "    cure: write the number only, in the unit of the header"
    )


def test_warnings_alone_do_not_refuse_a_file():
    found = read("sales", csv_of("sales", [("2024-01", '"1,000"')]))
    assert [f.problem.severity for f in found.warnings] == [Severity.WARN]


def test_lines_inside_quotes_count_as_one_row_as_a_spreadsheet_shows_it():
    data = csv_of(
        "sales", [("2024-01", "1", '"一\n二"'), ("2024-02", "-1", "")], headers=[*HEAD, "备注"]
    )
    assert faults(refused("sales", data)) == [
        ("text.control-character", "C2"),
        ("number.negative", "B3"),
    ]
