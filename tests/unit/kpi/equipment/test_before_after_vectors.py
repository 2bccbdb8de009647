"""`before-after/2` on the vectors of kpi-audit U8, by both engines."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from tests.support.compared_days import Diary, plan, plant
from tests.support.kpi_plant import MIN, shift
from tests.support.one_claim import Engine, both

# U8: production day i has D = 1000·plan and N = (base + (37·⌊(i + k)/4⌋ + 11·i) mod 97 − 48)·plan, plan in minutes.
# With planned minutes the availability of a day is N/D if the machine runs N·60 ms: D·60 ms are planned.
WEEK_7 = (1440, 1440, 1440, 1440, 1440, 1440, 480)
WEEK_5 = (960,) * 5


def numerator(i: int, week: tuple[int, ...], base: int, k: int) -> int:
    return (base + (37 * ((i + k) // 4) + 11 * i) % 97 - 48) * week[i % len(week)]


def diary(week: tuple[int, ...], production_days: int, shifts: list[object]) -> Diary:
    weeks = production_days // len(week)
    found = Diary((7 * weeks, 7 * weeks))
    found.config(plant(cal=plan(shifts=shifts)))

    def ms(day: int) -> int:
        after, weekday = divmod(day, 7 * weeks)[0], day % 7
        if weekday >= len(week):
            return 0
        i = (day % (7 * weeks)) // 7 * len(week) + weekday
        return numerator(i, week, *((690, 2) if after else (600, 1))) * 60

    found.running("a1", ms)
    return found


CASES = {
    "V1 7-day": (
        WEEK_7,
        56,
        [shift(480, 1920, range(1, 7)), shift(480, 960, (7,))],
        "0.211411125774",
        {
            "iid": ("0.014724161323", 110),
            "autocorrelation": ("0.019058263990", 65),
            "block 7": ("0.016341474268", 14),
            "block 14": ("0.015639928178", 6),
        },
        ("0.133281292568", "0.155086794111", "0.177311856006"),
    ),
    "V2 5-day": (
        WEEK_5,
        65,
        [shift(480, 1440, range(1, 6))],
        "0.213572021412",
        {
            "iid": ("0.012731339494", 128),
            "autocorrelation": ("0.016410128557", 77),
            "block 5": ("0.014085508569", 24),
            "block 10": ("0.015366257084", 11),
        },
        ("0.131530798653", "0.150252557627", "0.169284077731"),
    ),
}


def near(text: str, expected: str) -> bool:
    return abs(Decimal(text) - Decimal(expected)) <= Decimal("0.5e-12")


@both
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_interval_is_that_of_the_vector(engine: Engine, case: tuple[object, ...]) -> None:
    week, days, shifts, rho, methods, (low, point, high) = case  # type: ignore[misc]
    log = diary(week, days, shifts)  # type: ignore[has-type]
    found = engine(log.sealed(), log.claim("availability/2"))
    detail = found.detail
    main = detail["main"]
    n = [sum(numerator(i, week, b, k) for i in range(days)) for b, k in ((600, 1), (690, 2))]  # type: ignore[has-type]
    d = sum(1000 * week[i % len(week)] for i in range(days))  # type: ignore[has-type]
    assert detail["before"]["n"] == str(60 * n[0])
    assert detail["after"]["d"] == str(60 * d)
    assert (detail["before"]["valid"], detail["after"]["valid"]) == (days, days)  # type: ignore[has-type]
    assert Fraction(main["change"]) == Fraction(n[1], n[0]) - 1 == found.value
    assert near(main["low"], low)  # type: ignore[has-type]
    assert near(main["high"], high)  # type: ignore[has-type]
    assert abs(Fraction(main["change"]) - Fraction(point)) < Fraction(1, 10**12)  # type: ignore[has-type]
    assert abs(Fraction(detail["rho"]) - Fraction(rho)) < Fraction(1, 10**12)  # type: ignore[has-type]
    stated = {m["name"]: (m["h"], m["df"]) for m in detail["methods"]}
    assert stated.keys() == methods.keys()  # type: ignore[has-type]
    for name, (h, df) in methods.items():  # type: ignore[has-type]
        assert near(stated[name][0], h)
        assert stated[name][1] == df


@both
def test_words_of_the_interval_by_threshold(engine: Engine) -> None:
    # V2: [0.1315, 0.1693] around 0.1503, 65 days in each period.
    log = diary(WEEK_5, 65, [shift(480, 1440, range(1, 6))])
    sealed = log.sealed()
    expected = {
        Fraction(0): "pass",
        Fraction(13, 100): "pass",
        Fraction(14, 100): "pass, point only",
        Fraction(16, 100): "inconclusive",
        Fraction(17, 100): "fail",
    }
    for threshold, word in expected.items():
        found = engine(sealed, log.claim("availability/2", threshold)).detail
        assert found["main"]["word"] == word


@both
def test_utilisation_takes_every_day_and_weeks_of_seven_days(engine: Engine) -> None:
    # 5-day plant, 13 weeks: 91 days of 1440 min, weekends with N = 0; blocks of 7 and 14 days (4·28 > 91).
    log = diary(WEEK_5, 65, [shift(480, 1440, range(1, 6))])
    found = engine(log.sealed(), log.claim("utilisation/2")).detail
    assert found["before"]["valid"] == found["before"]["days"] == 91
    assert found["before"]["d"] == str(91 * 1440 * MIN)
    assert [m["name"] for m in found["methods"]] == [
        "iid",
        "autocorrelation",
        "block 7",
        "block 14",
    ]
