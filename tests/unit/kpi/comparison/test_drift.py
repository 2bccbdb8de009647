"""U9 on series whose answer is known: flat, rising, slow waves, too short."""

from __future__ import annotations

import random
from datetime import date, timedelta
from fractions import Fraction

import pytest

from kpi.comparison.drift import drift
from kpi.comparison.interval import Day
from kpi.student_t import T975_MICRO, t975

MONDAY = date(2026, 3, 2)


def series(values: list[int], start: date = MONDAY) -> list[tuple[date, Day]]:
    return [(start + timedelta(days=i), Day(v, 1000)) for i, v in enumerate(values)]


def test_t975_every_row_equals_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    for df, micro in enumerate(T975_MICRO, 1):
        assert micro == round(float(stats.t.ppf(0.975, df)) * 10**6)
    assert t975(10_000) == t975(120)


def test_drift_linear_rise_is_a_trend_with_its_size() -> None:
    rng = random.Random(1)
    found = drift(series([600 + i + rng.randrange(-5, 6) for i in range(91)]))
    assert found is not None
    assert (found.weeks, found.trend, found.found) == (13, True, True)
    # first to last week: 12 weeks of 7 steps of about 1 on a mean of about 645
    assert abs(found.slope - Fraction(84, 645)) < Fraction(1, 100)
    assert found.slope_low < found.slope < found.slope_high


def test_drift_weekday_pattern_alone_is_none() -> None:
    rng = random.Random(2)
    pattern = [0, 60, 60, 60, 60, 60, -300]
    found = drift(series([600 + pattern[i % 7] + rng.randrange(-30, 31) for i in range(91)]))
    assert found is not None
    assert not found.found


def test_drift_slow_wave_is_persistent() -> None:
    rng = random.Random(3)
    wave = [600 + (80 if (i // 63) % 2 else -80) + rng.randrange(-10, 11) for i in range(182)]
    found = drift(series(wave))
    assert found is not None
    assert found.persistent


@pytest.mark.parametrize(
    ("start", "days", "weeks"),
    [
        (MONDAY, 56, 8),
        (MONDAY, 55, None),  # the last week is cut
        (MONDAY + timedelta(days=1), 62, 8),  # the first week is cut
        (MONDAY + timedelta(days=1), 61, None),
    ],
)
def test_drift_needs_eight_whole_weeks(start: date, days: int, weeks: int | None) -> None:
    found = drift(series([600 + i % 5 for i in range(days)], start))
    assert (found.weeks if found else None) == weeks


def test_drift_weeks_with_two_valid_days_do_not_count() -> None:
    days = [d for d in series([600 + i % 5 for i in range(70)]) if d[0].weekday() in (0, 6)]
    assert drift(days) is None
    assert drift([]) is None


def test_drift_period_keeps_the_last_week_of_a_six_day_plant() -> None:
    days = [d for d in series([600 + i % 5 for i in range(56)]) if d[0].isoweekday() <= 6]
    assert drift(days) is None  # to the last Saturday: seven complete weeks
    found = drift(days, MONDAY, MONDAY + timedelta(days=55))
    assert found is not None
    assert found.weeks == 8


def test_drift_hand_calculation_of_slope_and_interval() -> None:
    # Eight weeks of seven equal days (D 100), N = 50 + week number, every day: weekly ratios 51 … 58 % in exact steps.
    # The fit is perfect: slope 7 points on a mean of 54.5, interval of width 0.
    found = drift(series([510 + 10 * (i // 7) for i in range(56)]))
    assert found is not None
    assert (found.weeks, found.trend) == (8, True)
    assert found.slope == Fraction(70, 545)
    assert abs(Fraction(found.slope_low) - found.slope) < Fraction(1, 10**30)
    assert abs(Fraction(found.slope_high) - found.slope) < Fraction(1, 10**30)


def test_drift_second_implementation_agrees() -> None:
    np = pytest.importorskip("numpy")
    stats = pytest.importorskip("scipy.stats")
    rng = random.Random(11)
    values = [600 + rng.randrange(-80, 81) for _ in range(91)]
    found = drift(series(values))
    assert found is not None
    x = np.array(values, dtype=float)
    y = (x / x.sum() - 1 / 91).reshape(13, 7).sum(1)
    fit = stats.linregress(np.arange(13), y)
    # a weekly share of 1/13 is the mean, the first and the last week are 12 steps apart
    assert float(found.slope) == pytest.approx(fit.slope * 12 * 13, rel=1e-9)
    half = stats.t.ppf(0.95, 11) * fit.stderr * 12 * 13
    assert float(found.slope_high - found.slope_low) == pytest.approx(2 * half, rel=1e-6)
    assert found.trend == (fit.pvalue < 0.05)
    c = y - y.mean()
    r2 = (c[2:] @ c[:-2]) / (c @ c)
    assert found.persistent == (r2 > 1.645 / 13**0.5 - 11 / (13 * 12))


def test_drift_without_variation_is_none_found() -> None:
    found = drift(series([600] * 56))
    assert found is not None
    assert (found.found, found.slope) == (False, 0)


def test_drift_of_a_period_without_numerator_is_not_tested() -> None:
    assert drift(series([0] * 91)) is None
