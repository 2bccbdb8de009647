"""What a run keeps of a plant file, and that a large one is read by another process alike."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from agent import plant_pack
from agent.clock import SystemClock
from agent.plant_pack import PlantPack, load_pack, pack_plant
from agent.sources import build_sources
from config.document import plant_document
from kpi.document import parse_document
from model.errors import ConfigError
from tests.support.plant_run import loaded, write_plant

PORTS = {"plc-01": 1502, "press-01": 1883, "meter-01": 1503}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_plant(tmp_path, PORTS, list(PORTS))


def as_seen(pack: PlantPack) -> dict[str, Any]:
    devices = [d.config.id for d in pack.plant.devices]
    return {
        "document": pack.document,
        "parsed": pack.parsed,
        "plant": pack.plant,
        "addresses": {d: pack.addresses_of(d) for d in devices},
    }


def test_pack_has_no_signals_but_all_that_a_run_needs(site):
    plant = loaded(site)
    pack = pack_plant(plant)
    assert pack.document == plant_document(plant)
    assert pack.parsed == parse_document(pack.document.bytes)
    assert all(not d.signals and not d.config.signals for d in pack.plant.devices)
    assert [d.id for d in pack.plant.config.devices] == list(PORTS)
    assert all(not d.signals for d in pack.plant.config.devices)
    for device in plant.devices:
        assert pack.addresses_of(device.config.id) == [
            (s.config.name, s.address) for s in device.signals
        ]


def test_sources_are_built_from_a_pack_as_from_the_plant(site):
    plant, clock = loaded(site), SystemClock()
    pack = pack_plant(plant)
    full = build_sources(plant, pack.document.table, clock)
    packed = build_sources(
        pack.plant, pack.document.table, clock, lambda d: pack.addresses_of(d.config.id)
    )
    assert packed.source_of == full.source_of
    assert [s.name for s in packed.sources] == [s.name for s in full.sources]


def test_a_large_file_is_read_by_another_process_and_gives_the_same(site, monkeypatch):
    here = load_pack(site, os.environ)
    monkeypatch.setattr(plant_pack, "LARGE_FILE_BYTES", 1)
    monkeypatch.setattr(plant_pack, "load_plant", lambda *_, **__: pytest.fail("read here"))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    assert as_seen(load_pack(site, environment)) == as_seen(here)


def test_faults_of_a_large_file_are_told_as_of_a_small_one(site, monkeypatch):
    site.write_text(site.read_text("utf-8").replace("realm: sim", "realm: nowhere"), "utf-8")
    with pytest.raises(ConfigError) as small:
        load_pack(site, os.environ)
    monkeypatch.setattr(plant_pack, "LARGE_FILE_BYTES", 1)
    with pytest.raises(ConfigError) as large:
        load_pack(site, os.environ)
    assert large.value.en == small.value.en
    assert "realm" in large.value.en


def test_names_and_factors_are_one_object_in_table_and_document(site):
    pack = load_pack(site, os.environ)
    names = {id(s.name) for s in pack.document.table.signals}
    scales = {id(s.scale) for s in pack.document.table.signals}
    for stream in pack.parsed.streams:
        for spec in stream.signals:
            assert id(spec.name) in names
            assert id(spec.scale) in scales
