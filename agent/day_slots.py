"""Slots of every required point of the running production day, counted once a sealed minute, for the board."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from agent.log_reader import LogFollower
from kpi.history import ConfigHistory, ConfigSegment
from kpi.ratios import AssetCounts
from kpi.slot_tally import MOST_SLOTS, SlotTally
from kpi.window import Span
from model.errors import PermanentError

_LOG: Final = logging.getLogger("plantproof.board")


class DaySlots:
    """Keeps one `SlotTally`; begins again when the day, or a configuration that judges it, changes."""

    def __init__(self, log: LogFollower, *, most_slots: int = MOST_SLOTS) -> None:
        """Take the log; reads nothing. most_slots: scheduled slots of a day that are counted at most."""
        self._log = log
        self._most_slots = most_slots
        self._tally: SlotTally | None = None
        self._span: Span | None = None
        self._parts: tuple[ConfigSegment, ...] = ()
        self._next_slot = -1
        self._refused: Span | None = None
        """The day that cannot be counted: said once, not every minute."""

    def counts(
        self, span: Span, day_end: int, history: ConfigHistory
    ) -> Mapping[str, AssetCounts] | None:
        """Return what the slots of a window that grows up to slot `day_end` add to; None if they cannot be counted.

        Reads what was sealed since the last call, or from the lead of the window on after a change.
        """
        day = replace(span, last=max(day_end, span.last))
        parts = history.segments(span.start_ms, span.end_ms)
        parts = (*parts[:-1], replace(parts[-1], end_ms=day.end_ms))
        if day == self._refused:
            return None
        # A count that failed half-way is not used again.
        tally, self._tally = self._tally, None
        if tally is None or day != self._span or not _same(parts, self._parts):
            try:
                tally = SlotTally(parts, day, most_slots=self._most_slots)
            except PermanentError as exc:
                _LOG.warning("upload rate of today on the board: %s", exc.en)
                self._refused = day
                return None
            self._span, self._parts, self._next_slot = day, parts, span.first - span.lead
        for rows in self._log.required_rows(self._next_slot, span.last):
            tally.add(rows)
        self._tally, self._next_slot = tally, span.last
        found = tally.until(span.last)
        return found if tally.exact else None


def _same(some: tuple[ConfigSegment, ...], others: tuple[ConfigSegment, ...]) -> bool:
    """Return whether two histories of a day judge alike; the last segments end with the day in both."""
    return len(some) == len(others) and all(
        a.document is b.document and a.start_ms == b.start_ms and a.stops == b.stops
        for a, b in zip(some, others, strict=True)
    )
