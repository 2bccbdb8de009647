"""Ratios, upload report and energy over a sealed log, against what the small plant is known to have done."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from agent.reporting.claims_reader import figures_from_bundle
from config.coefficient_files import builtin_coefficients
from kpi.energy.meters_log import electricity_of
from kpi.energy.unit_energy import unit_energy
from kpi.ratios import asset_slots
from kpi.registry.equipment_ratios import nc_ratio
from kpi.registry.networked_ratios import networked, observed
from kpi.registry.period import period_of, registry_findings
from kpi.slots import Outcome, Run
from kpi.upload.report import UploadReport, upload_report
from kpi.workspace import Workspace
from tests.support.mini_history import AFTER, FIRST, MIN_MS, MiniHistory, mini_history


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> MiniHistory:
    return mini_history(Path(tmp_path_factory.mktemp("ratios")) / "mini")


@pytest.fixture(scope="module")
def work(history: MiniHistory) -> Workspace:
    rows = history.log.window(AFTER.first - AFTER.lead, AFTER.last + AFTER.grace)
    return Workspace(rows, AFTER)


@pytest.fixture(scope="module")
def report(work: Workspace) -> UploadReport:
    return upload_report(work)


def test_upload_rate_of_the_small_plant_by_hand(report: UploadReport) -> None:
    # minutes 130…229; the network to press-01 fails in 150…159, the meter is unsure in 200…204; the rest is whole
    found = report.summary
    assert found.official == (1 + 1 + Fraction(90, 100) + Fraction(95, 100)) / 4
    # three points a machine, one of the meter: 1000 slots, 30 + 5 of them not covered
    assert found.pooled == Fraction(965, 1000)
    assert found.causes[Outcome.MISSED_NETWORK] == 30
    assert found.causes[Outcome.BAD_QUALITY] == 5
    assert found.worst == ("press-01",)
    assert found.longest_gap is not None
    assert found.longest_gap.run == Run((FIRST + 150) * MIN_MS, 10 * MIN_MS)
    # one value a minute covers one of the ten tenths of a minute
    assert report.finer.official == found.official / 10
    assert [(s.name, s.official) for s in report.shifts] == [("早班", found.official)]


def test_honest_plant_has_no_warning(report: UploadReport) -> None:
    assert [(f.severity.value, f.name, f.subjects) for f in report.findings] == [
        ("note", "upload.contradiction-not-tested", ("cnc-02",))
    ]


def test_figures_equal_the_claims_of_the_issued_bundle(
    history: MiniHistory, work: Workspace, report: UploadReport
) -> None:
    issued = figures_from_bundle(history.bundle)
    period = period_of(work.parts)
    assert report.summary.official == issued["upload-rate"].result.value
    assert nc_ratio(period).value == issued["nc-ratio"].result.value
    seen = observed(period, asset_slots(work), least_days=0)
    assert seen == {"cnc-02", "plc-01", "meter-02"}  # 90 % of press-01 are not 95 %
    assert networked(period, seen).value == Fraction(2, 3)
    assert [f.name for f in registry_findings(period)] == ["registry.key-equipment.no-reason"]


def test_tce_a_piece_of_the_small_plant_by_hand(work: Workspace) -> None:
    table = builtin_coefficients()["gb-t-2589-2020-annex-a"]
    found = electricity_of(work, ["meter-02"], ["plc-01"], table)
    (used,) = found.consumptions
    # 50 counts of 10 Wh a minute; the register bridges the five minutes in which the meter is unsure
    assert used.amount == 100 * 50 * 10
    (made,) = found.outputs
    # 2 pieces a minute; the counter restarts at minute 180, where its first reading is 0: 2 pieces are lost
    assert made.quantity == 2 * 100 - 2
    assert unit_energy(found) == 50 * Fraction("0.1229") / 198 / 1000
