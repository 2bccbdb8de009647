"""`automatic-control/1`: share of running time in which control loops work in automatic mode (claims.md §5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

from evidence.canonical import Json
from evidence.document import ConfigDocument
from evidence.recompute.claim_tools import (
    Parameters,
    coverage_list,
    outcome,
    present_streams,
    ratio,
    require_assets,
)
from evidence.recompute.equipment.signals import Signals, signals_of
from evidence.recompute.equipment.values import Stretch, Timeline
from evidence.recompute.interface import Outcome, SlotRange, all_streams
from evidence.recompute.intervals import Cover, Interval, intersection, union
from evidence.recompute.limits import require_steps
from evidence.recompute.oee import used_slots
from evidence.recompute.plant_model import Loop
from evidence.recompute.view import LogView
from evidence.recompute.window import ConfigRun, window_of
from evidence.statement import Claim
from model.signal import Role
from model.state import MachineState

NAME: Final = "automatic-control/1"
_LIMIT_SHARE: Final = Fraction(1, 200)
"""Part of the span from low to high within which an output is at a limit (kpi-audit U7, B.7: ours)."""
_STEPS: Final = 4
"""Steps of work that one interval costs."""
_LIMIT_MS: Final = 300_000
"""An output must be at a limit for longer than this to count as such."""


@dataclass(frozen=True, slots=True)
class LoopFigures:
    """One loop over one window, in ms of running time. automatic_ms: automatic and not at a limit; limit_ms: at one."""

    asset: str
    id: str
    running_ms: int
    automatic_ms: int
    limit_ms: int
    unknown_ms: int
    changes: int

    def to_json(self) -> Json:
        """Return the object of the detail."""
        return {
            "asset": self.asset,
            "automatic_ms": self.automatic_ms,
            "changes": self.changes,
            "id": self.id,
            "limit_ms": self.limit_ms,
            "running_ms": self.running_ms,
            "unknown_ms": self.unknown_ms,
        }


@dataclass(frozen=True, slots=True)
class AutomaticControl:
    """A claim of `automatic-control/1`; parameters: assets."""

    claim: Claim
    assets: tuple[str, ...]

    @property
    def ranges(self) -> tuple[SlotRange, ...]:
        """Return the slots whose sealed rows take part."""
        return (used_slots(self.claim),)

    def streams(self, document: ConfigDocument) -> Set[str]:
        """Return the state streams of the assets."""
        return self._streams() & document.index_of.keys()

    def _streams(self) -> set[str]:
        return {f"{asset}.state" for asset in self.assets}

    def required(self, documents: Sequence[ConfigDocument]) -> Set[str]:
        """Return the streams that may not be withheld: all that the plan keeps."""
        return all_streams(self, documents)

    def compute(self, view: LogView) -> Outcome:
        """Return Σ automatic time of the loops / Σ their running time."""
        claim = self.claim
        window = window_of(view, claim.first, claim.last, claim.lead, claim.grace)
        require_assets(claim, window, self.assets)
        signals = signals_of(view, window)
        loops = [one for asset in self.assets for one in loops_of(signals, asset)]
        value = ratio(sum(one.automatic_ms for one in loops), sum(one.running_ms for one in loops))
        streams = present_streams(window, self._streams())
        coverage = coverage_list(view, claim.first, claim.last, streams)
        detail: dict[str, Json] = {"loops": [one.to_json() for one in loops]}
        return outcome(value, "no_running_time", coverage, detail)


def loops_of(signals: Signals, asset: str) -> Iterator[LoopFigures]:
    """Yield the loops that an asset has in some configuration of the window, by id."""
    window = signals.window
    running = [
        (max(piece.start, window.start), piece.end)
        for piece in signals.states(asset)
        if piece.state is MachineState.RUN and piece.end > window.start
    ]
    in_force: dict[str, list[tuple[ConfigRun, Loop]]] = {}
    for run in window.all_runs:
        entry = run.plant.assets.get(asset)
        for loop in () if entry is None else entry.loops:
            in_force.setdefault(loop.id, []).append((run, loop))
    in_window = {
        loop_id: parts for loop_id, parts in in_force.items() if parts[-1][0].end > window.start
    }
    steps = 0
    looked_at: set[int] = set()
    for parts in in_window.values():
        steps += len(running) + len(parts) + _repeated(signals, asset, parts, looked_at)
    require_steps(steps * _STEPS, f"the control loops of {asset}", f"资产 {asset} 的控制回路")
    for loop_id in sorted(in_window):
        yield _Loop(signals, asset, in_window[loop_id]).figures(loop_id, running)


def _repeated(
    signals: Signals, asset: str, parts: Sequence[tuple[ConfigRun, Loop]], looked_at: set[int]
) -> int:
    """Return how many stretches of signals a loop goes through that another loop, or part of it, has gone through."""
    stream, repeated = f"{asset}.state", 0
    for _, loop in parts:
        timelines: list[Timeline[str | None] | Timeline[Fraction | None]] = [
            signals.texts(stream)(loop.mode, Role.LOOP_MODE)
        ]
        if loop.output:
            timelines.append(signals.numbers(stream, loop.output, Role.LOOP_OUTPUT))
        for timeline in timelines:
            if id(timeline) in looked_at:
                repeated += len(timeline.stretches)
            looked_at.add(id(timeline))
    return repeated


class _Loop:
    """One loop: the configurations that have it, its mode and its output over the visible time."""

    def __init__(
        self, signals: Signals, asset: str, parts: Sequence[tuple[ConfigRun, Loop]]
    ) -> None:
        self._asset = asset
        self._window = signals.window
        self._parts = parts
        stream = f"{asset}.state"
        texts = signals.texts(stream)
        self._modes: list[tuple[Stretch[str | None], Loop]] = []
        at_limit: list[Interval] = []
        for run, loop in parts:
            mode = texts(loop.mode, Role.LOOP_MODE)
            self._modes += [(stretch, loop) for stretch in mode.within(run.start, run.end)]
            if loop.output:
                output = signals.numbers(stream, loop.output, Role.LOOP_OUTPUT)
                at_limit += [
                    (start, end)
                    for start, end, value in output.within(run.start, run.end)
                    if value is not None and _is_at_limit(value, loop)
                ]
        self._at_limit = [(a, b) for a, b in union(at_limit) if b - a > _LIMIT_MS]

    def figures(self, loop_id: str, running: Sequence[Interval]) -> LoopFigures:
        """Return the figures of the loop; running: intervals of the window with state run."""
        present = union((run.start, run.end) for run, _ in self._parts)
        running = intersection(running, present)
        known = union(stretch[:2] for stretch, _ in self._modes)
        automatic = union(
            stretch[:2] for stretch, loop in self._modes if stretch.value in loop.automatic
        )
        automatic = intersection(running, automatic)
        running_ms, limited = _length(running), _length(intersection(automatic, self._at_limit))
        return LoopFigures(
            self._asset,
            loop_id,
            running_ms,
            _length(automatic) - limited,
            limited,
            running_ms - _length(intersection(running, known)),
            self._changes(Cover(running)),
        )

    def _changes(self, running: Cover) -> int:
        """Return how often one known mode value follows another at once, inside the window, while running."""
        return sum(
            before.end == after.start
            and before.value != after.value
            and after.start > self._window.start
            and running.holds(after.start)
            for (before, _), (after, _) in pairwise(self._modes)
        )


def _is_at_limit(value: Fraction, loop: Loop) -> bool:
    """Return whether an output is within 1/200 of the span of a limit, or beyond it."""
    margin = (loop.high - loop.low) * _LIMIT_SHARE
    return value <= loop.low + margin or value >= loop.high - margin


def _length(intervals: Sequence[Interval]) -> int:
    return sum(end - start for start, end in intervals)


def plan_automatic_control(claim: Claim) -> AutomaticControl:
    """Return the plan of a claim; raises `Refusal` (kind "claim") for other parameters."""
    parameters = Parameters(claim)
    assets = parameters.ids("assets")
    parameters.finish("1")
    return AutomaticControl(claim, assets)
