"""Writing to and reading back from real InfluxDB 2 and 1 servers, and the write path of VictoriaMetrics."""

from __future__ import annotations

import json
import random
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlencode

import numpy as np
import pytest

from model.batch import NO_TIME, Batch, make_batch
from model.errors import PermanentError, TransientError
from model.flags import RowFlag
from model.signal import Role, Signal, SignalTable, SignalType
from storage.embedded import EmbeddedStore
from storage.influx1 import Influx1Settings, Influx1Store
from storage.influx2 import Influx2Store
from storage.influx2_settings import Influx2Settings
from storage.instants import SameInstant
from storage.line_names import PlantTags
from storage.points import points_by_device
from storage.signal_tables import text_mask
from storage.store import RefusedPointsError, SampleStore, StoreBlock
from tests.support import servers

pytestmark = pytest.mark.integration

T0 = 1_772_323_200_000_000_000
HOUR = 3_600_000_000_000
TAGS = PlantTags("东厂 1=A", simulated=True, area={"cnc-01": "机加, 一"}, line={"meter-01": "L 2"})
TABLE = SignalTable.of(
    [
        Signal(device="cnc-01", name="state", role=Role.STATE, type=SignalType.INT),
        Signal(device="robot-01", name="state", role=Role.STATE, type=SignalType.TEXT),
        Signal(device="cnc-01", name="alarm", role=Role.ALARM, type=SignalType.BOOL),
        Signal(device="cnc-01", name="good", role=Role.COUNT_GOOD, type=SignalType.INT),
        Signal(device="cnc-01", name="program", role=Role.PROGRAM, type=SignalType.TEXT),
        Signal(device="meter-01", name="energy", role=Role.ENERGY, type=SignalType.FLOAT),
        Signal(device="meter-02", name="energy", role=Role.ENERGY, type=SignalType.UINT),
    ]
)
STATE, ROBOT, ALARM, GOOD, E1, E2, PROGRAM = (
    TABLE.by_name[key]
    for key in (
        ("cnc-01", "state"), ("robot-01", "state"), ("cnc-01", "alarm"), ("cnc-01", "good"),
        ("meter-01", "energy"), ("meter-02", "energy"), ("cnc-01", "program"),
    )
)  # fmt: skip


@pytest.fixture
def influx2(
    influxdb2_server: servers.InfluxDb2, request: pytest.FixtureRequest
) -> Iterator[Influx2Store]:
    bucket = f"b-{abs(hash(request.node.nodeid))}"
    influxdb2_server.new_bucket(bucket)
    settings = Influx2Settings(
        influxdb2_server.url, influxdb2_server.org, bucket, influxdb2_server.token, gzip=True
    )
    store = Influx2Store(settings, TAGS)
    yield store
    store.close()


@pytest.fixture
def influx1(
    influxdb1_server: servers.HttpStore, request: pytest.FixtureRequest
) -> Iterator[Influx1Store]:
    database = f"d{abs(hash(request.node.nodeid))}"
    query = urlencode({"q": f'CREATE DATABASE "{database}"'}).encode()
    with urllib.request.urlopen(f"{influxdb1_server.url}/query", query) as answer:
        assert answer.status == 200
    store = Influx1Store(Influx1Settings(influxdb1_server.url, database, gzip=True), TAGS)
    yield store
    store.close()


@pytest.fixture(params=["influx2", "influx1", "embedded"])
def store(request: pytest.FixtureRequest, tmp_path) -> Iterator[SampleStore]:
    if request.param == "embedded":
        embedded = EmbeddedStore(tmp_path / "ts.db")
        yield embedded
        embedded.close()
    else:
        yield request.getfixturevalue(request.param)


def f64(value: float) -> int:
    return int(np.float64(value).view(np.int64))


def sample() -> Batch:
    """One row of every kind and type, two values at one instant, a repetition, and 64-bit edges."""
    e, h, m, s = RowFlag.NO_VALUE, RowFlag.ALIVE, RowFlag.MISSED, RowFlag.SIMULATED
    rows = [
        (STATE, T0 + 1, T0 + 9, 3, 0, s),
        (ROBOT, T0 + 1, T0 + 9, 0, 0, s),
        (ALARM, T0 + 1, T0 + 9, 1, 0, s),
        (GOOD, T0 + 1, T0 + 9, -(2**63), 0, s),
        (GOOD, T0 + 2, T0 + 9, 2**63 - 1, 0, s),
        (PROGRAM, T0 + 3, T0 + 9, 1, 0, s),
        (E1, T0 + 4, T0 + 9, f64(0.1 + 0.2), 0, s),
        (E1, T0 + 5, T0 + 9, f64(5e-324), 0x40900000, s),
        (E1, T0 + 6, T0 + 9, f64(-0.0), 0, s),
        (E2, T0 + 4, T0 + 9, -1, 0, s),
        (E2, T0 + 5, T0 + 9, 12, 0, s),
        (STATE, T0 + 7, T0 + 9, 0, 0x80050000, e | s),
        (STATE, NO_TIME, T0 + 10, 0, 0, e | h | s),
        (STATE, T0 + 60_000_000_000, T0 + 70_000_000_000, 5, 0x809B0000, m | s),
        (GOOD, T0 + 20, T0 + 21, 7, 0, s),
        (GOOD, T0 + 20, T0 + 21, 8, 0, s),
        (GOOD, T0 + 20, T0 + 21, 7, 0, s),
    ]
    columns = list(zip(*rows, strict=True))
    return make_batch(
        signal=columns[0],
        source_ns=columns[1],
        received_ns=columns[2],
        value=columns[3],
        status=columns[4],
        flags=[int(f) for f in columns[5]],
        texts=['自动 "1"\\, a=b\n2'.encode(), b"O1001 %"],
    )


def block_of(batch: Batch, seq: int = 1) -> StoreBlock:
    return StoreBlock(seq, TABLE, batch, SameInstant(text_mask(TABLE)).ranks(batch))


def rows_of(batch: Batch) -> list[tuple[object, ...]]:
    out = []
    for i in range(len(batch)):
        signal = TABLE.signals[int(batch.signal[i])]
        value: object = int(batch.value[i])
        if signal.type is SignalType.TEXT and not int(batch.flags[i]) & (
            RowFlag.NO_VALUE | RowFlag.MISSED
        ):
            value = batch.texts[int(batch.value[i])]
        out.append(
            (
                int(batch.signal[i]),
                int(batch.source_ns[i]),
                value,
                int(batch.status[i]),
                int(batch.flags[i]),
            )
        )
    return out


def test_every_row_comes_back_exactly(store):
    store.write([block_of(sample())])
    back = store.read(TABLE.signals, T0, T0 + HOUR)
    expected = rows_of(sample())
    if store.name != "embedded":  # one point per repetition there
        expected = expected[:-1]
    assert sorted(rows_of(back), key=repr) == sorted(expected, key=repr)
    instants = np.where(back.source_ns == NO_TIME, back.received_ns, back.source_ns)
    assert (np.diff(instants) >= 0).all()


def test_counts_per_device_equal_those_of_the_journal_also_after_writing_twice(store):
    rng = random.Random(3)
    n = 3000
    batch = make_batch(
        signal=[rng.choice([STATE, GOOD, E2]) for _ in range(n)],
        source_ns=[T0 + rng.randint(0, 5000) * 1_000_000 for _ in range(n)],
        received_ns=[T0 + rng.randint(0, 5000) * 1_000_000 for _ in range(n)],
        value=[rng.randint(0, 3) for _ in range(n)],
        flags=[rng.choice([0, 0, 0, int(RowFlag.NO_VALUE | RowFlag.ALIVE)]) for _ in range(n)],
    )
    order = np.argsort(batch.source_ns, kind="stable")
    blocks = [block_of(batch.select(order)), block_of(sample(), 2)]
    for _ in range(2):
        for block in blocks:
            store.write([block])
    expected = points_by_device(blocks, T0, T0 + HOUR)
    assert sum(expected.values()) > 1500
    assert store.count_by_device(T0, T0 + HOUR) == expected
    assert store.count_by_device(T0 + HOUR, T0 + 2 * HOUR) == {}


def test_latest_is_the_newest_value_of_each_signal(store):
    store.write([block_of(sample())])
    latest = store.latest(
        [TABLE.signals[GOOD], TABLE.signals[E1], TABLE.signals[PROGRAM]], T0 + HOUR
    )
    assert latest.signal.tolist() == [0, 1, 2]
    assert latest.floats[1] == 0.0
    assert latest.texts[latest.value[2]] == b"O1001 %"
    assert latest.value[0] in (7, 8)
    earlier = store.latest([TABLE.signals[E1]], T0 + 6)
    assert (earlier.floats.tolist(), earlier.status.tolist()) == ([5e-324], [0x40900000])


def test_same_name_with_another_type_on_another_device_is_no_conflict(store):
    """meter-01.energy is a float, meter-02.energy a uint, state an int here and a text there: one measurement each."""
    store.write([block_of(sample())])
    energy = store.read([TABLE.signals[E2], TABLE.signals[E1]], T0, T0 + HOUR)
    assert energy.value[energy.signal == 0].tolist() == [-1, 12]
    assert energy.floats[energy.signal == 1].tolist() == [0.1 + 0.2, 5e-324, -0.0]


def test_influx2_refuses_a_revoked_token_and_an_absent_bucket_with_a_cure(influxdb2_server):
    token_id, token = influxdb2_server.new_token()
    influxdb2_server.new_bucket("revoked-writes")
    good = Influx2Settings(influxdb2_server.url, influxdb2_server.org, "revoked-writes", token)
    store = Influx2Store(good, TAGS)
    store.write([block_of(sample())])
    influxdb2_server.revoke_token(token_id)
    with pytest.raises(PermanentError, match="token") as caught:
        store.write([block_of(sample())])
    assert not isinstance(caught.value, RefusedPointsError)
    assert "令牌" in caught.value.zh
    assert token not in caught.value.en + caught.value.zh + repr(good)
    store.close()
    absent = Influx2Store(
        Influx2Settings(good.url, good.org, "nowhere", influxdb2_server.token), TAGS
    )
    with pytest.raises(PermanentError, match="does not exist") as caught:
        absent.write([block_of(sample())])
    assert not isinstance(caught.value, RefusedPointsError)
    absent.close()


def test_influx1_without_the_database_says_so(influxdb1_server):
    store = Influx1Store(Influx1Settings(influxdb1_server.url, "nowhere"), TAGS)
    with pytest.raises(PermanentError, match="does not exist") as caught:
        store.write([block_of(sample())])
    assert not isinstance(caught.value, RefusedPointsError)
    store.close()


def test_influx2_settings_against_a_version_1_server_names_the_server_type(influxdb1_server):
    store = Influx2Store(Influx2Settings(influxdb1_server.url, "o", "b", "t"), TAGS)
    with pytest.raises(PermanentError, match="server type"):
        store.write([block_of(sample())])
    store.close()


def test_points_older_than_the_retention_are_refused_points(influxdb2_server):
    influxdb2_server.new_bucket("short", retention_seconds=3600)
    settings = Influx2Settings(
        influxdb2_server.url, influxdb2_server.org, "short", influxdb2_server.token
    )
    store = Influx2Store(settings, TAGS)
    with pytest.raises(RefusedPointsError, match="retention") as caught:
        store.write([block_of(sample().select(np.array([0, 3, 6])))])
    assert caught.value.whole
    store.close()


@pytest.mark.parametrize("kind", ["influx2", "influx1"])
def test_server_that_does_not_answer_is_a_transient_fault(kind):
    url = f"http://127.0.0.1:{servers.reserved_port()}"
    store: SampleStore = (
        Influx2Store(Influx2Settings(url, "o", "b", "t"), TAGS)
        if kind == "influx2"
        else Influx1Store(Influx1Settings(url, "d"), TAGS)
    )
    with pytest.raises(TransientError, match="does not answer"):
        store.write([block_of(sample())])
    with pytest.raises(TransientError, match="does not answer"):
        store.count_by_device(T0, T0 + HOUR)
    store.close()


@pytest.mark.parametrize("api", ["v2", "v1"])
def test_victoriametrics_takes_both_write_paths(victoriametrics_server, api):
    tags = PlantTags(f"site-{api}", simulated=False)
    store: SampleStore = (
        Influx2Store(Influx2Settings(victoriametrics_server.url, "o", "b", "t"), tags)
        if api == "v2"
        else Influx1Store(Influx1Settings(victoriametrics_server.url, "d", gzip=True), tags)
    )
    batch = make_batch(
        signal=[E1, E1, STATE],
        source_ns=[T0, T0 + 10**9, T0],
        received_ns=T0,
        value=[f64(1.5), f64(2.5), 3],
    )
    store.write([block_of(batch)])
    store.close()
    with urllib.request.urlopen(f"{victoriametrics_server.url}/internal/force_flush") as answer:
        answer.read()
    match = urlencode({"match[]": f'{{site="site-{api}"}}'})
    with urllib.request.urlopen(f"{victoriametrics_server.url}/api/v1/export?{match}") as answer:
        series = [json.loads(line) for line in answer.read().splitlines()]
    found = {s["metric"]["__name__"]: s["values"] for s in series}
    assert found == {"energy_energy": [1.5, 2.5], "state_state": [3]}
