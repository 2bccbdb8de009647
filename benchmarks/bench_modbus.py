"""Our Modbus TCP client against pymodbus, on the same server, in one interleaved run.

    .venv/bin/python benchmarks/bench_modbus.py [--requests 20000] [--rounds 3]

100 holding registers a request, libmodbus as the server in a process of its own (`make servers`), one request at a time
and eight in flight; then a device that answers after 5 ms; then decoding of 50 floats. CPU is that of this process.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.client.mixin import ModbusClientMixin

from connectors.modbus.client import Answer, ModbusTcpClient, Request
from connectors.modbus.codec import Field, register_decoder
from connectors.modbus.config import Table
from connectors.modbus.words import parse_encoding
from model.signal import SignalType
from tests.support import servers

REGISTERS = 100
DELAY_SECONDS = 0.005
FLOATS = {
    n: int.from_bytes(struct.pack(">f", 230.5)[2 * (n % 2) : 2 * (n % 2) + 2])
    for n in range(REGISTERS)
}
Run = Callable[[int, int, int], Awaitable[None]]


class SystemClock:
    def unix_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


async def ours(port: int, requests: int, in_flight: int) -> None:
    client = await ModbusTcpClient.open(
        host="127.0.0.1", port=port, unit=1, timeout_s=5, connect_timeout_s=5, clock=SystemClock()
    )
    request = Request(Table.HOLDING, 0, REGISTERS)
    for _ in range(requests // 100):
        for outcome in await client.read_many([request] * 100, in_flight):
            assert isinstance(outcome, Answer)
    await client.close()


async def pymodbus(port: int, requests: int, in_flight: int) -> None:
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=5)
    assert await client.connect()

    async def read(count: int) -> None:
        for _ in range(count):
            answer = await client.read_holding_registers(0, count=REGISTERS, device_id=1)
            assert len(answer.registers) == REGISTERS

    await asyncio.gather(*(read(requests // in_flight) for _ in range(in_flight)))
    client.close()


def measure(run: Run, port: int, requests: int, in_flight: int) -> tuple[float, float]:
    """Return requests a second and CPU microseconds a request."""
    wall, cpu = time.perf_counter(), time.process_time()
    asyncio.run(run(port, requests, in_flight))
    return requests / (time.perf_counter() - wall), (time.process_time() - cpu) / requests * 1e6


def compare(title: str, port: int, requests: int, rounds: int) -> None:
    print(
        f"\n{title}: median of {rounds}\n{'client':<24}{'in flight':>10}{'requests/s':>12}{'CPU us/request':>16}"
    )
    results: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for in_flight in (1, 8):
            for name, run in (("plantproof", ours), ("pymodbus async", pymodbus)):
                results.setdefault((name, in_flight), []).append(
                    measure(run, port, requests, in_flight)
                )
    for (name, in_flight), figures in results.items():
        rate, cpu = (statistics.median(column) for column in zip(*figures, strict=True))
        print(f"{name:<24}{in_flight:>10}{rate:>12,.0f}{cpu:>16.1f}")


def compare_decoding(rounds: int) -> None:
    fields = [
        Field(i, 2 * i, parse_encoding("float32"), "ABCD", SignalType.FLOAT)
        for i in range(REGISTERS // 2)
    ]
    decode = register_decoder(fields)
    data = b"".join(FLOATS[n].to_bytes(2) for n in range(REGISTERS))
    words = list(FLOATS.values())
    convert = ModbusClientMixin.convert_from_registers
    float32 = ModbusClientMixin.DATATYPE.FLOAT32
    tasks = {
        "plantproof, to columns": lambda: decode(data),
        "pymodbus, one call": lambda: convert(words, float32),
        "pymodbus, value by value": lambda: [
            convert(words[i : i + 2], float32) for i in range(0, REGISTERS, 2)
        ],
    }
    print(f"\n50 floats from 100 registers: median of {rounds}\n{'decoder':<24}{'us/block':>10}")
    for name, task in tasks.items():
        figures = []
        for _ in range(rounds):
            start = time.process_time()
            for _ in range(5000):
                task()
            figures.append((time.process_time() - start) / 5000 * 1e6)
        print(f"{name:<24}{statistics.median(figures):>10.2f}")


async def serve_slowly() -> None:
    """A device that answers each request after 5 ms, several at once."""
    loop = asyncio.get_running_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = struct.pack(">HHBBB", 0, 3 + 2 * REGISTERS, 1, 3, 2 * REGISTERS) + bytes(
            2 * REGISTERS
        )
        while True:
            try:
                request = await reader.readexactly(12)
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()
                return
            loop.call_later(DELAY_SECONDS, writer.write, request[:2] + body)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve-slowly", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve_slowly:
        asyncio.run(serve_slowly())
        return
    with servers.libmodbus(FLOATS) as server:
        compare("libmodbus server", server.port, chosen.requests, chosen.rounds)
    slow = subprocess.Popen(
        [sys.executable, __file__, "--serve-slowly"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert slow.stdout is not None
        port = int(slow.stdout.readline())
        compare("device that answers after 5 ms", port, 800, chosen.rounds)
    finally:
        slow.terminate()
        slow.wait()
    compare_decoding(chosen.rounds)


if __name__ == "__main__":
    main()
