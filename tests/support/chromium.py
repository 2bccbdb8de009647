"""What browser tests share: flags that cut Chromium off from everything but loopback, and a board server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Page

from agent.web.app import create_app
from agent.web.server import serve
from agent.web.state import BoardSnapshot
from tests.support.board import FakeBoard, full

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
WATCH = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', (e) =>
  window.__violations.push(`${e.violatedDirective} ${e.blockedURI}`));
"""


@dataclass
class Served:
    """A board and the server that shows it; it can be stopped and started again on its port."""

    board: FakeBoard
    reports: Path | None = None
    port: int = 0
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.stop = asyncio.Event()
        app = create_app(self.board, reports=self.reports)
        self.task = asyncio.create_task(
            serve(app, "127.0.0.1", self.port, self.stop, listening=started.set_result)
        )
        self.port = await started

    async def end(self) -> None:
        self.stop.set()
        if self.task is not None:
            await self.task


@asynccontextmanager
async def served(
    snapshot: BoardSnapshot | None = None, reports: Path | None = None
) -> AsyncIterator[Served]:
    """Serve a board for the length of a test."""
    server = Served(FakeBoard(snapshot or full()), reports)
    await server.start()
    try:
        yield server
    finally:
        await server.end()


class Witness:
    """Everything a page asked for or complained about."""

    def __init__(self) -> None:
        self.hosts: set[str] = set()
        self.errors: list[str] = []

    def watch(self, page: Page) -> None:
        page.on(
            "request", lambda r: self.hosts.add(urlsplit(r.url).hostname or r.url.split(":")[0])
        )
        page.on("pageerror", lambda e: self.errors.append(str(e)))
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
