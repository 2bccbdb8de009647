"""Delivery into a real InfluxDB 2 through stops, kills and a type conflict: counts equal those of the journal."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS

from model.batch import make_batch
from model.signal import Role, Signal, SignalTable, SignalType
from storage.delivery import Delivery, DeliveryState
from storage.embedded import EmbeddedStore
from storage.influx2 import Influx2Store
from storage.influx2_settings import Influx2Settings
from storage.journal import Journal
from storage.line_names import PlantTags
from storage.points import journal_points
from storage.quarantine import Quarantine
from storage.reconciliation import reconcile
from tests.support import servers

pytestmark = pytest.mark.integration

SLOT = 29_538_720
T0 = SLOT * 60_000_000_000
HOUR = 3_600_000_000_000
TABLE = SignalTable.of(
    [
        Signal(device=f"d-{i:02d}", name=name, role=role, type=kind)
        for i in range(5)
        for name, role, kind in (
            ("state", Role.STATE, SignalType.INT),
            ("good", Role.COUNT_GOOD, SignalType.INT),
        )
    ]
)


class SystemClock:
    """The real clock, and a monotonic one that the test may push, so that no back-off is slept through."""

    def __init__(self) -> None:
        self.pushed = 0

    def unix_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.monotonic_ns() + self.pushed


@pytest.fixture
def influx() -> Iterator[servers.InfluxDb2]:
    with servers.influxdb2() as server:
        yield server


class Bench:
    def __init__(self, folder: Path, store) -> None:
        self.clock = SystemClock()
        self.journal = Journal.open(folder / "j.db", clock=self.clock)
        self.config = self.journal.register(TABLE, "a")
        self.quarantine = Quarantine(folder / "q.db")
        self.store = store
        self.delivery = Delivery(
            self.journal, store, self.quarantine, self.clock, jitter=random.Random(1).random
        )
        self.rows = 0

    def fill(self, blocks: int) -> None:
        for _ in range(blocks):
            n = 50
            batch = make_batch(
                signal=[(self.rows + i) % len(TABLE.signals) for i in range(n)],
                source_ns=[T0 + (self.rows + i) * 1_000_000 for i in range(n)],
                received_ns=T0,
                value=[self.rows + i for i in range(n)],
            )
            self.journal.append([batch], slot=SLOT, config=self.config)
            self.rows += n

    def drain(self) -> None:
        for _ in range(500):
            self.delivery.deliver_once(16)
            self.clock.pushed += 10**12
            if not self.journal.status().pending_blocks:
                return
        pytest.fail(self.delivery.status().en)

    def close(self) -> None:
        self.journal.close()
        self.quarantine.close()
        self.store.close()


def store_of(server: servers.InfluxDb2, *, timeout_ms: int = 60_000) -> Influx2Store:
    settings = Influx2Settings(
        server.url, server.org, server.bucket, server.token, gzip=True, timeout_ms=timeout_ms
    )
    return Influx2Store(settings, PlantTags("plant", simulated=False))


def test_paused_and_killed_server_loses_and_doubles_nothing(influx, tmp_path):
    bench = Bench(tmp_path, store_of(influx, timeout_ms=1_000))
    bench.fill(60)
    for _ in range(2):
        bench.delivery.deliver_once(8)
    influx.process.pause()
    step = bench.delivery.deliver_once(8)
    assert (step.rows, step.wait_s > 0) == (0, True)
    status = bench.delivery.status()
    assert status.state is DeliveryState.WAITING
    assert "does not answer" in status.en
    before = bench.rows
    bench.fill(20)
    assert bench.rows == before + 1000, "collection goes on"
    influx.process.resume()
    bench.clock.pushed += 10**12
    for _ in range(3):
        bench.delivery.deliver_once(8)
    influx.process.kill()
    bench.clock.pushed += 10**12
    assert bench.delivery.deliver_once(8).rows == 0
    bench.fill(10)
    influx.process.start()
    bench.drain()
    assert bench.delivery.status().state is DeliveryState.OK
    assert len(bench.quarantine) == 0
    expected = journal_points(bench.journal, T0, T0 + HOUR)
    assert sum(expected.values()) == bench.rows == 4500
    bench.store.close()
    bench.store = store_of(influx)
    assert bench.store.count_by_device(T0, T0 + HOUR) == expected
    counts = reconcile(bench.journal, bench.store, T0, T0 + HOUR)
    assert [c.device for c in counts] == [f"d-{i:02d}" for i in range(5)]
    assert all(c.equal for c in counts)
    bench.close()


def test_field_with_another_type_in_the_database_costs_only_its_own_points(influx, tmp_path):
    bench = Bench(tmp_path, store_of(influx))
    # Somebody else wrote count.good as a float into the same shard.
    with InfluxDBClient(influx.url, influx.token, org=influx.org) as client:
        client.write_api(write_options=SYNCHRONOUS).write(
            bucket=influx.bucket, record=f"count,device=other good=1.5 {T0}".encode()
        )
    bench.fill(4)
    bench.drain()
    assert len(bench.quarantine) == 100
    (reason,) = bench.quarantine.by_reason()
    assert "type conflict" in reason
    assert {p.signal for p in bench.quarantine.points()} == {"good"}
    counts = bench.store.count_by_device(T0, T0 + HOUR)
    assert sum(counts.values()) == 100
    status = bench.delivery.status()
    assert (status.delivered_rows, status.quarantined_rows, status.backlog_rows) == (100, 100, 0)
    bench.close()


def test_delivery_in_its_own_thread_beside_appends(tmp_path):
    bench = Bench(tmp_path, EmbeddedStore(tmp_path / "ts.db"))
    done = threading.Event()

    def deliver() -> None:
        while not done.is_set():
            bench.delivery.deliver_once(4)
            bench.clock.pushed += 10**12

    thread = threading.Thread(target=deliver)
    thread.start()
    try:
        bench.fill(150)
    finally:
        done.set()
        thread.join()
    bench.drain()
    status = bench.journal.status()
    assert (status.pending_blocks, status.pending_rows, status.pending_bytes) == (0, 0, 0)
    assert status.rows == bench.rows == 7500
    assert bench.store.count_by_device(T0, T0 + HOUR) == journal_points(
        bench.journal, T0, T0 + HOUR
    )
    bench.close()
