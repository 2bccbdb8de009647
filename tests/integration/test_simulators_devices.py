"""The simulated devices over real sockets, read by clients that the project did not write."""

from __future__ import annotations

import asyncio
import json
import logging
import struct
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from amqtt.client import MQTTClient
from asyncua import Client, ua
from pymodbus.client import AsyncModbusTcpClient

from simulators.control import CommandError, send_command
from simulators.devices.base import Faults
from simulators.devices.embedded_broker import EmbeddedBroker
from simulators.devices.modbus_meter import FloatMeter, SwappedMeter
from simulators.devices.modbus_plc import PlcDevice
from simulators.devices.mqtt_gateway import MqttGateway
from simulators.devices.opcua_machinetool import MachineToolDevice
from simulators.devices.opcua_robotics import RoboticsDevice
from simulators.devices.opcua_sinumerik import SinumerikDevice
from simulators.devices.opcua_space import StandardNodes
from simulators.live import LivePlant
from simulators.plan import HOUR_MS, day_start_ms
from simulators.plant import Plant, PlantOptions
from tests.support.prompt import PATIENCE_S

NOON = day_start_ms(date(2026, 11, 20)) + 5 * HOUR_MS
STANDARD = StandardNodes()
LIVE = LivePlant(7, NOON)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _quiet():
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)


def instant(ms):
    return EPOCH + timedelta(milliseconds=ms)


@asynccontextmanager
async def started(device):
    try:
        await device.start(0)
        await device.show(LIVE.view(NOON))
        yield device
    finally:
        await device.stop()


@asynccontextmanager
async def opcua(device):
    client = Client(device.address["url"], timeout=PATIENCE_S)
    async with client:
        yield client


@asynccontextmanager
async def modbus(device, timeout=PATIENCE_S):
    client = AsyncModbusTcpClient(
        "127.0.0.1", port=device.address["port"], timeout=timeout, retries=0, reconnect_delay=0
    )
    assert await client.connect()
    try:
        yield client
    finally:
        client.close()


async def by_path(client, *names):
    """Follow browse names from Objects; a number stands for its namespace index, None for the only child."""
    node = client.nodes.objects
    for name in names:
        if name is None:
            (node,) = await node.get_children()
        else:
            node = await node.get_child(name)
    return node


# OPC UA


async def test_machine_tool_is_found_by_its_type_and_shows_the_script():
    async with started(MachineToolDevice(STANDARD)) as device, opcua(device) as client:
        (endpoint,) = await client.get_endpoints()
        assert endpoint.Server.ApplicationUri == "urn:plantproof:simulator:cnc-01"
        my = await client.get_namespace_index("http://opcfoundation.org/UA/Machinery/")
        mt = await client.get_namespace_index("http://opcfoundation.org/UA/MachineTool/")
        machines = client.get_node(ua.NodeId(1001, my))
        (machine,) = await machines.get_children()
        assert await machine.read_type_definition() == ua.NodeId(13, mt)
        shown = LIVE.view(NOON).machines["cnc-01"]
        program = await machine.get_child([f"{mt}:Production", f"{mt}:ActiveProgram"])
        number = await program.get_child([f"{mt}:State", "0:CurrentState", "0:Number"])
        assert await number.read_value() == shown.code.value
        assert await (await program.get_child(f"{mt}:Name")).read_value() == shown.program
        plan = await machine.get_child([f"{mt}:Production", f"{mt}:ProductionPlan"])
        (job,) = await plan.get_children()
        good = await (await job.get_child(f"{mt}:PartsGood")).read_value()
        total = await (await job.get_child(f"{mt}:PartsCompleted")).read_value()
        assert (good, total - good) == (shown.good.value, shown.scrap.value)


async def test_sinumerik_variables_are_readable_but_cannot_be_browsed():
    async with started(SinumerikDevice(STANDARD)) as device, opcua(device) as client:
        names = [await n.read_browse_name() for n in await client.nodes.objects.get_children()]
        assert {n.NamespaceIndex for n in names} == {0}
        ns = await client.get_namespace_index("SinumerikVarProvider")
        shown = LIVE.view(NOON).machines["cnc-02"]
        parts = client.get_node(f"ns={ns};s=/Channel/State/actParts[u1,1]")
        value = await parts.read_data_value()
        assert value.Value.VariantType == ua.VariantType.Double
        assert value.Value.Value == float(shown.good.value)
        mode = client.get_node(f"ns={ns};s=/Bag/State/opMode[u1]")
        assert await mode.read_value() == shown.mode.value
        with pytest.raises(ua.UaStatusCodeError):
            await client.get_node(f"ns={ns};s=/Channel/State/actParts[u9,1]").read_value()


async def test_robot_has_the_standard_tree_and_the_cell_variables():
    async with started(RoboticsDevice(STANDARD)) as device, opcua(device) as client:
        di = await client.get_namespace_index("http://opcfoundation.org/UA/DI/")
        rb = await client.get_namespace_index("http://opcfoundation.org/UA/Robotics/")
        cell = await client.get_namespace_index("urn:plantproof:simulator:robot-01:cell")
        (system,) = await client.get_node(ua.NodeId(5001, di)).get_children()
        assert await system.read_type_definition() == ua.NodeId(1002, rb)
        shown = LIVE.view(NOON).machines["robot-01"]
        (safety,) = await (await system.get_child(f"{rb}:SafetyStates")).get_children()
        mode = await safety.get_child([f"{di}:ParameterSet", f"{rb}:OperationalMode"])
        assert await mode.read_value() == shown.mode.value
        state = client.get_node(f"ns={cell};s=Cell.ExecutionState")
        assert await state.read_value() == shown.code.value
        good = client.get_node(f"ns={cell};s=Cell.PartsGood")
        assert await good.read_value() == shown.good.value


async def test_changed_value_carries_the_instant_of_its_change_and_others_that_of_the_reading():
    async with started(SinumerikDevice(STANDARD)) as device, opcua(device) as client:
        ns = await client.get_namespace_index("SinumerikVarProvider")
        parts = client.get_node(f"ns={ns};s=/Channel/State/actParts[u1,1]")
        events = LIVE.events("cnc-02")
        at = next(t for t in events.good_ms.tolist() if t > LIVE.script_ms(NOON) + 2000)
        wall = LIVE.wall_ms(at)
        await device.show(LIVE.view(wall - 500))
        assert (await parts.read_data_value()).SourceTimestamp == instant(wall - 500)
        await device.show(LIVE.view(wall + 400))
        value = await parts.read_data_value()
        assert value.SourceTimestamp == instant(wall)
        assert value.Value.Value == LIVE.view(wall).machines["cnc-02"].good.value


async def test_subscription_is_told_of_a_new_state():
    class Seen:
        def __init__(self):
            self.values = asyncio.Queue()

        def datachange_notification(self, node, value, data):
            self.values.put_nowait(value)

    events = LIVE.events("robot-01")
    change = next(t for t in events.state_ms.tolist() if t > LIVE.script_ms(NOON))
    async with started(RoboticsDevice(STANDARD)) as device, opcua(device) as client:
        cell = await client.get_namespace_index("urn:plantproof:simulator:robot-01:cell")
        seen = Seen()
        subscription = await client.create_subscription(50, seen)
        await subscription.subscribe_data_change(
            client.get_node(f"ns={cell};s=Cell.ExecutionState")
        )
        async with asyncio.timeout(PATIENCE_S):
            first = await seen.values.get()
            await device.show(LIVE.view(LIVE.wall_ms(change) + 1))
            second = await seen.values.get()
        assert first == LIVE.view(NOON).machines["robot-01"].code.value
        assert second == LIVE.view(LIVE.wall_ms(change) + 1).machines["robot-01"].code.value
        assert first != second
        await subscription.delete()


async def test_opcua_bad_quality_is_a_bad_status_without_value_and_ends():
    async with started(SinumerikDevice(STANDARD)) as device, opcua(device) as client:
        ns = await client.get_namespace_index("SinumerikVarProvider")
        node = client.get_node(f"ns={ns};s=/Channel/State/progStatus[u1]")
        await device.apply(Faults(bad_quality=True))
        await device.show(LIVE.view(NOON + 1000))
        value = await node.read_data_value(raise_on_bad_status=False)
        assert value.StatusCode.value == 0x808B0000
        assert value.Value is None or value.Value.Value is None
        await device.apply(Faults())
        await device.show(LIVE.view(NOON + 2000))
        assert (await node.read_data_value()).StatusCode.is_good()


async def test_opcua_freeze_stops_values_and_times_but_not_the_server_clock():
    async with started(SinumerikDevice(STANDARD)) as device, opcua(device) as client:
        ns = await client.get_namespace_index("SinumerikVarProvider")
        node = client.get_node(f"ns={ns};s=/Channel/State/actParts[u1,1]")
        before = await node.read_data_value()
        await device.apply(Faults(frozen=True))
        await device.show(LIVE.view(NOON + HOUR_MS))
        after = await node.read_data_value()
        assert (after.Value, after.SourceTimestamp) == (before.Value, before.SourceTimestamp)
        clock = client.get_node(ua.NodeId(ua.ObjectIds.Server_ServerStatus_CurrentTime))
        assert await clock.read_value() == instant(NOON + HOUR_MS)


async def test_opcua_clock_skew_shifts_source_times_and_server_clock():
    async with started(SinumerikDevice(STANDARD)) as device, opcua(device) as client:
        ns = await client.get_namespace_index("SinumerikVarProvider")
        node = client.get_node(f"ns={ns};s=/Nck/State/numAlarms")
        await device.apply(Faults(skew_ms=-300_000))
        await device.show(LIVE.view(NOON + 1000))
        assert (await node.read_data_value()).SourceTimestamp == instant(NOON + 1000 - 300_000)
        clock = client.get_node(ua.NodeId(ua.ObjectIds.Server_ServerStatus_CurrentTime))
        assert await clock.read_value() == instant(NOON + 1000 - 300_000)


async def test_opcua_disconnect_cuts_the_client_and_comes_back_on_the_same_port():
    async with started(SinumerikDevice(STANDARD)) as device:
        port = device.address["port"]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await device.apply(Faults(disconnected=True))
        async with asyncio.timeout(PATIENCE_S):
            with suppress(ConnectionResetError):  # the other way in which a cut connection shows
                assert await reader.read(1) == b""
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        await device.apply(Faults())
        assert device.address["port"] == port
        async with opcua(device) as client:
            assert await client.get_namespace_index("SinumerikVarProvider") == 2


# Modbus


async def test_plc_registers_follow_the_contract_with_a_swapped_scrap_counter():
    async with started(PlcDevice()) as device, modbus(device) as client:
        shown = LIVE.view(NOON).machines["plc-01"]
        words = (await client.read_holding_registers(0, count=16, device_id=1)).registers
        assert words[0] == NOON // 1000 % 65_536
        assert words[1] == shown.code.value
        assert words[4] << 16 | words[5] == shown.good.value
        assert words[7] << 16 | words[6] == shown.scrap.value
        assert words[8] << 16 | words[9] == 20_000


async def test_plc_refuses_addresses_outside_its_block_and_writing():
    async with started(PlcDevice()) as device, modbus(device) as client:
        outside = await client.read_holding_registers(16, count=1, device_id=1)
        assert (outside.isError(), outside.exception_code) == (True, 2)
        written = await client.write_register(1, 9, device_id=1)
        assert written.isError()
        state = (await client.read_holding_registers(1, count=1, device_id=1)).registers
        assert state == [LIVE.view(NOON).machines["plc-01"].code.value]


async def test_modbus_devices_name_themselves_as_simulators():
    async with started(PlcDevice()) as device, modbus(device) as client:
        answer = await client.read_device_information(read_code=1, object_id=0, device_id=1)
        assert answer.information[0] == b"plantproof-simulator"


async def test_meters_show_one_energy_in_two_word_orders():
    async with started(FloatMeter()) as device, modbus(device) as client:
        shown = LIVE.view(NOON).meters["meter-01"]
        words = (await client.read_holding_registers(2698, count=2, device_id=1)).registers
        (kwh,) = struct.unpack(">f", struct.pack(">HH", *words))
        assert kwh == pytest.approx(shown.energy_wh / 1000, abs=0.001)
        words = (await client.read_holding_registers(3058, count=2, device_id=1)).registers
        (kilowatts,) = struct.unpack(">f", struct.pack(">HH", *words))
        assert kilowatts == pytest.approx(shown.power_w / 1000, rel=1e-6)
    async with started(SwappedMeter()) as device, modbus(device) as client:
        shown = LIVE.view(NOON).meters["meter-02"]
        words = (await client.read_holding_registers(0, count=4, device_id=1)).registers
        assert words[1] << 16 | words[0] == shown.energy_wh // 10
        (kilowatts,) = struct.unpack(">f", struct.pack(">HH", words[3], words[2]))
        assert kilowatts == pytest.approx(shown.power_w / 1000, rel=1e-6)


async def test_modbus_bad_quality_is_exception_four_and_ends():
    async with started(PlcDevice()) as device, modbus(device) as client:
        await device.apply(Faults(bad_quality=True))
        answer = await client.read_holding_registers(0, count=2, device_id=1)
        assert (answer.isError(), answer.exception_code) == (True, 4)
        await device.apply(Faults())
        assert not (await client.read_holding_registers(0, count=2, device_id=1)).isError()


async def test_modbus_freeze_stops_the_heartbeat():
    async with started(PlcDevice()) as device, modbus(device) as client:
        await device.apply(Faults(frozen=True))
        await device.show(LIVE.view(NOON + 60_000))
        words = (await client.read_holding_registers(0, count=1, device_id=1)).registers
        assert words == [NOON // 1000 % 65_536]
        await device.apply(Faults())
        await device.show(LIVE.view(NOON + 60_000))
        words = (await client.read_holding_registers(0, count=1, device_id=1)).registers
        assert words == [(NOON // 1000 + 60) % 65_536]


async def test_modbus_slow_device_answers_after_the_delay():
    async with started(PlcDevice()) as device, modbus(device) as client:
        await device.apply(Faults(delay_s=0.4))
        loop = asyncio.get_running_loop()
        asked = loop.time()
        assert not (await client.read_holding_registers(0, count=1, device_id=1)).isError()
        assert loop.time() - asked >= 0.4


async def test_modbus_disconnect_refuses_and_comes_back():
    async with started(PlcDevice()) as device:
        port = device.address["port"]
        await device.apply(Faults(disconnected=True))
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        await device.apply(Faults())
        async with modbus(device) as client:
            assert not (await client.read_holding_registers(0, count=1, device_id=1)).isError()


# MQTT


@asynccontextmanager
async def press():
    """The gateway with a subscriber of another library; yields (gateway, next message)."""
    broker = EmbeddedBroker()
    await broker.start(0)
    gateway = MqttGateway(broker)
    client = MQTTClient(config={"auto_reconnect": False})
    try:
        await client.connect(f"mqtt://127.0.0.1:{broker.gate.port}/")
        await client.subscribe([("demo/#", 1)])
        await gateway.start(0)

        async def message():
            async with asyncio.timeout(PATIENCE_S):
                received = await client.deliver_message()
            assert received.topic == "demo/press-01/status"
            return json.loads(received.data)

        yield gateway, message
        await gateway.stop()
        await client.disconnect()
    finally:
        await gateway.stop()
        await broker.stop()


async def test_gateway_publishes_the_press_with_its_time_and_says_that_it_is_simulated():
    async with press() as (gateway, message):
        await gateway.show(LIVE.view(NOON))
        shown = LIVE.view(NOON).machines["press-01"]
        assert await message() == {
            "device": "press-01",
            "simulated": True,
            "quality": "good",
            "state": shown.code.value,
            "good": shown.good.value,
            "scrap": shown.scrap.value,
            "alarm": shown.alarm.value,
            "ts": NOON,
        }


async def test_gateway_publishes_changes_and_repeats_after_five_seconds():
    async with press() as (gateway, message):
        published = [NOON, NOON + 30_000]  # pieces were made in between
        for at in (NOON, NOON + 1, NOON + 30_000):
            await gateway.show(LIVE.view(at))
        quiet = NOON + 30_001
        assert [(await message())["ts"] for _ in published] == published
        await gateway.apply(Faults(frozen=True))
        await gateway.show(LIVE.view(quiet))
        repeated = await message()
        # frozen: repeated as proof of life, with the old time and the old values
        assert repeated["ts"] == NOON + 30_000


async def test_gateway_bad_quality_has_nulls_and_skew_shifts_the_time():
    async with press() as (gateway, message):
        await gateway.apply(Faults(bad_quality=True, skew_ms=300_000))
        await gateway.show(LIVE.view(NOON))
        got = await message()
        assert got["quality"] == "bad"
        assert {got[k] for k in ("state", "good", "scrap", "alarm")} == {None}
        assert got["ts"] == NOON + 300_000
        assert got["simulated"] is True


async def test_gateway_slow_publishes_later_with_the_time_of_the_reading():
    async with press() as (gateway, message):
        await gateway.apply(Faults(delay_s=3))
        await gateway.show(LIVE.view(NOON))
        await gateway.apply(Faults())
        await gateway.show(LIVE.view(NOON + 3000))
        assert [(await message())["ts"] for _ in range(2)] == [NOON, NOON + 3000]


async def test_gateway_disconnect_leaves_the_broker_and_comes_back():
    async with press() as (gateway, message):
        await gateway.apply(Faults(disconnected=True))
        await gateway.show(LIVE.view(NOON))
        await gateway.apply(Faults())
        await gateway.show(LIVE.view(NOON + 60_000))
        assert (await message())["ts"] == NOON + 60_000


# the whole plant, with a clock in the hand of the test


class HandClock:
    def __init__(self, ms):
        self.ms = ms

    def __call__(self):
        return self.ms


async def test_plant_commands_over_the_control_socket_do_and_undo_faults():
    clock = HandClock(NOON)
    plant = Plant(PlantOptions(), clock)
    try:
        await plant.start()
        ports = plant.ports_document()
        control = ports["control"]["port"]
        plc = plant.devices["plc-01"]

        async def words():
            async with modbus(plc) as client:
                return (await client.read_holding_registers(0, count=16, device_id=1)).registers

        answer = await send_command(
            control, {"device": "plc-01", "fault": "disconnect", "seconds": 30}
        )
        assert answer["faults"] == [
            {"device": "plc-01", "fault": "disconnect", "seconds_left": 30.0}
        ]
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", ports["devices"]["plc-01"]["port"])
        clock.ms += 30_000
        await plant.tick()
        assert (await words())[0] == clock.ms // 1000 % 65_536

        await send_command(control, {"device": "plc-01", "fault": "freeze", "seconds": 60})
        frozen = (await words())[0]
        clock.ms += 5_000
        await plant.tick()
        assert (await words())[0] == frozen
        assert (await send_command(control, {"clear": "*"}))["faults"] == []
        assert (await words())[0] == frozen + 5

        await send_command(control, {"device": "plc-01", "fault": "counter_reset"})
        assert (await words())[4:8] == [0, 0, 0, 0]
        clock.ms += HOUR_MS
        await plant.tick()
        assert 0 < (await words())[5] <= 180  # 20 s a piece at best

        assert (await send_command(control, {"status": True}))["faults"] == []
    finally:
        await plant.stop()


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ({"device": "cnc-09", "fault": "freeze"}, "no device cnc-09"),
        ({"device": "cnc-01", "fault": "explode"}, "no fault explode"),
        ({"device": "plc-01", "fault": "clock_skew"}, "cannot have the fault"),
        ({"device": "meter-01", "fault": "counter_reset"}, "no piece counters"),
        ({"device": "cnc-01", "fault": "freeze", "seconds": "ten"}, "number of seconds"),
        ({"device": "cnc-01", "fault": "freeze", "seconds": 1e9}, "within a day"),
        ({"clear": "cnc-09"}, "no device cnc-09"),
        ({"hello": 1}, "write"),
    ],
)
async def test_plant_refuses_wrong_commands_with_a_reason(command, text):
    plant = Plant(PlantOptions(), HandClock(NOON))
    with pytest.raises(CommandError, match=text):
        await plant.command(command)
