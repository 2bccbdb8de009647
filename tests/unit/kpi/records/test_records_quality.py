"""Defect rate from lots (kpi.md A.7 no. 1, D.3): pooled, relative, with points and mix beside it; numbers by hand."""

from __future__ import annotations

from datetime import date
from fractions import Fraction as F

from kpi.records.periods import RecordPeriods
from kpi.records.quality import defects
from kpi.records.rows import Lot
from model.ratio import Undefined
from tests.support.records import PERIODS, evaluated, records


def lot(name: str, day: date, made: int, bad: int, product: str = "A") -> Lot:
    return Lot(lot=name, product=product, day=day, made=made, defective=bad, reason=None)


EARLY, LATE = date(2024, 2, 1), date(2025, 2, 1)


def test_pooled_rate_not_the_mean_of_lot_rates():
    # Lots 10 of 100 and 10 of 900: pooled 20/1000 = 2 %; the mean of the rates would be 5.6 %.
    found = defects(
        records([lot("1", LATE, 100, 10), lot("2", LATE, 900, 10)]),
        RecordPeriods(after=PERIODS.after),
    )
    assert found["defect-rate"].value == F(1, 50)
    assert "defect-change" not in found


def test_relative_reduction_is_the_main_reading_points_stand_beside():
    # 4 % → 3 %: relative 1/4, points 1/100.
    found = defects(records([lot("1", EARLY, 1000, 40), lot("2", LATE, 1000, 30)]), PERIODS)
    figure = found["defect-change"]
    assert figure.value == F(1, 4)
    assert {r.name: r.value for r in figure.readings}["points"] == F(1, 100)
    for f in found.values():
        assert evaluated(f.numbers) == f.value, f.metric


def test_lots_outside_the_periods_do_not_count():
    rows = [
        lot("1", EARLY, 1000, 40),
        lot("x", date(2024, 7, 1), 1000, 1000),
        lot("2", LATE, 1000, 30),
    ]
    assert defects(records(rows), PERIODS)["defect-change"].value == F(1, 4)


def test_simpson_reversal_is_flagged():
    # A 10 % → 11 % and B 1 % → 2 %: each product got worse. The total improves because hardly any A is made.
    before = [lot("1", EARLY, 5000, 500, "A"), lot("2", EARLY, 5000, 50, "B")]  # 550/10000 = 5.5 %
    after = [lot("3", LATE, 100, 11, "A"), lot("4", LATE, 9900, 198, "B")]  # 209/10000 = 2.09 %
    figure = defects(records([*before, *after]), PERIODS)["defect-change"]
    assert figure.value == 1 - F(209, 550)
    mix = {r.name: r.value for r in figure.readings}
    # Mix after (100 A, 9900 B): before (10 + 99)/10000 = 109/10000 → 1 − 209/109.
    assert mix["mix-after"] == 1 - F(209, 109)
    # Mix before (5000 each): after (550 + 100)/10000 = 650/10000 → 1 − 650/550.
    assert mix["mix-before"] == 1 - F(650, 550)
    assert "records.mix-disagrees" in figure.codes


def test_same_mix_is_not_flagged():
    rows = [lot("1", EARLY, 1000, 40), lot("2", LATE, 1000, 30)]
    assert "records.mix-disagrees" not in defects(records(rows), PERIODS)["defect-change"].codes


def test_product_made_in_one_period_only_cannot_be_standardised():
    rows = [
        lot("1", EARLY, 1000, 40, "A"),
        lot("2", LATE, 1000, 30, "A"),
        lot("3", LATE, 10, 0, "C"),
    ]
    figure = defects(records(rows), PERIODS)["defect-change"]
    mix = {r.name: r.value for r in figure.readings}
    assert isinstance(mix["mix-after"], Undefined)
    assert "C" in mix["mix-after"].zh
    assert mix["mix-before"] == F(1, 4)


def test_fewer_than_ten_bad_pieces_is_said():
    nine = defects(records([lot("1", EARLY, 1000, 40), lot("2", LATE, 1000, 9)]), PERIODS)
    ten = defects(records([lot("1", EARLY, 1000, 40), lot("2", LATE, 1000, 10)]), PERIODS)
    assert "records.few-events" in nine["defect-change"].codes
    assert "records.few-events" not in ten["defect-change"].codes


def test_no_defect_before_is_no_base():
    value = defects(records([lot("1", EARLY, 10, 0), lot("2", LATE, 10, 0)]), PERIODS)[
        "defect-change"
    ].value
    assert isinstance(value, Undefined)


def test_period_without_lot_is_unknown_not_zero():
    found = defects(records([lot("1", EARLY, 1000, 40)]), PERIODS)
    assert isinstance(found["defect-rate"].value, Undefined)
    assert isinstance(found["defect-change"].value, Undefined)
    assert found["defect-rate-before"].value == F(1, 25)
