"""Edge cases 31 to 40 of kpi.md §C as judged in kpi-audit §4: gaps, corrections, meters. Figures by hand."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from kpi.calc.expected import Reached, judged
from kpi.calc.figure import Figure, unit_text
from kpi.comparison.interval import Word, word_of
from kpi.corrections.declared_states import Basis, Declaration, corrected
from kpi.corrections.late_calendar import late_calendar_changes
from kpi.display import percent_text
from kpi.document_types import ExtraShift
from kpi.energy.meters import RegisterRecord, TransformerRatio, columns, meter_energy
from kpi.energy.unit_energy import ReadingGrade
from model.errors import PermanentError
from model.ratio import Undefined
from model.state import Atom, MachineState
from tests.support.edge_plant import (
    CODE,
    HOUR,
    MIN,
    SLOT0,
    T0,
    PlantLog,
    asset,
    calendar,
    counted,
    good,
    machine,
    plant,
    result,
    space,
    state_signal,
    sums,
    value,
    write,
)
from tests.support.equipment_plant import minutes
from tests.support.kpi_plant import shift

F = Fraction


def declaration(start: int, end: int, state: MachineState, **more: Any) -> Declaration:
    """Return what a person declares of minutes after 08:00."""
    fields: dict[str, Any] = {
        "id": "d1",
        "asset": "a1",
        "from_ms": T0 + start * MIN,
        "to_ms": T0 + end * MIN,
        "state": state,
        "basis": Basis.EVIDENCE,
        "who": "李工",
        "when_ms": T0 + 600 * MIN,
        "why": "UPS",
        "source": "cd" * 32,
    }
    return Declaration(**(fields | more))


def test_case_31_planned_time_before_the_agent_is_unknown_inside_the_base() -> None:
    # Shift 08:00–16:00; the agent starts at 12:00 and sees it run, 200 good: 240 of 480 min are unknown.
    log = plant(cal=calendar(shifts=[shift(480, 960)]))
    log.row("a1/state", T0 + 240 * MIN, CODE["run"])
    log.bad("a1/state", T0 + 480 * MIN)
    for minute, n in ((240, 0), (479, 200)):
        log.row("a1/good", T0 + minute * MIN, n)
    found = sums(log, 480)
    assert minutes(found) == {"run": 240, "unk": 240}
    # Nothing is extrapolated: 200/480 at least, and the unknown half shift stays in the base.
    oee = result("oee", found)
    assert (oee.value, oee.low) == (F(200, 480), F(200, 480))
    availability = result("availability", found)
    assert (availability.low, availability.high) == (F(240, 480), 1)
    # Half of the plan is unknown: nothing is said of failures.
    assert isinstance(result("mtbf", found).value, Undefined)


def test_case_32_power_cut_is_unknown_until_evidence_declares_it() -> None:
    # Run 08:00–10:00, power cut to 12:00, run to 16:00; the UPS log says that the machine was off for the two hours.
    log = plant([("run", 120), ("gap", 120), ("run", 240)], [(0, 0), (479, 300)])
    found = corrected(space(log, 480), "a1", [declaration(120, 240, MachineState.IDLE_FAULT)])
    assert minutes(found.measured) == {"run": 360, "unk": 120}
    assert minutes(found.corrected) == {"run": 360, "idle_fault": 120}
    assert (found.version, found.effect) == (
        2,
        {Atom.UNK: -120 * MIN, Atom.IDLE_FAULT: 120 * MIN},
    )
    # Both figures are printed: availability between 360/480 and 1 as measured, 360/480 as declared.
    measured = result("availability", found.measured)
    assert (measured.low, measured.high) == (F(3, 4), 1)
    assert not result("availability", found.corrected).bounded
    assert value("availability", found.corrected) == F(3, 4)


def test_case_33_relabelled_reason_is_a_version_with_its_effect_and_unknown_stays() -> None:
    # Fault 10:00–11:00, then unknown to 11:30: a person says that it was set-up from 10:00 to 11:30.
    log = plant([("run", 120), ("fault", 60), ("gap", 30), ("run", 30)], [(0, 0), (239, 100)])
    relabel = declaration(120, 210, MachineState.SETUP, basis=Basis.RELABEL, source="", why="换型")
    found = corrected(space(log, 240), "a1", [relabel], version=3)
    assert found.version == 4
    assert found.effect == {Atom.FAULT: -60 * MIN, Atom.SETUP: 60 * MIN}
    assert minutes(found.corrected)["unk"] == 30
    [outcome] = found.outcomes
    assert (outcome.declaration.who, outcome.declaration.why) == ("李工", "换型")
    assert outcome.untouched == {MachineState.UNKNOWN: 30 * MIN}
    # The measured figure keeps its failure: one, not none.
    assert (found.measured.failures, found.corrected.failures) == (1, 0)


@pytest.mark.parametrize("basis", [Basis.EVIDENCE, Basis.RELABEL])
def test_case_34_downtime_cannot_be_edited_to_run(basis: Basis) -> None:
    log = plant([("run", 120), ("fault", 60), ("run", 60)], [(0, 0), (239, 100)])
    machine_says = space(log, 240)
    edit = declaration(120, 180, MachineState.RUN, basis=basis)
    found = corrected(machine_says, "a1", [edit])
    # An error, one annotation, and the statistics are what they were.
    [outcome] = found.outcomes
    assert isinstance(outcome.error, PermanentError)
    assert outcome.error.zh != outcome.error.en
    assert outcome.declaration == edit
    assert found.corrected == found.measured == machine_says.sums("a1") == sums(log, 240)
    assert (found.version, found.effect) == (1, {})


def test_case_35_friday_stop_does_not_become_a_weekend_of_downtime() -> None:
    # Friday 2026-03-06, shift 06:00–22:00; broken down at 21:00 and proven so until Monday; window to Sunday 08:00.
    friday = T0 + 5 * 24 * HOUR
    log = PlantLog()
    cal = calendar(shifts=[shift(360, 1320, (1, 2, 3, 4, 5))])
    log.config(machine([asset("a1")], {"a1": [state_signal()]}, cal))
    log.blocks(friday // MIN, friday // MIN + 1)
    log.row("a1/state", friday, CODE["run"])
    log.row("a1/state", friday + 13 * HOUR, CODE["fault"])
    log.blocks(friday // MIN + 780, friday // MIN + 781)
    found = space(log, 48 * 60, first=5 * 24 * 60).sums("a1")
    # Run 08:00–21:00, fault to 22:00, then not scheduled: 48 h − 14 h = 34 h of `off`.
    assert minutes(found) == {"run": 780, "fault": 60, "off": 34 * 60}
    assert value("availability", found) == F(780, 840)


def test_case_36_two_gateways_of_one_machine_count_once_and_disagreement_is_told() -> None:
    signals = [
        state_signal(),
        counted("good", "count_good"),
        counted("good_gateway", "count_good", alternate_of="good"),
        counted("scrap", "count_scrap"),
    ]
    log = plant([("run", 60)], [(0, 0), (59, 50)], signals=signals)
    log.row("a1/good_gateway", T0, 1000)
    log.row("a1/good_gateway", T0 + 59 * MIN, 1048)
    found = sums(log, 60)
    # 50 pieces, not 98; the second gateway saw two less.
    assert good(found) == 50
    [other] = found.alternates
    assert (other.signal, other.count, other.difference) == ("good_gateway", 48, -2)


def test_case_37_new_transformer_at_noon_is_two_segments_without_a_step() -> None:
    # kWh on the secondary side: 1000 at 08:00, 1030 at 12:00, 1050 at 18:00; CT 100/5 to noon, 200/5 from then on.
    at_ms, ticks, grade = columns(
        [
            (0, 1000, ReadingGrade.MEASURED),
            (4 * HOUR, 1030, ReadingGrade.MEASURED),
            (10 * HOUR, 1050, ReadingGrade.MEASURED),
        ]
    )
    record = RegisterRecord(
        meter="e1",
        at_ms=at_ms,
        ticks=ticks,
        grade=grade,
        tick=F(1000),
        ratios=(TransformerRatio(0, F(100, 5)), TransformerRatio(4 * HOUR, F(200, 5))),
    )
    found = meter_energy(record, 0, 10 * HOUR)
    # 30·20 + 20·40 = 600 + 800 kWh; as one register the new ratio alone would read 1030·20 kWh more at noon.
    assert [(s.ratio, s.ticks, s.energy) for s in found.segments] == [
        (20, 30, 600_000),
        (40, 20, 800_000),
    ]
    assert found.energy == 1_400_000
    assert [f.name for f in found.findings] == ["energy.ratio-changed"]


def test_case_38_sub_second_chatter_joins_the_state_before_and_keeps_every_ms() -> None:
    # After idle: changes to run, fault, run, fault, run at 0, 200, 400, 600, 800 ms; debounce 500 ms.
    log = plant(debounce_ms=500)
    log.row("a1/state", T0, CODE["idle"])
    for k, state in enumerate(("run", "fault", "run", "fault", "run")):
        log.row("a1/state", T0 + MIN + 200 * k, CODE[state])
    found = space(log, 3)
    line = found.state("a1")
    # One change of the timeline, at 800 ms; all five rows (and idle) are stored; Σ ms is the window.
    assert [int(x) - T0 for x in line.edges.tolist()] == [0, MIN + 800, 3 * MIN]
    assert sum(r.signal == "state" for rows in log.pending.values() for r in rows) == 6
    totals = minutes(found.sums("a1"))
    assert totals == {"idle": 1 + F(800, MIN), "run": 2 - F(800, MIN)}
    # Without debounce both changes of one second are kept.
    raw = plant(debounce_ms=0)
    raw.row("a1/state", T0, CODE["run"])
    raw.row("a1/state", T0 + MIN + 100, CODE["fault"])
    raw.row("a1/state", T0 + MIN + 900, CODE["run"])
    kept = sums(raw, 3)
    assert (kept.atoms[Atom.FAULT] + kept.atoms[Atom.MINOR], kept.atoms[Atom.RUN]) == (
        800,
        3 * MIN - 800,
    )


def test_case_39_overtime_entered_afterwards_leaves_the_figure_and_is_listed() -> None:
    # Planned 08:00–10:00, runs to 11:00 with 150 good; at 12:00 somebody enters overtime 10:00–11:00.
    signals = [state_signal(), counted("good", "count_good"), counted("scrap", "count_scrap")]
    extra = {"date": "2026-03-01", "from_min": 600, "name": "加班", "to_min": 660}
    log = PlantLog()
    log.config(machine([asset("a1")], {"a1": signals}, calendar(shifts=[shift(480, 600)])))
    log.blocks(SLOT0, SLOT0 + 240)
    late = calendar(shifts=[shift(480, 600)], extra=[extra])
    log.config(machine([asset("a1")], {"a1": signals}, late))
    log.blocks(SLOT0 + 240, SLOT0 + 300)
    write(log, [("run", 180), ("off", 60)], [(0, 0), (179, 150)], [(0, 0)])
    [change] = late_calendar_changes(space(log, 300), "a1")
    assert change.added == (ExtraShift("加班", "2026-03-01", 600, 660),)
    # The main figure: the hour is `run_x`, in the base with its pieces: 150/180. As if planned: the same 180 min.
    assert minutes(change.measured)["run_x"] == 60
    assert value("oee", change.measured) == F(150, 180)
    assert minutes(change.as_if)["run"] == 180
    assert "run_x" not in minutes(change.as_if)


def test_case_40_rounding_cannot_flip_a_verdict() -> None:
    # U13: 0.09996 against 10 % is not reached, so no text may read "10.0".
    exact, threshold = F("0.09996"), F(1, 10)
    assert percent_text(exact, threshold) == "9.996"
    assert percent_text(exact) == "10.0"
    figure = Figure(id="x", zh="x", en="x", value=exact, source="s")
    assert judged("x", figure, threshold, at_least=True).word is Reached.NOT
    assert unit_text(exact, "1", threshold) == "9.996 %"
    # A third is never exactly 33.333333333333 %: beyond twelve digits the fraction itself is printed.
    close = F(1, 10) - F(1, 10**20)
    assert percent_text(close, threshold) == str(100 * close)
    # Words compare exactly: equal to the threshold counts as reached.
    low, tenth, high = Decimal("0.0999"), Decimal("0.1"), Decimal("0.2")
    assert word_of(tenth, F(1, 10), high, threshold) is Word.PASS
    assert word_of(low, F(1, 10), high, threshold) is Word.POINT_ONLY
    assert word_of(low, close, low, threshold) is Word.FAIL
