"""Output per person and day, its physical twin, people (kpi.md A.7 no. 10, §0 no. 4); numbers by hand."""

from __future__ import annotations

from fractions import Fraction as F

from kpi.records.people import headcount
from kpi.records.periods import Month, RecordPeriods
from kpi.records.productivity import output_value, productivity
from kpi.records.rows import HeadcountMonth, OutputMonth
from model.ratio import Undefined
from tests.support.records import PERIODS, evaluated, months, records


def made(
    month: Month,
    product: str,
    pieces: int,
    price: str,
    hours: str | None = None,
    value: str | None = None,
):
    return OutputMonth(
        month=month,
        product=product,
        pieces=F(pieces),
        price=F(price),
        standard_hours=None if hours is None else F(hours),
        current_value=None if value is None else F(value),
    )


def people(
    month: Month,
    heads: str,
    days: str,
    hours: str | None = None,
    operators: str | None = None,
    scope: str = "车间全体",
):
    return HeadcountMonth(
        month=month,
        scope=scope,
        headcount=F(heads),
        person_days=F(days),
        hours=None if hours is None else F(hours),
        operators=None if operators is None else F(operators),
    )


# Before: 3 × 1000 × 200 元 = 600000 元, 3 × 1000 person-days → 200 元/人/天; 3000 pieces in 3 × 8000 h = 1/8 piece/h.
# After: 3 × 1100 × 200 = 660000 元, 3 × 1000 → 220; 3300 pieces in 24000 h = 11/80. Both +10 %.
OUT_B = records([made(m, "A", 1000, "200") for m in months(2024)])
OUT_A = records([made(m, "A", 1100, "200") for m in months(2025)])
MEN_B = records([people(m, "50", "1000", "8000", "40") for m in months(2024)])
MEN_A = records([people(m, "45", "1000", "8000", "30") for m in months(2025)])


def test_yuan_a_person_and_day():
    found = productivity([*OUT_B, *OUT_A], [*MEN_B, *MEN_A], PERIODS)
    assert found["productivity-before"].value == 200
    assert found["productivity"].value == 220
    assert found["productivity"].unit == "元/人/天"
    assert found["productivity-change"].value == F(1, 10)


def test_physical_twin_in_pieces_an_attended_hour():
    found = productivity([*OUT_B, *OUT_A], [*MEN_B, *MEN_A], PERIODS)
    assert found["physical-productivity"].value == F(11, 80)
    assert found["physical-productivity"].unit == "件/工时"
    assert found["physical-productivity-change"].value == F(1, 10)
    assert "records.twin-disagrees" not in found["productivity-change"].codes


def test_printed_arithmetic_gives_the_value():
    for figure in productivity([*OUT_B, *OUT_A], [*MEN_B, *MEN_A], PERIODS).values():
        assert evaluated(figure.numbers) == figure.value, figure.metric


def test_payroll_reading():
    # 600000 / 150 head-months = 4000; 660000 / 135 = 44000/9; 44000/9/4000 − 1 = 2/9.
    figure = productivity([*OUT_B, *OUT_A], [*MEN_B, *MEN_A], PERIODS)["productivity-change"]
    assert {r.name: r.value for r in figure.readings}["payroll"] == F(2, 9)


def test_price_rise_shows_in_the_reading_at_current_prices_only():
    # At current prices 600000 → 792000 (+32 %), at constant prices +10 %.
    before = records([made(m, "A", 1000, "200", value="200000") for m in months(2024)])
    after = records([made(m, "A", 1100, "200", value="264000") for m in months(2025)])
    figure = productivity([*before, *after], [*MEN_B, *MEN_A], PERIODS)["productivity-change"]
    assert figure.value == F(1, 10)
    assert {r.name: r.value for r in figure.readings}["current-prices"] == F(32, 100)


def test_two_prices_of_one_product_are_refused():
    risen = records([made(m, "A", 1100, "240") for m in months(2025)])
    found = productivity([*OUT_B, *risen], [*MEN_B, *MEN_A], PERIODS)
    value = found["productivity-change"].value
    assert isinstance(value, Undefined)
    assert "不变价不一致：A" in value.zh
    assert found["physical-productivity-change"].value == F(1, 10)


def test_richer_mix_raises_yuan_and_not_the_work():
    # Product B is dear (1000 元) and quick (0.1 h), A cheap (100 元) and slow (1 h).
    # Before 900 A + 100 B = 190000 元, 910 h; after 700 A + 300 B = 370000 元, 730 h; same attendance.
    before = records(
        [
            x
            for m in months(2024)
            for x in (made(m, "A", 900, "100", "1"), made(m, "B", 100, "1000", "0.1"))
        ]
    )
    after = records(
        [
            x
            for m in months(2025)
            for x in (made(m, "A", 700, "100", "1"), made(m, "B", 300, "1000", "0.1"))
        ]
    )
    found = productivity([*before, *after], [*MEN_B, *MEN_A], PERIODS)
    assert found["productivity-change"].value == F(370, 190) - 1
    assert found["physical-productivity-change"].value == F(730, 910) - 1
    assert found["physical-productivity"].unit == "定额工时/工时"
    assert "records.twin-disagrees" in found["productivity-change"].codes


def test_several_products_without_standard_hours_have_no_physical_twin():
    after = records(
        [x for m in months(2025) for x in (made(m, "A", 5, "200"), made(m, "B", 5, "9"))]
    )
    found = productivity([*OUT_B, *after], [*MEN_B, *MEN_A], PERIODS)
    assert isinstance(found["physical-productivity"].value, Undefined)
    codes = found["productivity-change"].codes
    assert "records.no-physical-twin" in codes
    assert "records.new-products" in codes


def test_person_days_stand_in_where_hours_are_not_kept():
    men = records([people(m, "45", "1000") for m in months(2025)])
    found = productivity(OUT_A, men, RecordPeriods(after=PERIODS.after))
    assert found["physical-productivity"].value == F(11, 10)
    assert found["physical-productivity"].unit == "件/人日"


def test_other_people_are_not_compared():
    others = records([people(m, "45", "1000", "8000", scope="一线工人") for m in months(2025)])
    found = productivity([*OUT_B, *OUT_A], [*MEN_B, *others], PERIODS)
    for metric in ("productivity-change", "physical-productivity-change"):
        value = found[metric].value
        assert isinstance(value, Undefined)
        assert "一线工人" in value.zh
    assert isinstance(headcount([*MEN_B, *others], PERIODS)["staff-change"].value, Undefined)


def test_headcount_is_the_mean_of_the_months():
    men = records(
        [people(m, h, "1000") for m, h in zip(months(2025), ("40", "41", "43.5"), strict=True)]
    )
    found = headcount([*MEN_B, *men], PERIODS)
    assert found["headcount-before"].value == 50
    assert found["headcount-after"].value == F(83, 2)  # 124.5 / 3
    assert found["staff-change"].value == F(17, 100)  # 1 − 41.5/50
    assert evaluated(found["staff-change"].numbers) == F(17, 100)


def test_staff_on_the_line_is_the_other_reading():
    figure = headcount([*MEN_B, *MEN_A], PERIODS)["staff-change"]
    assert figure.value == F(1, 10)  # 45 of 50
    assert {r.name: r.value for r in figure.readings} == {"operators": F(1, 4)}  # 30 of 40
    assert "records.base-not-said" in figure.codes


def test_output_value_of_a_whole_year_only():
    year = [made(Month(2024, n), "A", 10, "100", value="1500") for n in range(1, 13)]
    part = [made(Month(2025, n), "A", 10, "100", value="1500") for n in range(1, 12)]
    found = output_value(records([*year, *part]))
    assert list(found) == ["output-value-2024"]
    assert found["output-value-2024"].value == F(18, 10)  # 12 × 1500 元 = 1.8 万元
    assert found["output-value-2024"].readings[0].value == F(12, 10)
    assert evaluated(found["output-value-2024"].numbers) == F(18, 10)
