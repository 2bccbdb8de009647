"""The client against a device that misbehaves on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from connectors.modbus.client import NOT_SENT, Answer, ModbusTcpClient, Request
from connectors.modbus.config import Table
from connectors.modbus.errors import Fault, FaultKind, silent, unreachable
from connectors.modbus.identify import parse_vendor_name, read_vendor_name
from model.errors import TransientError
from model.flags import MissedCause
from model.status import BAD_COMMUNICATION_ERROR, BAD_NO_COMMUNICATION, BAD_TIMEOUT
from tests.support.connector import START_NS
from tests.support.fake_modbus import Asked, FakeDevice, answer, frame, refuse, registers
from tests.support.patient_loop import LoopClock
from tests.support.servers import reserved_port

TWO = Request(Table.HOLDING, 0, 2)


@asynccontextmanager
async def connected(
    reply: Callable[[Asked], bytes | None], *, timeout_s: float = 0.2
) -> AsyncIterator[tuple[ModbusTcpClient, FakeDevice]]:
    async with FakeDevice(reply).running() as device:
        client = await ModbusTcpClient.open(
            host="127.0.0.1",
            port=device.port,
            unit=7,
            timeout_s=timeout_s,
            connect_timeout_s=5,
            clock=LoopClock(),
        )
        try:
            yield client, device
        finally:
            await client.close()


async def test_read_sends_the_frame_of_the_specification() -> None:
    async with connected(lambda asked: registers(asked, {0x6B: 0x022B, 0x6C: 0, 0x6D: 0x64})) as (
        client,
        device,
    ):
        # MODBUS Application Protocol V1.1b3, 6.3: read registers 108-110, answer 02 2B 00 00 00 64.
        outcome = await client.read(Request(Table.HOLDING, 0x6B, 3))
    assert isinstance(outcome, Answer)
    assert outcome.data == bytes.fromhex("022B 0000 0064")
    assert outcome.received_ns >= START_NS
    assert device.asked == [Asked(1, 7, bytes.fromhex("03 006B 0003"))]


@pytest.mark.parametrize(
    ("table", "function"),
    [(Table.COIL, 1), (Table.DISCRETE, 2), (Table.HOLDING, 3), (Table.INPUT, 4)],
)
async def test_each_table_has_its_function(table: Table, function: int) -> None:
    size = 2 if table.of_bits else 20
    async with connected(lambda asked: answer(asked, bytes(size))) as (client, device):
        assert isinstance(await client.read(Request(table, 0, 10)), Answer)
    assert device.asked[0].function == function


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 6, 8, 10, 11, 99])
async def test_exception_is_the_outcome_of_its_request(code: int) -> None:
    async with connected(lambda asked: refuse(asked, code)) as (client, _):
        outcome = await client.read(TWO)
    assert outcome == Fault(FaultKind.EXCEPTION, code)
    assert isinstance(outcome, Fault)
    assert outcome.status >> 30 == 2
    assert (outcome.status == BAD_NO_COMMUNICATION) == (code in {10, 11})


async def test_late_answer_to_an_older_transaction_is_dropped() -> None:
    """The first request gets no answer in time; its late answer arrives before that of the second."""
    held: list[Asked] = []

    def reply(asked: Asked) -> bytes:
        if not held:
            held.append(asked)
            return b""
        return answer(held[0], b"\x11\x11\x11\x11") + answer(asked, b"\x22\x22\x22\x22")

    async with connected(reply) as (client, _):
        first = await client.read(TWO)
        second = await client.read(TWO)
        third_late = client.late_answers
    assert first == Fault(FaultKind.TIMEOUT)
    assert isinstance(first, Fault)
    assert first.status == BAD_TIMEOUT
    assert isinstance(second, Answer)
    assert second.data == b"\x22\x22\x22\x22"
    assert third_late == 1


async def test_answer_with_a_foreign_transaction_never_counts() -> None:
    async with connected(lambda asked: answer(asked, bytes(4), late_by=1)) as (client, _):
        assert await client.read(TWO) == Fault(FaultKind.TIMEOUT)
        assert client.late_answers == 1


async def test_answer_of_another_unit_is_a_mismatch() -> None:
    async with connected(lambda asked: answer(asked, bytes(4), unit=8)) as (client, _):
        outcome = await client.read(TWO)
    assert isinstance(outcome, Fault)
    assert (outcome.kind, outcome.status) == (FaultKind.MISMATCH, BAD_COMMUNICATION_ERROR)
    assert outcome.detail == "unit 8, asked 7"


@pytest.mark.parametrize(
    "pdu",
    [
        "04 04 00000000",
        "03 02 0000",
        "03 06 000000000000",
        "03 04 0000",
        "03 02 00000000",
        "83 02 00",
        "84 02",
    ],
)
async def test_answer_of_another_function_or_length_is_a_mismatch(pdu: str) -> None:
    async with connected(
        lambda asked: frame(asked.transaction, asked.unit, bytes.fromhex(pdu))
    ) as (client, _):
        outcome = await client.read(TWO)
        again = await client.read(TWO)
    assert isinstance(outcome, Fault)
    assert outcome.kind is FaultKind.MISMATCH
    assert again == outcome


async def test_garbage_instead_of_a_frame_ends_the_connection() -> None:
    async with connected(lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n") as (client, _):
        assert await client.read(TWO) == Fault(FaultKind.LOST)
        with pytest.raises(TransientError, match="no Modbus TCP frame"):
            client.raise_if_lost()
        assert await client.read(TWO) == Fault(FaultKind.LOST)


async def test_hang_up_settles_every_waiting_request() -> None:
    asked_before: list[Asked] = []

    def reply(asked: Asked) -> bytes | None:
        asked_before.append(asked)
        return b"" if len(asked_before) < 3 else None

    async with connected(reply, timeout_s=30) as (client, _):
        outcomes = await client.read_many([TWO] * 5, 4)
        assert client.lost_reason
    assert outcomes == [Fault(FaultKind.LOST)] * 5


async def test_answer_in_single_bytes_is_put_together() -> None:
    """A slow drip: the device sends every byte in its own segment."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            header = await reader.readexactly(7)
            await reader.readexactly(5)
            for byte in header[:4] + b"\x00\x07\x07\x03\x04\xde\xad\xbe\xef":
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0)
        writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with server:
        client = await ModbusTcpClient.open(
            host="127.0.0.1",
            port=server.sockets[0].getsockname()[1],
            unit=7,
            timeout_s=5,
            connect_timeout_s=5,
            clock=LoopClock(),
        )
        outcomes = await client.read_many([TWO, TWO], 1)
        await client.close()
    assert [o.data for o in outcomes if isinstance(o, Answer)] == [b"\xde\xad\xbe\xef"] * 2


async def test_several_in_flight_are_matched_by_transaction() -> None:
    """The device answers four at a time, the last one first."""
    held: list[Asked] = []

    def reply(asked: Asked) -> bytes:
        held.append(asked)
        if len(held) % 4:
            return b""
        return b"".join(registers(a, {a.address: a.address}) for a in reversed(held[-4:]))

    requests = [Request(Table.INPUT, address, 1) for address in range(8)]
    async with connected(reply, timeout_s=5) as (client, _):
        outcomes = await client.read_many(requests, 4)
    assert [int.from_bytes(o.data) for o in outcomes if isinstance(o, Answer)] == list(range(8))


@pytest.mark.parametrize("in_flight", [1, 3])
async def test_never_more_in_flight_than_allowed(in_flight: int) -> None:
    waiting = most = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal waiting, most
        while len(request := await reader.read(12 * in_flight)):
            waiting = len(request) // 12
            most = max(most, waiting)
            for i in range(0, len(request), 12):
                writer.write(request[i : i + 4] + b"\x00\x07\x07\x03\x04" + bytes(4))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        client = await ModbusTcpClient.open(
            host="127.0.0.1",
            port=port,
            unit=7,
            timeout_s=5,
            connect_timeout_s=5,
            clock=LoopClock(),
        )
        outcomes = await client.read_many([TWO] * 20, in_flight)
        await client.close()
    assert all(isinstance(o, Answer) for o in outcomes)
    assert most == in_flight


async def test_silent_device_costs_one_timeout_for_many_requests() -> None:
    async with connected(lambda _: b"") as (client, device):
        outcomes = await client.read_many([TWO] * 50, 1)
    assert outcomes == [Fault(FaultKind.TIMEOUT)] + [NOT_SENT] * 49
    assert NOT_SENT.status == BAD_TIMEOUT
    assert len(device.asked) == 1


async def test_one_silent_block_does_not_stop_the_others() -> None:
    def reply(asked: Asked) -> bytes:
        return b"" if asked.address == 5 else registers(asked, {})

    requests = [Request(Table.HOLDING, address, 1) for address in (0, 5, 9)]
    async with connected(reply) as (client, _):
        outcomes = await client.read_many(requests, 1)
    assert [type(o) for o in outcomes] == [Answer, Fault, Answer]


async def test_nothing_listening_is_transient() -> None:
    with pytest.raises(TransientError, match="cannot connect"):
        await ModbusTcpClient.open(
            host="127.0.0.1",
            port=reserved_port(),
            unit=1,
            timeout_s=1,
            connect_timeout_s=1,
            clock=LoopClock(),
        )


def test_cause_of_a_missed_slot_follows_from_the_fault() -> None:
    assert unreachable("h", 502, ConnectionRefusedError()).cause is MissedCause.DEVICE
    assert unreachable("h", 502, TimeoutError()).cause is MissedCause.NETWORK
    assert silent("h", 502, 1, 3).cause is MissedCause.DEVICE


async def test_transaction_numbers_wrap() -> None:
    async with connected(lambda asked: registers(asked, {0: asked.transaction})) as (
        client,
        device,
    ):
        client._transaction = 65534
        for _ in range(3):
            assert isinstance(await client.read(TWO), Answer)
    assert [asked.transaction for asked in device.asked] == [65535, 0, 1]


async def test_vendor_name_of_a_device() -> None:
    body = bytes.fromhex("0E 01 01 00 00 03") + b"\x00\x04ACME" + b"\x01\x02P1" + b"\x02\x03V12"

    def reply(asked: Asked) -> bytes:
        assert asked.pdu == bytes.fromhex("2B 0E 01 00")
        return frame(asked.transaction, asked.unit, b"\x2b" + body)

    async with connected(reply) as (client, _):
        assert await read_vendor_name(client) == "ACME"


async def test_device_that_does_not_identify_itself() -> None:
    async with connected(lambda asked: refuse(asked, 1)) as (client, _):
        assert await read_vendor_name(client) is None


@pytest.mark.parametrize(
    "data",
    [
        "",
        "0E01010000",
        "0D01010000010001 41",
        "0E0101000001",
        "0E010100000100",
        "0E0101000001 00 05 4142",
        "0E010100000101 01 41",
    ],
)
def test_vendor_name_absent_or_cut(data: str) -> None:
    assert parse_vendor_name(bytes.fromhex(data)) is None
