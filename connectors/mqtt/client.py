"""The only file that uses paho-mqtt: its thread hands messages over to the event loop through a bounded queue.

Overflow rule: when the queue is full the thread of paho waits, so the socket fills and the broker keeps what has QoS 1.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from connectors.mqtt.config import MqttConnection
from connectors.mqtt.errors import lost, not_connected, refused, subscription_refused, unreadable
from model.clock import Clock
from model.errors import PlantproofError

QUEUE_LENGTH: Final = 10_000
_STOP_SECONDS: Final = 5.0
_FAILURE: Final = 0x80


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it arrived; `mid` is 0 when there is nothing to acknowledge."""

    topic: str
    payload: bytes
    mid: int
    retained: bool
    received_ns: int


class _TlsContext(ssl.SSLContext):
    """Remembers the socket it wrapped last, so that it can be closed when the handshake fails."""

    latest: ssl.SSLSocket | None = None

    def wrap_socket(self, *arguments: Any, **options: Any) -> ssl.SSLSocket:  # type: ignore[explicit-override]
        """Wrap as the library does."""
        self.latest = super().wrap_socket(*arguments, **options)
        return self.latest


class MqttClient:
    """One session at a broker: connect once, then `receive` until it raises."""

    def __init__(
        self,
        connection: MqttConnection,
        client_id: str,
        clock: Clock,
        queue_length: int = QUEUE_LENGTH,
    ) -> None:
        self.most_waiting = 0
        """Most messages that ever waited in the queue."""
        self._connection = connection
        self._clock = clock
        self._where = f"{connection.host}:{connection.port}"
        self._queue_length = queue_length
        self._queue: deque[Message] = deque()
        self._room = threading.Condition()
        self._closing = False
        self._looping = False
        """Whether the thread of paho runs: only then is there anything to stop."""
        self._ended = asyncio.Event()
        """Set while no thread opens a connection."""
        self._ended.set()
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._connected: asyncio.Future[ReasonCode] = self._loop.create_future()
        self._subscribed: asyncio.Future[Sequence[ReasonCode]] = self._loop.create_future()
        self._lost: PlantproofError | None = None
        self._tls: _TlsContext | None = None
        self._client = self._make_client(client_id)

    # ---- called by the source, in the event loop

    async def connect(self, topics: Sequence[str]) -> None:
        """Connect and subscribe. Raises TransientError or PermanentError."""
        limit = self._connection.connect_timeout.total_seconds()
        try:
            await self._opened(self._client)
            async with asyncio.timeout(limit):
                reason = await self._connected
            if reason.is_failure:
                raise refused(self._where, reason.value, reason.getName())
            options: list[tuple[str, int]] = [(topic, self._connection.qos) for topic in topics]
            self._client.subscribe(options)
            async with asyncio.timeout(limit):
                reasons = await self._subscribed
        except (OSError, TimeoutError, ValueError) as exc:
            raise self._lost or not_connected(self._where, exc) from exc
        for topic, reason in zip(topics, reasons, strict=False):
            if reason.value >= _FAILURE:
                raise subscription_refused(self._where, topic, reason.value)

    async def receive(self) -> list[Message]:
        """Return every message that waits, at least one. Raises TransientError once the connection is lost."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            with self._room:
                messages = list(self._queue)
                self._queue.clear()
                self._room.notify_all()
            if messages:
                if self._lost is not None:
                    self._arrived.set()
                return messages
            if self._lost is not None:
                raise self._lost

    def acknowledge(self, mids: Iterable[int]) -> None:
        """Send PUBACK for each, in the order given."""
        for mid in mids:
            self._client.ack(mid, 1)

    async def close(self) -> None:
        """Disconnect and stop the thread, once; the session stays at the broker.

        A connection that is being opened at this moment is closed by the thread that opens it, whenever that returns.
        """
        with self._room:
            self._closing = True
            looping = self._looping
            self._room.notify_all()
        for waiting in (self._connected, self._subscribed):
            waiting.cancel()
        if looping:
            self._client.disconnect()
            await asyncio.to_thread(self._client.loop_stop)
        # paho closes its wake-up sockets when it is freed, so nothing may keep it in a cycle: neither these callbacks
        # nor an error whose traceback leads back here.
        self._client.on_connect = self._client.on_subscribe = None
        self._client.on_message = self._client.on_disconnect = None
        del self._client

    async def ended(self) -> None:
        """Wait until a connection that was being opened at `close` is closed too.

        It has the client id of the next one: opened late, it would make the broker drop that one.
        """
        await self._ended.wait()

    # ---- set-up

    def _make_client(self, client_id: str) -> Client:
        five = self._connection.version == "5"
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
            clean_session=None if five else False,
            reconnect_on_failure=False,  # the supervisor owns every reconnect
            manual_ack=True,
        )
        client.connect_timeout = self._connection.connect_timeout.total_seconds()
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        return client

    async def _opened(self, client: Client) -> None:
        """Wait until `client` has a connection and its thread runs.

        In a daemon thread, not in the pool of the loop: a broker that swallows packets must not hold up the end of the
        program until the time is over.
        """
        done: asyncio.Future[None] = self._loop.create_future()

        def work() -> None:
            try:
                self._open(client)
            except BaseException as exc:  # noqa: BLE001 - raised again where it is awaited
                self._in_loop(_settle, done, exc)
            else:
                self._in_loop(_settle, done, None)
            finally:
                self._in_loop(self._ended.set)

        self._ended.clear()
        threading.Thread(target=work, name=f"connecting to {self._where}", daemon=True).start()
        await done

    def _open(self, client: Client) -> None:
        """Blocking part of connecting: files, name, socket, TLS."""
        c = self._connection
        if c.username is not None:
            client.username_pw_set(c.username, self._password())
        if c.tls is not None:
            self._tls = self._tls_context()
            client.tls_set_context(self._tls)
        properties = None
        if c.version == "5":
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = int(c.session_expiry.total_seconds())
        try:
            self._dial(client, properties)
        except OSError:
            if self._tls is not None and self._tls.latest is not None:
                self._tls.latest.close()  # paho leaves the socket of a failed handshake open
            raise
        with self._room:
            if not self._closing:
                client.loop_start()
                self._looping = True
                return
        client.disconnect()

    def _dial(self, client: Client, properties: Properties | None) -> None:
        c = self._connection
        keep_alive = int(c.keep_alive.total_seconds())
        if c.version == "5":
            client.connect(c.host, c.port, keep_alive, clean_start=False, properties=properties)
        else:
            client.connect(c.host, c.port, keep_alive)

    def _password(self) -> str | None:
        if self._connection.password_file is None:
            return None
        try:
            return Path(self._connection.password_file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as exc:
            raise unreadable(
                self._where, f"password_file {self._connection.password_file}", exc
            ) from exc

    def _tls_context(self) -> _TlsContext:
        tls = self._connection.tls
        assert tls is not None  # noqa: S101 - asked by the caller
        context = _TlsContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and host name
        what = f"tls.ca {tls.ca}"
        try:
            if tls.ca is None:
                context.load_default_certs()
            else:
                context.load_verify_locations(tls.ca)
            if tls.cert is not None and tls.key is not None:
                what = f"tls.cert {tls.cert} with tls.key {tls.key}"
                context.load_cert_chain(tls.cert, tls.key, password=lambda: b"")
        except (OSError, ValueError) as exc:
            raise unreadable(self._where, what, exc) from exc
        return context

    # ---- called by the thread of paho

    def _in_loop(self, call: Any, *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(call, *arguments)

    def _on_connect(
        self,
        _client: Client,
        _data: Any,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _props: Properties | None,
    ) -> None:
        self._in_loop(_settle, self._connected, reason)

    def _on_subscribe(
        self,
        _client: Client,
        _data: Any,
        _mid: int,
        reasons: list[ReasonCode],
        _props: Properties | None,
    ) -> None:
        self._in_loop(_settle, self._subscribed, reasons)

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        received_ns = self._clock.unix_ns()
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        mid = message.mid if message.qos else 0
        item = Message(topic, bytes(message.payload), mid, message.retain, received_ns)
        with self._room:
            while len(self._queue) >= self._queue_length and not self._closing:
                self._room.wait()
            if self._closing:
                return
            self._queue.append(item)
            waiting = len(self._queue)
            self.most_waiting = max(self.most_waiting, waiting)
        if waiting == 1:
            self._in_loop(self._arrived.set)

    def _on_disconnect(
        self,
        _client: Client,
        _data: Any,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _props: Properties | None,
    ) -> None:
        self._in_loop(self._lose, reason.value, reason.getName())

    def _lose(self, code: int, name: str) -> None:
        self._lost = lost(self._where, code, name)
        for waiting in (self._connected, self._subscribed):
            if not waiting.done():
                waiting.set_exception(ConnectionError(name))
                waiting.exception()  # it may be that nobody waits for it
        self._arrived.set()


def _settle(future: asyncio.Future[Any], result: object) -> None:
    """Give a future its result, or its error; nothing if nobody waits any more."""
    if future.done():
        return
    if isinstance(result, BaseException):
        future.set_exception(result)
    else:
        future.set_result(result)
