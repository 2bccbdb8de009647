"""The figures that a report states over four sealed hours: explained, printed, verified; numbers by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from agent.assessment.outcome import assess
from agent.reporting.comparison_view import comparison_view
from agent.reporting.figure_views import explain
from agent.reporting.figures import Figure
from agent.web.view import explanation
from config.schemes.files import builtin_schemes
from reports.words import KpiKey, Unit, VerdictWord
from tests.support.forger import accepted, read_members
from tests.support.mini_history import DEVICES, MiniHistory, mini_history


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> MiniHistory:
    return mini_history(tmp_path_factory.mktemp("history"))


@pytest.fixture(scope="module")
def figures(history: MiniHistory) -> dict[str, Figure]:
    return history.report.evaluation.figures


def operands(figure: Figure) -> dict[str, str]:
    found = explain(figure.id, figure, {}, None)
    return {o.label.zh: o.value for o in found.operands}


def test_verifier_recomputes_every_figure_of_the_report(history: MiniHistory, figures):
    verified = accepted(read_members(history.bundle), history.policy.read_bytes())
    assert [c.claim.id for c in verified.claims] == list(figures)
    stated = {c.claim.algorithm for c in verified.claims}
    assert {"oee/2", "defect-rate/1", "registry-ratio/1", "unit-energy/1"} <= stated


def test_defect_rate_of_the_after_window_by_hand(figures):
    """Minutes 130 to 229. Good: cnc-02 1·100; plc-01 2·50 before its restart at 180, 2·49 after it; press-01 6·100.

    One scrap every 20 minutes: cnc-02 and press-01 ⌊229/20⌋ − ⌊129/20⌋ = 5; plc-01 ⌊179/20⌋ − ⌊129/20⌋ = 2, then
    ⌊49/20⌋ = 2. Made = 100 + 198 + 600 + 14 = 912.
    """
    found = operands(figures["defect-rate"])
    assert found["Σ 产出"] == "912"
    assert found["Σ 一次合格"] == "898"
    assert found["其中报废"] == "14"
    assert found["其中返工"] == "—", "no machine counts rework"
    assert figures["defect-rate"].result.value == Fraction(14, 912)


def test_unit_energy_of_the_after_window_by_hand(figures):
    """meter-02 shows 50·minute in hundredths of a kWh: 500 Wh a minute, 50 000 Wh in 100 minutes, 0.1229 kgce/kWh.

    Good pieces of the machines behind it: plc-01 198, press-01 600.
    """
    assert figures["unit-energy"].result.value == Fraction(50 * 1229, 10_000) / (198 + 600)
    found = operands(figures["unit-energy"])
    assert found["折标系数表"] == "gb-t-2589-2020-annex-a"
    assert found["meter-02 electricity"].startswith("50000 → ")


def test_ratio_of_key_processes_counts_equipment_and_steps(figures):
    """cnc-02 alone serves a key process step here, and is NC."""
    assert operands(figures["key-process-nc-rate"]) == {
        "分子台套数（或工序数）": "1",
        "分母台套数（或工序数）": "1",
    }
    members = explain("x", figures["key-process-nc-rate-by-process"], {}, None).members
    assert [m.id for m in members] == ["精加工"]


def test_every_figure_is_explained_as_the_board_asks(figures):
    for name, figure in figures.items():
        page = explanation(explain(name, figure, {d: d for d in DEVICES}, None))
        assert page["algorithm"] == figure.request.algorithm
        assert page["operands"], name
        assert page["source"], name
    small = explanation(
        explain("unit-energy", figures["unit-energy"], {}, None, unit=Unit.KGCE_PER_PIECE)
    )
    assert small["text"] == "0.007701", "a small number of kgce shows four digits"


def test_wall_shows_few_pairs_and_no_change_that_short_periods_cannot_prove(figures):
    view = comparison_view(
        assess(builtin_schemes()["CQ18-WS"], figures, simulated=True),
        figures,
        {},
        simulated=True,
        utc_offset_min=480,
    )
    keys = [row.key for row in view.rows]
    assert KpiKey.DEFECT_RATE in keys
    assert len(keys) <= 7
    assert set(view.explanations) == set(figures), "the other figures are a click away"
    row = next(r for r in view.rows if r.key is KpiKey.DEFECT_RATE)
    assert (row.before, row.after) == (Fraction(1, 61), Fraction(14, 912))
    # 100 minutes are no whole day
    assert (row.change, row.word) == (None, VerdictWord.UNDETERMINED)


def test_level_is_not_printed_in_the_cell_of_a_change(figures):
    assessed = assess(builtin_schemes()["CQ18-WS"], figures, simulated=True)
    row = next(r for r in assessed.rows if r.row.id == "CQ18-WS-6c")
    assert (row.value, row.figure) == (None, "defect-change"), "the rate itself is no change of it"
