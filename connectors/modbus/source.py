"""One Modbus TCP connection as a source: plans the requests, reads on an absolute schedule, yields columns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from config.base import milliseconds
from connectors.base import Point, Realm, SourceContext
from connectors.modbus.changes import ChangeFilter
from connectors.modbus.client import NOT_SENT, Answer, ModbusTcpClient, Outcome, Request
from connectors.modbus.codec import (
    Decoder,
    Field,
    Readings,
    bit_decoder,
    failed_readings,
    register_decoder,
)
from connectors.modbus.config import ModbusAddress, ModbusConnection
from connectors.modbus.errors import ILLEGAL_ADDRESS, ILLEGAL_VALUE, Fault, FaultKind, silent
from connectors.modbus.identify import SIMULATOR_VENDOR, read_vendor_name
from connectors.modbus.plan import Block, Hole, Limits, Span, plan_blocks, split_block
from connectors.modbus.schedule import Ticker, first_due
from connectors.modbus.words import parse_encoding, sentinel_bits
from model.batch import NO_TIME, Batch
from model.errors import ConfigError, PermanentError
from model.signal import SignalType
from model.slots import NS_PER_MS

_NS_PER_S: Final = 1_000_000_000
SILENT_POLLS: Final = 3
"""Readings without any answer after which the connection is made anew; one if a reading is due only every 10 s."""
_SLOW_NS: Final = 10 * _NS_PER_S


@dataclass(slots=True, eq=False)
class _Read:
    """One block with its request, its decoder and the fault of its latest reading."""

    block: Block
    request: Request
    decode: Decoder
    points: NDArray[np.intp]
    fault: Fault | None = None


@dataclass(slots=True)
class _PollClass:
    """Blocks that are read with one period."""

    ticker: Ticker
    planned: tuple[Block, ...]
    reads: list[_Read]


class ModbusSource:
    """Reads the points of one unit. `skipped_polls` counts instants at which the reading before was not finished."""

    def __init__(self, context: SourceContext) -> None:
        """Plan the requests; opens nothing. Raises ConfigError for an address that cannot be read."""
        assert isinstance(context.connection, ModbusConnection)  # noqa: S101 - given by the spec
        self.name = context.name
        self.skipped_polls = 0
        self._connection = context.connection
        self._points = context.points
        self._clock = context.clock
        self._log = context.log
        self._realm = context.realm
        self._signal = np.array([point.index for point in context.points], np.int32)
        self._fields = tuple(
            _field(position, point) for position, point in enumerate(context.points)
        )
        self._filter = ChangeFilter(
            [point.signal for point in context.points], every_poll=self._connection.every_poll
        )
        self._classes = self._plan()
        self._client: ModbusTcpClient | None = None
        self._silent_polls = 0

    # ---- Source

    async def connect(self) -> None:
        """Open the connection. Raises TransientError; PermanentError for a simulator in a real plant."""
        await self.close()
        self._silent_polls = 0
        for poll_class in self._classes:
            poll_class.reads = [self._make_read(block) for block in poll_class.planned]
        self._client = await self._open()
        if self._realm is Realm.EV:
            await self._refuse_simulator()

    async def batches(self) -> AsyncIterator[Batch]:
        """Yield one batch for each reading that has rows. Raises TransientError when the connection is lost."""
        client = self._client
        if client is None:
            raise RuntimeError("connect first")
        self._start_schedule()
        while True:
            due = await self._wait_for_due()
            batch = await self._poll(client, due)
            if len(batch):
                yield batch
            client.raise_if_lost()
            if self._silent_polls >= self._silent_limit():
                c = self._connection
                raise silent(c.host, c.port, c.unit_id, self._silent_polls)

    async def acknowledge(self, batches: int | None = None) -> None:
        """Do nothing: Modbus has no acknowledgement."""

    async def close(self) -> None:
        """Close the connection; safe at any time."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    # ---- connection

    async def _open(self) -> ModbusTcpClient:
        c = self._connection
        return await ModbusTcpClient.open(
            host=c.host,
            port=c.port,
            unit=c.unit_id,
            timeout_s=c.timeout.total_seconds(),
            connect_timeout_s=c.connect_timeout.total_seconds(),
            clock=self._clock,
        )

    async def _refuse_simulator(self) -> None:
        """Ask who the device is; many do not know the question, and some close the connection because of it."""
        assert self._client is not None  # noqa: S101 - set by connect
        vendor = await read_vendor_name(self._client)
        if vendor == SIMULATOR_VENDOR:
            await self.close()
            raise PermanentError(
                f"{self.name}: the device says it is a simulator ({vendor}); a real plant (realm ev) refuses it. "
                "Use realm sim, or enter the address of the real device",
                f"{self.name}:该设备自报为仿真器({vendor}),真实工厂(realm ev)拒绝采集;"
                "请改用 realm sim,或填写真实设备的地址",
            )
        if self._client.lost_reason:
            await self.close()
            self._client = await self._open()

    # ---- planning

    def _plan(self) -> list[_PollClass]:
        c = self._connection
        holes = [Hole(h.table, h.first - c.address_base, h.last - c.address_base) for h in c.holes]
        limits = Limits(registers=c.max_registers, gap=c.max_gap)
        by_period: dict[int, list[Span]] = {}
        for position, point in enumerate(self._points):
            address = _address(point)
            period = address.period or c.poll_interval
            by_period.setdefault(milliseconds(period) * NS_PER_MS, []).append(
                self._span(position, point)
            )
        try:
            return [
                _PollClass(Ticker(period_ns, 0), plan_blocks(spans, holes, limits), [])
                for period_ns, spans in sorted(by_period.items())
            ]
        except ValueError as exc:
            raise ConfigError(f"{self.name}: {exc}", f"{self.name}:无法规划读取:{exc}") from exc

    def _span(self, position: int, point: Point) -> Span:
        address = _address(point)
        count = 1 if address.table.of_bits else self._fields[position].encoding.registers
        start = address.address - self._connection.address_base
        if start < 0 or start + count > 65536:
            raise ConfigError(
                f"{_name(point)}: address {address.address} with address_base {self._connection.address_base} is "
                f"outside 0-65535 on the wire",
                f"{_name(point)}:地址 {address.address}(address_base {self._connection.address_base})"
                "换算后超出 0-65535",
            )
        return Span(address.table, start, count, position)

    def _make_read(self, block: Block) -> _Read:
        fields = [
            Field(f.point, span.start - block.start, f.encoding, f.order, f.type, f.sentinels)
            for span in block.spans
            for f in (self._fields[span.point],)
        ]
        decode = bit_decoder(fields) if block.table.of_bits else register_decoder(fields)
        points = np.array([field.point for field in fields], np.intp)
        return _Read(block, Request(block.table, block.start, block.count), decode, points)

    # ---- reading

    def _start_schedule(self) -> None:
        unix_ns, monotonic_ns = self._clock.unix_ns(), self._clock.monotonic_ns()
        for poll_class in self._classes:
            ticker = poll_class.ticker
            regular = first_due(
                self.name, ticker.period_ns, unix_ns=unix_ns, monotonic_ns=monotonic_ns
            )
            # One reading at once, the others on schedule.
            ticker.due_ns = regular - ticker.period_ns

    async def _wait_for_due(self) -> list[_PollClass]:
        next_due = min(poll_class.ticker.due_ns for poll_class in self._classes)
        delay_ns = next_due - self._clock.monotonic_ns()
        await asyncio.sleep(max(delay_ns, 0) / _NS_PER_S)
        now = max(self._clock.monotonic_ns(), next_due)
        due = [c for c in self._classes if c.ticker.due_ns <= now]
        for poll_class in due:
            self.skipped_polls += poll_class.ticker.advance(now)
        return due

    async def _poll(self, client: ModbusTcpClient, due: Sequence[_PollClass]) -> Batch:
        """Read every block of the classes that are due; refused blocks are halved until the culprit is alone."""
        done: list[tuple[Readings, int]] = []
        timeouts = answers = 0
        wave = [(poll_class, read) for poll_class in due for read in poll_class.reads]
        # A block that timed out is asked last, after those not sent for its sake: it must not look like the device.
        wave.sort(key=lambda item: _suspicion(item[1].fault))
        while wave:
            outcomes = await client.read_many(
                [read.request for _, read in wave], self._connection.in_flight
            )
            retry: list[tuple[_PollClass, _Read]] = []
            for (poll_class, read), outcome in zip(wave, outcomes, strict=True):
                timeouts += isinstance(outcome, Fault) and outcome.kind is FaultKind.TIMEOUT
                answers += not isinstance(outcome, Fault) or outcome.kind is not FaultKind.TIMEOUT
                halves = self._halves(read, outcome)
                if halves:
                    at = poll_class.reads.index(read)
                    poll_class.reads[at : at + 1] = halves
                    retry.extend((poll_class, half) for half in halves)
                elif not client.lost_reason or isinstance(outcome, Answer):
                    done.append(self._readings(read, outcome))
            wave = retry
        self._silent_polls = self._silent_polls + 1 if timeouts and not answers else 0
        return self._rows(done)

    def _halves(self, read: _Read, outcome: Outcome) -> list[_Read]:
        if not isinstance(outcome, Fault) or outcome.code not in {ILLEGAL_ADDRESS, ILLEGAL_VALUE}:
            return []
        return [self._make_read(block) for block in split_block(read.block)]

    def _readings(self, read: _Read, outcome: Outcome) -> tuple[Readings, int]:
        fault = outcome if isinstance(outcome, Fault) else None
        if fault != read.fault:
            self._log_fault(read, fault)
            read.fault = fault
        if isinstance(outcome, Fault):
            return failed_readings(read.points, outcome.status), self._clock.unix_ns()
        return read.decode(outcome.data), outcome.received_ns

    def _log_fault(self, read: _Read, fault: Fault | None) -> None:
        block = read.block
        where = (self.name, block.table.value, block.start, block.start + block.count - 1)
        if fault is None:
            self._log.info("modbus: %s: %s %d-%d answers again", *where)
        else:
            what = fault.detail or (str(fault.code) if fault.code else "")
            self._log.warning("modbus: %s: %s %d-%d: %s %s", *where, fault.kind.value, what)

    def _rows(self, done: Iterable[tuple[Readings, int]]) -> Batch:
        parts = list(done)
        readings = _concat([part for part, _ in parts], self._fields)
        received_ns = np.repeat(
            np.array([moment for _, moment in parts], np.int64),
            [len(part.point) for part, _ in parts],
        )
        chosen = self._filter.pick(readings, received_ns)
        n = int(chosen.sum())
        return Batch(
            self._signal[readings.point[chosen]],
            np.full(n, NO_TIME, np.int64),
            received_ns[chosen],
            readings.value[chosen],
            readings.status[chosen],
            readings.flags[chosen],
            readings.texts,
        )

    def _silent_limit(self) -> int:
        shortest = min(poll_class.ticker.period_ns for poll_class in self._classes)
        return 1 if shortest >= _SLOW_NS else SILENT_POLLS


def _suspicion(fault: Fault | None) -> int:
    if fault is None or fault.kind is not FaultKind.TIMEOUT:
        return 0
    return 1 if fault is NOT_SENT else 2


def _concat(parts: Sequence[Readings], fields: Sequence[Field]) -> Readings:
    """Join readings; text indexes are shifted."""
    if not parts:
        return failed_readings(np.zeros(0, np.intp), 0)
    if len(parts) == 1:
        return parts[0]
    values: list[NDArray[np.int64]] = []
    texts: list[bytes] = []
    for part in parts:
        value = part.value
        if part.texts and texts:
            is_text = np.array([fields[p].type is SignalType.TEXT for p in part.point], np.bool_)
            value = value + np.where(is_text, len(texts), 0)
        values.append(value)
        texts.extend(part.texts)
    return Readings(
        np.concatenate([part.point for part in parts]),
        np.concatenate(values),
        np.concatenate([part.status for part in parts]),
        np.concatenate([part.flags for part in parts]),
        tuple(texts),
    )


def _address(point: Point) -> ModbusAddress:
    assert isinstance(point.address, ModbusAddress)  # noqa: S101 - given by the spec
    return point.address


def _name(point: Point) -> str:
    return f"{point.signal.device}.{point.signal.name}"


def _field(position: int, point: Point) -> Field:
    address = _address(point)
    encoding = parse_encoding(address.encoding)
    if (point.signal.type is SignalType.TEXT) != address.encoding.startswith("text"):
        raise ConfigError(
            f"{_name(point)}: encoding {address.encoding} cannot fill a signal of type {point.signal.type.value}; "
            "a text signal needs 'text n', a number needs a number encoding",
            f"{_name(point)}:编码 {address.encoding} 与信号类型 {point.signal.type.value} 不符;"
            "文本信号用 'text n',数值信号用数值编码",
        )
    sentinels = tuple(sentinel_bits(s, encoding) for s in address.sentinels)
    return Field(position, 0, encoding, address.order, point.signal.type, sentinels)
