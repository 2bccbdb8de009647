"""The OPC UA source against a real node-opcua server: nothing lost, limits, faults of process and network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from connectors.base import SourceContext
from connectors.opcua import SPEC, plan
from connectors.opcua.client import Session
from connectors.opcua.source import OpcUaSource
from model.errors import PermanentError, TransientError
from model.flags import RowFlag
from model.signal import Signal, SignalType
from tests.support import servers
from tests.support.connector import context, signal
from tests.support.prompt import MINUTE, without_waiting
from tests.support.source_run import SourceRun, running

pytestmark = pytest.mark.integration
NS = "nsu=urn:plantproof:test:node-opcua;s="
T = SignalType


def opcua(
    url: str, addresses: Sequence[tuple[Signal, Mapping[str, object]]], **more: object
) -> SourceContext:
    base = {
        "security": "none",
        "publishing_interval": "500 ms",
        "sampling": "100 ms",
        "timeout": MINUTE,
    }
    return context(SPEC, {"url": url, **base, **more}, addresses)


def counters(n: int) -> list[tuple[Signal, Mapping[str, object]]]:
    return [(signal(f"v{i}", T.FLOAT), {"node": f"{NS}v{i}"}) for i in range(n)]


@contextmanager
def paused(server: servers.OpcUaServer) -> Iterator[None]:
    server.process.pause()
    try:
        yield
    finally:
        server.process.resume()


def steps(run: SourceRun) -> dict[int, np.ndarray]:
    """Return the values of each signal in order; each is a counter that the server steps by one."""
    signals = np.concatenate([b.signal for b in run.batches])
    data = np.concatenate([b.flags for b in run.batches]) & np.uint16(RowFlag.NO_VALUE) == 0
    values = np.concatenate([b.value.view(np.float64) for b in run.batches])
    order = np.argsort(signals[data], kind="stable")
    signals, values = signals[data][order], values[data][order]
    edges = np.flatnonzero(np.diff(signals)) + 1
    return dict(zip(np.unique(signals).tolist(), np.split(values, edges), strict=True))


async def test_no_loss_with_more_items_than_one_notification_holds() -> None:
    """Losses 1 to 3 of performance.md 1.4: one PublishRequest, a short hand-over queue, a server queue of one.

    1,500 items step twice a second and are published every two seconds: some 6,000 values at once, of which this
    server puts 1,000 into one notification, and four an item, more than a queue of one holds. Every counter must
    arrive without a hole. Sampling is five times as fast as the steps, so that a busy machine makes none.
    """
    with servers.node_opcua(variables=1500, interval_ms=500) as server:
        ctx = opcua(server.url, counters(1500), publishing_interval="2 s")
        source = SPEC.create(ctx)
        assert isinstance(source, OpcUaSource)
        async with running(source, ctx.points) as run:
            await run.until(lambda: source.counters.values >= 1500 * 12, 60)
        series = steps(run)
        assert len(series) == 1500
        for values in series.values():
            assert np.array_equal(np.diff(values), np.ones(len(values) - 1))
        assert source.counters.overflow_rows == 0
        assert source.counters.lost_notifications == 0


async def test_three_publish_requests_are_in_flight(
    node_opcua_server: servers.OpcUaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = Session.publish
    flying = most = 0

    async def counted(*args: object) -> object:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        try:
            return await publish(*args)  # type: ignore[arg-type]
        finally:
            flying -= 1

    monkeypatch.setattr(Session, "publish", counted)
    ctx = opcua(node_opcua_server.url, counters(3))
    async with running(SPEC.create(ctx), ctx.points) as run:
        await run.until(lambda: len(run.batches) >= 3)
    assert most == 3


async def test_queue_of_the_server_that_overflows_is_marked_and_counted(
    node_opcua_server: servers.OpcUaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A queue of 2 for some ten samples an interval; with 1 the standard sets no overflow bit at all.
    monkeypatch.setattr(plan, "queue_size", lambda *_: 2)
    ctx = opcua(node_opcua_server.url, counters(1), publishing_interval="1 s", sampling="100 ms")
    source = SPEC.create(ctx)
    assert isinstance(source, OpcUaSource)
    async with running(source, ctx.points) as run:
        await run.until(lambda: source.counters.overflow_rows >= 1)
        marked = [r for r in run.rows if r.flags & RowFlag.OVERFLOW]
        assert all(r.status & 0x480 == 0x480 for r in marked)
        assert all(r.value is not None for r in marked)


async def test_every_built_in_type_bad_status_and_array_element(
    node_opcua_server: servers.OpcUaServer,
) -> None:
    cases: list[tuple[str, SignalType, dict[str, object], object]] = [
        ("Boolean", T.BOOL, {}, True),
        ("SByte", T.INT, {}, -128),
        ("Byte", T.INT, {}, 255),
        ("Int16", T.INT, {}, -32768),
        ("UInt16", T.UINT, {}, 65535),
        ("Int32", T.INT, {}, -2147483648),
        ("UInt32", T.INT, {}, 4294967295),
        ("Int64", T.INT, {}, -9223372036854775807),
        ("UInt64", T.UINT, {}, 2**64 - 1),
        ("Float", T.FLOAT, {}, 0.10000000149011612),
        ("Double", T.FLOAT, {}, 0.1),
        ("String", T.TEXT, {}, "主轴".encode()),
        ("LocalizedText", T.TEXT, {}, "运行".encode()),
        ("Double.array", T.FLOAT, {"index": 1}, 2.5),
        ("DateTime", T.INT, {}, None),
        ("ByteString", T.TEXT, {}, None),
        ("Double.array", T.FLOAT, {}, None),
    ]
    addresses = [
        (signal(f"t{i}", kind), {"node": f"{NS}typed.{name}", **more})
        for i, (name, kind, more, _) in enumerate(cases)
    ]
    ctx = opcua(node_opcua_server.url, [*addresses, (signal("bad", T.FLOAT), {"node": f"{NS}bad"})])
    async with running(SPEC.create(ctx), ctx.points) as run:
        await run.until(lambda: len({r.signal for r in run.rows}) == len(cases) + 1)
        rows = {r.signal: r for r in run.rows}
    for i, (name, _, _, expected) in enumerate(cases):
        assert rows[10 + i].value == expected, name
        assert rows[10 + i].status == (0x80740000 if expected is None else 0), name
    bad = rows[10 + len(cases)]
    assert bad.status == 0x808C0000  # BadSensorFailure
    assert bad.flags & RowFlag.NO_VALUE


async def test_path_is_found_and_deadband_that_is_refused_is_dropped(
    node_opcua_server: servers.OpcUaServer, caplog: pytest.LogCaptureFixture
) -> None:
    path = ["own:Test", "own:typed.String"]
    ctx = opcua(
        node_opcua_server.url,
        [(signal("name", T.TEXT), {"path": path, "deadband": 0.5})],
        namespaces={"own": "urn:plantproof:test:node-opcua"},
    )
    with caplog.at_level("INFO"):
        async with running(SPEC.create(ctx), ctx.points) as run:
            await run.until(lambda: run.values(10) == ["主轴".encode()])
    assert "refuses the deadband" in caplog.text


async def test_limits_of_the_server_split_the_reads() -> None:
    with servers.node_opcua(variables=20, max_per_read=3, change=0.0) as server:
        ctx = opcua(server.url, counters(20), reread="300 ms", publishing_interval="100 ms")
        source = SPEC.create(ctx)
        assert isinstance(source, OpcUaSource)
        async with running(source, ctx.points) as run:
            await run.until(lambda: source.counters.proofs >= 40)
            alive = {r.signal for r in run.rows if r.flags & RowFlag.ALIVE}
        assert alive == set(range(10, 30))


async def test_frozen_server_is_noticed() -> None:
    with servers.node_opcua(variables=5) as server:
        ctx = opcua(server.url, counters(5), timeout="3 s", canary="500 ms")
        source = SPEC.create(ctx)
        async with running(source, ctx.points) as run:
            await run.until(lambda: len(run.batches) >= 2)
            with paused(server):
                assert isinstance(await run.failure(), TransientError)
                await source.close()


async def test_cancellation_while_the_server_is_frozen_does_not_wait_for_it() -> None:
    with servers.node_opcua(variables=5) as server:
        ctx = opcua(server.url, counters(5), timeout=MINUTE)
        source = SPEC.create(ctx)
        async with running(source, ctx.points) as run:
            await run.until(lambda: run.batches)
            with paused(server), without_waiting():
                run.task.cancel()
                await asyncio.gather(run.task, return_exceptions=True)
                await source.close()


async def test_killed_server_is_a_transient_error() -> None:
    with servers.node_opcua(variables=5) as server:
        ctx = opcua(server.url, counters(5))
        async with running(SPEC.create(ctx), ctx.points) as run:
            await run.until(lambda: run.batches)
            server.process.kill()
            assert isinstance(await run.failure(), TransientError)


async def test_user_with_the_right_password_only(
    node_opcua_server: servers.OpcUaServer, tmp_path: Path
) -> None:
    good, wrong = tmp_path / "good", tmp_path / "wrong"
    good.write_text("password1", encoding="utf-8")
    wrong.write_text("guess", encoding="utf-8")
    # The endpoint is not encrypted; node-opcua takes the password encrypted with its certificate all the same.
    ctx = opcua(node_opcua_server.url, counters(1), user="user1", password_file=str(good))
    async with running(SPEC.create(ctx), ctx.points) as run:
        await run.until(lambda: run.batches)
    ctx = opcua(node_opcua_server.url, counters(1), user="user1", password_file=str(wrong))
    with pytest.raises(PermanentError, match="password_file"):
        await SPEC.create(ctx).connect()
