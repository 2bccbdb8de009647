"""Declared states beside measured ones (kpi.md C 32-34): a second view with its effect, the measured figure stays.

A declaration fills unknown time from outside evidence, or gives another reason to a stop. It never touches time that
the machine itself says it ran, and can never make any time run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from kpi.equipment.asset_cells import form_cells
from kpi.equipment.space import EquipmentSpace
from kpi.equipment.states import with_minor_stops
from kpi.equipment.summing import sums_of
from kpi.equipment.sums import EquipmentSums
from kpi.equipment.values import Line, tile
from kpi.timeline import CODE, STATES
from kpi.window import Bool, Int32, Int64
from model.errors import PermanentError
from model.state import Atom, MachineState


class Basis(StrEnum):
    """What a declaration rests on."""

    EVIDENCE = "evidence"
    """An imported record of another device (UPS log): fills unknown time."""
    RELABEL = "relabel"
    """A person gives a stop another reason."""


DECLARABLE: Final = frozenset(
    {
        MachineState.SETUP,
        MachineState.FAULT,
        MachineState.WAIT,
        MachineState.IDLE,
        MachineState.IDLE_FAULT,
        MachineState.OFF,
    }
)
"""States that may be declared: running and testing are facts of the machine."""
RELABELABLE: Final = frozenset(
    {
        MachineState.SETUP,
        MachineState.FAULT,
        MachineState.WAIT,
        MachineState.IDLE,
        MachineState.IDLE_FAULT,
    }
)
"""Measured states whose reason a person may change."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """Who says what about an asset for some time, and why."""

    id: str
    asset: str
    from_ms: int
    to_ms: int
    """The ms after the last."""
    state: MachineState
    basis: Basis
    who: str
    when_ms: int
    """When it was declared."""
    why: str
    source: str = ""
    """SHA-256 of the imported original, for evidence."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one declaration."""

    declaration: Declaration
    applied_ms: int
    """Time that now has the declared state."""
    untouched: Mapping[MachineState, int]
    """Time of other states that it may not change, in ms; only positive ones."""
    error: PermanentError | None = None
    """Why it changed nothing at all; it stays as an annotation."""


@dataclass(frozen=True, slots=True)
class CorrectedView:
    """One asset as measured and with its declarations."""

    version: int
    """Of the view: that of the measured one + 1, the same if nothing changed."""
    measured: EquipmentSums
    corrected: EquipmentSums
    outcomes: tuple[Outcome, ...]

    @property
    def effect(self) -> dict[Atom, int]:
        """Return the ms that each atom gains, only those that change."""
        before, after = self.measured.atoms, self.corrected.atoms
        return {a: after[a] - before[a] for a in Atom if after[a] != before[a]}


def corrected(
    space: EquipmentSpace, asset: str, declarations: Sequence[Declaration], version: int = 1
) -> CorrectedView:
    """Return the view of an asset with its declarations, applied in the order in which they were made.

    version: of the measured view. A refused declaration is an annotation: its error says why, no figure changes.
    """
    mine = sorted((d for d in declarations if d.asset == asset), key=lambda d: (d.when_ms, d.id))
    state = space.state(asset)
    line = Line(state.edges, state.codes.astype(np.int32))
    declared = Line(line.edges[[0, -1]], np.zeros(1, dtype=np.int32))
    outcomes = []
    for d in mine:
        outcome, line, declared = _apply(d, line, declared)
        outcomes.append(outcome)
    measured = space.sums(asset)
    if not any(o.applied_ms for o in outcomes):
        return CorrectedView(version, measured, measured, tuple(outcomes))
    changed = with_minor_stops(asset, line, space.work.visible_parts)
    cells = form_cells(space.record(asset), space.reach, space.plans, changed)
    return CorrectedView(version + 1, measured, sums_of(cells), tuple(outcomes))


def _apply(d: Declaration, line: Line, declared: Line) -> tuple[Outcome, Line, Line]:
    """Return the outcome of a declaration, and the states and declared stretches after it."""
    error = _refused(d)
    start = max(d.from_ms, int(line.edges[0]))
    end = min(d.to_ms, int(line.edges[-1]))
    if error is not None or start >= end:
        return Outcome(d, 0, {}, error), line, declared
    edges = np.unique(np.concatenate([line.edges, declared.edges, [start, end]]))
    begin = edges[:-1]
    codes, marks = line.at(begin), declared.at(begin)
    inside: Bool = (begin >= start) & (begin < end)
    may = inside & ((marks == 1) | _open(d.basis, codes))
    length = np.diff(edges)
    untouched = {
        state: ms
        for code, state in enumerate(STATES)
        if (ms := int(length[inside & ~may & (codes == code)].sum()))
    }
    applied = int(length[may].sum())
    if not applied:
        return Outcome(d, 0, untouched, _nothing(d, untouched)), line, declared
    new = np.where(may, CODE[d.state], codes).astype(np.int32)
    return (
        Outcome(d, applied, untouched),
        _line(edges, new),
        _line(edges, np.where(may, 1, marks).astype(np.int32)),
    )


def _open(basis: Basis, codes: Int32) -> Bool:
    """Return which measured stretches a declaration may change."""
    states = {MachineState.UNKNOWN} if basis is Basis.EVIDENCE else RELABELABLE
    found: Bool = np.isin(codes, [CODE[s] for s in states])
    return found


def _refused(d: Declaration) -> PermanentError | None:
    if d.state not in DECLARABLE:
        return PermanentError(
            f"declaration {d.id}: {d.state.value} of {d.asset} cannot be declared, only measured; "
            "it is kept as an annotation",
            f"声明 {d.id}：设备 {d.asset} 的“{d.state.value}”只能实测，不能声明；仅保留为批注",
        )
    if d.basis is Basis.EVIDENCE and not d.source:
        return PermanentError(
            f"declaration {d.id}: evidence needs the SHA-256 of the imported original",
            f"声明 {d.id}：外部证据需要导入原件的 SHA-256",
        )
    return None


def _nothing(d: Declaration, untouched: Mapping[MachineState, int]) -> PermanentError:
    seen = ", ".join(f"{s.value} {ms} ms" for s, ms in untouched.items())
    return PermanentError(
        f"declaration {d.id}: nothing of {d.asset} in its time may be changed ({seen}); it is kept as an annotation",
        f"声明 {d.id}：该时段内设备 {d.asset} 没有可更改的时间（{seen}）；仅保留为批注",
    )


def _line(edges: Int64, codes: Int32) -> Line:
    return tile(edges[:-1], codes, int(edges[0]), int(edges[-1]))
