"""Where a counter may have lost counts (docs/formats/statistics.md §6, "Gaps")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kpi.calendar import Interval
from kpi.document_types import Counter, SignalSpec
from kpi.equipment.cells import CounterId, GapKind
from kpi.equipment.counters import Booked
from kpi.equipment.reach import Reach
from kpi.equipment.signal_rows import Specs
from kpi.history import ConfigSegment
from model.signal import ROLE_CLASS


@dataclass(frozen=True, slots=True)
class GapSpan:
    """One gap inside the window."""

    kind: GapKind
    origin_ms: int
    """Start of the uncut gap of kind STEP, else 0."""
    start_ms: int
    end_ms: int
    rules: Counter


def gap_spans(
    asset: str, counter: CounterId, booked: Booked, specs: Specs, reach: Reach
) -> list[GapSpan]:
    """Return the gaps (i), (ii) and (iii) of one counter inside the window, where the signal is configured; none empty.

    specs: what each configuration of the history says about the signal.
    """
    own = [
        (p.start_ms, p.end_ms, s)
        for p in reach.scope
        if (s := _spec(asset, counter, p)) is not None
    ]
    if not own:
        return []
    first, low, high = reach.scope[0].start_ms, reach.start_ms, reach.end_ms
    here = [(a, b) for a, b, _ in own]
    found = [
        GapSpan(GapKind.STEP, gap.start_ms, a, b, gap.rules)
        for gap in booked.gaps
        for a, b in _meet(here, max(gap.start_ms, low), min(gap.end_ms, high))
    ]

    def add(kind: GapKind, start_ms: int, end_ms: int, rules: Counter) -> None:
        spans = _meet(here, max(start_ms, low), min(end_ms, high))
        found.extend(GapSpan(kind, 0, a, b, rules) for a, b in spans)

    if booked.first is None:
        add(GapKind.BEFORE, first, high, own[0][2].rules)
        return found
    if booked.first.tau > first:
        add(GapKind.BEFORE, first, booked.first.tau, _rules(specs, booked.first.config))
    proof, config = booked.proof
    spec = specs[config]
    hold = spec.hold_ms if spec is not None else 0
    if booked.doubtful or here[-1][1] - proof > hold:
        add(GapKind.AFTER, proof, high, _rules(specs, booked.last_config))
    return found


def _spec(asset: str, counter: CounterId, part: ConfigSegment) -> SignalSpec | None:
    """Return the signal if the configuration has it as this counter."""
    stream = f"{asset}.{ROLE_CLASS[counter.role].value}"
    spec = part.document.signal.get((stream, counter.signal))
    same = spec is not None and (spec.role, spec.alternate_of) == (
        counter.role,
        counter.alternate_of,
    )
    return spec if same else None


def _rules(specs: Specs, config: int) -> Counter:
    spec = specs[config]
    if spec is None:
        raise ValueError("a reading of a configuration that does not have the signal")
    return spec.rules


def _adjoining(spans: Sequence[Interval]) -> list[Interval]:
    """Return rising intervals with those joined that touch."""
    found: list[Interval] = []
    for a, b in spans:
        if found and found[-1][1] == a:
            found[-1] = (found[-1][0], b)
        else:
            found.append((a, b))
    return found


def _meet(spans: Sequence[Interval], start_ms: int, end_ms: int) -> Iterator[Interval]:
    """Yield what intervals have in common with [start, end), touching ones joined."""
    for a, b in _adjoining(spans):
        low, high = max(a, start_ms), min(b, end_ms)
        if low < high:
            yield low, high
