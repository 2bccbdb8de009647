"""Expected integers are worked out by hand from docs/formats/claims.md, section 1."""

from model.state import Atom, MachineState
from simulators.demo_plant import Regime
from simulators.plan import DAY_MS, HOUR_MS, MINUTE_MS, Period, Stop
from simulators.truth_time import atoms_by_day, cut, planned_busy_ms, production_ms

RUN, WAIT, FAULT, IDLE, UNKNOWN = (
    MachineState.RUN,
    MachineState.WAIT,
    MachineState.FAULT,
    MachineState.IDLE,
    MachineState.UNKNOWN,
)
START = 20_668 * DAY_MS
ONE_DAY = Period(Regime.BEFORE, START, START + DAY_MS)


def atoms(spells, period=ONE_DAY, *, stops=(), minor=5 * MINUTE_MS):
    return atoms_by_day(spells, period, asset="x", stops=stops, minor_stop_ms=minor)


def nonzero(day):
    return {a: ms for a, ms in day.items() if ms}


def test_atoms_run_all_day_has_breaks_as_run_outside_plan():
    day = atoms([(START - HOUR_MS, RUN)])[0]
    assert nonzero(day) == {Atom.RUN: 23 * HOUR_MS, Atom.RUN_X: HOUR_MS}
    # time worked in a break joins the base: PBT and APT are both the whole day
    assert planned_busy_ms(day) == 24 * HOUR_MS
    assert production_ms(day) == 24 * HOUR_MS


def test_atoms_short_stop_is_minor_and_longer_is_not():
    t = START + HOUR_MS
    spells = [
        (START - HOUR_MS, RUN),
        (t, WAIT),
        (t + 5 * MINUTE_MS, RUN),  # exactly the limit: minor
        (t + 10 * MINUTE_MS, WAIT),
        (t + 15 * MINUTE_MS + 1, RUN),  # one ms over: wait
    ]
    day = atoms(spells)[0]
    assert day[Atom.MINOR] == 300_000
    assert day[Atom.WAIT] == 300_001


def test_atoms_fault_and_wait_in_a_row_are_one_stop():
    t = START + HOUR_MS
    spells = [
        (START - HOUR_MS, RUN),
        (t, FAULT),
        (t + 3 * MINUTE_MS, WAIT),
        (t + 6 * MINUTE_MS, RUN),
    ]
    day = atoms(spells)[0]
    assert day[Atom.MINOR] == 0
    assert (day[Atom.FAULT], day[Atom.WAIT]) == (180_000, 180_000)


def test_atoms_stop_over_the_start_of_the_window_counts_with_its_lead():
    spells = [(START - HOUR_MS, RUN), (START - 4 * MINUTE_MS, WAIT), (START + 2 * MINUTE_MS, RUN)]
    day = atoms(spells)[0]
    # six minutes in all, two inside the window: not minor
    assert (day[Atom.MINOR], day[Atom.WAIT]) == (0, 120_000)


def test_atoms_stop_is_cut_at_the_end_of_the_window():
    end = START + DAY_MS
    spells = [(START - HOUR_MS, RUN), (end - 4 * MINUTE_MS, WAIT), (end + HOUR_MS, RUN)]
    day = atoms(spells)[0]
    # the stop lasts longer, but what is seen of it is four minutes
    assert (day[Atom.MINOR], day[Atom.WAIT]) == (240_000, 0)


def test_atoms_stop_across_a_break_is_one_stop_and_only_its_planned_part_is_booked():
    noon = START + 4 * HOUR_MS
    spells = [
        (START - HOUR_MS, RUN),
        (noon - 2 * MINUTE_MS, WAIT),
        (noon + 32 * MINUTE_MS, RUN),
    ]
    day = atoms(spells)[0]
    assert day[Atom.WAIT] == 4 * MINUTE_MS
    assert day[Atom.BRK] == 30 * MINUTE_MS
    assert day[Atom.MINOR] == 0


def test_atoms_unknown_inside_and_outside_the_plan():
    noon = START + 4 * HOUR_MS
    spells = [
        (START - HOUR_MS, RUN),
        (noon - MINUTE_MS, UNKNOWN),
        (noon + 10 * MINUTE_MS, RUN),
    ]
    day = atoms(spells)[0]
    assert (day[Atom.UNK], day[Atom.UNK_X]) == (60_000, 600_000)
    assert sum(day.values()) == DAY_MS


def test_atoms_planned_stop_goes_over_a_break_and_other_assets_are_not_touched():
    noon = START + 4 * HOUR_MS
    stop = Stop("x", "pm", noon - HOUR_MS, noon + HOUR_MS)
    other = Stop("y", "pm", START, START + DAY_MS)
    day = atoms([(START - HOUR_MS, IDLE)], stops=(stop, other))[0]
    assert day[Atom.PM] == 2 * HOUR_MS
    assert day[Atom.BRK] == 30 * MINUTE_MS  # the other break
    assert day[Atom.IDLE] == DAY_MS - 2 * HOUR_MS - 30 * MINUTE_MS


def test_atoms_without_state_before_the_window_are_unknown():
    day = atoms([(START + HOUR_MS, RUN)])[0]
    assert day[Atom.UNK] == HOUR_MS


def test_atoms_of_two_days_add_to_the_window():
    period = Period(Regime.BEFORE, START, START + 2 * DAY_MS)
    days = atoms([(START - HOUR_MS, RUN), (START + DAY_MS - 1, IDLE)], period)
    assert [sum(d.values()) for d in days] == [DAY_MS, DAY_MS]
    assert (days[0][Atom.IDLE], days[1][Atom.IDLE]) == (1, 23 * HOUR_MS)


def test_cut_joins_equal_neighbours_and_fills_the_interval():
    pieces = cut([(0, RUN), (10, RUN), (20, WAIT)], -5, 30)
    assert pieces == [(-5, 0, UNKNOWN), (0, 20, RUN), (20, 30, WAIT)]
