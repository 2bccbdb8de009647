"""State of an asset from all its state signals, debounced, with minor stops (statistics.md §2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from evidence.recompute.equipment.values import Timeline
from evidence.recompute.limits import Budget
from evidence.recompute.plant_model import Plant, StateTable
from evidence.recompute.timeline import Piece, mark_minor
from evidence.recompute.window import ConfigRun
from model.signal import Role
from model.state import MachineState

Span = tuple[int, int, MachineState]
"""[start, end) of one state."""
Texts = Callable[[str, Role], Timeline[str | None]]
"""Returns the values of the signal of a name while it has a role; a value without spelling is None."""


class Source(NamedTuple):
    """One state signal: the values of the inputs of its table, its own first."""

    table: StateTable
    inputs: tuple[Timeline[str | None], ...]

    def state(self, instant: int) -> MachineState:
        """Return what this signal says at `instant`."""
        own = self.inputs[0].at(instant)
        if own is None:
            return MachineState.UNKNOWN
        others = (timeline.at(instant) for timeline in self.inputs[1:])
        return self.table.state(
            (own.value, *(None if other is None else other.value for other in others))
        )


_NOTHING: Timeline[str | None] = Timeline([])


def sources_of(plant: Plant, asset: str, texts: Texts) -> list[Source]:
    """Return the state signals of an asset in one configuration, in stream order; one without a table says nothing."""
    stream = f"{asset}.state"
    found = []
    for signal in plant.of_role(stream, Role.STATE):
        table = plant.tables.get(plant.table_of(asset, signal))
        if table is not None:
            inputs = [texts(signal.name, Role.STATE)]
            for name in table.inputs[1:]:
                other = plant.first_of_role(stream, Role(name))
                inputs.append(_NOTHING if other is None else texts(other, Role(name)))
            found.append(Source(table, tuple(inputs)))
    return found


def raw_states(runs: Sequence[ConfigRun], asset: str, texts: Texts, budget: Budget) -> list[Span]:
    """Return the maximal spans of equal state over `runs`, without hole, before debouncing."""
    spans: list[Span] = []
    sources_in: dict[Plant, list[Source]] = {}
    for run in runs:
        sources = sources_in.get(run.plant)
        if sources is None:
            sources = sources_in[run.plant] = sources_of(run.plant, asset, texts)
        edges = {run.start, run.end}
        edges.update(
            edge
            for source in sources
            for timeline in source.inputs
            for stretch in timeline.within(run.start, run.end)
            for edge in stretch[:2]
        )
        budget.spend_part(
            len(edges) * (1 + len(sources)),
            f"the state signals of {asset}",
            f"资产 {asset} 的状态信号",
        )
        for start, end in pairwise(sorted(edges)):
            _append(spans, start, end, _first_known(sources, start))
    return spans


def _first_known(sources: Sequence[Source], instant: int) -> MachineState:
    for source in sources:
        state = source.state(instant)
        if state is not MachineState.UNKNOWN:
            return state
    return MachineState.UNKNOWN


def _append(spans: list[Span], start: int, end: int, state: MachineState) -> None:
    if spans and spans[-1][2] is state:
        spans[-1] = (spans[-1][0], end, state)
    else:
        spans.append((start, end, state))


def debounced(spans: Sequence[Span], debounce_ms: Callable[[int], int]) -> list[Span]:
    """Return the spans after a known one shorter than its threshold has joined a known one before it.

    spans: maximal, in order. debounce_ms: threshold in force at an instant. An unknown span never joins, the last is
    kept as it is.
    """
    kept: list[Span] = []
    last = len(spans) - 1
    for number, (start, end, state) in enumerate(spans):
        joins = (
            number < last
            and bool(kept)
            and MachineState.UNKNOWN not in (state, kept[-1][2])
            and end - start < debounce_ms(start)
        )
        _append(kept, start, end, kept[-1][2] if joins else state)
    return kept


def states_of(
    runs: Sequence[ConfigRun],
    asset: str,
    texts: Texts,
    threshold: Callable[[int], tuple[int, int]],
    budget: Budget,
) -> list[Piece]:
    """Return the states of an asset over `runs`, debounced, those of minor stops marked.

    threshold: (debounce_ms, minor_stop_ms) in force at an instant.
    """
    spans = debounced(raw_states(runs, asset, texts, budget), lambda instant: threshold(instant)[0])
    return mark_minor(spans, lambda instant: threshold(instant)[1])


class Failure(NamedTuple):
    """An interval of state fault that is no minor stop. first, last: its outermost ms with atom fault; ms: all of them.

    repaired: a known state follows at once, before the end of the window.
    """

    first: int
    last: int
    ms: int
    repaired: bool


def failures_of(
    pieces: Sequence[Piece], planned_in: Callable[[int, int], tuple[int, int, int] | None]
) -> Iterator[Failure]:
    """Yield the failures among `pieces`, in order (U5).

    planned_in: first ms, last ms and number of ms of planned time in an interval, None if there is none.
    """
    for number, piece in enumerate(pieces):
        if piece.state is MachineState.FAULT and not piece.minor:
            planned = planned_in(piece.start, piece.end)
            if planned is not None:
                following = pieces[number + 1 : number + 2]
                repaired = bool(following) and following[0].state is not MachineState.UNKNOWN
                yield Failure(*planned, repaired)
