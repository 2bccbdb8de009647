"""The parts of the plain engine: state timeline, counters, calendar, intervals; expected values by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from evidence.recompute.calendars import production_days, segments
from evidence.recompute.counters import Mark, Reading, SignalCount, Spreader, Step, steps
from evidence.recompute.interval import Interval, interval, word
from evidence.recompute.intervals import Cover, union
from evidence.recompute.plant import Asset, Calendar, CounterRule, Shift, Stop
from evidence.recompute.timeline import Event, EventKind, timeline
from model.state import MachineState as M

SET, PROOF, BREAK = EventKind.SET, EventKind.PROOF, EventKind.BREAK
MIN = 60_000


def states(events: list[Event], high: int = 1000, minor: int = -1) -> list[tuple[int, int, str]]:
    return [
        (p.start, p.end, p.state.value + ("*" if p.minor else ""))
        for p in timeline(events, 0, high, lambda _: minor)
    ]


def test_timeline_before_the_first_event_and_after_hold_is_unknown():
    assert states([Event(100, SET, M.RUN, 300)]) == [
        (0, 100, "unknown"),
        (100, 400, "run"),
        (400, 1000, "unknown"),
    ]


def test_timeline_proof_extends_the_state_but_revives_nothing():
    events = [
        Event(0, SET, M.RUN, 300),
        Event(300, PROOF, M.UNKNOWN, 300),
        Event(700, PROOF, M.UNKNOWN, 300),
    ]
    assert states(events) == [(0, 600, "run"), (600, 1000, "unknown")]


def test_timeline_break_makes_it_unknown_until_the_next_set():
    events = [
        Event(0, SET, M.RUN, 900),
        Event(100, BREAK, M.UNKNOWN, 900),
        Event(200, PROOF, M.UNKNOWN, 900),
        Event(300, SET, M.IDLE, 900),
    ]
    assert states(events) == [(0, 100, "run"), (100, 300, "unknown"), (300, 1000, "idle")]


def test_timeline_two_values_at_one_instant_the_later_in_order_is_the_state():
    events = [
        Event(0, SET, M.RUN, 2000),
        Event(500, SET, M.FAULT, 2000),
        Event(500, SET, M.IDLE, 2000),
    ]
    assert states(events) == [(0, 500, "run"), (500, 1000, "idle")]


@pytest.mark.parametrize(("threshold", "minor"), [(200, True), (199, False)])
def test_timeline_stop_of_fault_and_wait_together_is_minor_up_to_the_threshold(
    threshold: int, minor: bool
):
    events = [
        Event(0, SET, M.RUN, 9000),
        Event(300, SET, M.FAULT, 9000),
        Event(400, SET, M.WAIT, 9000),
        Event(500, SET, M.RUN, 9000),
    ]
    mark = "*" if minor else ""
    assert states(events, minor=threshold) == [
        (0, 300, "run"),
        (300, 400, f"fault{mark}"),
        (400, 500, f"wait{mark}"),
        (500, 1000, "run"),
    ]


def decided(rule: CounterRule, *pairs: tuple[int, int]) -> list[tuple[int, str]]:
    return [(s.booked, s.mark.value) for s in steps([Reading(t, v, rule) for t, v in pairs])]


RATE = CounterRule(pieces=3, ms=MIN)  # cap after one minute: 3 + 1


def test_counter_first_reading_is_the_level_and_equal_ones_book_nothing():
    assert decided(RATE, (0, 7), (MIN, 7), (2 * MIN, 9)) == [(0, ""), (0, ""), (2, "")]


def test_counter_step_up_to_the_cap_is_booked_and_beyond_is_quarantined():
    assert decided(RATE, (0, 0), (MIN, 4)) == [(0, ""), (4, "")]
    assert decided(RATE, (0, 0), (MIN, 5)) == [(0, ""), (0, "quarantined")]
    # one outlier: the next plausible reading is measured from the old level
    assert decided(RATE, (0, 0), (MIN, 500), (2 * MIN, 6)) == [(0, ""), (0, "quarantined"), (6, "")]


def test_counter_three_consecutive_readings_make_a_new_level_without_booking():
    found = decided(RATE, (0, 0), (MIN, 500), (2 * MIN, 502), (3 * MIN, 503), (4 * MIN, 505))
    assert found == [(0, ""), (0, "quarantined"), (0, "quarantined"), (0, "quarantined"), (2, "")]
    # the second jump starts a new run: the third of it is needed again
    found = decided(
        RATE, (0, 0), (MIN, 500), (2 * MIN, 900), (3 * MIN, 901), (4 * MIN, 902), (5 * MIN, 903)
    )
    assert found[-2:] == [(0, "quarantined"), (1, "")]


def test_counter_smaller_value_is_rollover_reset_lost_or_quarantine():
    rolling = CounterRule(0, 3, MIN, 100)
    # 98 → 1: (1 − 98) mod 100 = 3 ≤ 4: rollover; 1 − 0 = 1 would be a plausible reset too
    assert decided(rolling, (0, 98), (MIN, 1)) == [(0, ""), (3, "ambiguous")]
    # first 10: the value after a reset would be 10 or more, so only the rollover fits
    assert decided(CounterRule(10, 3, MIN, 100), (0, 98), (MIN, 1)) == [(0, ""), (3, "")]
    # 50 → 2: 52 by rollover is too much, 2 by reset fits
    assert decided(rolling, (0, 50), (MIN, 2)) == [(0, ""), (2, "reset")]
    # 50 → 40: neither fits
    assert decided(rolling, (0, 50), (MIN, 40)) == [(0, ""), (0, "quarantined")]
    # 40 minutes at 3 a minute could be 120 pieces ≥ 100: the number of rollovers is unknown
    assert decided(rolling, (0, 50), (40 * MIN, 40), (41 * MIN, 41)) == [
        (0, ""),
        (0, "lost"),
        (1, ""),
    ]
    # no limit and no modulus: every smaller value is a reset
    assert decided(CounterRule(), (0, 50), (MIN, 40)) == [(0, ""), (40, "reset")]


def test_counter_rate_zero_per_minute_is_a_limit_and_zero_one_is_none():
    assert decided(CounterRule(0, 0, MIN, 0), (0, 0), (MIN, 2)) == [(0, ""), (0, "quarantined")]
    assert decided(CounterRule(0, 0, 1, 0), (0, 0), (MIN, 2_000_000)) == [(0, ""), (2_000_000, "")]


def spread_one(step: Step, edges: list[int], cover: Cover) -> list[int]:
    spreader = Spreader(edges, cover.length)
    spreader.add(step)
    return spreader.counts


def test_count_is_allocated_over_running_time_with_telescoping_floor():
    # kpi-audit U4: 10 pieces, 09:50–10:20 all run, hour edge at 10:00 → 3 and 7
    step = Step(80 * MIN, 50 * MIN, 10, Mark.PLAIN, accepted=True, rule=RATE)
    assert spread_one(step, [0, 60 * MIN, 120 * MIN], Cover([(50 * MIN, 80 * MIN)])) == [3, 7]
    # stopped until 10:00: everything after
    assert spread_one(step, [0, 60 * MIN, 120 * MIN], Cover([(60 * MIN, 80 * MIN)])) == [0, 10]
    # no running time at all: everything at the later reading
    assert spread_one(step, [0, 60 * MIN, 120 * MIN], Cover([])) == [0, 10]
    # begun before the first edge: only the part after it
    assert spread_one(step, [60 * MIN, 120 * MIN], Cover([(50 * MIN, 80 * MIN)])) == [7]


def test_count_between_near_readings_is_booked_whole_at_the_later():
    step = Step(61 * MIN, 59 * MIN, 10, Mark.PLAIN, accepted=True, rule=RATE)
    assert spread_one(step, [0, 60 * MIN, 120 * MIN], Cover([(0, 120 * MIN)])) == [0, 10]


def test_signal_count_gaps_closed_and_open():
    readings = [
        Reading(0, 10, RATE),
        Reading(MIN, 12, RATE),
        Reading(2 * MIN, 500, RATE),
        Reading(3 * MIN, 18, RATE),
        Reading(4 * MIN, 900, RATE),
    ]
    count = SignalCount(readings, [0, 10 * MIN], lambda a, b: b - a)
    assert count.booked == [8]
    assert [(g.start, g.end) for g in count.gaps] == [(MIN, 3 * MIN), (3 * MIN, 10 * MIN)]
    assert list(count.accepted) == [0, MIN, 3 * MIN]
    assert count.marks[Mark.QUARANTINED] == 2
    assert count.accepted_between(2 * MIN, 3 * MIN + 1)
    assert not count.accepted_between(3 * MIN + 1, 9 * MIN)


def test_cover_union_membership_and_length():
    cover = Cover([(5, 9), (0, 3), (2, 4), (7, 7), (9, 10)])
    assert union([(5, 9), (0, 3), (2, 4), (7, 7), (9, 10)]) == [(0, 4), (5, 10)]
    assert [cover.holds(x) for x in (-1, 0, 3, 4, 5, 9, 10)] == [
        False,
        True,
        True,
        False,
        True,
        True,
        False,
    ]
    assert cover.length(-5, 50) == 9
    assert cover.length(3, 6) == 2
    assert cover.length(4, 5) == 0


# 2026-03-02 is a Monday
MONDAY = 1_772_409_600_000
HOUR = 3_600_000


def a_calendar(**changes: object) -> Calendar:
    fields: dict[str, object] = {
        "offset_min": 480,
        "day_start_min": 480,
        "holidays": frozenset(),
        "shifts": (Shift(480, 1200, frozenset({1, 2, 3, 4, 5})), Shift(1200, 1920, frozenset({5}))),
        "breaks": ((720, 750),),
        "stops": (),
    }
    return Calendar(**{**fields, **changes})  # type: ignore[arg-type]


def an_asset(service: tuple[int, int | None] = (0, None)) -> Asset:
    return Asset("a", 1, Fraction(1), service, 0, True, True, True, "t")


def kinds(
    calendar: Calendar,
    low: int,
    high: int,
    asset: Asset | None = None,
    stops: set[Stop] | None = None,
):
    found = segments(calendar, asset or an_asset(), stops or set(), low, high)
    return [((s.start - low) / HOUR, (s.end - low) / HOUR, s.kind) for s in found]


def test_segments_of_a_local_day_with_shift_and_break():
    # 08:00–20:00 local = 00:00–12:00 UTC, break 12:00–12:30 local = 04:00–04:30 UTC
    assert kinds(a_calendar(), MONDAY, MONDAY + 24 * HOUR) == [
        (0, 4, "planned"),
        (4, 4.5, "brk"),
        (4.5, 12, "planned"),
        (12, 24, "off"),
    ]


def test_segments_overnight_shift_belongs_to_the_date_it_starts_on():
    saturday = MONDAY + 5 * 24 * HOUR
    assert kinds(a_calendar(), saturday - 12 * HOUR, saturday + 24 * HOUR)[0] == (0, 12, "planned")
    assert kinds(a_calendar(), saturday, saturday + 24 * HOUR) == [(0, 24, "off")]


def test_segments_holiday_has_no_shift_and_breaks_outside_shifts_are_off():
    holiday = a_calendar(holidays=frozenset({date(2026, 3, 2)}))
    assert kinds(holiday, MONDAY, MONDAY + 12 * HOUR) == [(0, 12, "off")]


def test_segments_stop_kinds_off_before_pm_before_brk_and_only_counting_ones():
    stops = (
        Stop("*", MONDAY, "brk", MONDAY + 3 * HOUR),
        Stop("a", MONDAY + HOUR, "pm", MONDAY + 3 * HOUR),
        Stop("a", MONDAY + 2 * HOUR, "off", MONDAY + 3 * HOUR),
        Stop("b", MONDAY, "off", MONDAY + 9 * HOUR),
    )
    calendar = a_calendar(stops=stops)
    assert kinds(calendar, MONDAY, MONDAY + 4 * HOUR, stops=set(stops)) == [
        (0, 1, "brk"),
        (1, 2, "pm"),
        (2, 3, "off"),
        (3, 4, "planned"),
    ]
    assert kinds(calendar, MONDAY, MONDAY + 4 * HOUR, stops={stops[0]}) == [
        (0, 3, "brk"),
        (3, 4, "planned"),
    ]


def test_segments_out_of_service_or_unknown_asset_is_none():
    service = an_asset((MONDAY + HOUR, MONDAY + 2 * HOUR))
    assert kinds(a_calendar(), MONDAY, MONDAY + 3 * HOUR, service) == [
        (0, 1, "none"),
        (1, 2, "planned"),
        (2, 3, "none"),
    ]
    assert segments(a_calendar(), None, set(), 0, 5) == [(0, 5, "none")]


def test_production_days_start_at_the_local_day_start():
    days = production_days(a_calendar(), MONDAY + HOUR, MONDAY + 30 * HOUR)
    assert [((a - MONDAY) / HOUR, (b - MONDAY) / HOUR) for a, b in days] == [(0, 24), (24, 48)]
    early = production_days(a_calendar(), MONDAY - HOUR, MONDAY)
    assert [((a - MONDAY) / HOUR, (b - MONDAY) / HOUR) for a, b in early] == [(-24, 0)]


def vector_days(base: int, k: int, plan: list[int], count: int) -> list[tuple[int, int]]:
    """kpi-audit U8, formula of the vectors."""
    return [
        (
            (base + (37 * ((i + k) // 4) + 11 * i) % 97 - 48) * plan[i % len(plan)],
            1000 * plan[i % len(plan)],
        )
        for i in range(count)
    ]


@pytest.mark.parametrize(
    ("plan", "days", "weekdays", "low", "high"),
    [
        ([1440] * 6 + [480], 56, 7, "0.133281292568", "0.177311856006"),
        ([960] * 5, 65, 5, "0.131530798653", "0.169284077731"),
    ],
    ids=["V1", "V2"],
)
def test_interval_vectors_of_the_audit(
    plan: list[int], days: int, weekdays: int, low: str, high: str
):
    before, after = vector_days(600, 1, plan, days), vector_days(690, 2, plan, days)
    found = interval(before, after, weekdays, gain=True)
    assert round(found.low, 12) == Decimal(low)
    assert round(found.high, 12) == Decimal(high)
    reduction = interval(before, after, weekdays, gain=False)
    assert (reduction.low, reduction.high) == (found.high.copy_negate(), found.low.copy_negate())
    texts = found.texts()
    assert all(len(text.lstrip("0.")) == 20 for text in texts)


def test_interval_without_any_variation_has_no_width_and_rho_zero():
    found = interval([(1, 2)] * 20, [(2, 2)] * 20, 0, gain=True)
    assert abs(found.low - 1) < Decimal("1e-35")
    assert abs(found.high - 1) < Decimal("1e-35")


@pytest.mark.parametrize(
    ("low", "point", "high", "threshold", "days", "expected"),
    [
        ("0.10", "0.12", "0.14", "1/10", 60, "pass"),
        ("0.10", "0.12", "0.14", "1/10", 59, "pass, point only"),
        ("0.09", "0.10", "0.14", "1/10", 60, "pass, point only"),
        ("0.05", "0.09", "0.10", "1/10", 60, "inconclusive"),
        ("0.05", "0.08", "0.09", "1/10", 60, "fail"),
        ("0", "0.01", "0.02", "0/1", 60, "pass, point only"),
        ("0.001", "0.01", "0.02", "0/1", 60, "pass"),
        ("-0.02", "0", "0.01", "0/1", 60, "inconclusive"),
        ("-0.02", "-0.01", "0", "0/1", 60, "fail"),
    ],
)
def test_word_partitions_the_line(
    low: str, point: str, high: str, threshold: str, days: int, expected: str
):

    found = Interval(Decimal(low), Decimal(high))
    assert word(found, Fraction(point), Fraction(threshold), days) == expected
