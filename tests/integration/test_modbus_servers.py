"""The Modbus source against three servers that we did not write: libmodbus (C), modbus-serial (Node.js), pymodbus."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
from pymodbus import ModbusDeviceIdentification
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from connectors.base import Realm
from connectors.modbus import SPEC
from connectors.modbus.errors import BAD_NOT_FOUND
from connectors.modbus.source import ModbusSource
from model.batch import Batch
from model.errors import PermanentError, TransientError
from model.signal import Signal, SignalType
from model.status import BAD_TIMEOUT, GOOD
from tests.support import servers
from tests.support.connector import context, signal
from tests.support.prompt import MINUTE, PATIENCE_S

pytestmark = pytest.mark.integration

FLOAT, INT, UINT, TEXT = SignalType.FLOAT, SignalType.INT, SignalType.UINT, SignalType.TEXT


def words(data: bytes) -> list[int]:
    return list(struct.unpack(f">{len(data) // 2}H", data))


HOLDING = {
    **dict(enumerate(words(struct.pack(">f", 230.5)), 0)),  # ABCD
    **dict(enumerate(reversed(words(struct.pack(">I", 1234567))), 10)),  # CDAB
    **dict(enumerate(words(struct.pack(">d", -1.25)), 20)),
    **dict(enumerate(words(b"O1000.MPF\0"), 30)),
    40: 0x1234,
    41: 0xFFFE,
    300: 7,
}
POINTS: list[tuple[Signal, Mapping[str, object]]] = [
    (signal("voltage", FLOAT), {"address": 0, "encoding": "float32"}),
    (signal("good", INT), {"address": 10, "encoding": "uint32", "order": "CDAB"}),
    (signal("energy", FLOAT), {"address": 20, "encoding": "float64"}),
    (signal("program", TEXT), {"address": 30, "encoding": "text 10"}),
    (signal("digits", UINT), {"address": 40, "encoding": "bcd16"}),
    (signal("signed", INT), {"address": 41, "encoding": "int16"}),
    (signal("far", INT), {"address": 300, "encoding": "uint16"}),
]


@asynccontextmanager
async def reading(
    port: int,
    addresses: list[tuple[Signal, Mapping[str, object]]],
    *,
    realm: Realm = Realm.SIM,
    **connection: object,
) -> AsyncIterator[AsyncIterator[Batch]]:
    settings = {
        "host": "127.0.0.1",
        "port": port,
        "poll_interval": "50 ms",
        "timeout": MINUTE,
        **connection,
    }
    source = ModbusSource(context(SPEC, settings, addresses, realm=realm))
    await source.connect()
    batches = source.batches()
    try:
        yield batches
    finally:
        await batches.aclose()  # type: ignore[attr-defined]
        await source.close()


async def take(batches: AsyncIterator[Batch]) -> Batch:
    return await asyncio.wait_for(anext(batches), PATIENCE_S)


def values(
    batch: Batch, addresses: list[tuple[Signal, Mapping[str, object]]] = POINTS
) -> dict[str, object]:
    """Signal name → value, for good rows."""
    result: dict[str, object] = {}
    for row in range(len(batch)):
        s = addresses[int(batch.signal[row]) - 10][0]
        if batch.status[row] != GOOD:
            result[s.name] = hex(batch.status[row])
        elif s.type is TEXT:
            result[s.name] = batch.texts[int(batch.value[row])]
        else:
            result[s.name] = (batch.floats if s.type is FLOAT else batch.value)[row].item()
    return result


EXPECTED = {
    "voltage": 230.5,
    "good": 1234567,
    "energy": -1.25,
    "program": b"O1000.MPF",
    "digits": 1234,
    "signed": -2,
    "far": 7,
}


async def test_libmodbus_every_encoding() -> None:
    with servers.libmodbus(HOLDING) as server:
        async with reading(server.port, POINTS) as batches:
            assert values(await take(batches)) == EXPECTED


async def test_libmodbus_input_registers() -> None:
    with servers.libmodbus(HOLDING, {5: 99}) as server:
        addresses: list[tuple[Signal, Mapping[str, object]]] = [
            (signal("input", INT), {"table": "input", "address": 5, "encoding": "uint16"})
        ]
        async with reading(server.port, addresses) as batches:
            assert values(await take(batches), addresses) == {"input": 99}


@pytest.mark.parametrize("in_flight", [1, 8])
async def test_modbus_serial_every_encoding(in_flight: int) -> None:
    with servers.modbus_serial(HOLDING) as server:
        async with reading(server.port, POINTS, in_flight=in_flight, max_gap=0) as batches:
            assert values(await take(batches)) == EXPECTED


async def test_modbus_serial_undeclared_hole_is_found_by_bisection() -> None:
    with servers.modbus_serial(HOLDING, holes=[35, 5, 20]) as server:
        async with reading(server.port, POINTS) as batches:
            got = values(await take(batches))
    # 5 and 35 lie between values or in the unused tail; 20 is the first register of `energy`.
    assert got == {**EXPECTED, "energy": hex(BAD_NOT_FOUND)}


async def test_modbus_serial_silent_unit_times_out() -> None:
    with servers.modbus_serial(HOLDING) as server:
        async with reading(server.port, POINTS, unit_id=99, timeout="100 ms") as batches:
            got = values(await take(batches))
            with pytest.raises(TransientError, match="answered nothing"):
                await take(batches)
    assert got == dict.fromkeys(EXPECTED, hex(BAD_TIMEOUT))


async def test_libmodbus_frozen_then_resumed_never_mixes_answers() -> None:
    """SIGSTOP: requests time out; after SIGCONT the server answers the old ones, which must not be taken."""
    addresses: list[tuple[Signal, Mapping[str, object]]] = [
        (signal(f"r{n}", INT), {"address": 200 * n, "encoding": "uint16"}) for n in range(4)
    ]
    with servers.libmodbus({200 * n: 1000 + n for n in range(4)}) as server:
        options = {"timeout": "1 s", "poll_interval": "200 ms", "every_poll": True}
        async with reading(server.port, addresses, **options) as batches:
            good: dict[str, object] = {f"r{n}": 1000 + n for n in range(4)}
            silent = dict.fromkeys(good, hex(BAD_TIMEOUT))
            assert values(await take(batches), addresses) == good
            server.process.pause()
            try:
                while (got := values(await take(batches), addresses)) != silent:
                    assert all(v in (silent[k], good[k]) for k, v in got.items())
            finally:
                server.process.resume()
            while (got := values(await take(batches), addresses)) != good:
                assert all(v in (silent[k], good[k]) for k, v in got.items())


async def test_libmodbus_killed_is_transient() -> None:
    with servers.libmodbus(HOLDING) as server:
        async with reading(server.port, POINTS) as batches:
            await take(batches)
            server.process.kill()
            with pytest.raises(TransientError, match="was lost"):
                await take(batches)


@asynccontextmanager
async def pymodbus_server(vendor: str) -> AsyncIterator[int]:
    device = SimDevice(
        1,
        simdata=[
            SimData(0, values=[17, 18], datatype=DataType.REGISTERS),
            SimData(10, values=[230.5], datatype=DataType.FLOAT32),
            SimData(20, values=[1234567], datatype=DataType.UINT32),
        ],
    )
    port = servers.reserved_port()
    server = ModbusTcpServer(
        device,
        address=("127.0.0.1", port),
        identity=ModbusDeviceIdentification(info_name={"VendorName": vendor}),
    )
    await server.serve_forever(background=True)
    try:
        yield port
    finally:
        await server.shutdown()


PYMODBUS_POINTS: list[tuple[Signal, Mapping[str, object]]] = [
    (signal("a", INT), {"address": 1, "encoding": "uint16"}),
    (signal("f", FLOAT), {"address": 10, "encoding": "float32"}),
    (signal("u", INT), {"address": 20, "encoding": "uint32"}),
]


@pytest.mark.parametrize("realm", [Realm.SIM, Realm.EV])
async def test_pymodbus_values_with_gaps_that_do_not_exist(realm: Realm) -> None:
    async with (
        pymodbus_server("ACME") as port,
        reading(port, PYMODBUS_POINTS, realm=realm) as batches,
    ):
        got = values(await take(batches), PYMODBUS_POINTS)
    assert got == {"a": 18, "f": 230.5, "u": 1234567}


async def test_pymodbus_that_says_it_is_our_simulator_is_refused_in_a_real_plant() -> None:
    async with pymodbus_server("plantproof-simulator") as port:
        with pytest.raises(PermanentError, match="simulator"):
            async with reading(port, PYMODBUS_POINTS, realm=Realm.EV):
                pass
        async with reading(port, PYMODBUS_POINTS) as batches:
            assert len(await take(batches)) == 3
