"""A source that runs while a test looks at its rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.batch import Batch
from model.flags import RowFlag
from model.signal import SignalType
from tests.support.prompt import PATIENCE_S


@dataclass(frozen=True, slots=True)
class Row:
    signal: int
    value: float | int | bool | bytes | None
    status: int
    flags: RowFlag
    source_ns: int
    received_ns: int


class SourceRun:
    """Batches of a running source, and the values in them; `types` by signal index."""

    def __init__(self, source: Any, types: dict[int, SignalType]) -> None:
        self.source = source
        self.batches: list[Batch] = []
        self._types = types
        self._changed = asyncio.Event()
        self.task = asyncio.create_task(self._collect())

    async def _collect(self) -> None:
        try:
            async for batch in self.source.batches():
                self.batches.append(batch)
                self._changed.set()
        finally:
            self._changed.set()

    @property
    def rows(self) -> list[Row]:
        return [row for batch in self.batches for row in self._rows(batch)]

    def of(self, signal: int) -> list[Row]:
        return [row for row in self.rows if row.signal == signal]

    def values(self, signal: int) -> list[float | int | bool | bytes | None]:
        """Return the values of the data rows (no proofs) of one signal."""
        return [row.value for row in self.of(signal) if not row.flags & RowFlag.ALIVE]

    def _rows(self, batch: Batch) -> list[Row]:
        rows = []
        for i, signal in enumerate(batch.signal.tolist()):
            flags = RowFlag(int(batch.flags[i]))
            raw = int(batch.value[i])
            kind = self._types[signal]
            value: float | int | bool | bytes | None = raw
            if flags & RowFlag.NO_VALUE:
                value = None
            elif kind is SignalType.FLOAT:
                value = float(batch.value[i : i + 1].view(np.float64)[0])
            elif kind is SignalType.TEXT:
                value = batch.texts[raw]
            elif kind is SignalType.UINT:
                value = raw % 2**64
            elif kind is SignalType.BOOL:
                value = bool(raw)
            rows.append(
                Row(
                    signal,
                    value,
                    int(batch.status[i]),
                    flags,
                    int(batch.source_ns[i]),
                    int(batch.received_ns[i]),
                )
            )
        return rows

    async def until(self, done: Callable[[], object], seconds: float = PATIENCE_S) -> None:
        """Wait until `done()` is true; raises what the source raised if it ends before."""
        async with asyncio.timeout(seconds):
            while not done():
                if self.task.done():
                    self.task.result()
                    raise AssertionError("the source ended without an error")
                self._changed.clear()
                await self._changed.wait()

    async def failure(self, seconds: float = PATIENCE_S) -> BaseException:
        """Wait until the source fails and return the error."""
        done, _ = await asyncio.wait({self.task}, timeout=seconds)
        assert done, "the source goes on"
        error = self.task.exception()
        assert error is not None
        return error


@asynccontextmanager
async def running(source: Any, points: Any) -> AsyncIterator[SourceRun]:
    """Connect a source and collect its batches until the end of the block; then cancel and close it."""
    await source.connect()
    run = SourceRun(source, {p.index: p.signal.type for p in points})
    try:
        yield run
    finally:
        run.task.cancel()
        await asyncio.gather(run.task, return_exceptions=True)
        await source.close()
