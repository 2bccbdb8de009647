"""Coefficients of a plant file: a table that ships, or a file of the site beside the plant file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from agent.sources import protocols
from config.faults import ConfigFaultsError
from config.loader import LoadedPlant, load_plant

SITE = """\
site: {enterprise: "91500000XXXXXXXXXX", name: W, workshop: ws1, realm: ev}
calendar: {shifts: [{name: day, start: 08:00, end: 20:00}]}
coefficients: COEFFICIENTS
devices:
  - id: boiler
    name: Boiler
    class: meter
    connection: {protocol: modbus, host: 127.0.0.1}
    signals:
      - {name: kwh, role: energy, type: uint, address: {address: 1, encoding: uint32}}
      - name: gas
        role: consumption
        type: uint
        carrier: natural-gas
        unit: m3
        address: {address: 3, encoding: uint32}
"""
OWN = """\
id: site/2026
zh: 本厂实测热值
en: measured heating values of the site
edition: 2026 年版
rows:
  - {carrier: electricity, zh: 电力, en: electricity, kind: electricity, basis: equivalent, unit: kW.h,
     kgce: "0.1229", mark: SRC, source: GB/T 2589}
  - {carrier: natural-gas, zh: 天然气, en: natural gas, kind: fuel, basis: equivalent, unit: m3,
     kgce: "1.2143", mark: SRC, source: 供气公司热值单 bill of the supplier}
"""


def load(folder: Path, coefficients: str) -> LoadedPlant:
    site = folder / "site.yaml"
    site.write_text(SITE.replace("COEFFICIENTS", coefficients), encoding="utf-8")
    return load_plant(site, protocols=protocols(), environment={})


def fault(folder: Path, coefficients: str) -> str:
    with pytest.raises(ConfigFaultsError) as caught:
        load(folder, coefficients)
    (found,) = caught.value.faults
    assert found.line in (3, 14)
    return found.en


def test_table_that_ships_by_its_id(tmp_path: Path) -> None:
    text = SITE.replace("natural-gas\n        unit: m3", "diesel\n        unit: kg")
    site = tmp_path / "site.yaml"
    site.write_text(text.replace("COEFFICIENTS", "gb-t-2589-2020-annex-a"), encoding="utf-8")
    plant = load_plant(site, protocols=protocols(), environment={})
    # The tabulated values of GB/T 2589: 0.1229 kgce/kWh and 1.4571 kgce/kg.
    assert plant.coefficients.id == "gb-t-2589-2020-annex-a"
    electricity, diesel = plant.coefficients.row("electricity"), plant.coefficients.row("diesel")
    assert electricity is not None
    assert electricity.kgce == Fraction(1229, 10_000)
    assert diesel is not None
    assert (diesel.kgce, diesel.unit) == (Fraction(14571, 10_000), "kg")


def test_row_that_the_standard_leaves_open_must_come_from_the_site(tmp_path: Path) -> None:
    # natural gas is tabulated from 1.10 to 1.33: no number is taken from a range.
    assert "has no row 'natural-gas'" in fault(tmp_path, "gb-t-2589-2020-annex-a")


def test_file_of_the_site_beside_the_plant_file(tmp_path: Path) -> None:
    (tmp_path / "heat.yaml").write_text(OWN, encoding="utf-8")
    table = load(tmp_path, "heat.yaml").coefficients
    gas = table.row("natural-gas")
    assert table.id == "site/2026"
    assert gas is not None
    assert gas.kgce == Fraction(12143, 10_000)


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigFaultsError) as caught:
        load(tmp_path, "none.yaml")
    assert "none.yaml cannot be read" in caught.value.faults[0].en
    assert "无法读取 none.yaml" in caught.value.faults[0].zh


def test_fault_of_the_file_is_told_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "heat.yaml").write_text(OWN.replace('"1.2143"', "much"), encoding="utf-8")
    with pytest.raises(ConfigFaultsError) as caught:
        load(tmp_path, "heat.yaml")
    # the second of two rows
    assert "heat.yaml.rows[1].kgce: expected an exact number" in caught.value.faults[0].en
    assert "heat.yaml.rows[1].kgce：应为 精确的数" in caught.value.faults[0].zh


def test_own_numbers_under_the_id_of_a_table_that_ships_are_refused(tmp_path: Path) -> None:
    forged = OWN.replace("id: site/2026", "id: gb-t-2589-2020-annex-a")
    (tmp_path / "heat.yaml").write_text(forged, encoding="utf-8")
    with pytest.raises(ConfigFaultsError) as caught:
        load(tmp_path, "heat.yaml")
    assert "with other numbers" in caught.value.faults[0].en
