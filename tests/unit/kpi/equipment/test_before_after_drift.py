"""Drift of the periods of `before-after/2` (DR-1, kpi-audit U9), worked out by hand, by both engines."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from tests.support.compared_days import NOISE, Diary, plan, plant, steady
from tests.support.kpi_plant import DAY, MIN
from tests.support.one_claim import Engine, both

WEEKLY: dict[str, tuple[int, Callable[[int], int], Fraction, bool, bool]] = {
    # Weeks 1 … 9 run 260 + 2·(w − 5): from 252 to 268. All lies on the line, so the trend is beyond any t.
    # c = −4 … 4 (times 2·7 days): r₂ = (8 + 3 + 0 − 1 + 0 + 3 + 8)/60 = 0.35, below 1.645/3 − 7/72 = 0.451.
    "nine weeks up": (9, lambda w: 2 * w, Fraction(16, 260), True, False),
    # c = −15, −13 … 15: Σc² = 1360, Σ c(c + 4) over the first 14 = 966 − 112 = 854; 0.628 > 1.645/4 − 14/240 = 0.353.
    "sixteen weeks up": (16, lambda w: 2 * w, Fraction(30, 267), True, True),
    # c = ±1 by turns: r₂ = 14/16. Σ t·y = −2 for each of 8 pairs, b = −16/1360, T² = 0.188·14/15.8 < 1.
    # Slope b·15·2 in the unit of one minute of 253.
    "by turns": (16, lambda w: 2 * (w % 2 == 0), Fraction(-16 * 30, 1360 * 253), False, True),
}


@both
@pytest.mark.parametrize("case", WEEKLY)
def test_drift_of_the_weeks_with_its_slope_as_a_share_of_the_mean(
    engine: Engine, case: str
) -> None:
    weeks, more, slope, trend, persistent = WEEKLY[case]
    log = Diary((63, 7 * weeks))
    log.config(plant())
    log.running(
        "a1", lambda day: (200 + day % 2 if day < 63 else 252 + more((day - 63) // 7)) * MIN
    )
    found = engine(log.sealed(), log.claim("availability/2")).detail
    assert found["drift"]["after"] == {
        "persistent": persistent,
        "slope": f"{slope.numerator}/{slope.denominator}",
        "trend": trend,
        "weeks": weeks,
    }
    names = {n for n in found["findings"] if n.startswith("drift.") and n.endswith("-after")}
    assert ("drift.trend-after" in names) is trend
    assert ("drift.persistent-after" in names) is persistent
    assert found["main"]["word"] == "pass"
    assert found["word"] == "pass, point only"


@both
def test_drift_needs_eight_weeks_of_three_days(engine: Engine) -> None:
    # The baseline works two days a week: no week is tested. Seven weeks after are too few.
    log = Diary((63, 49))
    log.config(plant(cal=plan(weekdays=(1, 2))))
    log.running("a1", lambda day: (200 + day % 3) * MIN if day % 7 < 2 or day >= 63 else 0)
    found = engine(log.sealed(), log.claim("availability/2")).detail
    assert found["drift"] == {}
    assert {"drift.not-tested-before", "drift.not-tested-after"} <= set(found["findings"])


@both
def test_week_that_the_period_cuts_is_not_tested(engine: Engine) -> None:
    # Nine weeks from Monday are nine complete weeks, from Tuesday eight.
    for begin, weeks in ((0, 9), (1, 8)):
        log = steady()
        log.start += begin * DAY
        log = Diary((63, 63), start=log.start)
        log.config(plant())
        log.running("a1", lambda day: (200 + NOISE[day % 11]) * MIN)
        found = engine(log.sealed(), log.claim("availability/2")).detail
        assert found["drift"]["before"]["weeks"] == weeks
