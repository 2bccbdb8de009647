"""The MQTT source against mosquitto: versions, TLS with client certificates, redelivery, refusals, faults."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from connectors.base import Realm
from connectors.mqtt import SPEC
from connectors.mqtt.client import MqttClient
from connectors.mqtt.config import MqttConnection
from connectors.mqtt.source import MqttSource
from model.batch import Batch
from model.errors import PermanentError, TransientError
from model.signal import Signal, SignalType
from model.status import GOOD, UNCERTAIN_LAST_USABLE
from tests.support import servers
from tests.support.connector import RunningClock, context, signal
from tests.support.prompt import PATIENCE_S

pytestmark = pytest.mark.integration

Addresses = list[tuple[Signal, Mapping[str, object]]]


def points(prefix: str) -> Addresses:
    topic = f"{prefix}/press-01"
    return [
        (signal("good"), {"topic": topic, "pointer": "/good", "time_pointer": "/ts"}),
        (signal("program", SignalType.TEXT), {"topic": topic, "pointer": "/program"}),
    ]


def message(good: int) -> bytes:
    return json.dumps({"ts": 1_780_272_000_000 + good, "good": good}).encode()


@contextmanager
def publisher(broker: servers.MqttBroker, **tls: str) -> Iterator[Client]:
    """A plain paho client in its own thread, connected."""
    client = Client(CallbackAPIVersion.VERSION2)
    if tls:
        client.tls_set(tls["ca"], tls["cert"], tls["key"])
    ready = threading.Event()
    client.on_connect = lambda *_: ready.set()
    client.connect("localhost" if tls else broker.host, broker.port)
    client.loop_start()
    assert ready.wait(PATIENCE_S)
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def publish(client: Client, topic: str, *payloads: bytes, retain: bool = False) -> None:
    for payload in payloads:
        client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(PATIENCE_S)


def make(
    broker: servers.MqttBroker, prefix: str, *, realm: Realm = Realm.SIM, **settings: object
) -> MqttSource:
    connection = {
        "host": broker.host,
        "port": broker.port,
        "client_id": f"test-{prefix}",
        **settings,
    }
    return MqttSource(context(SPEC, connection, points(prefix), name="press-01", realm=realm))


@asynccontextmanager
async def reading(source: MqttSource) -> AsyncIterator[AsyncIterator[Batch]]:
    batches = source.batches()
    try:
        await source.connect()
        yield batches
    finally:
        await batches.aclose()  # type: ignore[attr-defined]
        await source.close()


async def take(batches: AsyncIterator[Batch]) -> Batch:
    return await asyncio.wait_for(anext(batches), PATIENCE_S)


async def take_values(
    batches: AsyncIterator[Batch], count: int, source: MqttSource | None = None
) -> list[int]:
    """Return the first `count` values of `good`; with a source, acknowledge each batch."""
    got: list[int] = []
    while len(got) < count:
        batch = await take(batches)
        got.extend(batch.value[batch.signal == 10].tolist())
        if source is not None:
            await source.acknowledge()
    return got


@pytest.mark.parametrize("version", ["3.1.1", "5"])
@pytest.mark.parametrize("qos", [0, 1])
async def test_messages_arrive_in_order_with_the_time_of_the_payload(
    mosquitto_broker: servers.MqttBroker, version: str, qos: int
) -> None:
    prefix = f"order-{version}-{qos}"
    source = make(mosquitto_broker, prefix, version=version, qos=qos)
    async with reading(source) as batches:
        with publisher(mosquitto_broker) as client:
            await asyncio.to_thread(
                publish, client, f"{prefix}/press-01", *(message(n) for n in range(100))
            )
        batch = await take(batches)
        await source.acknowledge()
        assert batch.source_ns[0] == 1_780_272_000_000 * 10**6
        rest = await take_values(batches, 100 - len(batch), source) if len(batch) < 100 else []
    assert batch.value.tolist() + rest == list(range(100))
    assert set(batch.status.tolist()) == {GOOD}


@pytest.mark.parametrize("version", ["3.1.1", "5"])
async def test_unacknowledged_messages_come_again_and_acknowledged_ones_do_not(
    mosquitto_broker: servers.MqttBroker, version: str
) -> None:
    """The agent dies after it yielded rows and before they are on disk."""
    prefix = f"again-{version}"
    topic = f"{prefix}/press-01"
    source = make(mosquitto_broker, prefix, version=version)
    with publisher(mosquitto_broker) as client:
        async with reading(source) as batches:
            await asyncio.to_thread(publish, client, topic, *(message(n) for n in range(5)))
            assert await take_values(batches, 5, source) == [0, 1, 2, 3, 4]
            await asyncio.to_thread(publish, client, topic, *(message(n) for n in range(5, 9)))
            assert await take_values(batches, 4) == [5, 6, 7, 8]
        await asyncio.to_thread(publish, client, topic, message(9))
        fresh = make(mosquitto_broker, prefix, version=version)
        async with reading(fresh) as batches:
            assert await take_values(batches, 5, fresh) == [5, 6, 7, 8, 9]
        third = make(mosquitto_broker, prefix, version=version)
        async with reading(third) as batches:
            await asyncio.to_thread(publish, client, topic, message(10))
            assert await take_values(batches, 1, third) == [10]


async def test_only_messages_of_committed_batches_are_acknowledged(
    mosquitto_broker: servers.MqttBroker,
) -> None:
    """A second batch is yielded while the first is being committed; the agent dies after that commit."""
    prefix = "counted"
    topic = f"{prefix}/press-01"
    source = make(mosquitto_broker, prefix)
    with publisher(mosquitto_broker) as client:
        async with reading(source) as batches:
            for n in range(2):
                await asyncio.to_thread(publish, client, topic, message(n), b'{"other": 1}')
                assert await take_values(batches, 1) == [n]
            await source.acknowledge(1)
        fresh = make(mosquitto_broker, prefix)
        async with reading(fresh) as batches:
            assert await take_values(batches, 1, fresh) == [1]


async def test_undecodable_messages_are_acknowledged_and_do_not_fill_the_window(
    mosquitto_broker: servers.MqttBroker,
) -> None:
    """mosquitto has at most 20 messages in flight: 200 bad ones without acknowledgement would stop it."""
    prefix = "bad"
    source = make(mosquitto_broker, prefix)
    async with reading(source) as batches:
        with publisher(mosquitto_broker) as client:
            payloads = [b'{"good":'] * 200 + [message(1)]
            await asyncio.to_thread(publish, client, f"{prefix}/press-01", *payloads)
        values: list[int] = []
        while 1 not in values:
            batch = await take(batches)
            values = batch.value[(batch.signal == 10) & (batch.status == GOOD)].tolist()
            await source.acknowledge()
    assert source.undecodable == 200
    assert len(source.quarantine) == 100
    assert source.quarantine[0].payload == b'{"good":'
    assert source.quarantine[0].reason


async def test_messages_without_any_row_are_acknowledged_at_once(
    mosquitto_broker: servers.MqttBroker,
) -> None:
    prefix = "empty"
    source = make(mosquitto_broker, prefix)
    async with reading(source) as batches:
        with publisher(mosquitto_broker) as client:
            payloads = [b'{"other": 1}'] * 100 + [message(1)]
            await asyncio.to_thread(publish, client, f"{prefix}/press-01", *payloads)
        assert (await take(batches)).value.tolist() == [1]


async def test_retained_message_is_uncertain(mosquitto_broker: servers.MqttBroker) -> None:
    prefix = "retained"
    with publisher(mosquitto_broker) as client:
        await asyncio.to_thread(
            lambda: publish(client, f"{prefix}/press-01", message(3), retain=True)
        )
        source = make(mosquitto_broker, prefix)
        async with reading(source) as batches:
            kept = await take(batches)
            await source.acknowledge()
            await asyncio.to_thread(publish, client, f"{prefix}/press-01", message(4))
            live = await take(batches)
    assert (kept.value.tolist(), kept.status.tolist()) == ([3], [UNCERTAIN_LAST_USABLE])
    assert (live.value.tolist(), live.status.tolist()) == ([4], [GOOD])


async def test_real_plant_refuses_a_simulated_payload(mosquitto_broker: servers.MqttBroker) -> None:
    prefix = "sim"
    for realm in (Realm.EV, Realm.SIM):
        source = make(mosquitto_broker, prefix, realm=realm, client_id=f"test-sim-{realm.value}")
        async with reading(source) as batches:
            with publisher(mosquitto_broker) as client:
                await asyncio.to_thread(
                    publish, client, f"{prefix}/press-01", b'{"good":1,"simulated":true}'
                )
            if realm is Realm.SIM:
                assert (await take(batches)).value.tolist() == [1]
            else:
                with pytest.raises(PermanentError, match="simulated"):
                    await take(batches)


async def test_killed_broker_is_transient_and_reconnecting_goes_on() -> None:
    with servers.mosquitto() as broker:
        source = make(broker, "kill")
        async with reading(source) as batches:
            broker.process.kill()
            with pytest.raises(TransientError, match="was lost"):
                await take(batches)
            with pytest.raises(TransientError, match="cannot connect"):
                await source.connect()
            broker.process.start()
            await source.connect()
            again = source.batches()
            with publisher(broker) as client:
                await asyncio.to_thread(publish, client, "kill/press-01", message(1))
            assert (await take(again)).value.tolist() == [1]
            await again.aclose()  # type: ignore[attr-defined]


async def test_full_queue_makes_the_broker_wait_and_loses_nothing(
    mosquitto_broker: servers.MqttBroker,
) -> None:
    """Without limit of the window and with a queue of 10, 500 messages of QoS 1 all arrive, in order."""
    config = "allow_anonymous true\nmax_inflight_messages 0"
    with servers.mosquitto(config) as broker:
        connection = MqttConnection.model_validate(
            {"protocol": "mqtt", "host": broker.host, "port": broker.port}
        )
        client = MqttClient(connection, "small-queue", RunningClock(), queue_length=10)
        try:
            await client.connect(["t"])
            with publisher(broker) as sender:
                await asyncio.to_thread(
                    publish, sender, "t", *(str(n).encode() for n in range(500))
                )
            got: list[int] = []
            while len(got) < 500:
                messages = await asyncio.wait_for(client.receive(), 20)
                got.extend(int(m.payload) for m in messages)
                client.acknowledge([m.mid for m in messages])
        finally:
            await client.close()
    assert got == list(range(500))
    assert client.most_waiting == 10


async def test_wrong_password_is_permanent_and_is_not_printed(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("top-secret\n")
    acl = tmp_path / "users"
    # mosquitto accepts a plain file only after mosquitto_passwd; an empty one refuses everybody.
    acl.write_text("")
    with servers.mosquitto(f"allow_anonymous false\npassword_file {acl}") as broker:
        source = make(broker, "auth", username="agent", password_file=str(password))
        with pytest.raises(PermanentError) as caught:
            await source.connect()
        assert "password_file" in caught.value.en or "may not connect" in caught.value.en
        assert "top-secret" not in caught.value.en + caught.value.zh
        await source.close()


async def test_files_that_are_absent_are_permanent(
    mosquitto_broker: servers.MqttBroker, tmp_path: Path
) -> None:
    gone = str(tmp_path / "gone")
    for settings in ({"username": "a", "password_file": gone}, {"tls": {"ca": gone}}):
        source = make(mosquitto_broker, "gone", **settings)
        with pytest.raises(PermanentError, match="cannot be used"):
            await source.connect()
        await source.close()


def certificates(folder: Path) -> dict[str, str]:
    """Make a CA, a server certificate for localhost and a client certificate; return the paths."""
    now = datetime.now(UTC)

    def make_one(
        name: str, issuer: tuple[x509.Name, ec.EllipticCurvePrivateKey] | None
    ) -> tuple[x509.Name, ec.EllipticCurvePrivateKey]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer_name, issuer_key = issuer or (subject, key)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(
                x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True
            )
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        )
        certificate = builder.sign(issuer_key, hashes.SHA256())
        (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / f"{name}.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return subject, key

    ca = make_one("ca", None)
    make_one("server", ca)
    make_one("client", ca)
    make_one("foreign", None)
    return {path.name: str(path) for path in folder.iterdir()}


async def test_tls_with_client_certificate(tmp_path: Path) -> None:
    files = certificates(tmp_path)
    config = (
        f"allow_anonymous true\ncafile {files['ca.crt']}\ncertfile {files['server.crt']}\n"
        f"keyfile {files['server.key']}\nrequire_certificate true"
    )
    client_files = {"ca": files["ca.crt"], "cert": files["client.crt"], "key": files["client.key"]}
    with servers.mosquitto(config) as broker:
        source = make(broker, "tls", host="localhost", tls=client_files)
        async with reading(source) as batches:
            with publisher(broker, **client_files) as client:
                await asyncio.to_thread(publish, client, "tls/press-01", message(1))
            assert (await take(batches)).value.tolist() == [1]
            await source.acknowledge()

        untrusted = make(
            broker, "tls2", host="localhost", tls={**client_files, "ca": files["foreign.crt"]}
        )
        with pytest.raises(PermanentError, match="not trusted"):
            await untrusted.connect()
        await untrusted.close()

        wrong_name = make(broker, "tls3", host="127.0.0.1", tls=client_files)
        with pytest.raises(PermanentError, match="not trusted"):
            await wrong_name.connect()
        await wrong_name.close()

        without = make(broker, "tls4", host="localhost", tls={"ca": files["ca.crt"]})
        with pytest.raises(TransientError):
            await without.connect()
        await without.close()

        plain = make(broker, "tls5", connect_timeout="1 s")
        with pytest.raises(TransientError):
            await plain.connect()
        await plain.close()


async def test_same_client_id_twice_gets_a_hint(mosquitto_broker: servers.MqttBroker) -> None:
    first, second = make(mosquitto_broker, "twice"), make(mosquitto_broker, "twice")
    async with reading(first) as batches, reading(second):
        with pytest.raises(TransientError, match="same client id"):
            await take(batches)


async def test_close_is_safe_at_any_time(mosquitto_broker: servers.MqttBroker) -> None:
    source = make(mosquitto_broker, "close")
    await source.close()
    await source.acknowledge()
    await source.connect()
    await source.close()
    await source.close()
