"""Keep every source connected: one task a source, jittered back-off, a state that the board shows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from agent.backoff import Backoff
from model.batch import Batch
from model.clock import Clock
from model.errors import PermanentError, PlantproofError, TransientError
from model.flags import MissedCause
from model.source import Source, SourceState, SourceStatus

Deliver = Callable[[Batch], Awaitable[None]]

PERMANENT_RETRY_S = 300.0
"""A refused source is tried again after this time: somebody may have mended the device meanwhile."""
CLOSE_LIMIT_S = 2.0


class Supervisor:
    """Runs the sources and knows the state of each."""

    def __init__(self, sources: list[Source], deliver: Deliver, clock: Clock) -> None:
        """Take the sources; nothing is opened before `run`."""
        self._sources = sources
        self._deliver = deliver
        self._clock = clock
        self._log = logging.getLogger("plantproof.supervisor")
        self.statuses: dict[str, SourceStatus] = {}
        self._delivered = {source.name: 0 for source in sources}
        for source in sources:
            self._report(source, SourceState.STARTING, MissedCause.DEVICE)

    async def run(self) -> None:
        """Run until cancelled; then every source is closed within a limit."""
        async with asyncio.TaskGroup() as group:
            for source in self._sources:
                group.create_task(self._run_source(source), name=f"source {source.name}")

    def delivered(self) -> dict[str, int]:
        """Return how many batches of each source were handed on so far."""
        return dict(self._delivered)

    async def acknowledge(self, delivered: Mapping[str, int]) -> None:
        """Tell every source how many of its batches are on disk: the counts that `delivered` gave before the commit."""
        for source in self._sources:
            await source.acknowledge(delivered[source.name])

    def cause_of(self, source: str) -> MissedCause | None:
        """Return the cause that a missed slot of `source` has now; None while it is connected."""
        status = self.statuses[source]
        return None if status.state is SourceState.OK else status.cause

    async def _run_source(self, source: Source) -> None:
        backoff = Backoff()
        while True:
            try:
                try:
                    await source.connect()
                    self._report(source, SourceState.OK, MissedCause.ITEM)
                    async for batch in source.batches():
                        await self._deliver(batch)
                        self._delivered[source.name] += 1
                        backoff.reset()
                finally:
                    await self._close(source)
            except TransientError as exc:
                self._report(source, SourceState.RECOVERABLE, _cause_of(exc), exc)
                await backoff.wait()
            except PermanentError as exc:
                self._report(source, SourceState.PERMANENT, MissedCause.DEVICE, exc)
                await asyncio.sleep(PERMANENT_RETRY_S)
            else:
                # A live source never ends by itself; a replay does.
                self._report(source, SourceState.STOPPED, MissedCause.DEVICE)
                return

    async def _close(self, source: Source) -> None:
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await source.close()
        except (TimeoutError, OSError, PlantproofError) as exc:
            self._log.warning(
                "source did not close in order", extra={"source": source.name, "why": str(exc)}
            )

    def _report(
        self,
        source: Source,
        state: SourceState,
        cause: MissedCause,
        exc: PlantproofError | None = None,
    ) -> None:
        """Record a state; log only changes: lost once, back once."""
        before = self.statuses.get(source.name)
        if before is not None and before.state is state and (exc is None or before.en == exc.en):
            return
        self.statuses[source.name] = SourceStatus(
            source=source.name,
            state=state,
            since_ns=self._clock.unix_ns(),
            cause=cause,
            en=exc.en if exc else "",
            zh=exc.zh if exc else "",
        )
        if before is None:
            return
        if exc is None:
            self._log.info("source %s: %s", source.name, state.value)
        else:
            self._log.warning("source %s: %s: %s", source.name, state.value, exc.en)


def _cause_of(exc: TransientError) -> MissedCause:
    """Return the cause named by the connector (attribute `cause`), device otherwise."""
    cause = getattr(exc, "cause", MissedCause.DEVICE)
    return cause if isinstance(cause, MissedCause) else MissedCause.DEVICE
