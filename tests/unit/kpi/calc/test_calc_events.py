"""Events, calendar and counter readings of a case go through the engine of the agent (kpi-audit U1, U3, U6, U14)."""

from __future__ import annotations

from fractions import Fraction

from model.state import Atom
from tests.support.calc_case import Solved, solved

F = Fraction
MIN = 60_000


def minutes(found: Solved, machine: int = 0) -> dict[str, Fraction]:
    assert found.result.equipment is not None
    atoms = found.result.equipment.sums.machines[machine].variants[0].atoms
    return {a.value: F(atoms[a], MIN) for a in Atom if atoms[a]}


def test_unknown_gap_gives_bounds_of_availability_and_of_oee() -> None:
    # kpi-audit E5 i: planned 08:00–16:20 = 500; run to 13:20 = 320; unknown to 15:10 = 110; idle 70. The counter fell
    # to 0 unseen; 72/h in 110 min = 132 pieces at most. OEE in [320/500, 452/500], A in [320/500, 430/500].
    found = solved(
        """
        window: {from: "08:00", to: "16:20"}
        calendar: {shifts: [{name: day, start: "08:00", end: "16:20"}]}
        events:
          - {from: "08:00", to: "13:20", state: run}
          - {from: "15:10", to: "16:20", state: idle}
        products: [{ideal_cycle: 60 s}]
        readings:
          - {counts: good, max_rate: 72/h, values: [["08:00", 0], ["13:20", 320], ["15:10", 0], ["16:20", 0]]}
          - {counts: scrap, values: [["08:00", 0], ["16:20", 0]]}
        """
    )
    assert minutes(found) == {"run": 320, "idle": 70, "unk": 110}
    assert found.range("iso22400/oee") == (F(16, 25), F(113, 125))
    assert found.range("iso22400/availability") == (F(320, 500), F(430, 500))
    assert "at most 132 counts" in found.finding("counter.gap").en


def test_breaks_holidays_extra_shifts_and_registered_stops() -> None:
    # Mon 2026-03-02 08–16 less break 30 and maintenance 60; Tue holiday but an extra shift 08–12; Wed 08–16 less 30.
    found = solved(
        """
        window: {from: "2026-03-02T00:00", to: "2026-03-05T00:00"}
        calendar:
          shifts: [{name: day, start: "08:00", end: "16:00"}]
          breaks: [{start: "12:00", end: "12:30"}]
          holidays: [2026-03-03]
          extra: [{name: saturday work, date: 2026-03-03, start: "08:00", end: "12:00"}]
          stops: [{from: "2026-03-02T14:00", to: "2026-03-02T15:00", kind: pm, registered: "2026-02-27T10:00"}]
        events:
          - {from: "2026-03-02T00:00", to: "2026-03-05T00:00", state: wait}
        """
    )
    # Planned 480 − 30 − 60 + 240 + 480 − 30 = 1080; breaks 60, maintenance 60; the rest of 4320 is not scheduled.
    assert minutes(found) == {"wait": 1080, "brk": 60, "pm": 60, "off": 4320 - 1200}


def test_night_shift_belongs_to_the_day_on_which_it_starts() -> None:
    found = solved(
        """
        date: 2026-03-02
        window: {from: "00:00", to: "48:00"}
        calendar: {shifts: [{name: night, start: "22:00", end: "06:00", weekdays: [1]}]}
        events: [{from: "00:00", to: "48:00", state: run}]
        """
    )
    # Only Monday has a night: 22:00–06:00 = 480 planned; running in the other 2400 min is outside the plan.
    assert minutes(found) == {"run": 480, "run_x": 2400}


def test_night_of_the_spring_shift_in_a_zone_with_summer_time_has_seven_hours() -> None:
    # Berlin, 2026-03-29: 02:00 → 03:00, so 22:00–06:00 is seven hours.
    found = solved(
        """
        zone: Europe/Berlin
        window: {from: "2026-03-28T22:00", to: "2026-03-29T06:00"}
        calendar: {shifts: [{name: night, start: "22:00", end: "06:00"}]}
        events: [{from: "2026-03-28T22:00", to: "2026-03-29T06:00", state: run}]
        """
    )
    assert minutes(found) == {"run": 420}


def test_short_stop_is_a_minor_stop_and_the_limit_is_of_the_case() -> None:
    text = """
        calendar: {shifts: [{name: day, start: "08:00", end: "10:00"}]}
        minor_stop: %s
        events:
          - {from: "08:00", to: "09:00", state: run}
          - {from: "09:00", to: "09:04", state: wait}
          - {from: "09:04", to: "10:00", state: run}
        """
    assert minutes(solved(text % "5 min")) == {"run": 116, "minor": 4}
    assert minutes(solved(text % "3 min")) == {"run": 116, "wait": 4}


def test_chatter_below_the_debounce_time_joins_the_state_before() -> None:
    text = """
        calendar: {shifts: [{name: day, start: "08:00", end: "10:00"}]}
        debounce: %s
        events:
          - {from: "08:00", to: "09:00", state: run}
          - {from: "09:00", to: "09:00:00.200", state: fault}
          - {from: "09:00:00.200", to: "10:00", state: run}
        """
    assert minutes(solved(text % "500 ms")) == {"run": 120}
    kept = minutes(solved(text % "100 ms"))
    assert kept["run"] == 120 - F(200, MIN)


def test_products_made_one_after_the_other_are_counted_with_their_own_ideal_cycle() -> None:
    # a (1 min) to 10:00: 0 → 90; b (2 min) from 10:00: 90 → 120 at 12:00: Σ ideal·good = 90 + 60 = 150 of 240 min.
    found = solved(
        """
        window: {from: "08:00", to: "12:00"}
        calendar: {shifts: [{name: day, start: "08:00", end: "12:00"}]}
        events: [{from: "08:00", to: "12:00", state: run}]
        products: [{id: a, ideal_cycle: 1 min}, {id: b, ideal_cycle: 2 min}]
        making: [{from: "08:00", product: a}, {from: "10:00", product: b}]
        readings:
          - {counts: good, hold: 3 h, values: [["08:00", 0], ["10:00", 90], ["12:00", 120]]}
          - {counts: scrap, hold: 5 h, values: [["08:00", 0], ["12:00", 0]]}
        """
    )
    assert found.value("iso22400/oee") == F(150, 240)


def test_one_count_of_a_pack_stands_for_its_pieces() -> None:
    # 10 counts of 6 pieces of 1 min in 120 min.
    found = solved(
        """
        window: {from: "08:00", to: "10:00"}
        calendar: {shifts: [{name: day, start: "08:00", end: "10:00"}]}
        events: [{from: "08:00", to: "10:00", state: run}]
        products: [{ideal_cycle: 1 min, factor: 6}]
        readings:
          - {counts: good, hold: 3 h, values: [["08:00", 0], ["10:00", 10]]}
          - {counts: scrap, hold: 3 h, values: [["08:00", 0], ["10:00", 0]]}
        """
    )
    assert found.value("iso22400/oee") == F(60, 120)


def test_counters_alone_suffice_for_oee_and_leave_the_times_a_range() -> None:
    # No state at all: 240 good of 1 min in 480 planned; nobody knows when it ran.
    found = solved(
        """
        window: {from: "08:00", to: "16:00"}
        calendar: {shifts: [{name: day, start: "08:00", end: "16:00"}]}
        products: [{ideal_cycle: 1 min}]
        readings:
          - {counts: good, hold: 9 h, values: [["08:00", 0], ["16:00", 240]]}
          - {counts: scrap, hold: 9 h, values: [["08:00", 0], ["16:00", 0]]}
        """
    )
    assert minutes(found) == {"unk": 480}
    assert found.value("iso22400/oee") == F(1, 2)
    assert found.range("iso22400/availability") == (0, 1)


def test_failures_of_events_are_counted_by_the_engine() -> None:
    # Two breakdowns of 60 and 30 min in 480, both repaired: MTBF (480 − 90)/2 = 195 min, MTTR 45 min.
    found = solved(
        """
        window: {from: "08:00", to: "16:00"}
        calendar: {shifts: [{name: day, start: "08:00", end: "16:00"}]}
        events:
          - {from: "08:00", to: "10:00", state: run}
          - {from: "10:00", to: "11:00", state: fault}
          - {from: "11:00", to: "13:00", state: run}
          - {from: "13:00", to: "13:30", state: fault}
          - {from: "13:30", to: "16:00", state: run}
        """
    )
    assert found.value("iso22400/mtbf") == 195 * MIN
    assert found.value("iso22400/mttr") == 45 * MIN


def test_group_is_a_ratio_of_sums_and_alternatives_are_no_group() -> None:
    text = """
        group: %s
        machines:
          - {id: a, time: {tpm: {loading: 100 min, downtime: 50 min}}}
          - {id: b, time: {tpm: {loading: 300 min, downtime: 0 min}}}
        """
    # (50 + 300) / 400 = 87.5 %, not the mean 75 %.
    assert solved(text % "true").value("tpm/availability") == F(350, 400)
    assert "tpm/availability" not in solved(text % "false").names


def test_machine_without_ideal_cycle_is_left_out_of_the_index_of_the_group() -> None:
    found = solved(
        """
        machines:
          - id: a
            time: {tpm: {loading: 100 min, downtime: 0 min}}
            products: [{ideal_cycle: 1 min}]
            counts: [{good: 60, scrap: 0}]
          - id: b
            time: {tpm: {loading: 300 min, downtime: 0 min}}
            counts: [{good: 60, scrap: 0}]
        """
    )
    assert found.value("tpm/oee") == F(60, 100)
