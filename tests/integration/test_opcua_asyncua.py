"""The OPC UA source against the server of asyncua."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.user_managers import UserManager
from cryptography import x509

from connectors.base import Realm, SourceContext
from connectors.opcua import SPEC
from connectors.opcua.client import Session
from connectors.opcua.readings import PublishMessage
from connectors.opcua.security import own_certificate
from model.batch import NO_TIME
from model.errors import PermanentError, TransientError
from model.flags import RowFlag
from model.signal import Signal, SignalType
from tests.support.asyncua_server import URI, PlantServer, plant_server
from tests.support.connector import START_NS, context, signal
from tests.support.process import reserved_port
from tests.support.prompt import MINUTE, without_waiting
from tests.support.source_run import running

V = ua.VariantType
T = SignalType
ALIVE = RowFlag.ALIVE | RowFlag.NO_VALUE


def opcua(
    url: str,
    addresses: Sequence[tuple[Signal, Mapping[str, object]]],
    *,
    realm: Realm = Realm.SIM,
    **connection: object,
) -> SourceContext:
    fast = {
        "publishing_interval": "50 ms",
        "sampling": "50 ms",
        "timeout": MINUTE,
        "security": "none",
    }
    return context(SPEC, {"url": url, **fast, **connection}, addresses, realm=realm)


async def exhausted(stream: AsyncIterator[Any]) -> None:
    async for _ in stream:
        pass


def node(name: str, **more: object) -> dict[str, object]:
    return {"node": f"nsu={URI};s={name}", **more}


async def test_first_values_and_changes_arrive_as_their_types() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    async with plant_server() as plant:
        count = await plant.add("count", 5, V.UInt32)
        await plant.add("parts", 12.0, V.Double)
        await plant.add("name", "主轴", V.String)
        await plant.add("mode", ua.LocalizedText("运行", "zh-CN"), V.LocalizedText)
        await plant.add("axes", [1.0, 2.0, 3.5], V.Double)
        await plant.add("on", True, V.Boolean)
        await plant.add("big", 2**64 - 1, V.UInt64)
        ctx = opcua(
            plant.url,
            [
                (signal("count", T.INT), node("count")),
                (signal("parts", T.INT), node("parts")),
                (signal("name", T.TEXT), node("name")),
                (signal("mode", T.TEXT), node("mode")),
                (signal("z", T.FLOAT), node("axes", index=2)),
                (signal("on", T.BOOL), node("on")),
                (signal("big", T.UINT), node("big")),
                (signal("wrong", T.INT), node("name")),
            ],
        )
        async with running(SPEC.create(ctx), ctx.points) as run:
            await run.until(lambda: len({r.signal for r in run.rows}) == 8)
            first = {r.signal: r for r in run.rows}
            assert [first[10 + i].value for i in range(8)] == [
                5,
                12,
                "主轴".encode(),
                "运行".encode(),
                3.5,
                True,
                2**64 - 1,
                None,
            ]
            assert first[17].status == 0x80740000
            await plant.write(count, 6, V.UInt32, SourceTimestamp=moment)
            await run.until(lambda: 6 in run.values(10))
            last = run.of(10)[-1]
            assert (last.status, last.flags) == (0, RowFlag(0))
            assert last.source_ns == 1_767_323_045_678_901_000
            assert last.received_ns >= START_NS


async def test_bad_uncertain_and_null_values_are_rows() -> None:
    async with plant_server() as plant:
        item = await plant.add("x", 1.0, V.Double)
        ctx = opcua(plant.url, [(signal("x", T.FLOAT), node("x"))])
        async with running(SPEC.create(ctx), ctx.points) as run:
            await run.until(lambda: run.values(10) == [1.0])
            for value, kind, status in (
                (2.0, V.Double, 0x40900000),
                (None, V.Null, 0x80350000),
                (float("nan"), V.Double, 0),
                (3.0, V.Double, 0x480),
            ):
                seen = len(run.of(10))
                await plant.write(item, value, kind, StatusCode=ua.StatusCode(status))
                await run.until(lambda seen=seen: len(run.of(10)) > seen)
            assert [(r.value, r.status, r.flags) for r in run.of(10)[1:]] == [
                (2.0, 0x40900000, RowFlag(0)),
                (None, 0x80350000, RowFlag.NO_VALUE),
                (None, 0, RowFlag.NO_VALUE | RowFlag.NOT_FINITE),
                (3.0, 0x480, RowFlag.OVERFLOW),
            ]


async def test_required_item_that_rests_is_proven_alive_each_round() -> None:
    async with plant_server() as plant:
        await plant.add("count", 5, V.UInt32)
        ctx = opcua(plant.url, [(signal("count"), node("count"))], reread="200 ms")
        async with running(SPEC.create(ctx), ctx.points) as run:
            await run.until(lambda: sum(r.flags == ALIVE for r in run.rows) >= 2)
            proof = next(r for r in run.rows if r.flags == ALIVE)
            assert (proof.value, proof.status, proof.source_ns) == (None, 0, NO_TIME)
            assert run.values(10) == [5]


async def test_item_silently_dead_is_reported_counted_and_made_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with plant_server() as plant:
        item = await plant.add("count", 5, V.UInt32)
        ctx = opcua(plant.url, [(signal("count"), node("count"))], reread="200 ms")
        source = SPEC.create(ctx)
        async with running(source, ctx.points) as run:
            await run.until(lambda: run.values(10) == [5])
            # Behind the back of the subscription: a Read sees the value, the monitored item does not.
            space = plant.server.iserver.aspace
            space[item.nodeid].attributes[ua.AttributeIds.Value].value = ua.DataValue(
                ua.Variant(6, V.UInt32)
            )
            await run.until(lambda: 6 in run.values(10))
            assert source.counters.silent_items == 1
            assert "plc-01.count" in caplog.text
            await plant.write(item, 7, V.UInt32)
            await run.until(lambda: 7 in run.values(10))


async def test_moving_item_is_not_taken_for_dead() -> None:
    async with plant_server() as plant:
        item = await plant.add("count", 0, V.UInt32)
        ctx = opcua(plant.url, [(signal("count"), node("count"))], reread="100 ms")
        source = SPEC.create(ctx)
        async with running(source, ctx.points) as run:
            for value in range(1, 40):
                await plant.write(item, value, V.UInt32)
                await run.until(lambda value=value: value in run.values(10))
            assert source.counters.silent_items == 0


async def test_point_that_is_not_there_has_its_reason_and_comes_later() -> None:
    async with plant_server() as plant:
        ctx = opcua(
            plant.url,
            [
                (signal("late"), node("late")),
                (signal("other"), {"node": "nsu=urn:nobody;s=x"}),
                (signal("path"), {"path": ["MT:Monitoring"]}),
            ],
            reread="200 ms",
        )
        async with running(SPEC.create(ctx), ctx.points) as run:
            await run.until(lambda: len({r.signal for r in run.rows}) == 3)
            assert [run.of(i)[0].status for i in (10, 11, 12)] == [
                0x80340000,
                0x80330000,
                0x806F0000,
            ]
            assert all(r.value is None for r in run.rows)
            await plant.add("late", 9, V.UInt32)
            await run.until(lambda: 9 in run.values(10))


async def machine_type(plant: PlantServer) -> Any:
    """Add a type with a count below a Monitoring object."""
    kind = await plant.server.nodes.base_object_type.add_object_type(
        ua.NodeId(13, plant.namespace), ua.QualifiedName("MachineToolType", plant.namespace)
    )
    subtype = await kind.add_object_type(ua.NodeId(14, plant.namespace), "2:LatheType")
    return kind, subtype


async def test_machine_is_found_by_type_whatever_its_name() -> None:
    async with plant_server() as plant:
        kind, subtype = await machine_type(plant)
        objects = plant.server.nodes.objects
        machines = await objects.add_folder(ua.NodeId("Machines", 2), "2:Machines")
        await machines.add_object(ua.NodeId("P", 2), "2:Pump")
        machine = await machines.add_object(
            ua.NodeId("M", 2), "2:铣床 7", objecttype=subtype.nodeid, instantiate_optional=False
        )
        monitoring = await machine.add_object(ua.NodeId("Mon", 2), "2:Monitoring")
        await plant.add("count", 5, V.UInt32, monitoring)
        path = ["own:Machines", "<own#13>", "own:Monitoring", "own:count"]
        by_name = ["own:Machines", "<own:MachineToolType>", "*", "own:count"]
        ctx = opcua(
            plant.url,
            [(signal("a"), {"path": path}), (signal("b"), {"path": by_name})],
            namespaces={"own": URI},
            reread="200 ms",
        )
        async with running(SPEC.create(ctx), ctx.points) as run:
            await run.until(lambda: 5 in run.values(10) and 5 in run.values(11))
        # A second machine of the type: which one is meant must not be guessed.
        second = await machines.add_object(
            ua.NodeId("M2", 2), "2:Other", objecttype=kind.nodeid, instantiate_optional=False
        )
        other = await second.add_object(ua.NodeId("Mon2", 2), "2:Monitoring")
        await other.add_variable(ua.NodeId("count2", 2), "2:count", 8, V.UInt32)
        async with running(SPEC.create(ctx), ctx.points) as run:
            await run.until(lambda: run.of(10))
            assert run.of(10)[0].status == 0x806D0000  # BadTooManyMatches


async def test_namespace_that_moved_is_found_again_after_a_restart() -> None:
    port = reserved_port()
    ctx = opcua(f"opc.tcp://127.0.0.1:{port}/", [(signal("count"), node("count"))])
    source = SPEC.create(ctx)
    async with plant_server(port=port) as plant:
        await plant.add("count", 5, V.UInt32)
        first = plant.namespace
        await source.connect()
        stream = source.batches()
        batch = await anext(stream)
        assert batch.value.tolist() == [5]
    with pytest.raises(TransientError):
        await exhausted(stream)
    await source.close()
    async with plant_server(port=port, namespaces_before=("urn:new:1", "urn:new:2")) as plant:
        assert plant.namespace == first + 2
        await plant.add("count", 8, V.UInt32)
        async with running(source, ctx.points) as run:
            await run.until(lambda: run.values(10) == [8])


async def test_lost_notification_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with plant_server() as plant:
        item = await plant.add("count", 0, V.UInt32)
        ctx = opcua(plant.url, [(signal("count"), node("count"))])
        source = SPEC.create(ctx)
        publish = Session.publish
        swallowed: list[PublishMessage] = []

        async def lossy(self: Session, *args: Any) -> PublishMessage | None:
            message = await publish(self, *args)
            if (
                message is not None
                and message.sequence == 2
                and not message.keep_alive
                and not swallowed
            ):
                swallowed.append(message)
                return None
            return message

        monkeypatch.setattr(Session, "publish", lossy)
        async with running(source, ctx.points) as run:
            await run.until(lambda: run.values(10) == [0])
            await plant.write(item, 1, V.UInt32)
            while not swallowed:
                await asyncio.sleep(0.01)
            await plant.write(item, 2, V.UInt32)
            await run.until(lambda: 2 in run.values(10))
            counters = source.counters
            assert counters.republished_notifications + counters.lost_notifications == 1
            if counters.republished_notifications:
                assert run.values(10) == [0, 1, 2]


async def test_notification_lost_for_good_is_counted_and_every_item_read_with_overflow(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with plant_server() as plant:
        item = await plant.add("count", 0, V.UInt32)
        rest = await plant.add("rest", 40, V.UInt32)
        ctx = opcua(plant.url, [(signal("count"), node("count")), (signal("rest"), node("rest"))])
        source = SPEC.create(ctx)
        publish = Session.publish
        swallowed: list[PublishMessage] = []

        async def lossy(self: Session, *args: Any) -> PublishMessage | None:
            message = await publish(self, *args)
            if (
                message is not None
                and message.sequence == 2
                and not message.keep_alive
                and not swallowed
            ):
                swallowed.append(message)
                return None
            return message

        async def gone(*_: Any) -> None:
            return None

        monkeypatch.setattr(Session, "publish", lossy)
        monkeypatch.setattr(Session, "republish", gone)
        async with running(source, ctx.points) as run:
            await run.until(lambda: run.values(11) == [40])
            await plant.write(rest, 41, V.UInt32)
            while not swallowed:
                await asyncio.sleep(0.01)
            await plant.write(item, 1, V.UInt32)
            await run.until(lambda: 41 in run.values(11))
            assert run.of(11)[-1].flags == RowFlag.OVERFLOW
            assert source.counters.lost_notifications == 1
            assert "1 of 1 missing notifications are lost" in caplog.text


async def test_clock_of_the_server_that_stands_still_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def still(_: Session) -> int:
        return 7

    monkeypatch.setattr(Session, "server_time_ns", still)
    async with plant_server() as plant:
        await plant.add("count", 0, V.UInt32)
        ctx = opcua(plant.url, [(signal("count"), node("count"))], canary="50 ms")
        async with running(SPEC.create(ctx), ctx.points) as run:
            error = await run.failure()
    assert isinstance(error, TransientError)
    assert "clock stands still" in str(error)


async def test_decoders_that_disagree_fall_back_to_the_library_with_a_word(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("connectors.opcua.client.decoding.decoders_agree", lambda: False)
    async with plant_server() as plant:
        await plant.add("count", 5, V.UInt32)
        ctx = opcua(plant.url, [(signal("count"), node("count"))], reread="200 ms")
        async with running(SPEC.create(ctx), ctx.points) as run:
            await run.until(lambda: any(r.flags == ALIVE for r in run.rows))
            assert run.values(10) == [5]
    assert "using the slow one" in caplog.text


async def test_server_that_is_not_there_says_what_to_check() -> None:
    ctx = opcua(f"opc.tcp://127.0.0.1:{reserved_port()}", [(signal("count"), node("count"))])
    source = SPEC.create(ctx)
    with pytest.raises(TransientError, match="check that the machine is on") as error:
        await source.connect()
    assert "无法连接" in error.value.zh
    await source.close()


async def test_server_that_accepts_and_says_nothing_times_out_and_cancels_fast() -> None:
    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, w: writers.append(w), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    addresses = [(signal("count"), node("count"))]
    try:
        source = SPEC.create(opcua(f"opc.tcp://127.0.0.1:{port}", addresses, timeout="300 ms"))
        with pytest.raises(TransientError, match="no answer"):
            await source.connect()
        slow = SPEC.create(opcua(f"opc.tcp://127.0.0.1:{port}", addresses, timeout=MINUTE))
        seen = len(writers)
        task = asyncio.create_task(slow.connect())
        while len(writers) == seen:
            await asyncio.sleep(0)
        with without_waiting():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await slow.close()
    finally:
        for writer in writers:
            writer.close()
        server.close()
        await asyncio.sleep(0)


async def test_real_plant_refuses_a_simulator() -> None:
    async with plant_server(application_uri="urn:plantproof:simulator:cnc") as plant:
        await plant.add("count", 5, V.UInt32)
        addresses = [(signal("count"), node("count"))]
        with pytest.raises(PermanentError, match="no simulated data"):
            await SPEC.create(opcua(plant.url, addresses, realm=Realm.EV)).connect()
        ctx = opcua(plant.url, addresses, realm=Realm.SIM)
        async with running(SPEC.create(ctx), ctx.points) as run:
            await run.until(lambda: run.values(10) == [5])


class OneUser(UserManager):
    def get_user(
        self, iserver: Any, username: Any = None, password: Any = None, certificate: Any = None
    ) -> Any:
        if (username, password) == ("reader", "secret"):
            return User(role=UserRole.User)
        return None


async def one_user(server: Any) -> None:
    server.iserver.user_manager = OneUser()
    server.set_identity_tokens([ua.UserNameIdentityToken])


async def test_wrong_password_says_where_to_look_and_a_plain_one_needs_consent(
    tmp_path: Path,
) -> None:
    good, wrong = tmp_path / "good", tmp_path / "wrong"
    good.write_text("secret\n", encoding="utf-8")
    wrong.write_text("guess", encoding="utf-8")
    async with plant_server(prepare=one_user) as plant:
        await plant.add("count", 5, V.UInt32)
        addresses = [(signal("count"), node("count"))]

        def source(**more: object) -> Any:
            return SPEC.create(opcua(plant.url, addresses, user="reader", **more))

        with pytest.raises(PermanentError, match="only unencrypted"):
            await source(password_file=str(good)).connect()
        with pytest.raises(PermanentError, match="password_file") as error:
            await source(password_file=str(wrong), i_accept_plain_password=True).connect()
        assert "guess" not in str(error.value)
        with pytest.raises(PermanentError, match="cannot be used"):
            await source(password_file=str(tmp_path / "none")).connect()
        accepted = source(password_file=str(good), i_accept_plain_password=True)
        await accepted.connect()
        await accepted.close()


async def secured(server: Any, folder: Path) -> None:
    """Give the server a certificate and the one policy Basic256Sha256 SignAndEncrypt."""
    own = own_certificate(
        SPEC.connection_model.model_validate(
            {
                "url": "opc.tcp://x",
                "security": "none",
                "pki": str(folder),
                "application_uri": "urn:plantproof:test:server",
            }
        ),
        START_NS,
    )
    await server.load_certificate(own.path)
    await server.load_private_key(own.key_der, None, "der")
    server.set_security_policy(
        [
            ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
            ua.SecurityPolicyType.Aes256Sha256RsaPss_Sign,
        ]
    )


@pytest.mark.parametrize(
    ("policy", "mode"), [("Basic256Sha256", "sign_and_encrypt"), ("Aes256Sha256RsaPss", "sign")]
)
async def test_secure_connection_only_to_a_trusted_server(
    tmp_path: Path, policy: str, mode: str
) -> None:
    pki = tmp_path / "pki"
    async with plant_server(prepare=lambda s: secured(s, tmp_path / "server")) as plant:
        await plant.add("count", 5, V.UInt32)
        ctx = opcua(
            plant.url, [(signal("count"), node("count"))], security=policy, mode=mode, pki=str(pki)
        )
        with pytest.raises(PermanentError, match="not trusted") as error:
            await SPEC.create(ctx).connect()
        (kept,) = (pki / "rejected").iterdir()
        assert str(kept) in error.value.zh
        own = x509.load_der_x509_certificate((pki / "own" / "plantproof.der").read_bytes())
        names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["urn:plantproof:agent"]
        assert (pki / "private" / "plantproof.pem").stat().st_mode & 0o077 == 0
        (pki / "trusted").mkdir()
        kept.rename(pki / "trusted" / kept.name)
        async with running(SPEC.create(ctx), ctx.points) as run:
            await run.until(lambda: run.values(10) == [5])


async def test_wanted_security_that_is_not_offered_is_no_silent_fall_back(tmp_path: Path) -> None:
    addresses = [(signal("count"), node("count"))]
    async with plant_server() as plant:
        wanted = opcua(plant.url, addresses, security="Basic256Sha256", pki=str(tmp_path))
        with pytest.raises(PermanentError, match="offers: None"):
            await SPEC.create(wanted).connect()
    async with plant_server(prepare=lambda s: secured(s, tmp_path / "server")) as plant:
        with pytest.raises(PermanentError, match="no endpoint with none"):
            await SPEC.create(opcua(plant.url, addresses)).connect()


async def test_connecting_can_be_cancelled_at_any_step_and_leaves_no_session() -> None:
    async with plant_server() as plant:
        await plant.add("count", 5, V.UInt32)
        ctx = opcua(plant.url, [(signal("count"), node("count"))], timeout=MINUTE)
        for steps in range(0, 200, 5):
            source = SPEC.create(ctx)
            task = asyncio.create_task(source.connect())
            for _ in range(steps):
                await asyncio.sleep(0)
            with without_waiting():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await source.close()
        async with asyncio.timeout(60):
            while plant.server.bserver.clients:
                await asyncio.sleep(0.01)
        async with running(SPEC.create(ctx), ctx.points) as run:
            await run.until(lambda: run.values(10) == [5])


async def test_value_unchanged_since_yesterday_is_known_again_after_a_reconnect() -> None:
    async with plant_server() as plant:
        state = await plant.add("state", 3, V.Int32)
        yesterday = datetime(2020, 1, 1, tzinfo=UTC)
        await plant.write(state, 3, V.Int32, SourceTimestamp=yesterday)
        ctx = opcua(plant.url, [(signal("state", T.INT), node("state"))])
        for _ in range(2):
            async with running(SPEC.create(ctx), ctx.points) as run:
                await run.until(lambda run=run: len(run.of(10)) >= 2)
                first, second = run.of(10)[:2]
                assert (first.value, second.value) == (3, 3)
                assert first.source_ns == 1_577_836_800_000_000_000
                assert (second.source_ns, second.received_ns) == (NO_TIME, first.received_ns)
