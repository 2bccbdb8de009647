"""One OPC UA server as a source of batches: subscription, watchdogs, proofs of life, counted losses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from config.base import milliseconds
from connectors.base import SourceContext
from connectors.opcua import errors, plan
from connectors.opcua.client import Session
from connectors.opcua.config import OpcUaAddress, OpcUaConnection
from connectors.opcua.convert import Targets, known_items, to_batch
from connectors.opcua.errors import RefusedError
from connectors.opcua.inbox import Inbox
from connectors.opcua.items import ItemTable
from connectors.opcua.proof import ProofBook, alive_rows, first_of, with_receipt_rows
from connectors.opcua.readings import PublishMessage, Readings, joined
from connectors.opcua.sequence import Arrival, SequenceBook
from model.batch import Batch
from model.flags import RowFlag

_INBOX_LIMIT: Final = 64
"""Messages between network and pipeline; beyond it no PublishRequest is sent and the queues of the server fill."""
_WATCH_SECONDS: Final = 0.5
_NS_PER_MS: Final = 1_000_000


@dataclass(slots=True)
class Counters:
    """What has happened since the source was made; only the source writes it."""

    messages: int = 0
    values: int = 0
    republished_notifications: int = 0
    lost_notifications: int = 0
    """Notifications that no Republish brought back: proven loss."""
    overflow_rows: int = 0
    """Rows before which the server dropped values: proven loss."""
    unknown_items: int = 0
    proofs: int = 0
    silent_items: int = 0
    """Findings `item silently dead`: the value had moved, the subscription had not said so."""
    server_clock_offset_ns: int | None = None
    """Clock of the server minus ours, half a round trip uncertain."""


@dataclass(frozen=True, slots=True)
class _Published:
    message: PublishMessage
    received_ns: int


@dataclass(frozen=True, slots=True)
class _Reread:
    readings: Readings
    received_ns: int
    again: bool
    """Whether these are the suspects of the round before, read once more."""


_Message = _Published | _Reread | Batch


class OpcUaSource:
    """Implements `model.source.Source` for one server."""

    def __init__(self, context: SourceContext) -> None:
        connection = context.connection
        if not isinstance(connection, OpcUaConnection):
            raise TypeError("an OPC UA source needs an OpcUaConnection")
        self.name = context.name
        self.counters = Counters()
        self._config = connection
        self._clock = context.clock
        self._log = context.log
        self._realm = context.realm
        addresses = []
        for point in context.points:
            if not isinstance(point.address, OpcUaAddress):
                raise TypeError("an OPC UA point needs an OpcUaAddress")
            addresses.append(point.address)
        types = [p.signal.type for p in context.points]
        slots = [p.signal.slot_ms for p in context.points if p.signal.required]
        self._round_ns = min([milliseconds(connection.reread), *slots]) * _NS_PER_MS
        self._names = [f"{p.signal.device}.{p.signal.name}" for p in context.points]
        self._required = np.array([p.signal.required for p in context.points], dtype=np.bool_)
        self._types = types
        self._targets = Targets.of([p.index for p in context.points], types)
        self._elements = np.array(
            [-1 if a.index is None else a.index for a in addresses], dtype=np.int32
        )
        self._items = ItemTable(connection, addresses, self._names, context.log)
        self._session: Session | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._book = ProofBook([], [])
        self._sequences = SequenceBook()
        self._acks: list[tuple[int, int]] = []
        self._suspects: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._suspected_at = 0
        self._last_publish_ns = 0
        self._publishers = 0

    async def connect(self) -> None:
        """Open the session, resolve the addresses and create the subscription."""
        await self.close()
        session = Session(self._config, self._realm, self._clock, self._log)
        await session.open()
        self._session = session
        try:
            await self._items.start(session)
        except BaseException:
            await self.close()
            raise
        self._book = ProofBook(self._items.deadbands, self._types)
        self._sequences = SequenceBook()
        self._acks = []
        self._suspects = self._suspects[:0]

    async def batches(self) -> AsyncIterator[Batch]:
        """Yield one batch a notification, and the proofs of life. Raises TransientError when the connection is lost."""
        session = self._session
        if session is None:
            raise RuntimeError("connect comes before batches")
        inbox: Inbox[_Message] = Inbox(_INBOX_LIMIT)
        missing = self._missing_rows(required_only=False)
        if len(missing):
            yield missing
        self._start(session, inbox)
        try:
            while True:
                for batch in await self._rows(session, await inbox.get_all()):
                    if len(batch):
                        yield batch
        finally:
            await self._stop()

    async def acknowledge(self, batches: int | None = None) -> None:
        """Do nothing: a notification is acknowledged on arrival, the server keeps it too short a time for more."""

    async def close(self) -> None:
        """Stop the tasks and close the session; safe if never connected and if called twice."""
        session, self._session = self._session, None
        await self._stop()
        if session is not None:
            await session.close()

    # --- tasks -----------------------------------------------------------------------------------------------

    def _start(self, session: Session, inbox: Inbox[_Message]) -> None:
        """Start what runs beside the consumer.

        No TaskGroup: it would cancel the task that drives this generator, wherever that is at the moment.
        """

        def ended(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (failure := task.exception()) is not None:
                inbox.fail(failure)

        self._last_publish_ns = self._clock.monotonic_ns()
        self._publishers = self._config.publish_requests
        work: list[Coroutine[Any, Any, None]] = [
            *(self._publish(session, inbox) for _ in range(self._publishers)),
            self._watch(inbox),
            self._prove(session, inbox),
            self._watch_clock(session),
            self._renew(session),
        ]
        for coroutine in work:
            task = asyncio.create_task(coroutine)
            task.add_done_callback(ended)
            self._tasks.append(task)

    async def _stop(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _publish(self, session: Session, inbox: Inbox[_Message]) -> None:
        """Keep one PublishRequest in flight; several of these run at once."""
        while True:
            acks, self._acks = self._acks, []
            try:
                message = await session.publish(acks, self._elements)
            except RefusedError as fault:
                if fault.code == errors.TOO_MANY_PUBLISH_REQUESTS and self._publishers > 1:
                    self._publishers -= 1
                    self._log.info(
                        "%s: the server takes %d PublishRequests", self.name, self._publishers
                    )
                    return
                if fault.code in {errors.BAD_TIMEOUT, errors.TOO_MANY_PUBLISH_REQUESTS}:
                    continue
                raise errors.refused(fault, self._config.url, "Publish") from fault
            now = self._clock.unix_ns()
            self._last_publish_ns = self._clock.monotonic_ns()
            self.counters.messages += 1
            if message is None:
                continue
            if not message.keep_alive:
                self._acks.append((message.subscription, message.sequence))
            if inbox.full:
                await inbox.put(_Published(message, now))
                # Nothing was asked for meanwhile: the silence was ours.
                self._last_publish_ns = self._clock.monotonic_ns()
            else:
                await inbox.put(_Published(message, now))

    async def _watch(self, inbox: Inbox[_Message]) -> None:
        """First watchdog: no response at all, not even a keep-alive."""
        limit_ns = self._items.silence_ms * _NS_PER_MS
        while True:
            quiet_ns = self._clock.monotonic_ns() - self._last_publish_ns
            if inbox.full:
                self._last_publish_ns = self._clock.monotonic_ns()
                quiet_ns = 0
            elif quiet_ns > limit_ns:
                raise errors.silent(self._config.url, quiet_ns / 1e9)
            # Not before it can be true: a wake-up a source and second is much in a plant of many sources.
            await asyncio.sleep((limit_ns - quiet_ns) / 1e9 + _WATCH_SECONDS)

    async def _watch_clock(self, session: Session) -> None:
        """Second watchdog: the clock of the server must be readable and move."""
        before: int | None = None
        while True:
            now = await session.server_time_ns()
            if now is None:
                self._log.info("%s: the clock of the server cannot be read", self.name)
                return
            if before is not None and now <= before:
                raise errors.clock_stands_still(self._config.url)
            before = now
            self.counters.server_clock_offset_ns = now - self._clock.unix_ns()
            await asyncio.sleep(self._config.canary.total_seconds())

    async def _renew(self, session: Session) -> None:
        while True:
            await asyncio.sleep(session.renew_after_s)
            await session.renew()

    async def _prove(self, session: Session, inbox: Inbox[_Message]) -> None:
        """Third watchdog: read every required item once a round, and what differs once more after a grace."""
        while True:
            now = self._clock.unix_ns()
            await asyncio.sleep((plan.next_round_ns(now, self._round_ns) - now) / 1e9)
            await self._items.retry_missing(session)
            await inbox.put(self._missing_rows(required_only=True))
            items = self._items.active(self._required)
            await self._reread(session, inbox, items, again=False)
            await asyncio.sleep(self._items.grace_ms / 1000)
            # An item of which the subscription has spoken meanwhile is not dead; only the others are read once more.
            quiet = self._book.silent_since(self._suspects, self._suspected_at)
            self._suspects = self._suspects[quiet]
            await self._reread(session, inbox, self._suspects, again=True)

    async def _reread(
        self,
        session: Session,
        inbox: Inbox[_Message],
        items: NDArray[np.int64],
        *,
        again: bool,
    ) -> None:
        if len(items):
            readings = await self._read(session, items)
            await inbox.put(_Reread(readings, self._clock.unix_ns(), again))

    async def _read(self, session: Session, items: NDArray[np.int64]) -> Readings:
        """Return what the device says now, `item` naming the point."""
        nodes = [self._items.nodes[i] or "" for i in items.tolist()]
        readings = await session.read(nodes, self._elements[items])
        return Readings(
            items[readings.item],
            readings.kind,
            readings.bits,
            readings.status,
            readings.source_ns,
            readings.texts,
        )

    # --- rows, in the consumer -------------------------------------------------------------------------------

    async def _rows(self, session: Session, messages: Sequence[_Message]) -> list[Batch]:
        """Return the rows of messages of the inbox; notifications that came together become one batch."""
        rows: list[Batch] = []
        live: list[tuple[Readings, int]] = []
        for message in messages:
            if isinstance(message, _Published):
                rows += await self._published(session, message, live)
                continue
            rows += self._live(live)
            if isinstance(message, Batch):
                rows.append(message)
            elif message.again:
                rows += await self._second_look(session, message)
            else:
                rows += self._first_look(message)
        return rows + self._live(live)

    async def _published(
        self, session: Session, message: _Published, live: list[tuple[Readings, int]]
    ) -> list[Batch]:
        """Put the values of a notification into `live`; return the rows that must come before them."""
        published = message.message
        if published.status_change is not None:
            raise errors.lost(
                self._config.url, f"the subscription ended with 0x{published.status_change:08X}"
            )
        rows: list[Batch] = []
        arrival = self._sequences.arrived(
            published.subscription, published.sequence, keep_alive=published.keep_alive
        )
        if arrival.lost:
            rows += self._live(live)
            rows += await self._recover(session, published.subscription, arrival)
        if arrival.found_again:
            self.counters.lost_notifications -= 1
        if arrival.fresh and published.readings is not None:
            live.append((published.readings, message.received_ns))
        return rows

    def _live(self, live: list[tuple[Readings, int]]) -> list[Batch]:
        """Return the rows of notifications as one batch, remember them as the last values, and empty the list.

        live: readings of each notification, and when it was received.
        """
        if not live:
            return []
        readings = joined([part for part, _ in live])
        received: int | NDArray[np.int64] = live[0][1]
        if len(live) > 1:
            received = np.repeat(np.array([at for _, at in live]), [len(part) for part, _ in live])
        live.clear()
        known = known_items(readings, len(self._names))
        if known is not readings:
            self.counters.unknown_items += len(readings) - len(known)
            if not isinstance(received, int):
                received = received[readings.item < len(self._names)]
            readings = known
        batch = to_batch(readings, self._targets, received)
        self.counters.values += len(batch)
        self.counters.overflow_rows += int(
            np.count_nonzero(batch.flags & np.uint16(RowFlag.OVERFLOW))
        )
        resumed = self._book.resumes(readings.item)
        self._book.note(readings.item, batch)
        if resumed.any():
            return [with_receipt_rows(batch, first_of(resumed, readings.item))]
        return [batch]

    async def _recover(self, session: Session, subscription: int, arrival: Arrival) -> list[Batch]:
        """Ask for lost notifications again; read everything, marked OVERFLOW, if one is gone for good."""
        rows = []
        gone = arrival.missing - len(arrival.lost)
        for sequence in arrival.lost:
            again = await session.republish(subscription, sequence, self._elements)
            if again is None:
                gone += 1
                continue
            self.counters.republished_notifications += 1
            self._sequences.recovered(subscription, sequence)
            if again.readings is not None:
                rows += self._live([(again.readings, self._clock.unix_ns())])
        if gone:
            self.counters.lost_notifications += gone
            self._log.warning(
                "%s: %d of %d missing notifications are lost; reading every item again",
                self.name,
                gone,
                arrival.missing,
            )
            items = self._items.active(np.ones_like(self._required))
            if len(items):
                readings = await self._read(session, items)
                batch = to_batch(readings, self._targets, self._clock.unix_ns(), RowFlag.OVERFLOW)
                self._book.note(readings.item, batch)
                rows.append(batch)
        return rows

    def _first_look(self, message: _Reread) -> list[Batch]:
        """Compare a re-read with the last values; what differs is looked at once more after the grace."""
        items = message.readings.item
        read = to_batch(message.readings, self._targets, message.received_ns)
        verdict = self._book.compare(items, read)
        self._suspects = items[verdict.differs]
        self._suspected_at = self._book.turn()
        self.counters.proofs += int(np.count_nonzero(verdict.alive))
        report = read.select(verdict.report)
        self._book.note(items[verdict.report], report)
        return [alive_rows(read, verdict.alive), report]

    async def _second_look(self, session: Session, message: _Reread) -> list[Batch]:
        """Find the items that moved, still differ, and of which the subscription said nothing meanwhile."""
        items = message.readings.item
        read = to_batch(message.readings, self._targets, message.received_ns)
        quiet = self._book.silent_since(items, self._suspected_at)
        verdict = self._book.compare(items, read)
        self._suspects = self._suspects[:0]
        dead = verdict.differs & quiet
        self.counters.proofs += int(np.count_nonzero(verdict.alive))
        keep = dead | verdict.report
        kept = read.select(keep)
        self._book.note(items[keep], kept)
        if dead.any():
            names = [self._names[i] for i in items[dead].tolist()]
            self.counters.silent_items += len(names)
            self._log.warning(
                "%s: item silently dead, its value moved and the subscription did not say so; making it anew: %s",
                self.name,
                ", ".join(names[:20]),
            )
            await self._items.recreate(session, items[dead].tolist())
        return [alive_rows(read, verdict.alive), kept]

    def _missing_rows(self, *, required_only: bool) -> Batch:
        """Return a row without value for every point that the server does not have, with its reason."""
        chosen = [i for i in self._items.missing if self._required[i] or not required_only]
        items = np.array(chosen, dtype=np.int64)
        return self._items.missing_rows(items, self._targets, self._clock.unix_ns())
