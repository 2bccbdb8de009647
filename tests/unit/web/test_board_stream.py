"""The raw stream of server-sent events, and the server that carries it."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace

import httpx
import pytest

from agent.web.app import create_app
from agent.web.server import serve
from agent.web.stream import SNAP_EVERY, Views, events, message
from agent.web.view import view
from model.errors import PermanentError
from tests.support.board import ALARM, FakeBoard, full
from tests.support.prompt import PATIENCE_S, without_waiting


def parse(chunk: bytes) -> tuple[str, str, dict[str, object]]:
    """Return event, id and data of one message."""
    fields = dict(line.split(": ", 1) for line in chunk.decode().rstrip("\n").split("\n"))
    return fields["event"], fields["id"], json.loads(fields["data"])


@asynccontextmanager
async def running(board: FakeBoard, **options: object) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Serve `board` on a free port; yields its address and the event that stops it."""
    stop = asyncio.Event()
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    app = create_app(board, **options)  # type: ignore[arg-type]
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(app, "127.0.0.1", 0, stop, listening=port.set_result))
        try:
            yield f"http://127.0.0.1:{await port}", stop
        finally:
            stop.set()


async def read_events(
    response: httpx.Response,
) -> AsyncIterator[tuple[str, str, dict[str, object]]]:
    buffer = b""
    async for chunk in response.aiter_raw():
        buffer += chunk
        while b"\n\n" in buffer:
            one, buffer = buffer.split(b"\n\n", 1)
            yield parse(one)


def test_message_has_event_id_data_and_keeps_data_on_one_line() -> None:
    raw = message("delta", 7, {"x": "a\nb"}, 3000)
    assert raw == b'retry: 3000\nevent: delta\nid: 7\ndata: {"x":"a\\nb"}\n\n'


async def test_stream_starts_with_a_snapshot_then_sends_deltas_and_alarms() -> None:
    board, stop = FakeBoard(full()), asyncio.Event()
    stream = events(board, Views(board), stop)
    event, number, data = parse(await anext(stream))
    assert (event, number) == ("snap", "1")
    assert data == view(full())
    board.publish(replace(full(tick=1), alarms=(ALARM,)))
    event, number, data = parse(await anext(stream))
    assert (event, number) == ("delta", "2")
    assert set(data) == {"seq", "t", "kpi", "dev", "alarms"}
    event, _, data = parse(await anext(stream))
    assert (event, data["id"]) == ("alarm", ALARM.id)
    board.publish(replace(full(tick=2), alarms=(ALARM,)))
    assert parse(await anext(stream))[0] == "delta"
    stop.set()
    assert parse(await anext(stream))[0] == "bye"  # the same alarm is not announced again
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_stream_beats_when_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.web.stream.BEAT_S", 0.01)
    board = FakeBoard(full())
    stream = events(board, Views(board), asyncio.Event())
    await anext(stream)
    event, number, data = parse(await anext(stream))
    assert (event, number, set(data)) == ("hb", "1", {"seq", "t"})
    await stream.aclose()


async def test_stream_sends_a_snapshot_again_after_many_messages_and_for_new_devices() -> None:
    board = FakeBoard(full())
    stream = events(board, Views(board), asyncio.Event())
    kinds = [parse(await anext(stream))[0]]
    for tick in range(1, SNAP_EVERY + 2):
        board.publish(full(tick=tick))
        kinds.append(parse(await anext(stream))[0])
    assert [i for i, kind in enumerate(kinds) if kind == "snap"] == [0, SNAP_EVERY]
    board.publish(replace(full(tick=200), devices=full().devices[1:]))
    assert parse(await anext(stream))[0] == "snap"
    await stream.aclose()


async def test_slow_reader_skips_states_and_still_ends_with_the_newest() -> None:
    board = FakeBoard(full())
    stream = events(board, Views(board), asyncio.Event())
    await anext(stream)
    for tick in range(1, 50):
        board.publish(full(tick=tick))
    _, number, data = parse(await anext(stream))
    assert number == "50"
    assert data["kpi"]["pieces_today"]["text"] == "7,579"  # type: ignore[index]
    await stream.aclose()


async def test_server_streams_over_a_socket_and_stops_without_waiting_for_the_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agent.web.server._BACKSTOP_S", 60)
    board = FakeBoard(full())
    # `ending` comes first, so that it ends last: the server has closed everything by then.
    with ExitStack() as ending:
        async with running(board) as (base, stop), httpx.AsyncClient(timeout=PATIENCE_S) as client:  # noqa: SIM117 - order of closing
            async with client.stream("GET", f"{base}/events") as response:
                assert response.headers["content-type"].startswith("text/event-stream")
                assert response.headers["cache-control"] == "no-store"
                assert response.headers["x-accel-buffering"] == "no"
                assert "server" not in response.headers
                found = read_events(response)
                assert (await anext(found))[0] == "snap"
                board.publish(full(tick=1))
                assert (await anext(found))[0] == "delta"
                ending.enter_context(without_waiting(60))
                stop.set()
                assert (await anext(found))[0] == "bye"
                with pytest.raises(StopAsyncIteration):
                    await anext(found)


async def test_server_frees_a_stream_when_the_client_leaves() -> None:
    board = FakeBoard(full())
    async with (
        running(board, streams=1) as (base, _),
        httpx.AsyncClient(timeout=PATIENCE_S) as client,
    ):
        async with client.stream("GET", f"{base}/events") as response:
            assert (await anext(read_events(response)))[0] == "snap"
            refused = await client.get(f"{base}/events")
            assert refused.status_code == 503
            assert refused.headers["retry-after"] == "10"
        async with asyncio.timeout(PATIENCE_S):
            while True:
                board.publish(
                    full(tick=board.current.seq)
                )  # a write to the closed socket ends the stream
                async with client.stream("GET", f"{base}/events") as again:
                    if again.status_code == 200:
                        break


async def test_server_refuses_a_taken_port_with_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PermanentError, match="another port") as caught:
            await serve(create_app(FakeBoard(full())), "127.0.0.1", port, asyncio.Event())
    assert str(port) in caught.value.zh


async def test_server_leaves_signal_handlers_alone() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    async with running(FakeBoard(full())):
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


async def test_server_stops_when_asked_before_it_started() -> None:
    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(PATIENCE_S):
        await serve(create_app(FakeBoard(full())), "127.0.0.1", 0, stop)
