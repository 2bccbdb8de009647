"""Profiles and demo plant file against the simulators: same signals, same codes, same calendar."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from config.loader import Protocol, load_plant
from config.profiles import builtin_profiles
from connectors.registry import BUILTIN
from simulators.delivery import SIGNALS
from simulators.demo_plant import MACHINES, METERS, REGISTRY, REQUIRED_SIGNALS
from simulators.history import calendar_document
from simulators.plan import Plan

ROOT = Path(__file__).resolve().parents[3]
PORTS = {
    f"{name}_PORT": str(9000 + i)
    for i, name in enumerate(
        ("CNC_01", "CNC_02", "ROBOT_01", "PLC_01", "PRESS_01", "METER_01", "METER_02")
    )
}


@pytest.fixture(scope="module")
def plant():
    protocols = {k: Protocol(s.connection_model, s.address_model) for k, s in BUILTIN.items()}
    return load_plant(
        ROOT / "config" / "samples" / "demo.yaml", protocols=protocols, environment=PORTS
    )


def test_demo_file_has_exactly_the_signals_of_the_trace(plant):
    written = {
        (d.config.id, s.config.name, s.config.type) for d in plant.devices for s in d.signals
    }
    assert written == {(d.device, i.name, i.type) for d, i in SIGNALS}


def test_demo_file_requires_exactly_the_points_of_the_truth(plant):
    for device in plant.devices:
        required = tuple(s.config.name for s in device.signals if s.config.required)
        assert set(required) == set(REQUIRED_SIGNALS.get(device.config.id, ()))


def test_demo_file_registers_the_assets_of_the_truth(plant):
    written = [
        (d.config.id, d.config.name, d.config.asset_class.value, d.config.production)
        for d in plant.devices
    ]
    assert sorted(written) == [(r.id, r.name, r.asset_class, r.production) for r in REGISTRY]
    for registered in REGISTRY:
        config = next(d.config for d in plant.devices if d.config.id == registered.id)
        assert (config.nc, config.networked) == (registered.nc, registered.networked)


def test_demo_file_has_the_cycles_limits_and_meters_of_the_script(plant):
    by_id = {d.config.id: d for d in plant.devices}
    for spec in MACHINES:
        config = by_id[spec.id].config
        assert config.ideal_cycle == Fraction(spec.ideal_cycle_ms)
        assert config.minor_stop.total_seconds() * 1000 == spec.minor_stop_ms
    for meter in METERS:
        assert by_id[meter.id].config.energy_of == meter.energy_of


def test_state_tables_map_each_code_to_the_state_that_the_script_means(plant):
    by_id = {d.config.id: d for d in plant.devices}
    for spec in MACHINES:
        table = by_id[spec.id].state_table
        assert {s: table.map[str(code)] for s, code in spec.codes.items()} == {
            s: s for s in spec.codes
        }


def test_counters_that_roll_over_have_the_modulus_of_the_device(plant):
    press = next(d for d in plant.devices if d.config.id == "press-01")
    moduli = {s.config.name: s.config.counter.modulus for s in press.signals if s.config.counter}
    assert moduli == {"good": 65_536, "scrap": 65_536}


def test_demo_file_has_the_calendar_of_the_plan(plant):
    document = calendar_document(Plan(7, date(2026, 8, 3)))
    calendar = plant.config.calendar
    assert calendar.day_start == document["day_start_min"]
    assert [[b.start, b.end] for b in calendar.breaks] == document["breaks"]
    shifts = [(s.name, s.start, s.end, list(s.weekdays)) for s in calendar.shifts]
    assert shifts == [
        (s["name"], s["from_min"], s["to_min"] % 1440, s["weekdays"]) for s in document["shifts"]
    ]


def test_every_profile_names_its_source_and_marks_each_row():
    profiles = builtin_profiles()
    assert len(profiles) >= 7
    for profile in profiles.values():
        assert profile.source
        assert profile.title.zh
        assert profile.title.en
        assert all(signal.mark for signal in profile.signals), profile.id


def test_addresses_of_every_profile_are_valid_for_their_protocol():
    for profile in builtin_profiles().values():
        for signal in profile.signals:
            BUILTIN[profile.protocol].address_model.model_validate(signal.address)
