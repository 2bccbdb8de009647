"""CPU cost of one OPC UA value in the client: our source against the library's handler, and the decoders alone.

    python benchmarks/bench_opcua.py [--items 5000] [--seconds 3] [--rounds 3] [--offline]

A process of its own runs an asyncua server that accepts any monitored item and answers every PublishRequest at
once with a ready notification of all items, so that the client is the limit. Both clients take turns in one run;
only the ratio and the CPU time count, a shared machine moves the wall clock. Content `double`: all Double; `mixed`:
40 % Double, 10 % Float, 20 % Int32, 10 % Boolean, 10 % UInt16, 10 % String; each with a source time.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import multiprocessing
import random
import statistics
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any

import asyncua.server.binary_server_asyncio as binary
import numpy as np
from asyncua import Client, Server, ua
from asyncua.common.utils import Buffer
from asyncua.server.internal_server import InternalServer
from asyncua.server.uaprocessor import UaProcessor
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary

from connectors.base import Point, Realm, SourceContext
from connectors.opcua import SPEC
from connectors.opcua.convert import Targets, to_batch
from connectors.opcua.decoder import decode_publish
from model.signal import Role, Signal, SignalType

V = ua.VariantType
SHARES = {V.Double: 40, V.Float: 10, V.Int32: 20, V.Boolean: 10, V.UInt16: 10, V.String: 10}
TYPES = {
    V.Double: SignalType.FLOAT,
    V.Float: SignalType.FLOAT,
    V.Int32: SignalType.INT,
    V.Boolean: SignalType.BOOL,
    V.UInt16: SignalType.UINT,
    V.String: SignalType.TEXT,
}


MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Clock:
    def unix_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


def kinds(content: str, items: int) -> list[ua.VariantType]:
    if content == "double":
        return [V.Double] * items
    return random.Random(1).choices(list(SHARES), list(SHARES.values()), k=items)


def notification(content: str, handles: list[int]) -> ua.PublishResponse:
    rows = []
    for i, (handle, kind) in enumerate(zip(handles, kinds(content, len(handles)), strict=True)):
        value = {
            V.Double: i + 0.5,
            V.Float: 0.25,
            V.Int32: -i,
            V.Boolean: i % 2 == 0,
            V.UInt16: i % 65536,
            V.String: f"O{i}",
        }[kind]
        data = ua.DataValue(ua.Variant(value, kind), ua.StatusCode(0), MOMENT)
        rows.append(ua.MonitoredItemNotification(ClientHandle=handle, Value=data))
    response = ua.PublishResponse()
    response.Parameters.NotificationMessage.NotificationData = [
        ua.DataChangeNotification(MonitoredItems=rows)
    ]
    return response


class Flood(UaProcessor):
    """Says yes to every monitored item, and answers every PublishRequest at once with all of them."""

    content = "double"

    async def _process_message(self, typeid: Any, header: Any, seqhdr: Any, body: Any) -> Any:
        if typeid == ua.NodeId(ua.ObjectIds.CreateMonitoredItemsRequest_Encoding_DefaultBinary):
            parameters = struct_from_binary(ua.CreateMonitoredItemsParameters, body)
            self.handles = getattr(self, "handles", [])
            self.handles += [i.RequestedParameters.ClientHandle for i in parameters.ItemsToCreate]
            self.subscription = parameters.SubscriptionId
            self.sequence = 0
            self.canned: bytes = b""
            answer = ua.CreateMonitoredItemsResponse()
            good = ua.MonitoredItemCreateResult(
                MonitoredItemId=1, RevisedSamplingInterval=100.0, RevisedQueueSize=10
            )
            answer.Results = [good] * len(parameters.ItemsToCreate)
            self.send_response(header.RequestHandle, seqhdr, answer)
            return True
        if typeid == ua.NodeId(ua.ObjectIds.PublishRequest_Encoding_DefaultBinary) and getattr(
            self, "handles", None
        ):
            if not self.canned:
                response = notification(self.content, self.handles)
                response.Parameters.SubscriptionId = self.subscription
                response.Parameters.NotificationMessage.SequenceNumber = 0x01020304
                self.canned = struct_to_binary(response)
                self.place = self.canned.index(b"\x04\x03\x02\x01")
            self.sequence += 1
            place = self.place
            data = (
                self.canned[:place] + self.sequence.to_bytes(4, "little") + self.canned[place + 4 :]
            )
            self._transport.write(
                self._connection.message_to_binary(data, request_id=seqhdr.RequestId)
            )
            await asyncio.sleep(0)
            return True
        return await super()._process_message(typeid, header, seqhdr, body)


async def serve(content: str, pipe: Connection) -> None:
    Flood.content = content
    binary.UaProcessor = Flood  # type: ignore[attr-defined]
    server = Server(InternalServer())
    await server.init()
    server.set_endpoint("opc.tcp://127.0.0.1:0")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    async with server:
        sockets = server.bserver._server.sockets
        pipe.send(sockets[0].getsockname()[1])
        while not pipe.poll():
            await asyncio.sleep(0.2)


def serve_process(content: str, pipe: Connection) -> None:
    logging.disable(logging.CRITICAL)
    asyncio.run(serve(content, pipe))


async def ours(url: str, content: str, items: int, seconds: float) -> tuple[float, float]:
    """Return CPU µs a value and values a second, from the socket to batches."""
    connection = SPEC.connection_model.model_validate(
        {"url": url, "security": "none", "reread": "1 h", "canary": "1 h"}
    )
    points = tuple(
        Point(
            i,
            Signal(device="d", name=f"s{i}", role=Role.PROCESS_VALUE, type=TYPES[kind]),
            SPEC.address_model.model_validate({"node": f"ns=1;s=v{i}"}),
        )
        for i, kind in enumerate(kinds(content, items))
    )
    source = SPEC.create(
        SourceContext(
            name="bench",
            connection=connection,
            points=points,
            clock=Clock(),
            log=logging.getLogger("bench"),
            realm=Realm.SIM,
        )
    )
    await source.connect()
    stream = source.batches()
    for _ in range(5):
        await anext(stream)
    cpu, wall, values = time.process_time(), time.monotonic(), 0
    while time.monotonic() - wall < seconds:
        values += len(await anext(stream))
    result = (time.process_time() - cpu) / values * 1e6, values / (time.monotonic() - wall)
    await stream.aclose()  # type: ignore[attr-defined]
    await source.close()
    return result


class Handler:
    def __init__(self) -> None:
        self.values = 0

    def datachange_notification(self, node: Any, value: Any, data: Any) -> None:
        self.values += 1


async def library(url: str, items: int, seconds: float) -> tuple[float, float]:
    """Return the same for the documented handler of the library."""
    handler = Handler()
    async with Client(url, timeout=30) as client:
        subscription = await client.create_subscription(500, handler)
        await subscription.subscribe_data_change(
            [client.get_node(f"ns=1;s=v{i}") for i in range(items)], queuesize=10
        )
        while handler.values < items:
            await asyncio.sleep(0.05)
        cpu, wall, before = time.process_time(), time.monotonic(), handler.values
        await asyncio.sleep(seconds)
        values = handler.values - before
        return (time.process_time() - cpu) / values * 1e6, values / (time.monotonic() - wall)


def offline(content: str, items: int) -> tuple[float, float, float]:
    """Return µs a value of the library's decoder, of ours, and of ours with the conversion to rows."""
    data = struct_to_binary(notification(content, list(range(items))))
    elements = np.full(items, -1, dtype=np.int32)
    targets = Targets.of(range(items), [TYPES[k] for k in kinds(content, items)])

    def best(work: Any, repeat: int) -> float:
        times = []
        for _ in range(7):
            start = time.process_time()
            for _ in range(repeat):
                work()
            times.append((time.process_time() - start) / repeat)
        return min(times) / items * 1e6

    def rows() -> None:
        readings = decode_publish(data, elements).readings
        assert readings is not None
        to_batch(readings, targets, 0)

    return (
        best(lambda: struct_from_binary(ua.PublishResponse, Buffer(data)), 1),
        best(lambda: decode_publish(data, elements), 20),
        best(rows, 20),
    )


def session(content: str, items: int, seconds: float, rounds: int) -> tuple[list[Any], list[Any]]:
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=serve_process, args=(content, there))
    process.start()
    try:
        url = f"opc.tcp://127.0.0.1:{here.recv()}"
        slow, fast = [], []
        for _ in range(rounds):
            slow.append(asyncio.run(library(url, items, seconds)))
            fast.append(asyncio.run(ours(url, content, items, seconds)))
        return slow, fast
    finally:
        here.send("stop")
        process.join(10)
        if process.is_alive():
            process.kill()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--offline", action="store_true")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print(f"{options.items} items a notification; CPU us a value, median of {options.rounds}")
    print(f"{'':28}{'asyncua':>10}{'ours':>10}{'ratio':>8}")
    for content in ("double", "mixed"):
        theirs, decode, rows = offline(content, options.items)
        print(f"{'decode only, ' + content:28}{theirs:10.2f}{decode:10.3f}{theirs / decode:8.0f}")
        print(f"{'decode to rows, ' + content:28}{theirs:10.2f}{rows:10.3f}{theirs / rows:8.0f}")
    if options.offline:
        return
    for content in ("double", "mixed"):
        slow, fast = session(content, options.items, options.seconds, options.rounds)
        a, b = (statistics.median(r[0] for r in runs) for runs in (slow, fast))
        print(f"{'session, ' + content:28}{a:10.2f}{b:10.3f}{a / b:8.0f}")
        rates = (statistics.median(r[1] for r in runs) for runs in (slow, fast))
        print(f"{'  values a second':28}" + "".join(f"{r:10.0f}" for r in rates))


if __name__ == "__main__":
    main()
