from datetime import date

import numpy as np
import pytest

from model.state import MachineState
from simulators.live import LivePlant
from simulators.plan import DAY_MS, HOUR_MS, day_start_ms

MIDNIGHT = day_start_ms(date(2026, 11, 20)) + 16 * HOUR_MS + 60_000
"""00:01 local: in a break."""


def running(view):
    return sum(m.state is MachineState.RUN for m in view.machines.values())


def test_mid_shift_start_has_machines_running_at_once():
    plant = LivePlant(7, MIDNIGHT)
    assert running(plant.view(MIDNIGHT)) >= 4


def test_wall_time_start_in_a_break_has_attended_machines_idle():
    view = LivePlant(7, MIDNIGHT, mid_shift=False).view(MIDNIGHT)
    for asset in ("cnc-02", "plc-01", "press-01"):
        assert view.machines[asset].state is MachineState.IDLE


def test_press_counts_within_seconds_and_since_tells_when():
    plant = LivePlant(7, MIDNIGHT)
    first = plant.view(MIDNIGHT).machines["press-01"]
    later = plant.view(MIDNIGHT + 30_000).machines["press-01"]
    assert 1 <= later.total.value - first.total.value <= 5  # 6 s a piece at best
    assert MIDNIGHT < later.total.since_ms <= MIDNIGHT + 30_000


def test_view_agrees_with_the_events_of_the_script():
    plant = LivePlant(7, MIDNIGHT, mid_shift=False)
    events = plant.events("robot-01")
    at = MIDNIGHT + 5 * HOUR_MS
    view = plant.view(at).machines["robot-01"]
    assert view.state is events.state_at(at)
    gained = view.good.value - plant.view(MIDNIGHT).machines["robot-01"].good.value
    assert gained == int(np.sum((events.good_ms > MIDNIGHT) & (events.good_ms <= at)))


def test_counters_and_energy_go_on_over_days():
    plant = LivePlant(7, MIDNIGHT)
    instants = [MIDNIGHT + k * 6 * HOUR_MS for k in range(20)]
    views = [plant.view(t) for t in instants]
    good = [v.machines["plc-01"].good.value for v in views]
    energy = [v.meters["meter-02"].energy_wh for v in views]
    assert good == sorted(good)
    assert energy == sorted(energy)
    assert energy[-1] > energy[0]
    # five days at 20 s a piece: between 40 % and 100 % of the ideal
    assert 0.4 < (good[-1] - good[0]) * 20_000 / (instants[-1] - instants[0]) < 1.0


def test_speed_plays_the_same_script_faster():
    slow, fast = LivePlant(7, MIDNIGHT), LivePlant(7, MIDNIGHT, speed=60)
    one = slow.view(MIDNIGHT + 3_600_000)
    other = fast.view(MIDNIGHT + 60_000)
    assert {a: m.state for a, m in one.machines.items()} == {
        a: m.state for a, m in other.machines.items()
    }
    assert one.machines["press-01"].good.value == other.machines["press-01"].good.value
    since = other.machines["press-01"].good.since_ms
    assert MIDNIGHT < since <= MIDNIGHT + 60_000


def test_reset_counters_starts_at_zero_and_counts_on():
    plant = LivePlant(7, MIDNIGHT)
    plant.reset_counters("press-01", MIDNIGHT + 10_000)
    view = plant.view(MIDNIGHT + 10_000).machines["press-01"]
    assert (view.good.value, view.scrap.value, view.total.value) == (0, 0, 0)
    later = plant.view(MIDNIGHT + 70_000).machines["press-01"]
    assert 1 <= later.total.value <= 10
    assert plant.view(MIDNIGHT + 70_000).machines["plc-01"].good.value > 1000


@pytest.mark.parametrize("seed", [1, 7, 42])
def test_plants_of_any_seed_are_alive_at_start(seed):
    plant = LivePlant(seed, MIDNIGHT)
    assert running(plant.view(MIDNIGHT)) >= 4
    assert plant.script_ms(plant.start_ms) % DAY_MS < 5 * HOUR_MS
