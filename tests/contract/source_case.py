"""What a connector brings to the shared contract suite of sources."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from connectors.base import ConnectorSpec, SourceContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """A running counterpart and a context whose points it has.

    The first point is a required int signal that rests at 5 from the start.
    """

    context: SourceContext
    set_first: Callable[[int], Awaitable[None]]
    """Give the first point another value."""
    stop: Callable[[], Awaitable[None]]
    """End the counterpart, so that the connection breaks; the port stays closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCase:
    """One connector in the suite."""

    name: str
    spec: ConnectorSpec
    start: Callable[[], AbstractAsyncContextManager[Plant]]
    """Start a counterpart of its own; with rounds well below a second, so that proofs of life come soon,
    and time-outs of a minute, so that waiting for one is noticed."""
    nobody: Callable[[], SourceContext]
    """A context whose address refuses every connection."""
    reports_stop: bool = True
    """Whether a stopped counterpart ends `batches` with TransientError (not so where a poll may just fail)."""
    proves_rest: bool = True
    """Whether a resting required point gives ALIVE rows (not so where each poll is a row)."""
