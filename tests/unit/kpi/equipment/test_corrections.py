"""Declared states, late calendar entries and amendments, worked out by hand (kpi.md C 17, 32, 33, 34, 39, 24)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from kpi.corrections.amendment import amendment
from kpi.corrections.declared_states import Basis, Declaration, corrected
from kpi.corrections.late_calendar import late_calendar_changes
from kpi.document_types import ExtraShift, Stop
from kpi.equipment.space import EquipmentSpace, equipment_space
from kpi.window import Span
from kpi.workspace import Workspace
from model.errors import PermanentError
from model.state import Atom, MachineState
from tests.support.equipment_plant import (
    counted,
    machine,
    minutes,
    play,
    state_signal,
    window,
)
from tests.support.kpi_plant import MIN, SLOT0, T0, PlantLog, asset, calendar, shift

PAIR = [state_signal(), counted("good", "count_good"), counted("scrap", "count_scrap")]


def space_of(log: PlantLog, span: Span) -> EquipmentSpace:
    return equipment_space(Workspace(log.rows(), span))


def power_cut() -> EquipmentSpace:
    """Run 08:00-09:00, fault to 09:20, unknown for two hours, run to 12:00."""
    log = PlantLog()
    log.config(machine([asset("a1")], {"a1": PAIR}))
    log.blocks(SLOT0, SLOT0 + 241)
    play(log, "a1/state", [("run", 60), ("fault", 20)])
    log.bad("a1/state", T0 + 80 * MIN)
    play(log, "a1/state", [("run", 40)], T0 + 200 * MIN)
    for minute, n in ((0, 0), (239, 100)):
        log.row("a1/good", T0 + minute * MIN, n)
    log.row("a1/scrap", T0, 0)
    return space_of(log, window(240))


def declare(start: int, end: int, state: MachineState, **more: Any) -> Declaration:
    fields: dict[str, Any] = {
        "id": "d1",
        "asset": "a1",
        "from_ms": T0 + start * MIN,
        "to_ms": T0 + end * MIN,
        "state": state,
        "basis": Basis.EVIDENCE,
        "who": "王工",
        "when_ms": T0 + 1000 * MIN,
        "why": "停电",
        "source": "ab" * 32,
    }
    return Declaration(**(fields | more))


def test_case_32_power_cut_is_unknown_until_evidence_says_otherwise() -> None:
    found = corrected(power_cut(), "a1", [declare(80, 200, MachineState.IDLE_FAULT)])
    assert minutes(found.measured) == {"run": 100, "fault": 20, "unk": 120}
    assert minutes(found.corrected) == {"run": 100, "fault": 20, "idle_fault": 120}
    assert found.version == 2
    assert found.effect == {Atom.UNK: -120 * MIN, Atom.IDLE_FAULT: 120 * MIN}
    [outcome] = found.outcomes
    assert (outcome.applied_ms, outcome.untouched, outcome.error) == (120 * MIN, {}, None)


def test_case_32_evidence_fills_only_unknown_time() -> None:
    # the UPS log says off from 08:30 to 11:40: 30 min run, 20 min fault and 20 min run are the machine's own
    found = corrected(power_cut(), "a1", [declare(30, 220, MachineState.IDLE_FAULT)])
    assert minutes(found.corrected) == {"run": 100, "fault": 20, "idle_fault": 120}
    [outcome] = found.outcomes
    assert outcome.untouched == {MachineState.RUN: 50 * MIN, MachineState.FAULT: 20 * MIN}


def test_case_33_reason_relabelled_later_is_a_new_version_with_both_figures() -> None:
    relabel = declare(60, 80, MachineState.SETUP, basis=Basis.RELABEL, source="")
    found = corrected(power_cut(), "a1", [relabel], version=4)
    assert found.version == 5
    assert found.effect == {Atom.FAULT: -20 * MIN, Atom.SETUP: 20 * MIN}
    assert (found.measured.failures, found.corrected.failures) == (1, 0)


def test_case_33_unknown_is_never_overwritten_by_a_reason() -> None:
    relabel = declare(60, 140, MachineState.SETUP, basis=Basis.RELABEL, source="")
    found = corrected(power_cut(), "a1", [relabel])
    assert minutes(found.corrected) == {"run": 100, "setup": 20, "unk": 120}
    assert found.outcomes[0].untouched == {MachineState.UNKNOWN: 60 * MIN}


def test_a_later_declaration_may_change_an_earlier_one() -> None:
    found = corrected(
        power_cut(),
        "a1",
        [
            declare(
                80, 200, MachineState.IDLE, id="b", when_ms=T0 + 2000 * MIN, basis=Basis.RELABEL
            ),
            declare(80, 200, MachineState.IDLE_FAULT, id="a"),
        ],
    )
    assert minutes(found.corrected) == {"run": 100, "fault": 20, "idle": 120}
    assert [o.declaration.id for o in found.outcomes] == ["a", "b"]


@pytest.mark.parametrize(
    "declaration",
    [
        declare(60, 80, MachineState.RUN, basis=Basis.RELABEL),  # down time edited to run
        declare(80, 200, MachineState.RUN),  # unknown time edited to run
        declare(0, 60, MachineState.FAULT, basis=Basis.RELABEL),  # machine-sourced run time
        declare(0, 60, MachineState.IDLE),  # evidence against the machine's own word
        declare(80, 200, MachineState.TEST),
        declare(80, 200, MachineState.IDLE_FAULT, source=""),  # evidence without its original
    ],
)
def test_case_34_edit_of_machine_sourced_time_is_an_error_and_an_annotation(
    declaration: Declaration,
) -> None:
    space = power_cut()
    found = corrected(space, "a1", [declaration])
    assert found.corrected == found.measured == space.sums("a1")
    assert found.version == 1
    [outcome] = found.outcomes
    assert isinstance(outcome.error, PermanentError)
    assert outcome.error.zh != outcome.error.en
    assert outcome.applied_ms == 0


def test_declarations_of_other_assets_or_times_change_nothing() -> None:
    found = corrected(
        power_cut(),
        "a1",
        [
            declare(80, 200, MachineState.IDLE_FAULT, asset="a2"),
            declare(300, 400, MachineState.IDLE_FAULT),
        ],
    )
    assert found.version == 1
    assert [o.applied_ms for o in found.outcomes] == [0]


def overtime(**late: Any) -> tuple[PlantLog, Span]:
    """Planned 08:00-10:00, runs until 11:00; at 12:00 a configuration with other calendar entries comes into force."""
    cal = calendar(shifts=[shift(480, 600)])
    log = PlantLog()
    log.config(machine([asset("a1")], {"a1": PAIR}, cal))
    log.blocks(SLOT0, SLOT0 + 240)
    log.config(machine([asset("a1")], {"a1": PAIR}, cal | late))
    log.blocks(SLOT0 + 240, SLOT0 + 301)
    play(log, "a1/state", [("run", 180), ("off", 120)])
    for minute, n in ((0, 0), (1, 0), (179, 178)):
        log.row("a1/good", T0 + minute * MIN, n)
    log.row("a1/scrap", T0, 0)
    return log, window(300)


def test_case_39_overtime_entered_afterwards_is_listed_and_the_figure_stays() -> None:
    extra = {"date": "2026-03-01", "from_min": 600, "name": "加班", "to_min": 720}
    log, span = overtime(extra=[extra])
    space = space_of(log, span)
    [change] = late_calendar_changes(space, "a1")
    assert change.added == (ExtraShift("加班", "2026-03-01", 600, 720),)
    assert change.at_ms == T0 + 240 * MIN
    # main figure: the hour after 10:00 is run_x; as if: 10:00-12:00 is planned, 11:00-12:00 idle
    assert minutes(change.measured) == {"run": 120, "run_x": 60, "off": 120}
    assert minutes(change.as_if) == {"run": 180, "idle": 60, "off": 60}


def test_case_39_an_entry_for_the_future_is_no_late_change() -> None:
    extra = {"date": "2026-03-02", "from_min": 600, "name": "加班", "to_min": 720}
    log, span = overtime(extra=[extra])
    assert late_calendar_changes(space_of(log, span), "a1") == ()


def test_case_39_a_holiday_entered_afterwards_is_listed() -> None:
    log, span = overtime(holidays=["2026-03-01"])
    [change] = late_calendar_changes(space_of(log, span), "a1")
    assert change.added == ("2026-03-01",)
    assert minutes(change.as_if) == {"run_x": 180, "off": 120}


def test_case_24_a_stop_registered_afterwards_stays_a_loss_and_is_listed() -> None:
    stop = {"asset": "a1", "from_ms": T0 + 60 * MIN, "kind": "pm", "to_ms": T0 + 90 * MIN}
    log, span = overtime(stops=[stop])
    [change] = late_calendar_changes(space_of(log, span), "a1")
    assert change.added == (Stop("a1", T0 + 60 * MIN, "pm", T0 + 90 * MIN),)
    assert minutes(change.measured) == {"run": 120, "run_x": 60, "off": 120}
    # as if planned: running in it is outside the plan
    assert minutes(change.as_if) == {"run": 90, "run_x": 90, "off": 120}


def test_case_17_late_data_give_an_amendment_with_the_difference() -> None:
    def view(*, late: bool) -> EquipmentSpace:
        log = PlantLog()
        log.config(machine([asset("a1")], {"a1": PAIR}))
        log.blocks(SLOT0, SLOT0 + 200)
        play(log, "a1/state", [("run", 30)])
        log.bad("a1/state", T0 + 30 * MIN)
        if late:  # the second half hour arrives two hours later
            log.row("a1/state", T0 + 30 * MIN + 1, 2, slot=SLOT0 + 180)
            log.row("a1/good", T0 + 58 * MIN, 12, slot=SLOT0 + 180)
        for minute, n in ((0, 0), (29, 10)):
            log.row("a1/good", T0 + minute * MIN, n)
        log.row("a1/scrap", T0, 0)
        return space_of(log, window(60, grace=140))

    before, after = (view(late=x).sums("a1") for x in (False, True))
    found = amendment("cd" * 32, 2, [before], [after])
    assert found.changed
    assert (found.before, found.after) == (Fraction(10, 60), Fraction(12, 60))
    [change] = found.assets
    # 30 minutes less 1 ms become fault; its entry is one failure
    assert change.atoms == {Atom.FAULT: 30 * MIN - 1, Atom.UNK: -(30 * MIN - 1)}
    assert [(p.product, p.made, p.good) for p in change.pieces] == [("", (10, 12), (10, 12))]
    assert change.failures == 1
    assert not amendment("cd" * 32, 2, [before], [before]).changed
