"""Ratios of the registry beside the claims: all equipment below the line, observed and not declared above it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from agent.assessment.registry_figures import registry_figures
from agent.reporting.figures import Figure
from config.document import plant_document
from kpi.claims import ClaimResult, NetworkedClaim, UploadRateClaim
from kpi.document import parse_document
from kpi.grades import Letter, Origin
from kpi.history import ConfigEntry, ConfigHistory, ConfigSegment
from kpi.schemes.figures import Figure as KnownFigure
from kpi.window import Span
from model.ratio import Undefined
from tests.support.mini_history import DEVICES, FIRST, PORTS
from tests.support.plant_run import loaded, write_plant

AFTER = Span(FIRST, FIRST + 14 * 1440, lead=0, grace=0)


def parts(folder: Path, change: Callable[[dict[str, Any]], None]) -> tuple[ConfigSegment, ...]:
    plant = loaded(write_plant(folder, PORTS, DEVICES, change=change))
    document = parse_document(plant_document(plant).bytes)
    history = ConfigHistory((ConfigEntry(document, None, FIRST),))
    return history.segments(AFTER.start_ms, AFTER.end_ms)


def registry(plant: dict[str, Any]) -> None:
    """cnc-02 and plc-01 are smart, cnc-02 and press-01 key, all declared as networked; one transport vehicle."""
    for device in plant["devices"]:
        device["smart"] = device["id"] in ("cnc-02", "plc-01")
        device["key"] = device["id"] in ("cnc-02", "press-01")
        device["networked"] = True
    plant["devices"].append(
        {"id": "agv-01", "name": "AGV", "class": "logistics", "production": False}
    )


def claims(*observed: str, span: Span = AFTER) -> dict[str, Figure]:
    rates = [{"asset": name, "rate": "1/1"} for name in DEVICES]
    points = [{"asset": name, "signal": "state"} for name in DEVICES]
    return {
        "networked": Figure(
            "networked",
            NetworkedClaim(span),
            ClaimResult(Fraction(1), None, {"observed": list(observed)}),
        ),
        "upload-rate": Figure(
            "upload-rate",
            UploadRateClaim(span),
            ClaimResult(Fraction(1), None, {"assets": rates, "points": points}),
        ),
    }


def found(folder: Path, *observed: str) -> dict[str, KnownFigure]:
    return registry_figures(parts(folder, registry), claims(*observed), "", simulated=False)


def test_smart_share_has_all_equipment_but_instruments_below_its_line(tmp_path: Path) -> None:
    """Two of four: the vehicle is no production equipment and counts, the meter measures and does not."""
    share = found(tmp_path, "cnc-02")["smart-share"]
    assert share.value == Fraction(2, 4)
    assert share.origin is Origin.DECLARED
    assert share.grade is not None
    assert share.grade.letter is Letter.D


def test_networked_shares_count_what_was_observed_and_not_what_is_declared(tmp_path: Path) -> None:
    shares = found(tmp_path, "cnc-02", "press-01")
    assert shares["smart-networked-share"].value == Fraction(1, 2)  # plc-01 is only declared
    assert shares["production-networked-of-smart"].value == Fraction(2, 2)
    assert shares["key-equipment-networked"].value == Fraction(2, 2)
    assert found(tmp_path, "cnc-02")["key-equipment-networked"].value == Fraction(1, 2)


def test_grade_says_that_no_claim_states_it(tmp_path: Path) -> None:
    grade = found(tmp_path, "cnc-02")["key-equipment-networked"].grade
    assert grade is not None
    assert grade.letter is Letter.B
    assert any("不是声明" in reason for reason in grade.zh)


def test_window_under_fourteen_days_observes_nothing_and_decides_nothing(tmp_path: Path) -> None:
    short = Span(FIRST, FIRST + 14 * 1440 - 1, lead=0, grace=0)
    shares = registry_figures(parts(tmp_path, registry), claims(span=short), "", simulated=False)
    assert isinstance(shares["key-equipment-networked"].value, Undefined)
    assert shares["smart-share"].value == Fraction(2, 4)


def test_without_observation_nothing_is_networked_and_nothing_is_zero(tmp_path: Path) -> None:
    shares = registry_figures(parts(tmp_path, registry), {}, "-before", simulated=False)
    assert isinstance(shares["key-equipment-networked-before"].value, Undefined)
