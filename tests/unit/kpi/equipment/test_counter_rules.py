"""Every rule of a counter step and of gaps by hand (statistics.md §6, kpi-audit U6; E12; cases 1-6, 36, 37)."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from kpi.document_types import Counter
from kpi.equipment.counter_steps import Mark, Proof, decide
from kpi.equipment.space import equipment_space
from kpi.equipment.sums import CountGap
from kpi.workspace import Workspace
from model.signal import Role
from tests.support.equipment_plant import (
    LONG,
    cells,
    counted,
    machine,
    play,
    rules,
    state_signal,
    sums,
    window,
)
from tests.support.kpi_plant import HOUR, MIN, SLOT0, T0, PlantLog, asset, calendar, shift, signal

PER_MINUTE = Counter(first=0, modulus=65_536, pieces=60, per_ms=MIN)
"""At most ⌈60·Δt/min⌉ + 1 counts: 61 in a minute."""


@pytest.mark.parametrize(
    ("old", "new", "dt", "proof", "rules_", "expected"),
    [
        # 0 replaced or set by hand, whatever the reading
        (500, 3, MIN, Proof(event=True), PER_MINUTE, (0, Mark.SEGMENT)),
        (500, 500, MIN, Proof(event=True), PER_MINUTE, (0, Mark.SEGMENT)),
        # 1 equal, 2 forward
        (500, 500, MIN, Proof(), PER_MINUTE, (0, None)),
        (500, 561, MIN, Proof(), PER_MINUTE, (61, None)),
        (500, 562, MIN, Proof(), PER_MINUTE, (None, None)),
        # 65 536 counts take 65 536 s at 60 a minute: from then on it may have gone round
        (10, 20, 65_536_000, Proof(), PER_MINUTE, (10, Mark.TURNS)),
        (10, 20, 65_535_999, Proof(), PER_MINUTE, (10, None)),
        (10, 10, 65_536_000, Proof(), PER_MINUTE, (0, None)),
        # 3b restart proven: from first, but only if that is plausible
        (500, 7, MIN, Proof(restarted=True), PER_MINUTE, (7, Mark.RESTART)),
        (500, 400, MIN, Proof(restarted=True), PER_MINUTE, (None, None)),
        # 3c correction, after the restart
        (3, 1, MIN, Proof(), Counter(0, 0, 60, MIN, max_correction=2), (-2, Mark.CORRECTION)),
        (4, 1, MIN, Proof(), Counter(0, 0, 60, MIN, max_correction=2), (1, Mark.RESET)),
        (
            3,
            1,
            MIN,
            Proof(restarted=True),
            Counter(0, 0, 60, MIN, max_correction=2),
            (1, Mark.RESTART),
        ),
        # C4: a step from 3 to 1 without a correction rule is a reset
        (3, 1, MIN, Proof(), Counter(0, 0, 60, MIN), (1, Mark.RESET)),
        # 3d gone round unseen, rolled over, or both plausible
        (65_500, 20, 65_536_000, Proof(), PER_MINUTE, (0, Mark.LOST)),
        (65_500, 20, MIN, Proof(), PER_MINUTE, (56, Mark.AMBIGUOUS)),  # E12: 56 or 20
        (65_535, 62, 2 * MIN, Proof(), Counter(0, 65_536, 30, MIN), (None, None)),  # 63 and 62 > 61
        # E12: 9998 → 3 is 5 with 10 000 values (four BCD digits) and 4 with 9 999 (restarts at 1)
        (9_998, 3, MIN, Proof(), Counter(1000, 10_000, 60, MIN), (5, None)),
        (9_998, 3, MIN, Proof(), Counter(1000, 9_999, 60, MIN), (4, None)),
        # rules e and f: reset, quarantine
        (40_000, 7, MIN, Proof(), Counter(0, 0, 60, MIN), (7, Mark.RESET)),
        (40_000, 62, MIN, Proof(), Counter(0, 0, 60, MIN), (None, None)),
        (40_000, 7, MIN, Proof(), Counter(8, 0, 60, MIN), (None, None)),  # below its first value
        # no limit: everything forward is plausible, every rollover too
        (5, 10**9, MIN, Proof(), Counter(0, 0, 0, 1), (10**9 - 5, None)),
        (5, 4, MIN, Proof(), Counter(0, 100, 0, 1), (99, Mark.AMBIGUOUS)),
        # a rate of 0 in a second is a limit: one count of tolerance
        (5, 6, HOUR, Proof(), Counter(0, 0, 0, 1000), (1, None)),
        (5, 7, HOUR, Proof(), Counter(0, 0, 0, 1000), (None, None)),
    ],
)
def test_step(
    old: int, new: int, dt: int, proof: Proof, rules_: Counter, expected: tuple[int | None, Any]
) -> None:
    assert decide(old, new, dt, rules_, proof) == expected


def plant(*signals: dict[str, Any], cal: dict[str, Any] | None = None, **root: Any) -> PlantLog:
    log = PlantLog()
    log.config(machine([asset("a1")], {"a1": [state_signal(), *signals]}, cal, **root))
    log.blocks(SLOT0, SLOT0 + 200)
    return log


def good(*readings: tuple[float, int], rule: dict[str, Any] | None = None, **more: Any) -> PlantLog:
    """A plant whose good counter reads (minute, value)."""
    spec = counted("good", "count_good", **({"counter": rule} if rule else {}))
    log = plant(spec, counted("scrap", "count_scrap"), **more)
    for minute, value in readings:
        log.row("a1/good", T0 + round(minute * MIN), value)
    log.row("a1/scrap", T0, 0)
    log.alive("a1/scrap", T0 + 119 * MIN)
    return log


def booked(log: PlantLog, length: int = 120) -> tuple[int | None, dict[str, int]]:
    found = sums(log, window(length))
    [row] = found.rows
    return row.good, dict(found.marks)


def gaps(
    log: PlantLog, length: int = 120, name: str = "good"
) -> list[tuple[float, float, int | None]]:
    """(from minute, to minute, most) of the gaps of one counter."""
    return [
        ((g.start_ms - T0) / MIN, (g.end_ms - T0) / MIN, g.most)
        for g in sums(log, window(length)).gaps
        if g.signal == name
    ]


LIMIT = rules((60, MIN), 65_536)


def test_case_1_reset_books_what_it_shows_and_opens_a_gap() -> None:
    log = good((0, 40_000), (1, 40_010), (2, 7), (3, 9), rule=rules((60, MIN)))
    assert booked(log) == (10 + 7 + 2, {"reset": 1})
    # one planned minute may hide 60 counts
    assert gaps(log) == [(1, 2, 60)]


def test_case_2_rollover_without_doubt_is_no_gap() -> None:
    log = good((0, 65_500), (1, 65_530), (2, 3), rule=rules((60, MIN), 65_536, first=1000))
    assert booked(log) == (30 + 9, {})
    assert gaps(log) == []


def test_case_3_jump_books_nothing_and_three_agreeing_readings_are_the_new_level() -> None:
    readings = [(0, 100), (1, 1_000_100), (2, 1_000_110), (3, 1_000_120), (4, 1_000_125)]
    log = good(*readings, rule=LIMIT)
    assert booked(log) == (5, {"quarantined": 3})
    assert gaps(log) == [(0, 3, 180)]


def test_case_5_spike_is_excluded_and_listed() -> None:
    log = good((0, 100), (1, 30_000), (2, 102), rule=LIMIT)
    assert booked(log) == (2, {"quarantined": 1})
    assert gaps(log) == [(0, 2, 120)]


def test_quarantine_at_the_end_is_a_gap_to_the_end_whatever_proves_the_other_value() -> None:
    log = good((0, 100), (1, 101), (2, 30_000), rule=LIMIT)
    log.alive("a1/good", T0 + 100 * MIN)  # proves the reading that is not believed
    assert booked(log) == (1, {"quarantined": 1})
    assert gaps(log) == [(1, 120, 119 * 60)]


def test_proof_before_the_quarantined_reading_is_where_the_gap_begins() -> None:
    log = good((0, 100), (1, 101), (60, 30_000), rule=LIMIT)
    log.alive("a1/good", T0 + 50 * MIN)
    assert gaps(log) == [(50, 120, 70 * 60)]


def test_case_4_correction_is_booked_negative_and_opens_no_gap() -> None:
    log = good((0, 100), (1, 110), (2, 108), (3, 112), rule=rules((60, MIN), correction=2))
    assert booked(log) == (10 - 2 + 4, {"correction": 1})
    assert gaps(log) == []


def test_correction_lies_at_its_reading_never_allocated() -> None:
    log = good((0, 100), (50, 110), (70, 108), rule=rules((60, MIN), correction=5))
    play(log, "a1/state", [("run", 120)])
    table = cells(log, window(120)).table
    assert table.counts[:, 0].tolist() == [10, -2]  # 70 min is in the second hour


def test_counter_event_begins_a_new_segment() -> None:
    event = {"at_ms": T0 + 90_000, "device": "a1", "kind": "replaced", "signal": "good"}
    log = good((0, 100), (1, 110), (2, 5), (3, 9), rule=LIMIT, counter_events=[event])
    assert booked(log) == (10 + 4, {"segment": 1})
    assert gaps(log) == [(1, 2, 60)]


def test_counter_event_of_another_counter_or_outside_the_step_is_none() -> None:
    events = [
        {"at_ms": T0 + 90_000, "device": "a1", "kind": "set", "signal": "scrap"},
        {"at_ms": T0 + MIN, "device": "a1", "kind": "set", "signal": "good"},  # (0, 1], not (1, 2]
    ]
    log = good((0, 100), (1, 110), (2, 111), rule=LIMIT, counter_events=events)
    assert booked(log) == (1, {"segment": 1})


@pytest.mark.parametrize(
    ("uptimes", "expected"),
    [
        # 500 → 30: with a falling uptime in (1, 2] min counted from 0; else 30 fits a reset too
        ([(0, 9_000), (1.5, 20)], (30, {"restart": 1})),
        ([(0, 9_000), (1, 20)], (30, {"reset": 1})),  # fell at τ0 already
        ([(0, 9_000), (1.5, 9_001)], (30, {"reset": 1})),
        ([(1.5, 20)], (30, {"reset": 1})),  # nothing before it
    ],
)
def test_restart_is_proven_by_a_falling_uptime(
    uptimes: list[tuple[float, int]], expected: tuple[int, dict[str, int]]
) -> None:
    log = plant(
        counted("good", "count_good", counter=rules((60, MIN))),
        signal("hours", "uptime", "uint", hold_ms=LONG),
        counted("scrap", "count_scrap"),
    )
    for minute, value in ((1, 500), (2, 30)):
        log.row("a1/good", T0 + minute * MIN, value)
    for at, value in uptimes:
        log.row("a1/hours", T0 + round(at * MIN), value)
    log.row("a1/scrap", T0, 0)
    assert booked(log) == expected


def test_restart_whose_count_is_not_plausible_is_not_believed() -> None:
    log = plant(
        counted("good", "count_good", counter=rules((60, MIN))),
        signal("hours", "uptime", "uint", hold_ms=LONG),
        counted("scrap", "count_scrap"),
    )
    log.row("a1/good", T0 + MIN, 40_000)
    log.row("a1/good", T0 + 2 * MIN, 39_000)  # the snapshot of a PLC, hours old
    log.row("a1/hours", T0, 9_000)
    log.row("a1/hours", T0 + 90_000, 1)
    log.row("a1/scrap", T0, 0)
    assert booked(log) == (0, {"quarantined": 1})


def test_case_37_changed_ct_ratio_makes_no_step_and_books_raw_times_ratio() -> None:
    # 100/5 = 20 until minute 60, 200/5 = 40 from then on: 30 raw Wh before, 30 after
    def meter(scale: int) -> dict[str, Any]:
        return machine(
            [asset("m1", state_table="")], {"m1": [counted("energy", "energy", scale=[scale, 1])]}
        )

    log = PlantLog()
    log.config(meter(20))
    log.blocks(SLOT0, SLOT0 + 60)
    log.config(meter(40))
    log.blocks(SLOT0 + 60, SLOT0 + 121)
    for minute in range(0, 120, 2):
        log.row("m1/energy", T0 + minute * MIN, 1000 + minute // 2)
    found = sums(log, window(120), "m1")
    # readings 1000 to 1029 with ratio 20, the step to 1030 and the 29 after it with 40
    assert [r.quantity for r in found.registers] == [29 * 20 + 30 * 40]


def test_counter_first_reading_is_a_base_and_time_before_it_a_gap() -> None:
    log = good((10, 500), (11, 510), rule=LIMIT)
    assert booked(log) == (10, {})
    assert gaps(log) == [(0, 10, 600)]
    # a reading in the lead is the base, and there is no gap
    found = sums(log, window(30, lead=20, first=20))
    assert found.gaps == ()


def test_counter_silent_for_longer_than_its_hold_at_the_end_is_a_gap() -> None:
    def plant_(hold_ms: int) -> list[tuple[float, float, int | None]]:
        log = plant(
            counted("good", "count_good", counter=LIMIT, hold_ms=hold_ms),
            counted("scrap", "count_scrap"),
        )
        log.row("a1/good", T0, 1)
        log.alive("a1/good", T0 + 50 * MIN)
        return gaps(log)

    assert plant_(69 * MIN) == [(50, 120, 70 * 60)]
    assert plant_(70 * MIN) == []


def test_counter_without_any_reading_is_one_gap() -> None:
    log = plant(counted("good", "count_good", counter=LIMIT), counted("scrap", "count_scrap"))
    log.row("a1/scrap", T0, 0)
    assert gaps(log) == [(0, 120, 7200)]


def test_gap_has_the_planned_time_and_is_none_without_it() -> None:
    # planned 08:30 to 09:00 only; a reset at minute 45, one at minute 90 of an unlimited counter
    cal = calendar(shifts=[shift(510, 540)])
    log = good((0, 100), (40, 120), (45, 3), (60, 5), (90, 1), cal=cal)
    [first, second] = [g for g in sums(log, window(120)).gaps if g.signal == "good"]
    assert (first.planned_ms, first.most) == (5 * MIN, None)
    assert (second.planned_ms, second.most) == (0, 0)
    assert second == CountGap(Role.COUNT_GOOD, "good", T0 + 60 * MIN, T0 + 90 * MIN, 0, 0)


def test_gap_of_a_role_that_a_configuration_does_not_have() -> None:
    log = PlantLog()
    with_scrap = [
        state_signal(),
        counted("total", "count_total"),
        counted("scrap", "count_scrap", counter=LIMIT),
    ]
    log.config(machine([asset("a1")], {"a1": with_scrap[:2]}))
    log.blocks(SLOT0, SLOT0 + 60)
    log.config(machine([asset("a1")], {"a1": with_scrap}))
    log.blocks(SLOT0 + 60, SLOT0 + 121)
    log.row("a1/total", T0, 0)
    log.row("a1/scrap", T0 + 60 * MIN, 0)
    assert gaps(log, name="scrap") == [(0, 60, 3600)]


def test_gap_of_a_renamed_counter_is_only_where_it_is_configured() -> None:
    log = PlantLog()
    log.config(machine([asset("a1")], {"a1": [counted("good", "count_good", hold_ms=MIN)]}))
    log.blocks(SLOT0, SLOT0 + 60)
    log.config(machine([asset("a1")], {"a1": [counted("good2", "count_good", hold_ms=MIN)]}))
    log.blocks(SLOT0 + 60, SLOT0 + 121)
    for minute in range(60):
        log.row("a1/good", T0 + minute * MIN, minute)
        log.row("a1/good2", T0 + (60 + minute) * MIN, minute)
    found = sums(log, window(120))
    assert found.gaps == ()
    assert [r.good for r in found.rows] == [59 + 59]


def test_gap_between_readings_is_only_where_the_signal_is_configured() -> None:
    log = PlantLog()
    with_good = [state_signal(), counted("good", "count_good", counter=LIMIT)]
    for first, last, signals in ((0, 40, with_good), (40, 80, with_good[:1]), (80, 121, with_good)):
        log.config(machine([asset("a1")], {"a1": signals}))
        log.blocks(SLOT0 + first, SLOT0 + last)
    for minute, value in ((0, 90), (10, 100), (90, 5), (119, 6)):
        log.row("a1/good", T0 + minute * MIN, value)
    # the reset lies between minutes 10 and 90, 40 of which the signal is configured; between 40 and 80 the role is
    # missing, for which the highest rate of the signal that has it holds
    found = [(g.start_ms, g.end_ms, g.planned_ms, g.most) for g in sums(log, window(120)).gaps]
    assert found == [
        (T0 + 10 * MIN, T0 + 90 * MIN, 40 * MIN, 40 * 60),
        (T0 + 40 * MIN, T0 + 80 * MIN, 40 * MIN, 40 * 60),
    ]
    # in a window without the signal nothing is a gap, though readings on both sides of it are visible
    assert sums(log, window(30, lead=45, first=45, grace=60)).gaps == ()


def test_readings_beyond_64_bits_stay_exact() -> None:
    spec = signal("good", "count_good", "uint", hold_ms=LONG, counter=rules(), scale=[3, 1])
    log = plant(spec, counted("scrap", "count_scrap"))
    log.row("a1/good", T0, 1)
    log.row("a1/good", T0 + MIN, 2**64 - 1)
    assert sums(log, window(10)).rows[0].good == 3 * (2**64 - 2)


def test_case_6_shuffled_and_doubled_rows_give_the_same_figures() -> None:
    rng = random.Random(6)
    rows, value = [], 0
    for minute in range(120):
        value = value + rng.randrange(4) if rng.random() > 0.03 else 0
        rows.append(("a1/good", T0 + minute * MIN, value))
        rows.append(("a1/state", T0 + minute * MIN + 1, rng.randrange(1, 6)))

    def built(order: list[tuple[str, int, int]]) -> PlantLog:
        log = plant(counted("good", "count_good", counter=LIMIT), counted("scrap", "count_scrap"))
        log.row("a1/scrap", T0, 0)
        for point, at, v in order:
            log.row(point, at, v, slot=SLOT0 + 130 + rng.randrange(60))
        return log

    span = window(120, grace=80)
    once = equipment_space(Workspace(built(rows).rows(), span)).cells("a1")
    mixed = rows * 2
    rng.shuffle(mixed)
    twice = equipment_space(Workspace(built(mixed).rows(), span)).cells("a1")
    for name in ("start", "atoms", "counts", "failures", "repair_ms", "marks"):
        assert np.array_equal(getattr(once.table, name), getattr(twice.table, name)), name
    assert once.gaps.start.tolist() == twice.gaps.start.tolist()
