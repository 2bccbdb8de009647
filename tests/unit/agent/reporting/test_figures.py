"""Which claims a plant states, and what a scheme takes of them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from agent.assessment.known_figures import measured_figures
from agent.assessment.outcome import claim_of
from agent.reporting.figures import Figure, groups_of, requests_for
from config.document import plant_document
from kpi.claims import (
    ClaimResult,
    ComparisonClaim,
    DefectRateClaim,
    EquipmentOeeClaim,
    ExcludedDay,
    Json,
    RegistryRatioClaim,
    UnitEnergyClaim,
    UploadRateClaim,
)
from kpi.document import ConfigDocument, parse_document
from kpi.grades import Letter, Origin
from kpi.reasons import Reason
from kpi.window import Span
from model.ratio import Undefined
from tests.support.mini_history import AFTER, BEFORE, DEVICES, PORTS
from tests.support.plant_run import loaded, write_plant

Change = Callable[[dict[str, Any]], None]


def document(folder: Path, change: Change = lambda _plant: None) -> ConfigDocument:
    plant = loaded(write_plant(folder, PORTS, DEVICES, change=change))
    return parse_document(plant_document(plant).bytes)


def device(plant: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(d for d in plant["devices"] if d["id"] == name)
    return found


def test_report_states_the_figures_by_product_of_both_periods(tmp_path: Path) -> None:
    requests = requests_for(document(tmp_path), AFTER, BEFORE)
    machines = ("cnc-02", "plc-01", "press-01")
    assert requests["oee-by-product"] == EquipmentOeeClaim(AFTER, machines)
    assert requests["oee-by-product-before"] == EquipmentOeeClaim(BEFORE, machines)
    assert requests["defect-rate"] == DefectRateClaim(AFTER, machines)
    assert requests["defect-rate-before"] == DefectRateClaim(BEFORE, machines)
    assert requests["oee"].algorithm == "oee-iso22400/1", "beside the one by product"


def test_changes_are_stated_by_the_comparison_with_findings(tmp_path: Path) -> None:
    """The thresholds are those of CQ18 art. 4 (6): efficiency 10 %, defects 10 %, energy 8 %."""
    requests = requests_for(document(tmp_path), AFTER, BEFORE)
    machines = ("cnc-02", "plc-01", "press-01")
    tenth = Fraction(1, 10)
    assert requests["oee-change"] == ComparisonClaim(
        AFTER, BEFORE, "oee/2", "increase", tenth, machines
    )
    assert requests["defect-change"] == ComparisonClaim(
        AFTER, BEFORE, "defect-rate/1", "reduction", tenth, machines
    )
    energy = requests["energy-change"]
    assert isinstance(energy, ComparisonClaim)
    assert (energy.metric, energy.sense) == ("energy-per-piece/2", "reduction")
    assert (energy.threshold, energy.meters) == (Fraction(2, 25), ("meter-02",))
    assert not [n for n in requests_for(document(tmp_path), AFTER, None) if n.endswith("-change")]


def test_days_to_be_left_out_stand_in_every_comparison(tmp_path: Path) -> None:
    days = (ExcludedDay("2026-10-01", "holiday"),)
    requests = requests_for(document(tmp_path), AFTER, BEFORE, exclusions=days)
    changes = [r for r in requests.values() if isinstance(r, ComparisonClaim)]
    assert [r.exclusions for r in changes] == [days] * 3


def test_ratio_is_stated_only_if_something_stands_below_its_line(tmp_path: Path) -> None:
    def plain(plant: dict[str, Any]) -> None:
        for d in plant["devices"]:
            for flag in ("smart", "key", "key_step", "process_step"):
                d.pop(flag, None)

    def ratios(change: Change) -> set[str]:
        found = requests_for(document(tmp_path, change), AFTER, None)
        return {n for n, r in found.items() if isinstance(r, RegistryRatioClaim)}

    always = {"smart-share-of-production", "digital-equipment-rate"}
    assert ratios(plain) == always

    def with_key_process(plant: dict[str, Any]) -> None:
        plain(plant)
        device(plant, "cnc-02")["key_step"] = True

    by_equipment = always | {"key-process-nc-rate"}
    assert ratios(with_key_process) == by_equipment, "no step is named"

    def with_step(plant: dict[str, Any]) -> None:
        with_key_process(plant)
        device(plant, "cnc-02")["process_step"] = "精车"

    assert ratios(with_step) == by_equipment | {"key-process-nc-rate-by-process"}

    def with_smart(plant: dict[str, Any]) -> None:
        plain(plant)
        device(plant, "plc-01")["smart"] = True

    assert ratios(with_smart) == always | {
        "smart-declared-networked",
        "declared-networked-of-smart",
    }


def test_key_equipment_that_is_no_production_equipment_is_below_no_line(tmp_path: Path) -> None:
    def only_meter(plant: dict[str, Any]) -> None:
        for d in plant["devices"]:
            d["key"] = d["id"] == "meter-02"

    assert "key-equipment-nc-rate" not in requests_for(document(tmp_path, only_meter), AFTER, None)


def test_unit_energy_needs_coefficients(tmp_path: Path) -> None:
    def without(plant: dict[str, Any]) -> None:
        plant.pop("coefficients", None)

    def table(plant: dict[str, Any]) -> None:
        plant["coefficients"] = "gb-t-2589-2020-annex-a"

    assert "unit-energy" not in requests_for(document(tmp_path, without), AFTER, None)
    found = requests_for(document(tmp_path, table), AFTER, None)["unit-energy"]
    assert found == UnitEnergyClaim(AFTER, ("meter-02",), ("plc-01", "press-01"))


def test_counted_asset_without_reject_signal_or_state_stays_in_the_group(tmp_path: Path) -> None:
    def without_scrap(plant: dict[str, Any]) -> None:
        press = device(plant, "press-01")
        del press["profile"]
        address = {"topic": "demo/press-01/status", "pointer": "/good"}
        press["signals"] = [
            {"name": "good", "role": "count_good", "type": "int", "address": address}
        ]

    groups = groups_of(document(tmp_path, without_scrap))
    assert "press-01" in groups.counted, "the claim must say that it is not measured"
    assert "press-01" not in groups.oee


def test_machine_of_the_after_period_alone_is_not_asked_for_before(tmp_path: Path) -> None:
    """The retrofit brings press-01; it has no claim before, and OEE is compared without it."""

    def without_press(plant: dict[str, Any]) -> None:
        plant["devices"] = [d for d in plant["devices"] if d["id"] != "press-01"]
        for d in plant["devices"]:
            d["energy_of"] = [n for n in d.get("energy_of", []) if n != "press-01"]

    old = document(tmp_path, without_press)
    requests = requests_for(document(tmp_path), AFTER, BEFORE, old)
    assert requests["oee-by-product"].assets == ("cnc-02", "plc-01", "press-01")
    assert requests["oee-by-product-before"].assets == ("cnc-02", "plc-01")
    assert requests["oee-change"].assets == ("cnc-02", "plc-01")
    assert "energy-change" not in requests, "meter-02 measures another set of machines"
    assert "energy-per-piece-before" in requests


SPAN = Span(0, 1440, lead=0, grace=0)


def figure(name: str, request: object, value: Fraction | None, **detail: Json) -> Figure:
    reason = None if value is not None else Reason.NO_REJECT_SIGNAL
    return Figure(name, request, ClaimResult(value, reason, detail))  # type: ignore[arg-type]


OEE = figure(
    "oee-by-product",
    EquipmentOeeClaim(SPAN, ("a",)),
    Fraction(3, 5),
    low="1/2",
    high="unbounded",
    availability="3/4",
    availability_low="3/4",
    availability_high="4/5",
)
UPLOAD = figure(
    "upload-rate",
    UploadRateClaim(SPAN),
    Fraction(1),
    assets=[{"asset": "a", "rate": "1/1"}],
)


def test_oee_of_a_scheme_is_the_one_by_product_with_its_bounds() -> None:
    older = figure("oee", UploadRateClaim(SPAN), Fraction(4, 5))
    found = measured_figures(
        {"oee": older, "oee-by-product": OEE, "upload-rate": UPLOAD}, simulated=False
    )
    assert found["oee"] == found["oee-by-product"]
    assert (found["oee"].value, found["oee"].low, found["oee"].unbounded) == (
        Fraction(3, 5),
        Fraction(1, 2),
        True,
    )
    assert found["oee"].claim == "oee-by-product"
    assert found["availability"].bounds == (Fraction(3, 4), Fraction(4, 5))
    assert claim_of("oee", {"oee": older, "oee-by-product": OEE}) == "oee-by-product"
    assert claim_of("oee", {"oee": older}) == "oee"
    assert claim_of("availability", {"oee": older}) == ""


def test_oee_by_product_that_is_not_measured_is_not_replaced_by_the_older_figure() -> None:
    older = figure("oee", UploadRateClaim(SPAN), Fraction(4, 5))
    newer = figure("oee-by-product", EquipmentOeeClaim(SPAN, ("a",)), None, availability="0/0")
    found = measured_figures(
        {"oee": older, "oee-by-product": newer, "upload-rate": UPLOAD}, simulated=False
    )
    assert isinstance(found["oee"].value, Undefined)
    assert isinstance(found["availability"].value, Undefined)


def test_unit_energy_is_told_in_tons_of_the_form() -> None:
    """4.917 kgce a piece are 0.004917 tce a piece."""
    kgce = figure("unit-energy", UnitEnergyClaim(SPAN, ("m",), ("a",)), Fraction(4917, 1000))
    found = measured_figures({"unit-energy": kgce, "upload-rate": UPLOAD}, simulated=False)
    assert found["unit-energy"].value == Fraction(4917, 1_000_000)


def test_ratio_of_the_registry_is_graded_as_declared() -> None:
    ratio = figure(
        "key-process-nc-rate",
        RegistryRatioClaim(SPAN, "key-process-nc-by-equipment"),
        Fraction(1),
    )
    found = measured_figures({"key-process-nc-rate": ratio}, simulated=True)["key-process-nc-rate"]
    assert found.origin is Origin.DECLARED
    assert found.grade is not None
    assert (found.grade.letter, found.grade.simulated) == (Letter.D, True)


@pytest.mark.parametrize("name", ["defect-rate", "defect-rate-before"])
def test_bounds_of_the_defect_rate_reach_the_judge(name: str) -> None:
    rate = figure(name, DefectRateClaim(SPAN, ("a",)), Fraction(2, 100), low="1/100", high="3/100")
    found = measured_figures({name: rate, "upload-rate": UPLOAD}, simulated=False)[name]
    assert found.bounds == (Fraction(1, 100), Fraction(3, 100))
