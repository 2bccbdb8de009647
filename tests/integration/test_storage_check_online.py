"""`check --online` against real servers: every failure names its cure."""

from __future__ import annotations

import urllib.request
from urllib.parse import urlencode

import pytest

from config.models import InfluxConfig
from storage.check_online import check_influx1, check_influx2, check_online
from storage.influx1 import Influx1Settings
from storage.influx2_settings import Influx2Settings
from storage.store_choice import settings_of
from tests.support import servers

pytestmark = pytest.mark.integration


def steps(found) -> list[tuple[str, bool]]:
    return [(f.step, f.ok) for f in found]


def settings(server: servers.InfluxDb2, **changes) -> Influx2Settings:
    base = {"url": server.url, "org": server.org, "bucket": server.bucket, "token": server.token}
    return Influx2Settings(**{**base, **changes})


def limited_token(server: servers.InfluxDb2, *actions: str) -> str:
    org_id = server.api("GET", f"/api/v2/orgs?org={server.org}")["orgs"][0]["id"]
    rights = [{"action": a, "resource": {"type": "buckets", "orgID": org_id}} for a in actions]
    return str(
        server.api("POST", "/api/v2/authorizations", {"orgID": org_id, "permissions": rights})[
            "token"
        ]
    )


def test_influx2_in_order(influxdb2_server):
    found = check_influx2(settings(influxdb2_server), retention_days=400)
    assert steps(found) == [
        (s, True) for s in ("server", "token", "bucket", "retention", "write", "read")
    ]
    assert influxdb2_server.url in found[0].en


def test_influx2_with_a_wrong_token(influxdb2_server):
    found = check_influx2(settings(influxdb2_server, token="wrong"), retention_days=1)
    assert steps(found) == [("server", True), ("request", False)]
    assert "Create a token" in found[-1].en
    assert "创建具有读写权限的令牌" in found[-1].zh


def test_influx2_with_a_wrong_organisation(influxdb2_server):
    found = check_influx2(settings(influxdb2_server, org="nobody"), retention_days=1)
    assert not found[-1].ok
    assert "org" in found[-1].en


def test_influx2_with_an_absent_bucket(influxdb2_server):
    found = check_influx2(settings(influxdb2_server, bucket="nowhere"), retention_days=1)
    assert steps(found)[-1] == ("bucket", False)
    assert "Create the bucket" in found[-1].en


def test_influx2_with_short_retention(influxdb2_server):
    influxdb2_server.new_bucket("an-hour", retention_seconds=3600)
    found = check_influx2(settings(influxdb2_server, bucket="an-hour"), retention_days=180)
    assert ("retention", False) in steps(found)
    (short,) = [f for f in found if not f.ok]
    assert "180" in short.en
    assert "延长" in short.zh


def test_influx2_with_a_token_that_may_only_read(influxdb2_server):
    token = limited_token(influxdb2_server, "read")
    found = check_influx2(settings(influxdb2_server, token=token), retention_days=1)
    assert steps(found)[-1] == ("write", False)
    assert "write rights" in found[-1].en


def test_influx2_settings_for_a_version_1_server(influxdb1_server):
    found = check_influx2(Influx2Settings(influxdb1_server.url, "o", "b", "t"), retention_days=1)
    assert steps(found) == [("server", False)]
    assert "influx1" in found[0].en


@pytest.mark.parametrize("kind", ["1", "2"])
def test_server_that_does_not_answer(kind):
    url = f"http://127.0.0.1:{servers.reserved_port()}"
    found = (
        check_influx1(Influx1Settings(url, "d"), retention_days=1)
        if kind == "1"
        else check_influx2(Influx2Settings(url, "o", "b", "t"), retention_days=1)
    )
    assert steps(found) == [("request", False)]
    assert "firewall" in found[0].en
    assert "防火墙" in found[0].zh


def test_influx1_absent_database_then_short_retention_then_right(influxdb1_server):
    def ask(influxql: str) -> None:
        with urllib.request.urlopen(
            f"{influxdb1_server.url}/query", urlencode({"q": influxql}).encode()
        ) as answer:
            answer.read()

    target = Influx1Settings(influxdb1_server.url, "checked")
    assert steps(check_influx1(target, retention_days=1))[-1] == ("database", False)
    ask('CREATE DATABASE "checked" WITH DURATION 3d')
    found = check_influx1(target, retention_days=180)
    (short,) = [f for f in found if not f.ok]
    assert short.step == "retention"
    assert "3 days" in short.en
    ask('ALTER RETENTION POLICY "autogen" ON "checked" DURATION INF')
    found = check_influx1(target, retention_days=180)
    assert steps(found) == [(s, True) for s in ("server", "database", "retention", "write", "read")]


def test_plant_file_finds_the_generation_and_reads_the_secret(
    influxdb2_server, influxdb1_server, tmp_path, monkeypatch
):
    (tmp_path / "token.txt").write_text(f"{influxdb2_server.token}\n")
    two = InfluxConfig(
        url=influxdb2_server.url, org="plant", bucket="workshop", token_file="token.txt"
    )
    assert all(f.ok for f in check_online(two, tmp_path))
    assert isinstance(settings_of(two, tmp_path), Influx2Settings)
    monkeypatch.setenv("INFLUX_LOGIN", "reader:secret")
    one = InfluxConfig(url=influxdb1_server.url, bucket="d", token_env="INFLUX_LOGIN")
    settings = settings_of(one, tmp_path)
    assert isinstance(settings, Influx1Settings)
    assert (settings.user, settings.password) == ("reader", "secret")
    assert "secret" not in repr(settings)
    absent = InfluxConfig(url=influxdb2_server.url, bucket="b", token_file="nowhere.txt")
    (found,) = check_online(absent, tmp_path)
    assert not found.ok
    assert "nowhere.txt" in found.en
