"""Fixtures of the real servers (one per session) and the rule that nothing skips in CI.

A test that pauses, kills or floods a server starts its own with the context managers of
`tests.support.servers`; a test that only reads and writes shares these.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support import servers
from tests.support.shared import ABSENT


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


class _NothingSkips:
    """Turns a skip into a failed session, unless its reason is data that may not be copied."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self._note(report.nodeid, str(report.longrepr))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._note(report.nodeid, str(report.longrepr))

    def _note(self, nodeid: str, reason: str) -> None:
        if ABSENT not in reason:
            self.skipped.append(f"{nodeid}: {reason}")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self.skipped:
            terminalreporter.write_line(f"skipped although PLANTPROOF_NO_SKIP=1: {line}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("PLANTPROOF_NO_SKIP") == "1":
        config.pluginmanager.register(_NothingSkips(), "plantproof-nothing-skips")
