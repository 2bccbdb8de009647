"""The contract between a connector and the agent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from model.batch import Batch
from model.flags import MissedCause


class SourceState(StrEnum):
    """State of one source as the board shows it."""

    STARTING = "starting"
    OK = "ok"
    RECOVERABLE = "recoverable"
    PERMANENT = "permanent"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """State of one source with its reason in both languages and the cause a missed slot would get."""

    source: str
    state: SourceState
    since_ns: int
    cause: MissedCause
    en: str = ""
    zh: str = ""


class Source(Protocol):
    """One connection to one server or device. Constructing it opens nothing.

    The supervisor calls `connect`, then iterates `batches` until an error or cancellation, then `close`; and again
    after a back-off. A batch must be safe to keep: its arrays are never written again.
    `batches` yields rows of the signals given at construction, flagged ALIVE where an item was re-read unchanged.
    """

    name: str

    async def connect(self) -> None:
        """Open the connection and prepare reading. Raises TransientError or PermanentError."""
        ...

    def batches(self) -> AsyncIterator[Batch]:
        """Yield batches until cancelled. Raises TransientError when the connection is lost."""
        ...

    async def acknowledge(self, batches: int | None = None) -> None:
        """Learn that the first `batches` batches ever yielded are on disk; None = all yielded so far.

        QoS 1 acknowledgements go out now, and not earlier.
        """
        ...

    async def close(self) -> None:
        """Release everything; safe if never connected and if called twice."""
        ...
