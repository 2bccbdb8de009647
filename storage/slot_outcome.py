"""The outcomes of a scheduled slot, in order of precedence (docs/formats/claims.md `upload-rate/1`, kpi-audit U7)."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from model.flags import MissedCause


class Outcome(IntEnum):
    """What a scheduled slot of a point ended in; the first that fits counts."""

    ON_TIME = 0
    HELD_ALIVE = 1
    LATE = 2
    BAD_QUALITY = 3
    MISSED_PLANNED = 4
    MISSED_RECONFIGURED = 5
    MISSED_AGENT = 6
    MISSED_OVERLOAD = 7
    MISSED_NETWORK = 8
    MISSED_SERVER = 9
    MISSED_ITEM = 10
    MISSED_DEVICE = 11

    @property
    def label(self) -> str:
        """Return the name used in claims, such as `missed_network`."""
        return self.name.lower()


OUTCOMES: Final = len(Outcome)

OUTCOME_OF_CAUSE: Final = {
    MissedCause.PLANNED: Outcome.MISSED_PLANNED,
    MissedCause.RECONFIGURED: Outcome.MISSED_RECONFIGURED,
    MissedCause.AGENT: Outcome.MISSED_AGENT,
    MissedCause.OVERLOAD: Outcome.MISSED_OVERLOAD,
    MissedCause.NETWORK: Outcome.MISSED_NETWORK,
    MissedCause.SERVER: Outcome.MISSED_SERVER,
    MissedCause.ITEM: Outcome.MISSED_ITEM,
    MissedCause.DEVICE: Outcome.MISSED_DEVICE,
}
CAUSE_OF_OUTCOME: Final = {outcome: cause for cause, outcome in OUTCOME_OF_CAUSE.items()}
