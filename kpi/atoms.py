"""The 14 time atoms (kpi-audit U1): every millisecond in service is booked in exactly one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kpi.calendar import Kind, Segment
from kpi.timeline import STATES, Timeline
from kpi.window import Bool, Int64
from model.state import Atom, MachineState

ATOMS: Final = tuple(Atom)
"""Atom of a column in the arrays."""
PBT_ATOMS: Final = (
    Atom.RUN,
    Atom.SETUP,
    Atom.MINOR,
    Atom.FAULT,
    Atom.WAIT,
    Atom.IDLE,
    Atom.IDLE_FAULT,
    Atom.TEST,
    Atom.UNK,
    Atom.RUN_X,
)
"""Planned busy time."""
APT_ATOMS: Final = (Atom.RUN, Atom.RUN_X)
"""Actual production time."""

_PLANNED: Final = {
    MachineState.RUN: Atom.RUN,
    MachineState.SETUP: Atom.SETUP,
    MachineState.FAULT: Atom.FAULT,
    MachineState.WAIT: Atom.WAIT,
    MachineState.IDLE: Atom.IDLE,
    MachineState.IDLE_FAULT: Atom.IDLE_FAULT,
    MachineState.TEST: Atom.TEST,
    MachineState.OFF: Atom.IDLE,
    MachineState.UNKNOWN: Atom.UNK,
}
_OUTSIDE: Final = {Kind.PM: Atom.PM, Kind.BRK: Atom.BRK, Kind.OFF: Atom.OFF}


def atom_of(kind: Kind, state: MachineState, *, minor: bool = False) -> Atom | None:
    """Return the atom of a millisecond; None where nothing is booked (not in service)."""
    if kind is Kind.NONE:
        return None
    if kind is Kind.PLANNED:
        return Atom.MINOR if minor else _PLANNED[state]
    if state is MachineState.RUN:
        return Atom.RUN_X
    return Atom.UNK_X if state is MachineState.UNKNOWN else _OUTSIDE[kind]


def _lookup() -> Int64:
    """Return the column of (kind, state, minor); one column past the last where nothing is booked."""
    column = {atom: i for i, atom in enumerate(ATOMS)}
    table = np.full((len(Kind), len(STATES), 2), len(ATOMS), dtype=np.int64)
    for kind in Kind:
        for s, state in enumerate(STATES):
            for minor in (False, True):
                atom = atom_of(kind, state, minor=minor)
                if atom is not None:
                    table[kind, s, int(minor)] = column[atom]
    return table


_COLUMN: Final = _lookup()


def column_of(kind: NDArray[Any], state: NDArray[Any], minor: Bool) -> Int64:
    """Return the column of the atom of each (kind, state code, minor stop); 14 where nothing is booked."""
    found: Int64 = _COLUMN[kind, state, minor.astype(np.int64)]
    return found


def atoms_in_cells(timeline: Timeline, parts: Sequence[Segment], cuts: Sequence[int]) -> Int64:
    """Return ms per cell [cuts[i], cuts[i+1]) and atom, shape (cells, 14).

    parts: calendar segments that tile the time of the cuts; the timeline covers at least that.
    """
    low, high = cuts[0], cuts[-1]
    starts = np.array([p.start_ms for p in parts], dtype=np.int64)
    kinds = np.array([int(p.kind) for p in parts], dtype=np.int64)
    inner = timeline.edges[(timeline.edges > low) & (timeline.edges < high)]
    edges = np.unique(np.concatenate([np.array(cuts, dtype=np.int64), starts, inner]))
    begin = edges[:-1]
    state_at = np.searchsorted(timeline.edges, begin, side="right") - 1
    kind = kinds[np.searchsorted(starts, begin, side="right") - 1]
    column = column_of(kind, timeline.codes[state_at], timeline.minor[state_at])
    cell = np.searchsorted(np.array(cuts, dtype=np.int64), begin, side="right") - 1
    result = np.zeros((len(cuts) - 1, len(ATOMS) + 1), dtype=np.int64)
    np.add.at(result, (cell, column), np.diff(edges))
    booked: Int64 = result[:, : len(ATOMS)]
    return booked


def planned_ms(parts: Sequence[Segment], start_ms: int, end_ms: int) -> int:
    """Return how many ms of [start, end) are planned by the calendar."""
    return sum(
        max(0, min(p.end_ms, end_ms) - max(p.start_ms, start_ms))
        for p in parts
        if p.kind is Kind.PLANNED
    )


def as_mapping(row: Sequence[int]) -> dict[Atom, int]:
    """Return ms by atom of one row of `atoms_in_cells`."""
    return dict(zip(ATOMS, (int(v) for v in row), strict=True))


def pbt(atoms: Mapping[Atom, int]) -> int:
    """Return planned busy time in ms."""
    return sum(atoms[a] for a in PBT_ATOMS)


def apt(atoms: Mapping[Atom, int]) -> int:
    """Return actual production time in ms."""
    return sum(atoms[a] for a in APT_ATOMS)
