"""The MQTT client at a broker that never answers: nothing that waits for it may hold up the end of the program."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest

from connectors.mqtt import SPEC
from connectors.mqtt.source import MqttSource
from tests.support.connector import context, signal


@contextmanager
def swallowing_port() -> Iterator[int]:
    """A port whose queue of connections is full, so that Linux drops every further SYN, as a bad firewall does."""
    with ExitStack() as stack:
        listener = stack.enter_context(closing(socket.socket()))
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        for _ in range(4):
            filler = stack.enter_context(closing(socket.socket()))
            filler.setblocking(False)
            filler.connect_ex(address)
        yield address[1]


def connecting(port: int) -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == f"connecting to 127.0.0.1:{port}"]


@pytest.mark.skipif(sys.platform != "linux", reason="how a full queue of connections behaves")
def test_stop_does_not_wait_for_a_broker_that_swallows_packets() -> None:
    async def work(port: int) -> None:
        settings = {"host": "127.0.0.1", "port": port, "connect_timeout": "100 s"}
        address = {"topic": "a", "pointer": "/a"}
        source = MqttSource(context(SPEC, settings, [(signal("a"), address)]))
        attempt = asyncio.create_task(source.connect())
        while not connecting(port):
            await asyncio.sleep(0.001)
        attempt.cancel()
        await asyncio.gather(attempt, return_exceptions=True)
        assert attempt.cancelled()

    with swallowing_port() as port:
        asyncio.run(work(port))
        left = connecting(port)
        # The loop has ended, and the thread still waits: nobody waited for it, and it keeps no process alive.
        assert len(left) == 1
        assert left[0].daemon
    # The port is gone: the next SYN is refused, and the thread ends by itself.
    left[0].join(60)
    assert not left[0].is_alive()
