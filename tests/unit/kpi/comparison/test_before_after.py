"""The comparison end to end on daily integers that are known by construction."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from kpi.claims import BeforeAfterClaim, claim_object
from kpi.comparison.before_after import periods
from kpi.evaluate import evaluate
from kpi.reasons import Reason
from kpi.window import Span
from kpi.workspace import Workspace
from tests.support.kpi_plant import (
    DAY,
    HOUR,
    MIN,
    SLOT0,
    T0,
    PlantLog,
    asset,
    calendar,
    counter,
    document,
    shift,
    signal,
)

FREE = counter(rate=(0, 1))


def plant(
    before: list[int], after: list[int], *, scrap: bool = True
) -> tuple[PlantLog, Span, Span]:
    """Two periods of days; planned 08:00-10:00, the good pieces of each day are counted at 09:00; energy 10 Wh each."""
    signals: dict[str, list[dict[str, Any]]] = {
        "a1": [
            signal("state", "state", hold_ms=DAY),
            signal("good", "count_good", counter=FREE),
            *([signal("scrap", "count_scrap", counter=FREE)] if scrap else []),
        ],
        "m1": [signal("energy", "energy", counter=FREE)],
    }
    log = PlantLog()
    assets = [asset("a1"), asset("m1", production=False, state_table="")]
    log.config(document(assets, signals, calendar(shifts=[shift(480, 600)])))
    log.row("a1/good", T0, 0)
    log.row("m1/energy", T0, 0)
    total = 0
    for day, pieces in enumerate([*before, *after]):
        at = T0 + day * DAY
        log.row("a1/state", at, 1)
        log.row("a1/state", at + 2 * HOUR, 4)
        log.row("a1/scrap", at, 0)
        for minute in range(0, 61, 2):  # readings at most two minutes apart: nothing is spread
            done = total + (pieces if minute == 60 else 0)
            log.row("a1/good", at + minute * MIN + 1, done)
            log.row("m1/energy", at + minute * MIN + 1, 10 * done)
        total += pieces
    for slot in sorted(log.pending):
        log.block(slot)
    edge = SLOT0 + len(before) * 1440
    return log, Span(SLOT0, edge, 0, 1), Span(edge, edge + len(after) * 1440, 0, 1)


def claim(log: PlantLog, before: Span, after: Span, metric: str, sense: str, t: str) -> Any:
    request = BeforeAfterClaim(
        after,
        before,
        metric,
        sense,
        Fraction(t),
        ("a1",),
        ("m1",) if metric[0] == "e" else (),  # type: ignore[arg-type]
    )
    return request, evaluate(request, log.rows())


def test_before_after_oee_gain_is_the_ratio_of_sums_of_valid_days() -> None:
    # a day without any piece is not valid (N = 0), in either period
    log, before, after = plant([50, 0, 70] * 20, [66, 66, 66] * 20)
    request, found = claim(log, before, after, "oee-iso22400/1", "increase", "1/10")
    assert found.value == Fraction(66, 60) - 1
    detail = found.detail
    pbt = 2 * HOUR
    assert detail["before"] == {
        "d": str(40 * pbt),
        "days": 60,
        "n": str(20 * 120 * MIN),
        "valid": 40,
    }
    assert detail["after"]["valid"] == 60
    assert detail["word"] == "pass, point only"  # 40 valid days before are provisional at best
    item = claim_object("x", request, found)
    assert (item["num"], item["den"], item["unit"]) == ("1", "10", "1")
    assert "meters" not in item


def test_before_after_reading_of_the_next_morning_is_not_spread_over_the_night() -> None:
    log, before, after = plant([60] * 21, [60] * 21)
    _, found = claim(log, before, after, "oee-iso22400/1", "increase", "0")
    assert found.value == 0
    assert found.detail["interval"] == {"high": "0", "low": "0"}  # nothing varies
    assert found.detail["word"] == "fail"  # "> 0" is demanded and the gain is exactly 0


def test_before_after_few_days_have_a_point_and_no_interval() -> None:
    log, before, after = plant([50] * 19, [60] * 19)
    _, found = claim(log, before, after, "oee-iso22400/1", "increase", "1/10")
    assert found.value == Fraction(1, 5)
    assert found.detail["word"] == "undetermined"
    assert "interval" not in found.detail


def test_before_after_without_valid_day_has_no_baseline() -> None:
    log, before, after = plant([0] * 3, [60] * 3)
    _, found = claim(log, before, after, "oee-iso22400/1", "increase", "1/10")
    assert (found.value, found.reason) == (None, Reason.NO_BASELINE)
    assert found.detail["word"] == "undetermined"


def test_before_after_without_reject_signal_is_undefined() -> None:
    log, before, after = plant([50] * 3, [60] * 3, scrap=False)
    _, found = claim(log, before, after, "oee-iso22400/1", "increase", "1/10")
    assert found.reason is Reason.NO_REJECT_SIGNAL
    assert found.detail["before"] == {"d": "0", "days": 3, "n": "0", "valid": 0}


def test_before_after_energy_per_piece_does_not_change_when_it_is_proportional() -> None:
    log, before, after = plant([50, 60] * 11, [80, 90] * 11)
    _, found = claim(log, before, after, "energy-per-piece/1", "reduction", "8/100")
    assert found.value == 0
    assert found.detail["word"] == "fail"
    assert found.detail["before"]["n"] == str(10 * 110 * 11)


def test_before_after_periods_carry_dates_for_the_drift_test() -> None:
    log, before, after = plant([50] * 70, [60 + i for i in range(70)])
    request, _ = claim(log, before, after, "oee-iso22400/1", "increase", "1/10")
    rows = log.rows()
    b, a = periods(Workspace(rows, before), Workspace(rows, after), request)
    assert str(b.dates[0]) == "2026-03-01"
    assert b.drift is not None
    assert a.drift is not None
    assert (b.drift.found, a.drift.trend) == (False, True)
    # 1 March 2026 is a Sunday; 70 days to 9 May hold the weeks of 2 March to 3 May
    assert b.span == (date(2026, 3, 1), date(2026, 5, 9))
    assert b.drift.weeks == 9


def test_before_after_periods_with_different_lead_are_refused() -> None:
    with pytest.raises(ValueError, match="same lead"):
        BeforeAfterClaim(
            Span(100, 200, 1, 1),
            Span(1, 50, 0, 1),
            "oee-iso22400/1",
            "increase",
            Fraction(0),
            ("a1",),
        )
