"""Fixtures of the real servers (one per session) and the rule that nothing skips in CI.

A test that pauses, kills or floods a server starts its own with the context managers of
`tests.support.servers`; a test that only reads and writes shares these.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support import servers
from tests.support.no_skip import NothingSkips


@pytest.fixture(scope="session")
def influxdb2_server() -> Iterator[servers.InfluxDb2]:
    """InfluxDB 2, set up; make a bucket of your own with `new_bucket`."""
    with servers.influxdb2() as server:
        yield server


@pytest.fixture(scope="session")
def influxdb1_server() -> Iterator[servers.HttpStore]:
    """InfluxDB 1.x without users; create a database of your own."""
    with servers.influxdb1() as server:
        yield server


@pytest.fixture(scope="session")
def victoriametrics_server() -> Iterator[servers.HttpStore]:
    """VictoriaMetrics, empty at the start of the session."""
    with servers.victoriametrics() as server:
        yield server


@pytest.fixture(scope="session")
def mosquitto_broker() -> Iterator[servers.MqttBroker]:
    """An MQTT broker that lets everybody in; use a topic prefix of your own."""
    with servers.mosquitto() as broker:
        yield broker


@pytest.fixture(scope="session")
def node_opcua_server() -> Iterator[servers.OpcUaServer]:
    """node-opcua with 100 Doubles that step every 100 ms."""
    with servers.node_opcua() as server:
        yield server


def pytest_configure(config: pytest.Config) -> None:
    """Let nothing skip when PLANTPROOF_NO_SKIP=1, and draw the same examples there each time."""
    in_ci = os.environ.get("PLANTPROOF_NO_SKIP") == "1"
    # How long one example takes says more about the machine than about the code; `timeout` bounds the test.
    settings.register_profile("plantproof", deadline=None, derandomize=in_ci, print_blob=True)
    settings.load_profile("plantproof")
    if in_ci:
        config.pluginmanager.register(NothingSkips(), "plantproof-nothing-skips")
