"""Change point within a period and the register of non-routine events (kpi.md D.4)."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from kpi.comparison.interval import Day
from kpi.comparison.nonroutine import (
    EventCause,
    EventMethod,
    NonRoutineEvent,
    change_point,
    register_findings,
    step_findings,
)
from kpi.comparison.weekly import WeeklyInfluences, weekly_influences
from kpi.findings import Severity
from tests.support.comparison_days import names

MONDAY = date(2026, 3, 2)


def weeks(*sums: int, unit: int = 1000) -> WeeklyInfluences:
    mean, rest = divmod(sum(sums), len(sums))
    assert rest == 0
    return WeeklyInfluences(
        tuple(MONDAY + timedelta(days=7 * i) for i in range(len(sums))),
        tuple(s - mean for s in sums),
        Fraction(unit),
    )


def test_change_point_hand_calculation() -> None:
    # y = 0,2,0,2 | 8,10,8,10 about its mean 5: −5,−3,−5,−3,3,5,3,5. CUSUM −5,−8,−13,−16,−13,−8,−5: largest at week 4.
    # Σ(Δy)² = 4+4+4+36+4+4+4 = 60, σ² = 60/14, statistic² = 16²/(60/14 · 8) = 256·14/480 = 112/15
    found = change_point(weeks(0, 2, 0, 2, 8, 10, 8, 10))
    assert found is not None
    assert found.monday == MONDAY + timedelta(days=28)
    assert found.shift == Fraction(8, 1000)
    assert found.statistic == Fraction(112, 15)
    assert found.found  # 7.47 > 1.358² = 1.844


def test_change_point_zigzag_is_none_found() -> None:
    # −1, 1, −1, 1 …: CUSUM is −1 or 0; Σ(Δy)² = 7·4, σ² = 2; statistic² = 1/(2 · 8)
    found = change_point(weeks(*[-1, 1] * 4))
    assert found is not None
    assert (found.statistic, found.found) == (Fraction(1, 16), False)


def test_change_point_needs_eight_weeks_and_variation() -> None:
    assert change_point(weeks(*[-1, 1] * 3, 0)) is None
    assert change_point(weeks(*[0] * 8)) is None


def test_weekly_influences_by_hand() -> None:
    # two weeks of seven days: N 1 and 3 a day, D 2: N = 28, D = 28; u = 1·28 − 28·2 = −28, 3·28 − 56 = 28 a day
    days = [(MONDAY + timedelta(days=i), Day(1 if i < 7 else 3, 2)) for i in range(14)]
    found = weekly_influences(days)
    assert found.sums == (-196, 196)
    # a week's mean in units of y: N · ΣD/weeks = 28 · 14: the second week lies 196/392 = 50 % above the mean of 1
    assert found.unit == 392
    assert found.mondays == (MONDAY, MONDAY + timedelta(days=7))


def test_weekly_influences_period_keeps_the_last_week_of_a_five_day_plant() -> None:
    days = [
        (when, Day(1, 2))
        for i in range(14)
        if (when := MONDAY + timedelta(days=i)).isoweekday() <= 5
    ]
    assert weekly_influences(days).weeks == 1  # to Friday only: the second week looks cut
    assert weekly_influences(days, MONDAY, MONDAY + timedelta(days=13)).weeks == 2


STEP = change_point(weeks(0, 2, 0, 2, 8, 10, 8, 10))


def event(first: date, *, metric: str = "*", registered: bool = True) -> NonRoutineEvent:
    return NonRoutineEvent(
        first=first,
        last=first,
        cause=EventCause.ORDERS,
        metric=metric,
        description="大客户停单",
        approved_by="王工",
        registered_before=registered,
        effect=Fraction(-1, 20),
        method=EventMethod.LOGGING,
        evidence_sha256="00",
    )


@pytest.mark.parametrize(
    ("events", "severity", "lowers"),
    [
        ((), Severity.WARN, True),
        # the step is in the week of 30 March
        ((event(date(2026, 3, 30)),), Severity.NOTE, False),
        ((event(date(2026, 3, 23)),), Severity.NOTE, False),  # seven days before
        ((event(date(2026, 3, 22)),), Severity.WARN, True),
        ((event(date(2026, 4, 6)),), Severity.NOTE, False),
        ((event(date(2026, 4, 7)),), Severity.WARN, True),
        ((event(date(2026, 3, 30), metric="energy-change"),), Severity.WARN, True),
    ],
)
def test_step_without_an_event_near_it_lowers_the_grade(
    events: tuple[NonRoutineEvent, ...], severity: Severity, lowers: bool
) -> None:
    found = step_findings("after", STEP, events, "oee-change")
    assert names(found) == ["nonroutine.step-after"]
    assert (found[0].severity, found[0].lowers_grade) == (severity, lowers)
    assert dict(found[0].numbers)["shift"] == Fraction(8, 1000)


def test_step_that_was_not_found_raises_nothing() -> None:
    assert step_findings("before", change_point(weeks(*[-1, 1] * 4)), (), "oee-change") == []
    assert step_findings("before", None, (), "oee-change") == []


def test_register_lists_every_event_of_the_metric_and_adjusts_nothing() -> None:
    found = register_findings(
        [event(MONDAY), event(MONDAY, metric="energy-change"), event(MONDAY, registered=False)],
        "oee-change",
    )
    assert names(found) == ["nonroutine.registered", "nonroutine.registered-late"]
    assert [f.lowers_grade for f in found] == [False, True]
    assert "not adjusted" in found[0].text.en
    assert "-5.0 %" in found[0].text.zh
