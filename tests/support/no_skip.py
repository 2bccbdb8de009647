"""In CI nothing skips, except for data that may not be copied into the project."""

from __future__ import annotations

import pytest

from tests.support.shared import ABSENT


class NothingSkips:
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
