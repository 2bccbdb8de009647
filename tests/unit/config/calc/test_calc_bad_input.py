"""Bad input one by one: a finding with line and column in both languages, never a number that hides it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from kpi.calc.findings import CaseFinding, Weight
from tests.support.calc_case import Solved, solved

SHIFT = 'calendar: {shifts: [{name: day, start: "08:00", end: "16:00"}]}\n'
MIN = 60_000


def place(found: CaseFinding) -> tuple[int, int]:
    return found.place.line, found.place.column


def atoms(found: Solved) -> dict[str, int]:
    """Return the minutes of the only machine, by atom."""
    assert found.result.equipment is not None
    (machine,) = found.result.equipment.sums.machines
    return {a.value: ms // MIN for a, ms in machine.variants[0].atoms.items() if ms}


def test_overlapping_events_say_who_wins_and_time_is_conserved() -> None:
    found = solved(
        SHIFT
        + 'window: {from: "08:00", to: "16:00"}\n'
        + "sources: [controller, operator]\n"
        + "events:\n"
        + '  - {from: "08:00", to: "12:00", state: fault, source: operator}\n'
        + '  - {from: "10:00", to: "16:00", state: run, source: controller}\n'
    )
    overlap = found.finding("events.overlap")
    assert overlap.weight is Weight.WARN
    assert overlap.place.line == 5  # the loser
    assert "line 6 by 2 h" in overlap.en
    assert "run of 'controller' counts, fault of 'operator' does not" in overlap.en
    # 4 h + 6 h are written, the timeline has 8 h: run 6 h (the controller wins 10–12), fault 2 h.
    assert "add up to 10 h, the timeline to 8 h" in found.finding("events.time-conserved").en
    assert atoms(found) == {"run": 360, "fault": 120}


def test_without_priorities_the_source_that_is_written_first_wins() -> None:
    found = solved(
        SHIFT
        + 'window: {from: "08:00", to: "16:00"}\n'
        + "events:\n"
        + '  - {from: "08:00", to: "12:00", state: fault, source: operator}\n'
        + '  - {from: "10:00", to: "16:00", state: run, source: controller}\n'
    )
    assert atoms(found) == {"fault": 240, "run": 240}


def test_overlap_of_equal_states_is_only_a_note() -> None:
    found = solved(
        SHIFT
        + "events:\n"
        + '  - {from: "08:00", to: "12:00", state: run}\n'
        + '  - {from: "10:00", to: "16:00", state: run}\n'
    )
    assert found.finding("events.overlap").weight is Weight.NOTE
    assert atoms(found) == {"run": 480}


def test_source_without_priority_comes_last_and_is_told() -> None:
    found = solved(
        SHIFT
        + "sources: [plc]\n"
        + "events:\n"
        + '  - {from: "08:00", to: "16:00", state: fault, source: plx}\n'
        + '  - {from: "08:00", to: "16:00", state: run, source: plc}\n'
    )
    told = found.finding("events.source-without-priority")
    assert place(told) == (4, 56)
    assert "plc" in told.hint_en
    assert atoms(found) == {"run": 480}


def test_event_that_ends_before_it_begins_is_not_used() -> None:
    found = solved(
        SHIFT
        + 'window: {from: "08:00", to: "16:00"}\n'
        + "events:\n"
        + '  - {from: "10:00", to: "09:00", state: fault}\n'
        + '  - {from: "08:00", to: "16:00", state: run}\n'
    )
    told = found.finding("events.ends-before-it-begins")
    assert told.weight is Weight.STOP
    assert told.place.line == 4
    assert atoms(found) == {"run": 480}


def test_events_without_calendar_give_nothing_that_needs_planned_time() -> None:
    found = solved('events:\n  - {from: "08:00", to: "16:00", state: run}\n')
    told = found.finding("calendar.missing")
    assert told.weight is Weight.STOP
    assert told.place.line == 2  # its first event
    assert "iso22400/availability" not in found.names
    assert found.missing()["iso22400/availability"] == {"time"}


@pytest.mark.parametrize("written", ["0 s", "0 min", "0.0 h"])
def test_ideal_cycle_of_zero_gives_neither_zero_nor_a_hundred_percent(written: str) -> None:
    found = solved(
        f"""
        time: {{tpm: {{loading: 460 min, downtime: 70 min}}}}
        products:
          - ideal_cycle: {written}
        counts: [{{made: 100, good: 98}}]
        """
    )
    told = found.finding("products.ideal-cycle-zero")
    assert told.weight is Weight.STOP
    assert place(told) == (4, 18)
    assert found.missing()["tpm/oee"] == {"ideal cycle"}
    assert found.value("tpm/availability") == Fraction(390, 460)
    assert found.value("iso22400/quality-ratio") == Fraction(98, 100)  # pieces need no ideal cycle


@pytest.mark.parametrize("name", ["made", "good", "scrap", "rework"])
def test_negative_count_takes_the_counts_of_the_machine_away(name: str) -> None:
    found = solved(
        f"""
        time: {{tpm: {{loading: 460 min, downtime: 70 min}}}}
        products: [{{ideal_cycle: 1 min}}]
        counts:
          - {{{name}: -5}}
        """
    )
    told = found.finding("counts.negative")
    assert told.weight is Weight.STOP
    assert place(told) == (5, 5 + len(f"{{{name}: "))
    assert "-5" in told.en
    assert "tpm/oee" not in found.names
    assert found.value("tpm/availability") == Fraction(390, 460)


def test_counts_that_do_not_add_up_are_told_with_their_difference() -> None:
    found = solved(
        """
        time: {tpm: {loading: 460 min, downtime: 70 min}}
        products: [{ideal_cycle: 1 min}]
        counts:
          - {made: 100, good: 90, scrap: 5}
        """
    )
    told = found.finding("counts.do-not-add-up")
    assert told.weight is Weight.WARN
    assert place(told) == (5, 12)
    assert "difference 5" in told.en


def test_unsorted_readings_are_put_in_order_and_told() -> None:
    ordered = solved(
        SHIFT + 'readings: [{counts: made, values: [["08:00", 0], ["09:00", 50], ["10:00", 90]]}]\n'
    )
    mixed = solved(
        SHIFT
        + "readings:\n"
        + '  - {counts: made, values: [["08:00", 0], ["10:00", 90], ["09:00", 50]]}\n'
    )
    told = mixed.finding("readings.unsorted")
    assert told.place.line == 3
    assert "09:00" in told.en
    # By hand: 0 → 50 → 90 books 90; in the order as written 90 → 50 would be a reset with 50 more.
    assert [s.net for s in mixed.result.steps] == [90] == [s.net for s in ordered.result.steps]


def test_reading_that_stands_twice_counts_once() -> None:
    found = solved(
        SHIFT
        + "readings:\n"
        + '  - {counts: made, values: [["08:00", 0], ["09:00", 50], ["09:00", 50], ["10:00", 60]]}\n'
    )
    assert "counts once" in found.finding("readings.duplicate").en
    (counter,) = found.result.steps
    assert [s.booked for s in counter.steps] == [0, 50, 10]


def test_two_readings_of_one_instant_are_both_kept_and_told() -> None:
    found = solved(
        SHIFT
        + "readings:\n"
        + '  - {counts: made, values: [["08:00", 0], ["09:00", 50], ["09:00", 55], ["10:00", 60]]}\n'
    )
    told = found.finding("readings.two-values")
    assert told.weight is Weight.WARN
    assert "50 and 55" in told.en
    (counter,) = found.result.steps
    assert counter.net == 60


@pytest.mark.parametrize("written", ["1601-01-01T00:00", "1601-01-01T00:00+00:00"])
def test_time_stamp_of_1601_is_a_filetime_that_nobody_set(written: str) -> None:
    found = solved(
        SHIFT
        + "readings:\n"
        + f'  - {{counts: made, values: [["08:00", 0], ["{written}", 7], ["10:00", 60]]}}\n'
    )
    told = found.finding("time.impossible")
    assert told.weight is Weight.STOP
    assert told.place.line == 3
    assert "FILETIME" in told.en
    assert "FILETIME" in told.zh
    (counter,) = found.result.steps
    assert [s.reading for s in counter.steps] == [0, 60]


@pytest.mark.parametrize("written", ["1969-12-31T23:00Z", "2100-01-01T00:00Z"])
def test_time_stamp_before_1970_or_after_2099_is_not_used(written: str) -> None:
    found = solved(
        SHIFT
        + 'window: {from: "08:00", to: "16:00"}\n'
        + f'events: [{{from: "{written}", to: "09:00", state: run}}]\n'
    )
    assert "FILETIME" not in found.finding("time.impossible").en
    assert "iso22400/availability" not in found.names


def test_registry_row_that_stands_twice_takes_the_ratios_away() -> None:
    found = solved(
        """
        devices:
          - {id: m1, production: true, nc: true}
          - {id: m2, production: true, nc: false}
          - {id: m1, production: true, nc: true}
        """
    )
    told = found.finding("devices.row-twice")
    assert told.weight is Weight.STOP
    assert told.place.line == 5
    assert "first in line 3" in told.en
    assert found.result.ratios is None
    assert "nc-ratio" not in found.names


def test_process_and_point_that_stand_twice_are_told() -> None:
    found = solved(
        """
        devices: [{id: m1, production: true}]
        processes: [{id: a}, {id: a}]
        points:
          - {asset: m1, signal: s, class: state, slot: 1 min, slots: {on_time: 9}}
          - {asset: m1, signal: s, class: state, slot: 1 min, slots: {on_time: 1}}
        """
    )
    assert found.finding("processes.row-twice").place.line == 3
    assert found.finding("points.row-twice").place.line == 6
    assert found.result.points is None


def test_class_process_and_asset_that_are_not_known_are_warnings_with_a_hint() -> None:
    found = solved(
        """
        devices: [{id: m1, class: cnx, production: true, processes: [turnig]}]
        processes: [{id: turning}]
        points: [{asset: m2, signal: s, class: state, slot: 1 min, slots: {on_time: 9}}]
        """
    )
    assert "cnc" in found.finding("registry.unknown-class").hint_en
    assert "turning" in found.finding("registry.unknown-process").hint_en
    assert found.finding("points.unknown-asset").weight is Weight.WARN


def test_machine_that_stands_twice_is_used_once() -> None:
    found = solved(
        """
        machines:
          - {id: m1, time: {tpm: {loading: 10 h, downtime: 1 h}}}
          - {id: m1, time: {tpm: {loading: 10 h, downtime: 2 h}}}
        """
    )
    assert found.finding("machines.id-twice").place.line == 4
    assert found.value("m1:tpm/availability") == Fraction(9, 10)


def test_product_that_stands_twice_is_used_once() -> None:
    found = solved(
        """
        time: {tpm: {loading: 100 min, downtime: 0 min}}
        products:
          - {id: a, ideal_cycle: 1 min}
          - {id: a, ideal_cycle: 2 min}
        counts: [{product: a, good: 50, scrap: 0}]
        """
    )
    assert found.finding("products.id-twice").place.line == 5
    assert found.value("tpm/oee") == Fraction(1, 2)


def test_product_that_is_not_known_is_between_the_ideal_cycles_of_the_machine() -> None:
    found = solved(
        """
        time: {tpm: {loading: 100 min, downtime: 0 min}}
        products: [{id: a, ideal_cycle: 1 min}, {id: b, ideal_cycle: 2 min}]
        counts: [{product: c, good: 30, scrap: 0}]
        """
    )
    assert found.finding("counts.unknown-product").weight is Weight.WARN
    # 30 pieces of 1 … 2 min in 100 min.
    assert found.range("tpm/oee") == (Fraction(3, 10), Fraction(6, 10))


def test_two_counters_of_one_name_are_told() -> None:
    found = solved(
        SHIFT
        + "readings:\n"
        + '  - {counts: good, values: [["08:00", 0], ["09:00", 5]]}\n'
        + '  - {counts: good, values: [["08:00", 0], ["09:00", 7]]}\n'
    )
    assert found.finding("readings.name-twice").place.line == 4
    assert [s.net for s in found.result.steps] == [5]


def test_time_beside_events_and_counts_beside_readings_say_which_counts() -> None:
    found = solved(
        SHIFT
        + 'events: [{from: "08:00", to: "16:00", state: run}]\n'
        + "time: {atoms: {run: 100 min, wait: 100 min}}\n"
        + "products: [{ideal_cycle: 1 min}]\n"
        + "counts: [{good: 60, scrap: 0}]\n"
        + 'readings: [{counts: good, values: [["08:00", 0], ["15:00", 99]]}]\n'
    )
    assert found.finding("time.beside-events").weight is Weight.WARN
    assert found.finding("counts.beside-readings").weight is Weight.NOTE
    assert found.value("iso22400/availability") == Fraction(1, 2)
    assert found.value("iso22400/oee") == Fraction(60, 200)
    assert [s.net for s in found.result.steps] == [99]


@pytest.mark.parametrize(
    ("window", "end"),
    [
        ('{from: "09:00", to: "08:00"}', "end after it began"),
        ('{from: "08:00:30", to: "09:00"}', "whole minutes"),
        ('{from: "08:00", to: "2099-01-01T00:00"}', "ten years"),
    ],
)
def test_window_that_cannot_be_used_is_told(window: str, end: str) -> None:
    found = solved(
        SHIFT + f"window: {window}\nevents: [{{from: '08:00', to: '16:00', state: run}}]\n"
    )
    told = found.finding("window.unusable")
    assert told.weight is Weight.STOP
    assert told.place.line == 2
    assert end in told.en
    assert "iso22400/availability" not in found.names


def test_window_that_is_not_written_is_extended_to_whole_minutes_and_told() -> None:
    found = solved(SHIFT + 'events: [{from: "08:00:30", to: "15:00", state: run}]\n')
    assert found.finding("window.rounded").weight is Weight.NOTE
    assert found.loaded.inputs.equipment is not None
    window = found.loaded.inputs.equipment.window
    assert window is not None
    assert window.end_ms - window.start_ms == 420 * MIN


def test_late_planned_stop_stays_planned_time() -> None:
    calendar = (
        'calendar:\n  shifts: [{name: day, start: "08:00", end: "16:00"}]\n'
        '  stops: [{from: "10:00", to: "11:00", kind: pm, registered: "10:01"}]\n'
    )
    late = solved(calendar + 'events: [{from: "08:00", to: "16:00", state: run}]\n')
    told = late.finding("calendar.late-stop")
    assert told.weight is Weight.WARN
    assert told.place.line == 3
    assert atoms(late) == {"run": 480}
    intime = solved(
        calendar.replace("10:01", "10:00") + 'events: [{from: "08:00", to: "16:00", state: run}]\n'
    )
    # Running in a registered stop is running outside the plan (run_x), and the base keeps it.
    assert atoms(intime) == {"run": 420, "run_x": 60}


def test_planned_stop_that_ends_before_it_begins_is_not_used() -> None:
    found = solved(
        'calendar:\n  shifts: [{name: day, start: "08:00", end: "16:00"}]\n'
        '  stops: [{from: "11:00", to: "10:00", kind: pm}]\n'
        'events: [{from: "08:00", to: "16:00", state: run}]\n'
    )
    assert found.finding("calendar.stop-ends-before-it-begins").place.line == 3
    assert atoms(found) == {"run": 480}


@pytest.mark.parametrize(
    ("times", "line", "said"),
    [
        ("{loading: 460 min, operating: 400 min, downtime: 70 min}", 1, "add up to 470 min"),
        ("{operating: 100 min, minor_stops: 101 min, downtime: 0 min}", 1, "exceed"),
        ("{loading: 460 min, operating: 390 min, downtime: 60 min}", 1, "add up to 450 min"),
    ],
)
def test_times_that_contradict_each_other_give_no_figure(times: str, line: int, said: str) -> None:
    found = solved(f"time: {{tpm: {times}}}\n")
    told = found.finding("time.contradiction")
    assert told.weight is Weight.STOP
    assert told.place.line == line
    assert said in told.en
    assert "tpm/availability" not in found.names


def test_periods_with_a_wrong_metric_name_say_which_are_known() -> None:
    found = solved(
        """
        periods:
          metric: oe-change
          threshold: 10 %
          before: {first: 2026-01-05, days: [[1, 2]]}
          after: {first: 2026-03-02, days: [[1, 2]]}
        """
    )
    told = found.finding("periods.unknown-metric")
    assert place(told) == (3, 11)
    assert "oee-change" in told.hint_en
    assert found.result.periods is None


@pytest.mark.parametrize(
    ("before", "name"),
    [
        ("{first: 2026-01-05, days: [[-1, 2]]}", "periods.negative"),
        (
            "{first: 2026-01-05, days: [[1, 2], [1, 2]], dates: [2026-01-06, 2026-01-05]}",
            "periods.dates",
        ),
        ("{first: 2026-01-05, days: [[1, 2]], dates: []}", ""),
        (
            "{first: 2026-01-05, last: 2026-01-05, days: [[1, 2], [1, 2]]}",
            "periods.days-after-the-end",
        ),
    ],
)
def test_daily_values_that_cannot_be_used_give_no_comparison(before: str, name: str) -> None:
    found = solved(
        f"""
        periods:
          metric: oee-change
          threshold: 10 %
          before: {before}
          after: {{first: 2026-03-02, days: [[1, 2]]}}
        """
    )
    if not name:
        assert found.result.periods is not None
        return
    assert found.finding(name).place.line == 5
    assert found.result.periods is None


def test_build_that_ends_before_it_begins_gives_no_comparison() -> None:
    found = solved(
        """
        periods:
          metric: oee-change
          threshold: 10 %
          build: {first: 2026-02-02, last: 2026-02-01}
          before: {first: 2026-01-05, days: [[1, 2]]}
          after: {first: 2026-03-02, days: [[1, 2]]}
        """
    )
    assert found.finding("periods.build-ends-before-it-begins").place.line == 5
    assert found.result.periods is None


@pytest.mark.parametrize(
    ("energy", "name"),
    [
        ("{table: gb-t-2589, period: {uses: [{carrier: electricity, unit: kWh}]}}", "table"),
        ("{period: {uses: [{carrier: whale-oil, unit: kg, amount: 1}]}}", "carrier"),
        (
            "{choose: {electricity: {value: x, reason: y}}, period: {uses: [{carrier: electricity, unit: kWh}]}}",
            "choice",
        ),
    ],
)
def test_energy_without_coefficient_gives_no_figure(energy: str, name: str) -> None:
    found = solved(f"energy: {energy}\n")
    expected = {
        "table": "energy.unknown-table",
        "carrier": "energy.no-coefficient",
        "choice": "energy.choice",
    }
    assert found.finding(expected[name]).weight is Weight.STOP
    assert found.result.energy is None


def test_loops_and_values_of_points_without_window_give_no_figure() -> None:
    found = solved(
        """
        loops: [{id: tic-1, modes: [["08:00", auto]]}]
        points: [{asset: a, signal: s, class: state, slot: 1 min, values: [{at: "08:00"}]}]
        """
    )
    assert found.finding("loops.no-window").place.line == 2
    assert found.finding("points.no-window").place.line == 3
    assert found.result.figures == ()


def test_loop_with_an_empty_span_is_not_used() -> None:
    found = solved(
        """
        window: {from: "08:00", to: "09:00"}
        loops: [{id: tic-1, low: 100, high: 0}]
        """
    )
    assert found.finding("loops.span").place.line == 3


def test_point_with_more_slots_than_a_person_can_mean_is_told() -> None:
    found = solved(
        """
        window: {from: "08:00", to: "2027-03-02T08:00"}
        points: [{asset: a, signal: s, class: state, slot: 1 s, values: [{at: "08:00"}]}]
        """
    )
    # 365 days of 86 400 slots.
    assert "31536000 slots" in found.finding("points.too-many-slots").en
    assert found.result.points is None


def test_counted_slots_have_a_limit_too() -> None:
    found = solved(
        """
        points: [{asset: a, signal: s, class: state, slot: 1 s, slots: {on_time: 10000000, late: 1}}]
        """
    )
    assert "10000001 slots" in found.finding("points.too-many-slots").en
    assert found.result.points is None


def test_expected_figure_that_the_case_does_not_give_has_the_nearest_name() -> None:
    found = solved(
        """
        time: {tpm: {loading: 460 min, downtime: 70 min}}
        expect:
          - {figure: tpm/availabilty, value: 84.8 %}
        """
    )
    told = found.finding("expect.no-such-figure")
    assert place(told) == (4, 14)
    assert "tpm/availability" in told.hint_en


@pytest.mark.parametrize("value", ["about 85", "84.8 h"])
def test_expected_figure_that_is_no_number_of_its_unit_is_told(value: str) -> None:
    found = solved(
        f"""
        time: {{tpm: {{loading: 460 min, downtime: 70 min}}}}
        expect: [{{figure: tpm/availability, value: {value}}}]
        require: [{{figure: tpm/availability, at_least: {value}}}]
        """
    )
    assert [f.name for f in found.findings if f.weight is Weight.STOP] == [
        "expect.not-comparable",
        "expect.not-comparable",
    ]
    assert not found.result.holds()
