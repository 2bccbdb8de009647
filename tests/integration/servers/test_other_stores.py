"""InfluxDB 1.x and VictoriaMetrics start, take a line and give it back, and stop."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.support.process import accepts, http
from tests.support.servers import HttpStore, influxdb1, victoriametrics

pytestmark = pytest.mark.integration

NOON = 1_767_268_800_000_000_000  # 2026-01-01T12:00:00Z in ns


def test_influxdb1_line_is_read_back_by_influxql(influxdb1_server: HttpStore) -> None:
    url = influxdb1_server.url
    assert http("POST", f"{url}/query?q={quote('CREATE DATABASE proof')}")[0] == 200
    line = f"energy,device=m1 power=1.5 {NOON}".encode()
    assert http("POST", f"{url}/write?db=proof", line)[0] == 204
    status, body = http(
        "GET", f"{url}/query?db=proof&epoch=ns&q={quote('SELECT power FROM energy')}"
    )
    assert status == 200
    assert json.loads(body)["results"][0]["series"][0]["values"] == [[NOON, 1.5]]


def test_influxdb1_has_no_write_api_of_version_2(influxdb1_server: HttpStore) -> None:
    assert http("POST", f"{influxdb1_server.url}/api/v2/write?bucket=b", b"a b=1")[0] == 404


def test_victoriametrics_line_is_exported(victoriametrics_server: HttpStore) -> None:
    url = victoriametrics_server.url
    line = f"energy,device=m1 power=1.5 {NOON}".encode()
    assert http("POST", f"{url}/api/v2/write?bucket=b&org=o", line)[0] == 204
    assert http("GET", f"{url}/internal/force_flush")[0] == 200
    _, body = http("GET", f"{url}/api/v1/export?match[]=energy_power&start=2026-01-01T00:00:00Z")
    exported = json.loads(body)
    assert exported["values"] == [1.5]
    assert exported["timestamps"] == [NOON // 1_000_000]


@pytest.mark.parametrize("starter", [influxdb1, victoriametrics])
def test_store_is_gone_after_its_context(starter) -> None:
    with starter() as server:
        port = int(server.url.rpartition(":")[2])
        assert accepts(port)
    assert not accepts(port)
