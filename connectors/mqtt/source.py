"""One session at an MQTT broker as a source."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from connectors.base import Realm, SourceContext
from connectors.mqtt.client import Message, MqttClient
from connectors.mqtt.config import MqttAddress, MqttConnection
from connectors.mqtt.decode import Decoder, Rows, UndecodableError, route_of
from model.batch import Batch
from model.errors import PermanentError

_KEPT: Final = 100
_KEPT_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A message that could not be read, with the reason; the payload is cut to 1024 bytes."""

    topic: str
    payload: bytes
    reason: str
    received_ns: int


class MqttSource:
    """Subscribes to the topics of its points.

    A message of QoS 1 is acknowledged after `acknowledge`, that is, when its rows are on disk; after a crash before
    that the broker sends it again. One that cannot be read is counted, kept in `quarantine` (the latest 100) and
    acknowledged like the others, so it never blocks the ones behind it.
    """

    def __init__(self, context: SourceContext) -> None:
        """Split the addresses; opens nothing."""
        assert isinstance(context.connection, MqttConnection)  # noqa: S101 - given by the spec
        self.name = context.name
        self.undecodable = 0
        self.lost_times = 0
        self.quarantine: deque[Quarantined] = deque(maxlen=_KEPT)
        self._connection = context.connection
        self._clock = context.clock
        self._log = context.log
        self._realm = context.realm
        routes = []
        topics: list[str] = []
        for point in context.points:
            assert isinstance(point.address, MqttAddress)  # noqa: S101 - given by the spec
            routes.append(route_of(point.index, point.signal.type, point.address))
            topics.append(point.address.topic)
        self._topics = tuple(dict.fromkeys(topics))
        self._decoder = Decoder(routes)
        self._client: MqttClient | None = None
        self._closed: MqttClient | None = None
        self._yielded = 0
        self._unacknowledged: deque[tuple[int, int]] = deque()
        """(message id, number of the batch that must be on disk before it is acknowledged)."""
        self._committed = 0

    async def connect(self) -> None:
        """Connect and subscribe. Raises TransientError or PermanentError."""
        await self.close()
        if self._closed is not None:
            await self._closed.ended()
            self._closed = None
        c = self._connection
        client_id = c.client_id or f"plantproof-{self.name}".replace("+", "-")
        client = MqttClient(c, client_id, self._clock)
        self._client = client
        try:
            await client.connect(self._topics)
        except BaseException:
            await self.close()
            raise

    async def batches(self) -> AsyncIterator[Batch]:
        """Yield what arrived since the batch before. Raises TransientError when the connection is lost.

        Raises PermanentError when a payload says `"simulated": true` in a real plant.
        """
        client = self._client
        if client is None:
            raise RuntimeError("connect first")
        while True:
            messages = await client.receive()
            rows = self._decode(messages)
            # A message without rows waits for the batch before it: PUBACKs go out in order of arrival.
            self._yielded += len(rows) > 0
            self._unacknowledged.extend((m.mid, self._yielded) for m in messages if m.mid)
            if len(rows):
                yield rows.batch()
            else:
                await self.acknowledge(self._committed)

    async def acknowledge(self, batches: int | None = None) -> None:
        """Acknowledge every message of the first `batches` batches that this source ever yielded.

        None means all: right only if nothing was yielded since the commit began.
        """
        self._committed = self._yielded if batches is None else max(batches, self._committed)
        mids = []
        while self._unacknowledged and self._unacknowledged[0][1] <= self._committed:
            mids.append(self._unacknowledged.popleft()[0])
        if self._client is not None:
            self._client.acknowledge(mids)

    async def close(self) -> None:
        """Disconnect; what was not acknowledged comes again with the next connection."""
        client, self._client = self._client, None
        self._unacknowledged.clear()
        if client is not None:
            self._closed = client
            await client.close()

    def _decode(self, messages: list[Message]) -> Rows:
        rows = Rows()
        for message in messages:
            try:
                self._decoder.decode(
                    message.topic,
                    message.payload,
                    message.received_ns,
                    rows,
                    retained=message.retained,
                )
            except UndecodableError as exc:
                self._set_aside(message, str(exc))
        if rows.simulated and self._realm is Realm.EV:
            raise PermanentError(
                f'{self.name}: a payload says "simulated": true; a real plant (realm ev) refuses it. '
                "Use realm sim, or subscribe to the real device",
                f'{self.name}:消息自报为仿真数据("simulated": true),真实工厂(realm ev)拒绝采集;'
                "请改用 realm sim,或订阅真实设备",
            )
        self.lost_times += rows.lost_times
        return rows

    def _set_aside(self, message: Message, reason: str) -> None:
        if not self.undecodable:
            self._log.warning(
                "mqtt: %s: message cannot be read: %s: %s", self.name, message.topic, reason
            )
        self.undecodable += 1
        kept = message.payload[:_KEPT_BYTES]
        self.quarantine.append(Quarantined(message.topic, kept, reason, message.received_ns))
