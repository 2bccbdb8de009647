"""InfluxDB 2 starts, answers, survives SIGSTOP and SIGKILL with its data, and stops."""

from __future__ import annotations

import pytest
from influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS

from tests.support.process import accepts, http_ok
from tests.support.servers import InfluxDb2, ServerFailed, influxdb2

pytestmark = pytest.mark.integration

NOON = 1_767_268_800_000_000_000  # 2026-01-01T12:00:00Z in ns
FLUX = 'from(bucket: "{bucket}") |> range(start: 2026-01-01T00:00:00Z, stop: 2026-01-02T00:00:00Z)'


def _write(server: InfluxDb2, bucket: str, line: str) -> None:
    with (
        InfluxDBClient(server.url, server.token, org=server.org) as client,
        client.write_api(write_options=SYNCHRONOUS) as writer,
    ):
        writer.write(bucket=bucket, record=line)


def _values(server: InfluxDb2, bucket: str) -> list[float]:
    with InfluxDBClient(server.url, server.token, org=server.org) as client:
        tables = client.query_api().query(FLUX.format(bucket=bucket))
        return [record.get_value() for table in tables for record in table.records]


def test_write_one_line_is_read_back_by_flux(influxdb2_server: InfluxDb2) -> None:
    influxdb2_server.new_bucket("one-line")
    _write(influxdb2_server, "one-line", f"energy,device=m1 power=1.5 {NOON}")
    assert _values(influxdb2_server, "one-line") == [1.5]


def test_new_token_revoked_is_refused(influxdb2_server: InfluxDb2) -> None:
    influxdb2_server.new_bucket("revoked")
    token_id, token = influxdb2_server.new_token()
    mine = InfluxDb2(
        influxdb2_server.url, influxdb2_server.org, "revoked", token, influxdb2_server.process
    )
    assert _values(mine, "revoked") == []
    influxdb2_server.revoke_token(token_id)
    with pytest.raises(ServerFailed, match="401"):
        mine.api("GET", "/api/v2/buckets")


def test_pause_kill_and_start_keep_data_and_port() -> None:
    with influxdb2() as server:
        _write(server, server.bucket, f"energy,device=m1 power=2.5 {NOON}")
        server.process.pause()
        assert accepts(int(server.url.rpartition(":")[2]))
        assert not http_ok(f"{server.url}/health")
        server.process.resume()
        assert http_ok(f"{server.url}/health")
        server.process.kill()
        assert not http_ok(f"{server.url}/health")
        server.process.start()
        assert _values(server, server.bucket) == [2.5]
        port = int(server.url.rpartition(":")[2])
    assert not accepts(port)
