"""Time of the truth: spells of one machine → whole milliseconds per atom and production day, in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from model.state import Atom, MachineState
from simulators.plan import DAY_MS, LEAD_SLOTS, MINUTE_MS, Period, Stop, breaks_of_day

Spell = tuple[int, MachineState]
"""Start of a spell in Unix ms and its state; it lasts to the next one."""

_BUSY = (
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
_PLANNED = {
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
_STANDING = (MachineState.FAULT, MachineState.WAIT)


def atoms_by_day(
    spells: Sequence[Spell],
    period: Period,
    *,
    asset: str,
    stops: Sequence[Stop],
    minor_stop_ms: int,
) -> list[dict[Atom, int]]:
    """Return ms per atom for each production day of `period`.

    `spells` must cover the lead and the period; time before the first spell is unknown. A stop (fault
    and wait without a break between them) is minor if it is no longer than `minor_stop_ms`, from the start of the lead.
    """
    first = period.start_ms - LEAD_SLOTS * MINUTE_MS
    pieces = cut(spells, first, period.end_ms)
    minor = _minor_stops(pieces, minor_stop_ms)
    days = []
    for day in period.days:
        atoms = dict.fromkeys(Atom, 0)
        for a, b, kind in _segments(day, asset, stops):
            for start, end, state in _inside(pieces, a, b):
                atoms[_atom(kind, state, is_minor=state in _STANDING and start in minor)] += min(
                    end, b
                ) - max(start, a)
        days.append(atoms)
    return days


def planned_busy_ms(atoms: dict[Atom, int]) -> int:
    """Return planned busy time (PBT) of a day or window."""
    return sum(atoms[a] for a in _BUSY)


def production_ms(atoms: dict[Atom, int]) -> int:
    """Return actual production time (APT)."""
    return atoms[Atom.RUN] + atoms[Atom.RUN_X]


def cut(spells: Sequence[Spell], first: int, last: int) -> list[tuple[int, int, MachineState]]:
    """Return [start, end, state) pieces that fill [first, last), neighbours with the same state joined."""
    edged: list[Spell] = [(min(first, spells[0][0]) - 1, MachineState.UNKNOWN), *spells]
    pieces: list[tuple[int, int, MachineState]] = []
    for (start, state), (end, _) in pairwise([*edged, (max(last, edged[-1][0]) + 1, edged[-1][1])]):
        a, b = max(start, first), min(end, last)
        if a >= b:
            continue
        if pieces and pieces[-1][2] is state:
            pieces[-1] = (pieces[-1][0], b, state)
        else:
            pieces.append((a, b, state))
    return pieces


def _minor_stops(pieces: Sequence[tuple[int, int, MachineState]], limit: int) -> set[int]:
    """Return the starts of the pieces of fault and wait that belong to a minor stop."""
    found: set[int] = set()
    run: list[tuple[int, int, MachineState]] = []
    for piece in [*pieces, (0, 0, MachineState.RUN)]:
        if piece[2] in _STANDING:
            run.append(piece)
            continue
        if run and run[-1][1] - run[0][0] <= limit:
            found.update(start for start, _, _ in run)
        run = []
    return found


def _segments(day: int, asset: str, stops: Sequence[Stop]) -> list[tuple[int, int, str]]:
    """Return [start, end, kind) that fill a production day: planned, break or the kind of a planned stop."""
    own = [s for s in stops if s.asset in {asset, "*"}]
    edges = {day, day + DAY_MS}
    for a, b in [*breaks_of_day(day), *((s.from_ms, s.to_ms) for s in own)]:
        edges.update(x for x in (a, b) if day < x < day + DAY_MS)
    segments = []
    for a, b in pairwise(sorted(edges)):
        kinds = [s.kind for s in own if s.from_ms <= a < s.to_ms]
        kind = next((k for k in ("off", "pm", "brk") if k in kinds), "")
        if not kind:
            kind = "brk" if any(x <= a < y for x, y in breaks_of_day(day)) else "planned"
        segments.append((a, b, kind))
    return segments


def _inside(
    pieces: Sequence[tuple[int, int, MachineState]], a: int, b: int
) -> list[tuple[int, int, MachineState]]:
    return [p for p in pieces if p[0] < b and p[1] > a]


def _atom(kind: str, state: MachineState, *, is_minor: bool) -> Atom:
    if kind == "planned":
        return Atom.MINOR if is_minor else _PLANNED[state]
    if state is MachineState.RUN:
        return Atom.RUN_X
    if state is MachineState.UNKNOWN:
        return Atom.UNK_X
    return Atom(kind)
