"""libmodbus and modbus-serial answer the registers they were given; raw bytes, no client library."""

from __future__ import annotations

import socket
import struct

import pytest

from tests.support.process import accepts
from tests.support.servers import ModbusServer, libmodbus, modbus_serial

pytestmark = pytest.mark.integration


def _read(server: ModbusServer, function: int, address: int, count: int, unit: int = 1) -> bytes:
    """Return the PDU of the answer (Modbus Application Protocol V1.1b3, 6.3 and 6.4)."""
    with socket.create_connection((server.host, server.port), timeout=60) as link:
        link.sendall(struct.pack(">HHHBBHH", 7, 0, 6, unit, function, address, count))
        with link.makefile("rb") as stream:
            transaction, protocol, length, answered = struct.unpack(">HHHB", stream.read(7))
            assert (transaction, protocol, answered) == (7, 0, unit)
            return stream.read(length - 1)


@pytest.mark.parametrize("starter", [libmodbus, modbus_serial])
def test_registers_are_answered_then_the_server_is_gone(starter) -> None:
    with starter({0: 0x1234, 1: 0xFFFF}, {5: 7}, count=100) as server:
        assert _read(server, 3, 0, 3) == bytes.fromhex("03 06 1234 FFFF 0000")
        assert _read(server, 4, 5, 1) == bytes.fromhex("04 02 0007")
        assert _read(server, 3, 99, 2) == bytes.fromhex("83 02")  # illegal data address
    assert not accepts(server.port)


def test_modbus_serial_hole_and_silent_unit() -> None:
    with modbus_serial({10: 1}, holes=[11]) as server:
        assert _read(server, 3, 10, 1) == bytes.fromhex("03 02 0001")
        assert _read(server, 3, 10, 2) == bytes.fromhex("83 02")
        with socket.create_connection((server.host, server.port), timeout=0.3) as link:
            link.sendall(struct.pack(">HHHBBHH", 7, 0, 6, 99, 3, 0, 1))
            with pytest.raises(TimeoutError):
                link.recv(1)
