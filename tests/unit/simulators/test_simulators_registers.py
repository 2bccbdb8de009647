import itertools
import struct
from datetime import date

import numpy as np
import pytest

from model.state import MachineState
from simulators.delivery import delivery_of
from simulators.demo_plant import METERS, MachineSpec, MeterSpec, Regime, machine
from simulators.events import EnergyCurve, MachineEvents, PlantEvents, period_events
from simulators.plan import DAY_MS, HOUR_MS, Plan, day_start_ms
from simulators.registers import ItemSeries, counter_base, meter_values

RUN, WAIT, SETUP, FAULT = (
    MachineState.RUN,
    MachineState.WAIT,
    MachineState.SETUP,
    MachineState.FAULT,
)
START = day_start_ms(date(2026, 8, 3))


def array(*values):
    return np.array(values, dtype=np.int64)


def events(asset, spells=((START, RUN),), good=(), scrap=()) -> MachineEvents:
    return MachineEvents(
        machine(asset),
        Regime.BEFORE,
        START + DAY_MS,
        array(*(t for t, _ in spells)),
        tuple(s for _, s in spells),
        array(*good),
        array(*scrap),
        ((START, 0),),
        ((START, 100),),
    )


def item(device, name):
    return next(i for i in delivery_of(device).items if i.name == name)


def test_state_item_shows_the_codes_of_the_control():
    # OPC 40501-1: Running 1, Interrupted 3
    series = ItemSeries(
        7, events("cnc-01", ((START, RUN), (START + 10, WAIT))), item("cnc-01", "state")
    )
    assert series.at(array(START, START + 9, START + 10)).tolist() == [1, 1, 3]
    assert series.changes.tolist() == [START, START + 10]


def test_counter_item_starts_at_its_base_and_counts_each_piece():
    base = counter_base(7, machine("cnc-01"), Regime.BEFORE)
    m = events("cnc-01", good=(START + 5, START + 8), scrap=(START + 6,))
    instants = array(START, START + 5, START + 6, START + 8)
    good = ItemSeries(7, m, item("cnc-01", "good")).at(instants) - base.good
    total = ItemSeries(7, m, item("cnc-01", "total")).at(instants) - base.good - base.scrap
    assert good.tolist() == [0, 1, 1, 2]
    assert total.tolist() == [0, 1, 2, 3]


def test_counter_item_of_the_press_rolls_over_at_two_to_the_sixteen():
    base = counter_base(7, machine("press-01"), Regime.BEFORE).good
    needed = 65_536 - base
    m = events("press-01", good=range(START + 1, START + 2 + needed))
    series = ItemSeries(7, m, item("press-01", "good"))
    assert series.at(array(START + needed - 1, START + needed, START + needed + 1)).tolist() == [
        65_535,
        0,
        1,
    ]


def test_counter_item_starts_again_at_zero_after_a_reset():
    m = events("plc-01", good=(START + 5, START + 20))
    series = ItemSeries(7, m, item("plc-01", "good"), START + 10)
    assert series.at(array(START + 10, START + 19, START + 20)).tolist() == [0, 0, 1]
    assert series.at(array(START + 9)).tolist() == [
        counter_base(7, machine("plc-01"), Regime.BEFORE).good + 1
    ]


def test_mode_item_follows_setup_only():
    spells = ((START, RUN), (START + 10, SETUP), (START + 20, WAIT), (START + 30, FAULT))
    series = ItemSeries(7, events("cnc-02", spells), item("cnc-02", "mode"))
    # SINUMERIK opMode: 2 AUTO, 0 JOG
    assert series.changes.tolist() == [START, START + 10, START + 20]
    assert series.at(array(START, START + 10, START + 35)).tolist() == [2, 0, 2]


def test_alarm_item_is_zero_but_in_fault():
    spells = ((START, RUN), (START + 10, FAULT), (START + 20, WAIT))
    series = ItemSeries(7, events("press-01", spells), item("press-01", "alarm"))
    shown = series.at(array(START, START + 10, START + 20)).tolist()
    assert shown[0] == shown[2] == 0
    assert shown[1] > 0


def two_level_spec(run, wait) -> MachineSpec:
    spec = machine("cnc-01")
    return MachineSpec(
        id="cnc-01",
        ideal_cycle_ms=1,
        codes=spec.codes,
        watts={Regime.BEFORE: {RUN: run, WAIT: wait}},
        behaviour=spec.behaviour,
    )


def curve_of(run, wait, base):
    m = MachineEvents(
        two_level_spec(run, wait),
        Regime.BEFORE,
        START + DAY_MS,
        array(START, START + HOUR_MS),
        (RUN, WAIT),
        array(),
        array(),
        (),
        (),
    )
    return EnergyCurve(MeterSpec(id="meter-01", energy_of=("cnc-01",), base_watts=base), [m]), m


def test_energy_curve_integrates_power_by_state():
    # 1 h at 3000 + 500 W, then 1 h at 1000 + 500 W: 3500 + 1500 Wh, in watt-milliseconds
    curve, _ = curve_of(3000, 1000, 500)
    at = array(START, START + HOUR_MS, START + 2 * HOUR_MS)
    assert curve.wms_at(at).tolist() == [0, 3500 * 3_600_000, 5000 * 3_600_000]
    assert curve.watts_at(at).tolist() == [3500, 1500, 1500]


def test_meters_show_binary32_kwh_and_hundredths():
    curve, m = curve_of(3000, 1000, 0)
    plant = PlantEvents((m,), {"meter-01": curve, "meter-02": curve})
    at = array(START, START + HOUR_MS)
    first = meter_values(7, plant, "meter-01", item("meter-01", "energy"), at).view(np.float64)
    # what a binary32 register holds is exactly what struct packs into four bytes
    assert [struct.unpack("<f", struct.pack("<f", x))[0] for x in first.tolist()] == first.tolist()
    assert first[1] - first[0] == pytest.approx(3.0, abs=0.001)
    second = meter_values(7, plant, "meter-02", item("meter-02", "energy"), at)
    assert second[1] - second[0] == 300  # 3000 Wh in units of 10 Wh
    power = meter_values(7, plant, "meter-02", item("meter-02", "power"), at).view(np.float64)
    assert power.tolist() == [3.0, 1.0]


def test_energy_of_the_plant_only_grows_and_matches_its_machines():
    plan = Plan(7, date(2026, 8, 3))
    plant = period_events(plan, plan.before)
    edges = np.arange(plan.before.start_ms, plan.before.end_ms, HOUR_MS, dtype=np.int64)
    for meter in METERS:
        steps = np.diff(plant.curves[meter.id].wms_at(edges))
        least = meter.base_watts * HOUR_MS
        assert steps.min() > least
        # a second way: state by state, spell by spell
        total = (plan.before.end_ms - plan.before.start_ms) * meter.base_watts
        for asset in meter.energy_of:
            m = plant.machine(asset)
            spells = [*m.spells(), (m.end_ms, RUN)]
            for (a, state), (b, _) in itertools.pairwise(spells):
                inside = min(b, plan.before.end_ms) - max(a, plan.before.start_ms)
                total += max(0, inside) * m.spec.watts[Regime.BEFORE][state]
        whole = plant.curves[meter.id].wms_at(array(plan.before.start_ms, plan.before.end_ms))
        assert int(whole[1] - whole[0]) == total


def test_counter_base_after_lies_above_all_of_before():
    plan = Plan(7, date(2026, 8, 3))
    plant = period_events(plan, plan.before)
    for m in plant.machines:
        before = counter_base(7, m.spec, Regime.BEFORE)
        after = counter_base(7, m.spec, Regime.AFTER)
        assert after.good > before.good + len(m.good_ms)
        assert after.scrap > before.scrap + len(m.scrap_ms)
