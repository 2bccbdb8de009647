"""A small synchronous client for an ASGI application (no sockets)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx
from fastapi import FastAPI

BASE = "http://127.0.0.1"


class PageClient:
    """Asks an application in the same process; keeps cookies like a browser."""

    def __init__(self, app: FastAPI, base: str = BASE) -> None:
        self._app, self._base = app, base
        self.cookies = httpx.Cookies()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Return the whole answer to one GET."""
        return asyncio.run(self._get(path, headers))

    async def _get(self, path: str, headers: Mapping[str, str] | None) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(
            transport=transport, base_url=self._base, cookies=self.cookies
        ) as client:
            answer = await client.get(path, headers=headers)
            self.cookies = httpx.Cookies(client.cookies)
            return answer
