"""A trace as a source: yields the rows of its points hour by hour, as fast as they are taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from connectors.base import Realm, SourceContext
from connectors.file.config import FileAddress, FileConnection
from connectors.file.trace import Origin, Target, TraceDay, TraceHeader, load_header, read_day
from model.batch import Batch
from model.errors import PermanentError


class FileSource:
    """Replays a trace once; `batches` ends after the last hour.

    Reconnecting goes on with the first hour that was not taken.
    """

    def __init__(self, context: SourceContext) -> None:
        """Remember what to replay; opens nothing."""
        assert isinstance(context.connection, FileConnection)  # noqa: S101 - given by the spec
        self.name = context.name
        self._folder = Path(context.connection.folder)
        self._realm = context.realm
        self._header: TraceHeader | None = None
        self._days_done = 0
        self._hours_done = 0
        self._targets: dict[tuple[str, str], Target] = {}
        for point in context.points:
            assert isinstance(point.address, FileAddress)  # noqa: S101 - given by the spec
            signal = point.signal
            key = (point.address.device or signal.device, point.address.signal or signal.name)
            self._targets[key] = Target(point.index, signal.type)

    async def connect(self) -> None:
        """Read the header. Raises PermanentError if the trace is damaged, or simulated in a real plant."""
        header = await asyncio.to_thread(load_header, self._folder)
        if header.origin is Origin.SIMULATOR and self._realm is Realm.EV:
            raise PermanentError(
                f"{self.name}: the trace {self._folder} comes from a simulator; a real plant (realm ev) refuses it. "
                "Use realm sim, or a recording",
                f"{self.name}:回放数据 {self._folder} 来自仿真器,真实工厂(realm ev)拒绝采集;"
                "请改用 realm sim 或真实记录",
            )
        known = {(s.device, s.name) for s in header.signals}
        absent = sorted(set(self._targets) - known)
        if absent:
            names = ", ".join(f"{device}.{name}" for device, name in absent)
            raise PermanentError(
                f"{self.name}: the trace {self._folder} has no signal {names}; correct the address or remove it",
                f"{self.name}:回放数据 {self._folder} 中没有信号 {names};请修改地址或删除该信号",
            )
        self._header = header

    async def batches(self) -> AsyncIterator[Batch]:
        """Yield the hours of the trace in order. Raises PermanentError for a damaged file."""
        header = self._header
        if header is None:
            raise RuntimeError("connect first")
        for day in header.days[self._days_done :]:
            hours = await asyncio.to_thread(self._read_day, header, day)
            for batch in hours[self._hours_done :]:
                yield batch
                self._hours_done += 1
            self._days_done += 1
            self._hours_done = 0

    def _read_day(self, header: TraceHeader, day: TraceDay) -> list[Batch]:
        return list(read_day(self._folder, header, day, self._targets))

    async def acknowledge(self, batches: int | None = None) -> None:
        """Do nothing: a file is not used up by reading."""

    async def close(self) -> None:
        """Forget the header; safe at any time."""
        self._header = None
