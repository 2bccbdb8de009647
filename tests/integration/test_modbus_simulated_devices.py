"""The Modbus and MQTT sources read the simulated devices of the demo plant through the shipped profiles."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors import modbus, mqtt
from connectors.base import ConnectorSpec, Realm
from model.batch import Batch
from model.errors import PermanentError
from model.signal import Role, Signal, SignalType
from model.source import Source
from model.status import GOOD
from simulators.devices.base import Faults
from simulators.devices.embedded_broker import EmbeddedBroker
from simulators.devices.modbus_device import ModbusDevice
from simulators.devices.modbus_meter import FloatMeter, SwappedMeter
from simulators.devices.modbus_plc import PlcDevice
from simulators.devices.mqtt_gateway import MqttGateway
from simulators.live import LivePlant
from simulators.plan import HOUR_MS, day_start_ms
from tests.support.connector import context
from tests.support.prompt import MINUTE, PATIENCE_S

PROFILES = Path(__file__).parents[2] / "config" / "profiles"
NOON = day_start_ms(date(2026, 11, 20)) + 3 * HOUR_MS
VIEW = LivePlant(7, NOON).view(NOON)


def profile(name: str, device: str) -> list[tuple[Signal, Mapping[str, object]]]:
    text: dict[str, Any] = yaml.safe_load((PROFILES / f"{name}.yaml").read_text(encoding="utf-8"))
    return [
        (
            Signal(device=device, name=s["name"], role=Role(s["role"]), type=SignalType(s["type"])),
            s["address"],
        )
        for s in text["signals"]
    ]


def make(
    spec: ConnectorSpec,
    addresses: list[tuple[Signal, Mapping[str, object]]],
    address: Mapping[str, object],
    *,
    realm: Realm = Realm.SIM,
    **more: object,
) -> Source:
    limit = {"timeout": MINUTE} if spec is modbus.SPEC else {}
    connection = {"host": address["host"], "port": address["port"], **limit, **more}
    return spec.create(context(spec, connection, addresses, realm=realm))


async def first_batch(source: Source) -> Batch:
    await source.connect()
    batches = source.batches()
    try:
        return await asyncio.wait_for(anext(batches), PATIENCE_S)
    finally:
        await batches.aclose()  # type: ignore[attr-defined]
        await source.close()


def good_values(
    batch: Batch, addresses: list[tuple[Signal, Mapping[str, object]]]
) -> dict[str, float]:
    result: dict[str, float] = {}
    for row in range(len(batch)):
        kind = addresses[int(batch.signal[row]) - 10][0]
        assert batch.status[row] == GOOD
        column = batch.floats if kind.type is SignalType.FLOAT else batch.value
        result[kind.name] = column[row].item()
    return result


async def read_modbus(device: ModbusDevice, name: str, **more: object) -> dict[str, float]:
    addresses = profile(name, device.name)
    await device.start(0)
    try:
        await device.show(VIEW)
        return good_values(
            await first_batch(make(modbus.SPEC, addresses, device.address, **more)), addresses
        )
    finally:
        await device.stop()


async def test_plc_with_one_word_swapped_counter() -> None:
    got = await read_modbus(PlcDevice(), "modbus-generic-plc-demo")
    machine = VIEW.machines["plc-01"]
    assert got["good"] == machine.good.value > 0
    assert got["scrap"] == machine.scrap.value
    assert got["state"] == machine.code.value


async def test_float_meter_with_one_based_addresses() -> None:
    got = await read_modbus(FloatMeter(), "modbus-schneider-pm5xxx", address_base=1)
    meter = VIEW.meters["meter-01"]
    # binary32 has 24 bits: half a unit in the last place is 2^-25 of the value.
    assert got["energy"] == pytest.approx(meter.energy_wh / 1000, rel=2**-24, abs=0)
    assert got["power"] == pytest.approx(meter.power_w / 1000, rel=2**-24, abs=0)


async def test_swapped_meter_counts_ten_wh() -> None:
    got = await read_modbus(SwappedMeter(), "modbus-meter-cdab-demo")
    assert got["energy"] == VIEW.meters["meter-02"].energy_wh // 10


async def test_real_plant_refuses_the_simulated_plc() -> None:
    device = PlcDevice()
    addresses = profile("modbus-generic-plc-demo", device.name)
    await device.start(0)
    try:
        source = make(modbus.SPEC, addresses, device.address, realm=Realm.EV)
        with pytest.raises(PermanentError, match="simulator"):
            await source.connect()
    finally:
        await device.stop()


async def test_plc_with_bad_quality_gives_no_value() -> None:
    device = PlcDevice()
    addresses = profile("modbus-generic-plc-demo", device.name)
    await device.start(0)
    try:
        await device.show(VIEW)
        await device.apply(Faults(bad_quality=True))
        batch = await first_batch(make(modbus.SPEC, addresses, device.address))
    finally:
        await device.stop()
    assert set((batch.status >> 30).tolist()) == {2}
    assert set(batch.value.tolist()) == {0}
    assert len(batch) == len(addresses)


@pytest.mark.parametrize("realm", [Realm.SIM, Realm.EV])
async def test_press_behind_the_gateway(realm: Realm) -> None:
    addresses = profile("mqtt-json-press-demo", "press-01")
    broker = EmbeddedBroker()
    await broker.start(0)
    gateway = MqttGateway(broker)
    try:
        await gateway.start(0)
        address = {"host": "127.0.0.1", "port": broker.gate.port}
        source = make(mqtt.SPEC, addresses, address, realm=realm)
        await source.connect()
        batches = source.batches()
        waiting = asyncio.ensure_future(anext(batches))
        await gateway.show(VIEW)
        if realm is Realm.EV:
            with pytest.raises(PermanentError, match="simulated"):
                await asyncio.wait_for(waiting, PATIENCE_S)
        else:
            batch = await asyncio.wait_for(waiting, PATIENCE_S)
            await source.acknowledge()
            machine = VIEW.machines["press-01"]
            got = good_values(batch, addresses)
            assert got == {
                "state": machine.code.value,
                "good": machine.good.value,
                "scrap": machine.scrap.value,
                "alarm": machine.alarm.value,
            }
            assert set(batch.source_ns.tolist()) == {VIEW.at_ms * 10**6}
        await batches.aclose()  # type: ignore[attr-defined]
        await source.close()
    finally:
        await gateway.stop()
        await broker.stop()
