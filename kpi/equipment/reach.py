"""The times that cells are formed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kpi.history import ConfigSegment


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Configurations in force over three times, one inside the other.

    A claim is its own scope; statistics that go on hour by hour have all the time since the log began as theirs.
    """

    visible: Sequence[ConfigSegment]
    """Time from which rows are seen, to the end of the window."""
    window: Sequence[ConfigSegment]
    """Time of the cells."""
    scope: Sequence[ConfigSegment]
    """Time of which the window is a part: where a counter is configured, and where it began."""

    @property
    def start_ms(self) -> int:
        """Return the first ms of the window."""
        return self.window[0].start_ms

    @property
    def end_ms(self) -> int:
        """Return the ms after the window."""
        return self.window[-1].end_ms
