"""A port of a test belongs to it, also while no server listens on it."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from tests.support.process import accepts, reserved_port


def listening(port: int) -> socket.socket:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen()
    return server


def test_connections_are_refused_as_long_as_no_server_listens() -> None:
    port = reserved_port()
    assert not accepts(port)
    for _ in range(2):
        with closing(listening(port)):
            assert accepts(port)
        assert not accepts(port)


def test_nobody_else_gets_the_port() -> None:
    port = reserved_port()
    with closing(socket.socket()) as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))


def test_every_call_gives_another_port() -> None:
    ports = [reserved_port() for _ in range(20)]
    assert len(set(ports)) == 20
