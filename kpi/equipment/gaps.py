"""Where a counter may have lost counts (docs/formats/statistics.md §6, "Gaps")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kpi.calendar import Interval
from kpi.document_types import Counter, SignalSpec
from kpi.equipment.cells import CounterId
from kpi.equipment.counters import Booked
from kpi.equipment.signal_rows import Specs
from kpi.history import ConfigSegment
from model.signal import ROLE_CLASS


@dataclass(frozen=True, slots=True)
class GapSpan:
    """One gap inside the window."""

    start_ms: int
    end_ms: int
    rules: Counter
    configured: bool
    """Whether the configuration has the role: only then pieces outside the plan may be missing too."""


def gap_spans(
    asset: str, counter: CounterId, booked: Booked, specs: Specs, parts: Sequence[ConfigSegment]
) -> list[GapSpan]:
    """Return the gaps of one counter over the time that `parts` tile, none empty.

    specs: what each configuration of the history says about the signal.
    """
    own = [(p.start_ms, p.end_ms, s) for p in parts if (s := _spec(asset, counter, p)) is not None]
    if not own:
        return []
    low, high = parts[0].start_ms, parts[-1].end_ms
    here = [(a, b) for a, b, _ in own]
    first_rules = own[0][2].rules
    found: list[GapSpan] = []

    def add(spans: Iterator[Interval], rules: Counter, *, configured: bool = True) -> None:
        found.extend(GapSpan(a, b, rules, configured) for a, b in spans)

    for gap in booked.gaps:
        add(_meet([(low, high)], gap.start_ms, gap.end_ms), gap.rules)
    if booked.first is None:
        add(iter(_adjoining(here)), first_rules)
    else:
        if booked.first.tau > low:
            add(_meet(here, low, booked.first.tau), _rules(specs, booked.first.config))
        proof, config = booked.proof
        spec = specs[config]
        hold = spec.hold_ms if spec is not None else 0
        if booked.doubtful or here[-1][1] - proof > hold:
            add(_meet(here, proof, high), _rules(specs, booked.last_config))
    without = [
        (p.start_ms, p.end_ms) for p in parts if not p.document.signals_of(asset, counter.role)
    ]
    add(iter(_adjoining(without)), first_rules, configured=False)
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
