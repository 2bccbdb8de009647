"""XLSX files of a table: formulas, merged and hidden cells, serials, texts, sheets, damaged files."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import pytest
from openpyxl import Workbook
from openpyxl.styles.numbers import FORMAT_PERCENTAGE_00
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from config.records.catalogue import tables
from config.records.template_xlsx import template_xlsx
from config.records.xlsx_file import XlsxForm
from tests.support.records import ZONE, faults, read, refused, required_headers, warns, xlsx_of

HEAD = required_headers("sales")
ROWS = [["2024-01", 100.5], ["2024-02", 110]]
LOTS = required_headers("defects")  # 批次号 产品 生产日期 生产数量（件） 不良数量（件）


def test_plain_workbook():
    found = read("sales", xlsx_of([HEAD, *ROWS]))
    assert [str(r.row.sales) for r in found.rows] == ["201/2", "110"]
    assert found.warnings == ()
    assert found.form == XlsxForm("Sheet1", date(1899, 12, 30), 0)


def test_dates_typed_as_dates():
    found = read("defects", xlsx_of([LOTS, ["B1", "A", date(2024, 3, 4), 300, 4]]))
    assert found.rows[0].row.day == date(2024, 3, 4)
    assert found.warnings == ()


def test_date_kept_as_serial_is_a_finding():
    found = read("defects", xlsx_of([LOTS, ["B1", "A", 45355, 300, 4]]))
    assert found.rows[0].row.day == date(2024, 3, 4)  # 1899-12-30 + 45355 days
    assert warns(found) == [("time.serial", "C2")]


def test_date_serial_follows_the_epoch_of_the_workbook():
    def mac(workbook: Workbook) -> None:
        workbook.epoch = CALENDAR_MAC_1904

    found = read("defects", xlsx_of([LOTS, ["B1", "A", 43893, 300, 4]], change=mac))
    assert found.rows[0].row.day == date(2024, 3, 4)  # 1904-01-01 + 43893 days
    assert found.form == XlsxForm("Sheet1", date(1904, 1, 1), 0)


def test_number_kept_as_text_is_a_finding():
    found = read("sales", xlsx_of([HEAD, ["2024-01", "100.5"]]))
    assert str(found.rows[0].row.sales) == "201/2"
    assert warns(found) == [("number.as-text", "B2")]


def test_shortest_decimal_of_the_stored_double():
    found = read("sales", xlsx_of([HEAD, ["2024-01", 0.1]]))
    assert str(found.rows[0].row.sales) == "1/10"


def test_remainder_of_binary_arithmetic_is_read_and_said():
    found = read("sales", xlsx_of([HEAD, ["2024-01", 0.1 + 0.2]]))
    # The workbook stores 16 digits: 0.3000000000000000 is 0.3, so the remainder is written by hand below.
    assert str(found.rows[0].row.sales) == "3/10"
    data = xlsx_of([HEAD, ["2024-01", 12345.25]])
    changed = _edit(
        data, "xl/worksheets/sheet1.xml", b"<v>12345.25</v>", b"<v>0.30000000000000004</v>"
    )
    found = read("sales", changed)
    assert str(found.rows[0].row.sales) == "7500000000000001/25000000000000000"
    assert warns(found) == [("number.more-than-15-digits", "B2")]


def _edit(data: bytes, member: str, old: bytes, new: bytes) -> bytes:
    """Return the workbook with bytes of one member replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == member:
                assert content.count(old) == 1
                content = content.replace(old, new)
            target.writestr(name, content)
    return out.getvalue()


def test_formula_with_stored_value_is_read_and_said():
    data = xlsx_of([HEAD, ["2024-01", 100.5]])
    data = _edit(data, "xl/worksheets/sheet1.xml", b"<v>100.5</v>", b"<f>60+40.5</f><v>100.5</v>")
    found = read("sales", data)
    assert str(found.rows[0].row.sales) == "201/2"
    assert warns(found) == [("cell.formula", "B2")]
    assert found.warnings[0].seen == "100.5"
    assert found.form == XlsxForm("Sheet1", date(1899, 12, 30), 1)


def test_formula_without_stored_value_is_refused():
    found = faults(refused("sales", xlsx_of([HEAD, ["2024-01", "=60+40.5"]])))
    assert ("cell.formula-without-value", "B2") in found


def test_error_value_is_refused():
    data = xlsx_of([HEAD, ["2024-01", "#DIV/0!"]])
    assert faults(refused("sales", data)) == [("cell.error-value", "B2")]


def test_merged_cells_are_refused_with_their_range():
    def merge(workbook: Workbook) -> None:
        workbook.active.merge_cells("B2:B3")

    findings = refused("sales", xlsx_of([HEAD, ["2024-01", 100], ["2024-02", None]], change=merge))
    assert ("cell.merged", "B2") in faults(findings)
    assert any("B2:B3" in f.problem.zh for f in findings)


def test_hidden_row_is_read_and_said():
    def hide(workbook: Workbook) -> None:
        workbook.active.row_dimensions[3].hidden = True

    found = read("sales", xlsx_of([HEAD, *ROWS], change=hide))
    assert len(found.rows) == 2
    assert warns(found) == [("cell.hidden", "3")]


def test_hidden_columns_of_a_group_are_said():
    def hide(workbook: Workbook) -> None:
        workbook.active.column_dimensions.group("A", "B", hidden=True)

    assert warns(read("sales", xlsx_of([HEAD, *ROWS], change=hide))) == [
        ("cell.hidden", "A1"),
        ("cell.hidden", "B1"),
    ]


def test_hidden_sheet_is_said():
    def hide(workbook: Workbook) -> None:
        workbook.create_sheet("封面")
        workbook.worksheets[0].sheet_state = "hidden"
        workbook.active = 1

    assert ("cell.hidden", "") in warns(
        read("sales", xlsx_of([HEAD, *ROWS], sheet="月度销售", change=hide))
    )


def test_percent_format_in_a_money_column_is_refused():
    def percent(workbook: Workbook) -> None:
        workbook.active["B2"].number_format = FORMAT_PERCENTAGE_00

    assert faults(refused("sales", xlsx_of([HEAD, ["2024-01", 0.5]], change=percent))) == [
        ("number.percent", "B2")
    ]


def test_display_in_ten_thousands_is_refused():
    def scale(workbook: Workbook) -> None:
        workbook.active["B2"].number_format = '0!.0,"万"'

    assert faults(refused("sales", xlsx_of([HEAD, ["2024-01", 12345]], change=scale))) == [
        ("number.scaled-format", "B2")
    ]


def test_logical_value_in_a_yes_no_column_is_read():
    head = required_headers("rd-tasks")
    data = xlsx_of([[*head, "工具名称"], ["2024-12", "CAD", True, False, None]])
    row = read("rd-tasks", data).rows[0].row
    assert (row.applicable, row.covered) == (True, False)


def test_order_number_of_sixteen_digits_kept_as_number_is_refused():
    head = required_headers("orders")
    data = xlsx_of([head, [1234567890123456, "A", date(2024, 1, 1), date(2024, 2, 1)]])
    assert faults(refused("orders", data)) == [("text.digits-lost", "A2")]


def test_time_of_day_of_a_cell_is_read_to_the_second():
    head = required_headers("outages")
    data = xlsx_of(
        [
            head,
            [
                "*",
                datetime.fromisoformat("2024-03-05T13:20"),
                datetime.fromisoformat("2024-03-05T15:05:07"),
                "UPS",
            ],
        ]
    )
    row = read("outages", data).rows[0].row
    assert row.start_ms == 1_709_616_000_000
    assert row.end_ms - row.start_ms == (105 * 60 + 7) * 1000


def test_sheet_named_like_the_table_is_taken_and_others_are_named():
    def more(workbook: Workbook) -> None:
        workbook.create_sheet("草稿").append(["x", "y"])
        workbook["草稿"].append([1, 2])

    found = read("sales", xlsx_of([HEAD, *ROWS], sheet="月度销售", change=more))
    assert warns(found) == [("file.other-sheets", "")]
    assert "草稿" in found.warnings[0].problem.zh


def test_sheet_that_is_not_clear_is_refused():
    def more(workbook: Workbook) -> None:
        workbook.create_sheet("二").append(HEAD)
        workbook["二"].append(ROWS[0])

    data = xlsx_of([HEAD, *ROWS], change=more)
    findings = refused("sales", data)
    assert faults(findings) == [("file.sheet", "")]
    assert "Sheet1、二" in findings[0].problem.zh
    assert len(read("sales", data, sheet="二").rows) == 1
    assert faults(refused("sales", data, sheet="三")) == [("file.sheet", "")]


def test_template_of_another_table_is_refused():
    findings = refused("sales", template_xlsx(tables()["inventory"], zone=ZONE))
    assert faults(findings) == [("file.other-template", "")]
    assert "inventory/1" in findings[0].problem.zh


def test_old_workbook_or_password_is_refused_with_the_cure():
    findings = refused("sales", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    assert faults(findings) == [("file.old-workbook", "")]
    assert "*.xlsx" in findings[0].problem.hint_zh


@pytest.mark.parametrize("size", [4, 40, 400, 2000])
def test_cut_workbook_is_refused(size):
    data = xlsx_of([HEAD, *ROWS])[:size]
    assert faults(refused("sales", data))[0][0] == "file.not-a-workbook"


def test_archive_that_is_no_workbook_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("hello.txt", "x")
    assert faults(refused("sales", out.getvalue())) == [("file.not-a-workbook", "")]


def test_archive_that_unpacks_to_gigabytes_is_refused_before_it_is_read():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(2**20))
    data = bytearray(out.getvalue())
    # The directory claims 3 GiB for the member, as a bomb would honestly do.
    at = data.rindex(b"PK\x01\x02") + 24
    data[at : at + 4] = (3 * 2**30).to_bytes(4, "little")
    assert faults(refused("sales", bytes(data))) == [("file.too-large", "")]


def test_entity_bomb_is_refused_by_the_parser():
    head = b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>]>"
    data = _edit(
        xlsx_of([HEAD, *ROWS]), "xl/worksheets/sheet1.xml", b"<worksheet", head + b"<worksheet"
    )
    assert faults(refused("sales", data)) == [("file.not-a-workbook", "")]


def test_rows_beyond_the_limit_are_refused():
    def far(workbook: Workbook) -> None:
        workbook.active.cell(200_001, 1, "x")

    assert faults(refused("sales", xlsx_of([HEAD, *ROWS], change=far))) == [("file.too-large", "")]
