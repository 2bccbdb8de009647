"""Operating cost per day and per unit (kpi.md A.7 no. 9, §0 no. 4); expected numbers by hand, in the comments."""

from __future__ import annotations

from datetime import date
from fractions import Fraction as F

from kpi.grades import Letter
from kpi.records.cost import operating_cost
from kpi.records.periods import Dates, Month, RecordPeriods
from kpi.records.rows import CostMonth
from model.ratio import Undefined
from tests.support.records import PERIODS, evaluated, months, records

NONE = dict.fromkeys(
    (
        "depreciation",
        "maintenance",
        "consumables",
        "logistics",
        "administration",
        "other",
        "other_what",
    )
)


def cost(
    month: Month, days: int, output: int | None, material: str, labour: str, **more: object
) -> CostMonth:
    fields = {**NONE, "energy": None, **more}
    return CostMonth(
        month=month,
        working_days=F(days),
        output=None if output is None else F(output),
        material=F(material),
        labour=F(labour),
        **fields,
    )


def three(
    year: int, days: tuple[int, ...], output: tuple[int | None, ...], material: str, labour: str
):
    return [
        cost(m, d, o, material, labour) for m, d, o in zip(months(year), days, output, strict=True)
    ]


# Before: 3 × (80 + 20) = 300 万元, 22 + 18 + 20 = 60 days, 3 × 1000 pieces → 5 万元/天, 1/10 万元/件.
# After: 3 × (66 + 14) = 240 万元, 20 + 20 + 20 = 60 days, 3 × 1000 pieces → 4 万元/天, 2/25 万元/件.
B = records(three(2024, (22, 18, 20), (1000, 1000, 1000), "80", "20"))
A = records(three(2025, (20, 20, 20), (1000, 1000, 1000), "66", "14"), source="b" * 64)


def test_cost_per_day_and_its_reduction():
    found = operating_cost([*B, *A], PERIODS)
    assert found["operating-cost-before"].value == 5
    assert found["operating-cost"].value == 4
    assert found["operating-cost"].unit == "万元/天"
    assert found["operating-cost-change"].value == F(1, 5)  # 1 − 4/5
    assert found["operating-cost-change"].imports == ("a" * 64, "b" * 64)
    assert found["operating-cost-change"].rows == 6


def test_cost_per_unit_and_its_reduction():
    found = operating_cost([*B, *A], PERIODS)
    assert found["unit-cost-before"].value == F(1, 10)
    assert found["unit-cost-change"].value == F(1, 5)  # 1 − 0.08/0.1


def test_printed_arithmetic_gives_the_value():
    for figure in operating_cost([*B, *A], PERIODS).values():
        assert evaluated(figure.numbers) == figure.value, figure.metric


def test_calendar_days_stand_beside_as_the_other_reading():
    # Calendar days: 31 + 29 + 31 = 91 before (leap year), 31 + 28 + 31 = 90 after: 1 − (240/90)/(300/91) = 43/225.
    figure = operating_cost([*B, *A], PERIODS)["operating-cost-change"]
    assert [(r.name, r.value) for r in figure.readings] == [("calendar-days", F(43, 225))]


def test_production_cut_lowers_cost_per_day_and_is_flagged():
    # After: 150 万元 in 60 days = 2.5 a day (−50 %), but 900 pieces: 1/6 万元 a piece (+67 %).
    cut = records(three(2025, (20, 20, 20), (300, 300, 300), "40", "10"))
    found = operating_cost([*B, *cut], PERIODS)
    assert found["operating-cost-change"].value == F(1, 2)
    assert found["unit-cost-change"].value == F(-2, 3)
    assert "records.volume-disagrees" in found["operating-cost-change"].codes
    note = next(
        n for n in found["operating-cost-change"].notes if n.code == "records.volume-disagrees"
    )
    assert "0.3 倍" in note.words.zh  # 900 pieces in 60 days against 3000 in 60


def test_no_sign_conflict_no_flag():
    figure = operating_cost([*B, *A], PERIODS)["operating-cost-change"]
    assert "records.volume-disagrees" not in figure.codes
    assert "records.volume-unknown" not in figure.codes


def test_without_output_the_check_says_that_it_is_blind():
    bare = records(three(2025, (20, 20, 20), (None, None, None), "66", "14"))
    found = operating_cost([*B, *bare], PERIODS)
    assert found["operating-cost-change"].value == F(1, 5)
    assert "records.volume-unknown" in found["operating-cost-change"].codes
    assert isinstance(found["unit-cost"].value, Undefined)
    assert isinstance(found["unit-cost-change"].value, Undefined)


def test_other_elements_before_and_after_are_not_compared():
    more = records([cost(m, 20, 1000, "66", "14", depreciation=F(9)) for m in months(2025)])
    found = operating_cost([*B, *more], PERIODS)
    assert found["operating-cost"].value == F(267, 60)  # 3 × 89 / 60
    refused = found["operating-cost-change"].value
    assert isinstance(refused, Undefined)
    assert "折旧" in refused.zh
    assert "depreciation" in refused.en


def test_elements_that_change_inside_a_period_do_not_add():
    mixed = [*three(2025, (20, 20, 20), (1000, 1000, 1000), "66", "14")]
    mixed[1] = cost(Month(2025, 2), 20, 1000, "66", "14", maintenance=F(1))
    found = operating_cost([*B, *records(mixed)], PERIODS)
    assert isinstance(found["operating-cost"].value, Undefined)
    assert isinstance(found["unit-cost"].value, Undefined)


def test_included_elements_are_stated():
    figure = operating_cost(A, RecordPeriods(after=PERIODS.after))["operating-cost"]
    note = next(n for n in figure.notes if n.code == "records.cost-elements")
    assert note.words.zh.startswith("计入：直接材料、直接人工；未计入：能源动力、折旧")


def test_missing_month_leaves_the_figure_unknown():
    found = operating_cost([*B, *A[:2]], PERIODS)
    value = found["operating-cost"].value
    assert isinstance(value, Undefined)
    assert "2025-03" in value.zh
    assert isinstance(found["operating-cost-change"].value, Undefined)
    assert found["operating-cost"].numbers == ""


def test_zero_cost_before_is_no_base():
    nothing = records(three(2024, (22, 18, 20), (1000, 1000, 1000), "0", "0"))
    value = operating_cost([*nothing, *A], PERIODS)["operating-cost-change"].value
    assert isinstance(value, Undefined)
    assert "不能作为基数" in value.zh


def test_days_outside_whole_months_are_left_out_and_said():
    periods = RecordPeriods(after=Dates(date(2025, 1, 1), date(2025, 3, 10)), before=PERIODS.before)
    found = operating_cost([*B, *A], periods)
    assert found["operating-cost"].value == 4  # January and February: 160 / 40
    codes = found["operating-cost"].codes
    assert "records.edges" in codes
    assert "records.unequal-length" in found["operating-cost-change"].codes


def test_other_months_of_the_year_are_flagged_as_season():
    periods = RecordPeriods(
        after=Dates(date(2025, 2, 1), date(2025, 3, 31)),
        before=Dates(date(2024, 1, 1), date(2024, 2, 29)),
    )
    assert "records.season" in operating_cost([*B, *A], periods)["operating-cost-change"].codes
    same = operating_cost([*B, *A], PERIODS)["operating-cost-change"].codes
    assert "records.season" not in same


def test_grade_is_c_only_when_every_row_used_has_its_originals():
    figure = operating_cost([*B, *A], PERIODS)["operating-cost-change"]
    assert figure.grade is Letter.C
    bare = records([A[1].row], originals=False)
    figure = operating_cost([*B, A[0], *bare, A[2]], PERIODS)["operating-cost-change"]
    assert figure.grade is Letter.D
    assert "6 行中 1 行" in figure.reason.zh


def test_rows_outside_the_periods_do_not_touch_the_grade():
    stray = records([cost(Month(2023, 6), 20, 1000, "1", "1")], originals=False)
    assert operating_cost([*B, *A, *stray], PERIODS)["operating-cost-change"].grade is Letter.C


def test_nothing_imported_no_figure():
    assert operating_cost([], PERIODS) == {}
