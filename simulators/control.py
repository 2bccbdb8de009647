"""The control socket of a simulated plant: one JSON object a line, one answer a line, loopback only."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress

Json = dict[str, object]
_LINE_LIMIT = 65_536


class CommandError(Exception):
    """A command that the plant refuses; the text says why."""


class ControlServer:
    """Hands each command to `handle` and sends its answer; a command that is wrong gets `{"ok":false,"error":…}`."""

    def __init__(self, handle: Callable[[Json], Awaitable[Json]]) -> None:
        """Open nothing yet. `handle` raises CommandError for a command that it refuses."""
        self._handle = handle
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, port: int) -> int:
        """Listen on loopback at `port` (0 = a free one) and return the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=_LINE_LIMIT)
        number: int = self._server.sockets[0].getsockname()[1]
        return number

    async def stop(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is None:
            return
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        try:
            with suppress(OSError, ValueError):  # ValueError: a line over the limit
                while line := await reader.readline():
                    answer = await self._answer(line)
                    writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
                    await writer.drain()
        finally:
            self._writers.discard(writer)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, line: bytes) -> Json:
        try:
            command = json.loads(line)
        except (ValueError, RecursionError) as exc:
            return {"ok": False, "error": f"a command is one JSON object a line: {exc}"}
        if not isinstance(command, dict):
            return {"ok": False, "error": "a command is a JSON object"}
        try:
            return {"ok": True, **await self._handle(command)}
        except CommandError as exc:
            return {"ok": False, "error": str(exc)}


async def send_command(port: int, command: Json, *, timeout_s: float = 10.0) -> Json:
    """Send one command to the control socket on loopback and return the answer.

    Commands: `{"device":"cnc-01","fault":"slow","seconds":30,"value":3}`, `{"clear":"cnc-01"}` or `{"clear":"*"}`,
    `{"status":true}`. Raises CommandError if the plant refuses, OSError or TimeoutError if it cannot be reached.
    """
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(json.dumps(command).encode() + b"\n")
            await writer.drain()
            line = await reader.readline()
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
    answer = json.loads(line) if line else {"ok": False, "error": "the plant closed the connection"}
    if not isinstance(answer, dict) or not answer.get("ok"):
        raise CommandError(f"the plant refused {command}: {answer}")
    return answer
