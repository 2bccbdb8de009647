"""State of an asset over time (claims.md §1): events to pieces, stops to minor stops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final, NamedTuple

from evidence.recompute.intervals import Cover
from model.state import MachineState

_STOPPED: Final = (MachineState.FAULT, MachineState.WAIT)


class EventKind(Enum):
    """What a row of a state signal says."""

    SET = "set"
    PROOF = "proof"
    BREAK = "break"


class Event(NamedTuple):
    """One row of a state signal. state: meaningful for a set. hold_ms: how long the row keeps the state known."""

    tau: int
    kind: EventKind
    state: MachineState
    hold_ms: int


class Piece(NamedTuple):
    """A stretch of one state; minor: it belongs to a stop short enough to be a minor one."""

    start: int
    end: int
    state: MachineState
    minor: bool


def timeline(
    events: Sequence[Event], low: int, high: int, minor_stop_ms: Callable[[int], int]
) -> list[Piece]:
    """Return the pieces of [low, high) without hole; neighbours differ in state.

    events: in order (τ, sealing slot, row), all within [low, high). minor_stop_ms: threshold in force at an instant.
    """
    spans: list[tuple[int, int, MachineState]] = []

    def add(start: int, end: int, state: MachineState) -> None:
        if start < end:
            if spans and spans[-1][2] is state:
                spans[-1] = (spans[-1][0], end, state)
            else:
                spans.append((start, end, state))

    state = MachineState.UNKNOWN
    known_until = at = low
    for event in events:
        add(at, min(event.tau, known_until), state)
        add(max(at, min(event.tau, known_until)), event.tau, MachineState.UNKNOWN)
        if event.kind is EventKind.SET:
            state = event.state
        elif event.kind is EventKind.BREAK or event.tau > known_until:
            state = MachineState.UNKNOWN
        at, known_until = event.tau, event.tau + event.hold_ms
    add(at, min(high, known_until), state)
    add(max(at, min(high, known_until)), high, MachineState.UNKNOWN)
    return mark_minor(spans, minor_stop_ms)


def mark_minor(
    spans: Sequence[tuple[int, int, MachineState]], minor_stop_ms: Callable[[int], int]
) -> list[Piece]:
    """Return the spans as pieces; those of a stop up to its threshold are minor.

    A stop is a maximal interval of fault or wait. minor_stop_ms: threshold in force at an instant.
    """
    pieces: list[Piece] = []
    i = 0
    while i < len(spans):
        start, end, state = spans[i]
        if state not in _STOPPED:
            pieces.append(Piece(start, end, state, minor=False))
            i += 1
            continue
        last = i
        while last + 1 < len(spans) and spans[last + 1][2] in _STOPPED:
            last += 1
        minor = spans[last][1] - start <= minor_stop_ms(start)
        pieces += [Piece(a, b, s, minor) for a, b, s in spans[i : last + 1]]
        i = last + 1
    return pieces


def productive_cover(pieces: Sequence[Piece]) -> Cover:
    """Return the time whose state is run or unknown, over which counts are spread (claims.md §2)."""
    return Cover(
        (piece.start, piece.end)
        for piece in pieces
        if piece.state in (MachineState.RUN, MachineState.UNKNOWN)
    )
