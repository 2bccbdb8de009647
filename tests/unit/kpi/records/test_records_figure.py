"""Numbers of a printed formula, months and periods of records, every figure at once."""

from __future__ import annotations

from datetime import date
from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi.records.all_figures import Records, record_figures
from kpi.records.figure import Record, Words, build, exact, total
from kpi.records.periods import Dates, Month, RecordPeriods
from tests.support.records import PERIODS, evaluated


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (F(5), "5"),
        (F(-5), "(−5)"),
        (F(1, 8), "0.125"),
        (F(1, 3), "(1/3)"),
        (F(1234567, 100), "12345.67"),
        (F(-1, 4), "(−0.25)"),
        (F(10**20), "100000000000000000000"),
    ],
)
def test_number_as_it_stands_in_a_formula(value, text):
    assert exact(value) == text


@given(st.fractions())
def test_every_number_reads_back_exactly(value):
    assert evaluated(exact(value)) == value


@given(st.lists(st.fractions(), min_size=1, max_size=8))
def test_every_sum_reads_back_exactly(values):
    assert evaluated(total(values)) == sum(values)


def test_month_arithmetic():
    assert Month(2024, 12).after(1) == Month(2025, 1)
    assert Month(2024, 1).after(-1) == Month(2023, 12)
    assert Month(2024, 2).last == date(2024, 2, 29)
    assert Month(2023, 2).last == date(2023, 2, 28)
    assert str(Month(2024, 3)) == "2024-03"


def test_whole_months_of_a_range():
    assert Dates(date(2024, 1, 15), date(2024, 4, 30)).months == (
        Month(2024, 2),
        Month(2024, 3),
        Month(2024, 4),
    )
    assert Dates(date(2024, 1, 2), date(2024, 2, 28)).months == ()
    assert Dates(date(2024, 2, 1), date(2024, 2, 29)).whole_months
    assert not Dates(date(2024, 2, 1), date(2024, 2, 28)).whole_months


def test_range_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match="lies before"):
        Dates(date(2024, 2, 1), date(2024, 1, 31))


def test_period_before_that_reaches_into_the_one_after_is_refused():
    with pytest.raises(ValueError, match="reaches into"):
        RecordPeriods(after=PERIODS.after, before=Dates(date(2024, 1, 1), date(2025, 1, 1)))


def test_no_record_no_figure():
    assert record_figures(Records(), PERIODS) == {}


def test_simulated_rows_mark_the_figure():
    rows = [Record("row", 2, "a" * 64, originals=True, simulated=s) for s in (False, True)]
    words = Words("", "")
    assert build("m", F(1), formula=words, numbers="1", used=rows).simulated
    assert not build("m", F(1), formula=words, numbers="1", used=rows[:1]).simulated
