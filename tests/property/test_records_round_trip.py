"""Rows of any table, written into a template and read back, are the same rows; so are rows stored and read again.

Damaged workbooks are refused with findings and never raise anything else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.records.catalogue import tables
from config.records.cells import normal
from config.records.codec import decode_rows, encode_rows
from config.records.columns import Column, Kind, Sign
from config.records.findings import RecordFaultsError
from config.records.reading import SUM_WORDS, read_table
from config.records.table import ReadRow, Table
from config.records.template_csv import template_csv
from config.records.template_xlsx import template_xlsx
from kpi.records.periods import Month
from tests.support.records import CONTEXT, ZONE, required_headers, xlsx_of

EACH = pytest.mark.parametrize("table", tables().values(), ids=lambda t: t.id)
WRITERS = pytest.mark.parametrize("write", [template_csv, template_xlsx], ids=["csv", "xlsx"])
TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp", "Cf", "Co", "Cn"])
    | st.just(" "),
    min_size=1,
    max_size=20,
).map(str.strip)
NO_RULES = {"checks": ()}
"""The rules about neighbours have tests of their own; here every combination of values must survive."""
FIRST_SECOND = 694_224_000
"""1992-01-01T00:00Z: until 1991 Shanghai had daylight saving, whose doubled hour is refused."""
LAST_SECOND = 4_102_444_799
"""2099-12-31T23:59:59Z."""


def texts() -> st.SearchStrategy[str]:
    def plain(text: str) -> bool:
        low = text.casefold()
        return (
            bool(text)
            and not low.startswith("#")
            and "e+" not in low
            and normal(text) not in SUM_WORDS
        )

    return TEXTS.filter(plain).filter(lambda t: t == " ".join(t.split(" ")))


def values(column: Column) -> st.SearchStrategy[object]:
    found = _values(column)
    return found if column.required else st.none() | found


def _values(column: Column) -> st.SearchStrategy[object]:
    low = {Sign.ANY: -(10**9), Sign.NOT_NEGATIVE: 0, Sign.POSITIVE: 1}[column.sign]
    high = 10**9 if column.highest is None else column.highest
    match column.kind:
        case Kind.NUMBER:
            return st.builds(Fraction, st.integers(low, high)).flatmap(
                lambda whole: st.builds(
                    lambda digits: whole if whole == high else whole + Fraction(digits, 10**5),
                    st.integers(0, 99_999),
                )
            )
        case Kind.PERCENT:
            return st.integers(low, 10**6).map(lambda n: Fraction(n, 10**6))
        case Kind.WHOLE:
            return st.integers(low, high)
        case Kind.YEAR:
            return st.integers(1990, 2100)
        case Kind.MONTH:
            return st.builds(Month, st.integers(1990, 2100), st.integers(1, 12))
        case Kind.DATE:
            return st.dates(date(1990, 1, 1), date(2100, 12, 31))
        case Kind.INSTANT:
            return st.integers(FIRST_SECOND, LAST_SECOND).map(lambda s: s * 1000)
        case Kind.CHOICE:
            return st.sampled_from([c.value for c in column.choices])
        case Kind.YES_NO:
            return st.booleans()
        case Kind.TEXT:
            return texts()


def rows_of(table: Table) -> st.SearchStrategy[list[object]]:
    one = st.fixed_dictionaries({c.field: values(c) for c in table.columns})
    return st.lists(one.map(lambda fields: table.row(**fields)), min_size=1, max_size=4)


@EACH
@WRITERS
@settings(
    max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(data=st.data())
def test_rows_written_into_a_template_are_read_back(
    table: Table, write: Callable[..., bytes], data: st.DataObject
) -> None:
    bare = dataclasses.replace(table, **NO_RULES)
    rows = data.draw(rows_of(table))
    file = write(table, [ReadRow(0, row, (), "") for row in rows], zone=ZONE, example=False)
    found = read_table(file, "f", bare, context=CONTEXT, zone=ZONE)
    assert [r.row for r in found.rows] == rows
    assert [r.line for r in found.rows] == list(range(2, 2 + len(rows)))


@EACH
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_stored_rows_are_the_same_rows(table: Table, data: st.DataObject) -> None:
    rows = tuple(
        ReadRow(
            line,
            row,
            data.draw(st.lists(texts(), max_size=2).map(tuple)),
            data.draw(st.just("") | texts()),
        )
        for line, row in enumerate(data.draw(rows_of(table)), start=2)
    )
    stored = encode_rows(table, rows)
    assert decode_rows(table, stored) == rows
    assert encode_rows(table, decode_rows(table, stored)) == stored


GOOD = xlsx_of([required_headers("sales"), *([f"2024-{n:02d}", 100 + n / 8] for n in range(1, 13))])


def rows_or_findings(data: bytes) -> int:
    """Return how many rows a file gives, or how many findings refuse it."""
    try:
        return len(read_table(data, "f", tables()["sales"], context=CONTEXT, zone=ZONE).rows)
    except RecordFaultsError as error:
        return len(error.findings)


@settings(max_examples=150)
@given(place=st.integers(0, len(GOOD) - 1), bits=st.integers(1, 255), cut=st.integers(0, 3))
def test_damaged_workbook_is_read_or_refused_and_nothing_else(
    place: int, bits: int, cut: int
) -> None:
    damaged = bytearray(GOOD)
    damaged[place] ^= bits
    data = bytes(damaged[: len(damaged) - cut * 37])
    assert rows_or_findings(data) > 0


@settings(max_examples=150)
@given(text=st.text(max_size=300), encoding=st.sampled_from(["utf-8", "gb18030", "utf-16"]))
def test_any_text_is_read_or_refused_and_nothing_else(text: str, encoding: str) -> None:
    head = ",".join(required_headers("sales"))
    data = f"{head}\r\n{text}".encode(encoding, "replace")
    assert rows_or_findings(data) > 0
