"""Modbus TCP read client: several requests in flight, late answers dropped by transaction id.

Frame: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3 (transaction, protocol 0, length, unit).
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from connectors.modbus.config import Table
from connectors.modbus.errors import Fault, FaultKind, ModbusError, connection_lost, unreachable
from model.clock import Clock

_HEADER: Final = struct.Struct(">HHHB")
_READ: Final = struct.Struct(">HHHBBHH")
_MAX_LENGTH: Final = 254
"""Unit id and a PDU of at most 253 bytes."""
READ_FUNCTION: Final = {Table.COIL: 1, Table.DISCRETE: 2, Table.HOLDING: 3, Table.INPUT: 4}
_QUICK_ACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)  # Linux only
_LOST: Final = Fault(FaultKind.LOST)
_TIMEOUT: Final = Fault(FaultKind.TIMEOUT)
NOT_SENT: Final = Fault(FaultKind.TIMEOUT, detail="not sent, the device was silent")


@dataclass(frozen=True, slots=True)
class Request:
    """One read request; addresses as on the wire."""

    table: Table
    start: int
    count: int

    @property
    def size(self) -> int:
        """Return the number of data bytes of the answer."""
        return (self.count + 7) // 8 if self.table.of_bits else 2 * self.count


@dataclass(frozen=True, slots=True)
class Answer:
    """Data bytes of one answer (after the byte count) and the wall-clock moment of its arrival."""

    data: bytes
    received_ns: int


Outcome = Answer | Fault


class _Pending:
    __slots__ = ("function", "future", "size", "timer")

    def __init__(
        self, future: asyncio.Future[Outcome], function: int, size: int, timer: asyncio.TimerHandle
    ) -> None:
        self.future = future
        self.function = function
        self.size = size
        """Expected data bytes, or -1 if the answer has no byte count."""
        self.timer = timer

    def settle(self, outcome: Outcome) -> None:
        self.timer.cancel()
        if not self.future.done():
            self.future.set_result(outcome)


class ModbusTcpClient(asyncio.Protocol):
    """One connection to one unit. Make it with `open`; after a loss every outcome is a LOST fault."""

    def __init__(self, *, host: str, port: int, unit: int, timeout_s: float, clock: Clock) -> None:
        self.late_answers = 0
        """Answers dropped because nobody waited for their transaction id any more."""
        self.lost_reason = ""
        """Why the connection is gone; empty while it stands."""
        self._host = host
        self._port = port
        self._unit = unit
        self._timeout_s = timeout_s
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._socket: socket.socket | None = None
        self._closed = self._loop.create_future()
        self._buffer = bytearray()
        self._pending: dict[int, _Pending] = {}
        self._transaction = 0

    @classmethod
    async def open(
        cls,
        *,
        host: str,
        port: int,
        unit: int,
        timeout_s: float,
        connect_timeout_s: float,
        clock: Clock,
    ) -> Self:
        """Return a connected client. Raises TransientError if nothing listens or the network is away."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(connect_timeout_s):
                _, client = await loop.create_connection(
                    lambda: cls(host=host, port=port, unit=unit, timeout_s=timeout_s, clock=clock),
                    host,
                    port,
                )
        except (OSError, TimeoutError) as exc:
            raise unreachable(host, port, exc) from exc
        return client

    # ---- requests

    async def read(self, request: Request) -> Outcome:
        """Return the outcome of one request."""
        return await self._send_read(request)

    async def read_many(self, requests: Sequence[Request], in_flight: int) -> list[Outcome]:
        """Return the outcomes of `requests` in their order, with at most `in_flight` of them on the wire.

        When the first requests time out and none was answered, the rest is not sent
        and is `NOT_SENT`: a silent device costs one timeout, not one for every request.
        """
        outcomes: list[Outcome] = []
        window: deque[asyncio.Future[Outcome]] = deque()
        answered = False
        for request in requests:
            if len(window) >= in_flight:
                outcomes.append(await window.popleft())
                answered = answered or outcomes[-1] != _TIMEOUT
            if outcomes and not answered:
                break
            window.append(self._send_read(request))
        for future in window:
            outcomes.append(await future)  # noqa: PERF401 - awaited one after another
        outcomes.extend([NOT_SENT] * (len(requests) - len(outcomes)))
        return outcomes

    async def call(self, function: int, body: bytes) -> Outcome:
        """Return the outcome of any other read-only function; the answer data are all bytes after the function."""
        pdu = bytes([function]) + body
        transaction = self._next_transaction()
        head = _HEADER.pack(transaction, 0, len(pdu) + 1, self._unit)
        return await self._send(transaction, head + pdu, function, -1)

    def _send_read(self, request: Request) -> asyncio.Future[Outcome]:
        transaction = self._next_transaction()
        function = READ_FUNCTION[request.table]
        frame = _READ.pack(transaction, 0, 6, self._unit, function, request.start, request.count)
        return self._send(transaction, frame, function, request.size)

    def _next_transaction(self) -> int:
        self._transaction = (self._transaction + 1) & 0xFFFF
        return self._transaction

    def _send(
        self, transaction: int, frame: bytes, function: int, size: int
    ) -> asyncio.Future[Outcome]:
        future: asyncio.Future[Outcome] = self._loop.create_future()
        if self._transport is None or self.lost_reason:
            future.set_result(_LOST)
            return future
        timer = self._loop.call_later(self._timeout_s, self._time_out, transaction)
        self._pending[transaction] = _Pending(future, function, size, timer)
        self._transport.write(frame)
        return future

    def _time_out(self, transaction: int) -> None:
        pending = self._pending.pop(transaction, None)
        if pending is not None:
            pending.settle(_TIMEOUT)

    # ---- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # type: ignore[explicit-override]
        """Keep the transport; the kernel probes an idle connection."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self._transport = transport
        self._socket = transport.get_extra_info("socket")
        if self._socket is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def data_received(self, data: bytes) -> None:  # type: ignore[explicit-override]
        """Cut frames and settle the requests that wait for them."""
        received_ns = self._clock.unix_ns()
        if self._buffer:
            self._buffer += data
            data = bytes(self._buffer)
            self._buffer.clear()
        position = 0
        while len(data) - position >= 8:
            transaction, protocol, length, unit = _HEADER.unpack_from(data, position)
            if protocol != 0 or not 2 < length <= _MAX_LENGTH:
                self._lose(f"no Modbus TCP frame: protocol {protocol}, length {length}")
                return
            end = position + 6 + length
            if len(data) < end:
                break
            self._settle(transaction, unit, data[position + 7 : end], received_ns)
            position = end
        if position < len(data):
            self._buffer += data[position:]
        if self._pending and self._socket is not None and _QUICK_ACK is not None:
            # A device that holds back small segments (Nagle) sends the next answer only after this acknowledgement,
            # which the kernel would delay by 40 ms as long as nothing is sent.
            self._socket.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)

    def connection_lost(self, exc: Exception | None) -> None:  # type: ignore[explicit-override]
        """Give a LOST fault to everybody who waits."""
        self._lose(str(exc) if exc else "closed by the device")
        if not self._closed.done():
            self._closed.set_result(None)

    def _settle(self, transaction: int, unit: int, pdu: bytes, received_ns: int) -> None:
        pending = self._pending.pop(transaction, None)
        if pending is None:
            self.late_answers += 1
            return
        function = pdu[0]
        if unit != self._unit:
            pending.settle(Fault(FaultKind.MISMATCH, detail=f"unit {unit}, asked {self._unit}"))
        elif function == pending.function | 0x80 and len(pdu) == 2:
            pending.settle(Fault(FaultKind.EXCEPTION, pdu[1]))
        elif function != pending.function:
            detail = f"function {function}, asked {pending.function}"
            pending.settle(Fault(FaultKind.MISMATCH, detail=detail))
        elif pending.size < 0:
            pending.settle(Answer(pdu[1:], received_ns))
        elif len(pdu) != pending.size + 2 or pdu[1] != pending.size:
            detail = f"{len(pdu) - 2} data bytes, asked {pending.size}"
            pending.settle(Fault(FaultKind.MISMATCH, detail=detail))
        else:
            pending.settle(Answer(pdu[2:], received_ns))

    def _lose(self, reason: str) -> None:
        self.lost_reason = self.lost_reason or reason
        pending, self._pending = self._pending, {}
        for waiting in pending.values():
            waiting.settle(_LOST)
        if self._transport is not None:
            self._transport.abort()

    # ---- state

    def raise_if_lost(self) -> None:
        """Raise TransientError if the connection is gone."""
        if self.lost_reason:
            raise self.error()

    def error(self) -> ModbusError:
        """Return the error that says why the connection is gone."""
        return connection_lost(self._host, self._port, self.lost_reason)

    async def close(self) -> None:
        """Close the connection and wait until the socket is released."""
        self._lose("closed")
        await self._closed
