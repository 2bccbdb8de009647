"""Daily values and facts from sealed rows: the numbers of the log by hand, and the same sums as the claims."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from kpi.claims import BeforeAfterClaim
from kpi.comparison.compared_metrics import RuleKind
from kpi.comparison.daily import DayBounds, period_days, select
from kpi.comparison.daily_values import (
    availability_series,
    defect_series,
    energy_series,
    oee_series,
    teep_series,
    utilisation_series,
)
from kpi.comparison.interval import Day
from kpi.comparison.period_facts import period_facts
from kpi.comparison.periods import Baseline
from kpi.evaluate import evaluate
from kpi.window import Span
from kpi.workspace import Workspace
from model.errors import PermanentError
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

FIRST = date(2026, 3, 1)
PLANNED = 2 * HOUR
FREE = counter(rate=(0, 1))


def plant(
    pieces: list[int],
    *,
    good: dict[str, Any] = FREE,
    ideal: list[int] | None = None,
    restart_on: int = -1,
    blind_on: int = -1,
    scrap: bool = True,
) -> tuple[PlantLog, Span]:
    """Days planned 08:00 to 10:00; run from 08:00 for an hour, idle from 09:00; pieces counted at 09:00; 10 Wh each.

    restart_on: day on which the counter starts again at 0 before it counts; blind_on: day without any state.
    """
    signals: dict[str, list[dict[str, Any]]] = {
        "a1": [
            signal("state", "state", hold_ms=DAY, required=True),
            signal("good", "count_good", counter=good),
            *([signal("scrap", "count_scrap", counter=FREE)] if scrap else []),
        ],
        "m1": [signal("energy", "energy", counter=FREE)],
    }
    log = PlantLog()
    assets = [
        asset("a1", ideal_cycle_ms=ideal or [60_000, 1]),
        asset("m1", production=False, state_table=""),
    ]
    log.config(document(assets, signals, calendar(shifts=[shift(480, 600)])))
    log.row("a1/good", T0, 0)
    log.row("m1/energy", T0, 0)
    level = energy = 0
    for day, made in enumerate(pieces):
        at = T0 + day * DAY
        if day == blind_on:
            log.bad("a1/state", at)
        else:
            log.row("a1/state", at, 1)
            log.row("a1/state", at + HOUR, 4)
        if day == restart_on:
            level = 0
            log.row("a1/good", at + 30 * MIN, 0)
        log.row("a1/scrap", at + HOUR, day + 1)
        for minute in range(32, 61, 2):
            done = level + (made if minute == 60 else 0)
            log.row("a1/good", at + minute * MIN + 1, done)
            log.row("m1/energy", at + minute * MIN + 1, energy + (10 * made if minute == 60 else 0))
        level += made
        energy += 10 * made
    for slot in sorted(log.pending):
        log.block(slot)
    return log, Span(SLOT0, SLOT0 + len(pieces) * 1440, 0, 1)


def work(*args: Any, **more: Any) -> Workspace:
    log, span = plant(*args, **more)
    return Workspace(log.rows(), span)


def test_oee_series_by_hand() -> None:
    found = oee_series(work([50, 0, 70]), "a1")
    assert found is not None
    assert [(d.date.isoformat(), d.n, d.d, d.unknown) for d in found.days] == [
        ("2026-03-01", 50 * MIN, PLANNED, 0),
        ("2026-03-02", 0, PLANNED, 0),  # a standstill is a day
        ("2026-03-03", 70 * MIN, PLANNED, 0),
    ]
    assert all(d.bounds is None for d in found.days)


def test_oee_series_has_the_sums_of_the_claim_but_for_days_without_a_piece() -> None:
    log, span = plant([50, 60, 70] * 14)
    edge = SLOT0 + 21 * 1440
    before, after = Span(SLOT0, edge, 0, 1), Span(edge, span.last, 0, 1)
    claim = BeforeAfterClaim(after, before, "oee-iso22400/1", "increase", Fraction(0), ("a1",), ())
    detail: Any = evaluate(claim, log.rows()).detail["before"]
    series = oee_series(Workspace(log.rows(), before), "a1")
    assert series is not None
    kept = select(period_days([series], Baseline(FIRST, date(2026, 3, 21))), with_exclusions=False)
    assert str(sum(d.measured.n for d in kept)) == detail["n"]
    assert str(sum(d.measured.d for d in kept)) == detail["d"]
    assert len(kept) == detail["valid"]


def test_oee_series_counter_restart_bounds_the_day_by_its_highest_rate() -> None:
    # 60 pieces a minute at most, 1 s ideal; between the last reading of day 1 (09:00:00.001) and the restart on day 2
    # at 08:30 lie 3 599 999 ms planned on day 1 (3 599.999 pieces, rounded up) and 30 minutes on day 2 (1 800 pieces)
    second_ms = 1000
    found = oee_series(
        work([30, 40, 50], good=counter(rate=(60, MIN)), ideal=[second_ms, 1], restart_on=1), "a1"
    )
    assert found is not None
    first, second, third = found.days
    assert first.bounds == DayBounds(
        Day(30 * second_ms, PLANNED), Day((30 + 3600) * second_ms, PLANNED)
    )
    assert second.bounds == DayBounds(
        Day(40 * second_ms, PLANNED), Day((40 + 1800) * second_ms, PLANNED)
    )
    assert third.bounds is None


def test_oee_series_bound_never_exceeds_the_planned_time() -> None:
    # the same at an ideal minute a piece: 30 + 3 600 minutes would be far above the 120 planned
    found = oee_series(work([30, 40], good=counter(rate=(60, MIN)), restart_on=1), "a1")
    assert found is not None
    assert found.days[0].bounds == DayBounds(Day(30 * MIN, PLANNED), Day(PLANNED, PLANNED))


def test_oee_series_restart_without_a_highest_rate_is_not_bounded() -> None:
    found = oee_series(work([30, 40, 50], restart_on=1), "a1")
    assert found is not None
    assert found.days[1].bounds == DayBounds(Day(40 * MIN, PLANNED), None)
    assert found.days[2].bounds is None


def test_oee_series_needs_an_ideal_cycle_and_a_reject_signal() -> None:
    assert oee_series(work([50], ideal=[0, 1]), "a1") is None
    assert oee_series(work([50], scrap=False), "a1") is None


def test_oee_series_unknown_state_is_unknown_time() -> None:
    found = oee_series(work([50, 60], blind_on=1), "a1")
    assert found is not None
    assert [d.unknown for d in found.days] == [0, PLANNED]
    assert found.days[1].n == 60 * MIN  # the counter survives; the day is still not valid


def test_teep_series_has_all_time_in_service_below() -> None:
    found = teep_series(work([50, 0]), "a1")
    assert found is not None
    assert [(d.n, d.d, d.planned) for d in found.days] == [(50 * MIN, DAY, DAY), (0, DAY, DAY)]


def test_availability_series_unknown_time_is_bounded_by_run_and_not_run() -> None:
    found = availability_series(work([50, 60], blind_on=1), "a1")
    # day 1: an hour run of two planned; day 2: nothing known
    assert (found.days[0].n, found.days[0].d, found.days[0].bounds) == (HOUR, PLANNED, None)
    assert found.days[1].bounds == DayBounds(Day(0, PLANNED), Day(PLANNED, PLANNED))


def test_utilisation_series_over_the_day_in_service() -> None:
    found = utilisation_series(work([50]), "a1")
    assert (found.days[0].n, found.days[0].d) == (HOUR, DAY)


def test_defect_series_rejects_of_pieces_made() -> None:
    found = defect_series(work([50, 60]), "a1")
    assert found is not None
    # the first reject reading is a base, each later day adds one
    assert [(d.n, d.d) for d in found.days] == [(0, 50), (1, 61)]
    assert defect_series(work([50], scrap=False), "a1") is None


def test_energy_series_wh_and_good_pieces_of_the_plant() -> None:
    found = energy_series(work([50, 0, 70]), ["m1"], ["a1"], "plant")
    assert found is not None
    assert [(d.n, d.d, d.planned, d.unknown) for d in found.days] == [
        (500, 50, PLANNED, 0),
        (0, 0, PLANNED, 0),
        (700, 70, PLANNED, 0),
    ]
    with pytest.raises(PermanentError, match="m9"):
        energy_series(work([50]), ["m9"], ["a1"], "plant")


def test_period_facts_from_the_log() -> None:
    found = period_facts(work([50, 60]), ["a1"], meters=["m1"], simulated=True)
    assert found.simulated
    assert found.planned_downtime_ms == 0
    assert found.planned_operation_ms == 2 * PLANNED
    assert [name for name, _ in found.coverage] == ["a1"]  # only its state is required
    assert {r.kind for r in found.rules} == {
        RuleKind.CALENDAR,
        RuleKind.IDEAL_CYCLE,
        RuleKind.STATE_TABLE,
        RuleKind.COUNTING,
        RuleKind.METER_RATIO,
    }
    values = {(r.kind, r.subject): r.value for r in found.rules}
    assert values[RuleKind.IDEAL_CYCLE, "a1"] == "60000/1"
    assert values[RuleKind.CALENDAR, "*"] == "shifts 480-600/1234567; breaks -; day 480"
    assert values[RuleKind.METER_RATIO, "m1"] == "energy x1/1"
