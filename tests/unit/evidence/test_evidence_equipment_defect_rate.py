"""`defect-rate/1` (claims.md §5); expected values by hand in the comments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from evidence.frame import FrameRow
from evidence.recompute.interface import Outcome
from tests.unit.evidence.equipment_builder import (
    COUNTER,
    MIN,
    asset,
    compute,
    log_of,
    machine,
    plant,
)
from tests.unit.evidence.equipment_runs import FREE, STATE, at, counter, counts, detail


def defects(
    roles: Sequence[str], counted: list[FrameRow], rule: Any = FREE, minutes: int = 10
) -> Outcome:
    document = machine([counter(role, rule) for role in roles], STATE)
    rows = {"m.state": [at(0, 3)], "m.count": counted}
    return compute(log_of(document, rows, minutes), "defect-rate/1", minutes)


def test_defect_rate_is_pieces_not_good_at_first_pass_per_piece_made():
    # 20 made, 3 scrap, 1 rework: 4 of 20
    counted = counts((9, 20)) + counts((9, 3), index=1) + counts((9, 1), index=2)
    found = defects(("total", "scrap", "rework"), counted)
    assert (found.num, found.den) == (1, 5)
    assert detail(found) == {
        "assets": [{"asset": "m", "good": 16, "made": 20, "rework": 1, "scrap": 3}],
        "high": "1/5",
        "low": "1/5",
        "scrap_only": "3/20",
    }


def test_defect_rate_from_good_and_scrap_and_from_good_and_total():
    # 16 good, 4 scrap of 20 made; 16 good of 20 made, scrap not counted
    found = defects(("good", "scrap"), counts((9, 16)) + counts((9, 4), index=1))
    assert (found.num, found.den, detail(found)["scrap_only"]) == (1, 5, "1/5")
    found = defects(("good", "total"), counts((9, 16)) + counts((9, 20), index=1))
    assert (found.num, found.den, detail(found)["scrap_only"]) == (1, 5, "0/0")
    assert detail(found)["assets"] == [{"asset": "m", "good": 16, "made": 20}]


def test_defect_rate_counts_assets_without_ideal_cycle():
    document = machine([counter("good"), counter("scrap")], STATE, products=[])
    rows = {"m.state": [at(0, 3)], "m.count": counts((9, 9)) + counts((9, 1), index=1)}
    found = compute(log_of(document, rows, 10), "defect-rate/1", 10)
    assert (found.num, found.den) == (1, 10)


@pytest.mark.parametrize(
    ("roles", "answering"),
    [
        (("good",), (0,)),  # made is not known
        (("total",), (0,)),  # good is not known
        (("good", "scrap"), (0,)),  # the reject signal never answers
        (("good", "scrap"), (1,)),
        (("total", "scrap"), (0,)),
    ],
)
def test_defect_rate_without_a_reject_signal_is_undefined(
    roles: tuple[str, ...], answering: tuple[int, ...]
):
    counted = [reading for index in answering for reading in counts((9, 5), index=index)]
    found = defects(roles, counted)
    assert (found.den, detail(found)["undefined"]) == (0, "no_reject_signal")
    assert (detail(found)["low"], detail(found)["high"]) == ("0/0", "0/0")


def test_defect_rate_without_pieces_is_undefined():
    found = defects(("good", "scrap"), counts((9, 0)) + counts((9, 0), index=1))
    assert (found.den, detail(found)["undefined"]) == (0, "no_pieces")


SIX = {**COUNTER, "max_rate": [6, MIN]}
"""Six a minute, so a gap of two minutes can hide twelve."""


def stepping(value: int, index: int = 0, outlier: bool = False) -> list[FrameRow]:
    """A counter that goes up to `value` by minute 5; an outlier at minute 6 makes a gap from 5 to 7."""
    steps = [(minute, value * minute // 5) for minute in range(1, 6)]
    steps += [(6, 9_999 if outlier else value), (7, value), (9, value)]
    return counts(*steps, index=index)


def test_defect_rate_low_where_a_gap_of_good_hides_good_pieces():
    # good 10, scrap 10; the gap can hide 12 good: as many as the 20 made allow: min(20, 22) = 20 → 0
    found = defects(("good", "scrap"), stepping(10, 0, True) + stepping(10, 1), SIX)
    assert (found.num, found.den) == (1, 2)
    assert (detail(found)["low"], detail(found)["high"]) == ("0/1", "1/2")
    # 30 made: 10 good + 12 → (30 − 22)/30
    found = defects(("good", "scrap"), stepping(10, 0, True) + stepping(20, 1), SIX)
    assert detail(found)["low"] == "4/15"


def test_defect_rate_low_is_zero_if_the_gap_is_not_limited():
    counted = counts((5, 9), (6, 2), (9, 2)) + counts((9, 5), index=1)
    found = defects(("good", "scrap"), counted)
    assert detail(found)["low"] == "0/1"


def test_defect_rate_low_is_never_above_the_rate_as_measured():
    # total 20, good 25: measured −5/20; good pieces cannot be fewer than the 25 that were counted
    found = defects(("good", "total"), stepping(25, 0) + stepping(20, 1), SIX)
    assert (found.num, found.den) == (-1, 4)
    assert detail(found)["low"] == "-1/4"


def test_defect_rate_high_where_a_gap_of_scrap_hides_rejects_of_total():
    # total 20, scrap 2, gap [5, 7) for 12 rejects; of the 20 pieces only the 4 booked at minute 5 lie in it: (2 + 4)/20
    found = defects(("total", "scrap"), stepping(20, 0) + stepping(2, 1, True), SIX)
    assert (detail(found)["low"], detail(found)["high"]) == ("1/10", "3/10")
    # 4 more at minute 6, and at 7, which is outside: (2 + 8)/28
    total = counts(*((m, 4 * m) for m in range(1, 6)), (6, 24), (7, 28), (9, 28))
    found = defects(("total", "scrap"), total + stepping(2, 1, True), SIX)
    assert (found.num, found.den, detail(found)["high"]) == (1, 14, "5/14")


def test_defect_rate_high_where_made_is_good_and_scrap():
    # good 18, scrap 2; the gap of scrap can hide 12 rejects, which are pieces made as well: (2 + 12)/(20 + 12)
    found = defects(("good", "scrap"), stepping(18, 0) + stepping(2, 1, True), SIX)
    assert (found.num, found.den, detail(found)["high"]) == (1, 10, "7/16")


def test_defect_rate_high_where_made_is_total_and_good_is_counted():
    # good 18, total 20; the gap of total can hide 12 pieces, none of them good: (2 + 12)/32
    found = defects(("good", "total"), stepping(18, 0) + stepping(20, 1, True), SIX)
    assert (found.num, found.den, detail(found)["high"]) == (1, 10, "7/16")


def test_defect_rate_high_is_one_if_the_gap_is_not_limited():
    counted = counts((9, 18)) + counts((5, 2), (6, 1), (9, 1), index=1)
    found = defects(("good", "scrap"), counted)
    assert detail(found)["high"] == "1/1"


def test_defect_rate_high_is_never_below_the_rate_as_measured():
    # a: total 10, good 2; b: total 10, scrap 14; together 8 + 14 of 20 = 1.1. The gap of a's total can hide 12 more of
    # which none is good, and 34 of 32 would be less
    document = plant(
        [asset("a"), asset("b")],
        {
            "a.state": STATE,
            "b.state": STATE,
            "a.count": [counter("good", SIX), counter("total", SIX)],
            "b.count": [counter("total", SIX), counter("scrap", SIX)],
        },
    )
    rows = {
        "a.state": [at(0, 3)],
        "b.state": [at(0, 3)],
        "a.count": stepping(2, 0) + stepping(10, 1, True),
        "b.count": stepping(10, 0) + stepping(14, 1),
    }
    found = compute(log_of(document, rows, 10), "defect-rate/1", 10, assets=["a", "b"])
    assert (found.num, found.den) == (11, 10)
    assert detail(found)["high"] == "11/10"


def test_defect_rate_is_the_quotient_of_the_sums_of_the_assets():
    counters = [counter("good"), counter("scrap")]
    document = plant(
        [asset("a"), asset("b")],
        {"a.state": STATE, "b.state": STATE, "a.count": counters, "b.count": counters},
    )
    rows = {
        "a.state": [at(0, 3)],
        "b.state": [at(0, 3)],
        "a.count": counts((9, 90)) + counts((9, 10), index=1),
        "b.count": counts((9, 6)) + counts((9, 4), index=1),
    }
    found = compute(log_of(document, rows, 10), "defect-rate/1", 10, assets=["a", "b"])
    assert (found.num, found.den) == (7, 55)  # 14 of 110
