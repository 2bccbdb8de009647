"""Collecting the rows that plans need, in the one pass over the frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.document import ConfigDocument
from evidence.frame import FrameColumns
from evidence.recompute.interface import Plan
from evidence.recompute.view import StreamColumns
from model.signal import SignalType


@dataclass(frozen=True, slots=True)
class Sink:
    """Where the rows of one stream go while one configuration is in force."""

    columns: StreamColumns
    names: tuple[int, ...] | None
    text: bytes

    def add(self, slot: int, frame: FrameColumns) -> None:
        """Keep the rows of one frame."""
        self.columns.add(slot, frame, self.names, self.text)


class Collector:
    """Keeps the rows of the streams that at least one plan needs in a slot, and notes what was withheld."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self._plans = plans
        self._cache: dict[tuple[int, frozenset[int]], tuple[Sink | None, ...]] = {}
        self.columns: dict[str, StreamColumns] = {}
        self.names: dict[str, dict[str, int]] = {}
        self.withheld: list[tuple[int, str]] = []
        """(slot, stream) of withheld frames that a plan wants."""
        edges = {edge for plan in plans for low, high in plan.ranges for edge in (low, high)}
        self._edges = sorted(edges)
        self._until = -1
        self._active: frozenset[int] = frozenset()

    def sinks(self, slot: int, config: int, document: ConfigDocument) -> tuple[Sink | None, ...]:
        """Return one sink or None a stream for a block; slots come in ascending order."""
        if slot >= self._until:
            self._active = frozenset(
                number
                for number, plan in enumerate(self._plans)
                if any(low <= slot < high for low, high in plan.ranges)
            )
            self._until = next((edge for edge in self._edges if edge > slot), 2**63)
        key = (config, self._active)
        sinks = self._cache.get(key)
        if sinks is None:
            sinks = self._cache[key] = self._make(document)
        return sinks

    def _make(self, document: ConfigDocument) -> tuple[Sink | None, ...]:
        wanted: set[str] = set()
        for number in self._active:
            wanted |= self._plans[number].streams(document)
        return tuple(
            self._sink(document, index) if layout.stream in wanted else None
            for index, layout in enumerate(document.layouts)
        )

    def _sink(self, document: ConfigDocument, index: int) -> Sink:
        layout, names = document.layouts[index], document.signal_names[index]
        numbers = self.names.setdefault(layout.stream, {})
        mapped = tuple(numbers.setdefault(name, len(numbers)) for name in names)
        text = bytes(kind is SignalType.TEXT for kind in layout.types)
        return Sink(
            self.columns.setdefault(layout.stream, StreamColumns()),
            None if mapped == tuple(range(len(mapped))) else mapped,
            text if any(text) else b"",
        )
