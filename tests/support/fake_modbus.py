"""A Modbus TCP device on loopback whose every answer a test decides; it shares no code with our client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Asked:
    """One request: transaction, unit and PDU."""

    transaction: int
    unit: int
    pdu: bytes

    @property
    def function(self) -> int:
        return self.pdu[0]

    @property
    def address(self) -> int:
        return int.from_bytes(self.pdu[1:3])

    @property
    def count(self) -> int:
        return int.from_bytes(self.pdu[3:5])


def frame(transaction: int, unit: int, pdu: bytes, *, protocol: int = 0) -> bytes:
    length = len(pdu) + 1
    return transaction.to_bytes(2) + protocol.to_bytes(2) + length.to_bytes(2) + bytes([unit]) + pdu


def answer(asked: Asked, data: bytes, *, late_by: int = 0, unit: int | None = None) -> bytes:
    """Return a proper answer with `data` after the byte count."""
    return frame(
        (asked.transaction - late_by) % 65536,
        asked.unit if unit is None else unit,
        bytes([asked.function, len(data)]) + data,
    )


def refuse(asked: Asked, code: int) -> bytes:
    return frame(asked.transaction, asked.unit, bytes([asked.function | 0x80, code]))


def registers(asked: Asked, values: dict[int, int]) -> bytes:
    """Return a proper answer with register values, 0 where nothing is set."""
    words = range(asked.address, asked.address + asked.count)
    return answer(asked, b"".join(values.get(word, 0).to_bytes(2) for word in words))


@dataclass
class FakeDevice:
    """`reply` returns the bytes to send for a request, b"" for silence, None to hang up."""

    reply: Callable[[Asked], bytes | None]
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    most_waiting: int = 0
    """Most requests that had arrived in one chunk: what a pipelining client has in flight."""
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while chunk := await reader.read(65536):
                waiting = 0
                while chunk:
                    while len(chunk) < 6 or len(chunk) < 6 + int.from_bytes(chunk[4:6]):
                        chunk += await reader.readexactly(1)
                    end = 6 + int.from_bytes(chunk[4:6])
                    asked = Asked(int.from_bytes(chunk[:2]), chunk[6], chunk[7:end])
                    chunk = chunk[end:]
                    waiting += 1
                    self.asked.append(asked)
                    reply = self.reply(asked)
                    if reply is None:
                        return
                    writer.write(reply)
                self.most_waiting = max(self.most_waiting, waiting)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            self._writers.discard(writer)
            writer.close()

    async def stop(self) -> None:
        """Close the port and cut every connection; safe to call twice."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for writer in list(self._writers):
            writer.close()
        await server.wait_closed()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FakeDevice]:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            await self.stop()
