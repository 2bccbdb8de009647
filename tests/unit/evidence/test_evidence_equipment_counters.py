"""Counter steps, their time, gaps (statistics.md §6, kpi-audit U4, U6); expected values by hand in the comments."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from evidence.frame import FrameRow
from evidence.recompute.equipment.bookings import Bookings
from evidence.recompute.equipment.gaps import Gap
from evidence.recompute.equipment.registers import Mark, Step, decide
from evidence.recompute.equipment.signals import Counted
from evidence.recompute.intervals import Cover
from evidence.recompute.plant_model import CounterRule
from model.signal import Role
from tests.unit.evidence.equipment_builder import (
    COUNTER,
    MIN,
    STATE,
    T0,
    add_blocks,
    asset,
    calendar,
    log_of,
    machine,
    plant,
    signal,
    signals,
    statistics,
)
from tests.unit.evidence.evidence_builder import I, proof, row

BAD = 0x8000_0000


def rule(first: int = 0, rate: tuple[int, int] = (3, MIN), modulus: int = 0, correction: int = 0):
    return CounterRule(first, *rate, modulus, correction)


def step(
    old: int,
    new: int,
    limits: CounterRule,
    minutes: int = 1,
    *,
    registered: bool = False,
    restarted: bool = False,
) -> tuple[int, str] | None:
    found = decide(old, new, Step(minutes * MIN, limits, registered, restarted))
    return None if found is None else (found[0], found[1].value if found[1] else "")


def test_step_0_registered_event_books_nothing_whatever_the_readings():
    assert step(50, 2, rule(), registered=True) == (0, "segment")
    assert step(50, 51, rule(), registered=True) == (0, "segment")
    assert step(50, 50, rule(), registered=True) == (0, "segment")


def test_step_1_equal_readings_book_nothing():
    assert step(50, 50, rule()) == (0, "")
    assert step(50, 50, rule(modulus=100), 40) == (0, "")


def test_step_2_up_to_the_cap_is_booked_and_beyond_is_quarantined():
    # cap after one minute: 3 + 1
    assert step(50, 54, rule()) == (4, "")
    assert step(50, 55, rule()) is None
    assert step(0, 10**9, rule(rate=(0, 1))) == (10**9, "")  # not limited


def test_step_2_after_time_for_a_whole_turn_is_marked():
    # modulus 100 at 3 a minute: 34 minutes can hold 102 pieces, 33 only 99
    assert step(50, 60, rule(modulus=100), 34) == (10, "turns")
    assert step(50, 60, rule(modulus=100), 33) == (10, "")
    assert step(50, 60, rule(rate=(0, 1), modulus=100), 34) == (10, "")  # rate not limited


def test_step_3b_proven_restart_books_from_first_if_plausible():
    # two pieces since first 0 are plausible, one since first 1; a correction or rollover that fits as well comes later
    assert step(50, 2, rule(), restarted=True) == (2, "restart")
    assert step(50, 2, rule(first=1), restarted=True) == (1, "restart")
    assert step(3, 2, rule(correction=5), restarted=True) == (2, "restart")
    assert step(98, 1, rule(modulus=100), restarted=True) == (1, "restart")


def test_step_3b_proven_restart_that_is_not_plausible_is_not_believed():
    # an old snapshot: 40 pieces in a minute
    assert step(50, 40, rule(), restarted=True) is None
    assert step(50, 40, rule(correction=10), restarted=True) == (-10, "correction")
    assert step(50, -1, rule(), restarted=True) is None  # below first


def test_step_3c_correction_up_to_the_largest_books_the_difference():
    # kpi-audit U6: 3 → 1 is −2 with corrections, 1 as a reset without
    assert step(3, 1, rule(correction=2)) == (-2, "correction")
    assert step(3, 1, rule(correction=1)) == (1, "reset")
    assert step(3, 1, rule()) == (1, "reset")


def test_step_3d_rollover_with_the_number_of_distinct_values_as_modulus():
    # kpi-audit E12: 9998 → 3 is 5 with modulus 10 000 and 4 with 9 999 and first 1
    assert step(9998, 3, rule(first=10, modulus=10_000), 2) == (5, "")
    assert step(9998, 3, rule(first=10, modulus=9_999), 2) == (4, "")
    # 65 500 → 20 is 56 by rollover or 20 by restart: both fit in 20 minutes
    assert step(65_500, 20, rule(modulus=65_536), 20) == (56, "ambiguous")


def test_step_3d_after_time_for_a_whole_turn_nothing_is_known():
    assert step(50, 40, rule(modulus=100), 34) == (0, "lost")


def test_step_3e_reset_and_3f_quarantine():
    assert step(50, 4, rule()) == (4, "reset")
    assert step(50, 5, rule()) is None
    # 50 → 2 with modulus 100: 52 by rollover is too much, 2 by reset fits
    assert step(50, 2, rule(modulus=100)) == (2, "reset")


def test_rate_of_zero_is_a_limit():
    # the cap is then one piece
    assert step(0, 1, rule(rate=(0, MIN))) == (1, "")
    assert step(0, 2, rule(rate=(0, MIN))) is None


# a counter of three a minute: the cap after one minute is 4
RATE = {**COUNTER, "max_rate": [3, MIN]}


def at(minute: float, value: object, index: int = 0, **changes: Any) -> FrameRow:
    return row(T0 + int(minute * MIN), index, value, **changes)


def register(
    rows: Sequence[FrameRow], minutes: int = 10, start: int = 0, **changes: Any
) -> Counted:
    fields = {"counter": RATE, **changes}
    document = machine([signal("good", "count_good", **fields)])
    log = log_of(document, {"m.count": rows}, minutes)
    (found,) = signals(log, minutes, start=start).registers(
        "m", "m.count", (Role.COUNT_GOOD,), lambda a, b: b - a
    )
    return found


def booked(found: Counted, low: float, high: float) -> int:
    bookings = found.register.bookings
    return bookings.until(T0 + int(high * MIN)) - bookings.until(T0 + int(low * MIN))


def marks(found: Counted) -> dict[str, int]:
    return {mark.value: count for mark, count in found.register.marks.items()}


def test_first_reading_is_the_level_and_books_nothing():
    found = register([at(1, 700), at(2, 703)])
    assert (booked(found, 0, 10), marks(found)) == (3, {})


def test_quarantine_keeps_the_level_and_an_outlier_costs_nothing():
    found = register([at(0, 0), at(1, 500), at(2, 6)])
    assert (booked(found, 0, 10), marks(found)) == (6, {"quarantined": 1})


def test_quarantine_ends_with_the_third_reading_in_a_row_that_follows_the_one_before():
    # 500, 502, 503 make a new level; 505 books 2
    found = register([at(0, 0), at(1, 500), at(2, 502), at(3, 503), at(4, 505)])
    assert (booked(found, 0, 10), marks(found)) == (2, {"quarantined": 3})
    # 900 does not follow 500: the run begins anew; 901, 902 complete it
    found = register([at(0, 0), at(1, 500), at(2, 900), at(3, 901), at(4, 902), at(5, 903)])
    assert (booked(found, 0, 10), marks(found)) == (1, {"quarantined": 4})


def test_quarantine_run_is_cleared_by_an_accepted_reading():
    # level 0; 500 and 501 quarantined, 9 accepted; 502 and 503 are the first two of a new run
    found = register([at(0, 0), at(1, 500), at(2, 501), at(3, 9), at(4, 502), at(5, 503)])
    assert (booked(found, 0, 10), marks(found)) == (9, {"quarantined": 4})


def test_rows_that_are_not_good_values_are_no_readings():
    rows = [at(0, 5), at(1, 900, status=BAD), at(2, None, flags=1), at(3, 900, flags=I), at(4, 7)]
    assert booked(register(rows), 0, 10) == 2


def test_marks_are_those_of_readings_inside_the_window():
    # resets at minutes 2 and 5; window from minute 3
    found = register([at(0, 9), at(2, 1), at(5, 0)], start=3)
    assert marks(found) == {"reset": 1}


def test_changed_scale_makes_no_step_case_37():
    # CT 100/5 to 200/5 between minutes 1 and 2: raw 1000 → 1001 → 1002, scales 20 and 40, so
    # 20 Wh, then 1002·40 − 1001·40 = 40 Wh instead of 20 060
    def document(scale: int) -> dict[str, Any]:
        counter = {**COUNTER, "max_rate": [0, 1]}
        return machine([signal("good", "count_good", scale=[scale, 1], counter=counter)])

    rows = {"m.count": [at(0, 1000), at(1, 1001), at(2, 1002)]}
    log = log_of(document(20), rows, 2)
    log.config(document(40))
    add_blocks(log, rows, 1)
    (found,) = signals(log, 3).registers("m", "m.count", (Role.COUNT_GOOD,), lambda a, b: b - a)
    assert (booked(found, 0, 2), booked(found, 2, 3)) == (20, 40)


def test_changed_type_keeps_the_number_that_was_read():
    # 1000 as int, then 1001.0 as float: one piece, not what the eight bytes of 1000 mean as a float
    def document(kind: str) -> dict[str, Any]:
        counter = {**COUNTER, "max_rate": [0, 1]}
        return machine([signal("good", "count_good", kind, counter=counter)])

    log = log_of(document("int"), {"m.count": [at(0, 1000)]}, 1)
    log.config(document("float"))
    add_blocks(log, {"m.count": [at(1, 1001.0)]}, 1)
    (found,) = signals(log, 2).registers("m", "m.count", (Role.COUNT_GOOD,), lambda a, b: b - a)
    assert booked(found, 0, 2) == 1


def test_rules_are_those_of_the_later_row():
    # from minute 1 on corrections of 2 are allowed: 9 → 7 at minute 1 is one
    def document(correction: int) -> dict[str, Any]:
        return machine(
            [signal("good", "count_good", counter={**RATE, "max_correction": correction})]
        )

    rows = {"m.count": [at(0, 9), at(1, 7)]}
    log = log_of(document(0), rows, 1)
    log.config(document(2))
    add_blocks(log, rows, 1)
    (found,) = signals(log, 2).registers("m", "m.count", (Role.COUNT_GOOD,), lambda a, b: b - a)
    assert (booked(found, 0, 2), marks(found)) == (-2, {"correction": 1})


@pytest.mark.parametrize(
    ("minute", "is_between"), [(1, False), (1.5, True), (2, True), (2.1, False)]
)
def test_counter_event_counts_between_level_and_reading(minute: float, is_between: bool):
    # level at minute 1, reading at minute 2: 1 < at ≤ 2
    event = {
        "at_ms": T0 + int(minute * MIN),
        "device": "m",
        "kind": "replaced",
        "signal": "good",
    }
    document = machine([signal("good", "count_good", counter=RATE)], counter_events=[event])
    log = log_of(document, {"m.count": [at(1, 50), at(2, 53)]}, 3)
    (found,) = signals(log, 3).registers("m", "m.count", (Role.COUNT_GOOD,), lambda a, b: b - a)
    expected = (0, {"segment": 1}) if is_between else (3, {})
    assert (booked(found, 0, 3), marks(found)) == expected


def test_counter_event_of_another_signal_or_configuration_does_not_count():
    other = {"at_ms": T0 + 90_000, "device": "m", "kind": "set", "signal": "scrap"}
    document = machine([signal("good", "count_good", counter=RATE)], counter_events=[other])
    log = log_of(document, {"m.count": [at(1, 50), at(2, 53)]}, 3)
    (found,) = signals(log, 3).registers("m", "m.count", (Role.COUNT_GOOD,), lambda a, b: b - a)
    assert booked(found, 0, 3) == 3
    # the event stands only in a configuration that comes after the reading
    event = {**other, "signal": "good"}
    log = log_of(
        machine([signal("good", "count_good", counter=RATE)]),
        {"m.count": [at(1, 50), at(2, 53)]},
        3,
    )
    log.config(machine([signal("good", "count_good", counter=RATE)], counter_events=[event]))
    add_blocks(log, {"m.count": [at(3, 55)]}, 1)
    (found,) = signals(log, 4).registers("m", "m.count", (Role.COUNT_GOOD,), lambda a, b: b - a)
    assert (booked(found, 0, 4), marks(found)) == (5, {})


def restart_log(uptimes: Sequence[FrameRow], counts: Sequence[FrameRow]) -> Counted:
    state = [*STATE, signal("up", "uptime", "uint")]
    document = machine(
        [signal("good", "count_good", counter={**RATE, "max_correction": 60})], state
    )
    log = log_of(document, {"m.state": uptimes, "m.count": counts}, 10)
    (found,) = signals(log, 10).registers("m", "m.count", (Role.COUNT_GOOD,), lambda a, b: b - a)
    return found


def test_restart_is_proven_by_an_uptime_smaller_than_its_good_reading_before():
    # uptime 900 s → 5 s at minute 2: 50 → 3 books 3; without it, it would be a correction of −47
    uptimes = [at(0, 900, 1), at(2, 5, 1)]
    found = restart_log(uptimes, [at(1, 50), at(2, 3)])
    assert (booked(found, 0, 10), marks(found)) == (3, {"restart": 1})
    found = restart_log([at(0, 900, 1), at(2, 1020, 1)], [at(1, 50), at(2, 3)])
    assert (booked(found, 0, 10), marks(found)) == (-47, {"correction": 1})


def test_restart_before_the_level_or_after_the_reading_proves_nothing():
    for minute in (1, 2.1):  # τ0 = 1 does not belong to (τ0, τ1]
        found = restart_log([at(0, 900, 1), at(minute, 5, 1)], [at(1, 50), at(2, 3)])
        assert marks(found) == {"correction": 1}
    # a reading that is not good neither proves nor is compared with
    uptimes = [at(0, 900, 1), at(1.5, 5, 1, status=BAD), at(2, 910, 1)]
    assert marks(restart_log(uptimes, [at(1, 50), at(2, 3)])) == {"correction": 1}


def bookings_of(cover: Cover, *counts: tuple[int, int, int]) -> Bookings:
    found = Bookings(cover.length)
    for since, tau, count in counts:
        found.add(since * MIN, tau * MIN, count)
    return found


def parts(found: Bookings, *edges: int) -> list[int]:
    until = [found.until(edge * MIN) for edge in edges]
    return [b - a for a, b in pairwise(until)]


def test_count_is_spread_over_running_time_with_a_telescoping_floor():
    # kpi-audit U4: 10 pieces, 09:50–10:20 all run, edge at 10:00: ⌊10·10/30⌋ = 3, then 7
    assert parts(bookings_of(Cover([(50 * MIN, 80 * MIN)]), (50, 80, 10)), 0, 60, 120) == [3, 7]
    # stopped until 10:00: everything after it
    assert parts(bookings_of(Cover([(60 * MIN, 80 * MIN)]), (50, 80, 10)), 0, 60, 120) == [0, 10]
    # no running time: everything at the later reading
    assert parts(bookings_of(Cover([]), (50, 80, 10)), 0, 79, 80, 81, 120) == [0, 0, 10, 0]
    # begun before the first edge: only the part after it
    assert parts(bookings_of(Cover([(50 * MIN, 80 * MIN)]), (50, 80, 10)), 60, 120) == [7]


def test_count_between_near_readings_lies_at_the_later_one():
    whole = Cover([(0, 200 * MIN)])
    assert parts(bookings_of(whole, (58, 60, 10)), 0, 60, 120) == [0, 10]
    # three minutes are spread: ⌊10·2/3⌋ = 6 before the edge
    assert parts(bookings_of(whole, (58, 61, 10)), 0, 60, 120) == [6, 4]
    # a spread count ends at its reading: nothing of it lies in the interval that begins there
    assert parts(bookings_of(whole, (57, 60, 10)), 0, 60, 120) == [10, 0]


def test_correction_is_never_spread():
    whole = Cover([(0, 200 * MIN)])
    assert parts(bookings_of(whole, (0, 60, -10)), 0, 60, 120) == [0, -10]


def test_running_and_unknown_time_of_the_asset_carry_the_counts_of_pieces():
    # run 0–4, fault 4–8, unknown from 8 on (hold 4 min); 12 pieces from 0 to 10: R = 4 + 2, so ⌊12·4/6⌋ = 8 until 4,
    # nothing until 8, 4 until 10
    state = [signal("state", "state", hold_ms=4 * MIN)]
    counter = {**COUNTER, "max_rate": [0, 1]}
    document = machine([signal("good", "count_good", counter=counter)], state)
    rows = {"m.state": [at(0, 3), at(4, 4)], "m.count": [at(0, 0), at(10, 12)]}
    log = log_of(document, rows, 11)
    assert [
        sum(row.counts.get(Role.COUNT_GOOD, 0) for row in statistics(log, end, start=start).rows)
        for start, end in ((0, 4), (4, 8), (8, 11))
    ] == [8 - 8, 0, 4]  # a window that ends at minute 4 does not see the reading of minute 10
    assert sum(row.good or 0 for row in statistics(log, 11, start=4).rows) == 4
    assert sum(row.good or 0 for row in statistics(log, 11).rows) == 12


def gaps(
    rows: Sequence[FrameRow],
    minutes: int = 10,
    start: int = 0,
    cal: Any = None,
    **changes: Any,
) -> list[tuple[float, float, int, int | None]]:
    """Gaps of the good counter as (start and end in minutes, planned ms, most)."""
    fields = {"counter": RATE, **changes}
    document = machine([signal("good", "count_good", **fields)], cal=cal)
    log = log_of(document, {"m.count": rows}, minutes)
    return shown(statistics(log, minutes, start=start).gaps)


def shown(found: Sequence[Gap]) -> list[tuple[float, float, int, int | None]]:
    return [((g.start - T0) / MIN, (g.end - T0) / MIN, g.planned, g.most) for g in found]


def every_minute(first: int, last: int, value: int = 0) -> list[FrameRow]:
    return [at(minute, value) for minute in range(first, last)]


def test_gap_i_around_a_quarantined_reading():
    # accepted at 0 and 3, outlier at 1: [0, 3), 3 min planned at 3 a minute
    rows = [at(0, 0), at(1, 500), *every_minute(3, 10, 6)]
    assert gaps(rows) == [(0, 3, 3 * MIN, 9)]


def test_gap_i_ends_with_the_third_of_a_quarantined_run():
    rows = [at(0, 0), at(1, 500), at(2, 501), at(3, 502), *every_minute(4, 10, 502)]
    assert gaps(rows) == [(0, 3, 3 * MIN, 9)]


@pytest.mark.parametrize(
    ("old", "new", "limits", "mark"),
    [
        (9, 1, RATE, "reset"),
        (98, 1, {**RATE, "modulus": "100"}, "ambiguous"),
    ],
)
def test_gap_i_of_a_marked_step(old: int, new: int, limits: Any, mark: str):
    rows = [*every_minute(0, 4, old), *every_minute(4, 10, new)]
    assert gaps(rows, counter=limits) == [(3, 4, MIN, 3)]
    assert marks(register(rows, counter=limits)) == {mark: 1}


def test_gap_i_not_of_a_correction_nor_of_a_plain_rollover():
    rows = [*every_minute(0, 4, 9), *every_minute(4, 10, 8)]
    assert gaps(rows, counter={**RATE, "max_correction": 1}) == []
    # 98 → 1 with modulus 100 and first 10: 3 pieces, no reset could explain it
    rows = [*every_minute(0, 4, 98), *every_minute(4, 10, 1)]
    assert gaps(rows, counter={**RATE, "first": 10, "modulus": "100"}) == []


def test_gap_i_of_lost_and_turns():
    # 3 a minute and modulus 12: from minute 0 to 5, 15 pieces could be a whole turn
    for new, mark in ((10, "turns"), (3, "lost")):
        rows = [at(0, 5), *every_minute(5, 10, new)]
        limits = {**RATE, "modulus": "12"}
        assert gaps(rows, counter=limits) == [(0, 5, 5 * MIN, 15)]
        assert marks(register(rows, counter=limits)) == {mark: 1}


def test_gap_i_of_a_registered_event_and_of_a_restart():
    event = {"at_ms": T0 + 3 * MIN + 1, "device": "m", "kind": "set", "signal": "good"}
    document = machine([signal("good", "count_good", counter=RATE)], counter_events=[event])
    rows = [*every_minute(0, 4, 9), *every_minute(4, 10, 2)]
    log = log_of(document, {"m.count": rows}, 10)
    assert shown(statistics(log, 10).gaps) == [(3, 4, MIN, 3)]
    state = [*STATE, signal("up", "uptime", "uint")]
    document = machine([signal("good", "count_good", counter=RATE)], state)
    log = log_of(document, {"m.count": rows, "m.state": [at(0, 900, 1), at(4, 5, 1)]}, 10)
    found = statistics(log, 10)
    assert (shown(found.gaps), dict(found.marks)) == ([(3, 4, MIN, 3)], {Mark.RESTART: 1})


def test_gap_i_is_cut_at_the_window():
    # reset between minutes 2 and 6; window from 4: two of its four minutes
    rows = [*every_minute(0, 3, 99), *every_minute(6, 10, 1)]
    assert gaps(rows, start=4) == [(4, 6, 2 * MIN, 6)]


def test_gap_ii_to_the_first_accepted_reading():
    assert gaps(every_minute(2, 10)) == [(0, 2, 2 * MIN, 6)]
    assert gaps(every_minute(0, 10)) == []  # a reading at the very beginning
    assert gaps(every_minute(2, 10), start=3) == []  # one before the beginning is visible


def test_gap_ii_without_any_accepted_reading_is_the_whole_window():
    assert gaps([]) == [(0, 10, 10 * MIN, 30)]
    assert gaps([proof(T0 + 9 * MIN, 0)]) == [(0, 10, 10 * MIN, 30)]


def test_gap_iii_from_the_last_proof_if_it_expired():
    # hold 150 s: last reading at 7.5 still holds at 10; at 7 it does not
    assert gaps([*every_minute(0, 7), at(7.5, 0)]) == []
    assert gaps(every_minute(0, 8)) == [(7, 10, 3 * MIN, 9)]
    assert gaps([*every_minute(0, 5), proof(T0 + 8 * MIN, 0)]) == []
    assert gaps([*every_minute(0, 5), proof(T0 + 6 * MIN, 0)]) == [(6, 10, 4 * MIN, 12)]


def test_gap_iii_from_before_the_window():
    assert gaps(every_minute(0, 2), start=5) == [(5, 10, 5 * MIN, 15)]


def test_gap_iii_if_a_quarantined_reading_follows_the_last_proof():
    # reading at 8, proof at 8.5, outlier at 9
    rows = [*every_minute(0, 9), proof(T0 + 8 * MIN + 30_000, 0), at(9, 700)]
    assert gaps(rows) == [(8.5, 10, 90_000, 4)]  # ⌊90 000·3/60 000⌋ = 4


def test_gap_iii_is_not_closed_by_a_proof_of_the_quarantined_value():
    # the item is alive and unchanged since the outlier of minute 5: that proves nothing about the level of minute 4
    rows = [*every_minute(0, 5), at(5, 700), proof(T0 + 9 * MIN, 0)]
    assert gaps(rows) == [(4, 10, 6 * MIN, 18)]


def test_gap_iv_where_the_configuration_lacks_the_counter():
    # good is configured in minutes 0–3 and 6–10; readings before and after it are plain
    with_good = machine([signal("good", "count_good", counter=RATE)])
    without = plant([asset("m")], {"m.state": STATE})
    rows = {"m.count": every_minute(0, 10)}
    log = log_of(with_good, rows, 3)
    log.config(without)
    add_blocks(log, {}, 3)
    log.config(with_good)
    add_blocks(log, rows, 4)
    assert shown(statistics(log, 10).gaps) == [(3, 6, 3 * MIN, 9)]


def test_gap_iv_of_two_configurations_in_a_row_is_one_stretch():
    with_good = machine([signal("good", "count_good", counter=RATE)])
    without = [machine([signal("scrap", "count_scrap")], counts_as=n) for n in (2, 3)]
    rows = {"m.count": every_minute(0, 10)}
    log = log_of(with_good, rows, 3)
    for document in without:
        log.config(document)
        add_blocks(log, {}, 2)
    log.config(with_good)
    add_blocks(log, rows, 3)
    good = [gap for gap in statistics(log, 10).gaps if gap.role is Role.COUNT_GOOD]
    assert shown(good) == [(3, 7, 4 * MIN, 12)]


def test_gap_counts_only_planned_time_and_is_none_without_a_rate():
    # break from minute 1 to 2 of the day
    cal = calendar(breaks=[[1, 2]])
    assert gaps(every_minute(3, 10), cal=cal) == [(0, 3, 2 * MIN, 6)]
    unlimited = {**COUNTER, "max_rate": [0, 1]}
    assert gaps(every_minute(3, 10), cal=cal, counter=unlimited) == [(0, 3, 2 * MIN, None)]


def test_gap_takes_the_rule_of_the_reading_that_ends_it():
    # the rate changes from 3 to 6 a minute at minute 4; the reading of minute 5 ends the gap
    def document(rate: int) -> dict[str, Any]:
        return machine([signal("good", "count_good", counter={**COUNTER, "max_rate": [rate, MIN]})])

    rows = {"m.count": [at(0, 0), at(1, 0), at(2, 500), at(5, 0), at(9, 0)]}
    log = log_of(document(3), rows, 4)
    log.config(document(6))
    add_blocks(log, rows, 6)
    assert shown(statistics(log, 10).gaps) == [(1, 5, 4 * MIN, 24)]
    # without any reading the first configuration decides
    log = log_of(document(3), {}, 4)
    log.config(document(6))
    add_blocks(log, {}, 6)
    assert shown(statistics(log, 10).gaps) == [(0, 10, 10 * MIN, 30)]
    # a gap that no reading ends takes the rule of the last one
    log = log_of(document(3), rows, 4)
    log.config(document(6))
    add_blocks(log, {"m.count": [at(5, 0)]}, 6)
    assert shown(statistics(log, 10).gaps)[-1] == (5, 10, 5 * MIN, 30)


def test_alternate_signal_is_never_added_and_has_neither_marks_nor_gaps():
    counters = [
        signal("good", "count_good", counter=RATE),
        signal("good_b", "count_good", counter=RATE, alternate_of="good"),
    ]
    rows = [
        *[at(minute, minute) for minute in range(10)],
        at(0, 50, 1),
        at(4, 1, 1),  # a reset of the alternate
    ]
    found = statistics(log_of(machine(counters), {"m.count": rows}, 10), 10)
    assert sum(row.good or 0 for row in found.rows) == 9
    assert (dict(found.marks), found.gaps) == ({}, ())


def test_window_that_begins_before_the_log_has_a_gap_to_the_first_reading():
    log = log_of(
        machine([signal("good", "count_good", counter=RATE)]), {"m.count": every_minute(0, 5)}, 5
    )
    assert shown(statistics(log, 5, start=-3).gaps) == [(-3, 0, 3 * MIN, 9)]
