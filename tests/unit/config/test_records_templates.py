"""Tables and their templates: complete definitions, examples that are right, files that other programs open."""

from __future__ import annotations

import csv
import dataclasses
import io

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from config.records.catalogue import ROW_TYPES, table_named, tables
from config.records.columns import Kind
from config.records.detection import detect_table
from config.records.findings import RecordFaultsError
from config.records.reading import EXAMPLE_MARK
from config.records.template_csv import example_row, template_csv
from config.records.template_xlsx import PREPARED_ROWS, template_xlsx
from config.records.xlsx_file import INSTRUCTIONS
from kpi.records.all_figures import Records
from model.errors import ConfigError
from tests.support.records import ZONE, csv_of, faults, read, refused, required_headers, xlsx_of

TABLES = list(tables().values())
EACH = pytest.mark.parametrize("table", TABLES, ids=lambda t: t.id)


@EACH
def test_columns_are_the_fields_of_the_row_in_order(table):
    assert [c.field for c in table.columns] == [f.name for f in dataclasses.fields(table.row)]


@EACH
def test_optional_columns_are_those_whose_field_may_be_none(table):
    optional = {f.name for f in dataclasses.fields(table.row) if "None" in str(f.type)}
    assert {c.field for c in table.columns if not c.required} == optional


@EACH
def test_key_and_rules_name_fields_of_the_table(table):
    fields = {c.field for c in table.columns}
    assert set(table.key) <= fields
    for check in table.checks:
        named = set()
        for part in dataclasses.fields(check):
            value = getattr(check, part.name)
            if part.name in (
                "field",
                "fields",
                "others",
                "by",
                "first",
                "last",
                "earlier",
                "later",
                "limit",
            ):
                named |= set(value) if isinstance(value, tuple) else {value}
        assert named <= fields, check


@EACH
def test_names_of_columns_are_different(table):
    names = [n.casefold() for c in table.every_column for n in {*c.names}]
    assert len(names) == len(set(names))


@EACH
def test_wording_exists_in_both_languages(table):
    for words in (table.purpose, *table.advice, *(c.help for c in table.every_column)):
        assert words.zh
        assert words.en
        assert words.en.isascii()


@EACH
def test_choices_fit_into_the_list_of_a_spreadsheet(table):
    for column in table.columns:
        assert (column.kind is Kind.CHOICE) == bool(column.choices)
        assert len(",".join(c.zh for c in column.choices)) <= 253


def test_every_table_has_a_place_among_the_records():
    assert {f.name for f in dataclasses.fields(Records)} == {
        name.replace("-", "_") for name in ROW_TYPES
    }


def _without_mark(cells: list[str]) -> list[str]:
    return [cells[0].removeprefix(EXAMPLE_MARK).strip(), *cells[1:]]


@EACH
def test_example_is_a_right_row_when_its_mark_is_removed(table):
    headers = [c.header for c in table.every_column]
    row = [f'"{c}"' if "," in c else c for c in _without_mark(example_row(table))]
    found = read(table.id, csv_of(table.id, [row], headers=headers), attached=("凭证文件名.pdf",))
    assert len(found.rows) == 1
    assert found.rows[0].evidence == ("凭证文件名.pdf",)
    codes = {f.problem.code for f in found.warnings}
    assert codes <= {"period.years-not-stated"}


@EACH
@pytest.mark.parametrize("make", [template_csv, template_xlsx], ids=["csv", "xlsx"])
def test_template_with_its_example_left_in_is_refused_for_that_alone(table, make):
    found = faults(refused(table.id, make(table, zone=ZONE)))
    assert [f for f in found if f[0] != "period.hole"] == [("row.example", "2")]


@EACH
def test_csv_template_opens_in_a_spreadsheet_with_its_mark(table):
    data = template_csv(table, zone=ZONE)
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data[3:].decode("utf-8"), newline="")))
    assert rows[0] == [c.header for c in table.every_column]
    assert rows[1][0].startswith(EXAMPLE_MARK)
    assert len(rows) == 2


@EACH
def test_xlsx_template_is_read_the_same_by_a_second_program(table):
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(template_xlsx(table, zone=ZONE)))
    assert workbook.sheet_names == [table.zh, INSTRUCTIONS]
    rows = workbook.get_sheet_by_name(table.zh).to_python()
    assert rows[0] == [c.header for c in table.every_column]
    assert rows[1] == example_row(table)
    text = "\n".join(
        str(c) for row in workbook.get_sheet_by_name(INSTRUCTIONS).to_python() for c in row
    )
    for column in table.every_column:
        assert column.header in text
        assert column.help.zh in text


@EACH
def test_xlsx_template_offers_the_allowed_words_and_keeps_texts_as_text(table):
    sheet = load_workbook(io.BytesIO(template_xlsx(table, zone=ZONE))).worksheets[0]
    rules = {
        str(rule.sqref).split(":")[0].rstrip("0123456789"): rule
        for rule in sheet.data_validations.dataValidation
    }
    for place, column in enumerate(table.every_column, start=1):
        letter = sheet.cell(1, place).column_letter
        rule = rules[letter]
        assert str(rule.sqref) == f"{letter}2:{letter}{PREPARED_ROWS + 1}"
        assert rule.prompt == column.help.zh
        if column.kind is Kind.CHOICE:
            assert rule.formula1 == '"' + ",".join(c.zh for c in column.choices) + '"'
        if column.kind is Kind.DATE:
            assert sheet.column_dimensions[letter].number_format == "yyyy-mm-dd"
        if column.kind is Kind.TEXT:
            assert sheet.column_dimensions[letter].number_format == "@"
    assert sheet.freeze_panes == "A2"


@EACH
@pytest.mark.parametrize("make", [template_csv, template_xlsx], ids=["csv", "xlsx"])
def test_table_is_found_out_from_its_template(table, make):
    assert detect_table(make(table, zone=ZONE), "x") is table


def test_table_is_found_out_from_the_name_of_the_sheet_or_the_headers():
    head = required_headers("inventory")
    assert detect_table(xlsx_of([head, ["2024-01", 1, 2]]), "x").id == "inventory"
    assert detect_table(xlsx_of([["x"]], sheet="库存"), "x").id == "inventory"
    assert detect_table(csv_of("inventory", []).decode().encode("gb18030"), "x").id == "inventory"


def test_table_that_is_not_clear_is_refused():
    with pytest.raises(RecordFaultsError) as caught:
        detect_table("甲,乙\r\n1,2".encode(), "x")
    assert [f.problem.code for f in caught.value.findings] == ["file.table-unknown"]


def test_headers_of_two_tables_are_not_guessed():
    # Month and sales are the columns of the monthly sales; the yearly finance needs year, profit and tax as well.
    assert detect_table(csv_of("sales", []), "x").id == "sales"
    assert detect_table(csv_of("finance", []), "x").id == "finance"


def test_table_by_id_or_title_and_the_nearest_name_for_others():
    assert table_named("energy-bills").id == "energy-bills"
    assert table_named("能源账单").id == "energy-bills"
    with pytest.raises(ConfigError, match="did you mean energy-bills"):
        table_named("energy-bill")
