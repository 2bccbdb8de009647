"""The source: what becomes a row and when, with a device whose every answer the test decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from pydantic import ValidationError

from connectors.base import Realm
from connectors.modbus import SPEC
from connectors.modbus.config import ModbusAddress, ModbusConnection
from connectors.modbus.errors import BAD_NOT_FOUND
from connectors.modbus.schedule import Ticker, first_due
from connectors.modbus.source import ModbusSource
from model.batch import NO_TIME, Batch
from model.errors import ConfigError, PermanentError, TransientError
from model.flags import RowFlag
from model.signal import Signal, SignalType
from model.status import BAD_COMMUNICATION_ERROR, BAD_NO_COMMUNICATION, BAD_TIMEOUT, GOOD
from tests.support.connector import START_NS, context, signal
from tests.support.fake_modbus import Asked, FakeDevice, frame, refuse, registers
from tests.support.patient_loop import LoopClock
from tests.support.prompt import MINUTE

FAST = {"poll_interval": "20 ms", "timeout": MINUTE}
Addresses = list[tuple[Signal, Mapping[str, object]]]


def holding(
    name: str, address: int, encoding: str = "uint16", **more: object
) -> tuple[Signal, dict[str, object]]:
    return signal(name), {"address": address, "encoding": encoding, **more}


def make(
    device: FakeDevice, addresses: Addresses, *, realm: Realm = Realm.SIM, **connection: object
) -> ModbusSource:
    settings = {"host": "127.0.0.1", "port": device.port, **FAST, **connection}
    return ModbusSource(context(SPEC, settings, addresses, realm=realm, clock=LoopClock()))


@asynccontextmanager
async def reading(source: ModbusSource) -> AsyncIterator[AsyncIterator[Batch]]:
    await source.connect()
    batches = source.batches()
    try:
        yield batches
    finally:
        await batches.aclose()  # type: ignore[attr-defined]
        await source.close()


async def take(batches: AsyncIterator[Batch]) -> Batch:
    return await asyncio.wait_for(anext(batches), 10)


def rows(batch: Batch) -> list[tuple[int, int, int, int]]:
    """(signal, value, status, flags) of every row, by signal."""
    return sorted(
        zip(
            batch.signal.tolist(),
            batch.value.tolist(),
            batch.status.tolist(),
            batch.flags.tolist(),
            strict=True,
        )
    )


async def test_first_reading_has_a_row_for_every_point() -> None:
    async with FakeDevice(
        lambda a: registers(a, {100: 7, 102: 0xD687, 103: 0x12})
    ).running() as device:
        source = make(device, [holding("state", 100), holding("good", 102, "uint32", order="CDAB")])
        async with reading(source) as batches:
            batch = await take(batches)
    assert rows(batch) == [(10, 7, GOOD, 0), (11, 1234567, GOOD, 0)]
    assert batch.source_ns.tolist() == [NO_TIME, NO_TIME]
    assert START_NS <= batch.received_ns[0] < START_NS + 60_000_000_000


async def test_unchanged_reading_is_not_repeated_within_a_slot_and_a_change_is_reported() -> None:
    def reply(asked: Asked) -> bytes:
        return registers(asked, {0: len(device.asked) // 5, 1: 9})

    async with FakeDevice(reply).running() as device:
        source = make(device, [holding("count", 0), holding("state", 1)])
        async with reading(source) as batches:
            first, second, third = [await take(batches) for _ in range(3)]
        asked = len(device.asked)
    assert rows(first) == [(10, 0, GOOD, 0), (11, 9, GOOD, 0)]
    assert rows(second) == [(10, 1, GOOD, 0)]
    assert rows(third) == [(10, 2, GOOD, 0)]
    assert asked == 10


async def test_each_slot_has_a_row_although_nothing_changes() -> None:
    """Slots of 100 ms stand for slots of 60 s."""
    async with FakeDevice(lambda a: registers(a, {0: 5})).running() as device:
        addresses: Addresses = [
            (signal("state", slot_ms=100), {"address": 0, "encoding": "uint16"})
        ]
        async with reading(make(device, addresses)) as batches:
            got = [await take(batches) for _ in range(5)]
    slots = [int(batch.received_ns[0]) // 100_000_000 for batch in got]
    assert slots == list(range(slots[0], slots[0] + 5))
    assert [rows(batch) for batch in got] == [[(10, 5, GOOD, 0)]] * 5


async def test_every_poll_stores_every_reading() -> None:
    async with FakeDevice(lambda a: registers(a, {0: 5})).running() as device:
        async with reading(make(device, [holding("state", 0)], every_poll=True)) as batches:
            got = [await take(batches) for _ in range(4)]
        asked = len(device.asked)
    assert [rows(batch) for batch in got] == [[(10, 5, GOOD, 0)]] * 4
    assert asked == 4


async def test_text_changes_are_seen() -> None:
    def reply(asked: Asked) -> bytes:
        return registers(asked, {0: 0x4142 if len(device.asked) < 3 else 0x4143, 1: 0x4400})

    async with FakeDevice(reply).running() as device:
        addresses: Addresses = [
            (signal("program", SignalType.TEXT), {"address": 0, "encoding": "text 4"}),
            holding("state", 1),
        ]
        async with reading(make(device, addresses, max_registers=2, max_gap=0)) as batches:
            first, second = await take(batches), await take(batches)
    assert [first.texts[v] for s, v in zip(first.signal, first.value, strict=True) if s == 10] == [
        b"ABD"
    ]
    assert [
        (int(s), second.texts[v]) for s, v in zip(second.signal, second.value, strict=True)
    ] == [(10, b"ACD")]


async def test_busy_device_gives_bad_rows_then_good_ones_and_never_a_zero() -> None:
    """Exception 6 (busy) once must not become 0, and the value must come back."""

    def reply(asked: Asked) -> bytes:
        return refuse(asked, 6) if len(device.asked) == 2 else registers(asked, {0: 5})

    async with (
        FakeDevice(reply).running() as device,
        reading(make(device, [holding("good", 0)])) as batches,
    ):
        first, second, third = [await take(batches) for _ in range(3)]
    assert rows(first) == rows(third) == [(10, 5, GOOD, 0)]
    ((_, value, status, flags),) = rows(second)
    assert (value, flags, status >> 30) == (0, RowFlag.NO_VALUE, 2)


async def test_gateway_without_target_marks_its_block_only() -> None:
    def reply(asked: Asked) -> bytes:
        return refuse(asked, 11) if asked.address == 500 else registers(asked, {0: 1})

    async with FakeDevice(reply).running() as device:
        source = make(device, [holding("near", 0), holding("far", 500)])
        async with reading(source) as batches:
            batch = await take(batches)
    assert rows(batch) == [(10, 1, GOOD, 0), (11, 0, BAD_NO_COMMUNICATION, RowFlag.NO_VALUE)]


async def test_silent_block_is_bad_once_a_slot_and_the_other_block_keeps_its_slots() -> None:
    def reply(asked: Asked) -> bytes:
        return b"" if asked.address == 0 else registers(asked, {500: 3})

    async with FakeDevice(reply).running() as device:
        addresses: Addresses = [
            (signal(name, slot_ms=300), {"address": address, "encoding": "uint16"})
            for name, address in (("silent", 0), ("alive", 500))
        ]
        source = make(device, addresses, timeout="50 ms")
        async with reading(source) as batches:
            got = [row for _ in range(8) for row in rows(await take(batches))]
    alive = [row for row in got if row[0] == 11 and row[2] == GOOD]
    silent = [row for row in got if row[0] == 10]
    assert set(alive) == {(11, 3, GOOD, 0)}
    assert len(alive) >= 3
    assert set(silent) == {(10, 0, BAD_TIMEOUT, RowFlag.NO_VALUE)}


async def test_illegal_address_is_bisected_until_the_culprit_is_alone() -> None:
    def reply(asked: Asked) -> bytes:
        touches = asked.address <= 5 < asked.address + asked.count
        return refuse(asked, 2) if touches else registers(asked, {n: n for n in range(20)})

    async with FakeDevice(reply).running() as device:
        source = make(device, [holding(f"s{n}", n) for n in range(10)], every_poll=True)
        async with reading(source) as batches:
            first = await take(batches)
            asked_first = len(device.asked)
            second = await take(batches)
            asked_second = len(device.asked) - asked_first
    expected = [(10 + n, n, GOOD, 0) for n in range(10)]
    expected[5] = (15, 0, BAD_NOT_FOUND, int(RowFlag.NO_VALUE))
    assert rows(first) == rows(second) == expected
    assert asked_first == 7, "0-9; 0-4, 5-9; 5-6, 7-9; 5, 6"
    assert asked_second == 4, "0-4, 5, 6, 7-9: what was learned is kept while the connection stands"


async def test_wrong_unit_is_a_communication_error() -> None:
    def reply(asked: Asked) -> bytes:
        return frame(asked.transaction, asked.unit + 1, bytes([3, 2, 0, 5]))

    async with (
        FakeDevice(reply).running() as device,
        reading(make(device, [holding("good", 0)])) as batches,
    ):
        assert rows(await take(batches)) == [(10, 0, BAD_COMMUNICATION_ERROR, RowFlag.NO_VALUE)]


async def test_lost_connection_is_transient_and_reconnecting_goes_on() -> None:
    def reply(asked: Asked) -> bytes | None:
        return None if len(device.asked) == 2 else registers(asked, {0: len(device.asked)})

    async with FakeDevice(reply).running() as device:
        source = make(device, [holding("good", 0)])
        async with reading(source) as batches:
            assert rows(await take(batches)) == [(10, 1, GOOD, 0)]
            with pytest.raises(TransientError, match="was lost"):
                await take(batches)
            await source.connect()
            again = source.batches()
            assert rows(await take(again)) == [(10, 3, GOOD, 0)]
            await again.aclose()  # type: ignore[attr-defined]
        assert device.connections == 2


async def test_rows_read_before_the_hang_up_are_kept() -> None:
    def reply(asked: Asked) -> bytes | None:
        return registers(asked, {0: 5}) if asked.address == 0 else None

    async with FakeDevice(reply).running() as device:
        source = make(device, [holding("near", 0), holding("far", 900)])
        async with reading(source) as batches:
            assert rows(await take(batches)) == [(10, 5, GOOD, 0)]
            with pytest.raises(TransientError, match="was lost"):
                await take(batches)


async def test_slow_device_is_never_asked_twice_at_once_and_skipped_instants_are_counted() -> None:
    """It answers after 50 ms, the period is 20 ms: two instants of three are skipped, none is made up for."""
    waiting = most = answered = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal waiting, most, answered
        while request := await reader.read(1200):
            waiting = len(request) // 12
            most = max(most, waiting)
            await asyncio.sleep(0.05)
            answered += 1
            writer.write(request[:4] + b"\x00\x05\x01\x03\x02" + answered.to_bytes(2))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        settings = {"host": "127.0.0.1", "port": port, **FAST}
        source = ModbusSource(context(SPEC, settings, [holding("good", 0)], clock=LoopClock()))
        async with reading(source) as batches:
            got = [int((await take(batches)).value[0]) for _ in range(6)]
    assert got == [1, 2, 3, 4, 5, 6]
    assert most == 1
    # Five more readings of 50 ms and more span at least 12 instants.
    assert source.skipped_polls >= 12 - 5 - 1


async def test_device_that_holds_the_connection_and_never_answers_is_reconnected() -> None:
    async with FakeDevice(lambda _: b"").running() as device:
        source = make(device, [holding("good", 0), holding("far", 900)], timeout="30 ms")
        async with reading(source) as batches:
            batch = await take(batches)
            with pytest.raises(TransientError, match="answered nothing in 3 readings"):
                await take(batches)
        assert len(device.asked) == 3, "one timeout a reading, whatever the number of blocks"
    assert rows(batch) == [(10, 0, BAD_TIMEOUT, 1), (11, 0, BAD_TIMEOUT, 1)]


async def test_dead_device_does_not_touch_the_slots_of_another() -> None:
    async with (
        FakeDevice(lambda _: b"").running() as dead,
        FakeDevice(lambda a: registers(a, {0: 1})).running() as alive,
    ):
        addresses: Addresses = [(signal("good", slot_ms=100), {"address": 0, "encoding": "uint16"})]
        one, two = make(dead, addresses, timeout="2 s"), make(alive, addresses)
        async with reading(one) as silent, reading(two) as good:
            waiting = asyncio.ensure_future(anext(silent))
            slots = [int((await take(good)).received_ns[0]) // 100_000_000 for _ in range(8)]
            assert not waiting.done()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
    assert slots == list(range(slots[0], slots[0] + 8))


async def test_sub_second_and_fractional_periods_are_kept_apart() -> None:
    """40 ms and 100 ms: 5 to 2; neither becomes 0 (a busy loop) nor 1 s."""
    async with FakeDevice(lambda a: registers(a, {})).running() as device:
        addresses: Addresses = [
            holding("fast", 0, period="40 ms"),
            holding("slow", 500, period="100 ms"),
        ]
        source = make(device, addresses, every_poll=True)
        async with reading(source) as batches:
            moments: dict[int, list[int]] = {10: [], 11: []}
            while len(moments[11]) < 6:
                batch = await take(batches)
                for number, moment in zip(
                    batch.signal.tolist(), batch.received_ns.tolist(), strict=True
                ):
                    moments[number].append(moment)
    # The first reading comes at once, the others on a schedule that the name shifts within the period.
    for point, period_ns in ((10, 40_000_000), (11, 100_000_000)):
        scheduled = moments[point][1:]
        assert {b - a for a, b in pairwise(scheduled)} == {period_ns}
        assert 0 < scheduled[0] - moments[point][0] <= period_ns
    assert source.skipped_polls == 0


async def test_real_plant_refuses_a_simulator() -> None:
    def reply(asked: Asked) -> bytes:
        assert asked.function == 0x2B
        vendor = b"plantproof-simulator"
        body = bytes.fromhex("2B0E01010000 01 00") + bytes([len(vendor)]) + vendor
        return frame(asked.transaction, asked.unit, body)

    async with FakeDevice(reply).running() as device:
        source = make(device, [holding("good", 0)], realm=Realm.EV)
        with pytest.raises(PermanentError, match="simulator") as caught:
            await source.connect()
        assert "仿真" in caught.value.text("zh-CN")


async def test_real_plant_reads_a_device_that_hangs_up_when_asked_who_it_is() -> None:
    def reply(asked: Asked) -> bytes | None:
        return None if asked.function == 0x2B else registers(asked, {0: 5})

    async with FakeDevice(reply).running() as device:
        async with reading(make(device, [holding("good", 0)], realm=Realm.EV)) as batches:
            assert rows(await take(batches)) == [(10, 5, GOOD, 0)]
        assert device.connections == 2


async def test_address_base_one_reads_one_lower() -> None:
    async with FakeDevice(lambda a: registers(a, {3058: 42})).running() as device:
        async with reading(make(device, [holding("power", 3059)], address_base=1)) as batches:
            assert rows(await take(batches)) == [(10, 42, GOOD, 0)]
        assert device.asked[0].address == 3058


async def test_coils_and_registers_in_one_source() -> None:
    def reply(asked: Asked) -> bytes:
        if asked.function == 1:
            return frame(asked.transaction, asked.unit, bytes([1, 1, 0b1]))
        return registers(asked, {0: 5})

    async with FakeDevice(reply).running() as device:
        addresses: Addresses = [
            (signal("run", SignalType.BOOL), {"table": "coil", "address": 2}),
            holding("good", 0),
        ]
        async with reading(make(device, addresses)) as batches:
            assert rows(await take(batches)) == [(10, 1, GOOD, 0), (11, 5, GOOD, 0)]
        assert (device.asked[0].address, device.asked[0].count) == (2, 1)


def refused(addresses: Addresses, **connection: object) -> str:
    with pytest.raises(ConfigError) as caught:
        ModbusSource(context(SPEC, {"host": "x", **connection}, addresses))
    assert caught.value.zh != caught.value.en
    return caught.value.en


def test_configuration_that_cannot_be_read_is_refused_at_construction() -> None:
    assert "address_base 1" in refused([holding("good", 0)], address_base=1)
    assert "outside" in refused([holding("good", 65535, "uint32")])
    assert "declared hole" in refused([holding("good", 5)], holes=[{"first": 4, "last": 6}])
    assert "more than 2" in refused([holding("good", 5, "float64")], max_registers=2)
    assert "text n" in refused([holding("good", 5, "text 4")])


@pytest.mark.parametrize(
    "address",
    [
        {"address": 1},  # a register needs an encoding
        {"address": 1, "encoding": "float16"},
        {"address": 1, "encoding": "uint16", "order": "ABDC"},
        {"address": 1, "encoding": "uint16", "sentinels": [70000]},
        {"address": 1, "table": "coil", "encoding": "uint16"},
        {"address": -1, "encoding": "uint16"},
        {"address": 1, "encoding": "uint16", "scale": 10},
    ],
)
def test_address_that_makes_no_sense_is_refused(address: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ModbusAddress.model_validate(address)


def test_connection_limits() -> None:
    base = {"protocol": "modbus", "host": "10.0.0.5"}
    assert ModbusConnection.model_validate(base).in_flight == 1
    for bad in (
        {"in_flight": 17},
        {"in_flight": 0},
        {"max_registers": 126},
        {"unit_id": 256},
        {"address_base": 2},
    ):
        with pytest.raises(ValidationError):
            ModbusConnection.model_validate({**base, **bad})


def test_ticker_never_drifts_and_counts_what_it_skips() -> None:
    ticker = Ticker(period_ns=1_500, due_ns=100)
    assert ticker.advance(101) == 0
    assert ticker.due_ns == 1_600
    assert ticker.advance(1_600 + 3 * 1_500) == 3  # due at 3100, 4600 and 6100 = now
    assert ticker.due_ns == 7_600


@pytest.mark.parametrize("name", ["plc-01", "meter-01", "press-01", "x"])
@pytest.mark.parametrize("unix_ns", [START_NS, START_NS + 59_999_999_999, START_NS + 12_345])
def test_first_due_lies_well_inside_the_period(name: str, unix_ns: int) -> None:
    period = 60_000_000_000
    wait = first_due(name, period, unix_ns=unix_ns, monotonic_ns=1_000) - 1_000
    assert 0 < wait <= period
    assert period // 4 <= (unix_ns + wait) % period < period * 3 // 4
