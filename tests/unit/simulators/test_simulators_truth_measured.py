"""Effects of the injected faults, worked out by hand from docs/formats/claims.md."""

from datetime import date

import numpy as np
import pytest

from model.flags import MissedCause
from model.state import MachineState
from simulators.demo_plant import MeterSpec, Regime, machine
from simulators.events import EnergyCurve, MachineEvents
from simulators.injected import AgentOutage, BadQuality, CounterReset, Gap, check_apart
from simulators.plan import DAY_MS, HOUR_MS, MINUTE_MS, Period, day_start_ms
from simulators.truth_measured import (
    darkness_of,
    measured_pieces,
    measured_spells,
    measured_wh,
    slot_count,
)

RUN, WAIT, UNKNOWN = MachineState.RUN, MachineState.WAIT, MachineState.UNKNOWN
START = day_start_ms(date(2026, 8, 3))
SPAN = (START - HOUR_MS, START + DAY_MS + HOUR_MS)
PERIOD = Period(Regime.BEFORE, START, START + DAY_MS)
NOON = START + 4 * HOUR_MS


def at(minutes, ms=0):
    return START + minutes * MINUTE_MS + ms


def test_gap_is_unknown_from_its_first_minute_to_the_first_reading():
    spells = [(START - DAY_MS, RUN), (at(65), WAIT), (at(68), RUN)]
    gap = Gap("cnc-01", MissedCause.NETWORK, at(60), at(70))
    got = measured_spells("cnc-01", spells, (gap,), SPAN)
    # the change inside the gap is never seen; the first reading comes 4 s after the last missed minute
    assert got == [
        (SPAN[0], UNKNOWN),
        (SPAN[0] + 4000, RUN),
        (at(60), UNKNOWN),
        (at(70, 4000), RUN),
    ]


def test_gap_of_another_device_changes_nothing():
    spells = [(START - DAY_MS, RUN)]
    gap = Gap("cnc-02", MissedCause.NETWORK, at(60), at(70))
    assert measured_spells("cnc-01", spells, (gap,), SPAN) == [
        (SPAN[0], UNKNOWN),
        (SPAN[0] + 4000, RUN),
    ]


def test_outage_last_alive_proof_holds_150_seconds():
    # cnc-01 is proven alive 11 s into each minute: 59:11 + 150 s = 61:41
    dark = darkness_of("cnc-01", [(START - DAY_MS, RUN)], (AgentOutage(at(60), at(180)),))
    assert [(d.from_ms, d.to_ms) for _, d in dark] == [(at(61, 41_000), at(180, 4000))]


def test_outage_change_in_the_last_minute_is_the_last_proof():
    # a slot with a change has no proof row: the change at 59:05 is the last row, + 150 s = 61:35
    spells = [(START - DAY_MS, RUN), (at(59, 5000), WAIT)]
    dark = darkness_of("cnc-01", spells, (AgentOutage(at(60), at(180)),))
    assert dark[0][1].from_ms == at(61, 35_000)


def test_outage_polled_device_has_its_minute_reading_too():
    # plc-01 is read at 29.137 s of each minute whatever changes: 59:29.137 + 150 s
    spells = [(START - DAY_MS, RUN), (at(59, 5000), WAIT)]
    dark = darkness_of("plc-01", spells, (AgentOutage(at(60), at(180)),))
    assert dark[0][1].from_ms == at(61, 59_137)


def test_outage_change_while_the_last_state_still_holds_is_not_seen():
    # the change 30 s after the agent went off is unknown to it: RUN holds until 61:41, WAIT is read at 180:04
    spells = [(START - DAY_MS, RUN), (at(60, 30_000), WAIT)]
    got = measured_spells("cnc-01", spells, (AgentOutage(at(60), at(180)),), SPAN)
    assert got[1:] == [
        (SPAN[0] + 4000, RUN),
        (at(61, 41_000), UNKNOWN),
        (at(180, 4000), WAIT),
    ]


def test_gap_change_whose_message_comes_too_late_is_not_seen():
    # a change 35 ms before the gap would arrive in it (latency of cnc-01: 35 ms), one of 36 ms just arrives
    gap = Gap("cnc-01", MissedCause.NETWORK, at(60), at(70))
    lost = measured_spells("cnc-01", [(START - DAY_MS, RUN), (at(60) - 35, WAIT)], (gap,), SPAN)
    just = measured_spells("cnc-01", [(START - DAY_MS, RUN), (at(60) - 36, WAIT)], (gap,), SPAN)
    assert lost[2:] == [(at(60), UNKNOWN), (at(70, 4000), WAIT)]
    assert just[2:] == [(at(60) - 36, WAIT), (at(60), UNKNOWN), (at(70, 4000), WAIT)]


def test_polled_change_is_booked_at_the_next_poll():
    # polls of plc-01 stand at 137 ms of each second
    spells = [(START - DAY_MS, RUN), (at(30, 138), WAIT), (at(31, 137), RUN)]
    got = measured_spells("plc-01", spells, (), SPAN)
    assert got[2:] == [(at(30, 1137), WAIT), (at(31, 137), RUN)]


def test_bad_quality_is_unknown_between_first_bad_and_first_good_value():
    bad = BadQuality("cnc-01", at(60), at(66))
    got = measured_spells("cnc-01", [(START - DAY_MS, RUN)], (bad,), SPAN)
    assert got[2:] == [(at(60), UNKNOWN), (at(66), RUN)]


def pieces_of(*instants):
    return np.array(instants, dtype=np.int64)


def events_of(asset):
    spec = machine(asset)
    none = np.zeros(0, np.int64)
    return MachineEvents(
        spec,
        Regime.BEFORE,
        START + DAY_MS,
        pieces_of(START),
        (RUN,),
        none,
        none,
        (),
        (),
    )


def booked(asset, pieces, faults=()):
    return measured_pieces(
        events_of(asset),
        pieces,
        item_name="good",
        edges=[START, START + DAY_MS, START + 2 * DAY_MS],
        faults=faults,
    )


def test_pieces_reported_on_change_belong_to_their_own_day():
    assert booked("cnc-01", pieces_of(START - 1, START, at(1440) - 1, at(1440))) == [2, 1]


def test_pieces_read_each_minute_belong_to_the_day_of_the_reading():
    # press-01 is read 35 s into each minute: a piece in the last 25 s of a day is read on the next
    edge = START + DAY_MS
    pieces = pieces_of(START - 25_001, START - 25_000, START - 24_999, edge - 25_000, edge - 24_999)
    # read before the day: two; read in the day: one late piece of the day before and one of its own
    assert booked("press-01", pieces) == [2, 1]


def test_pieces_between_last_reading_and_reset_are_lost():
    # plc-01 is read at 29.137 s; a reset at 60:50 loses the two pieces after 60:29.137
    reset = CounterReset("plc-01", at(60, 50_000))
    pieces = pieces_of(at(60, 29_137), at(60, 29_138), at(60, 50_000), at(60, 50_001))
    assert booked("plc-01", pieces, (reset,)) == [2, 0]


def test_slots_count_each_fault_in_whole_minutes():
    faults = (
        Gap("cnc-01", MissedCause.NETWORK, at(60), at(70)),
        Gap("cnc-01", MissedCause.DEVICE, at(80), at(83)),
        Gap("cnc-02", MissedCause.DEVICE, at(80), at(83)),
        AgentOutage(at(100), at(220)),
        BadQuality("cnc-01", at(300), at(306)),
        CounterReset("cnc-01", at(400)),
    )
    count = slot_count("cnc-01", PERIOD, 2 * HOUR_MS, faults)
    assert count.expected == 1440 - 120
    assert (count.missed_network, count.missed_device) == (10, 3)
    assert (count.missed_agent, count.bad_quality) == (120, 6)
    assert count.alive == 1320 - 139


def test_energy_measured_is_the_difference_of_readings():
    # 3 600 000 W for the whole day = 1 Wh each ms; meter-02 shows tens of Wh, read 47 s into each minute
    spec = MeterSpec(id="meter-02", energy_of=("cnc-01",), base_watts=3_600_000)
    curve = EnergyCurve(spec, [_standing()])
    edges = [START, START + DAY_MS]
    # readings at START - 13 s and START + 24 h - 13 s: the difference is 24 h whatever the phase
    assert measured_wh(curve, "meter-02", 7, edges) == [DAY_MS]


def test_energy_of_a_float_meter_is_rounded_to_binary32():
    spec = MeterSpec(id="meter-01", energy_of=("cnc-01",), base_watts=0)
    curve = EnergyCurve(spec, [_standing()])
    # nothing is used: any rounding cancels
    assert measured_wh(curve, "meter-01", 16_777_217, [START, START + DAY_MS]) == [0]


def _standing():
    spec = machine("cnc-01")
    table = dict.fromkeys(spec.watts[Regime.BEFORE], 0)
    none = np.zeros(0, np.int64)
    quiet = type(spec)(
        id="cnc-01",
        ideal_cycle_ms=1,
        codes=spec.codes,
        watts={Regime.BEFORE: table},
        behaviour=spec.behaviour,
    )
    return MachineEvents(
        quiet, Regime.BEFORE, START + DAY_MS, pieces_of(START - DAY_MS), (RUN,), none, none, (), ()
    )


def test_check_apart_refuses_a_fault_at_the_edge_of_a_day():
    with pytest.raises(ValueError, match="edge of a production day"):
        check_apart((AgentOutage(START + DAY_MS - HOUR_MS, START + DAY_MS),), PERIOD)
    with pytest.raises(ValueError, match="whole minutes"):
        check_apart((AgentOutage(NOON, NOON + 1),), PERIOD)
