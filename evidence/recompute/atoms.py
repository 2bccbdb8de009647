"""The 14 atoms of time (claims.md §1, kpi-audit U1): which one a state is in a segment of a kind."""

from __future__ import annotations

from typing import Final

from evidence.recompute.timeline import Piece
from model.state import Atom, MachineState

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
"""Atom of a state within planned time, minor stops apart."""


def atom_of(kind: str, piece: Piece) -> Atom | None:
    """Return the atom of a state in a segment of `kind`, None while not in service."""
    if kind == "none":
        return None
    if kind == "planned":
        return Atom.MINOR if piece.minor else _PLANNED[piece.state]
    if piece.state is MachineState.RUN:
        return Atom.RUN_X
    if piece.state is MachineState.UNKNOWN:
        return Atom.UNK_X
    return Atom(kind)
