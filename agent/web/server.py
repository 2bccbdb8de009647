"""Runs the board inside the event loop of the agent: no signal handlers, stops at once with browsers open."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import uvicorn
from fastapi import FastAPI
from typing_extensions import override

from model.errors import PermanentError

_BACKSTOP_S: Final = 5


class _Server(uvicorn.Server):
    """Ends live streams first, then shuts down; leaves signals to the agent."""

    def __init__(
        self, config: uvicorn.Config, ended: asyncio.Event, started: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ended, self._announce = ended, started
        self._halt = asyncio.Event()

    def halt(self) -> None:
        """Begin the shutdown."""
        self.should_exit = True
        self._halt.set()

    @override
    async def main_loop(self) -> None:
        # The loop of the library wakes the process ten times a second for years; the Date header needs one.
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._halt.wait()

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ended.set()
        await super().shutdown(sockets)


def _listen(host: str, port: int) -> socket.socket:
    """Return a bound socket; raises PermanentError when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise PermanentError(
            f"the board cannot listen on {host}:{port} ({error.strerror}); "
            "close the other program or choose another port",
            f"看板无法监听 {host}:{port}（{error.strerror}）；请关闭占用端口的程序，或另选端口",
        ) from error
    bound.setblocking(False)  # noqa: FBT003 - the signature of the standard library
    return bound


async def serve(
    app: FastAPI,
    host: str,
    port: int,
    stop: asyncio.Event,
    *,
    listening: Callable[[int], None] = lambda _: None,
) -> None:
    """Serve `app` until `stop` is set; port 0 takes a free one.

    listening: called once with the real port when the board answers. Returns after every connection is closed:
    streams get a last `bye`, so that this takes well under a second. Raises PermanentError when it cannot listen.
    """
    bound = _listen(host, port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_BACKSTOP_S,
        lifespan="off",
        ws="none",
    )
    address: int = bound.getsockname()[1]
    server = _Server(config, app.state.stop, lambda: listening(address))
    try:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(server.serve(sockets=[bound]))
            halt = group.create_task(stop.wait())
            await asyncio.wait((running, halt), return_when=asyncio.FIRST_COMPLETED)
            halt.cancel()
            server.halt()
    finally:
        bound.close()
