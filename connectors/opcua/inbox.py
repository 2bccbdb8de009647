"""A bounded hand-over between the tasks of a source and its one consumer."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Inbox(Generic[_T]):
    """First in, first out. A producer waits while it is full: nothing is dropped here."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: deque[_T] = deque()
        self._failure: BaseException | None = None
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()

    @property
    def full(self) -> bool:
        """Return whether a producer would have to wait."""
        return len(self._items) >= self._limit

    async def put(self, item: _T) -> None:
        """Add an item when there is room."""
        while self.full:
            self._emptied.clear()
            await self._emptied.wait()
        self._items.append(item)
        self._filled.set()

    def fail(self, failure: BaseException) -> None:
        """Let the consumer raise `failure` after the items that are already there; the first one wins."""
        if self._failure is None:
            self._failure = failure
        self._filled.set()

    async def get(self) -> _T:
        """Return the oldest item; raises the failure of a producer once there is none left."""
        await self._wait()
        self._emptied.set()
        return self._items.popleft()

    async def get_all(self) -> list[_T]:
        """Return all items that are there, at least one; raises as `get` does."""
        await self._wait()
        self._emptied.set()
        items = list(self._items)
        self._items.clear()
        return items

    async def _wait(self) -> None:
        while not self._items:
            if self._failure is not None:
                raise self._failure
            self._filled.clear()
            await self._filled.wait()
