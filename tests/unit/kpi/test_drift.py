"""U9 on series whose answer is known: flat, rising, slow waves, too short."""

from __future__ import annotations

import random
from datetime import date, timedelta
from fractions import Fraction

import pytest

from kpi.comparison import Day
from kpi.drift import drift
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
