"""A loopback gate before the socket of a device, so that faults of the line are real ones."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress

_CHUNK = 65_536


class Gate:
    """Forwards TCP connections of one public port to the device behind it; can be closed, opened again, and slow."""

    def __init__(self) -> None:
        """Start closed."""
        self.port = 0
        self.inner_port = 0
        self.delay_s = 0.0
        self._held: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_open(self) -> bool:
        """Return whether the port listens."""
        return self._server is not None

    async def open(self, port: int = 0) -> None:
        """Listen; 0 = the port of the last time, or a free one the first time."""
        if self._server is None:
            self._hold(port or self.port)
            self._server = await asyncio.start_server(
                self._forward, "127.0.0.1", self.port, reuse_address=True
            )
            self.port = self._server.sockets[0].getsockname()[1]

    def _hold(self, port: int) -> None:
        """Keep the port for this gate until `close`, whether it listens or not.

        While a device is off, its port would else be free for any program, even as the local end of a connection. A
        socket that is bound and does not listen refuses connections, and POSIX lets a server beside it listen.
        """
        self.port = port
        if self._held is None and os.name == "posix":
            held = socket.socket()
            try:
                held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                held.bind(("127.0.0.1", port))
            except OSError:
                held.close()
                raise
            self._held = held
            self.port = held.getsockname()[1]

    async def close(self) -> None:
        """Stop listening, cut every connection and give the port back."""
        await self.cut()
        if self._held is not None:
            self._held.close()
            self._held = None

    async def cut(self) -> None:
        """Stop listening and cut every connection; the port stays ours."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await server.wait_closed()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        try:
            with suppress(OSError):
                await self._both_ways(reader, writer)
        finally:
            self._writers.discard(writer)
            await _close(writer)

    async def _both_ways(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.inner_port)
        self._writers.add(inner_writer)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, inner_writer, answers=False))
                group.create_task(self._pump(inner_reader, writer, answers=True))
        finally:
            self._writers.discard(inner_writer)
            await _close(inner_writer)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        """Copy until the end of the stream, then cut the other side; answers wait for `delay_s`."""
        try:
            while data := await reader.read(_CHUNK):
                if answers and self.delay_s > 0:
                    await asyncio.sleep(self.delay_s)
                writer.write(data)
                await writer.drain()
        except OSError:
            writer.transport.abort()
        else:
            writer.close()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
